//! Since when writes are under way: what the successor of a run that was killed has to wait for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Told when the first write starts and when each later one does, and that none is under way once all have ended. A write
/// whose future was dropped counts as under way for ever: nobody knows what became of it.
#[derive(Clone)]
pub struct Underway(Arc<Inner>);

struct Inner {
    open: Mutex<usize>,
    tell: Box<dyn Fn(Option<u64>) + Send + Sync>,
}

impl Underway {
    /// Calls `tell` with the moment at which the latest write began, in milliseconds since 1970, or with none.
    pub fn new(tell: impl Fn(Option<u64>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { open: Mutex::default(), tell: Box::new(tell) }))
    }

    pub(super) fn begins(&self, now: u64) {
        // Told under the lock, or an end could be told after the beginning that followed it.
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open += 1;
        (self.0.tell)(Some(now));
    }

    pub(super) fn ends(&self) {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open = open.saturating_sub(1);
        if *open == 0 {
            (self.0.tell)(None);
        }
    }
}

impl fmt::Debug for Underway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Underway").finish_non_exhaustive()
    }
}
