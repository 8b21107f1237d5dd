//! The mailbox side on Exchange Server: calendars and tasks through Exchange Web Services.
//!
//! [`client`] makes requests, [`feed`] reads the changes of a folder, [`mapping`] turns items into what the engine sees and
//! back, [`mod@write`] writes, [`search`] finds items by id, identity and marker. The protocol's own codec is
//! [`crate::ews`]. What a feed and a search show of an item is partial, and so is what is known after a write: the engine
//! reads what it needs.

pub mod client;
pub mod feed;
pub mod mapping;
pub mod search;
pub mod write;

use crate::activity::{Kind, Seen, SideId, Unit, Value};
use crate::ask::{Ask, Fault};
use crate::ews::request::Context;
use crate::identity::Marker;
use crate::mailbox::Mailbox;
use crate::policy::{Impersonation, Private};
use crate::settings::{Language, MailboxService, Settings};
use crate::side::{
    Feed, Found, From, Listing, Lost, Mark, Marked, Owner, Page, Search, Side, Whereabouts, Write, Written,
};
use crate::time;
use chrono::NaiveDate;
use chrono_tz::Tz;
use client::Client;

/// Prefix of ids of task folders and tasks: an id has to say what it is one of. Exchange's own have no colon.
const TASK: &str = "task:";
/// Writes at a time: what one request carries.
const CHUNK: usize = 50;

fn prefixed(kind: Kind, id: &str) -> String {
    match kind {
        Kind::Appointment => id.to_owned(),
        Kind::Task => format!("{TASK}{id}"),
    }
}

/// The engine's id of a folder.
#[must_use]
pub fn folder_id(kind: Kind, id: &str) -> String {
    prefixed(kind, id)
}

/// The engine's id of an item.
#[must_use]
pub fn item_id(kind: Kind, id: &str) -> String {
    prefixed(kind, id)
}

/// What an id of ours is one of.
#[must_use]
pub fn kind_of(id: &str) -> Kind {
    if id.starts_with(TASK) { Kind::Task } else { Kind::Appointment }
}

/// Exchange's own id.
#[must_use]
pub fn bare(id: &str) -> &str {
    id.strip_prefix(TASK).unwrap_or(id)
}

/// The Exchange side of one account.
pub struct Exchange {
    client: Client,
    zone: Tz,
    /// The zone in which requests mean days: the account's, where Exchange has a name for it.
    days: Tz,
    /// Its name.
    zone_name: String,
    private: Private,
    language: Language,
    /// Folders of tasks are of interest.
    tasks: bool,
}

impl Exchange {
    /// The side of an account.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let (MailboxService::Exchange(url) | MailboxService::Graph(url)) = &settings.account.service;
        let named = time::windows_name(settings.zone);
        let days = if named.is_some() { settings.zone } else { Tz::UTC };
        let zone_name = named.unwrap_or_else(|| "UTC".into());
        let address = &settings.account.address;
        let acting = settings.policies.impersonation == Impersonation::Yes;
        let context = Context { acting_for: acting.then(|| address.clone()), zone: zone_name.clone() };
        Self {
            client: Client::new(url, address, context),
            zone: settings.zone,
            days,
            zone_name,
            private: settings.policies.private,
            language: settings.language,
            tasks: settings.wants_tasks(),
        }
    }

    /// With the folders of tasks, whatever the settings want.
    #[must_use]
    pub fn with_tasks(self) -> Self {
        Self { tasks: true, ..self }
    }
}

impl Mailbox for Exchange {
    fn owner(&self) -> Ask<'_, Result<Owner, Fault>> {
        client::owner(&self.client)
    }

    fn time_zone(&self) -> Ask<'_, Option<Result<String, Fault>>> {
        // Exchange keeps it in the settings of its web client, if anywhere.
        Ask::ready(None)
    }
}

impl Side for Exchange {
    fn id(&self) -> SideId {
        SideId::Mailbox
    }

    fn kind_of(&self, id: &str) -> Kind {
        kind_of(id)
    }

    fn folders(&self) -> Ask<'_, Result<Listing, Fault>> {
        client::folders(&self.client).map(|folders| {
            let mut folders = folders?;
            folders.retain(|folder| self.tasks || folder.kind == Kind::Appointment);
            Ok(Listing { folders, without_tasks: None })
        })
    }

    fn feeds(&self, folder: &str, from: NaiveDate, _today: NaiveDate, known: &[Feed]) -> Vec<Feed> {
        vec![feed::of(folder, from, known)]
    }

    fn page(&self) -> u32 {
        feed::PAGE
    }

    fn pull<'a>(&'a self, feed: &'a Feed, from: &From, size: u32) -> Ask<'a, Result<Page, Fault>> {
        feed::pull(self, feed, from, size)
    }

    fn read<'a>(&'a self, ids: &[String]) -> Ask<'a, Vec<Result<Found, Fault>>> {
        search::read(self, ids)
    }

    fn write<'a>(&'a self, writes: &[Write]) -> Ask<'a, Vec<Result<Written, Fault>>> {
        write::write(self, writes)
    }

    fn chunk(&self) -> usize {
        CHUNK
    }

    fn forgets_unshown(&self) -> bool {
        true
    }

    fn renames_moved(&self) -> bool {
        true
    }

    fn deletes_unseen(&self) -> bool {
        true
    }

    fn conform(&self, unit: Unit, value: &Value, current: Option<&Seen>) -> Value {
        mapping::conform(unit, value, current, self.zone)
    }

    fn find_marked<'a>(&'a self, markers: &[Marker], folders: &[String]) -> Ask<'a, Result<Vec<Seen>, Fault>> {
        search::find_marked(self, markers, folders)
    }

    fn find_each<'a>(&'a self, searches: &[Search]) -> Ask<'a, Vec<Result<Vec<Seen>, Fault>>> {
        search::find_each(self, searches)
    }

    fn marked<'a>(&'a self, folder: &'a str, cursor: &str) -> Ask<'a, Result<Marked, Fault>> {
        search::marked(self, folder, cursor)
    }

    fn bins(&self) -> Ask<'_, Result<Vec<String>, Fault>> {
        // An id says that of a calendar: what lies there is shown whatever it is, and named by its own kind.
        client::bin(&self.client)
    }

    fn mark_of(&self, seen: &Seen) -> Option<Mark> {
        mapping::mark(seen)
    }

    fn unmark<'a>(&'a self, marks: &[Mark]) -> Ask<'a, Vec<Result<String, Fault>>> {
        write::unmark(self, marks)
    }

    fn sought<'a>(&'a self, items: &[(Kind, Lost)], folders: &[String]) -> Ask<'a, Vec<Whereabouts>> {
        search::sought(self, items, folders)
    }

    fn whereabouts<'a>(&'a self, items: &[Lost], folders: &[String]) -> Ask<'a, Vec<Whereabouts>> {
        search::whereabouts(self, items, folders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_it_is_one_of_and_carries_that_of_exchange() {
        for kind in [Kind::Appointment, Kind::Task] {
            let id = item_id(kind, "AAMk/+=");
            assert_eq!((kind_of(&id), bare(&id)), (kind, "AAMk/+="));
        }
    }
}
