//! Everything that is held, for assertions.

use serde_json::{Map, Value, json};

use super::Graph;
use super::calendars::shown;
use super::event::{Event, Seen};
use super::look::in_full;
use super::mailbox::Mailbox;
use super::todo::lists_in_full;

fn event(mailbox: &Mailbox, event: &Event) -> Value {
    let mut value = in_full(mailbox, &event.whole());
    if let (Some(map), Some(series)) = (value.as_object_mut(), &event.series) {
        let exceptions = series.exceptions.keys().map(|date| in_full(mailbox, &Seen { event, date: Some(*date) }));
        map.insert("exceptionOccurrences".to_owned(), exceptions.collect());
    }
    value
}

impl Graph {
    pub(super) fn state_value(&self) -> Value {
        let mut mailboxes = Map::new();
        for mailbox in &self.mailboxes {
            let calendars: Vec<Value> = mailbox
                .calendars
                .values()
                .map(|calendar| {
                    let mut map = shown(mailbox, calendar);
                    let events: Vec<Value> = mailbox.events_in(calendar.key).map(|one| event(mailbox, one)).collect();
                    map.insert("events".to_owned(), events.into());
                    Value::Object(map)
                })
                .collect();
            let deleted: Vec<Value> = mailbox.deleted.values().map(|one| event(mailbox, one)).collect();
            mailboxes.insert(
                mailbox.who.address.clone(),
                json!({
                    "id": mailbox.user.to_string(),
                    "displayName": mailbox.who.name,
                    "timeZone": mailbox.zone,
                    "calendars": calendars,
                    "deletedItems": deleted,
                    "taskLists": lists_in_full(mailbox),
                }),
            );
        }
        json!({ "mailboxes": mailboxes, "knobs": self.knobs })
    }
}
