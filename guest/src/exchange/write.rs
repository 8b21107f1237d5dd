//! Writes, several of a kind in one request. A create carries our marker, by which one whose answer was lost is found; an
//! update names the version that the merge saw. The answers have only ids and versions: what is known of an item afterwards
//! is what was written, and partial.

use super::{Exchange, bare, item_id, kind_of, mapping, search};
use crate::activity::{Kind, Seen, Stake, State, Unit, Values};
use crate::ask::{Ask, Fault};
use crate::deliberate::Deliberate;
use crate::ews::item;
use crate::ews::property::Property;
use crate::ews::request::{Folder, ItemId, Operation, Told};
use crate::ews::xml::Element;
use crate::identity::Marker;
use crate::side::{Mark, Write, Written};
use std::collections::BTreeMap;

/// What can go into one request. Where one update of several names a version, all do.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Create(String),
    Update(bool, Told, bool),
    Delete(Told),
}

fn group_of(write: &Write) -> Group {
    match write {
        Write::Create { folder, .. } => Group::Create(folder.clone()),
        Write::Update { current, values } => {
            let told = if tells(current, values) { Told::Everybody } else { Told::Nobody };
            Group::Update(current.kind == Kind::Task, told, version(current).is_empty())
        }
        Write::Delete { tell, .. } => Group::Delete(if *tell { Told::Everybody } else { Told::Nobody }),
    }
}

/// The change is one of which those invited were to be told: else the engine holds it.
fn tells(current: &Seen, values: &Values) -> bool {
    current.ours && !current.attendees.is_empty() && values.keys().any(|unit| Unit::notifies(*unit))
}

fn version(current: &Seen) -> &str {
    if Deliberate::NoCondition.on() { "" } else { &current.version }
}

/// Carries out writes.
pub fn write<'a>(side: &'a Exchange, writes: &[Write]) -> Ask<'a, Vec<Result<Written, Fault>>> {
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    for (at, write) in writes.iter().enumerate() {
        groups.entry(group_of(write)).or_default().push(at);
    }
    let asks = groups.iter().map(|(group, places)| {
        let of_group: Vec<&Write> = places.iter().filter_map(|at| writes.get(*at)).collect();
        send(side, group, &of_group)
    });
    let ask = Ask::all(asks.collect());
    let places: Vec<usize> = groups.into_values().flatten().collect();
    let writes = writes.to_vec();
    ask.map(move |answers| {
        let mut results: BTreeMap<usize, Result<Element, Fault>> =
            places.into_iter().zip(answers.into_iter().flatten()).collect();
        let result = |(at, write): (usize, &Write)| {
            result(write, results.remove(&at).unwrap_or_else(|| Err(Fault::Unknown("it was not answered".into()))))
        };
        writes.iter().enumerate().map(result).collect()
    })
}

fn send<'a>(side: &Exchange, group: &Group, writes: &[&Write]) -> Ask<'a, Vec<Result<Element, Fault>>> {
    match group {
        Group::Create(folder) => {
            let items: Vec<Vec<Property>> = writes.iter().map(|write| new_item(side, write)).collect();
            side.client.ask(&Operation::Create(Folder::Id(bare(folder)), kind_of(folder), &items))
        }
        Group::Update(task, told, _) => {
            let changes: Vec<(ItemId<'_>, Vec<Property>)> = writes
                .iter()
                .filter_map(|write| match write {
                    Write::Update { current, values } => {
                        let id = ItemId { id: bare(&current.id), version: version(current) };
                        Some((id, mapping::properties(side, values)))
                    }
                    _ => None,
                })
                .collect();
            let kind = if *task { Kind::Task } else { Kind::Appointment };
            side.client.ask(&Operation::Update(kind, *told, &changes))
        }
        Group::Delete(told) => {
            let ids: Vec<ItemId<'_>> = writes
                .iter()
                .filter_map(|write| match write {
                    Write::Delete { id, .. } => Some(ItemId { id: bare(id), version: "" }),
                    _ => None,
                })
                .collect();
            side.client.ask(&Operation::Delete(*told, &ids))
        }
    }
}

fn new_item(side: &Exchange, write: &Write) -> Vec<Property> {
    let Write::Create { values, marker, .. } = write else { return Vec::new() };
    let mut properties = mapping::properties(side, values);
    properties.extend(marker.as_ref().map(|marker| Property::Marker(marker.encode())));
    properties
}

fn result(write: &Write, answer: Result<Element, Fault>) -> Result<Written, Fault> {
    let gone = Written { after: None, proven: true, before: None, skew: None };
    match (write, answer) {
        // Gone already is what was wanted.
        (Write::Delete { .. }, Err(fault)) if search::item_not_found(&fault) => Ok(gone),
        (_, Err(fault)) => Err(fault),
        (write, Ok(message)) => {
            let after = match write {
                Write::Delete { .. } => return Ok(gone),
                Write::Update { current, values } => updated(current, values),
                Write::Create { folder, kind, values, marker, .. } => made(folder, *kind, values, marker.as_ref()),
            };
            // A write whose answer cannot be read has been carried out.
            let (id, version) = item::written(&message)
                .ok_or_else(|| Fault::Unknown("the answer of the write does not name the item".into()))?;
            let after = Some(Box::new(Seen { id: item_id(after.kind, &id), version, ..after }));
            Ok(Written { after, proven: false, before: None, skew: None })
        }
    }
}

/// What is known of an item once it was changed.
fn updated(current: &Seen, values: &Values) -> Seen {
    let mut after = current.clone();
    after.values.extend(values.clone());
    Seen { partial: true, ..after }
}

/// What is known of an item once it was made.
fn made(folder: &str, kind: Kind, values: &Values, marker: Option<&Marker>) -> Seen {
    Seen {
        id: String::new(),
        version: String::new(),
        modified: None,
        kind,
        folder: Some(folder.to_owned()),
        identity: None,
        marker: marker.map(Marker::encode),
        values: values.clone(),
        state: State::Open,
        left_alone: None,
        ours: true,
        attendees: Vec::new(),
        masked: false,
        print: None,
        online: false,
        series: None,
        recurring: false,
        owned: true,
        stake: Stake::Part,
        span: None,
        exportable: true,
        grouped: true,
        created: None,
        odd_zone: None,
        partial: true,
    }
}

/// Takes markers off; nobody is told.
pub fn unmark<'a>(side: &'a Exchange, marks: &[Mark]) -> Ask<'a, Vec<Result<String, Fault>>> {
    let mut groups: BTreeMap<(bool, bool), Vec<usize>> = BTreeMap::new();
    for (at, mark) in marks.iter().enumerate() {
        let group = (kind_of(&mark.item) == Kind::Task, mark.version.is_empty());
        groups.entry(group).or_default().push(at);
    }
    let asks = groups.iter().map(|((task, _), places)| {
        let changes: Vec<(ItemId<'_>, Vec<Property>)> = places
            .iter()
            .filter_map(|at| marks.get(*at))
            .map(|mark| {
                let id = ItemId { id: bare(&mark.item), version: &mark.version };
                (id, vec![Property::Marker(String::new())])
            })
            .collect();
        let kind = if *task { Kind::Task } else { Kind::Appointment };
        side.client.ask(&Operation::Update(kind, Told::Nobody, &changes))
    });
    let ask = Ask::all(asks.collect());
    let places: Vec<usize> = groups.into_values().flatten().collect();
    ask.map(move |answers| {
        let results: BTreeMap<usize, Result<Element, Fault>> =
            places.into_iter().zip(answers.into_iter().flatten()).collect();
        let version = |result: Result<Element, Fault>| match result {
            Ok(message) => Ok(item::written(&message).map(|(_, version)| version).unwrap_or_default()),
            // What is not there any more carries nothing.
            Err(fault) if search::item_not_found(&fault) => Ok(String::new()),
            Err(fault) => Err(fault),
        };
        results.into_values().map(version).collect()
    })
}
