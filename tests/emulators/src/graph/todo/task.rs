//! A mailbox's task lists and tasks as they are kept, with the logs from which delta is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::graph::ids::{Id, Key, Kind};
use crate::graph::mailbox::{Entry, Log};
use crate::graph::recurrence::Recurrence;

/// What a list is to the service.
pub(super) const PLAIN: &str = "none";
pub(super) const DEFAULT: &str = "defaultList";
pub(super) const FLAGGED: &str = "flaggedEmails";

/// A task list.
#[derive(Debug, Clone)]
pub(in crate::graph) struct TaskList {
    pub(super) key: Key,
    pub(super) name: String,
    pub(super) known: &'static str,
    pub(super) is_owner: bool,
    pub(super) is_shared: bool,
    pub(super) change: u64,
    pub(super) log: Log,
    pub(super) tasks: BTreeSet<Key>,
}

/// Notes: normalised HTML, and whether they were written as such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notes {
    pub(super) html: String,
    pub(super) rich: bool,
}

/// The item of another application that a task stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Linked {
    pub(super) id: Uuid,
    pub(super) application: Option<String>,
    pub(super) name: Option<String>,
    pub(super) external: Option<String>,
    pub(super) url: Option<String>,
}

/// A step of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) id: Uuid,
    pub(super) name: Option<String>,
    pub(super) created: DateTime<Utc>,
    pub(super) checked: Option<DateTime<Utc>>,
}

/// A task.
#[derive(Debug, Clone)]
pub(in crate::graph) struct Task {
    pub(super) key: Key,
    pub(super) list: Key,
    pub(super) created: DateTime<Utc>,
    pub(super) modified: DateTime<Utc>,
    pub(super) change: u64,
    pub(super) title: Option<String>,
    pub(super) notes: Notes,
    pub(super) notes_modified: Option<DateTime<Utc>>,
    pub(super) importance: &'static str,
    pub(super) status: &'static str,
    pub(super) categories: Vec<String>,
    /// Dates: the midnight of a zone that nobody remembers.
    pub(super) start: Option<DateTime<Utc>>,
    pub(super) due: Option<DateTime<Utc>>,
    pub(super) completed: Option<DateTime<Utc>>,
    pub(super) reminder: Option<DateTime<Utc>>,
    pub(super) reminder_on: bool,
    pub(super) recurrence: Option<Recurrence>,
    pub(super) links: Vec<Linked>,
    pub(super) steps: Vec<Step>,
}

impl Task {
    pub(super) fn new(key: Key, list: Key, now: DateTime<Utc>) -> Self {
        Self {
            key,
            list,
            created: now,
            modified: now,
            change: key,
            title: None,
            notes: Notes::default(),
            notes_modified: None,
            importance: "normal",
            status: "notStarted",
            categories: Vec::new(),
            start: None,
            due: None,
            completed: None,
            reminder: None,
            reminder_on: false,
            recurrence: None,
            links: Vec::new(),
            steps: Vec::new(),
        }
    }

    pub(super) fn is_completed(&self) -> bool {
        self.status == "completed"
    }

    pub(super) fn id(&self, mailbox: Uuid) -> String {
        task_id(mailbox, self.key, self.list)
    }
}

/// The id that a task has, or had, in a list.
pub(super) fn task_id(mailbox: Uuid, key: Key, list: Key) -> String {
    Id { kind: Kind::Task, mailbox, key, date: None, place: Some((list, 0)) }.encode()
}

/// The id of a list, which stays when it is renamed.
pub(super) fn list_id(mailbox: Uuid, key: Key) -> String {
    Id { kind: Kind::TaskList, mailbox, key, date: None, place: Some((key, 0)) }.encode()
}

/// Everything of To Do in one mailbox.
#[derive(Debug, Clone, Default)]
pub(in crate::graph) struct Todo {
    pub(super) lists: BTreeMap<Key, TaskList>,
    pub(super) tasks: BTreeMap<Key, Arc<Task>>,
    /// Changes of the lists themselves.
    pub(super) log: Log,
}

impl Todo {
    pub(super) fn task(&self, key: Key) -> Option<&Task> {
        self.tasks.get(&key).map(Arc::as_ref)
    }

    /// Tasks of one list, oldest first.
    pub(super) fn tasks_in(&self, list: Key) -> impl Iterator<Item = &Task> {
        let keys = self.lists.get(&list).into_iter().flat_map(|list| &list.tasks);
        keys.filter_map(|key| self.task(*key))
    }

    pub(super) fn default_list(&self) -> Option<Key> {
        self.lists.values().find(|list| list.known == DEFAULT).map(|list| list.key)
    }

    /// Puts a task, new or changed, into the list that it names.
    pub(super) fn put(&mut self, task: Task) {
        let key = task.key;
        if let Some(list) = self.lists.get_mut(&task.list) {
            list.tasks.insert(key);
            list.log.put(task.change, Entry { key, moves: 0, gone: false });
        }
        self.tasks.insert(key, Arc::new(task));
    }

    /// Takes a task away and leaves the trace that delta shows.
    pub(super) fn take(&mut self, key: Key, number: u64) -> Option<Task> {
        let task = self.tasks.remove(&key)?;
        if let Some(list) = self.lists.get_mut(&task.list) {
            list.tasks.remove(&key);
            list.log.put(number, Entry { key, moves: 0, gone: true });
        }
        Some(Arc::unwrap_or_clone(task))
    }

    /// Puts a list, new or changed, among the others.
    pub(super) fn put_list(&mut self, list: TaskList) {
        self.log.put(list.change, Entry { key: list.key, moves: 0, gone: false });
        self.lists.insert(list.key, list);
    }

    /// Takes a list away with all that is in it.
    pub(super) fn take_list(&mut self, key: Key, number: u64) -> Option<TaskList> {
        let list = self.lists.remove(&key)?;
        for task in &list.tasks {
            self.tasks.remove(task);
        }
        self.log.put(number, Entry { key, moves: 0, gone: true });
        Some(list)
    }
}
