//! Items without a link that cannot be read. Each is tried again later, and the others go on; but whose it may be has to be
//! known, or its activity would be made a second time meanwhile.

use super::judge::known;
use super::pair::{mark_folder, rows_of, shown};
use super::state::ItemRow;
use super::{Run, Staged, fatal};
use crate::activity::{Seen, SideId};
use crate::ask::Fault;
use crate::digest::Digest;
use crate::identity::{self, Marker};
use crate::link::Link;
use crate::owed::{Observation, Owed, Subject, Why, backoff};
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome};
use crate::store::Batch;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Items that cannot be read by their ids: what a listing of marked items and the feed tell of them is enough to know
/// whose they are. Of one that no feed showed in this run, the activity that it may belong to waits with it: it must not
/// be made a second time.
pub(super) fn unreadable(
    run: &mut Run,
    ids: &[String],
    rows: Vec<Option<ItemRow>>,
    observations: &[Option<Observation>],
    found: &mut BTreeMap<String, Seen>,
    failed: &mut BTreeMap<String, Fault>,
) -> Staged<Vec<Option<ItemRow>>> {
    let of_failed = rows.iter().flatten().filter(|row| failed.contains_key(&row.id));
    let folders: BTreeSet<String> = of_failed.map(|row| row.folder.clone()).collect();
    let mut untold: BTreeSet<String> = BTreeSet::new();
    for folder in folders {
        if let Err(fault) = mark_folder(run, &folder)? {
            // Until the first contact is over any of these may be the counterpart of an activity.
            if [SideId::Creatio, SideId::Mailbox].into_iter().any(|side| run.first_contact(side)) {
                return Err(fatal(SideId::Mailbox, fault));
            }
            untold.insert(folder);
        }
    }
    let rows = rows_of(run, ids)?;
    for ((id, observation), row) in ids.iter().zip(observations).zip(&rows) {
        if !failed.contains_key(id) || row.as_ref().is_some_and(|row| untold.contains(&row.folder)) {
            continue;
        }
        if let Some(seen) = shown(run, observation.as_ref(), row.as_ref()) {
            failed.remove(id);
            found.insert(id.clone(), seen);
        } else {
            let marker = row.as_ref().and_then(|row| row.marker.as_deref()).and_then(Marker::decode);
            let identity = observation.as_ref().and_then(|seen| seen.mailbox.as_ref()?.identity.as_deref());
            let tenant = &run.settings.account.tenant;
            // A marker tells more than an identity, which of an item that the sync made leads nowhere.
            let activity = match marker.filter(|marker| run.ours(marker)) {
                Some(marker) => Some(marker.activity),
                None => identity.map(|identity| identity::activity_of_meeting(tenant, identity)),
            };
            if let Some(activity) = activity {
                wait(run, id, activity)?;
            }
        }
    }
    Ok(rows)
}

/// An activity that Creatio showed and that has no link waits until this item can be read.
fn wait(run: &mut Run, item: &str, activity: Uuid) -> Staged<()> {
    let subject = Subject::Activity(activity);
    let key = run.store.owed_key(&subject);
    if !known(run, activity)? || run.store.one::<Link>(run.store.link_key(activity))?.is_some() {
        return Ok(());
    }
    let old: Option<Owed> = run.store.one(key.clone())?;
    let new = Owed { retry: Some(run.started), ..run.owed(subject, Why::Failed, Reason::Unreadable) };
    run.quiet.put(key, &Owed { item: Some(item.to_owned()), ..old.unwrap_or(new) });
    Ok(())
}

/// An item that could not be read is tried again later; the others go on.
pub(super) fn fail(run: &mut Run, id: &str, fault: &Fault) -> Staged<()> {
    let subject = Subject::Item(id.to_owned());
    let key = run.store.owed_key(&subject);
    let old: Option<Owed> = run.store.one(key.clone())?;
    let tries = old.as_ref().map_or(0, |owed| owed.tries).saturating_add(1);
    let owed = Owed {
        since: old.map_or(run.started, |owed| owed.since),
        retry: Some(run.started + backoff(tries)),
        tries,
        ..run.owed(subject.clone(), Why::Failed, Reason::Unreadable)
    };
    run.quiet.put(key, &owed);
    run.quiet.delete(run.store.seen_key(&subject, SideId::Mailbox));
    let entry = Entry {
        operation: Digest::of(&("unreadable", id)).short().to_owned(),
        outcome: Outcome::Failed,
        action: Action::Skip,
        target: SideId::Mailbox,
        activity: None,
        item: Some(id.to_owned()),
        title: String::new(),
        start: None,
        units: Vec::new(),
        reason: Reason::Unreadable,
        detail: fault.to_string(),
    };
    run.commit(Batch::default(), vec![entry])?;
    Ok(())
}
