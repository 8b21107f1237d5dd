//! What lists and tasks have, as queries name it.

use crate::graph::errors::ApiError;
use crate::graph::query::{Expand, Model, split_outside};

/// Members of a task that may be selected, filtered and ordered by.
pub(in crate::graph) const TASK: &[&str] = &[
    "id",
    "body",
    "bodyLastModifiedDateTime",
    "categories",
    "completedDateTime",
    "createdDateTime",
    "dueDateTime",
    "hasAttachments",
    "importance",
    "isReminderOn",
    "lastModifiedDateTime",
    "recurrence",
    "reminderDateTime",
    "startDateTime",
    "status",
    "title",
];
/// Those of a list.
pub(in crate::graph) const TASK_LIST: &[&str] = &["id", "displayName", "isOwner", "isShared", "wellknownListName"];

/// What may be expanded of a task, and of a list.
pub(in crate::graph) fn expand_todo(text: &str, model: Model) -> Result<Expand, ApiError> {
    let mut found = Expand::default();
    for part in split_outside(text, ',') {
        match (part, model) {
            ("linkedResources", Model::Task) => found.links = true,
            ("checklistItems", Model::Task) => found.steps = true,
            ("attachments", Model::Task) | ("extensions", _) => found.empty.push(part.to_owned()),
            _ => {
                let kind = if model == Model::Task { "todoTask" } else { "todoTaskList" };
                let message = format!("Could not find a property named '{part}' on type 'microsoft.graph.{kind}'.");
                return Err(ApiError::new(400, "RequestBroker--ParseUri", message));
            }
        }
    }
    Ok(found)
}
