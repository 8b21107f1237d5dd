//! The way to the emulators: without sockets, with as much delay as is wanted, and counted.

use crate::clock::MovedClock;
use chrono::DateTime;
use emulators::clock::Clock as SiteClock;
use emulators::harness::{Delivery, Site};
use emulators::wire;
use futures::future::{BoxFuture, FutureExt};
use host_runner::Clock;
use host_runner::http::{Failure, Incoming, Outgoing, Transport};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What went over it.
#[derive(Debug, Default)]
pub struct Counted {
    requests: AtomicU64,
    bytes: AtomicU64,
    /// Nanoseconds that the services took.
    served: AtomicU64,
}

impl Counted {
    /// Requests, bytes of bodies in both directions, and the services' own time; counted anew from now on.
    pub fn take(&self) -> (u64, u64, Duration) {
        let take = |number: &AtomicU64| number.swap(0, Ordering::SeqCst);
        (take(&self.requests), take(&self.bytes), Duration::from_nanos(take(&self.served)))
    }
}

/// Carries requests to the emulators.
pub struct Wire {
    /// The services.
    pub site: Arc<Mutex<Site>>,
    /// Their clock.
    pub clock: MovedClock,
    /// Time that each request takes on its way.
    pub delay: Duration,
    /// What went over it.
    pub counted: Arc<Counted>,
}

impl Transport for Wire {
    fn send(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>> {
        async move {
            if !self.delay.is_zero() {
                self.clock.sleep(self.delay).await;
            }
            let url = &outgoing.url;
            let base = url.origin().ascii_serialization();
            let mut headers = outgoing.headers.clone();
            headers.push(("host".into(), url.host_str().unwrap_or_default().to_owned()));
            let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
            let body = outgoing.body.as_ref().map(|body| body.to_vec()).unwrap_or_default();
            let request = wire::Request { method: outgoing.method.clone(), target, headers, body };
            let sent = request.body.len();
            let begun = Instant::now();
            let delivery = {
                let mut site = self.site.lock().unwrap();
                let millis = i64::try_from(self.clock.wall()).unwrap();
                site.clock = SiteClock::Still(DateTime::from_timestamp_millis(millis).unwrap());
                let ticket = site.arrive(&base, &request);
                let at = site.clock.now();
                site.carry_out(&base, &request, ticket, at)
            };
            let Delivery::Answer(response) = delivery else { return Err(Failure::Lost("a fault".into())) };
            let count = |number: &AtomicU64, by: u128| {
                number.fetch_add(u64::try_from(by).unwrap_or(u64::MAX), Ordering::SeqCst);
            };
            count(&self.counted.served, begun.elapsed().as_nanos());
            count(&self.counted.bytes, (sent + response.body.len()) as u128);
            count(&self.counted.requests, 1);
            Ok(Incoming::whole(response.status, response.headers, response.body))
        }
        .boxed()
    }
}
