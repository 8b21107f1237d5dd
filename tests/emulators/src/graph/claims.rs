//! What the emulator promises, tried through its front door.

mod batches;
mod deltas;
mod directory;
mod events;
mod knobs;
mod meetings;
mod series;
mod sign_in;
mod todo;
mod todo_deltas;
mod todo_requests;
mod todo_series;
mod worlds;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{Graph, world};
use crate::wire::{Request, Response, Service};

/// A service with the demo's people, a clock, and a token for a program.
pub(super) struct Desk {
    pub(super) graph: Graph,
    pub(super) now: DateTime<Utc>,
    token: String,
}

pub(super) fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

impl Desk {
    pub(super) fn new() -> Self {
        let now: DateTime<Utc> = "2026-11-22T09:00:00Z".parse().unwrap();
        let mut graph = Graph::new();
        world::populate_empty(&mut graph);
        let token = graph.app_token(now + Duration::days(1000));
        Self { graph, now, token }
    }

    pub(super) fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Response {
        let mut all = vec![
            ("authorization".to_owned(), format!("Bearer {}", self.token)),
            ("host".to_owned(), "127.0.0.1:8".to_owned()),
        ];
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let target = if target.starts_with("/v1.0") || target.starts_with("/beta") {
            target.to_owned()
        } else {
            format!("/v1.0/users/{}{target}", world::EUGENE)
        };
        self.now += Duration::seconds(1);
        let request = Request { method: method.to_owned(), target, headers: all, body };
        let response = self.graph.handle(&request, self.now);
        write_down(&request, &response);
        response
    }

    pub(super) fn get(&mut self, target: &str) -> Value {
        let response = self.send("GET", target, &[], None);
        assert_eq!(response.status, 200, "{target}: {}", String::from_utf8_lossy(&response.body));
        body(&response)
    }

    pub(super) fn post(&mut self, target: &str, event: &Value) -> Value {
        let response = self.send("POST", target, &[], Some(event));
        assert_eq!(response.status, 201, "{}", String::from_utf8_lossy(&response.body));
        body(&response)
    }

    pub(super) fn refused(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        event: Option<&Value>,
    ) -> (u16, String) {
        let response = self.send(method, target, headers, event);
        let code = body(&response)["error"]["code"].as_str().unwrap_or_default().to_owned();
        (response.status, code)
    }

    /// Follows a link as it stands.
    pub(super) fn follow(&mut self, link: &Value, headers: &[(&str, &str)]) -> Response {
        let target = link.as_str().unwrap().strip_prefix("http://127.0.0.1:8").unwrap().to_owned();
        self.send("GET", &target, headers, None)
    }
}

/// Writes an exchange into the folder that SCHEDULE_SYNC_ANSWERS names, for the check against Microsoft's own model
/// (`tests/spec/check_graph.py --answers`).
fn write_down(request: &Request, response: &Response) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let Some(folder) = std::env::var_os("SCHEDULE_SYNC_ANSWERS").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let exchange = json!({
        "method": request.method, "path": request.target, "body": json(&request.body),
        "status": response.status, "answer": json(&response.body),
    });
    let file = folder.join(format!("{:05}.json", NUMBER.fetch_add(1, Ordering::Relaxed)));
    std::fs::write(file, format!("{exchange:#}\n")).unwrap();
}

pub(super) fn meeting(subject: &str, start: &str, end: &str) -> Value {
    json!({
        "subject": subject,
        "start": { "dateTime": start, "timeZone": world::MOSCOW },
        "end": { "dateTime": end, "timeZone": world::MOSCOW },
    })
}

pub(super) fn ids(page: &Value) -> Vec<String> {
    page["value"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}
