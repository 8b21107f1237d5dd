//! Inputs from inputs: trees of JSON are changed as trees, everything else as text or bytes.

pub mod bytes;
pub mod json;
pub mod lexicon;
pub mod stretch;

use simulation::dice::Dice;

/// What a target reads, and so how its inputs are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// JSON.
    Json,
    /// Text: of a configuration, of a page.
    Text,
}

/// Longest input that changing makes; stretching goes further.
const LONGEST: usize = 64 * 1024;

/// An input made from one of the pool, with pieces of others.
#[must_use]
pub fn mutate(dice: &mut Dice, shape: Shape, pool: &[Vec<u8>]) -> Vec<u8> {
    let seed = one(dice, pool);
    let other = one(dice, pool);
    if dice.below(300) == 0 {
        return stretch::stretch(dice, shape, seed);
    }
    let mut made = match shape {
        Shape::Json if !dice.chance(12) => {
            json::mutate(dice, seed, other).unwrap_or_else(|| bytes::mutate(dice, seed, other))
        }
        _ => bytes::mutate(dice, seed, other),
    };
    made.truncate(LONGEST);
    made
}

/// One of the pool; large ones more rarely, because they take long.
fn one<'p>(dice: &mut Dice, pool: &'p [Vec<u8>]) -> &'p [u8] {
    let first = &pool[index(dice, pool.len())];
    let second = &pool[index(dice, pool.len())];
    if second.len() < first.len() && dice.chance(60) { second } else { first }
}

/// A number below this one.
pub(crate) fn index(dice: &mut Dice, end: usize) -> usize {
    usize::try_from(dice.below(end as u64)).unwrap_or(0)
}
