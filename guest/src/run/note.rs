//! Notes of what a later stage has to look at: what was observed, and what was missed.

use super::Run;
use super::state::GoneRow;
use crate::activity::{Seen, SideId};
use crate::link::Link;
use crate::owed::{Observation, Subject};
use crate::reason::Reason;
use crate::store::Batch;
use uuid::Uuid;

/// Writes an observation down.
pub(super) fn observed(run: &Run, subject: Subject, side: SideId, mailbox: Option<Box<Seen>>, batch: &mut Batch) {
    let key = run.store.seen_key(&subject, side);
    batch.put(key, &Observation { subject, run: run.options.run.clone(), mailbox });
}

/// Has an item without a link looked at.
pub(super) fn item_again(run: &Run, item: &str, batch: &mut Batch) {
    observed(run, Subject::Item(item.to_owned()), SideId::Mailbox, None, batch);
}

/// Key of what is known of an activity without a link.
pub(super) fn activity_key(run: &Run, activity: Uuid) -> String {
    run.store.key(&format!("activity/{activity}"))
}

/// Key of the link that an import would have made of which nothing was found.
pub(super) fn tried_key(run: &Run, activity: Uuid) -> String {
    run.store.key(&format!("tried/{activity}"))
}

/// Has an activity, or a pair, looked at.
pub(super) fn touch(run: &Run, activity: Uuid, batch: &mut Batch) {
    observed(run, Subject::Activity(activity), SideId::Creatio, None, batch);
}

/// Key of such a note.
pub(super) fn gone_key(run: &Run, side: SideId, activity: Uuid) -> String {
    run.store.key(&format!("gone/{}/{activity}", side.code()))
}

/// Notes that a link may have lost a side. A note that is there already keeps its age.
pub(super) fn missing(run: &Run, activity: Uuid, side: SideId, folder: &str, reason: Reason, batch: &mut Batch) {
    batch.put(gone_key(run, side, activity), &row(run, activity, side, folder, reason));
}

fn row(run: &Run, activity: Uuid, side: SideId, folder: &str, reason: Reason) -> GoneRow {
    GoneRow {
        activity,
        side,
        unshown: false,
        since: run.started,
        runs: 0,
        folder: folder.to_owned(),
        reason,
        held: None,
    }
}

/// Notes that an item which was just made has not been shown by its feed, where the feed would never say that it has gone.
pub(super) fn unshown(run: &Run, link: &Link, batch: &mut Batch) {
    if run.mailbox.forgets_unshown() {
        let side = SideId::Mailbox;
        let row = row(run, link.activity, side, &link.folder, Reason::DeletedInMailbox);
        batch.put(gone_key(run, side, link.activity), &GoneRow { unshown: true, ..row });
    }
}
