//! Answers of Graph, given to every question that the engine asks there.

use super::ask::{Place, everything};
use super::seen::sides;
use super::{Limit, Target};
use crate::corpus;
use crate::mutate::Shape;
use guest::graph::todo;

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
        for place in [&calendar, &list] {
            everything(&sides, &sides.graph, "https://graph.microsoft.com/v1.0/", status, body, place);
        }
    }
}
