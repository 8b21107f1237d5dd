//! Large inputs: what takes time or memory out of proportion shows only there.

use super::{Shape, index, json};
use serde_json::Value;
use simulation::dice::Dice;

/// Pieces that make scanners look far ahead.
const PIECES: &[&str] =
    &["&", "<", "<p>", "</p", "<!--", "&#", "a ", "\n", "\r\n\r\n", " ", "é", "\u{a0}", "[", "x=1\n", "<br>", "a\n\n"];

/// How large.
const SIZES: &[usize] = &[64 << 10, 256 << 10, 1 << 20];

/// One part of the seed, repeated.
#[must_use]
pub fn stretch(dice: &mut Dice, shape: Shape, seed: &[u8]) -> Vec<u8> {
    let wanted = dice.pick(SIZES);
    if let (Shape::Json, Ok(mut tree)) = (shape, serde_json::from_slice::<Value>(seed)) {
        let at = index(dice, json::size(&tree));
        if let Some(node) = json::nth(&mut tree, &mut at.clone()) {
            longer(dice, node, wanted);
        }
        return tree.to_string().into_bytes();
    }
    let mut made = seed.to_vec();
    let at = index(dice, made.len() + 1).min(made.len());
    let end = (at + 1 + index(dice, 80)).min(made.len());
    let piece =
        if dice.chance(50) || end == at { dice.pick(PIECES).as_bytes().to_vec() } else { made[at..end].to_vec() };
    made.splice(at..at, piece.iter().copied().cycle().take(wanted));
    made
}

fn longer(dice: &mut Dice, node: &mut Value, wanted: usize) {
    match node {
        Value::Array(all) if !all.is_empty() => {
            let item = all[index(dice, all.len())].clone();
            let each = item.to_string().len() + 1;
            let numbered = dice.chance(50);
            for at in 0..wanted / each {
                let mut copy = item.clone();
                if numbered && let Some(id) = copy.get_mut("id") {
                    *id = at.to_string().into();
                }
                all.push(copy);
            }
        }
        Value::Array(all) => *all = vec![Value::from(0); wanted / 2],
        Value::Object(all) => {
            let item = all.values().next().cloned().unwrap_or_default();
            let each = item.to_string().len() + 12;
            all.extend((0..wanted / each).map(|at| (format!("m{at}"), item.clone())));
        }
        other => {
            let piece = dice.pick(PIECES);
            *other = piece.repeat(wanted / piece.len()).into();
        }
    }
}
