//! Observing: the feeds of both sides, page by page, into owed rows. Nothing is decided here and nothing is written to
//! either side; what a page shows and where the feed stands are committed together, so no observation is lost and none
//! is needed twice.

use super::state::{ActivityRow, FeedState, GoneRow, ItemRow, Print};
use super::{Run, RunError, Staged, Stop, begin, fatal};
use crate::activity::{Seen, SideId, State, Values};
use crate::ask::{Ask, Fault};
use crate::deliberate::Deliberate;
use crate::digest::Digest;
use crate::identity;
use crate::link::{Bases, Link, LinkState};
use crate::owed::{Observation, Subject};
use crate::plan;
use crate::reason::Reason;
use crate::report::Ending;
use crate::side::{Feed, From, Observed, Page, Side};
use crate::store::Batch;
use crate::{creatio, time};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How often all activities are listed again.
pub(super) const SWEEP_DAYS: i64 = 7;
/// How many rounds a folder is listed before the server is asked for its changes again.
const RETRY: u64 = 100;
/// Rows a page: without notes.
const CREATIO_PAGE: u32 = 500;

/// One feed in this run.
struct Reading {
    side: SideId,
    state: FeedState,
    done: bool,
    failed: bool,
    pages: u64,
}

/// Reads every feed to its end.
pub(super) fn observe(run: &mut Run) -> Staged<()> {
    run.publish(&["feed/"])?;
    let sweep = sweep_due(run);
    let mut readings = open(run, sweep)?;
    loop {
        let open: Vec<usize> = readings
            .iter()
            .enumerate()
            .filter(|(_, reading)| !reading.done && !reading.failed)
            .map(|(at, _)| at)
            .collect();
        if open.is_empty() {
            break;
        }
        let done: u64 = readings.iter().map(|reading| reading.pages).sum();
        run.step("observe", done, None)?;
        let pages = pull(run, &readings, &open)?;
        for (at, page) in open.into_iter().zip(pages) {
            let Some(reading) = readings.get_mut(at) else { continue };
            match page {
                Ok(page) => take(run, reading, page)?,
                Err(fault) => failed(run, reading, fault)?,
            }
        }
    }
    run.complete = !run.tasks_unread && readings.iter().all(|reading| reading.done);
    if sweep && readings.iter().all(|reading| reading.done || !creatio::feed::sweeps(&reading.state.feed)) {
        let started = run.started;
        run.change_state(|state| state.swept_at = Some(started));
    }
    if run.complete && !run.state.indexed {
        run.change_state(|state| state.indexed = true);
    }
    Ok(())
}

fn feed_key(run: &Run, side: SideId, feed: &Feed) -> String {
    run.store.key(&format!("feed/{}/{}", side.code(), feed.key()))
}

/// Whether all activities are to be listed again; a first scan does that anyway.
fn sweep_due(run: &mut Run) -> bool {
    let started = run.started;
    match run.state.swept_at {
        Some(at) => started - at >= chrono::Duration::days(SWEEP_DAYS),
        None => {
            run.change_state(|state| state.swept_at = Some(started));
            false
        }
    }
}

/// The feed is a listing that was read to its end.
fn listing(state: &FeedState) -> bool {
    state.cursor.as_deref() == Some("")
}

/// Begins another round: what it does not show at its end may be gone.
fn anew(state: &mut FeedState) {
    state.cursor = None;
    state.rounds = state.rounds.saturating_add(1);
    state.round = Some(state.rounds);
}

/// The feeds of this run, with where they stand.
fn open(run: &mut Run, sweep: bool) -> Staged<Vec<Reading>> {
    let mut known: Vec<FeedState> = Vec::new();
    run.store.each("feed/mailbox/", |_, feed| {
        known.push(feed);
        Ok(())
    })?;
    let today = time::date_in(run.settings.zone, run.started);
    // What is exported may stand in the mailbox already, also where the import begins later. A day of room: the first slice
    // is cut in UTC.
    let from = time::minus_days(run.settings.import_from.min(today), 1);
    for state in known.iter().filter(|state| listing(state) && state.rounds % RETRY == 0) {
        // Perhaps the server tells changes by now.
        run.quiet.delete(feed_key(run, SideId::Mailbox, &state.feed));
    }
    known.retain(|state| !listing(state) || state.rounds % RETRY != 0);
    let feeds: Vec<Feed> = known.iter().map(|state| state.feed.clone()).collect();
    let mut wanted: Vec<(SideId, Feed)> = Vec::new();
    for folder in followed(run) {
        let of_folder = run.mailbox.feeds(&folder, from, today, &feeds);
        wanted.extend(of_folder.into_iter().map(|feed| (SideId::Mailbox, feed)));
    }
    wanted.extend(creatio::feed::feeds(run.settings.account.shared).into_iter().map(|feed| (SideId::Creatio, feed)));
    if sweep {
        let feeds = creatio::feed::sweep(run.settings.account.shared);
        wanted.extend(feeds.into_iter().map(|feed| (SideId::Creatio, feed)));
    }
    let keys: Vec<String> = wanted.iter().map(|(side, feed)| feed_key(run, *side, feed)).collect();
    let states: Vec<Option<FeedState>> = run.store.get(&keys)?;
    Ok(wanted
        .into_iter()
        .zip(states)
        .map(|((side, feed), state)| {
            let size = if side == SideId::Mailbox { run.mailbox.page() } else { CREATIO_PAGE };
            let mut state = state.unwrap_or(FeedState { feed, cursor: None, round: Some(1), rounds: 1, size });
            if listing(&state) {
                anew(&mut state);
            }
            Reading { side, state, done: false, failed: false, pages: 0 }
        })
        .collect())
}

/// Folders whose feeds are read: those to import from, the one that exports land in, and those that exported items were
/// moved to. Until the first contact is over, all that are the mailbox's own: what lies in one that is not imported may be
/// the counterpart of an activity, which must not be made a second time.
fn followed(run: &Run) -> Vec<String> {
    let mut folders = run.imported.clone();
    let exports = run.settings.ever_writes(SideId::Mailbox);
    let targets = [&run.targets.meetings, &run.targets.tasks].into_iter().filter(|_| exports);
    let first = exports && !run.state.contacted;
    let own = run.folders.iter().filter(|folder| first && folder.writable && folder.reason.is_none());
    for folder in targets.chain(&run.state.followed).chain(own.map(|folder| &folder.id)) {
        if !folders.contains(folder) && run.folders.iter().any(|known| known.id == *folder) {
            folders.push(folder.clone());
        }
    }
    folders
}

/// The next page of each, in one call.
fn pull(run: &mut Run, readings: &[Reading], open: &[usize]) -> Staged<Vec<Result<Page, Fault>>> {
    let asks = open
        .iter()
        .filter_map(|at| readings.get(*at))
        .map(|reading| {
            let from = reading.state.cursor.clone().map_or(From::Start, From::Cursor);
            let side: &dyn Side = match reading.side {
                SideId::Creatio => &run.creatio,
                SideId::Mailbox => run.mailbox.as_ref(),
            };
            side.pull(&reading.state.feed, &from, reading.state.size)
        })
        .collect();
    let (pages, requests) = super::send(run.caps, Ask::all(asks))?;
    run.requests = run.requests.saturating_add(requests);
    Ok(pages)
}

/// Takes a page in.
fn take(run: &mut Run, reading: &mut Reading, page: Page) -> Staged<()> {
    let mut quiet = std::mem::take(&mut run.quiet);
    let before = reading.state.clone();
    reading.pages += 1;
    run.report.count("observed", Some(reading.side), "", u64::try_from(page.items.len()).unwrap_or(0));
    match reading.side {
        SideId::Mailbox => mailbox_page(run, &reading.state, page.items, &mut quiet)?,
        SideId::Creatio => creatio_page(run, &reading.state, page.items, &mut quiet)?,
    }
    reading.state.cursor = Some(page.cursor);
    if page.complete {
        reading.done = true;
        if let Some(round) = reading.state.round.take()
            && reading.side == SideId::Mailbox
        {
            end_round(run, &reading.state.feed, round, &mut quiet)?;
        }
    }
    let key = feed_key(run, reading.side, &reading.state.feed);
    if page.complete && creatio::feed::sweeps(&reading.state.feed) {
        quiet.delete(key);
    } else if before != reading.state {
        quiet.put(key, &reading.state);
    }
    if Deliberate::CursorFirst.on() {
        let mut cursor = Batch::default();
        cursor.put(feed_key(run, reading.side, &reading.state.feed), &reading.state);
        run.commit(cursor, Vec::new())?;
    }
    // A feed that was read in one page waits for the commit that has to be made anyway.
    run.quiet = quiet;
    if !page.complete || reading.pages > 1 {
        run.commit(Batch::default(), Vec::new())?;
    }
    Ok(())
}

/// What a page that could not be had means for its feed, and for the run.
fn failed(run: &mut Run, reading: &mut Reading, fault: Fault) -> Staged<()> {
    let folder =
        run.folders.iter().find(|folder| folder.id == reading.state.feed.folder).map(|folder| folder.name.clone());
    match fault {
        Fault::TooLarge(_) if reading.state.size > 1 => {
            reading.state.size /= 2;
            Ok(())
        }
        fault
            if reading.side == SideId::Mailbox
                && reading.state.cursor.is_some()
                && (lost(&fault) || refused(&fault)) =>
        {
            // The server forgot how far we had read: everything is read anew, and what the round does not show is
            // looked for one by one.
            run.report.warn(Reason::FeedReset, format!("The folder \"{}\" is read anew.", folder.unwrap_or_default()));
            anew(&mut reading.state);
            let key = feed_key(run, reading.side, &reading.state.feed);
            run.quiet.put(key, &reading.state);
            Ok(())
        }
        fault if reading.side == SideId::Mailbox && reading.state.cursor.is_none() && refused(&fault) => {
            match run.mailbox.listed(&reading.state.feed) {
                Some(feed) => {
                    let name = folder.unwrap_or_default();
                    let text = format!("The server does not tell what changes in the folder \"{name}\": {fault}.");
                    run.report.warn(Reason::FeedListed, text);
                    // Should the server tell it one day, what went until then is missed.
                    anew(&mut reading.state);
                    let key = feed_key(run, reading.side, &reading.state.feed);
                    run.quiet.put(key, &reading.state);
                    reading.state.feed = feed;
                    anew(&mut reading.state);
                }
                None => unreadable(run, reading, folder, &fault),
            }
            Ok(())
        }
        fault @ (Fault::Stopped | Fault::Credential(_) | Fault::Unreachable(_)) => Err(fatal(reading.side, fault)),
        Fault::Throttled(wait) => {
            let wait = i64::try_from(wait.unwrap_or(60_000)).unwrap_or(60_000);
            run.report.come_back(time::later(run.caps.clock.now(), chrono::Duration::milliseconds(wait)));
            Err(Stop::Early(Ending::Throttled))
        }
        fault if reading.side == SideId::Creatio => Err(begin::creatio_fault(fault, run.settings)),
        fault @ Fault::Denied(_) => Err(Stop::Failed(RunError::Unavailable(reading.side, fault.to_string()))),
        fault if Deliberate::FolderEndsRun.on() => Err(fatal(reading.side, fault)),
        fault => {
            unreadable(run, reading, folder, &fault);
            Ok(())
        }
    }
}

/// This folder does not answer; the others do. Nothing counts as absent in this run.
fn unreadable(run: &mut Run, reading: &mut Reading, folder: Option<String>, fault: &Fault) {
    let name = folder.unwrap_or_default();
    run.report.warn(Reason::FolderUnreadable, format!("The folder \"{name}\" could not be read: {fault}."));
    run.unread.push(reading.state.feed.folder.clone());
    reading.failed = true;
}

/// The server takes no such request, whenever it comes.
const fn refused(fault: &Fault) -> bool {
    matches!(fault, Fault::Refused { status: 400 | 405 | 501, .. })
}

/// The token is dead. Microsoft's documentation says 410; clients have met 400 and 404 as well.
fn lost(fault: &Fault) -> bool {
    match fault {
        Fault::Refused { status: 410, .. } => true,
        Fault::Refused { status: 400..=499, code, .. } => {
            [
                "SyncStateNotFound",
                "resyncRequired",
                "ErrorInvalidIdMalformed",
                "ErrorInvalidSyncStateData",
                "resyncApplyDifferences",
                "resyncUploadDifferences",
                "SyncStateInvalid",
            ]
            .iter()
            .any(|known| code.eq_ignore_ascii_case(known))
                || matches!(fault, Fault::Refused { status: 400, .. })
        }
        _ => false,
    }
}

/// Digests of all units.
#[must_use]
pub(super) fn digests(values: &Values) -> Bases {
    values.iter().map(|(unit, value)| (*unit, value.digest())).collect()
}

fn mailbox_page(run: &mut Run, feed: &FeedState, items: Vec<Observed>, batch: &mut Batch) -> Staged<()> {
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
                linked_item(run, link, seen, batch);
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
                    missing(run, link, SideId::Mailbox, &feed.feed.folder, proof, batch);
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

fn round_key(run: &Run, feed: &Feed, activity: Uuid) -> String {
    run.store.key(&format!("round/{}/{activity}", feed.key()))
}

/// Notes that a link may have lost a side. A note that is there already keeps its age.
pub(super) fn missing(run: &Run, link: &Link, side: SideId, folder: &str, reason: Reason, batch: &mut Batch) {
    let row = GoneRow {
        activity: link.activity,
        side,
        since: run.started,
        runs: 0,
        folder: folder.to_owned(),
        reason,
        held: None,
    };
    batch.put(gone_key(run, side, link.activity), &row);
}

/// Notes that an item which was just made has not been shown by its feed, where the feed would never say that it has gone.
pub(super) fn unshown(run: &Run, link: &Link, batch: &mut Batch) {
    if run.mailbox.forgets_unshown() {
        missing(run, link, SideId::Mailbox, &link.folder, UNSHOWN, batch);
    }
}

/// Reason of such a note: nothing is missed yet.
pub(super) const UNSHOWN: Reason = Reason::NewInCreatio;

/// Key of such a note.
pub(super) fn gone_key(run: &Run, side: SideId, activity: Uuid) -> String {
    run.store.key(&format!("gone/{}/{activity}", side.code()))
}

fn linked_item(run: &mut Run, link: &Link, seen: Box<Seen>, batch: &mut Batch) {
    // Whatever was missed is back.
    batch.delete(gone_key(run, SideId::Mailbox, link.activity));
    let in_step = link.active()
        && link.policy == run.policy
        && seen.folder.as_deref().is_none_or(|folder| folder == link.folder)
        && if seen.partial {
            // Of what is shown in part only the version says that nothing has changed.
            seen.version == link.mailbox.version
        } else {
            seen.state == State::Open && seen.left_alone.is_none() && digests(&seen.values) == link.mailbox.bases
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

/// Writes an observation down.
pub(super) fn observed(run: &Run, subject: Subject, side: SideId, mailbox: Option<Box<Seen>>, batch: &mut Batch) {
    let key = run.store.seen_key(&subject, side);
    batch.put(key, &Observation { subject, run: run.options.run.clone(), mailbox });
}

/// Has an item without a link looked at.
pub(super) fn item_again(run: &Run, item: &str, batch: &mut Batch) {
    observed(run, Subject::Item(item.to_owned()), SideId::Mailbox, None, batch);
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

fn creatio_page(run: &mut Run, feed: &FeedState, items: Vec<Observed>, batch: &mut Batch) -> Staged<()> {
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
                // What leaves because it is somebody else's is not missed.
                if missed.is_some_and(|row| row.reason != Reason::HandedOver) {
                    batch.delete(gone_key(run, SideId::Creatio, *id));
                }
                // Of an activity that was taken for gone it is news that it is there.
                let gone = matches!(link.state, LinkState::Ended { gone: SideId::Creatio, .. });
                if seen.version == link.creatio.version && link.policy == run.policy && !gone {
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

/// Key of what is known of an activity without a link.
pub(super) fn activity_key(run: &Run, activity: Uuid) -> String {
    run.store.key(&format!("activity/{activity}"))
}

/// Has an activity, or a pair, looked at.
pub(super) fn touch(run: &Run, activity: Uuid, batch: &mut Batch) {
    observed(run, Subject::Activity(activity), SideId::Creatio, None, batch);
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

/// At the end of a round that read a calendar anew: links it did not show may have lost their item.
fn end_round(run: &Run, feed: &Feed, round: u64, quiet: &mut Batch) -> Staged<()> {
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
        missing(run, &link, SideId::Mailbox, &feed.folder, Reason::DeletedInMailbox, quiet);
    }
    for key in keys {
        quiet.delete(key);
    }
    Ok(())
}
