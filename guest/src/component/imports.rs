//! What a host lends: the imports as the engine's capabilities.

use super::bindings::schedule::sync::{http, journal, progress, storage};
use super::convert::from_side;
use crate::capability::{self, Change, Directive, Guard, HttpError, Level, Outcome, StorageError};
use crate::report;
use chrono::{DateTime, Utc};

/// The imports.
pub(super) struct Host;

impl capability::Http for Host {
    fn send(&self, requests: Vec<capability::Request>) -> Vec<capability::Answer> {
        let requests: Vec<http::Request> = requests
            .into_iter()
            .map(|request| http::Request {
                method: request.method.to_owned(),
                url: request.url,
                headers: request.headers,
                body: request.body,
                credential: match request.credential {
                    capability::Credential::None => http::Credential::None,
                    capability::Credential::Creatio => http::Credential::Creatio,
                    capability::Credential::Mailbox => http::Credential::Mailbox,
                },
                repeatable: request.repeatable,
                after: request.after,
                slots: request.slots,
                max_body: request.max_body,
            })
            .collect();
        http::send(&requests).into_iter().map(|answer| answer.map(as_response).map_err(as_http_error)).collect()
    }
}

fn as_response(response: http::Response) -> capability::Response {
    capability::Response {
        status: response.status,
        headers: response.headers,
        body: response.body,
        received: response.received,
    }
}

fn as_http_error(error: http::Error) -> HttpError {
    match error {
        http::Error::Invalid(why) => HttpError::Invalid(why),
        http::Error::Denied(why) => HttpError::Denied(why),
        http::Error::Credential(why) => HttpError::Credential(why),
        http::Error::Unreachable(cause) => HttpError::Unreachable(match cause {
            http::UnreachableCause::Name => "name",
            http::UnreachableCause::Connect => "connect",
            http::UnreachableCause::Tls => "tls",
            http::UnreachableCause::Timeout => "timeout",
        }),
        http::Error::UnknownOutcome(why) => HttpError::UnknownOutcome(why),
        http::Error::Throttled(wait) => HttpError::Throttled(wait),
        http::Error::TooLarge(size) => HttpError::TooLarge(size),
        http::Error::Stopped => HttpError::Stopped,
        http::Error::Other(why) => HttpError::Other(why),
    }
}

impl capability::Storage for Host {
    fn get(&self, keys: &[String]) -> Result<Vec<Option<capability::Entry>>, StorageError> {
        storage::get(keys)
            .map(|entries| entries.into_iter().map(|entry| entry.map(as_entry)).collect())
            .map_err(as_storage_error)
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<capability::Page, StorageError> {
        storage::scan(prefix, after, limit)
            .map(|page| capability::Page { entries: page.entries.into_iter().map(as_entry).collect(), next: page.next })
            .map_err(as_storage_error)
    }

    fn commit(&self, changes: Vec<Change>) -> Result<Outcome, StorageError> {
        let changes: Vec<storage::Change> = changes
            .into_iter()
            .map(|change| storage::Change {
                key: change.key,
                guard: match change.guard {
                    Guard::Any => storage::Guard::Any,
                    Guard::Absent => storage::Guard::Absent,
                    Guard::At(version) => storage::Guard::At(version),
                },
                value: change.value,
            })
            .collect();
        match storage::commit(&changes) {
            Ok(storage::Outcome::Applied(version)) => Ok(Outcome::Applied(version)),
            Ok(storage::Outcome::Stale(keys)) => Ok(Outcome::Stale(keys)),
            Err(error) => Err(as_storage_error(error)),
        }
    }
}

fn as_entry(entry: storage::Entry) -> capability::Entry {
    capability::Entry { key: entry.key, value: entry.value, version: entry.version }
}

fn as_storage_error(error: storage::Error) -> StorageError {
    match error {
        storage::Error::Full => StorageError::Full,
        storage::Error::Fenced => StorageError::Fenced,
        storage::Error::Unavailable(why) => StorageError::Unavailable(why),
        storage::Error::Other(why) => StorageError::Other(why),
    }
}

impl capability::Journal for Host {
    fn append(&self, entries: Vec<report::Entry>) {
        let entries: Vec<journal::Entry> = entries
            .into_iter()
            .map(|entry| journal::Entry {
                operation: entry.operation,
                outcome: entry.outcome.code().to_owned(),
                action: entry.action.code().to_owned(),
                target: from_side(entry.target),
                activity: entry.activity,
                item: entry.item,
                title: entry.title,
                start: entry.start,
                units: entry
                    .units
                    .into_iter()
                    .map(|change| journal::Unit {
                        name: change.unit.code().to_owned(),
                        before: change.before,
                        after: change.after,
                    })
                    .collect(),
                reason: entry.reason.code().to_owned(),
                detail: entry.detail,
            })
            .collect();
        journal::append(&entries);
    }
}

impl capability::Progress for Host {
    fn step(&self, phase: &str, done: u64, total: Option<u64>) -> Directive {
        match progress::step(phase, done, total) {
            progress::Directive::Proceed => Directive::Proceed,
            progress::Directive::WindDown => Directive::WindDown,
        }
    }

    fn note(&self, level: Level, text: &str) {
        let level = match level {
            Level::Debug => progress::Level::Debug,
            Level::Info => progress::Level::Info,
            Level::Warning => progress::Level::Warning,
            Level::Error => progress::Level::Error,
        };
        progress::note(level, text);
    }
}

impl capability::Clock for Host {
    fn now(&self) -> DateTime<Utc> {
        let now = wasi::clocks::wall_clock::now();
        i64::try_from(now.seconds)
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, now.nanoseconds))
            .unwrap_or_default()
    }
}
