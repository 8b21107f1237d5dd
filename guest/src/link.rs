//! A link: one activity and its mailbox item, and what each side held when the two were last in step.

use crate::activity::{Kind, Seen, SideId, Stake, Unit, Values};
use crate::digest::Digest;
use crate::identity::Marker;
use crate::policy::Policies;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How the pair came to be. What the sync made, it may remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The activity was made from the item.
    Imported,
    /// The item was made from the activity.
    Exported,
    /// Both were there.
    Adopted,
}

/// Whether the pair is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// Followed.
    Active,
    /// Outside of what the settings cover: nothing is written or deleted, nothing exported again; a return revives it.
    Parked,
    /// One side is gone. The row stays, so that what is left is neither imported nor exported again.
    Ended {
        /// The side that went first.
        gone: SideId,
        /// The sync cancelled the activity: a return takes that back.
        cancelled: bool,
    },
}

/// What each side held, by unit, when the pair was last in step there.
pub type Bases = BTreeMap<Unit, Digest>;

/// Digests of all units.
#[must_use]
pub fn digests(values: &Values) -> Bases {
    values.iter().map(|(unit, value)| (*unit, value.digest())).collect()
}

/// A difference between what was sent and what was read back: seen twice it is the server's own form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Normalised {
    /// The side.
    pub side: SideId,
    /// The unit.
    pub unit: Unit,
    /// Digest of what was sent.
    pub sent: Digest,
    /// Digest of what was read back.
    pub read: Digest,
}

/// One side of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Id of the item on that side.
    pub id: String,
    /// The version that the bases speak of; empty where none was read.
    pub version: String,
    /// Bases.
    pub bases: Bases,
    /// Our own write made that version.
    pub by_us: bool,
    /// The sync made it, and no edit of a person's has been seen since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untouched: bool,
}

impl End {
    /// One of which nothing is known but its id.
    #[must_use]
    pub const fn known(id: String) -> Self {
        Self { id, version: String::new(), bases: Bases::new(), by_us: false, untouched: false }
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The activity; also the link's own id within the account.
    pub activity: Uuid,
    /// The activity's end.
    pub creatio: End,
    /// The item's end.
    pub mailbox: End,
    /// Folder of the item.
    pub folder: String,
    /// Meeting identity of the item.
    pub identity: Option<String>,
    /// How it came to be.
    pub origin: Origin,
    /// Whether it is followed.
    pub state: LinkState,
    /// Policy hash that the bases were taken under.
    pub policy: Digest,
    /// Raised at each deliberate re-creation of the item.
    pub generation: u32,
    /// Nonce of the attempt that made the item, where the sync made it.
    pub nonce: Option<String>,
    /// Nonces of earlier attempts.
    pub earlier: Vec<String>,
    /// Mailbox id in the item's marker, where it is not the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked_as: Option<Uuid>,
    /// Column of the activity that the base of its place speaks of, where that is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_column: Option<String>,
    /// It was put back and has not been looked at: the pair is known, and nothing of what the sides held.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restored: bool,
    /// Differences read back once.
    pub normalised: Vec<Normalised>,
    /// When the row was last recorded.
    pub recorded: DateTime<Utc>,
    /// Title as last seen, after policies: for reports about what is gone.
    pub title: String,
    /// Start as last seen.
    pub start: Option<DateTime<Utc>>,
    /// End as last seen.
    pub end: Option<DateTime<Utc>>,
    /// The activity had a final status when last seen.
    pub finished: bool,
    /// The item had attendees when last seen.
    pub attended: bool,
    /// When the item was made, where it is a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<DateTime<Utc>>,
    /// The activity was the account's contact's own at some time since the two were linked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
}

impl Link {
    /// One of its ends.
    #[must_use]
    pub const fn end(&self, side: SideId) -> &End {
        match side {
            SideId::Creatio => &self.creatio,
            SideId::Mailbox => &self.mailbox,
        }
    }

    /// One of its ends, to change.
    pub const fn end_mut(&mut self, side: SideId) -> &mut End {
        match side {
            SideId::Creatio => &mut self.creatio,
            SideId::Mailbox => &mut self.mailbox,
        }
    }

    /// Takes what a side shows for its base. What differs from the base before it was changed by somebody.
    pub fn take_base(&mut self, side: SideId, unit: Unit, digest: Digest) {
        let end = self.end_mut(side);
        let same = end.bases.get(&unit).is_none_or(|before| *before == digest);
        end.untouched &= same;
        end.bases.insert(unit, digest);
    }

    /// The base of its place speaks of another column than the policies name.
    #[must_use]
    pub fn place_elsewhere(&self, policies: &Policies) -> bool {
        !policies.place_column.is_empty() && self.place_column != policies.other_place_column()
    }

    /// The item is not known: its mailbox moved to another service, where it has another id and has not been found yet.
    #[must_use]
    pub fn adrift(&self) -> bool {
        self.mailbox.id.is_empty()
    }

    /// What its item is, as far as the link tells.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let appointment = self.identity.is_some() || self.mailbox.bases.contains_key(&Unit::Place);
        if appointment { Kind::Appointment } else { Kind::Task }
    }

    /// It is followed.
    #[must_use]
    pub fn active(&self) -> bool {
        self.state == LinkState::Active
    }

    /// The activity was handed over: it is no business of the account's contact any more, and the sync had put its item
    /// into the mailbox. Whoever wrote it and never owned it keeps it.
    #[must_use]
    pub fn handed_over(&self, activity: &Seen) -> bool {
        let part = match activity.stake {
            Stake::Part => true,
            Stake::Author => !self.owned,
            Stake::None => false,
        };
        self.origin == Origin::Exported && !part
    }

    /// The marker that its item carries, where the sync made it.
    #[must_use]
    pub fn marker(&self, mailbox: Uuid) -> Option<Marker> {
        self.nonce.as_ref().map(|nonce| Marker {
            activity: self.activity,
            mailbox: self.marked_as.unwrap_or(mailbox),
            nonce: nonce.clone(),
        })
    }

    /// It ended before `now`, or its activity is finished: removals do not touch it.
    #[must_use]
    pub fn over(&self, now: DateTime<Utc>) -> bool {
        self.finished || self.end.is_some_and(|end| end <= now)
    }

    /// Remembers title and times for reports.
    pub fn describe(&mut self, seen: &Seen) {
        seen.title().clone_into(&mut self.title);
        if let Some(when) = seen.when() {
            self.start = Some(when.start);
            self.end = Some(when.end);
        }
    }
}
