//! The calendar and To Do part of Microsoft Graph v1.0, with the sign-in that belongs to it, as a pure state machine.
//!
//! Where the sources leave a behaviour open, [`Knobs`] chooses; what people and the service do outside of the protocol
//! comes in through [`Service::edit`] and the methods of [`Graph`]. `GRAPH.md` beside this crate lists the edits.
//!
//! | module | idea |
//! |---|---|
//! | `route`, `directory`, `calendars`, `items`, `view`, `delta`, `round`, `batch` | requests, by what they ask for |
//! | `auth`, `discovery`, `query`, `parse`, `filter`, `decode`, `pattern`, `encode`, `errors` | the protocol's surface |
//! | `mailbox`, `event` | what is kept, with `outlook` |
//! | `write`, `apply`, `occurrence`, `meeting`, `answer` | what changes it |
//! | `todo` | Microsoft To Do |
//! | `edit`, `api`, `look`, `world`, `state` | tests, and other people |

mod answer;
mod api;
mod apply;
mod auth;
mod batch;
mod calendars;
#[cfg(test)]
mod claims;
mod decode;
mod delta;
mod directory;
mod discovery;
mod edit;
mod encode;
mod errors;
mod event;
mod filter;
mod items;
mod knobs;
mod look;
mod mailbox;
mod meeting;
mod occurrence;
mod parse;
mod pattern;
mod query;
mod round;
mod route;
mod state;
mod todo;
mod view;
pub mod world;
mod write;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

pub use knobs::{DeadToken, Knobs, Role};
pub use look::EventSummary;
pub use todo::TaskSummary;

use crate::outlook::{body, ids, recurrence, zones};
use crate::wire::{Request, Response, Service};

/// The emulated service.
#[derive(Debug, Clone)]
pub struct Graph {
    /// The switches; they may be changed at any time.
    pub knobs: Knobs,
    mailboxes: Vec<mailbox::Mailbox>,
    /// Mail addresses and user ids, in lower case.
    names: HashMap<String, usize>,
    auth: auth::Auth,
    /// Numbers of items and changes.
    counter: u64,
    standard: u64,
    /// Numbers of answers, for `request-id`.
    answers: u64,
    /// Tokens of an earlier epoch are dead.
    delta_epoch: u64,
    outbox: Vec<Value>,
    /// Start of the ten minutes and requests in them, by mailbox.
    spent: HashMap<usize, (DateTime<Utc>, u32)>,
}

impl Default for Graph {
    fn default() -> Self {
        Self::new()
    }
}

impl Graph {
    /// An empty service, with the demo's client registered.
    #[must_use]
    pub fn new() -> Self {
        let mut auth = auth::Auth::default();
        auth.add_client(world::CLIENT_ID, world::CLIENT_SECRET);
        Self {
            knobs: Knobs::default(),
            mailboxes: Vec::new(),
            names: HashMap::new(),
            auth,
            counter: 0,
            standard: 0,
            answers: 0,
            delta_epoch: 0,
            outbox: Vec::new(),
            spent: HashMap::new(),
        }
    }

    /// What the service's clock shows.
    #[must_use]
    pub fn clock(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::milliseconds(self.knobs.skew_ms)
    }
}

impl Service for Graph {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn handle(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        let now = self.clock(now);
        if let Some(response) = self.login(request, now).or_else(|| self.discover(request, now)) {
            return response;
        }
        self.answer(request, now)
    }

    fn state(&self) -> Value {
        self.state_value()
    }

    fn outbox(&self) -> Vec<Value> {
        self.outbox.clone()
    }

    fn edit(&mut self, edit: &Value, now: DateTime<Utc>) -> Result<Value, String> {
        let now = self.clock(now);
        self.edit_value(edit, now)
    }
}
