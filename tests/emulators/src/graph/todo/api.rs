//! What a test does with tasks, and sees of them, without going through the protocol.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::decode::{Reading, TaskPatch};
use super::recur::date_of;
use super::task::{Task, list_id};
use super::write::{By, object, zone_of};
use super::{encode, task};
use crate::graph::Graph;
use crate::graph::body;
use crate::graph::errors::ApiError;
use crate::graph::ids::{Id, Key, Kind};
use crate::graph::mailbox::Mailbox;

/// What a test usually wants to know of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSummary {
    /// Id, as of now.
    pub id: String,
    /// Name of its list.
    pub list: String,
    /// Title; empty where there is none.
    pub title: String,
    /// Notes, as text.
    pub notes: String,
    /// `notStarted`, `inProgress`, `completed`, `waitingOnOthers` or `deferred`.
    pub status: &'static str,
    /// `low`, `normal` or `high`.
    pub importance: &'static str,
    /// Categories.
    pub categories: Vec<String>,
    /// The day on which it begins, as its owner sees it.
    pub start: Option<NaiveDate>,
    /// The day on which it is due, as its owner sees it.
    pub due: Option<NaiveDate>,
    /// The day on which it was done, as its owner sees it.
    pub completed: Option<NaiveDate>,
    /// When it reminds, if it does.
    pub reminder: Option<DateTime<Utc>>,
    /// Whether it recurs.
    pub recurring: bool,
    /// `externalId` of its linked resources.
    pub external_ids: Vec<String>,
    /// The etag.
    pub etag: String,
}

fn text(error: ApiError) -> String {
    format!("{}: {}", error.code, error.message)
}

impl Graph {
    fn reading_of(&self, at: usize, creates: bool) -> Result<Reading, String> {
        let zone = zone_of(self.mailbox(at).map_err(text)?);
        Ok(Reading { zone, keep_bodies: self.knobs.keep_bodies, creates })
    }

    fn task_at(&self, mailbox: &str, id: &str) -> Result<(usize, Key), String> {
        let at = self.mailbox_at(mailbox)?;
        let guid = self.mailbox(at).map_err(text)?.guid;
        let id = Id::decode(id).filter(|id| id.kind == Kind::Task).ok_or_else(|| format!("{id} is not a task's id"))?;
        self.task(at, id.key).map_err(text)?;
        if id.mailbox == guid { Ok((at, id.key)) } else { Err("the task is in another mailbox".to_owned()) }
    }

    /// A list by id or name; the default one without either.
    pub(super) fn list_at(&self, at: usize, list: Option<&str>) -> Result<Key, String> {
        let todo = &self.mailbox(at).map_err(text)?.todo;
        let found = match list {
            None => todo.default_list(),
            Some(wanted) => {
                let by_id = Id::decode(wanted).filter(|id| id.kind == Kind::TaskList).map(|id| id.key);
                by_id.or_else(|| todo.lists.values().find(|list| list.name == wanted).map(|list| list.key))
            }
        };
        let found = found.filter(|key| todo.lists.contains_key(key));
        found.ok_or_else(|| format!("there is no list {}", list.unwrap_or("by default")))
    }

    fn id_of(&self, at: usize, key: Key) -> Result<String, String> {
        let guid = self.mailbox(at).map_err(text)?.guid;
        self.task(at, key).map(|task| task.id(guid)).map_err(text)
    }

    /// Adds a list of the owner's own, and answers its id.
    ///
    /// # Errors
    /// There is no such mailbox.
    pub fn add_list(&mut self, mailbox: &str, name: &str) -> Result<String, String> {
        let at = self.mailbox_at(mailbox)?;
        let key = self.new_list(at, name, task::PLAIN).map_err(text)?;
        Ok(list_id(self.mailbox(at).map_err(text)?.guid, key))
    }

    /// Adds a list that a colleague owns and shares with this mailbox, and answers its id here.
    ///
    /// # Errors
    /// There is no such mailbox.
    pub fn add_shared_list(&mut self, mailbox: &str, name: &str) -> Result<String, String> {
        let id = self.add_list(mailbox, name)?;
        let at = self.mailbox_at(mailbox)?;
        let key = self.list_at(at, Some(&id))?;
        self.change_list(at, key, |list| (list.is_owner, list.is_shared) = (false, true)).map_err(text)?;
        Ok(id)
    }

    /// Shares a list of the owner's with others.
    ///
    /// # Errors
    /// There is no such list.
    pub fn share_list(&mut self, mailbox: &str, list: &str) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        let key = self.list_at(at, Some(list))?;
        self.change_list(at, key, |list| list.is_shared = true).map_err(text)
    }

    /// Renames a list, by id or name.
    ///
    /// # Errors
    /// There is no such list.
    pub fn rename_list(&mut self, mailbox: &str, list: &str, name: &str) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        let key = self.list_at(at, Some(list))?;
        self.change_list(at, key, |list| name.clone_into(&mut list.name)).map_err(text)
    }

    /// Deletes a list, by id or name, with all that is in it.
    ///
    /// # Errors
    /// There is no such list.
    pub fn delete_list(&mut self, mailbox: &str, list: &str) -> Result<(), String> {
        let at = self.mailbox_at(mailbox)?;
        let key = self.list_at(at, Some(list))?;
        self.remove_list(at, key).map_err(text)
    }

    /// The id of a list, by its name.
    #[must_use]
    pub fn list_id(&self, mailbox: &str, name: &str) -> Option<String> {
        let at = self.mailbox_at(mailbox).ok()?;
        let key = self.list_at(at, Some(name)).ok()?;
        Some(list_id(self.mailboxes.get(at)?.guid, key))
    }

    /// Creates a task as the owner does, in the default list if none is named; `task` is the body of a `POST`, whose times
    /// are in the owner's zone where they name none. Answers its id.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn add_task(
        &mut self,
        mailbox: &str,
        list: Option<&str>,
        task: &Value,
        now: DateTime<Utc>,
    ) -> Result<String, String> {
        let at = self.mailbox_at(mailbox)?;
        let list = self.list_at(at, list)?;
        let patch = self.reading_of(at, true)?.task(object(task)?).map_err(text)?;
        let key = self.create_task(at, list, &patch, now).map_err(text)?;
        self.id_of(at, key)
    }

    /// Changes a task as the owner does; `changes` is the body of a `PATCH`.
    ///
    /// # Errors
    /// What the service would refuse.
    pub fn update_task(&mut self, mailbox: &str, id: &str, changes: &Value, now: DateTime<Utc>) -> Result<(), String> {
        let (at, key) = self.task_at(mailbox, id)?;
        let patch = self.reading_of(at, false)?.task(object(changes)?).map_err(text)?;
        self.update_task_by(By::Person, at, key, &patch, now).map(|_| ()).map_err(text)
    }

    /// Ticks a task off. Answers the id of the task that came into being by it, if it recurs.
    ///
    /// # Errors
    /// There is no such task.
    pub fn complete_task(&mut self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Result<Option<String>, String> {
        let (at, key) = self.task_at(mailbox, id)?;
        let patch = TaskPatch { status: Some("completed"), ..TaskPatch::default() };
        let next = self.update_task_by(By::Person, at, key, &patch, now).map_err(text)?;
        next.map(|next| self.id_of(at, next)).transpose()
    }

    /// Deletes a task.
    ///
    /// # Errors
    /// There is no such task.
    pub fn delete_task(&mut self, mailbox: &str, id: &str) -> Result<(), String> {
        let (at, key) = self.task_at(mailbox, id)?;
        self.remove_task(at, key).map_err(text)
    }

    /// Moves a task to another list, by name or id. Answers its new id.
    ///
    /// # Errors
    /// There is no such task or list.
    pub fn move_task(&mut self, mailbox: &str, id: &str, list: &str, now: DateTime<Utc>) -> Result<String, String> {
        let (at, key) = self.task_at(mailbox, id)?;
        let list = self.list_at(at, Some(list))?;
        let key = self.relocate_task(at, key, list, now).map_err(text)?;
        self.id_of(at, key)
    }

    /// Gives a task a new etag without a change.
    ///
    /// # Errors
    /// There is no such task.
    pub fn touch_task(&mut self, mailbox: &str, id: &str) -> Result<(), String> {
        let (at, key) = self.task_at(mailbox, id)?;
        let task = self.task(at, key).map_err(text)?.clone();
        let modified = task.modified;
        self.store_task(at, task, modified).map_err(text)
    }

    /// All tasks of a mailbox, by creation or the last move.
    #[must_use]
    pub fn tasks(&self, mailbox: &str) -> Vec<TaskSummary> {
        let Some(mailbox) = self.mailbox_at(mailbox).ok().and_then(|at| self.mailboxes.get(at)) else {
            return Vec::new();
        };
        mailbox.todo.tasks.values().map(|task| summary(mailbox, task)).collect()
    }

    /// The first task with this title.
    #[must_use]
    pub fn find_task(&self, mailbox: &str, title: &str) -> Option<TaskSummary> {
        self.tasks(mailbox).into_iter().find(|task| task.title == title)
    }

    /// A task in full, with linked resources and steps; `None` where it is gone.
    #[must_use]
    pub fn task_json(&self, mailbox: &str, id: &str) -> Option<Value> {
        let (at, key) = self.task_at(mailbox, id).ok()?;
        Some(in_full(self.mailboxes.get(at)?, self.task(at, key).ok()?))
    }
}

/// The lists of a mailbox with everything that is kept in them.
pub(in crate::graph) fn lists_in_full(mailbox: &Mailbox) -> Value {
    let lists = mailbox.todo.lists.values().map(|list| {
        let mut map = encode::list(mailbox.guid, list);
        let tasks: Vec<Value> = mailbox.todo.tasks_in(list.key).map(|task| in_full(mailbox, task)).collect();
        map.insert("tasks".to_owned(), tasks.into());
        Value::Object(map)
    });
    lists.collect()
}

fn in_full(mailbox: &Mailbox, task: &Task) -> Value {
    let mut map = encode::task(mailbox.guid, task, true);
    map.insert("linkedResources".to_owned(), encode::links(task));
    map.insert("checklistItems".to_owned(), encode::steps(task));
    Value::Object(map)
}

fn summary(mailbox: &Mailbox, task: &Task) -> TaskSummary {
    let zone = zone_of(mailbox);
    let date = |at: Option<DateTime<Utc>>| at.map(|at| date_of(at, &zone));
    TaskSummary {
        id: task.id(mailbox.guid),
        list: mailbox.todo.lists.get(&task.list).map(|list| list.name.clone()).unwrap_or_default(),
        title: task.title.clone().unwrap_or_default(),
        notes: body::text(&task.notes.html),
        status: task.status,
        importance: task.importance,
        categories: task.categories.clone(),
        start: date(task.start),
        due: date(task.due),
        completed: date(task.completed),
        reminder: task.reminder.filter(|_| task.reminder_on),
        recurring: task.recurrence.is_some(),
        external_ids: task.links.iter().filter_map(|link| link.external.clone()).collect(),
        etag: crate::graph::encode::etag(mailbox.guid, task.change),
    }
}
