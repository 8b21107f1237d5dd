//! The engine as an ordinary library, on the host's own HTTP policy and store.

use crate::storage::{Call, Failing, StorageFaults, unavailable};
use crate::switch::{Power, Switch};
use chrono::{DateTime, Utc};
use futures::future::{Either, LocalBoxFuture, select};
use guest::capability as seam;
use guest::report;
use host_runner::http::HttpPolicy;
use host_runner::http::contract::{self, Credential, UnreachableCause};
use host_runner::store::{self, Store, Ticket};
use host_runner::{Clock, VirtualClock};
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

/// The host's policy as the engine's HTTP.
pub struct Http {
    /// The policy.
    pub policy: HttpPolicy,
    /// Its clock.
    pub clock: VirtualClock,
    /// What the host does meanwhile, for as long as the run takes.
    pub keeper: RefCell<Option<LocalBoxFuture<'static, ()>>>,
    /// What happens while the host does nothing at all.
    pub pause: RefCell<Option<Pause>>,
}

/// The host stands still once: its machine sleeps, or the process gets no time.
pub struct Pause {
    /// Before it sends for this time, counted from 0.
    pub before: u32,
    /// What happens meanwhile.
    pub happens: Box<dyn FnOnce()>,
}

impl Http {
    fn pause(&self) {
        let due = {
            let mut pause = self.pause.borrow_mut();
            let due = pause.as_ref().is_some_and(|pause| pause.before == 0);
            if let Some(pause) = pause.as_mut().filter(|_| !due) {
                pause.before -= 1;
            }
            if due { pause.take() } else { None }
        };
        if let Some(pause) = due {
            (pause.happens)();
        }
    }
}

impl seam::Http for Http {
    fn send(&self, requests: Vec<seam::Request>) -> Vec<seam::Answer> {
        self.pause();
        let requests = requests.into_iter().map(outgoing).collect();
        let sending = self.policy.send(requests);
        let answers = match self.keeper.borrow_mut().as_mut() {
            None => self.clock.run(sending),
            Some(keeper) => self.clock.run(async {
                match select(pin!(sending), keeper).await {
                    Either::Left((answers, _)) => answers,
                    Either::Right(((), _)) => panic!("nothing is kept any more"),
                }
            }),
        };
        let answers = answers.expect("the policy waits for nothing but the clock");
        answers.into_iter().map(|answer| answer.map(incoming).map_err(fault)).collect()
    }
}

/// A request as the host takes it.
#[must_use]
pub fn outgoing(request: seam::Request) -> contract::Request {
    contract::Request {
        method: request.method.to_owned(),
        url: request.url,
        headers: request.headers,
        body: request.body,
        credential: match request.credential {
            seam::Credential::None => Credential::None,
            seam::Credential::Creatio => Credential::Creatio,
            seam::Credential::Mailbox => Credential::Mailbox,
        },
        repeatable: request.repeatable,
        after: request.after,
        slots: request.slots,
        max_body: request.max_body,
    }
}

/// An answer as the engine takes it.
#[must_use]
pub fn incoming(response: contract::Response) -> seam::Response {
    seam::Response {
        status: response.status,
        headers: response.headers,
        body: response.body,
        received: response.received,
    }
}

/// Why there is no answer, as the engine takes it.
#[must_use]
pub fn fault(error: contract::Error) -> seam::HttpError {
    use contract::Error;
    match error {
        Error::Invalid(why) => seam::HttpError::Invalid(why),
        Error::Denied(why) => seam::HttpError::Denied(why),
        Error::Credential(why) => seam::HttpError::Credential(why),
        Error::Unreachable(cause) => seam::HttpError::Unreachable(match cause {
            UnreachableCause::Name => "name",
            UnreachableCause::Connect => "connect",
            UnreachableCause::Tls => "tls",
            UnreachableCause::Timeout => "timeout",
        }),
        Error::UnknownOutcome(why) => seam::HttpError::UnknownOutcome(why),
        Error::Throttled(wait) => seam::HttpError::Throttled(wait),
        Error::TooLarge(size) => seam::HttpError::TooLarge(size),
        Error::Stopped => seam::HttpError::Stopped,
        Error::Other(why) => seam::HttpError::Other(why),
    }
}

/// The host's store as the engine's storage.
pub struct Storage {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Who commits.
    pub ticket: Ticket,
    /// The power.
    pub switch: Arc<Switch>,
    /// What goes wrong with it.
    pub faults: Arc<StorageFaults>,
    /// How many commits there were.
    pub commits: std::cell::Cell<u32>,
    /// What a commit makes durable.
    pub journal: Rc<Journal>,
}

fn storage_error(error: store::StoreError) -> seam::StorageError {
    match error {
        store::StoreError::Full => seam::StorageError::Full,
        store::StoreError::Fenced => seam::StorageError::Fenced,
        store::StoreError::Unavailable(why) => seam::StorageError::Unavailable(why),
        store::StoreError::Other(why) => seam::StorageError::Other(why),
    }
}

fn entry(entry: store::Entry) -> seam::Entry {
    seam::Entry { key: entry.key, value: entry.value, version: entry.version }
}

impl seam::Storage for Storage {
    fn get(&self, keys: &[String]) -> Result<Vec<Option<seam::Entry>>, seam::StorageError> {
        self.faults.read(Call::Get)?;
        let entries = self.store.get(keys).map_err(storage_error)?;
        Ok(entries.into_iter().map(|found| found.map(entry)).collect())
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<seam::Page, seam::StorageError> {
        self.faults.read(Call::Scan)?;
        let page = self.store.scan(prefix, after, limit).map_err(storage_error)?;
        Ok(seam::Page { entries: page.entries.into_iter().map(entry).collect(), next: page.next })
    }

    fn commit(&self, changes: Vec<seam::Change>) -> Result<seam::Outcome, seam::StorageError> {
        let power = self.switch.effect();
        let gone = || seam::StorageError::Unavailable("the power went".into());
        if power == Power::Off {
            return Err(gone());
        }
        let mut guarded: Vec<String> =
            changes.iter().filter(|change| change.guard != seam::Guard::Any).map(|change| change.key.clone()).collect();
        // The first one guarded is the account's run key.
        let shared = guarded.split_off(guarded.len().min(1));
        let failing = self.faults.next(Call::Commit, |failing| failing != Failing::StaleShared || !shared.is_empty());
        match failing {
            Some(Failing::Unavailable) => return Err(unavailable()),
            Some(Failing::Full) => return Err(seam::StorageError::Full),
            Some(Failing::StaleRun) => {
                self.journal.committed(false);
                return Ok(seam::Outcome::Stale(guarded));
            }
            Some(Failing::StaleShared) => {
                self.journal.committed(false);
                return Ok(seam::Outcome::Stale(shared));
            }
            Some(Failing::Unheard) | None => {}
        }
        self.commits.set(self.commits.get() + 1);
        let changes: Vec<store::Change> = changes
            .into_iter()
            .map(|change| store::Change {
                key: change.key,
                guard: match change.guard {
                    seam::Guard::Any => store::Guard::Any,
                    seam::Guard::Absent => store::Guard::Absent,
                    seam::Guard::At(version) => store::Guard::At(version),
                },
                value: change.value,
            })
            .collect();
        let outcome = self.store.commit(&self.ticket, &changes, &[]).map_err(storage_error)?;
        self.journal.committed(matches!(outcome, store::Outcome::Applied(_)));
        if power == Power::Failing {
            return Err(gone());
        }
        if failing == Some(Failing::Unheard) {
            return Err(unavailable());
        }
        Ok(match outcome {
            store::Outcome::Applied(version) => seam::Outcome::Applied(version),
            store::Outcome::Stale(keys) => seam::Outcome::Stale(keys),
        })
    }
}

/// Keeps a run's entries in memory: durable with the next commit that applies, dropped with one that lost a race.
#[derive(Default)]
pub struct Journal {
    waiting: RefCell<Vec<report::Entry>>,
    durable: RefCell<Vec<report::Entry>>,
}

impl Journal {
    fn committed(&self, applied: bool) {
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        if applied {
            self.durable.borrow_mut().extend(waiting);
        }
    }

    /// What is left of it once the run has ended, or died.
    #[must_use]
    pub fn end(&self, died: bool) -> Vec<report::Entry> {
        self.committed(!died);
        self.durable.take()
    }
}

impl seam::Journal for Journal {
    fn append(&self, entries: Vec<report::Entry>) {
        self.waiting.borrow_mut().extend(entries);
    }
}

/// Progress that nobody watches.
pub struct Unwatched;

impl seam::Progress for Unwatched {
    fn step(&self, _: &str, _: u64, _: Option<u64>) -> seam::Directive {
        seam::Directive::Proceed
    }

    fn note(&self, _: seam::Level, _: &str) {}
}

/// The host's virtual clock as the engine's.
pub struct Now(pub VirtualClock);

impl seam::Clock for Now {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(i64::try_from(self.0.wall()).unwrap()).unwrap()
    }
}
