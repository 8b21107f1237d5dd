//! What is to be seen of an item on a side, in one form for both: what a person would compare.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use emulators::creatio::Creatio;
use emulators::creatio::ids::{activity_priority, activity_status};
use emulators::graph::Graph;
use guest::activity::Unit;
use scenarios::world::EUGENE;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The word that every title of an item begins with.
#[must_use]
pub fn name(item: u32) -> String {
    format!("T{item:03}")
}

/// An instant as journals print it.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// An item on a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Its id there.
    pub id: String,
    /// Values by unit.
    pub values: BTreeMap<Unit, String>,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// Creatio's status is "Canceled".
    pub cancelled: bool,
}

fn is(title: &str, item: u32) -> bool {
    title.split(' ').next() == Some(&name(item))
}

/// Notes carry one word that tells them apart, whatever a server wraps around them.
fn word(text: &str) -> String {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .find(|word| word.starts_with("note-"))
        .unwrap_or_default()
        .to_owned()
}

fn reminder(minutes: Option<i64>) -> String {
    minutes.map_or_else(|| "off".into(), |minutes| format!("{minutes} min"))
}

fn values(
    title: &str,
    start: DateTime<Utc>,
    place: &str,
    notes: &str,
    minutes: Option<i64>,
    priority: &str,
) -> BTreeMap<Unit, String> {
    BTreeMap::from([
        (Unit::Title, title.to_owned()),
        (Unit::When, instant(start)),
        (Unit::Place, place.to_owned()),
        (Unit::Body, word(notes)),
        (Unit::Reminder, reminder(minutes)),
        (Unit::Priority, priority.to_owned()),
    ])
}

/// The item as Creatio holds it, as often as it does.
#[must_use]
pub fn in_creatio(creatio: &Creatio, item: u32) -> Vec<Sight> {
    creatio
        .rows("Activity")
        .filter(|(_, row)| is(row.text("Title"), item))
        .map(|(id, row)| {
            let start = row.time("StartDate").unwrap_or_default();
            let remind = row.time("RemindToOwnerDate").filter(|_| row.flag("RemindToOwner"));
            let priority = match row.guid("PriorityId") {
                Some(id) if id == activity_priority::HIGH => "high",
                Some(id) if id == activity_priority::LOW => "low",
                _ => "normal",
            };
            let minutes = remind.map(|remind| (start - remind).num_minutes());
            Sight {
                id: id.to_string(),
                values: values(row.text("Title"), start, row.text("Location"), row.text("Notes"), minutes, priority),
                start,
                cancelled: row.guid("StatusId") == Some(activity_status::CANCELED),
            }
        })
        .collect()
}

/// The item as the mailbox holds it, as often as it does.
#[must_use]
pub fn in_mailbox(graph: &Graph, item: u32) -> Vec<Sight> {
    let found = graph.events(EUGENE).into_iter().filter(|event| is(&event.subject, item));
    found
        .map(|event| {
            let full = graph.event_json(EUGENE, &event.id).unwrap_or_default();
            let text = |at: &str| full.pointer(at).and_then(serde_json::Value::as_str).unwrap_or_default();
            let start = NaiveDateTime::parse_from_str(text("/start/dateTime"), "%Y-%m-%dT%H:%M:%S%.f");
            let start = start.map(|start| start.and_utc()).unwrap_or_default();
            let minutes = (full["isReminderOn"] == true).then(|| full["reminderMinutesBeforeStart"].as_i64()).flatten();
            Sight {
                id: event.id.clone(),
                values: values(
                    &event.subject,
                    start,
                    text("/location/displayName"),
                    text("/body/content"),
                    minutes,
                    text("/importance"),
                ),
                start,
                cancelled: false,
            }
        })
        .collect()
}

/// Values that an edit's number stands for.
#[must_use]
pub fn value(item: u32, unit: Unit, number: u32) -> String {
    match unit {
        Unit::Title => format!("{} v{number:03}", name(item)),
        Unit::When => instant(begins(item, number)),
        Unit::Place => format!("Room {number:03}"),
        Unit::Body => format!("note-{number:03}"),
        Unit::Reminder => format!("{} min", number + 5),
        Unit::Priority => ["low", "normal", "high"][usize::try_from(number % 3).unwrap()].to_owned(),
        Unit::State => String::new(),
    }
}

/// A month ahead: nothing of it is over before the world ends.
#[must_use]
pub fn begins(item: u32, number: u32) -> DateTime<Utc> {
    scenarios::world::start() + TimeDelta::days(30 + i64::from(item)) + TimeDelta::minutes(i64::from(number) * 15)
}

/// Ids of priorities.
#[must_use]
pub fn priority(name: &str) -> Uuid {
    match name {
        "low" => activity_priority::LOW,
        "high" => activity_priority::HIGH,
        _ => activity_priority::MEDIUM,
    }
}
