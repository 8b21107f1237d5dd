//! A clock that jumps from one waiter to the next: a minute of back-off costs a test nothing, and every run of a test is
//! the same.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::BoxFuture;
use futures::task::{ArcWake, waker};

use super::{Clock, millis};

/// A clock for tests and simulations. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct VirtualClock {
    start: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    asked: u64,
    /// By moment, then in the order they came.
    sleepers: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
}

struct Woken(AtomicBool);

impl ArcWake for Woken {
    fn wake_by_ref(woken: &Arc<Self>) {
        woken.0.store(true, Ordering::SeqCst);
    }
}

impl VirtualClock {
    /// A clock that shows this wall time in milliseconds since 1970.
    #[must_use]
    pub fn at(wall: u64) -> Self {
        Self { start: wall, state: Arc::default() }
    }

    /// Moves the clock, and wakes whoever waited for a moment up to there.
    pub fn advance(&self, by: Duration) {
        let until = self.state().now + by;
        while self.jump(Some(until)) {}
        self.state().now = until;
    }

    /// Runs a future to its end, jumping to the next waiter whenever nothing else can go on. None if it waits for
    /// something that no clock brings.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = waker(Arc::clone(&woken));
        loop {
            if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(value);
            }
            if !woken.0.swap(false, Ordering::SeqCst) && !self.jump(None) {
                return None;
            }
        }
    }

    fn jump(&self, limit: Option<Duration>) -> bool {
        let sender = {
            let mut state = self.state();
            state.sleepers.retain(|_, sender| !sender.is_canceled());
            let Some(next) = state.sleepers.first_entry() else { return false };
            let (moment, _) = *next.key();
            if limit.is_some_and(|limit| moment > limit) {
                return false;
            }
            let sender = next.remove();
            state.now = state.now.max(moment);
            sender
        };
        let _ = sender.send(());
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn wall(&self) -> u64 {
        self.start + millis(self.state().now)
    }

    fn elapsed(&self) -> Duration {
        self.state().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut state = self.state();
        let (sender, receiver) = oneshot::channel();
        state.asked += 1;
        let key = (state.now + duration, state.asked);
        state.sleepers.insert(key, sender);
        drop(state);
        Box::pin(async move {
            let _ = receiver.await;
        })
    }
}
