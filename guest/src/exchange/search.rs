//! Finding items by id, identity and marker, and telling a deleted one from one that is elsewhere.

use super::{Exchange, bare, client, kind_of, mapping};
use crate::activity::{Kind, Seen};
use crate::ask::{Ask, Fault};
use crate::ews::item::{self, Item, Occurs};
use crate::ews::request::{Condition, Folder, Operation};
use crate::ews::xml::Element;
use crate::identity::{self, Marker};
use crate::side::{Found, Lost, Marked, Search, Whereabouts};
use std::collections::BTreeMap;

/// Marked items a page: a server gives 250 to a search with a condition.
const MARKED: u32 = 200;
/// Conditions of one search: many make it slow.
const CONDITIONS: usize = 50;

/// Items by id.
pub fn read<'a>(side: &'a Exchange, ids: &[String]) -> Ask<'a, Vec<Result<Found, Fault>>> {
    let of = |kind| ids.iter().map(String::as_str).filter(move |id| kind_of(id) == kind).collect::<Vec<_>>();
    let appointments = side.client.get(Kind::Appointment, &of(Kind::Appointment));
    let tasks = side.client.get(Kind::Task, &of(Kind::Task));
    let kinds: Vec<Kind> = ids.iter().map(|id| kind_of(id)).collect();
    appointments.and(tasks).map(move |(appointments, tasks)| {
        let (mut appointments, mut tasks) = (appointments.into_iter(), tasks.into_iter());
        let mut next = |kind: &Kind| {
            let answer = if *kind == Kind::Task { tasks.next() } else { appointments.next() };
            found(side, answer.unwrap_or_else(|| Err(Fault::Garbled("an item without an answer".into()))))
        };
        kinds.iter().map(&mut next).collect()
    })
}

fn found(side: &Exchange, answer: Result<Element, Fault>) -> Result<Found, Fault> {
    match answer {
        Ok(message) => match item::items(&message)?.into_iter().next() {
            Some(item) => Ok(Found::Here(Box::new(mapping::seen(side, &item)))),
            None => Err(Fault::Garbled("an item that is neither an appointment nor a task".into())),
        },
        Err(fault) if item_not_found(&fault) => Ok(Found::Absent),
        Err(fault) => Err(fault),
    }
}

/// "Item not found" and nothing else: a mailbox or folder that is not found says something different.
#[must_use]
pub fn item_not_found(fault: &Fault) -> bool {
    matches!(fault, Fault::Refused { code, .. } if code == "ErrorItemNotFound")
}

/// What a search shows of an item.
fn row(side: &Exchange, item: &Item) -> Seen {
    Seen { partial: true, ..mapping::seen(side, item) }
}

/// All items of these folders that meet one of the conditions: a page each, which is enough for what exists once or twice.
fn search<'a>(
    side: &'a Exchange,
    folders: &[String],
    conditions: &[Condition<'_>],
) -> Ask<'a, Result<Vec<Item>, Fault>> {
    let mut asks = Vec::new();
    for folder in folders {
        for some in conditions.chunks(CONDITIONS) {
            let (kind, folder) = (kind_of(folder), Folder::Id(bare(folder)));
            let condition = Condition::Any(some);
            asks.push(side.client.one(&Operation::Find { folder, kind, condition, offset: 0, most: MARKED }));
        }
    }
    Ask::all(asks).map(|answers| {
        let mut all = Vec::new();
        for answer in answers {
            let page = item::found(&answer?)?;
            if page.next.is_some() {
                return Err(Fault::Garbled("more items meet a condition than can be copies of a few".into()));
            }
            all.extend(page.items);
        }
        Ok(all)
    })
}

/// The items with one of these markers.
pub fn find_marked<'a>(
    side: &'a Exchange,
    markers: &[Marker],
    folders: &[String],
) -> Ask<'a, Result<Vec<Seen>, Fault>> {
    let markers: Vec<String> = markers.iter().map(Marker::encode).collect();
    let conditions: Vec<Condition<'_>> = markers.iter().map(|marker| Condition::Marker(marker)).collect();
    search(side, folders, &conditions).map(|items| Ok(items?.iter().map(|item| row(side, item)).collect()))
}

/// The items of several searches: those in the same folders are one.
pub fn find_each<'a>(side: &'a Exchange, searches: &[Search]) -> Ask<'a, Vec<Result<Vec<Seen>, Fault>>> {
    let mut joined: BTreeMap<&[String], Vec<Marker>> = BTreeMap::new();
    for Search { markers, folders } in searches {
        joined.entry(folders).or_default().extend(markers.iter().cloned());
    }
    let places: Vec<Vec<String>> = joined.keys().map(|folders| folders.to_vec()).collect();
    let asks = joined.iter().map(|(folders, markers)| find_marked(side, markers, folders)).collect();
    let searches = searches.to_vec();
    Ask::all(asks).map(move |answers| {
        let found: BTreeMap<Vec<String>, Result<Vec<Seen>, Fault>> = places.into_iter().zip(answers).collect();
        let of = |Search { markers, folders }: &Search| {
            let markers: Vec<String> = markers.iter().map(Marker::encode).collect();
            let own = |seen: &&Seen| seen.marker.as_ref().is_some_and(|marker| markers.contains(marker));
            let missing = || Err(Fault::Garbled("a search without an answer".into()));
            let found = found.get(folders).cloned().unwrap_or_else(missing)?;
            Ok(found.iter().filter(own).cloned().collect())
        };
        searches.iter().map(of).collect()
    })
}

/// A page of all marked items of a folder. `cursor` is how many to pass over.
pub fn marked<'a>(side: &'a Exchange, folder: &str, cursor: &str) -> Ask<'a, Result<Marked, Fault>> {
    let (kind, folder) = (kind_of(folder), Folder::Id(bare(folder)));
    let offset = cursor.parse().unwrap_or(0);
    let operation = Operation::Find { folder, kind, condition: Condition::Marked, offset, most: MARKED };
    side.client.one(&operation).map(|message| {
        let page = item::found(&message?)?;
        let items = page.items.iter().filter_map(|item| mapping::mark(&row(side, item))).collect();
        Ok(Marked { items, next: page.next.map(|next| next.to_string()) })
    })
}

/// Finds out whether items exist. Asked at once: the items by id, their folders (which must answer for an absence to
/// count), what is in Deleted Items, and in every folder the items of the same identity and marker.
pub fn whereabouts<'a>(side: &'a Exchange, items: &[Lost], folders: &[String]) -> Ask<'a, Vec<Whereabouts>> {
    let ids: Vec<String> = items.iter().map(|item| item.id.clone()).collect();
    let mut homes: Vec<String> = items.iter().map(|item| item.folder.clone()).collect();
    homes.sort_unstable();
    homes.dedup();
    let of_kind = |kind| {
        let conditions = conditions(items.iter().filter(|item| kind_of(&item.id) == kind));
        let conditions: Vec<Condition<'_>> = conditions.iter().map(Sought::condition).collect();
        let folders: Vec<String> = folders.iter().filter(|folder| kind_of(folder) == kind).cloned().collect();
        search(side, &folders, &conditions)
    };
    let by_id = read(side, &ids).and(client::answering(&side.client, &homes)).and(client::bin(&side.client));
    let elsewhere = of_kind(Kind::Appointment).and(of_kind(Kind::Task));
    let items = items.to_vec();
    by_id.and(elsewhere).map(move |(((by_id, answering), bin), (appointments, tasks))| {
        let answering: BTreeMap<String, Result<(), Fault>> = homes.into_iter().zip(answering).collect();
        let judged = items.iter().zip(by_id).map(|(lost, by_id)| {
            let copies = if kind_of(&lost.id) == Kind::Task { &tasks } else { &appointments };
            judge(side, lost, by_id, answering.get(&lost.folder), &bin, copies)
        });
        judged.collect()
    })
}

/// Looks for items whose ids are not known.
pub fn sought<'a>(side: &'a Exchange, items: &[(Kind, Lost)], folders: &[String]) -> Ask<'a, Vec<Whereabouts>> {
    let of_kind = |kind| {
        let mut conditions = Vec::new();
        for (_, lost) in items.iter().filter(|(of, _)| *of == kind) {
            conditions.extend(lost.marker.as_ref().map(|marker| Sought::Marker(marker.encode())));
            conditions
                .extend(lost.identity.as_deref().map(|identity| Sought::Meeting(identity::global_object_id(identity))));
            conditions.extend(Some(&lost.title).filter(|_| kind == Kind::Task).cloned().map(Sought::Title));
        }
        let conditions: Vec<Condition<'_>> = conditions.iter().map(Sought::condition).collect();
        let folders: Vec<String> = folders.iter().filter(|folder| kind_of(folder) == kind).cloned().collect();
        search(side, &folders, &conditions)
    };
    let found = of_kind(Kind::Appointment).and(of_kind(Kind::Task));
    let items = items.to_vec();
    found.map(move |(appointments, tasks)| {
        let of = |(kind, lost): &(Kind, Lost)| {
            let copies = if *kind == Kind::Task { &tasks } else { &appointments };
            match copies {
                Err(fault) => Whereabouts::Unknown(fault.clone()),
                Ok(copies) => known(side, lost, copies),
            }
        };
        items.iter().map(of).collect()
    })
}

/// Which of these items a lost one is.
fn known(side: &Exchange, lost: &Lost, copies: &[Item]) -> Whereabouts {
    let found: Vec<Seen> = copies.iter().filter(|item| same(lost, item)).map(|item| row(side, item)).collect();
    if !found.is_empty() {
        return Whereabouts::Elsewhere { found };
    }
    let held = |seen: &Seen| seen.kind == Kind::Task && !lost.bases.is_empty() && holds(seen, lost);
    let mut alike = copies.iter().map(|item| row(side, item)).filter(held);
    // Of several that are alike none is certainly it.
    match (alike.next(), alike.next()) {
        (Some(seen), None) => Whereabouts::Alive { seen: Box::new(seen) },
        _ => Whereabouts::Gone,
    }
}

/// The item has the marker or the identity of a lost one.
fn same(lost: &Lost, item: &Item) -> bool {
    let marked = lost.marker.as_ref().is_some_and(|marker| item.marker.as_ref() == Some(&marker.encode()));
    let met = lost.identity.is_some() && identity::meeting(&item.uid) == lost.identity;
    item.occurs == Occurs::Once && (marked || met)
}

/// What a lost item may be found by.
enum Sought {
    Marker(String),
    Meeting(String),
    Title(String),
}

impl Sought {
    fn condition(&self) -> Condition<'_> {
        match self {
            Self::Marker(marker) => Condition::Marker(marker),
            Self::Meeting(identity) => Condition::Meeting(identity),
            Self::Title(title) => Condition::Subject(title),
        }
    }
}

fn conditions<'l>(items: impl Iterator<Item = &'l Lost>) -> Vec<Sought> {
    let mut all = Vec::new();
    for lost in items {
        all.extend(lost.marker.as_ref().map(|marker| Sought::Marker(marker.encode())));
        if resembles_only(lost) && !lost.title.is_empty() {
            all.push(Sought::Title(lost.title.clone()));
        }
        all.extend(lost.identity.as_deref().map(|identity| Sought::Meeting(identity::global_object_id(identity))));
    }
    all
}

/// A task that we did not make: nothing but what it holds tells it from others.
fn resembles_only(lost: &Lost) -> bool {
    kind_of(&lost.id) == Kind::Task && lost.marker.is_none() && !lost.bases.is_empty()
}

/// All that a search shows of a task is what another one held; notes it does not show.
fn holds(seen: &Seen, lost: &Lost) -> bool {
    seen.marker.is_none()
        && seen.values.iter().all(|(unit, value)| lost.bases.get(unit).is_some_and(|base| *base == value.digest()))
}

fn judge(
    side: &Exchange,
    lost: &Lost,
    by_id: Result<Found, Fault>,
    home: Option<&Result<(), Fault>>,
    bin: &Result<Vec<String>, Fault>,
    copies: &Result<Vec<Item>, Fault>,
) -> Whereabouts {
    match by_id {
        Err(fault) => return Whereabouts::Unknown(fault),
        Ok(Found::Here(seen)) => {
            return match bin {
                Err(fault) => Whereabouts::Unknown(fault.clone()),
                Ok(bin) if seen.folder.as_ref().is_some_and(|own| bin.iter().any(|one| one == bare(own))) => {
                    Whereabouts::Gone
                }
                Ok(_) => Whereabouts::Alive { seen },
            };
        }
        Ok(Found::Absent) => {}
    }
    match (home, copies) {
        (Some(Ok(())), Ok(copies)) => {
            let others = copies.iter().filter(|item| item.id != bare(&lost.id) && same(lost, item));
            let found: Vec<Seen> = others.map(|item| row(side, item)).collect();
            if !found.is_empty() {
                return Whereabouts::Elsewhere { found };
            }
            let others = copies.iter().filter(|item| resembles_only(lost) && item.id != bare(&lost.id));
            let mut alike = others.map(|item| row(side, item)).filter(|seen| holds(seen, lost));
            // Of several that are alike none is certainly it.
            match (alike.next(), alike.next()) {
                (Some(seen), None) => Whereabouts::Alive { seen: Box::new(seen) },
                _ => Whereabouts::Gone,
            }
        }
        (Some(Err(fault)), _) | (_, Err(fault)) => Whereabouts::Unknown(fault.clone()),
        (None, _) => Whereabouts::Unknown(Fault::Garbled("a folder without an answer".into())),
    }
}
