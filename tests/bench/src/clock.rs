//! The machine's clock, moved: what a run measures is real, and between two runs time passes at once.

use futures::future::BoxFuture;
use host_runner::{Clock, SystemClock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A clock that goes as fast as the machine's. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct MovedClock {
    machine: SystemClock,
    start: u64,
    moved: Arc<AtomicU64>,
}

impl MovedClock {
    /// A clock that shows this moment now, in milliseconds since 1970.
    #[must_use]
    pub fn at(start: u64) -> Self {
        Self { machine: SystemClock::new(), start, moved: Arc::default() }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
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
