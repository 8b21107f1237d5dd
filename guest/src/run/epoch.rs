//! Links out of storage and back into it. Putting them back begins a new epoch: the pairs stand, but nothing is known of what
//! the sides held; calendars and activities are read from their beginning, and what that does not show is removed nowhere.
//!
//! A restore comes in pieces. Its first commit says that it has begun, its last that it has ended; in between every run is
//! refused, and a restore that was cut off is begun again.

use super::shared::leave;
use super::state::{AccountState, ItemRow};
use super::whose::{self, Opened};
use super::{RunError, adrift, run_id};
use crate::capability::Capabilities;
use crate::link::{End, Link, LinkState};
use crate::links::{self, Any, FORMAT, Header, Line, Total, VERSION};
use crate::report::Report;
use crate::settings::{Account, Settings};
use crate::store::{Batch, LAYOUT};
use std::collections::BTreeSet;

/// Links a page, and a commit.
const CHUNK: u32 = 200;

/// A page of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPage {
    /// Lines, in order.
    pub lines: Vec<String>,
    /// What to ask the next page with; none after the last.
    pub next: Option<String>,
}

/// How to restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreOptions {
    /// The host's id of the restore.
    pub run: String,
    /// Look at the lines only.
    pub dry_run: bool,
    /// Put the links in the place of those that the account has.
    pub replace: bool,
    /// How many links the pieces before held.
    pub position: u64,
    /// No piece follows.
    pub last: bool,
}

fn own(caps: Capabilities<'_>, account: Account) -> Result<(Settings, String), RunError> {
    let settings = Settings::new(account, caps.clock.now()).map_err(RunError::Settings)?;
    let rows = whose::rows_of(caps.storage, &settings.account.id)?;
    Ok((settings, rows))
}

fn refused(why: String) -> RunError {
    RunError::Settings(vec![why])
}

/// A page of an account's links.
///
/// # Errors
/// Nothing is stored for the account, or storage cannot be read.
pub fn links(caps: Capabilities<'_>, account: Account, after: Option<&str>) -> Result<LinkPage, RunError> {
    let (settings, rows) = own(caps, account)?;
    let Opened { store, state, stored, .. } = whose::open(caps, &rows, "links")?;
    if !stored {
        return Err(refused(format!("nothing is stored for the account {}; run a sync first", settings.account.id)));
    }
    unfinished(&state)?;
    let mut lines = Vec::new();
    let (mut number, last) = match after.and_then(|after| after.split_once(' ')) {
        Some((number, key)) => (number.parse().unwrap_or(0_u64), Some(key.to_owned())),
        None => {
            lines.push(links::text(&header(&settings, &rows, state, caps.clock.now())));
            (0, None)
        }
    };
    let (found, next) = store.piece::<Link>("link/", last.as_deref(), CHUNK)?;
    number += u64::try_from(found.len()).unwrap_or(0);
    lines.extend(found.iter().map(|(_, link)| links::text(&Line::from(link))));
    if next.is_none() {
        lines.push(links::text(&Total { links: number }));
    }
    Ok(LinkPage { lines, next: next.map(|key| format!("{number} {key}")) })
}

fn header(settings: &Settings, rows: &str, state: AccountState, now: chrono::DateTime<chrono::Utc>) -> Header {
    Header {
        format: FORMAT.into(),
        version: VERSION,
        tenant: settings.account.tenant.clone(),
        account: rows.to_owned(),
        address: settings.account.address.clone(),
        directory: state.directory,
        calendar: state.calendar,
        contact: state.contact,
        marker: state.mailbox,
        removals: state.removals,
        written: now,
    }
}

/// A restore that was cut off has left only a part of the links, and so has a forgetting.
pub(super) fn unfinished(state: &AccountState) -> Result<(), RunError> {
    if state.forgetting.is_some() {
        let text = "forgetting the account has begun and not ended; forget it once more, or put its links back";
        return Err(RunError::State(text.into()));
    }
    match state.restoring {
        None => Ok(()),
        Some(_) => Err(RunError::State(
            "a restore of the account's links has begun and not ended; restore them once more, from the beginning"
                .into(),
        )),
    }
}

/// Puts a piece of an account's links back.
///
/// # Errors
/// Why the lines cannot be put back. Nothing of this piece was.
pub fn restore(
    caps: Capabilities<'_>,
    account: Account,
    lines: &[String],
    options: &RestoreOptions,
) -> Result<Report, RunError> {
    run_id(&options.run)?;
    let (settings, rows) = own(caps, account)?;
    let mut opened = whose::open(caps, &rows, &options.run)?;
    let Piece { header, links, total } = piece(lines, options.position)?;
    let after = options.position + u64::try_from(links.len()).unwrap_or(0);
    if let Some(total) = total.filter(|total| total.links != after) {
        let text =
            format!("the file says that it has {} links, and has {after}: it was cut or put together", total.links);
        return Err(refused(text));
    }
    if options.last && total.is_none() {
        return Err(refused("the file lacks its last line, which says how many links it has: it was cut".into()));
    }
    match &header {
        Some(header) => fits(header, &settings, &opened, options)?,
        None if !options.dry_run && opened.state.restoring != Some(options.position) => {
            let text = "the pieces of a restore must come in their order, from the first; begin again";
            return Err(refused(text.into()));
        }
        None => {}
    }
    let mut report = Report::default();
    report.count("restored", None, "", u64::try_from(links.len()).unwrap_or(0));
    if options.dry_run {
        return Ok(report);
    }
    if let Some(header) = header {
        begin(&mut opened, *header)?;
    }
    for links in links.chunks(usize::try_from(CHUNK).unwrap_or(200)) {
        put(&mut opened, &settings, links, caps)?;
    }
    if total.is_some() {
        opened.state.restoring = None;
        let mut batch = Batch::default();
        batch.put(opened.store.key("state"), &opened.state);
        opened.store.commit(batch, Vec::new())?;
    }
    Ok(report)
}

/// What a piece holds.
struct Piece {
    header: Option<Box<Header>>,
    links: Vec<Line>,
    total: Option<Total>,
}

fn piece(lines: &[String], position: u64) -> Result<Piece, RunError> {
    let mut piece = Piece { header: None, links: Vec::new(), total: None };
    let (mut activities, mut items) = (BTreeSet::new(), BTreeSet::new());
    for (at, text) in lines.iter().enumerate() {
        let number = position + u64::try_from(at).unwrap_or(0) + 1 + u64::from(position > 0);
        let wrong = |why: String| refused(format!("line {number} cannot be restored: {why}"));
        let first = position == 0 && at == 0;
        match links::read(text).map_err(wrong)? {
            Any::Header(header) if first => piece.header = Some(header),
            Any::Header(_) => return Err(wrong("only the first line says whose links they are".into())),
            _ if first => return Err(wrong("the first line must say whose links they are".into())),
            _ if piece.total.is_some() => return Err(wrong("it follows the last line".into())),
            Any::Total(total) => piece.total = Some(total),
            Any::Link(link) => {
                if !activities.insert(link.activity) || (!link.item.is_empty() && !items.insert(link.item.clone())) {
                    return Err(wrong("its activity or its item is linked twice".into()));
                }
                piece.links.push(*link);
            }
        }
    }
    Ok(piece)
}

/// The links are this account's, and it has none, or is to lose them.
fn fits(header: &Header, settings: &Settings, opened: &Opened, options: &RestoreOptions) -> Result<(), RunError> {
    let account = &settings.account;
    if header.tenant != account.tenant {
        let text = format!("the links are of the tenant {}, and this is {}", header.tenant, account.tenant);
        return Err(refused(text));
    }
    let same = header.account == account.id
        || header.account == opened.account
        || header.address.eq_ignore_ascii_case(&account.address);
    let known = opened.state.directory.as_ref().zip(header.directory.as_ref());
    if !same || known.is_some_and(|(here, there)| here != there) {
        let text = format!(
            "the links are of the mailbox {} (account \"{}\"), and this is {}: name that account",
            header.address, header.account, account.address
        );
        return Err(refused(text));
    }
    if opened.stored && opened.state.restoring.is_none() && !options.replace {
        let text = format!(
            "the account {} has stored state with {} links; say that they are to be replaced, if that is meant",
            account.id, opened.state.links
        );
        return Err(refused(text));
    }
    Ok(())
}

/// Says that a restore has begun, and takes away what is there.
fn begin(opened: &mut Opened, header: Header) -> Result<(), RunError> {
    let state = &mut opened.state;
    let removals = if state.removals.is_empty() { header.removals } else { std::mem::take(&mut state.removals) };
    *state = AccountState {
        layout: LAYOUT,
        mailbox: header.marker,
        directory: header.directory,
        calendar: header.calendar,
        contact: header.contact,
        removals,
        restoring: Some(0),
        ..AccountState::default()
    };
    let mut batch = Batch::default();
    batch.put(opened.store.key("state"), &opened.state);
    if opened.shared != Some(LAYOUT) {
        batch.put(whose::TENANT.to_owned(), &whose::TenantRow { layout: LAYOUT });
    }
    opened.store.commit(batch, Vec::new())?;
    let kept = [opened.store.key("state"), opened.store.key("run")];
    let mut after: Option<String> = None;
    loop {
        let (rows, next) = opened.store.piece::<serde_json::Value>("", after.as_deref(), CHUNK)?;
        let mut batch = Batch::default();
        for (key, row) in rows.into_iter().filter(|(key, _)| !kept.contains(key)) {
            if key.starts_with(&opened.store.key("link/"))
                && let Some(identity) = row.get("identity").and_then(serde_json::Value::as_str)
            {
                leave(&opened.store, &opened.account, identity, false, &mut batch)?;
            }
            batch.delete(key);
        }
        opened.store.commit(batch, Vec::new())?;
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(())
}

fn put(opened: &mut Opened, settings: &Settings, links: &[Line], caps: Capabilities<'_>) -> Result<(), RunError> {
    let store = &opened.store;
    let mut batch = Batch::default();
    let keys: Vec<String> = links.iter().map(|line| store.link_key(line.activity)).collect();
    let items: Vec<String> = links.iter().map(|line| store.item_key(&line.item)).collect();
    let taken: Vec<Option<Link>> = store.get(&keys)?;
    let known: Vec<Option<ItemRow>> = store.get(&items)?;
    for ((line, (key, item)), (taken, known)) in
        links.iter().zip(keys.into_iter().zip(items)).zip(taken.into_iter().zip(known))
    {
        if taken.is_some() || (known.is_some() && !line.item.is_empty()) {
            let text = format!("the activity {} or its item is linked twice in the file", line.activity);
            return Err(refused(text));
        }
        let mut link = link(line, settings, caps.clock.now());
        if link.adrift() {
            // Its mailbox had moved, and it was still looking for its item.
            adrift::cast_off(store, &settings.account.tenant, &mut link, &mut batch);
        } else {
            batch.put(key, &link);
            let row = ItemRow {
                id: line.item.clone(),
                link: Some(line.activity),
                version: String::new(),
                folder: line.folder.clone(),
                print: None,
                marker: None,
                alike: None,
                policy: settings.full_hash(),
            };
            batch.put(item, &row);
        }
    }
    let active = links.iter().filter(|line| line.state == LinkState::Active).count();
    opened.state.links += i64::try_from(active).unwrap_or(0);
    let before = opened.state.restoring.unwrap_or(0);
    opened.state.restoring = Some(before + u64::try_from(links.len()).unwrap_or(0));
    batch.put(store.key("state"), &opened.state);
    store.commit(batch, Vec::new())?;
    Ok(())
}

/// A link of which only the pair is known.
fn link(line: &Line, settings: &Settings, now: chrono::DateTime<chrono::Utc>) -> Link {
    let line = line.clone();
    Link {
        activity: line.activity,
        creatio: End::known(line.activity.to_string()),
        mailbox: End::known(line.item),
        folder: line.folder,
        identity: line.identity,
        origin: line.origin,
        state: line.state,
        policy: settings.policy_hash(),
        generation: line.generation,
        nonce: line.nonce,
        earlier: line.earlier,
        marked_as: line.marked_as,
        place_column: settings.policies.other_place_column(),
        restored: true,
        normalised: Vec::new(),
        recorded: now,
        title: line.title,
        start: line.start,
        end: line.end,
        finished: line.finished,
        attended: line.attended,
        made: None,
        owned: false,
    }
}
