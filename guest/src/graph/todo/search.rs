//! Finding tasks by id and marker, and telling a deleted one from one that is elsewhere.

use super::client::{EXPAND, list_path, task_path};
use super::{item_id, list_of, mapping};
use crate::activity::Seen;
use crate::ask::{Ask, Fault};
use crate::batch::{Part, PartAnswer};
use crate::graph::Graph;
use crate::graph::client::{elements, get_part, prefer};
use crate::graph::feed::next_link;
use crate::http;
use crate::identity::Marker;
use crate::link::Bases;
use crate::side::{Found, Lost, Mark, Marked, Whereabouts};
use serde_json::Value;

/// Tasks a page of a listing: the newest come first, and what is looked for was made lately.
const NEWEST: &str = "100";
/// Marked tasks a page.
const MARKED: &str = "200";

/// A task by its id.
#[must_use]
pub fn task_part(side: &Graph, list: &str, task: &str) -> Part {
    get_part(http::with_query(&task_path(&side.client, list, task), &[("$expand", EXPAND)]))
}

/// What a read by id gave.
///
/// # Errors
/// Whatever is neither the task nor its absence.
pub fn found(side: &Graph, list: &str, answer: Result<PartAnswer, Fault>) -> Result<Found, Fault> {
    match answer {
        Ok(part) => Ok(Found::Here(Box::new(mapping::seen(side, &part.body, list)?))),
        Err(fault) if task_not_found(&fault) => Ok(Found::Absent),
        Err(fault) => Err(fault),
    }
}

/// "Task not found": To Do is a younger service and not of one mind about the code.
#[must_use]
pub fn task_not_found(fault: &Fault) -> bool {
    let codes = ["ErrorItemNotFound", "itemNotFound", "ResourceNotFound", "notFound"];
    matches!(fault, Fault::Refused { status: 404, code, .. } if codes.iter().any(|known| code.eq_ignore_ascii_case(known)))
}

/// The newest tasks of a list, with their markers.
#[must_use]
pub fn newest_part(side: &Graph, list: &str) -> Part {
    let query = [("$expand", EXPAND), ("$orderby", "createdDateTime desc"), ("$top", NEWEST)];
    get_part(http::with_query(&list_path(&side.client, list, "/tasks"), &query))
}

/// Those of a listing that carry one of these markers.
///
/// # Errors
/// [`Fault::Garbled`] where it is no listing.
pub fn with_marker(side: &Graph, list: &str, body: &Value, markers: &[String]) -> Result<Vec<Seen>, Fault> {
    let mut tasks = all(side, list, body)?;
    tasks.retain(|seen| seen.marker.as_ref().is_some_and(|marker| markers.contains(marker)));
    Ok(tasks)
}

/// A page of all marked tasks of a list.
pub fn marked<'a>(side: &'a Graph, list: &'a str, cursor: &str) -> Ask<'a, Result<Marked, Fault>> {
    let address = if cursor.is_empty() {
        http::with_query(&list_path(&side.client, list, "/tasks"), &[("$expand", EXPAND), ("$top", MARKED)])
    } else {
        cursor.to_owned()
    };
    Ask::one(side.client.get(&address, prefer()), move |answer| {
        let body = http::json(answer)?;
        let mut items = Vec::new();
        for task in elements(&body)? {
            let seen = mapping::seen(side, task, list)?;
            items.extend(mapping::markers(task).map(|(resource, marker)| Mark {
                item: seen.id.clone(),
                part: Some(resource.to_owned()),
                marker: marker.to_owned(),
                title: seen.title().to_owned(),
                version: String::new(),
            }));
        }
        Ok(Marked { items, next: next_link(side, &body)? })
    })
}

/// What has to be asked to find out whether a task exists: the task, its list (which must answer for an absence to count),
/// and the newest tasks of every list. One that was moved has another id, and is known by its marker, or as the one that
/// holds all that it held.
#[must_use]
pub fn lost_parts(side: &Graph, lost: &Lost, (list, task): (&str, &str), lists: &[&str]) -> Vec<Part> {
    let mut parts = vec![task_part(side, list, task), get_part(list_path(&side.client, list, ""))];
    if lost.marker.is_some() || !lost.bases.is_empty() {
        parts.extend(lists.iter().map(|list| newest_part(side, list)));
    }
    parts
}

/// What the answers say.
#[must_use]
pub fn judge(
    side: &Graph,
    lost: &Lost,
    (list, task): (&str, &str),
    lists: &[&str],
    answers: &[Result<PartAnswer, Fault>],
) -> Whereabouts {
    let [by_id, its_list, elsewhere @ ..] = answers else {
        return Whereabouts::Unknown(Fault::Garbled("a batch with too few answers".into()));
    };
    match found(side, list, by_id.clone()) {
        Ok(Found::Here(seen)) => return Whereabouts::Alive { seen },
        Ok(Found::Absent) => {}
        Err(fault) => return Whereabouts::Unknown(fault),
    }
    if let Err(fault) = its_list {
        return Whereabouts::Unknown(fault.clone());
    }
    among(side, lost, &item_id(list, task), lists, elsewhere)
}

/// What the newest tasks of some lists say of one whose id is not known.
#[must_use]
pub fn known(side: &Graph, lost: &Lost, folders: &[String], answers: &[Result<PartAnswer, Fault>]) -> Whereabouts {
    let lists: Vec<&str> = folders.iter().filter_map(|folder| list_of(folder)).collect();
    let by_marker = among(side, lost, "", &lists, answers);
    match by_marker {
        // Another service's marker does not show here.
        Whereabouts::Gone => among(side, &Lost { marker: None, ..lost.clone() }, "", &lists, answers),
        found => found,
    }
}

fn among(side: &Graph, lost: &Lost, own: &str, lists: &[&str], answers: &[Result<PartAnswer, Fault>]) -> Whereabouts {
    let marker = lost.marker.as_ref().map(Marker::encode);
    let (mut marked, mut alike) = (Vec::new(), Vec::new());
    for (list, answer) in lists.iter().zip(answers) {
        let tasks = answer.as_ref().map_err(Clone::clone).and_then(|part| all(side, list, &part.body));
        match tasks {
            Ok(tasks) => {
                for seen in tasks.into_iter().filter(|seen| seen.id != own) {
                    if marker.is_some() && seen.marker == marker {
                        marked.push(seen);
                        continue;
                    }
                    if marker.is_none() && seen.marker.is_none() && holds(&seen, &lost.bases) {
                        alike.push(seen);
                    }
                }
            }
            Err(fault) => return Whereabouts::Unknown(fault),
        }
    }
    if !marked.is_empty() {
        return Whereabouts::Elsewhere { found: marked };
    }
    // Of several that are alike none is certainly it.
    match alike.pop().filter(|_| alike.is_empty()) {
        Some(seen) => Whereabouts::Alive { seen: Box::new(seen) },
        None => Whereabouts::Gone,
    }
}

/// All that a task holds is what another one held.
#[must_use]
pub fn holds(seen: &Seen, bases: &Bases) -> bool {
    !bases.is_empty()
        && seen.values.len() == bases.len()
        && seen.values.iter().all(|(unit, value)| bases.get(unit).is_some_and(|base| *base == value.digest()))
}

/// The tasks of a listing.
fn all(side: &Graph, list: &str, body: &Value) -> Result<Vec<Seen>, Fault> {
    elements(body)?.iter().map(|task| mapping::seen(side, task, list)).collect()
}
