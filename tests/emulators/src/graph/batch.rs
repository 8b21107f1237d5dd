//! `$batch`: up to twenty requests in one, answered in any order.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Graph;
use super::errors::ApiError;
use super::ids::mix;
use super::route::Answer;
use crate::wire::{PartHead, Request, Response};

/// The most requests of a batch.
const MOST: usize = 20;

struct Part {
    id: String,
    request: Request,
    after: Vec<String>,
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "BadRequest", message)
}

impl Graph {
    pub(super) fn batch(&mut self, outer: &Request, now: DateTime<Utc>) -> Answer {
        if outer.method != "POST" {
            return Err(super::route::not_allowed());
        }
        let body = super::decode::object(&outer.body)?;
        let requests =
            body.get("requests").and_then(Value::as_array).ok_or_else(|| bad("The batch has no requests."))?;
        if requests.is_empty() || requests.len() > MOST {
            return Err(bad(format!("Number of batch request steps must be between 1 and {MOST}.")));
        }
        let mut parts: Vec<Part> = Vec::new();
        for value in requests {
            let part = read(value, outer)?;
            if parts.iter().any(|other| other.id.eq_ignore_ascii_case(&part.id)) {
                return Err(bad(format!("Request id '{}' is not unique in the batch.", part.id)));
            }
            parts.push(part);
        }
        check_shape(&parts)?;
        let mut done: BTreeMap<String, u16> = BTreeMap::new();
        let mut answers = Vec::new();
        let mut parallel: HashMap<String, usize> = HashMap::new();
        for part in parts {
            let failed = part.after.iter().any(|id| done.get(&id.to_lowercase()).is_none_or(|status| *status >= 400));
            let response = if failed {
                let error = ApiError::new(424, "FailedDependency", "The request depends on a request that failed.");
                error.response(now, &part.id, None)
            } else if part.after.is_empty() && self.crowded(&part, &mut parallel) {
                self.throttled("Application is over its MailboxConcurrency limit.").response(now, &part.id, None)
            } else {
                self.answer(&part.request, now)
            };
            done.insert(part.id.to_lowercase(), response.status);
            answers.push(shown(&part.id, &response));
        }
        if !self.knobs.batch_in_order {
            // Any order is allowed, so a client gets another one than it sent, the same in every run.
            let salt = self.answers;
            let mut keyed: Vec<(u64, String)> = answers
                .into_iter()
                .zip(0_u64..)
                .map(|(answer, at)| (mix(salt.wrapping_mul(31).wrapping_add(at)), answer))
                .collect();
            keyed.sort_by_key(|(key, _)| *key);
            answers = keyed.into_iter().map(|(_, answer)| answer).collect();
        }
        Ok(Response::json_text(200, format!("{{\"responses\":[{}]}}", answers.join(","))))
    }

    /// Whether the mailbox of a part has as many parallel parts as it bears.
    fn crowded(&self, part: &Part, parallel: &mut HashMap<String, usize>) -> bool {
        let Some(limit) = self.knobs.batch_concurrency else { return false };
        let path = part.request.path().to_lowercase();
        let mut segments = path.split('/').skip(2);
        let mailbox = match (segments.next(), segments.next()) {
            (Some("users"), Some(name)) => name.to_owned(),
            (first, _) => first.unwrap_or_default().to_owned(),
        };
        let running = parallel.entry(mailbox).or_default();
        *running += 1;
        *running > limit
    }
}

fn read(value: &Value, outer: &Request) -> Result<Part, ApiError> {
    let map = value.as_object().ok_or_else(|| bad("A request of the batch is not an object."))?;
    let text = |name: &str| map.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("id").ok_or_else(|| bad("A request of the batch has no id."))?.to_owned();
    let method = text("method").ok_or_else(|| bad(format!("Request '{id}' has no method.")))?.to_uppercase();
    let url = text("url").ok_or_else(|| bad(format!("Request '{id}' has no url.")))?;
    if url.contains("://") {
        return Err(bad(format!("The url of request '{id}' must be relative.")));
    }
    let url = url.trim_start_matches('/');
    if url.to_lowercase().starts_with("$batch") {
        return Err(bad("A batch cannot hold a batch."));
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in map.get("headers").and_then(Value::as_object).into_iter().flatten() {
        headers.push((name.to_lowercase(), value.as_str().unwrap_or_default().to_owned()));
    }
    for name in ["authorization", "host", "x-forwarded-proto", "client-request-id"] {
        if !headers.iter().any(|(known, _)| known == name)
            && let Some(value) = outer.header(name)
        {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    let body = match map.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(body) => {
            if !headers.iter().any(|(name, _)| name == "content-type") {
                return Err(bad(format!("Request '{id}' has a body without a Content-Type header.")));
            }
            match body {
                Value::String(text) => {
                    let decoded = base64::engine::general_purpose::STANDARD.decode(text);
                    decoded.unwrap_or_else(|_| text.clone().into_bytes())
                }
                body => body.to_string().into_bytes(),
            }
        }
    };
    let after = match map.get("dependsOn") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(_) => return Err(bad(format!("The dependsOn of request '{id}' is not a list."))),
    };
    let target = format!("/v1.0/{url}");
    Ok(Part { id, request: Request { method, target, headers, body }, after })
}

/// Allowed are: all parallel, one after the other, or all after the same one.
fn check_shape(parts: &[Part]) -> Result<(), ApiError> {
    let mut earlier: Vec<&str> = Vec::new();
    for part in parts {
        if let Some(id) = part.after.iter().find(|id| !earlier.iter().any(|known| known.eq_ignore_ascii_case(id))) {
            return Err(bad(format!("Request '{}' depends on '{id}', which does not stand before it.", part.id)));
        }
        earlier.push(&part.id);
    }
    let is = |part: &Part, id: &str| matches!(part.after.as_slice(), [only] if only.eq_ignore_ascii_case(id));
    let parallel = parts.iter().all(|part| part.after.is_empty());
    let serial = parts.windows(2).all(|pair| matches!(pair, [before, part] if is(part, &before.id)));
    let star = parts
        .iter()
        .any(|root| root.after.is_empty() && parts.iter().all(|part| part.id == root.id || is(part, &root.id)));
    if parallel || serial || star {
        Ok(())
    } else {
        Err(bad("The dependencies of the batch are neither parallel, nor serial, nor all on the same request."))
    }
}

/// A header's name as a batch has it: `Content-Type`.
fn capitalised(name: &str) -> String {
    let mut begins = true;
    let letter = |letter: char| {
        let shown = if begins { letter.to_ascii_uppercase() } else { letter };
        begins = letter == '-';
        shown
    };
    name.chars().map(letter).collect()
}

fn shown<'r>(id: &'r str, response: &'r Response) -> String {
    let named = |(name, value): &'r (String, String)| (capitalised(name).into(), value.as_str());
    let headers = response.headers.iter().map(named).collect();
    let head = PartHead { group: None, headers, id, status: response.status };
    response.as_part(&head, |body| Value::from(base64::engine::general_purpose::STANDARD.encode(body)))
}
