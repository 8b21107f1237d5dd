//! Changes of bytes: flips, insertions, removals, pieces of other inputs.

use super::{index, lexicon};
use simulation::dice::Dice;

/// Some changes of a text.
#[must_use]
pub fn mutate(dice: &mut Dice, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut made = seed.to_vec();
    for _ in 0..=dice.below(4) {
        change(dice, &mut made, other);
    }
    made
}

fn change(dice: &mut Dice, made: &mut Vec<u8>, other: &[u8]) {
    let at = index(dice, made.len() + 1).min(made.len());
    let end = (at + 1 + index(dice, 64)).min(made.len());
    match dice.below(9) {
        0 if at < made.len() => made[at] ^= 1 << dice.below(8),
        1 if at < made.len() => made[at] = u8::try_from(dice.below(256)).unwrap_or(0),
        2 => drop(made.drain(at..end)),
        3 => {
            let piece = made[at..end].to_vec();
            for _ in 0..=dice.below(8) {
                made.splice(at..at, piece.iter().copied());
            }
        }
        4 => made.truncate(at),
        5 => drop(made.splice(at..at, dice.pick(lexicon::TEXTS).bytes())),
        6 => drop(made.splice(at..at, dice.pick(lexicon::NUMBERS).bytes())),
        7 => {
            let from = index(dice, other.len() + 1).min(other.len());
            let until = (from + index(dice, 400)).min(other.len());
            made.splice(at..end, other[from..until].iter().copied());
        }
        _ => {
            // A line less, or twice.
            let begin = made[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
            let length =
                made[begin..].iter().position(|byte| *byte == b'\n').map_or(made.len() - begin, |found| found + 1);
            let line = made[begin..begin + length].to_vec();
            if dice.chance(50) {
                made.drain(begin..begin + length);
            } else {
                made.splice(begin..begin, line);
            }
        }
    }
}
