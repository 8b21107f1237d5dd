//! Answers of a Creatio site, given to every question that the engine asks there.

use super::seen::{Sides, sides, use_it, writes};
use super::{Limit, Target};
use crate::corpus;
use crate::mutate::Shape;
use guest::capability::{HttpError, Response};
use guest::creatio::client::{self, Client};
use guest::creatio::{feed, glimpse};
use guest::side::{Found, From, Observed, Side};
use uuid::Uuid;

/// Answers of a Creatio site.
pub const TARGET: Target = Target {
    name: "creatio-answers",
    about: "answers of a Creatio site to every question that the engine asks there",
    shape: Shape::Json,
    seeds: |recorded| corpus::with_documented("creatio", |recorded| &recorded.creatio, recorded),
    run,
    limit: Limit::DECODER,
};

/// An answer with this body.
pub fn answer(status: u16, body: &[u8]) -> Result<Response, HttpError> {
    let headers = vec![("date".into(), "Mon, 23 Nov 2026 08:00:00 GMT".into())];
    Ok(Response { status, headers, body: body.to_vec(), received: 1_795_420_800_000 })
}

fn run(body: &[u8]) {
    for shared in [true, false] {
        for status in [200, 500] {
            asks(&sides(shared), status, body);
        }
    }
}

/// Reads the same answer as often as there are requests.
fn read<T>(ask: guest::ask::Ask<'_, T>, status: u16, body: &[u8]) -> T {
    let (requests, read) = ask.into_parts();
    read(requests.iter().map(|_| answer(status, body)).collect())
}

fn asks(sides: &Sides, status: u16, body: &[u8]) {
    let side = &sides.creatio;
    let client = Client::new("https://mycompany.creatio.com", "0/odata");
    let mut known = Vec::new();
    for feed in feed::feeds(true).into_iter().chain(feed::sweep(true)) {
        let Ok(page) = read(side.pull(&feed, &From::Start, 500), status, body) else { continue };
        for item in page.items {
            if let Observed::Here(seen) = item {
                use_it(sides, &seen);
                if known.len() < 3 {
                    known.push(*seen);
                }
            }
        }
        // What a page says of where to go on can be gone on from.
        let (requests, _) = side.pull(&feed, &From::Cursor(page.cursor), 500).into_parts();
        assert_eq!(requests.len(), 1, "the cursor of a page cannot be used");
    }
    let mut ids: Vec<String> = known.iter().map(|seen| seen.id.clone()).collect();
    ids.push(Uuid::from_u128(1).to_string());
    let found = read(side.read(&ids), status, body);
    assert_eq!(found.len(), ids.len());
    for found in found.into_iter().flatten() {
        if let Found::Here(seen) = found {
            use_it(sides, &seen);
        }
    }
    assert_eq!(read(glimpse::glimpses(side, &ids, &ids), status, body).len(), ids.len());
    for seen in known.iter().map(Some).chain([None]) {
        let writes = writes(seen);
        let written = read(side.write(&writes), status, body);
        assert_eq!(written.len(), writes.len());
        written.into_iter().flatten().filter_map(|written| written.after).for_each(|seen| use_it(sides, &seen));
    }
    let _ = read(client::user(&client, "e.mirny"), status, body);
    let _ = read(client::contact_name(&client, Uuid::from_u128(7)), status, body);
    let _ = read(client::lookups(&client, "e.mirny@mycompany.com"), status, body);
    let _ = read(side.sees_own(), status, body);
}
