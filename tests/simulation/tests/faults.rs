//! Deliberate faults.

use guest::deliberate::Deliberate;

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
