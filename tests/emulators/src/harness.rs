//! A site: services by address, with one clock, one set of faults and one request log. The shell puts it on sockets;
//! simulations call [`Site::handle`] and meet the very same faults.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::exchange;
use crate::fault::{Decision, Faults, Turn};
use crate::log::{Ending, Log, is_login};
use crate::splice::{PartFault, Splice};
use crate::wire::{Request, Response, Service};

/// What the client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// An answer.
    Answer(Response),
    /// Status and headers, and of the body as much as came through before the connection broke.
    Cut {
        /// The answer with what came through of its body.
        response: Response,
        /// How long the body would have been.
        length: usize,
    },
    /// No answer: the service did not act.
    LostBefore,
    /// No answer: the service did act.
    LostAfter,
}

/// What became of one request, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the client gets.
    pub delivery: Delivery,
    /// Scripted delay, before and after the service acted; the site's own clock is not moved by it.
    pub delay: Duration,
}

/// A request that has come and is not carried out yet.
#[derive(Debug)]
pub struct Ticket {
    number: u64,
    decision: Decision,
}

/// A request that nobody waits for any more.
struct Late {
    due: DateTime<Utc>,
    base: String,
    request: Request,
    number: u64,
}

/// Called just before a late request is carried out (false) and just after (true).
pub type Watch = Box<dyn FnMut(bool) + Send>;

impl Ticket {
    /// How long the request takes to reach the service.
    #[must_use]
    pub fn before(&self) -> Duration {
        self.decision.before
    }

    /// How long the answer takes.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.decision.after
    }
}

/// A service that a test keeps hold of beside the site.
#[derive(Debug, Default)]
pub struct Shared<S>(Arc<Mutex<S>>);

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Shared<S> {
    /// Wraps a service.
    pub fn new(service: S) -> Self {
        Self(Arc::new(Mutex::new(service)))
    }

    /// Looks at the service, or changes it.
    pub fn with<T>(&self, work: impl FnOnce(&mut S) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Service> Service for Shared<S> {
    fn name(&self) -> &'static str {
        self.with(|service| service.name())
    }

    fn handle(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        self.with(|service| service.handle(request, now))
    }

    fn state(&self) -> serde_json::Value {
        self.with(|service| service.state())
    }

    fn outbox(&self) -> Vec<serde_json::Value> {
        self.with(|service| service.outbox())
    }

    fn edit(&mut self, edit: &serde_json::Value, now: DateTime<Utc>) -> Result<serde_json::Value, String> {
        self.with(|service| service.edit(edit, now))
    }
}

/// All services with what stands in front of them.
pub struct Site {
    services: Vec<(String, Box<dyn Service>)>,
    /// What goes wrong.
    pub faults: Faults,
    /// What came.
    pub log: Log,
    /// The time for all services.
    pub clock: Clock,
    /// Who wants to see what late requests do.
    pub watch: Option<Watch>,
    late: Vec<Late>,
}

impl Site {
    /// A site without services.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            services: Vec::new(),
            faults: Faults::default(),
            log: Log::default(),
            clock,
            watch: None,
            late: Vec::new(),
        }
    }

    /// Puts a service at an address, such as `https://mycompany.creatio.com`. A [`Shared`] one may stand at several.
    pub fn mount(&mut self, base: impl Into<String>, service: impl Service + 'static) {
        self.services.push((base.into(), Box::new(service)));
    }

    /// Every service once, in the order of mounting.
    pub fn services(&self) -> impl Iterator<Item = &dyn Service> {
        let mut names = Vec::new();
        self.services.iter().map(|(_, service)| service.as_ref()).filter(move |service| {
            let new = !names.contains(&service.name());
            names.push(service.name());
            new
        })
    }

    /// The service of a name, for edits.
    pub fn service(&mut self, name: &str) -> Option<&mut (dyn Service + 'static)> {
        let (_, service) = self.services.iter_mut().find(|(_, service)| service.name() == name)?;
        Some(service.as_mut())
    }

    /// A request from beginning to end; no service at `base` answers 502.
    pub fn handle(&mut self, base: &str, request: &Request) -> Outcome {
        let ticket = self.arrive(base, request);
        let delay = ticket.before() + ticket.after();
        let ahead = TimeDelta::from_std(ticket.before()).unwrap_or_default();
        let now = self.clock.now() + ahead;
        Outcome { delivery: self.carry_out(base, request, ticket, now), delay }
    }

    /// Has a request carried out later, although its client is gone.
    pub fn abandon(&mut self, base: &str, request: &Request, ticket: &Ticket, due: DateTime<Utc>) {
        let acts = !matches!(ticket.decision.turn, Turn::LostBefore | Turn::Instead(_));
        if acts {
            self.late.push(Late { due, base: base.to_owned(), request: request.clone(), number: ticket.number });
        }
    }

    /// Carries out what was late and is due; gives when the next one is.
    pub fn land(&mut self) -> Option<DateTime<Utc>> {
        loop {
            self.late.sort_by_key(|late| late.due);
            let now = self.clock.now();
            if self.late.first().is_none_or(|late| late.due > now) {
                return self.late.first().map(|late| late.due);
            }
            let Late { base, request, number, .. } = self.late.remove(0);
            let mut watch = self.watch.take();
            if let Some(watch) = &mut watch {
                watch(false);
            }
            let response = self.ask(&base, &request, &[], now);
            self.log.close(number, Ending::LostAfter, Some(&response));
            if let Some(watch) = &mut watch {
                watch(true);
            }
            self.watch = watch;
        }
    }

    /// Writes a request down and decides what befalls it. What was late and is due comes first.
    pub fn arrive(&mut self, base: &str, request: &Request) -> Ticket {
        self.land();
        let service = self.at(base).map_or("none", |service| service.name());
        // Microsoft's sign-in is another service by name, though one machine answers for both.
        let service = if service == "graph" && is_login(request.path()) { "login" } else { service };
        let decision = self.faults.decide(service, request);
        let number = self.log.open(service, request, self.clock.now(), !decision.by.is_empty());
        Ticket { number, decision }
    }

    /// Carries a request out at `now`, as its ticket says.
    pub fn carry_out(&mut self, base: &str, request: &Request, ticket: Ticket, now: DateTime<Utc>) -> Delivery {
        let Ticket { number, decision } = ticket;
        let delivery = match decision.turn {
            Turn::LostBefore => Delivery::LostBefore,
            Turn::Instead(response) => Delivery::Answer(response),
            Turn::Late(wait) => {
                let due = now + TimeDelta::from_std(wait).unwrap_or_default();
                self.late.push(Late { due, base: base.to_owned(), request: request.clone(), number });
                Delivery::LostBefore
            }
            Turn::Page(page) => Delivery::Answer(page.spoil(self.ask(base, request, &decision.parts, now))),
            Turn::Pass | Turn::Cut(_) | Turn::Huge(_) | Turn::LostAfter | Turn::Afterwards(_) => {
                let response = self.ask(base, request, &decision.parts, now);
                match decision.turn {
                    Turn::LostAfter => {
                        self.log.close(number, Ending::LostAfter, Some(&response));
                        return Delivery::LostAfter;
                    }
                    Turn::Cut(at) => {
                        let length = response.body.len();
                        let mut response = response;
                        response.body.truncate(at);
                        Delivery::Cut { response, length }
                    }
                    Turn::Afterwards(instead) => Delivery::Answer(instead),
                    Turn::Huge(bytes) => Delivery::Answer(Response { body: vec![b' '; bytes], ..response }),
                    _ => Delivery::Answer(response),
                }
            }
        };
        match &delivery {
            Delivery::Answer(response) => self.log.close(number, Ending::Answered, Some(response)),
            Delivery::Cut { response, .. } => self.log.close(number, Ending::Cut, Some(response)),
            Delivery::LostBefore => self.log.close(number, Ending::LostBefore, None),
            Delivery::LostAfter => {}
        }
        delivery
    }

    fn ask(&mut self, base: &str, request: &Request, parts: &[PartFault], now: DateTime<Utc>) -> Response {
        let Some(service) = self.at(base) else { return Response { status: 502, ..Response::default() } };
        // Graph goes on after a failed part, Creatio stops unless it is told to go on.
        let stops = service.name() == "creatio"
            && !request.header_list("prefer").iter().any(|preference| preference.contains("continue-on-error"));
        if !parts.is_empty()
            && let Some(splice) = exchange::splice::Splice::of(request, parts)
        {
            let rest = splice.request.as_ref().map(|request| service.handle(request, now));
            self.put_off(base, &splice.late, now);
            return splice.join(rest);
        }
        let splice = if parts.is_empty() { None } else { Splice::of(request, parts, stops) };
        match splice {
            Some(splice) => {
                let rest = splice.request.as_ref().map(|request| service.handle(request, now));
                self.put_off(base, &splice.late, now);
                splice.join(rest)
            }
            None => service.handle(request, now),
        }
    }

    /// Has parts carried out later; they have no lines of their own in the log.
    fn put_off(&mut self, base: &str, parts: &[(Duration, Request)], now: DateTime<Utc>) {
        for (wait, request) in parts {
            let due = now + TimeDelta::from_std(*wait).unwrap_or_default();
            self.late.push(Late { due, base: base.to_owned(), request: request.clone(), number: 0 });
        }
    }

    fn at(&mut self, base: &str) -> Option<&mut Box<dyn Service>> {
        self.services.iter_mut().find(|(address, _)| address == base).map(|(_, service)| service)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    /// Counts the parts that it is asked.
    #[derive(Default)]
    struct Counter(Vec<usize>);

    impl Service for Counter {
        fn name(&self) -> &'static str {
            "graph"
        }

        fn handle(&mut self, request: &Request, _: DateTime<Utc>) -> Response {
            let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
            self.0.push(body["requests"].as_array().map_or(1, Vec::len));
            Response::json(200, &json!({"responses": []}))
        }

        fn state(&self) -> Json {
            json!(self.0)
        }

        fn outbox(&self) -> Vec<Json> {
            Vec::new()
        }

        fn edit(&mut self, _: &Json, _: DateTime<Utc>) -> Result<Json, String> {
            Ok(Json::Null)
        }
    }

    fn site(effect: &Json) -> (Site, Shared<Counter>) {
        let counter = Shared::new(Counter::default());
        let mut site = Site::new(Clock::Still(DateTime::UNIX_EPOCH));
        site.mount("b", counter.clone());
        site.faults.add(serde_json::from_value(json!({ "effect": effect })).unwrap());
        (site, counter)
    }

    #[test]
    fn a_late_request_is_carried_out_once_when_its_time_has_come() {
        let (mut site, counter) = site(&json!({"kind": "late", "ms": 60_000}));
        assert_eq!(site.handle("b", &Request::default()).delivery, Delivery::LostBefore);
        assert_eq!(site.land(), Some(DateTime::UNIX_EPOCH + TimeDelta::minutes(1)));
        assert!(counter.with(|counter| counter.0.is_empty()));
        site.clock.advance(TimeDelta::minutes(2));
        site.handle("b", &Request::default());
        assert_eq!(counter.with(|counter| counter.0.clone()), [1, 1]);
        assert_eq!(site.land(), None);
    }

    #[test]
    fn a_late_part_is_carried_out_alone() {
        let effect = json!({"kind": "part", "method": "post", "status": 504, "late": 1000});
        let (mut site, counter) = site(&effect);
        let part = |id: &str, method: &str| json!({"id": id, "method": method, "url": "x"});
        let parts = json!({"requests": [part("1", "POST"), part("2", "PATCH"), part("3", "PATCH")]});
        site.handle("b", &Request { body: parts.to_string().into_bytes(), ..Request::default() });
        assert_eq!(counter.with(|counter| counter.0.clone()), [2]);
        site.clock.advance(TimeDelta::seconds(1));
        site.land();
        assert_eq!(counter.with(|counter| counter.0.clone()), [2, 1]);
    }
}
