//! Bodies of requests about lists, tasks and what hangs on them, read as strictly as those about events.

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Map, Value};

use super::task::Notes;
use crate::graph::body;
use crate::graph::decode::{BODIES, IMPORTANCE, Read, boolean, list, map, one_of, text, unknown, wall_in, wrong};
use crate::graph::errors::ApiError;
use crate::graph::zones::Zone;

const STATUS: &[&str] = &["notStarted", "inProgress", "completed", "waitingOnOthers", "deferred"];
/// Members that the server fills; what a client says about them is passed over.
const READ_ONLY: &[&str] =
    &["id", "createdDateTime", "lastModifiedDateTime", "bodyLastModifiedDateTime", "hasAttachments"];
const LIST_READ_ONLY: &[&str] = &["id", "isOwner", "isShared", "wellknownListName"];

/// What a request says about a task; what it leaves out is `None`.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskPatch {
    pub(super) title: Option<Option<String>>,
    pub(super) notes: Option<Notes>,
    pub(super) importance: Option<&'static str>,
    pub(super) status: Option<&'static str>,
    pub(super) categories: Option<Vec<String>>,
    pub(super) start: Option<Option<DateTime<Utc>>>,
    pub(super) due: Option<Option<DateTime<Utc>>>,
    pub(super) completed: Option<Option<DateTime<Utc>>>,
    pub(super) reminder: Option<Option<DateTime<Utc>>>,
    pub(super) reminder_on: Option<bool>,
    /// As sent: what it means depends on the recurrence that there is.
    pub(super) recurrence: Option<Option<Value>>,
    pub(super) links: Vec<LinkPatch>,
    pub(super) steps: Vec<StepPatch>,
}

/// What a request says about a linked resource.
#[derive(Debug, Clone, Default)]
pub(super) struct LinkPatch {
    pub(super) application: Option<Option<String>>,
    pub(super) name: Option<Option<String>>,
    pub(super) external: Option<Option<String>>,
    pub(super) url: Option<Option<String>>,
}

/// What a request says about a step.
#[derive(Debug, Clone, Default)]
pub(super) struct StepPatch {
    pub(super) name: Option<Option<String>>,
    pub(super) checked: Option<bool>,
    pub(super) checked_at: Option<DateTime<Utc>>,
}

/// How a body is to be read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// The zone of a time that names none.
    pub(super) zone: Zone,
    /// Notes are kept as written.
    pub(super) keep_bodies: bool,
    /// Linked resources and steps may stand in it.
    pub(super) creates: bool,
}

impl Reading {
    fn instant(&self, name: &str, value: &Value) -> Read<Option<DateTime<Utc>>> {
        if value.is_null() {
            return Ok(None);
        }
        Ok(Some(wall_in(name, value, &self.zone)?.instant()))
    }

    /// The midnight with which the day begins in the zone that is named.
    fn date(&self, name: &str, value: &Value) -> Read<Option<DateTime<Utc>>> {
        if value.is_null() {
            return Ok(None);
        }
        let wall = wall_in(name, value, &self.zone)?;
        Ok(Some(wall.zone.instant(wall.at.date().and_time(NaiveTime::MIN))))
    }

    fn notes(&self, value: &Value) -> Read<Notes> {
        if value.is_null() {
            return Ok(Notes::default());
        }
        let map = map("body", value, "itemBody", &["contentType", "content"])?;
        let content = map.get("content").and_then(Value::as_str).unwrap_or_default();
        let rich = map.get("contentType").map_or(Ok("text"), |kind| one_of("contentType", kind, BODIES))? == "html";
        let html = match rich {
            _ if self.keep_bodies => content.to_owned(),
            true => body::from_html(content),
            false => body::from_text(content),
        };
        Ok(Notes { html, rich })
    }

    /// Reads what is said of a task.
    pub(super) fn task(&self, map: &Map<String, Value>) -> Read<TaskPatch> {
        let mut patch = TaskPatch::default();
        for (name, value) in map.iter().filter(|(name, _)| !name.contains('@')) {
            match name.as_str() {
                "title" => patch.title = Some(text(name, value)?),
                "body" => patch.notes = Some(self.notes(value)?),
                "importance" => patch.importance = Some(one_of(name, value, IMPORTANCE)?),
                "status" => patch.status = Some(one_of(name, value, STATUS)?),
                "categories" => {
                    let items: Option<Vec<String>> =
                        list(name, value)?.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                    patch.categories = Some(items.ok_or_else(|| wrong(name))?);
                }
                "startDateTime" => patch.start = Some(self.date(name, value)?),
                "dueDateTime" => patch.due = Some(self.date(name, value)?),
                "completedDateTime" => patch.completed = Some(self.date(name, value)?),
                "reminderDateTime" => patch.reminder = Some(self.instant(name, value)?),
                "isReminderOn" => patch.reminder_on = Some(boolean(name, value)?),
                "recurrence" => patch.recurrence = Some(Some(value.clone()).filter(|value| !value.is_null())),
                "linkedResources" if self.creates => {
                    let items =
                        list(name, value)?.iter().map(|item| link(item.as_object().ok_or_else(|| wrong(name))?));
                    patch.links = items.collect::<Read<_>>()?;
                }
                "checklistItems" if self.creates => {
                    let items =
                        list(name, value)?.iter().map(|item| step(item.as_object().ok_or_else(|| wrong(name))?));
                    patch.steps = items.collect::<Read<_>>()?;
                }
                other if READ_ONLY.contains(&other) => {}
                other => return Err(unknown(other, "todoTask")),
            }
        }
        Ok(patch)
    }
}

/// Reads what is said of a list: its name.
pub(super) fn list_name(map: &Map<String, Value>) -> Read<Option<String>> {
    let mut found = None;
    for (name, value) in map.iter().filter(|(name, _)| !name.contains('@')) {
        match name.as_str() {
            "displayName" => found = text(name, value)?,
            other if LIST_READ_ONLY.contains(&other) => {}
            other => return Err(unknown(other, "todoTaskList")),
        }
    }
    Ok(found)
}

/// Reads what is said of a linked resource.
pub(super) fn link(map: &Map<String, Value>) -> Read<LinkPatch> {
    let mut patch = LinkPatch::default();
    for (name, value) in map.iter().filter(|(name, _)| !name.contains('@')) {
        let slot = match name.as_str() {
            "applicationName" => &mut patch.application,
            "displayName" => &mut patch.name,
            "externalId" => &mut patch.external,
            "webUrl" => &mut patch.url,
            "id" => continue,
            other => return Err(unknown(other, "linkedResource")),
        };
        *slot = Some(text(name, value)?);
    }
    Ok(patch)
}

/// Reads what is said of a step.
pub(super) fn step(map: &Map<String, Value>) -> Read<StepPatch> {
    let mut patch = StepPatch::default();
    for (name, value) in map.iter().filter(|(name, _)| !name.contains('@')) {
        match name.as_str() {
            "displayName" => patch.name = Some(text(name, value)?),
            "isChecked" => patch.checked = Some(boolean(name, value)?),
            "checkedDateTime" => patch.checked_at = stamp(name, value)?,
            "id" | "createdDateTime" => {}
            other => return Err(unknown(other, "checklistItem")),
        }
    }
    Ok(patch)
}

fn stamp(name: &str, value: &Value) -> Read<Option<DateTime<Utc>>> {
    match text(name, value)? {
        None => Ok(None),
        Some(text) => {
            let at = DateTime::parse_from_rfc3339(&text).map(|at| at.to_utc());
            at.map(Some).map_err(|_| -> ApiError { wrong(name) })
        }
    }
}
