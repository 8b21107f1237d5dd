//! Settling what an interrupted run had written ahead: what of it arrived is found by id, marker and digest, and the
//! decision that was recorded with it stands; what did not is forgotten, and looked at anew.

use super::ahead::{WalOperation, WalRow, WalUnit, wal_key};
use super::note::{observed, touch};
use super::shared::store_link;
use super::state::{LoserRow, MeetingRow};
use super::{Run, Staged, before, retire, work};
use crate::activity::{Seen, SideId, State, Unit, Value};
use crate::ask::Fault;
use crate::attempt;
use crate::deliberate::Deliberate;
use crate::identity::Marker;
use crate::link::{Link, LinkState};
use crate::owed::{Owed, Subject, Why};
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome, UnitChange};
use crate::side::{Found, Lost, Search, Side, Whereabouts};
use crate::store::Batch;
use std::collections::BTreeMap;

/// What a side holds of a pair now.
enum Now {
    Here(Box<Seen>),
    Absent,
    Unknown,
}

/// Settles everything that was written ahead.
pub(super) fn settle(run: &mut Run) -> Staged<()> {
    let mut rows: Vec<WalRow> = Vec::new();
    run.store.each("wal/", |_, row| {
        rows.push(row);
        Ok(())
    })?;
    let total = u64::try_from(rows.len()).ok();
    let mut done = 0_u64;
    let size = run.mailbox.chunk();
    for rows in rows.chunks(size) {
        run.step("settle", done, total)?;
        chunk(run, rows)?;
        done += u64::try_from(rows.len()).unwrap_or(0);
    }
    Ok(())
}

fn writes(row: &WalRow, side: SideId) -> bool {
    row.operations.iter().any(|operation| operation.target == side)
}

fn creates_item(row: &WalRow) -> bool {
    row.operations.iter().any(|operation| operation.action.makes() && operation.target == SideId::Mailbox)
}

fn deletes_item(row: &WalRow) -> bool {
    row.operations.iter().any(|operation| operation.action == Action::Delete && operation.target == SideId::Mailbox)
}

fn chunk(run: &mut Run, rows: &[WalRow]) -> Staged<()> {
    let activities: Vec<String> =
        rows.iter().filter(|row| writes(row, SideId::Creatio)).map(|row| row.activity.to_string()).collect();
    let (deleted, rest): (Vec<&WalRow>, Vec<&WalRow>) =
        rows.iter().filter(|row| writes(row, SideId::Mailbox) && !creates_item(row)).partition(|row| deletes_item(row));
    let items: Vec<String> = rest.iter().map(|row| row.link.mailbox.id.clone()).collect();
    // In Deleted Items it can still be read.
    let lost: Vec<Lost> = deleted.iter().map(|row| Lost::of(&row.link, run.mailbox_id)).collect();
    let folders = run.places();
    let created: Vec<&WalRow> = rows.iter().filter(|row| creates_item(row)).collect();
    let searches: Vec<Search> =
        created.iter().map(|row| Search { markers: markers(run, row), folders: places(run, row) }).collect();
    let ask = run.creatio.read(&activities).and(run.mailbox.read(&items)).and(run.mailbox.find_each(&searches));
    let ask = ask.and(run.mailbox.whereabouts(&lost, &folders));
    let (((activity_answers, item_answers), mut found), mut whereabouts) = run.send(ask)?;
    super::whole::elsewhere(run, &mut whereabouts)?;
    super::whole::complete(run, found.iter_mut().flatten().flatten().collect())?;
    let mut creatio = by_id(activities, activity_answers, SideId::Creatio)?;
    let mut mailbox = by_id(items, item_answers, SideId::Mailbox)?;
    for (row, whereabouts) in deleted.iter().zip(whereabouts) {
        mailbox.insert(row.link.mailbox.id.clone(), still_there(work::own(run, row.activity, whereabouts)?)?);
    }
    let mut made = BTreeMap::new();
    for (row, found) in created.iter().zip(found) {
        let found = if Deliberate::NewTransaction.on() { Ok(Vec::new()) } else { found };
        made.insert(row.activity, newest(run, row, found)?);
    }
    for row in rows {
        let activity = creatio.remove(&row.activity.to_string());
        let item = made.remove(&row.activity).or_else(|| mailbox.remove(&row.link.mailbox.id));
        one(run, row, activity, item)?;
    }
    Ok(())
}

fn still_there(whereabouts: Whereabouts) -> Staged<Now> {
    match whereabouts {
        Whereabouts::Alive { seen } => Ok(Now::Here(seen)),
        Whereabouts::Gone | Whereabouts::Elsewhere { .. } => Ok(Now::Absent),
        Whereabouts::Unknown(fault) => match work::ends_run(SideId::Mailbox, &fault) {
            Some(stop) => Err(stop),
            None => Ok(Now::Unknown),
        },
    }
}

/// Folders in which the item of a create may be: those that hold its kind.
fn places(run: &Run, row: &WalRow) -> Vec<String> {
    let kind = run.folders.iter().find(|folder| folder.id == row.link.folder).map(|folder| folder.kind);
    run.folders
        .iter()
        .filter(|folder| folder.writable && kind.is_none_or(|kind| kind == folder.kind))
        .map(|folder| folder.id.clone())
        .collect()
}

fn markers(run: &Run, row: &WalRow) -> Vec<Marker> {
    row.attempts
        .iter()
        .map(|nonce| Marker { activity: row.activity, mailbox: run.mailbox_id, nonce: nonce.clone() })
        .collect()
}

fn by_id(ids: Vec<String>, answers: Vec<Result<Found, Fault>>, side: SideId) -> Staged<BTreeMap<String, Now>> {
    let mut all = BTreeMap::new();
    for (id, answer) in ids.into_iter().zip(answers) {
        let now = match answer {
            Ok(Found::Here(seen)) => Now::Here(seen),
            Ok(Found::Absent) => Now::Absent,
            Err(fault) => match work::ends_run(side, &fault) {
                Some(stop) => return Err(stop),
                None => Now::Unknown,
            },
        };
        all.insert(id, now);
    }
    Ok(all)
}

/// Of the items that our attempts made, the one of the latest attempt.
fn newest(run: &Run, row: &WalRow, found: Result<Vec<Seen>, Fault>) -> Staged<Now> {
    let found = match found {
        Ok(found) => found,
        Err(fault) => {
            return match work::ends_run(SideId::Mailbox, &fault) {
                Some(stop) => Err(stop),
                None => Ok(Now::Unknown),
            };
        }
    };
    let of = |nonce: &String| {
        let marker = Marker { activity: row.activity, mailbox: run.mailbox_id, nonce: nonce.clone() }.encode();
        found.iter().find(|seen| seen.marker.as_deref() == Some(&marker)).cloned()
    };
    Ok(row.attempts.iter().rev().find_map(of).map_or(Now::Absent, |seen| Now::Here(Box::new(seen))))
}

fn one(run: &mut Run, row: &WalRow, activity: Option<Now>, item: Option<Now>) -> Staged<()> {
    if matches!(activity, Some(Now::Unknown)) || matches!(item, Some(Now::Unknown)) {
        // It stays as it is, and the pair is left alone in this run.
        return Ok(());
    }
    let mut link = row.link.clone();
    let stored: Option<Link> = run.store.one(run.store.link_key(row.activity))?;
    // A pair that was only to be adopted is adopted anew: what was to be told of it was not told.
    let mut linked = row.linked || stored.is_some();
    // An activity that several accounts make of one meeting may be another one's.
    let several = !linked && shared_with_others(run, &link)?;
    let mut done = true;
    let mut batch = Batch::default();
    let mut entries = Vec::new();
    for operation in &row.operations {
        let now = match operation.target {
            SideId::Creatio => activity.as_ref(),
            SideId::Mailbox => item.as_ref(),
        };
        let another = row.duplicate || several;
        let arrived = apply(&mut link, operation, now, row, another);
        done &= arrived;
        if !arrived {
            let loses = operation.units.values().any(|unit| unit.lost.is_some());
            super::record::undone(stored.as_ref(), operation.target, loses, &mut link);
        }
        linked |= arrived && operation.action.makes();
        if (arrived || operation.action == Action::Update)
            && let Some(image) = operation.image.clone()
        {
            let now = match now {
                Some(Now::Here(seen)) => Some(seen.as_ref()),
                _ => None,
            };
            before::keep_settled(run, row, &operation.id, image, now, &mut batch)?;
        }
        if arrived && operation.action.makes() && operation.target == SideId::Mailbox {
            super::note::unshown(run, &link, &mut batch);
        }
        if arrived && operation.action == Action::Convert {
            retire::retire_later(run, &mut row.link.clone(), &mut batch);
        }
        if arrived {
            let removes = matches!(operation.action, Action::Cancel | Action::Delete);
            let at = run.started;
            if removes && !row.undoes {
                run.change_state(|state| state.removals.entry(operation.target).or_default().push(at));
            }
        }
        let losers = losers(operation, now);
        if arrived || !losers.is_empty() {
            keep_losers(run, &link, operation.target, &losers, &mut batch);
            entries.push(entry(&link, operation, &losers, arrived));
        }
    }
    if linked {
        let before = stored.is_some_and(|link| link.active());
        if done && let Some(state) = row.state {
            link.state = state;
            if matches!(state, LinkState::Ended { .. }) {
                for side in [SideId::Creatio, SideId::Mailbox] {
                    batch.delete(super::note::gone_key(run, side, link.activity));
                }
            }
        }
        let seen = match &item {
            Some(Now::Here(seen)) => Some(seen.as_ref()),
            _ => None,
        };
        store_link(run, &link, seen, &mut batch)?;
        let change = i64::from(link.active()) - i64::from(before);
        run.change_state(|state| state.links = state.links.saturating_add(change));
    } else if !link.mailbox.id.is_empty() {
        // An import that did not arrive: its item is paired anew, and should the activity land late, it is this item's.
        batch.put(super::note::tried_key(run, row.activity), &row.link);
        observed(run, Subject::Item(link.mailbox.id.clone()), SideId::Mailbox, None, &mut batch);
    }
    batch.delete(wal_key(run, row.activity));
    touch(run, row.activity, &mut batch);
    if creates_item(row) && !done {
        remember_attempts(run, row, &mut batch);
    } else {
        batch.delete(run.store.owed_key(&Subject::Activity(row.activity)));
    }
    run.commit(batch, entries)?;
    Ok(())
}

/// Other accounts of the tenant follow the meeting.
fn shared_with_others(run: &Run, link: &Link) -> Staged<bool> {
    let Some(identity) = link.identity.as_ref().filter(|_| link.attended) else { return Ok(false) };
    let row: Option<MeetingRow> = run.store.one(work::meeting_key(identity))?;
    Ok(row.is_some_and(|row| row.members.keys().any(|account| *account != run.account)))
}

/// A create that is not found may land late: what it will carry must be known then.
fn remember_attempts(run: &Run, row: &WalRow, batch: &mut Batch) {
    let subject = Subject::Activity(row.activity);
    let owed = Owed {
        retry: Some(run.started),
        attempts: if Deliberate::NewTransaction.on() { Vec::new() } else { row.attempts.clone() },
        // The server has seen this transaction and does not have its item any more: only another one makes a new item.
        generation: row.link.generation.saturating_add(u32::from(row.duplicate)),
        title: row.link.title.clone(),
        ..run.owed(subject.clone(), Why::Failed, Reason::UnknownOutcome)
    };
    batch.put(run.store.owed_key(&subject), &owed);
}

/// Applies the recorded decision as far as it arrived; says whether all of it did.
fn apply(link: &mut Link, operation: &WalOperation, now: Option<&Now>, row: &WalRow, another: bool) -> bool {
    match (operation.action, now) {
        (Action::Delete, Some(Now::Absent)) => true,
        // Another one was there before: the pair is looked at as it is.
        (Action::Create, Some(Now::Here(_))) if another && operation.target == SideId::Creatio => false,
        (Action::Create | Action::Convert, Some(Now::Here(seen))) => {
            if operation.action == Action::Convert {
                retire::forget_bases(link);
            }
            let nonce = seen.marker.as_deref().and_then(Marker::decode).map(|marker| marker.nonce);
            match nonce
                .as_deref()
                .filter(|_| operation.target == SideId::Mailbox && nonce.as_ref() != row.attempts.last())
            {
                Some(earlier) => take_earlier(link, operation, seen, earlier),
                None => take(link, operation, seen, true),
            }
            link.end_mut(operation.target).untouched |= !row.undoes;
            if operation.target == SideId::Mailbox {
                link.earlier =
                    row.attempts.iter().filter(|attempt| Some(*attempt) != nonce.as_ref()).cloned().collect();
                link.nonce = nonce;
                link.identity = seen.identity.clone().or(link.identity.take());
                link.folder = seen.folder.clone().unwrap_or_else(|| link.folder.clone());
            }
            true
        }
        (Action::Cancel, Some(Now::Here(seen))) => seen.state == State::Cancelled,
        (Action::Restore, Some(Now::Here(seen))) => {
            take(link, operation, seen, false);
            seen.state != State::Cancelled
        }
        (Action::Update, Some(Now::Here(seen))) => {
            let ours = Deliberate::SettleUnseen.on()
                || operation
                    .units
                    .iter()
                    .all(|(unit, write)| seen.values.get(unit).is_some_and(|value| value.digest() == write.sent));
            take(link, operation, seen, Deliberate::SettleUnseen.on());
            ours
        }
        _ => false,
    }
}

/// Moves the bases of the units that arrived. Of an item that we made every unit did: what differs now was edited since.
fn take(link: &mut Link, operation: &WalOperation, seen: &Seen, made: bool) {
    let (target, source) = (operation.target, operation.target.other());
    for (unit, write) in &operation.units {
        let arrived = seen.values.get(unit).is_some_and(|value| value.digest() == write.sent);
        if arrived || made {
            link.end_mut(target).bases.insert(*unit, write.sent.clone());
            if let Some(digest) = &write.source {
                link.take_base(source, *unit, digest.clone());
            }
        }
    }
    let end = link.end_mut(target);
    end.id.clone_from(&seen.id);
    // Not another version that is there now: the pair is looked at again and records it then.
    if end.version != seen.version {
        end.version.clear();
    }
    end.by_us = false;
    link.describe(seen);
}

/// Moves the bases of an item that an earlier attempt made than the one that was written ahead: what either side changed
/// since is told by what that attempt had sent.
fn take_earlier(link: &mut Link, operation: &WalOperation, seen: &Seen, nonce: &str) {
    take(link, operation, seen, true);
    for (unit, write) in &operation.units {
        if let Some(now) = seen.values.get(unit).map(Value::digest) {
            attempt::rebase(link, nonce, *unit, &write.sent, now);
        }
    }
}

/// The values that lost to an operation: all but those that its target still holds. Where the target does not show, or was
/// edited since, nothing can tell whether the write had arrived; a value is rather told once too often than never.
fn losers<'o>(operation: &'o WalOperation, now: Option<&Now>) -> Vec<(Unit, &'o Value)> {
    let held = |unit: &Unit, lost: &Value| match now {
        Some(Now::Here(seen)) => seen.values.get(unit) == Some(lost),
        _ => false,
    };
    let lost = |(unit, write): (&Unit, &'o WalUnit)| Some((*unit, write.lost.as_ref()?));
    operation.units.iter().filter_map(lost).filter(|(unit, lost)| !held(unit, lost)).collect()
}

/// What lost a conflict is kept, as the run that died would have kept it.
fn keep_losers(run: &Run, link: &Link, side: SideId, losers: &[(Unit, &Value)], batch: &mut Batch) {
    for (unit, value) in losers {
        let loser = LoserRow { side, value: (*value).clone(), run: run.options.run.clone(), at: run.started };
        batch.put(run.store.key(&format!("loser/{}/{}", link.activity, unit.code())), &loser);
    }
}

fn entry(link: &Link, operation: &WalOperation, losers: &[(Unit, &Value)], arrived: bool) -> Entry {
    let lost = |(unit, value): &(Unit, &Value)| UnitChange { unit: *unit, before: Some(value.display()), after: None };
    let units: Vec<UnitChange> = losers.iter().map(lost).collect();
    let detail = if arrived {
        "It had been written by a run that was interrupted."
    } else {
        "A run that was interrupted was writing it; whether it arrived cannot be told any more."
    };
    Entry {
        operation: operation.id.clone(),
        outcome: if units.is_empty() { Outcome::Written } else { Outcome::Conflict },
        action: operation.action,
        target: operation.target,
        activity: Some(link.activity.to_string()),
        item: Some(link.mailbox.id.clone()).filter(|id| !id.is_empty()),
        title: link.title.clone(),
        start: link.start.map(|start| start.timestamp_millis()),
        units,
        reason: Reason::UnknownOutcome,
        detail: detail.into(),
    }
}
