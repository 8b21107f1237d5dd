//! Pairing: which activity belongs to an item that has no link. By marker, by meeting identity, on first contact by
//! fingerprint; else it is new. Every item found here becomes the mailbox half of a pair.

use super::adrift::{self, Owner, Pass};
use super::note::observed;
use super::state::{ActivityRow, GoneRow, ItemRow, Print};
use super::{Run, Staged, double, fatal, tell, unread, work};
use crate::activity::{Kind, Seen, SideId};
use crate::ask::Fault;
use crate::deliberate::Deliberate;
use crate::digest::Digest;
use crate::identity::{self, Marker};
use crate::link::{Link, LinkState};
use crate::owed::{Observation, Owed, Subject, Why};
use crate::plan;
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome};
use crate::side::{Found, Lost, Mark, Whereabouts};
use crate::store::Batch;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Items at a time.
const CHUNK: usize = 100;
/// More new items than this, and one listing of marked items costs less than reading each.
const LISTING: usize = 20;

/// What pairing an item came to.
enum Match {
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

/// Pairs all items that have no link.
pub(super) fn pair(run: &mut Run) -> Staged<()> {
    run.publish(&["seen/", "owed/", "print/"])?;
    if run.quiet.keys_below(&run.store.key("gone/")).next().is_some() {
        run.commit(Batch::default(), Vec::new())?;
    }
    let mut items = subjects(run)?;
    mark(run, &items)?;
    let total = items.len();
    for pass in Pass::ALL {
        let mut later = Vec::new();
        let mut done = 0_usize;
        while !items.is_empty() {
            run.step("match", u64::try_from(done).unwrap_or(0), u64::try_from(total).ok())?;
            let rest = items.split_off(items.len().min(CHUNK));
            later.extend(chunk(run, &items, total > LISTING, pass)?);
            done += items.len();
            items = rest;
        }
        items = later;
    }
    Ok(())
}

/// Ids of the items to pair: those observed, and those owed that are due.
fn subjects(run: &Run) -> Staged<Vec<String>> {
    let mut items = BTreeSet::new();
    let mut twins = BTreeSet::new();
    run.store.each("seen/i/", |_, observation: Observation| {
        if let Subject::Item(id) = observation.subject {
            items.insert(id);
        }
        Ok(())
    })?;
    run.store.each("owed/i/", |_, owed: Owed| {
        let due = owed.due(run.started, &run.full_policy, &run.writable, run.only());
        if let Subject::Item(id) = owed.subject {
            if due {
                items.insert(id);
            } else if owed.reason == Reason::MovedTwins {
                twins.insert(id);
            }
        }
        Ok(())
    })?;
    // Which of them is whose may be told by what became of another one.
    if !items.is_empty() {
        items.extend(twins);
    }
    Ok(items.into_iter().collect())
}

/// Where there are many, learns their markers by one listing for each folder.
fn mark(run: &mut Run, items: &[String]) -> Staged<()> {
    if items.len() <= LISTING {
        return Ok(());
    }
    let folders = run.places();
    for folder in folders {
        mark_folder(run, &folder)?.map_err(|fault| fatal(SideId::Mailbox, fault))?;
    }
    Ok(())
}

/// Learns the markers of a folder's items, as far as it answers.
pub(super) fn mark_folder(run: &mut Run, folder: &str) -> Staged<Result<(), Fault>> {
    let mut cursor = String::new();
    loop {
        run.step("match", 0, None)?;
        let page = run.send(run.mailbox.marked(folder, &cursor))?;
        let page = match page {
            Ok(page) => page,
            Err(fault) => {
                return match work::ends_run(SideId::Mailbox, &fault) {
                    Some(stop) => Err(stop),
                    None => Ok(Err(fault)),
                };
            }
        };
        let keys: Vec<String> = page.items.iter().map(|mark| run.store.item_key(&mark.item)).collect();
        let rows: Vec<Option<ItemRow>> = run.store.get(&keys)?;
        for ((key, row), Mark { marker, .. }) in keys.into_iter().zip(rows).zip(page.items) {
            if let Some(row) = row.filter(|row| row.link.is_none() && row.marker.as_ref() != Some(&marker)) {
                run.quiet.put(key, &ItemRow { marker: Some(marker), ..row });
            }
        }
        run.commit(Batch::default(), Vec::new())?;
        match page.next {
            Some(next) => cursor = next,
            None => return Ok(Ok(())),
        }
    }
}

/// Pairs some items; gives those that a later pass has to tell.
fn chunk(run: &mut Run, ids: &[String], listed: bool, pass: Pass) -> Staged<Vec<String>> {
    let mut later = Vec::new();
    let seen_keys: Vec<String> =
        ids.iter().map(|id| run.store.seen_key(&Subject::Item(id.clone()), SideId::Mailbox)).collect();
    let observations: Vec<Option<Observation>> = run.store.get(&seen_keys)?;
    let mut rows = rows_of(run, ids)?;
    let mut found: BTreeMap<String, Seen> = BTreeMap::new();
    let mut unread: Vec<String> = Vec::new();
    for ((id, observation), row) in ids.iter().zip(&observations).zip(&rows) {
        match shown(run, observation.as_ref(), row.as_ref()) {
            // Few items are read one by one: that shows their markers, which a feed does not. What a masked one looks like
            // is nowhere stored.
            Some(seen) if listed && !seen.masked => {
                found.insert(id.clone(), seen);
            }
            _ => unread.push(id.clone()),
        }
    }
    let mut failed: BTreeMap<String, Fault> = BTreeMap::new();
    if !unread.is_empty() {
        let (_, answers) = work::read_both(run, &[], &unread)?;
        for (id, answer) in unread.into_iter().zip(answers) {
            match answer {
                Ok(Found::Here(mut seen)) => {
                    let row = rows.iter().flatten().find(|row| row.id == id);
                    seen.folder = seen.folder.or_else(|| row.map(|row| row.folder.clone()));
                    found.insert(id, *seen);
                }
                Ok(Found::Absent) => {}
                Err(fault) => {
                    failed.insert(id, fault);
                }
            }
        }
    }
    if !failed.is_empty() {
        rows = unread::unreadable(run, ids, rows, &observations, &mut found, &mut failed)?;
    }
    let missed = missed(run, &found, !listed)?;
    let originals = originals(run, &found)?;
    let mut items: Vec<(&String, Option<ItemRow>)> = ids.iter().zip(rows).collect();
    items.sort_by_key(|(id, _)| !originals.contains(*id));
    for (id, row) in items {
        if let Some(fault) = failed.remove(id) {
            unread::fail(run, id, &fault)?;
            continue;
        }
        let verdict = match found.get(id) {
            Some(seen) => judge(run, seen, &missed, pass)?,
            None => Match::Gone,
        };
        if matches!(verdict, Match::Later) {
            later.push(id.clone());
            continue;
        }
        if let Match::Unknown(fault) = verdict {
            unread::fail(run, id, &fault)?;
            continue;
        }
        settle(run, id, row, found.remove(id), verdict)?;
    }
    run.commit(Batch::default(), Vec::new())?;
    Ok(later)
}

/// Of items that carry one marker, those that have the identity of its pair's item: they are judged first, because the
/// others are copies. All may be new under their ids where a moved item has another one.
fn originals(run: &Run, found: &BTreeMap<String, Seen>) -> Staged<BTreeSet<String>> {
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

pub(super) fn rows_of(run: &Run, ids: &[String]) -> Staged<Vec<Option<ItemRow>>> {
    Ok(run.store.get(&ids.iter().map(|id| run.store.item_key(id)).collect::<Vec<_>>())?)
}

/// An item as a feed showed it in this run, with the marker that a listing told.
pub(super) fn shown(run: &Run, observation: Option<&Observation>, row: Option<&ItemRow>) -> Option<Seen> {
    let fresh = observation.filter(|observation| observation.run == run.options.run)?;
    let mut seen = fresh.mailbox.as_deref()?.clone();
    seen.marker = row.and_then(|row| row.marker.clone());
    Some(seen)
}

/// Which activity an item belongs to.
fn judge(run: &mut Run, seen: &Seen, missed: &[Link], pass: Pass) -> Staged<Match> {
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
fn missed(run: &Run, seen: &BTreeMap<String, Seen>, few: bool) -> Staged<Vec<Link>> {
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

/// Writes down what pairing came to.
fn settle(run: &mut Run, id: &str, row: Option<ItemRow>, seen: Option<Seen>, verdict: Match) -> Staged<()> {
    let subject = Subject::Item(id.to_owned());
    let owed_key = run.store.owed_key(&subject);
    let mut batch = Batch::default();
    batch.delete(run.store.seen_key(&subject, SideId::Mailbox));
    let mut entries = Vec::new();
    if !matches!(verdict, Match::Held(Reason::MovedTwins))
        && let Some(mut row) = run.store.one::<ItemRow>(run.store.item_key(id))?.filter(|row| row.alike.is_some())
    {
        adrift::leave(&mut row, &mut batch);
        batch.put(run.store.item_key(id), &row);
    }
    if !matches!(verdict, Match::Held(_))
        && let Some(owed) = run.store.one::<Owed>(owed_key.clone())?
    {
        entries
            .extend(owed.operations.iter().map(|operation| tell::settled(operation, Some(id.to_owned()), &owed.title)));
    }
    match verdict {
        Match::Of(activity) => {
            batch.delete(owed_key);
            observed(run, Subject::Activity(activity), SideId::Mailbox, seen.map(Box::new), &mut batch);
        }
        Match::Moved(mut link) => {
            batch.delete(owed_key);
            batch.delete(run.store.item_key(&link.mailbox.id));
            batch.delete(super::note::gone_key(run, SideId::Mailbox, link.activity));
            id.clone_into(&mut link.mailbox.id);
            let mut row = row.unwrap_or_else(|| new_row(run, id, seen.as_ref()));
            if let Some(print) = row.print.take() {
                batch.delete(print);
            }
            row.link = Some(link.activity);
            batch.put(run.store.item_key(id), &row);
            batch.put(run.store.link_key(link.activity), &*link);
            observed(run, Subject::Activity(link.activity), SideId::Mailbox, seen.map(Box::new), &mut batch);
        }
        Match::Gone => {
            batch.delete(owed_key);
            batch.delete(run.store.item_key(id));
            if let Some(print) = row.and_then(|row| row.print) {
                batch.delete(print);
            }
        }
        Match::Leave(reason) => {
            batch.delete(owed_key);
            // What merely lies in a folder that is not imported is not worth a word.
            if reason != Reason::LeftScope {
                run.report.count("left-alone", Some(SideId::Mailbox), reason.code(), 1);
            }
        }
        Match::Held(reason) => {
            let operation = Digest::of(&("held", reason, id)).short().to_owned();
            let old: Option<Owed> = run.store.one(owed_key.clone())?;
            let title = seen.as_ref().map(|seen| seen.title().to_owned()).unwrap_or_default();
            // No yes tells which of several it is: whoever gives one hears that it is still held.
            let chosen = run.only().is_some_and(|only| only.contains(&operation));
            if chosen {
                run.chosen.insert(operation.clone());
            }
            if !old.is_some_and(|owed| owed.operations.contains(&operation)) || run.options.dry_run || chosen {
                entries.push(Entry {
                    operation: operation.clone(),
                    outcome: Outcome::Held,
                    action: Action::Create,
                    target: SideId::Creatio,
                    activity: None,
                    item: Some(id.to_owned()),
                    title: title.clone(),
                    start: seen.as_ref().and_then(|seen| tell::begins(run, seen)).map(|start| start.timestamp_millis()),
                    units: Vec::new(),
                    reason,
                    detail: String::new(),
                });
            }
            let owed = Owed {
                // What it waits for may change where no feed tells of it.
                retry: Some(run.started + chrono::Duration::hours(24)),
                operations: vec![operation],
                title,
                ..run.owed(subject, Why::Held, reason)
            };
            batch.put(owed_key, &owed);
        }
        // It was told as failed, and is tried again; or it is looked at once more in this run.
        Match::Unknown(_) | Match::Later => {}
        Match::Double(link) => {
            let version = seen.map(|seen| seen.version).unwrap_or_default();
            entries.extend(double::remove(run, &link, (id, version), subject, &mut batch)?);
        }
    }
    run.quiet.extend(batch);
    if !entries.is_empty() {
        run.commit(Batch::default(), entries)?;
    }
    Ok(())
}

fn new_row(run: &Run, id: &str, seen: Option<&Seen>) -> ItemRow {
    ItemRow {
        id: id.to_owned(),
        link: None,
        version: seen.map(|seen| seen.version.clone()).unwrap_or_default(),
        folder: seen.and_then(|seen| seen.folder.clone()).unwrap_or_default(),
        print: None,
        marker: None,
        alike: None,
        policy: run.full_policy.clone(),
    }
}

/// An activity that is linked is not loose any more.
pub(super) fn unloose(run: &Run, activity: Uuid, batch: &mut Batch) -> Staged<()> {
    let key = super::note::activity_key(run, activity);
    if let Some(row) = run.store.one::<ActivityRow>(key.clone())? {
        batch.delete(key);
        if let Some(print) = row.print {
            batch.delete(print);
        }
    }
    Ok(())
}
