//! Carrying plans out: written ahead, written, recorded. Each chunk is three steps that a crash may part anywhere.
//!
//! 1. One commit records every operation with the digests that will be sent; it takes the account's run key.
//! 2. The writes go out, both sides in one call.
//! 3. One commit records what came of them and forgets step 1.
//!
//! What was in flight when a run died is found and settled by [`super::settle`].

use super::ahead::{WalRow, link_before, write_ahead};
use super::owe;
use super::record::{RACES, forget_observations, record, record_written};
use super::shared::commit;
use super::tell::{entry, preview};
use super::whole;
use super::work::AGAIN;
use super::{Run, Staged, Stop};
use crate::activity::{Kind, SideId};
use crate::ask::Fault;
use crate::deliberate::Deliberate;
use crate::identity::{self, Marker};
use crate::link::Link;
use crate::owed::Owed;
use crate::plan::{Operation, Pair, Plan};
use crate::reason::Reason;
use crate::report::{Action, Outcome};
use crate::side::{Side, Write, Written};
use crate::store::Batch;
use std::collections::BTreeMap;

/// A pair with its plan.
pub(super) struct Job {
    pub(super) pair: Pair,
    pub(super) plan: Plan,
    pub(super) owed: Option<Owed>,
    /// A side could not be read.
    pub(super) fault: Option<(SideId, Fault)>,
    /// Id by which the item was to be read, where that is known from an observation alone.
    pub(super) item: Option<String>,
    /// It undoes what a run did, and settles nothing else.
    pub(super) undoes: bool,
}

impl Job {
    /// What the pair is: in Creatio, where it is not there yet in the mailbox, and where it is in neither, what is written.
    pub(super) fn kind(&self) -> Kind {
        let seen = self.pair.creatio.here().or(self.pair.mailbox.here());
        let written = || self.plan.operations.iter().find_map(Operation::kind);
        seen.map(|seen| seen.kind).or_else(written).unwrap_or(Kind::Appointment)
    }
}

/// Why an operation is not carried out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bar {
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
            owe::fail(run, &job, side, &fault, &mut batch, &mut entries);
            if Deliberate::FailureEndsRun.on() {
                return commit(run, batch, entries);
            }
            continue;
        }
        if let Some((side, reason)) = job.plan.gone {
            forget_observations(run, job.pair.activity, &mut batch);
            super::record::revive(run, &job, &mut batch);
            super::work::note_gone(run, &job.pair, side, reason, &mut batch)?;
            continue;
        }
        let bars: Vec<Option<Bar>> = job.plan.operations.iter().map(|operation| bar(run, operation)).collect();
        for (operation, _) in job.plan.operations.iter().zip(&bars).filter(|(_, bar)| **bar != Some(Bar::NotChosen)) {
            if run.only().is_some() {
                run.chosen.insert(operation.id.clone());
            }
        }
        if run.only().is_some() && !bars.iter().any(Option::is_none) {
            // Nothing of it was chosen, or nothing that a yes can let go: whatever is known of it stays as it is.
            for (operation, bar) in job.plan.operations.iter().zip(&bars) {
                if let Some(Bar::Held(reason)) = bar {
                    entries.push(entry(run, &job, operation, Outcome::Held, *reason, operation.detail.clone()));
                }
            }
            continue;
        }
        works.push(Work { job, bars });
    }
    if run.options.dry_run {
        for work in &works {
            preview(run, work, &mut batch, &mut entries);
            if work.job.pair.link.as_ref().is_some_and(Link::adrift) && work.job.pair.mailbox.here().is_some() {
                // It is not looked for once more.
                super::shared::store_link(run, &link_before(run, &work.job), None, &mut batch)?;
            }
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
    match ends {
        Some(stop) => Err(stop),
        None if going.iter().any(Work::converts) => super::retire::retire(run),
        None => Ok(()),
    }
}

pub(super) struct Work {
    pub(super) job: Job,
    pub(super) bars: Vec<Option<Bar>>,
}

impl Work {
    /// An item is made anew as the other kind.
    fn converts(&self) -> bool {
        self.going().any(|operation| operation.action == Action::Convert)
    }

    /// The operations that wait for another run, and for nobody's yes.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Operation> {
        let waits = |bar: &Option<Bar>| matches!(bar, Some(Bar::Pending(_) | Bar::NotChosen));
        let operations = self.job.plan.operations.iter().zip(&self.bars);
        operations.filter(move |(_, bar)| waits(bar)).map(|(operation, _)| operation)
    }

    /// The operations that are carried out.
    pub(super) fn going(&self) -> impl Iterator<Item = &Operation> {
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
    if operation.action == Action::Create && run.creations_held.contains(&operation.target) && !approved {
        return Some(Bar::Held(Reason::CreationLimit));
    }
    // What the folder that it would be made in does not show just now may be there already.
    let unread = run.unread.iter().any(|folder| run.targets.contains(folder));
    let blind = !run.state.indexed || unread;
    let unindexed = operation.action.makes() && operation.target == SideId::Mailbox && blind;
    if !run.writes_to(operation.target) || unindexed {
        return Some(Bar::Pending(operation.target));
    }
    None
}

pub(super) type Results = BTreeMap<String, Result<Written, Fault>>;

/// Sends the writes; gives what came of each by operation, and why the run has to end, if it has.
fn write(run: &mut Run, going: &[Work], rows: &[WalRow]) -> Staged<(Results, Option<Stop>)> {
    let mut pending: BTreeMap<SideId, Vec<(String, Write)>> = BTreeMap::new();
    for (work, row) in going.iter().zip(rows) {
        for operation in work.going() {
            if let Some(write) = as_write(run, &work.job, operation, row) {
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
        let edited = match whole::edited(run, &writes(&mailbox)) {
            Ok(edited) => edited,
            Err(stop) => {
                for (id, _) in creatio.into_iter().chain(mailbox) {
                    results.insert(id, Err(Fault::Stopped));
                }
                ends = Some(stop);
                break;
            }
        };
        let (late, mailbox): (Vec<_>, Vec<_>) =
            mailbox.into_iter().partition(|(_, write)| whole::is_late(write, &edited));
        results.extend(late.into_iter().map(|(id, _)| (id, Err(whole::stale()))));
        let ask = run.creatio.write(&writes(&creatio)).and(run.mailbox.write(&writes(&mailbox))).after(wait);
        let (first, mut second) = match run.send(ask) {
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
        ends = ends.or(whole::written(run, &mut second));
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

fn as_write(run: &Run, job: &Job, operation: &Operation, row: &WalRow) -> Option<Write> {
    let pair = &job.pair;
    match (operation.action, operation.target) {
        (Action::Create | Action::Convert, target) => {
            let nonce = row.attempts.last().cloned().unwrap_or_default();
            let number =
                |text: &str| text.bytes().fold(1_u32, |all, byte| all.wrapping_mul(31).wrapping_add(byte.into()));
            let attempt = if Deliberate::NewTransaction.on() { number(&run.options.run) } else { row.link.generation };
            let marker = Marker { activity: pair.activity, mailbox: run.mailbox_id, nonce };
            Some(Write::Create {
                activity: pair.activity,
                folder: run.targets.of(job.kind()).to_owned(),
                kind: job.kind(),
                values: operation.values(),
                marker: (target == SideId::Mailbox).then_some(marker),
                transaction: identity::transaction(pair.activity, run.mailbox_id, attempt),
            })
        }
        (Action::Update | Action::Cancel | Action::Restore, target) => {
            let current = match target {
                SideId::Creatio => pair.creatio.here(),
                SideId::Mailbox => pair.mailbox.here(),
            }?;
            let mut current = Box::new(current.clone());
            let raced = |owed: &Owed| owed.tries >= RACES && owed.operations.contains(&operation.id);
            if job.owed.as_ref().is_some_and(raced) {
                // The server calls every version stale, although the same values were read again and again.
                current.version.clear();
            }
            Some(Write::Update { current, values: operation.values() })
        }
        (Action::Delete, target) => {
            let end = row.link.end(target);
            let raced = !job.undoes && job.owed.as_ref().is_some_and(|owed| owed.tries >= RACES);
            let version = if raced { String::new() } else { end.version.clone() };
            // Whoever approves the removal of a meeting of the user's own has its guests told.
            let guests = |seen: &crate::activity::Seen| seen.ours && !seen.attendees.is_empty();
            let tell = target == SideId::Mailbox && pair.mailbox.here().is_some_and(guests);
            Some(Write::Delete { id: end.id.clone(), version, tell })
        }
        (Action::Adopt | Action::Unlink | Action::Park | Action::Skip | Action::Unmark, _) => None,
    }
}
