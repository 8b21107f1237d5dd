//! Scripted faults: what goes wrong in front of a service, for which requests, and how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::page::PageFault;
use crate::splice::PartFault;
use crate::wire::{Request, Response};

/// A fault as `POST /faults` takes it: every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `creatio`, `graph`, `login`, `exchange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Method, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Pattern for path and query, percent-decoded: a part of it, or with `*` for any run of characters the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A part of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// So many matching requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// So many requests are hit then; none: all.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// What happens.
    pub effect: Effect,
}

#[allow(clippy::unnecessary_wraps, reason = "the default of an optional field")]
fn once() -> Option<u32> {
    Some(1)
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Effect {
    /// The request reaches the service later.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The service acts at once, the answer comes later.
    DelayReply {
        /// Milliseconds.
        ms: u64,
    },
    /// An answer in the service's place, which sees nothing of the request.
    Status {
        /// Status code.
        status: u16,
        /// Headers, such as `{"retry-after": "2.128"}` or `{"location": "…"}`.
        #[serde(default)]
        headers: Map<String, Json>,
        /// Body: a text as it is, anything else as JSON.
        #[serde(default)]
        body: Json,
    },
    /// The service acts; its answer is replaced, as by an error that comes after the row was saved.
    StatusAfter {
        /// Status code.
        status: u16,
        /// Headers.
        #[serde(default)]
        headers: Map<String, Json>,
        /// Body: a text as it is, anything else as JSON.
        #[serde(default)]
        body: Json,
    },
    /// A page of HTML, as of a login or a firewall, in the service's place.
    Html {
        /// Status code, 200 by default.
        #[serde(default = "ok")]
        status: u16,
    },
    /// The service acts; of its answer only so many bytes come through before the connection breaks.
    Cut {
        /// Bytes of the body.
        at: usize,
    },
    /// The service acts; its answer is replaced by so many bytes.
    Huge {
        /// Bytes of the body.
        bytes: usize,
    },
    /// The connection is lost before the service sees the request.
    LostBefore,
    /// The connection is lost after the service acted.
    LostAfter,
    /// The connection is lost at once, and the service acts so much later, when nobody waits for it any more.
    Late {
        /// Milliseconds.
        ms: u64,
    },
    /// The service acts; of the listing that it answers with something is wrong.
    Page(PageFault),
    /// Parts of a JSON `$batch`, or items of a SOAP request, are answered in the service's place; only batches with such a part count as matching.
    Part {
        /// Which one, counted from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nth: Option<usize>,
        /// Its method, in any case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method: Option<String>,
        /// A part of its address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// Status code of the part.
        status: u16,
        /// Headers of the part.
        #[serde(default)]
        headers: Map<String, Json>,
        /// Body of the part.
        #[serde(default)]
        body: Json,
        /// The service acts on the part all the same.
        #[serde(default)]
        acts: bool,
        /// The service acts on the part so many milliseconds later, alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        late: Option<u64>,
    },
}

fn ok() -> u16 {
    200
}

/// What becomes of the service's answer, or stands in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Turn {
    /// As the service answers.
    #[default]
    Pass,
    /// This, without asking the service.
    Instead(Response),
    /// This, after the service acted.
    Afterwards(Response),
    /// Cut off.
    Cut(usize),
    /// Replaced by so many bytes.
    Huge(usize),
    /// No answer and no effect.
    LostBefore,
    /// No answer, but the effect.
    LostAfter,
    /// No answer, and the effect later.
    Late(Duration),
    /// As the service answers, with something wrong in its listing.
    Page(PageFault),
}

/// Everything that befalls one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Before the service sees it.
    pub before: Duration,
    /// Between its acting and its answer.
    pub after: Duration,
    /// What becomes of the answer.
    pub turn: Turn,
    /// Parts of a batch that are answered in the service's place.
    pub parts: Vec<PartFault>,
    /// Numbers of the faults that had their way.
    pub by: Vec<u64>,
}

#[derive(Debug, Clone, Serialize)]
struct Armed {
    number: u64,
    /// Matching requests so far.
    seen: u32,
    /// Requests hit so far.
    hit: u32,
    #[serde(flatten)]
    fault: Fault,
}

/// All faults, and how often each was met.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    armed: Vec<Armed>,
    last: u64,
}

impl Faults {
    /// Adds a fault; gives its number.
    pub fn add(&mut self, fault: Fault) -> u64 {
        self.last += 1;
        self.armed.push(Armed { number: self.last, seen: 0, hit: 0, fault });
        self.last
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        self.armed.clear();
    }

    /// All faults with their counts, for `GET /faults`.
    #[must_use]
    pub fn list(&self) -> Json {
        serde_json::to_value(&self.armed).unwrap_or_default()
    }

    /// Whether every fault that has an end had its way: a test that arms one wants to know that it was met.
    #[must_use]
    pub fn spent(&self) -> bool {
        self.armed.iter().all(|armed| armed.fault.times.is_none_or(|times| armed.hit >= times))
    }

    /// The faults that had their way at least once.
    pub fn met(&self) -> impl Iterator<Item = &Fault> {
        self.armed.iter().filter(|armed| armed.hit > 0).map(|armed| &armed.fault)
    }

    /// What befalls a request. Delays add up; of everything else the first fault wins, parts of a batch apart.
    pub fn decide(&mut self, service: &str, request: &Request) -> Decision {
        let mut decision = Decision::default();
        for armed in &mut self.armed {
            if !matches(&armed.fault, service, request) {
                continue;
            }
            armed.seen += 1;
            if armed.seen <= armed.fault.skip || armed.fault.times.is_some_and(|times| armed.hit >= times) {
                continue;
            }
            if apply(&armed.fault.effect, &mut decision) {
                armed.hit += 1;
                decision.by.push(armed.number);
            }
        }
        decision
    }
}

fn part_fault(effect: &Effect) -> Option<PartFault> {
    let Effect::Part { nth, method, url, status, headers, body, acts, late } = effect else { return None };
    Some(PartFault {
        nth: *nth,
        method: method.clone(),
        url: url.clone(),
        status: *status,
        headers: headers.clone(),
        body: body.clone(),
        acts: *acts,
        late: late.map(Duration::from_millis),
    })
}

/// False where an earlier fault already had its way.
fn apply(effect: &Effect, decision: &mut Decision) -> bool {
    let turn = match effect {
        Effect::Delay { ms } => {
            decision.before += Duration::from_millis(*ms);
            return true;
        }
        Effect::DelayReply { ms } => {
            decision.after += Duration::from_millis(*ms);
            return true;
        }
        Effect::Part { .. } => {
            decision.parts.extend(part_fault(effect));
            return true;
        }
        Effect::Status { status, headers, body } => Turn::Instead(answer(*status, headers, body)),
        Effect::StatusAfter { status, headers, body } => Turn::Afterwards(answer(*status, headers, body)),
        Effect::Html { status } => Turn::Instead(Response {
            status: *status,
            headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
            body: b"<!DOCTYPE html>\n<html><head><title>Request unsuccessful</title></head><body>Incident 0-0</body></html>".to_vec(),
        }),
        Effect::Cut { at } => Turn::Cut(*at),
        Effect::Huge { bytes } => Turn::Huge(*bytes),
        Effect::LostBefore => Turn::LostBefore,
        Effect::LostAfter => Turn::LostAfter,
        Effect::Late { ms } => Turn::Late(Duration::from_millis(*ms)),
        Effect::Page(page) => Turn::Page(page.clone()),
    };
    let free = decision.turn == Turn::Pass;
    if free {
        decision.turn = turn;
    }
    free
}

fn answer(status: u16, headers: &Map<String, Json>, body: &Json) -> Response {
    let mut response = match body {
        Json::Null => Response { status, ..Response::default() },
        Json::String(text) => Response { status, headers: Vec::new(), body: text.clone().into_bytes() },
        json => Response::json(status, json),
    };
    for (name, value) in headers {
        response.headers.push((name.to_lowercase(), text(value)));
    }
    response
}

/// A header's value may be written as a number.
fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn matches(fault: &Fault, service: &str, request: &Request) -> bool {
    let target = || percent_encoding::percent_decode_str(&request.target).decode_utf8_lossy();
    fault.service.as_deref().is_none_or(|name| name == service)
        && fault.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
        && fault.path.as_deref().is_none_or(|pattern| {
            if pattern.contains('*') { whole(pattern, &target()) } else { target().contains(pattern) }
        })
        && fault.body.as_deref().is_none_or(|part| String::from_utf8_lossy(&request.body).contains(part))
        && part_fault(&fault.effect).is_none_or(|part| part.hits(request))
}

/// Whether the text is the pattern with something in place of each star.
fn whole(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;
