//! `$batch`, as JSON and as multipart.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::ids::derived;
use super::multipart::{self, Piece};
use super::odata::Part;
use super::{Call, Creatio};
use crate::wire::{PartHead, Request, Response};

/// A part, the group that it belongs to, and the name that it goes by.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) group: Option<String>,
    pub(super) part: Part,
}

/// An answer to one part.
pub(super) struct Reply {
    pub(super) id: String,
    pub(super) group: Option<String>,
    pub(super) response: Response,
}

impl Creatio {
    pub(super) fn batch(&mut self, call: &Call, request: &Request) -> Response {
        let kind = request.header("content-type").unwrap_or_default().to_owned();
        let proceed = request.header_list("prefer").iter().any(|preference| {
            matches!(*preference, "continue-on-error" | "odata.continue-on-error" | "continue-on-error=true")
        });
        let entries = if kind.starts_with("multipart/mixed") {
            multipart::read(&kind, &request.body)
        } else if kind.starts_with("application/json") {
            json_entries(&request.body)
        } else {
            return Failure::Denied(
                415,
                "The batch request must have a 'Content-Type' of multipart/mixed or application/json.".into(),
            )
            .response();
        };
        let entries = match entries {
            Ok(entries) => entries,
            Err(message) => return Failure::Query(400, message).response(),
        };
        if entries.len() > self.knobs.batch_limit {
            let message = format!("The batch request has more than {} parts.", self.knobs.batch_limit);
            return Failure::Query(400, message).response();
        }
        let replies = self.run(call, entries, proceed);
        let wants_json = request.header("accept").is_some_and(|accept| accept.contains("application/json"));
        if kind.starts_with("multipart/mixed") && !wants_json {
            return multipart::write(&replies);
        }
        json_replies(&replies)
    }

    /// In order, each part seeing what the earlier ones wrote; stops at the first failure unless told to go on.
    fn run(&mut self, call: &Call, entries: Vec<Entry>, proceed: bool) -> Vec<Reply> {
        let mut replies: Vec<Reply> = Vec::new();
        let mut snapshot = None;
        let mut current: Option<String> = None;
        let mut failed: Option<String> = None;
        for Entry { id, group, part } in entries {
            if group != current {
                snapshot = (self.knobs.rollback_groups && group.is_some()).then(|| self.store.clone());
                current.clone_from(&group);
                failed = None;
            }
            if group.is_some() && failed == group {
                continue;
            }
            let response = self.answer(call, &part);
            let status = response.status;
            replies.push(Reply { id, group: group.clone(), response });
            if status < 400 {
                continue;
            }
            if let Some(store) = snapshot.take() {
                self.store = store;
                // What was undone is not reported as done.
                let last = replies.pop();
                replies.retain(|reply| reply.group != group);
                replies.extend(last);
            }
            if !proceed {
                break;
            }
            failed = group;
        }
        self.rename_groups(&mut replies);
        replies
    }

    /// The server answers with group names of its own.
    fn rename_groups(&mut self, replies: &mut [Reply]) {
        let mut names = BTreeMap::new();
        for group in replies.iter_mut().filter_map(|reply| reply.group.as_mut()) {
            let name = names.entry(group.clone()).or_insert_with(|| self.next_id().to_string());
            group.clone_from(name);
        }
    }
}

/// The part of an address below the OData root.
pub(super) fn relative(url: &str) -> String {
    let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let below = path.rsplit_once("/odata/").map_or(path, |(_, below)| below).trim_start_matches('/');
    query.map_or_else(|| below.to_owned(), |query| format!("{below}?{query}"))
}

fn json_entries(body: &[u8]) -> Result<Vec<Entry>, String> {
    let body: Json = serde_json::from_slice(body).map_err(|error| format!("The batch is not valid JSON: {error}"))?;
    let requests = body.get("requests").and_then(Json::as_array).ok_or("The batch has no 'requests'.")?;
    let mut entries = Vec::new();
    for request in requests {
        let text = |name: &str| request.get(name).and_then(Json::as_str).map(str::to_owned);
        let headers = request.get("headers").and_then(Json::as_object);
        let content_type = headers
            .into_iter()
            .flatten()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .and_then(|(_, value)| value.as_str().map(str::to_owned));
        let part = Part {
            method: text("method").ok_or("A part has no 'method'.")?.to_uppercase(),
            url: relative(&text("url").ok_or("A part has no 'url'.")?),
            content_type,
            body: request.get("body").map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        entries.push(Entry { id: text("id").ok_or("A part has no 'id'.")?, group: text("atomicityGroup"), part });
    }
    Ok(entries)
}

fn json_replies(replies: &[Reply]) -> Response {
    let responses: Vec<String> = replies.iter().map(json_reply).collect();
    Response::json_text(200, format!("{{\"responses\":[{}]}}", responses.join(",")))
}

fn json_reply(reply: &Reply) -> String {
    let Reply { id, group, response } = reply;
    let headers = response.headers.iter().map(|(name, value)| (name.into(), value.as_str())).collect();
    let head = PartHead { group: group.as_deref(), headers, id, status: response.status };
    response.as_part(&head, |body| json!(String::from_utf8_lossy(body)))
}

impl From<Piece> for Entry {
    fn from(piece: Piece) -> Self {
        let id = piece.id.unwrap_or_else(|| derived(&piece.url).to_string());
        let part = Part {
            method: piece.method,
            url: relative(&piece.url),
            content_type: piece.content_type,
            body: piece.body,
        };
        Self { id, group: piece.changeset, part }
    }
}
