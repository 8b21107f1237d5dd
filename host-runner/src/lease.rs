//! Holding an account's lease for as long as a run takes: what is asked of the store, and when, by a clock that is given.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, millis};
use crate::http::LeaseTerm;
use crate::store::{Fence, Holder, Lease, Store, StoreError};

/// How long a lease holds without being renewed. A run that was cut off keeps its account for this long, where its store
/// cannot tell that its process has ended.
const TERM: Duration = Duration::from_secs(120);
const RENEW_EVERY: Duration = Duration::from_secs(20);

/// The longest lease that this request timeout leaves room for: a request may start at any moment between two renewals.
fn length(request_timeout: Duration) -> Duration {
    TERM.max(request_timeout + RENEW_EVERY * 3)
}

/// What came of asking for an account's lease.
#[derive(Debug)]
pub enum Asked {
    /// It is ours.
    Granted(Grip),
    /// Another run has it.
    Taken {
        /// Id of that run.
        run: String,
        /// When another run can start at the latest, in milliseconds since 1970; a holder that lives may move it.
        until: u64,
        /// What is known of its process.
        holder: Holder,
    },
}

/// An account's lease in our hands.
#[derive(Debug, Clone)]
pub struct Grip {
    fence: Fence,
    term: LeaseTerm,
    length: Duration,
}

impl Grip {
    /// Asks for the lease of an account. Another run gets it once it has ended and a request of ours that it covered, which
    /// may take as long as `request_timeout`, has ended too.
    ///
    /// # Errors
    /// Storage cannot be written.
    pub fn ask(
        store: &dyn Store,
        clock: &dyn Clock,
        account: &str,
        run: &str,
        request_timeout: Duration,
    ) -> Result<Asked, StoreError> {
        let length = length(request_timeout);
        // Taken before the store is asked: the lease must not seem longer here than it is there.
        let term = LeaseTerm::until(clock.elapsed() + length);
        let now = clock.wall();
        Ok(match store.acquire(account, run, now, now + millis(length), millis(request_timeout))? {
            Lease::Granted(fence) => Asked::Granted(Self { fence, term, length }),
            Lease::Taken { run, until, holder } => Asked::Taken { run, until, holder },
        })
    }

    /// The lease as every commit shows it.
    #[must_use]
    pub const fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Until when it holds: what requests are admitted by.
    #[must_use]
    pub fn term(&self) -> LeaseTerm {
        self.term.clone()
    }

    /// Renews the lease until it is lost; never resolves. A store that is away for a while is asked again. `renew` calls
    /// [`Store::renew`], on whatever thread may wait for it.
    pub async fn keep<F>(&self, clock: Arc<dyn Clock>, renew: impl Fn(Fence, u64) -> F)
    where
        F: Future<Output = Result<(), StoreError>>,
    {
        loop {
            clock.sleep(RENEW_EVERY).await;
            let (until, moment) = (clock.wall() + millis(self.length), clock.elapsed() + self.length);
            match renew(self.fence.clone(), until).await {
                Ok(()) => self.term.extend(moment),
                Err(StoreError::Fenced) => {
                    self.term.lose();
                    return futures::future::pending().await;
                }
                Err(fault) => tracing::warn!(account = self.fence.account, %fault, "the lease was not renewed"),
            }
        }
    }
}
