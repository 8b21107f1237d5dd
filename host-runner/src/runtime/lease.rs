//! Holding an account's lease for as long as a run takes.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, millis};
use crate::http::LeaseTerm;
use crate::store::{Fence, Store, StoreError};

/// How long a lease holds without being renewed. A run that was cut off keeps its account for this long, where its store
/// cannot tell that its process has ended.
pub(super) const TERM: Duration = Duration::from_secs(120);
const RENEW_EVERY: Duration = Duration::from_secs(20);

/// The longest lease that this request timeout leaves room for: a request may start at any moment between two renewals.
pub(super) fn term(request_timeout: Duration) -> Duration {
    TERM.max(request_timeout + RENEW_EVERY * 3)
}

/// Renews a lease until it is lost; never resolves. A store that is away for a while is asked again.
pub(super) async fn keep(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    fence: Fence,
    length: Duration,
    term: LeaseTerm,
) {
    loop {
        clock.sleep(RENEW_EVERY).await;
        let (until, moment) = (clock.wall() + millis(length), clock.elapsed() + length);
        let (renewing, holder) = (Arc::clone(&store), fence.clone());
        let renewed = tokio::task::spawn_blocking(move || renewing.renew(&holder, until)).await;
        match renewed {
            Ok(Ok(())) => term.extend(moment),
            Ok(Err(StoreError::Fenced)) => {
                term.lose();
                return futures::future::pending().await;
            }
            Ok(Err(fault)) => tracing::warn!(account = fence.account, %fault, "the lease was not renewed"),
            Err(fault) => tracing::warn!(account = fence.account, %fault, "the lease was not renewed"),
        }
    }
}
