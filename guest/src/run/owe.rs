//! What is still owed of a pair once a plan was carried out, or could not be: who waits for what, and when it is tried again.

use super::Run;
use super::ahead::next_generation;
use super::carry::Job;
use super::record::{Tally, forget_observations, keep_folder};
use super::tell::entry;
use crate::activity::SideId;
use crate::ask::Fault;
use crate::attempt;
use crate::deliberate::Deliberate;
use crate::owed::{Owed, Subject, Why, backoff};
use crate::plan::Operation;
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome};
use crate::side::Written;
use crate::store::Batch;
use std::collections::BTreeMap;
/// How often an activity that is not seen is looked for before it counts as deleted: some hours, see [`backoff`].
const LOOKS: u32 = 5;

/// How often the activity of an item that is back is looked for before that is told: it is looked for once a week as well.
const RETURNS: u32 = 3;

/// What is still owed of a pair, as far as this run got with it.
pub(super) fn owed_after(
    run: &Run,
    job: &Job,
    tally: &Tally,
    results: &BTreeMap<String, (&Operation, Result<Written, Fault>)>,
) -> Option<Owed> {
    let (why, reason, retry) = if tally.unknown {
        (Why::Unknown, Reason::UnknownOutcome, Some(run.started))
    } else if let Some((reason, soon)) = tally.failed {
        let tries =
            job.owed.as_ref().filter(|owed| owed.why == Why::Failed).map_or(0, |owed| owed.tries).saturating_add(1);
        (Why::Failed, reason, Some(run.started + backoff(if soon { 0 } else { tries })))
    } else if let Some(side) = tally.pending {
        (Why::Pending(side), Reason::OtherDirection, None)
    } else if let Some(reason) = tally.held {
        (Why::Held, reason, None)
    } else if let Some(tries) = unseen(job) {
        (Why::Failed, Reason::Absent, Some(run.started + backoff(tries)))
    } else if let Some(tries) = waited(job) {
        (Why::Failed, Reason::Absent, Some(run.started + backoff(tries)))
    } else if job.plan.leave == Some(Reason::MarkedOrphan) {
        // Rights may hide its activity: should that show, it must not be exported once more.
        (Why::Failed, Reason::MarkedOrphan, Some(run.started + chrono::Duration::days(1)))
    } else {
        return None;
    };
    if Deliberate::DropOwed.on() {
        return None;
    }
    let mut owed = owed_row(run, job, why, reason);
    owed.retry = retry;
    owed.tries =
        job.owed.as_ref().filter(|owed| owed.why == Why::Failed).map_or(0, |owed| owed.tries).saturating_add(1);
    owed.operations.clone_from(&tally.operations);
    let mut tried = results.values().map(|(operation, _)| *operation);
    let created = tried.find(|operation| operation.makes_item());
    if let Some(operation) = created.filter(|_| !Deliberate::NewTransaction.on()) {
        // A late landing of this attempt must be known for what it is.
        owed.attempts.push(attempt::nonce(&run.options.run, job.pair.activity, next_generation(job), operation));
    }
    Some(owed)
}

/// An activity that waits to be exported and cannot be seen just now: when rights come back, no feed tells of it. It is
/// looked for a few times; gives how often that was.
fn unseen(job: &Job) -> Option<u32> {
    let owed = job.owed.as_ref().filter(|owed| owed.item.is_none() && job.plan.leave == Some(Reason::Absent))?;
    match owed.why {
        Why::Pending(SideId::Mailbox) => Some(1),
        Why::Failed if owed.tries < LOOKS => Some(owed.tries + 1),
        _ => None,
    }
}

/// How often the activity of an item that is back was looked for, this time included; none once that is enough.
pub(super) fn waited(job: &Job) -> Option<u32> {
    let before = job.owed.as_ref().filter(|owed| owed.why == Why::Failed).map_or(0, |owed| owed.tries);
    (job.plan.waits && before < RETURNS).then_some(before + 1)
}

/// An owed row that says why; what is known of the pair already stays in it.
pub(super) fn owed_row(run: &Run, job: &Job, why: Why, reason: Reason) -> Owed {
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
        // What could not be read this time keeps the id by which it is looked for.
        item: job
            .pair
            .mailbox
            .here()
            .map(|seen| seen.id.clone())
            .or_else(|| job.item.clone())
            .or_else(|| old.and_then(|old| old.item.clone())),
        attempts: old.map(|old| old.attempts.clone()).unwrap_or_default(),
        generation: old.map_or(0, |old| old.generation),
        title: seen.map(|seen| seen.title().to_owned()).unwrap_or_default(),
    }
}

/// A pair whose sides could not both be read is tried again later.
pub(super) fn fail(run: &Run, job: &Job, side: SideId, fault: &Fault, batch: &mut Batch, entries: &mut Vec<Entry>) {
    let subject = Subject::Activity(job.pair.activity);
    let tries = job.owed.as_ref().filter(|owed| owed.why == Why::Failed).map_or(0, |owed| owed.tries).saturating_add(1);
    let operation = Operation::new(&job.pair, Action::Skip, side, BTreeMap::new(), Reason::Unreadable);
    entries.push(entry(run, job, &operation, Outcome::Failed, Reason::Unreadable, fault.to_string()));
    let mut owed = owed_row(run, job, Why::Failed, Reason::Unreadable);
    owed.tries = tries;
    owed.retry = Some(run.started + backoff(tries));
    batch.put(run.store.owed_key(&subject), &owed);
    keep_folder(run, job, batch);
    forget_observations(run, job.pair.activity, batch);
}
