//! Whose rows a run works on, and whether the mailbox is still the one that they are about.
//!
//! A mailbox is known by its id in the directory, and where the application may not read that, by its calendars: the
//! default one cannot be deleted. A renamed user is therefore the same account, under whatever id the host then gives it;
//! an address behind which another mailbox lies is noticed before anything is written; and two accounts on one mailbox
//! are refused, because each would take the other's items for a user's.

use super::state::{AccountState, FeedState, GoneRow};
use super::{Run, RunError, Staged, moving};
use crate::activity::Kind;
use crate::ask::Fault;
use crate::capability::{Capabilities, Guard, Storage, Version};
use crate::digest::Digest;
use crate::identity;
use crate::owed::Owed;
use crate::reason::Reason;
use crate::report::Report;
use crate::settings::{Options, Service, Settings};
use crate::side::{Folder, Owner};
use crate::store::{self, Batch, LAYOUT, Store, StoreError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the accounts of a tenant share about its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TenantRow {
    /// Layout of all shared rows.
    pub(super) layout: u32,
}

/// Key of the tenant's own row.
pub(super) const TENANT: &str = "tenant";

/// Which account synchronises a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MailboxRow {
    /// The account under whose id the rows lie.
    pub(super) account: String,
    /// Id of the account that works on them now: another one where the user was renamed and the id with the address.
    pub(super) holder: String,
    /// Address under which it was last reached.
    pub(super) address: String,
    /// Id in the directory, where it may be read.
    pub(super) directory: Option<String>,
    /// The default calendar.
    pub(super) calendar: String,
}

/// An account's rows.
pub(super) struct Opened<'a> {
    pub(super) store: Store<'a>,
    pub(super) state: AccountState,
    /// The account under whose id the rows lie.
    pub(super) account: String,
    /// The state as it is stored.
    pub(super) before: AccountState,
    /// The account that worked on these rows until now was another one.
    pub(super) taken_over: bool,
    /// The mailbox had another address until now.
    pub(super) renamed: bool,
    /// There was a state before this run.
    pub(super) stored: bool,
    /// Layout of the tenant's shared rows, where one is written down.
    pub(super) shared: Option<u32>,
    /// Another service had the mailbox until now.
    pub(super) moved: Option<Service>,
}

/// Opens the rows below an account's id; refuses those of a newer program.
pub(super) fn open<'a>(caps: Capabilities<'a>, account: &str, run: &str) -> Result<Opened<'a>, StoreError> {
    let store = Store::open(caps.storage, caps.journal, account, run)?;
    let shared: Option<TenantRow> = store.one(TENANT.to_owned())?;
    let state: Option<AccountState> = store.one(store.key("state"))?;
    let newest = shared.map(|row| row.layout).into_iter().chain(state.as_ref().map(|state| state.layout)).max();
    if let Some(newer) = newest.filter(|layout| *layout > LAYOUT) {
        return Err(StoreError::Newer(newer));
    }
    let stored = state.is_some();
    let shared = shared.map(|row| row.layout);
    let state = state.unwrap_or_default();
    let before = state.clone();
    Ok(Opened {
        store,
        state,
        before,
        account: account.to_owned(),
        taken_over: false,
        renamed: false,
        stored,
        shared,
        moved: None,
    })
}

/// The account under whose id the rows of an account lie, as far as storage alone tells.
pub(super) fn rows_of(storage: &dyn Storage, account: &str) -> Result<String, StoreError> {
    let own = format!("account/{}/state", store::escape(account));
    if storage.get(&[own])?.into_iter().next().flatten().is_some() {
        return Ok(account.to_owned());
    }
    let mut after: Option<String> = None;
    loop {
        let page = storage.scan("mailbox/", after.as_deref(), 500)?;
        for entry in page.entries {
            let row: MailboxRow = store::decode(&entry)?;
            if row.holder == account {
                return Ok(row.account);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(account.to_owned()),
        }
    }
}

/// What is known of the mailbox that the address leads to.
struct Mailbox<'s> {
    address: &'s str,
    owner: Option<Owner>,
    folders: &'s [Folder],
    calendar: String,
}

impl Mailbox<'_> {
    fn directory(&self) -> Option<&str> {
        self.owner.as_ref().map(|owner| owner.id.as_str())
    }

    /// It is the one with this id and default calendar, as far as can be told.
    fn is(&self, directory: Option<&str>, calendar: Option<&str>) -> bool {
        let named = directory.zip(self.directory()).is_none_or(|(known, now)| known == now);
        // Another calendar may have become the default one; a calendar that the mailbox lacks was another mailbox's.
        let there = |id: &str| id.is_empty() || self.folders.is_empty() || self.folders.iter().any(|own| own.id == id);
        named && calendar.is_none_or(there)
    }

    /// An address, of which an account was reached once, is still one of its names.
    fn has_name(&self, address: &str) -> Option<bool> {
        let owner = self.owner.as_ref().filter(|owner| !owner.names.is_empty())?;
        Some(owner.names.iter().chain([&owner.id]).any(|name| name.eq_ignore_ascii_case(address)))
    }

    /// Keys of the rows that say who synchronises it.
    fn keys(&self) -> Vec<String> {
        let directory = self.directory().map(|id| format!("mailbox/d-{}", store::escape(id)));
        let calendar = Some(&self.calendar).filter(|id| !id.is_empty());
        directory.into_iter().chain(calendar.map(|id| format!("mailbox/c-{}", Digest::of(id).as_str()))).collect()
    }
}

/// Finds the rows that are about the mailbox, and writes down whose it is. What has to be written waits in the batch.
pub(super) fn recognise<'a>(
    caps: Capabilities<'a>,
    settings: &Settings,
    options: &Options,
    opened: Opened<'a>,
    folders: &[Folder],
    owner: Result<Owner, Fault>,
    report: &mut Report,
) -> Staged<(Opened<'a>, Batch)> {
    let mailbox = Mailbox {
        address: &settings.account.address,
        owner: owner.ok().filter(|owner| !owner.id.is_empty()),
        folders,
        calendar: folders
            .iter()
            .find(|folder| folder.is_default && folder.kind == Kind::Appointment)
            .map(|folder| folder.id.clone())
            .unwrap_or_default(),
    };
    let mut opened = opened;
    let me = &settings.account.id;
    let mut left = Vec::new();
    if !opened.stored {
        // Rows of an account that was renamed lie below its first id, and only the old mailbox leads there.
        let rows = rows_of(caps.storage, me)?;
        if rows != *me {
            let other = open(caps, &rows, &options.run)?;
            let now = settings.account.service.kind();
            if moving::served(&other.store, &other.state)?.is_some_and(|before| before != now) {
                opened = other;
            }
        }
    }
    if opened.stored {
        let now = settings.account.service.kind();
        match moving::served(&opened.store, &opened.state)?.filter(|before| *before != now) {
            None => same(&opened.state, &mailbox)?,
            Some(before) => {
                let named =
                    |name: &str| name.eq_ignore_ascii_case(mailbox.address) || mailbox.has_name(name) == Some(true);
                left = moving::proof(&opened.store, &opened.state, &opened.account, me, named)?;
                if left.is_empty() {
                    return Err(RunError::Settings(vec![unproved(mailbox.address, before, now)]).into());
                }
                let text = format!(
                    "The mailbox {} has moved from {} to {}; its pairs are carried over.",
                    mailbox.address,
                    before.name(),
                    now.name()
                );
                report.warn(Reason::MailboxMoved, text);
                opened.moved = Some(before);
                (opened.state.directory, opened.state.calendar) = (None, None);
            }
        }
    }
    let keys = mailbox.keys();
    let rows: Vec<Option<(MailboxRow, Version)>> = opened.store.get_versioned(&keys)?;
    // A row about another mailbox says nothing: that one was here before.
    let known = rows
        .iter()
        .flatten()
        .map(|(row, _)| row)
        .find(|row| mailbox.is(row.directory.as_deref(), Some(&row.calendar)))
        .cloned();
    if let Some(row) = &known {
        if row.holder != *me && (opened.stored || row.account != *me) {
            // Only where its old address is no name of the mailbox any more was it renamed.
            if mailbox.has_name(&row.address) != Some(false) {
                return Err(RunError::Settings(vec![taken(&mailbox, row)]).into());
            }
        }
        if !opened.stored && row.account != *me {
            opened = open(caps, &row.account, &options.run)?;
            same(&opened.state, &mailbox)?;
        }
        opened.taken_over = row.holder != *me;
        if opened.moved.is_none() && !row.address.eq_ignore_ascii_case(mailbox.address) {
            let text = format!("The mailbox {} is now {}; the account goes on with it.", row.address, mailbox.address);
            report.warn(Reason::Renamed, text);
            opened.renamed = true;
        }
    }
    let mut batch = Batch::default();
    for (key, version) in left {
        batch.delete_at(key, version);
    }
    if opened.shared != Some(LAYOUT) {
        batch.put(TENANT.to_owned(), &TenantRow { layout: LAYOUT });
    }
    let wanted = MailboxRow {
        account: opened.account.clone(),
        holder: me.clone(),
        address: mailbox.address.to_owned(),
        directory: mailbox
            .directory()
            .map(str::to_owned)
            .or_else(|| known.as_ref().and_then(|row| row.directory.clone()))
            .or_else(|| opened.state.directory.clone()),
        calendar: mailbox.calendar.clone(),
    };
    for (key, row) in keys.into_iter().zip(rows) {
        match row {
            Some((row, _)) if row == wanted => {}
            Some((_, version)) => batch.guarded(key, &wanted, Guard::At(version)),
            None => batch.guarded(key, &wanted, Guard::Absent),
        }
    }
    remember(&mut opened, &wanted, settings);
    Ok((opened, batch))
}

/// Says anew whose mailbox it is, where that was written meanwhile and says nothing else. False where it does, or where
/// other rows changed.
pub(super) fn refresh(store: &Store, batch: &mut Batch, keys: &[String]) -> Result<bool, StoreError> {
    for key in keys {
        let Some(ours) =
            Some(key).filter(|key| key.starts_with("mailbox/")).and_then(|key| batch.row::<MailboxRow>(key))
        else {
            return Ok(false);
        };
        let row = store.get_versioned::<MailboxRow>(std::slice::from_ref(key))?.into_iter().next().flatten();
        let guard = match row {
            None => Guard::Absent,
            Some((theirs, version)) if theirs.holder == ours.holder => Guard::At(version),
            Some(_) => return Ok(false),
        };
        batch.guarded(key.clone(), &ours, guard);
    }
    Ok(true)
}

/// The mailbox that the account's rows are about is the one that was found.
fn same(state: &AccountState, mailbox: &Mailbox) -> Staged<()> {
    if mailbox.is(state.directory.as_deref(), state.calendar.as_deref()) {
        return Ok(());
    }
    let address = mailbox.address;
    Err(RunError::Settings(vec![format!(
        "the mailbox behind {address} is another one than in the runs before; nothing was changed. If the address leads to \
         the wrong mailbox, correct it; if it belongs to another person now, or the mailbox was made anew, give the account \
         a new id: it then finds what belongs together by itself"
    )])
    .into())
}

fn unproved(address: &str, before: Service, now: Service) -> String {
    let (before, now) = (before.name(), now.name());
    format!(
        "the account's pairs are of a mailbox on {before}, and {address} is one on {now}; that it is the same, moved, is not \
         certain, because the account was last reached under another address or id. Nothing was changed. If it is the same, \
         give the account the id and the address that it had; if it is another one, give it a new id"
    )
}

fn taken(mailbox: &Mailbox, row: &MailboxRow) -> String {
    let MailboxRow { holder, address, .. } = row;
    let here = mailbox.address;
    format!(
        "the mailbox of {here} is synchronised by the account \"{holder}\" ({address}) already: one mailbox is one account. \
         Remove one of the two, or, where only its address is to be written differently, give this account the id \
         \"{holder}\""
    )
}

fn remember(opened: &mut Opened, row: &MailboxRow, settings: &Settings) {
    let tenant = &settings.account.tenant;
    let state = &mut opened.state;
    state.service = Some(settings.account.service.kind());
    state.directory.clone_from(&row.directory);
    if !row.calendar.is_empty() {
        state.calendar = Some(row.calendar.clone());
    }
    if state.mailbox.is_none() {
        // Items of older layouts carry the id that derives from the address.
        let of_directory = row.directory.as_ref().filter(|_| !opened.stored);
        state.mailbox = Some(of_directory.map_or_else(
            || identity::mailbox(tenant, &settings.account.address),
            |directory| identity::mailbox_of_directory(tenant, directory),
        ));
    }
}

/// Where a calendar was read up to is a link below the old address: it is read anew, and what that does not show is looked
/// for one by one.
pub(super) fn read_anew(run: &mut Run) -> Staged<()> {
    let mut batch = Batch::default();
    run.store.each("feed/mailbox/", |key, feed: FeedState| {
        let rounds = feed.rounds + 1;
        batch.put(key, &FeedState { cursor: None, rounds, round: Some(rounds), ..feed });
        Ok(())
    })?;
    run.quiet.extend(batch);
    Ok(())
}

/// What is held or failed was told to an account of another id: it is looked at and told again.
pub(super) fn tell_again(run: &mut Run) -> Staged<()> {
    let nobody = Digest::of(&"");
    let mut batch = Batch::default();
    run.store.each("owed/", |key, owed: Owed| {
        if !owed.operations.is_empty() {
            batch.put(key, &Owed { operations: Vec::new(), policy: nobody.clone(), ..owed });
        }
        Ok(())
    })?;
    run.store.each("gone/", |key, row: GoneRow| {
        if let Some((operation, reason, _)) = row.held.clone() {
            batch.put(key, &GoneRow { held: Some((operation, reason, nobody.clone())), ..row });
        }
        Ok(())
    })?;
    run.quiet.extend(batch);
    Ok(())
}

/// Ids that markers of this mailbox carry: first the one that the account writes, then those that it would have written
/// without its rows.
pub(super) fn marker_ids(state: &AccountState, settings: &Settings) -> Vec<Uuid> {
    let tenant = &settings.account.tenant;
    let of_directory = state.directory.as_ref().map(|directory| identity::mailbox_of_directory(tenant, directory));
    let of_address = identity::mailbox(tenant, &settings.account.address);
    let mut ids: Vec<Uuid> = state.mailbox.into_iter().collect();
    for id in of_directory.into_iter().chain([of_address]) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}
