//! Owed: what is known not to be in step, and why. A run observes changes into owed rows and then settles them, so a
//! cursor may pass an item that was not settled, and a crash loses no observation.

use crate::activity::{Seen, SideId};
use crate::digest::Digest;
use crate::reason::Reason;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is owed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A pair, or an activity without one.
    Activity(Uuid),
    /// An item of the mailbox that belongs to no link.
    Item(String),
}

impl Subject {
    /// The key below the account's owed rows.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Activity(id) => format!("a/{id}"),
            Self::Item(id) => format!("i/{}", Digest::of(id).as_str()),
        }
    }
}

/// Why it is owed, and so what brings it up again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Observed, not looked at yet: the next run does.
    Observed,
    /// Policy refuses these operations: a change, another policy or a person's yes.
    Held,
    /// It failed: its time.
    Failed,
    /// It has to be written to a side that the run did not write: a run that does.
    Pending(SideId),
    /// The outcome of a write is not known: the next run settles it.
    Unknown,
}

/// An owed row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// What.
    pub subject: Subject,
    /// Why.
    pub why: Why,
    /// Why, for a person.
    pub reason: Reason,
    /// The run that wrote the row; what it observed is only good within it.
    pub run: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it is looked at again by itself.
    pub retry: Option<DateTime<Utc>>,
    /// How often it failed.
    pub tries: u32,
    /// Ids of the operations that are held or failed.
    pub operations: Vec<String>,
    /// The policy under which it was left.
    pub policy: Digest,
    /// The mailbox's side as observed in `run`.
    pub mailbox: Option<Box<Seen>>,
    /// Creatio's side as observed in `run`.
    pub creatio: Option<Box<Seen>>,
    /// Title, for reports.
    pub title: String,
}

impl Owed {
    /// An observation.
    #[must_use]
    pub fn observed(subject: Subject, run: &str, now: DateTime<Utc>, policy: &Digest) -> Self {
        Self {
            subject,
            why: Why::Observed,
            reason: Reason::Observed,
            run: run.to_owned(),
            since: now,
            retry: None,
            tries: 0,
            operations: Vec::new(),
            policy: policy.clone(),
            mailbox: None,
            creatio: None,
            title: String::new(),
        }
    }

    /// Notes what a side showed.
    pub fn see(&mut self, side: SideId, seen: Box<Seen>) {
        if !seen.title().is_empty() {
            seen.title().clone_into(&mut self.title);
        }
        match side {
            SideId::Creatio => self.creatio = Some(seen),
            SideId::Mailbox => self.mailbox = Some(seen),
        }
    }

    /// This run has to look at it.
    #[must_use]
    pub fn due(&self, now: DateTime<Utc>, policy: &Digest, writable: &[SideId], only: Option<&[String]>) -> bool {
        let chosen = only.is_some_and(|only| self.operations.iter().any(|operation| only.contains(operation)));
        let by_itself = match &self.why {
            Why::Observed | Why::Unknown => true,
            Why::Held => false,
            Why::Failed => self.retry.is_none_or(|retry| retry <= now),
            Why::Pending(side) => writable.contains(side),
        };
        chosen || by_itself || self.policy != *policy
    }
}

/// When to try again what failed so often.
#[must_use]
pub fn backoff(tries: u32) -> chrono::Duration {
    chrono::Duration::minutes(match tries {
        0 | 1 => 0,
        2 => 5,
        3 => 15,
        4 => 60,
        5 => 360,
        _ => 1440,
    })
}
