//! Pairs that lost sight of their item: the mailbox moved to another service, where every item has another id. A pair keeps
//! all else that it knew, so an edit that was made meanwhile is one still. Its item is known by meeting identity and by
//! marker; a task, and whatever lost both, by title and days, and by when it was made, where that tells one from all
//! others. What cannot be told is held; what did not come along counts as gone only by a person's yes.

use super::note::{gone_key, missing, observed};
use super::state::{GoneRow, ItemRow};
use super::{Run, Staged, whole, work};
use crate::activity::{Kind, Seen, SideId, Unit};
use crate::alike::{self, Traits};
use crate::ask::Fault;
use crate::digest::Digest;
use crate::identity::{self, Marker};
use crate::link::{Bases, Link};
use crate::owed::{Observation, Subject};
use crate::reason::Reason;
use crate::side::{Lost, Whereabouts};
use crate::store::{Batch, Store};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Rows a commit.
const CHUNK: u32 = 200;

/// A pair without its item. Below `adrift/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AdriftRow {
    /// The pair.
    activity: Uuid,
    /// That its item did not come along has not been told.
    waits: bool,
}

/// Who may belong together. Below `alike/WHAT/`, pairs and items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Alike {
    /// A pair without its item; its link says what it knows.
    Pair(Uuid),
    /// An item without a pair.
    Item(String, Traits),
}

/// Pairs find their items in passes, the most certain first: what an item leaves to be told, a less certain one may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pass {
    /// By identity or marker, and it holds what it held.
    Same,
    /// By identity or marker, edited.
    Known,
    /// By a marker that says something else than the pair knows; by title and days.
    Alike,
    /// By when it was made.
    Made,
}

impl Pass {
    /// In their order.
    pub(super) const ALL: [Self; 4] = [Self::Same, Self::Known, Self::Alike, Self::Made];
}

/// Whose an item is, among the pairs that look for theirs.
pub(super) enum Owner {
    /// This pair's.
    Pair(Uuid),
    /// A later pass tells.
    Later,
    /// Of several it cannot be told.
    Several,
    /// None of theirs.
    Nobody,
}

/// Some pair has lost sight of its item.
pub(super) fn some(run: &Run) -> Staged<bool> {
    let (rows, _) = run.store.piece::<AdriftRow>("adrift/", None, 1)?;
    Ok(!rows.is_empty())
}

fn row_key(store: &Store, activity: Uuid) -> String {
    store.key(&format!("adrift/{activity}"))
}

fn group_of_identity(identity: &str) -> String {
    format!("alike/i-{}/", Digest::of(&identity).as_str())
}

/// What a pair and an item share that have the same title and days, or times.
fn group_of_looks(holds: &Bases) -> Option<String> {
    let looks = holds.get(&Unit::Title).zip(holds.get(&Unit::When))?;
    Some(format!("alike/l-{}/", Digest::of(&looks).as_str()))
}

fn group_of_birth(traits: &Traits) -> Option<String> {
    traits.made.map(|made| format!("alike/m-{}/", made.timestamp()))
}

fn traits_of(seen: &Seen) -> Traits {
    Traits { made: seen.created, holds: crate::link::digests(&seen.values) }
}

fn traits_of_pair(link: &Link) -> Traits {
    Traits { made: link.made, holds: link.mailbox.bases.clone() }
}

/// Keys of the rows by which a pair's item may be known. What was imported is known by its identity without any.
fn keys(store: &Store, tenant: &str, link: &Link) -> Vec<String> {
    let traits = traits_of_pair(link);
    let derived = |identity: &&str| identity::activity_of_meeting(tenant, identity) == link.activity;
    let identity = link.identity.as_deref().filter(|identity| !derived(identity));
    let groups = [identity.map(group_of_identity), group_of_looks(&traits.holds), group_of_birth(&traits)];
    groups.into_iter().flatten().map(|group| store.key(&format!("{group}p/{}", link.activity))).collect()
}

/// A pair loses sight of its item; what it may be known by is written down.
pub(super) fn cast_off(store: &Store, tenant: &str, link: &mut Link, batch: &mut Batch) {
    if !link.mailbox.id.is_empty() {
        batch.delete(store.item_key(&link.mailbox.id));
    }
    link.mailbox.id.clear();
    link.mailbox.version.clear();
    link.mailbox.by_us = false;
    link.folder.clear();
    for key in keys(store, tenant, link) {
        batch.put(key, &Alike::Pair(link.activity));
    }
    batch.put(row_key(store, link.activity), &AdriftRow { activity: link.activity, waits: link.active() });
    batch.put(store.link_key(link.activity), link);
}

/// A pair has its item again: what it was looked for by goes.
pub(super) fn found(run: &Run, link: &Link, batch: &mut Batch) -> Staged<()> {
    if !run.adrift || link.adrift() {
        return Ok(());
    }
    let stored: Option<Link> = run.store.one(run.store.link_key(link.activity))?;
    if let Some(stored) = stored.filter(Link::adrift) {
        for key in keys(&run.store, &run.settings.account.tenant, &stored) {
            batch.delete(key);
        }
        batch.delete(row_key(&run.store, link.activity));
        batch.delete(gone_key(run, SideId::Mailbox, link.activity));
    }
    Ok(())
}

/// Whose an item without a pair is, as far as a pass may tell.
pub(super) fn owner(run: &mut Run, seen: &Seen, pass: Pass) -> Staged<Owner> {
    if !run.adrift {
        return Ok(Owner::Nobody);
    }
    let mut named: Vec<(Pass, Uuid)> = Vec::new();
    for link in named_by(run, seen)? {
        if claim(run, link.activity)?.is_none_or(|item| item == seen.id) {
            named.push((certainty(&link, seen), link.activity));
        }
    }
    named.sort_unstable();
    if let Some((needed, activity)) = named.first() {
        return Ok(if pass < *needed { Owner::Later } else { Owner::Pair(*activity) });
    }
    let traits = traits_of(seen);
    for (needed, group) in [(Pass::Alike, group_of_looks(&traits.holds)), (Pass::Made, group_of_birth(&traits))] {
        let Some(group) = group else { continue };
        let Group { pairs, items } = group_members(run, &group)?;
        if pairs.is_empty() {
            continue;
        }
        if pass < needed {
            join(run, &group, seen, traits)?;
            return Ok(Owner::Later);
        }
        let mut items = items;
        items.insert(seen.id.clone(), traits.clone());
        let assigned = alike::assign(&pairs, &items);
        if let Some(activity) = assigned.get(&seen.id) {
            return Ok(Owner::Pair(*activity));
        }
        if assigned.len() < pairs.len() {
            return Ok(Owner::Several);
        }
    }
    Ok(Owner::Nobody)
}

/// The pairs without their item that an item's marker or identity names.
fn named_by(run: &Run, seen: &Seen) -> Staged<Vec<Link>> {
    let mut activities = BTreeSet::new();
    let marker = seen.marker.as_deref().and_then(Marker::decode).filter(|marker| run.ours(marker));
    activities.extend(marker.map(|marker| marker.activity));
    if let Some(identity) = &seen.identity {
        activities.insert(identity::activity_of_meeting(&run.settings.account.tenant, identity));
        activities.extend(group_members(run, &group_of_identity(identity))?.pairs.into_keys());
    }
    let keys: Vec<String> = activities.into_iter().map(|activity| run.store.link_key(activity)).collect();
    let links: Vec<Option<Link>> = run.store.get(&keys)?;
    Ok(links.into_iter().flatten().filter(Link::adrift).collect())
}

/// The pass that may give an item to a pair that it names.
fn certainty(link: &Link, seen: &Seen) -> Pass {
    let met = link.identity.is_some() && link.identity == seen.identity;
    let another = link.identity.is_some() && seen.identity.is_some() && !met;
    let nonce = seen.marker.as_deref().and_then(Marker::decode).filter(|marker| marker.activity == link.activity);
    let marked = nonce.is_some_and(|marker| Some(marker.nonce) == link.nonce);
    if !met && (another || !marked) {
        // A user's copy, or one that another attempt made, unless it is all there is.
        return Pass::Alike;
    }
    if crate::link::digests(&seen.values) == link.mailbox.bases { Pass::Same } else { Pass::Known }
}

/// The item that a pair without its own was given.
fn claim(run: &Run, activity: Uuid) -> Staged<Option<String>> {
    let key = run.store.seen_key(&Subject::Activity(activity), SideId::Mailbox);
    let observation = match run.quiet.row::<Observation>(&key) {
        Some(observation) => Some(observation),
        None => run.store.one::<Observation>(key)?,
    };
    Ok(observation.and_then(|observation| observation.mailbox).map(|item| item.id))
}

struct Group {
    pairs: BTreeMap<Uuid, Traits>,
    items: BTreeMap<String, Traits>,
}

/// Who may belong together. A pair that has been given an item of another group belongs to that.
fn group_members(run: &Run, group: &str) -> Staged<Group> {
    let mut members = Group { pairs: BTreeMap::new(), items: BTreeMap::new() };
    let mut pairs = Vec::new();
    run.store.each(group, |_, row: Alike| {
        match row {
            Alike::Pair(activity) => pairs.push(run.store.link_key(activity)),
            Alike::Item(id, traits) => {
                members.items.insert(id, traits);
            }
        }
        Ok(())
    })?;
    let links: Vec<Option<Link>> = run.store.get(&pairs)?;
    let adrift = links.into_iter().flatten().filter(Link::adrift);
    members.pairs.extend(adrift.map(|link| (link.activity, traits_of_pair(&link))));
    let mut given = Vec::new();
    for activity in members.pairs.keys() {
        if claim(run, *activity)?.is_some_and(|item| !members.items.contains_key(&item)) {
            given.push(*activity);
        }
    }
    members.pairs.retain(|activity, _| !given.contains(activity));
    Ok(members)
}

/// Writes down that an item may be one of a group's.
fn join(run: &mut Run, group: &str, seen: &Seen, traits: Traits) -> Staged<()> {
    let key = run.store.key(&format!("{group}i/{}", Digest::of(&seen.id).as_str()));
    let row_key = run.store.item_key(&seen.id);
    let Some(row) = run.store.one::<ItemRow>(row_key.clone())? else { return Ok(()) };
    if let Some(old) = row.alike.as_ref().filter(|old| **old != key) {
        run.quiet.delete(old.clone());
    }
    run.quiet.put(key.clone(), &Alike::Item(seen.id.clone(), traits));
    run.quiet.put(row_key, &ItemRow { alike: Some(key), ..row });
    Ok(())
}

/// An item is told by something else, or is nobody's: it stands in no group any more.
pub(super) fn leave(row: &mut ItemRow, batch: &mut Batch) {
    if let Some(key) = row.alike.take() {
        batch.delete(key);
    }
}

/// Looks for the items of these pairs, which no feed has shown.
pub(super) fn seek(run: &mut Run, links: &[Link]) -> Staged<Vec<Result<Option<Box<Seen>>, Fault>>> {
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let folders = run.places();
    let items: Vec<(Kind, Lost)> = links.iter().map(|link| (link.kind(), Lost::of(link, run.mailbox_id))).collect();
    let mut found = run.send(run.mailbox.sought(&items, &folders))?;
    whole::elsewhere(run, &mut found)?;
    let mut all = Vec::with_capacity(links.len());
    for (link, mut found) in links.iter().zip(found) {
        if let Whereabouts::Elsewhere { found } = &mut found {
            // A copy has another identity.
            found.sort_by_key(|seen| seen.identity != link.identity);
        }
        all.push(match work::own(run, link.activity, found)? {
            Whereabouts::Alive { seen } if free(run, &seen.id)? => Ok(Some(seen)),
            Whereabouts::Alive { .. } | Whereabouts::Gone | Whereabouts::Elsewhere { .. } => Ok(None),
            Whereabouts::Unknown(fault) => match work::ends_run(SideId::Mailbox, &fault) {
                Some(stop) => return Err(stop),
                None => Err(fault),
            },
        });
    }
    Ok(all)
}

/// The item belongs to no pair.
fn free(run: &Run, item: &str) -> Staged<bool> {
    Ok(run.store.one::<ItemRow>(run.store.item_key(item))?.is_none_or(|row| row.link.is_none()))
}

/// Once the mailbox has been read to its end, pairs that still look for their item may have lost it: what is over is left
/// alone, and what cannot be told from others waits with them.
pub(super) fn left_behind(run: &mut Run) -> Staged<()> {
    if !run.adrift {
        return Ok(());
    }
    // Where there are no lists of tasks, none of their tasks can be missed.
    let tasks = run.folders.iter().any(|folder| folder.kind == Kind::Task);
    let mut after: Option<String> = None;
    loop {
        let (rows, next) = run.store.piece::<AdriftRow>("adrift/", after.as_deref(), CHUNK)?;
        let rows: Vec<(String, AdriftRow)> = rows.into_iter().filter(|(_, row)| row.waits).collect();
        let keys: Vec<String> = rows.iter().map(|(_, row)| run.store.link_key(row.activity)).collect();
        let links: Vec<Option<Link>> = run.store.get(&keys)?;
        let mut batch = Batch::default();
        for ((key, row), link) in rows.into_iter().zip(links) {
            let Some(link) = link.filter(Link::active) else { continue };
            if (link.kind() == Kind::Task && !tasks) || amid_others(run, &link)? {
                continue;
            }
            batch.put(key, &AdriftRow { waits: false, ..row });
            let note = gone_key(run, SideId::Mailbox, link.activity);
            if !link.over(run.started) && run.store.one::<GoneRow>(note)?.is_none() {
                missing(run, link.activity, SideId::Mailbox, "", Reason::LeftBehind, &mut batch);
            }
        }
        run.commit(batch, Vec::new())?;
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// There are items that may be this pair's, and cannot be told from each other.
fn amid_others(run: &Run, link: &Link) -> Staged<bool> {
    let traits = traits_of_pair(link);
    for group in [group_of_looks(&traits.holds), group_of_birth(&traits)].into_iter().flatten() {
        if !group_members(run, &group)?.items.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An item turned up that its feed has not shown: what else it did not show is unknown as well, so all is read anew.
pub(super) fn turned_up(run: &mut Run, link: &Link, seen: Box<Seen>, batch: &mut Batch) -> Staged<()> {
    batch.delete(gone_key(run, SideId::Mailbox, link.activity));
    observed(run, Subject::Activity(link.activity), SideId::Mailbox, Some(seen), batch);
    super::whose::read_anew(run)
}
