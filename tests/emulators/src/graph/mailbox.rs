//! A mailbox: its calendars and tasks, what lies in them, and the log of changes from which delta is answered.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use super::event::{Address, Event};
use super::ids::{self, GlobalId, Id, Key, Kind};
use super::todo::Todo;

/// The latest change of one item, as its calendar or list remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Key,
    /// The number of moves when it left: the classic id that clients knew.
    pub(super) moves: u32,
    /// It is not there any more.
    pub(super) gone: bool,
}

/// Changes of a calendar or list by their number; each item stands in it once, with its latest.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    pub(super) entries: BTreeMap<u64, Entry>,
    latest: HashMap<Key, u64>,
}

impl Log {
    /// Enters the latest change of an item.
    pub(super) fn put(&mut self, number: u64, entry: Entry) {
        if let Some(old) = self.latest.insert(entry.key, number) {
            self.entries.remove(&old);
        }
        self.entries.insert(number, entry);
    }

    fn is_gone(&self, key: Key) -> bool {
        self.latest.get(&key).and_then(|number| self.entries.get(number)).is_some_and(|entry| entry.gone)
    }
}

/// A calendar.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    pub(super) key: Key,
    pub(super) name: String,
    pub(super) color: &'static str,
    pub(super) can_edit: bool,
    pub(super) owner: Address,
    pub(super) group: Key,
    pub(super) change: u64,
    pub(super) log: Log,
    pub(super) events: BTreeSet<Key>,
}

/// A calendar group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) key: Key,
    pub(super) name: String,
    pub(super) change: u64,
}

/// A mailbox.
#[derive(Debug, Clone)]
pub(super) struct Mailbox {
    pub(super) guid: Uuid,
    pub(super) user: Uuid,
    pub(super) who: Address,
    /// A Windows name; empty where the user has never chosen one.
    pub(super) zone: String,
    pub(super) default_calendar: Key,
    pub(super) calendars: BTreeMap<Key, Calendar>,
    pub(super) groups: Vec<Group>,
    pub(super) events: BTreeMap<Key, Arc<Event>>,
    pub(super) deleted: BTreeMap<Key, Arc<Event>>,
    pub(super) by_global: BTreeMap<GlobalId, Key>,
    pub(super) by_transaction: HashMap<String, Key>,
    pub(super) todo: Todo,
}

impl Mailbox {
    pub(super) fn new(who: Address, zone: String) -> Self {
        let name = who.address.to_lowercase();
        Self {
            guid: ids::named(&format!("mailbox {name}")),
            user: ids::named(&format!("user {name}")),
            who,
            zone,
            default_calendar: 0,
            calendars: BTreeMap::new(),
            groups: Vec::new(),
            events: BTreeMap::new(),
            deleted: BTreeMap::new(),
            by_global: BTreeMap::new(),
            by_transaction: HashMap::new(),
            todo: Todo::default(),
        }
    }

    pub(super) fn calendar_id(&self, key: Key) -> String {
        // The place makes it look like a folder's id; folders do not move.
        Id { kind: Kind::Calendar, mailbox: self.guid, key, date: None, place: Some((key, 0)) }.encode()
    }

    pub(super) fn group_id(&self, key: Key) -> String {
        Id { kind: Kind::Group, mailbox: self.guid, key, date: None, place: Some((key, 0)) }.encode()
    }

    pub(super) fn event(&self, key: Key) -> Option<&Event> {
        self.events.get(&key).map(Arc::as_ref)
    }

    /// Puts an event into the calendar that it names.
    pub(super) fn insert(&mut self, event: Event, loses_returned: bool) {
        let (key, number, calendar) = (event.key, event.change, event.calendar);
        self.by_global.insert(event.global.clone(), key);
        if let Some(transaction) = &event.transaction {
            self.by_transaction.insert(transaction.clone(), key);
        }
        if let Some(calendar) = self.calendars.get_mut(&calendar) {
            calendar.events.insert(key);
            if !(loses_returned && calendar.log.is_gone(key)) {
                calendar.log.put(number, Entry { key, moves: event.moves, gone: false });
            }
        }
        self.events.insert(key, Arc::new(event));
    }

    /// Takes an event out of its calendar and leaves the trace that delta shows.
    pub(super) fn remove(&mut self, key: Key, number: u64) -> Option<Arc<Event>> {
        let event = self.events.remove(&key)?;
        if self.by_global.get(&event.global) == Some(&key) {
            self.by_global.remove(&event.global);
        }
        if let Some(calendar) = self.calendars.get_mut(&event.calendar) {
            calendar.events.remove(&key);
            calendar.log.put(number, Entry { key, moves: event.moves, gone: true });
        }
        Some(event)
    }

    /// Enters a change of an event into the log of its calendar.
    pub(super) fn touch(&mut self, key: Key, number: u64) {
        let Some(event) = self.events.get(&key) else { return };
        let (calendar, moves) = (event.calendar, event.moves);
        if let Some(calendar) = self.calendars.get_mut(&calendar) {
            calendar.log.put(number, Entry { key, moves, gone: false });
        }
    }

    /// Events of one calendar, oldest first.
    pub(super) fn events_in(&self, calendar: Key) -> impl Iterator<Item = &Event> {
        let keys = self.calendars.get(&calendar).into_iter().flat_map(|calendar| &calendar.events);
        keys.filter_map(|key| self.event(*key))
    }
}
