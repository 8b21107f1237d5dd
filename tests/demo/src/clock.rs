//! The machine's clock, moved: by an hour between two runs, without waiting for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use host_runner::{Clock, SystemClock};

/// A clock that goes as fast as the machine's and can be moved forward. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct MovedClock {
    machine: SystemClock,
    start: u64,
    moved: Arc<AtomicU64>,
}

impl MovedClock {
    /// A clock that shows this moment, in milliseconds since 1970, now.
    pub(crate) fn at(start: u64) -> Self {
        Self { machine: SystemClock::new(), start, moved: Arc::default() }
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.moved.fetch_add(host_runner::clock::millis(by), Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn wall(&self) -> u64 {
        self.start + host_runner::clock::millis(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed() + Duration::from_millis(self.moved.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.machine.sleep(duration)
    }
}
