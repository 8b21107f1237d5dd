//! The built component in the host's own runtime, against the same world: what the native engine does, the component does.

use crate::mail::Server;
use crate::switch::{Cut, Power, Switch};
use crate::transport::SiteTransport;
use crate::world::{CREATIO, EUGENE, EXCHANGE, GRAPH, SIGN_IN, World};
use emulators::graph::world as graph_world;
use futures::future::{BoxFuture, Either, select};
use host_runner::config::Config;
use host_runner::http::{Failure, Incoming, Outgoing, Transport};
use host_runner::journal::Entry as JournalEntry;
use host_runner::store::{
    Change, Entry, Fence, Lease, MemoryStore, Outcome, Page, RunRecord, RunResult, Store, StoreError, Ticket,
};
use host_runner::{Action, Clock, Connector, Host, RunError, RunOptions, RunReport, Silent, Tenant, VirtualClock};
use std::cell::OnceCell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, Once};
use std::task::Poll;
use std::time::Duration;

thread_local! {
    /// One compiled component for all worlds of a thread: the transport and the clock lead to the world at hand.
    static LOADED: OnceCell<Loaded> = const { OnceCell::new() };
}

struct Loaded {
    host: Host,
    connector: Connector,
    current: Arc<Current>,
}

impl Loaded {
    fn new() -> Self {
        let current = Arc::new(Current::default());
        let host =
            Host::builder().transport(Arc::clone(&current) as _).clock(Arc::clone(&current) as _).build().unwrap();
        let connector = host.load(component::bytes()).unwrap();
        Self { host, connector, current }
    }
}

#[derive(Default)]
struct Current(Mutex<Option<(Arc<SiteTransport>, VirtualClock)>>);

impl Current {
    fn transport(&self) -> Arc<SiteTransport> {
        Arc::clone(&self.0.lock().unwrap().as_ref().expect("a world").0)
    }

    fn clock(&self) -> VirtualClock {
        self.0.lock().unwrap().as_ref().expect("a world").1.clone()
    }
}

impl Transport for Current {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>> {
        let transport = self.transport();
        Box::pin(async move {
            let answer = transport.send(request).await;
            if transport.switch.dead() {
                // Nobody is there any more to hear it.
                std::future::pending::<()>().await;
            }
            answer
        })
    }
}

impl Clock for Current {
    fn wall(&self) -> u64 {
        self.clock().wall()
    }

    fn elapsed(&self) -> Duration {
        self.clock().elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.clock().sleep(duration)
    }
}

/// A store that a power cut reaches.
struct Cuttable {
    store: Arc<MemoryStore>,
    switch: Arc<Switch>,
}

impl Cuttable {
    fn powered(&self) -> Result<(), StoreError> {
        if self.switch.dead() { Err(StoreError::Unavailable("the power went".into())) } else { Ok(()) }
    }
}

impl Store for Cuttable {
    fn get(&self, keys: &[String]) -> Result<Vec<Option<Entry>>, StoreError> {
        self.store.get(keys)
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        self.store.scan(prefix, after, limit)
    }

    fn commit(&self, ticket: &Ticket, changes: &[Change], journal: &[JournalEntry]) -> Result<Outcome, StoreError> {
        let power = self.switch.effect();
        if power == Power::Off {
            return Err(StoreError::Unavailable("the power went".into()));
        }
        let outcome = self.store.commit(ticket, changes, journal)?;
        if power == Power::Failing { Err(StoreError::Unavailable("the power went".into())) } else { Ok(outcome) }
    }

    fn acquire(&self, account: &str, run: &str, now: u64, until: u64, grace: u64) -> Result<Lease, StoreError> {
        self.store.acquire(account, run, now, until, grace)
    }

    fn renew(&self, fence: &Fence, until: u64) -> Result<(), StoreError> {
        self.powered()?;
        self.store.renew(fence, until)
    }

    fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        self.powered()?;
        self.store.release(fence)
    }

    fn begin(&self, run: &RunRecord, keep_from: u64) -> Result<(), StoreError> {
        self.store.begin(run, keep_from)
    }

    fn finish(
        &self,
        account: &str,
        run: &str,
        finished: u64,
        result: &RunResult,
        rest: &[JournalEntry],
    ) -> Result<(), StoreError> {
        self.powered()?;
        self.store.finish(account, run, finished, result, rest)
    }

    fn runs(&self, account: Option<&str>, limit: u32) -> Result<Vec<RunRecord>, StoreError> {
        self.store.runs(account, limit)
    }

    fn journal(&self, account: &str, run: &str) -> Result<Vec<JournalEntry>, StoreError> {
        self.store.journal(account, run)
    }

    fn standing(&self, account: &str) -> Result<Vec<JournalEntry>, StoreError> {
        self.store.standing(account)
    }

    fn forget(&self, account: &str, except: &str) -> Result<(), StoreError> {
        self.powered()?;
        self.store.forget(account, except)
    }
}

fn config(server: Server, tasks: &str) -> String {
    let folder = std::env::temp_dir().join(format!("schedule-sync-scenarios-{}", std::process::id()));
    // Written once: another thread may be reading it.
    static WRITTEN: Once = Once::new();
    let secret = folder.join("secret");
    WRITTEN.call_once(|| {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&secret, graph_world::CLIENT_SECRET).unwrap();
    });
    let (id, secret) = (graph_world::CLIENT_ID, secret.display());
    let mailbox = match server {
        Server::Graph => format!(
            "[microsoft]\ngraph-url = \"{GRAPH}\"\nlogin-url = \"{GRAPH}\"\ndirectory = \"mycompany.onmicrosoft.com\""
        ),
        Server::Exchange => {
            format!("[exchange]\nurl = \"{EXCHANGE}\"\nsign-in = \"oauth\"\ntoken-url = \"{SIGN_IN}/oauth2/token\"")
        }
    };
    format!(
        r#"
[tenant]
id = "mycompany"
storage = "unused.db"

[creatio]
url = "{CREATIO}"
identity-url = "{CREATIO}"
sign-in = "oauth"
client-id = "{id}"
client-secret = {{ file = "{secret}" }}
visibility = "shared"

{mailbox}
client-id = "{id}"
client-secret = {{ file = "{secret}" }}

[[account]]
mail = "{EUGENE}"
user = "e.mirny"
time-zone = "Europe/Moscow"
language = "ru"
import-meetings = "all"
import-tasks = "{tasks}"
export = "all"
"#
    )
}

/// A world whose runs are the component's.
pub struct Sandboxed {
    runtime: tokio::runtime::Runtime,
    tenant: Tenant,
    connector: Connector,
}

impl Sandboxed {
    /// The component beside a world, without tasks. Only one world of a thread can have it at a time.
    #[must_use]
    pub fn beside(world: &World) -> Self {
        Self::of(world, "none")
    }

    /// The same with tasks.
    #[must_use]
    pub fn with_tasks(world: &World) -> Self {
        Self::of(world, "all")
    }

    fn of(world: &World, tasks: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let transport = SiteTransport {
            site: Arc::clone(&world.site),
            clock: world.clock.clone(),
            switch: Arc::clone(&world.switch),
            interlude: Arc::clone(&world.interlude),
        };
        let config = Config::parse("scenario.toml".as_ref(), &config(world.server(), tasks)).unwrap();
        let store = Cuttable { store: Arc::clone(&world.store), switch: Arc::clone(&world.switch) };
        LOADED.with(|loaded| {
            let Loaded { host, connector, current } = loaded.get_or_init(Loaded::new);
            *current.0.lock().unwrap() = Some((Arc::new(transport), world.clock.clone()));
            let tenant = host.tenant(config).store(Arc::new(store)).open().unwrap();
            Self { runtime, tenant, connector: connector.clone() }
        })
    }

    /// Runs the component, and cuts the power: then the run is dropped where it is. None for a run that was cut.
    pub fn run_until(&self, world: &World, action: Action, cut: Cut) -> Option<Result<RunReport, RunError>> {
        self.run_cut(world, action, RunOptions::default(), cut)
    }

    /// The same with options.
    pub fn run_cut(
        &self,
        world: &World,
        action: Action,
        options: RunOptions,
        cut: Cut,
    ) -> Option<Result<RunReport, RunError>> {
        world.switch.arm(cut);
        world.site.lock().unwrap().log.clear();
        self.run_with(world, action, options)
    }

    /// Runs the component with options.
    pub fn run_as(&self, world: &World, action: Action, options: RunOptions) -> RunReport {
        world.switch.arm(Cut::Never);
        self.run_with(world, action, options).unwrap().unwrap()
    }

    /// What a run told.
    #[must_use]
    pub fn journal(&self, run: &RunReport) -> Vec<JournalEntry> {
        self.tenant.store().journal(&run.account, &run.run).unwrap()
    }

    fn run_with(&self, world: &World, action: Action, options: RunOptions) -> Option<Result<RunReport, RunError>> {
        let run = self.tenant.run(&self.connector, action, EUGENE, options, Arc::new(Silent));
        let died = poll_fn(|_| if world.switch.dead() { Poll::Ready(()) } else { Poll::Pending });
        self.runtime.block_on(async move {
            match select(pin!(run), pin!(died)).await {
                Either::Left((ran, _)) => Some(ran),
                Either::Right(((), _)) => None,
            }
        })
    }

    /// Brings both sides in step.
    pub fn sync(&self, world: &World) -> RunReport {
        self.run_until(world, Action::Reconcile, Cut::Never).unwrap().unwrap()
    }
}
