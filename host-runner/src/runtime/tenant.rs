//! One tenant: its configuration, connections, sign-ins and storage, kept across runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::host::Host;
use super::way::Ways;
use crate::config::{Account, Config, ConfigError, Prompt, no_prompt};
use crate::http::wire::TlsFault;
use crate::store::{OpenError, SqliteStore, Store, StoreError};

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

/// One tenant. Clones are the same tenant.
#[derive(Clone)]
pub struct Tenant(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) host: Host,
    pub(super) config: Config,
    pub(super) ways: Ways,
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
        let ways = Ways::open(&host, &config, prompt)?;
        let store: Arc<dyn Store> = match store {
            Some(store) => store,
            None => Arc::new(SqliteStore::open(&config.storage, &config.tenant)?),
        };
        Ok(Tenant(Arc::new(Inner { host, config, ways, store, names: Mutex::default(), last: Mutex::default() })))
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
