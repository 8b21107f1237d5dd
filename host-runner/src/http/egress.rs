//! What the runs of one tenant share: connections, sign-ins, and one lane for each destination and mailbox.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};

use super::body::{self, BodyFault};
use super::contract::{Credential, Error, UnreachableCause, find};
use super::destination::{Destinations, Origin, Target};
use super::lane::Lane;
use super::policy::HttpPolicy;
use super::transport::{Failure, Incoming, Outgoing, Transport};
use super::window::RunWindow;
use crate::clock::Clock;
use crate::credential::{Session, SignIn};

/// Numbers of the policy.
#[derive(Debug, Clone)]
pub struct Rules {
    /// From the start of a request to the end of its answer.
    pub request_timeout: Duration,
    /// How often one request is sent at most.
    pub attempts: u32,
    /// Parallel requests to the Creatio site.
    pub creatio_slots: u32,
    /// Parallel requests for one mailbox: Exchange Online admits four.
    pub mailbox_slots: u32,
    /// Bodies of one call together, requests and answers counted apart.
    pub call_bytes: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(60),
            attempts: 6,
            creatio_slots: 4,
            mailbox_slots: 4,
            call_bytes: 16 << 20,
        }
    }
}

/// The way out for one tenant. It outlives runs, so that sign-ins and connections stay fresh across them.
pub struct Egress {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    destinations: Destinations,
    rules: Rules,
    creatio: Session,
    mailbox: Session,
    nobody: Session,
    lanes: Mutex<BTreeMap<(Origin, String), Arc<Lane>>>,
}

/// One exchange that came to an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) received: u64,
}

/// One exchange that did not.
#[derive(Debug)]
pub(crate) enum Fault {
    NotSent(UnreachableCause),
    Refused(String),
    Lost(String),
    TooLarge(u64),
    Damaged(String),
}

impl Egress {
    /// The way out over this transport, with these sign-ins.
    #[must_use]
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        destinations: Destinations,
        rules: Rules,
        creatio: SignIn,
        mailbox: SignIn,
    ) -> Arc<Self> {
        Arc::new(Self {
            transport,
            clock,
            destinations,
            rules,
            creatio: Session::new(creatio),
            mailbox: Session::new(mailbox),
            nobody: Session::new(SignIn::None),
            lanes: Mutex::default(),
        })
    }

    /// The policy for one run of the account with this mailbox.
    #[must_use]
    pub fn policy(self: &Arc<Self>, mailbox: &str, window: RunWindow) -> HttpPolicy {
        HttpPolicy::new(Arc::clone(self), mailbox.to_owned(), window)
    }

    /// The clock that everything here is measured with.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The numbers in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn destinations(&self) -> &Destinations {
        &self.destinations
    }

    pub(super) fn session(&self, credential: Credential) -> &Session {
        match credential {
            Credential::None => &self.nobody,
            Credential::Creatio => &self.creatio,
            Credential::Mailbox => &self.mailbox,
        }
    }

    /// Fetches a sign-in if there is none.
    pub(crate) async fn sign_in(&self, credential: Credential) -> Result<(), Error> {
        self.session(credential).signature(self).await.map(drop)
    }

    /// The lane of a destination: one for each mailbox, and one for everything else at an origin.
    pub(super) fn lane(&self, origin: &Origin, credential: Credential, mailbox: &str) -> Arc<Lane> {
        let (mailbox, slots) = match credential {
            Credential::Mailbox => (mailbox.to_lowercase(), self.rules.mailbox_slots),
            Credential::Creatio | Credential::None => (String::new(), self.rules.creatio_slots),
        };
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry((origin.clone(), mailbox)).or_insert_with(|| Lane::new(slots)))
    }

    /// One exchange, sent once, within the request timeout.
    pub(crate) async fn exchange(
        &self,
        target: &Target,
        method: &str,
        mut headers: Vec<(String, String)>,
        body: Option<Bytes>,
        limit: u64,
    ) -> Result<Answer, Fault> {
        headers.push(("accept-encoding".to_owned(), "gzip, deflate".to_owned()));
        // Firewalls before Creatio sites take a request without it for a robot's.
        if find(&headers, "user-agent").is_none() {
            headers.push(("user-agent".to_owned(), concat!("schedule-sync/", env!("CARGO_PKG_VERSION")).to_owned()));
        }
        let request =
            Outgoing { method: method.to_owned(), url: target.url.clone(), headers, body, private: target.private };
        let work = Box::pin(async {
            let Incoming { status, headers, body } = self.transport.send(request).await.map_err(Fault::from)?;
            let received = self.clock.wall();
            let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
            let body = body::read(body, find(&headers, "content-encoding"), limit).await.map_err(Fault::from)?;
            Ok(Answer { status, headers, body, received })
        });
        match select(work, self.clock.sleep(self.rules.request_timeout)).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => {
                Err(Fault::Lost(format!("no answer within {} seconds", self.rules.request_timeout.as_secs())))
            }
        }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(cause) => Self::NotSent(cause),
            Failure::Refused(text) => Self::Refused(text),
            Failure::Lost(text) => Self::Lost(text),
        }
    }
}

impl From<BodyFault> for Fault {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::Lost(text) => Self::Lost(text),
            BodyFault::TooLarge(size) => Self::TooLarge(size),
            BodyFault::Damaged(text) => Self::Damaged(text),
        }
    }
}
