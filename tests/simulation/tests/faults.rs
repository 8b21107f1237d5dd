//! Deliberate faults are found in the worlds that the list records for them, and are in no component.

use guest::deliberate::Deliberate;
use scenarios::mail::Server;
use simulation::history::{self, Size};
use simulation::{faults, play};

/// So many are found with a mailbox on an Exchange Server.
const FOUND: usize = 15;

/// What is wrong with the list, of one kind of mailbox, on which only some faults may be found.
fn missed(mailbox: Server, some: bool) -> String {
    let recorded = match faults::recorded(mailbox) {
        Ok(recorded) => recorded,
        Err(why) => return why.to_string(),
    };
    let mut missed = Vec::new();
    for (fault, seed) in recorded {
        let Some(seed) = seed else {
            if !some {
                missed.push(format!("{}: the list has no world for it", fault.code()));
            }
            continue;
        };
        if faults::broken(fault, seed, mailbox).is_empty() {
            missed.push(format!("{}: not found in seed {seed}", fault.code()));
        }
        let well = play::play(&history::of(seed, Size::Small).on(mailbox), None);
        if !well.is_empty() {
            missed.push(format!("{}: seed {seed} fails without it: {}", fault.code(), well.join("; ")));
        }
    }
    missed.join("\n")
}

#[test]
fn deliberate_faults_are_found_in_the_worlds_that_the_list_names() {
    let missed = missed(Server::Graph, false);
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn deliberate_faults_are_found_on_an_exchange_server_in_the_worlds_that_the_list_names() {
    let missed = missed(Server::Exchange, true);
    assert!(missed.is_empty(), "{missed}");
    let recorded = faults::recorded(Server::Exchange).unwrap();
    let told = recorded.values().flatten().count();
    assert!(told >= FOUND, "only {told} faults are found on an Exchange server");
}

/// Tenants and secrets are kept apart by the host, which the engine's faults do not reach.
#[test]
fn every_invariant_that_the_engine_keeps_was_seen_to_fail() {
    let recorded = faults::recorded(Server::Graph).unwrap();
    for invariant in 1..=10 {
        let seen = recorded.iter().any(|(fault, seed)| fault.breaks() == invariant && seed.is_some());
        assert!(seen, "no world tells that {invariant} is broken");
    }
}

#[test]
fn the_component_knows_no_fault() {
    let bytes = component::bytes();
    for fault in Deliberate::ALL {
        let name = fault.code().as_bytes();
        assert!(!bytes.windows(name.len()).any(|part| part == name), "{}", fault.code());
    }
}
