//! What a test does to the service without going through the protocol.

use chrono::{DateTime, NaiveDate, Utc};

use super::Exchange;
use super::ids;
use super::item::{Attendee, Person};
use super::mail::Sending;
use super::mailbox::Mailbox;
use super::patch::Patch;
use super::problem::Problem;
use super::set::Frame;
use super::xml::{MESSAGES, Node, TYPES, read};
use crate::outlook::ids::{GlobalId, Key, Kind};
use crate::outlook::zones::Zone;

fn text(problem: Problem) -> String {
    format!("{}: {}", problem.code, problem.text)
}

/// Reads an element as it stands in a request: `t:` and no prefix at all are of types, `m:` is of messages.
fn element(xml: &str) -> Result<Node, String> {
    let root = read(&format!("<x xmlns=\"{TYPES}\" xmlns:t=\"{TYPES}\" xmlns:m=\"{MESSAGES}\">{xml}</x>"))?;
    match root.children.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err("it is not one element".to_owned()),
    }
}

impl Exchange {
    pub(super) fn mailbox_at(&self, mailbox: &str) -> Result<usize, String> {
        self.names.get(&mailbox.to_lowercase()).copied().ok_or_else(|| format!("there is no mailbox {mailbox}"))
    }

    /// Adds a mailbox with the folders that every one has. One that is there already stays as it is.
    pub fn add_mailbox(&mut self, mail: &str, name: &str, windows_zone: &str) {
        if self.names.contains_key(&mail.to_lowercase()) {
            return;
        }
        let at = self.mailboxes.len();
        let who = Person { name: name.to_owned(), address: mail.to_owned() };
        self.mailboxes.push(Mailbox::new(who, windows_zone.to_owned()));
        self.names.insert(mail.to_lowercase(), at);
        self.furnish(at);
    }

    /// Lets the owner of a mailbox sign in, by address or by another name such as `MYCOMPANY\e.mirny`.
    ///
    /// # Errors
    /// There is no such mailbox.
    pub fn add_user(&mut self, name: &str, password: &str, mailbox: &str) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        self.add_login(name, password, Some(at), false);
        Ok(())
    }

    /// Lets an account without a mailbox sign in, which may act as any user.
    pub fn add_service_account(&mut self, name: &str, password: &str) {
        self.add_login(name, password, None, true);
    }

    /// Lets somebody who signs in open the mailbox of another.
    ///
    /// # Errors
    /// There is no such mailbox, or nobody signs in so.
    pub fn open_to(&mut self, mailbox: &str, name: &str) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        self.delegate(name, at)
    }

    /// Lets a token stand for somebody who signs in.
    pub fn add_bearer(&mut self, token: &str, name: &str) {
        self.add_token(token, name);
    }

    /// Adds a folder of a class such as `IPF.Appointment` below another, and answers its id.
    ///
    /// # Errors
    /// There is no such mailbox or folder, or the name is taken.
    pub fn add_folder(
        &mut self,
        mailbox: &str,
        parent: Option<&str>,
        name: &str,
        class: &str,
        writable: bool,
    ) -> Result<String, String> {
        let at = self.mailbox_at(mailbox)?;
        let parent = self.folder_at(at, parent.unwrap_or("msgfolderroot"))?;
        let key = self.add_folder_to(at, parent, name, class, writable).map_err(text)?;
        Ok(ids::folder(self.mailbox(at).map_err(text)?.guid, key))
    }

    /// Gives a folder another name, or other rights.
    ///
    /// # Errors
    /// There is no such mailbox or folder.
    pub fn change_folder(
        &mut self,
        mailbox: &str,
        folder: &str,
        name: Option<&str>,
        writable: Option<bool>,
    ) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        let key = self.folder_at(at, folder)?;
        let number = self.number();
        if let Some(folder) = self.mailbox_mut(at).map_err(text)?.folders.get_mut(&key) {
            if let Some(name) = name {
                name.clone_into(&mut folder.name);
            }
            folder.writable = writable.unwrap_or(folder.writable);
            folder.change = number;
        }
        Ok(())
    }

    /// Removes a folder with all that is below it; what lies in it goes to Deleted Items.
    ///
    /// # Errors
    /// There is no such mailbox or folder, or every mailbox has it.
    pub fn remove_folder(&mut self, mailbox: &str, folder: &str, now: DateTime<Utc>) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        let key = self.folder_at(at, folder)?;
        let mailbox = self.mailbox(at).map_err(text)?;
        if mailbox.folders.get(&key).is_some_and(|folder| folder.known.is_some()) {
            return Err("every mailbox has that folder".to_owned());
        }
        self.drop_folder(at, key, |exchange, item| exchange.bin(at, item, None, now)).map_err(text)
    }

    /// The key of a folder by its id, its name in every mailbox, or its own name.
    pub(super) fn folder_at(&self, at: usize, folder: &str) -> Result<Key, String> {
        let mailbox = self.mailbox(at).map_err(text)?;
        let by_id = ids::read(folder).ok().filter(|id| id.kind == Kind::Folder).map(|id| id.key);
        let by_name = || mailbox.folders.values().find(|one| one.name == folder).map(|one| one.key);
        let known = mailbox.known(folder).map(|folder| folder.key);
        by_id.or(known).or_else(by_name).ok_or_else(|| format!("there is no folder {folder}"))
    }

    /// The id of a folder by the name that every mailbox has it by, or its own.
    #[must_use]
    pub fn folder_id(&self, mailbox: &str, folder: &str) -> Option<String> {
        let at = self.mailbox_at(mailbox).ok()?;
        let key = self.folder_at(at, folder).ok()?;
        Some(ids::folder(self.mailboxes.get(at)?.guid, key))
    }

    /// What the user's own program says of times without an offset.
    fn frame(&self, at: usize, now: DateTime<Utc>) -> Frame {
        let zone = self.mailboxes.get(at).and_then(|mailbox| Zone::find(&mailbox.zone)).unwrap_or_else(Zone::utc);
        Frame { days: zone.clone(), zone, now }
    }

    /// Mailbox, key and date of an item by its id, wherever it has been moved to.
    pub(super) fn item_at(&self, mailbox: &str, id: &str) -> Result<(usize, Key, Option<NaiveDate>), String> {
        let at = self.mailbox_at(mailbox)?;
        let id = ids::read(id).map_err(text)?;
        if id.kind == Kind::Folder || id.mailbox != self.mailbox(at).map_err(text)?.guid {
            return Err("that is not the id of an item of this mailbox".to_owned());
        }
        Ok((at, id.key, id.date))
    }

    pub(super) fn id_of(&self, at: usize, key: Key, date: Option<NaiveDate>) -> Result<String, String> {
        let item = self.item(at, key).map_err(text)?;
        Ok(ids::item(self.mailbox(at).map_err(text)?.guid, item, date))
    }

    /// Makes an item as the user does, with invitations. `item` is its element as in a request, times without an offset
    /// being of the mailbox's zone. Answers its id.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn add_item(
        &mut self,
        mailbox: &str,
        folder: Option<&str>,
        item: &str,
        now: DateTime<Utc>,
    ) -> Result<String, String> {
        let at = self.mailbox_at(mailbox)?;
        let node = element(item)?;
        let usual = if node.name == "Task" { "tasks" } else { "calendar" };
        let folder = self.folder_at(at, folder.unwrap_or(usual))?;
        let key = self.create(at, folder, &node, &self.frame(at, now)).map_err(text)?;
        self.invite(at, key, Sending::Everybody, now);
        self.id_of(at, key, None)
    }

    /// Puts a meeting into a mailbox that somebody outside organizes. A `UID` in it is kept.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn add_foreign_meeting(
        &mut self,
        mailbox: &str,
        organizer: (&str, &str),
        item: &str,
        now: DateTime<Utc>,
    ) -> Result<String, String> {
        let at = self.mailbox_at(mailbox)?;
        let node = element(item)?;
        let folder = self.folder_at(at, "calendar")?;
        let key = self.create(at, folder, &node, &self.frame(at, now)).map_err(text)?;
        let mut item = self.item(at, key).map_err(text)?.clone();
        let who = self.mailbox(at).map_err(text)?.who.clone();
        if let Some(one) = item.content.appointment_mut() {
            "Tentative".clone_into(&mut one.show_as);
            if one.required.is_empty() {
                one.required.push(Attendee { who, response: "Unknown", time: None });
            }
        }
        if let Some(meeting) = &mut item.meeting {
            meeting.organizer = Person { name: organizer.0.to_owned(), address: organizer.1.to_owned() };
            meeting.is_organizer = false;
            meeting.response = "NoResponseReceived";
            meeting.sent = true;
            if let Some(uid) = node.text_of("UID") {
                meeting.uid = GlobalId::named(uid.trim());
            }
        }
        let number = self.number();
        self.store(at, item, number, now).map_err(text)?;
        self.id_of(at, key, None)
    }

    /// Changes an item or occurrence as the user does, with the mail that this means. `updates` is what stands in an
    /// `ItemChange`, such as `<SetItemField>…</SetItemField>`.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn update(&mut self, mailbox: &str, id: &str, updates: &str, now: DateTime<Utc>) -> Result<(), String> {
        let (at, key, date) = self.item_at(mailbox, id)?;
        let item = self.item(at, key).map_err(text)?;
        let patch =
            Patch::of_updates(&element(&format!("<Updates>{updates}</Updates>"))?, item.element()).map_err(text)?;
        let seen = item.seen(date).ok_or("there is no such occurrence")?;
        let before: Vec<Attendee> =
            seen.content().appointment().map(|one| one.invited().cloned().collect()).unwrap_or_default();
        let frame = self.frame(at, now);
        let changed = self.change(at, key, date, &patch, &frame).map_err(text)?;
        self.notify(at, (key, date), (&changed, &before), Sending::Everybody, now);
        Ok(())
    }

    /// Deletes an item into Deleted Items, or an occurrence, as the user does, with the mail that this means.
    ///
    /// # Errors
    /// There is no such item.
    pub fn delete(&mut self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Result<(), String> {
        let (at, key, date) = self.item_at(mailbox, id)?;
        self.cancel(at, key, date, Sending::Everybody, now);
        self.bin(at, key, date, now).map_err(text)
    }

    /// Takes an item away for good and without mail, as a retention policy does.
    ///
    /// # Errors
    /// There is no such item.
    pub fn purge(&mut self, mailbox: &str, id: &str) -> Result<(), String> {
        let (at, key, _) = self.item_at(mailbox, id)?;
        self.discard(at, key).map_err(text)
    }

    /// Moves an item to another folder, or back from Deleted Items; answers its new id.
    ///
    /// # Errors
    /// There is no such item or folder.
    pub fn move_to(&mut self, mailbox: &str, id: &str, folder: &str, now: DateTime<Utc>) -> Result<String, String> {
        let (at, key, _) = self.item_at(mailbox, id)?;
        let folder = self.folder_at(at, folder)?;
        self.relocate(at, key, folder, now).map_err(text)?;
        self.id_of(at, key, None)
    }

    /// Gives an item a new change key without a change, as the service's own jobs do.
    ///
    /// # Errors
    /// There is no such item.
    pub fn touch(&mut self, mailbox: &str, id: &str) -> Result<(), String> {
        let (at, key, _) = self.item_at(mailbox, id)?;
        let item = self.item(at, key).map_err(text)?.clone();
        let (number, modified) = (self.number(), item.modified);
        self.store(at, item, number, modified).map_err(text)
    }

    /// The id of one occurrence, by its original date.
    ///
    /// # Errors
    /// There is no such series or occurrence.
    pub fn occurrence_id(&self, mailbox: &str, id: &str, date: NaiveDate) -> Result<String, String> {
        let (at, key, _) = self.item_at(mailbox, id)?;
        let item = self.item(at, key).map_err(text)?;
        item.occurrence(date).ok_or_else(|| format!("the series has no occurrence on {date}"))?;
        self.id_of(at, key, Some(date))
    }

    /// Answers an invitation: `Accept`, `Tentative` or `Decline`.
    ///
    /// # Errors
    /// There is no such item, the owner organizes it, or the answer is none.
    pub fn answer_invitation(
        &mut self,
        mailbox: &str,
        id: &str,
        response: &str,
        send: bool,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let (at, key, _) = self.item_at(mailbox, id)?;
        let known = ["Accept", "Tentative", "Decline"].into_iter().find(|name| *name == response);
        let response = known.ok_or_else(|| format!("{response} is no answer"))?;
        self.respond(at, key, response, send, now).map_err(text)
    }

    /// Lets an organizer who has no mailbox here cancel a meeting.
    ///
    /// # Errors
    /// There is no such item, or the owner of the mailbox organizes it.
    pub fn organizer_cancels(&mut self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Result<(), String> {
        let (at, key, _) = self.item_at(mailbox, id)?;
        self.cancelled_elsewhere(at, key, now).map_err(text)
    }

    /// Sets who does a task: `DelegationState`, and the one who asked for it.
    ///
    /// # Errors
    /// There is no such task.
    pub fn assign(
        &mut self,
        mailbox: &str,
        id: &str,
        state: &str,
        owner: &str,
        delegator: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let (at, key, _) = self.item_at(mailbox, id)?;
        let mut item = self.item(at, key).map_err(text)?.clone();
        let task = item.content.task_mut().ok_or("that is no task")?;
        state.clone_into(&mut task.delegation);
        owner.clone_into(&mut task.owner);
        task.delegator = delegator.map(str::to_owned);
        let number = self.number();
        self.store(at, item, number, now).map_err(text)
    }

    /// Makes all sync states invalid, as a move of the mailbox does.
    pub const fn expire_sync_states(&mut self) {
        self.epoch += 1;
    }
}
