//! Which activity an item belongs to that has no link: by marker, by meeting identity, on first contact by fingerprint; else
//! it is new.

use super::adrift::{self, Owner, Pass};
use super::state::{ActivityRow, GoneRow, Print};
use super::{Run, Staged, double};
use crate::activity::{Kind, Seen, SideId};
use crate::ask::Fault;
use crate::deliberate::Deliberate;
use crate::identity::{self, Marker};
use crate::link::{Link, LinkState};
use crate::owed::{Observation, Subject};
use crate::plan;
use crate::reason::Reason;
use crate::side::{Lost, Whereabouts};
use crate::store::Batch;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What pairing an item came to.
pub(super) enum Match {
    /// It is the mailbox half of this activity.
    Of(Uuid),
    /// It is the item of this link, under a new id.
    Moved(Box<Link>),
    /// It is left alone.
    Leave(Reason),
    /// It cannot be told which of several it is.
    Held(Reason),
    /// A second item of ours, made by an earlier attempt that landed late.
    Double(Box<Link>),
    /// It is not there.
    Gone,
    /// What it would have to be told from could not be read.
    Unknown(Fault),
    /// A later pass tells.
    Later,
}

/// Which activity an item belongs to.
pub(super) fn judge(run: &mut Run, seen: &Seen, missed: &[Link], pass: Pass) -> Staged<Match> {
    if let Some(reason) = seen.left_alone {
        return Ok(Match::Leave(reason));
    }
    if super::retire::retired(run, &seen.id)? {
        return Ok(Match::Leave(Reason::KindChanged));
    }
    match adrift::owner(run, seen, pass)? {
        Owner::Pair(activity) => return Ok(Match::Of(activity)),
        Owner::Later => return Ok(Match::Later),
        Owner::Several => return Ok(several(run, seen)),
        Owner::Nobody => {}
    }
    if let Some(marker) = marked(run, seen).filter(|_| !Deliberate::IgnoreMarker.on()) {
        let activity = marker.activity;
        match link_of(run, activity)? {
            None => match claimed(run, activity, &seen.id)? {
                None => return Ok(Match::Of(activity)),
                // One of the two is a user's copy: the one that carries no marker, or else the one that looks otherwise.
                Some(other)
                    if marked(run, &other).is_none_or(|marker| marker.activity != activity)
                        || (resembles(run, seen, activity)? && !resembles(run, &other, activity)?) =>
                {
                    let mut batch = Batch::default();
                    super::note::item_again(run, &other.id, &mut batch);
                    run.quiet.extend(batch);
                    return Ok(Match::Of(activity));
                }
                Some(_) => {}
            },
            Some(link) if link.mailbox.id == seen.id => return Ok(Match::Of(link.activity)),
            // Another item was found to be the pair's: this one is a copy.
            Some(link) if link.adrift() => {}
            Some(link) => {
                let own = match own(run, &link)? {
                    Err(fault) => return Ok(Match::Unknown(fault)),
                    // Activity and item were both gone when this one landed: nobody waits for it any more.
                    Ok(None) if ended_by_creatio(&link) && double::is(&link, &marker, seen) => {
                        return Ok(Match::Double(Box::new(link)));
                    }
                    Ok(None) => return Ok(Match::Moved(Box::new(link))),
                    Ok(Some(own)) => own,
                };
                if double::is(&link, &marker, seen) {
                    return Ok(Match::Double(Box::new(link)));
                }
                if let Some(link) = double::edited(&link, &own, &marker, seen) {
                    let mut batch = Batch::default();
                    super::note::item_again(run, &own.id, &mut batch);
                    run.quiet.extend(batch);
                    return Ok(Match::Moved(Box::new(link)));
                }
                // A user's copy carries the marker of its original and is an item of its own.
            }
        }
    }
    let identity = seen.identity.clone().unwrap_or_else(|| seen.id.clone());
    let activity = identity::activity_of_meeting(&run.settings.account.tenant, &identity);
    if let Some(link) = link_of(run, activity)? {
        if link.mailbox.id == seen.id {
            return Ok(Match::Of(activity));
        }
        if link.adrift() {
            return Ok(Match::Held(Reason::DuplicateIdentity));
        }
        return Ok(match still_there(run, &link)? {
            Err(fault) => Match::Unknown(fault),
            Ok(true) => Match::Held(Reason::DuplicateIdentity),
            Ok(false) => Match::Moved(Box::new(link)),
        });
    }
    if claimed(run, activity, &seen.id)?.is_some() {
        return Ok(Match::Held(Reason::DuplicateIdentity));
    }
    // It was imported once, by rows that are lost; a calendar that is not imported any more does not make it another's.
    if known(run, activity)? {
        return Ok(Match::Of(activity));
    }
    if let Some(link) = moved(seen, missed) {
        match still_there(run, link)? {
            Err(fault) => return Ok(Match::Unknown(fault)),
            Ok(false) => return Ok(Match::Moved(Box::new(link.clone()))),
            Ok(true) => {}
        }
    }
    if let Some(found) = lookalike(run, seen)? {
        return Ok(found);
    }
    match plan::not_importable(seen, &run.frame()) {
        Some(reason) => Ok(Match::Leave(reason)),
        None => Ok(Match::Of(activity)),
    }
}

/// It may be the item of several pairs whose mailbox moved, and nothing tells which.
fn several(run: &Run, seen: &Seen) -> Match {
    match plan::not_importable(seen, &run.frame()) {
        Some(reason) => Match::Leave(reason),
        None => Match::Held(Reason::MovedTwins),
    }
}

/// Pairs whose item is missed, or was not followed when it was last seen. A task that was moved to another list has
/// another id, on some services an appointment as well, and may be one of these.
pub(super) fn missed(run: &Run, seen: &BTreeMap<String, Seen>, few: bool) -> Staged<Vec<Link>> {
    let tasks = seen.values().any(|seen| seen.kind == Kind::Task);
    let met: BTreeSet<&str> =
        seen.values().filter(|_| run.mailbox.renames_moved()).filter_map(|seen| seen.identity.as_deref()).collect();
    if !tasks && met.is_empty() {
        return Ok(Vec::new());
    }
    let mut keys: Vec<String> = Vec::new();
    run.store.each("gone/mailbox/", |_, row: GoneRow| {
        keys.push(run.store.link_key(row.activity));
        Ok(())
    })?;
    let links: Vec<Option<Link>> = run.store.get(&keys)?;
    let mut missed: Vec<Link> = links.into_iter().flatten().filter(Link::active).collect();
    if few {
        run.store.each("link/", |_, link: Link| {
            // Its own folder may not have told yet that a meeting has gone; and one that was deleted may come back.
            let meets = link.identity.as_deref().is_some_and(|identity| met.contains(identity));
            if (tasks && link.state == LinkState::Parked) || meets {
                missed.retain(|one| one.activity != link.activity);
                missed.push(link);
            }
            Ok(())
        })?;
    }
    Ok(missed)
}

/// The one of them that held all that this task holds, or whose item was this meeting.
fn moved<'l>(seen: &Seen, missed: &'l [Link]) -> Option<&'l Link> {
    let held = crate::link::digests(&seen.values);
    let mut alike = missed.iter().filter(|link| match seen.kind {
        Kind::Task => link.mailbox.bases == held,
        Kind::Appointment => link.identity.is_some() && link.identity == seen.identity,
    });
    alike.next().filter(|_| alike.next().is_none())
}

/// Another item that was paired with this activity in this run.
fn claimed(run: &Run, activity: Uuid, item: &str) -> Staged<Option<Box<Seen>>> {
    let key = run.store.seen_key(&Subject::Activity(activity), SideId::Mailbox);
    let observation = match run.quiet.row::<Observation>(&key) {
        Some(observation) => Some(observation),
        None => run.store.one::<Observation>(key)?,
    };
    let this_run = observation.filter(|observation| observation.run == run.options.run);
    Ok(this_run.and_then(|observation| observation.mailbox).filter(|other| other.id != item))
}

/// The item has title, start and end of this unlinked activity.
fn resembles(run: &Run, seen: &Seen, activity: Uuid) -> Staged<bool> {
    let Some(print) = identity::fingerprint(seen) else { return Ok(false) };
    let key = run.store.key(&format!("print/{}/c/{activity}", print.as_str()));
    Ok(run.store.one::<Print>(key)?.is_some())
}

/// Creatio showed an activity that has no link.
pub(super) fn known(run: &Run, activity: Uuid) -> Staged<bool> {
    Ok(run.store.one::<ActivityRow>(super::note::activity_key(run, activity))?.is_some())
}

fn ended_by_creatio(link: &Link) -> bool {
    matches!(link.state, LinkState::Ended { gone: SideId::Creatio, .. })
}

/// The item of a link still exists under the id that the link knows.
fn still_there(run: &mut Run, link: &Link) -> Staged<Result<bool, Fault>> {
    Ok(own(run, link)?.map(|own| own.is_some()))
}

/// The item of a link, if it is there: what was deleted may still be readable by its id.
fn own(run: &mut Run, link: &Link) -> Staged<Result<Option<Box<Seen>>, Fault>> {
    let (lost, folders) = (Lost::of(link, run.mailbox_id), run.places());
    let mut found = run.send(run.mailbox.whereabouts(&[lost], &folders))?;
    super::whole::elsewhere(run, &mut found)?;
    Ok(match found.into_iter().next() {
        // A task that was moved has another id, and is what is being paired.
        Some(Whereabouts::Alive { seen }) if seen.id == link.mailbox.id => Ok(Some(seen)),
        Some(Whereabouts::Alive { .. } | Whereabouts::Gone | Whereabouts::Elsewhere { .. }) => Ok(None),
        Some(Whereabouts::Unknown(fault)) => Err(fault),
        None => Err(Fault::Unknown("it was not answered".into())),
    })
}

/// The one unlinked activity of the account's contact with the same title, start and end, if this is the one item.
fn lookalike(run: &Run, seen: &Seen) -> Staged<Option<Match>> {
    let Some(print) = identity::fingerprint(seen) else { return Ok(None) };
    let (mut activities, mut items) = (Vec::new(), 0_usize);
    run.store.each(&format!("print/{}/", print.as_str()), |_, who: Print| {
        match who {
            Print::Activity(activity) => activities.push(activity),
            Print::Item(_) => items += 1,
            Print::Occurrence(_) => {}
        }
        Ok(())
    })?;
    if activities.is_empty() {
        return Ok(None);
    }
    match activities.as_slice() {
        [activity] if items <= 1 => Ok(Some(Match::Of(*activity))),
        _ => Ok(Some(Match::Held(Reason::Ambiguous))),
    }
}

/// Of items that carry one marker, those that have the identity of its pair's item: they are judged first, because the
/// others are copies. All may be new under their ids where a moved item has another one.
pub(super) fn originals(run: &Run, found: &BTreeMap<String, Seen>) -> Staged<BTreeSet<String>> {
    let mut by_activity: BTreeMap<Uuid, Vec<&Seen>> = BTreeMap::new();
    for seen in found.values() {
        if let Some(marker) = marked(run, seen) {
            by_activity.entry(marker.activity).or_default().push(seen);
        }
    }
    by_activity.retain(|_, all| all.len() > 1);
    let mut originals = BTreeSet::new();
    for (activity, all) in by_activity {
        let Some(link) = link_of(run, activity)? else { continue };
        let same = |seen: &&Seen| seen.identity.is_some() && seen.identity == link.identity;
        originals.extend(all.into_iter().filter(same).map(|seen| seen.id.clone()));
    }
    Ok(originals)
}

/// The marker of ours that an item carries.
fn marked(run: &Run, seen: &Seen) -> Option<Marker> {
    seen.marker.as_deref().and_then(Marker::decode).filter(|marker| run.ours(marker))
}

/// The link of an activity, as this stage left it.
fn link_of(run: &Run, activity: Uuid) -> Staged<Option<Link>> {
    let key = run.store.link_key(activity);
    match run.quiet.row::<Link>(&key) {
        Some(link) => Ok(Some(link)),
        None => Ok(run.store.one(key)?),
    }
}
