//! One run: settle what an interrupted run left, observe both sides, pair what belongs together, work off what is owed,
//! and decide removals last. Each stage is a file; this one is their order and what they share.

pub mod adrift;
pub mod ahead;
pub mod before;
pub mod begin;
pub mod carry;
pub mod catalogue;
pub mod check;
pub mod double;
pub mod epoch;
pub mod erase;
pub mod folders;
pub mod forget;
pub mod groups;
mod judge;
pub mod marks;
pub mod moving;
mod note;
pub mod observe;
pub mod owe;
pub mod pair;
mod probe;
pub mod record;
pub mod removals;
pub mod retire;
pub mod settle;
pub mod shared;
pub mod state;
pub mod sweep;
pub mod tell;
pub mod undo;
pub mod unread;
mod vanished;
pub mod whole;
pub mod whose;
pub mod work;

use crate::activity::SideId;
use crate::ask::{Ask, Fault};
use crate::capability::{Capabilities, Directive};
use crate::creatio::Creatio;
use crate::deliberate::Deliberate;
use crate::digest::Digest;
use crate::owed::{Owed, Subject, Why};
use crate::plan::{Frame, Targets};
use crate::reason::Reason;
use crate::report::{Ending, Entry, Report};
use crate::settings::{Account, Options, Settings};
use crate::side::{Folder, Side};
use crate::store::{Batch, Overlay, Store, StoreError};
use crate::time;
use begin::Aim;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use state::AccountState;
use std::cell::Cell;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Why a run failed; the cases are those of the contract's `error`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The account or the options cannot be carried out as they are.
    #[error("{}", .0.join("; "))]
    Settings(Vec<String>),
    /// A side refuses the sign-in, or lacks a right.
    #[error("{side}: {text}", side = .0.code(), text = .1)]
    SignIn(SideId, String),
    /// A side cannot be reached, or makes no sense.
    #[error("{side}: {text}", side = .0.code(), text = .1)]
    Unavailable(SideId, String),
    /// Another run took over.
    #[error("another run for this account is going on, or has been since")]
    Superseded,
    /// Storage failed.
    #[error("{0}")]
    Storage(String),
    /// Stored state cannot be used.
    #[error("{0}")]
    State(String),
    /// The host broke a rule.
    #[error("{0}")]
    Host(String),
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Superseded => Self::Superseded,
            StoreError::Failed(why) => Self::Storage(why),
            error @ (StoreError::Shared(_) | StoreError::Damaged { .. } | StoreError::Newer(_)) => {
                Self::State(error.to_string())
            }
        }
    }
}

/// Why a stage stopped before its end.
#[derive(Debug)]
pub enum Stop {
    /// The run ends in good order; what is left is owed.
    Early(Ending),
    /// The run failed.
    Failed(RunError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<RunError> for Stop {
    fn from(error: RunError) -> Self {
        Self::Failed(error)
    }
}

/// What a stage gives.
pub type Staged<T> = Result<T, Stop>;

/// Which sides a run writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Creatio.
    Import,
    /// The mailbox.
    Export,
    /// Both.
    Reconcile,
}

/// What the stages of a run share.
pub struct Run<'a> {
    caps: Capabilities<'a>,
    settings: &'a Settings,
    options: &'a Options,
    store: Store<'a>,
    creatio: Creatio,
    mailbox: Box<dyn Side>,
    report: Report,
    state: AccountState,
    /// The account's row differs from the stored one.
    state_changed: bool,
    /// Changes that can wait for the next commit: an idle run makes one.
    quiet: Batch,
    started: DateTime<Utc>,
    policy: Digest,
    full_policy: Digest,
    writable: Vec<SideId>,
    /// The account under whose id the rows lie.
    account: String,
    /// Ids in markers of this mailbox; the first is the one that is written.
    marker_ids: Vec<Uuid>,
    mailbox_id: Uuid,
    folders: Vec<Folder>,
    imported: Vec<String>,
    /// The selected groups, where activities are exported by group.
    groups: Option<crate::creatio::groups::Selected>,
    read_only: Vec<String>,
    targets: Targets,
    requests: Cell<u32>,
    writes: u32,
    /// Task folders could not be listed in this run, though they can be at other times.
    tasks_unread: bool,
    /// The mailbox of an account that is to be forgotten is not there any more; so the service says.
    gone: Option<Fault>,
    /// Every feed has been read to its end in this run.
    complete: bool,
    /// Folders that could not be read in this run.
    unread: Vec<String>,
    /// Sides on which the first contact would create more than it may without asking.
    creations_held: BTreeSet<SideId>,
    /// Chosen operations that were found.
    chosen: BTreeSet<String>,
    /// Activities found missing in this run.
    missed: Vec<Uuid>,
    /// Creatio showed a row of the account's in this run: what it does not show may be gone.
    visible: bool,
    /// Chunks that were written ahead.
    chunks: u32,
    /// Pairs that were linked as they were.
    adopted: u32,
    /// Pairs have lost sight of their items.
    adrift: bool,
}

/// Runs.
///
/// # Errors
/// Why the run failed; what it had done before is recorded.
pub fn run(
    caps: Capabilities<'_>,
    account: Account,
    options: &Options,
    direction: Direction,
) -> Result<Report, RunError> {
    conduct(caps, account, options, Aim::Sync(direction), |run| run.stages())
}

/// Undoes what a run did, as far as nobody has changed it since.
///
/// # Errors
/// Why the run failed; what it had done before is recorded.
pub fn undo(caps: Capabilities<'_>, account: Account, options: &Options, of: &str) -> Result<Report, RunError> {
    run_id(of)?;
    conduct(caps, account, options, Aim::Undo, |run| undo::undo(run, of))
}

/// Forgets an account: takes the sync's markers off its items, on request removes what the sync made and nobody touched,
/// then erases the account's rows.
///
/// # Errors
/// Why it failed; it goes on from there when it is called again.
pub fn forget(
    caps: Capabilities<'_>,
    account: Account,
    options: &Options,
    remove_items: bool,
) -> Result<Report, RunError> {
    conduct(caps, account, options, Aim::Forget, |run| forget::forget(run, remove_items))
}

fn run_id(run: &str) -> Result<(), RunError> {
    if (1..=64).contains(&run.chars().count()) && !run.chars().any(char::is_control) {
        return Ok(());
    }
    Err(RunError::Settings(vec!["a run's id must have 1 to 64 characters, none of them a control".into()]))
}

fn conduct(
    caps: Capabilities<'_>,
    account: Account,
    options: &Options,
    aim: Aim,
    stages: impl FnOnce(&mut Run) -> Staged<Ending>,
) -> Result<Report, RunError> {
    let settings = Settings::new(account, caps.clock.now()).map_err(RunError::Settings)?;
    run_id(&options.run)?;
    let overlay = Overlay::new(caps.storage);
    let caps = if options.dry_run { Capabilities { storage: &overlay, ..caps } } else { caps };
    let mut report = Report::default();
    let mut run = match begin::begin(caps, &settings, options, aim, &mut report) {
        Ok(run) => run,
        Err(Stop::Early(ending)) => {
            report.ending = ending;
            return Ok(report);
        }
        Err(Stop::Failed(error)) => return Err(error),
    };
    match stages(&mut run) {
        Ok(ending) | Err(Stop::Early(ending)) => run.finish(ending),
        Err(Stop::Failed(error)) => {
            // What was observed is kept, unless the run has no right to write any more.
            if !matches!(error, RunError::Superseded | RunError::Storage(_) | RunError::State(_)) {
                run.commit(Batch::default(), Vec::new())?;
            }
            Err(error)
        }
    }
}

impl Run<'_> {
    fn stages(&mut self) -> Staged<Ending> {
        if !Deliberate::SkipSettle.on() {
            settle::settle(self)?;
        }
        retire::retire(self)?;
        sweep::policies(self)?;
        observe::observe(self)?;
        groups::follow(self)?;
        pair::pair(self)?;
        work::work_before_removals(self)?;
        if self.complete {
            sweep::existence(self)?;
            adrift::left_behind(self)?;
            removals::decide(self)?;
            // What was missed and turned up elsewhere has changed.
            work::work(self)?;
            self.change_state(|state| state.moving = false);
            self.meet();
        }
        Ok(if self.complete { Ending::Complete } else { Ending::Partial })
    }

    /// Folders in which an item may be that is not where it was: it cannot have gone where nothing may be written.
    fn places(&self) -> Vec<String> {
        self.folders.iter().filter(|folder| folder.writable).map(|folder| folder.id.clone()).collect()
    }

    /// The side is written by this run, and the first contact with it is not over: how much there is to be made on it, and
    /// what there already is, no run has told.
    fn first_contact(&self, side: SideId) -> bool {
        self.writes_to(side) && !self.state.contacted.contains(&side)
    }

    /// The first contact is over with the sides that this run wrote whole.
    fn meet(&mut self) {
        if self.only().is_some() {
            return;
        }
        for side in [SideId::Creatio, SideId::Mailbox] {
            if self.first_contact(side) && !self.creations_held.contains(&side) {
                self.change_state(|state| {
                    state.contacted.insert(side);
                });
            }
        }
    }

    /// Commits what is left and gives the report.
    fn finish(mut self, ending: Ending) -> Result<Report, RunError> {
        self.report.ending = ending;
        self.commit(Batch::default(), Vec::new())?;
        self.standing()?;
        if ending == Ending::Complete {
            for id in self.options.only.iter().flatten().filter(|id| !self.chosen.contains(*id)) {
                let text = format!("There is no operation {} any more.", crate::text::cut(id, 40));
                self.report.warn(Reason::UnknownOperation, text);
            }
        }
        Ok(self.report)
    }

    /// Counts what is held or failed and not settled, and asks for another run where something waits for its time.
    fn standing(&mut self) -> Result<(), RunError> {
        let mut standing: Vec<(Why, Reason, Option<DateTime<Utc>>)> = Vec::new();
        let mut held: BTreeSet<Uuid> = BTreeSet::new();
        self.store.each("owed/", |_, owed: Owed| {
            if let (Why::Held, Subject::Activity(activity)) = (&owed.why, &owed.subject) {
                held.insert(*activity);
            }
            standing.push((owed.why, owed.reason, owed.retry));
            Ok(())
        })?;
        for (why, reason, retry) in standing {
            match why {
                Why::Held => self.report.count("standing", None, reason.code(), 1),
                Why::Failed | Why::Unknown => {
                    self.report.count("standing", None, reason.code(), 1);
                    self.report.come_back(retry.unwrap_or(self.started));
                }
                Why::Pending(_) => {}
            }
        }
        retire::standing(self)?;
        let wait = chrono::Duration::minutes(i64::from(self.settings.policies.absence_minutes));
        let mut gone: Vec<state::GoneRow> = Vec::new();
        self.store.each("gone/", |_, row: state::GoneRow| {
            gone.push(row);
            Ok(())
        })?;
        for row in gone {
            match row.held {
                // A held removal is among what is owed as well.
                Some(_) if held.contains(&row.activity) => {}
                Some((_, reason, _)) => self.report.count("standing", None, reason.code(), 1),
                None if row.side == SideId::Creatio => self.report.come_back(time::later(row.since, wait)),
                None => {}
            }
        }
        Ok(())
    }

    fn change_state(&mut self, change: impl FnOnce(&mut AccountState)) {
        let before = self.state.clone();
        change(&mut self.state);
        self.state_changed |= before != self.state;
    }

    /// Commits, with all that waited for it.
    fn commit(&mut self, batch: Batch, entries: Vec<Entry>) -> Result<(), StoreError> {
        self.commit_keeping(&batch, &entries)
    }

    /// Commits what waits, if it changes something below one of these: a stage that reads rows in order has to find it.
    fn publish(&mut self, names: &[&str]) -> Result<(), StoreError> {
        if names.iter().any(|name| self.quiet.touches(&self.store.key(name))) {
            self.commit(Batch::default(), Vec::new())?;
        }
        Ok(())
    }

    /// As `commit`; the caller keeps what it gave, to make it anew after a lost race.
    fn commit_keeping(&mut self, batch: &Batch, entries: &[Entry]) -> Result<(), StoreError> {
        let mut all = self.quiet.clone();
        all.extend(batch.clone());
        if self.state_changed {
            all.put(self.store.key("state"), &self.state);
        }
        if all.is_empty() && entries.is_empty() {
            return Ok(());
        }
        let mut committed = self.store.commit(all.clone(), entries.to_vec());
        for _ in 1..shared::SHARED {
            let Err(StoreError::Shared(keys)) = &committed else { break };
            if !whose::refresh(&self.store, &mut all, keys)? {
                break;
            }
            committed = self.store.commit(all.clone(), entries.to_vec());
        }
        committed?;
        self.quiet = Batch::default();
        self.state_changed = false;
        for entry in entries {
            self.report.count_entry(entry);
        }
        Ok(())
    }

    /// A new row of what is owed.
    fn owed(&self, subject: Subject, why: Why, reason: Reason) -> Owed {
        Owed::new(subject, why, reason, self.started, &self.full_policy)
    }

    /// One of the two.
    fn side(&self, side: SideId) -> &dyn Side {
        match side {
            SideId::Creatio => &self.creatio,
            SideId::Mailbox => self.mailbox.as_ref(),
        }
    }

    /// Sends an ask, and counts what that takes.
    fn send<'b, T: 'b>(&self, ask: Ask<'b, T>) -> Staged<T> {
        let (answer, requests) = send(self.caps, ask)?;
        self.requests.set(self.requests.get().saturating_add(requests));
        Ok(answer)
    }

    /// What plans are made in.
    fn frame(&self) -> Frame<'_> {
        Frame {
            settings: self.settings,
            creatio: &self.creatio,
            mailbox: self.mailbox.as_ref(),
            policy: &self.policy,
            now: self.started,
            import_from: time::midnight(self.settings.zone, self.settings.import_from),
            today: time::midnight(self.settings.zone, time::date_in(self.settings.zone, self.started)),
            imported: &self.imported,
            read_only: &self.read_only,
            targets: &self.targets,
        }
    }

    /// The marker was made for this mailbox.
    fn ours(&self, marker: &crate::identity::Marker) -> bool {
        self.marker_ids.contains(&marker.mailbox)
    }

    fn only(&self) -> Option<&[String]> {
        self.options.only.as_deref()
    }

    fn writes_to(&self, side: SideId) -> bool {
        self.writable.contains(&side)
    }

    /// Reports progress, and ends the run where the host or the budget wants it.
    fn step(&self, phase: &str, done: u64, total: Option<u64>) -> Staged<()> {
        if self.caps.progress.step(phase, done, total) == Directive::WindDown {
            return Err(Stop::Early(Ending::Stopped));
        }
        let budget = self.options.budget;
        let spent = u64::try_from((self.caps.clock.now() - self.started).num_milliseconds()).unwrap_or(0);
        let over = budget.requests.is_some_and(|most| self.requests.get() >= most)
            || budget.writes.is_some_and(|most| self.writes >= most)
            || budget.time.is_some_and(|most| spent >= most);
        if over { Err(Stop::Early(Ending::Budget)) } else { Ok(()) }
    }

    /// How many more items may be written.
    fn writes_left(&self) -> usize {
        self.options
            .budget
            .writes
            .map_or(usize::MAX, |most| usize::try_from(most.saturating_sub(self.writes)).unwrap_or(usize::MAX))
    }
}

/// Sends an ask; gives its result and how many requests it took.
fn send<'b, T: 'b>(caps: Capabilities<'_>, ask: Ask<'b, T>) -> Staged<(T, u32)> {
    let (requests, read) = ask.into_parts();
    let count = requests.len();
    if count == 0 {
        return Ok((read(Vec::new()), 0));
    }
    let answers = caps.http.send(requests);
    if answers.len() != count {
        // A host that returns a promise where a list is due looks like one that returns an empty list.
        let why = format!("the host gave {} answers to {count} requests", answers.len());
        return Err(Stop::Failed(RunError::Host(why)));
    }
    if answers.iter().any(|answer| matches!(answer, Err(crate::capability::HttpError::Stopped))) {
        // What did arrive is read nevertheless: a write that was answered has to be recorded.
        return if answers.iter().all(Result::is_err) {
            Err(Stop::Early(Ending::Stopped))
        } else {
            Ok((read(answers), u32::try_from(count).unwrap_or(u32::MAX)))
        };
    }
    Ok((read(answers), u32::try_from(count).unwrap_or(u32::MAX)))
}

/// What a fault of a whole side means for the run.
fn fatal(side: SideId, fault: Fault) -> Stop {
    match fault {
        Fault::Stopped => Stop::Early(Ending::Stopped),
        Fault::Throttled(_) | Fault::Again(_) => Stop::Early(Ending::Throttled),
        Fault::Credential(why) => Stop::Failed(RunError::SignIn(side, why)),
        Fault::Refused { status: 401 | 403, .. } => Stop::Failed(RunError::SignIn(side, fault.to_string())),
        fault => Stop::Failed(RunError::Unavailable(side, fault.to_string())),
    }
}
