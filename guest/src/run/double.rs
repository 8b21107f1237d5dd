//! Our own late doubles: a second item that an attempt made which had been given up. Nobody wants it, and if nobody has
//! edited it, it is removed.

use super::{Run, Staged};
use crate::activity::{Seen, SideId};
use crate::attempt;
use crate::digest::Digest;
use crate::identity::Marker;
use crate::link::Link;
use crate::owed::{Owed, Subject, Why, backoff};
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome};
use crate::side::Write;
use crate::store::Batch;

/// An item with the marker of a link that has its item is a double, and no user's copy, if another attempt made it, also
/// one that lost rows knew of, and if it is as it was made, or as the link's item was last seen. The sync invites nobody:
/// one with guests was edited.
pub(super) fn is(link: &Link, marker: &Marker, seen: &Seen) -> bool {
    link.nonce.as_ref() != Some(&marker.nonce)
        && seen.attendees.is_empty()
        && (attempt::unedited(&marker.nonce, &seen.values) || crate::link::digests(&seen.values) == link.mailbox.bases)
}

/// A double that somebody has edited, of a link whose own item is as it was made: the edited one takes its place, and the
/// other one is the double from then on. Two that were both edited stay two items.
pub(super) fn edited(link: &Link, own: &Seen, marker: &Marker, seen: &Seen) -> Option<Link> {
    let nonce = link.nonce.clone()?;
    // A user's copy of the item has the item's own nonce.
    if nonce == marker.nonce || !link.earlier.contains(&marker.nonce) || !attempt::unedited(&nonce, &own.values) {
        return None;
    }
    let mut link = link.clone();
    for (unit, value) in &seen.values {
        if let Some(base) = link.mailbox.bases.get(unit).cloned() {
            attempt::rebase(&mut link, &marker.nonce, *unit, &base, value.digest());
        }
    }
    link.earlier.retain(|earlier| *earlier != marker.nonce);
    link.earlier.push(nonce);
    link.nonce = Some(marker.nonce.clone());
    link.mailbox.version.clear();
    (link.mailbox.by_us, link.mailbox.untouched) = (false, false);
    Some(link)
}

/// Removes a double, or writes down that this run could not.
pub(super) fn remove(
    run: &mut Run,
    link: &Link,
    (id, version): (&str, String),
    subject: Subject,
    batch: &mut Batch,
) -> Staged<Option<Entry>> {
    let entry = delete(run, link, id, version)?;
    // No feed shows it again as long as it stays as it is.
    let why = match entry.as_ref().map(|entry| entry.outcome) {
        None => Some(Why::Pending(SideId::Mailbox)),
        Some(Outcome::Failed) => Some(Why::Failed),
        Some(_) => None,
    };
    let key = run.store.owed_key(&subject);
    match why {
        None => batch.delete(key),
        Some(why) => {
            let old = run.store.one(key.clone())?;
            batch.put(key, &owed(run, subject, why, old, link.title.clone()));
        }
    }
    Ok(entry)
}

/// Deleting what is gone is done, so it needs no writing ahead. What was edited since it was read is looked at again.
fn delete(run: &mut Run, link: &Link, id: &str, version: String) -> Staged<Option<Entry>> {
    if !run.writes_to(SideId::Mailbox) || run.only().is_some() {
        return Ok(None);
    }
    let mut outcome = Outcome::Planned;
    let mut detail = String::new();
    if !run.options.dry_run {
        let delete = Write::Delete { id: id.to_owned(), version, tell: false };
        outcome = match super::whole::delete(run, &[delete])?.into_iter().next() {
            Some(Ok(_)) => Outcome::Written,
            Some(Err(fault)) if fault.stale() => return Ok(None),
            Some(Err(fault)) => {
                detail = fault.to_string();
                Outcome::Failed
            }
            None => Outcome::Failed,
        };
    }
    Ok(Some(Entry {
        operation: Digest::of(&("double", id)).short().to_owned(),
        outcome,
        action: Action::Delete,
        target: SideId::Mailbox,
        activity: Some(link.activity.to_string()),
        item: Some(id.to_owned()),
        title: link.title.clone(),
        start: link.start.map(|start| start.timestamp_millis()),
        units: Vec::new(),
        reason: Reason::LateDouble,
        detail,
    }))
}

/// The double that this run left is looked at again, and not told as settled: its removal is told when it is done.
fn owed(run: &Run, subject: Subject, why: Why, old: Option<Owed>, title: String) -> Owed {
    let failed = why == Why::Failed;
    let tries = old.as_ref().map_or(0, |owed| owed.tries).saturating_add(u32::from(failed));
    Owed {
        since: old.map_or(run.started, |owed| owed.since),
        retry: failed.then(|| run.started + backoff(tries)),
        tries,
        title,
        ..run.owed(subject, why, Reason::LateDouble)
    }
}
