//! Runs a target on input after input.

use crate::corpus;
use crate::coverage::Coverage;
use crate::judge::{self, Judge, Wrong};
use crate::mutate;
use crate::shrink::shrink;
use crate::target::Target;
use simulation::dice::Dice;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What a hunt came to.
#[derive(Debug)]
pub struct Caught {
    /// Inputs that were run.
    pub inputs: u64,
    /// Counters of the code that were reached, where the build counts.
    pub reached: usize,
    /// How many inputs reached something new.
    pub grown: usize,
    /// What went wrong, with the smallest input that shows it.
    pub found: Vec<(Wrong, Vec<u8>)>,
}

/// Faults of one target after which it is enough.
const ENOUGH: usize = 5;

/// Runs a target for some time on inputs that this seed chooses.
#[must_use]
pub fn hunt(target: &'static Target, seed: u64, time: Duration) -> Caught {
    let pool = corpus::of(target);
    judge::on_thread(target, || on_thread(target, pool, seed, time))
}

fn on_thread(target: &'static Target, mut pool: Vec<Vec<u8>>, seed: u64, time: Duration) -> Caught {
    let judge = Judge::new(target);
    let mut dice = Dice::new(seed);
    let mut coverage = Coverage::default();
    let mut caught = Caught { inputs: 0, reached: 0, grown: 0, found: Vec::new() };
    let begun = Instant::now();
    let counts = Coverage::counts();
    let begin = pool.clone();
    let mut first = begin.into_iter();
    while begun.elapsed() < time && caught.found.len() < ENOUGH {
        let seed = first.next();
        let fresh = seed.is_none();
        let input = seed.unwrap_or_else(|| mutate::mutate(&mut dice, target.shape, &pool));
        if counts {
            Coverage::clear();
        }
        let wrong = judge.judge(&input);
        caught.inputs += 1;
        match wrong {
            Some(wrong) if caught.found.iter().any(|(known, _)| known.like(&wrong)) => {}
            Some(wrong) => {
                let small = shrink(&judge, &input, &wrong);
                caught.found.push((wrong, small));
            }
            None if counts && coverage.take() && fresh => {
                caught.grown += 1;
                pool.push(input);
            }
            None => {}
        }
    }
    caught.reached = coverage.reached();
    caught
}

/// Runs inputs that were found once; says what is wrong with them.
#[must_use]
pub fn replay(target: &'static Target, inputs: Vec<(PathBuf, Vec<u8>)>) -> Vec<(PathBuf, Wrong)> {
    judge::on_thread(target, || {
        let judge = Judge::new(target);
        inputs.into_iter().filter_map(|(path, input)| judge.judge(&input).map(|wrong| (path, wrong))).collect()
    })
}
