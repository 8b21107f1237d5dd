//! Pairing: every item that has no link becomes the mailbox half of a pair, or is written down as what it is instead.

use super::adrift::{self, Pass};
use super::judge::{Match, judge, missed, originals};
use super::note::observed;
use super::state::{ActivityRow, ItemRow};
use super::{Run, Staged, double, fatal, tell, unread, work};
use crate::activity::{Seen, SideId};
use crate::ask::Fault;
use crate::digest::Digest;
use crate::owed::{Observation, Owed, Subject, Why};
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome};
use crate::side::{Found, Mark};
use crate::store::Batch;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Items at a time.
const CHUNK: usize = 100;
/// More new items than this, and one listing of marked items costs less than reading each.
const LISTING: usize = 20;

/// Pairs all items that have no link.
pub(super) fn pair(run: &mut Run) -> Staged<()> {
    run.publish(&["seen/", "owed/", "print/"])?;
    if run.quiet.keys_below(&run.store.key("gone/")).next().is_some() {
        run.commit(Batch::default(), Vec::new())?;
    }
    let mut items = subjects(run)?;
    mark(run, &items)?;
    let total = items.len();
    for pass in Pass::ALL {
        let mut later = Vec::new();
        let mut done = 0_usize;
        while !items.is_empty() {
            run.step("match", u64::try_from(done).unwrap_or(0), u64::try_from(total).ok())?;
            let rest = items.split_off(items.len().min(CHUNK));
            later.extend(chunk(run, &items, total > LISTING, pass)?);
            done += items.len();
            items = rest;
        }
        items = later;
    }
    Ok(())
}

/// Ids of the items to pair: those observed, and those owed that are due.
fn subjects(run: &Run) -> Staged<Vec<String>> {
    let mut items = BTreeSet::new();
    let mut twins = BTreeSet::new();
    run.store.each("seen/i/", |_, observation: Observation| {
        if let Subject::Item(id) = observation.subject {
            items.insert(id);
        }
        Ok(())
    })?;
    run.store.each("owed/i/", |_, owed: Owed| {
        let due = owed.due(run.started, &run.full_policy, &run.writable, run.only());
        if let Subject::Item(id) = owed.subject {
            if due {
                items.insert(id);
            } else if owed.reason == Reason::MovedTwins {
                twins.insert(id);
            }
        }
        Ok(())
    })?;
    // Which of them is whose may be told by what became of another one.
    if !items.is_empty() {
        items.extend(twins);
    }
    Ok(items.into_iter().collect())
}

/// Where there are many, learns their markers by one listing for each folder.
fn mark(run: &mut Run, items: &[String]) -> Staged<()> {
    if items.len() <= LISTING {
        return Ok(());
    }
    let folders = run.places();
    for folder in folders {
        mark_folder(run, &folder)?.map_err(|fault| fatal(SideId::Mailbox, fault))?;
    }
    Ok(())
}

/// Learns the markers of a folder's items, as far as it answers.
pub(super) fn mark_folder(run: &mut Run, folder: &str) -> Staged<Result<(), Fault>> {
    let mut cursor = String::new();
    loop {
        run.step("match", 0, None)?;
        let page = run.send(run.mailbox.marked(folder, &cursor))?;
        let page = match page {
            Ok(page) => page,
            Err(fault) => {
                return match work::ends_run(SideId::Mailbox, &fault) {
                    Some(stop) => Err(stop),
                    None => Ok(Err(fault)),
                };
            }
        };
        let keys: Vec<String> = page.items.iter().map(|mark| run.store.item_key(&mark.item)).collect();
        let rows: Vec<Option<ItemRow>> = run.store.get(&keys)?;
        for ((key, row), Mark { marker, .. }) in keys.into_iter().zip(rows).zip(page.items) {
            if let Some(row) = row.filter(|row| row.link.is_none() && row.marker.as_ref() != Some(&marker)) {
                run.quiet.put(key, &ItemRow { marker: Some(marker), ..row });
            }
        }
        run.commit(Batch::default(), Vec::new())?;
        match page.next {
            Some(next) => cursor = next,
            None => return Ok(Ok(())),
        }
    }
}

/// Pairs some items; gives those that a later pass has to tell.
fn chunk(run: &mut Run, ids: &[String], listed: bool, pass: Pass) -> Staged<Vec<String>> {
    let mut later = Vec::new();
    let seen_keys: Vec<String> =
        ids.iter().map(|id| run.store.seen_key(&Subject::Item(id.clone()), SideId::Mailbox)).collect();
    let observations: Vec<Option<Observation>> = run.store.get(&seen_keys)?;
    let mut rows = rows_of(run, ids)?;
    let mut found: BTreeMap<String, Seen> = BTreeMap::new();
    let mut unread: Vec<String> = Vec::new();
    for ((id, observation), row) in ids.iter().zip(&observations).zip(&rows) {
        match shown(run, observation.as_ref(), row.as_ref()) {
            // Few items are read one by one: that shows their markers, which a feed does not. What a masked one looks like
            // is nowhere stored.
            Some(seen) if listed && !seen.masked => {
                found.insert(id.clone(), seen);
            }
            _ => unread.push(id.clone()),
        }
    }
    let mut failed: BTreeMap<String, Fault> = BTreeMap::new();
    if !unread.is_empty() {
        let (_, answers) = work::read_both(run, &[], &unread)?;
        for (id, answer) in unread.into_iter().zip(answers) {
            match answer {
                Ok(Found::Here(mut seen)) => {
                    let row = rows.iter().flatten().find(|row| row.id == id);
                    seen.folder = seen.folder.or_else(|| row.map(|row| row.folder.clone()));
                    found.insert(id, *seen);
                }
                Ok(Found::Absent) => {}
                Err(fault) => {
                    failed.insert(id, fault);
                }
            }
        }
    }
    if !failed.is_empty() {
        rows = unread::unreadable(run, ids, rows, &observations, &mut found, &mut failed)?;
    }
    let missed = missed(run, &found, !listed)?;
    let originals = originals(run, &found)?;
    let mut items: Vec<(&String, Option<ItemRow>)> = ids.iter().zip(rows).collect();
    items.sort_by_key(|(id, _)| !originals.contains(*id));
    for (id, row) in items {
        if let Some(fault) = failed.remove(id) {
            unread::fail(run, id, &fault)?;
            continue;
        }
        let verdict = match found.get(id) {
            Some(seen) => judge(run, seen, &missed, pass)?,
            None => Match::Gone,
        };
        if matches!(verdict, Match::Later) {
            later.push(id.clone());
            continue;
        }
        if let Match::Unknown(fault) = verdict {
            unread::fail(run, id, &fault)?;
            continue;
        }
        settle(run, id, row, found.remove(id), verdict)?;
    }
    run.commit(Batch::default(), Vec::new())?;
    Ok(later)
}

pub(super) fn rows_of(run: &Run, ids: &[String]) -> Staged<Vec<Option<ItemRow>>> {
    Ok(run.store.get(&ids.iter().map(|id| run.store.item_key(id)).collect::<Vec<_>>())?)
}

/// An item as a feed showed it in this run, with the marker that a listing told.
pub(super) fn shown(run: &Run, observation: Option<&Observation>, row: Option<&ItemRow>) -> Option<Seen> {
    let fresh = observation.filter(|observation| observation.run == run.options.run)?;
    let mut seen = fresh.mailbox.as_deref()?.clone();
    seen.marker = row.and_then(|row| row.marker.clone());
    Some(seen)
}

/// Writes down what pairing came to.
fn settle(run: &mut Run, id: &str, row: Option<ItemRow>, seen: Option<Seen>, verdict: Match) -> Staged<()> {
    let subject = Subject::Item(id.to_owned());
    let owed_key = run.store.owed_key(&subject);
    let mut batch = Batch::default();
    batch.delete(run.store.seen_key(&subject, SideId::Mailbox));
    let mut entries = Vec::new();
    if !matches!(verdict, Match::Held(Reason::MovedTwins))
        && let Some(mut row) = run.store.one::<ItemRow>(run.store.item_key(id))?.filter(|row| row.alike.is_some())
    {
        adrift::leave(&mut row, &mut batch);
        batch.put(run.store.item_key(id), &row);
    }
    if !matches!(verdict, Match::Held(_))
        && let Some(owed) = run.store.one::<Owed>(owed_key.clone())?
    {
        entries
            .extend(owed.operations.iter().map(|operation| tell::settled(operation, Some(id.to_owned()), &owed.title)));
    }
    match verdict {
        Match::Of(activity) => {
            batch.delete(owed_key);
            observed(run, Subject::Activity(activity), SideId::Mailbox, seen.map(Box::new), &mut batch);
        }
        Match::Moved(mut link) => {
            batch.delete(owed_key);
            batch.delete(run.store.item_key(&link.mailbox.id));
            batch.delete(super::note::gone_key(run, SideId::Mailbox, link.activity));
            id.clone_into(&mut link.mailbox.id);
            let mut row = row.unwrap_or_else(|| new_row(run, id, seen.as_ref()));
            if let Some(print) = row.print.take() {
                batch.delete(print);
            }
            row.link = Some(link.activity);
            batch.put(run.store.item_key(id), &row);
            batch.put(run.store.link_key(link.activity), &*link);
            observed(run, Subject::Activity(link.activity), SideId::Mailbox, seen.map(Box::new), &mut batch);
        }
        Match::Gone => {
            batch.delete(owed_key);
            batch.delete(run.store.item_key(id));
            if let Some(print) = row.and_then(|row| row.print) {
                batch.delete(print);
            }
        }
        Match::Leave(reason) => {
            batch.delete(owed_key);
            // What merely lies in a folder that is not imported is not worth a word.
            if reason != Reason::LeftScope {
                run.report.count("left-alone", Some(SideId::Mailbox), reason.code(), 1);
            }
        }
        Match::Held(reason) => {
            let operation = Digest::of(&("held", reason, id)).short().to_owned();
            let old: Option<Owed> = run.store.one(owed_key.clone())?;
            let title = seen.as_ref().map(|seen| seen.title().to_owned()).unwrap_or_default();
            // No yes tells which of several it is: whoever gives one hears that it is still held.
            let chosen = run.only().is_some_and(|only| only.contains(&operation));
            if chosen {
                run.chosen.insert(operation.clone());
            }
            if !old.is_some_and(|owed| owed.operations.contains(&operation)) || run.options.dry_run || chosen {
                entries.push(Entry {
                    operation: operation.clone(),
                    outcome: Outcome::Held,
                    action: Action::Create,
                    target: SideId::Creatio,
                    activity: None,
                    item: Some(id.to_owned()),
                    title: title.clone(),
                    start: seen.as_ref().and_then(|seen| tell::begins(run, seen)).map(|start| start.timestamp_millis()),
                    units: Vec::new(),
                    reason,
                    detail: String::new(),
                });
            }
            let owed = Owed {
                // What it waits for may change where no feed tells of it.
                retry: Some(run.started + chrono::Duration::hours(24)),
                operations: vec![operation],
                title,
                ..run.owed(subject, Why::Held, reason)
            };
            batch.put(owed_key, &owed);
        }
        // It was told as failed, and is tried again; or it is looked at once more in this run.
        Match::Unknown(_) | Match::Later => {}
        Match::Double(link) => {
            let version = seen.map(|seen| seen.version).unwrap_or_default();
            entries.extend(double::remove(run, &link, (id, version), subject, &mut batch)?);
        }
    }
    run.quiet.extend(batch);
    if !entries.is_empty() {
        run.commit(Batch::default(), entries)?;
    }
    Ok(())
}

fn new_row(run: &Run, id: &str, seen: Option<&Seen>) -> ItemRow {
    ItemRow {
        id: id.to_owned(),
        link: None,
        version: seen.map(|seen| seen.version.clone()).unwrap_or_default(),
        folder: seen.and_then(|seen| seen.folder.clone()).unwrap_or_default(),
        print: None,
        marker: None,
        alike: None,
        policy: run.full_policy.clone(),
    }
}

/// An activity that is linked is not loose any more.
pub(super) fn unloose(run: &Run, activity: Uuid, batch: &mut Batch) -> Staged<()> {
    let key = super::note::activity_key(run, activity);
    if let Some(row) = run.store.one::<ActivityRow>(key.clone())? {
        batch.delete(key);
        if let Some(print) = row.print {
            batch.delete(print);
        }
    }
    Ok(())
}
