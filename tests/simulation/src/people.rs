//! People at work: they make, change, move and delete items on both sides, and the ledger learns what they saw.

use crate::ledger::{Edit, Ledger};
use crate::sight::{self, Sight};
use crate::step::Deed;
use chrono::{DateTime, TimeDelta, Utc};
use emulators::creatio::{Creatio, NewActivity};
use emulators::graph::Graph;
use emulators::harness::Shared;
use emulators::wire::Service;
use guest::activity::{SideId, Unit};
use host_runner::{Clock, VirtualClock};
use scenarios::life::{edit_creatio, guest, hour, point};
use scenarios::world::EUGENE;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// Name of the second calendar.
pub const SECOND: &str = "Projects";

/// People, with all that they see.
#[derive(Clone)]
pub struct People {
    /// Creatio.
    pub creatio: Shared<Creatio>,
    /// The mailbox.
    pub graph: Shared<Graph>,
    /// The clock.
    pub clock: VirtualClock,
    /// Contact of the account's user.
    pub contact: Uuid,
    /// What they did.
    pub ledger: Arc<Mutex<Ledger>>,
}

impl People {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(i64::try_from(self.clock.wall()).unwrap()).unwrap()
    }

    /// The item on a side.
    #[must_use]
    pub fn see(&self, side: SideId, item: u32) -> Vec<Sight> {
        match side {
            SideId::Creatio => self.creatio.with(|creatio| sight::in_creatio(creatio, item)),
            SideId::Mailbox => self.graph.with(|graph| sight::in_mailbox(graph, item)),
        }
    }

    /// Messages that left so far.
    #[must_use]
    pub fn mails(&self) -> usize {
        self.graph.with(|graph| graph.outbox().len())
    }

    /// Does it, where it can be done.
    pub fn act(&self, deed: &Deed) {
        let mails = self.mails();
        match deed {
            Deed::Create { side: SideId::Creatio, item, .. } => self.create_activity(*item),
            Deed::Create { side: SideId::Mailbox, item, projects, guests } => {
                self.create_event(*item, *projects, *guests);
            }
            Deed::CreateBoth { item } => {
                self.create_activity(*item);
                self.create_event(*item, false, false);
                self.ledger.lock().unwrap().both.insert(*item);
            }
            Deed::Edit { side, item, unit, number } => self.edit(*side, *item, *unit, *number),
            Deed::Move { item, projects } => {
                let to = if *projects { SECOND } else { "Calendar" };
                for seen in self.see(SideId::Mailbox, *item).iter().take(1) {
                    // Where it lies already, nothing happens.
                    let _ = self.graph.with(|graph| graph.move_event(EUGENE, &seen.id, to, self.now()));
                }
            }
            Deed::Delete { side, item } => self.delete(*side, *item),
            Deed::Restore { item } => self.restore(*item),
        }
        self.ledger.lock().unwrap().mails += self.mails() - mails;
    }

    fn created(&self, side: SideId, item: u32) {
        let seen = self.see(side, item).remove(0);
        let mut ledger = self.ledger.lock().unwrap();
        ledger.items.insert(item);
        for unit in [Unit::Title, Unit::When] {
            ledger.edits.push(Edit { item, side, unit, value: seen.values[&unit].clone() });
        }
    }

    fn create_activity(&self, item: u32) {
        let row = NewActivity::meeting(sight::name(item), sight::begins(item, 0)).owned_by(self.contact);
        self.creatio.with(|creatio| creatio.add_activity(&row, self.now()).unwrap());
        self.created(SideId::Creatio, item);
    }

    fn create_event(&self, item: u32, projects: bool, guests: bool) {
        let mut event = hour(sight::begins(item, 0));
        event["subject"] = json!(sight::name(item));
        event["isReminderOn"] = json!(false);
        if guests {
            event["attendees"] = json!([guest("olga@northwind.example")]);
        }
        self.graph.with(|graph| graph.add_event(EUGENE, projects.then_some(SECOND), &event, self.now())).unwrap();
        self.created(SideId::Mailbox, item);
    }

    fn edit(&self, side: SideId, item: u32, unit: Unit, number: u32) {
        let Some(seen) = self.see(side, item).into_iter().next() else { return };
        let value = sight::value(item, unit, number);
        if matches!(unit, Unit::Title | Unit::When) && self.ledger.lock().unwrap().both.contains(&item) {
            return;
        }
        if seen.values[&unit] == value {
            return;
        }
        match side {
            SideId::Creatio => {
                let values = columns(&seen, item, unit, number, &value);
                let edit = json!({"action": "update", "set": "Activity", "id": seen.id, "values": values});
                edit_creatio(&self.creatio, &edit, self.now());
            }
            SideId::Mailbox => {
                let change = properties(item, unit, number, &value);
                self.graph.with(|graph| graph.update_event(EUGENE, &seen.id, &change, self.now())).unwrap();
            }
        }
        let mut ledger = self.ledger.lock().unwrap();
        ledger.replaced.insert((item, unit, seen.values[&unit].clone()));
        ledger.replaced.remove(&(item, unit, value.clone()));
        ledger.edits.push(Edit { item, side, unit, value });
    }

    fn delete(&self, side: SideId, item: u32) {
        for seen in self.see(side, item) {
            match side {
                SideId::Creatio => {
                    let edit = json!({"action": "delete", "set": "Activity", "id": seen.id});
                    edit_creatio(&self.creatio, &edit, self.now());
                }
                SideId::Mailbox => {
                    self.graph.with(|graph| graph.delete_event(EUGENE, &seen.id, self.now())).unwrap();
                    self.ledger.lock().unwrap().bin.insert(item, seen.id.clone());
                }
            }
            let mut ledger = self.ledger.lock().unwrap();
            ledger.deleted.insert((item, side));
            for (unit, value) in seen.values {
                ledger.replaced.insert((item, unit, value));
            }
        }
    }

    fn restore(&self, item: u32) {
        let Some(id) = self.ledger.lock().unwrap().bin.remove(&item) else { return };
        // What the sync made anew meanwhile nobody brings back a second time.
        if self.see(SideId::Mailbox, item).is_empty() {
            let _ = self.graph.with(|graph| graph.restore_event(EUGENE, &id, self.now()));
        }
    }
}

/// An edit in Creatio. A page of Creatio keeps a reminder's distance when the start moves.
fn columns(seen: &Sight, item: u32, unit: Unit, number: u32, value: &str) -> Value {
    match unit {
        Unit::Title => json!({ "Title": value }),
        Unit::Place => json!({ "Location": value }),
        Unit::Body => json!({ "Notes": value }),
        Unit::Priority => json!({ "PriorityId": sight::priority(value) }),
        Unit::Reminder => {
            let at = seen.start - TimeDelta::minutes(i64::from(number) + 5);
            json!({"RemindToOwner": true, "RemindToOwnerDate": at})
        }
        Unit::When => {
            let start = sight::begins(item, number);
            let mut values = json!({"StartDate": start, "DueDate": start + TimeDelta::hours(1)});
            if let Some(minutes) = seen.values[&Unit::Reminder].strip_suffix(" min") {
                values["RemindToOwnerDate"] = json!(start - TimeDelta::minutes(minutes.parse().unwrap()));
            }
            values
        }
        Unit::State => Value::Null,
    }
}

fn properties(item: u32, unit: Unit, number: u32, value: &str) -> Value {
    match unit {
        Unit::Title => json!({ "subject": value }),
        Unit::Place => json!({"location": {"displayName": value}}),
        Unit::Body => json!({"body": {"contentType": "text", "content": value}}),
        Unit::Priority => json!({ "importance": value }),
        Unit::Reminder => json!({"isReminderOn": true, "reminderMinutesBeforeStart": number + 5}),
        Unit::When => {
            let start = sight::begins(item, number);
            json!({"start": point(start), "end": point(start + TimeDelta::hours(1))})
        }
        Unit::State => Value::Null,
    }
}
