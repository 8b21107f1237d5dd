//! Carrying plans out: written ahead, written, recorded. Each chunk is three steps that a crash may part anywhere.
//!
//! 1. One commit records every operation with the digests that will be sent; it takes the account's run key.
//! 2. The writes go out, both sides in one call.
//! 3. One commit records what came of them and forgets step 1.
//!
//! What was in flight when a run died is found and settled by [`super::settle`].

use super::observe::{gone_key, observed, touch};
use super::pair::unloose;
use super::state::{GoneRow, ItemRow, LoserRow, MeetingRow, Member};
use super::work::{invited_key, meeting_key};
use super::{Run, Staged, Stop};
use crate::activity::{Seen, SideId, State, Unit};
use crate::ask::Fault;
use crate::capability::Guard;
use crate::digest::Digest;
use crate::identity::{self, Marker};
use crate::link::{self, Link, LinkState, Normalised, Origin};
use crate::owed::{Owed, Subject, Why, backoff};
use crate::plan::{Operation, Pair, Plan};
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome, UnitChange};
use crate::side::{Side, Write, Written};
use crate::store::{Batch, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How often parts that the server throttled are sent again.
const AGAIN: usize = 4;
/// How often a commit that lost a race for a shared row is made anew.
const SHARED: usize = 5;

/// A pair with its plan.
pub(super) struct Job {
    pub(super) pair: Pair,
    pub(super) plan: Plan,
    pub(super) owed: Option<Owed>,
    /// A side could not be read.
    pub(super) fault: Option<(SideId, Fault)>,
}

/// One unit of a write that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WalUnit {
    /// Digest of what is sent.
    pub(super) sent: Digest,
    /// Digest of the source's value.
    pub(super) source: Option<Digest>,
}

/// A write that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WalOperation {
    pub(super) id: String,
    pub(super) action: Action,
    pub(super) target: SideId,
    pub(super) units: BTreeMap<Unit, WalUnit>,
}

/// All writes of a pair that are under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WalRow {
    /// The pair.
    pub(super) activity: Uuid,
    /// The run.
    pub(super) run: String,
    /// What the link would be without these writes.
    pub(super) link: Link,
    /// There was a link before.
    pub(super) linked: bool,
    /// State of the link once they are done.
    pub(super) state: Option<LinkState>,
    /// The writes.
    pub(super) operations: Vec<WalOperation>,
    /// Markers of all attempts to create the item, this one's last.
    pub(super) attempts: Vec<String>,
    /// The server said that an earlier attempt made it.
    pub(super) duplicate: bool,
}

/// Why an operation is not carried out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bar {
    Held(Reason),
    Pending(SideId),
    NotChosen,
}

/// Carries out what may be, and writes down the rest.
pub(super) fn carry(run: &mut Run, jobs: Vec<Job>) -> Staged<()> {
    let mut batch = Batch::default();
    let mut entries = Vec::new();
    let mut works = Vec::new();
    for job in jobs {
        if let Some((side, fault)) = &job.fault {
            let (side, fault) = (*side, fault.clone());
            fail(run, &job, side, &fault, &mut batch, &mut entries);
            continue;
        }
        if let Some((side, reason)) = job.plan.gone {
            forget_observations(run, job.pair.activity, &mut batch);
            super::work::note_gone(run, &job.pair, side, reason, &mut batch)?;
            continue;
        }
        let bars: Vec<Option<Bar>> = job.plan.operations.iter().map(|operation| bar(run, operation)).collect();
        if run.only().is_some() && !bars.iter().any(Option::is_none) {
            // Nothing of it was chosen: whatever is known of it stays as it is.
            continue;
        }
        works.push(Work { job, bars });
    }
    if run.options.dry_run {
        for work in &works {
            preview(run, work, &mut batch, &mut entries);
        }
        run.commit(batch, entries)?;
        return Ok(());
    }
    let (going, staying): (Vec<Work>, Vec<Work>) =
        works.into_iter().partition(|work| work.bars.iter().any(Option::is_none));
    for work in &staying {
        record(run, work, &BTreeMap::new(), &mut batch, &mut entries)?;
    }
    if going.is_empty() {
        return commit(run, batch, entries);
    }
    commit(run, batch, entries)?;
    let rows = write_ahead(run, &going)?;
    let (results, ends) = write(run, &going, &rows)?;
    let mut batch = Batch::default();
    let mut entries = Vec::new();
    for (work, row) in going.iter().zip(&rows) {
        record_written(run, work, row, &results, &mut batch, &mut entries)?;
    }
    commit(run, batch, entries)?;
    ends.map_or(Ok(()), Err)
}

struct Work {
    job: Job,
    bars: Vec<Option<Bar>>,
}

impl Work {
    /// The operations that are carried out.
    fn going(&self) -> impl Iterator<Item = &Operation> {
        self.job.plan.operations.iter().zip(&self.bars).filter(|(_, bar)| bar.is_none()).map(|(operation, _)| operation)
    }
}

/// What keeps an operation from being carried out in this run.
fn bar(run: &Run, operation: &Operation) -> Option<Bar> {
    let chosen = run.only().map(|only| only.contains(&operation.id));
    if chosen == Some(false) {
        return Some(Bar::NotChosen);
    }
    let approved = chosen == Some(true);
    if let Some(reason) = operation.held
        && !(approved && reason.approvable())
    {
        return Some(Bar::Held(reason));
    }
    if operation.action == Action::Create && run.creations_held && !approved {
        return Some(Bar::Held(Reason::CreationLimit));
    }
    let unindexed = operation.action == Action::Create && operation.target == SideId::Mailbox && !run.state.indexed;
    if !run.writes_to(operation.target) || unindexed {
        return Some(Bar::Pending(operation.target));
    }
    None
}

/// A journal entry about an operation.
fn entry(job: &Job, operation: &Operation, outcome: Outcome, reason: Reason, detail: String) -> Entry {
    let pair = &job.pair;
    let seen = match operation.target {
        SideId::Creatio => pair.mailbox.here().or(pair.creatio.here()),
        SideId::Mailbox => pair.creatio.here().or(pair.mailbox.here()),
    };
    let title = seen.map(|seen| seen.title().to_owned()).or_else(|| pair.link.as_ref().map(|link| link.title.clone()));
    let start =
        seen.and_then(Seen::when).map(|when| when.start).or_else(|| pair.link.as_ref().and_then(|link| link.start));
    Entry {
        operation: operation.id.clone(),
        outcome,
        action: operation.action,
        target: operation.target,
        activity: Some(pair.activity.to_string()),
        item: pair
            .mailbox
            .here()
            .map(|seen| seen.id.clone())
            .or_else(|| pair.link.as_ref().map(|link| link.mailbox.id.clone())),
        title: title.unwrap_or_default(),
        start: start.map(|start| start.timestamp_millis()),
        units: operation
            .units
            .iter()
            .map(|(unit, write)| UnitChange {
                unit: *unit,
                before: write.before.as_ref().map(crate::activity::Value::display),
                after: Some(write.after.display()),
            })
            .collect(),
        reason,
        detail,
    }
}

/// What a person should know although nothing is written.
fn notes(job: &Job, entries: &mut Vec<Entry>) {
    for note in &job.plan.notes {
        let pair = &job.pair;
        let item = pair.mailbox.here();
        let title = item.or(pair.creatio.here()).map(|seen| seen.title().to_owned());
        entries.push(Entry {
            operation: Digest::of(&("note", note.action, note.reason, pair.activity)).short().to_owned(),
            outcome: Outcome::Noted,
            action: note.action,
            target: note.side,
            activity: Some(pair.activity.to_string()),
            item: item.map(|item| item.id.clone()),
            title: title.or_else(|| pair.link.as_ref().map(|link| link.title.clone())).unwrap_or_default(),
            start: item.and_then(Seen::when).map(|when| when.start.timestamp_millis()),
            units: note
                .units
                .iter()
                .map(|(unit, creatio, mailbox)| UnitChange {
                    unit: *unit,
                    before: Some(creatio.display()),
                    after: Some(mailbox.display()),
                })
                .collect(),
            reason: note.reason,
            detail: String::new(),
        });
    }
}

fn preview(run: &Run, work: &Work, batch: &mut Batch, entries: &mut Vec<Entry>) {
    for (operation, bar) in work.job.plan.operations.iter().zip(&work.bars) {
        match bar {
            None => {
                entries.push(entry(&work.job, operation, Outcome::Planned, operation.reason, operation.detail.clone()));
            }
            Some(Bar::Held(reason)) => {
                entries.push(entry(&work.job, operation, Outcome::Held, *reason, operation.detail.clone()));
            }
            Some(Bar::Pending(_) | Bar::NotChosen) => {}
        }
    }
    notes(&work.job, entries);
    forget_observations(run, work.job.pair.activity, batch);
    batch.delete(run.store.owed_key(&Subject::Activity(work.job.pair.activity)));
}

/// What the feeds showed of a pair has been looked at.
pub(super) fn forget_observations(run: &Run, activity: Uuid, batch: &mut Batch) {
    for side in [SideId::Creatio, SideId::Mailbox] {
        batch.delete(run.store.seen_key(&Subject::Activity(activity), side));
    }
}

/// A pair whose sides could not both be read is tried again later.
fn fail(run: &Run, job: &Job, side: SideId, fault: &Fault, batch: &mut Batch, entries: &mut Vec<Entry>) {
    let subject = Subject::Activity(job.pair.activity);
    let tries = job.owed.as_ref().filter(|owed| owed.why == Why::Failed).map_or(0, |owed| owed.tries) + 1;
    let operation = Operation::new(&job.pair, Action::Skip, side, BTreeMap::new(), Reason::Unreadable);
    entries.push(entry(job, &operation, Outcome::Failed, Reason::Unreadable, fault.to_string()));
    let mut owed = owed_row(run, job, Why::Failed, Reason::Unreadable);
    owed.tries = tries;
    owed.retry = Some(run.started + backoff(tries));
    batch.put(run.store.owed_key(&subject), &owed);
    forget_observations(run, job.pair.activity, batch);
}

fn owed_row(run: &Run, job: &Job, why: Why, reason: Reason) -> Owed {
    let old = job.owed.as_ref();
    let seen = job.pair.mailbox.here().or(job.pair.creatio.here());
    Owed {
        subject: Subject::Activity(job.pair.activity),
        why,
        reason,
        since: old.filter(|old| old.reason == reason).map_or(run.started, |old| old.since),
        retry: None,
        tries: 0,
        operations: Vec::new(),
        policy: run.full_policy.clone(),
        item: job.pair.mailbox.here().map(|seen| seen.id.clone()),
        attempts: old.map(|old| old.attempts.clone()).unwrap_or_default(),
        generation: old.map_or(0, |old| old.generation),
        title: seen.map(|seen| seen.title().to_owned()).unwrap_or_default(),
    }
}

/// Generation of an item that is to be made: one made anew on purpose has another, or the server would take it for a
/// repetition of the first.
fn next_generation(job: &Job) -> u32 {
    let anew = job.pair.link.as_ref().map_or(0, |link| link.generation + 1);
    anew.max(job.owed.as_ref().map_or(0, |owed| owed.generation))
}

/// What the link would be without the writes of the plan.
fn link_before(run: &Run, job: &Job) -> Link {
    let pair = &job.pair;
    let mut link = pair.link.clone().unwrap_or_else(|| {
        let item = pair.mailbox.here();
        let marker = item.and_then(|item| item.marker.as_deref()).and_then(Marker::decode);
        let end = |id: String| link::End { id, version: String::new(), bases: link::Bases::new(), by_us: false };
        Link {
            activity: pair.activity,
            creatio: end(pair.activity.to_string()),
            mailbox: end(item.map(|item| item.id.clone()).unwrap_or_default()),
            folder: item.and_then(|item| item.folder.clone()).unwrap_or_else(|| run.target.clone()),
            identity: item.and_then(|item| item.identity.clone()),
            origin: job.plan.origin.unwrap_or(Origin::Adopted),
            state: LinkState::Active,
            policy: run.policy.clone(),
            generation: job.owed.as_ref().map_or(0, |owed| owed.generation),
            nonce: marker.filter(|marker| marker.mailbox == run.mailbox_id).map(|marker| marker.nonce),
            earlier: Vec::new(),
            normalised: Vec::new(),
            recorded: run.started,
            title: String::new(),
            start: None,
            end: None,
            finished: false,
            attended: false,
        }
    });
    if let Some(item) = pair.mailbox.here() {
        item.id.clone_into(&mut link.mailbox.id);
        link.folder = item.folder.clone().unwrap_or(link.folder);
        link.identity = item.identity.clone().or(link.identity);
        link.attended = !item.attendees.is_empty();
    }
    for unit in &job.plan.rebase {
        for (side, end) in [(SideId::Creatio, &pair.creatio), (SideId::Mailbox, &pair.mailbox)] {
            if let Some(value) = end.here().and_then(|seen| seen.values.get(unit)) {
                link.end_mut(side).bases.insert(*unit, value.digest());
            }
        }
    }
    for (side, end) in [(SideId::Creatio, &pair.creatio), (SideId::Mailbox, &pair.mailbox)] {
        if let Some(seen) = end.here() {
            let by_us = link.end(side).by_us && link.end(side).version == seen.version;
            link.end_mut(side).version.clone_from(&seen.version);
            link.end_mut(side).by_us = by_us;
            link.describe(seen);
        }
    }
    if let Some(activity) = pair.creatio.here() {
        link.finished = activity.state != State::Open;
    }
    link.policy = run.policy.clone();
    link.recorded = run.started;
    link
}

fn write_ahead(run: &mut Run, going: &[Work]) -> Staged<Vec<WalRow>> {
    let mut batch = Batch::default();
    let mut rows = Vec::with_capacity(going.len());
    for work in going {
        let job = &work.job;
        let mut link = link_before(run, job);
        let creates_item = work.going().any(|op| op.action == Action::Create && op.target == SideId::Mailbox);
        let mut attempts = job.owed.as_ref().map(|owed| owed.attempts.clone()).unwrap_or_default();
        if creates_item {
            link.generation = next_generation(job);
            attempts.extend(link.nonce.clone());
            link.folder.clone_from(&run.target);
            attempts.push(identity::nonce(&run.options.run, link.activity, link.generation));
        }
        let operations = work
            .going()
            .map(|operation| WalOperation {
                id: operation.id.clone(),
                action: operation.action,
                target: operation.target,
                units: operation
                    .units
                    .iter()
                    .map(|(unit, write)| (*unit, WalUnit { sent: write.after.digest(), source: write.source.clone() }))
                    .collect(),
            })
            .collect();
        let row = WalRow {
            activity: link.activity,
            run: run.options.run.clone(),
            linked: job.pair.link.is_some(),
            link,
            state: job.plan.state,
            operations,
            attempts,
            duplicate: false,
        };
        batch.put(wal_key(run, row.activity), &row);
        rows.push(row);
    }
    run.commit(batch, Vec::new())?;
    Ok(rows)
}

/// Key of what is written ahead for a pair.
pub(super) fn wal_key(run: &Run, activity: Uuid) -> String {
    run.store.key(&format!("wal/{activity}"))
}

type Results = BTreeMap<String, Result<Written, Fault>>;

/// Sends the writes; gives what came of each by operation, and why the run has to end, if it has.
fn write(run: &mut Run, going: &[Work], rows: &[WalRow]) -> Staged<(Results, Option<Stop>)> {
    let mut pending: BTreeMap<SideId, Vec<(String, Write)>> = BTreeMap::new();
    for (work, row) in going.iter().zip(rows) {
        for operation in work.going() {
            if let Some(write) = as_write(run, &work.job.pair, operation, row) {
                pending.entry(operation.target).or_default().push((operation.id.clone(), write));
            }
        }
    }
    let mut results = Results::new();
    let mut ends = None;
    let mut wait = 0_u64;
    for _ in 0..AGAIN {
        let creatio = pending.remove(&SideId::Creatio).unwrap_or_default();
        let mailbox = pending.remove(&SideId::Mailbox).unwrap_or_default();
        if creatio.is_empty() && mailbox.is_empty() {
            break;
        }
        let writes = |all: &[(String, Write)]| all.iter().map(|(_, write)| write.clone()).collect::<Vec<_>>();
        let ask = run.creatio.write(&writes(&creatio)).and(run.mailbox.write(&writes(&mailbox))).after(wait);
        let sent = super::send(run.caps, ask);
        let ((first, second), requests) = match sent {
            Ok(sent) => sent,
            Err(stop) => {
                // Nothing of it was answered: what was written ahead is settled by the next run.
                for (id, _) in creatio.into_iter().chain(mailbox) {
                    results.insert(id, Err(Fault::Stopped));
                }
                ends = Some(stop);
                break;
            }
        };
        run.requests = run.requests.saturating_add(requests);
        wait = 0;
        for (side, sent, answers) in [(SideId::Creatio, creatio, first), (SideId::Mailbox, mailbox, second)] {
            for ((id, write), answer) in sent.into_iter().zip(answers) {
                match answer {
                    Err(Fault::Again(milliseconds)) => {
                        wait = wait.max(milliseconds);
                        results.insert(id.clone(), Err(Fault::Throttled(Some(milliseconds))));
                        pending.entry(side).or_default().push((id, write));
                    }
                    answer => {
                        if let Err(fault) = &answer
                            && ends.is_none()
                        {
                            ends = super::work::ends_run(side, fault);
                        }
                        if answer.is_ok() {
                            run.writes = run.writes.saturating_add(1);
                        }
                        results.insert(id, answer);
                    }
                }
            }
        }
    }
    Ok((results, ends))
}

fn as_write(run: &Run, pair: &Pair, operation: &Operation, row: &WalRow) -> Option<Write> {
    match (operation.action, operation.target) {
        (Action::Create, target) => {
            let nonce = row.attempts.last().cloned().unwrap_or_default();
            let marker = Marker { activity: pair.activity, mailbox: run.mailbox_id, nonce };
            Some(Write::Create {
                activity: pair.activity,
                folder: run.target.clone(),
                values: operation.values(),
                marker: (target == SideId::Mailbox).then_some(marker),
                transaction: identity::transaction(pair.activity, run.mailbox_id, row.link.generation),
            })
        }
        (Action::Update | Action::Cancel | Action::Restore, target) => {
            let current = match target {
                SideId::Creatio => pair.creatio.here(),
                SideId::Mailbox => pair.mailbox.here(),
            }?;
            Some(Write::Update { current: Box::new(current.clone()), values: operation.values() })
        }
        (Action::Delete, target) => Some(Write::Delete { id: row.link.end(target).id.clone() }),
        (Action::Adopt | Action::Unlink | Action::Park | Action::Skip, _) => None,
    }
}

/// What became of one operation, for the owed row.
struct Tally {
    unknown: bool,
    failed: Option<(Reason, bool)>,
    held: Option<Reason>,
    pending: Option<SideId>,
    operations: Vec<String>,
}

fn record_written(
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
        let duplicate = mine.values().any(
            |(_, result)| matches!(result, Err(Fault::Unknown(why)) if why.starts_with(crate::graph::write::DUPLICATE)),
        );
        batch.put(wal_key(run, row.activity), &WalRow { duplicate, ..row.clone() });
    } else {
        batch.delete(wal_key(run, row.activity));
    }
    record(run, work, &mine, batch, entries)
}

/// Records one pair: its link, its indexes, what is still owed, and what to tell.
fn record(
    run: &mut Run,
    work: &Work,
    results: &BTreeMap<String, (&Operation, Result<Written, Fault>)>,
    batch: &mut Batch,
    entries: &mut Vec<Entry>,
) -> Staged<()> {
    let job = &work.job;
    forget_observations(run, job.pair.activity, batch);
    let mut link = link_before(run, job);
    let mut exists = job.pair.link.is_some()
        || (job.plan.leave.is_none() && job.pair.creatio.here().is_some() && job.pair.mailbox.here().is_some());
    let mut tally = Tally { unknown: false, failed: None, held: None, pending: None, operations: Vec::new() };
    let mut look_again = false;
    let mut done = true;
    for (operation, bar) in job.plan.operations.iter().zip(&work.bars) {
        match bar {
            Some(bar) => {
                done = false;
                barred(run, job, operation, *bar, &mut tally, &mut look_again, entries);
            }
            None => match results.get(&operation.id).map(|(_, result)| result) {
                Some(Ok(written)) => {
                    exists |= operation.action == Action::Create;
                    look_again |= settle_operation(run, job, operation, written, &mut link, batch, entries);
                }
                Some(Err(fault)) => {
                    done = false;
                    failed(job, operation, fault, &mut tally, &mut look_again, entries);
                }
                None => done = false,
            },
        }
    }
    notes(job, entries);
    close(job, &tally, entries);
    if let Some(reason) = job.plan.leave {
        let side = if job.pair.mailbox.here().is_some() { SideId::Mailbox } else { SideId::Creatio };
        run.report.count("left-alone", Some(side), reason.code(), 1);
    }
    let before = job.pair.link.as_ref().is_some_and(Link::active);
    if done && let Some(state) = job.plan.state {
        link.state = state;
    }
    if job.plan.removal.is_some() {
        note_removal(run, job, done, &tally, batch)?;
    }
    if exists {
        put_link(run, job, &link, batch)?;
        let after = link.active();
        let change = i64::from(after) - i64::from(before);
        run.change_state(|state| state.links += change);
    }
    let subject = Subject::Activity(job.pair.activity);
    match owed_after(run, job, &tally, results) {
        Some(owed) => batch.put(run.store.owed_key(&subject), &owed),
        None => batch.delete(run.store.owed_key(&subject)),
    }
    if look_again {
        touch(run, job.pair.activity, batch);
        if !exists && let Some(item) = job.pair.mailbox.here() {
            observed(run, subject, SideId::Mailbox, Some(Box::new(item.clone())), batch);
        }
    }
    Ok(())
}

/// What was held or had failed and is neither any more is said to be settled, under the operation's own id.
fn close(job: &Job, tally: &Tally, entries: &mut Vec<Entry>) {
    let Some(owed) = job.owed.as_ref().filter(|owed| matches!(owed.why, Why::Held | Why::Failed)) else { return };
    for operation in &owed.operations {
        let still = tally.operations.contains(operation) || entries.iter().any(|entry| entry.operation == *operation);
        if !still {
            let mut settled =
                Operation::new(&job.pair, Action::Skip, SideId::Mailbox, BTreeMap::new(), Reason::Settled);
            settled.id.clone_from(operation);
            entries.push(entry(job, &settled, Outcome::Noted, Reason::Settled, String::new()));
        }
    }
}

/// A removal that was carried out is missed no more; one that is held waits for a person.
fn note_removal(run: &Run, job: &Job, done: bool, tally: &Tally, batch: &mut Batch) -> Staged<()> {
    for side in [SideId::Creatio, SideId::Mailbox] {
        let key = gone_key(run, side, job.pair.activity);
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

fn barred(
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
            let known = job.owed.as_ref().is_some_and(|owed| owed.operations.contains(&operation.id));
            if !known {
                entries.push(entry(job, operation, Outcome::Held, reason, operation.detail.clone()));
            }
            tally.held = Some(reason);
            tally.operations.push(operation.id.clone());
        }
        Bar::Pending(side) => {
            tally.pending = Some(side);
            tally.operations.push(operation.id.clone());
        }
        Bar::NotChosen => *look_again |= run.only().is_some(),
    }
}

fn failed(
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
    if reason == Reason::ChangedMeanwhile && job.owed.as_ref().is_none_or(|owed| owed.tries < 2) {
        return;
    }
    let soon = matches!(
        fault,
        Fault::Throttled(_) | Fault::Again(_) | Fault::Stopped | Fault::Unreachable(_) | Fault::Credential(_)
    );
    tally.failed = Some((reason, soon));
    tally.operations.push(operation.id.clone());
    entries.push(entry(job, operation, Outcome::Failed, reason, fault.to_string()));
}

/// Moves the bases by what one write came to. Says whether the pair has to be looked at again.
fn settle_operation(
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
    let mut told = entry(job, operation, outcome, operation.reason, operation.detail.clone());
    let mut look_again = false;
    if let Some(skew) = written.skew {
        run.change_state(|state| state.skew = state.skew.max(skew));
    }
    for (unit, write) in &operation.units {
        let before = written.before.as_ref().and_then(|before| before.values.get(unit));
        let unseen = before.filter(|before| write.before.as_ref().is_some_and(|merged| merged != *before));
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
        let read = written.after.as_ref().and_then(|after| after.values.get(unit)).map(crate::activity::Value::digest);
        let base = match read {
            Some(read) if written.proven || read == sent => read,
            Some(read) => {
                let difference = Normalised { side: target, unit: *unit, sent: sent.clone(), read: read.clone() };
                if link.normalised.contains(&difference) {
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
        if *unit != Unit::State {
            link.end_mut(target).bases.insert(*unit, base);
            if let Some(source) = &write.source {
                link.end_mut(target.other()).bases.insert(*unit, source.clone());
            }
        }
    }
    if let Some(after) = &written.after {
        look_again |= others_changed(job, operation, after);
        adopt_end(link, target, after, !look_again);
        if operation.action == Action::Create && target == SideId::Mailbox {
            link.generation = next_generation(job);
            link.earlier.extend(link.nonce.take());
            link.nonce = Some(identity::nonce(&run.options.run, link.activity, link.generation));
            link.folder.clone_from(&run.target);
            link.identity = after.identity.clone().or(link.identity.take());
        }
    } else if operation.action == Action::Delete {
        link.end_mut(target).version.clear();
    }
    if operation.removes() {
        let at = run.started;
        run.change_state(|state| state.removals.entry(target).or_default().push(at));
    }
    told.outcome = outcome;
    told.item = Some(link.mailbox.id.clone()).filter(|id| !id.is_empty());
    entries.push(told);
    look_again
}

/// Something that the write did not touch differs from what the merge saw: an edit that came between.
fn others_changed(job: &Job, operation: &Operation, after: &Seen) -> bool {
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

fn adopt_end(link: &mut Link, side: SideId, after: &Seen, by_us: bool) {
    let end = link.end_mut(side);
    end.id.clone_from(&after.id);
    end.version.clone_from(&after.version);
    end.by_us = by_us;
    link.describe(after);
    if side == SideId::Creatio {
        link.finished = after.state != State::Open;
    }
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
            policy: run.full_policy.clone(),
        };
        batch.put(key, &row);
    }
    unloose(run, link.activity, batch)?;
    if link.origin == Origin::Exported && !run.imported.contains(&link.folder) && link.folder != run.target {
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
fn share(run: &Run, link: &Link, item: Option<&Seen>, batch: &mut Batch) -> Staged<()> {
    let Some(identity) = &link.identity else { return Ok(()) };
    let Some(item) = item.filter(|item| !item.attendees.is_empty()) else {
        if link.active() {
            return Ok(());
        }
        return leave_meeting(run, identity, batch);
    };
    if !link.active() {
        return leave_meeting(run, identity, batch);
    }
    let key = meeting_key(identity);
    let row = run.store.get_versioned::<MeetingRow>(std::slice::from_ref(&key))?.into_iter().next().flatten();
    let (mut meeting, guard) = match row {
        Some((meeting, version)) => (meeting, Guard::At(version)),
        None => (MeetingRow::default(), Guard::Absent),
    };
    let me = run.settings.account.id.clone();
    let since = meeting.members.get(&me).map_or(run.started, |member| member.since);
    let member = Member { organizer: item.ours, since };
    if meeting.members.get(&me) != Some(&member) {
        meeting.members.insert(me, member);
        batch.guarded(key, &meeting, guard);
    }
    if link.origin != Origin::Exported {
        batch.put(invited_key(link.activity), identity);
    }
    Ok(())
}

fn leave_meeting(run: &Run, identity: &str, batch: &mut Batch) -> Staged<()> {
    let key = meeting_key(identity);
    if let Some((mut meeting, version)) =
        run.store.get_versioned::<MeetingRow>(std::slice::from_ref(&key))?.into_iter().next().flatten()
        && meeting.members.remove(&run.settings.account.id).is_some()
    {
        batch.guarded(key, &meeting, Guard::At(version));
    }
    Ok(())
}

fn owed_after(
    run: &Run,
    job: &Job,
    tally: &Tally,
    results: &BTreeMap<String, (&Operation, Result<Written, Fault>)>,
) -> Option<Owed> {
    let (why, reason, retry) = if tally.unknown {
        (Why::Unknown, Reason::UnknownOutcome, Some(run.started))
    } else if let Some((reason, soon)) = tally.failed {
        let tries = job.owed.as_ref().filter(|owed| owed.why == Why::Failed).map_or(0, |owed| owed.tries) + 1;
        (Why::Failed, reason, Some(run.started + backoff(if soon { 0 } else { tries })))
    } else if let Some(side) = tally.pending {
        (Why::Pending(side), Reason::OtherDirection, None)
    } else if let Some(reason) = tally.held {
        (Why::Held, reason, None)
    } else {
        return None;
    };
    let mut owed = owed_row(run, job, why, reason);
    owed.retry = retry;
    owed.tries = job.owed.as_ref().filter(|owed| owed.why == Why::Failed).map_or(0, |owed| owed.tries) + 1;
    owed.operations.clone_from(&tally.operations);
    let created = results
        .values()
        .any(|(operation, _)| operation.action == Action::Create && operation.target == SideId::Mailbox);
    if created {
        // A late landing of this attempt must be known for what it is.
        owed.attempts.push(identity::nonce(&run.options.run, job.pair.activity, next_generation(job)));
    }
    Some(owed)
}

/// Commits; where only rows shared with other accounts changed meanwhile, they are read and written anew.
fn commit(run: &mut Run, batch: Batch, entries: Vec<Entry>) -> Staged<()> {
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
fn refresh(run: &Run, batch: &mut Batch, keys: &[String]) -> Staged<()> {
    for key in keys {
        let Some(ours) = batch.row::<MeetingRow>(key) else { continue };
        let row = run.store.get_versioned::<MeetingRow>(std::slice::from_ref(key))?.into_iter().next().flatten();
        let (mut theirs, guard) = match row {
            Some((meeting, version)) => (meeting, Guard::At(version)),
            None => (MeetingRow::default(), Guard::Absent),
        };
        let me = &run.settings.account.id;
        match ours.members.get(me) {
            Some(member) => theirs.members.insert(me.clone(), member.clone()),
            None => theirs.members.remove(me),
        };
        batch.guarded(key.clone(), &theirs, guard);
    }
    Ok(())
}
