//! What a mailbox keeps of a value, whichever protocol leads to it: Microsoft 365 and Exchange Server have one kind of
//! store, and both adapters of a mailbox ask this. Pure.

use crate::activity::{Days, Seen, Status, Unit, Value, When};
use crate::{text, time};
use chrono_tz::Tz;

/// Longest title and location that a mailbox keeps.
const LINE: usize = 255;

/// What a mailbox would hold, given this value; `current` is the item as it is.
#[must_use]
pub fn conform(unit: Unit, value: &Value, current: Option<&Seen>, zone: Tz) -> Value {
    match (unit, value) {
        (Unit::Title | Unit::Place, Value::Text(line)) => {
            Value::Text(text::cut(&text::line(line), LINE).trim_end().to_owned())
        }
        (Unit::Body, Value::Text(body)) => Value::Text(text::paragraphs(body)),
        (Unit::When, Value::When(when)) => {
            // Creatio has no flag for all-day. Whole days stay all-day, unless the item is a timed one of 24 hours.
            let may_be = current.and_then(Seen::when).is_none_or(|current| current.all_day);
            let all_day = when.all_day || (may_be && time::whole_days(zone, when.start, when.end).is_some());
            Value::When(When { all_day, ..when.clone() })
        }
        (Unit::When, Value::Days(days)) => {
            // Where a task has only the day it is due, its first day is that one and goes without saying.
            let begins = current.and_then(Seen::days).is_some_and(|current| current.start.is_some());
            let start = days.start.filter(|start| begins || Some(*start) != days.due);
            Value::Days(Days { start, due: days.due, made: None })
        }
        (Unit::State, Value::Status(Status::Cancelled)) => Value::Status(Status::Completed),
        _ => value.clone(),
    }
}
