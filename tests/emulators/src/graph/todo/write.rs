//! Creating, changing, moving and deleting lists and tasks.

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::decode::{LinkPatch, StepPatch, TaskPatch};
use super::task::{Linked, Step, Task, TaskList};
use super::{recur, refused};
use crate::graph::Graph;
use crate::graph::errors::ApiError;
use crate::graph::ids::{Key, named};
use crate::graph::mailbox::{Log, Mailbox};
use crate::graph::zones::Zone;

/// Who changes a task: the service bears less from a program than from its own client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Program,
    Person,
}

/// The zone in which the owner of a mailbox lives; UTC where nobody knows.
pub(super) fn zone_of(mailbox: &Mailbox) -> Zone {
    Zone::find(&mailbox.zone).unwrap_or_else(Zone::utc)
}

impl Graph {
    pub(super) fn task(&self, at: usize, key: Key) -> Result<&Task, ApiError> {
        self.mailbox(at)?.todo.task(key).ok_or_else(ApiError::not_found)
    }

    /// Creates a list.
    pub(in crate::graph) fn new_list(&mut self, at: usize, name: &str, known: &'static str) -> Result<Key, ApiError> {
        let known_to_all = known != super::task::PLAIN;
        let (key, change) = if known_to_all {
            (self.standard_number(), self.standard_number())
        } else {
            (self.number(), self.number())
        };
        let list = TaskList {
            key,
            name: name.to_owned(),
            known,
            is_owner: true,
            is_shared: false,
            change,
            log: Log::default(),
            tasks: std::collections::BTreeSet::new(),
        };
        self.mailbox_mut(at)?.todo.put_list(list);
        Ok(key)
    }

    /// Changes a list under a new change key.
    pub(super) fn change_list(
        &mut self,
        at: usize,
        key: Key,
        change: impl FnOnce(&mut TaskList),
    ) -> Result<(), ApiError> {
        let number = self.number();
        let todo = &mut self.mailbox_mut(at)?.todo;
        let mut list = todo.lists.remove(&key).ok_or_else(ApiError::not_found)?;
        change(&mut list);
        list.change = number;
        todo.put_list(list);
        Ok(())
    }

    pub(super) fn remove_list(&mut self, at: usize, key: Key) -> Result<(), ApiError> {
        let number = self.number();
        self.mailbox_mut(at)?.todo.take_list(key, number).map(|_| ()).ok_or_else(ApiError::not_found)
    }

    /// Creates a task.
    pub(super) fn create_task(
        &mut self,
        at: usize,
        list: Key,
        patch: &TaskPatch,
        now: DateTime<Utc>,
    ) -> Result<Key, ApiError> {
        if patch.title.as_ref().and_then(Option::as_ref).is_none() {
            return Err(refused("A task needs a title."));
        }
        let recurrence = match &patch.recurrence {
            Some(Some(value)) => recur::read(value)?,
            _ => None,
        };
        let key = self.number();
        let zone = zone_of(self.mailbox(at)?);
        let mut task = Task::new(key, list, now);
        apply(&mut task, patch, &zone, now);
        task.recurrence = recurrence;
        recur::first_due(&mut task, &zone);
        for link in &patch.links {
            let mut linked = Linked { id: self.part_id(at)?, ..Linked::default() };
            link.apply(&mut linked);
            task.links.push(linked);
        }
        for step in &patch.steps {
            let mut made = Step { id: self.part_id(at)?, name: None, created: now, checked: None };
            step.apply(&mut made, now);
            task.steps.push(made);
        }
        self.store_task(at, task, now)?;
        Ok(key)
    }

    /// A new id for something that hangs on a task.
    pub(super) fn part_id(&mut self, at: usize) -> Result<Uuid, ApiError> {
        let guid = self.mailbox(at)?.guid;
        Ok(named(&format!("part of a task {guid} {}", self.number())))
    }

    /// Puts a task, new or changed, into its list under a new change key.
    pub(super) fn store_task(&mut self, at: usize, mut task: Task, now: DateTime<Utc>) -> Result<(), ApiError> {
        task.change = self.number();
        task.modified = now;
        self.mailbox_mut(at)?.todo.put(task);
        Ok(())
    }

    /// Changes a task. Answers the task that came into being by it, if one did.
    pub(super) fn update_task_by(
        &mut self,
        by: By,
        at: usize,
        key: Key,
        patch: &TaskPatch,
        now: DateTime<Utc>,
    ) -> Result<Option<Key>, ApiError> {
        let old = self.task(at, key)?.clone();
        let zone = zone_of(self.mailbox(at)?);
        let mut task = old.clone();
        match &patch.recurrence {
            Some(Some(value)) => {
                let dates = by == By::Person || self.knobs.todo_recurrence_dates;
                task.recurrence = recur::change(value, old.recurrence.as_ref(), dates)?;
            }
            Some(None) => task.recurrence = None,
            None => {}
        }
        apply(&mut task, patch, &zone, now);
        recur::first_due(&mut task, &zone);
        let follows = task.recurrence.is_some() && !task.is_completed();
        if by == By::Program && follows && old.due.is_some() && task.due != old.due && self.knobs.todo_due_spawns {
            // The service leaves the date alone and makes the task that would have come next.
            (task.due, task.start) = (old.due, old.start);
            let next = recur::next(&task, &zone);
            self.store_task(at, task, now)?;
            return next.map(|next| self.spawn(at, next, now)).transpose();
        }
        if task.is_completed() && !old.is_completed() && task.recurrence.is_some() {
            return self.complete_recurring(at, task, &zone, now);
        }
        self.store_task(at, task, now)?;
        Ok(None)
    }

    fn complete_recurring(
        &mut self,
        at: usize,
        mut done: Task,
        zone: &Zone,
        now: DateTime<Utc>,
    ) -> Result<Option<Key>, ApiError> {
        let next = recur::next(&done, zone);
        done.recurrence = None;
        let Some(next) = next else {
            self.store_task(at, done, now)?;
            return Ok(None);
        };
        if self.knobs.todo_series_keeps_id {
            self.store_task(at, next, now)?;
            return self.spawn(at, done, now).map(Some);
        }
        self.store_task(at, done, now)?;
        self.spawn(at, next, now).map(Some)
    }

    /// Puts a task that another has led to into the list, as one of its own.
    fn spawn(&mut self, at: usize, mut task: Task, now: DateTime<Utc>) -> Result<Key, ApiError> {
        let key = self.number();
        (task.key, task.created) = (key, now);
        if !self.knobs.todo_next_keeps_links {
            task.links.clear();
        }
        for link in &mut task.links {
            link.id = self.part_id(at)?;
        }
        for step in &mut task.steps {
            step.id = self.part_id(at)?;
        }
        self.store_task(at, task, now)?;
        Ok(key)
    }

    pub(super) fn remove_task(&mut self, at: usize, key: Key) -> Result<(), ApiError> {
        let number = self.number();
        self.mailbox_mut(at)?.todo.take(key, number).map(|_| ()).ok_or_else(ApiError::not_found)
    }

    /// Moves a task to another list of its mailbox, where it is another item under another key.
    pub(super) fn relocate_task(
        &mut self,
        at: usize,
        key: Key,
        list: Key,
        now: DateTime<Utc>,
    ) -> Result<Key, ApiError> {
        if !self.mailbox(at)?.todo.lists.contains_key(&list) {
            return Err(ApiError::not_found());
        }
        let number = self.number();
        let mut task = self.mailbox_mut(at)?.todo.take(key, number).ok_or_else(ApiError::not_found)?;
        (task.key, task.list) = (self.number(), list);
        let key = task.key;
        self.store_task(at, task, now)?;
        Ok(key)
    }
}

fn set<T: Clone>(slot: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        slot.clone_from(value);
    }
}

/// Applies what a request says, except for its recurrence.
fn apply(task: &mut Task, patch: &TaskPatch, zone: &Zone, now: DateTime<Utc>) {
    set(&mut task.title, patch.title.as_ref());
    if let Some(notes) = &patch.notes
        && *notes != task.notes
    {
        task.notes.clone_from(notes);
        task.notes_modified = Some(now);
    }
    set(&mut task.importance, patch.importance.as_ref());
    set(&mut task.categories, patch.categories.as_ref());
    set(&mut task.start, patch.start.as_ref());
    set(&mut task.due, patch.due.as_ref());
    set(&mut task.reminder, patch.reminder.as_ref());
    // A reminder without a word about whether it rings does ring.
    let rings = patch.reminder_on.or_else(|| patch.reminder.map(|reminder| reminder.is_some()));
    set(&mut task.reminder_on, rings.as_ref());
    let before = task.is_completed();
    set(&mut task.status, patch.status.as_ref());
    if !task.is_completed() {
        task.completed = None;
    } else if let Some(Some(completed)) = patch.completed {
        task.completed = Some(completed);
    } else if !before {
        task.completed = Some(zone.instant(zone.wall(now).date().and_time(NaiveTime::MIN)));
    }
}

impl LinkPatch {
    /// Applies what a request says of a linked resource.
    pub(super) fn apply(&self, linked: &mut Linked) {
        set(&mut linked.application, self.application.as_ref());
        set(&mut linked.name, self.name.as_ref());
        set(&mut linked.external, self.external.as_ref());
        set(&mut linked.url, self.url.as_ref());
    }
}

impl StepPatch {
    /// Applies what a request says of a step.
    pub(super) fn apply(&self, step: &mut Step, now: DateTime<Utc>) {
        set(&mut step.name, self.name.as_ref());
        match self.checked {
            Some(true) => step.checked = Some(self.checked_at.or(step.checked).unwrap_or(now)),
            Some(false) => step.checked = None,
            None => {}
        }
    }
}

/// A body as an object, for the harness.
pub(super) fn object(value: &Value) -> Result<&serde_json::Map<String, Value>, String> {
    value.as_object().ok_or_else(|| "the task is not an object".to_owned())
}
