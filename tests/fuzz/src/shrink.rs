//! Makes an input smaller that shows a fault: whole members of a tree first, then pieces of the text.

use crate::judge::{Judge, Wrong};
use crate::mutate::json;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Long enough for any small input.
const TIME: Duration = Duration::from_secs(20);

/// Members of a node that are taken out one by one.
const FEW: usize = 64;

/// A smaller input with the same fault.
#[must_use]
pub fn shrink(judge: &Judge, input: &[u8], wrong: &Wrong) -> Vec<u8> {
    let begun = Instant::now();
    let ended = || begun.elapsed() > TIME;
    let still = |smaller: &[u8]| !ended() && judge.judge(smaller).is_some_and(|other| other.like(wrong));
    let mut best = input.to_vec();
    if let Ok(tree) = serde_json::from_slice::<Value>(&best) {
        let text = tree.to_string().into_bytes();
        if still(&text) {
            best = text;
            trees(&mut best, tree, &still, &ended);
        }
    }
    pieces(&mut best, &still, &ended);
    best
}

/// Takes out what is not needed of a tree.
fn trees(best: &mut Vec<u8>, mut tree: Value, still: &impl Fn(&[u8]) -> bool, ended: &impl Fn() -> bool) {
    let mut at = 0;
    while at < json::size(&tree) && !ended() {
        let mut found = false;
        for smaller in simpler(&tree, at) {
            let text = smaller.to_string().into_bytes();
            if text.len() < best.len() && still(&text) {
                (tree, *best) = (smaller, text);
                found = true;
                break;
            }
        }
        if !found {
            at += 1;
        }
    }
}

/// The tree with a simpler node of this number.
fn simpler(tree: &Value, at: usize) -> Vec<Value> {
    let mut copy = tree.clone();
    let Some(node) = json::nth(&mut copy, &mut at.clone()) else { return Vec::new() };
    let node = node.clone();
    let mut nodes = Vec::new();
    match node {
        Value::Array(all) => {
            for part in [2, 4, 16] {
                let size = all.len().div_ceil(part).max(1);
                for from in (0..all.len()).step_by(size) {
                    let rest = all.iter().enumerate().filter(|(one, _)| !(from..from + size).contains(one));
                    nodes.push(Value::Array(rest.map(|(_, one)| one.clone()).collect()));
                }
            }
            nodes.extend(all.into_iter().take(FEW));
        }
        Value::Object(all) => {
            // One by one only where that is no square of a large number.
            for part in if all.len() > FEW { &[2, 4, 16][..] } else { &[FEW][..] } {
                let size = all.len().div_ceil(*part).max(1);
                for from in (0..all.len()).step_by(size) {
                    let rest = all.iter().enumerate().filter(|(one, _)| !(from..from + size).contains(one));
                    nodes.push(Value::Object(rest.map(|(_, (name, one))| (name.clone(), one.clone())).collect()));
                }
            }
            nodes.extend(all.into_iter().take(FEW).map(|(_, one)| one));
        }
        Value::String(text) if text.len() > 1 => {
            let half = text.chars().count() / 2;
            nodes.push(text.chars().take(half).collect::<String>().into());
            nodes.push(text.chars().skip(half).collect::<String>().into());
        }
        _ => {}
    }
    let put = |node: Value| {
        let mut copy = tree.clone();
        *json::nth(&mut copy, &mut at.clone())? = node;
        Some(copy)
    };
    nodes.into_iter().filter_map(put).collect()
}

/// Takes out what is not needed of a text.
fn pieces(best: &mut Vec<u8>, still: &impl Fn(&[u8]) -> bool, ended: &impl Fn() -> bool) {
    let mut size = best.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < best.len() && !ended() {
            let mut smaller = best.clone();
            smaller.drain(at..(at + size).min(best.len()));
            if still(&smaller) {
                *best = smaller;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
}
