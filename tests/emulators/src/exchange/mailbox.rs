//! A mailbox: its folders, what lies in them, and the changes from which synchronisation is answered.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use super::item::{Item, Person};
use crate::outlook::ids::{self, Key};

/// The latest change of one item, as its folder remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) key: Key,
    pub(super) task: bool,
    /// The number of moves when it left: the id that clients knew.
    pub(super) moves: u32,
    /// It is not there any more.
    pub(super) gone: bool,
    /// The change with which it came.
    pub(super) arrived: u64,
}

/// Changes of a folder by their number; each item stands in it once, with its latest.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    pub(super) traces: BTreeMap<u64, Trace>,
    latest: HashMap<Key, u64>,
}

impl Log {
    fn put(&mut self, number: u64, mut trace: Trace) {
        if let Some(old) = self.latest.insert(trace.key, number)
            && let Some(known) = self.traces.remove(&old)
            && !known.gone
        {
            trace.arrived = known.arrived;
        }
        self.traces.insert(number, trace);
    }
}

/// A folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) key: Key,
    /// The folder it is in; its own key for the root.
    pub(super) parent: Key,
    pub(super) name: String,
    /// Such as `IPF.Appointment`; none of the root.
    pub(super) class: Option<String>,
    /// The name by which every mailbox has it.
    pub(super) known: Option<&'static str>,
    pub(super) writable: bool,
    pub(super) change: u64,
    /// The change with which it came.
    pub(super) arrived: u64,
    pub(super) log: Log,
}

impl Folder {
    fn is_of(&self, class: &str) -> bool {
        let own = self.class.as_deref().unwrap_or_default();
        own.strip_prefix(class).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// A calendar.
    pub(super) fn is_calendar(&self) -> bool {
        self.is_of("IPF.Appointment")
    }

    /// A folder of tasks.
    pub(super) fn is_tasks(&self) -> bool {
        self.is_of("IPF.Task")
    }

    /// The element that it is.
    pub(super) fn element(&self) -> &'static str {
        match () {
            () if self.is_calendar() => "CalendarFolder",
            () if self.is_tasks() => "TasksFolder",
            () if self.is_of("IPF.Contact") => "ContactsFolder",
            () => "Folder",
        }
    }
}

/// A mailbox.
#[derive(Debug, Clone)]
pub(super) struct Mailbox {
    pub(super) guid: Uuid,
    pub(super) who: Person,
    /// A Windows name.
    pub(super) zone: String,
    pub(super) folders: BTreeMap<Key, Folder>,
    /// Folders that are not there any more, with the change with which they went and that with which they came.
    pub(super) removed: BTreeMap<Key, (u64, u64)>,
    pub(super) items: BTreeMap<Key, Arc<Item>>,
}

impl Mailbox {
    pub(super) fn new(who: Person, zone: String) -> Self {
        let guid = ids::named(&format!("mailbox {}", who.address.to_lowercase()));
        let (folders, removed, items) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { guid, who, zone, folders, removed, items }
    }

    /// The folder that every mailbox has under this name.
    pub(super) fn known(&self, name: &str) -> Option<&Folder> {
        self.folders.values().find(|folder| folder.known == Some(name))
    }

    pub(super) fn item(&self, key: Key) -> Option<&Item> {
        self.items.get(&key).map(Arc::as_ref)
    }

    /// Puts an item into the folder that it names.
    pub(super) fn put(&mut self, item: Item) {
        if let Some(folder) = self.folders.get_mut(&item.folder) {
            let (key, task, moves, arrived) = (item.key, item.is_task(), item.moves, item.change);
            folder.log.put(item.change, Trace { key, task, moves, gone: false, arrived });
        }
        self.items.insert(item.key, Arc::new(item));
    }

    /// Takes an item out of its folder and leaves the trace that synchronisation shows.
    pub(super) fn take(&mut self, key: Key, number: u64) -> Option<Item> {
        let item = self.items.remove(&key)?;
        if let Some(folder) = self.folders.get_mut(&item.folder) {
            let (task, moves) = (item.is_task(), item.moves);
            let arrived = folder.log.latest.get(&key).and_then(|at| folder.log.traces.get(at)).map(|one| one.arrived);
            folder.log.put(number, Trace { key, task, moves, gone: true, arrived: arrived.unwrap_or(number) });
        }
        Some(Arc::unwrap_or_clone(item))
    }

    /// Items of a folder, oldest first.
    pub(super) fn items_in(&self, folder: Key) -> impl Iterator<Item = &Item> {
        self.items.values().map(Arc::as_ref).filter(move |item| item.folder == folder)
    }

    /// Whether a folder lies in another, however deep.
    pub(super) fn is_below(&self, folder: &Folder, above: Key) -> bool {
        let mut at = folder;
        while at.parent != at.key {
            if at.parent == above {
                return true;
            }
            match self.folders.get(&at.parent) {
                Some(parent) => at = parent,
                None => return false,
            }
        }
        false
    }
}
