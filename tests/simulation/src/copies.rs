//! Another program that copies items: what it did, and what the sync may make of it.
//!
//! A copy is an item of its own, whatever it carries: it gets a counterpart of its own, or is told to be held. It is
//! never removed for being a double.

use crate::ledger::Ledger;
use crate::people::{People, SECOND};
use crate::sight::name;
use crate::step::{Place, Who};
use emulators::creatio::NewActivity;
use guest::activity::{SideId, Unit};
use guest::identity::{self, Marker};
use serde_json::Value;
use uuid::Uuid;

/// What a copy of an event takes along.
const KEPT: [&str; 9] = [
    "subject",
    "start",
    "end",
    "isAllDay",
    "body",
    "location",
    "importance",
    "isReminderOn",
    "reminderMinutesBeforeStart",
];

/// A copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Of which item.
    pub item: u32,
    /// Where.
    pub at: Place,
    /// Its id there.
    pub id: String,
    /// It carries what the sync left on the original.
    pub marked: bool,
    /// In a mailbox: the activity that it becomes.
    pub activity: Option<Uuid>,
    /// Retention took it.
    pub taken: bool,
}

impl People {
    /// Another program copies an item of a mailbox.
    pub(crate) fn copy_item(&self, who: Who, item: u32, projects: bool, marked: bool) {
        let (at, mailbox) = (Place::Mailbox(who), self.mailbox(who));
        let Some(seen) = self.see(at, item).into_iter().next().filter(|seen| !seen.cancelled) else { return };
        let Some(full) = self.mail.event_json(mailbox, &seen.id) else { return };
        let kept = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), full.get(*name)?.clone())));
        let mut event = Value::Object(kept.collect());
        let properties = &full["singleValueExtendedProperties"];
        let marked = marked && properties.as_array().is_some_and(|all| !all.is_empty());
        if marked {
            event["singleValueExtendedProperties"] = properties.clone();
        }
        let (to, now) = (projects.then_some(SECOND), self.at(SideId::Mailbox));
        let id = self.mail.add_event(mailbox, to, &event, now).unwrap();
        let copy = self.mail.event_json(mailbox, &id).unwrap();
        let uid = copy["iCalUId"].as_str().and_then(identity::meeting);
        let tenant = &self.persons[usize::from(who)].account.tenant;
        let activity = uid.map(|uid| identity::activity_of_meeting(tenant, &uid));
        let copied = Copied { item, at, id, marked, activity, taken: false };
        self.ledger.lock().unwrap().copies.push(copied);
    }

    /// Another program copies an activity.
    pub(crate) fn copy_activity(&self, item: u32) {
        let seen = self.see(Place::Creatio, item).into_iter().next();
        let Some(seen) = seen.filter(|seen| !seen.cancelled) else { return };
        let now = self.at(SideId::Creatio);
        let id = self.creatio.with(|creatio| {
            let row = creatio.row("Activity", Uuid::parse_str(&seen.id).unwrap()).unwrap();
            let (owner, end) = (row.guid("OwnerId"), row.time("DueDate").unwrap_or(seen.start));
            let mut copy = NewActivity::meeting(seen.values[&Unit::Title].clone(), seen.start);
            copy = copy.owned_by(owner.unwrap_or_else(|| self.contact(0)));
            copy.due = end;
            creatio.add_activity(&copy, now).unwrap()
        });
        let (at, id) = (Place::Creatio, id.to_string());
        self.ledger.lock().unwrap().copies.push(Copied { item, at, id, marked: false, activity: None, taken: false });
    }

    /// Activity that an event says it was made of.
    pub(crate) fn marker(&self, who: Who, event: &str) -> Option<Uuid> {
        let full = self.mail.event_json(self.mailbox(who), event)?;
        let value = full.pointer("/singleValueExtendedProperties/0/value")?.as_str()?.to_owned();
        Marker::decode(&value).map(|marker| marker.activity)
    }

    /// What is seen at a place is a copy, or was made of one.
    pub(crate) fn of_a_copy(&self, at: Place, id: &str, copies: &[Copied]) -> bool {
        copies.iter().any(|copy| match (copy.at, at) {
            (Place::Mailbox(_), Place::Creatio) => copy.activity.is_some_and(|activity| activity.to_string() == id),
            (Place::Creatio, Place::Mailbox(who)) => {
                self.marker(who, id).is_some_and(|activity| activity.to_string() == copy.id)
            }
            (one, other) => one == other && copy.id == id,
        })
    }

    /// Checks every copy.
    pub fn check_copies(&self, ledger: &Ledger, faults: &mut Vec<String>) {
        for copy in ledger.copies.iter().filter(|copy| !copy.taken) {
            let title = name(copy.item);
            match copy.at {
                Place::Mailbox(who) => self.check_item(ledger, copy, who, &title, faults),
                Place::Creatio => self.check_activity(ledger, copy, &title, faults),
            }
        }
    }

    fn check_item(&self, ledger: &Ledger, copy: &Copied, who: Who, title: &str, faults: &mut Vec<String>) {
        if self.mail.event_json(self.mailbox(who), &copy.id).is_none() {
            faults.push(format!("a copy of {title} is gone, and nobody deleted it"));
            return;
        }
        let own = copy.activity.is_some_and(|id| self.creatio.with(|creatio| creatio.row("Activity", id).is_some()));
        if !own && !ledger.named(copy.item) && !ledger.replaced_by_copy(copy.item) {
            faults.push(format!("a copy of {title} has no activity of its own, and nothing was told"));
        }
    }

    fn check_activity(&self, ledger: &Ledger, copy: &Copied, title: &str, faults: &mut Vec<String>) {
        let id = Uuid::parse_str(&copy.id).unwrap();
        if self.creatio.with(|creatio| creatio.row("Activity", id).is_none()) {
            faults.push(format!("a copy of {title}'s activity is gone, and nobody deleted it"));
            return;
        }
        for who in self.accounts() {
            let events = self.mail.events(self.mailbox(who));
            let made = events.iter().filter(|event| self.marker(who, &event.id) == Some(id)).count();
            if made > 1 || (made == 0 && self.persons.len() == 1 && !ledger.named(copy.item)) {
                faults.push(format!("a copy of {title}'s activity has {made} events of {}", crate::step::name(who)));
            }
        }
    }
}

impl Ledger {
    /// The original was deleted in a mailbox while a copy of it carried its marker: that copy may stand for it.
    #[must_use]
    pub fn replaced_by_copy(&self, item: u32) -> bool {
        let gone = |at| self.deleted.contains(&(item, at));
        self.copies.iter().any(|copy| copy.item == item && copy.marked && gone(copy.at))
    }
}
