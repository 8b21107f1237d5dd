//! What a test does to the service without going through the protocol.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::Graph;
use super::answer::Reply;
use super::auth::Who;
use super::decode::Patch;
use super::encode::event_id;
use super::errors::ApiError;
use super::event::Address;
use super::ids::{Id, Key, Kind};
use super::mailbox::{Group, Mailbox};

fn text(error: ApiError) -> String {
    format!("{}: {}", error.code, error.message)
}

impl Graph {
    pub(super) fn mailbox_at(&self, mailbox: &str) -> Result<usize, String> {
        self.names.get(&mailbox.to_lowercase()).copied().ok_or_else(|| format!("there is no mailbox {mailbox}"))
    }

    /// Key and date of an event by any of its ids, also when it lies in Deleted Items.
    pub(super) fn event_at(&self, mailbox: &str, id: &str) -> Result<(usize, Key, Option<NaiveDate>), String> {
        let at = self.mailbox_at(mailbox)?;
        let id = Id::decode(id)
            .filter(|id| id.kind == Kind::Event)
            .ok_or_else(|| format!("{id} is not the id of an event"))?;
        Ok((at, id.key, id.date))
    }

    /// A calendar by id or name; the default one without either.
    pub(super) fn calendar_at(&self, at: usize, calendar: Option<&str>) -> Result<Key, String> {
        let mailbox = self.mailbox(at).map_err(text)?;
        let Some(wanted) = calendar else { return Ok(mailbox.default_calendar) };
        let by_id = Id::decode(wanted).filter(|id| id.kind == Kind::Calendar).map(|id| id.key);
        let found = by_id.or_else(|| {
            mailbox.calendars.values().find(|calendar| calendar.name == wanted).map(|calendar| calendar.key)
        });
        found.ok_or_else(|| format!("there is no calendar {wanted}"))
    }

    /// Registers a program that may sign in.
    pub fn add_client(&mut self, id: &str, secret: &str) {
        self.auth.add_client(id, secret);
    }

    /// Adds a mailbox with a default calendar and the task lists that every mailbox has, and answers the user's id. A mailbox that is there already stays as it is.
    pub fn add_mailbox(&mut self, mail: &str, name: &str, windows_zone: &str) -> String {
        self.add_mailbox_with(mail, name, windows_zone, "Calendar")
    }

    /// The same with the name of the default calendar, which is in the user's language.
    pub fn add_mailbox_with(&mut self, mail: &str, name: &str, windows_zone: &str, calendar: &str) -> String {
        if let Some(known) = self.names.get(&mail.to_lowercase()).and_then(|at| self.mailboxes.get(*at)) {
            return known.user.to_string();
        }
        let who = Address { name: name.to_owned(), address: mail.to_owned() };
        let mut mailbox = Mailbox::new(who, windows_zone.to_owned());
        for name in ["My Calendars", "Other Calendars"] {
            let group = Group { key: self.number(), name: name.to_owned(), change: self.number() };
            mailbox.groups.push(group);
        }
        let (at, user) = (self.mailboxes.len(), mailbox.user.to_string());
        self.names.insert(mail.to_lowercase(), at);
        self.names.insert(user.clone(), at);
        self.mailboxes.push(mailbox);
        if let Ok(key) = self.new_calendar(at, calendar, None)
            && let Some(mailbox) = self.mailboxes.get_mut(at)
        {
            mailbox.default_calendar = key;
        }
        for (name, known) in [("Tasks", "defaultList"), ("Flagged Emails", "flaggedEmails")] {
            // The mailbox was put there a moment ago.
            let _ = self.new_list(at, name, known);
        }
        user
    }

    /// Lets another name lead to a mailbox.
    ///
    /// # Errors
    /// There is no such mailbox, or the name is another one's.
    pub fn add_alias(&mut self, mailbox: &str, alias: &str) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        if self.names.contains_key(&alias.to_lowercase()) {
            return Err(format!("there is a mailbox {alias} already"));
        }
        self.names.insert(alias.to_lowercase(), at);
        Ok(())
    }

    /// Gives the user of a mailbox another address and sign-in name. The old one leads nowhere any more; ids stay.
    ///
    /// # Errors
    /// There is no such mailbox, or the address is taken.
    pub fn rename_user(&mut self, mailbox: &str, to: &str) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        if self.names.contains_key(&to.to_lowercase()) {
            return Err(format!("there is a mailbox {to} already"));
        }
        let old = std::mem::replace(&mut self.mailbox_mut(at).map_err(text)?.who.address, to.to_owned());
        self.names.remove(&old.to_lowercase());
        self.names.insert(to.to_lowercase(), at);
        for calendar in self.mailboxes.iter_mut().flat_map(|mailbox| mailbox.calendars.values_mut()) {
            if calendar.owner.address.eq_ignore_ascii_case(&old) {
                to.clone_into(&mut calendar.owner.address);
            }
        }
        Ok(())
    }

    /// Puts a new, empty mailbox behind an address: of another user, or, with `same_user`, of the same one. The old one is
    /// reached by its user's id only, and not at all where that is the same.
    ///
    /// # Errors
    /// There is no such mailbox.
    pub fn replace_mailbox(&mut self, mailbox: &str, same_user: bool) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        let old = self.mailbox(at).map_err(text)?;
        let (who, zone, user, address) = (old.who.clone(), old.zone.clone(), old.user, old.who.address.to_lowercase());
        self.names.remove(&address);
        let number = self.number();
        let another = format!("{number}.{address}");
        self.add_mailbox(&another, &who.name, &zone);
        let new = self.mailbox_at(&another)?;
        self.names.remove(&another);
        self.names.insert(address, new);
        let mailbox = self.mailbox_mut(new).map_err(text)?;
        for calendar in mailbox.calendars.values_mut() {
            calendar.owner = who.clone();
        }
        mailbox.who = who;
        if same_user {
            let made = std::mem::replace(&mut mailbox.user, user);
            self.names.remove(&made.to_string());
            self.names.insert(user.to_string(), new);
        }
        Ok(())
    }

    /// Adds a calendar and answers its id. One with another owner is shown among "Other Calendars".
    ///
    /// # Errors
    /// There is no such mailbox, or it has a calendar of that name.
    pub fn add_calendar(
        &mut self,
        mailbox: &str,
        name: &str,
        can_edit: bool,
        owner: Option<&str>,
    ) -> Result<String, String> {
        let at = self.mailbox_at(mailbox)?;
        let owner = owner.map(|mail| {
            let known = self
                .names
                .get(&mail.to_lowercase())
                .and_then(|at| self.mailboxes.get(*at))
                .map(|mailbox| mailbox.who.clone());
            known.unwrap_or_else(|| Address { name: mail.to_owned(), address: mail.to_owned() })
        });
        let group =
            owner.as_ref().and(self.mailboxes.get(at)).and_then(|mailbox| mailbox.groups.get(1)).map(|group| group.key);
        let key = self.new_calendar(at, name, group).map_err(text)?;
        let mailbox = self.mailbox_mut(at).map_err(text)?;
        if let Some(calendar) = mailbox.calendars.get_mut(&key) {
            calendar.can_edit = can_edit;
            if let Some(owner) = owner {
                calendar.owner = owner;
            }
        }
        Ok(mailbox.calendar_id(key))
    }

    /// The id of a calendar, by its name.
    #[must_use]
    pub fn calendar_id(&self, mailbox: &str, name: &str) -> Option<String> {
        let at = self.mailbox_at(mailbox).ok()?;
        let key = self.calendar_at(at, Some(name)).ok()?;
        Some(self.mailboxes.get(at)?.calendar_id(key))
    }

    /// Creates an event as the user does, also in a calendar that only its owner may write. `event` is the body of a `POST`.
    /// Answers its immutable id.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn add_event(
        &mut self,
        mailbox: &str,
        calendar: Option<&str>,
        event: &Value,
        now: DateTime<Utc>,
    ) -> Result<String, String> {
        let at = self.mailbox_at(mailbox)?;
        let calendar = self.calendar_at(at, calendar)?;
        let key = self.create_from(at, calendar, event, true, now)?;
        Ok(self.immutable_id(at, key))
    }

    /// Puts a meeting into a mailbox that somebody outside of this tenant organizes; an `iCalUId` in it is kept. Answers its
    /// immutable id.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn add_foreign_meeting(
        &mut self,
        mailbox: &str,
        organizer: (&str, &str),
        event: &Value,
        now: DateTime<Utc>,
    ) -> Result<String, String> {
        let at = self.mailbox_at(mailbox)?;
        let calendar = self.calendar_at(at, None)?;
        let key = self.create_from(at, calendar, event, false, now)?;
        let organizer = Address { name: organizer.0.to_owned(), address: organizer.1.to_owned() };
        let uid = event.get("iCalUId").and_then(Value::as_str);
        self.receive(at, key, organizer, uid, now).map_err(text)?;
        Ok(self.immutable_id(at, key))
    }

    /// Puts an event into a mailbox as a move from another server does: it keeps its `iCalUId`, and nobody is told. With
    /// `isOrganizer` false it is of the `organizer` in it. Answers its immutable id.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn bring_event(
        &mut self,
        mailbox: &str,
        calendar: Option<&str>,
        event: &Value,
        now: DateTime<Utc>,
    ) -> Result<String, String> {
        let at = self.mailbox_at(mailbox)?;
        let calendar = self.calendar_at(at, calendar)?;
        let key = self.create_from(at, calendar, event, false, now)?;
        let said = |name: &str| event.pointer(&format!("/organizer/emailAddress/{name}")).and_then(Value::as_str);
        let foreign = event.get("isOrganizer").and_then(Value::as_bool) == Some(false);
        let uid = event.get("iCalUId").and_then(Value::as_str).unwrap_or_default();
        self.bring(at, key, foreign.then(|| [said("name"), said("address")].map(Option::unwrap_or_default)), uid, now)
            .map_err(text)?;
        Ok(self.immutable_id(at, key))
    }

    fn create_from(
        &mut self,
        at: usize,
        calendar: Key,
        event: &Value,
        invites: bool,
        now: DateTime<Utc>,
    ) -> Result<Key, String> {
        let map = event.as_object().ok_or("the event is not an object")?;
        let patch = Patch::read(map, self.knobs.keep_bodies).map_err(text)?;
        self.create_anywhere(at, calendar, patch, invites, now).map_err(text)
    }

    fn immutable_id(&self, at: usize, key: Key) -> String {
        let mailbox = self.mailboxes.get(at).map(|mailbox| mailbox.guid).unwrap_or_default();
        Id { kind: Kind::Event, mailbox, key, date: None, place: None }.encode()
    }

    /// The immutable id of one occurrence of a series, by its original date.
    ///
    /// # Errors
    /// There is no such series or occurrence.
    pub fn occurrence_id(&self, mailbox: &str, id: &str, date: NaiveDate) -> Result<String, String> {
        let (at, key, _) = self.event_at(mailbox, id)?;
        let event = self.event(at, key).map_err(text)?;
        event.occurrence(date).ok_or_else(|| format!("the series has no occurrence on {date}"))?;
        let guid = self.mailbox(at).map_err(text)?.guid;
        Ok(event_id(guid, event, Some(date), true))
    }

    /// Changes an event as the user does; `changes` is the body of a `PATCH`.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn update_event(&mut self, mailbox: &str, id: &str, changes: &Value, now: DateTime<Utc>) -> Result<(), String> {
        let (at, key, date) = self.event_at(mailbox, id)?;
        let map = changes.as_object().ok_or("the changes are not an object")?;
        let patch = Patch::read(map, self.knobs.keep_bodies).map_err(text)?;
        self.update(at, key, date, &patch, now).map_err(text)
    }

    /// Deletes an event or an occurrence as the user does, with the mail that this means.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn delete_event(&mut self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Result<(), String> {
        let (at, key, date) = self.event_at(mailbox, id)?;
        self.delete(at, key, date, true, now).map_err(text)
    }

    /// Takes an event away for good and without mail, as a retention policy does: not even Deleted Items have it.
    ///
    /// # Errors
    /// There is no such event.
    pub fn purge_event(&mut self, mailbox: &str, id: &str) -> Result<(), String> {
        let (at, key, _) = self.event_at(mailbox, id)?;
        self.discard(at, key, false).map_err(text)
    }

    /// Moves an event to another calendar, by name or id.
    ///
    /// # Errors
    /// There is no such event or calendar.
    pub fn move_event(&mut self, mailbox: &str, id: &str, calendar: &str, now: DateTime<Utc>) -> Result<(), String> {
        let (at, key, _) = self.event_at(mailbox, id)?;
        let calendar = self.calendar_at(at, Some(calendar))?;
        self.relocate(at, key, calendar, now).map_err(text)
    }

    /// Brings an event back from Deleted Items.
    ///
    /// # Errors
    /// It does not lie there.
    pub fn restore_event(&mut self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Result<(), String> {
        let (at, key, _) = self.event_at(mailbox, id)?;
        self.bring_back(at, key, now).map_err(text)
    }

    /// Answers an invitation: `accepted`, `tentativelyAccepted` or `declined`.
    ///
    /// # Errors
    /// There is no such event, the owner organizes it, or the answer is none.
    pub fn respond_to_event(
        &mut self,
        mailbox: &str,
        id: &str,
        response: &str,
        send: bool,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let (at, key, date) = self.event_at(mailbox, id)?;
        let reply = Reply { response: answer_name(response)?, send, proposed: None };
        self.respond(at, key, date, &reply, now).map_err(text)
    }

    /// Enters the answer of somebody invited who has no mailbox here into the organizer's copy.
    ///
    /// # Errors
    /// There is no such event, or the answer is none.
    pub fn attendee_responds(
        &mut self,
        mailbox: &str,
        id: &str,
        attendee: &str,
        response: &str,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let (at, key, date) = self.event_at(mailbox, id)?;
        let reply = Reply { response: answer_name(response)?, send: true, proposed: None };
        self.foreign_answer(at, key, date, attendee, &reply, now).map_err(text)
    }

    /// Lets an organizer who has no mailbox here cancel a meeting, or one occurrence of it.
    ///
    /// # Errors
    /// There is no such event, or the owner of the mailbox organizes it.
    pub fn organizer_cancels(&mut self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Result<(), String> {
        let (at, key, date) = self.event_at(mailbox, id)?;
        let event = self.event(at, key).map_err(text)?.clone();
        if event.is_organizer {
            return Err("the owner of the mailbox organizes the event".to_owned());
        }
        let who = self.mailbox(at).map_err(text)?.who.address.clone();
        self.cancel_copy(&who, &event, date, now);
        Ok(())
    }

    /// Gives an event a new change key without a change.
    ///
    /// # Errors
    /// There is no such event.
    pub fn touch_event(&mut self, mailbox: &str, id: &str) -> Result<(), String> {
        let (at, key, _) = self.event_at(mailbox, id)?;
        self.bump(at, key).map_err(text)
    }

    /// A bearer token for a program, good for every mailbox.
    pub fn app_token(&mut self, expires: DateTime<Utc>) -> String {
        self.auth.issue(Who::App, "https://graph.microsoft.com", expires)
    }

    /// A bearer token for a person, good for `/me`.
    pub fn user_token(&mut self, mailbox: &str, expires: DateTime<Utc>) -> String {
        self.auth.issue(Who::Person(mailbox.to_owned()), "https://graph.microsoft.com", expires)
    }

    /// Kills all access tokens.
    pub fn expire_tokens(&mut self) {
        self.auth.expire_all();
    }

    /// Kills all delta tokens.
    pub const fn expire_delta_tokens(&mut self) {
        self.delta_epoch += 1;
    }

    /// How many mails have left so far.
    #[must_use]
    pub const fn mails(&self) -> usize {
        self.outbox.len()
    }
}

pub(super) fn answer_name(name: &str) -> Result<&'static str, String> {
    let known = ["accepted", "tentativelyAccepted", "declined"];
    known.into_iter().find(|one| *one == name).ok_or_else(|| format!("{name} is no answer to an invitation"))
}
