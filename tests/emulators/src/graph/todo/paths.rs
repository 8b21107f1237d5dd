//! From a path below `todo` to the function that answers it.

use serde_json::json;

use super::refused;
use super::task::Task;
use crate::graph::Graph;
use crate::graph::auth::Who;
use crate::graph::errors::ApiError;
use crate::graph::ids::{Id, Key, Kind};
use crate::graph::route::{Answer, Call, not_allowed};
use crate::wire::{Request, Response};

/// The name by which every endpoint but one knows the default list.
const SHORTHAND: &str = "Tasks";

pub(super) fn done(status: u16) -> Response {
    Response { status, ..Response::default() }
}

impl Graph {
    /// Whether a program may do this with tasks.
    pub(in crate::graph) fn admit_tasks(&self, who: &Who, request: &Request) -> Result<(), ApiError> {
        let allowed = self.knobs.app_tasks_role.allows(&request.method) || *who != Who::App;
        if allowed { Ok(()) } else { Err(ApiError::denied()) }
    }

    pub(in crate::graph) fn todo(&mut self, call: &Call<'_>, rest: &[&str]) -> Answer {
        match (call.method(), rest) {
            ("GET", []) => Ok(Response::json(200, &json!({ "id": self.mailbox(call.at)?.user.to_string() }))),
            ("GET", ["lists"]) => self.lists(call),
            ("POST", ["lists"]) => self.post_list(call),
            ("GET", ["lists", "delta"]) => self.lists_delta(call),
            (_, ["lists", id]) => {
                let list = self.find_list(call.at, id)?;
                self.list(call, list)
            }
            ("GET", ["lists", id, "tasks"]) => self.tasks_page(call, self.find_list(call.at, id)?),
            ("POST", ["lists", id, "tasks"]) => {
                let list = self.find_list(call.at, id)?;
                self.post_task(call, list)
            }
            ("GET", ["lists", id, "tasks", "delta"]) => self.tasks_delta(call, self.find_list(call.at, id)?),
            (_, ["lists", id, "tasks", task, tail @ ..]) => {
                let list = self.find_list(call.at, id)?;
                let key = self.find_task_in(call.at, list, task)?.key;
                if *id == SHORTHAND && call.method() == "GET" && tail.is_empty() {
                    return Err(elsewhere());
                }
                match tail {
                    [] => self.task_request(call, key),
                    ["linkedResources", rest @ ..] => self.links_request(call, key, rest),
                    ["checklistItems", rest @ ..] => self.steps_request(call, key, rest),
                    ["attachments" | "extensions"] if call.method() == "GET" => {
                        Ok(Response::json(200, &json!({ "value": [] })))
                    }
                    [first, ..] => Err(ApiError::segment(first)),
                }
            }
            (_, ["lists", _, other, ..] | [other, ..]) if *other != "lists" && *other != "tasks" => {
                Err(ApiError::segment(other))
            }
            _ => Err(not_allowed()),
        }
    }

    fn find_list(&self, at: usize, id: &str) -> Result<Key, ApiError> {
        let mailbox = self.mailbox(at)?;
        if id == SHORTHAND {
            return mailbox.todo.default_list().ok_or_else(ApiError::not_found);
        }
        let id = Id::decode(id).filter(|id| id.kind == Kind::TaskList).ok_or_else(ApiError::malformed_id)?;
        let known = id.mailbox == mailbox.guid && mailbox.todo.lists.contains_key(&id.key);
        known.then_some(id.key).ok_or_else(ApiError::not_found)
    }

    fn find_task_in(&self, at: usize, list: Key, id: &str) -> Result<&Task, ApiError> {
        let mailbox = self.mailbox(at)?;
        let id = Id::decode(id).filter(|id| id.kind == Kind::Task).ok_or_else(ApiError::malformed_id)?;
        let task = mailbox.todo.task(id.key).filter(|_| id.mailbox == mailbox.guid);
        let task = task.filter(|task| id.place == Some((task.list, 0))).ok_or_else(ApiError::not_found)?;
        if task.list == list { Ok(task) } else { Err(elsewhere()) }
    }
}

fn elsewhere() -> ApiError {
    refused("Parent folder specified does not contain a Task with given Id.")
}
