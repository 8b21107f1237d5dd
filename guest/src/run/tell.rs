//! What a run tells of each operation: entries of the journal.

use super::Run;
use super::carry::{Bar, Job, Work};
use super::record::forget_observations;
use crate::activity::Seen;
use crate::activity::SideId;
use crate::digest::Digest;
use crate::owed::Subject;
use crate::plan::Operation;
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome, UnitChange};
use crate::store::Batch;
use crate::time;
use chrono::{DateTime, Utc};

/// A journal entry about an operation.
pub(super) fn entry(
    run: &Run,
    job: &Job,
    operation: &Operation,
    outcome: Outcome,
    reason: Reason,
    detail: String,
) -> Entry {
    let pair = &job.pair;
    let seen = match operation.target {
        SideId::Creatio => pair.mailbox.here().or(pair.creatio.here()),
        SideId::Mailbox => pair.creatio.here().or(pair.mailbox.here()),
    };
    let title = seen.map(|seen| seen.title().to_owned()).or_else(|| pair.link.as_ref().map(|link| link.title.clone()));
    let start = seen.and_then(|seen| begins(run, seen)).or_else(|| pair.link.as_ref().and_then(|link| link.start));
    Entry {
        operation: operation.id.clone(),
        outcome,
        action: operation.action,
        target: operation.target,
        activity: Some(pair.activity.to_string()),
        item: pair
            .mailbox
            .here()
            .map(|seen| seen.id.clone())
            .or_else(|| pair.link.as_ref().map(|link| link.mailbox.id.clone()).filter(|id| !id.is_empty())),
        title: title.unwrap_or_default(),
        start: start.map(|start| start.timestamp_millis()),
        units: operation
            .units
            .iter()
            .map(|(unit, write)| UnitChange {
                unit: *unit,
                before: write.before.as_ref().map(crate::activity::Value::display),
                after: Some(write.after.display()),
            })
            .collect(),
        reason,
        detail,
    }
}

/// When it begins; of a task, the day that it stands for.
pub(super) fn begins(run: &Run, seen: &Seen) -> Option<DateTime<Utc>> {
    let day = || seen.days().and_then(|days| days.day()).map(|day| time::midnight(run.settings.zone, day));
    seen.when().map(|when| when.start).or_else(day)
}

/// What a person should know although nothing is written.
pub(super) fn notes(run: &Run, job: &Job, entries: &mut Vec<Entry>) {
    let told = |reason: Reason| job.owed.as_ref().is_some_and(|owed| owed.reason == reason && job.plan.leave.is_some());
    for note in job.plan.notes.iter().filter(|note| !told(note.reason)) {
        let pair = &job.pair;
        let item = pair.mailbox.here();
        let title = item.or(pair.creatio.here()).map(|seen| seen.title().to_owned());
        entries.push(Entry {
            operation: Digest::of(&("note", note.action, note.reason, pair.activity)).short().to_owned(),
            outcome: Outcome::Noted,
            action: note.action,
            target: note.side,
            activity: Some(pair.activity.to_string()),
            item: item.map(|item| item.id.clone()),
            title: title.or_else(|| pair.link.as_ref().map(|link| link.title.clone())).unwrap_or_default(),
            start: item.and_then(|item| begins(run, item)).map(|start| start.timestamp_millis()),
            units: note
                .units
                .iter()
                .map(|(unit, creatio, mailbox)| UnitChange {
                    unit: *unit,
                    before: Some(creatio.display()),
                    after: Some(mailbox.display()),
                })
                .collect(),
            reason: note.reason,
            detail: String::new(),
        });
    }
}

pub(super) fn preview(run: &Run, work: &Work, batch: &mut Batch, entries: &mut Vec<Entry>) {
    for (operation, bar) in work.job.plan.operations.iter().zip(&work.bars) {
        match bar {
            None => {
                entries.push(entry(
                    run,
                    &work.job,
                    operation,
                    Outcome::Planned,
                    operation.reason,
                    operation.detail.clone(),
                ));
            }
            Some(Bar::Held(reason)) => {
                entries.push(entry(run, &work.job, operation, Outcome::Held, *reason, operation.detail.clone()));
            }
            Some(Bar::Pending(_) | Bar::NotChosen) => {}
        }
    }
    notes(run, &work.job, entries);
    forget_observations(run, work.job.pair.activity, batch);
    batch.delete(run.store.owed_key(&Subject::Activity(work.job.pair.activity)));
}

/// What was held about an item, or had failed, needs nothing any more.
pub(super) fn settled(operation: &str, item: Option<String>, title: &str) -> Entry {
    Entry {
        operation: operation.to_owned(),
        outcome: Outcome::Noted,
        action: Action::Skip,
        target: SideId::Creatio,
        activity: None,
        item,
        title: title.to_owned(),
        start: None,
        units: Vec::new(),
        reason: Reason::Settled,
        detail: String::new(),
    }
}
