//! `check --probe`: one test item on each side is made, changed, read back and deleted, to see what may be written, and in
//! Creatio what its documentation leaves open. Whatever step fails, the item is deleted in the end; one that an earlier
//! probe had to leave is deleted first.

pub(super) mod creatio;
mod exchange;
pub(super) mod mailbox;

use super::send;
use crate::ask::{Ask, Fault};
use crate::capability::{Capabilities, Request};
use crate::http;
use serde_json::Value;
use std::cell::Cell;

/// Title of the test items: says what to do with one that is found.
pub(super) const TITLE: &str = "Test item of schedule-sync, may be deleted";
/// The items' day: long past, so that nobody is reminded of one that stays, and no sync takes it for news.
const DAY: &str = "2001-07-02";
const START: &str = "2001-07-02T09:00:00Z";
const END: &str = "2001-07-02T09:30:00Z";

/// Sends one request after the other, and notes how the server took it.
pub(super) struct Wire<'a> {
    caps: Capabilities<'a>,
    waits: Cell<u32>,
    pages: Cell<u32>,
}

impl<'a> Wire<'a> {
    const fn new(caps: Capabilities<'a>) -> Self {
        Self { caps, waits: Cell::new(0), pages: Cell::new(0) }
    }

    /// The body of the answer; null where there is none.
    fn ask(&self, request: Request) -> Result<Value, Fault> {
        let ask = Ask::one(request, |answer| match answer {
            Ok(response) if (200..300).contains(&response.status) && response.body.trim_ascii().is_empty() => {
                Ok(Value::Null)
            }
            answer => http::json(answer),
        });
        let answer = match send(self.caps, ask) {
            Ok((answer, _)) => answer,
            Err(_) => Err(Fault::Stopped),
        };
        if let Err(fault) = &answer {
            self.waits.set(self.waits.get() + u32::from(matches!(fault, Fault::Throttled(_))));
            self.pages.set(self.pages.get() + u32::from(http::is_page(fault)));
        }
        answer
    }
}
