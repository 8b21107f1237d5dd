//! Time as a seam: production sleeps on tokio, a simulation on a clock of its own.

mod virtual_clock;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures::future::BoxFuture;
pub use virtual_clock::VirtualClock;

/// What time it is, and waiting.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock in milliseconds since 1970. It may jump.
    fn wall(&self) -> u64;

    /// Time since some fixed moment in the life of this clock. It never goes back; everything that waits or expires
    /// is measured with it.
    fn elapsed(&self) -> Duration;

    /// Resolves once this much time has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's clock; its `sleep` needs a tokio runtime.
#[derive(Debug, Clone)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose `elapsed` starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        millis(since)
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A duration in whole milliseconds, as the contract counts time.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
