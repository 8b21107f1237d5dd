//! What no feed tells: that the policies changed, and that an activity is not there any more.

use super::note::{gone_key, missing, observed, touch};
use super::state::{ActivityRow, GoneRow, ItemRow, LoserRow};
use super::{Run, Staged, fatal};
use crate::activity::SideId;
use crate::ask::Fault;
use crate::creatio::glimpse::{self, Glimpse};
use crate::digest::Digest;
use crate::link::{Link, LinkState, Origin};
use crate::owed::Subject;
use crate::reason::Reason;
use crate::store::{Batch, decode};
use chrono::Duration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Rows a commit.
const CHUNK: usize = 500;
/// Every link is looked at within so many hours.
const ROUND_HOURS: i64 = 20;
/// How long a value that lost a conflict is kept.
const LOSERS_DAYS: i64 = 90;
/// At least so many links a run.
const AT_LEAST: i64 = 20;

/// Of a link what tells whether its activity is still there. Some are read in every run, nearly all of them for nothing.
#[derive(Deserialize)]
struct Glance {
    activity: Uuid,
    creatio: GlanceEnd,
    state: LinkState,
    origin: Origin,
    #[serde(default)]
    owned: bool,
}

#[derive(Deserialize)]
struct GlanceEnd {
    id: String,
    version: String,
}

impl Glance {
    fn active(&self) -> bool {
        self.state == LinkState::Active
    }

    fn exported(&self) -> bool {
        self.origin == Origin::Exported
    }

    /// Whether it is still the account's contact's business, see [`Link::handed_over`]. Where nobody said whether he takes
    /// part, he does not.
    fn concerns(&self, glimpse: &Glimpse) -> bool {
        let part = glimpse.owner || glimpse.part == Some(true) || (glimpse.author && !self.owned);
        part || !self.exported()
    }
}

/// When what decides how items are seen has changed since the last run, everything known is looked at: every pair, and
/// what was left alone, because neither side will show that again.
pub(super) fn policies(run: &mut Run) -> Staged<()> {
    forget_losers(run)?;
    super::before::forget(run)?;
    let policy = Some(Digest::of(&(&run.policy, &run.settings.scope_hash())));
    if run.state.policy == policy {
        return Ok(());
    }
    if run.state.policy.is_some() {
        every(run, "link/", |run, _, link: Link, batch| touch(run, link.activity, batch))?;
        every(run, "activity/", |run, key, _: ActivityRow, batch| {
            if let Some(activity) = key.rsplit('/').next().and_then(|id| Uuid::parse_str(id).ok()) {
                touch(run, activity, batch);
            }
        })?;
        every(run, "item/", |run, _, row: ItemRow, batch| {
            if row.link.is_none() {
                observed(run, Subject::Item(row.id), SideId::Mailbox, None, batch);
            }
        })?;
    }
    run.change_state(|state| state.policy = policy);
    Ok(())
}

/// Values that lost a conflict are kept for 90 days, and so is what an import tried to make.
fn forget_losers(run: &mut Run) -> Staged<()> {
    let before = run.started - Duration::days(LOSERS_DAYS);
    let mut old = Vec::new();
    run.store.each("loser/", |key, loser: LoserRow| {
        if loser.at < before {
            old.push(key);
        }
        Ok(())
    })?;
    run.store.each("tried/", |key, link: Link| {
        if link.recorded < before {
            old.push(key);
        }
        Ok(())
    })?;
    for key in old {
        run.quiet.delete(key);
    }
    Ok(())
}

/// Goes through all rows below a name, a commit for each piece.
fn every<T: DeserializeOwned>(
    run: &mut Run,
    name: &str,
    mut look: impl FnMut(&Run, &str, T, &mut Batch),
) -> Staged<()> {
    let mut after: Option<String> = None;
    loop {
        let (rows, next) = run.store.piece::<T>(name, after.as_deref(), u32::try_from(CHUNK).unwrap_or(500))?;
        let mut batch = Batch::default();
        for (key, row) in rows {
            look(run, &key, row, &mut batch);
        }
        run.commit(batch, Vec::new())?;
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Looks whether a rolling part of the activities is still there, so that all are seen within a day, and whether those
/// that were missed before are missed again. Creatio has no tombstones.
pub(super) fn existence(run: &mut Run) -> Staged<()> {
    let mut missed: Vec<Uuid> = std::mem::take(&mut run.missed);
    run.store.each("gone/creatio/", |_, row: GoneRow| {
        missed.push(row.activity);
        Ok(())
    })?;
    let (mut links, rolling) = rolling_part(run)?;
    for activity in missed {
        if !links.iter().any(|link| link.activity == activity)
            && let Some(link) = run.store.one::<Glance>(run.store.link_key(activity))?
        {
            links.push(link);
        }
    }
    links.retain(Glance::active);
    if links.is_empty() {
        return Ok(());
    }
    let glimpses = glimpses(run, &links)?;
    let keys: Vec<String> = links.iter().map(|link| gone_key(run, SideId::Creatio, link.activity)).collect();
    let rows: Vec<Option<GoneRow>> = run.store.get(&keys)?;
    let mut batch = Batch::default();
    for ((link, glimpse), (key, row)) in links.iter().zip(glimpses).zip(keys.into_iter().zip(rows)) {
        match (glimpse, row) {
            (Ok(Some(glimpse)), row) => {
                run.visible = true;
                if row.as_ref().is_some_and(|row| row.reason == Reason::HandedOver) {
                    // Whether it still is somebody else's is found out when it leaves.
                    continue;
                }
                let missed = row.is_some();
                let taken_out = glimpse.part == Some(false) && !link.concerns(&glimpse);
                if missed {
                    batch.delete(key);
                    // Where one row is visible again, others may be that are not linked.
                    let long_ago = run.started - Duration::days(super::observe::SWEEP_DAYS);
                    run.change_state(|state| state.swept_at = Some(long_ago));
                }
                // While it was missed, changes of the other side waited.
                if missed || glimpse.version != link.creatio.version || taken_out {
                    touch(run, link.activity, &mut batch);
                }
            }
            (Ok(None), Some(row)) if row.held.is_some() => {}
            (Ok(None), Some(row)) => batch.put(key, &GoneRow { runs: row.runs.saturating_add(1), ..row }),
            (Ok(None), None) => {
                missing(run, link.activity, SideId::Creatio, "", Reason::DeletedInCreatio, &mut batch);
            }
            (Err(fault @ (Fault::Stopped | Fault::Throttled(_) | Fault::Credential(_) | Fault::Unreachable(_))), _) => {
                return Err(fatal(SideId::Creatio, fault));
            }
            // Nothing is known of it: it counts as there.
            (Err(_), _) => {}
        }
    }
    let started = run.started;
    run.change_state(|state| {
        state.rolling = rolling;
        state.rolled_at = Some(started);
    });
    run.quiet.extend(batch);
    Ok(())
}

/// Glimpses of these pairs' activities. What was never the contact's own is his business as long as he takes part, which is
/// asked along with them; of what was, and is not any more, it is asked afterwards.
fn glimpses(run: &Run, links: &[Glance]) -> Staged<Vec<Result<Option<Glimpse>, Fault>>> {
    let id = |link: &Glance| link.creatio.id.clone();
    let ids: Vec<String> = links.iter().map(id).collect();
    let partly: Vec<String> = links.iter().filter(|link| link.exported() && !link.owned).map(id).collect();
    let mut glimpses = run.send(glimpse::glimpses(&run.creatio, &ids, &partly))?;
    let unsure = |(at, found): (usize, &Result<Option<Glimpse>, Fault>)| {
        let (link, glimpse) = (links.get(at)?, found.as_ref().ok()?.as_ref()?);
        (link.owned && !link.concerns(glimpse)).then(|| (at, id(link)))
    };
    let (places, unsure): (Vec<usize>, Vec<String>) = glimpses.iter().enumerate().filter_map(unsure).unzip();
    if !unsure.is_empty() {
        let again = run.send(glimpse::glimpses(&run.creatio, &unsure, &unsure))?;
        for (at, found) in places.into_iter().zip(again) {
            if let Some(glimpse) = glimpses.get_mut(at) {
                *glimpse = found;
            }
        }
    }
    Ok(glimpses)
}

/// The part of the links whose turn it is, and where the next one begins.
fn rolling_part(run: &Run) -> Staged<(Vec<Glance>, Option<String>)> {
    let total = run.state.links;
    let passed = run.state.rolled_at.map_or(ROUND_HOURS * 3600, |at| (run.started - at).num_seconds().max(0));
    let share = (total.saturating_mul(passed) / (ROUND_HOURS * 3600)).clamp(AT_LEAST, 2_000).min(total.max(1));
    let mut part: Vec<Glance> = Vec::new();
    let mut after = run.state.rolling.clone();
    let mut wrapped = after.is_none();
    while i64::try_from(part.len()).unwrap_or(i64::MAX) < share {
        let page = run.store.page("link/", after.as_deref(), u32::try_from(share).unwrap_or(100))?;
        for entry in page.entries {
            let link: Glance = decode(&entry)?;
            after = Some(entry.key);
            if link.active() {
                part.push(link);
            }
            if i64::try_from(part.len()).unwrap_or(i64::MAX) >= share {
                break;
            }
        }
        if i64::try_from(part.len()).unwrap_or(i64::MAX) < share {
            match page.next {
                Some(next) => after = Some(next),
                None if wrapped => {
                    after = None;
                    break;
                }
                None => {
                    after = None;
                    wrapped = true;
                }
            }
        }
    }
    part.sort_by_key(|link| link.activity);
    part.dedup_by_key(|link| link.activity);
    Ok((part, after))
}
