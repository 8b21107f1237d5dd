//! The mailbox side on Microsoft 365: calendars through Microsoft Graph v1.0.
//!
//! [`client`] builds requests, [`feed`] reads calendarView/delta, [`mapping`] turns events into what the engine sees and
//! back, [`mod@write`] writes, [`search`] finds items by id, identity and marker.

pub mod client;
pub mod feed;
pub mod mapping;
pub mod search;
pub mod write;

use crate::activity::{Seen, SideId, Unit, Value};
use crate::ask::{Ask, Fault};
use crate::identity::Marker;
use crate::policy::{Policies, Private};
use crate::settings::{Language, MailboxService, Settings};
use crate::side::{self, Feed, Folder, Found, Lost, Marked, Owner, Page, Side, Whereabouts, Write, Written};
use chrono_tz::Tz;
use client::Client;

/// The Graph side of one account.
pub struct Graph {
    client: Client,
    zone: Tz,
    private: Private,
    language: Language,
}

impl Graph {
    /// The side of an account.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let (MailboxService::Graph(root) | MailboxService::Exchange(root)) = &settings.account.service;
        let Policies { private, .. } = settings.policies;
        Self {
            client: Client::new(root, &settings.account.address),
            zone: settings.zone,
            private,
            language: settings.language,
        }
    }
}

impl Graph {
    /// Whose mailbox it is.
    #[must_use]
    pub fn owner(&self) -> Ask<'_, Result<Owner, Fault>> {
        client::owner(&self.client)
    }
}

impl Side for Graph {
    fn id(&self) -> SideId {
        SideId::Mailbox
    }

    fn folders(&self) -> Ask<'_, Result<Vec<Folder>, Fault>> {
        client::calendars(&self.client)
    }

    fn pull<'a>(&'a self, feed: &'a Feed, from: &side::From, size: u32) -> Ask<'a, Result<Page, Fault>> {
        feed::pull(self, feed, from, size)
    }

    fn read<'a>(&'a self, ids: &[String]) -> Ask<'a, Vec<Result<Found, Fault>>> {
        search::read(self, ids)
    }

    fn write<'a>(&'a self, writes: &[Write]) -> Ask<'a, Vec<Result<Written, Fault>>> {
        write::write(self, writes)
    }

    fn chunk(&self) -> usize {
        20
    }

    fn conform(&self, unit: Unit, value: &Value, current: Option<&Seen>) -> Value {
        mapping::conform(unit, value, current, self.zone)
    }

    fn find_marked<'a>(&'a self, markers: &[Marker], folders: &[String]) -> Ask<'a, Result<Vec<Seen>, Fault>> {
        search::find_marked(self, markers, folders)
    }

    fn marked<'a>(&'a self, folder: &str, cursor: &str) -> Ask<'a, Result<Marked, Fault>> {
        search::marked(self, folder, cursor)
    }

    fn whereabouts<'a>(&'a self, items: &[Lost], folders: &[String]) -> Ask<'a, Vec<Whereabouts>> {
        search::whereabouts(self, items, folders)
    }

    fn versions<'a>(&'a self, ids: &[String]) -> Ask<'a, Vec<Result<Option<String>, Fault>>> {
        search::read(self, ids).map(|found| {
            found
                .into_iter()
                .map(|found| {
                    found.map(|found| match found {
                        Found::Here(seen) => Some(seen.version),
                        Found::Absent => None,
                    })
                })
                .collect()
        })
    }
}
