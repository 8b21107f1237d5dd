//! A mailbox that moved between an Exchange Server and Microsoft 365. What is stored of the account speaks of items by ids
//! that the other service does not know. The pairs stay, with all that they knew, and look for their items anew (see
//! [`super::adrift`]); what else was about the old mailbox is erased.
//!
//! The account's own row, which says what serves the mailbox, is written last. A run that dies before that is begun again;
//! should the mailbox be back by then, its folders are read from their beginning, and the pairs find their items there.

use super::ahead::WalRow;
use super::note::touch;
use super::state::{AccountState, FeedState, GoneRow};
use super::whose::MailboxRow;
use super::{Run, Staged, adrift, tell};
use crate::activity::SideId;
use crate::capability::Version;
use crate::digest::Digest;
use crate::link::Link;
use crate::owed::{Owed, Subject};
use crate::settings::Service;
use crate::store::{Batch, Store, StoreError};
use uuid::Uuid;

/// Rows a commit.
const CHUNK: u32 = 200;

/// What served the mailbox when the account's rows were written; none where no run has read it yet.
pub(super) fn served(store: &Store, state: &AccountState) -> Result<Option<Service>, StoreError> {
    if state.service.is_some() {
        return Ok(state.service);
    }
    // Older layouts did not say. The directory's ids are GUIDs, and the ids of Exchange's folders are not.
    if let Some(directory) = &state.directory {
        let graph = Uuid::parse_str(directory).is_ok();
        return Ok(Some(if graph { Service::Graph } else { Service::Exchange }));
    }
    let (feeds, _) = store.piece::<FeedState>("feed/mailbox/", None, 1)?;
    Ok(feeds.first().map(|(_, state)| {
        let graph = state.feed.part.contains("..") || crate::graph::todo::list_of(&state.feed.folder).is_some();
        if graph { Service::Graph } else { Service::Exchange }
    }))
}

/// The rows that lead from the old mailbox to the account, if they prove that the account is the same: it was the one that
/// worked on it, under an address that the new mailbox has.
pub(super) fn proof(
    store: &Store,
    state: &AccountState,
    account: &str,
    holder: &str,
    has_name: impl Fn(&str) -> bool,
) -> Result<Vec<(String, Version)>, StoreError> {
    let (mut leading, mut proved) = (Vec::new(), false);
    let mut after: Option<String> = None;
    loop {
        let (keys, next) = store.keys("mailbox/", after.as_deref())?;
        let rows: Vec<Option<(MailboxRow, Version)>> = store.get_versioned(&keys)?;
        for (key, row) in keys.into_iter().zip(rows) {
            let Some((row, version)) = row.filter(|(row, _)| row.account == account) else { continue };
            let own = row.directory == state.directory && Some(&row.calendar) == state.calendar.as_ref();
            proved |= own && row.holder == holder && has_name(&row.address);
            leading.push((key, version));
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(if proved { leading } else { Vec::new() }),
        }
    }
}

/// Has every pair look for its item anew.
pub(super) fn carry_over(run: &mut Run) -> Staged<()> {
    run.adrift = true;
    // Where the folders were read up to goes first: whatever becomes of this run, they are read from their beginning.
    for name in ["feed/mailbox/", "round/", "retired/"] {
        erase(run, name, |_| true)?;
    }
    erase(run, "seen/", |key| key.contains("/seen/i/") || key.ends_with("/mailbox"))?;
    pieces(run, "link/", |run, _, mut link: Link, batch| {
        adrift::cast_off(&run.store, &run.settings.account.tenant, &mut link, batch);
        Ok(())
    })?;
    pieces(run, "wal/", written_ahead)?;
    erase(run, "item/", |_| true)?;
    erase(run, "print/", |key| key.rsplit('/').nth(1).is_none_or(|whose| whose != "c"))?;
    settle_items(run)?;
    let nobody = Digest::of(&"");
    pieces(run, "owed/a/", |_, key, owed: Owed, batch| {
        batch.put(key, &Owed { item: None, policy: nobody.clone(), ..owed });
        Ok(())
    })?;
    pieces(run, "gone/", |_, key, row: GoneRow, batch| {
        match row.held.clone() {
            // What is missed in Creatio is missed still.
            held if row.side == SideId::Creatio => {
                let held = held.map(|(operation, reason, _)| (operation, reason, nobody.clone()));
                batch.put(key, &GoneRow { held, ..row });
            }
            // What a person was to confirm of the old mailbox is told anew, if it is so.
            _ => batch.delete(key),
        }
        Ok(())
    })?;
    run.change_state(|state| {
        state.moving = true;
        state.indexed = false;
        state.contacted.clear();
        state.followed.clear();
    });
    // With whatever waits: that the mailbox is another one, and what leads to it.
    run.commit(Batch::default(), Vec::new())?;
    Ok(())
}

/// Goes through all rows below a name, a commit for each piece. The account's own row is not in it yet.
fn pieces<T: serde::de::DeserializeOwned>(
    run: &mut Run,
    name: &str,
    mut work: impl FnMut(&Run, String, T, &mut Batch) -> Staged<()>,
) -> Staged<()> {
    let mut after: Option<String> = None;
    loop {
        let (rows, next) = run.store.piece::<T>(name, after.as_deref(), CHUNK)?;
        let mut batch = Batch::default();
        for (key, row) in rows {
            work(run, key, row, &mut batch)?;
        }
        run.store.commit(batch, Vec::new())?;
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

fn erase(run: &mut Run, name: &str, which: impl Fn(&str) -> bool) -> Staged<()> {
    pieces(run, name, |_, key, _: serde_json::Value, batch| {
        if which(&key) {
            batch.delete(key);
        }
        Ok(())
    })
}

/// What was on its way when a run died. What went to Creatio is settled there; what went to the old mailbox either came
/// along or did not, and is looked at anew.
fn written_ahead(run: &Run, key: String, row: WalRow, batch: &mut Batch) -> Staged<()> {
    if row.operations.iter().any(|operation| operation.target == SideId::Mailbox) {
        batch.delete(key);
        touch(run, row.activity, batch);
        return Ok(());
    }
    let mut link = row.link.clone();
    if !link.adrift() {
        let mut rows = Batch::default();
        adrift::cast_off(&run.store, &run.settings.account.tenant, &mut link, &mut rows);
        if row.linked {
            batch.delete(run.store.item_key(&row.link.mailbox.id));
        } else {
            // It becomes a pair when it is settled.
            rows.delete(run.store.link_key(link.activity));
            batch.extend(rows);
        }
    }
    batch.put(key, &WalRow { link, ..row });
    Ok(())
}

/// What was held or failed about items is no more: the items have other ids, and are told anew.
fn settle_items(run: &mut Run) -> Staged<()> {
    let mut after: Option<String> = None;
    loop {
        let (rows, next) = run.store.piece::<Owed>("owed/i/", after.as_deref(), CHUNK)?;
        let (mut batch, mut entries) = (Batch::default(), Vec::new());
        for (key, owed) in rows {
            let item = match &owed.subject {
                Subject::Item(id) => Some(id.clone()),
                Subject::Activity(_) => None,
            };
            entries.extend(owed.operations.iter().map(|operation| tell::settled(operation, item.clone(), &owed.title)));
            batch.delete(key);
        }
        run.store.commit(batch, entries.clone())?;
        for entry in &entries {
            run.report.count_entry(entry);
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
