//! What a page of Creatio shows: of a linked activity whether it has changed, of any other whether it is to be exported.

use crate::activity::{Seen, SideId};
use crate::creatio;
use crate::identity;
use crate::link::{Link, LinkState};
use crate::owed::Subject;
use crate::plan;
use crate::reason::Reason;
use crate::run::note::{activity_key, gone_key, touch};
use crate::run::state::{ActivityRow, FeedState, GoneRow, Print};
use crate::run::{Run, Staged};
use crate::side::Observed;
use crate::store::Batch;
use std::collections::BTreeMap;
use uuid::Uuid;

pub(super) fn page(run: &mut Run, feed: &FeedState, items: Vec<Observed>, batch: &mut Batch) -> Staged<()> {
    // Members of the selected groups are listed beside a first scan; whatever else it shows is not exported.
    let listed = run.groups.is_some() && feed.round == Some(1) && feed.feed.part == creatio::feed::ACTIVITIES;
    let mut latest: BTreeMap<Uuid, Option<Box<Seen>>> = BTreeMap::new();
    for item in items {
        let (id, seen) = match item {
            Observed::Here(seen) => (seen.id.clone(), Some(seen)),
            Observed::Touched(id) | Observed::Missing(id) => (id, None),
        };
        if let Ok(id) = Uuid::parse_str(&id) {
            let entry = latest.entry(id).or_default();
            *entry = seen.or(entry.take());
        }
    }
    let ids: Vec<Uuid> = latest.keys().copied().collect();
    let links: Vec<Option<Link>> = run.store.get(&ids.iter().map(|id| run.store.link_key(*id)).collect::<Vec<_>>())?;
    let keys: Vec<String> = ids.iter().map(|id| activity_key(run, *id)).collect();
    let rows: Vec<Option<ActivityRow>> = run.store.get(&keys)?;
    let gone_keys: Vec<String> = ids.iter().map(|id| gone_key(run, SideId::Creatio, *id)).collect();
    let missed: Vec<Option<GoneRow>> = run.store.get(&gone_keys)?;
    for (((id, link), (key, row)), missed) in ids.iter().zip(links).zip(keys.iter().zip(rows)).zip(missed) {
        match (latest.remove(id).flatten(), link) {
            (Some(seen), Some(link)) => {
                // What waits for a person because this one was missed is settled.
                let held = missed.as_ref().is_some_and(|row| row.held.is_some());
                // What leaves because it is somebody else's is not missed.
                if missed.is_some_and(|row| row.reason != Reason::HandedOver) {
                    batch.delete(gone_key(run, SideId::Creatio, *id));
                }
                // Of an activity that was taken for gone it is news that it is there.
                let gone = matches!(link.state, LinkState::Ended { gone: SideId::Creatio, .. });
                if seen.version == link.creatio.version && link.policy == run.policy && !gone && !held {
                    run.report.count("unchanged", Some(SideId::Creatio), "", 1);
                } else {
                    touch(run, *id, batch);
                }
            }
            // Of one that was taken for gone it is news that it is there.
            (None, Some(link)) if matches!(link.state, LinkState::Ended { gone: SideId::Creatio, .. }) => {
                touch(run, *id, batch);
            }
            // A participant of a linked activity: people are not compared.
            (None, Some(_)) => {}
            (Some(seen), None) => loose_activity(run, *id, key, row, &seen, listed, batch),
            (None, None) => {
                // Most of these are the owner's own rows, whose activities have just been seen.
                if !batch.puts(key) && row.is_none_or(|row| row.policy != run.full_policy) {
                    touch(run, *id, batch);
                }
            }
        }
    }
    Ok(())
}

fn loose_activity(
    run: &mut Run,
    id: Uuid,
    key: &str,
    row: Option<ActivityRow>,
    seen: &Seen,
    listed: bool,
    batch: &mut Batch,
) {
    if row.as_ref().is_some_and(|row| row.version == seen.version && row.policy == run.full_policy) {
        run.report.count("unchanged", Some(SideId::Creatio), "", 1);
        return;
    }
    // First contact may find the counterpart of what is not exported as well: what another sync brought in long ago.
    let print = identity::fingerprint(seen)
        .filter(|_| seen.owned && seen.left_alone.is_none())
        .map(|print| run.store.key(&format!("print/{}/c/{id}", print.as_str())));
    if let Some(old) = row.and_then(|row| row.print)
        && Some(&old) != print.as_ref()
    {
        batch.delete(old);
    }
    if let Some(print) = &print {
        batch.put(print.clone(), &Print::Activity(id));
    }
    batch.put(key.to_owned(), &ActivityRow { version: seen.version.clone(), print, policy: run.full_policy.clone() });
    let reason = plan::not_exportable(seen, &run.frame());
    match reason {
        None if listed => {}
        None => touch(run, id, batch),
        Some(reason) => {
            run.report.count("left-alone", Some(SideId::Creatio), reason.code(), 1);
            let subject = Subject::Activity(id);
            batch.delete(run.store.owed_key(&subject));
            batch.delete(run.store.seen_key(&subject, SideId::Creatio));
        }
    }
}
