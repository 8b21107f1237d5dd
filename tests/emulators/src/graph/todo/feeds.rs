//! Delta of the lists of a mailbox and of the tasks of a list.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::encode;
use super::task::{list_id, task_id};
use crate::graph::Graph;
use crate::graph::errors::ApiError;
use crate::graph::ids::Key;
use crate::graph::query::{Model, Query};
use crate::graph::round::{Feed, Source};
use crate::graph::route::{Answer, Call};

/// Rounds of To Do have no window.
const fn unbounded(_: &Query) -> Result<(DateTime<Utc>, DateTime<Utc>), ApiError> {
    Ok((DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH))
}

fn shown(kind: &str, mut map: Map<String, Value>) -> Value {
    map.insert("@odata.type".to_owned(), format!("#microsoft.graph.{kind}").into());
    Value::Object(map)
}

fn removed(kind: &str, id: String) -> Value {
    json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id, "@removed": { "reason": "deleted" } })
}

/// Parameters that a round of tasks or lists does not take.
fn refuse(query: &Query) -> Result<(), ApiError> {
    let refused = ["$filter", "$orderby", "$skip", "$count"];
    match query.pairs.iter().find(|(name, _)| refused.contains(&name.to_ascii_lowercase().as_str())) {
        None => Ok(()),
        Some((name, _)) => {
            let message = format!("The query option '{name}' is not supported with change tracking.");
            Err(ApiError::new(400, "ErrorInvalidUrlQuery", message))
        }
    }
}

impl Graph {
    pub(super) fn tasks_delta(&self, call: &Call<'_>, list: Key) -> Answer {
        if let Some(status) = self.knobs.todo_delta_refused {
            return Err(ApiError::new(status, "ErrorInvalidRequest", "Change tracking is not supported for tasks."));
        }
        let query = call.query(Model::Task)?;
        refuse(&query)?;
        self.check_select(&query, "title", "todoTask")?;
        let mailbox = self.mailbox(call.at)?;
        let log = &mailbox.todo.lists.get(&list).ok_or_else(ApiError::not_found)?.log;
        let source = Source { feed: Feed::Tasks, model: Model::Task, folder: list, log };
        self.round(
            call,
            &source,
            unbounded,
            |page, entry| {
                let task = mailbox.todo.task(entry.key);
                if let Some(map) = task.and_then(|task| self.task_row(call, task, &page.query).ok()) {
                    page.rows.push(shown("todoTask", map));
                }
            },
            |page, entry| {
                page.rows.push(removed("todoTask", task_id(mailbox.guid, entry.key, list)));
            },
        )
    }

    pub(super) fn lists_delta(&self, call: &Call<'_>) -> Answer {
        let query = call.query(Model::TaskList)?;
        refuse(&query)?;
        self.check_select(&query, "displayName", "todoTaskList")?;
        let mailbox = self.mailbox(call.at)?;
        let source = Source { feed: Feed::Lists, model: Model::TaskList, folder: 0, log: &mailbox.todo.log };
        self.round(
            call,
            &source,
            unbounded,
            |page, entry| {
                if let Some(list) = mailbox.todo.lists.get(&entry.key) {
                    let mut map = encode::list(mailbox.guid, list);
                    self.select(&page.query, &mut map);
                    page.rows.push(shown("todoTaskList", map));
                }
            },
            |page, entry| page.rows.push(removed("todoTaskList", list_id(mailbox.guid, entry.key))),
        )
    }
}
