//! One tenant: its configuration, connections, sign-ins and storage, kept across runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use wasmtime::Store as Instance;

use super::bindings::Connector as World;
use super::bindings::exports::schedule::sync::synchronizer as wit;
use super::connector::Connector;
use super::host::Host;
use super::limits::Limits;
use super::meter::{LimitReached, Meter};
use super::observer::Observer;
use super::run::{Action, RunError, RunOptions, RunReport};
use super::sandbox::Sandbox;
use super::{convert, lease, resolve};
use crate::clock::millis;
use crate::config::{Account, Config, ConfigError, Prompt, no_prompt};
use crate::http::wire::{TlsFault, Wire};
use crate::http::{Credential, Egress, LeaseTerm, RunWindow, Transport};
use crate::journal::Side;
use crate::report::{Catalogue, Report};
use crate::stop::Stop;
use crate::store::{Fence, Lease, OpenError, RunRecord, RunResult, RunStorage, SqliteStore, Store, StoreError, Ticket};

/// Connections that take longer are given up: within the request timeout, and with room to send in.
const CONNECT: Duration = Duration::from_secs(15);
/// Journals are kept for so long.
const KEEP: Duration = Duration::from_secs(90 * 24 * 3600);

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
pub struct Tenant(Arc<Inner>);

struct Inner {
    host: Host,
    config: Config,
    egress: Arc<Egress>,
    store: Arc<dyn Store>,
    /// Names in choices that were found to be ids.
    names: Mutex<BTreeMap<String, Account>>,
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
        Ok(Tenant(Arc::new(Inner { host, config, egress, store, names: Mutex::default() })))
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

    /// Runs a component for one account, in a sandbox of its own.
    ///
    /// Dropping the future ends the run where it is; the next one settles what was in flight. To end it in good order,
    /// use [`RunOptions::stop`].
    ///
    /// # Errors
    /// The run failed; what it had done before is recorded.
    pub async fn run(
        &self,
        connector: &Connector,
        action: Action,
        account: &str,
        options: RunOptions,
        observer: Arc<dyn Observer>,
    ) -> Result<RunReport, RunError> {
        let account = self.account(connector, account, &options.stop, &observer).await?;
        let started = self.0.host.clock.wall();
        let run = run_id(started);
        let grip = if options.dry_run { None } else { Some(self.grip(&account.id, &run, started).await?) };
        let record = RunRecord {
            run: run.clone(),
            account: account.id.clone(),
            action: action.name().to_owned(),
            dry_run: options.dry_run,
            started,
            finished: None,
            result: None,
        };
        let keep_from = started.saturating_sub(millis(KEEP));
        self.blocking(move |store| store.begin(&record, keep_from)).await?;
        let storage = Arc::new(match &grip {
            None => RunStorage::preview(Arc::clone(&self.0.store), &account.id, &run),
            Some(grip) => {
                let ticket = Ticket { account: account.id.clone(), run: run.clone(), fence: Some(grip.fence.number) };
                RunStorage::new(Arc::clone(&self.0.store), ticket)
            }
        });
        let window = RunWindow {
            lease: grip.as_ref().map(|grip| grip.term.clone()),
            reads_only: options.dry_run,
            stop: options.stop.clone(),
            ..self.window()
        };
        let task = Task { account: &account, window, storage: Arc::clone(&storage), observer };
        let wit_options = wit::Options {
            run: run.clone(),
            dry_run: options.dry_run,
            only: options.only,
            budget: options.budget.into(),
        };
        let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account| {
            let synchronizer = world.schedule_sync_synchronizer();
            match action {
                Action::Import => synchronizer.call_import(instance, account, &wit_options).await,
                Action::Export => synchronizer.call_export(instance, account, &wit_options).await,
                Action::Reconcile => synchronizer.call_reconcile(instance, account, &wit_options).await,
                Action::Forget => synchronizer.call_forget(instance, account, &wit_options).await,
            }
        };
        let keeper = self.keeper(grip.as_ref());
        let outcome = {
            let sandboxed = std::pin::pin!(self.sandboxed(connector, task, call));
            match select(sandboxed, std::pin::pin!(keeper)).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(((), _)) => Err(RunError::Trap("the lease was given up".to_owned()).into()),
            }
        };
        let finished = self.0.host.clock.wall();
        let (result, rest) = match &outcome {
            Ok(used) => (RunResult::Report(Report::from(used.value.clone())), storage.take_rest()),
            Err(broken) => (RunResult::Failed(broken.fault.to_string()), Vec::new()),
        };
        let (id, of, kept) = (run.clone(), account.id.clone(), result.clone());
        let closed = self.blocking(move |store| store.finish(&of, &id, finished, &kept, &rest)).await;
        // A run that was cut while the host worked for it may have a write under way: its lease runs out by itself.
        let under_way = outcome.as_ref().is_err_and(|broken| broken.under_way);
        if let Some(Grip { fence, .. }) = grip
            && !under_way
            && let Err(fault) = self.blocking(move |store| store.release(&fence)).await
        {
            tracing::warn!(account = account.id, %fault, "the lease was not given back and runs out by itself");
        }
        let used = outcome.map_err(|broken| broken.fault)?;
        closed?;
        Ok(RunReport {
            run,
            account: account.id.clone(),
            action: action.name(),
            dry_run: options.dry_run,
            started,
            finished,
            report: used.value.into(),
            requests: used.requests,
            memory: used.memory,
            cpu: millis(used.cpu),
        })
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

    /// Lists what there is to choose from for an account.
    ///
    /// # Errors
    /// A side refuses the sign-in or cannot be reached, among others.
    pub async fn discover(
        &self,
        connector: &Connector,
        account: &str,
        stop: Stop,
        observer: Arc<dyn Observer>,
    ) -> Result<Catalogue, RunError> {
        let found = self.0.config.account(account).ok_or_else(|| RunError::UnknownAccount(account.to_owned()))?;
        self.catalogue(connector, found, stop, observer).await
    }

    async fn catalogue(
        &self,
        connector: &Connector,
        account: &Account,
        stop: Stop,
        observer: Arc<dyn Observer>,
    ) -> Result<Catalogue, RunError> {
        let storage = Arc::new(RunStorage::preview(Arc::clone(&self.0.store), &account.id, "discover"));
        let window = RunWindow { reads_only: true, stop, ..self.window() };
        let task = Task { account, window, storage, observer };
        let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account| {
            world.schedule_sync_synchronizer().call_discover(instance, account).await
        };
        let used = self.sandboxed(connector, task, call).await.map_err(|broken| broken.fault)?;
        Ok(used.value.into())
    }

    /// The account of this name, its choices by id.
    async fn account(
        &self,
        connector: &Connector,
        name: &str,
        stop: &Stop,
        observer: &Arc<dyn Observer>,
    ) -> Result<Account, RunError> {
        let account = self.0.config.account(name).ok_or_else(|| RunError::UnknownAccount(name.to_owned()))?;
        if !resolve::needed(account) {
            return Ok(account.clone());
        }
        let known = self.0.names.lock().unwrap_or_else(PoisonError::into_inner).get(&account.id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let catalogue = self.catalogue(connector, account, stop.clone(), Arc::clone(observer)).await?;
        let resolved = resolve::choices(account, &catalogue).map_err(RunError::Choice)?;
        let mut names = self.0.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(account.id.clone(), resolved.clone());
        Ok(resolved)
    }

    fn window(&self) -> RunWindow {
        let Limits { wall, longest_wait, .. } = self.0.config.limits;
        let deadline = self.0.host.clock.elapsed() + wall;
        RunWindow { deadline: Some(deadline), longest_wait: Some(longest_wait), ..RunWindow::default() }
    }

    async fn grip(&self, account: &str, run: &str, now: u64) -> Result<Grip, RunError> {
        let timeout = self.0.config.rules.request_timeout;
        let length = lease::term(timeout);
        let (of, id, grace) = (account.to_owned(), run.to_owned(), millis(timeout));
        // Taken before the store is asked: the lease must not seem longer here than it is there.
        let term = LeaseTerm::until(self.0.host.clock.elapsed() + length);
        let asked = self.blocking(move |store| store.acquire(&of, &id, now, now + millis(length), grace)).await?;
        match asked {
            Lease::Granted(fence) => Ok(Grip { fence, term, length }),
            Lease::Taken { run, until } => Err(RunError::Busy { account: account.to_owned(), run, until }),
        }
    }

    async fn keeper(&self, grip: Option<&Grip>) {
        match grip {
            None => futures::future::pending().await,
            Some(Grip { fence, term, length }) => {
                let (store, clock) = (Arc::clone(&self.0.store), Arc::clone(&self.0.host.clock));
                lease::keep(store, clock, fence.clone(), *length, term.clone()).await;
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.0.store);
        tokio::task::spawn_blocking(move || work(store.as_ref()))
            .await
            .unwrap_or_else(|fault| Err(StoreError::Other(format!("storage gave up: {fault}"))))
    }

    /// Calls a function of the component in a sandbox of its own, within the limits.
    async fn sandboxed<T>(
        &self,
        connector: &Connector,
        task: Task<'_>,
        call: impl AsyncFnOnce(&World, &mut Instance<Sandbox>, &wit::Account) -> wasmtime::Result<Result<T, wit::Error>>,
    ) -> Result<Used<T>, Broken> {
        let Inner { host, config, egress, .. } = self.0.as_ref();
        let limits = config.limits.clone();
        let patience = limits.wall + limits.last_words;
        let http = Arc::new(egress.policy(&task.account.mail, task.window.clone()));
        let sandbox = Sandbox {
            http: Arc::clone(&http),
            storage: task.storage,
            clock: Arc::clone(&host.clock),
            observer: task.observer,
            meter: Meter::new(limits.clone(), Arc::clone(&host.clock)),
            stop: task.window.stop,
            notes: 0,
            complaint: None,
        };
        let mut instance = Instance::new(&host.engine, sandbox);
        instance.limiter(|sandbox| &mut sandbox.meter);
        instance.set_epoch_deadline(1);
        instance.epoch_deadline_callback(|mut context| {
            let sandbox = context.data_mut();
            let requests = sandbox.http.sent();
            sandbox.meter.pressure(requests).map_err(wasmtime::Error::new)?;
            // Runs share threads, so each lets the others in at every tick.
            Ok(wasmtime::UpdateDeadline::Yield(1))
        });
        let account = convert::account(config, task.account);
        let outcome = {
            let work = std::pin::pin!(async {
                instance.data_mut().meter.enter();
                let world = connector.prepared.instantiate_async(&mut instance).await?;
                call(&world, &mut instance, &account).await
            });
            match select(work, host.clock.sleep(patience)).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(_) => {
                    let fault = RunError::Limit(format!("time ({} seconds)", limits.wall.as_secs()));
                    return Err(Broken { fault, under_way: true });
                }
            }
        };
        let sandbox = instance.data_mut();
        sandbox.meter.leave();
        match outcome {
            Ok(Ok(value)) => {
                Ok(Used { value, requests: http.sent(), memory: sandbox.meter.peak_memory(), cpu: sandbox.meter.cpu() })
            }
            Ok(Err(failure)) => Err(RunError::Component(failure.into()).into()),
            Err(trap) => Err(trapped(&trap, sandbox.complaint.take()).into()),
        }
    }
}

/// What a call into a sandbox is made of.
struct Task<'a> {
    account: &'a Account,
    window: RunWindow,
    storage: Arc<RunStorage>,
    observer: Arc<dyn Observer>,
}

/// What a call gave, and took.
struct Used<T> {
    value: T,
    requests: u64,
    memory: usize,
    cpu: Duration,
}

/// What a call failed with.
struct Broken {
    fault: RunError,
    /// The host was working for the component at that moment.
    under_way: bool,
}

impl From<RunError> for Broken {
    fn from(fault: RunError) -> Self {
        Self { fault, under_way: false }
    }
}

/// An account's lease in our hands.
struct Grip {
    fence: Fence,
    term: LeaseTerm,
    length: Duration,
}

/// A panic arrives as a bare `unreachable`; what the component noted before says why.
fn trapped(trap: &wasmtime::Error, complaint: Option<String>) -> RunError {
    if let Some(LimitReached(name)) = trap.downcast_ref() {
        return RunError::Limit(name.clone());
    }
    let cause = trap.root_cause().to_string();
    RunError::Trap(complaint.map_or_else(|| cause.clone(), |text| format!("{text} ({cause})")))
}

/// `20261122T143012.345Z`: sorts by time, and is unique for an account because its runs do not overlap.
fn run_id(wall: u64) -> String {
    i64::try_from(wall)
        .ok()
        .and_then(chrono::DateTime::from_timestamp_millis)
        .map_or_else(|| wall.to_string(), |moment| moment.format("%Y%m%dT%H%M%S%.3fZ").to_string())
}
