//! Who is in the selected groups. A membership that ends leaves no trace, so the members are listed anew whenever their
//! number or the newest of them is another one; whoever came or went since the last listing is looked at, and what is true
//! of an activity is read with it. Nobody is removed because of a group: what left it is no longer followed.

use super::note::touch;
use super::observe::SWEEP_DAYS;
use super::{Run, RunError, Staged, Stop, begin, fatal};
use crate::activity::SideId;
use crate::ask::Fault;
use crate::creatio::groups::Selected;
use crate::digest::Digest;
use crate::settings::Settings;
use crate::store::Batch;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Activities looked at a commit.
const CHUNK: usize = 500;

/// The last listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ListedRow {
    /// The mark that the members had before it.
    mark: Digest,
    /// When.
    at: DateTime<Utc>,
}

/// The selected groups; one that cannot be taken ends the run before anything is read or written.
pub(super) fn checked(selected: Option<Result<Selected, Fault>>, settings: &Settings) -> Staged<Option<Selected>> {
    let Some(selected) = selected else { return Ok(None) };
    let selected = selected.map_err(|fault| match fault {
        Fault::Refused { status: 401 | 403, .. } => Stop::Failed(RunError::SignIn(
            SideId::Creatio,
            format!(
                "{fault}; export by groups needs the rights to read ActivityFolder, ActivityInFolder and FolderTree"
            ),
        )),
        fault => begin::creatio_fault(fault, settings),
    })?;
    let mut faults = Vec::new();
    for id in settings.groups().unwrap_or_default() {
        match selected.groups.iter().find(|group| group.id == id) {
            Some(group) if group.search => faults.push(format!(
                "the selected group \"{}\" is a search, whose members cannot be told exactly; select a static group",
                group.name
            )),
            Some(_) => {}
            None => faults.push(format!(
                "the selected group \"{id}\" is not in Creatio, or the sync's sign-in may not see it; run discover and \
                 change the selection"
            )),
        }
    }
    if faults.is_empty() { Ok(Some(selected)) } else { Err(RunError::Settings(faults).into()) }
}

/// Has everybody looked at who joined or left the selected groups.
pub(super) fn follow(run: &mut Run) -> Staged<()> {
    let key = run.store.key("members");
    let listed: Option<ListedRow> = run.store.one(key.clone())?;
    let Some(selected) = run.groups.clone() else {
        return if listed.is_some() { forget(run, key) } else { Ok(()) };
    };
    let due = listed.is_none_or(|listed| {
        listed.mark != selected.mark || run.started - listed.at >= chrono::Duration::days(SWEEP_DAYS)
    });
    if !due {
        return Ok(());
    }
    let (now, rows) = list(run)?;
    let old = known(run)?;
    for (bucket, members) in &now {
        let before = old.get(bucket);
        if before != Some(members) {
            let changed = members.symmetric_difference(before.unwrap_or(&EMPTY));
            moved(run, bucket, Some(members), changed.copied().collect())?;
        }
    }
    for (bucket, members) in old.iter().filter(|(bucket, _)| !now.contains_key(*bucket)) {
        moved(run, bucket, None, members.iter().copied().collect())?;
    }
    // Of a listing that was cut short, or that members joined or left meanwhile, the next run makes another one.
    if selected.count.is_none_or(|count| count == rows) {
        run.quiet.put(key, &ListedRow { mark: selected.mark, at: run.started });
    }
    Ok(())
}

static EMPTY: BTreeSet<Uuid> = BTreeSet::new();

/// Members in pieces, each of which is a row.
type Buckets = BTreeMap<String, BTreeSet<Uuid>>;

fn bucket(activity: Uuid) -> String {
    format!("{:02x}", activity.as_bytes().last().copied().unwrap_or_default())
}

/// All members, as the site lists them now, and in how many rows.
fn list(run: &mut Run) -> Staged<(Buckets, usize)> {
    let mut buckets = Buckets::new();
    let mut rows = 0;
    let mut places = run.creatio.member_places();
    while !places.is_empty() {
        run.step("observe", u64::try_from(rows).unwrap_or(0), None)?;
        let page = run.send(run.creatio.members(places))?;
        let page = page.map_err(|fault| match fault {
            fault @ (Fault::Stopped | Fault::Throttled(_) | Fault::Unreachable(_)) => fatal(SideId::Creatio, fault),
            fault => begin::creatio_fault(fault, run.settings),
        })?;
        for activity in page.activities {
            buckets.entry(bucket(activity)).or_default().insert(activity);
        }
        rows += page.rows;
        places = page.rest;
    }
    Ok((buckets, rows))
}

/// All members, as they were listed last.
fn known(run: &Run) -> Staged<Buckets> {
    let mut buckets = Buckets::new();
    run.store.each("member/", |key, members: BTreeSet<Uuid>| {
        buckets.insert(key.rsplit('/').next().unwrap_or_default().to_owned(), members);
        Ok(())
    })?;
    Ok(buckets)
}

/// Writes a piece down, and has those looked at who came or went.
fn moved(run: &mut Run, bucket: &str, members: Option<&BTreeSet<Uuid>>, changed: Vec<Uuid>) -> Staged<()> {
    let many = changed.len();
    let mut batch = Batch::default();
    for activity in changed {
        touch(run, activity, &mut batch);
    }
    let key = run.store.key(&format!("member/{bucket}"));
    match members {
        Some(members) => batch.put(key, members),
        None => batch.delete(key),
    }
    run.quiet.extend(batch);
    if many >= CHUNK {
        run.commit(Batch::default(), Vec::new())?;
    }
    Ok(())
}

/// Activities are not exported by group any more.
fn forget(run: &mut Run, key: String) -> Staged<()> {
    let mut keys = vec![key];
    run.store.each("member/", |key, _: BTreeSet<Uuid>| {
        keys.push(key);
        Ok(())
    })?;
    for key in keys {
        run.quiet.delete(key);
    }
    Ok(())
}
