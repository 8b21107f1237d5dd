//! The rows that lead to a link, and those that the accounts of a tenant share about a meeting.

use super::carry::Job;
use super::pair::unloose;
use super::state::{ItemRow, MeetingRow, Member};
use super::work::{invited_key, meeting_key};
use super::{Run, Staged};
use crate::activity::Seen;
use crate::capability::Guard;
use crate::link::{Link, LinkState, Origin};
use crate::report::Entry;
use crate::store::{Batch, Store, StoreError};

/// How often a commit that lost a race for a shared row is made anew.
pub(super) const SHARED: usize = 5;

/// Commits; where only rows shared with other accounts changed meanwhile, they are read and written anew.
pub(super) fn commit(run: &mut Run, batch: Batch, entries: Vec<Entry>) -> Staged<()> {
    if batch.is_empty() && entries.is_empty() {
        return Ok(());
    }
    let mut batch = batch;
    for _ in 0..SHARED {
        match run.commit_keeping(&batch, &entries) {
            Ok(()) => return Ok(()),
            Err(StoreError::Shared(keys)) => refresh(run, &mut batch, &keys)?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Failed("rows shared with other accounts keep changing; run again".into()).into())
}

/// Makes our change of shared rows anew on top of what others wrote.
pub(super) fn refresh(run: &Run, batch: &mut Batch, keys: &[String]) -> Staged<()> {
    for key in keys {
        let Some(ours) = batch.row::<MeetingRow>(key) else { continue };
        let row = run.store.get_versioned::<MeetingRow>(std::slice::from_ref(key))?.into_iter().next().flatten();
        let (mut theirs, guard) = match row {
            Some((meeting, version)) => (meeting, Guard::At(version)),
            None => (MeetingRow::default(), Guard::Absent),
        };
        let me = &run.account;
        match ours.members.get(me) {
            Some(member) => {
                if ours.cancelled_by.is_none() {
                    theirs.cancelled_by = None;
                }
                theirs.members.insert(me.clone(), member.clone())
            }
            None => {
                theirs.cancelled_by.clone_from(&ours.cancelled_by);
                theirs.members.remove(me)
            }
        };
        batch.guarded(key.clone(), &theirs, guard);
    }
    Ok(())
}

/// The link and all rows that lead to it.
pub(super) fn put_link(run: &mut Run, job: &Job, link: &Link, batch: &mut Batch) -> Staged<()> {
    let mut link = link.clone();
    if let Some(owed) = &job.owed {
        for nonce in &owed.attempts {
            if link.nonce.as_ref() != Some(nonce) && !link.earlier.contains(nonce) {
                link.earlier.push(nonce.clone());
            }
        }
    }
    store_link(run, &link, job.pair.mailbox.here(), batch)
}

/// The link and all rows that lead to it.
pub(super) fn store_link(run: &mut Run, link: &Link, item: Option<&Seen>, batch: &mut Batch) -> Staged<()> {
    batch.put(run.store.link_key(link.activity), link);
    super::adrift::found(run, link, batch)?;
    if !link.mailbox.id.is_empty() {
        let key = run.store.item_key(&link.mailbox.id);
        if let Some(print) = run.store.one::<ItemRow>(key.clone())?.and_then(|row| row.print) {
            batch.delete(print);
        }
        let row = ItemRow {
            id: link.mailbox.id.clone(),
            link: Some(link.activity),
            version: String::new(),
            folder: link.folder.clone(),
            print: None,
            marker: None,
            alike: None,
            policy: run.full_policy.clone(),
        };
        batch.put(key, &row);
    }
    unloose(run, link.activity, batch)?;
    // Also where exports land just now: that may be another folder tomorrow.
    if link.origin == Origin::Exported && !link.folder.is_empty() && !run.imported.contains(&link.folder) {
        let folder = link.folder.clone();
        run.change_state(|state| {
            if !state.followed.contains(&folder) {
                state.followed.push(folder);
            }
        });
    }
    share(run, link, item, batch)
}

/// What the tenant's accounts share about a meeting.
pub(super) fn share(run: &Run, link: &Link, item: Option<&Seen>, batch: &mut Batch) -> Staged<()> {
    let Some(identity) = &link.identity else { return Ok(()) };
    let Some(item) = item.filter(|item| !item.attendees.is_empty()) else {
        if link.active() {
            return Ok(());
        }
        return Ok(leave(&run.store, &run.account, identity, cancelled(link), batch)?);
    };
    if !link.active() {
        return Ok(leave(&run.store, &run.account, identity, cancelled(link), batch)?);
    }
    let key = meeting_key(identity);
    let row = run.store.get_versioned::<MeetingRow>(std::slice::from_ref(&key))?.into_iter().next().flatten();
    let (mut meeting, guard) = match row {
        Some((meeting, version)) => (meeting, Guard::At(version)),
        None => (MeetingRow::default(), Guard::Absent),
    };
    let me = run.account.clone();
    let since = meeting.members.get(&me).map_or(run.started, |member| member.since);
    let member = Member { organizer: item.ours, since };
    // Until the activity is open again, its cancellation is still to be taken back.
    let reopened = meeting.cancelled_by.is_some() && !link.finished;
    if meeting.members.get(&me) != Some(&member) || reopened {
        if reopened {
            meeting.cancelled_by = None;
        }
        meeting.members.insert(me, member);
        batch.guarded(key, &meeting, guard);
    }
    if link.origin != Origin::Exported {
        batch.put(invited_key(link.activity), identity);
    }
    Ok(())
}

/// The pair ended with its activity cancelled.
const fn cancelled(link: &Link) -> bool {
    matches!(link.state, LinkState::Ended { cancelled: true, .. })
}

/// An account decides about a meeting no more.
pub(super) fn leave(
    store: &Store,
    account: &str,
    identity: &str,
    cancelled: bool,
    batch: &mut Batch,
) -> Result<(), StoreError> {
    let key = meeting_key(identity);
    if let Some((mut meeting, version)) =
        store.get_versioned::<MeetingRow>(std::slice::from_ref(&key))?.into_iter().next().flatten()
        && meeting.members.remove(account).is_some()
    {
        if cancelled {
            meeting.cancelled_by = Some(account.to_owned());
        }
        batch.guarded(key, &meeting, Guard::At(version));
    }
    Ok(())
}
