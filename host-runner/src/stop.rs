//! Asking a run to end: politely first, then at once.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::channel::oneshot;

const WIND_DOWN: u8 = 1;
const AT_ONCE: u8 = 2;

/// A handle that ends a run in good order. Clones are the same handle.
///
/// ```
/// let stop = host_runner::Stop::new();
/// let handle = stop.clone();
/// handle.wind_down();
/// assert!(stop.winding_down());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    level: AtomicU8,
    waiting: Mutex<Vec<oneshot::Sender<()>>>,
}

impl Stop {
    /// A handle that nobody has used yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The run finishes the chunk at hand and returns its report. Waits for a server end as `stopped`.
    pub fn wind_down(&self) {
        self.raise(WIND_DOWN);
    }

    /// No further request is sent.
    pub fn at_once(&self) {
        self.raise(AT_ONCE);
    }

    /// Whether the run was asked to end.
    #[must_use]
    pub fn winding_down(&self) -> bool {
        self.0.level.load(Ordering::SeqCst) >= WIND_DOWN
    }

    /// Whether the run was asked to end at once.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.0.level.load(Ordering::SeqCst) >= AT_ONCE
    }

    /// Resolves once the run was asked to end.
    pub async fn asked(&self) {
        let receiver = {
            let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            // Checked under the lock, or a call between the check and the push would wake nobody.
            if self.winding_down() {
                return;
            }
            waiting.retain(|sender| !sender.is_canceled());
            let (sender, receiver) = oneshot::channel();
            waiting.push(sender);
            receiver
        };
        let _ = receiver.await;
    }

    fn raise(&self, level: u8) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.level.fetch_max(level, Ordering::SeqCst);
        for sender in waiting.drain(..) {
            let _ = sender.send(());
        }
    }
}
