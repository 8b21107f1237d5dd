//! How long a run may go on: its deadline, its lease, and whoever asks it to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::contract::Error;
use super::underway::Underway;
use crate::clock::millis;
use crate::stop::Stop;

/// Until when a lease holds, in time of the clock; whoever renews the lease moves it.
#[derive(Debug, Clone, Default)]
pub struct LeaseTerm(Arc<AtomicU64>);

impl LeaseTerm {
    /// A lease that ends at this moment of the clock.
    #[must_use]
    pub fn until(moment: Duration) -> Self {
        let term = Self::default();
        term.extend(moment);
        term
    }

    /// The lease was renewed until this moment.
    pub fn extend(&self, moment: Duration) {
        self.0.store(millis(moment), Ordering::SeqCst);
    }

    /// The lease was lost.
    pub fn lose(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    fn covers(&self, moment: Duration) -> bool {
        millis(moment) <= self.0.load(Ordering::SeqCst)
    }
}

/// The time that a run has, and what it may do in it.
#[derive(Debug, Clone, Default)]
pub struct RunWindow {
    /// When the run must have ended, in time of the clock; none for no limit.
    pub deadline: Option<Duration>,
    /// The account's lease; none where nobody else can run for the account.
    pub lease: Option<LeaseTerm>,
    /// Who is told since when writes are under way.
    pub writes: Option<Underway>,
    /// The longest wait that is sat out within a run; a longer one is answered as `throttled`.
    pub longest_wait: Option<Duration>,
    /// Refuse what cannot be a read: a preview writes nothing, whatever the component thinks.
    pub reads_only: bool,
    /// Ends the run early.
    pub stop: Stop,
}

impl RunWindow {
    /// Whether a request may start now that may take this long.
    pub(super) fn admit(&self, now: Duration, longest: Duration) -> Result<(), Error> {
        let late = self.deadline.is_some_and(|deadline| now >= deadline);
        let unleased = self.lease.as_ref().is_some_and(|lease| !lease.covers(now + longest));
        if late || unleased || self.stop.stopped() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// Whether a wait until this moment can be sat out.
    pub(super) fn fits(&self, now: Duration, until: Duration) -> bool {
        self.deadline.is_none_or(|deadline| until < deadline)
            && self.longest_wait.is_none_or(|longest| until.saturating_sub(now) <= longest)
    }
}
