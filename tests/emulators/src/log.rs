//! The request log: what came, in which order, and what was answered.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::wire::{Request, Response};

/// One part of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its method.
    pub method: String,
    /// Its address, as it stood in the batch.
    pub url: String,
    /// Its status; none if there was no answer to it.
    pub status: Option<u16>,
    /// What the answer calls it, where it is one in JSON.
    #[serde(skip)]
    pub id: Option<String>,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Still under way.
    Open,
    /// Answered.
    Answered,
    /// Part of the answer came through.
    Cut,
    /// The connection was lost before the service saw it.
    LostBefore,
    /// The connection was lost after the service acted.
    LostAfter,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// In order of arrival, from 1.
    pub number: u64,
    /// When it came, by the site's clock.
    pub at: DateTime<Utc>,
    /// The service's name; `login` for its sign-in.
    pub service: String,
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// What the client read, or would have; none while it is under way or if the service never saw it.
    pub status: Option<u16>,
    /// How it ended.
    pub ending: Ending,
    /// Signing in, which does not count as work.
    pub login: bool,
    /// A fault had its way.
    pub faulted: bool,
    /// Parts, if it was a batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What was sent, if bodies are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What was answered, if bodies are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// All requests since the start or the last [`Log::clear`].
#[derive(Debug, Clone, Default)]
pub struct Log {
    entries: Vec<Entry>,
    last: u64,
    /// Bodies are kept. They may hold passwords: for tests alone.
    pub keep_bodies: bool,
}

impl Log {
    /// All entries, in order of arrival.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Forgets all entries; numbers go on.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Requests that are not sign-ins.
    #[must_use]
    pub fn work(&self) -> usize {
        self.entries.iter().filter(|entry| !entry.login).count()
    }

    /// Writes down that a request has come; gives its number.
    pub(crate) fn open(&mut self, service: &str, request: &Request, at: DateTime<Utc>, faulted: bool) -> u64 {
        self.last += 1;
        let login = is_login(request.path());
        self.entries.push(Entry {
            number: self.last,
            at,
            service: service.to_owned(),
            method: request.method.clone(),
            path: request.target.clone(),
            status: None,
            ending: Ending::Open,
            login,
            faulted,
            parts: asked(request),
            body: (self.keep_bodies && !request.body.is_empty()).then(|| readable(&request.body)),
            answer: None,
        });
        self.last
    }

    /// Writes down how it ended.
    pub(crate) fn close(&mut self, number: u64, ending: Ending, response: Option<&Response>) {
        let keep = self.keep_bodies;
        // Searched from the end: it is nearly always the last one.
        let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.number == number) else { return };
        entry.ending = ending;
        let Some(response) = response else { return };
        entry.status = Some(response.status);
        entry.answer = (keep && !response.body.is_empty()).then(|| readable(&response.body));
        if !entry.parts.is_empty() {
            answered(&mut entry.parts, response);
        }
    }
}

/// Whether a request signs in: Forms, the identity service, or Microsoft's.
#[must_use]
pub fn is_login(path: &str) -> bool {
    path.ends_with("/AuthService.svc/Login")
        || path.ends_with("/connect/token")
        || path.contains("/oauth2/")
        || path.ends_with("/.well-known/openid-configuration")
}

fn readable(body: &[u8]) -> String {
    // What is text throughout is much sooner known to be so than mended.
    str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}

fn is_batch(request: &Request) -> bool {
    request
        .path()
        .rsplit_once('/')
        .is_some_and(|(_, last)| last.eq_ignore_ascii_case("$batch") || last.eq_ignore_ascii_case("%24batch"))
}

/// Of a batch what the log tells; whatever else its parts hold is passed over unread.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    requests: Vec<Asked<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answered<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    status: Option<u16>,
}

#[derive(Deserialize)]
struct Answers<'a> {
    #[serde(borrow, default)]
    responses: Vec<Answered<'a>>,
}

fn asked(request: &Request) -> Vec<Part> {
    if !is_batch(request) {
        return Vec::new();
    }
    let part = |id: Option<String>, method: &str, url: &str| {
        let (method, url) = (method.to_uppercase(), url.to_owned());
        Part { method, url, status: None, id }
    };
    if let Ok(Batch { requests }) = serde_json::from_slice(&request.body) {
        return requests.iter().map(|asked| part(Some(asked.id.to_string()), &asked.method, &asked.url)).collect();
    }
    readable(&request.body)
        .lines()
        .filter_map(|line| line.trim().strip_suffix(" HTTP/1.1"))
        .filter_map(|line| line.split_once(' '))
        .map(|(method, url)| part(None, method, url))
        .collect()
}

fn answered(parts: &mut [Part], response: &Response) {
    if let Ok(Answers { responses }) = serde_json::from_slice(&response.body) {
        for (at, part) in parts.iter_mut().enumerate() {
            let answer = match &part.id {
                Some(id) => responses.iter().find(|answer| answer.id == *id),
                None => responses.get(at),
            };
            part.status = answer.and_then(|answer| answer.status);
        }
        return;
    }
    let text = readable(&response.body);
    let statuses = text
        .lines()
        .filter_map(|line| line.strip_prefix("HTTP/1.1 "))
        .map(|line| line.split(' ').next().and_then(|status| status.parse().ok()));
    for (part, status) in parts.iter_mut().zip(statuses) {
        part.status = status;
    }
}
