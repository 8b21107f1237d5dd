//! People at work: they make, change, move and delete items on both sides, and the ledger learns what they saw.

use crate::copies::Copied;
use crate::ledger::{Edit, Ledger, Made};
use crate::sight::{self, Sight};
use crate::step::{Deed, Place, Who};
use crate::tasks;
use chrono::{DateTime, TimeDelta, Utc};
use emulators::creatio::{Creatio, NewActivity};
use emulators::harness::Shared;
use guest::activity::{SideId, Unit};
use guest::settings::Account;
use host_runner::{Clock, VirtualClock};
use scenarios::life::{edit_creatio, guest, hour, point};
use scenarios::mail::Mail;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// Name of the second calendar.
pub const SECOND: &str = "Projects";
/// Somebody without an account.
const OUTSIDER: &str = "olga@northwind.example";

/// A user with an account.
#[derive(Debug, Clone)]
pub struct Person {
    /// Contact in Creatio.
    pub contact: Uuid,
    /// Settings, with everything ticked.
    pub account: Account,
}

/// People, with all that they see.
#[derive(Clone)]
pub struct People {
    /// Creatio.
    pub creatio: Shared<Creatio>,
    /// The mailboxes.
    pub mail: Mail,
    /// The clock.
    pub clock: VirtualClock,
    /// Users with accounts.
    pub persons: Arc<[Person]>,
    /// What they did.
    pub ledger: Arc<Mutex<Ledger>>,
}

impl People {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(i64::try_from(self.clock.wall()).unwrap()).unwrap()
    }

    /// What the clock of a side shows, by which it stamps what people do there.
    #[must_use]
    pub fn at(&self, side: SideId) -> DateTime<Utc> {
        match side {
            SideId::Creatio => self.creatio.with(|creatio| creatio.clock(self.now())),
            SideId::Mailbox => self.mail.clock(self.now()),
        }
    }

    /// The mailbox of an account.
    #[must_use]
    pub fn mailbox(&self, who: Who) -> &str {
        &self.persons[usize::from(who)].account.address
    }

    /// All accounts.
    pub fn accounts(&self) -> impl Iterator<Item = Who> + use<> {
        0..Who::try_from(self.persons.len()).unwrap()
    }

    pub(crate) fn contact(&self, who: Who) -> Uuid {
        self.persons[usize::from(who)].contact
    }

    /// The item at a place; what is a copy of it, or was made of one, is another item.
    #[must_use]
    pub fn see(&self, at: Place, item: u32) -> Vec<Sight> {
        self.look(at, |other| other == item).into_iter().map(|(_, seen)| seen).collect()
    }

    /// All items at a place but these copies and what was made of them.
    #[must_use]
    pub fn see_all_but(&self, at: Place, copies: &[Copied]) -> Vec<(u32, Sight)> {
        self.look_past(at, |_| true, copies)
    }

    fn look(&self, at: Place, wanted: impl Fn(u32) -> bool) -> Vec<(u32, Sight)> {
        let copies = self.ledger.lock().unwrap().copies.clone();
        self.look_past(at, wanted, &copies)
    }

    fn look_past(&self, at: Place, wanted: impl Fn(u32) -> bool, copies: &[Copied]) -> Vec<(u32, Sight)> {
        let mut all = match at {
            Place::Creatio => self.creatio.with(|creatio| sight::in_creatio(creatio, wanted)),
            Place::Mailbox(who) => sight::in_mailbox(&self.mail, self.mailbox(who), wanted),
        };
        if !copies.is_empty() {
            all.retain(|(_, seen)| !self.of_a_copy(at, &seen.id, copies));
        }
        all
    }

    /// Messages that left so far.
    #[must_use]
    pub fn mails(&self) -> usize {
        self.mail.outbox().len()
    }

    /// Does it, where it can be done.
    pub fn act(&self, deed: &Deed) {
        let mails = self.mails();
        match deed {
            Deed::Create { side: SideId::Creatio, who, item, with, .. } => {
                self.create_activity(*who, *item, with);
                self.made(SideId::Creatio, *item, with.iter().chain([who]), None);
            }
            Deed::Create { side: SideId::Mailbox, who, item, projects, guests, with } => {
                self.create_event(*who, *item, *projects, *guests, with);
                let organizer = (*guests || !with.is_empty()).then_some(Some(*who));
                self.made(SideId::Mailbox, *item, with.iter().chain([who]), organizer);
            }
            Deed::CreateBoth { who, item } => {
                self.create_activity(*who, *item, &[]);
                self.create_event(*who, *item, false, false, &[]);
                self.made(SideId::Mailbox, *item, [who], None);
                self.ledger.lock().unwrap().both.insert(*item);
            }
            Deed::Invite { item, with } => {
                self.invite(*item, with);
                self.made(SideId::Mailbox, *item, with, Some(None));
            }
            Deed::Edit { at, item, unit, number } => self.edit(*at, *item, *unit, *number),
            Deed::Move { who, item, projects } => {
                let (to, now) = (if *projects { SECOND } else { "Calendar" }, self.at(SideId::Mailbox));
                for seen in self.see(Place::Mailbox(*who), *item).iter().filter(|seen| !seen.task).take(1) {
                    // Where it lies already, nothing happens.
                    let _ = self.mail.move_event(self.mailbox(*who), &seen.id, to, now);
                }
            }
            Deed::Delete { at, item } => self.delete(*at, *item),
            Deed::Restore { who, item } => self.restore(*who, *item),
            Deed::HandOver { item, to } => self.hand_over(*item, *to),
            Deed::TakeOut { item, who } => self.take_out(*item, *who),
            Deed::Hide { item, hidden } => self.hide(*item, *hidden),
            Deed::Nibble { who, number, projects, purged } => self.nibble(*who, *number, *projects, *purged),
            Deed::CopyItem { who, item, projects, marked } => self.copy_item(*who, *item, *projects, *marked),
            Deed::CopyActivity { item } => self.copy_activity(*item),
            Deed::CreateTask { side: SideId::Creatio, who, item, .. } => {
                self.create_chore(*who, *item);
                self.made(SideId::Creatio, *item, [who], None);
            }
            Deed::CreateTask { side: SideId::Mailbox, who, item, errands } => {
                self.create_todo(*who, *item, *errands);
                self.made(SideId::Mailbox, *item, [who], None);
            }
            Deed::Flip { item } => self.flip(*item),
            Deed::Join { item } => self.join(*item),
            Deed::Leave { item } => self.leave(Some(*item)),
            Deed::EmptyGroup => self.leave(None),
        }
        self.ledger.lock().unwrap().mails += self.mails() - mails;
    }

    fn made<'w>(
        &self,
        side: SideId,
        item: u32,
        holders: impl IntoIterator<Item = &'w Who>,
        organizer: Option<Option<Who>>,
    ) {
        let holders: BTreeSet<Who> = holders.into_iter().copied().collect();
        let at = match side {
            SideId::Creatio => Place::Creatio,
            SideId::Mailbox => Place::Mailbox(organizer.flatten().unwrap_or(*holders.first().unwrap())),
        };
        let seen = self.see(at, item).remove(0);
        let mut ledger = self.ledger.lock().unwrap();
        let home = if side == SideId::Mailbox { holders.clone() } else { BTreeSet::new() };
        ledger.items.insert(item, Made { side, home, holders, former: BTreeSet::new(), organizer });
        for unit in [Unit::Title, Unit::When] {
            ledger.edits.push(Edit { item, at, unit, value: seen.values[&unit].clone() });
        }
    }

    fn create_activity(&self, who: Who, item: u32, with: &[Who]) {
        let mut row = NewActivity::meeting(sight::name(item), sight::begins(item, 0)).owned_by(self.contact(who));
        row.participants = with.iter().map(|who| self.contact(*who)).collect();
        let now = self.at(SideId::Creatio);
        self.creatio.with(|creatio| creatio.add_activity(&row, now).unwrap());
    }

    fn create_event(&self, who: Who, item: u32, projects: bool, guests: bool, with: &[Who]) {
        let invited = with.iter().map(|who| self.mailbox(*who)).chain(guests.then_some(OUTSIDER));
        let event = event(item, &invited.collect::<Vec<_>>());
        let (calendar, now) = (projects.then_some(SECOND), self.at(SideId::Mailbox));
        self.mail.add_event(self.mailbox(who), calendar, &event, now).unwrap();
    }

    fn invite(&self, item: u32, with: &[Who]) {
        let invited: Vec<&str> = with.iter().map(|who| self.mailbox(*who)).collect();
        let event = event(item, &invited);
        let (organizer, now) = (("Olga Client", OUTSIDER), self.at(SideId::Mailbox));
        self.mail.add_foreign_meeting(invited[0], organizer, &event, now).unwrap();
    }

    fn edit(&self, at: Place, item: u32, unit: Unit, number: u32) {
        let Some(seen) = self.see(at, item).into_iter().next() else { return };
        if !seen.values.contains_key(&unit) {
            return;
        }
        let value = if seen.task { tasks::value(item, unit, number) } else { sight::value(item, unit, number) };
        self.turning(at, item, &seen);
        if matches!(unit, Unit::Title | Unit::When) {
            self.ledger.lock().unwrap().unlike(item);
        }
        let made = self.ledger.lock().unwrap().items.get(&item).cloned();
        if matches!(unit, Unit::Title | Unit::When) && self.ledger.lock().unwrap().both.contains(&item) {
            return;
        }
        // A copy says what its organizer says; what its owner makes of it stays there.
        let copy = matches!(at, Place::Mailbox(who) if !made.is_some_and(|made| made.deciding().contains(&who)));
        if seen.values[&unit] == value || copy && unit != Unit::Reminder || seen.cancelled && copy {
            return;
        }
        if unit == Unit::State && value == "completed" {
            self.ledger.lock().unwrap().finished.insert(item);
        }
        if unit == Unit::State && seen.cancelled && at == Place::Creatio {
            self.ledger.lock().unwrap().reopened.insert(item);
        }
        match at {
            Place::Creatio => {
                let values = columns(&seen, item, unit, number, &value);
                let edit = json!({"action": "update", "set": "Activity", "id": seen.id, "values": values});
                edit_creatio(&self.creatio, &edit, self.now());
            }
            Place::Mailbox(who) if seen.task => {
                let (change, now) = (tasks::properties(item, unit, number, &value), self.at(SideId::Mailbox));
                self.mail.update_task(self.mailbox(who), &seen.id, &change, now).unwrap();
            }
            Place::Mailbox(who) => {
                let (change, now) = (properties(item, unit, number, &value), self.at(SideId::Mailbox));
                self.mail.update_event(self.mailbox(who), &seen.id, &change, now).unwrap();
            }
        }
        let mut ledger = self.ledger.lock().unwrap();
        if copy {
            ledger.loose.insert((item, unit));
            return;
        }
        ledger.replaced.insert((item, unit, seen.values[&unit].clone()));
        ledger.replaced.remove(&(item, unit, value.clone()));
        ledger.edits.push(Edit { item, at, unit, value });
    }

    /// Whoever edits in the mailbox what is just being made anew as another kind edits what has to go: it stays beside
    /// the new one.
    fn turning(&self, at: Place, item: u32, seen: &Sight) {
        let Place::Mailbox(_) = at else { return };
        // Two of one kind are no such thing: they are doubled.
        let both = self.see(at, item).iter().any(|other| other.task != seen.task);
        let turned = self.see(Place::Creatio, item).iter().any(|activity| activity.task != seen.task);
        let mut ledger = self.ledger.lock().unwrap();
        if both || (turned && ledger.during) {
            ledger.astray.insert(item);
        }
    }

    fn delete(&self, at: Place, item: u32) {
        for seen in self.see(at, item) {
            match at {
                Place::Creatio => {
                    let edit = json!({"action": "delete", "set": "Activity", "id": seen.id});
                    edit_creatio(&self.creatio, &edit, self.now());
                }
                Place::Mailbox(who) if seen.task => {
                    let now = self.at(SideId::Mailbox);
                    self.mail.delete_task(self.mailbox(who), &seen.id, now).unwrap();
                }
                Place::Mailbox(who) => {
                    let now = self.at(SideId::Mailbox);
                    self.mail.delete_event(self.mailbox(who), &seen.id, now).unwrap();
                    self.ledger.lock().unwrap().bin.insert((who, item), seen.id.clone());
                }
            }
            let mut ledger = self.ledger.lock().unwrap();
            ledger.deleted.insert((item, at));
            for (unit, value) in seen.values {
                ledger.replaced.insert((item, unit, value));
            }
        }
    }

    fn restore(&self, who: Who, item: u32) {
        let Some(id) = self.ledger.lock().unwrap().bin.remove(&(who, item)) else { return };
        // What the sync made anew meanwhile nobody brings back a second time.
        if self.see(Place::Mailbox(who), item).is_empty() {
            let now = self.at(SideId::Mailbox);
            let _ = self.mail.restore_event(self.mailbox(who), &id, now);
        }
    }

    /// Which activities the sync's user may see, row by row. Nothing of a row's own changes by that.
    fn hide(&self, item: u32, hidden: bool) {
        let ids: Vec<String> = self.see(Place::Creatio, item).into_iter().map(|seen| seen.id).collect();
        let action = if hidden { "hide" } else { "show" };
        let mut ledger = self.ledger.lock().unwrap();
        if hidden && !ids.is_empty() {
            ledger.hidden.entry(item).or_insert_with(|| self.now());
        } else if !hidden {
            ledger.hidden.remove(&item);
        }
        drop(ledger);
        edit_creatio(&self.creatio, &json!({"action": action, "user": "sync", "ids": ids}), self.now());
    }

    /// Every activity is shown again.
    pub fn show_all(&self) {
        self.ledger.lock().unwrap().hidden.clear();
        let ids: Vec<String> =
            self.creatio.with(|creatio| creatio.rows("Activity").map(|(id, _)| id.to_string()).collect());
        edit_creatio(&self.creatio, &json!({"action": "show", "user": "sync", "ids": ids}), self.now());
    }
}

fn event(item: u32, invited: &[&str]) -> Value {
    let mut event = hour(sight::begins(item, 0));
    event["subject"] = json!(sight::name(item));
    event["isReminderOn"] = json!(false);
    if !invited.is_empty() {
        event["attendees"] = invited.iter().map(|address| guest(address)).collect();
    }
    event
}

/// An edit in Creatio. A page of Creatio keeps a reminder's distance when the start moves.
fn columns(seen: &Sight, item: u32, unit: Unit, number: u32, value: &str) -> Value {
    if let Some(values) = Some(seen).filter(|seen| seen.task).and_then(|_| tasks::columns(item, unit, number, value)) {
        return values;
    }
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
