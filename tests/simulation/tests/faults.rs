//! Deliberate faults are found in the worlds that the list records for them, and are in no component.

use guest::deliberate::Deliberate;
use simulation::history::{self, Size};
use simulation::{faults, play};

/// So many faults have to be found.
const LEAST: usize = 15;

#[test]
fn deliberate_faults_are_found_in_the_worlds_that_the_list_names() {
    let recorded = faults::recorded().unwrap();
    let recorded: Vec<_> = recorded.into_iter().filter_map(|(fault, seed)| Some((fault, seed?))).collect();
    assert!(recorded.len() >= LEAST, "the list has {} seeds", recorded.len());
    let mut missed = Vec::new();
    for (fault, seed) in recorded {
        if faults::broken(fault, seed).is_empty() {
            missed.push(format!("{}: not found in seed {seed}", fault.code()));
        }
        let well = play::play(&history::of(seed, Size::Small), None);
        if !well.is_empty() {
            missed.push(format!("{}: seed {seed} fails without it: {}", fault.code(), well.join("; ")));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_invariant_that_worlds_can_break_is_broken_by_some_fault() {
    for invariant in 1..=10 {
        assert!(Deliberate::ALL.iter().any(|fault| fault.breaks() == invariant), "none breaks {invariant}");
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
