//! What people do in their task lists, and what they find there. Tasks are named by their titles.

use crate::world::{EUGENE, World};
use chrono::{DateTime, Utc};
use emulators::creatio::NewActivity;
use emulators::graph::TaskSummary;
use guest::settings::{Account, Folders};
use serde_json::{Value, json};
use uuid::Uuid;

/// A day as a client of To Do sends it.
#[must_use]
pub fn day(date: &str) -> Value {
    json!({"dateTime": format!("{date}T00:00:00"), "timeZone": "UTC"})
}

impl World {
    /// The first account's settings with tasks from all lists.
    #[must_use]
    pub fn with_tasks(&self) -> Account {
        Account { import_tasks: Folders::All, ..self.account() }
    }

    /// A task in the first account's default list; gives its id.
    pub fn todo(&self, title: &str, more: Value) -> String {
        self.todo_in(None, title, more)
    }

    /// The same in another list.
    pub fn todo_in(&self, list: Option<&str>, title: &str, more: Value) -> String {
        let mut task = more;
        task["title"] = json!(title);
        let now = self.now();
        self.mail.with(|mail| mail.add_task(EUGENE, list, &task, now)).unwrap()
    }

    /// The task with this title.
    #[must_use]
    pub fn task(&self, title: &str) -> TaskSummary {
        self.mail.with(|mail| mail.find_task(EUGENE, title)).unwrap_or_else(|| panic!("no task {title}"))
    }

    /// Titles of all tasks in the mailbox, sorted.
    #[must_use]
    pub fn todos(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.mail.with(|mail| mail.tasks(EUGENE)).into_iter().map(|task| task.title).collect();
        all.sort();
        all
    }

    /// Somebody edits a task.
    pub fn edit_todo(&self, title: &str, change: Value) {
        let (id, now) = (self.task(title).id, self.now());
        self.mail.with(|mail| mail.update_task(EUGENE, &id, &change, now)).unwrap();
    }

    /// Somebody deletes a task.
    pub fn delete_todo(&self, title: &str) {
        let (id, now) = (self.task(title).id, self.now());
        self.mail.with(|mail| mail.delete_task(EUGENE, &id, now)).unwrap();
    }

    /// An activity that is not shown in the calendar, of the first account's contact.
    pub fn chore(&self, title: &str, start: DateTime<Utc>, due: DateTime<Utc>) -> Uuid {
        let (row, now) = (NewActivity::task(title, start, due).owned_by(self.eugene.contact), self.now());
        self.creatio.with(|creatio| creatio.add_activity(&row, now)).unwrap()
    }

    /// A column of the activity with this title.
    #[must_use]
    pub fn flag(&self, title: &str, column: &str) -> bool {
        let id = self.found(title).id;
        self.creatio.with(|creatio| creatio.rows("Activity").any(|(row, values)| row == id && values.flag(column)))
    }
}
