//! Recording what came of a plan: bases, link, what is still owed, what to tell. All of one chunk in one commit.

use super::ahead::{WalRow, link_before, next_generation, wal_key};
use super::carry::{Bar, Job, Results, Work};
use super::note::{gone_key, observed, touch, unshown};
use super::owe::{owed_after, waited};
use super::pair::unloose;
use super::retire;
use super::shared::put_link;
use super::state::{GoneRow, LoserRow};
use super::tell::{entry, notes};
use super::{Run, Staged, before};
use crate::activity::{Seen, SideId, State, Unit, Value};
use crate::ask::Fault;
use crate::attempt;
use crate::deliberate::Deliberate;
use crate::link::{Link, LinkState, Normalised, Origin};
use crate::owed::{Subject, Why};
use crate::plan::Operation;
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome, UnitChange};
use crate::side::Written;
use crate::store::Batch;
use std::collections::BTreeMap;
use uuid::Uuid;

/// So many races are lost without a word: each is run again with what the other one wrote.
pub(super) const RACES: u32 = 2;

/// A pair that lost a side while it was not followed is followed again: only such a one is looked for.
pub(super) fn revive(run: &mut Run, job: &Job, batch: &mut Batch) {
    keep_folder(run, job, batch);
    let (Some(link), Some(state)) = (&job.pair.link, job.plan.state) else { return };
    let change = i64::from(state == LinkState::Active) - i64::from(link.active());
    let folder = folder(job).unwrap_or_else(|| link.folder.clone());
    batch.put(run.store.link_key(link.activity), &Link { state, folder, ..link.clone() });
    run.change_state(|account| account.links = account.links.saturating_add(change));
}

fn folder(job: &Job) -> Option<String> {
    job.pair.mailbox.here().and_then(|seen| seen.folder.clone())
}

/// Only a feed tells where the item is, and it does so once: that is kept, whatever else comes of the pair.
pub(super) fn keep_folder(run: &Run, job: &Job, batch: &mut Batch) {
    let (Some(link), Some(folder)) = (&job.pair.link, folder(job)) else { return };
    if folder != link.folder {
        batch.put(run.store.link_key(link.activity), &Link { folder, ..link.clone() });
    }
}

/// What became of one operation, for the owed row.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) unknown: bool,
    pub(super) failed: Option<(Reason, bool)>,
    pub(super) held: Option<Reason>,
    pub(super) pending: Option<SideId>,
    pub(super) operations: Vec<String>,
}

pub(super) fn record_written(
    run: &mut Run,
    work: &Work,
    row: &WalRow,
    results: &Results,
    batch: &mut Batch,
    entries: &mut Vec<Entry>,
) -> Staged<()> {
    let mine: BTreeMap<String, (&Operation, Result<Written, Fault>)> = work
        .going()
        .map(|operation| {
            let result = results.get(&operation.id).cloned();
            let result = result.unwrap_or_else(|| Err(Fault::Unknown("it was not answered".into())));
            (operation.id.clone(), (operation, result))
        })
        .collect();
    let unknown = mine
        .values()
        .any(|(_, result)| matches!(result, Err(fault) if fault.outcome_unknown() || *fault == Fault::Stopped));
    if unknown {
        // What was written ahead stays until the next run has found out.
        let duplicate = mine
            .values()
            .any(|(_, result)| matches!(result, Err(Fault::Unknown(why)) if why.starts_with(crate::side::DUPLICATE)));
        batch.put(wal_key(run, row.activity), &WalRow { duplicate, ..row.clone() });
    } else {
        batch.delete(wal_key(run, row.activity));
    }
    record(run, work, &mine, batch, entries)
}

/// Records one pair: its link, its indexes, what is still owed, and what to tell.
pub(super) fn record(
    run: &mut Run,
    work: &Work,
    results: &BTreeMap<String, (&Operation, Result<Written, Fault>)>,
    batch: &mut Batch,
    entries: &mut Vec<Entry>,
) -> Staged<()> {
    let job = &work.job;
    if job.undoes {
        return super::undo::record(run, work, results, batch, entries);
    }
    forget_observations(run, job.pair.activity, batch);
    let mut link = link_before(run, job);
    let mut exists = job.pair.link.is_some()
        || (job.plan.leave.is_none() && job.pair.creatio.here().is_some() && job.pair.mailbox.here().is_some());
    let mut tally = Tally::default();
    let mut look_again = false;
    let mut done = true;
    for (operation, bar) in job.plan.operations.iter().zip(&work.bars) {
        match bar {
            Some(bar) => {
                done = false;
                if !matches!(bar, Bar::Held(_)) {
                    undone(job.pair.link.as_ref(), operation.target, loses(operation), &mut link);
                }
                barred(run, job, operation, *bar, &mut tally, &mut look_again, entries);
            }
            None => match results.get(&operation.id).map(|(_, result)| result) {
                Some(Ok(written)) => {
                    exists |= operation.action.makes();
                    look_again |= settle_operation(run, job, operation, written, &mut link, batch, entries);
                }
                Some(Err(fault)) => {
                    done = false;
                    undone(job.pair.link.as_ref(), operation.target, loses(operation), &mut link);
                    if Deliberate::BaseFromSent.on() {
                        believe(operation, &mut link);
                    }
                    failed(run, job, operation, fault, &mut tally, &mut look_again, entries);
                }
                // Ending a link writes nothing to either side.
                None => done &= operation.action == Action::Unlink,
            },
        }
    }
    notes(run, job, entries);
    close(run, job, &tally, entries);
    if let Some(reason) = job.plan.leave {
        let side = if job.pair.mailbox.here().is_some() { SideId::Mailbox } else { SideId::Creatio };
        run.report.count("left-alone", Some(side), reason.code(), 1);
        if reason == Reason::Absent {
            // Should it show again, it is new.
            unloose(run, job.pair.activity, batch)?;
        }
    }
    let before = job.pair.link.as_ref().is_some_and(Link::active);
    if done && let Some(state) = job.plan.state {
        link.state = state;
    }
    if job.plan.waits && waited(job).is_none() {
        // Should the activity show after all, that is news.
        link.state = LinkState::Ended { gone: SideId::Creatio, cancelled: cancelled(&link) };
        let lost =
            Operation::new(&job.pair, Action::Unlink, SideId::Mailbox, BTreeMap::new(), Reason::DeletedInCreatio);
        entries.push(entry(run, job, &lost, Outcome::Noted, Reason::DeletedInCreatio, String::new()));
    }
    if job.plan.removal.is_some() {
        note_removal(run, job, done, &tally, batch)?;
    }
    if exists {
        if job.pair.link.is_none() {
            batch.delete(super::note::tried_key(run, job.pair.activity));
            if job.plan.origin == Some(Origin::Adopted) {
                before::adopted(run, batch);
            }
        }
        put_link(run, job, &link, batch)?;
        let after = link.active();
        let change = i64::from(after) - i64::from(before);
        run.change_state(|state| state.links = state.links.saturating_add(change));
    }
    let subject = Subject::Activity(job.pair.activity);
    match owed_after(run, job, &tally, results) {
        Some(owed) => batch.put(run.store.owed_key(&subject), &owed),
        None => batch.delete(run.store.owed_key(&subject)),
    }
    if look_again || (done && job.plan.again) {
        touch(run, job.pair.activity, batch);
        if !exists && let Some(item) = job.pair.mailbox.here() {
            observed(run, subject, SideId::Mailbox, Some(Box::new(item.clone())), batch);
        }
    }
    Ok(())
}

/// An edit of the target's is lost by it.
pub(super) fn loses(operation: &Operation) -> bool {
    operation.units.values().any(|write| write.conflict)
}

/// What was decided and is not done is decided once more, by what it was decided by: under which policies the bases of
/// Creatio were taken tells an edit from days that another zone shows, and since when the pair is in step tells who edited
/// last.
pub(super) fn undone(before: Option<&Link>, target: SideId, conflict: bool, link: &mut Link) {
    let Some(before) = before else { return };
    if target == SideId::Creatio {
        link.policy.clone_from(&before.policy);
    }
    if conflict {
        link.recorded = before.recorded;
    }
}

/// Moves the bases as if a write had come to what was sent.
fn believe(operation: &Operation, link: &mut Link) {
    for (unit, write) in &operation.units {
        link.end_mut(operation.target).bases.insert(*unit, write.after.digest());
        if let Some(source) = &write.source {
            link.end_mut(operation.target.other()).bases.insert(*unit, source.clone());
        }
    }
}

/// What was held or had failed and is neither any more is said to be settled, under the operation's own id.
pub(super) fn close(run: &Run, job: &Job, tally: &Tally, entries: &mut Vec<Entry>) {
    let Some(owed) = job.owed.as_ref().filter(|owed| matches!(owed.why, Why::Held | Why::Failed)) else { return };
    for operation in &owed.operations {
        let still = tally.operations.contains(operation) || entries.iter().any(|entry| entry.operation == *operation);
        if !still {
            let mut settled =
                Operation::new(&job.pair, Action::Skip, SideId::Mailbox, BTreeMap::new(), Reason::Settled);
            settled.id.clone_from(operation);
            entries.push(entry(run, job, &settled, Outcome::Noted, Reason::Settled, String::new()));
        }
    }
}

/// A removal that was carried out is missed no more; one that is held waits for a person.
pub(super) fn note_removal(run: &Run, job: &Job, done: bool, tally: &Tally, batch: &mut Batch) -> Staged<()> {
    for side in [SideId::Creatio, SideId::Mailbox] {
        let key = gone_key(run, side, job.pair.activity);
        let anew = job.plan.operations.iter().any(|operation| operation.target == side && operation.action.makes());
        if done && anew && side == SideId::Mailbox && run.mailbox.forgets_unshown() {
            // What was made in the place of what had gone has not been shown yet.
            continue;
        }
        if done {
            batch.delete(key);
        } else if let (Some(reason), Some(operation)) = (tally.held, tally.operations.first())
            && let Some(row) = run.store.one::<GoneRow>(key.clone())?
        {
            let held = Some((operation.clone(), reason, run.full_policy.clone()));
            batch.put(key, &GoneRow { held, ..row });
        }
    }
    Ok(())
}

pub(super) fn barred(
    run: &Run,
    job: &Job,
    operation: &Operation,
    bar: Bar,
    tally: &mut Tally,
    look_again: &mut bool,
    entries: &mut Vec<Entry>,
) {
    match bar {
        Bar::Held(reason) => {
            // What only waited for a run that writes the other side nobody was told of yet.
            let told = job.owed.as_ref().filter(|owed| !matches!(owed.why, Why::Pending(_)));
            if !told.is_some_and(|owed| owed.operations.contains(&operation.id)) {
                entries.push(entry(run, job, operation, Outcome::Held, reason, operation.detail.clone()));
            }
            tally.held = Some(reason);
            tally.operations.push(operation.id.clone());
        }
        Bar::Pending(side) => {
            tally.pending = Some(side);
            tally.operations.push(operation.id.clone());
        }
        Bar::NotChosen => {
            *look_again |= run.only().is_some();
            // A yes to another operation of the pair settles nothing of this one.
            let held = job.owed.as_ref().filter(|owed| owed.why == Why::Held);
            if let Some(owed) = held.filter(|owed| owed.operations.contains(&operation.id)) {
                tally.held = Some(owed.reason);
                tally.operations.push(operation.id.clone());
            }
        }
    }
}

pub(super) fn failed(
    run: &Run,
    job: &Job,
    operation: &Operation,
    fault: &Fault,
    tally: &mut Tally,
    look_again: &mut bool,
    entries: &mut Vec<Entry>,
) {
    let reason = if fault.stale() || fault.not_found() {
        // Somebody was faster: it is merged anew with what they wrote.
        *look_again = true;
        Reason::ChangedMeanwhile
    } else if fault.outcome_unknown() || *fault == Fault::Stopped {
        tally.unknown = true;
        Reason::UnknownOutcome
    } else {
        match fault {
            Fault::Throttled(_) | Fault::Again(_) => Reason::Throttled,
            fault if fault.forbidden() => Reason::NotPermitted,
            _ => Reason::Refused,
        }
    };
    let soon = matches!(
        fault,
        Fault::Throttled(_) | Fault::Again(_) | Fault::Stopped | Fault::Unreachable(_) | Fault::Credential(_)
    );
    let raced = reason == Reason::ChangedMeanwhile;
    tally.failed = Some((reason, soon || raced));
    tally.operations.push(operation.id.clone());
    if raced && job.owed.as_ref().is_none_or(|owed| owed.tries < RACES) {
        return;
    }
    entries.push(entry(run, job, operation, Outcome::Failed, reason, fault.to_string()));
}

/// Moves the bases by what one write came to. Says whether the pair has to be looked at again.
pub(super) fn settle_operation(
    run: &mut Run,
    job: &Job,
    operation: &Operation,
    written: &Written,
    link: &mut Link,
    batch: &mut Batch,
    entries: &mut Vec<Entry>,
) -> bool {
    let target = operation.target;
    let mut outcome =
        if operation.units.values().any(|write| write.conflict) { Outcome::Conflict } else { Outcome::Written };
    if Deliberate::LoserUntold.on() {
        outcome = Outcome::Written;
    }
    let mut told = entry(run, job, operation, outcome, operation.reason, operation.detail.clone());
    let mut look_again = false;
    if let Some(skew) = written.skew {
        run.change_state(|state| state.skew = state.skew.max(skew));
    }
    if operation.action == Action::Convert {
        retire::retire_later(run, link, batch);
    }
    for (unit, write) in &operation.units {
        let before = written.before.as_ref().and_then(|before| before.values.get(unit));
        let unseen = before.filter(|before| write.before.as_ref().is_some_and(|merged| merged != *before));
        let unseen = unseen.filter(|_| !Deliberate::OverwriteUntold.on());
        if let Some(unseen) = unseen {
            // Creatio has no lock: a value that came between is at least kept and told.
            outcome = Outcome::Overwritten;
            told.reason = Reason::OverwroteUnseen;
            if let Some(change) = told.units.iter_mut().find(|change| change.unit == *unit) {
                change.before = Some(unseen.display());
            }
        }
        let lost = unseen.or(write.before.as_ref().filter(|_| write.conflict));
        if let Some(lost) = lost {
            let loser = LoserRow { side: target, value: lost.clone(), run: run.options.run.clone(), at: run.started };
            batch.put(run.store.key(&format!("loser/{}/{}", link.activity, unit.code())), &loser);
        }
        let sent = write.after.digest();
        if *unit == Unit::Reminder && moved_meanwhile(job, operation, written) {
            // It was counted from a start that was not the start any more: it is still to be carried over.
            if let Some(read) = written.after.as_ref().and_then(|after| after.values.get(unit)) {
                link.end_mut(target).bases.insert(*unit, read.digest());
            }
            look_again = true;
            continue;
        }
        let read = written.after.as_ref().and_then(|after| after.values.get(unit)).map(crate::activity::Value::digest);
        let base = match read {
            Some(read) if written.proven || read == sent => read,
            Some(read) => {
                let difference = Normalised { side: target, unit: *unit, sent: sent.clone(), read: read.clone() };
                if link.normalised.contains(&difference) {
                    let mut note = entry(run, job, operation, Outcome::Noted, Reason::ServerNormalised, String::new());
                    note.units.retain(|change| change.unit == *unit);
                    entries.push(note);
                    read
                } else {
                    link.normalised.retain(|known| (known.side, known.unit) != (target, *unit));
                    link.normalised.push(difference);
                    look_again = true;
                    sent
                }
            }
            None => sent,
        };
        // The state of an appointment is not compared.
        if !matches!(write.after, crate::activity::Value::State(_)) {
            if !Deliberate::EchoIsEdit.on() {
                link.end_mut(target).bases.insert(*unit, base);
            }
            if let Some(source) = &write.source {
                link.take_base(target.other(), *unit, source.clone());
            }
        }
    }
    // What an undo makes again may be a person's.
    link.end_mut(target).untouched |= operation.action.makes() && !job.undoes;
    if let Some((unseen, now)) = moved_unseen(job, operation, written) {
        outcome = Outcome::Overwritten;
        told.reason = Reason::OverwroteUnseen;
        let loser = LoserRow { side: target, value: unseen.clone(), run: run.options.run.clone(), at: run.started };
        batch.put(run.store.key(&format!("loser/{}/{}", link.activity, Unit::Reminder.code())), &loser);
        let (before, after) = (Some(unseen.display()), now.map(Value::display));
        told.units.push(UnitChange { unit: Unit::Reminder, before, after });
    }
    if let Some(after) = &written.after {
        look_again |= others_changed(job, operation, after) && !Deliberate::SwallowReread.on();
        adopt_end(link, target, after, !look_again);
        if operation.action.makes() && target == SideId::Mailbox {
            link.generation = next_generation(job);
            link.earlier.extend(link.nonce.take());
            link.nonce = Some(attempt::nonce(&run.options.run, link.activity, link.generation, operation));
            run.targets.of(after.kind).clone_into(&mut link.folder);
            let kept = link.identity.take().filter(|_| operation.action == Action::Create);
            link.identity = after.identity.clone().or(kept);
            unshown(run, link, batch);
        }
    } else if operation.action == Action::Delete {
        link.end_mut(target).version.clear();
    }
    before::keep(run, job, operation, written, batch);
    // What a person has undone says nothing about what is deleted by itself.
    if operation.removes() && !job.undoes {
        let at = run.started;
        run.change_state(|state| state.removals.entry(target).or_default().push(at));
    }
    told.outcome = outcome;
    told.item = Some(link.mailbox.id.clone()).filter(|id| !id.is_empty());
    entries.push(told);
    look_again
}

/// Somebody moved the start while a reminder was written, which a side that keeps it as an instant counts from there.
fn moved_meanwhile(job: &Job, operation: &Operation, written: &Written) -> bool {
    let merged = job.pair.creatio.here().and_then(Seen::when).map(|when| when.start);
    let now = written.after.as_deref().and_then(Seen::when).map(|when| when.start);
    operation.target == SideId::Creatio
        && !operation.action.makes()
        && !operation.units.contains_key(&Unit::When)
        && now.is_some()
        && now != merged
}

/// A reminder that somebody set just before the start was moved, and that moved with it: what it was and what it is.
fn moved_unseen<'a>(job: &Job, operation: &Operation, written: &'a Written) -> Option<(&'a Value, Option<&'a Value>)> {
    if operation.target != SideId::Creatio
        || !operation.units.contains_key(&Unit::When)
        || operation.units.contains_key(&Unit::Reminder)
    {
        return None;
    }
    let merged = job.pair.creatio.here()?.values.get(&Unit::Reminder)?;
    let found = written.before.as_ref()?.values.get(&Unit::Reminder)?;
    let minutes = matches!(found, Value::Reminder(Some(_)));
    (found != merged && minutes)
        .then(|| (found, written.after.as_ref().and_then(|after| after.values.get(&Unit::Reminder))))
}

/// Something that the write did not touch differs from what the merge saw: an edit that came between.
pub(super) fn others_changed(job: &Job, operation: &Operation, after: &Seen) -> bool {
    let before = match operation.target {
        SideId::Creatio => job.pair.creatio.here(),
        SideId::Mailbox => job.pair.mailbox.here(),
    };
    before.is_some_and(|before| {
        before.values.iter().any(|(unit, value)| {
            !operation.units.contains_key(unit) && after.values.get(unit).is_some_and(|now| now != value)
        })
    })
}

pub(super) fn adopt_end(link: &mut Link, side: SideId, after: &Seen, by_us: bool) {
    let end = link.end_mut(side);
    end.id.clone_from(&after.id);
    end.version.clone_from(&after.version);
    end.by_us = by_us;
    link.describe(after);
    match side {
        SideId::Creatio => link.finished = after.state != State::Open,
        SideId::Mailbox => link.made = after.created.or(link.made),
    }
}

const fn cancelled(link: &Link) -> bool {
    matches!(link.state, LinkState::Ended { cancelled: true, .. })
}

/// What the feeds showed of a pair has been looked at.
pub(super) fn forget_observations(run: &Run, activity: Uuid, batch: &mut Batch) {
    for side in [SideId::Creatio, SideId::Mailbox] {
        batch.delete(run.store.seen_key(&Subject::Activity(activity), side));
    }
}
