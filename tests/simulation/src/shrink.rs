//! Shrinks a history that fails: steps and troubles are dropped as long as it still does.

use crate::history::History;
use crate::play::play;
use crate::step::Step;

/// Plays at most; a shrunk history need not be the smallest.
const TRIES: usize = 1500;

/// The history without what it does not need to fail in the same way.
#[must_use]
pub fn shrink(history: &History) -> History {
    let kind = kind(&play(history, None));
    let mut history = history.clone();
    let mut tries = 0;
    let plain = History { steps: Vec::new(), ..history.clone() };
    let fails = |steps: &[Step], tries: &mut usize| {
        *tries += 1;
        self::kind(&play(&History { steps: steps.to_vec(), ..plain.clone() }, None)) == kind
    };
    let mut steps = std::mem::take(&mut history.steps);
    let mut size = (steps.len() / 2).max(1);
    loop {
        let mut shrunk = false;
        let mut at = 0;
        while at < steps.len() && tries < TRIES {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(fewer.len()));
            if fails(&fewer, &mut tries) {
                steps = fewer;
                shrunk = true;
            } else {
                at += size;
            }
        }
        if size == 1 {
            for at in 0..steps.len() {
                shrunk |= simpler(&mut steps, at, &mut |steps| fails(steps, &mut tries));
            }
            if !shrunk || tries >= TRIES {
                return History { steps, ..history };
            }
        }
        size = (size / 2).max(1);
    }
}

/// A run without one of its troubles.
fn simpler(steps: &mut Vec<Step>, at: usize, fails: &mut dyn FnMut(&[Step]) -> bool) -> bool {
    let Some(Step::Run(who, direction, troubles)) = steps.get(at).cloned() else { return false };
    for drop in 0..troubles.len() {
        let mut fewer = troubles.clone();
        fewer.remove(drop);
        let mut simpler = steps.clone();
        simpler[at] = Step::Run(who, direction, fewer);
        if fails(&simpler) {
            *steps = simpler;
            return true;
        }
    }
    false
}

/// What kind of failure it is: numbers, names and values apart.
fn kind(faults: &[String]) -> Option<String> {
    faults.first().map(|fault| {
        fault.split(['"', ':']).next().unwrap_or_default().chars().filter(|c| !c.is_ascii_digit()).collect()
    })
}
