//! A small share of what the program of this crate does, with every test run.

use kill::play::{Plan, play};

#[test]
fn a_program_that_is_killed_again_and_again_comes_to_the_same_end() {
    let seed = std::env::var("KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let plan = Plan { items: 300, kills: 3, seed, moments: None };
    let outcome = play(&plan);
    println!("{}", outcome.told(&plan));
    assert!(outcome.wrong.is_empty(), "{}", outcome.told(&plan));
}
