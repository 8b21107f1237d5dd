//! What an emulated service takes and gives: HTTP without sockets.
//!
//! A service is a pure state machine, `handle(request, now) -> response`; the shell ([`crate::shell`]) puts it on a
//! socket, the scenarios and the simulation call it directly under a virtual clock.

use std::borrow::Cow;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use serde_json::{Map, Value};

/// One HTTP request as a service sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Upper-case method.
    pub method: String,
    /// Path and query as they stood in the request line, still percent-encoded: `/v1.0/me/events?$top=5`.
    pub target: String,
    /// Header names in lower case, values as sent.
    pub headers: Vec<(String, String)>,
    /// Body, already de-chunked and decompressed.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a header, split at commas: how `Prefer` is to be read.
    #[must_use]
    pub fn header_list(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(key, _)| key == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// Path without query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Query without `?`, still encoded; empty where there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// One HTTP response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with a JSON body.
    #[must_use]
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::json_text(status, json_text(value))
    }

    /// The same of text that is JSON already.
    #[must_use]
    pub fn json_text(status: u16, text: String) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json; charset=utf-8".into())],
            body: text.into_bytes(),
        }
    }

    /// The answer as a part of a batch's: these members, and its body. One that is JSON is put in as it stands, without
    /// being read; `other` tells what stands for one that is not.
    pub(crate) fn as_part(&self, members: Map<String, Value>, other: impl FnOnce(&[u8]) -> Value) -> String {
        let mut text = json_text(&Value::Object(members));
        if self.body.is_empty() {
            return text;
        }
        let says_json = self.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        let body = match std::str::from_utf8(&self.body) {
            Ok(body) if says_json => Cow::Borrowed(body),
            _ => Cow::Owned(serde_json::from_slice(&self.body).unwrap_or_else(|_| other(&self.body)).to_string()),
        };
        text.pop();
        text.push_str(",\"body\":");
        text.push_str(&body);
        text.push('}');
        text
    }

    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same response with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A value as the text that its `Display` gives, which is several times slower at it.
pub(crate) fn json_text(value: &Value) -> String {
    // No key of a value is anything else than text, and writing to memory cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// An instant as the header `Date` has it.
pub(crate) fn http_date(now: DateTime<Utc>) -> String {
    let (day, month) = (now.weekday(), MONTHS.get(now.month0() as usize).copied().unwrap_or_default());
    let (hour, minute, second) = (now.hour(), now.minute(), now.second());
    format!("{day}, {:02} {month} {:04} {hour:02}:{minute:02}:{second:02} GMT", now.day(), now.year())
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Decodes a part of a query: a plus is a blank.
pub(crate) fn query_text(text: &str) -> String {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return text.to_owned();
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match (byte, digit(after.first()), digit(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                rest = after.get(2..).unwrap_or_default();
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            (b'+', ..) => b' ',
            _ => *byte,
        });
    }
    String::from_utf8(decoded).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// An emulated service.
pub trait Service: Send {
    /// The name in the request log and in faults: `creatio`, `graph`, `login`, `exchange`.
    fn name(&self) -> &'static str;

    /// Answers one request. `now` is the service's own clock; it never reads another.
    fn handle(&mut self, request: &Request, now: DateTime<Utc>) -> Response;

    /// Everything the service holds, for assertions and `GET /state`.
    fn state(&self) -> serde_json::Value;

    /// Mail that would have been sent so far, oldest first, for `GET /outbox`: objects with `service`, `kind`
    /// (`invitation`, `update`, `cancellation`, `response`), `subject`, `from`, `to` (list) and `at`.
    fn outbox(&self) -> Vec<serde_json::Value>;

    /// An edit by another person or program, outside of the protocol: `{"action": "…", …}`; what actions there are
    /// stands in the service's own documentation.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the edit.
    fn edit(&mut self, edit: &serde_json::Value, now: DateTime<Utc>) -> Result<serde_json::Value, String>;
}
