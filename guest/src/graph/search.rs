//! Finding events by id, identity and marker, and telling a deleted one from one that is elsewhere.

use super::client::{elements, get_part, marker_expand, marker_id, prefer};
use super::{Graph, client, mapping, todo};
use crate::activity::{Kind, Seen};
use crate::ask::{Ask, Fault};
use crate::batch::{Part, PartAnswer};
use crate::http;
use crate::identity::Marker;
use crate::side::{Found, Lost, Mark, Marked, Whereabouts};
use serde_json::Value;

/// Marked items a page: only ids and one property each.
const MARKED: &str = "200";

fn event_part(side: &Graph, id: &str) -> Part {
    let path = side.client.path(&format!("events/{}", http::encode(id)));
    get_part(http::with_query(&path, &[("$select", client::SELECT), ("$expand", &marker_expand())]))
}

/// Events and tasks by id.
pub fn read<'a>(side: &'a Graph, ids: &[String]) -> Ask<'a, Vec<Result<Found, Fault>>> {
    let parts: Vec<Part> = ids
        .iter()
        .map(|id| match todo::task_of(id) {
            Some((list, task)) => todo::search::task_part(side, list, task),
            None => event_part(side, id),
        })
        .collect();
    let ids = ids.to_vec();
    side.client.batch().ask(&parts, true).map(move |answers| {
        let of = |(id, answer): (&String, _)| match todo::task_of(id) {
            Some((list, _)) => todo::search::found(side, list, answer),
            None => found(side, answer),
        };
        ids.iter().zip(answers).map(of).collect()
    })
}

fn found(side: &Graph, answer: Result<PartAnswer, Fault>) -> Result<Found, Fault> {
    match answer {
        Ok(part) => Ok(Found::Here(Box::new(mapping::seen(side, &part.body, None)?))),
        Err(fault) if item_not_found(&fault) => Ok(Found::Absent),
        Err(fault) => Err(fault),
    }
}

/// "Item not found" and nothing else: a mailbox or calendar that is not found says something different.
#[must_use]
pub fn item_not_found(fault: &Fault) -> bool {
    matches!(fault, Fault::Refused { status: 404, code, .. } if code.eq_ignore_ascii_case("ErrorItemNotFound"))
}

fn marked_filter(operator: &str, value: &str) -> String {
    format!("singleValueExtendedProperties/Any(ep: ep/id eq '{}' and ep/value {operator} {value})", marker_id())
}

fn events_part(side: &Graph, folder: &str, filter: &str) -> Part {
    let path = side.client.path(&format!("calendars/{}/events", http::encode(folder)));
    get_part(http::with_query(
        &path,
        &[("$filter", filter), ("$select", client::SELECT), ("$expand", &marker_expand()), ("$top", "10")],
    ))
}

/// The events and tasks with one of these markers.
pub fn find_marked<'a>(side: &'a Graph, markers: &[Marker], folders: &[String]) -> Ask<'a, Result<Vec<Seen>, Fault>> {
    let markers: Vec<String> = markers.iter().map(Marker::encode).collect();
    let mut parts = Vec::new();
    let mut places = Vec::new();
    for folder in folders {
        if let Some(list) = todo::list_of(folder) {
            // To Do cannot be asked for a linked resource: the newest tasks are looked through.
            parts.push(todo::search::newest_part(side, list));
            places.push(folder.clone());
            continue;
        }
        for marker in &markers {
            parts.push(events_part(side, folder, &marked_filter("eq", &format!("'{marker}'"))));
            places.push(folder.clone());
        }
    }
    side.client.batch().ask(&parts, true).map(move |answers| {
        let mut all = Vec::new();
        for (folder, answer) in places.iter().zip(answers) {
            let body = answer?.body;
            if let Some(list) = todo::list_of(folder) {
                all.extend(todo::search::with_marker(side, list, &body, &markers)?);
                continue;
            }
            for event in elements(&body)? {
                all.push(mapping::seen(side, event, Some(folder))?);
            }
        }
        Ok(all)
    })
}

/// A page of all marked events of a calendar.
pub fn marked<'a>(side: &'a Graph, folder: &str, cursor: &str) -> Ask<'a, Result<Marked, Fault>> {
    let address = if cursor.is_empty() {
        let path = side.client.path(&format!("calendars/{}/events", http::encode(folder)));
        http::with_query(
            &path,
            &[
                ("$filter", &marked_filter("ne", "null")),
                ("$select", "id,subject,sensitivity"),
                ("$expand", &marker_expand()),
                ("$top", MARKED),
            ],
        )
    } else {
        cursor.to_owned()
    };
    Ask::one(side.client.get(&address, prefer()), move |answer| {
        let body = http::json(answer)?;
        let mut items = Vec::new();
        for event in elements(&body)? {
            if let (Some(id), Some(marker)) = (event.get("id").and_then(Value::as_str), mapping::marker(event)) {
                let title = mapping::title(side, event);
                items.push(Mark { item: id.to_owned(), part: None, marker, title, version: String::new() });
            }
        }
        Ok(Marked { items, next: super::feed::next_link(side, &body)? })
    })
}

/// Finds out whether events exist. Asked in one batch for each: the event by id, its calendar (which must answer for an
/// absence to count), and in every calendar the events of the same identity and marker.
pub fn whereabouts<'a>(side: &'a Graph, items: &[Lost], folders: &[String]) -> Ask<'a, Vec<Whereabouts>> {
    let mut parts = Vec::new();
    let mut counts = Vec::with_capacity(items.len());
    let lists: Vec<String> = folders.iter().filter_map(|folder| todo::list_of(folder)).map(str::to_owned).collect();
    for item in items {
        let before = parts.len();
        if let Some(task) = todo::task_of(&item.id) {
            let lists: Vec<&str> = lists.iter().map(String::as_str).collect();
            parts.extend(todo::search::lost_parts(side, item, task, &lists));
            counts.push(parts.len() - before);
            continue;
        }
        parts.push(event_part(side, &item.id));
        parts.push(get_part(http::with_query(
            &side.client.path(&format!("events/{}/calendar", http::encode(&item.id))),
            &[("$select", "id")],
        )));
        parts.push(get_part(http::with_query(
            &side.client.path(&format!("calendars/{}", http::encode(&item.folder))),
            &[("$select", "id")],
        )));
        for folder in folders.iter().filter(|folder| todo::list_of(folder).is_none()) {
            if let Some(identity) = &item.identity {
                let filter = format!("iCalUId eq '{}'", identity.replace('\'', "''"));
                parts.push(events_part(side, folder, &filter));
            }
            if let Some(marker) = &item.marker {
                parts.push(events_part(side, folder, &marked_filter("eq", &format!("'{}'", marker.encode()))));
            }
        }
        counts.push(parts.len() - before);
    }
    let items = items.to_vec();
    side.client.batch().ask(&parts, true).map(move |answers| {
        let mut answers = answers.into_iter();
        items
            .iter()
            .zip(counts)
            .map(|(item, count)| {
                let answers: Vec<_> = answers.by_ref().take(count).collect();
                match todo::task_of(&item.id) {
                    Some(task) => {
                        let lists: Vec<&str> = lists.iter().map(String::as_str).collect();
                        todo::search::judge(side, item, task, &lists, &answers)
                    }
                    None => judge(side, item, &answers),
                }
            })
            .collect()
    })
}

/// Looks for events and tasks whose ids are not known.
pub fn sought<'a>(side: &'a Graph, items: &[(Kind, Lost)], folders: &[String]) -> Ask<'a, Vec<Whereabouts>> {
    let mut parts = Vec::new();
    let mut places: Vec<Vec<String>> = Vec::with_capacity(items.len());
    for (kind, item) in items {
        let mut places_of = Vec::new();
        for folder in folders {
            match (kind, todo::list_of(folder)) {
                (Kind::Task, Some(list)) => {
                    parts.push(todo::search::newest_part(side, list));
                    places_of.push(folder.clone());
                }
                (Kind::Appointment, None) => {
                    for filter in filters(item) {
                        parts.push(events_part(side, folder, &filter));
                        places_of.push(folder.clone());
                    }
                }
                _ => {}
            }
        }
        places.push(places_of);
    }
    let items = items.to_vec();
    side.client.batch().ask(&parts, true).map(move |answers| {
        let mut answers = answers.into_iter();
        items
            .iter()
            .zip(places)
            .map(|((kind, item), places)| {
                let answers: Vec<_> = answers.by_ref().take(places.len()).collect();
                match kind {
                    Kind::Task => todo::search::known(side, item, &places, &answers),
                    Kind::Appointment => known(side, &places, &answers),
                }
            })
            .collect()
    })
}

/// What an event may be found by.
fn filters(item: &Lost) -> Vec<String> {
    let identity = item.identity.as_ref().map(|identity| format!("iCalUId eq '{}'", identity.replace('\'', "''")));
    let marker = item.marker.as_ref().map(|marker| marked_filter("eq", &format!("'{}'", marker.encode())));
    identity.into_iter().chain(marker).collect()
}

/// The single events of these listings.
fn known(side: &Graph, places: &[String], answers: &[Result<PartAnswer, Fault>]) -> Whereabouts {
    let mut found: Vec<Seen> = Vec::new();
    for (folder, answer) in places.iter().zip(answers) {
        match answer.as_ref().map_err(Clone::clone).and_then(|part| elements(&part.body)) {
            Ok(events) => {
                let seen = events.iter().filter_map(|event| mapping::seen(side, event, Some(folder)).ok());
                found.extend(seen.filter(|seen| seen.series.is_none()));
            }
            Err(fault) => return Whereabouts::Unknown(fault),
        }
    }
    if found.is_empty() { Whereabouts::Gone } else { Whereabouts::Elsewhere { found } }
}

/// One of the listings has the event; without a listing there is no telling, and it counts as there.
fn listed(id: &str, listings: &[Result<PartAnswer, Fault>]) -> Result<bool, Fault> {
    let mut fault = None;
    for listing in listings {
        match listing.as_ref().map_err(Clone::clone).and_then(|part| elements(&part.body)) {
            Ok(events) if events.iter().any(|event| event.get("id").and_then(Value::as_str) == Some(id)) => {
                return Ok(true);
            }
            Ok(_) => {}
            Err(why) => fault = Some(why),
        }
    }
    fault.map_or(Ok(listings.is_empty()), Err)
}

fn judge(side: &Graph, item: &Lost, answers: &[Result<PartAnswer, Fault>]) -> Whereabouts {
    let [by_id, its_calendar, calendar, elsewhere @ ..] = answers else {
        return Whereabouts::Unknown(Fault::Garbled("a batch with too few answers".into()));
    };
    let calendar_id = |answer: &Result<PartAnswer, Fault>| match answer {
        Ok(part) => part.body.get("id").and_then(Value::as_str).map(str::to_owned),
        Err(_) => None,
    };
    match by_id {
        Ok(part) => match (mapping::seen(side, &part.body, None), its_calendar) {
            (Err(fault), _) => Whereabouts::Unknown(fault),
            // An event whose calendar is none lies in Deleted Items.
            (Ok(_), Err(fault)) if fault.not_found() => Whereabouts::Gone,
            (Ok(_), Err(fault)) => Whereabouts::Unknown(fault.clone()),
            (Ok(mut seen), Ok(_)) => match listed(&item.id, elsewhere) {
                Ok(true) => {
                    seen.folder = calendar_id(its_calendar).or_else(|| Some(item.folder.clone()));
                    Whereabouts::Alive { seen: Box::new(seen) }
                }
                // It can still be read, but no calendar has it: it lies in Deleted Items.
                Ok(false) => Whereabouts::Gone,
                Err(fault) => Whereabouts::Unknown(fault),
            },
        },
        Err(fault) if item_not_found(fault) => {
            if let Err(fault) = calendar {
                return Whereabouts::Unknown(fault.clone());
            }
            let mut found: Vec<Seen> = Vec::new();
            let mut fault = None;
            for answer in elsewhere {
                match answer.as_ref().map_err(Clone::clone).and_then(|part| elements(&part.body)) {
                    Ok(events) => {
                        // Graph gives each occurrence the identity of its series: only a single event is this one.
                        let single = |seen: &Seen| seen.series.is_none() && seen.id != item.id;
                        let seen = events.iter().filter_map(|event| mapping::seen(side, event, None).ok());
                        found.extend(seen.filter(single));
                    }
                    Err(why) => fault = Some(why),
                }
            }
            match fault {
                Some(fault) => Whereabouts::Unknown(fault),
                None if found.is_empty() => Whereabouts::Gone,
                None => Whereabouts::Elsewhere { found },
            }
        }
        Err(fault) => Whereabouts::Unknown(fault.clone()),
    }
}
