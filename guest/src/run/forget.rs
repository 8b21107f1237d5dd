//! Forgetting an account: what the sync made and nobody touched is removed where that was asked for, markers are taken off
//! everything else, and when nothing is left of them the account's rows are erased.
//!
//! Nothing is written ahead, because each step can be repeated: what is gone is gone, what carries no marker needs none
//! taken off. From the first write on a row says that the account is being forgotten, and no other run begins.

use super::carry::Job;
use super::tell::entry;
use super::work::{complete, ends_run, read_both};
use super::{Run, Staged, Stop, erase, marks, retire, settle, vanished, work};
use crate::activity::{Kind, SideId};
use crate::ask::{Ask, Fault};
use crate::forget;
use crate::link::{Link, LinkState};
use crate::plan::{End, Operation, Pair, Plan};
use crate::reason::Reason;
use crate::removal;
use crate::report::{Action, Ending, Entry, Outcome};
use crate::side::{Found, Mark, Side, Write};
use crate::store::Batch;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Pairs at a time.
pub(super) const CHUNK: usize = 20;
/// Links read at a time.
const PIECE: u32 = 1000;

/// What is left of the sync.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Markers that could not be taken off.
    pub(super) marks: u64,
    /// What was to be removed and could not be.
    pub(super) items: u64,
    /// Folders that could not be read, and why.
    pub(super) folders: Vec<String>,
    /// Items that a preview counts as removed: their markers go with them.
    pub(super) planned: BTreeSet<String>,
}

impl Left {
    const fn nothing(&self) -> bool {
        self.marks == 0 && self.items == 0 && self.folders.is_empty()
    }
}

/// What storage says of the account's links.
struct Survey {
    /// Halves that the sync made and nobody is known to have touched.
    made: usize,
    /// Tasks were synchronised.
    tasks: bool,
}

/// Forgets the account.
pub(super) fn forget(run: &mut Run, remove: bool) -> Staged<Ending> {
    if let Some(fault) = run.gone.clone() {
        return vanished::forget(run, &fault);
    }
    settle::settle(run)?;
    retire::retire(run)?;
    let survey = survey(run)?;
    let mut left = Left::default();
    if survey.tasks && run.tasks_unread {
        left.folders.push("the task lists".into());
    } else {
        // Without tasks there is nothing to look for there.
        run.report.warnings.retain(|warning| warning.code != Reason::TasksUnavailable);
    }
    if remove {
        let many = run.only().is_none() && survey.made > removal::limit(run.state.links);
        let held = many.then_some(Reason::RemovalLimit);
        removals(run, held, &mut left)?;
        if many && !run.options.dry_run {
            let text = format!(
                "{} items that the sync made would be removed, which is many at once. Nothing was changed: look at the \
                 list, and confirm it if it is right.",
                survey.made
            );
            run.report.warn(Reason::RemovalLimit, text);
            return Ok(Ending::Partial);
        }
    }
    marks::take_all(run, &mut left)?;
    if !left.nothing() {
        run.report.warn(Reason::MarksRemain, remains(&left));
        return Ok(Ending::Partial);
    }
    if !run.options.dry_run {
        erase::erase(run)?;
        run.report.count("forgotten", None, "", 1);
    }
    Ok(Ending::Complete)
}

fn remains(left: &Left) -> String {
    let mut parts = Vec::new();
    if left.marks > 0 {
        parts.push(format!("{} markers could not be taken off", left.marks));
    }
    if left.items > 0 {
        parts.push(format!("{} items could not be removed", left.items));
    }
    if !left.folders.is_empty() {
        parts.push(format!("not read: {}", left.folders.join("; ")));
    }
    format!("The account's storage is kept: {}. Forget the account once more when that is mended.", parts.join("; "))
}

fn survey(run: &Run) -> Staged<Survey> {
    let mut survey = Survey { made: 0, tasks: false };
    run.store.each("link/", |_, link: Link| {
        survey.made += usize::from(forget::made(&link).is_some_and(|side| link.end(side).untouched));
        survey.tasks |= run.mailbox.kind_of(&link.mailbox.id) == Kind::Task;
        Ok(())
    })?;
    Ok(survey)
}

/// Says before the first write that the account is being forgotten, and makes what was told durable.
pub(super) fn advance(run: &mut Run, entries: Vec<Entry>) -> Staged<()> {
    if !run.options.dry_run {
        run.change_state(|state| state.forgetting = Some(state.forgetting.unwrap_or(0) + 1));
    }
    Ok(run.commit(Batch::default(), entries)?)
}

/// Removes what the sync made and nobody touched. Where that is held, or a preview, it is only told.
fn removals(run: &mut Run, held: Option<Reason>, left: &mut Left) -> Staged<()> {
    let total = u64::try_from(run.state.links).ok();
    let (mut after, mut done) = (None::<String>, 0_u64);
    loop {
        let (rows, next) = run.store.piece::<Link>("link/", after.as_deref(), PIECE)?;
        let links: Vec<Link> = rows.into_iter().map(|(_, link)| link).collect();
        // Each side by itself, so that batches are full.
        for side in [SideId::Creatio, SideId::Mailbox] {
            let made: Vec<Link> = links.iter().filter(|link| forget::made(link) == Some(side)).cloned().collect();
            for links in made.chunks(CHUNK) {
                run.step("remove", done, total)?;
                chunk(run, links, held, left)?;
                done += u64::try_from(links.len()).unwrap_or(0);
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// One of the pairs that loses what the sync made of it.
struct Going {
    job: Job,
    operation: Operation,
    /// Id and version of what goes.
    id: String,
    version: String,
    /// Where its marker is.
    mark: Option<Mark>,
}

fn chunk(run: &mut Run, links: &[Link], held: Option<Reason>, left: &mut Left) -> Staged<()> {
    let (mut entries, mut going) = (Vec::new(), Vec::new());
    for (pair, link, side, fault) in pairs(run, links, left, &mut entries)? {
        let job = Job { pair, plan: Plan::default(), owed: None, fault: None, item: None, undoes: false };
        let Some(seen) = job.pair.end(side).here() else { continue };
        let operation = Operation::new(&job.pair, Action::Delete, side, BTreeMap::new(), Reason::Forgotten);
        let read_only = seen.folder.as_ref().is_some_and(|folder| run.read_only.contains(folder));
        let stays = forget::stays(&job.pair, &link, seen, side, fault)
            .or(read_only.then_some(Reason::FolderReadOnly))
            .or((!chosen(run, &operation)).then_some(Reason::NotConfirmed));
        if let Some(reason) = stays {
            entries.push(entry(run, &job, &operation, Outcome::Noted, reason, seen.attendees.join(", ")));
            continue;
        }
        let (id, version) = (seen.id.clone(), seen.version.clone());
        let mark = if side == SideId::Mailbox { run.mailbox.mark_of(seen) } else { None };
        going.push(Going { job, operation, id, version, mark });
    }
    for Going { operation, .. } in &going {
        run.chosen.insert(operation.id.clone());
    }
    if held.is_some() || run.options.dry_run {
        let (outcome, reason) = match held {
            None => (Outcome::Planned, Reason::Forgotten),
            // What is held and not named stands nowhere: nothing looks at it again by itself.
            Some(reason) if run.options.dry_run => (Outcome::Held, reason),
            Some(reason) => (Outcome::Noted, reason),
        };
        left.planned.extend(going.iter().map(|going| going.id.clone()));
        let told = |going: &Going| entry(run, &going.job, &going.operation, outcome, reason, String::new());
        entries.extend(going.iter().map(told));
        return Ok(run.commit(Batch::default(), entries)?);
    }
    advance(run, entries)?;
    remove(run, going, left)
}

fn chosen(run: &Run, operation: &Operation) -> bool {
    run.only().is_none_or(|only| only.contains(&operation.id))
}

/// The pairs as they are now, each with the side that the sync made, and whether others take part in the activity.
fn pairs(
    run: &mut Run,
    links: &[Link],
    left: &mut Left,
    entries: &mut Vec<Entry>,
) -> Staged<Vec<(Pair, Link, SideId, bool)>> {
    let activities: Vec<String> = links.iter().map(|link| link.activity.to_string()).collect();
    // One that was deleted may still be readable by its id.
    let deleted = |link: &Link| matches!(link.state, LinkState::Ended { gone: SideId::Mailbox, .. });
    let readable = |link: &Link| !link.mailbox.id.is_empty() && !deleted(link);
    let items: Vec<String> = links.iter().filter(|link| readable(link)).map(|link| link.mailbox.id.clone()).collect();
    let (found, found_items) = read_both(run, &activities, &items)?;
    let shared = shared(run, links)?;
    let mut items = found_items.into_iter();
    let mut pairs = Vec::with_capacity(links.len());
    for (link, activity) in links.iter().zip(found) {
        let item = if readable(link) { items.next() } else { None };
        let Some(side) = forget::made(link) else { continue };
        let mut faults = Vec::new();
        let mut end = |side: SideId, answer: Option<Result<Found, Fault>>| match answer {
            Some(Ok(Found::Here(seen))) => End::Here(seen),
            Some(Ok(Found::Absent)) | None => End::Absent,
            Some(Err(fault)) => {
                faults.push((side, fault));
                End::None
            }
        };
        let (creatio, mailbox) = (end(SideId::Creatio, Some(activity)), end(SideId::Mailbox, item));
        let mut pair = Pair {
            activity: link.activity,
            link: Some(link.clone()),
            creatio,
            mailbox,
            follower: false,
            forsaken: false,
            invited: false,
            lookalike: None,
        };
        complete(run, &mut pair)?;
        if let Some((side, fault)) = faults.pop() {
            left.items += 1;
            let job = Job { pair, plan: Plan::default(), owed: None, fault: None, item: None, undoes: false };
            let operation = Operation::new(&job.pair, Action::Skip, side, BTreeMap::new(), Reason::Unreadable);
            entries.push(entry(run, &job, &operation, Outcome::Failed, Reason::Unreadable, fault.to_string()));
            continue;
        }
        let company = shared.contains(&link.activity) && side == SideId::Creatio;
        pairs.push((pair, link.clone(), side, company));
    }
    Ok(pairs)
}

/// Of these activities that the sync made, those in which others take part: in Creatio, or through their own mailbox.
fn shared(run: &mut Run, links: &[Link]) -> Staged<BTreeSet<Uuid>> {
    let made: Vec<&Link> = links.iter().filter(|link| forget::made(link) == Some(SideId::Creatio)).collect();
    let ids: Vec<String> = made.iter().map(|link| link.activity.to_string()).collect();
    let answer = run.send(run.creatio.shared_with(&ids))?;
    let mut shared: BTreeSet<Uuid> = answer
        .map_err(|fault| super::fatal(SideId::Creatio, fault))?
        .iter()
        .filter_map(|id| Uuid::parse_str(id).ok())
        .collect();
    for link in made {
        if erase::others_follow(run, link)? {
            shared.insert(link.activity);
        }
    }
    Ok(shared)
}

fn remove(run: &mut Run, mut going: Vec<Going>, left: &mut Left) -> Staged<()> {
    let mut entries = Vec::new();
    // What lies in Deleted Items is not to carry a marker either.
    let marks: Vec<Mark> = going.iter().filter_map(|going| going.mark.clone()).collect();
    let mut unmarked = persist(run, SideId::Mailbox, &marks, |side, marks| side.unmark(marks))?.into_iter();
    let mut stop = None;
    let mut ready = Vec::with_capacity(going.len());
    for mut one in going.drain(..) {
        match if one.mark.is_some() { unmarked.next() } else { None } {
            None => ready.push(one),
            Some(Ok(version)) => {
                one.version = version;
                ready.push(one);
            }
            Some(Err(fault)) => {
                entries.push(told(run, &one, &fault, left));
                stop = stop.or_else(|| ends_run(SideId::Mailbox, &fault));
            }
        }
    }
    for side in [SideId::Creatio, SideId::Mailbox] {
        let mine: Vec<&Going> = ready.iter().filter(|one| one.operation.target == side).collect();
        let writes: Vec<Write> = mine
            .iter()
            .map(|one| Write::Delete { id: one.id.clone(), version: one.version.clone(), tell: false })
            .collect();
        let edited = if side == SideId::Mailbox { super::whole::edited(run, &writes)? } else { BTreeSet::new() };
        let (late, mine): (Vec<&Going>, Vec<&Going>) = mine.into_iter().partition(|one| edited.contains(&one.id));
        entries.extend(late.into_iter().map(|one| told(run, one, &super::whole::stale(), left)));
        let writes: Vec<Write> = writes.into_iter().filter(|write| !super::whole::is_late(write, &edited)).collect();
        let results = persist(run, side, &writes, |side, writes| side.write(writes));
        let results = match results {
            Ok(results) => results,
            Err(why) => {
                stop = stop.or(Some(why));
                continue;
            }
        };
        for (one, result) in mine.into_iter().zip(results) {
            match result {
                Ok(_) => {
                    run.writes = run.writes.saturating_add(1);
                    entries.push(entry(
                        run,
                        &one.job,
                        &one.operation,
                        Outcome::Written,
                        Reason::Forgotten,
                        String::new(),
                    ));
                }
                Err(fault) => {
                    entries.push(told(run, one, &fault, left));
                    stop = stop.or_else(|| ends_run(side, &fault));
                }
            }
        }
    }
    advance(run, entries)?;
    stop.map_or(Ok(()), Err)
}

/// What became of a removal that did not come to pass. What was edited at that very moment stays, as any edit.
fn told(run: &Run, going: &Going, fault: &Fault, left: &mut Left) -> Entry {
    if fault.stale() {
        return entry(run, &going.job, &going.operation, Outcome::Noted, Reason::ChangedSince, String::new());
    }
    left.items += 1;
    entry(run, &going.job, &going.operation, Outcome::Failed, refusal(fault), fault.to_string())
}

/// The reason for what a server said.
pub(super) fn refusal(fault: &Fault) -> Reason {
    match fault {
        Fault::Throttled(_) | Fault::Again(_) => Reason::Throttled,
        fault if fault.outcome_unknown() || *fault == Fault::Stopped => Reason::UnknownOutcome,
        fault if fault.forbidden() => Reason::NotPermitted,
        _ => Reason::Refused,
    }
}

/// Sends something about items; what the server throttled is sent again.
pub(super) fn persist<T: Clone, R>(
    run: &mut Run,
    side: SideId,
    all: &[T],
    ask: impl for<'s> Fn(&'s dyn Side, &[T]) -> Ask<'s, Vec<Result<R, Fault>>>,
) -> Staged<Vec<Result<R, Fault>>> {
    let mut results: BTreeMap<usize, Result<R, Fault>> = BTreeMap::new();
    let mut pending: Vec<(usize, T)> = all.iter().cloned().enumerate().collect();
    let mut wait = 0_u64;
    for _ in 0..work::AGAIN {
        if pending.is_empty() {
            break;
        }
        let wanted: Vec<T> = pending.iter().map(|(_, one)| one.clone()).collect();
        let answers = match run.send(ask(run.side(side), &wanted).after(wait)) {
            Ok(answers) => answers,
            // What was answered before has to be told.
            Err(_) if !results.is_empty() => break,
            Err(stop) => return Err(stop),
        };
        wait = 0;
        let mut again = Vec::new();
        for ((at, one), answer) in pending.into_iter().zip(answers) {
            if let Err(Fault::Again(milliseconds)) = &answer {
                wait = wait.max(*milliseconds);
                again.push((at, one));
            }
            results.insert(at, answer);
        }
        pending = again;
    }
    Ok((0..all.len()).map(|at| results.remove(&at).unwrap_or(Err(Fault::Stopped))).collect())
}

/// A fault of what was to be read at once, such as a listing.
pub(super) fn whole(fault: Fault) -> Result<Fault, Stop> {
    match ends_run(SideId::Mailbox, &fault) {
        Some(stop) => Err(stop),
        None => Ok(fault),
    }
}
