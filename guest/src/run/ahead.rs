//! Written ahead: what a run is about to write, recorded with the digests that will be sent, so that the next run can
//! tell what of it arrived.

use super::carry::{Job, Work};
use super::{Run, Staged, before, record};
use crate::activity::{SideId, State, Unit, Value};
use crate::attempt;
use crate::deliberate::Deliberate;
use crate::digest::Digest;
use crate::identity::Marker;
use crate::link::{End, Link, LinkState, Origin};
use crate::report::Action;
use crate::store::Batch;
use crate::undo::Image;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One unit of a write that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WalUnit {
    /// Digest of what is sent.
    pub(super) sent: Digest,
    /// Digest of the source's value.
    pub(super) source: Option<Digest>,
    /// The target's own change, where it loses.
    #[serde(default)]
    pub(super) lost: Option<Value>,
}

/// A write that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WalOperation {
    pub(super) id: String,
    pub(super) action: Action,
    pub(super) target: SideId,
    pub(super) units: BTreeMap<Unit, WalUnit>,
    /// What it replaces.
    #[serde(default)]
    pub(super) image: Option<Image>,
}

/// All writes of a pair that are under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WalRow {
    /// The pair.
    pub(super) activity: Uuid,
    /// The run.
    pub(super) run: String,
    /// What the link would be without these writes.
    pub(super) link: Link,
    /// There was a link before.
    pub(super) linked: bool,
    /// State of the link once they are done.
    pub(super) state: Option<LinkState>,
    /// The writes.
    pub(super) operations: Vec<WalOperation>,
    /// Markers of all attempts to create the item, this one's last.
    pub(super) attempts: Vec<String>,
    /// The server said that an earlier attempt made it.
    pub(super) duplicate: bool,
    /// The writes undo what a run did.
    #[serde(default)]
    pub(super) undoes: bool,
}

pub(super) fn write_ahead(run: &mut Run, going: &[Work]) -> Staged<Vec<WalRow>> {
    run.chunks = run.chunks.saturating_add(1);
    let mut batch = Batch::default();
    let mut rows = Vec::with_capacity(going.len());
    for work in going {
        let job = &work.job;
        let mut link = link_before(run, job);
        for operation in work.waiting() {
            record::undone(job.pair.link.as_ref(), operation.target, record::loses(operation), &mut link);
        }
        let creates = work.going().find(|operation| operation.makes_item());
        let mut attempts = job.owed.as_ref().map(|owed| owed.attempts.clone()).unwrap_or_default();
        if let Some(operation) = creates {
            link.generation = next_generation(job);
            attempts.extend(link.nonce.clone());
            run.targets.of(job.kind()).clone_into(&mut link.folder);
            if !Deliberate::ForgetNonce.on() {
                attempts.push(attempt::nonce(&run.options.run, link.activity, link.generation, operation));
            }
        }
        let operations = work
            .going()
            .map(|operation| WalOperation {
                id: operation.id.clone(),
                action: operation.action,
                target: operation.target,
                units: operation
                    .units
                    .iter()
                    .map(|(unit, write)| {
                        let lost = write.before.clone().filter(|_| write.conflict);
                        (*unit, WalUnit { sent: write.after.digest(), source: write.source.clone(), lost })
                    })
                    .collect(),
                image: before::image(run, job, operation),
            })
            .collect();
        let row = WalRow {
            activity: link.activity,
            run: run.options.run.clone(),
            linked: job.pair.link.is_some(),
            link,
            state: job.plan.state,
            operations,
            attempts,
            duplicate: false,
            undoes: job.undoes,
        };
        if !Deliberate::SkipWriteAhead.on() {
            batch.put(wal_key(run, row.activity), &row);
        }
        rows.push(row);
    }
    run.commit(batch, Vec::new())?;
    Ok(rows)
}

/// Key of what is written ahead for a pair.
pub(super) fn wal_key(run: &Run, activity: Uuid) -> String {
    run.store.key(&format!("wal/{activity}"))
}

/// What the link would be without the writes of the plan.
pub(super) fn link_before(run: &Run, job: &Job) -> Link {
    let pair = &job.pair;
    let mut link = pair.link.clone().unwrap_or_else(|| {
        let item = pair.mailbox.here();
        let marker = item.and_then(|item| item.marker.as_deref()).and_then(Marker::decode);
        let marker = marker.filter(|marker| run.ours(marker));
        Link {
            activity: pair.activity,
            creatio: End::known(pair.activity.to_string()),
            mailbox: End::known(item.map(|item| item.id.clone()).unwrap_or_default()),
            folder: item.and_then(|item| item.folder.clone()).unwrap_or_else(|| run.targets.of(job.kind()).to_owned()),
            identity: item.and_then(|item| item.identity.clone()),
            origin: job.plan.origin.unwrap_or(Origin::Adopted),
            state: LinkState::Active,
            policy: run.policy.clone(),
            generation: job.owed.as_ref().map_or(0, |owed| owed.generation),
            place_column: run.settings.policies.other_place_column(),
            restored: false,
            marked_as: marker.as_ref().map(|marker| marker.mailbox).filter(|id| *id != run.mailbox_id),
            nonce: marker.map(|marker| marker.nonce),
            earlier: Vec::new(),
            normalised: Vec::new(),
            recorded: run.started,
            title: String::new(),
            start: None,
            end: None,
            finished: false,
            attended: false,
            made: None,
            owned: false,
        }
    });
    if let Some(item) = pair.mailbox.here() {
        if link.adrift() {
            // What the item does not carry any more, nothing is to be looked for by.
            link.earlier.clear();
            let marker = item.marker.as_deref().and_then(Marker::decode);
            link.nonce = marker.filter(|marker| marker.activity == link.activity).map(|marker| marker.nonce);
        }
        link.made = item.created.or(link.made);
        item.id.clone_into(&mut link.mailbox.id);
        link.folder = item.folder.clone().unwrap_or(link.folder);
        link.identity = item.identity.clone().or(link.identity);
        link.attended = !item.attendees.is_empty();
    }
    if !job.undoes && link.place_elsewhere(&run.settings.policies) {
        // Another column says nothing about what was in step in this one.
        link.creatio.bases.remove(&Unit::Place);
        link.place_column = run.settings.policies.other_place_column();
    }
    for unit in &job.plan.rebase {
        for (side, end) in [(SideId::Creatio, &pair.creatio), (SideId::Mailbox, &pair.mailbox)] {
            if let Some(value) = end.here().and_then(|seen| seen.values.get(unit)) {
                link.take_base(side, *unit, value.digest());
            }
        }
    }
    for (side, end) in [(SideId::Creatio, &pair.creatio), (SideId::Mailbox, &pair.mailbox)] {
        if let Some(seen) = end.here() {
            let by_us = link.end(side).by_us && link.end(side).version == seen.version;
            link.end_mut(side).version.clone_from(&seen.version);
            link.end_mut(side).by_us = by_us;
            link.describe(seen);
        }
    }
    if let Some(activity) = pair.creatio.here() {
        link.finished = activity.state != State::Open;
        link.owned |= activity.owned;
    }
    if !job.undoes {
        // What is undone was not merged: the bases speak of what they spoke of before.
        link.restored &= link.creatio.bases.is_empty() && link.mailbox.bases.is_empty();
        // Of a pair that stays parked nothing is merged: its bases are those of the policies that it was parked under.
        if link.state != LinkState::Parked || job.plan.state.is_some() {
            link.policy = run.policy.clone();
        }
        link.recorded = run.started;
    }
    link
}

/// Generation of an item that is to be made: one made anew on purpose has another, or the server would take it for a
/// repetition of the first.
pub(super) fn next_generation(job: &Job) -> u32 {
    let anew = job.pair.link.as_ref().map_or(0, |link| link.generation.saturating_add(1));
    anew.max(job.owed.as_ref().map_or(0, |owed| owed.generation))
}
