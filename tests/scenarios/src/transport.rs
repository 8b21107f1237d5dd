//! The emulators as a transport of the host, without sockets and under its virtual clock.

use crate::switch::{Power, Switch};
use chrono::{DateTime, TimeDelta, Utc};
use emulators::clock::Clock as SiteClock;
use emulators::harness::{Delivery, Site, Ticket};
use emulators::wire;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};
use host_runner::http::transport::{Failure, Incoming, Outgoing, Transport};
use host_runner::{Clock, VirtualClock};
use std::sync::{Arc, Mutex};

/// Something that happens once, just before the first request that it waits for is carried out: somebody else's edit
/// between what a run read and what it writes.
pub struct Interlude {
    /// Which request it waits for.
    pub before: Box<dyn Fn(&wire::Request) -> bool + Send>,
    /// What happens.
    pub happens: Box<dyn FnOnce() + Send>,
}

/// Carries the host's requests to the emulators.
pub struct SiteTransport {
    /// The services.
    pub site: Arc<Mutex<Site>>,
    /// The clock.
    pub clock: VirtualClock,
    /// The power.
    pub switch: Arc<Switch>,
    /// What happens just before a request.
    pub interlude: Arc<Mutex<Option<Interlude>>>,
}

impl SiteTransport {
    fn interrupt(&self, request: &wire::Request) {
        let mut waiting = self.interlude.lock().unwrap();
        if waiting.as_ref().is_some_and(|interlude| (interlude.before)(request))
            && let Some(interlude) = waiting.take()
        {
            (interlude.happens)();
        }
    }
}

fn request(outgoing: &Outgoing) -> (String, wire::Request) {
    let url = &outgoing.url;
    let base = url.origin().ascii_serialization();
    let mut headers = outgoing.headers.clone();
    headers.push(("host".into(), url.host_str().unwrap_or_default().to_owned()));
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let body = outgoing.body.as_ref().map(|body| body.to_vec()).unwrap_or_default();
    (base, wire::Request { method: outgoing.method.clone(), target, headers, body })
}

/// A request on its way to the service. A client that stops waiting does not call it back.
struct Underway<'a> {
    site: &'a Mutex<Site>,
    base: &'a str,
    request: &'a wire::Request,
    due: DateTime<Utc>,
    ticket: Option<Ticket>,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = &self.ticket {
            self.site.lock().unwrap().abandon(self.base, self.request, ticket, self.due);
        }
    }
}

impl Transport for SiteTransport {
    fn send(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>> {
        async move {
            let power = self.switch.effect();
            if power == Power::Off {
                return Err(Failure::Lost("the power went".into()));
            }
            let (base, request) = request(&outgoing);
            self.interrupt(&request);
            let (ticket, arrived) = {
                let mut site = self.site.lock().unwrap();
                site.clock = now(&self.clock);
                (site.arrive(&base, &request), site.clock.now())
            };
            let (before, after) = (ticket.before(), ticket.after());
            let due = arrived + TimeDelta::from_std(before).unwrap_or_default();
            let mut underway = Underway { site: &self.site, base: &base, request: &request, due, ticket: Some(ticket) };
            if !before.is_zero() {
                self.clock.sleep(before).await;
            }
            let Some(ticket) = underway.ticket.take() else { return Err(Failure::Lost("it went twice".into())) };
            let delivery = {
                let mut site = self.site.lock().unwrap();
                site.clock = now(&self.clock);
                let at = site.clock.now();
                site.carry_out(&base, &request, ticket, at)
            };
            if !after.is_zero() {
                self.clock.sleep(after).await;
            }
            if power == Power::Failing {
                return Err(Failure::Lost("the power went".into()));
            }
            match delivery {
                Delivery::Answer(response) => Ok(Incoming::whole(response.status, response.headers, response.body)),
                Delivery::Cut { response, .. } => {
                    let pieces = vec![Ok(response.body.into()), Err("the connection broke".to_owned())];
                    Ok(Incoming {
                        status: response.status,
                        headers: response.headers,
                        body: stream::iter(pieces).boxed(),
                    })
                }
                Delivery::LostBefore | Delivery::LostAfter => Err(Failure::Lost("the connection broke".into())),
            }
        }
        .boxed()
    }
}

fn now(clock: &VirtualClock) -> SiteClock {
    let millis = i64::try_from(clock.wall()).unwrap();
    SiteClock::Still(DateTime::from_timestamp_millis(millis).unwrap())
}
