//! Calendars and tasks of Exchange Web Services, SOAP over `/EWS/Exchange.asmx`, as a pure state machine.
//!
//! Where the sources leave a behaviour open, [`Knobs`] chooses; what people and the service do outside of the protocol
//! comes in through [`Service::edit`] and the methods of [`Exchange`]. `EXCHANGE.md` beside this crate lists the edits.
//!
//! | module | idea |
//! |---|---|
//! | `xml`, `schema`, `envelope`, `problem`, `trouble`, `auth` | the protocol's surface |
//! | `folders`, `hierarchy`, `sync`, `find`, `restriction`, `items`, `update`, `remove`, `convert`, `names`, `clocks` | operations |
//! | `shape`, `show` | what is answered of an item |
//! | `patch`, `set`, `series`, `tasks`, `properties`, `times` | what is said of one |
//! | `mailbox`, `item`, `ids` | what is kept, with `outlook` |
//! | `write`, `mail` | what changes it |
//! | `edit`, `api`, `look`, `world`, `splice` | tests, other people, and what goes wrong with single items |

mod api;
mod auth;
#[cfg(test)]
mod claims;
mod clocks;
mod convert;
mod edit;
mod envelope;
mod find;
mod folders;
mod hierarchy;
mod ids;
mod item;
mod items;
mod knobs;
mod look;
mod mail;
mod mailbox;
mod names;
mod patch;
mod problem;
mod properties;
mod remove;
mod restriction;
mod schema;
mod series;
mod set;
mod shape;
mod show;
pub(crate) mod splice;
mod sync;
mod tasks;
mod times;
mod trouble;
mod update;
pub mod world;
mod write;
mod xml;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

pub use knobs::Knobs;
pub use look::ItemSummary;

use crate::outlook::ids::Key;
use crate::wire::{Request, Response, Service};
use item::Item;
use mailbox::Mailbox;
use problem::{Done, Problem};

/// The emulated service.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// The switches; they may be changed at any time.
    pub knobs: Knobs,
    mailboxes: Vec<Mailbox>,
    /// Mail addresses, in lower case.
    names: HashMap<String, usize>,
    logins: auth::Logins,
    /// Numbers of items and changes.
    counter: u64,
    /// Sync states of an earlier epoch are invalid.
    epoch: u64,
    outbox: Vec<Value>,
    troubles: Vec<trouble::Trouble>,
}

impl Exchange {
    /// An empty service.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the service's clock shows.
    #[must_use]
    pub fn clock(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::milliseconds(self.knobs.skew_ms)
    }

    fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    fn mailbox(&self, at: usize) -> Done<&Mailbox> {
        self.mailboxes.get(at).ok_or_else(no_mailbox)
    }

    fn mailbox_mut(&mut self, at: usize) -> Done<&mut Mailbox> {
        self.mailboxes.get_mut(at).ok_or_else(no_mailbox)
    }

    fn item(&self, at: usize, key: Key) -> Done<&Item> {
        self.mailbox(at)?.item(key).ok_or_else(Problem::not_found)
    }
}

fn no_mailbox() -> Problem {
    Problem::new("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
}

impl Service for Exchange {
    fn name(&self) -> &'static str {
        "exchange"
    }

    fn handle(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        let now = self.clock(now);
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
