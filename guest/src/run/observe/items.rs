//! What a page of the mailbox shows: of a linked item whether it is still in step, of any other what it is known by.

use crate::activity::{Seen, SideId, State};
use crate::deliberate::Deliberate;
use crate::digest::Digest;
use crate::identity;
use crate::link::{self, Link};
use crate::owed::Subject;
use crate::reason::Reason;
use crate::run::note::{gone_key, missing, observed};
use crate::run::state::{FeedState, GoneRow, ItemRow, Print};
use crate::run::{Run, Staged};
use crate::side::{Feed, Observed};
use crate::store::Batch;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(super) fn page(run: &mut Run, feed: &FeedState, items: Vec<Observed>, batch: &mut Batch) -> Staged<()> {
    let mut latest: BTreeMap<String, Observed> = BTreeMap::new();
    for item in items {
        // Pages repeat items; the last word counts.
        let id = match &item {
            Observed::Here(seen) => seen.id.clone(),
            Observed::Touched(id) | Observed::Missing(id) => id.clone(),
        };
        latest.insert(id, item);
    }
    let ids: Vec<String> = latest.keys().cloned().collect();
    let keys: Vec<String> = ids.iter().map(|id| run.store.item_key(id)).collect();
    let rows: Vec<Option<ItemRow>> = run.store.get(&keys)?;
    let links = links_of(run, &rows)?;
    let held = held(run, &links)?;
    for ((id, key), row) in ids.iter().zip(&keys).zip(rows) {
        let link = row.as_ref().and_then(|row| row.link).and_then(|id| links.get(&id));
        let observed_now = latest.remove(id);
        if let Some(Observed::Here(seen)) = &observed_now
            && let Some(zone) = &seen.odd_zone
        {
            let text = format!(
                "An event names the zone \"{zone}\", which is not known: its times are read in {}.",
                run.settings.zone
            );
            run.report.warn(Reason::UnknownZone, text);
        }
        match (observed_now, link) {
            (Some(Observed::Here(seen)), Some(link)) => {
                if let Some(round) = feed.round {
                    batch.put(round_key(run, &feed.feed, link.activity), &round);
                }
                let held = held.contains(&link.activity);
                linked_item(run, link, held, seen, batch);
            }
            (Some(Observed::Here(seen)), None) => loose_item(run, key, row, seen, batch),
            (Some(Observed::Missing(_)), Some(link)) => {
                // Another calendar may name it as well, which it passed on its way out.
                if link.active() && feed.feed.folder == link.folder {
                    let proof = if Deliberate::StreamOrder.on() {
                        Reason::CancelledByOrganizer
                    } else {
                        Reason::DeletedInMailbox
                    };
                    missing(run, link.activity, SideId::Mailbox, &feed.feed.folder, proof, batch);
                }
            }
            (Some(Observed::Missing(id)), None) => {
                // Whether it is gone or only left this slice is found out when it is paired.
                if row.is_some() || batch.puts(key) {
                    observed(run, Subject::Item(id), SideId::Mailbox, None, batch);
                }
            }
            (Some(Observed::Touched(_)) | None, _) => {}
        }
    }
    Ok(())
}

/// The links that these rows lead to.
fn links_of(run: &Run, rows: &[Option<ItemRow>]) -> Staged<BTreeMap<Uuid, Link>> {
    let keys: Vec<String> = rows.iter().flatten().filter_map(|row| row.link).map(|id| run.store.link_key(id)).collect();
    let links: Vec<Option<Link>> = run.store.get(&keys)?;
    Ok(links.into_iter().flatten().map(|link| (link.activity, link)).collect())
}

/// Pairs whose removal waits for a person, because their items were missed.
fn held(run: &Run, links: &BTreeMap<Uuid, Link>) -> Staged<BTreeSet<Uuid>> {
    let keys: Vec<String> = links.keys().map(|id| gone_key(run, SideId::Mailbox, *id)).collect();
    let rows: Vec<Option<GoneRow>> = run.store.get(&keys)?;
    Ok(rows.into_iter().flatten().filter(|row| row.held.is_some()).map(|row| row.activity).collect())
}

fn round_key(run: &Run, feed: &Feed, activity: Uuid) -> String {
    run.store.key(&format!("round/{}/{activity}", feed.key()))
}

fn linked_item(run: &mut Run, link: &Link, held: bool, seen: Box<Seen>, batch: &mut Batch) {
    // Whatever was missed is back. That its removal was held is settled when the pair is looked at.
    batch.delete(gone_key(run, SideId::Mailbox, link.activity));
    let in_step = link.active()
        && !held
        && link.policy == run.policy
        && seen.folder.as_deref().is_none_or(|folder| folder == link.folder)
        && if seen.partial {
            // Of what is shown in part only the version says that nothing has changed.
            seen.version == link.mailbox.version
        } else {
            seen.state == State::Open && seen.left_alone.is_none() && link::digests(&seen.values) == link.mailbox.bases
        };
    if in_step {
        run.report.count("unchanged", Some(SideId::Mailbox), "", 1);
        if seen.version != link.mailbox.version {
            let mut link = link.clone();
            link.mailbox.version.clone_from(&seen.version);
            link.mailbox.by_us = false;
            batch.put(run.store.link_key(link.activity), &link);
        }
        return;
    }
    // What a listing left out is read before anything is decided.
    let seen = Some(seen).filter(|seen| !seen.partial);
    observed(run, Subject::Activity(link.activity), SideId::Mailbox, seen, batch);
}

fn loose_item(run: &mut Run, key: &str, row: Option<ItemRow>, seen: Box<Seen>, batch: &mut Batch) {
    let known = row.as_ref().is_some_and(|row| row.version == seen.version && row.policy == run.full_policy);
    if known {
        run.report.count("unchanged", Some(SideId::Mailbox), "", 1);
        return;
    }
    if row.is_none() && seen.left_alone == Some(Reason::OutOfWindow) {
        // A feed without a window shows years of these: nothing of them is kept.
        run.report.count("left-alone", Some(SideId::Mailbox), Reason::OutOfWindow.code(), 1);
        return;
    }
    let print = identity::fingerprint(&seen).map(|print| {
        let kind = if seen.series.is_some() { "s" } else { "m" };
        run.store.key(&format!("print/{}/{kind}/{}", print.as_str(), Digest::of(&seen.id).as_str()))
    });
    let old = row.as_ref().and_then(|row| row.print.clone());
    if old != print
        && let Some(old) = old
    {
        batch.delete(old);
    }
    if let Some(print) = &print {
        let who = if seen.series.is_some() { Print::Occurrence(seen.id.clone()) } else { Print::Item(seen.id.clone()) };
        batch.put(print.clone(), &who);
    }
    let row = ItemRow {
        id: seen.id.clone(),
        link: None,
        version: seen.version.clone(),
        folder: seen.folder.clone().unwrap_or_default(),
        print,
        marker: row.as_ref().and_then(|row| row.marker.clone()),
        alike: row.and_then(|row| row.alike),
        policy: run.full_policy.clone(),
    };
    batch.put(key.to_owned(), &row);
    let subject = Subject::Item(seen.id.clone());
    // An item that lies outside of the import may still be one that the sync made or knows by its identity: pairing
    // tells. What is left alone by kind is neither.
    if seen.left_alone.is_some() || seen.state == State::Cancelled {
        if let Some(reason) = seen.left_alone {
            run.report.count("left-alone", Some(SideId::Mailbox), reason.code(), 1);
        }
        batch.delete(run.store.owed_key(&subject));
        batch.delete(run.store.seen_key(&subject, SideId::Mailbox));
        return;
    }
    // What a listing left out is read before anything is decided.
    observed(run, subject, SideId::Mailbox, Some(seen).filter(|seen| !seen.partial), batch);
}

/// At the end of a round that read a calendar anew: links it did not show may have lost their item.
pub(super) fn end_round(run: &Run, feed: &Feed, round: u64, quiet: &mut Batch) -> Staged<()> {
    let prefix = format!("round/{}/", feed.key());
    let mut seen: Vec<Uuid> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    run.store.each(&prefix, |key, of: u64| {
        if of == round
            && let Some(id) = key.rsplit('/').next().and_then(|id| Uuid::parse_str(id).ok())
        {
            seen.push(id);
        }
        keys.push(key);
        Ok(())
    })?;
    let uncommitted: Vec<String> = quiet.keys_below(&run.store.key(&prefix)).map(str::to_owned).collect();
    for key in &uncommitted {
        if let Some(id) = key.rsplit('/').next().and_then(|id| Uuid::parse_str(id).ok()) {
            seen.push(id);
        }
    }
    keys.extend(uncommitted);
    seen.sort_unstable();
    let mut gone: Vec<Link> = Vec::new();
    if round > 1 {
        run.store.each("link/", |_, link: Link| {
            if link.active() && link.folder == feed.folder && seen.binary_search(&link.activity).is_err() {
                gone.push(link);
            }
            Ok(())
        })?;
    }
    for link in gone {
        missing(run, link.activity, SideId::Mailbox, &feed.folder, Reason::DeletedInMailbox, quiet);
    }
    for key in keys {
        quiet.delete(key);
    }
    Ok(())
}
