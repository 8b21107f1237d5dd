//! Writes, as parts of batches. To Do has nothing by which the server would drop a repeated create: the marker, sent with
//! the task, is how a repetition is found.

use super::client::{list_path, task_path};
use super::{APPLICATION, mapping};
use crate::activity::Values;
use crate::batch::Part;
use crate::graph::Graph;
use crate::graph::client::prefer;
use crate::graph::write::if_match;
use crate::http;
use crate::identity::Marker;
use serde_json::{Value, json};

fn headers() -> Vec<(&'static str, String)> {
    vec![("Content-Type", "application/json".to_owned()), ("Prefer", prefer())]
}

/// Makes a task.
#[must_use]
pub fn create(side: &Graph, list: &str, values: &Values, marker: Option<&Marker>) -> Part {
    let mut task = mapping::properties(values);
    // What is empty in a new task is left out.
    task.retain(|_, value| !value.is_null());
    if let Some(marker) = marker {
        let resource =
            json!([{"applicationName": APPLICATION, "displayName": "Creatio", "externalId": marker.encode()}]);
        task.insert("linkedResources".into(), resource);
    }
    let url = list_path(&side.client, list, "/tasks");
    Part { method: "POST", url, headers: headers(), body: Some(Value::Object(task)) }
}

/// Changes a task.
#[must_use]
pub fn update(side: &Graph, (list, task): (&str, &str), version: &str, values: &Values) -> Part {
    let mut headers = headers();
    headers.extend(if_match(version));
    let body = Value::Object(mapping::properties(values));
    Part { method: "PATCH", url: task_path(&side.client, list, task), headers, body: Some(body) }
}

/// Removes a task.
#[must_use]
pub fn delete(side: &Graph, (list, task): (&str, &str), version: &str) -> Part {
    let mut headers = vec![("Prefer", prefer())];
    // What was edited since is not deleted unseen.
    headers.extend(if_match(version));
    Part { method: "DELETE", url: task_path(&side.client, list, task), headers, body: None }
}

/// Takes a linked resource off a task.
#[must_use]
pub fn unlink(side: &Graph, (list, task): (&str, &str), resource: &str) -> Part {
    let url = format!("{}/linkedResources/{}", task_path(&side.client, list, task), http::encode(resource));
    Part { method: "DELETE", url, headers: vec![("Prefer", prefer())], body: None }
}
