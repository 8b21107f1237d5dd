//! Working off what is owed: read the other side, merge, plan. What is to be written goes to [`super::carry`].

use super::carry::{self, Job};
use super::note::missing;
use super::state::{GoneRow, MeetingRow, Print};
use super::{Run, Staged, Stop, fatal};
use crate::activity::{Seen, SideId};
use crate::ask::{Ask, Fault};
use crate::digest::Digest;
use crate::identity::{self, Marker};
use crate::link::{Link, LinkState};
use crate::owed::{Observation, Owed, Subject, Why};
use crate::plan::{self, End, Pair, Plan};
use crate::reason::Reason;
use crate::side::{Found, Lost, Side, Whereabouts};
use crate::store::Batch;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// How often a part of a batch that the server throttled is sent again.
pub(super) const AGAIN: usize = 4;

/// Works off every pair that was observed, and those owed that are due.
pub(super) fn work(run: &mut Run) -> Staged<()> {
    let activities = subjects(run)?;
    work_off(run, activities)
}

/// The same without pairs of which a feed said in this run that their item left its folder: where it is now, and whether
/// the settings still let it be written, is found out first.
pub(super) fn work_before_removals(run: &mut Run) -> Staged<()> {
    let mut activities = subjects(run)?;
    // An idle run has nothing to do, and keeps what it noted for its one commit.
    if run.complete && !activities.is_empty() {
        run.publish(&["gone/"])?;
        let mut left = BTreeSet::new();
        run.store.each("gone/mailbox/", |_, row: GoneRow| {
            if row.since >= run.started && row.held.is_none() && !row.unshown && row.reason == Reason::DeletedInMailbox
            {
                left.insert(row.activity);
            }
            Ok(())
        })?;
        activities.retain(|activity| !left.contains(activity));
    }
    work_off(run, activities)
}

fn work_off(run: &mut Run, mut activities: Vec<Uuid>) -> Staged<()> {
    if activities.is_empty() {
        return Ok(());
    }
    guard_creations(run, &activities)?;
    let total = u64::try_from(activities.len()).ok();
    let mut done = 0_u64;
    let size = run.creatio.chunk().min(run.writes_left()).max(1);
    while !activities.is_empty() {
        run.step("write", done, total)?;
        let rest = activities.split_off(activities.len().min(size));
        let jobs = jobs(run, &activities)?;
        carry::carry(run, jobs)?;
        done += u64::try_from(activities.len()).unwrap_or(0);
        activities = rest;
    }
    run.step("write", done, total)
}

fn subjects(run: &mut Run) -> Staged<Vec<Uuid>> {
    run.publish(&["seen/", "owed/", "print/", "link/"])?;
    let mut activities = BTreeSet::new();
    run.store.each("seen/a/", |_, observation: Observation| {
        if let Subject::Activity(id) = observation.subject {
            activities.insert(id);
        }
        Ok(())
    })?;
    // A preview shows what is held as well.
    let all = run.options.dry_run && run.only().is_none();
    run.store.each("owed/a/", |_, owed: Owed| {
        if (all || owed.due(run.started, &run.full_policy, &run.writable, run.only()))
            && let Subject::Activity(id) = owed.subject
        {
            activities.insert(id);
        }
        Ok(())
    })?;
    // What an interrupted write left has to be settled first.
    let mut unsettled = BTreeSet::new();
    run.store.each("wal/", |_, row: super::ahead::WalRow| {
        unsettled.insert(row.activity);
        Ok(())
    })?;
    Ok(activities.difference(&unsettled).copied().collect())
}

/// On first contact, holds all creations if there would be more than the policy allows without asking.
fn guard_creations(run: &mut Run, activities: &[Uuid]) -> Staged<()> {
    let met: Vec<SideId> =
        [SideId::Creatio, SideId::Mailbox].into_iter().filter(|side| run.first_contact(*side)).collect();
    if met.is_empty() || run.only().is_some() {
        return Ok(());
    }
    let limit = usize::try_from(run.settings.policies.creation_limit).unwrap_or(usize::MAX);
    let mut unlinked: Vec<Uuid> = Vec::new();
    for ids in activities.chunks(500) {
        let links: Vec<Option<Link>> =
            run.store.get(&ids.iter().map(|id| run.store.link_key(*id)).collect::<Vec<_>>())?;
        unlinked.extend(ids.iter().zip(links).filter(|(_, link)| link.is_none()).map(|(id, _)| *id));
    }
    // Few enough whatever they turn out to be: no need to look twice.
    if unlinked.len() <= limit {
        return Ok(());
    }
    let mut creations = 0_usize;
    for ids in unlinked.chunks(run.creatio.chunk()) {
        run.step("plan", u64::try_from(creations).unwrap_or(0), None)?;
        let jobs = jobs(run, ids)?;
        creations += jobs
            .iter()
            .flat_map(|job| &job.plan.operations)
            .filter(|operation| operation.action == crate::report::Action::Create && operation.held.is_none())
            .filter(|operation| met.contains(&operation.target))
            .count();
    }
    if creations > limit {
        run.creations_held.extend(met);
        run.report.warn(
            Reason::CreationLimit,
            format!("The first contact would create {creations} items, more than {limit}: all of them are held."),
        );
    }
    Ok(())
}

/// Everything known of these pairs, with a plan for each.
pub(super) fn jobs(run: &mut Run, ids: &[Uuid]) -> Staged<Vec<Job>> {
    let links: Vec<Option<Link>> = run.store.get(&ids.iter().map(|id| run.store.link_key(*id)).collect::<Vec<_>>())?;
    let key = |id: &Uuid| Subject::Activity(*id);
    let owed: Vec<Option<Owed>> =
        run.store.get(&ids.iter().map(|id| run.store.owed_key(&key(id))).collect::<Vec<_>>())?;
    let seen_keys: Vec<String> = ids.iter().map(|id| run.store.seen_key(&key(id), SideId::Mailbox)).collect();
    let seen: Vec<Option<Observation>> = run.store.get(&seen_keys)?;
    let mut items: Vec<End> = Vec::with_capacity(ids.len());
    let mut unread: Vec<(usize, String)> = Vec::new();
    for (at, ((link, owed), seen)) in links.iter().zip(&owed).zip(seen).enumerate() {
        let fresh = seen.as_ref().is_some_and(|seen| seen.run == run.options.run);
        let item = match (fresh, seen.and_then(|seen| seen.mailbox)) {
            (true, Some(item)) => {
                items.push(End::Here(item));
                continue;
            }
            // What was deleted may still be readable by its id: only its calendar's feed says that it is back. What is owed
            // since then was told by that feed.
            _ if owed.is_none() && link.as_ref().is_some_and(ended_by_mailbox) => None,
            (_, stale) => link
                .as_ref()
                .map(|link| link.mailbox.id.clone())
                .filter(|id| !id.is_empty())
                .or_else(|| stale.map(|item| item.id))
                .or_else(|| owed.as_ref().and_then(|owed| owed.item.clone())),
        };
        items.push(End::None);
        unread.extend(item.map(|id| (at, id)));
    }
    let mut faults: BTreeMap<usize, (SideId, Fault)> = BTreeMap::new();
    tried(run, ids, (&links, &unread), &mut items, &mut faults)?;
    // What has lost sight of its item may have it without its feed having shown it.
    let without = |(at, link): (usize, &Option<Link>)| {
        let known = unread.iter().any(|(of, _)| *of == at) || items.get(at).is_some_and(|end| end.here().is_some());
        link.clone().filter(|link| link.adrift() && !known).map(|link| (at, link))
    };
    let (places, adrift): (Vec<usize>, Vec<Link>) = links.iter().enumerate().filter_map(without).unzip();
    for (at, found) in places.into_iter().zip(super::adrift::seek(run, &adrift)?) {
        match found {
            Ok(Some(seen)) => put(&mut items, at, End::Here(seen)),
            Ok(None) => {}
            Err(fault) => {
                faults.insert(at, (SideId::Mailbox, fault));
            }
        }
    }
    let activity_ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let item_ids: Vec<String> = unread.iter().map(|(_, id)| id.clone()).collect();
    let (activities, read) = read_both(run, &activity_ids, &item_ids)?;
    for ((at, _), found) in unread.iter().zip(read) {
        match found {
            Ok(Found::Here(seen)) => put(&mut items, *at, End::Here(seen)),
            Ok(Found::Absent) => put(&mut items, *at, End::Absent),
            Err(fault) => {
                faults.insert(*at, (SideId::Mailbox, fault));
            }
        }
    }
    returned(run, &links, &unread, &mut items, &mut faults)?;
    let mut wanted: BTreeMap<usize, String> = unread.into_iter().collect();
    let mut jobs = Vec::with_capacity(ids.len());
    for (at, (((id, link), owed), (item, activity))) in
        ids.iter().zip(links).zip(owed).zip(items.into_iter().zip(activities)).enumerate()
    {
        let creatio = match activity {
            Ok(Found::Here(seen)) => {
                run.visible |= seen.owned;
                End::Here(seen)
            }
            Ok(Found::Absent) => End::Absent,
            Err(fault) => {
                faults.insert(at, (SideId::Creatio, fault));
                End::None
            }
        };
        let mailbox = place(item, link.as_ref());
        let pair = Pair {
            activity: *id,
            link,
            creatio,
            mailbox,
            follower: false,
            forsaken: false,
            invited: false,
            lookalike: None,
        };
        jobs.push(Job {
            pair,
            plan: Plan::default(),
            owed,
            fault: faults.remove(&at),
            item: wanted.remove(&at),
            undoes: false,
        });
    }
    for job in &mut jobs {
        complete(run, &mut job.pair)?;
        if job.fault.is_none() {
            job.plan = plan::plan(&job.pair, &run.frame());
        }
    }
    Ok(jobs)
}

/// Items of activities that an import may have made after it was given up: they may have moved meanwhile, to where no feed
/// is read.
fn tried(
    run: &mut Run,
    ids: &[Uuid],
    (links, unread): (&[Option<Link>], &[(usize, String)]),
    items: &mut [End],
    faults: &mut BTreeMap<usize, (SideId, Fault)>,
) -> Staged<()> {
    let alone: Vec<(usize, Uuid)> = ids
        .iter()
        .copied()
        .enumerate()
        .filter(|(at, _)| links.get(*at).is_some_and(Option::is_none))
        .filter(|(at, _)| items.get(*at).is_some_and(|end| end.here().is_none()))
        .filter(|(at, _)| !unread.iter().any(|(of, _)| of == at))
        .collect();
    let keys: Vec<String> = alone.iter().map(|(_, id)| super::note::tried_key(run, *id)).collect();
    let rows: Vec<Option<Link>> = run.store.get(&keys)?;
    let lost =
        |((at, id), link): ((usize, Uuid), Option<Link>)| link.map(|link| ((at, id), Lost::of(&link, run.mailbox_id)));
    let (places, lost): (Vec<(usize, Uuid)>, Vec<Lost>) = alone.into_iter().zip(rows).filter_map(lost).unzip();
    if lost.is_empty() {
        return Ok(());
    }
    let folders = run.places();
    let mut found = run.send(run.mailbox.whereabouts(&lost, &folders))?;
    super::whole::elsewhere(run, &mut found)?;
    for ((at, id), found) in places.into_iter().zip(found) {
        match own(run, id, found)? {
            Whereabouts::Alive { seen } => put(items, at, End::Here(seen)),
            Whereabouts::Gone | Whereabouts::Elsewhere { .. } => {}
            Whereabouts::Unknown(fault) => {
                if let Some(stop) = ends_run(SideId::Mailbox, &fault) {
                    return Err(stop);
                }
                faults.insert(at, (SideId::Mailbox, fault));
            }
        }
    }
    Ok(())
}

/// Whether the item of an activity that was gone is where people see it: what the sync removed then may still be readable
/// by its id.
fn returned(
    run: &mut Run,
    links: &[Option<Link>],
    unread: &[(usize, String)],
    items: &mut [End],
    faults: &mut BTreeMap<usize, (SideId, Fault)>,
) -> Staged<()> {
    let ended = |(at, _): &(usize, String)| {
        let link = links.get(*at)?.as_ref()?;
        let read = items.get(*at).is_some_and(|end| end.here().is_some());
        let ended = matches!(link.state, LinkState::Ended { gone: SideId::Creatio, .. });
        (read && ended).then(|| (*at, Lost::of(link, run.mailbox_id)))
    };
    let (places, lost): (Vec<usize>, Vec<Lost>) = unread.iter().filter_map(ended).unzip();
    if lost.is_empty() {
        return Ok(());
    }
    let folders = run.places();
    let found = run.send(run.mailbox.whereabouts(&lost, &folders))?;
    for (at, found) in places.into_iter().zip(found) {
        match found {
            Whereabouts::Alive { .. } => {}
            Whereabouts::Gone | Whereabouts::Elsewhere { .. } => put(items, at, End::Absent),
            Whereabouts::Unknown(fault) => {
                if let Some(stop) = ends_run(SideId::Mailbox, &fault) {
                    return Err(stop);
                }
                faults.insert(at, (SideId::Mailbox, fault));
            }
        }
    }
    Ok(())
}

fn ended_by_mailbox(link: &Link) -> bool {
    matches!(link.state, LinkState::Ended { gone: SideId::Mailbox, .. })
}

fn put(items: &mut [End], at: usize, end: End) {
    if let Some(item) = items.get_mut(at) {
        *item = end;
    }
}

/// An item that was read by its id lies where it lay, unless a feed says otherwise.
fn place(item: End, link: Option<&Link>) -> End {
    match item {
        End::Here(mut seen) => {
            seen.folder =
                seen.folder.or_else(|| link.map(|link| link.folder.clone()).filter(|folder| !folder.is_empty()));
            End::Here(seen)
        }
        other => other,
    }
}

/// What other rows say of a pair.
pub(super) fn complete(run: &Run, pair: &mut Pair) -> Staged<()> {
    if let End::Here(item) = &mut pair.mailbox
        && item.folder.is_none()
        && pair.link.as_ref().is_none_or(Link::adrift)
    {
        let row: Option<super::state::ItemRow> = run.store.one(run.store.item_key(&item.id))?;
        item.folder = row.map(|row| row.folder);
    }
    if let End::Here(item) = &mut pair.mailbox
        && let Some(marker) = item.marker.as_deref().and_then(Marker::decode)
        && run.ours(&marker)
        && marker.activity != pair.activity
    {
        // A user's copy carries the marker of its original and is an item of its own.
        item.marker = None;
    }
    let me = &run.account;
    match (&pair.mailbox, &pair.link) {
        (End::Here(item), _) if !item.attendees.is_empty() => {
            let row = meeting(run, item.identity.as_deref())?;
            pair.follower = match row.as_ref().and_then(MeetingRow::writer) {
                // The organizer's own account takes over from whoever decided until now.
                Some(writer) => writer != me && (!item.ours || organized(row.as_ref())),
                None => false,
            };
            pair.forsaken = !pair.follower && row.is_some_and(|row| row.cancelled_by.is_some());
        }
        // A copy that is away: the meeting lives on in the mailbox of whoever decides about it.
        (End::Absent | End::None, Some(link)) if link.attended => {
            let row = meeting(run, link.identity.as_deref())?;
            pair.follower = row.is_some_and(|row| row.lives_on_without(me));
        }
        _ => {}
    }
    if pair.link.is_none()
        && matches!(pair.mailbox, End::Absent | End::None)
        && let End::Here(activity) = &pair.creatio
    {
        pair.invited = run.store.one::<String>(invited_key(pair.activity))?.is_some();
        pair.lookalike = lookalike(run, activity)?;
    }
    Ok(())
}

fn meeting(run: &Run, identity: Option<&str>) -> Staged<Option<MeetingRow>> {
    match identity {
        Some(identity) => Ok(run.store.one(meeting_key(identity))?),
        None => Ok(None),
    }
}

fn organized(row: Option<&MeetingRow>) -> bool {
    row.is_some_and(|row| row.members.values().any(|member| member.organizer))
}

/// Key of what the accounts of a tenant share about a meeting.
pub(super) fn meeting_key(identity: &str) -> String {
    format!("meeting/{}", Digest::of(&identity).as_str())
}

/// Key that says an activity was imported from a meeting with attendees.
pub(super) fn invited_key(activity: Uuid) -> String {
    format!("invited/{activity}")
}

/// Unlinked items that look like this activity: it must not be made a second time.
fn lookalike(run: &Run, activity: &Seen) -> Staged<Option<Reason>> {
    let Some(print) = identity::fingerprint(activity) else { return Ok(None) };
    let mut reason = None;
    run.store.each(&format!("print/{}/", print.as_str()), |_, who: Print| {
        match who {
            Print::Item(_) => reason = Some(Reason::Ambiguous),
            Print::Occurrence(_) if reason.is_none() => reason = Some(Reason::SeriesNotHandled),
            Print::Occurrence(_) | Print::Activity(_) => {}
        }
        Ok(())
    })?;
    Ok(reason)
}

/// Reads both sides in one call; parts that a server throttled are asked for again, and batches that were too large in
/// smaller ones.
pub(super) fn read_both(run: &mut Run, activities: &[String], items: &[String]) -> Staged<(Vec<Answer>, Vec<Answer>)> {
    let ask = run.creatio.read(activities).and(run.mailbox.read(items));
    let (mut first, mut second) = run.send(ask)?;
    persist(run, SideId::Creatio, activities, &mut first)?;
    persist(run, SideId::Mailbox, items, &mut second)?;
    Ok((first, second))
}

pub(super) type Answer = Result<Found, Fault>;

/// Asks again for what the server would not say yet, and one by one for what it said together so that nobody can read it.
pub(super) fn persist(run: &mut Run, side: SideId, ids: &[String], answers: &mut [Answer]) -> Staged<()> {
    let garbled = answers.iter().filter(|answer| matches!(answer, Err(Fault::Garbled(_)))).count();
    for _ in 0..AGAIN {
        let mut wait = 0_u64;
        let mut again: Vec<(usize, String)> = Vec::new();
        let mut alone = false;
        for (at, (answer, id)) in answers.iter().zip(ids).enumerate() {
            match answer {
                Err(Fault::Again(milliseconds)) => wait = wait.max(*milliseconds),
                Err(Fault::TooLarge(_)) if ids.len() > 1 => alone = true,
                Err(Fault::Garbled(_)) if garbled > 1 => alone = true,
                Err(fault @ (Fault::Stopped | Fault::Throttled(_) | Fault::Credential(_) | Fault::Unreachable(_))) => {
                    return Err(fatal(side, fault.clone()));
                }
                Err(fault @ Fault::Refused { status: 401, .. }) => return Err(fatal(side, fault.clone())),
                _ => continue,
            }
            again.push((at, id.clone()));
        }
        if again.is_empty() {
            return Ok(());
        }
        let at = run.side(side);
        let ids: Vec<String> = again.iter().map(|(_, id)| id.clone()).collect();
        let ask = if alone {
            Ask::all(ids.iter().map(|id| at.read(std::slice::from_ref(id))).collect())
                .map(|all: Vec<Vec<Answer>>| all.into_iter().flatten().collect())
        } else {
            at.read(&ids)
        };
        let more = run.send(ask.after(wait))?;
        for ((at, _), answer) in again.into_iter().zip(more) {
            if let Some(slot) = answers.get_mut(at) {
                *slot = answer;
            }
        }
        if alone && answers.iter().all(|answer| !matches!(answer, Err(Fault::Again(_)))) {
            return Ok(());
        }
    }
    Ok(())
}

/// Writes down that a side of a pair is missing, for the removals stage; what else is known of it waits.
pub(super) fn note_gone(run: &mut Run, pair: &Pair, side: SideId, reason: Reason, batch: &mut Batch) -> Staged<()> {
    let Some(link) = &pair.link else { return Ok(()) };
    if side == SideId::Creatio {
        run.missed.push(link.activity);
    }
    let key = super::note::gone_key(run, side, link.activity);
    if let Some(row) = run.store.one::<GoneRow>(key)? {
        if row.held.is_some() {
            return Ok(());
        }
    } else {
        missing(run, link.activity, side, if side == SideId::Mailbox { &link.folder } else { "" }, reason, batch);
    }
    let subject = Subject::Activity(link.activity);
    let reason = if reason == Reason::HandedOver { reason } else { Reason::Absent };
    let owed = Owed {
        retry: Some(run.started + chrono::Duration::hours(1)),
        title: link.title.clone(),
        ..run.owed(subject.clone(), Why::Failed, reason)
    };
    batch.put(run.store.owed_key(&subject), &owed);
    Ok(())
}

/// Of items that have the identity or the marker of a pair's item, the one that it may be under a new id: a copy that is
/// followed as an item of its own is not it.
pub(super) fn own(run: &Run, activity: Uuid, whereabouts: Whereabouts) -> Staged<Whereabouts> {
    let Whereabouts::Elsewhere { found } = whereabouts else { return Ok(whereabouts) };
    for seen in found {
        let row: Option<super::state::ItemRow> = run.store.one(run.store.item_key(&seen.id))?;
        if row.and_then(|row| row.link).is_none_or(|link| link == activity) {
            return Ok(Whereabouts::Alive { seen: Box::new(seen) });
        }
    }
    Ok(Whereabouts::Gone)
}

/// A fault that says something about the whole side.
#[must_use]
pub(super) fn ends_run(side: SideId, fault: &Fault) -> Option<Stop> {
    match fault {
        Fault::Stopped | Fault::Throttled(_) | Fault::Credential(_) | Fault::Unreachable(_) => {
            Some(fatal(side, fault.clone()))
        }
        _ => None,
    }
}
