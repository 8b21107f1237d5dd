//! What the runs of one tenant share: connections, sign-ins, and one lane for each destination and mailbox.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};

use super::body::{self, BodyFault};
use super::contract::{Credential, Error, UnreachableCause, find};
use super::destination::{Destinations, MailboxService, Origin, Target};
use super::lane::Lane;
use super::policy::HttpPolicy;
use super::transport::{Failure, Handshake, Incoming, Outgoing, Transport};
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
    /// What serves the mailboxes may be trusted for other reasons than everything else.
    to_mailbox: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    destinations: Destinations,
    rules: Rules,
    creatio: Arc<Session>,
    mailbox: Arc<Session>,
    nobody: Session,
    lanes: Lanes,
}

/// One lane for each destination and mailbox.
type Lanes = Arc<Mutex<BTreeMap<(Origin, String), Arc<Lane>>>>;

/// One request as it leaves, sign-in attached.
pub(crate) struct Leaving {
    pub(crate) method: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Bytes>,
    /// The sign-in, where it is a connection's and not a request's.
    pub(crate) handshake: Option<Arc<dyn Handshake>>,
    /// Bytes of the answer at most, after decompression.
    pub(crate) limit: u64,
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
            to_mailbox: Arc::clone(&transport),
            transport,
            clock,
            destinations,
            rules,
            creatio: Arc::new(Session::new(creatio, Credential::Creatio)),
            mailbox: Arc::new(Session::new(mailbox, Credential::Mailbox)),
            nobody: Session::new(SignIn::None, Credential::None),
            lanes: Lanes::default(),
        })
    }

    /// The way out of the same tenant to mailboxes that another service has, over this transport: the sign-in at Creatio and
    /// all lanes are shared.
    #[must_use]
    pub fn beside(self: &Arc<Self>, service: MailboxService, sign_in: SignIn, to: Arc<dyn Transport>) -> Arc<Self> {
        let mailbox = Arc::new(Session::new(sign_in, Credential::Mailbox));
        Arc::new(Self { to_mailbox: to, mailbox, ..self.shared(service) })
    }

    /// The same way out, where the service was found at another address.
    #[must_use]
    pub fn found_at(self: &Arc<Self>, service: MailboxService) -> Arc<Self> {
        Arc::new(self.shared(service))
    }

    fn shared(&self, service: MailboxService) -> Self {
        Self {
            transport: Arc::clone(&self.transport),
            to_mailbox: Arc::clone(&self.to_mailbox),
            clock: Arc::clone(&self.clock),
            destinations: Destinations { mailbox: service, ..self.destinations.clone() },
            rules: self.rules.clone(),
            creatio: Arc::clone(&self.creatio),
            mailbox: Arc::clone(&self.mailbox),
            nobody: Session::new(SignIn::None, Credential::None),
            lanes: Arc::clone(&self.lanes),
        }
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

    pub(crate) fn session(&self, credential: Credential) -> &Session {
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
    pub(crate) async fn exchange(&self, target: &Target, leaving: Leaving) -> Result<Answer, Fault> {
        let Leaving { method, mut headers, body, handshake, limit } = leaving;
        headers.push(("accept-encoding".to_owned(), "gzip, deflate".to_owned()));
        // Firewalls before Creatio sites take a request without it for a robot's.
        if find(&headers, "user-agent").is_none() {
            headers.push(("user-agent".to_owned(), concat!("schedule-sync/", env!("CARGO_PKG_VERSION")).to_owned()));
        }
        let request = Outgoing { method, url: target.url.clone(), headers, body, private: target.private };
        let transport = if target.mailbox { &self.to_mailbox } else { &self.transport };
        let work = Box::pin(async {
            let Incoming { status, mut headers, body } = match handshake {
                None => transport.send(request).await,
                Some(handshake) => transport.send_bound(request, handshake).await,
            }
            .map_err(Fault::from)?;
            let received = self.clock.wall();
            headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
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
