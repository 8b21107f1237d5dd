//! What is to be seen of an item on a side, in one form for both: what a person would compare.

use crate::tasks;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use emulators::creatio::Creatio;
use emulators::creatio::ids::{activity_priority, activity_status};
use emulators::graph::EventSummary;
use guest::activity::Unit;
use scenarios::mail::Mail;
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
    /// Creatio's status is "Canceled", or the organizer has cancelled it.
    pub cancelled: bool,
    /// It is a task: in Creatio, not shown in the calendar.
    pub task: bool,
}

/// The item that a title names.
#[must_use]
pub fn item_of(title: &str) -> Option<u32> {
    let title = title.trim_start_matches("Canceled: ");
    title.split(' ').next()?.strip_prefix('T')?.parse().ok()
}

/// Notes carry one word that tells them apart, whatever a server wraps around them.
pub(crate) fn word(text: &str) -> String {
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

/// The items as Creatio holds them, as often as it does: those that are wanted.
#[must_use]
pub fn in_creatio(creatio: &Creatio, wanted: impl Fn(u32) -> bool) -> Vec<(u32, Sight)> {
    creatio
        .rows("Activity")
        .filter_map(|(id, row)| Some((item_of(row.text("Title"))?, id, row)))
        .filter(|(item, ..)| wanted(*item))
        .map(|(item, id, row)| {
            let start = row.time("StartDate").unwrap_or_default();
            let remind = row.time("RemindToOwnerDate").filter(|_| row.flag("RemindToOwner"));
            let priority = match row.guid("PriorityId") {
                Some(id) if id == activity_priority::HIGH => "high",
                Some(id) if id == activity_priority::LOW => "low",
                _ => "normal",
            };
            let minutes = remind.map(|remind| (start - remind).num_minutes());
            let mut values =
                values(row.text("Title"), start, row.text("Location"), row.text("Notes"), minutes, priority);
            let task = !row.flag("ShowInScheduler");
            if task {
                let due = row.time("DueDate").unwrap_or_default();
                tasks::of_row(&mut values, due, remind, row.guid("StatusId"));
            }
            let seen = Sight {
                id: id.to_string(),
                values,
                start,
                task,
                cancelled: row.guid("StatusId") == Some(activity_status::CANCELED),
            };
            (item, seen)
        })
        .collect()
}

/// The items as a mailbox holds them, as often as it does: those that are wanted.
#[must_use]
pub fn in_mailbox(mail: &Mail, mailbox: &str, wanted: impl Fn(u32) -> bool) -> Vec<(u32, Sight)> {
    let found = mail.events_if(mailbox, |subject| item_of(subject).is_some_and(&wanted));
    found
        .into_iter()
        .map(|event| {
            let EventSummary { id, subject, start, cancelled, place, notes, importance, reminder, .. } = event;
            let values = values(&subject, start, &place, &notes, reminder, &importance);
            let seen = Sight { id, values, start, cancelled, task: false };
            (item_of(&subject).unwrap_or_default(), seen)
        })
        .chain(tasks::in_mailbox(mail, mailbox, &wanted))
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
