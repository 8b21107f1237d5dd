//! What is known not to be in step. A run first writes down what the feeds show (observations) and then works it off;
//! what it cannot settle is owed, with the reason. So a cursor may pass an item that was not settled, and a crash loses
//! no observation.

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
    /// Policy refuses these operations: a change, another policy or a person's yes.
    Held,
    /// It failed: its time.
    Failed,
    /// It has to be written to a side that the run did not write: a run that does.
    Pending(SideId),
    /// The outcome of a write is not known: the next run settles it.
    Unknown,
}

/// What a feed showed, until the run has worked it off. Only the run that made it may use what it holds: an older one
/// says no more than that the subject has to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// What.
    pub subject: Subject,
    /// The run that made it.
    pub run: String,
    /// The item as the mailbox showed it; none where it has to be read.
    pub mailbox: Option<Box<Seen>>,
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
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it is looked at again by itself.
    pub retry: Option<DateTime<Utc>>,
    /// How often it failed.
    pub tries: u32,
    /// Ids of the operations that are held or failed.
    pub operations: Vec<String>,
    /// The policies under which it was left.
    pub policy: Digest,
    /// Id of the item, where the subject is an activity without a link.
    pub item: Option<String>,
    /// Nonces of attempts to create the item whose end is not known.
    pub attempts: Vec<String>,
    /// Generation of the next attempt.
    pub generation: u32,
    /// Title, for reports.
    pub title: String,
}

impl Owed {
    /// What is owed from now on, and never was before; nothing brings it up by itself.
    #[must_use]
    pub fn new(subject: Subject, why: Why, reason: Reason, now: DateTime<Utc>, policy: &Digest) -> Self {
        Self {
            subject,
            why,
            reason,
            since: now,
            retry: None,
            tries: 0,
            operations: Vec::new(),
            policy: policy.clone(),
            item: None,
            attempts: Vec::new(),
            generation: 0,
            title: String::new(),
        }
    }

    /// This run has to look at it.
    #[must_use]
    pub fn due(&self, now: DateTime<Utc>, policy: &Digest, writable: &[SideId], only: Option<&[String]>) -> bool {
        let chosen = only.is_some_and(|only| self.operations.iter().any(|operation| only.contains(operation)));
        let by_itself = match &self.why {
            Why::Unknown => true,
            Why::Held => self.retry.is_some_and(|retry| retry <= now),
            // Not once more in the run that failed, which began at the earliest time for it.
            Why::Failed => self.retry.is_none_or(|retry| retry < now),
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
