//! Observing: the feeds of both sides, page by page, into owed rows. Nothing is decided here and nothing is written to
//! either side; what a page shows and where the feed stands are committed together, so no observation is lost and none
//! is needed twice.

mod activities;
mod items;

use super::state::FeedState;
use super::work::AGAIN;
use super::{Run, RunError, Staged, Stop, begin, fatal};
use crate::activity::SideId;
use crate::ask::{Ask, Fault};
use crate::deliberate::Deliberate;
use crate::reason::Reason;
use crate::report::Ending;
use crate::side::{Feed, From, Page};
use crate::store::Batch;
use crate::{creatio, time};

/// How often all activities are listed again.
pub(super) const SWEEP_DAYS: i64 = 7;
/// How many rounds a folder is listed before the server is asked for its changes again.
const RETRY: u64 = 100;
/// Rows a page: without notes.
const CREATIO_PAGE: u32 = 500;
/// How often a feed is begun anew in one run: a server that refuses each of its own links would keep it for ever.
const RESTARTS: u32 = 2;

/// One feed in this run.
struct Reading {
    side: SideId,
    state: FeedState,
    /// Key of its row.
    key: String,
    done: bool,
    failed: bool,
    pages: u64,
    /// How often in a row the server asked to come again, and after how many milliseconds the last time.
    again: usize,
    wait: u64,
    /// How often it was begun anew in this run.
    restarts: u32,
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
        .zip(keys.into_iter().zip(states))
        .map(|((side, feed), (key, state))| {
            let size = if side == SideId::Mailbox { run.mailbox.page() } else { CREATIO_PAGE };
            let mut state = state.unwrap_or(FeedState { feed, cursor: None, round: Some(1), rounds: 1, size });
            if listing(&state) {
                anew(&mut state);
            }
            Reading { side, state, key, done: false, failed: false, pages: 0, again: 0, wait: 0, restarts: 0 }
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
    let first = exports && !run.state.contacted.contains(&SideId::Mailbox);
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
            let side = run.side(reading.side);
            side.pull(&reading.state.feed, &from, reading.state.size).after(reading.wait)
        })
        .collect();
    let pages = run.send(Ask::all(asks))?;
    Ok(pages)
}

/// Takes a page in.
fn take(run: &mut Run, reading: &mut Reading, page: Page) -> Staged<()> {
    let mut quiet = std::mem::take(&mut run.quiet);
    let before = reading.state.clone();
    reading.pages += 1;
    (reading.again, reading.wait) = (0, 0);
    run.report.count("observed", Some(reading.side), "", u64::try_from(page.items.len()).unwrap_or(0));
    match reading.side {
        SideId::Mailbox => items::page(run, &reading.state, page.items, &mut quiet)?,
        SideId::Creatio => activities::page(run, &reading.state, page.items, &mut quiet)?,
    }
    reading.state.cursor = Some(page.cursor);
    if page.complete {
        reading.done = true;
        if let Some(round) = reading.state.round.take()
            && reading.side == SideId::Mailbox
        {
            items::end_round(run, &reading.state.feed, round, &mut quiet)?;
        }
    }
    if page.complete && creatio::feed::sweeps(&reading.state.feed) {
        quiet.delete(reading.key.clone());
    } else if before != reading.state {
        quiet.put(reading.key.clone(), &reading.state);
    }
    if Deliberate::CursorFirst.on() {
        let mut cursor = Batch::default();
        cursor.put(reading.key.clone(), &reading.state);
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
                && reading.restarts < RESTARTS
                && (lost(&fault) || refused(&fault)) =>
        {
            reading.restarts += 1;
            // The server forgot how far we had read: everything is read anew, and what the round does not show is
            // looked for one by one.
            run.report.warn(Reason::FeedReset, format!("The folder \"{}\" is read anew.", folder.unwrap_or_default()));
            anew(&mut reading.state);
            run.quiet.put(reading.key.clone(), &reading.state);
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
                    run.quiet.put(reading.key.clone(), &reading.state);
                    reading.key = feed_key(run, reading.side, &feed);
                    reading.state.feed = feed;
                    anew(&mut reading.state);
                }
                None => unreadable(run, reading, folder, &fault),
            }
            Ok(())
        }
        fault @ (Fault::Stopped | Fault::Credential(_) | Fault::Unreachable(_)) => Err(fatal(reading.side, fault)),
        // A folder that is busy is not one that cannot be read.
        Fault::Again(wait) if reading.again < AGAIN => {
            reading.again += 1;
            reading.wait = wait;
            Ok(())
        }
        fault @ (Fault::Throttled(_) | Fault::Again(_)) => {
            let wait = match fault {
                Fault::Again(wait) | Fault::Throttled(Some(wait)) => wait,
                _ => 60_000,
            };
            let wait = i64::try_from(wait).unwrap_or(60_000);
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
