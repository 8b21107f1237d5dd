//! One request, from the call to its answer: check, wait, sign in, send, judge what came back, perhaps again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, join_all, select};

use super::contract::{Credential, Error, Request, Response, UnreachableCause};
use super::destination::Target;
use super::egress::{Answer, Egress, Fault, Leaving};
use super::lane::{Lane, Permit};
use super::window::RunWindow;
use super::{batch, headers, retry};
use crate::clock::millis;
use crate::credential::{Session, Signature};

/// How often a connection is tried for one request: who waits for it should hear soon that nobody is there.
const CONNECTS: u32 = 3;

/// Page of Exchange about errors that pass.
const OVERLOADED: &str = "genericerrorpage.htm";

/// `http.send` for one run.
pub struct HttpPolicy {
    egress: Arc<Egress>,
    mailbox: String,
    window: RunWindow,
    sent: AtomicU64,
    /// A refusal that could have been the sign-in's was answered by a new one: from then on a right is missing.
    doubted: AtomicBool,
}

/// What to do after an exchange.
enum Next {
    Done(Result<Response, Error>),
    /// The sign-in had expired: once more with a new one.
    Renew,
    /// The sign-in has changed since: once more with what it is now.
    Sign,
    /// Once more after this wait; what to answer if the wait does not fit.
    Again(Duration, Result<Response, Error>),
}

impl HttpPolicy {
    pub(super) fn new(egress: Arc<Egress>, mailbox: String, window: RunWindow) -> Self {
        Self { egress, mailbox, window, sent: AtomicU64::new(0), doubted: AtomicBool::new(false) }
    }

    /// How many requests left so far, sign-ins not counted and repetitions counted.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends requests side by side as far as the limits allow; as many results as requests, in their order.
    pub async fn send(&self, requests: Vec<Request>) -> Vec<Result<Response, Error>> {
        let limit = self.egress.rules().call_bytes;
        let bodies = requests.iter().filter_map(|request| request.body.as_ref()).map(Vec::len).sum::<usize>();
        if length(bodies) > limit {
            let text = format!("the bodies of one call are {bodies} bytes, and at most {limit} are taken");
            return requests.iter().map(|_| Err(Error::Invalid(text.clone()))).collect();
        }
        let room = AtomicU64::new(limit);
        join_all(requests.into_iter().map(|request| self.one(request, &room))).await
    }

    async fn one(&self, request: Request, room: &AtomicU64) -> Result<Response, Error> {
        let called = self.egress.clock().elapsed();
        headers::check(&request)?;
        let target = self.egress.destinations().judge(&request.url, request.credential, &self.mailbox)?;
        if target.batch {
            batch::check(self.egress.destinations(), request.body.as_deref().unwrap_or_default(), &self.mailbox)?;
        }
        if self.window.reads_only && !request.repeatable {
            return Err(Error::Denied("a preview writes nothing".to_owned()));
        }
        let lane = self.egress.lane(&target.origin, request.credential, &self.mailbox);
        if request.after > 0 {
            let start = called + Duration::from_millis(request.after);
            // A part of a batch was throttled: that is the mailbox's state, not only this request's.
            if request.credential != Credential::None {
                lane.close_until(start);
            }
            self.pause_until(start).await?;
        }
        let response = self.attempts(request, &target, &lane).await?;
        let size = length(response.body.len());
        match room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(size)) {
            Ok(_) => Ok(response),
            Err(_) => Err(Error::TooLarge(size)),
        }
    }

    async fn attempts(&self, mut request: Request, target: &Target, lane: &Arc<Lane>) -> Result<Response, Error> {
        let session = self.egress.session(request.credential);
        let body = request.body.take().map(Bytes::from);
        let mut attempt = 0;
        let mut renewed = false;
        loop {
            let permit = self.turn(lane, request.slots).await?;
            self.window.admit(self.egress.clock().elapsed(), self.egress.rules().request_timeout)?;
            let signature = session.signature(&self.egress).await?;
            self.window.admit(self.egress.clock().elapsed(), self.egress.rules().request_timeout)?;
            attempt += 1;
            self.sent.fetch_add(1, Ordering::Relaxed);
            let headers = request.headers.iter().cloned().chain(signature.headers()).collect();
            let limit = u64::from(request.max_body);
            let writes = self.window.writes.as_ref().filter(|_| !request.repeatable);
            if let Some(writes) = writes {
                writes.begins(self.egress.clock().wall());
            }
            let leaving = Leaving {
                method: request.method.clone(),
                headers,
                body: body.clone(),
                handshake: signature.handshake(),
                limit,
            };
            let outcome = self.egress.exchange(target, leaving).await;
            if let Some(writes) = writes {
                writes.ends();
            }
            if let Ok(answer) = &outcome {
                session.learn(&signature, &answer.headers).await;
            }
            let next = match outcome {
                Ok(answer) if !renewed && session.expired(&answer) => Next::Renew,
                Ok(answer) if self.stale(session, &signature, &answer, attempt).await => Next::Sign,
                Ok(answer) if !renewed && session.forbids(&answer) && !self.doubted.swap(true, Ordering::Relaxed) => {
                    Next::Renew
                }
                Ok(answer) => match session.refused(&self.egress, &answer, &target.origin).await {
                    Some(text) => Next::Done(Err(Error::Credential(text))),
                    None => self.judge_answer(answer, &signature, &request, lane, attempt),
                },
                Err(fault) => self.judge_fault(fault, &request, target, attempt),
            };
            drop(permit);
            match next {
                Next::Done(result) => return result,
                Next::Renew => {
                    renewed = true;
                    session.renew(&signature).await;
                    self.pause_until(self.egress.clock().elapsed() + session.hesitation()).await?;
                }
                Next::Sign => {}
                Next::Again(wait, otherwise) => {
                    let now = self.egress.clock().elapsed();
                    if attempt >= self.egress.rules().attempts || !self.window.fits(now, now + wait) {
                        return otherwise;
                    }
                    self.pause_until(now + wait).await?;
                }
            }
        }
    }

    /// Refused for a header against forged requests that another answer has replaced meanwhile. The refusal was not carried
    /// out, so even a write may be sent again.
    async fn stale(&self, session: &Session, signature: &Signature, answer: &Answer, attempt: u32) -> bool {
        session.forbids(answer) && attempt < self.egress.rules().attempts && session.outdated(signature).await
    }

    fn judge_answer(
        &self,
        answer: Answer,
        signature: &Signature,
        request: &Request,
        lane: &Lane,
        attempt: u32,
    ) -> Next {
        let Answer { status, headers, body, received } = answer;
        let asked = retry::retry_after(&headers, received);
        let headers = headers::presented(headers);
        if signature.echoed(&headers, &body) {
            return Next::Done(Err(Error::Denied("the answer repeats the sign-in it was asked with".to_owned())));
        }
        let response = Response { status, headers, body, received };
        // A server that names no time, or none at all, gets ours.
        let wait = asked.filter(|asked| !asked.is_zero()).unwrap_or_else(|| retry::back_off(attempt));
        if status == 429 || (status == 503 && asked.is_some()) {
            lane.close_until(self.egress.clock().elapsed() + wait);
        }
        match status {
            // It was refused and not carried out, so even a write may be sent again.
            429 => Next::Again(wait, Err(Error::Throttled(Some(millis(wait))))),
            // What Exchange sends everybody to while it is overloaded.
            302 if request.repeatable && response.header("location").is_some_and(|to| to.contains(OVERLOADED)) => {
                Next::Again(wait, Ok(response))
            }
            502..=504 if request.repeatable => Next::Again(wait, Ok(response)),
            _ => Next::Done(Ok(response)),
        }
    }

    fn judge_fault(&self, fault: Fault, request: &Request, target: &Target, attempt: u32) -> Next {
        let wait = retry::back_off(attempt);
        match fault {
            Fault::NotSent(cause @ (UnreachableCause::Connect | UnreachableCause::Timeout)) if attempt < CONNECTS => {
                Next::Again(wait, Err(Error::Unreachable(cause)))
            }
            Fault::NotSent(cause) => Next::Done(Err(Error::Unreachable(cause))),
            Fault::Refused(text) => Next::Done(Err(Error::Denied(text))),
            Fault::Lost(text) => {
                let lost = Err(Error::UnknownOutcome(format!("{} {}: {text}", request.method, target.origin)));
                if request.repeatable { Next::Again(wait, lost) } else { Next::Done(lost) }
            }
            Fault::TooLarge(size) => Next::Done(Err(Error::TooLarge(size))),
            Fault::Damaged(text) if request.repeatable => Next::Done(Err(Error::Other(text))),
            Fault::Damaged(text) => Next::Done(Err(Error::UnknownOutcome(text))),
        }
    }

    /// Slots in a lane that is open.
    async fn turn(&self, lane: &Arc<Lane>, slots: u8) -> Result<Permit, Error> {
        let permit = {
            let taking = std::pin::pin!(lane.take(slots));
            let ending = std::pin::pin!(self.end());
            match select(taking, ending).await {
                Either::Left((permit, _)) => permit,
                Either::Right(_) => return Err(Error::Stopped),
            }
        };
        while let Some(until) = lane.closed(self.egress.clock().elapsed()) {
            self.pause_until(until).await?;
        }
        Ok(permit)
    }

    /// Sits a wait out, if it fits.
    async fn pause_until(&self, until: Duration) -> Result<(), Error> {
        let now = self.egress.clock().elapsed();
        let wait = until.saturating_sub(now);
        if wait.is_zero() {
            return Ok(());
        }
        if !self.window.fits(now, until) {
            return Err(Error::Throttled(Some(millis(wait))));
        }
        let asked = std::pin::pin!(self.window.stop.asked());
        match select(self.egress.clock().sleep(wait), asked).await {
            Either::Left(_) => Ok(()),
            Either::Right(_) => Err(Error::Stopped),
        }
    }

    /// Resolves when the run is over.
    async fn end(&self) {
        let asked = std::pin::pin!(self.at_once());
        match self.window.deadline {
            Some(deadline) => {
                let left = deadline.saturating_sub(self.egress.clock().elapsed());
                select(asked, self.egress.clock().sleep(left)).await;
            }
            None => asked.await,
        }
    }

    async fn at_once(&self) {
        self.window.stop.asked().await;
        // Asked politely: requests of the chunk at hand still get their turn, and each exchange has a timeout.
        if !self.window.stop.stopped() {
            futures::future::pending::<()>().await;
        }
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
