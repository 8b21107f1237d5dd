//! Stored rows of every kind, decoded from arbitrary bytes.

use super::{Limit, Target};
use crate::mutate::Shape;
use guest::digest::Digest;
use guest::identity;
use guest::link::Link;
use guest::owed::{Observation, Owed};
use guest::run::state::{AccountState, ActivityRow, FeedState, GoneRow, ItemRow, LoserRow, MeetingRow, Print};
use guest::side::{From, Side};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use uuid::Uuid;

/// Stored rows.
pub const TARGET: Target = Target {
    name: "stored-rows",
    about: "stored rows of every kind, each read as every kind",
    shape: Shape::Json,
    seeds: |recorded| recorded.rows.iter().chain(&recorded.rows_on_exchange).map(|(_, row)| row.clone()).collect(),
    run,
    limit: Limit::DECODER,
};

/// What can be read comes back from storage as it is.
fn decode<T: DeserializeOwned + Serialize + PartialEq + Debug>(input: &[u8]) -> Option<T> {
    let row: T = serde_json::from_slice(input).ok()?;
    let text = serde_json::to_vec(&row).expect("it is stored");
    let back: T = serde_json::from_slice(&text).unwrap_or_else(|why| panic!("{row:?} is not read back: {why}"));
    assert_eq!(back, row, "it comes back from storage as another");
    Some(row)
}

fn run(input: &[u8]) {
    let sides = super::seen::sides(true);
    let now = "2026-11-23T08:00:00Z".parse().unwrap();
    decode::<AccountState>(input);
    decode::<ItemRow>(input);
    decode::<ActivityRow>(input);
    decode::<Print>(input);
    decode::<GoneRow>(input);
    if let Some(state) = decode::<FeedState>(input) {
        let from = state.cursor.clone().map_or(From::Start, From::Cursor);
        for side in [&sides.creatio as &dyn Side, &sides.graph as &dyn Side, &sides.exchange as &dyn Side] {
            let (requests, _) = side.pull(&state.feed, &from, state.size).into_parts();
            assert!(requests.len() <= 1);
        }
        let _ = state.feed.key();
    }
    if let Some(row) = decode::<LoserRow>(input) {
        let _ = (row.value.display(), row.value.digest());
    }
    if let Some(row) = decode::<MeetingRow>(input) {
        assert_eq!(row.writer().is_some(), !row.members.is_empty());
    }
    if let Some(link) = decode::<Link>(input) {
        let _ = (link.over(now), link.active(), link.marker(Uuid::nil()).map(|marker| marker.encode()));
    }
    if let Some(owed) = decode::<Owed>(input) {
        let _ =
            (owed.due(now, &Digest::of(&"policy"), &[], None), owed.subject.key(), guest::owed::backoff(owed.tries));
    }
    if let Some(observation) = decode::<Observation>(input) {
        let _ = observation.subject.key();
        if let Some(seen) = observation.mailbox {
            let _ = identity::fingerprint(&seen);
        }
    }
}
