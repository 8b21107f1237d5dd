//! What some mailboxes cannot do in one request: say what an item is after a write or a search, and delete only what has
//! not been edited since. The engine reads it, before or after.

use super::work::persist;
use super::{Run, Staged, Stop};
use crate::activity::{Seen, SideId};
use crate::ask::Fault;
use crate::side::{Found, Whereabouts, Write, Written};
use std::collections::{BTreeMap, BTreeSet};

/// Reads items whole that were shown in part. What cannot be read stays as it is.
pub(super) fn complete(run: &mut Run, shown: Vec<&mut Seen>) -> Staged<()> {
    let partial: Vec<&mut Seen> = shown.into_iter().filter(|seen| seen.partial).collect();
    let ids: BTreeSet<String> = partial.iter().map(|seen| seen.id.clone()).collect();
    let mut whole = read(run, ids.into_iter().collect())?;
    for seen in partial {
        if let Some(Ok(Found::Here(found))) = whole.remove(&seen.id) {
            *seen = Seen { folder: found.folder.clone().or_else(|| seen.folder.clone()), ..*found };
        }
    }
    Ok(())
}

fn read(run: &mut Run, ids: Vec<String>) -> Staged<BTreeMap<String, Result<Found, Fault>>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut answers = run.send(run.mailbox.read(&ids))?;
    persist(run, SideId::Mailbox, &ids, &mut answers)?;
    Ok(ids.into_iter().zip(answers).collect())
}

/// The same of what is elsewhere.
pub(super) fn elsewhere(run: &mut Run, found: &mut [Whereabouts]) -> Staged<()> {
    let shown = found.iter_mut().flat_map(|one| match one {
        Whereabouts::Alive { seen } => vec![seen.as_mut()],
        Whereabouts::Elsewhere { found } => found.iter_mut().collect(),
        Whereabouts::Gone | Whereabouts::Unknown(_) => Vec::new(),
    });
    complete(run, shown.collect())
}

/// Reads back what was written. The version that the write itself told proves that it is ours. Gives why the run has to
/// end, if it has: what was written is known from what was sent then.
pub(super) fn written(run: &mut Run, results: &mut [Result<Written, Fault>]) -> Option<Stop> {
    let mut partial: Vec<(&mut bool, &mut Seen)> = Vec::new();
    for result in results.iter_mut().flatten() {
        if let Some(after) = result.after.as_mut().filter(|after| after.partial) {
            partial.push((&mut result.proven, after));
        }
    }
    let versions: Vec<String> = partial.iter().map(|(_, after)| after.version.clone()).collect();
    let ended = complete(run, partial.iter_mut().map(|(_, after)| &mut **after).collect()).err();
    for ((proven, after), version) in partial.into_iter().zip(versions) {
        *proven = !after.partial && after.version == version;
    }
    ended
}

/// Ids of the items that were edited since it was decided to delete them, where the mailbox would delete them unseen.
pub(super) fn edited(run: &mut Run, writes: &[Write]) -> Staged<BTreeSet<String>> {
    Ok(late(writes, &before_deletion(run, writes)?))
}

/// What is to be deleted, as it is, where the mailbox would delete it unseen.
fn before_deletion(run: &mut Run, writes: &[Write]) -> Staged<BTreeMap<String, Result<Found, Fault>>> {
    if !run.mailbox.deletes_unseen() {
        return Ok(BTreeMap::new());
    }
    let deleted = |write: &Write| match write {
        Write::Delete { id, .. } => Some(id.clone()),
        _ => None,
    };
    read(run, writes.iter().filter_map(deleted).collect())
}

fn late(writes: &[Write], now: &BTreeMap<String, Result<Found, Fault>>) -> BTreeSet<String> {
    let edited = |write: &Write| match write {
        Write::Delete { id, version, .. } if !version.is_empty() => match now.get(id)? {
            Ok(Found::Here(seen)) if seen.version == *version => None,
            // What is gone is deleted.
            Ok(Found::Absent) => None,
            // Nor is what cannot be seen.
            Ok(Found::Here(_)) | Err(_) => Some(id.clone()),
        },
        _ => None,
    };
    writes.iter().filter_map(edited).collect()
}

/// What the server of another mailbox would have said.
pub(super) fn stale() -> Fault {
    let message = "it was edited since it was decided to delete it".into();
    Fault::Refused { status: 412, code: "ErrorIrresolvableConflict".into(), message }
}

/// The write deletes one of these.
pub(super) fn is_late(write: &Write, edited: &BTreeSet<String>) -> bool {
    matches!(write, Write::Delete { id, .. } if edited.contains(id))
}

/// Deletes, but for what was edited since. The guests of a meeting of the user's own are told, where that is a choice:
/// whoever lets it go has allowed it.
pub(super) fn delete(run: &mut Run, writes: &[Write]) -> Staged<Vec<Result<Written, Fault>>> {
    let now = before_deletion(run, writes)?;
    let edited = late(writes, &now);
    let guests =
        |id: &String| matches!(now.get(id), Some(Ok(Found::Here(seen))) if seen.ours && !seen.attendees.is_empty());
    let mut going: Vec<Write> = writes.iter().filter(|write| !is_late(write, &edited)).cloned().collect();
    for write in &mut going {
        if let Write::Delete { id, tell, .. } = write {
            *tell |= guests(id);
        }
    }
    let answers = run.send(run.mailbox.write(&going))?;
    let mut answers = answers.into_iter();
    let missing = || Err(Fault::Unknown("it was not answered".into()));
    let answer = |write: &Write| match is_late(write, &edited) {
        true => Err(stale()),
        false => answers.next().unwrap_or_else(missing),
    };
    Ok(writes.iter().map(answer).collect())
}
