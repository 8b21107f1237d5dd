//! Before-images: what each operation of a run replaced, kept in the commit that records the operation. A later run can
//! plan the inverse from them.

use super::ahead::WalRow;
use super::carry::Job;
use super::{Run, Staged};
use crate::activity::{Seen, SideId, Unit, Value};
use crate::digest::Digest;
use crate::plan::Operation;
use crate::report::Action;
use crate::side::Written;
use crate::store::Batch;
use crate::time;
use crate::undo::{Image, Was};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// How long images are kept.
const DAYS: i64 = 30;
/// Images that one run forgets at most.
const FORGOTTEN: u32 = 500;

/// A run that left images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptRow {
    /// Its id.
    run: String,
    /// When it began.
    at: DateTime<Utc>,
    /// Pairs that it linked as they were.
    adopted: u32,
}

fn folder(run: &str) -> String {
    format!("before/{}/", Digest::of(&run).as_str())
}

/// In the order of time, so that the oldest is found without reading the others.
fn kept_name(run: &str, at: DateTime<Utc>) -> String {
    format!("kept/{}/{}", time::iso(at), Digest::of(&run).as_str())
}

/// What an operation is about to replace; none where it writes nothing.
pub(super) fn image(run: &Run, job: &Job, operation: &Operation) -> Option<Image> {
    let pair = &job.pair;
    let side = operation.target;
    let seen = pair.end(side).here();
    let masked = pair.mailbox.here().is_some_and(|item| item.masked);
    let shown = |unit: Unit, value: &Value| {
        let hidden = masked && matches!(unit, Unit::Title | Unit::Place | Unit::Body);
        (!hidden).then(|| value.clone())
    };
    let units: BTreeMap<Unit, Was> = match operation.action {
        Action::Delete => {
            let seen = seen?;
            let state = (side == SideId::Creatio).then_some((Unit::State, seen.standing()));
            let values = seen.values.iter().map(|(unit, value)| (*unit, value.clone())).chain(state);
            values.map(|(unit, value)| (unit, Was { before: shown(unit, &value), written: None })).collect()
        }
        Action::Create | Action::Update | Action::Cancel | Action::Restore | Action::Convert => operation
            .units
            .iter()
            .map(|(unit, write)| {
                let before = write.before.as_ref().and_then(|value| shown(*unit, value));
                (*unit, Was { before, written: Some(write.after.digest()) })
            })
            .collect(),
        Action::Adopt | Action::Unlink | Action::Park | Action::Skip | Action::Unmark => return None,
    };
    Some(Image {
        activity: pair.activity,
        side,
        action: operation.action,
        number: run.chunks,
        at: run.started,
        units,
        version: String::new(),
        attended: side == SideId::Mailbox && seen.is_some_and(|seen| !seen.attendees.is_empty()),
        owned: seen.is_some_and(|seen| seen.owned),
    })
}

/// Keeps what a write replaced.
pub(super) fn keep(run: &Run, job: &Job, operation: &Operation, written: &Written, batch: &mut Batch) {
    let Some(mut image) = image(run, job, operation) else { return };
    for (unit, was) in &mut image.units {
        // What the write itself found there is nearer to it than what the merge saw.
        let found = written.before.as_ref().and_then(|found| found.values.get(unit));
        if let (Some(before), Some(found)) = (&mut was.before, found) {
            before.clone_from(found);
        }
        let made = written.after.as_ref().filter(|_| written.proven).and_then(|after| after.values.get(unit));
        if let (Some(digest), Some(made)) = (&mut was.written, made) {
            *digest = made.digest();
        }
    }
    image.version = written.after.as_ref().map(|after| after.version.clone()).unwrap_or_default();
    let row = KeptRow { run: run.options.run.clone(), at: run.started, adopted: run.adopted };
    batch.put(run.store.key(&kept_name(&row.run, row.at)), &row);
    batch.put(image_key(run, &row.run, &operation.id, &image), &image);
}

/// Keeps what a run that died had replaced, as far as its write arrived.
pub(super) fn keep_settled(
    run: &Run,
    row: &WalRow,
    operation: &str,
    mut image: Image,
    now: Option<&Seen>,
    batch: &mut Batch,
) -> Staged<()> {
    let same = |unit: &Unit, was: &Was| {
        let value = now.and_then(|now| now.values.get(unit)).map(Value::digest);
        value.is_some() && value == was.written
    };
    match image.action {
        Action::Update => image.units.retain(|unit, was| same(unit, was)),
        Action::Create => {
            let as_sent = now.is_some_and(|now| {
                now.values.iter().all(|(unit, value)| match image.units.get(unit) {
                    Some(was) => was.written.as_ref() == Some(&value.digest()),
                    None => value.is_empty(),
                })
            });
            image.version = now.filter(|_| as_sent).map(|now| now.version.clone()).unwrap_or_default();
        }
        _ => {}
    }
    if image.action != Action::Delete && image.units.is_empty() {
        return Ok(());
    }
    let key = run.store.key(&kept_name(&row.run, image.at));
    if run.store.one::<KeptRow>(key.clone())?.is_none() {
        batch.put(key, &KeptRow { run: row.run.clone(), at: image.at, adopted: 0 });
    }
    batch.put(image_key(run, &row.run, operation, &image), &image);
    Ok(())
}

fn image_key(run: &Run, of: &str, operation: &str, image: &Image) -> String {
    run.store.key(&format!("{}{}/{operation}", folder(of), image.activity))
}

/// Counts a pair that was linked as it was, for who wants to undo the run.
pub(super) fn adopted(run: &mut Run, batch: &mut Batch) {
    run.adopted = run.adopted.saturating_add(1);
    let row = KeptRow { run: run.options.run.clone(), at: run.started, adopted: run.adopted };
    batch.put(run.store.key(&kept_name(&row.run, row.at)), &row);
}

/// What there is of a run.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Pairs with images.
    pub(super) activities: BTreeSet<Uuid>,
    /// What it made or brought back: to undo that takes something away.
    pub(super) made: usize,
    /// What it deleted.
    pub(super) deleted: usize,
    /// Pairs that it linked as they were.
    pub(super) adopted: u32,
}

/// Looks through the images of a run.
pub(super) fn survey(run: &Run, of: &str) -> Staged<Survey> {
    let mut survey = Survey::default();
    run.store.each(&folder(of), |_, image: Image| {
        survey.activities.insert(image.activity);
        match image.action {
            Action::Create | Action::Restore => survey.made += 1,
            Action::Delete => survey.deleted += 1,
            _ => {}
        }
        Ok(())
    })?;
    run.store.each("kept/", |_, row: KeptRow| {
        if row.run == of {
            survey.adopted = row.adopted;
        }
        Ok(())
    })?;
    Ok(survey)
}

/// The images of one pair.
pub(super) fn images(run: &Run, of: &str, activity: Uuid) -> Staged<Vec<Image>> {
    let mut images = Vec::new();
    run.store.each(&format!("{}{activity}/", folder(of)), |_, image: Image| {
        images.push(image);
        Ok(())
    })?;
    Ok(images)
}

/// Forgets the oldest run's images once they are old enough. Runs that write are not more often than runs, so one at a time
/// keeps up; nothing is read of those that are younger.
pub(super) fn forget(run: &mut Run) -> Staged<()> {
    let (oldest, _) = run.store.piece::<KeptRow>("kept/", None, 1)?;
    let Some((key, row)) = oldest.into_iter().next() else { return Ok(()) };
    if run.started - row.at < Duration::days(DAYS) {
        return Ok(());
    }
    let (images, more) = run.store.piece::<Image>(&folder(&row.run), None, FORGOTTEN)?;
    for (key, _) in images {
        run.quiet.delete(key);
    }
    if more.is_none() {
        run.quiet.delete(key);
    }
    Ok(())
}
