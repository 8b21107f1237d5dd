//! Addresses of lists and tasks, and the lists of the mailbox.

use super::folder_id;
use crate::activity::Kind;
use crate::ask::{Ask, Fault};
use crate::graph::client::{Client, elements, prefer};
use crate::http;
use crate::reason::Reason;
use crate::side::Folder;
use serde_json::Value;

/// Lists are asked for in one page: nobody has more.
const LISTS: &str = "250";
/// Gives the marker beside a task.
pub const EXPAND: &str = "linkedResources";

/// Address of a list, or of what is below it, relative to the version root.
#[must_use]
pub fn list_path(client: &Client, list: &str, below: &str) -> String {
    client.path(&format!("todo/lists/{}{below}", http::encode(list)))
}

/// Address of a task.
#[must_use]
pub fn task_path(client: &Client, list: &str, task: &str) -> String {
    list_path(client, list, &format!("/tasks/{}", http::encode(task)))
}

/// The lists of the mailbox. Those of colleagues and the one of flagged mail are no task folders of the user.
pub fn lists(client: &Client) -> Ask<'_, Result<Vec<Folder>, Fault>> {
    let path = http::with_query(&client.path("todo/lists"), &[("$top", LISTS)]);
    Ask::one(client.get(&path, prefer()), |answer| {
        let body = http::json(answer)?;
        if body.get("@odata.nextLink").is_some_and(|link| !link.is_null()) {
            return Err(Fault::Garbled("the mailbox has more task lists than one page holds".into()));
        }
        elements(&body)?.iter().map(folder).collect()
    })
}

fn folder(list: &Value) -> Result<Folder, Fault> {
    let text = |name: &str| list.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = text("id");
    if id.is_empty() {
        return Err(Fault::Garbled("a task list without an id".into()));
    }
    let owned = list.get("isOwner").and_then(Value::as_bool).unwrap_or(true);
    let known = text("wellknownListName").to_ascii_lowercase();
    let flagged = known == "flaggedemails";
    let reason = match (owned, flagged) {
        (_, true) => Some(Reason::FolderFlaggedMail),
        (false, false) => Some(Reason::FolderNotOwned),
        (true, false) => None,
    };
    Ok(Folder {
        id: folder_id(id),
        name: text("displayName").to_owned(),
        kind: Kind::Task,
        is_default: known == "defaultlist",
        writable: owned && !flagged,
        reason,
    })
}
