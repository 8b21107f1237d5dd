//! A run in a world: natively, under a lease or without one, beside another, or on storage alone.

use crate::engine::Engine;
use crate::native::{Http, Journal, Now, Pause, Storage, Unwatched};
use crate::storage::StorageFaults;
use crate::switch::Switch;
use crate::trace::{Event, Recorder};
use emulators::harness::Site;
use emulators::log::Entry as LogEntry;
use futures::FutureExt;
use guest::capability::{Capabilities, Progress};
use guest::report::{Entry, Outcome, Report};
use guest::run::{Direction, RunError};
use guest::settings::{Account, Budget, Options};
use host_runner::VirtualClock;
use host_runner::http::{Egress, RunWindow};
use host_runner::lease::{Asked, Grip};
use host_runner::store::{Fence, MemoryStore, Store, Ticket};
use std::cell::RefCell;
use std::future::ready;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// A run, and what it told.
#[derive(Debug, Clone)]
pub struct Ran {
    /// How it ended.
    pub report: Result<Report, RunError>,
    /// What it did.
    pub entries: Vec<Entry>,
    /// Requests that it made, sign-ins apart, as status, method and path.
    pub requests: Vec<String>,
    /// The same in full.
    pub log: Vec<LogEntry>,
    /// Commits that it made.
    pub commits: u32,
    /// Everything that passed the engine's seams.
    pub trace: Vec<Event>,
}

impl Ran {
    /// The report of a run that did not fail.
    pub fn report(&self) -> &Report {
        self.report.as_ref().expect("the run did not fail")
    }

    /// How many entries have this outcome.
    pub fn number(&self, outcome: Outcome) -> usize {
        self.entries.iter().filter(|entry| entry.outcome == outcome).count()
    }
}

/// All that a run needs of a world: another run may begin while one is going on.
#[derive(Clone)]
pub struct Runner {
    pub(crate) clock: VirtualClock,
    pub(crate) site: Arc<Mutex<Site>>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) storage: Arc<StorageFaults>,
    pub(crate) switch: Arc<Switch>,
    pub(crate) engine: Engine,
    pub(crate) egress: Arc<Egress>,
}

/// What only some runs are lent.
#[derive(Default)]
struct Lent {
    grip: Option<Grip>,
    pause: Option<Pause>,
}

impl Runner {
    /// Lets time pass.
    pub fn pass(&self, minutes: u64) {
        self.clock.advance(std::time::Duration::from_secs(minutes * 60));
    }

    /// Requests since the log was cleared, sign-ins apart.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.site.lock().unwrap().log.work()
    }

    /// Runs, by a host that knows no leases.
    #[must_use]
    pub fn run(&self, account: Account, direction: Direction, options: &Options, progress: &dyn Progress) -> Ran {
        self.call(account, options, progress, Lent::default(), |caps, account| {
            self.engine.run(caps, account, options, direction)
        })
    }

    /// Runs as the host does: with the account's lease, which is renewed until the run ends. A run that died
    /// leaves it standing. None where another run has it.
    #[must_use]
    pub fn leased(
        &self,
        account: Account,
        direction: Direction,
        options: &Options,
        progress: &dyn Progress,
        pause: Option<Pause>,
    ) -> Option<Ran> {
        let timeout = self.egress.rules().request_timeout;
        let asked = Grip::ask(self.store.as_ref(), &self.clock, &account.id, &options.run, timeout).unwrap();
        let Asked::Granted(grip) = asked else { return None };
        let lent = Lent { grip: Some(grip.clone()), pause };
        let ran = self
            .call(account, options, progress, lent, |caps, account| self.engine.run(caps, account, options, direction));
        if !self.switch.dead() {
            self.store.release(grip.fence()).unwrap();
        }
        Some(ran)
    }

    /// Undoes a run natively.
    #[must_use]
    pub fn undo(&self, account: Account, of: &str, options: &Options, progress: &dyn Progress) -> Ran {
        self.call(account, options, progress, Lent::default(), |caps, account| {
            guest::run::undo(caps, account, options, of)
        })
    }

    /// Forgets an account natively.
    #[must_use]
    pub fn forget(&self, account: Account, remove_items: bool, options: &Options, progress: &dyn Progress) -> Ran {
        self.call(account, options, progress, Lent::default(), |caps, account| {
            guest::run::forget(caps, account, options, remove_items)
        })
    }

    /// Calls what works on storage alone.
    pub fn alone<T>(
        &self,
        account: &Account,
        run: &str,
        work: impl FnOnce(Capabilities<'_>, Account) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        let mut done = None;
        let options = Options { run: run.into(), dry_run: false, only: None, budget: Budget::default() };
        self.call(account.clone(), &options, &Unwatched, Lent::default(), |caps, account| {
            done = Some(work(caps, account));
            Ok(Report::default())
        });
        done.unwrap()
    }

    fn call(
        &self,
        account: Account,
        options: &Options,
        progress: &dyn Progress,
        Lent { grip, pause }: Lent,
        work: impl FnOnce(Capabilities<'_>, Account) -> Result<Report, RunError>,
    ) -> Ran {
        let fence = grip.as_ref().map(|grip| grip.fence().number);
        let window = RunWindow { lease: grip.as_ref().map(Grip::term), ..RunWindow::default() };
        let keeper = grip.map(|grip| {
            let (store, clock) = (Arc::clone(&self.store), Arc::new(self.clock.clone()));
            let renew = move |fence: Fence, until: u64| ready(store.renew(&fence, until));
            async move { grip.keep(clock, renew).await }.boxed_local()
        });
        let http = Http {
            policy: self.egress.policy(&account.address, window),
            clock: self.clock.clone(),
            keeper: RefCell::new(keeper),
            pause: RefCell::new(pause),
        };
        let journal = Rc::new(Journal::default());
        let storage = Storage {
            store: Arc::clone(&self.store) as _,
            ticket: Ticket { account: account.id.clone(), run: options.run.clone(), fence },
            switch: Arc::clone(&self.switch),
            faults: Arc::clone(&self.storage),
            commits: std::cell::Cell::new(0),
            journal: Rc::clone(&journal),
        };
        let clock = Now(self.clock.clone());
        let caps = Capabilities { http: &http, storage: &storage, journal: journal.as_ref(), progress, clock: &clock };
        let (report, trace) = Recorder::watch(caps, |caps| work(caps, account));
        let log: Vec<LogEntry> = {
            let site = self.site.lock().unwrap();
            site.log.entries().iter().filter(|entry| !entry.login).cloned().map(crate::soap::in_parts).collect()
        };
        let requests = log.iter().map(line).collect();
        let entries = journal.end(self.switch.dead());
        Ran { report, entries, requests, log, commits: storage.commits.get(), trace }
    }
}

fn line(entry: &LogEntry) -> String {
    let status = entry.status.map_or_else(|| "-".into(), |status| status.to_string());
    format!("{status} {} {}", entry.method, entry.path)
}
