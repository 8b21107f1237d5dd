//! What of the code an input reached. Only a build with counters knows; [`crate::instrument`] makes one.

#![allow(unsafe_code, reason = "the compiler's counters are raw memory that it hands over once, at the start")]

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

/// Start and length of every counter section.
static SECTIONS: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

/// The compiler's call at the start of the program, once for each section.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, end: *mut u8) {
    let mut sections = SECTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let section = (start as usize, end as usize - start as usize);
    if section.1 > 0 && !sections.contains(&section) {
        sections.push(section);
    }
}

/// What all inputs together have reached.
#[derive(Debug, Default)]
pub struct Coverage {
    /// For each counter a bit for each magnitude that was met.
    met: Vec<u8>,
    reached: usize,
}

impl Coverage {
    /// This build counts.
    #[must_use]
    pub fn counts() -> bool {
        !SECTIONS.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Sets all counters to zero.
    pub fn clear() {
        each(|_, counter| counter.store(0, Ordering::Relaxed));
    }

    /// Takes in what was counted since; says whether something was reached that never was before, or much oftener.
    pub fn take(&mut self) -> bool {
        let mut new = false;
        each(|at, counter| {
            let count = counter.load(Ordering::Relaxed);
            if count == 0 {
                return;
            }
            if self.met.len() <= at {
                self.met.resize(at + 1, 0);
            }
            let bit = 1 << magnitude(count);
            if self.met[at] == 0 {
                self.reached += 1;
            }
            if self.met[at] & bit == 0 {
                self.met[at] |= bit;
                new = true;
            }
        });
        new
    }

    /// How many counters were ever reached.
    #[must_use]
    pub fn reached(&self) -> usize {
        self.reached
    }
}

/// 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more.
fn magnitude(count: u8) -> u8 {
    match count {
        0..=3 => count.saturating_sub(1),
        4..=7 => 3,
        8..=15 => 4,
        16..=31 => 5,
        32..=127 => 6,
        _ => 7,
    }
}

fn each(mut work: impl FnMut(usize, &AtomicU8)) {
    let sections = SECTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut at = 0;
    for (start, length) in sections.iter() {
        for offset in 0..*length {
            // The section lives as long as the program, and every byte of it is a counter.
            work(at, unsafe { AtomicU8::from_ptr((start + offset) as *mut u8) });
            at += 1;
        }
    }
}
