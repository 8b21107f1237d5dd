//! tasks/delta: the changes of one list. Where the service does not tell them, all of its tasks are listed and compared
//! with what is known: what a listing does not show is only asked for, so one that was cut short removes nothing.

use super::client::list_path;
use super::{item_id, mapping};
use crate::ask::{Ask, Fault};
use crate::capability::Response;
use crate::graph::Graph;
use crate::graph::client::{elements, prefer};
use crate::graph::feed::{cursor, next_link};
use crate::http;
use crate::side::{Feed, From, Observed, Page};
use serde_json::Value;

/// Part of the one feed that a list has.
pub const TASKS: &str = "tasks";
/// Part of the feed that stands in for it.
pub const LISTED: &str = "listed";
/// Tasks a page of a listing.
const PAGE: &str = "100";

/// The feed of a list; `known` are those that exist.
#[must_use]
pub fn of(folder: &str, known: &[Feed]) -> Feed {
    let feed = |part: &str| Feed { folder: folder.to_owned(), part: part.to_owned() };
    if known.contains(&feed(LISTED)) { feed(LISTED) } else { feed(TASKS) }
}

/// The next page of the list, all of it.
pub fn list<'a>(side: &'a Graph, list: &'a str, from: &From) -> Ask<'a, Result<Page, Fault>> {
    let address = match from {
        From::Cursor(link) => link.clone(),
        From::Start => http::with_query(&list_path(&side.client, list, "/tasks"), &[("$top", PAGE)]),
    };
    Ask::one(side.client.get(&address, prefer()), move |answer| {
        let body = http::json(answer)?;
        let mut items = Vec::new();
        for task in elements(&body)? {
            let mut seen = mapping::seen(side, task, list)?;
            // Some listings leave the rule of a recurring task out.
            seen.partial = task.get("recurrence").is_none();
            items.push(Observed::Here(Box::new(seen)));
        }
        let next = next_link(side, &body)?;
        Ok(Page { items, complete: next.is_none(), cursor: next.unwrap_or_default() })
    })
}

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
