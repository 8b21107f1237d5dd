//! The mailbox side on Microsoft 365: calendars through Microsoft Graph v1.0.
//!
//! [`client`] builds requests, [`feed`] reads calendarView/delta, [`mapping`] turns events into what the engine sees and
//! back, [`mod@write`] writes, [`search`] finds items by id, identity and marker. [`mod@todo`] is the same for tasks: ids tell
//! which of the two is meant.

pub mod client;
pub mod feed;
pub mod mapping;
pub mod search;
pub mod todo;
pub mod write;

use crate::activity::{Kind, Seen, SideId, Unit, Value};
use crate::ask::{Ask, Fault};
use crate::identity::Marker;
use crate::mailbox::Mailbox;
use crate::outlook;
use crate::policy::{Policies, Private};
use crate::settings::{Language, MailboxService, Settings};
use crate::side::{self, Feed, Found, Listing, Lost, Mark, Marked, Owner, Page, Side, Whereabouts, Write, Written};
use chrono::NaiveDate;
use chrono_tz::Tz;
use client::Client;

/// The Graph side of one account.
pub struct Graph {
    client: Client,
    zone: Tz,
    private: Private,
    language: Language,
    /// Lists of tasks are of interest.
    tasks: bool,
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
            tasks: settings.wants_tasks(),
        }
    }

    /// With the lists of tasks, whatever the settings want.
    #[must_use]
    pub fn with_tasks(self) -> Self {
        Self { tasks: true, ..self }
    }
}

impl Graph {
    /// Its requests.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl Mailbox for Graph {
    fn owner(&self) -> Ask<'_, Result<Owner, Fault>> {
        client::owner(&self.client)
    }

    fn time_zone(&self) -> Ask<'_, Option<Result<String, Fault>>> {
        client::zone(&self.client).map(Some)
    }
}

impl Side for Graph {
    fn id(&self) -> SideId {
        SideId::Mailbox
    }

    fn kind_of(&self, id: &str) -> Kind {
        if todo::task_of(id).is_some() { Kind::Task } else { Kind::Appointment }
    }

    fn folders(&self) -> Ask<'_, Result<Listing, Fault>> {
        let lists = if self.tasks { todo::client::lists(&self.client) } else { Ask::ready(Ok(Vec::new())) };
        client::calendars(&self.client).and(lists).map(|(calendars, lists)| {
            let mut folders = calendars?;
            let (lists, without_tasks) = match lists {
                Ok(lists) => (lists, None),
                Err(fault) => (Vec::new(), Some(fault)),
            };
            folders.extend(lists);
            Ok(Listing { folders, without_tasks })
        })
    }

    fn feeds(&self, folder: &str, from: NaiveDate, today: NaiveDate, known: &[Feed]) -> Vec<Feed> {
        match todo::list_of(folder) {
            Some(_) => vec![todo::feed::of(folder, known)],
            None => feed::slices(folder, from, today, known),
        }
    }

    fn listed(&self, feed: &Feed) -> Option<Feed> {
        let part = todo::feed::LISTED.to_owned();
        (feed.part == todo::feed::TASKS).then(|| Feed { folder: feed.folder.clone(), part })
    }

    fn pull<'a>(&'a self, feed: &'a Feed, from: &side::From, size: u32) -> Ask<'a, Result<Page, Fault>> {
        match todo::list_of(&feed.folder) {
            Some(list) if feed.part == todo::feed::LISTED => todo::feed::list(self, list, from),
            Some(list) => todo::feed::pull(self, list, from, size),
            None => feed::pull(self, feed, from, size),
        }
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
        outlook::conform(unit, value, current, self.zone)
    }

    fn find_marked<'a>(&'a self, markers: &[Marker], folders: &[String]) -> Ask<'a, Result<Vec<Seen>, Fault>> {
        search::find_marked(self, markers, folders)
    }

    fn marked<'a>(&'a self, folder: &'a str, cursor: &str) -> Ask<'a, Result<Marked, Fault>> {
        match todo::list_of(folder) {
            Some(list) => todo::search::marked(self, list, cursor),
            None => search::marked(self, folder, cursor),
        }
    }

    fn mark_of(&self, seen: &Seen) -> Option<Mark> {
        // A task does not say by which of its linked resources it carries the marker.
        let marker = seen.marker.clone().filter(|_| todo::task_of(&seen.id).is_none())?;
        let (item, version, title) = (seen.id.clone(), seen.version.clone(), seen.title().to_owned());
        Some(Mark { item, part: None, marker, title, version })
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
