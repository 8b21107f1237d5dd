//! The ways out of a tenant: what serves an account's mailbox, where that is, and the connections and sign-ins for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::host::Host;
use super::observer::{Level, Observer};
use super::run::{GuestFailure, RunError};
use super::tenant::{Tenant, TenantError};
use super::whereabouts::{Decision, Said, decide, others, probe};
use crate::autodiscover;
use crate::clock::millis;
use crate::config::{Account, Config, ConfigError, Exchange, Prompt, Service};
use crate::credential::SignIn;
use crate::http::wire::Wire;
use crate::http::{Credential, Egress, Error, MailboxService, Request, RunWindow, Transport};
use crate::journal::Side;
use crate::store::{Change, Guard, Ticket};

/// Connections that take longer are given up: within the request timeout, and with room to send in.
const CONNECT: Duration = Duration::from_secs(15);
/// What Autodiscover found is looked at anew after so long.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);
/// Where that fails, it is not tried in every run.
const AGAIN: Duration = Duration::from_secs(3600);

/// A place that a tenant signs in at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The Creatio site.
    Creatio,
    /// Microsoft 365.
    Microsoft,
    /// Exchange Server.
    Exchange,
}

impl Place {
    /// The side that it belongs to.
    #[must_use]
    pub fn side(self) -> Side {
        match self {
            Self::Creatio => Side::Creatio,
            Self::Microsoft | Self::Exchange => Side::Mailbox,
        }
    }
}

/// No sign-in can be had at a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sign-in for {} failed: {fault}", .place.side())]
pub struct SignInError {
    /// The place.
    pub place: Place,
    /// Why.
    pub fault: Error,
}

/// Every way out of a tenant.
pub(super) struct Ways {
    creatio: Arc<Egress>,
    microsoft: Option<Arc<Egress>>,
    exchange: Option<Arc<Egress>>,
    /// Exchange at the addresses where Autodiscover found it.
    found: Mutex<BTreeMap<Url, Arc<Egress>>>,
}

/// The way of one account.
pub(super) struct Way {
    pub(super) egress: Arc<Egress>,
    pub(super) service: MailboxService,
}

/// What is remembered of an account's mailbox between runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Remembered {
    /// Whether Exchange had it, where that was looked for.
    #[serde(default)]
    exchange: Option<bool>,
    /// Where Autodiscover found Exchange, and when, in milliseconds since 1970.
    #[serde(default)]
    found: Option<(String, u64)>,
}

impl Ways {
    pub(super) fn open(host: &Host, config: &Config, prompt: &Prompt) -> Result<Self, TenantError> {
        let patience = CONNECT.min(config.rules.request_timeout / 2);
        let lent = || host.transport.as_ref().map(Arc::clone);
        let transport: Arc<dyn Transport> = match lent() {
            Some(transport) => transport,
            None => Arc::new(Wire::new(patience)?),
        };
        let (clock, rules) = (Arc::clone(&host.clock), config.rules.clone());
        let nowhere = config.destinations(MailboxService::Unfound);
        let sign_in = config.creatio_sign_in(prompt)?;
        let creatio = Egress::new(Arc::clone(&transport), clock, nowhere, rules, sign_in, SignIn::None);
        let microsoft = config.microsoft_sign_in(prompt)?.zip(config.mailboxes.microsoft.as_ref());
        let microsoft = microsoft.map(|(sign_in, microsoft)| {
            creatio.beside(MailboxService::Graph(microsoft.graph.clone()), sign_in, Arc::clone(&transport))
        });
        let exchange = match config.exchange_sign_in(prompt)?.zip(config.mailboxes.exchange.as_ref()) {
            None => None,
            Some((sign_in, exchange)) => {
                let to = match (lent(), &exchange.ca) {
                    (None, Some(ca)) => Arc::new(Wire::trusting(patience, Some(ca)).map_err(|fault| {
                        ConfigError::single(&config.path, None, "[exchange] ca", format!("cannot be used: {fault}"))
                    })?),
                    (Some(transport), _) => transport,
                    (None, None) => Arc::clone(&transport),
                };
                let service = exchange.url.clone().map_or(MailboxService::Unfound, MailboxService::Exchange);
                Some(creatio.beside(service, sign_in, to))
            }
        };
        Ok(Self { creatio, microsoft, exchange, found: Mutex::default() })
    }

    /// The way to Creatio alone.
    pub(super) fn creatio(&self) -> Way {
        Way { egress: Arc::clone(&self.creatio), service: MailboxService::Unfound }
    }

    fn microsoft(&self, config: &Config) -> Option<Way> {
        let (egress, microsoft) = self.microsoft.as_ref().zip(config.mailboxes.microsoft.as_ref())?;
        Some(Way { egress: Arc::clone(egress), service: MailboxService::Graph(microsoft.graph.clone()) })
    }

    /// The way to Exchange at this address.
    fn exchange_at(&self, url: &Url) -> Option<Way> {
        let base = self.exchange.as_ref()?;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let service = MailboxService::Exchange(url.clone());
        let egress = found.entry(url.clone()).or_insert_with(|| base.found_at(service.clone()));
        Some(Way { egress: Arc::clone(egress), service })
    }
}

fn unavailable(text: String) -> RunError {
    RunError::Component(GuestFailure::Unavailable(Side::Mailbox, text))
}

fn refused(fault: Error) -> RunError {
    match fault {
        Error::Credential(text) => RunError::Component(GuestFailure::SignIn(Side::Mailbox, text)),
        other => unavailable(other.to_string()),
    }
}

impl Tenant {
    /// The way to an account's mailbox; which one it is, is decided here, once a run.
    pub(super) async fn way(
        &self,
        account: &Account,
        window: &RunWindow,
        observer: &Arc<dyn Observer>,
    ) -> Result<Way, RunError> {
        match account.mailbox {
            Service::Microsoft | Service::Exchange => self.way_to(account.mailbox, account).await,
            Service::Auto => self.whichever(account, window, observer).await,
        }
    }

    /// The way that the last run took, for what asks neither side anything.
    pub(super) async fn way_as_remembered(&self, account: &Account) -> Result<Way, RunError> {
        let remembered = self.remembered(account).await?;
        let exchange = match account.mailbox {
            Service::Auto => remembered.exchange.unwrap_or_default(),
            told => told == Service::Exchange,
        };
        if !exchange {
            return self.way_to(Service::Microsoft, account).await;
        }
        let configured = self.0.config.mailboxes.exchange.as_ref().and_then(|exchange| exchange.url.clone());
        let found = || remembered.found.as_ref().and_then(|(url, _)| Url::parse(url).ok());
        match configured.or_else(found).and_then(|url| self.0.ways.exchange_at(&url)) {
            Some(way) => Ok(way),
            None => self.way_to(Service::Exchange, account).await,
        }
    }

    async fn way_to(&self, service: Service, account: &Account) -> Result<Way, RunError> {
        let missing = || unavailable("the configuration does not say how to reach the mailbox".to_owned());
        if service == Service::Microsoft {
            return self.0.ways.microsoft(&self.0.config).ok_or_else(missing);
        }
        let exchange = self.0.config.mailboxes.exchange.as_ref().ok_or_else(missing)?;
        let url = self.exchange_url(exchange, account).await?;
        self.0.ways.exchange_at(&url).ok_or_else(missing)
    }

    /// The address of Exchange: the one that is configured, else the one that is remembered, else the one that is found.
    async fn exchange_url(&self, exchange: &Exchange, account: &Account) -> Result<Url, RunError> {
        if let Some(url) = &exchange.url {
            return Ok(url.clone());
        }
        let now = self.0.host.clock.wall();
        let remembered = self.remembered(account).await?;
        let rule = autodiscover::Rule::of(&account.mail, &exchange.hosts);
        // Hosts that the configuration does not name any more get nothing from what was remembered.
        let trusted = |url: &Url| rule.as_ref().is_some_and(|rule| rule.trusts(url));
        let known = remembered.found.as_ref().and_then(|(text, since)| Some((Url::parse(text).ok()?, *since)));
        let known = known.filter(|(url, _)| trusted(url));
        if let Some((url, since)) = &known
            && now.saturating_sub(*since) < millis(KEEP)
        {
            return Ok(url.clone());
        }
        let base = self.0.ways.exchange.as_ref().ok_or_else(|| unavailable("there is no [exchange]".to_owned()))?;
        let found = async |url: &Url, since: u64| {
            self.remember(account, &Remembered { found: Some((url.to_string(), since)), ..remembered.clone() }).await
        };
        let Some((url, _)) = known else {
            let url = autodiscover::find(base, &account.mail, &exchange.hosts).await.map_err(refused)?;
            found(&url, now).await?;
            return Ok(url);
        };
        match autodiscover::look_again(base, &account.mail, &exchange.hosts).await {
            Ok(url) => {
                found(&url, now).await?;
                Ok(url)
            }
            // What worked last week is better than nothing while Autodiscover is away.
            Err(_) => {
                found(&url, now.saturating_sub(millis(KEEP.saturating_sub(AGAIN)))).await?;
                Ok(url)
            }
        }
    }

    /// Whichever service has the mailbox now.
    async fn whichever(
        &self,
        account: &Account,
        window: &RunWindow,
        observer: &Arc<dyn Observer>,
    ) -> Result<Way, RunError> {
        let remembered = self.remembered(account).await?;
        let known = remembered.exchange.map(|exchange| if exchange { Service::Exchange } else { Service::Microsoft });
        let first = known.unwrap_or(Service::Microsoft);
        let here = self.ask(first, account, window).await;
        let there = if others(&here, known) { Some(self.ask(others_than(first), account, window).await) } else { None };
        let service = match decide(first, here, there, known, &account.mail) {
            Decision::Settled(service) => service,
            Decision::Fault(text) => return Err(unavailable(text)),
        };
        if known != Some(service) {
            if known.is_some() {
                let to = if service == Service::Exchange { "Exchange" } else { "Microsoft 365" };
                observer.note(Level::Warning, &format!("the mailbox of {} has moved to {to}", account.mail));
            }
            let exchange = Some(service == Service::Exchange);
            // Finding Exchange may have remembered where it is.
            let remembered = Remembered { exchange, ..self.remembered(account).await? };
            self.remember(account, &remembered).await?;
        }
        self.way_to(service, account).await
    }

    async fn ask(&self, service: Service, account: &Account, window: &RunWindow) -> Said {
        let way = match self.way_to(service, account).await {
            Ok(way) => way,
            Err(fault) => return Said::Unclear(fault.to_string()),
        };
        let impersonate = self.0.config.mailboxes.exchange.as_ref().is_some_and(|exchange| exchange.impersonate);
        let window = RunWindow { reads_only: true, ..window.clone() };
        probe(&way.egress.policy(&account.mail, window), &way.service, &account.mail, impersonate).await
    }

    async fn remembered(&self, account: &Account) -> Result<Remembered, RunError> {
        let key = key(account);
        let row = self.blocking(move |store| store.get(&[key])).await?.pop().flatten();
        // A row that is not understood is one that is found out again.
        Ok(row.and_then(|row| serde_json::from_slice(&row.value).ok()).unwrap_or_default())
    }

    async fn remember(&self, account: &Account, what: &Remembered) -> Result<(), RunError> {
        let value = serde_json::to_vec(what).map_err(|fault| unavailable(fault.to_string()))?;
        self.write(account, Some(value)).await
    }

    /// Forgets where Autodiscover found the mailbox.
    pub(super) async fn mislay(&self, account: &Account) -> Result<(), RunError> {
        let remembered = self.remembered(account).await?;
        if remembered.found.is_none() {
            return Ok(());
        }
        self.remember(account, &Remembered { found: None, ..remembered }).await
    }

    /// Forgets all that is remembered of where the mailbox is.
    pub(super) async fn forget_way(&self, account: &Account) -> Result<(), RunError> {
        if self.remembered(account).await? == Remembered::default() {
            return Ok(());
        }
        self.write(account, None).await
    }

    async fn write(&self, account: &Account, value: Option<Vec<u8>>) -> Result<(), RunError> {
        let ticket = Ticket { account: account.id.clone(), run: "host".to_owned(), fence: None };
        let change = Change { key: key(account), guard: Guard::Any, value };
        self.blocking(move |store| store.commit(&ticket, &[change], &[])).await?;
        Ok(())
    }

    /// The places that the configuration names.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let mailboxes = &self.0.config.mailboxes;
        let named =
            [(Place::Microsoft, mailboxes.microsoft.is_some()), (Place::Exchange, mailboxes.exchange.is_some())];
        let named = named.into_iter().filter(|(_, there)| *there).map(|(place, _)| place);
        [Place::Creatio].into_iter().chain(named).collect()
    }

    /// Signs in at a place, as a request would: whether the secret is right, before anything is asked for. At Exchange that
    /// takes a request, and its address is given back.
    ///
    /// # Errors
    /// No sign-in can be had; the text says why and what to do.
    pub async fn sign_in(&self, place: Place) -> Result<Option<Url>, SignInError> {
        let ways = &self.0.ways;
        let told = match place {
            Place::Creatio => ways.creatio.sign_in(Credential::Creatio).await.map(|()| None),
            Place::Microsoft => match &ways.microsoft {
                Some(egress) => egress.sign_in(Credential::Mailbox).await.map(|()| None),
                None => Ok(None),
            },
            Place::Exchange => self.sign_in_at_exchange().await,
        };
        told.map_err(|fault| SignInError { place, fault })
    }

    async fn sign_in_at_exchange(&self) -> Result<Option<Url>, Error> {
        let Self(inner) = self;
        let Some(exchange) = &inner.config.mailboxes.exchange else { return Ok(None) };
        if let Some(egress) = &inner.ways.exchange {
            egress.sign_in(Credential::Mailbox).await?;
        }
        let on_exchange = |account: &&Account| account.mailbox != Service::Microsoft;
        let Some(account) = inner.config.accounts.iter().find(on_exchange) else { return Ok(None) };
        let url = self.exchange_url(exchange, account).await.map_err(|fault| match fault {
            RunError::Component(GuestFailure::SignIn(_, text)) => Error::Credential(text),
            RunError::Component(GuestFailure::Unavailable(_, text)) => Error::Other(text),
            other => Error::Other(other.to_string()),
        })?;
        let Some(way) = inner.ways.exchange_at(&url) else { return Ok(None) };
        let request = Request::get(url.as_str(), Credential::Mailbox);
        let policy = way.egress.policy(&account.mail, RunWindow { reads_only: true, ..self.window() });
        let answer = policy.send(vec![request]).await.pop().unwrap_or(Err(Error::Stopped))?;
        let status = answer.status;
        match status {
            // Who is let in and asks for nothing is led to the description of the service.
            300..=399
                if answer.header("location").is_some_and(|to| to.to_ascii_lowercase().contains("services.wsdl")) =>
            {
                Ok(Some(url))
            }
            404 => Err(Error::Other("answers 404: there are no Exchange Web Services".to_owned())),
            300..=399 => Err(Error::Other(format!(
                "answers {status}, a redirect, as a sign-in page does: there are no Exchange Web Services at this address"
            ))),
            403 => Err(Error::Other(format!(
                "answers 403: {} may not use Exchange Web Services (EwsEnabled, or a list of networks)",
                exchange.who()
            ))),
            500.. => Err(Error::Other(format!("answers {status}: the server is in trouble, or a proxy before it"))),
            // Whatever else it says of a GET, it let us in.
            _ => Ok(Some(url)),
        }
    }
}

fn others_than(service: Service) -> Service {
    if service == Service::Exchange { Service::Microsoft } else { Service::Exchange }
}

/// The host's own rows stand beside the component's and are none of its business.
fn key(account: &Account) -> String {
    format!("host/mailbox/{}", account.id)
}
