//! `UpdateItem`: only what is named, if the item is still what the request takes it for.

use super::Exchange;
use super::envelope::Call;
use super::ids;
use super::item::Attendee;
use super::mail::Sending;
use super::patch::Patch;
use super::problem::{Done, Problem};
use super::write::Resolution;
use super::xml::{Node, m, t};

impl Exchange {
    /// One `ItemChange`.
    pub(super) fn update_item(&mut self, call: &Call<'_>, change: &Node) -> Done<Vec<Node>> {
        let resolution = match call.operation.attribute("ConflictResolution") {
            Some("NeverOverwrite") => Resolution::Never,
            Some("AlwaysOverwrite") => Resolution::Always,
            _ => Resolution::Auto,
        };
        let (Some(id), Some(updates)) = (change.children.first(), change.child("Updates")) else {
            return Err(Problem::request("the change is not complete"));
        };
        let target = self.target(call, id)?;
        let mailbox = self.mailbox(target.at)?;
        let item = self.item(target.at, target.key)?;
        let sending = call.operation.attribute("SendMeetingInvitationsOrCancellations");
        if !item.is_task() && sending.is_none() {
            let text = "SendMeetingInvitationsOrCancellations attribute is required for calendar items.";
            return Err(Problem::new("ErrorSendMeetingInvitationsOrCancellationsRequired", text));
        }
        let sending = Sending::read(sending.unwrap_or_default());
        self.writable(target.at, item.folder)?;
        let seen = item.seen(target.date).ok_or_else(Problem::not_found)?;
        let in_bin = mailbox.known("deleteditems").is_some_and(|bin| bin.key == item.folder);
        if in_bin && sending != Sending::Nobody {
            let text = "Update operation is not allowed for a deleted calendar item.";
            return Err(Problem::new("ErrorCalendarCannotUpdateDeletedItem", text));
        }
        let current = ids::change_key(mailbox.guid, seen.change());
        self.judge(target.change_key.as_deref(), &current, resolution)?;
        let resolved = target.change_key.is_some_and(|given| given != current);
        let before: Vec<Attendee> =
            seen.content().appointment().map(|one| one.invited().cloned().collect()).unwrap_or_default();
        let patch = Patch::of_updates(updates, item.element())?;
        let (at, key, date) = (target.at, target.key, target.date);
        let changed = self.change(at, key, date, &patch, &call.frame)?;
        self.notify(at, (key, date), (&changed, &before), sending, call.frame.now);
        let mut payload = self.named(call, at, key, date)?;
        let count = t("Count").text(u8::from(resolved).to_string());
        payload.push(m("ConflictResults").with(count));
        Ok(payload)
    }
}
