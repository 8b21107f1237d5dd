//! The two that are compared: the host with the built component, and the engine as a library on the host's own policy and
//! store.

use crate::clock::MovedClock;
use crate::wire::{Counted, Wire};
use chrono::{DateTime, Utc};
use emulators::graph::world as graph_world;
use guest::capability as seam;
use guest::run::Direction;
use guest::settings::{Budget, Options};
use host_runner::config::Config;
use host_runner::credential::{ClientCredentials, SignIn};
use host_runner::http::{Destinations, Egress, MailboxService, Rules, RunWindow};
use host_runner::store::{SqliteStore, Store, Ticket};
use host_runner::{Action, Clock, Connector, Host, RunOptions, Silent, Tenant};
use scenarios::World;
use scenarios::native::{Journal, Storage, Unwatched, fault, incoming, outgoing};
use scenarios::world::{CREATIO, EUGENE, GRAPH};
use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use url::Url;

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// From its beginning to its end.
    pub time: Duration,
    /// Time in which the engine itself computed: neither the host, nor storage, nor the services.
    pub computed: Duration,
    /// Most linear memory in use; none natively.
    pub memory: Option<usize>,
    /// Requests.
    pub requests: u64,
    /// Bytes of bodies, both ways.
    pub bytes: u64,
    /// Time that the services took of it.
    pub served: Duration,
    /// Items written.
    pub written: u64,
}

/// One of the two.
pub trait Engine {
    /// Brings both sides in step.
    fn sync(&mut self) -> Took;
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// The component in the host's sandbox.
pub struct Sandboxed {
    runtime: Runtime,
    connector: Connector,
    tenant: Tenant,
    counted: Arc<Counted>,
}

impl Sandboxed {
    /// Beside a world, with storage in a folder.
    pub fn new(wire: Wire, folder: &Path) -> Self {
        let counted = Arc::clone(&wire.counted);
        let clock = wire.clock.clone();
        let host = Host::builder().transport(Arc::new(wire)).clock(Arc::new(clock)).build().unwrap();
        let connector = host.load(component::bytes()).unwrap();
        std::fs::write(folder.join("secret"), graph_world::CLIENT_SECRET).unwrap();
        let path = folder.join("bench.toml");
        let config = Config::parse(&path, &config(folder)).unwrap();
        let store = SqliteStore::open(&folder.join("component.db"), "mycompany").unwrap();
        let tenant = host.tenant(config).store(Arc::new(store)).open().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { runtime, connector, tenant, counted }
    }
}

impl Engine for Sandboxed {
    fn sync(&mut self) -> Took {
        self.counted.take();
        let begun = Instant::now();
        let run = self.tenant.run(&self.connector, Action::Reconcile, EUGENE, RunOptions::default(), Arc::new(Silent));
        let run = self.runtime.block_on(run).unwrap();
        let time = begun.elapsed();
        let (requests, bytes, served) = self.counted.take();
        let written = run.report.counts.iter().filter(|count| count.what == "written").map(|count| count.number).sum();
        let computed = Duration::from_millis(run.cpu);
        Took { time, computed, memory: Some(run.memory), requests, bytes, served, written }
    }
}

fn config(folder: &Path) -> String {
    let (id, secret) = (graph_world::CLIENT_ID, folder.join("secret"));
    let secret = secret.display();
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
[microsoft]
graph-url = "{GRAPH}"
login-url = "{GRAPH}"
directory = "mycompany.onmicrosoft.com"
client-id = "{id}"
client-secret = {{ file = "{secret}" }}
[[account]]
mail = "{EUGENE}"
user = "e.mirny"
time-zone = "Europe/Moscow"
language = "ru"
import-meetings = "all"
import-tasks = "none"
export = "all"
[account.policies]
creation-limit = "100000"
"#
    )
}

/// The engine as a library.
pub struct Native {
    runtime: Runtime,
    world: World,
    egress: Arc<Egress>,
    store: Arc<SqliteStore>,
    clock: MovedClock,
    counted: Arc<Counted>,
    runs: u32,
}

impl Native {
    /// Beside a world, with storage in a folder.
    pub fn new(wire: Wire, world: World, folder: &Path) -> Self {
        let counted = Arc::clone(&wire.counted);
        let clock = wire.clock.clone();
        let egress = egress(wire, &clock);
        let store = Arc::new(SqliteStore::open(&folder.join("native.db"), "mycompany").unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { runtime, world, egress, store, clock, counted, runs: 0 }
    }
}

impl Engine for Native {
    fn sync(&mut self) -> Took {
        self.counted.take();
        self.runs += 1;
        let options =
            Options { run: format!("run-{}", self.runs), dry_run: false, only: None, budget: Budget::default() };
        let account = self.world.policies(&[("creation-limit", "100000")]);
        let begun = Instant::now();
        let lent = Rc::new(Cell::new(Duration::ZERO));
        let policy = self.egress.policy(&account.address, RunWindow::default());
        let http = Http { policy, runtime: &self.runtime, lent: Rc::clone(&lent) };
        let journal = Rc::new(Journal::default());
        let ticket = Ticket { account: account.id.clone(), run: options.run.clone(), fence: None };
        let storage = Storage {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            ticket,
            switch: Arc::default(),
            faults: Arc::default(),
            commits: Cell::new(0),
            journal: Rc::clone(&journal),
        };
        let storage = Timed { storage, lent: Rc::clone(&lent) };
        let clock = Now(self.clock.clone());
        let caps = seam::Capabilities {
            http: &http,
            storage: &storage,
            journal: journal.as_ref(),
            progress: &Unwatched,
            clock: &clock,
        };
        let report = guest::run::run(caps, account, &options, Direction::Reconcile).unwrap();
        let time = begun.elapsed();
        let (requests, bytes, served) = self.counted.take();
        let written = report.number("written");
        Took { time, computed: time.saturating_sub(lent.get()), memory: None, requests, bytes, served, written }
    }
}

/// The host's policy, and the time that it took.
struct Http<'a> {
    policy: host_runner::http::HttpPolicy,
    runtime: &'a Runtime,
    lent: Rc<Cell<Duration>>,
}

impl seam::Http for Http<'_> {
    fn send(&self, requests: Vec<seam::Request>) -> Vec<seam::Answer> {
        let begun = Instant::now();
        let requests = requests.into_iter().map(outgoing).collect();
        let answers = self.runtime.block_on(self.policy.send(requests));
        let answers = answers.into_iter().map(|answer| answer.map(incoming).map_err(fault)).collect();
        self.lent.set(self.lent.get() + begun.elapsed());
        answers
    }
}

/// A storage, and the time that it took.
struct Timed {
    storage: Storage,
    lent: Rc<Cell<Duration>>,
}

impl Timed {
    fn timed<T>(&self, work: impl FnOnce(&Storage) -> T) -> T {
        let begun = Instant::now();
        let done = work(&self.storage);
        self.lent.set(self.lent.get() + begun.elapsed());
        done
    }
}

impl seam::Storage for Timed {
    fn get(&self, keys: &[String]) -> Result<Vec<Option<seam::Entry>>, seam::StorageError> {
        self.timed(|storage| seam::Storage::get(storage, keys))
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<seam::Page, seam::StorageError> {
        self.timed(|storage| seam::Storage::scan(storage, prefix, after, limit))
    }

    fn commit(&self, changes: Vec<seam::Change>) -> Result<seam::Outcome, seam::StorageError> {
        self.timed(|storage| seam::Storage::commit(storage, changes))
    }
}

struct Now(MovedClock);

impl seam::Clock for Now {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(i64::try_from(self.0.wall()).unwrap()).unwrap()
    }
}

fn egress(wire: Wire, clock: &MovedClock) -> Arc<Egress> {
    let client = |place, token: &str, scope: Option<&str>| {
        SignIn::ClientCredentials(ClientCredentials {
            place,
            token_url: url(token),
            client_id: graph_world::CLIENT_ID.into(),
            client_secret: graph_world::CLIENT_SECRET.to_owned().into(),
            scope: scope.map(str::to_owned),
            remedy: "renew it",
        })
    };
    Egress::new(
        Arc::new(wire),
        Arc::new(clock.clone()),
        Destinations {
            creatio: url(CREATIO),
            odata: "0/odata".into(),
            mailbox: MailboxService::Graph(url(GRAPH)),
            private: Vec::new(),
        },
        Rules::default(),
        client("Creatio", &format!("{CREATIO}/connect/token"), None),
        client(
            "Microsoft 365",
            &format!("{GRAPH}/mycompany.onmicrosoft.com/oauth2/v2.0/token"),
            Some(&format!("{GRAPH}/.default")),
        ),
    )
}
