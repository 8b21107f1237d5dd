//! What people do in their calendars, and what they find there. Events and activities are named by their titles.

use crate::mail::Mail;
use crate::transport::Interlude;
use crate::world::{ANNA, EUGENE, World, start};
use chrono::{DateTime, TimeDelta, Utc};
use emulators::creatio::{Creatio, NewActivity};
use emulators::graph::Graph;
use emulators::harness::Shared;
use emulators::wire::Service;
use guest::settings::Account;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// So many hours after the world began, which was on a Monday at 8:00 UTC.
#[must_use]
pub fn at(hours: i64) -> DateTime<Utc> {
    start() + TimeDelta::hours(hours)
}

/// A point in time as Graph takes it.
#[must_use]
pub fn point(at: DateTime<Utc>) -> Value {
    json!({"dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC"})
}

/// An hour, as an event's properties.
#[must_use]
pub fn hour(from: DateTime<Utc>) -> Value {
    json!({"start": point(from), "end": point(from + TimeDelta::hours(1)), "isAllDay": false})
}

/// Somebody invited.
#[must_use]
pub fn guest(address: &str) -> Value {
    json!({"type": "required", "emailAddress": {"address": address, "name": address}})
}

/// An activity as its page in Creatio shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Id.
    pub id: Uuid,
    /// Title.
    pub title: String,
    /// Start.
    pub start: DateTime<Utc>,
    /// Due.
    pub end: DateTime<Utc>,
    /// Location.
    pub place: String,
    /// Notes.
    pub notes: String,
    /// Status.
    pub status: Uuid,
    /// Priority.
    pub priority: Uuid,
    /// Minutes before the start at which it reminds.
    pub reminder: Option<i64>,
    /// Owner.
    pub owner: Uuid,
}

impl World {
    /// An event of an hour in the first account's default calendar.
    pub fn meeting(&self, subject: &str, hours: i64) -> String {
        self.meeting_with(subject, hours, json!({}))
    }

    /// The same with other properties.
    pub fn meeting_with(&self, subject: &str, hours: i64, more: Value) -> String {
        self.meeting_in(EUGENE, None, subject, hours, more)
    }

    /// The same in another mailbox or calendar.
    pub fn meeting_in(&self, mailbox: &str, calendar: Option<&str>, subject: &str, hours: i64, more: Value) -> String {
        let mut event = hour(at(hours));
        event["subject"] = json!(subject);
        // A client of the mailbox sets one by itself; tests that want one say so.
        event["isReminderOn"] = json!(false);
        merge(&mut event, more);
        let now = self.now();
        self.mail.with(|mail| mail.add_event(mailbox, calendar, &event, now)).unwrap()
    }

    /// A meeting that somebody from elsewhere organises and the first account is invited to.
    pub fn invitation(&self, subject: &str, hours: i64) -> String {
        let mut event = hour(at(hours));
        merge(&mut event, json!({"subject": subject, "isReminderOn": false, "attendees": [guest(EUGENE)]}));
        let now = self.now();
        let organizer = ("Olga Client", "olga@northwind.example");
        self.mail.with(|mail| mail.add_foreign_meeting(EUGENE, organizer, &event, now)).unwrap()
    }

    /// An activity of an hour, shown in the calendar, of the first account's contact.
    pub fn activity(&self, title: &str, hours: i64) -> Uuid {
        self.activity_with(title, hours, |_| {})
    }

    /// The same with other columns.
    pub fn activity_with(&self, title: &str, hours: i64, change: impl FnOnce(&mut NewActivity)) -> Uuid {
        let mut activity = NewActivity::meeting(title, at(hours)).owned_by(self.eugene.contact);
        change(&mut activity);
        let now = self.now();
        self.creatio.with(|creatio| creatio.add_activity(&activity, now)).unwrap()
    }

    /// Id of the event with this title.
    #[must_use]
    pub fn event_id(&self, subject: &str) -> String {
        self.mail.with(|mail| mail.find_event(EUGENE, subject)).unwrap_or_else(|| panic!("no event {subject}")).id
    }

    /// The event with this title, in full.
    #[must_use]
    pub fn event(&self, subject: &str) -> Value {
        let id = self.event_id(subject);
        self.mail.with(|mail| mail.event_json(EUGENE, &id)).unwrap()
    }

    /// Titles in the first account's mailbox, sorted.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        self.subjects_of(EUGENE)
    }

    /// Titles in a mailbox, sorted.
    #[must_use]
    pub fn subjects_of(&self, mailbox: &str) -> Vec<String> {
        let mut all: Vec<String> =
            self.mail.with(|mail| mail.events(mailbox)).into_iter().map(|event| event.subject).collect();
        all.sort();
        all
    }

    /// Titles in Creatio, sorted.
    #[must_use]
    pub fn titles(&self) -> Vec<String> {
        let mut all: Vec<String> = self.activities().into_iter().map(|activity| activity.title).collect();
        all.sort();
        all
    }

    /// All activities.
    #[must_use]
    pub fn activities(&self) -> Vec<Activity> {
        self.creatio.with(|creatio| {
            creatio
                .rows("Activity")
                .map(|(id, row)| {
                    let start = row.time("StartDate").unwrap_or_default();
                    let remind = row.time("RemindToOwnerDate").filter(|_| row.flag("RemindToOwner"));
                    Activity {
                        id,
                        title: row.text("Title").to_owned(),
                        start,
                        end: row.time("DueDate").unwrap_or_default(),
                        place: row.text("Location").to_owned(),
                        notes: row.text("Notes").to_owned(),
                        status: row.guid("StatusId").unwrap_or_default(),
                        priority: row.guid("PriorityId").unwrap_or_default(),
                        reminder: remind.map(|remind| (start - remind).num_minutes()),
                        owner: row.guid("OwnerId").unwrap_or_default(),
                    }
                })
                .collect()
        })
    }

    /// The activity with this title.
    #[must_use]
    pub fn found(&self, title: &str) -> Activity {
        let all = self.activities();
        all.into_iter().find(|activity| activity.title == title).unwrap_or_else(|| panic!("no activity {title}"))
    }

    /// Somebody edits an event.
    pub fn edit_event(&self, subject: &str, change: Value) {
        let (id, now) = (self.event_id(subject), self.now());
        self.mail.with(|mail| mail.update_event(EUGENE, &id, &change, now)).unwrap();
    }

    /// Somebody edits an activity.
    pub fn edit_activity(&self, title: &str, values: Value) {
        let id = self.found(title).id;
        self.creatio_edit(json!({"action": "update", "set": "Activity", "id": id, "values": values}));
    }

    /// Somebody deletes an event.
    pub fn delete_event(&self, subject: &str) -> String {
        let (id, now) = (self.event_id(subject), self.now());
        self.mail.with(|mail| mail.delete_event(EUGENE, &id, now)).unwrap();
        id
    }

    /// Somebody deletes an activity.
    pub fn delete_activity(&self, title: &str) {
        let id = self.found(title).id;
        self.creatio_edit(json!({"action": "delete", "set": "Activity", "id": id}));
    }

    /// An edit as Creatio's control port takes it.
    pub fn creatio_edit(&self, edit: Value) -> Value {
        edit_creatio(&self.creatio, &edit, self.now())
    }

    /// An edit as Graph's control port takes it.
    pub fn graph_edit(&self, edit: Value) -> Value {
        self.mail.edit(&edit, self.now()).unwrap()
    }

    /// Turns knobs of Creatio.
    pub fn creatio_knobs(&self, values: Value) {
        self.creatio_edit(json!({"action": "knobs", "values": values}));
    }

    /// Turns knobs of Graph.
    pub fn graph_knobs(&self, values: Value) {
        self.graph_edit(json!({"action": "knobs", "knobs": values}));
    }

    /// Adds a calendar of the first account's own; gives its id.
    pub fn calendar(&self, name: &str) -> String {
        self.mail.with(|mail| mail.add_calendar(EUGENE, name, true, None)).unwrap()
    }

    /// The first account's settings with these policies.
    #[must_use]
    pub fn policies(&self, policies: &[(&str, &str)]) -> Account {
        let account = self.account();
        let more = policies.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Account { policies: account.policies.into_iter().chain(more).collect(), ..self.account() }
    }

    /// The settings of the second account, in the same tenant.
    #[must_use]
    pub fn annas_account(&self) -> Account {
        Account {
            id: ANNA.into(),
            address: ANNA.into(),
            user: "a.smith".into(),
            time_zone: "Europe/London".into(),
            language: "en".into(),
            ..self.account()
        }
    }

    /// Something goes wrong, as the control port takes it.
    pub fn fault(&self, fault: Value) {
        self.site.lock().unwrap().faults.add(serde_json::from_value(fault).unwrap());
    }

    /// Every fault was met; none is left.
    pub fn faults_met(&self) {
        let mut site = self.site.lock().unwrap();
        assert!(site.faults.spent(), "not every fault was met: {}", site.faults.list());
        site.faults.clear();
    }

    /// Every fault was met at least once; none is left.
    pub fn faults_end(&self) {
        let mut site = self.site.lock().unwrap();
        let list = site.faults.list();
        let hit = list.as_array().unwrap().iter().all(|fault| fault["hit"].as_u64() > Some(0));
        assert!(hit, "a fault was not met: {list}");
        site.faults.clear();
    }

    /// Bodies of requests and answers are kept from now on.
    pub fn keep_bodies(&self) {
        self.site.lock().unwrap().log.keep_bodies = true;
    }

    /// How many rows the tenant's storage has.
    #[must_use]
    pub fn store_size(&self) -> usize {
        use host_runner::store::Store;
        let (mut rows, mut after) = (0, None);
        loop {
            let page = self.store.scan("", after.as_deref(), 500).unwrap();
            rows += page.entries.len();
            match page.next {
                Some(next) => after = Some(next),
                None => return rows,
            }
        }
    }

    /// What the storage holds in rows whose key has this text, as text.
    #[must_use]
    pub fn stored(&self, text: &str) -> String {
        use host_runner::store::Store;
        let (mut all, mut after) = (String::new(), None);
        loop {
            let page = self.store.scan("", after.as_deref(), 500).unwrap();
            for entry in page.entries.iter().filter(|entry| entry.key.contains(text)) {
                all += &format!("{} {}\n", entry.key, String::from_utf8_lossy(&entry.value));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return all,
            }
        }
    }

    /// Mail that left so far.
    #[must_use]
    pub fn outbox(&self) -> Vec<Value> {
        self.mail.with(|mail| mail.outbox())
    }

    /// Somebody acts just before the first request whose body holds this text.
    pub fn meanwhile(&self, text: &'static str, act: impl FnOnce(&Shared<Creatio>, &Mail) + Send + 'static) {
        let (creatio, mail) = (self.creatio.clone(), self.mail.clone());
        let soap = crate::soap::operation(text);
        *self.interlude.lock().unwrap() = Some(Interlude {
            before: Box::new(move |request| {
                let body = String::from_utf8_lossy(&request.body);
                body.contains(text) || soap.is_some_and(|operation| crate::soap::is(&body, operation))
            }),
            happens: Box::new(move || act(&creatio, &mail)),
        });
    }
}

/// An edit as Creatio's control port takes it.
pub fn edit_creatio(creatio: &Shared<Creatio>, edit: &Value, now: DateTime<Utc>) -> Value {
    creatio.clone().edit(edit, now).unwrap()
}

/// An edit as Graph's control port takes it.
pub fn edit_graph(graph: &Shared<Graph>, edit: &Value, now: DateTime<Utc>) -> Value {
    graph.clone().edit(edit, now).unwrap()
}

fn merge(into: &mut Value, more: Value) {
    let Value::Object(more) = more else { return };
    into.as_object_mut().unwrap().extend::<Map<String, Value>>(more);
}
