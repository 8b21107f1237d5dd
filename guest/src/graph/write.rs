//! Writes, as parts of batches. A create carries a transaction id, by which the server itself drops a repeated one, and
//! our marker as a named property of the same item; an update carries the etag of what the merge saw.

use super::client::{marker_id, prefer};
use super::{Graph, mapping, search};
use crate::ask::{Ask, Fault};
use crate::batch::{Part, PartAnswer};
use crate::deliberate::Deliberate;
use crate::http;
use crate::side::{Write, Written};
use serde_json::{Value, json};

/// How the fault of a create begins that an earlier attempt had carried out.
pub const DUPLICATE: &str = "an earlier attempt made it";

/// Carries out writes.
pub fn write<'a>(side: &'a Graph, writes: &[Write]) -> Ask<'a, Vec<Result<Written, Fault>>> {
    let parts: Vec<Part> = writes.iter().map(|write| part_of(side, write)).collect();
    let deletes: Vec<bool> = writes.iter().map(|write| matches!(write, Write::Delete { .. })).collect();
    side.client.batch().ask(&parts, false).map(move |answers| {
        answers.into_iter().zip(deletes).map(|(answer, delete)| result(side, answer, delete)).collect()
    })
}

fn part_of(side: &Graph, write: &Write) -> Part {
    let headers = vec![("Content-Type", "application/json".to_owned()), ("Prefer", prefer())];
    match write {
        Write::Create { folder, values, marker, transaction, .. } => {
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
            let mut headers = headers;
            headers.extend(if_match(&current.version));
            let url = side.client.path(&format!("events/{}", http::encode(&current.id)));
            Part { method: "PATCH", url, headers, body: Some(Value::Object(mapping::properties(values, side.zone))) }
        }
        Write::Delete { id, version } => {
            let url = side.client.path(&format!("events/{}", http::encode(id)));
            let mut headers = vec![("Prefer", prefer())];
            // What was edited since is not deleted unseen.
            headers.extend(if_match(version));
            Part { method: "DELETE", url, headers, body: None }
        }
    }
}

/// The version as a condition, where it is an etag.
fn if_match(version: &str) -> Option<(&'static str, String)> {
    let etag = version.starts_with("W/") || version.starts_with('"');
    (etag && !Deliberate::NoCondition.on()).then(|| ("If-Match", version.to_owned()))
}

fn result(side: &Graph, answer: Result<PartAnswer, Fault>, delete: bool) -> Result<Written, Fault> {
    match answer {
        Ok(_) if delete => Ok(Written { after: None, proven: true, before: None, skew: None }),
        // Gone already is what was wanted.
        Err(fault) if delete && search::item_not_found(&fault) => {
            Ok(Written { after: None, proven: true, before: None, skew: None })
        }
        Ok(part) => {
            // A write whose answer cannot be read has been carried out.
            let after = mapping::seen(side, &part.body, None)
                .map_err(|fault| Fault::Unknown(format!("the answer of the write cannot be read: {fault}")))?;
            Ok(Written { after: Some(Box::new(after)), proven: true, before: None, skew: None })
        }
        // The server has it already: an earlier attempt, found by its marker.
        Err(Fault::Refused { code, message, .. }) if code.eq_ignore_ascii_case("ErrorDuplicateTransactionId") => {
            Err(Fault::Unknown(format!("{DUPLICATE}: {message}")))
        }
        Err(fault) => Err(fault),
    }
}
