//! Removals, decided last: after both sides were read to the end, each pair that misses a side is looked for, and only
//! what is certainly gone is removed from the other side, as far as the guard lets it.

use super::carry::{self, Job};
use super::note::{gone_key, missing, observed, touch};
use super::state::{GoneRow, ItemRow};
use super::work;
use super::{Run, Staged, fatal};
use crate::activity::SideId;
use crate::creatio::glimpse;
use crate::deliberate::Deliberate;
use crate::link::{Link, LinkState, Origin};
use crate::owed::Subject;
use crate::plan::{End, Operation};
use crate::reason::Reason;
use crate::removal;
use crate::side::{Lost, Side, Whereabouts};
use crate::store::Batch;
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Items looked for at a time.
const CHUNK: usize = 20;

/// Decides what is gone, and has it carried out.
pub(super) fn decide(run: &mut Run) -> Staged<()> {
    run.publish(&["gone/", "link/"])?;
    let mut certain: Vec<(Uuid, SideId, Reason)> = Vec::new();
    for side in [SideId::Mailbox, SideId::Creatio] {
        let rows = candidates(run, side)?;
        for rows in rows.chunks(CHUNK) {
            run.step("removals", 0, None)?;
            match side {
                SideId::Mailbox => certain.extend(items_gone(run, rows)?),
                SideId::Creatio => certain.extend(activities_gone(run, rows)?),
            }
        }
    }
    if certain.is_empty() {
        return Ok(());
    }
    let mut jobs = Vec::new();
    for chunk in certain.chunks(run.creatio.chunk()) {
        jobs.extend(plans(run, chunk)?);
    }
    run.visible |= Deliberate::BelieveSilence.on();
    if !run.visible {
        jobs.iter_mut().filter(|job| job.plan.removal == Some(SideId::Creatio) && !seen(job)).for_each(doubt);
        jobs.retain(|job| job.plan.removal.is_some());
    }
    hold(run, &mut jobs)?;
    let size = run.creatio.chunk().min(run.writes_left()).max(1);
    while !jobs.is_empty() {
        run.step("removals", 0, None)?;
        let rest = jobs.split_off(jobs.len().min(size));
        carry::carry(run, jobs)?;
        jobs = rest;
    }
    Ok(())
}

/// What may be gone and is not waiting for a person.
fn candidates(run: &Run, side: SideId) -> Staged<Vec<GoneRow>> {
    let mut rows = Vec::new();
    run.store.each(&format!("gone/{}/", side.code()), |_, row: GoneRow| {
        let due = match &row.held {
            None => true,
            Some((operation, _, policy)) => {
                *policy != run.full_policy
                    || run.options.dry_run
                    || run.only().is_some_and(|only| only.contains(operation))
            }
        };
        // In the run in which a mailbox moved nothing is removed: it is only told what did not come along.
        let due = due && (!run.state.moving || row.reason == Reason::LeftBehind);
        // What this run made its feeds could not show.
        let unshown = row.unshown && row.since >= run.started;
        if due && !unshown {
            rows.push(row);
        }
        Ok(())
    })?;
    Ok(rows)
}

fn links(run: &Run, rows: &[GoneRow]) -> Staged<Vec<Option<Link>>> {
    Ok(run.store.get(&rows.iter().map(|row| run.store.link_key(row.activity)).collect::<Vec<_>>())?)
}

/// Which items of the mailbox are certainly gone. One that is found elsewhere has changed.
fn items_gone(run: &mut Run, rows: &[GoneRow]) -> Staged<Vec<(Uuid, SideId, Reason)>> {
    let mut certain = Vec::new();
    let mut batch = Batch::default();
    let mut lost: Vec<(Link, Lost, Reason)> = Vec::new();
    let mut adrift: Vec<Link> = Vec::new();
    for (row, link) in rows.iter().zip(links(run, rows)?) {
        let key = gone_key(run, SideId::Mailbox, row.activity);
        match link {
            Some(link) if link.active() && (row.folder.is_empty() || row.folder == link.folder) => {
                if row.reason == Reason::CancelledByOrganizer || Deliberate::AbsenceIsDeletion.on() {
                    certain.push((row.activity, SideId::Mailbox, row.reason));
                    continue;
                }
                if link.adrift() {
                    adrift.push(link);
                    continue;
                }
                let item = Lost::of(&link, run.mailbox_id);
                lost.push((link, item, row.reason));
            }
            // From a folder that is no longer the link's, or of a link that is not followed any more.
            _ => batch.delete(key),
        }
    }
    for (link, found) in adrift.iter().zip(super::adrift::seek(run, &adrift)?) {
        match found {
            Ok(Some(seen)) => super::adrift::turned_up(run, link, seen, &mut batch)?,
            Ok(None) => certain.push((link.activity, SideId::Mailbox, Reason::LeftBehind)),
            Err(fault) => {
                run.report.warn(Reason::Absent, format!("An item cannot be looked for at the moment: {fault}."))
            }
        }
    }
    if !lost.is_empty() {
        let items: Vec<Lost> = lost.iter().map(|(_, item, _)| item.clone()).collect();
        let folders = run.places();
        let mut found = run.send(run.mailbox.whereabouts(&items, &folders))?;
        super::whole::elsewhere(run, &mut found)?;
        for ((mut link, _, reason), found) in lost.into_iter().zip(found) {
            match work::own(run, link.activity, found)? {
                Whereabouts::Gone | Whereabouts::Elsewhere { .. } => {
                    certain.push((link.activity, SideId::Mailbox, reason));
                }
                // It looks like another one that is known: that one it is not.
                Whereabouts::Alive { seen } if taken(run, &seen.id, link.activity)? => {
                    certain.push((link.activity, SideId::Mailbox, reason));
                }
                Whereabouts::Alive { seen } => {
                    batch.delete(gone_key(run, SideId::Mailbox, link.activity));
                    let folder = seen.folder.clone().unwrap_or_default();
                    if link.origin == Origin::Exported && !folder.is_empty() {
                        run.change_state(|state| {
                            if !state.followed.contains(&folder) {
                                state.followed.push(folder.clone());
                            }
                        });
                    }
                    seen.id.clone_into(&mut link.mailbox.id);
                    super::shared::store_link(run, &link, Some(&seen), &mut batch)?;
                    let subject = Subject::Activity(link.activity);
                    observed(run, subject, SideId::Mailbox, Some(seen), &mut batch);
                }
                Whereabouts::Unknown(_) if Deliberate::DoubtIsDeletion.on() => {
                    certain.push((link.activity, SideId::Mailbox, reason));
                }
                Whereabouts::Unknown(fault) => {
                    if let Some(stop) = work::ends_run(SideId::Mailbox, &fault) {
                        return Err(stop);
                    }
                    run.report.warn(Reason::Absent, format!("An item cannot be looked for at the moment: {fault}."));
                }
            }
        }
    }
    run.commit(batch, Vec::new())?;
    Ok(certain)
}

/// The item belongs to another pair.
fn taken(run: &Run, item: &str, activity: Uuid) -> Staged<bool> {
    let row: Option<ItemRow> = run.store.one(run.store.item_key(item))?;
    Ok(row.and_then(|row| row.link).is_some_and(|link| link != activity))
}

/// Which activities are certainly gone: missed in two complete runs far enough apart, while others are seen.
fn activities_gone(run: &mut Run, rows: &[GoneRow]) -> Staged<Vec<(Uuid, SideId, Reason)>> {
    let wait = Duration::minutes(i64::from(run.settings.policies.absence_minutes));
    let mut batch = Batch::default();
    let mut certain = Vec::new();
    let links = links(run, rows)?;
    let doubtful = doubtful(run, rows, &links)?;
    for (row, link) in rows.iter().zip(links) {
        if link.is_some_and(|link| link.active()) {
            let gone = if row.reason == Reason::HandedOver {
                !doubtful.contains(&row.activity)
            } else {
                (row.runs > 0 && run.started - row.since >= wait) || Deliberate::BelieveSilence.on()
            };
            if gone {
                certain.push((row.activity, SideId::Creatio, row.reason));
            }
        } else {
            batch.delete(gone_key(run, SideId::Creatio, row.activity));
        }
    }
    if certain.iter().any(|(_, _, reason)| *reason != Reason::HandedOver) && !run.visible {
        let visible = run.send(run.creatio.sees_own())?;
        run.visible = visible.map_err(|fault| fatal(SideId::Creatio, fault))?;
    }
    run.commit(batch, Vec::new())?;
    Ok(certain)
}

/// Those of what leaves that were never the contact's own and of which nobody is seen to take part: rights that hide the
/// participants take nobody out.
fn doubtful(run: &Run, rows: &[GoneRow], links: &[Option<Link>]) -> Staged<BTreeSet<Uuid>> {
    let leaves = |(row, link): (&GoneRow, &Option<Link>)| {
        let link = link.as_ref().filter(|link| row.reason == Reason::HandedOver && link.active() && !link.owned)?;
        Some((row.activity, link.creatio.id.clone()))
    };
    let (activities, ids): (Vec<Uuid>, Vec<String>) = rows.iter().zip(links).filter_map(leaves).unzip();
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut doubtful = BTreeSet::new();
    for (activity, found) in activities.into_iter().zip(run.send(glimpse::glimpses(&run.creatio, &ids, &ids))?) {
        let doubt = match found {
            Ok(found) => found.is_some_and(|glimpse| !glimpse.owner && glimpse.part.is_none()),
            Err(fault) => match work::ends_run(SideId::Creatio, &fault) {
                Some(stop) => return Err(stop),
                None => true,
            },
        };
        if doubt {
            doubtful.insert(activity);
        }
    }
    Ok(doubtful)
}

/// Both sides as they are now, with a plan for each.
fn plans(run: &mut Run, certain: &[(Uuid, SideId, Reason)]) -> Staged<Vec<Job>> {
    let ids: Vec<Uuid> = certain.iter().map(|(activity, ..)| *activity).collect();
    let mut jobs = work::jobs(run, &ids)?;
    let mut batch = Batch::default();
    for (job, (_, gone, reason)) in jobs.iter_mut().zip(certain) {
        if job.fault.is_some() {
            continue;
        }
        let Some(link) = job.pair.link.clone() else { continue };
        if *gone == SideId::Mailbox && *reason != Reason::CancelledByOrganizer {
            // It may still be readable, in Deleted Items.
            job.pair.mailbox = End::Absent;
        }
        let leaves = *reason == Reason::HandedOver;
        let still = job.plan.gone == Some((SideId::Creatio, Reason::HandedOver));
        if *gone == SideId::Creatio && (leaves != still || leaves != job.pair.creatio.here().is_some()) {
            batch.delete(gone_key(run, SideId::Creatio, link.activity));
            touch(run, link.activity, &mut batch);
            job.plan = crate::plan::Plan::default();
            continue;
        }
        if *gone == SideId::Mailbox && job.pair.creatio.here().is_none() {
            // Rights may hide the activity: whether it is gone as well is found out before the pair ends.
            let key = gone_key(run, SideId::Creatio, link.activity);
            if run.store.one::<GoneRow>(key)?.is_none() {
                missing(run, link.activity, SideId::Creatio, "", Reason::DeletedInCreatio, &mut batch);
            }
            job.plan = crate::plan::Plan::default();
            continue;
        }
        job.plan = removal::plan(&job.pair, &link, *gone, *reason, &run.frame());
    }
    run.commit(batch, Vec::new())?;
    jobs.retain(|job| job.plan.removal.is_some());
    Ok(jobs)
}

/// What leaves because its activity is somebody else's is seen to be there: no rights hide it.
fn seen(job: &Job) -> bool {
    job.pair.creatio.here().is_some()
}

/// Where nothing of the account's is seen at all, nothing counts as gone: no link ends and nothing is made anew. Both wait
/// for a person, or for the rights to come back.
fn doubt(job: &mut Job) {
    if job.plan.operations.is_empty()
        && let Some(note) = job.plan.notes.pop()
    {
        let operation = Operation::new(&job.pair, note.action, note.side, BTreeMap::new(), note.reason);
        job.plan.operations.push(operation);
    }
    if job.plan.operations.is_empty() {
        // Both sides of it are missed: it is looked at again.
        job.plan.removal = None;
    }
    for operation in &mut job.plan.operations {
        operation.held = operation.held.or(Some(Reason::RightsChanged));
    }
}

/// Holds what the guard does not let through.
fn hold(run: &mut Run, jobs: &mut [Job]) -> Staged<()> {
    let yesterday = run.started - Duration::hours(24);
    run.change_state(|state| {
        for stamps in state.removals.values_mut() {
            stamps.retain(|at| *at > yesterday);
        }
    });
    for gone in [SideId::Mailbox, SideId::Creatio] {
        let target = gone.other();
        let mut folders: BTreeMap<String, usize> = BTreeMap::new();
        let mut count = 0_usize;
        for job in jobs.iter().filter(|job| job.plan.removal == Some(gone)) {
            // What did not come along with its mailbox waits for a yes of its own.
            let counts = |operation: &Operation| operation.removes() && operation.held != Some(Reason::LeftBehind);
            if job.plan.operations.iter().any(counts) {
                count += 1;
                let folder = job.pair.link.as_ref().map(|link| link.folder.clone()).unwrap_or_default();
                *folders.entry(folder).or_default() += 1;
            }
        }
        if count == 0 {
            continue;
        }
        let recent = run.state.removals.get(&target).map_or(0, Vec::len);
        let empties = folders.values().any(|count| *count >= removal::EMPTYING) && emptied(run, jobs, &folders)?;
        let hidden = gone == SideId::Creatio && !run.visible;
        let unseen = (hidden && jobs.iter().any(|job| job.plan.removal == Some(gone) && !seen(job)))
            .then_some(Reason::RightsChanged);
        let Some(reason) = unseen.or_else(|| removal::guard(gone, count, recent, run.state.links, empties)) else {
            continue;
        };
        for job in jobs.iter_mut().filter(|job| job.plan.removal == Some(gone)) {
            let reason = if reason == Reason::RightsChanged && seen(job) { Reason::RemovalLimit } else { reason };
            for operation in job.plan.operations.iter_mut().filter(|operation| operation.removes()) {
                operation.held = operation.held.or(Some(reason));
            }
        }
    }
    Ok(())
}

/// One of these folders would be left without a pair.
fn emptied(run: &Run, jobs: &[Job], folders: &BTreeMap<String, usize>) -> Staged<bool> {
    let going: BTreeSet<Uuid> = jobs.iter().map(|job| job.pair.activity).collect();
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    run.store.each("link/", |_, link: Link| {
        if link.state == LinkState::Active && !going.contains(&link.activity) {
            *left.entry(link.folder).or_default() += 1;
        }
        Ok(())
    })?;
    Ok(folders.iter().any(|(folder, count)| *count >= removal::EMPTYING && !left.contains_key(folder)))
}
