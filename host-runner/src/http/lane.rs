//! One lane for each destination and mailbox: so many requests side by side, in the order they came, and none at all
//! while the server asks to wait.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::channel::oneshot;

/// A lane. Requests take slots in it; a throttled answer closes it for everybody.
#[derive(Debug)]
pub struct Lane {
    slots: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: u32,
    queue: VecDeque<Waiting>,
    closed_until: Duration,
}

#[derive(Debug)]
struct Waiting {
    wanted: u32,
    turn: oneshot::Sender<Permit>,
}

/// Slots taken; dropping it gives them back.
#[derive(Debug)]
pub struct Permit {
    lane: Arc<Lane>,
    taken: u32,
}

impl Lane {
    /// A lane of so many slots, at least one.
    #[must_use]
    pub fn new(slots: u32) -> Arc<Self> {
        let slots = slots.max(1);
        let state = State { free: slots, queue: VecDeque::new(), closed_until: Duration::ZERO };
        Arc::new(Self { slots, state: Mutex::new(state) })
    }

    /// Takes slots, first come, first served: a wide request is not overtaken by narrow ones for ever.
    pub async fn take(self: &Arc<Self>, slots: u8) -> Permit {
        loop {
            let receiver = {
                let mut state = self.state();
                let wanted = u32::from(slots).clamp(1, self.slots);
                if state.queue.is_empty() && state.free >= wanted {
                    state.free -= wanted;
                    return Permit { lane: Arc::clone(self), taken: wanted };
                }
                let (turn, receiver) = oneshot::channel();
                state.queue.push_back(Waiting { wanted, turn });
                receiver
            };
            // The sender lives in the queue until it is used, so this always carries a permit.
            if let Ok(permit) = receiver.await {
                return permit;
            }
        }
    }

    /// Closes the lane until this moment of the clock; an earlier one changes nothing.
    pub fn close_until(&self, moment: Duration) {
        let mut state = self.state();
        state.closed_until = state.closed_until.max(moment);
    }

    /// When the lane opens, if it is closed now.
    pub fn closed(&self, now: Duration) -> Option<Duration> {
        let until = self.state().closed_until;
        (until > now).then_some(until)
    }

    fn give_back(self: &Arc<Self>, slots: u32) {
        let mut granted = Vec::new();
        {
            let mut state = self.state();
            state.free += slots;
            while let Some(next) = state.queue.front() {
                if next.turn.is_canceled() {
                    state.queue.pop_front();
                    continue;
                }
                if next.wanted > state.free {
                    break;
                }
                if let Some(next) = state.queue.pop_front() {
                    state.free -= next.wanted;
                    granted.push((next.turn, Permit { lane: Arc::clone(self), taken: next.wanted }));
                }
            }
        }
        // Outside the lock: a permit that nobody takes any more is dropped here and comes back to this function.
        for (turn, permit) in granted {
            let _ = turn.send(permit);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.lane.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn no_more_requests_run_than_there_are_slots() {
        let lane = Lane::new(4);
        let batch = lane.take(4).now_or_never().unwrap();
        assert!(lane.take(1).now_or_never().is_none());
        drop(batch);
        assert!(lane.take(1).now_or_never().is_some());
    }

    #[test]
    fn a_wide_request_is_not_overtaken() {
        let lane = Lane::new(4);
        let first = lane.take(1).now_or_never().unwrap();
        let mut wide = Box::pin(lane.take(4));
        assert!((&mut wide).now_or_never().is_none());
        assert!(lane.take(1).now_or_never().is_none());
        drop(first);
        assert!(wide.now_or_never().is_some());
    }

    #[test]
    fn slots_of_a_request_that_was_given_up_come_back() {
        let lane = Lane::new(1);
        let first = lane.take(1).now_or_never().unwrap();
        let mut waiting = Box::pin(lane.take(1));
        assert!((&mut waiting).now_or_never().is_none());
        drop(first);
        drop(waiting);
        assert!(lane.take(1).now_or_never().is_some());
    }

    #[test]
    fn a_request_wider_than_the_lane_takes_all_of_it() {
        assert!(Lane::new(2).take(4).now_or_never().is_some());
    }
}
