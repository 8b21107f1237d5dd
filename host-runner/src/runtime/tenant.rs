//! One tenant: its configuration, connections, sign-ins and storage, kept across runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::host::Host;
use crate::config::{Account, Config, ConfigError, Prompt, no_prompt};
use crate::http::wire::{TlsFault, Wire};
use crate::http::{Credential, Egress, Transport};
use crate::journal::Side;
use crate::store::{OpenError, SqliteStore, Store, StoreError};

/// Connections that take longer are given up: within the request timeout, and with room to send in.
const CONNECT: Duration = Duration::from_secs(15);

/// Why a tenant cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The configuration, or a secret it points to.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The storage file.
    #[error(transparent)]
    Storage(#[from] OpenError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The limits name more memory than the host was built for.
    #[error("[limits] memory-mib asks for {0} MiB, and the host was built for {1}")]
    Memory(usize, usize),
}

/// No sign-in can be had at a side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sign-in for {side} failed: {fault}")]
pub struct SignInError {
    /// The side.
    pub side: Side,
    /// Why.
    pub fault: crate::http::Error,
}

/// One tenant. Clones are the same tenant.
#[derive(Clone)]
pub struct Tenant(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) host: Host,
    pub(super) config: Config,
    pub(super) egress: Arc<Egress>,
    pub(super) store: Arc<dyn Store>,
    /// Accounts by id whose choices named things by name, with the ids that were found for them.
    pub(super) names: Mutex<BTreeMap<String, Account>>,
    /// The moment that names the last run.
    pub(super) last: Mutex<u64>,
}

/// Settings of a tenant.
pub struct TenantBuilder<'a> {
    host: Host,
    config: Config,
    store: Option<Arc<dyn Store>>,
    prompt: &'a Prompt,
}

impl<'a> TenantBuilder<'a> {
    /// Remembers in this store instead of the SQLite file that the configuration names.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Asks for secrets that the configuration leaves to a person.
    #[must_use]
    pub fn prompt(mut self, prompt: &'a Prompt) -> Self {
        self.prompt = prompt;
        self
    }

    /// Reads the secrets and opens the storage.
    ///
    /// # Errors
    /// A secret is missing, or the storage cannot be used.
    pub fn open(self) -> Result<Tenant, TenantError> {
        let Self { host, config, store, prompt } = self;
        if config.limits.memory > host.memory {
            return Err(TenantError::Memory(config.limits.memory >> 20, host.memory >> 20));
        }
        let (creatio, mailbox) = config.sign_ins(prompt)?;
        let transport: Arc<dyn Transport> = match &host.transport {
            Some(transport) => Arc::clone(transport),
            None => Arc::new(Wire::new(CONNECT.min(config.rules.request_timeout / 2))?),
        };
        let store: Arc<dyn Store> = match store {
            Some(store) => store,
            None => Arc::new(SqliteStore::open(&config.storage, &config.tenant)?),
        };
        let (clock, rules) = (Arc::clone(&host.clock), config.rules.clone());
        let egress = Egress::new(transport, clock, config.destinations(), rules, creatio, mailbox);
        Ok(Tenant(Arc::new(Inner { host, config, egress, store, names: Mutex::default(), last: Mutex::default() })))
    }
}

impl Host {
    /// Begins to set up a tenant.
    #[must_use]
    pub fn tenant(&self, config: Config) -> TenantBuilder<'static> {
        TenantBuilder { host: self.clone(), config, store: None, prompt: &no_prompt }
    }
}

impl Tenant {
    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Its storage: for `log`, `status` and pages.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// Signs in at a side, as a request would: whether the secret is right, before anything is asked for.
    ///
    /// # Errors
    /// No sign-in can be had; the text says why and what to do.
    pub async fn sign_in(&self, side: Side) -> Result<(), SignInError> {
        let credential = match side {
            Side::Creatio => Credential::Creatio,
            Side::Mailbox => Credential::Mailbox,
        };
        self.0.egress.sign_in(credential).await.map_err(|fault| SignInError { side, fault })
    }

    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.0.store);
        tokio::task::spawn_blocking(move || work(store.as_ref()))
            .await
            .unwrap_or_else(|fault| Err(StoreError::Other(format!("storage gave up: {fault}"))))
    }
}
