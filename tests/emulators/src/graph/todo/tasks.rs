//! Tasks: listing, reading, writing, deleting.

use serde_json::{Map, Value};

use super::decode::Reading;
use super::lists::Paging;
use super::task::{FLAGGED, Task, list_id};
use super::write::By;
use super::{encode, paths, refused};
use crate::graph::Graph;
use crate::graph::calendars::context;
use crate::graph::decode::object;
use crate::graph::encode::etag;
use crate::graph::errors::ApiError;
use crate::graph::ids::Key;
use crate::graph::query::{Model, Query};
use crate::graph::route::{Answer, Call, not_allowed};
use crate::graph::zones::Zone;
use crate::wire::Response;

impl Graph {
    /// A task as a query wants it.
    pub(super) fn task_row(&self, call: &Call<'_>, task: &Task, query: &Query) -> Result<Map<String, Value>, ApiError> {
        let rich = self.knobs.todo_html_bodies && call.prefer.text_body != Some(true);
        let mut map = encode::task(self.mailbox(call.at)?.guid, task, rich);
        self.select(query, &mut map);
        if query.expand.links {
            map.insert("linkedResources".to_owned(), encode::links(task));
        }
        if query.expand.steps {
            map.insert("checklistItems".to_owned(), encode::steps(task));
        }
        for name in &query.expand.empty {
            map.insert(name.clone(), Value::Array(Vec::new()));
        }
        Ok(map)
    }

    pub(super) fn tasks_page(&self, call: &Call<'_>, list: Key) -> Answer {
        let query = call.query(Model::Task)?;
        self.check_select(&query, "title", "todoTask")?;
        let mailbox = self.mailbox(call.at)?;
        let mut rows = Vec::new();
        for task in mailbox.todo.tasks_in(list) {
            let mut row = self.task_row(call, task, &query)?;
            if self.knobs.todo_lists_omit_recurrence && query.filter.is_none() {
                row.remove("recurrence");
            }
            rows.push(row);
        }
        let what = format!("todo/lists('{}')/tasks", list_id(mailbox.guid, list));
        self.todo_page(call, &query, &what, rows, Paging::Skip)
    }

    fn entity_of(&self, call: &Call<'_>, key: Key, query: &Query) -> Result<Map<String, Value>, ApiError> {
        let (mailbox, task) = (self.mailbox(call.at)?, self.task(call.at, key)?);
        let mut map = self.task_row(call, task, query)?;
        let what = format!("todo/lists('{}')/tasks/$entity", list_id(mailbox.guid, task.list));
        map.insert("@odata.context".to_owned(), context(call, mailbox, &what));
        Ok(map)
    }

    fn reading(&self, creates: bool) -> Reading {
        Reading { zone: Zone::utc(), keep_bodies: self.knobs.keep_bodies, creates }
    }

    pub(super) fn post_task(&mut self, call: &Call<'_>, list: Key) -> Answer {
        let patch = self.reading(true).task(&object(&call.request.body)?)?;
        let mut query = call.query(Model::Task)?;
        let known = self.mailbox(call.at)?.todo.lists.get(&list).map(|list| list.known);
        if known == Some(FLAGGED) {
            return Err(refused("Tasks of the list of flagged e-mail are made by flagging e-mail."));
        }
        let key = self.create_task(call.at, list, &patch, call.now)?;
        // What was sent inline comes back inline.
        query.expand.links |= !patch.links.is_empty();
        query.expand.steps |= !patch.steps.is_empty();
        Ok(Response::json(201, &Value::Object(self.entity_of(call, key, &query)?)))
    }

    pub(super) fn task_request(&mut self, call: &Call<'_>, key: Key) -> Answer {
        match call.method() {
            "GET" => {
                let query = call.query(Model::Task)?;
                self.check_select(&query, "title", "todoTask")?;
                Ok(Response::json(200, &Value::Object(self.entity_of(call, key, &query)?)))
            }
            "PATCH" => {
                let query = call.query(Model::Task)?;
                self.if_match_task(call, key)?;
                let patch = self.reading(false).task(&object(&call.request.body)?)?;
                self.update_task_by(By::Program, call.at, key, &patch, call.now)?;
                Ok(Response::json(200, &Value::Object(self.entity_of(call, key, &query)?)))
            }
            "DELETE" => {
                self.if_match_task(call, key)?;
                self.remove_task(call.at, key)?;
                Ok(paths::done(204))
            }
            _ => Err(not_allowed()),
        }
    }

    fn if_match_task(&self, call: &Call<'_>, key: Key) -> Result<(), ApiError> {
        self.if_match(call, &etag(self.mailbox(call.at)?.guid, self.task(call.at, key)?.change))
    }
}
