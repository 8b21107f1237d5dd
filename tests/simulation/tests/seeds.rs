//! Worlds that have to end well: some of every kind, and those whose seeds found something once.

use simulation::{history, play, shrink};
use std::fmt::Write as _;

/// Seeds that found something: an item whose reading failed and that was forgotten, an export that waited while rights were
/// away, an adopted pair that was made twice after a lost answer, edits overwritten after rights came back.
const FOUND: [u64; 6] = [103, 843, 972, 1224, 1549, 1778];

fn ends_well(seeds: impl IntoIterator<Item = u64>) {
    let mut text = String::new();
    for seed in seeds {
        let steps = history::of(seed);
        let faults = play::play(&steps, None);
        if !faults.is_empty() {
            let _ = writeln!(text, "seed {seed}: {}", faults.join("; "));
            for step in shrink::shrink(&steps) {
                let _ = writeln!(text, "  - {step}");
            }
        }
    }
    assert!(text.is_empty(), "{text}");
}

#[test]
fn the_first_worlds_end_well() {
    ends_well(0..150);
}

#[test]
fn worlds_that_found_something_end_well() {
    ends_well(FOUND);
}
