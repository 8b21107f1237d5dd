//! Every question that the engine asks a mailbox, with one answer to all of them.

use super::creatio::answer;
use super::seen::{Sides, use_it, writes};
use guest::identity::Marker;
use guest::mailbox::Mailbox;
use guest::side::{Feed, Found, From, Lost, Observed, Whereabouts, Write};
use uuid::Uuid;

/// A calendar or a list of tasks, and something in it.
pub struct Place {
    /// Its id.
    pub folder: String,
    /// Part of its feed.
    pub part: String,
    /// Something in it.
    pub item: String,
}

/// Reads the same answer as often as there are requests.
pub fn read<T>(ask: guest::ask::Ask<'_, T>, status: u16, body: &[u8]) -> T {
    let (requests, read) = ask.into_parts();
    read(requests.iter().map(|_| answer(status, body)).collect())
}

/// Asks for everything that a mailbox and a place in it are asked for; no answer leads to an address that is not `own`.
pub fn everything(sides: &Sides, side: &dyn Mailbox, own: &str, status: u16, body: &[u8], place: &Place) {
    for folder in read(side.folders(), status, body).into_iter().flat_map(|listing| listing.folders) {
        assert!(!folder.id.is_empty(), "a folder without an id");
    }
    let _ = read(side.owner(), status, body);
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
        assert!(requests.iter().all(|request| request.url.starts_with(own)), "a page leads to a foreign address");
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
    for seen in known.iter().map(Some).chain([None]) {
        let mut writes = writes(seen);
        for write in &mut writes {
            if let Write::Create { folder, .. } = write {
                folder.clone_from(&place.folder);
            }
        }
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
        assert_eq!(read(side.unmark(&marked.items), status, body).len(), marked.items.len());
        if let Some(next) = marked.next {
            let (requests, _) = side.marked(&place.folder, &next).into_parts();
            assert!(requests.iter().all(|request| request.url.starts_with(own)), "a page leads to a foreign address");
        }
    }
    let lost = Lost {
        id: ids[0].clone(),
        folder: place.folder.clone(),
        identity: known.first().and_then(|seen| seen.identity.clone()),
        marker: Some(marker),
        title: known.first().map(|seen| format!("{:?}", seen.values.values().next())).unwrap_or_default(),
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
