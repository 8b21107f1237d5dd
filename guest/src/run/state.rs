//! What an account remembers beside its links: one row.

use crate::activity::SideId;
use crate::digest::Digest;
use crate::settings::Service;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The account's own row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// Layout of all rows of the account.
    pub layout: u32,
    /// Id in the markers of its items; none where no layout before 2 wrote one down.
    #[serde(default)]
    pub mailbox: Option<Uuid>,
    /// The mailbox's id in the directory, where it may be read.
    #[serde(default)]
    pub directory: Option<String>,
    /// The mailbox's default calendar.
    #[serde(default)]
    pub calendar: Option<String>,
    /// What serves the mailbox; none where no layout before 4 wrote it down.
    #[serde(default)]
    pub service: Option<Service>,
    /// The mailbox moved to another service, and has not been read to its end since: nothing counts as gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moving: bool,
    /// Links are being put back, and so many are: until all are, no run may begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restoring: Option<u64>,
    /// The account is being forgotten, and so many steps of that are done: until it has gone, no run may begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgetting: Option<u64>,
    /// A pass over the whole mailbox has filled the index: from then on items may be created there.
    pub indexed: bool,
    /// Sides with which the first contact is over: a complete run that writes them found little enough to make there.
    #[serde(default, deserialize_with = "contacted")]
    pub contacted: BTreeSet<SideId>,
    /// Contact of the account's user.
    pub contact: Option<Uuid>,
    /// Final statuses of the site.
    pub finals: Vec<Uuid>,
    /// When the site's lookups were last read.
    pub lookups_at: Option<DateTime<Utc>>,
    /// How far Creatio's stamps lie behind its answers' dates, in seconds.
    pub skew: i64,
    /// Policies that decide how items are seen, as of the last run.
    pub policy: Option<Digest>,
    /// When all activities were last listed.
    pub swept_at: Option<DateTime<Utc>>,
    /// How many links are active.
    pub links: i64,
    /// Where the rolling check of existence stands.
    pub rolling: Option<String>,
    /// When it last ran.
    pub rolled_at: Option<DateTime<Utc>>,
    /// Folders beside the selected ones that hold exported items.
    pub followed: Vec<String>,
    /// User-level deletions of the last day, by side.
    pub removals: BTreeMap<SideId, Vec<DateTime<Utc>>>,
}

/// A layout before 4 knew of both sides together.
fn contacted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<SideId>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Contacted {
        Both(bool),
        Sides(BTreeSet<SideId>),
    }
    Ok(match Contacted::deserialize(deserializer)? {
        Contacted::Both(true) => BTreeSet::from([SideId::Creatio, SideId::Mailbox]),
        Contacted::Both(false) => BTreeSet::new(),
        Contacted::Sides(sides) => sides,
    })
}

/// A feed's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedState {
    /// The feed.
    pub feed: crate::side::Feed,
    /// Where to go on; none where it has to be read from the start.
    pub cursor: Option<String>,
    /// It is being read from the start: what it shows is noted, and what it did not show at its end may be gone.
    pub round: Option<u64>,
    /// How many rounds it has seen.
    pub rounds: u64,
    /// Items a page; halved when an answer was too large.
    pub size: u32,
}

/// What is known of a mailbox item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRow {
    /// Its id.
    pub id: String,
    /// Its link.
    pub link: Option<Uuid>,
    /// Its version, where it has no link.
    pub version: String,
    /// Its folder.
    pub folder: String,
    /// Key of its fingerprint's row, where it has no link.
    pub print: Option<String>,
    /// Its marker, where it has one that leads to no link.
    pub marker: Option<String>,
    /// Key of the row that says it may be the item of a pair that lost sight of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alike: Option<String>,
    /// The policy under which it was looked at.
    pub policy: Digest,
}

/// What is known of an activity without a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityRow {
    /// Its version.
    pub version: String,
    /// Key of its fingerprint's row.
    pub print: Option<String>,
    /// The policy under which it was looked at.
    pub policy: Digest,
}

/// A fingerprint's row: who looks like that. Below `print/FINGERPRINT/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Print {
    /// An unlinked activity of the account's contact.
    Activity(Uuid),
    /// An unlinked item.
    Item(String),
    /// A part of a series, which has no link of its own.
    Occurrence(String),
}

/// A pair that may have lost a side: for the removals stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneRow {
    /// The link.
    pub activity: Uuid,
    /// The side.
    pub side: SideId,
    /// It was just made, and its feed, which would not say that it has gone, has not shown it yet: nothing is missed.
    #[serde(default)]
    pub unshown: bool,
    /// Since when it is missed.
    pub since: DateTime<Utc>,
    /// How many complete runs missed it.
    pub runs: u32,
    /// Folder from which it is missed.
    pub folder: String,
    /// Why.
    pub reason: crate::reason::Reason,
    /// The operation that is held, why, and under which policies.
    pub held: Option<(String, crate::reason::Reason, Digest)>,
}

/// A meeting that several accounts of the tenant take part in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingRow {
    /// Accounts with an active link, by account id.
    pub members: BTreeMap<String, Member>,
    /// The account that decided last, and whose user deleted its copy: the activity was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The account's user organises it.
    pub organizer: bool,
    /// Since when it is linked.
    pub since: DateTime<Utc>,
}

impl MeetingRow {
    /// The account whose link decides about the meeting: the organizer's, else the oldest.
    #[must_use]
    pub fn writer(&self) -> Option<&str> {
        self.members
            .iter()
            .min_by_key(|(account, member)| (!member.organizer, member.since, (*account).clone()))
            .map(|(account, _)| account.as_str())
    }

    /// Without the copy of this account the meeting goes on: another one decides about it, or will. Only where its organizer
    /// lets it go it is over for everybody.
    #[must_use]
    pub fn lives_on_without(&self, account: &str) -> bool {
        let organizes = self.members.get(account).is_some_and(|member| member.organizer);
        !organizes && self.members.keys().any(|other| other != account)
    }
}

/// A value that lost a conflict, kept for the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoserRow {
    /// The side it was on.
    pub side: SideId,
    /// The value.
    pub value: crate::activity::Value,
    /// The run that overwrote it.
    pub run: String,
    /// When.
    pub at: DateTime<Utc>,
}
