//! Tasks as rows of Activity: one that is not shown in the calendar. Creatio keeps instants where a task has days, so the
//! hours stay whatever day they come to lie on.

use super::mapping::{STATUS_CANCELED, STATUS_COMPLETED, STATUS_IN_PROGRESS, STATUS_NOT_STARTED};
use crate::activity::{Days, Kind, Seen, State, Status, Unit, Value, When};
use crate::digest::Digest;
use crate::time;
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

/// Hour at which a task that came from the mailbox begins, in the account's zone: far enough from midnight that it is the
/// same day for colleagues in other zones.
const HOUR: u32 = 9;
/// How long such a task lasts on the page.
const LENGTH: Duration = Duration::minutes(30);

/// The days of a row. One that ends at midnight ends with the day before.
#[must_use]
pub fn days(zone: Tz, start: DateTime<Utc>, end: DateTime<Utc>) -> Days {
    let first = time::date_in(zone, start);
    let last = if end > start { time::date_in(zone, end - Duration::seconds(1)) } else { first };
    Days { start: Some(first), due: Some(last), made: None }
}

/// The row's days are those of this base in another zone: the account's zone was changed, and nobody moved the task.
#[must_use]
pub fn elsewhere(seen: &Seen, base: &Digest) -> bool {
    let (Some((start, end)), Kind::Task) = (seen.span, seen.kind) else { return false };
    // Zones lie between 12 hours behind and 14 hours ahead, and differ by quarters of an hour.
    (-12 * 4..=14 * 4).any(|quarters: i64| {
        let shift = |at: DateTime<Utc>| at + Duration::minutes(15 * quarters);
        Value::Days(days(Tz::UTC, shift(start), shift(end))).digest() == *base
    })
}

/// The days that a row can have: both, in order.
#[must_use]
pub fn conform_days(days: Days) -> Days {
    let due = days.day();
    let start = days.start.or(due).min(due);
    Days { start, due, made: None }
}

/// The instants that a row gets for these days; `current` are those that it has.
#[must_use]
pub fn span(
    zone: Tz,
    wanted: Days,
    current: Option<(DateTime<Utc>, DateTime<Utc>)>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let wanted = conform_days(wanted);
    let (first, last) = wanted.start.zip(wanted.due)?;
    let (start, end) = match current {
        Some((start, end)) => {
            let held = days(zone, start, end);
            (moved(zone, start, held.start?, first), moved(zone, end, held.due?, last))
        }
        None => (morning(zone, first), time::later(morning(zone, last), LENGTH)),
    };
    Some((start, end.max(start)))
}

/// The same hour, as many days away as the one day is from the other.
fn moved(zone: Tz, at: DateTime<Utc>, from: NaiveDate, to: NaiveDate) -> DateTime<Utc> {
    let local = at.with_timezone(&zone).naive_local();
    local.checked_add_signed(to - from).map_or(at, |local| time::instant(zone, local))
}

fn morning(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let hour = NaiveTime::from_hms_opt(HOUR, 0, 0).unwrap_or(NaiveTime::MIN);
    time::instant(zone, day.and_time(hour))
}

/// A row as if it were of the other kind: "show in calendar" decides how the same columns are read.
#[must_use]
pub fn viewed(seen: &Seen, kind: Kind, zone: Tz) -> Seen {
    let mut seen = seen.clone();
    let (Some((start, end)), true) = (seen.span, seen.kind != kind) else { return seen };
    let reminder = seen.values.get(&Unit::Reminder).cloned();
    match kind {
        Kind::Appointment => {
            seen.values.insert(Unit::When, Value::When(When { start, end, all_day: false }));
            if let Some(Value::RemindAt(at)) = reminder {
                let minutes = at.map(|at| time::minutes_between(at, start).max(0));
                seen.values.insert(Unit::Reminder, Value::Reminder(minutes));
            }
            seen.values.remove(&Unit::State);
        }
        Kind::Task => {
            seen.values.insert(Unit::When, Value::Days(days(zone, start, end)));
            if let Some(Value::Reminder(minutes)) = reminder {
                let at = minutes.map(|minutes| time::minutes_before(start, minutes));
                seen.values.insert(Unit::Reminder, Value::RemindAt(at));
            }
        }
    }
    seen.kind = kind;
    seen
}

/// The status of a row. Whatever a site has added to the list is begun, unless it is final.
#[must_use]
pub fn status(id: Uuid, state: State) -> Status {
    match (state, id) {
        (State::Cancelled, _) => Status::Cancelled,
        (State::Finished, _) => Status::Completed,
        (State::Open, STATUS_NOT_STARTED) => Status::NotStarted,
        (State::Open, _) => Status::InProgress,
    }
}

/// The status that a row can have.
#[must_use]
pub const fn conform_status(status: Status) -> Status {
    match status {
        Status::Waiting => Status::InProgress,
        Status::Deferred => Status::NotStarted,
        other => other,
    }
}

/// The row of the lookup that stands for a status.
#[must_use]
pub const fn status_id(status: Status) -> Uuid {
    match status {
        Status::NotStarted | Status::Deferred => STATUS_NOT_STARTED,
        Status::InProgress | Status::Waiting => STATUS_IN_PROGRESS,
        Status::Completed => STATUS_COMPLETED,
        Status::Cancelled => STATUS_CANCELED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Moscow;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    fn on(start: &str, due: &str) -> Days {
        Days { start: Some(day(start)), due: Some(day(due)), made: None }
    }

    #[test]
    fn a_task_keeps_its_hours_when_its_days_move() {
        let current = (at("2026-11-23T11:00:00Z"), at("2026-11-24T12:30:00Z"));
        assert_eq!(days(Moscow, current.0, current.1), on("2026-11-23", "2026-11-24"));
        let moved = span(Moscow, on("2026-11-25", "2026-11-30"), Some(current));
        assert_eq!(moved, Some((at("2026-11-25T11:00:00Z"), at("2026-11-30T12:30:00Z"))));
    }

    #[test]
    fn a_task_that_ends_at_midnight_is_due_on_the_day_before() {
        let whole = (at("2026-11-22T21:00:00Z"), at("2026-11-23T21:00:00Z"));
        assert_eq!(days(Moscow, whole.0, whole.1), on("2026-11-23", "2026-11-23"));
        let moved = span(Moscow, on("2026-11-24", "2026-11-24"), Some(whole));
        assert_eq!(moved, Some((at("2026-11-23T21:00:00Z"), at("2026-11-24T21:00:00Z"))));
    }

    #[test]
    fn days_that_another_zone_would_show_are_told_from_days_that_somebody_moved() {
        let (start, end) = (at("2026-11-25T06:00:00Z"), at("2026-11-25T06:30:00Z"));
        let zone = chrono_tz::America::Los_Angeles;
        let shown = days(zone, start, end);
        let seen = |span| Seen { kind: Kind::Task, span: Some(span), ..blank() };
        assert_eq!(shown, on("2026-11-24", "2026-11-24"));
        let base = Value::Days(on("2026-11-25", "2026-11-25")).digest();
        assert!(elsewhere(&seen((start, end)), &base));
        assert!(!elsewhere(&seen((start + Duration::days(2), end + Duration::days(2))), &base));
        assert!(!elsewhere(&Seen { kind: Kind::Appointment, ..seen((start, end)) }, &base));
    }

    fn blank() -> Seen {
        serde_json::from_value(serde_json::json!({
            "id": "", "version": "", "modified": null, "kind": "task", "folder": null, "identity": null, "marker": null,
            "values": {}, "state": "open", "left_alone": null, "ours": true, "attendees": [], "masked": false,
            "online": false, "series": null, "owned": true, "exportable": true, "partial": false,
        }))
        .expect("an item")
    }

    #[test]
    fn days_written_are_the_days_read_back_in_every_zone() {
        for zone in chrono_tz::TZ_VARIANTS {
            for date in ["2026-03-29", "2026-11-01", "2026-12-31"] {
                let (start, end) = span(zone, on(date, date), None).expect(date);
                assert_eq!(days(zone, start, end), on(date, date), "{zone}");
            }
        }
    }

    #[test]
    fn a_task_without_a_day_is_done_on_the_day_it_was_made() {
        let undated = Days { start: None, due: None, made: Some(day("2026-11-20")) };
        assert_eq!(conform_days(undated), on("2026-11-20", "2026-11-20"));
        let begun = Days { start: Some(day("2026-11-25")), due: Some(day("2026-11-20")), made: None };
        assert_eq!(conform_days(begun), on("2026-11-20", "2026-11-20"));
    }
}
