//! What the component imports, asked of the thread that lends it.

use super::bindings::schedule::sync::{http, journal, progress, storage};
use super::bindings::wasi::clocks::wall_clock;
use super::convert;
use guest::capability::{
    Answer, Capabilities, Change, Directive, Entry as Stored, Level, Outcome, Page, Request, StorageError,
};
use guest::report::Entry;
use std::sync::mpsc::{Receiver, Sender};
use wasmtime::Result;

/// A call of an import.
pub(super) enum Call {
    Send(Vec<Request>),
    Get(Vec<String>),
    Scan(String, Option<String>, u32),
    Commit(Vec<Change>),
    Append(Vec<Entry>),
    Step(String, u64, Option<u64>),
    Note(Level, String),
    Now,
}

/// What came of it.
pub(super) enum Reply {
    Answers(Vec<Answer>),
    Entries(Result<Vec<Option<Stored>>, StorageError>),
    Page(Result<Page, StorageError>),
    Outcome(Result<Outcome, StorageError>),
    Directive(Directive),
    Now(i64),
    Done,
}

/// Serves calls until the component has ended; gives the last line that it noted.
pub(super) fn serve(caps: Capabilities<'_>, asked: &Receiver<Call>, replies: &Sender<Reply>) -> String {
    let mut last = String::new();
    for call in asked {
        let reply = match call {
            Call::Send(requests) => Reply::Answers(caps.http.send(requests)),
            Call::Get(keys) => Reply::Entries(caps.storage.get(&keys)),
            Call::Scan(prefix, after, limit) => Reply::Page(caps.storage.scan(&prefix, after.as_deref(), limit)),
            Call::Commit(changes) => Reply::Outcome(caps.storage.commit(changes)),
            Call::Append(entries) => {
                caps.journal.append(entries);
                Reply::Done
            }
            Call::Step(phase, done, total) => Reply::Directive(caps.progress.step(&phase, done, total)),
            Call::Note(level, text) => {
                caps.progress.note(level, &text);
                last = text;
                Reply::Done
            }
            Call::Now => Reply::Now(caps.clock.now().timestamp_millis()),
        };
        if replies.send(reply).is_err() {
            break;
        }
    }
    last
}

/// The component's end of the line.
pub(super) struct Line {
    calls: Sender<Call>,
    replies: Receiver<Reply>,
}

impl Line {
    pub(super) const fn new(calls: Sender<Call>, replies: Receiver<Reply>) -> Self {
        Self { calls, replies }
    }

    fn ask(&self, call: Call) -> Result<Reply> {
        self.calls.send(call).map_err(|_| wasmtime::Error::msg("nobody serves the component any more"))?;
        self.replies.recv().map_err(|_| wasmtime::Error::msg("nobody serves the component any more"))
    }
}

fn mixed<T>() -> Result<T> {
    Err(wasmtime::Error::msg("the reply to another call"))
}

impl http::Host for Line {
    fn send(&mut self, requests: Vec<http::Request>) -> Result<Vec<Result<http::Response, http::Error>>> {
        match self.ask(Call::Send(requests.into_iter().map(convert::request).collect()))? {
            Reply::Answers(answers) => Ok(answers.into_iter().map(convert::answer).collect()),
            _ => mixed(),
        }
    }
}

impl storage::Host for Line {
    fn get(&mut self, keys: Vec<String>) -> Result<Result<Vec<Option<storage::Entry>>, storage::Error>> {
        let Reply::Entries(entries) = self.ask(Call::Get(keys))? else { return mixed() };
        let entries = entries.map(|all| all.into_iter().map(|entry| entry.map(convert::stored)).collect());
        Ok(entries.map_err(convert::storage_error))
    }

    fn scan(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Result<storage::Page, storage::Error>> {
        let Reply::Page(page) = self.ask(Call::Scan(prefix, after, limit))? else { return mixed() };
        let page = page.map(|page| storage::Page {
            entries: page.entries.into_iter().map(convert::stored).collect(),
            next: page.next,
        });
        Ok(page.map_err(convert::storage_error))
    }

    fn commit(&mut self, changes: Vec<storage::Change>) -> Result<Result<storage::Outcome, storage::Error>> {
        let changes = changes.into_iter().map(convert::change).collect();
        let Reply::Outcome(outcome) = self.ask(Call::Commit(changes))? else { return mixed() };
        let outcome = outcome.map(|outcome| match outcome {
            Outcome::Applied(version) => storage::Outcome::Applied(version),
            Outcome::Stale(keys) => storage::Outcome::Stale(keys),
        });
        Ok(outcome.map_err(convert::storage_error))
    }
}

impl journal::Host for Line {
    fn append(&mut self, entries: Vec<journal::Entry>) -> Result<()> {
        match self.ask(Call::Append(entries.into_iter().map(convert::entry).collect()))? {
            Reply::Done => Ok(()),
            _ => mixed(),
        }
    }
}

impl progress::Host for Line {
    fn step(&mut self, phase: String, done: u64, total: Option<u64>) -> Result<progress::Directive> {
        match self.ask(Call::Step(phase, done, total))? {
            Reply::Directive(Directive::Proceed) => Ok(progress::Directive::Proceed),
            Reply::Directive(Directive::WindDown) => Ok(progress::Directive::WindDown),
            _ => mixed(),
        }
    }

    fn note(&mut self, level: progress::Level, text: String) -> Result<()> {
        let level = match level {
            progress::Level::Debug => Level::Debug,
            progress::Level::Info => Level::Info,
            progress::Level::Warning => Level::Warning,
            progress::Level::Error => Level::Error,
        };
        match self.ask(Call::Note(level, text))? {
            Reply::Done => Ok(()),
            _ => mixed(),
        }
    }
}

impl wall_clock::Host for Line {
    fn now(&mut self) -> Result<wall_clock::Datetime> {
        let Reply::Now(milliseconds) = self.ask(Call::Now)? else { return mixed() };
        let seconds = u64::try_from(milliseconds.div_euclid(1000))?;
        let nanoseconds = u32::try_from(milliseconds.rem_euclid(1000))? * 1_000_000;
        Ok(wall_clock::Datetime { seconds, nanoseconds })
    }

    fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}
