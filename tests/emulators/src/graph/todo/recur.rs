//! Recurring tasks: one task at a time stands for the series, and the next comes when it is done with.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde_json::Value;

use super::refused;
use super::task::Task;
use crate::graph::decode::Read;
use crate::graph::pattern;
use crate::graph::recurrence::Recurrence;
use crate::graph::zones::Zone;

/// The date that a midnight stands for, whichever zone it was the midnight of: the nearest one in the owner's zone.
pub(super) fn date_of(at: DateTime<Utc>, zone: &Zone) -> NaiveDate {
    (zone.wall(at) + chrono::Duration::hours(12)).date()
}

/// The same time of day on another date.
fn moved(at: DateTime<Utc>, days: i64, zone: &Zone) -> DateTime<Utc> {
    zone.instant(zone.wall(at) + chrono::Duration::days(days))
}

/// Reads the recurrence of a new task, or of one that has had none.
pub(super) fn read(value: &Value) -> Read<Option<Recurrence>> {
    pattern::recurrence(value)
}

/// Reads a change of a recurrence. The service takes no dates there.
pub(super) fn change(value: &Value, kept: Option<&Recurrence>, dates: bool) -> Read<Option<Recurrence>> {
    let range = value.get("range").filter(|range| !range.is_null());
    for name in ["startDate", "endDate"] {
        if let Some(date) = range.and_then(|range| range.get(name)).filter(|_| !dates) {
            return Err(refused(format!(
                "Invalid JSON, Error converting value {date} to type 'Microsoft.OData.Edm.Date'. Path 'recurrence.range.{name}'."
            )));
        }
    }
    let mut whole = value.clone();
    if let (None, Some(map), Some(kept)) = (range, whole.as_object_mut(), kept) {
        let zone = kept.zone.as_deref().unwrap_or("UTC");
        map.insert("range".to_owned(), kept.to_json(zone).get("range").cloned().unwrap_or_default());
    }
    pattern::recurrence(&whole)
}

/// Gives a recurring task that has no due date the first one of its pattern.
pub(super) fn first_due(task: &mut Task, zone: &Zone) {
    if let (Some(rule), None) = (&task.recurrence, task.due) {
        task.due = rule.next(rule.start).map(|date| zone.instant(date.and_time(NaiveTime::MIN)));
    }
}

/// The task that follows in a series, with everything moved to its date; `None` where the series ends.
pub(super) fn next(task: &Task, zone: &Zone) -> Option<Task> {
    let (rule, due) = (task.recurrence.as_ref()?, task.due?);
    let date = date_of(due, zone);
    let days = (rule.next(date.checked_add_days(Days::new(1))?)? - date).num_days();
    let shift = |at: Option<DateTime<Utc>>| at.map(|at| moved(at, days, zone));
    let mut next = task.clone();
    next.status = "notStarted";
    next.completed = None;
    (next.due, next.start, next.reminder) = (shift(task.due), shift(task.start), shift(task.reminder));
    for step in &mut next.steps {
        step.checked = None;
    }
    Some(next)
}
