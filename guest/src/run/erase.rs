//! Erasing the rows of an account that is forgotten: first what the tenant's other accounts read as well, then its own, and
//! last of all, in one commit, the row that says that it is being forgotten and the run key.

use super::shared::{SHARED, leave};
use super::state::MeetingRow;
use super::whose::{MailboxRow, TENANT};
use super::work::{invited_key, meeting_key};
use super::{Run, Staged};
use crate::link::Link;
use crate::store::{Batch, StoreError};

/// Links a commit.
const PIECE: u32 = 200;

/// Erases the account's rows.
pub(super) fn erase(run: &mut Run) -> Staged<()> {
    if run.state.forgetting.is_none() {
        super::forget::advance(run, Vec::new())?;
    }
    run.step("erase", 0, None)?;
    meetings(run)?;
    below(run, &run.store.key(""), &[run.store.key("state"), run.store.key("run")])?;
    mailboxes(run)?;
    if alone(run)? {
        for prefix in ["meeting/", "invited/", "mailbox/"] {
            below(run, prefix, &[])?;
        }
        let mut batch = Batch::default();
        batch.delete(TENANT.to_owned());
        run.store.commit(batch, Vec::new())?;
    }
    let mut batch = Batch::default();
    batch.delete(run.store.key("state"));
    run.store.close(batch)?;
    Ok(())
}

/// Another account follows the same meeting.
pub(super) fn others_follow(run: &Run, link: &Link) -> Staged<bool> {
    let Some(identity) = &link.identity else { return Ok(false) };
    let row: Option<MeetingRow> = run.store.one(meeting_key(identity))?;
    Ok(row.is_some_and(|row| followed_by_others(run, &row)))
}

fn followed_by_others(run: &Run, meeting: &MeetingRow) -> bool {
    meeting.members.keys().any(|account| *account != run.account)
}

/// The account leaves the meetings that it shares with others; what nobody shares any more goes.
fn meetings(run: &Run) -> Staged<()> {
    let mut after: Option<String> = None;
    loop {
        let (links, next) = run.store.piece::<Link>("link/", after.as_deref(), PIECE)?;
        let links: Vec<Link> = links.into_iter().map(|(_, link)| link).filter(|link| link.identity.is_some()).collect();
        leave_all(run, &links)?;
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

fn leave_all(run: &Run, links: &[Link]) -> Staged<()> {
    for _ in 0..SHARED {
        let mut batch = Batch::default();
        for link in links {
            let Some(identity) = &link.identity else { continue };
            let key = meeting_key(identity);
            let row = run.store.get_versioned::<MeetingRow>(std::slice::from_ref(&key))?.into_iter().next().flatten();
            match row {
                Some((meeting, _)) if followed_by_others(run, &meeting) => {
                    leave(&run.store, &run.account, identity, false, &mut batch)?;
                }
                row => {
                    if let Some((_, version)) = row {
                        batch.delete_at(key, version);
                    }
                    batch.delete(invited_key(link.activity));
                }
            }
        }
        match run.store.commit(batch, Vec::new()) {
            Ok(()) => return Ok(()),
            Err(StoreError::Shared(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Failed("rows shared with other accounts keep changing; run again".into()).into())
}

/// Deletes the rows below a prefix but these.
fn below(run: &Run, prefix: &str, kept: &[String]) -> Staged<()> {
    let mut after: Option<String> = None;
    loop {
        let (keys, next) = run.store.keys(prefix, after.as_deref())?;
        let mut batch = Batch::default();
        for key in keys.into_iter().filter(|key| !kept.contains(key)) {
            batch.delete(key);
        }
        run.store.commit(batch, Vec::new())?;
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Deletes the rows that lead from a mailbox to the account.
fn mailboxes(run: &Run) -> Staged<()> {
    let mut after: Option<String> = None;
    loop {
        let (keys, next) = run.store.keys("mailbox/", after.as_deref())?;
        let mut batch = Batch::default();
        for (key, row) in keys.iter().zip(run.store.get::<MailboxRow>(&keys)?) {
            if row.is_some_and(|row| row.account == run.account) {
                batch.delete(key.clone());
            }
        }
        run.store.commit(batch, Vec::new())?;
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// The tenant has no other account.
fn alone(run: &Run) -> Staged<bool> {
    let own = run.store.key("");
    let mut after: Option<String> = None;
    loop {
        let (keys, next) = run.store.keys("account/", after.as_deref())?;
        if keys.iter().any(|key| !key.starts_with(&own)) {
            return Ok(false);
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(true),
        }
    }
}
