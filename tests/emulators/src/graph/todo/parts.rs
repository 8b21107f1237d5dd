//! What hangs on a task: linked resources and the steps of its checklist. A change of one is a change of the task.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::task::{Linked, Step, Task};
use super::{decode, encode, paths};
use crate::graph::Graph;
use crate::graph::decode::object;
use crate::graph::errors::ApiError;
use crate::graph::ids::Key;
use crate::graph::route::{Answer, Call, not_allowed};
use crate::wire::Response;

fn index<T>(items: &[T], id: &str, of: impl Fn(&T) -> Uuid) -> Result<usize, ApiError> {
    let id: Uuid = id.parse().map_err(|_| ApiError::malformed_id())?;
    items.iter().position(|item| of(item) == id).ok_or_else(ApiError::not_found)
}

fn one(status: u16, kind: &str, mut map: Map<String, Value>) -> Response {
    map.insert("@odata.type".to_owned(), format!("#microsoft.graph.{kind}").into());
    Response::json(status, &Value::Object(map))
}

impl Graph {
    pub(super) fn links_request(&mut self, call: &Call<'_>, key: Key, rest: &[&str]) -> Answer {
        let task = self.task(call.at, key)?.clone();
        match (call.method(), rest) {
            ("GET", []) => Ok(Response::json(200, &json!({ "value": encode::links(&task) }))),
            ("POST", []) => {
                let patch = decode::link(&object(&call.request.body)?)?;
                let mut linked = Linked { id: self.part_id(call.at)?, ..Linked::default() };
                patch.apply(&mut linked);
                self.store_task(
                    call.at,
                    Task { links: [task.links, vec![linked.clone()]].concat(), ..task },
                    call.now,
                )?;
                Ok(one(201, "linkedResource", encode::linked(&linked)))
            }
            (method, [id]) => {
                let at = index(&task.links, id, |link| link.id)?;
                let mut task = task;
                let linked = task.links.get_mut(at).ok_or_else(ApiError::not_found)?;
                match method {
                    "GET" => Ok(one(200, "linkedResource", encode::linked(linked))),
                    "PATCH" => {
                        decode::link(&object(&call.request.body)?)?.apply(linked);
                        let shown = encode::linked(linked);
                        self.store_task(call.at, task, call.now)?;
                        Ok(one(200, "linkedResource", shown))
                    }
                    "DELETE" => {
                        task.links.remove(at);
                        self.store_task(call.at, task, call.now)?;
                        Ok(paths::done(204))
                    }
                    _ => Err(not_allowed()),
                }
            }
            _ => Err(not_allowed()),
        }
    }

    pub(super) fn steps_request(&mut self, call: &Call<'_>, key: Key, rest: &[&str]) -> Answer {
        let task = self.task(call.at, key)?.clone();
        match (call.method(), rest) {
            ("GET", []) => Ok(Response::json(200, &json!({ "value": encode::steps(&task) }))),
            ("POST", []) => {
                let patch = decode::step(&object(&call.request.body)?)?;
                let mut step = Step { id: self.part_id(call.at)?, name: None, created: call.now, checked: None };
                patch.apply(&mut step, call.now);
                self.store_task(call.at, Task { steps: [task.steps, vec![step.clone()]].concat(), ..task }, call.now)?;
                Ok(one(201, "checklistItem", encode::step(&step)))
            }
            (method, [id]) => {
                let at = index(&task.steps, id, |step| step.id)?;
                let mut task = task;
                let step = task.steps.get_mut(at).ok_or_else(ApiError::not_found)?;
                match method {
                    "GET" => Ok(one(200, "checklistItem", encode::step(step))),
                    "PATCH" => {
                        decode::step(&object(&call.request.body)?)?.apply(step, call.now);
                        let shown = encode::step(step);
                        self.store_task(call.at, task, call.now)?;
                        Ok(one(200, "checklistItem", shown))
                    }
                    "DELETE" => {
                        task.steps.remove(at);
                        self.store_task(call.at, task, call.now)?;
                        Ok(paths::done(204))
                    }
                    _ => Err(not_allowed()),
                }
            }
            _ => Err(not_allowed()),
        }
    }
}
