//! Tasks as the engine sees them, and values as properties.
//!
//! To Do keeps days as midnights of whatever zone the client that wrote them named, gives them back in UTC and forgets the
//! zone: a midnight of Moscow comes back as 21:00 of the day before.

use super::{APPLICATION, folder_id, item_id};
use crate::activity::{Days, Kind, Priority, Seen, Stake, State, Status, Unit, Value, Values};
use crate::ask::Fault;
use crate::graph::Graph;
use crate::graph::mapping::{body, string, version};
use crate::{text, time};
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value as Json, json};

/// A task as the engine sees it.
///
/// # Errors
/// [`Fault::Garbled`] where it has no id.
pub fn seen(side: &Graph, task: &Json, list: &str) -> Result<Seen, Fault> {
    let id = string(task, "id");
    if id.is_empty() {
        return Err(Fault::Garbled("a task without an id".into()));
    }
    Ok(Seen {
        id: item_id(list, id),
        version: version(task),
        modified: time::parse_instant(string(task, "lastModifiedDateTime")),
        kind: Kind::Task,
        folder: Some(folder_id(list)),
        identity: None,
        marker: marker(task),
        values: values(side, task),
        state: State::Open,
        left_alone: None,
        ours: true,
        attendees: Vec::new(),
        masked: false,
        print: None,
        online: false,
        series: None,
        recurring: task.get("recurrence").is_some_and(Json::is_object),
        owned: true,
        stake: Stake::Part,
        span: None,
        exportable: true,
        grouped: true,
        created: time::parse_instant(string(task, "createdDateTime")).map(time::whole_seconds),
        odd_zone: None,
        partial: false,
    })
}

fn values(side: &Graph, task: &Json) -> Values {
    let mut values = Values::new();
    values.insert(Unit::Title, Value::Text(text::line(string(task, "title"))));
    let notes = body(task);
    if notes.len() <= crate::creatio::mapping::NOTES {
        values.insert(Unit::Body, Value::Text(notes));
    }
    values.insert(Unit::When, Value::Days(days(side.zone, task)));
    let remind = task.get("isReminderOn").and_then(Json::as_bool).unwrap_or(false);
    let at = point(task, "reminderDateTime").map(|(local, zone)| time::instant(zone.unwrap_or(side.zone), local));
    values.insert(Unit::Reminder, Value::RemindAt(at.filter(|_| remind)));
    let priority = match string(task, "importance").to_ascii_lowercase().as_str() {
        "high" => Priority::High,
        "low" => Priority::Low,
        _ => Priority::Normal,
    };
    values.insert(Unit::Priority, Value::Priority(priority));
    let status = match string(task, "status").to_ascii_lowercase().as_str() {
        "inprogress" => Status::InProgress,
        "completed" => Status::Completed,
        "waitingonothers" => Status::Waiting,
        "deferred" => Status::Deferred,
        _ => Status::NotStarted,
    };
    values.insert(Unit::State, Value::Status(status));
    values
}

/// A dateTimeTimeZone: the local time, and its zone where that is known.
fn point(task: &Json, name: &str) -> Option<(chrono::NaiveDateTime, Option<Tz>)> {
    let point = task.get(name)?;
    let local = time::parse_local(point.get("dateTime")?.as_str()?.trim_end_matches('Z'))?;
    Some((local, time::zone(point.get("timeZone").and_then(Json::as_str).unwrap_or("UTC"))))
}

fn days(zone: Tz, task: &Json) -> Days {
    let day = |name: &str| point(task, name).map(|(local, named)| nearest_day(zone, local, named));
    let (start, due) = (day("startDateTime"), day("dueDateTime"));
    let made = match (start, due) {
        (None, None) => time::parse_instant(string(task, "createdDateTime")).map(|at| time::date_in(zone, at)),
        _ => None,
    };
    Days { start, due, made }
}

/// The day that was meant: that of a midnight, else the midnight of the account's zone that lies nearest.
fn nearest_day(zone: Tz, local: chrono::NaiveDateTime, named: Option<Tz>) -> NaiveDate {
    if local.time() == NaiveTime::MIN {
        return local.date();
    }
    let at = time::instant(named.unwrap_or(zone), local);
    time::date_in(zone, at + Duration::hours(12))
}

/// Our marker, where the answer expands the linked resources.
fn marker(task: &Json) -> Option<String> {
    markers(task).map(|(_, marker)| marker.to_owned()).find(|marker| !marker.is_empty())
}

/// Our linked resources, where the answer expands them: their ids and what they say.
pub fn markers(task: &Json) -> impl Iterator<Item = (&str, &str)> {
    let resources = task.get("linkedResources").and_then(Json::as_array).into_iter().flatten();
    resources
        .filter(|resource| string(resource, "applicationName") == APPLICATION)
        .map(|resource| (string(resource, "id"), string(resource, "externalId")))
}

/// The properties that these values are written to.
#[must_use]
pub fn properties(values: &Values) -> Map<String, Json> {
    let mut task = Map::new();
    for (unit, value) in values {
        match (unit, value) {
            (Unit::Title, Value::Text(title)) => {
                task.insert("title".into(), json!(title));
            }
            (Unit::Body, Value::Text(body)) => {
                task.insert("body".into(), json!({"content": body, "contentType": "text"}));
            }
            (Unit::When, Value::Days(days)) => {
                task.insert("startDateTime".into(), midnight(days.start));
                task.insert("dueDateTime".into(), midnight(days.due));
            }
            (Unit::Reminder, Value::RemindAt(at)) => {
                task.insert("isReminderOn".into(), json!(at.is_some()));
                if let Some(at) = at {
                    task.insert("reminderDateTime".into(), instant(*at));
                }
            }
            (Unit::Priority, Value::Priority(priority)) => {
                let importance = match priority {
                    Priority::Low => "low",
                    Priority::Normal => "normal",
                    Priority::High => "high",
                };
                task.insert("importance".into(), json!(importance));
            }
            (Unit::State, Value::Status(status)) => {
                let status = match status {
                    Status::NotStarted => "notStarted",
                    Status::InProgress => "inProgress",
                    Status::Waiting => "waitingOnOthers",
                    Status::Deferred => "deferred",
                    Status::Completed | Status::Cancelled => "completed",
                };
                task.insert("status".into(), json!(status));
            }
            _ => {}
        }
    }
    task
}

/// A day as the midnight of UTC: what comes back is the same midnight, whatever the mailbox's zone.
fn midnight(day: Option<NaiveDate>) -> Json {
    day.map_or(Json::Null, |day| json!({"dateTime": format!("{day}T00:00:00"), "timeZone": "UTC"}))
}

fn instant(at: DateTime<Utc>) -> Json {
    json!({"dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC"})
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America::New_York, Europe::Moscow, Pacific::Kiritimati};

    fn due(text: &str) -> Json {
        json!({"createdDateTime": "2026-11-20T08:00:00Z", "dueDateTime": {"dateTime": text, "timeZone": "UTC"}})
    }

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().expect(text))
    }

    #[test]
    fn a_day_is_the_same_whichever_midnight_the_server_kept() {
        for zone in [Moscow, New_York, Kiritimati] {
            assert_eq!(days(zone, &due("2026-11-23T00:00:00.0000000")).due, day("2026-11-23"), "{zone}");
        }
        // Written by a client in the zone of the account.
        assert_eq!(days(Moscow, &due("2026-11-22T21:00:00.0000000")).due, day("2026-11-23"));
        assert_eq!(days(New_York, &due("2026-11-23T05:00:00.0000000")).due, day("2026-11-23"));
        assert_eq!(days(Kiritimati, &due("2026-11-22T10:00:00.0000000")).due, day("2026-11-23"));
        // On the day when clocks change.
        assert_eq!(days(New_York, &due("2026-11-01T04:00:00.0000000")).due, day("2026-11-01"));
        assert_eq!(days(New_York, &due("2026-11-02T05:00:00.0000000")).due, day("2026-11-02"));
    }

    #[test]
    fn a_task_without_days_knows_the_day_it_was_made_on() {
        let task = json!({"createdDateTime": "2026-11-20T22:30:00Z", "dueDateTime": null});
        assert_eq!(days(Moscow, &task), Days { start: None, due: None, made: day("2026-11-21") });
    }
}
