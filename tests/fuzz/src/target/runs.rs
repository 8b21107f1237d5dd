//! Whole runs: over a storage of which a row was replaced, and with an answer of a server replaced.

use super::{Limit, Target};
use crate::mutate::Shape;
use crate::record;
use crate::soap;
use emulators::log::Entry as LogEntry;
use guest::run::RunError;
use host_runner::store::{Change, Guard, Store, Ticket};
use scenarios::mail::Server;
use scenarios::world::EUGENE;
use scenarios::{Ran, World};
use serde_json::{Map, Value, json};

/// A run over damaged storage.
pub const OVER_ROWS: Target = Target {
    name: "run-over-rows",
    about: "whole runs over a storage of which some rows were replaced",
    shape: Shape::Json,
    seeds: |recorded| recorded.rows.iter().filter_map(stored).collect(),
    run: |input| over_rows(Server::Graph, input),
    limit: Limit::RUN,
};

/// The same of an account on Exchange.
pub const OVER_EXCHANGE_ROWS: Target = Target {
    name: "run-over-exchange-rows",
    about: "the same of an account on Exchange",
    seeds: |recorded| recorded.rows_on_exchange.iter().filter_map(stored).collect(),
    run: |input| over_rows(Server::Exchange, input),
    ..OVER_ROWS
};

fn stored((key, row): &(String, Vec<u8>)) -> Option<Vec<u8>> {
    let row: Value = serde_json::from_slice(row).ok()?;
    Some(json!({ key.as_str(): row }).to_string().into_bytes())
}

/// A run that a server lies to.
pub const OVER_ANSWERS: Target = Target {
    name: "run-over-answers",
    about: "whole runs in which one answer of a server was replaced",
    shape: Shape::Json,
    seeds: |recorded| {
        let scripted = |service: &str, bodies: &[Vec<u8>]| -> Vec<Vec<u8>> {
            bodies
                .iter()
                .enumerate()
                .map(|(at, body)| {
                    let body = serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body)));
                    json!({"service": service, "skip": at % 5, "status": 200, "acts": at % 2 == 0, "body": body})
                        .to_string()
                        .into_bytes()
                })
                .collect()
        };
        let mut all = scripted("graph", &recorded.graph);
        all.extend(scripted("creatio", &recorded.creatio));
        all
    },
    run: over_answers,
    limit: Limit::RUN,
};

/// A run that an Exchange Server lies to.
pub const OVER_EXCHANGE_ANSWERS: Target = Target {
    name: "run-over-exchange-answers",
    about: "whole runs in which one answer of Exchange was replaced",
    seeds: |recorded| {
        // Those of a run at work first: of idle ones there are many.
        let mut answers: Vec<&Vec<u8>> = recorded.exchange.iter().collect();
        answers.sort_by_key(|answer| std::cmp::Reverse(answer.len()));
        answers.into_iter().enumerate().map(|(at, answer)| on_exchange(at, answer)).collect()
    },
    ..OVER_ANSWERS
};

/// A script whose answer is one of Exchange: as a tree, and now and then as the text that it is.
fn on_exchange(at: usize, answer: &[u8]) -> Vec<u8> {
    let text = || json!(String::from_utf8_lossy(answer));
    let body = if at % 4 == 3 { text() } else { soap::tree(answer).unwrap_or_else(text) };
    let script =
        json!({"service": "exchange", "skip": at % 12, "status": 200, "acts": at.is_multiple_of(2), "body": body});
    script.to_string().into_bytes()
}

/// A world in step, with an edit on each side that waits.
fn world(server: Server) -> World {
    let world = record::in_step(server);
    world.edit_event("Call", json!({"subject": "Call again"}));
    world.edit_activity("Workshop", json!({"Title": "Workshop II"}));
    world
}

fn over_rows(server: Server, input: &[u8]) {
    let mut world = world(server);
    let changed = match serde_json::from_slice::<Value>(input) {
        Ok(Value::Object(rows)) => rows.into_iter().map(|(key, row)| (key, row.to_string().into_bytes())).collect(),
        _ => {
            let known = record::rows(&world);
            let at = input.len() % known.len();
            vec![(known[at].0.clone(), input.to_vec())]
        }
    };
    let ticket = Ticket { account: EUGENE.into(), run: "damage".into(), fence: None };
    for (key, value) in changed {
        let change = Change { key, guard: Guard::Any, value: Some(value) };
        // Storage has rules of its own for keys and sizes.
        let _ = world.store.commit(&ticket, &[change], &[]);
    }
    twice(&mut world);
}

fn over_answers(input: &[u8]) {
    let Ok(Value::Object(script)) = serde_json::from_slice::<Value>(input) else { return };
    let there = script.get("service") == Some(&json!("exchange"));
    let mut world = world(if there { Server::Exchange } else { Server::Graph });
    world.fault(fault(&script));
    twice(&mut world);
}

fn fault(script: &Map<String, Value>) -> Value {
    let number = |name: &str, most: u64| script.get(name).and_then(Value::as_u64).unwrap_or(0).min(most);
    let named = script.get("service").and_then(Value::as_str).unwrap_or_default();
    let service = ["creatio", "exchange"].into_iter().find(|known| *known == named).unwrap_or("graph");
    let status = match number("status", 599) {
        status @ 200..=599 => status,
        _ => 200,
    };
    let kind = if script.get("acts") == Some(&json!(true)) { "status-after" } else { "status" };
    let body = script.get("body").cloned().unwrap_or_default();
    let body = if service == "exchange" { json!(soap::document(&body)) } else { body };
    let times = 1 + number("times", 3);
    json!({"service": service, "skip": number("skip", 20), "times": times, "effect": {"kind": kind, "status": status, "body": body}})
}

/// Two runs end in an error that says what is wrong, or in a report; and neither removes more than the guard lets it.
fn twice(world: &mut World) {
    let before = (world.subjects().len() + world.todos().len(), world.activities().len());
    let mut removed = 0;
    for _ in 0..2 {
        let ran = record::sync(world);
        match &ran.report {
            Ok(_) => {}
            Err(RunError::State(why) | RunError::Storage(why) | RunError::Host(why)) => assert!(!why.is_empty()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        removed += removals(&ran);
        world.pass(70);
    }
    assert!(removed <= 5, "{removed} removals");
    let after = (world.subjects().len() + world.todos().len(), world.activities().len());
    assert!(before.0 - before.0.min(after.0) <= 5, "items went: {before:?} {after:?}");
    assert!(before.1 - before.1.min(after.1) <= 5, "activities went: {before:?} {after:?}");
}

/// Requests of a run that delete, by themselves or in a batch.
fn removals(ran: &Ran) -> usize {
    let of = |entry: &LogEntry| {
        usize::from(entry.method == "DELETE") + entry.parts.iter().filter(|part| part.method == "DELETE").count()
    };
    ran.log.iter().map(of).sum()
}
