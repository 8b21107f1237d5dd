//! Answers of Graph, given to every question that the engine asks there.

use super::creatio::answer;
use super::seen::{Sides, sides, use_it, writes};
use super::{Limit, Target};
use crate::corpus;
use crate::mutate::Shape;
use guest::graph::todo;
use guest::identity::Marker;
use guest::mailbox::Mailbox as _;
use guest::side::{Feed, Found, From, Lost, Observed, Side, Whereabouts};
use uuid::Uuid;

/// Answers of Graph.
pub const TARGET: Target = Target {
    name: "graph-answers",
    about: "answers of Graph to every question that the engine asks there",
    shape: Shape::Json,
    seeds: |recorded| corpus::with_documented("graph", |recorded| &recorded.graph, recorded),
    run,
    limit: Limit::DECODER,
};

fn run(body: &[u8]) {
    let sides = sides(true);
    let calendar = Place { folder: "folder".into(), part: "2026-11-15..2028-11-21".into(), item: "AAMk".into() };
    let list =
        Place { folder: todo::folder_id("list"), part: todo::feed::TASKS.into(), item: todo::item_id("list", "AAMk") };
    for status in [200, 410] {
        for folder in read(sides.graph.folders(), status, body).into_iter().flat_map(|listing| listing.folders) {
            assert!(!folder.id.is_empty(), "a folder without an id");
        }
        let _ = read(sides.graph.owner(), status, body);
        asks(&sides, status, body, &calendar);
        asks(&sides, status, body, &list);
    }
}

/// A calendar or a list of tasks, and something in it.
struct Place {
    folder: String,
    part: String,
    item: String,
}

fn read<T>(ask: guest::ask::Ask<'_, T>, status: u16, body: &[u8]) -> T {
    let (requests, read) = ask.into_parts();
    read(requests.iter().map(|_| answer(status, body)).collect())
}

fn asks(sides: &Sides, status: u16, body: &[u8], place: &Place) {
    let side = &sides.graph;
    let folders = [place.folder.clone(), "other".to_owned()];
    let feed = Feed { folder: place.folder.clone(), part: place.part.clone() };
    let mut known = Vec::new();
    if let Ok(page) = read(side.pull(&feed, &From::Start, 50), status, body) {
        for item in page.items {
            if let Observed::Here(seen) = item {
                use_it(sides, &seen);
                if known.len() < 3 {
                    known.push(*seen);
                }
            }
        }
        let (requests, _) = side.pull(&feed, &From::Cursor(page.cursor), 50).into_parts();
        let own = requests.iter().all(|request| request.url.starts_with("https://graph.microsoft.com/v1.0/"));
        assert!(own, "a page leads to a foreign address");
    }
    let mut ids: Vec<String> = known.iter().map(|seen| seen.id.clone()).collect();
    ids.push(place.item.clone());
    let found = read(side.read(&ids), status, body);
    assert_eq!(found.len(), ids.len());
    for found in found.into_iter().flatten() {
        if let Found::Here(seen) = found {
            use_it(sides, &seen);
        }
    }
    assert_eq!(read(side.versions(&ids), status, body).len(), ids.len());
    for seen in known.iter().map(Some).chain([None]) {
        let writes = writes(seen);
        let written = read(side.write(&writes), status, body);
        assert_eq!(written.len(), writes.len());
        written.into_iter().flatten().filter_map(|written| written.after).for_each(|seen| use_it(sides, &seen));
    }
    let marker = Marker { activity: Uuid::from_u128(1), mailbox: Uuid::from_u128(2), nonce: "0123456789ab".into() };
    for seen in read(side.find_marked(std::slice::from_ref(&marker), &folders), status, body).into_iter().flatten() {
        use_it(sides, &seen);
    }
    if let Ok(marked) = read(side.marked(&place.folder, ""), status, body) {
        for mark in &marked.items {
            let _ = Marker::decode(&mark.marker);
        }
        let own = marked.next.is_none_or(|next| next.starts_with("https://graph.microsoft.com/v1.0/"));
        assert!(own, "a page leads to a foreign address");
    }
    let lost = Lost {
        id: ids[0].clone(),
        folder: place.folder.clone(),
        identity: known.first().and_then(|seen| seen.identity.clone()),
        marker: Some(marker),
        title: String::new(),
        bases: known
            .first()
            .map(|seen| guest::link::Bases::from_iter(seen.values.iter().map(|(unit, value)| (*unit, value.digest()))))
            .unwrap_or_default(),
    };
    for whereabouts in read(side.whereabouts(&[lost.clone(), lost], &folders), status, body) {
        if let Whereabouts::Alive { seen } = whereabouts {
            use_it(sides, &seen);
        }
    }
}
