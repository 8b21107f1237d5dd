//! What an emulated service takes and gives: HTTP without sockets.
//!
//! A service is a pure state machine, `handle(request, now) -> response`; the shell ([`crate::shell`]) puts it on a
//! socket, the scenarios and the simulation call it directly under a virtual clock.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use serde::Serialize;
use serde_json::Value;

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
    pub fn json(status: u16, value: &impl Serialize) -> Self {
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

    /// The answer as a part of a batch's: its head, and its body. One that is JSON is put in as it stands, without
    /// being read; `other` tells what stands for one that is not.
    pub(crate) fn as_part(&self, head: &PartHead<'_>, other: impl FnOnce(&[u8]) -> Value) -> String {
        let mut text = json_text(head);
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

/// What a part of a batch's answer has beside its body.
#[derive(Serialize)]
pub(crate) struct PartHead<'a> {
    #[serde(rename = "atomicityGroup", skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<&'a str>,
    pub(crate) headers: BTreeMap<Cow<'a, str>, &'a str>,
    pub(crate) id: &'a str,
    pub(crate) status: u16,
}

/// A value as the text that its `Display` gives, which is several times slower at it.
pub(crate) fn json_text(value: &impl Serialize) -> String {
    // No key is anything else than text, and writing to memory cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// An instant as the header `Date` has it.
pub(crate) fn http_date(now: DateTime<Utc>) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // Every answer has one: a formatter takes several times as long.
    let two = |number: u32| [number / 10, number].map(|digit| char::from_digit(digit % 10, 10).unwrap_or_default());
    let year = now.year().unsigned_abs();
    let mut text = String::with_capacity(29);
    text.push_str(DAYS.get(now.weekday().num_days_from_monday() as usize).copied().unwrap_or_default());
    text.push_str(", ");
    text.extend(two(now.day()));
    text.push(' ');
    text.push_str(MONTHS.get(now.month0() as usize).copied().unwrap_or_default());
    text.push(' ');
    text.extend(two(year / 100));
    text.extend(two(year));
    for (mark, number) in [(' ', now.hour()), (':', now.minute()), (':', now.second())] {
        text.push(mark);
        text.extend(two(number));
    }
    text.push_str(" GMT");
    text
}

/// Decodes a part of a query: a plus is a blank.
pub(crate) fn query_text(text: &str) -> String {
    let mut decoded: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        let plain = rest.iter().position(|byte| matches!(byte, b'+' | b'%')).unwrap_or(rest.len());
        let (plain, marked) = rest.split_at(plain);
        decoded.extend_from_slice(plain);
        let (byte, length) = match (marked.first(), marked.first_chunk().and_then(encoded)) {
            (None, _) => break,
            (_, Some(byte)) => (byte, 3),
            (Some(b'+'), None) => (b' ', 1),
            (Some(byte), None) => (*byte, 1),
        };
        decoded.push(byte);
        rest = marked.get(length..).unwrap_or_default();
    }
    String::from_utf8(decoded).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The byte that `%41` and the like stand for.
fn encoded([mark, high, low]: &[u8; 3]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = digit(*high)? * 16 + digit(*low)?;
    if *mark == b'%' { u8::try_from(byte).ok() } else { None }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_http_has_it() {
        for at in ["2026-11-02T05:04:09Z", "1999-12-31T23:59:59Z", "2024-02-29T00:00:00Z"] {
            let at: DateTime<Utc> = at.parse().unwrap();
            assert_eq!(http_date(at), at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
        }
    }

    #[test]
    fn a_query_is_decoded_and_what_is_no_code_stays() {
        assert_eq!(query_text("a+b%20c%2B%C3%a9%41"), "a b c+\u{e9}A");
        assert_eq!(query_text("100%"), "100%");
        assert_eq!(query_text("%4+%zz%%41"), "%4 %zz%A");
        assert_eq!(query_text("%ff"), "\u{fffd}");
    }
}
