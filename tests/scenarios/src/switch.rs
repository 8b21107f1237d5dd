//! The power switch: cuts a run off before or after any of its effects, as a crash does.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// When the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    /// Never.
    Never,
    /// Before the effect of this number, counted from 0: it does not happen.
    Before(u64),
    /// After it: it happens, and nobody hears of it.
    After(u64),
}

/// Counts effects (requests and commits) and cuts the power.
#[derive(Debug, Default)]
pub struct Switch {
    effects: AtomicU64,
    before: AtomicU64,
    after: AtomicU64,
    armed: AtomicBool,
    dead: AtomicBool,
    fated: AtomicBool,
}

/// What to do about an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// It happens.
    On,
    /// It does not happen.
    Off,
    /// It happens, and its result is lost.
    Failing,
}

impl Switch {
    /// Starts a run with this fate.
    pub fn arm(&self, cut: Cut) {
        let (before, after) = match cut {
            Cut::Never => (u64::MAX, u64::MAX),
            Cut::Before(at) => (at, u64::MAX),
            Cut::After(at) => (u64::MAX, at),
        };
        if cut != Cut::Never {
            self.fated.store(true, Ordering::SeqCst);
        }
        self.effects.store(0, Ordering::SeqCst);
        self.before.store(before, Ordering::SeqCst);
        self.after.store(after, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
        self.dead.store(false, Ordering::SeqCst);
    }

    /// The next effect.
    pub fn effect(&self) -> Power {
        if !self.armed.load(Ordering::SeqCst) {
            return Power::On;
        }
        if self.dead.load(Ordering::SeqCst) {
            return Power::Off;
        }
        let at = self.effects.fetch_add(1, Ordering::SeqCst);
        if at == self.before.load(Ordering::SeqCst) {
            self.dead.store(true, Ordering::SeqCst);
            Power::Off
        } else if at == self.after.load(Ordering::SeqCst) {
            self.dead.store(true, Ordering::SeqCst);
            Power::Failing
        } else {
            Power::On
        }
    }

    /// How many effects the run had.
    pub fn effects(&self) -> u64 {
        self.effects.load(Ordering::SeqCst)
    }

    /// In some run the power was to go.
    pub fn fated(&self) -> bool {
        self.fated.load(Ordering::SeqCst)
    }

    /// The power went.
    pub fn dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }
}
