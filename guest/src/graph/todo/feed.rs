//! tasks/delta: the changes of one list.

use super::client::list_path;
use super::{item_id, mapping};
use crate::ask::{Ask, Fault};
use crate::capability::Response;
use crate::graph::Graph;
use crate::graph::client::{elements, prefer};
use crate::graph::feed::cursor;
use crate::http;
use crate::side::{From, Observed, Page};
use serde_json::Value;

/// Part of the one feed that a list has.
pub const TASKS: &str = "tasks";

/// The next page.
pub fn pull<'a>(side: &'a Graph, list: &'a str, from: &From, size: u32) -> Ask<'a, Result<Page, Fault>> {
    let address = match from {
        From::Cursor(link) => link.clone(),
        From::Start => list_path(&side.client, list, "/tasks/delta"),
    };
    let request = side.client.get(&address, format!("odata.maxpagesize={size}, {}", prefer()));
    Ask::one(request, move |answer| decode(side, list, answer))
}

fn decode(side: &Graph, list: &str, answer: Result<Response, Fault>) -> Result<Page, Fault> {
    let body = http::json(answer)?;
    let tasks = elements(&body)?;
    let mut items = Vec::with_capacity(tasks.len());
    for task in tasks {
        let Some(id) = task.get("id").and_then(Value::as_str) else {
            return Err(Fault::Garbled("a change without an id".into()));
        };
        items.push(if task.get("@removed").is_some() {
            Observed::Missing(item_id(list, id))
        } else {
            Observed::Here(Box::new(mapping::seen(side, task, list)?))
        });
    }
    let (cursor, complete) = cursor(side, &body)?;
    Ok(Page { items, cursor, complete })
}
