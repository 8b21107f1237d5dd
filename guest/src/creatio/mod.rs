//! The Creatio side: activities through OData v4.
//!
//! [`client`] builds requests, [`feed`] scans for changes, [`groups`] knows who is in a group, [`mapping`] turns rows into what the engine sees and back,
//! [`task`] what is particular to tasks, [`mod@write`] writes. Facts of the protocol: lookups are filtered by navigation path and written by their scalar column;
//! nulls never appear; there is no ETag and no tombstone.

pub mod built_in;
pub mod client;
pub mod feed;
pub mod glimpse;
pub mod groups;
pub mod mapping;
pub mod task;
pub mod write;

use crate::activity::{Kind, Seen, SideId, Unit, Value};
use crate::ask::{Ask, Fault};
use crate::identity::Marker;
use crate::side::{self, Feed, Found, Listing, Lost, Mark, Marked, Page, Side, Whereabouts, Write, Written};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use client::Client;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What a run learns of the site before it reads activities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The contact of the account's user.
    pub contact: Uuid,
    /// Statuses that are final.
    pub finals: Vec<Uuid>,
}

/// The Creatio side of one account.
pub struct Creatio {
    client: Client,
    site: Site,
    shared: bool,
    /// The selected groups, where activities are exported by group.
    groups: Option<Vec<Uuid>>,
    /// Appointments are exported, tasks are.
    exports: [bool; 2],
    place_column: String,
    zone: Tz,
    untitled: &'static str,
    /// Rows that end before it are not part of a first scan.
    floor: DateTime<Utc>,
    /// How far the site's stamps lie behind its answers' dates, in seconds.
    skew: i64,
}

/// What the Creatio side is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What is known of the site.
    pub site: Site,
    /// Rows that end before it are not part of a first scan.
    pub floor: DateTime<Utc>,
    /// Measured skew, in seconds.
    pub skew: i64,
}

impl Creatio {
    /// The side of an account.
    #[must_use]
    pub fn new(settings: &crate::settings::Settings, setup: Setup) -> Self {
        Self {
            client: Client::new(&settings.account.creatio, &settings.account.odata),
            site: setup.site,
            shared: settings.account.shared,
            groups: settings.groups(),
            exports: [Kind::Appointment, Kind::Task].map(|kind| settings.exports(kind)),
            place_column: settings.policies.place_column.clone(),
            zone: settings.zone,
            untitled: settings.language.untitled(),
            floor: setup.floor,
            skew: setup.skew,
        }
    }
}

impl Creatio {
    /// Where the listing of the members of the selected groups begins.
    #[must_use]
    pub fn member_places(&self) -> Vec<groups::Place> {
        groups::places(self.groups.as_deref().unwrap_or_default())
    }

    /// Asks for members of the selected groups, from these places on.
    #[must_use]
    pub fn members(&self, places: Vec<groups::Place>) -> Ask<'_, Result<groups::Members, Fault>> {
        groups::members(&self.client, places)
    }

    /// Of these activities, those in which others than the account's contact take part.
    pub fn shared_with<'a>(&'a self, ids: &[String]) -> Ask<'a, Result<BTreeSet<String>, Fault>> {
        client::shared_with(self, ids)
    }

    /// Asks whether any activity of the account's contact can be seen.
    #[must_use]
    pub fn sees_own(&self) -> Ask<'_, Result<bool, Fault>> {
        client::sees_own(self)
    }
}

impl Side for Creatio {
    fn id(&self) -> SideId {
        SideId::Creatio
    }

    fn folders(&self) -> Ask<'_, Result<Listing, Fault>> {
        Ask::ready(Ok(Listing { folders: Vec::new(), without_tasks: None }))
    }

    fn feeds(&self, _folder: &str, _from: NaiveDate, _today: NaiveDate, _known: &[Feed]) -> Vec<Feed> {
        feed::feeds(self.shared)
    }

    fn pull<'a>(&'a self, feed: &'a Feed, from: &side::From, size: u32) -> Ask<'a, Result<Page, Fault>> {
        feed::pull(self, feed, from, size)
    }

    fn read<'a>(&'a self, ids: &[String]) -> Ask<'a, Vec<Result<Found, Fault>>> {
        client::read(self, ids)
    }

    fn write<'a>(&'a self, writes: &[Write]) -> Ask<'a, Vec<Result<Written, Fault>>> {
        write::write(self, writes)
    }

    fn chunk(&self) -> usize {
        // Two full batches of creates, with the row read back after each; ten filters of ten ids.
        100
    }

    fn conform(&self, unit: Unit, value: &Value, _current: Option<&Seen>) -> Value {
        mapping::conform(unit, value, self.untitled)
    }

    fn viewed(&self, seen: &Seen, kind: Kind) -> Seen {
        task::viewed(seen, kind, self.zone)
    }

    fn find_marked<'a>(&'a self, _markers: &[Marker], _folders: &[String]) -> Ask<'a, Result<Vec<Seen>, Fault>> {
        Ask::ready(Ok(Vec::new()))
    }

    fn marked<'a>(&'a self, _folder: &'a str, _cursor: &str) -> Ask<'a, Result<Marked, Fault>> {
        Ask::ready(Ok(Marked { items: Vec::new(), next: None }))
    }

    fn mark_of(&self, _seen: &Seen) -> Option<Mark> {
        None
    }

    fn unmark<'a>(&'a self, marks: &[Mark]) -> Ask<'a, Vec<Result<String, Fault>>> {
        // Activities carry no marker.
        Ask::ready(marks.iter().map(|_| Ok(String::new())).collect())
    }

    fn whereabouts<'a>(&'a self, items: &[Lost], _folders: &[String]) -> Ask<'a, Vec<Whereabouts>> {
        // Creatio hides what rights forbid: one absence proves nothing, see the removals stage.
        Ask::ready(items.iter().map(|_| Whereabouts::Unknown(Fault::Garbled("absence is no proof".into()))).collect())
    }
}
