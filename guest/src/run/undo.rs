//! Undoing a run: its before-images, the current state of the pairs that they name, the inverse, and the same way of
//! carrying out as any plan has.

use super::ahead::link_before;
use super::carry::{self, Bar, Job, Work};
use super::note::touch;
use super::record::{Tally, failed, settle_operation};
use super::shared::put_link;
use super::tell::entry;
use super::work::{AGAIN, complete, ends_run, own, read_both};
use super::{Run, Staged, before, settle};
use crate::activity::{Seen, SideId};
use crate::ask::Fault;
use crate::link::{Link, LinkState};
use crate::owed::{Owed, Subject};
use crate::plan::{End, Operation, Pair};
use crate::reason::Reason;
use crate::removal;
use crate::report::{Action, Ending, Entry, Outcome};
use crate::side::{Found, Lost, Whereabouts, Written};
use crate::store::Batch;
use crate::text;
use crate::undo::{self, Guards};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Pairs at a time.
const CHUNK: usize = 20;

/// Undoes a run.
pub(super) fn undo(run: &mut Run, of: &str) -> Staged<Ending> {
    settle::settle(run)?;
    let survey = before::survey(run, of)?;
    let guards = guards(run, &survey);
    let mut activities: Vec<Uuid> = survey.activities.iter().copied().collect();
    let total = u64::try_from(activities.len()).ok();
    let mut done = 0_u64;
    let mut found = 0_usize;
    while !activities.is_empty() {
        run.step("undo", done, total)?;
        let rest = activities.split_off(activities.len().min(CHUNK.min(run.writes_left()).max(1)));
        let (jobs, entries) = jobs(run, of, &activities, guards)?;
        found += jobs.len() + entries.len();
        if run.only().is_none() {
            run.commit(Batch::default(), entries)?;
        }
        carry::carry(run, jobs)?;
        done += u64::try_from(activities.len()).unwrap_or(0);
        activities = rest;
    }
    let name = text::cut(of, 64);
    if survey.adopted > 0 {
        let text = format!("Run {name} linked {} pairs as they were; their links stay.", survey.adopted);
        run.report.warn(Reason::LinkedStays, text);
    }
    if survey.activities.is_empty() {
        let text = format!("Of run {name} nothing is kept that could be undone: it wrote nothing, or is too long ago.");
        run.report.warn(Reason::NothingToUndo, text);
    } else if found == 0 {
        run.report.warn(Reason::NothingToUndo, format!("Nothing of run {name} is left to undo."));
    }
    run.step("undo", done, total)?;
    Ok(Ending::Complete)
}

/// So many removals, or so many items made anew, wait for a person's yes, as in any run.
fn guards(run: &Run, survey: &before::Survey) -> Guards {
    let creations = usize::try_from(run.settings.policies.creation_limit).unwrap_or(usize::MAX);
    Guards {
        removals: (survey.made > removal::limit(run.state.links)).then_some(Reason::RemovalLimit),
        creations: (survey.deleted > creations).then_some(Reason::CreationLimit),
    }
}

/// The pairs as they are now, each with the inverse of what the run did to it; and what stays, told.
fn jobs(run: &mut Run, of: &str, ids: &[Uuid], guards: Guards) -> Staged<(Vec<Job>, Vec<Entry>)> {
    let links: Vec<Option<Link>> = run.store.get(&ids.iter().map(|id| run.store.link_key(*id)).collect::<Vec<_>>())?;
    let owed_keys: Vec<String> = ids.iter().map(|id| run.store.owed_key(&Subject::Activity(*id))).collect();
    let owed: Vec<Option<Owed>> = run.store.get(&owed_keys)?;
    let (activities, _) = read_both(run, &ids.iter().map(Uuid::to_string).collect::<Vec<_>>(), &[])?;
    let mut items = items(run, &links)?;
    let unsettled = unsettled(run)?;
    let (mut jobs, mut entries) = (Vec::new(), Vec::new());
    for (((id, link), owed), activity) in ids.iter().zip(links).zip(owed).zip(activities) {
        let mut fault = unsettled
            .contains(id)
            .then(|| (SideId::Mailbox, Fault::Unknown("what an interrupted run wrote is not found out yet".into())));
        let creatio = match activity {
            Ok(Found::Here(seen)) => End::Here(seen),
            Ok(Found::Absent) => End::Absent,
            Err(why) => {
                fault = Some((SideId::Creatio, why));
                End::None
            }
        };
        let mailbox = match items.remove(id) {
            Some(Ok(seen)) => seen.map_or(End::Absent, End::Here),
            Some(Err(why)) => {
                fault = Some((SideId::Mailbox, why));
                End::None
            }
            None => End::Absent,
        };
        let mut pair = Pair {
            activity: *id,
            link,
            creatio,
            mailbox,
            follower: false,
            forsaken: false,
            invited: false,
            lookalike: None,
        };
        complete(run, &mut pair)?;
        let mut job = Job { pair, plan: crate::plan::Plan::default(), owed, fault: None, item: None, undoes: true };
        if let Some((side, fault)) = fault {
            let operation = Operation::new(&job.pair, Action::Skip, side, BTreeMap::new(), Reason::Unreadable);
            entries.push(entry(run, &job, &operation, Outcome::Failed, Reason::Unreadable, fault.to_string()));
            continue;
        }
        let inverse = undo::plan(&job.pair, &before::images(run, of, *id)?, &run.frame(), guards);
        for left in &inverse.left {
            let detail = left.operation.detail.clone();
            entries.push(entry(run, &job, &left.operation, Outcome::Noted, left.reason, detail));
        }
        if !inverse.plan.operations.is_empty() {
            job.plan = inverse.plan;
            jobs.push(job);
        }
    }
    Ok((jobs, entries))
}

/// What an earlier interrupted write left and could not be settled yet.
fn unsettled(run: &Run) -> Staged<BTreeSet<Uuid>> {
    let mut unsettled = BTreeSet::new();
    run.store.each("wal/", |_, row: super::ahead::WalRow| {
        unsettled.insert(row.activity);
        Ok(())
    })?;
    Ok(unsettled)
}

type Item = Result<Option<Box<Seen>>, Fault>;

/// The items of these links. One that lies in Deleted Items is not there, although it may still be read.
fn items(run: &mut Run, links: &[Option<Link>]) -> Staged<BTreeMap<Uuid, Item>> {
    let folders = run.places();
    let mut wanted: Vec<(Uuid, Lost)> = links
        .iter()
        .flatten()
        .filter(|link| !link.mailbox.id.is_empty())
        .filter(|link| !matches!(link.state, LinkState::Ended { gone: SideId::Mailbox, .. }))
        .map(|link| (link.activity, Lost::of(link, run.mailbox_id)))
        .collect();
    let mut all = BTreeMap::new();
    let mut wait = 0;
    for _ in 0..AGAIN {
        if wanted.is_empty() {
            break;
        }
        let lost: Vec<Lost> = wanted.iter().map(|(_, lost)| lost.clone()).collect();
        let mut found = run.send(run.mailbox.whereabouts(&lost, &folders).after(wait))?;
        super::whole::elsewhere(run, &mut found)?;
        wait = 0;
        let mut again = Vec::new();
        for ((activity, lost), found) in wanted.into_iter().zip(found) {
            let item = match own(run, activity, found)? {
                Whereabouts::Alive { seen } => Ok(Some(seen)),
                Whereabouts::Gone | Whereabouts::Elsewhere { .. } => Ok(None),
                Whereabouts::Unknown(fault) => {
                    if let Some(stop) = ends_run(SideId::Mailbox, &fault) {
                        return Err(stop);
                    }
                    if let Fault::Again(milliseconds) = fault {
                        wait = wait.max(milliseconds);
                        again.push((activity, lost));
                    }
                    Err(fault)
                }
            };
            all.insert(activity, item);
        }
        wanted = again;
    }
    Ok(all)
}

/// Records what came of an inverse. What is owed of the pair, and what its feeds showed, is the next sync's.
pub(super) fn record(
    run: &mut Run,
    work: &Work,
    results: &BTreeMap<String, (&Operation, Result<Written, Fault>)>,
    batch: &mut Batch,
    entries: &mut Vec<Entry>,
) -> Staged<()> {
    let job = &work.job;
    let mut link = link_before(run, job);
    let (mut wrote, mut lived) = (false, true);
    for (operation, bar) in job.plan.operations.iter().zip(&work.bars) {
        let done = match bar {
            Some(bar) => {
                let reason = match bar {
                    Bar::Held(reason) => Some(*reason),
                    Bar::Pending(_) => Some(Reason::OneWay),
                    Bar::NotChosen => None,
                };
                // Nothing looks at it again by itself, so it does not stand as held.
                if let Some(reason) = reason {
                    entries.push(entry(run, job, operation, Outcome::Noted, reason, operation.detail.clone()));
                }
                false
            }
            None => match results.get(&operation.id).map(|(_, result)| result) {
                Some(Ok(written)) => {
                    settle_operation(run, job, operation, written, &mut link, batch, entries);
                    wrote = true;
                    true
                }
                Some(Err(fault)) if fault.stale() || fault.not_found() => {
                    entries.push(entry(run, job, operation, Outcome::Noted, Reason::ChangedSince, String::new()));
                    false
                }
                Some(Err(fault)) => {
                    let mut tally = Tally::default();
                    failed(run, job, operation, fault, &mut tally, &mut false, entries);
                    false
                }
                None => false,
            },
        };
        lived &= done || !undo::of_life(operation.action);
    }
    if !wrote {
        return Ok(());
    }
    let before = job.pair.link.as_ref().is_some_and(Link::active);
    if lived && let Some(state) = job.plan.state {
        link.state = state;
    }
    put_link(run, job, &link, batch)?;
    let change = i64::from(link.active()) - i64::from(before);
    run.change_state(|state| state.links += change);
    if link.active() {
        // Edits that were not synchronised yet still have to travel.
        touch(run, job.pair.activity, batch);
    }
    Ok(())
}
