//! What a test sees of the service without asking it over the protocol.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::Exchange;
use super::ids;
use super::item::{Item, Seen};
use super::mailbox::Mailbox;
use super::shape::Shape;
use super::show::View;
use super::xml::Node;

/// What a test usually wants to know of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemSummary {
    /// Its id, as of now.
    pub id: String,
    /// Its change key.
    pub change_key: String,
    /// Name of its folder.
    pub folder: String,
    /// Title; empty where there is none.
    pub subject: String,
    /// A task, and no appointment.
    pub is_task: bool,
    /// `Single` or `RecurringMaster`.
    pub kind: &'static str,
    /// Start of an appointment.
    pub start: Option<DateTime<Utc>>,
    /// Its end.
    pub end: Option<DateTime<Utc>>,
    /// Whether it lasts whole days.
    pub all_day: bool,
    /// First day of a task.
    pub start_date: Option<NaiveDate>,
    /// The day a task is due.
    pub due_date: Option<NaiveDate>,
    /// Status of a task.
    pub status: Option<String>,
    /// The identity of an appointment.
    pub uid: Option<String>,
    /// Whether the organizer has cancelled it.
    pub cancelled: bool,
    /// Where an appointment is; empty where that is not said.
    pub place: String,
    /// Its body, as it is held.
    pub notes: String,
    /// `Low`, `Normal` or `High`.
    pub importance: String,
    /// Minutes before the start of an appointment, if there is a reminder.
    pub reminder: Option<i64>,
}

fn summary(mailbox: &Mailbox, item: &Item) -> ItemSummary {
    let seen = item.whole();
    let (task, appointment) = (item.content.task(), item.content.appointment());
    ItemSummary {
        id: ids::item(mailbox.guid, item, None),
        change_key: ids::change_key(mailbox.guid, item.change),
        folder: mailbox.folders.get(&item.folder).map(|folder| folder.name.clone()).unwrap_or_default(),
        subject: item.content.subject.clone().unwrap_or_default(),
        is_task: item.is_task(),
        kind: seen.kind(),
        start: seen.start(),
        end: seen.end(),
        all_day: appointment.is_some_and(|one| one.all_day),
        start_date: task.and_then(|task| task.start),
        due_date: task.and_then(|task| task.due),
        status: task.map(|task| task.status.clone()),
        uid: item.meeting.as_ref().map(|meeting| meeting.uid.text(None)),
        cancelled: item.meeting.as_ref().is_some_and(|meeting| meeting.cancelled),
        place: appointment.and_then(|one| one.location.clone()).unwrap_or_default(),
        notes: item.content.body.text.clone(),
        importance: item.content.importance.clone(),
        reminder: (item.content.reminder_on && task.is_none()).then_some(item.content.reminder_minutes.into()),
    }
}

/// An element as JSON: attributes by `@name`, children by name, text by `#`.
fn json(node: &Node) -> Value {
    if node.children.is_empty() && node.attributes.is_empty() {
        return Value::from(node.text.clone());
    }
    let mut map = Map::new();
    for (name, value) in &node.attributes {
        map.insert(format!("@{name}"), Value::from(value.clone()));
    }
    if !node.text.is_empty() {
        map.insert("#".to_owned(), Value::from(node.text.clone()));
    }
    for child in &node.children {
        let several = node.children.iter().filter(|other| other.name == child.name).count() > 1;
        if several {
            if let Value::Array(list) = map.entry(child.name.to_string()).or_insert_with(|| json!([])) {
                list.push(json(child));
            }
        } else {
            map.insert(child.name.to_string(), json(child));
        }
    }
    Value::Object(map)
}

fn in_full(mailbox: &Mailbox, seen: &Seen<'_>) -> Value {
    let view = View { mailbox: mailbox.guid, zone: Tz::UTC, days: Tz::UTC, row: false };
    let mut value = json(&view.item(seen, &Shape::everything()));
    if let Some(map) = value.as_object_mut() {
        let extended = seen.content().ext.iter().map(|(property, values)| (property.to_string(), json!(values)));
        map.insert("ExtendedProperties".to_owned(), Value::Object(extended.collect()));
    }
    value
}

impl Exchange {
    /// All items of a mailbox, by creation; masters stand for their series. Those in Deleted Items too.
    #[must_use]
    pub fn items(&self, mailbox: &str) -> Vec<ItemSummary> {
        self.items_if(mailbox, |_| true)
    }

    /// The same of those whose title is wanted.
    #[must_use]
    pub fn items_if(&self, mailbox: &str, wanted: impl Fn(&str) -> bool) -> Vec<ItemSummary> {
        let Some(mailbox) = self.mailbox_at(mailbox).ok().and_then(|at| self.mailboxes.get(at)) else {
            return Vec::new();
        };
        let wanted = |item: &&Arc<Item>| wanted(item.content.subject.as_deref().unwrap_or_default());
        mailbox.items.values().filter(wanted).map(|item| summary(mailbox, item)).collect()
    }

    /// An item by its id, wherever it has been moved to.
    #[must_use]
    pub fn summary(&self, mailbox: &str, id: &str) -> Option<ItemSummary> {
        let (at, key, _) = self.item_at(mailbox, id).ok()?;
        let mailbox = self.mailboxes.get(at)?;
        Some(summary(mailbox, mailbox.item(key)?))
    }

    /// The first item with this title.
    #[must_use]
    pub fn find(&self, mailbox: &str, subject: &str) -> Option<ItemSummary> {
        self.items(mailbox).into_iter().find(|item| item.subject == subject)
    }

    /// An item or occurrence in full, in UTC, its elements as members; `None` where it is gone.
    #[must_use]
    pub fn item_json(&self, mailbox: &str, id: &str) -> Option<Value> {
        let (at, key, date) = self.item_at(mailbox, id).ok()?;
        let mailbox = self.mailboxes.get(at)?;
        Some(in_full(mailbox, &mailbox.item(key)?.seen(date)?))
    }

    /// Everything that is held.
    pub(super) fn state_value(&self) -> Value {
        let mut mailboxes = Map::new();
        for mailbox in &self.mailboxes {
            let folders: Vec<Value> = mailbox
                .folders
                .values()
                .map(|folder| {
                    let items: Vec<Value> =
                        mailbox.items_in(folder.key).map(|item| in_full(mailbox, &item.whole())).collect();
                    json!({
                        "id": ids::folder(mailbox.guid, folder.key),
                        "name": folder.name,
                        "class": folder.class,
                        "known": folder.known,
                        "writable": folder.writable,
                        "items": items,
                    })
                })
                .collect();
            let who = &mailbox.who;
            mailboxes
                .insert(who.address.clone(), json!({ "name": who.name, "timeZone": mailbox.zone, "folders": folders }));
        }
        json!({ "mailboxes": mailboxes, "knobs": self.knobs })
    }
}
