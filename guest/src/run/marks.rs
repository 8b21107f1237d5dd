//! Taking the sync's markers off everything in the mailbox that carries one: listed folder by folder, and what no listing
//! shows but a link knows, by its id. A second listing is the proof that none is left.

use super::forget::{CHUNK, Left, advance, persist, refusal, whole};
use super::state::AccountState;
use super::whose::MailboxRow;
use super::work::{ends_run, read_both};
use super::{Run, Staged};
use crate::activity::SideId;
use crate::ask::Fault;
use crate::digest::Digest;
use crate::identity::Marker;
use crate::link::Link;
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome};
use crate::side::{Found, Mark};
use crate::store::{self, Batch};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A listing is asked for so often before its folder counts as unread.
const TRIES: usize = 4;

/// Takes all of them off; in a preview they are only told.
pub(super) fn take_all(run: &mut Run, left: &mut Left) -> Staged<()> {
    let tenants = mailboxes(run)?;
    let folders: Vec<(String, String)> = run
        .folders
        .iter()
        .filter(|folder| folder.writable)
        .map(|folder| (folder.id.clone(), folder.name.clone()))
        .collect();
    let mut listed = BTreeSet::new();
    for (id, name) in folders.into_iter().chain(bins(run, left)?) {
        let mut marks = match list(run, &id)? {
            Ok(marks) => marks,
            Err(fault) => {
                left.folders.push(format!("{name} ({fault})"));
                continue;
            }
        };
        marks.retain(|mark| !left.planned.contains(&mark.item));
        listed.extend(marks.iter().map(|mark| mark.item.clone()));
        let marks = ours(run, &tenants, marks, true)?;
        let some = !marks.is_empty();
        take(run, &marks)?;
        if some && !run.options.dry_run {
            match list(run, &id)? {
                Ok(marks) => left.marks += u64::try_from(ours(run, &tenants, marks, false)?.len()).unwrap_or(0),
                Err(fault) => left.folders.push(format!("{name} ({fault})")),
            }
        }
    }
    unlisted(run, &listed, &tenants, left)
}

/// Folders of what was deleted, as far as they can be listed.
fn bins(run: &mut Run, left: &mut Left) -> Staged<Vec<(String, String)>> {
    let name = || "Deleted Items".to_owned();
    let bins = run.send(run.mailbox.bins())?;
    match bins {
        Ok(bins) => Ok(bins.into_iter().map(|id| (id, name())).collect()),
        Err(fault) => {
            left.folders.push(format!("{} ({})", name(), whole(fault)?));
            Ok(Vec::new())
        }
    }
}

/// Ids by which the markers of this tenant's mailboxes are known.
fn mailboxes(run: &Run) -> Staged<Vec<Uuid>> {
    let mut accounts = BTreeSet::new();
    let mut after: Option<String> = None;
    loop {
        let (keys, next) = run.store.keys("mailbox/", after.as_deref())?;
        accounts.extend(run.store.get::<MailboxRow>(&keys)?.into_iter().flatten().map(|row| row.account));
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let keys: Vec<String> =
        accounts.iter().map(|account| format!("account/{}/state", store::escape(account))).collect();
    let states: Vec<Option<AccountState>> = run.store.get(&keys)?;
    let others = states.into_iter().flatten().filter_map(|state| state.mailbox);
    Ok(run.marker_ids.iter().copied().chain(others).collect())
}

/// All markers of a folder.
fn list(run: &mut Run, folder: &str) -> Staged<Result<Vec<Mark>, Fault>> {
    let (mut all, mut cursor, mut wait, mut tries) = (Vec::new(), String::new(), 0_u64, 0_usize);
    loop {
        run.step("unmark", 0, None)?;
        let page = run.send(run.mailbox.marked(folder, &cursor).after(wait))?;
        match page {
            Ok(page) => {
                all.extend(page.items);
                (wait, tries) = (0, 0);
                match page.next {
                    Some(next) => cursor = next,
                    None => return Ok(Ok(all)),
                }
            }
            Err(Fault::Again(milliseconds)) if tries < TRIES => {
                tries += 1;
                wait = milliseconds;
            }
            Err(fault) => return Ok(Err(whole(fault)?)),
        }
    }
}

/// Those that the sync of this tenant left. Another site's stay, and are told.
fn ours(run: &mut Run, tenants: &[Uuid], marks: Vec<Mark>, tell: bool) -> Staged<Vec<Mark>> {
    let (mut mine, mut entries) = (Vec::new(), Vec::new());
    for mark in marks {
        let marker = Marker::decode(&mark.marker);
        // Nobody else writes what cannot be read.
        let known = marker.as_ref().is_none_or(|marker| tenants.contains(&marker.mailbox));
        if known || linked(run, &mark, marker.as_ref())? {
            mine.push(mark);
        } else if tell {
            entries.push(entry(&mark, None, Outcome::Noted, Reason::ForeignMark, String::new()));
        }
    }
    run.commit(Batch::default(), entries)?;
    Ok(mine)
}

/// The item is linked with the activity that its marker names: one whose organizer's account has been forgotten.
fn linked(run: &Run, mark: &Mark, marker: Option<&Marker>) -> Staged<bool> {
    let Some(marker) = marker else { return Ok(false) };
    let link: Option<Link> = run.store.one(run.store.link_key(marker.activity))?;
    Ok(link.is_some_and(|link| link.mailbox.id == mark.item))
}

fn take(run: &mut Run, marks: &[Mark]) -> Staged<u64> {
    let mut failed = 0;
    let total = u64::try_from(marks.len()).ok();
    for (number, marks) in marks.chunks(CHUNK).enumerate() {
        run.step("unmark", u64::try_from(number * CHUNK).unwrap_or(0), total)?;
        let links = links(run, marks)?;
        if run.options.dry_run {
            let planned = |(mark, link): (&Mark, &Option<Link>)| {
                entry(mark, link.as_ref(), Outcome::Planned, Reason::Forgotten, String::new())
            };
            let entries = marks.iter().zip(&links).map(planned).collect();
            run.commit(Batch::default(), entries)?;
            continue;
        }
        if number == 0 {
            advance(run, Vec::new())?;
        }
        let results = persist(run, SideId::Mailbox, marks, |side, marks| side.unmark(marks))?;
        let (mut entries, mut stop) = (Vec::new(), None);
        for ((mark, link), result) in marks.iter().zip(&links).zip(results) {
            let (outcome, reason, detail) = match result {
                Ok(_) => (Outcome::Written, Reason::Forgotten, String::new()),
                Err(fault) => {
                    failed += 1;
                    stop = stop.or_else(|| ends_run(SideId::Mailbox, &fault));
                    (Outcome::Failed, refusal(&fault), fault.to_string())
                }
            };
            run.writes = run.writes.saturating_add(u32::from(outcome == Outcome::Written));
            entries.push(entry(mark, link.as_ref(), outcome, reason, detail));
        }
        advance(run, entries)?;
        if let Some(stop) = stop {
            return Err(stop);
        }
    }
    Ok(failed)
}

fn links(run: &Run, marks: &[Mark]) -> Staged<Vec<Option<Link>>> {
    let key = |mark: &Mark| {
        let activity = Marker::decode(&mark.marker).map(|marker| marker.activity).unwrap_or_default();
        run.store.link_key(activity)
    };
    Ok(run.store.get(&marks.iter().map(key).collect::<Vec<_>>())?)
}

fn entry(mark: &Mark, link: Option<&Link>, outcome: Outcome, reason: Reason, detail: String) -> Entry {
    let link = link.filter(|link| link.mailbox.id == mark.item);
    Entry {
        operation: Digest::of(&("unmark", &mark.item, &mark.part)).short().to_owned(),
        outcome,
        action: Action::Unmark,
        target: SideId::Mailbox,
        activity: Marker::decode(&mark.marker).map(|marker| marker.activity.to_string()),
        item: Some(mark.item.clone()),
        title: link.map_or_else(|| mark.title.clone(), |link| link.title.clone()),
        start: link.and_then(|link| link.start).map(|start| start.timestamp_millis()),
        units: Vec::new(),
        reason,
        detail,
    }
}

/// What the sync made and no listing shows: it lies in Deleted Items, or in a folder that cannot be listed.
fn unlisted(run: &mut Run, listed: &BTreeSet<String>, tenants: &[Uuid], left: &mut Left) -> Staged<()> {
    let mut ids = Vec::new();
    run.store.each("link/", |_, link: Link| {
        let item = link.mailbox.id;
        let known = listed.contains(&item) || left.planned.contains(&item);
        if link.nonce.is_some() && !item.is_empty() && !known {
            ids.push(item);
        }
        Ok(())
    })?;
    for ids in ids.chunks(CHUNK) {
        run.step("unmark", 0, None)?;
        let (_, found) = read_both(run, &[], ids)?;
        let mut marks = Vec::new();
        for (id, found) in ids.iter().zip(found) {
            match found {
                Ok(Found::Here(seen)) if seen.marker.is_some() => match run.mailbox.mark_of(&seen) {
                    Some(mark) => marks.push(mark),
                    None => left.marks += 1,
                },
                Ok(_) => {}
                Err(fault) => left.folders.push(format!("the item {} ({fault})", crate::text::cut(id, 40))),
            }
        }
        let marks = ours(run, tenants, marks, true)?;
        left.marks += take(run, &marks)?;
    }
    Ok(())
}
