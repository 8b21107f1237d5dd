//! Task lists: reading, making, renaming, deleting, and pages of lists and tasks alike.

use serde_json::{Map, Value};

use super::task::{DEFAULT, FLAGGED, PLAIN};
use super::{decode, encode, paths, refused};
use crate::graph::Graph;
use crate::graph::calendars::context;
use crate::graph::decode::object;
use crate::graph::errors::ApiError;
use crate::graph::filter::Subject as _;
use crate::graph::ids::Key;
use crate::graph::query::{Model, Query, escape};
use crate::graph::route::{Answer, Call, not_allowed};
use crate::graph::view::compare;
use crate::wire::Response;

/// How the link to the next page says where that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paging {
    Skip,
    SkipToken,
}

impl Graph {
    /// Refuses what `$select` chokes on: the title of a task, the name of a list.
    pub(super) fn check_select(&self, query: &Query, member: &str, kind: &str) -> Result<(), ApiError> {
        let named = query.select.iter().flatten().any(|name| name == member);
        if !named || self.knobs.todo_select {
            return Ok(());
        }
        let message = format!("Could not find a property named '{member}' on type 'microsoft.graph.{kind}'.");
        Err(ApiError::new(400, "RequestBroker--ParseUri", message))
    }

    /// Applies `$select` where the service does.
    pub(super) fn select(&self, query: &Query, map: &mut Map<String, Value>) {
        if self.knobs.todo_select {
            query.project(map, &["linkedResources", "checklistItems"]);
        }
    }

    /// A page of rows that a query filters and orders.
    pub(super) fn todo_page(
        &self,
        call: &Call<'_>,
        query: &Query,
        what: &str,
        mut rows: Vec<Map<String, Value>>,
        paging: Paging,
    ) -> Answer {
        if let Some(filter) = &query.filter {
            rows.retain(|row| filter.matches(row));
        }
        for (path, down) in query.order.iter().rev() {
            rows.sort_by(|left, right| {
                let order = compare(&left.member(path), &right.member(path));
                if *down { order.reverse() } else { order }
            });
        }
        let skip = match paging {
            Paging::Skip => query.skip,
            Paging::SkipToken => query.get("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0),
        };
        let top = if query.get("$top").is_some() { query.top } else { self.knobs.todo_page_size.max(1) };
        let total = rows.len();
        let shown: Vec<Value> = rows.into_iter().skip(skip).take(top).map(Value::Object).collect();
        let mut answer = Map::new();
        answer.insert("@odata.context".to_owned(), context(call, self.mailbox(call.at)?, what));
        if query.count {
            answer.insert("@odata.count".to_owned(), total.into());
        }
        let next = skip + shown.len();
        if next < total {
            let rest = match paging {
                Paging::Skip => query.page(next),
                Paging::SkipToken => {
                    let pairs = query.pairs.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken"));
                    let mut text: Vec<String> =
                        pairs.map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
                    text.push(format!("%24skiptoken={next}"));
                    text.join("&")
                }
            };
            answer.insert("@odata.nextLink".to_owned(), format!("{}?{rest}", call.address).into());
        }
        answer.insert("value".to_owned(), shown.into());
        Ok(Response::json(200, &Value::Object(answer)))
    }

    pub(super) fn lists(&self, call: &Call<'_>) -> Answer {
        let query = call.query(Model::TaskList)?;
        self.check_select(&query, "displayName", "todoTaskList")?;
        if query.get("$skip").is_some() {
            return Err(refused("The query option '$skip' is not supported for task lists."));
        }
        let mailbox = self.mailbox(call.at)?;
        let rows = mailbox.todo.lists.values().map(|list| {
            let mut map = encode::list(mailbox.guid, list);
            self.select(&query, &mut map);
            map
        });
        self.todo_page(call, &query, "todo/lists", rows.collect(), Paging::SkipToken)
    }

    fn shown_list(&self, call: &Call<'_>, key: Key, status: u16) -> Answer {
        let mailbox = self.mailbox(call.at)?;
        let list = mailbox.todo.lists.get(&key).ok_or_else(ApiError::not_found)?;
        let mut map = encode::list(mailbox.guid, list);
        map.insert("@odata.context".to_owned(), context(call, mailbox, "todo/lists/$entity"));
        Ok(Response::json(status, &Value::Object(map)))
    }

    pub(super) fn post_list(&mut self, call: &Call<'_>) -> Answer {
        let name = decode::list_name(&object(&call.request.body)?)?;
        let name = name.filter(|name| !name.trim().is_empty()).ok_or_else(|| refused("A list needs a displayName."))?;
        let key = self.new_list(call.at, &name, PLAIN)?;
        self.shown_list(call, key, 201)
    }

    pub(super) fn list(&mut self, call: &Call<'_>, key: Key) -> Answer {
        let known = self.mailbox(call.at)?.todo.lists.get(&key).map(|list| list.known);
        let built_in = known.is_some_and(|known| known == DEFAULT || known == FLAGGED);
        match call.method() {
            "GET" => {
                let query = call.query(Model::TaskList)?;
                self.check_select(&query, "displayName", "todoTaskList")?;
                self.shown_list(call, key, 200)
            }
            "PATCH" => {
                let name = decode::list_name(&object(&call.request.body)?)?;
                if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
                    if built_in {
                        return Err(refused("A built-in list cannot be renamed."));
                    }
                    self.change_list(call.at, key, |list| list.name = name)?;
                }
                self.shown_list(call, key, 200)
            }
            "DELETE" if built_in => Err(refused("A built-in list cannot be deleted.")),
            "DELETE" => {
                self.remove_list(call.at, key)?;
                Ok(paths::done(204))
            }
            _ => Err(not_allowed()),
        }
    }
}
