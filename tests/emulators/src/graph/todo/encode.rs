//! Lists and tasks as JSON: what is not set is left out, and every time is in UTC.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::task::{Linked, Step, Task, TaskList, list_id};
use crate::graph::body;
use crate::graph::encode::etag;
use crate::graph::zones::{stamp, wall_text};

/// A list as its mailbox shows it.
pub(super) fn list(mailbox: Uuid, list: &TaskList) -> Map<String, Value> {
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| {
        map.insert(name.to_owned(), value);
    };
    put("@odata.etag", etag(mailbox, list.change).into());
    put("displayName", list.name.clone().into());
    put("isOwner", list.is_owner.into());
    put("isShared", list.is_shared.into());
    put("wellknownListName", list.known.into());
    put("id", list_id(mailbox, list.key).into());
    map
}

fn time(at: DateTime<Utc>) -> Value {
    json!({ "dateTime": wall_text(at.naive_utc()), "timeZone": "UTC" })
}

/// A task without what has to be expanded. Formatting of its notes is lost unless `rich` is wanted.
pub(super) fn task(mailbox: Uuid, task: &Task, rich: bool) -> Map<String, Value> {
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| {
        map.insert(name.to_owned(), value);
    };
    put("@odata.etag", etag(mailbox, task.change).into());
    put("importance", task.importance.into());
    put("isReminderOn", task.reminder_on.into());
    put("status", task.status.into());
    put("title", json!(task.title));
    put("createdDateTime", stamp(task.created).into());
    put("lastModifiedDateTime", stamp(task.modified).into());
    put("hasAttachments", false.into());
    put("categories", json!(task.categories));
    put("id", task.id(mailbox).into());
    let body = if rich && task.notes.rich {
        json!({ "content": task.notes.html, "contentType": "html" })
    } else {
        json!({ "content": body::text(&task.notes.html), "contentType": "text" })
    };
    put("body", body);
    if let Some(at) = task.notes_modified {
        put("bodyLastModifiedDateTime", stamp(at).into());
    }
    let times = [
        ("startDateTime", task.start),
        ("dueDateTime", task.due),
        ("completedDateTime", task.completed),
        ("reminderDateTime", task.reminder),
    ];
    for (name, at) in times {
        if let Some(at) = at {
            put(name, time(at));
        }
    }
    if let Some(rule) = &task.recurrence {
        put("recurrence", rule.to_json(rule.zone.as_deref().unwrap_or("UTC")));
    }
    map
}

/// A linked resource; what it has not got is left out.
pub(super) fn linked(linked: &Linked) -> Map<String, Value> {
    let members = [
        ("applicationName", &linked.application),
        ("displayName", &linked.name),
        ("externalId", &linked.external),
        ("webUrl", &linked.url),
    ];
    let mut map = Map::new();
    map.insert("id".to_owned(), linked.id.to_string().into());
    for (name, value) in members {
        if let Some(value) = value {
            map.insert(name.to_owned(), value.clone().into());
        }
    }
    map
}

/// A step.
pub(super) fn step(step: &Step) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("id".to_owned(), step.id.to_string().into());
    map.insert("displayName".to_owned(), json!(step.name));
    map.insert("createdDateTime".to_owned(), stamp(step.created).into());
    map.insert("isChecked".to_owned(), step.checked.is_some().into());
    if let Some(at) = step.checked {
        map.insert("checkedDateTime".to_owned(), stamp(at).into());
    }
    map
}

/// All linked resources of a task.
pub(super) fn links(task: &Task) -> Value {
    task.links.iter().map(|one| Value::Object(linked(one))).collect()
}

/// All steps of a task.
pub(super) fn steps(task: &Task) -> Value {
    task.steps.iter().map(|one| Value::Object(step(one))).collect()
}
