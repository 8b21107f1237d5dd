//! What a test sees of the service without asking it over the protocol.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Graph;
use super::decode::ext_id;
use super::encode::{event_id, extended, plain};
use super::event::{Event, Seen};
use super::mailbox::Mailbox;

/// What a test usually wants to know of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSummary {
    /// Immutable id.
    pub id: String,
    /// Classic id, as of now.
    pub classic_id: String,
    /// Name of its calendar.
    pub calendar: String,
    /// Title; empty where there is none.
    pub subject: String,
    /// `singleInstance` or `seriesMaster`.
    pub kind: &'static str,
    /// Start, as an instant.
    pub start: DateTime<Utc>,
    /// End, as an instant.
    pub end: DateTime<Utc>,
    /// Whether it lasts whole days.
    pub all_day: bool,
    /// The global object id.
    pub ical_uid: String,
    /// The change key.
    pub change_key: String,
    /// Whether the organizer has cancelled it.
    pub cancelled: bool,
    /// The owner's own answer.
    pub response: &'static str,
    /// Where it is; empty where that is not said.
    pub place: String,
    /// Its body, as it is held.
    pub notes: String,
    /// `low`, `normal` or `high`.
    pub importance: String,
    /// Minutes before the start, if there is a reminder.
    pub reminder: Option<i64>,
}

impl Graph {
    /// An event or occurrence in full, in UTC, with its extended properties; `None` where it is gone.
    #[must_use]
    pub fn event_json(&self, mailbox: &str, id: &str) -> Option<Value> {
        let (at, key, date) = self.event_at(mailbox, id).ok()?;
        let mailbox = self.mailboxes.get(at)?;
        let event = mailbox.event(key)?;
        let seen = match date {
            Some(date) => event.occurrence(date)?,
            None => event.whole(),
        };
        Some(in_full(mailbox, &seen))
    }

    /// All events of a mailbox, by creation; masters stand for their series.
    #[must_use]
    pub fn events(&self, mailbox: &str) -> Vec<EventSummary> {
        self.events_if(mailbox, |_| true)
    }

    /// The same of those whose title is wanted.
    #[must_use]
    pub fn events_if(&self, mailbox: &str, wanted: impl Fn(&str) -> bool) -> Vec<EventSummary> {
        let Some(mailbox) = self.mailbox_at(mailbox).ok().and_then(|at| self.mailboxes.get(at)) else {
            return Vec::new();
        };
        let wanted = |event: &&Arc<Event>| wanted(event.content.subject.as_deref().unwrap_or_default());
        mailbox.events.values().filter(wanted).map(|event| summary(mailbox, event)).collect()
    }

    /// The first event with this title.
    #[must_use]
    pub fn find_event(&self, mailbox: &str, subject: &str) -> Option<EventSummary> {
        let mailbox = self.mailboxes.get(self.mailbox_at(mailbox).ok()?)?;
        let found = mailbox.events.values().find(|event| event.content.subject.as_deref() == Some(subject))?;
        Some(summary(mailbox, found))
    }

    /// Ids of the events whose extended property has this value, as a marker lookup would find them.
    #[must_use]
    pub fn events_with_property(&self, mailbox: &str, id: &str, value: &str) -> Vec<EventSummary> {
        let Ok(id) = ext_id(id) else { return Vec::new() };
        let Some(mailbox) = self.mailbox_at(mailbox).ok().and_then(|at| self.mailboxes.get(at)) else {
            return Vec::new();
        };
        let found = mailbox.events.values().filter(|event| event.ext.get(&id).is_some_and(|one| one == value));
        found.map(|event| summary(mailbox, event)).collect()
    }
}

/// An event with everything that is kept of it.
pub(super) fn in_full(mailbox: &Mailbox, seen: &Seen<'_>) -> Value {
    let shape = plain(mailbox.guid);
    let mut map = shape.full(seen);
    map.insert("singleValueExtendedProperties".to_owned(), extended(seen, None));
    if seen.date.is_none() && seen.event.series.is_some() {
        map.insert("cancelledOccurrences".to_owned(), shape.cancelled_occurrences(seen.event));
    }
    Value::Object(map)
}

fn summary(mailbox: &Mailbox, event: &Event) -> EventSummary {
    let (seen, content) = (event.whole(), &event.content);
    let place = content.locations.first().and_then(|place| place.get("displayName")).and_then(Value::as_str);
    EventSummary {
        id: event_id(mailbox.guid, event, None, true),
        classic_id: event_id(mailbox.guid, event, None, false),
        calendar: mailbox.calendars.get(&event.calendar).map(|calendar| calendar.name.clone()).unwrap_or_default(),
        subject: event.content.subject.clone().unwrap_or_default(),
        kind: seen.kind(),
        start: seen.start_at(),
        end: seen.end_at(),
        all_day: event.content.all_day,
        ical_uid: event.global.text(None),
        change_key: super::ids::change_key(mailbox.guid, event.change),
        cancelled: event.cancelled,
        response: event.answer.response,
        place: place.unwrap_or_default().to_owned(),
        notes: content.body.clone(),
        importance: content.importance.to_owned(),
        reminder: content.reminder_on.then_some(content.reminder_minutes.into()),
    }
}
