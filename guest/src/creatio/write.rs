//! Writes. Creatio has no ETag: an update reads the row before and after in the same batch, so that a value nobody had
//! seen is at least reported. A create sends its own id, so that a repeated one can only meet itself.

use super::client::{body_part, get_part};
use super::{Creatio, mapping};
use crate::ask::{Ask, Fault};
use crate::batch::{Part, PartAnswer};
use crate::http;
use crate::side::{Write, Written};
use serde_json::Value;

/// A stamp this much older than the answer's date is a skewed clock, not a slow one, in seconds.
const SKEW_NOTICED: i64 = 60;

/// Carries out writes.
pub fn write<'a>(side: &'a Creatio, writes: &[Write]) -> Ask<'a, Vec<Result<Written, Fault>>> {
    // Batches hold whole writes: three parts each, or two where all are creates.
    let step = if writes.iter().all(|write| matches!(write, Write::Create { .. })) { 2 } else { 3 };
    let mut parts = Vec::with_capacity(writes.len() * step);
    for write in writes {
        parts.extend(parts_of(side, write, step));
    }
    let writes = writes.to_vec();
    side.client.writes(&parts, step).map(move |answers| {
        writes.iter().zip(answers.chunks(step)).map(|(write, answers)| result(side, write, answers)).collect()
    })
}

fn row_url(side: &Creatio, id: &str) -> String {
    http::with_query(&format!("Activity({id})"), &[("$select", &mapping::columns(side, true))])
}

fn parts_of(side: &Creatio, write: &Write, step: usize) -> Vec<Part> {
    let (before, change, after) = match write {
        Write::Create { activity, values, .. } => {
            let mut body = mapping::new_row(*activity, side.site.contact);
            body.extend(mapping::body(values, None, &side.place_column));
            (None, body_part("POST", "Activity".into(), Value::Object(body)), row_url(side, &activity.to_string()))
        }
        Write::Update { current, values } => {
            let body = mapping::body(values, Some(current), &side.place_column);
            let url = format!("Activity({})", current.id);
            let row = row_url(side, &current.id);
            (Some(get_part(row.clone())), body_part("PATCH", url, Value::Object(body)), row)
        }
        Write::Delete { id } => {
            let row = row_url(side, id);
            let delete = Part { method: "DELETE", url: format!("Activity({id})"), headers: Vec::new(), body: None };
            (Some(get_part(row.clone())), delete, row)
        }
    };
    let after = get_part(after);
    match (before, step) {
        (Some(before), _) => vec![before, change, after],
        (None, 2) => vec![change, after],
        // A create among updates keeps their rhythm.
        (None, _) => vec![after.clone(), change, after],
    }
}

fn result(side: &Creatio, write: &Write, answers: &[Result<PartAnswer, Fault>]) -> Result<Written, Fault> {
    let lost = || Err(Fault::Unknown("the batch gave no answer for this write".into()));
    let (before, change, after) = match answers {
        [change, after] => (None, change, after),
        [before, change, after] => (Some(before), change, after),
        _ => return lost(),
    };
    let seen = |answer: &Result<PartAnswer, Fault>| match answer {
        Ok(part) => mapping::seen(side, &part.body, false, false).ok().map(Box::new),
        Err(_) => None,
    };
    let now = seen(after);
    match write {
        Write::Create { .. } => match (change, &now) {
            // A POST may report an error after the row was saved: the row itself tells.
            (_, Some(_)) => Ok(Written { after: now, proven: false, before: None, skew: skew(after) }),
            (Err(fault), None) => Err(fault.clone()),
            (Ok(_), None) => Err(Fault::Unknown("the activity was accepted but cannot be read".into())),
        },
        Write::Update { .. } => match (change, &now) {
            (Ok(_), Some(_)) => {
                Ok(Written { after: now, proven: false, before: before.and_then(seen), skew: skew(after) })
            }
            // A PATCH of a missing row may look successful: the read after it does not.
            (Ok(_), None) => Err(match after {
                Err(fault) => fault.clone(),
                Ok(_) => Fault::Unknown("the activity was accepted but cannot be read".into()),
            }),
            (Err(fault), _) => Err(fault.clone()),
        },
        Write::Delete { .. } => match (change, after) {
            (_, Err(fault)) if fault.not_found() => {
                Ok(Written { after: None, proven: true, before: before.and_then(seen), skew: None })
            }
            (Ok(_), _) => Ok(Written { after: None, proven: false, before: before.and_then(seen), skew: None }),
            (Err(fault), _) => Err(fault.clone()),
        },
    }
}

/// How far the stamp of a row just written lies behind the date of the answer.
fn skew(after: &Result<PartAnswer, Fault>) -> Option<i64> {
    let part = after.as_ref().ok()?;
    let behind = (part.date? - mapping::instant(&part.body, "ModifiedOn")?).num_seconds();
    (behind > SKEW_NOTICED).then_some(behind)
}
