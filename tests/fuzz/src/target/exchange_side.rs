//! Answers of Exchange, given to every question that the engine asks there. They are changed as trees.

use super::ask::{Place, everything};
use super::seen::sides;
use super::{Limit, Target};
use crate::mutate::Shape;
use crate::soap;
use guest::activity::Kind;
use guest::exchange::{folder_id, item_id};

/// Answers of Exchange to the adapter.
pub const TARGET: Target = Target {
    name: "exchange-side",
    about: "answers of Exchange, as trees, to every question that the engine asks there",
    shape: Shape::Json,
    seeds: |recorded| {
        let documented = super::exchange::seeds();
        let all = recorded.exchange.iter().chain(&documented);
        all.filter_map(|answer| Some(soap::tree(answer)?.to_string().into_bytes())).collect()
    },
    run,
    limit: Limit::DECODER,
};

fn run(input: &[u8]) {
    let Ok(tree) = serde_json::from_slice(input) else { return };
    let body = soap::document(&tree).into_bytes();
    let sides = sides(true);
    let place = |kind, part: &str| Place {
        folder: folder_id(kind, "folder"),
        part: part.to_owned(),
        item: item_id(kind, "AAMk"),
    };
    for status in [200, 500] {
        for place in [place(Kind::Appointment, "2026-11-15"), place(Kind::Task, "tasks")] {
            everything(&sides, &sides.exchange, super::account::EXCHANGE, status, &body, &place);
        }
    }
}
