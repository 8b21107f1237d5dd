//! Items by id: which one is meant, and `GetItem`, `CreateItem`, `MoveItem`.

use chrono::NaiveDate;

use super::Exchange;
use super::envelope::{Call, known_mailbox};
use super::ids;
use super::item::Item;
use super::mail::Sending;
use super::problem::{Done, Problem};
use super::shape::Shape;
use super::xml::{Node, m};
use crate::outlook::ids::{Key, Kind};

/// The item or occurrence that a request means.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) at: usize,
    pub(super) key: Key,
    pub(super) date: Option<NaiveDate>,
    /// As the request gives it.
    pub(super) change_key: Option<String>,
}

impl Exchange {
    /// What `ItemId`, `OccurrenceItemId` or `RecurringMasterItemId` names.
    pub(super) fn target(&self, call: &Call<'_>, node: &Node) -> Done<Target> {
        let text = ["Id", "RecurringMasterId", "OccurrenceId"].iter().find_map(|name| node.attribute(name));
        let id = ids::read(text.unwrap_or_default())?;
        if id.kind == Kind::Folder {
            let text = "Cannot use a folder id as an item id.";
            return Err(Problem::new("ErrorCannotUseFolderIdForItemId", text));
        }
        let at = known_mailbox(&self.mailboxes, id.mailbox)?;
        if !call.caller.opens(at) {
            return Err(Problem::denied());
        }
        let item = self.item(at, id.key)?;
        if id.place != Some((item.folder, item.moves)) {
            return Err(Problem::not_found());
        }
        let date = match &*node.name {
            "OccurrenceItemId" => {
                if id.date.is_some() || item.series().is_none() {
                    let text = "Only recurring master items have occurrences.";
                    return Err(Problem::new("ErrorCalendarCannotUseIdForRecurringMasterId", text));
                }
                let index = node.attribute("InstanceIndex").and_then(|text| text.parse().ok()).unwrap_or(0);
                Some(occurrence(item, index)?)
            }
            "RecurringMasterItemId" if id.date.is_none() => {
                let text = "Only occurrences have a recurring master.";
                return Err(Problem::new("ErrorCalendarCannotUseIdForOccurrenceId", text));
            }
            "RecurringMasterItemId" => None,
            _ => id.date,
        };
        item.seen(date).ok_or_else(Problem::not_found)?;
        Ok(Target { at, key: id.key, date, change_key: node.attribute("ChangeKey").map(str::to_owned) })
    }

    /// Refuses to write where only its owner may.
    pub(super) fn writable(&self, at: usize, folder: Key) -> Done<()> {
        let folder = self.mailbox(at)?.folders.get(&folder).ok_or_else(Problem::folder_not_found)?;
        if folder.writable { Ok(()) } else { Err(Problem::denied()) }
    }

    /// `GetItem`, one of the items.
    pub(super) fn get_item(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let shape = Shape::read(call.operation.child("ItemShape"))?;
        let target = self.target(call, node)?;
        let view = self.view(target.at, call, false)?;
        let item = self.item(target.at, target.key)?;
        let seen = item.seen(target.date).ok_or_else(Problem::not_found)?;
        let shown = m("Items").with(view.item(&seen, &shape));
        if self.knobs.bump_on_read {
            let (item, modified) = (item.clone(), item.modified);
            let number = self.number();
            self.store(target.at, item, number, modified)?;
        }
        Ok(vec![shown])
    }

    /// `CreateItem`, one of the items.
    pub(super) fn create_item(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let sending = call.operation.attribute("SendMeetingInvitations");
        match &*node.name {
            "CalendarItem" | "Task" => {}
            "AcceptItem" => return self.reply(call, node, "Accept"),
            "TentativelyAcceptItem" => return self.reply(call, node, "Tentative"),
            "DeclineItem" => return self.reply(call, node, "Decline"),
            "CancelCalendarItem" => return self.cancel_meeting(call, node),
            name => return Err(Problem::request(format!("The emulator keeps no items of the kind {name}."))),
        }
        let is_task = node.name == "Task";
        let (at, folder) = match call.operation.child("SavedItemFolderId").and_then(|node| node.children.first()) {
            Some(node) => self.folder_of(call, node)?,
            None => {
                let at = call.own()?;
                let known = if is_task { "tasks" } else { "calendar" };
                (at, self.mailbox(at)?.known(known).ok_or_else(Problem::folder_not_found)?.key)
            }
        };
        if !is_task && sending.is_none() {
            let text = "SendMeetingInvitations attribute is required for calendar items.";
            return Err(Problem::new("ErrorSendMeetingInvitationsRequired", text));
        }
        self.writable(at, folder)?;
        let key = self.create(at, folder, node, &call.frame)?;
        if !is_task {
            self.invite(at, key, Sending::read(sending.unwrap_or_default()), call.frame.now);
        }
        self.named(call, at, key, None)
    }

    /// An item by its id alone, as writes answer.
    pub(super) fn named(&self, call: &Call<'_>, at: usize, key: Key, date: Option<NaiveDate>) -> Done<Vec<Node>> {
        let view = self.view(at, call, false)?;
        let seen = self.item(at, key)?.seen(date).ok_or_else(Problem::not_found)?;
        Ok(vec![m("Items").with(view.item(&seen, &Shape::ids()))])
    }

    /// The item that a response or cancellation is about.
    fn reference(&self, call: &Call<'_>, node: &Node) -> Done<Target> {
        let missing = || Problem::new("ErrorMissingInformationReferenceItemId", "The reference item id is missing.");
        let target = self.target(call, node.child("ReferenceItemId").ok_or_else(missing)?)?;
        let item = self.item(target.at, target.key)?;
        self.writable(target.at, item.folder)?;
        if item.is_task() {
            return Err(Problem::new("ErrorInvalidItemForOperationCreateItem", "The item is no meeting."));
        }
        Ok(target)
    }

    fn reply(&mut self, call: &Call<'_>, node: &Node, response: &'static str) -> Done<Vec<Node>> {
        let target = self.reference(call, node)?;
        let send = call.operation.attribute("MessageDisposition") != Some("SaveOnly");
        self.respond(target.at, target.key, response, send, call.frame.now)?;
        self.named(call, target.at, target.key, None)
    }

    fn cancel_meeting(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let target = self.reference(call, node)?;
        let meeting = self.item(target.at, target.key)?.meeting.as_ref();
        if !meeting.is_some_and(|meeting| meeting.is_organizer) {
            return Err(Problem::new("ErrorCalendarIsNotOrganizer", "You must be the organizer to cancel a meeting."));
        }
        let Target { at, key, date, .. } = target;
        self.cancel(at, key, date, Sending::Everybody, call.frame.now);
        self.bin(at, key, date, call.frame.now)?;
        Ok(vec![m("Items")])
    }

    /// Into Deleted Items with it; of an occurrence nothing is left there.
    pub(super) fn bin(
        &mut self,
        at: usize,
        key: Key,
        date: Option<NaiveDate>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Done<()> {
        match date {
            Some(date) => self.remove_occurrence(at, key, date, now),
            None => {
                let bin = self.mailbox(at)?.known("deleteditems").map(|folder| folder.key);
                self.relocate(at, key, bin.ok_or_else(Problem::folder_not_found)?, now)
            }
        }
    }

    /// `MoveItem`, one of the items.
    pub(super) fn move_item(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let wanted = call.operation.child("ToFolderId").and_then(|node| node.children.first());
        let wanted = wanted.ok_or_else(|| Problem::request("the folder is missing"))?;
        let target = self.target(call, node)?;
        if target.date.is_some() {
            let text = "Occurrences cannot be moved or copied.";
            return Err(Problem::new("ErrorCalendarCannotMoveOrCopyOccurrence", text));
        }
        let (at, folder) = self.folder_of(call, wanted).map_err(|problem| match problem.code.as_str() {
            "ErrorFolderNotFound" => {
                Problem::new("ErrorToFolderNotFound", "The destination folder could not be found.")
            }
            _ => problem,
        })?;
        if at != target.at {
            return Err(Problem::new("ErrorCrossMailboxMoveCopy", "The emulator moves nothing between mailboxes."));
        }
        self.writable(at, self.item(at, target.key)?.folder)?;
        self.writable(at, folder)?;
        self.relocate(at, target.key, folder, call.frame.now)?;
        self.named(call, at, target.key, None)
    }
}

/// The original date of the occurrence with this number, from 1.
fn occurrence(item: &Item, index: usize) -> Done<NaiveDate> {
    let outside = || {
        let text = "Occurrence index is out of recurrence range.";
        Problem::new("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", text)
    };
    let series = item.series().filter(|_| index > 0).ok_or_else(outside)?;
    let mut date = series.rule.next(series.rule.start).ok_or_else(outside)?;
    for _ in 1..index {
        date = date.succ_opt().and_then(|after| series.rule.next(after)).ok_or_else(outside)?;
    }
    if series.deleted.contains(&date) {
        let text = "The occurrence with this index is deleted from the recurrence.";
        return Err(Problem::new("ErrorCalendarOccurrenceIsDeletedFromRecurrence", text));
    }
    Ok(date)
}
