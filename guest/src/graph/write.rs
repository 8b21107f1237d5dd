//! Writes, as parts of batches. A create carries a transaction id, by which the server itself drops a repeated one, and
//! our marker as a named property of the same item; an update carries the etag of what the merge saw.

use super::client::{marker_id, prefer};
use super::{Graph, mapping, search, todo};
use crate::ask::{Ask, Fault};
use crate::batch::{Part, PartAnswer};
use crate::deliberate::Deliberate;
use crate::http;
use crate::side::{DUPLICATE, Mark, Write, Written};
use serde_json::{Value, json};

/// Carries out writes.
pub fn write<'a>(side: &'a Graph, writes: &[Write]) -> Ask<'a, Vec<Result<Written, Fault>>> {
    let parts: Vec<Part> = writes.iter().map(|write| part_of(side, write)).collect();
    let writes = writes.to_vec();
    side.client.batch().ask(&parts, false).map(move |answers| {
        answers.into_iter().zip(&writes).map(|(answer, write)| result(side, write, answer)).collect()
    })
}

fn part_of(side: &Graph, write: &Write) -> Part {
    let headers = vec![("Content-Type", "application/json".to_owned()), ("Prefer", prefer())];
    match write {
        Write::Create { folder, values, marker, transaction, .. } => {
            if let Some(list) = todo::list_of(folder) {
                return todo::write::create(side, list, values, marker.as_ref());
            }
            let mut event = mapping::properties(values, side.zone);
            event.insert("transactionId".into(), json!(transaction));
            if let Some(marker) = marker {
                let property = json!([{"id": marker_id(), "value": marker.encode()}]);
                event.insert("singleValueExtendedProperties".into(), property);
            }
            let url = side.client.path(&format!("calendars/{}/events", http::encode(folder)));
            Part { method: "POST", url, headers, body: Some(Value::Object(event)) }
        }
        Write::Update { current, values } => {
            if let Some(task) = todo::task_of(&current.id) {
                return todo::write::update(side, task, &current.version, values);
            }
            let mut headers = headers;
            headers.extend(if_match(&current.version));
            let url = side.client.path(&format!("events/{}", http::encode(&current.id)));
            Part { method: "PATCH", url, headers, body: Some(Value::Object(mapping::properties(values, side.zone))) }
        }
        Write::Delete { id, version, .. } => {
            if let Some(task) = todo::task_of(id) {
                return todo::write::delete(side, task, version);
            }
            let url = side.client.path(&format!("events/{}", http::encode(id)));
            let mut headers = vec![("Prefer", prefer())];
            // What was edited since is not deleted unseen.
            headers.extend(if_match(version));
            Part { method: "DELETE", url, headers, body: None }
        }
    }
}

/// The version as a condition, where it is an etag.
pub(super) fn if_match(version: &str) -> Option<(&'static str, String)> {
    let etag = version.starts_with("W/") || version.starts_with('"');
    (etag && !Deliberate::NoCondition.on()).then(|| ("If-Match", version.to_owned()))
}

/// The list that a write goes to, where it is one about a task.
fn list_of(write: &Write) -> Option<&str> {
    match write {
        Write::Create { folder, .. } => todo::list_of(folder),
        Write::Update { current, .. } => todo::task_of(&current.id).map(|(list, _)| list),
        Write::Delete { id, .. } => todo::task_of(id).map(|(list, _)| list),
    }
}

fn result(side: &Graph, write: &Write, answer: Result<PartAnswer, Fault>) -> Result<Written, Fault> {
    let delete = matches!(write, Write::Delete { .. });
    let list = list_of(write);
    match answer {
        Ok(_) if delete => Ok(Written { after: None, proven: true, before: None, skew: None }),
        // Gone already is what was wanted.
        Err(fault) if delete && gone(&fault, list.is_some()) => {
            Ok(Written { after: None, proven: true, before: None, skew: None })
        }
        Ok(part) => {
            // A write whose answer cannot be read has been carried out.
            let after = match list {
                Some(list) => todo::mapping::seen(side, &part.body, list),
                None => mapping::seen(side, &part.body, None),
            };
            let after =
                after.map_err(|fault| Fault::Unknown(format!("the answer of the write cannot be read: {fault}")))?;
            Ok(Written { after: Some(Box::new(after)), proven: true, before: None, skew: None })
        }
        // The server has it already: an earlier attempt, found by its marker.
        Err(Fault::Refused { code, message, .. }) if code.eq_ignore_ascii_case("ErrorDuplicateTransactionId") => {
            Err(Fault::Unknown(format!("{DUPLICATE}: {message}")))
        }
        Err(fault) => Err(fault),
    }
}

fn gone(fault: &Fault, task: bool) -> bool {
    if task { todo::search::task_not_found(fault) } else { search::item_not_found(fault) }
}

/// Takes markers off. Graph writes to nobody when a named property goes.
pub fn unmark<'a>(side: &'a Graph, marks: &[Mark]) -> Ask<'a, Vec<Result<String, Fault>>> {
    let parts: Vec<Part> = marks.iter().map(|mark| unmark_part(side, mark)).collect();
    let tasks: Vec<bool> = marks.iter().map(|mark| todo::task_of(&mark.item).is_some()).collect();
    side.client.batch().ask(&parts, false).map(move |answers| {
        let result = |(answer, task): (Result<PartAnswer, Fault>, bool)| match answer {
            Ok(part) => Ok(mapping::version(&part.body)),
            // What is not there any more carries nothing.
            Err(fault) if gone(&fault, task) => Ok(String::new()),
            Err(fault) => Err(fault),
        };
        answers.into_iter().zip(tasks).map(result).collect()
    })
}

fn unmark_part(side: &Graph, mark: &Mark) -> Part {
    if let (Some(task), Some(resource)) = (todo::task_of(&mark.item), &mark.part) {
        return todo::write::unlink(side, task, resource);
    }
    let mut headers = vec![("Content-Type", "application/json".to_owned()), ("Prefer", prefer())];
    headers.extend(if_match(&mark.version));
    // Which a client takes a named property away by: it has no address of its own.
    let body = json!({"singleValueExtendedProperties": [{"id": marker_id(), "value": null}]});
    let url = side.client.path(&format!("events/{}", http::encode(&mark.item)));
    Part { method: "PATCH", url, headers, body: Some(body) }
}
