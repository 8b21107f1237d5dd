//! Rows of Activity as the engine sees them, and values as columns.
//!
//! Identifiers of lookup rows are those every Creatio site is delivered with; `lookups` in [`super::client`] checks that
//! they are still there.

use super::Creatio;
use super::task;
use crate::activity::{Kind, Priority, Seen, Stake, State, Unit, Value, Values, When};
use crate::ask::Fault;
use crate::reason::Reason;
use crate::{text, time};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value as Json, json};
use uuid::{Uuid, uuid};

const TYPE_TASK: Uuid = uuid!("fbe0acdc-cfc0-df11-b00f-001d60e938c6");
/// Activities of this type are e-mails, which the sync never touches.
pub const TYPE_EMAIL: Uuid = uuid!("e2831dec-cfc0-df11-b00f-001d60e938c6");
const CATEGORY_MEETING: Uuid = uuid!("42c74c49-58e6-df11-971b-001d60e938c6");
const CATEGORY_TO_DO: Uuid = uuid!("f51c4643-58e6-df11-971b-001d60e938c6");
/// "Not started".
pub const STATUS_NOT_STARTED: Uuid = uuid!("384d4b84-58e6-df11-971b-001d60e938c6");
/// "In progress".
pub const STATUS_IN_PROGRESS: Uuid = uuid!("394d4b84-58e6-df11-971b-001d60e938c6");
/// "Completed".
pub const STATUS_COMPLETED: Uuid = uuid!("4bdbb88f-58e6-df11-971b-001d60e938c6");
/// "Canceled".
pub const STATUS_CANCELED: Uuid = uuid!("201cfba8-58e6-df11-971b-001d60e938c6");
const PRIORITY_LOW: Uuid = uuid!("ac96fa02-7fe6-df11-971b-001d60e938c6");
const PRIORITY_NORMAL: Uuid = uuid!("ab96fa02-7fe6-df11-971b-001d60e938c6");
const PRIORITY_HIGH: Uuid = uuid!("d625a9fc-7ee6-df11-971b-001d60e938c6");

/// Lookup rows that the sync writes.
pub const NEEDED: [(&str, Uuid); 10] = [
    ("ActivityType", TYPE_TASK),
    ("ActivityCategory", CATEGORY_MEETING),
    ("ActivityCategory", CATEGORY_TO_DO),
    ("ActivityStatus", STATUS_NOT_STARTED),
    ("ActivityStatus", STATUS_IN_PROGRESS),
    ("ActivityStatus", STATUS_COMPLETED),
    ("ActivityStatus", STATUS_CANCELED),
    ("ActivityPriority", PRIORITY_LOW),
    ("ActivityPriority", PRIORITY_NORMAL),
    ("ActivityPriority", PRIORITY_HIGH),
];

/// Title and place are LongText columns.
const LONG_TEXT: usize = 500;
/// Longer notes, in bytes, stay where they are: a stored row has its limit too, and notes cut short would go back so.
pub const NOTES: usize = 200_000;

/// Columns to ask for; notes only where they are wanted, because they are rich text without a limit.
#[must_use]
pub fn columns(side: &Creatio, notes: bool) -> String {
    let mut columns = vec![
        "Id",
        "Title",
        "StartDate",
        "DueDate",
        "ModifiedOn",
        "OwnerId",
        "AuthorId",
        "TypeId",
        "StatusId",
        "PriorityId",
        "ShowInScheduler",
        "RemindToOwner",
        "RemindToOwnerDate",
    ];
    if !side.place_column.is_empty() {
        columns.push(&side.place_column);
    }
    if notes {
        columns.push("Notes");
    }
    columns.join(",")
}

/// A row's version: its stamp, in one spelling.
#[must_use]
pub fn version(row: &Json) -> String {
    instant(row, "ModifiedOn").map(time::iso).unwrap_or_default()
}

fn string<'a>(row: &'a Json, column: &str) -> &'a str {
    row.get(column).and_then(Json::as_str).unwrap_or_default()
}

/// An id; nil where there is none.
#[must_use]
pub fn guid(row: &Json, column: &str) -> Uuid {
    Uuid::parse_str(string(row, column)).unwrap_or_default()
}

pub(super) fn flag(row: &Json, column: &str) -> bool {
    row.get(column).and_then(Json::as_bool).unwrap_or(false)
}

/// A date column; year 1 stands for an empty one.
#[must_use]
pub fn instant(row: &Json, column: &str) -> Option<DateTime<Utc>> {
    time::parse_instant(string(row, column)).filter(|at| at.timestamp() > -62_000_000_000)
}

/// A row as the engine sees it.
///
/// # Errors
/// [`Fault::Garbled`] where it has no id.
pub fn seen(side: &Creatio, row: &Json, takes_part: bool, partial: bool) -> Result<Seen, Fault> {
    let id = super::client::row_id(row).ok_or_else(|| Fault::Garbled("a row of Activity without an Id".into()))?;
    let (start, end) = (instant(row, "StartDate"), instant(row, "DueDate"));
    let kind = if flag(row, "ShowInScheduler") { Kind::Appointment } else { Kind::Task };
    let mut values = Values::new();
    values.insert(Unit::Title, Value::Text(text::line(string(row, "Title"))));
    let span = start.zip(end).filter(|(start, end)| start <= end);
    if let Some((start, end)) = span {
        let when = match kind {
            Kind::Appointment => Value::When(When { start, end, all_day: false }),
            Kind::Task => Value::Days(task::days(side.zone, start, end)),
        };
        values.insert(Unit::When, when);
    }
    if !side.place_column.is_empty() {
        values.insert(Unit::Place, Value::Text(text::line(string(row, &side.place_column))));
    }
    if !partial {
        let notes = text::from_notes(string(row, "Notes"));
        if notes.len() <= NOTES {
            values.insert(Unit::Body, Value::Text(notes));
        }
    }
    let remind = instant(row, "RemindToOwnerDate").filter(|_| flag(row, "RemindToOwner"));
    let reminder = match kind {
        Kind::Appointment => {
            Value::Reminder(remind.zip(start).map(|(remind, start)| time::minutes_between(remind, start).max(0)))
        }
        Kind::Task => Value::RemindAt(remind),
    };
    values.insert(Unit::Reminder, reminder);
    let priority = match guid(row, "PriorityId") {
        PRIORITY_HIGH => Priority::High,
        PRIORITY_LOW => Priority::Low,
        _ => Priority::Normal,
    };
    values.insert(Unit::Priority, Value::Priority(priority));
    let status = guid(row, "StatusId");
    let state = match status {
        STATUS_CANCELED => State::Cancelled,
        status if side.site.finals.contains(&status) => State::Finished,
        _ => State::Open,
    };
    if kind == Kind::Task {
        values.insert(Unit::State, Value::Status(task::status(status, state)));
    }
    let contact = side.site.contact;
    let owned = guid(row, "OwnerId") == contact;
    let stake = if !side.shared || owned || takes_part {
        Stake::Part
    } else if guid(row, "AuthorId") == contact {
        Stake::Author
    } else {
        Stake::None
    };
    let [appointments, tasks] = side.exports;
    let exported = if kind == Kind::Task { tasks } else { appointments };
    let left_alone = if guid(row, "TypeId") == TYPE_EMAIL {
        Some(Reason::NotExported)
    } else if !values.contains_key(&Unit::When) {
        Some(Reason::NoDates)
    } else {
        None
    };
    Ok(Seen {
        id,
        version: version(row),
        modified: instant(row, "ModifiedOn"),
        kind,
        folder: None,
        identity: None,
        marker: None,
        values,
        state,
        left_alone,
        ours: true,
        attendees: Vec::new(),
        masked: false,
        print: None,
        online: false,
        series: None,
        recurring: false,
        owned,
        stake,
        span,
        exportable: exported && stake != Stake::None,
        grouped: true,
        created: None,
        odd_zone: None,
        partial,
    })
}

/// What Creatio would hold, given this value.
#[must_use]
pub fn conform(unit: Unit, value: &Value, untitled: &str) -> Value {
    match (unit, value) {
        (Unit::Title, Value::Text(title)) => {
            let title = text::cut(&text::line(title), LONG_TEXT);
            Value::Text(if title.is_empty() { untitled.to_owned() } else { title.trim_end().to_owned() })
        }
        (Unit::Place, Value::Text(place)) => {
            Value::Text(text::cut(&text::line(place), LONG_TEXT).trim_end().to_owned())
        }
        (Unit::Body, Value::Text(body)) => Value::Text(text::paragraphs(body)),
        (Unit::When, Value::When(when)) => Value::When(When { all_day: false, ..when.clone() }),
        (Unit::When, Value::Days(days)) => Value::Days(task::conform_days(*days)),
        (Unit::State, Value::Status(status)) => Value::Status(task::conform_status(*status)),
        _ => value.clone(),
    }
}

/// The columns that these values are written to. A reminder is an instant, so it moves with the start.
#[must_use]
pub fn body(values: &Values, current: Option<&Seen>, place_column: &str, zone: Tz) -> Map<String, Json> {
    let mut body = Map::new();
    for (unit, value) in values {
        match (unit, value) {
            (Unit::Title, Value::Text(title)) => {
                body.insert("Title".into(), json!(title));
            }
            (Unit::When, Value::When(when)) => {
                body.insert("StartDate".into(), json!(time::iso(when.start)));
                body.insert("DueDate".into(), json!(time::iso(when.end)));
            }
            (Unit::When, Value::Days(days)) => {
                if let Some((start, end)) = task::span(zone, *days, current.and_then(|seen| seen.span)) {
                    body.insert("StartDate".into(), json!(time::iso(start)));
                    body.insert("DueDate".into(), json!(time::iso(end)));
                }
            }
            (Unit::Reminder, Value::RemindAt(at)) => {
                body.insert("RemindToOwner".into(), json!(at.is_some()));
                if let Some(at) = at {
                    body.insert("RemindToOwnerDate".into(), json!(time::iso(*at)));
                }
            }
            (Unit::State, Value::Status(status)) => {
                body.insert("StatusId".into(), json!(task::status_id(*status)));
            }
            (Unit::Place, Value::Text(place)) if !place_column.is_empty() => {
                body.insert(place_column.to_owned(), json!(place));
            }
            (Unit::Body, Value::Text(notes)) => {
                body.insert("Notes".into(), json!(text::to_notes(notes)));
            }
            (Unit::Priority, Value::Priority(priority)) => {
                let id = match priority {
                    Priority::Low => PRIORITY_LOW,
                    Priority::Normal => PRIORITY_NORMAL,
                    Priority::High => PRIORITY_HIGH,
                };
                body.insert("PriorityId".into(), json!(id));
            }
            (Unit::State, Value::State(state)) => {
                let id = match state {
                    State::Open => STATUS_NOT_STARTED,
                    State::Finished => STATUS_COMPLETED,
                    State::Cancelled => STATUS_CANCELED,
                };
                body.insert("StatusId".into(), json!(id));
            }
            _ => {}
        }
    }
    reminder(values, current, &mut body);
    body
}

fn reminder(values: &Values, current: Option<&Seen>, body: &mut Map<String, Json>) {
    let moved = match values.get(&Unit::When) {
        Some(Value::When(when)) => Some(when.start),
        _ => None,
    };
    let kept = current.and_then(|seen| seen.values.get(&Unit::Reminder));
    let wanted = values.get(&Unit::Reminder);
    let start = moved.or_else(|| current.and_then(Seen::when).map(|when| when.start));
    match (wanted, kept, moved, start) {
        (Some(Value::Reminder(Some(minutes))), _, _, Some(start))
        | (None, Some(Value::Reminder(Some(minutes))), Some(start), _) => {
            body.insert("RemindToOwner".into(), json!(true));
            body.insert("RemindToOwnerDate".into(), json!(time::iso(time::minutes_before(start, *minutes))));
        }
        (Some(Value::Reminder(None)), ..) => {
            body.insert("RemindToOwner".into(), json!(false));
        }
        _ => {}
    }
}

/// Columns of a new activity beside its units.
#[must_use]
pub fn new_row(id: Uuid, kind: Kind, owner: Uuid) -> Map<String, Json> {
    let mut body = Map::new();
    body.insert("Id".into(), json!(id));
    body.insert("TypeId".into(), json!(TYPE_TASK));
    let category = match kind {
        Kind::Appointment => CATEGORY_MEETING,
        Kind::Task => CATEGORY_TO_DO,
    };
    body.insert("ActivityCategoryId".into(), json!(category));
    body.insert("StatusId".into(), json!(STATUS_NOT_STARTED));
    body.insert("ShowInScheduler".into(), json!(kind == Kind::Appointment));
    body.insert("OwnerId".into(), json!(owner));
    body
}
