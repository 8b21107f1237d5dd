//! The same worlds through the built component.

use guest::deliberate::{Deliberate, with};
use scenarios::mail::Server;
use simulation::compare;
use simulation::history::{self, Size};

/// As many as fit into some seconds: every kind of trouble is among them.
const WORLDS: u64 = 60;

#[test]
fn the_built_component_does_what_the_library_does() {
    for seed in 0..WORLDS {
        if let Some(text) = compare::compare(&history::of(seed, Size::Small)) {
            panic!("seed {seed}: {text}");
        }
    }
}

#[test]
fn the_built_component_does_what_the_library_does_on_an_exchange_server() {
    let worlds = (0..20).map(|seed| (seed, Size::Small)).chain((0..10).map(|seed| (seed, Size::Changing)));
    for (seed, size) in worlds {
        if let Some(text) = compare::compare(&history::of(seed, size).on(Server::Exchange)) {
            panic!("seed {seed}, {size:?}: {text}");
        }
    }
}

#[test]
fn a_library_that_does_something_else_is_noticed() {
    // The component has no deliberate faults.
    let seed = (0..WORLDS).find(|seed| {
        let steps = history::of(*seed, Size::Small);
        with(Some(Deliberate::SkipWriteAhead), || compare::compare(&steps)).is_some()
    });
    assert_eq!(seed, Some(0));
}
