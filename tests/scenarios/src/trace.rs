//! Everything that passes the engine's seams in a run, in its order: what two engines must have in common to be one.

use chrono::{DateTime, Utc};
use guest::capability::{
    Answer, Capabilities, Change, Clock, Directive, Entry as Stored, Guard, Http, Journal, Level, Outcome, Page,
    Progress, Request, Storage, StorageError,
};
use guest::report::Entry;
use std::cell::RefCell;
use std::fmt;

/// What passed a seam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A call of `send`.
    Sent(Vec<Request>),
    /// A commit, and whether it applied.
    Committed(Vec<Change>, bool),
    /// Journal entries.
    Told(Vec<Entry>),
    /// Progress.
    Step(String, u64, Option<u64>),
    /// A line for the log.
    Noted(String),
}

/// Lends a run what it was lent, and writes down what passes.
pub struct Recorder<'a> {
    caps: Capabilities<'a>,
    events: RefCell<Vec<Event>>,
}

impl<'a> Recorder<'a> {
    /// Does some work with what is lent; gives what passed beside its result.
    pub fn watch<T>(caps: Capabilities<'a>, work: impl FnOnce(Capabilities<'_>) -> T) -> (T, Vec<Event>) {
        let recorder = Self { caps, events: RefCell::default() };
        let caps = Capabilities {
            http: &recorder,
            storage: &recorder,
            journal: &recorder,
            progress: &recorder,
            clock: &recorder,
        };
        let result = work(caps);
        (result, recorder.events.into_inner())
    }

    fn push(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }
}

impl Http for Recorder<'_> {
    fn send(&self, requests: Vec<Request>) -> Vec<Answer> {
        self.push(Event::Sent(requests.clone()));
        self.caps.http.send(requests)
    }
}

impl Storage for Recorder<'_> {
    fn get(&self, keys: &[String]) -> Result<Vec<Option<Stored>>, StorageError> {
        self.caps.storage.get(keys)
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StorageError> {
        self.caps.storage.scan(prefix, after, limit)
    }

    fn commit(&self, changes: Vec<Change>) -> Result<Outcome, StorageError> {
        let outcome = self.caps.storage.commit(changes.clone());
        self.push(Event::Committed(changes, matches!(outcome, Ok(Outcome::Applied(_)))));
        outcome
    }
}

impl Journal for Recorder<'_> {
    fn append(&self, entries: Vec<Entry>) {
        self.push(Event::Told(entries.clone()));
        self.caps.journal.append(entries);
    }
}

impl Progress for Recorder<'_> {
    fn step(&self, phase: &str, done: u64, total: Option<u64>) -> Directive {
        self.push(Event::Step(phase.to_owned(), done, total));
        self.caps.progress.step(phase, done, total)
    }

    fn note(&self, level: Level, text: &str) {
        self.push(Event::Noted(text.to_owned()));
        self.caps.progress.note(level, text);
    }
}

impl Clock for Recorder<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.caps.clock.now()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        match self {
            Self::Sent(requests) => requests.iter().try_for_each(|request| {
                let Request { method, url, headers, body, credential, repeatable, after, slots, max_body } = request;
                let flags = (credential, repeatable, after, slots, max_body);
                writeln!(f, "{method} {url} {headers:?} {flags:?} {}", text(body).unwrap_or_default())
            }),
            Self::Committed(changes, applied) => {
                writeln!(f, "commit, {}", if *applied { "applied" } else { "not applied" })?;
                changes.iter().try_for_each(|change| {
                    let guard = match &change.guard {
                        Guard::Any => "any".to_owned(),
                        Guard::Absent => "absent".to_owned(),
                        Guard::At(version) => format!("at {version:?}"),
                    };
                    let value = text(&change.value).unwrap_or_else(|| "deleted".into());
                    writeln!(f, "  {} ({guard}): {value}", change.key)
                })
            }
            Self::Told(entries) => entries.iter().try_for_each(|entry| writeln!(f, "{entry:?}")),
            Self::Step(phase, done, total) => writeln!(f, "step {phase} {done} of {total:?}"),
            Self::Noted(text) => writeln!(f, "note {text}"),
        }
    }
}
