//! Writes. Creatio has no ETag: an update reads the row before and after in the same batch, so that a value nobody had
//! seen is at least reported. A create sends its own id, so that a repeated one can only meet itself.

use super::client::{body_part, get_part, rows};
use super::{Creatio, mapping};
use crate::activity::Seen;
use crate::ask::{Ask, Fault};
use crate::batch::{Part, PartAnswer};
use crate::http;
use crate::side::{DUPLICATE, Write, Written};
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

/// A read of one row that succeeds where there is none: a failing part would end the batch on a site that does not know
/// `continue-on-error`.
fn row_url(side: &Creatio, id: &str) -> String {
    http::with_query("Activity", &[("$filter", &format!("Id eq {id}")), ("$select", &mapping::columns(side, true))])
}

fn parts_of(side: &Creatio, write: &Write, step: usize) -> Vec<Part> {
    let (before, change, after) = match write {
        Write::Create { activity, kind, values, .. } => {
            let mut body = mapping::new_row(*activity, *kind, side.site.contact);
            body.extend(mapping::body(values, None, &side.place_column, side.zone));
            (None, body_part("POST", "Activity".into(), Value::Object(body)), row_url(side, &activity.to_string()))
        }
        Write::Update { current, values } => {
            let body = mapping::body(values, Some(current), &side.place_column, side.zone);
            let url = format!("Activity({})", current.id);
            let row = row_url(side, &current.id);
            (Some(get_part(row.clone())), body_part("PATCH", url, Value::Object(body)), row)
        }
        Write::Delete { id, .. } => {
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
        (None, _) => vec![change, after.clone(), after],
    }
}

fn result(side: &Creatio, write: &Write, answers: &[Result<PartAnswer, Fault>]) -> Result<Written, Fault> {
    let (before, change, after) = match (write, answers) {
        (Write::Create { .. }, [change, after] | [change, after, _]) => (None, change, after),
        (_, [before, change, after]) => (Some(before), change, after),
        _ => return Err(Fault::Unknown("the batch gave no answer for this write".into())),
    };
    let before = before.and_then(|before| row(side, before).ok().flatten());
    match (write, change, row(side, after)) {
        // A POST may report an error after the row was saved: the row itself tells.
        (Write::Create { .. }, _, Ok(Some(now))) => {
            Ok(Written { after: Some(now), proven: false, before: None, skew: skew(after) })
        }
        (Write::Update { .. }, Ok(_), Ok(Some(now))) => {
            Ok(Written { after: Some(now), proven: false, before, skew: skew(after) })
        }
        // A PATCH of a missing row may look successful: the read after it does not.
        (Write::Update { .. }, Ok(_), Ok(None)) => Err(missing()),
        (Write::Delete { .. }, _, Ok(None)) => Ok(Written { after: None, proven: true, before, skew: None }),
        // Saved, and hidden by rights: what was sent is its base, or a later attempt would take its content for an edit.
        (Write::Create { .. }, Ok(_), Ok(None)) => Ok(Written { after: None, proven: false, before: None, skew: None }),
        (Write::Create { .. }, Ok(_), _) | (Write::Update { .. } | Write::Delete { .. }, Ok(_), _) => {
            Err(Fault::Unknown("it was accepted, but cannot be read".into()))
        }
        // There is one that rights hide: it is not the one that was to be made.
        (Write::Create { .. }, Err(Fault::Refused { message, .. }), Ok(None)) if duplicate(message) => {
            Err(Fault::Unknown(format!("{DUPLICATE}: {message}")))
        }
        (_, Err(fault), _) => Err(fault.clone()),
    }
}

/// How the databases that Creatio runs on call a key that exists: Microsoft's, PostgreSQL and Oracle.
fn duplicate(message: &str) -> bool {
    ["PRIMARY KEY", "duplicate key", "ORA-00001"].iter().any(|text| message.contains(text))
}

fn missing() -> Fault {
    Fault::Refused { status: 404, code: String::new(), message: "the activity is not there any more".into() }
}

/// The row that a read gave, if there is one.
fn row(side: &Creatio, answer: &Result<PartAnswer, Fault>) -> Result<Option<Box<Seen>>, Fault> {
    let part = answer.as_ref().map_err(Clone::clone)?;
    rows(&part.body)?.first().map(|row| mapping::seen(side, row, false, false).map(Box::new)).transpose()
}

/// How far the stamp of a row just written lies behind the date of the answer.
fn skew(after: &Result<PartAnswer, Fault>) -> Option<i64> {
    let part = after.as_ref().ok()?;
    let stamp = mapping::instant(rows(&part.body).ok()?.first()?, "ModifiedOn")?;
    let behind = (part.date? - stamp).num_seconds();
    (behind > SKEW_NOTICED).then_some(behind)
}
