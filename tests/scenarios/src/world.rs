//! A world: both services, a tenant's storage, its accounts, one virtual clock.

use crate::both::{self, Witness};
use crate::engine::Engine;
use crate::mail::{Mail, Server, Tokens};
use crate::native::{Http, Journal, Now, Pause, Storage, Unwatched};
use crate::storage::StorageFaults;
use crate::switch::{Cut, Switch};
use crate::trace::{Event, Recorder};
use crate::transport::{Interlude, SiteTransport};
use chrono::{DateTime, Utc};
use emulators::clock::Clock as SiteClock;
use emulators::creatio::{Creatio, NewUser, UserIds};
use emulators::exchange::Exchange;
use emulators::graph::{Graph, world as graph_world};
use emulators::harness::{Shared, Site};
use emulators::log::Entry as LogEntry;
use futures::FutureExt;
use guest::capability::{Capabilities, Progress};
use guest::report::{Entry, Outcome, Report};
use guest::run::epoch::RestoreOptions;
use guest::run::{Direction, RunError};
use guest::settings::{Account, Budget, Exported, Folders, MailboxService, Options};
use host_runner::credential::{ClientCredentials, Forms, SignIn};
use host_runner::http::{Destinations, Egress, MailboxService as Service, Rules, RunWindow};
use host_runner::lease::{Asked, Grip};
use host_runner::store::{Fence, MemoryStore, Store, Ticket};
use host_runner::{Clock, VirtualClock};
use std::cell::RefCell;
use std::future::ready;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use url::Url;

/// Address of the Creatio site.
pub const CREATIO: &str = "https://mycompany.creatio.com";
/// Address of Graph and of its sign-in.
pub const GRAPH: &str = "https://graph.microsoft.com";
/// Address of Exchange Web Services.
pub const EXCHANGE: &str = "https://mail.mycompany.com/EWS/Exchange.asmx";
/// Address of the sign-in at Exchange.
pub const SIGN_IN: &str = "https://login.mycompany.com";
/// The mailbox of the first account.
pub const EUGENE: &str = "e.mirny@mycompany.com";
/// The mailbox of the second account.
pub const ANNA: &str = "a.smith@mycompany.com";

/// A run, and what it told.
#[derive(Debug, Clone)]
pub struct Ran {
    /// How it ended.
    pub report: Result<Report, RunError>,
    /// What it did.
    pub entries: Vec<Entry>,
    /// Requests that it made, sign-ins apart, as status, method and path.
    pub requests: Vec<String>,
    /// The same in full.
    pub log: Vec<LogEntry>,
    /// Commits that it made.
    pub commits: u32,
    /// Everything that passed the engine's seams.
    pub trace: Vec<Event>,
}

impl Ran {
    /// The report of a run that did not fail.
    pub fn report(&self) -> &Report {
        self.report.as_ref().expect("the run did not fail")
    }

    /// How many entries have this outcome.
    pub fn number(&self, outcome: Outcome) -> usize {
        self.entries.iter().filter(|entry| entry.outcome == outcome).count()
    }
}

/// Both services, storage, accounts and a clock.
pub struct World {
    /// The clock.
    pub clock: VirtualClock,
    /// The services behind their addresses.
    pub site: Arc<Mutex<Site>>,
    /// Creatio.
    pub creatio: Shared<Creatio>,
    /// Graph.
    pub graph: Shared<Graph>,
    /// The mailboxes, on Graph or on Exchange.
    pub mail: Mail,
    /// The tenant's storage.
    pub store: Arc<MemoryStore>,
    /// What goes wrong with the storage.
    pub storage: Arc<StorageFaults>,
    /// The power.
    pub switch: Arc<Switch>,
    /// Mailboxes of the accounts.
    pub mailboxes: Vec<String>,
    /// Creatio's user of the first account.
    pub eugene: UserIds,
    /// Creatio's user of the second account.
    pub anna: UserIds,
    /// What happens just before a request is carried out.
    pub interlude: Arc<Mutex<Option<Interlude>>>,
    /// What runs in it.
    pub engine: Engine,
    pub(crate) egress: Arc<Egress>,
    runs: u32,
    _witness: Witness,
}

/// All that a run needs of a world: another run may begin while one is going on.
#[derive(Clone)]
pub struct Runner {
    clock: VirtualClock,
    site: Arc<Mutex<Site>>,
    store: Arc<MemoryStore>,
    storage: Arc<StorageFaults>,
    switch: Arc<Switch>,
    engine: Engine,
    egress: Arc<Egress>,
}

/// What only some runs are lent.
#[derive(Default)]
struct Lent {
    grip: Option<Grip>,
    pause: Option<Pause>,
}

/// The instant at which every world begins: a Monday morning.
#[must_use]
pub fn start() -> DateTime<Utc> {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

impl World {
    /// Two users with empty mailboxes and no activities, on what the scenario is played with.
    #[must_use]
    pub fn empty() -> Self {
        Self::on(both::server())
    }

    /// The same on one of the two.
    #[must_use]
    pub fn on(server: Server) -> Self {
        let now = start();
        let mut creatio = Creatio::new(now - chrono::TimeDelta::days(30));
        let user = |login, name, mail, zone, admin| NewUser { login, password: "secret", name, mail, zone, admin };
        let before = now - chrono::TimeDelta::days(20);
        let eugene = creatio.add_user(&user("e.mirny", "Евгений Мирный", EUGENE, "Europe/Moscow", false), before);
        let anna = creatio.add_user(&user("a.smith", "Anna Smith", ANNA, "Europe/London", false), before);
        let sync = creatio.add_user(&user("sync", "Sync", "sync@mycompany.com", "UTC", true), before);
        creatio.add_client(graph_world::CLIENT_ID, graph_world::CLIENT_SECRET, sync.user);
        let mut graph = Graph::new();
        graph.add_client(graph_world::CLIENT_ID, graph_world::CLIENT_SECRET);
        graph.add_mailbox(EUGENE, "Евгений Мирный", "Russian Standard Time");
        graph.add_mailbox(ANNA, "Anna Smith", "GMT Standard Time");
        let people = [(EUGENE, "Евгений Мирный", "Russian Standard Time"), (ANNA, "Anna Smith", "GMT Standard Time")];
        let exchange = (server == Server::Exchange).then(|| Shared::new(Mail::server(&people)));
        Self::of(creatio, (graph, exchange), eugene, anna)
    }

    fn of(
        creatio: Creatio,
        (graph, exchange): (Graph, Option<Shared<Exchange>>),
        eugene: UserIds,
        anna: UserIds,
    ) -> Self {
        let (creatio, graph) = (Shared::new(creatio), Shared::new(graph));
        let mut site = Site::new(SiteClock::Still(start()));
        site.mount(CREATIO, creatio.clone());
        site.mount(GRAPH, graph.clone());
        if let Some(exchange) = &exchange {
            site.mount(origin(EXCHANGE), exchange.clone());
            site.mount(SIGN_IN, Tokens { exchange: exchange.clone(), given: 0 });
            // By the bodies it is known what was written.
            site.log.keep_bodies = true;
        }
        let server = if exchange.is_some() { Server::Exchange } else { Server::Graph };
        let site = Arc::new(Mutex::new(site));
        let clock = VirtualClock::at(u64::try_from(start().timestamp_millis()).unwrap());
        let switch = Arc::new(Switch::default());
        let interlude = Arc::new(Mutex::new(None));
        let transport = SiteTransport {
            site: Arc::clone(&site),
            clock: clock.clone(),
            switch: Arc::clone(&switch),
            interlude: Arc::clone(&interlude),
        };
        let egress = egress(transport, server);
        let witness = Witness::of(&creatio, &switch);
        Self {
            mail: Mail::new(graph.clone(), exchange),
            clock,
            site,
            creatio,
            graph,
            store: Arc::new(MemoryStore::new()),
            storage: Arc::default(),
            switch,
            mailboxes: vec![EUGENE.into(), ANNA.into()],
            eugene,
            anna,
            interlude,
            engine: Engine::Native,
            egress,
            runs: 0,
            _witness: witness,
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(i64::try_from(self.clock.wall()).unwrap()).unwrap()
    }

    /// Lets time pass; what was late by then happens.
    pub fn pass(&self, minutes: u64) {
        self.clock.advance(std::time::Duration::from_secs(minutes * 60));
        let mut site = self.site.lock().unwrap();
        site.clock = SiteClock::Still(self.now());
        site.land();
    }

    /// The settings of the first account: everything in both directions.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            tenant: "mycompany".into(),
            id: EUGENE.into(),
            service: match self.server() {
                Server::Graph => MailboxService::Graph(GRAPH.into()),
                Server::Exchange => MailboxService::Exchange(EXCHANGE.into()),
            },
            address: EUGENE.into(),
            creatio: CREATIO.into(),
            odata: "0/odata".into(),
            user: "e.mirny".into(),
            shared: true,
            time_zone: "Europe/Moscow".into(),
            language: "ru".into(),
            import_from: None,
            import_meetings: Folders::All,
            import_tasks: Folders::None,
            exported: Exported::All,
            meetings_to: None,
            tasks_to: None,
            policies: match self.server() {
                Server::Graph => Vec::new(),
                // Both accounts are reached by one sign-in, a service account's.
                Server::Exchange => vec![("impersonation".into(), "yes".into())],
            },
        }
    }

    /// The same world, whose sync signs in at Creatio by the login form.
    #[must_use]
    pub fn signed_in_by_form(mut self) -> Self {
        let transport = SiteTransport {
            site: Arc::clone(&self.site),
            clock: self.clock.clone(),
            switch: Arc::clone(&self.switch),
            interlude: Arc::clone(&self.interlude),
        };
        let (user, password) = ("sync".to_owned(), "secret".to_owned().into());
        let forms = SignIn::Forms(Forms { site: url(CREATIO), user, password });
        self.egress = egress_by(transport, self.server(), forms);
        self
    }

    /// Its name in the log and in faults.
    #[must_use]
    pub const fn mail_service(&self) -> &'static str {
        match self.server() {
            Server::Graph => "graph",
            Server::Exchange => "exchange",
        }
    }

    /// What serves the mailboxes.
    #[must_use]
    pub const fn server(&self) -> Server {
        if self.mail.exchange().is_some() { Server::Exchange } else { Server::Graph }
    }

    /// Runs for the first account in both directions.
    pub fn sync(&mut self) -> Ran {
        let account = self.account();
        self.run(account, Direction::Reconcile, |_| {})
    }

    /// Runs natively.
    pub fn run(&mut self, account: Account, direction: Direction, options: impl FnOnce(&mut Options)) -> Ran {
        self.run_until(account, direction, options, Cut::Never)
    }

    /// Runs natively, and cuts the power.
    pub fn run_until(
        &mut self,
        account: Account,
        direction: Direction,
        change: impl FnOnce(&mut Options),
        cut: Cut,
    ) -> Ran {
        let options = self.begun(change, cut);
        self.runner().run(account, direction, &options, &Unwatched)
    }

    /// Undoes a run natively, and cuts the power.
    pub fn undo_until(&mut self, account: Account, of: &str, change: impl FnOnce(&mut Options), cut: Cut) -> Ran {
        let options = self.begun(change, cut);
        self.runner().undo(account, of, &options, &Unwatched)
    }

    /// Forgets an account natively, and cuts the power.
    pub fn forget_until(
        &mut self,
        account: Account,
        remove_items: bool,
        change: impl FnOnce(&mut Options),
        cut: Cut,
    ) -> Ran {
        let options = self.begun(change, cut);
        self.runner().forget(account, remove_items, &options, &Unwatched)
    }

    /// Forgets an account.
    pub fn forget(&mut self, account: Account, remove_items: bool) -> Ran {
        self.forget_until(account, remove_items, |_| {}, Cut::Never)
    }

    /// Id of the last run.
    #[must_use]
    pub fn last(&self) -> String {
        format!("run-{}", self.runs)
    }

    fn begun(&mut self, change: impl FnOnce(&mut Options), cut: Cut) -> Options {
        self.runs += 1;
        let mut options = Options { run: self.last(), dry_run: false, only: None, budget: Budget::default() };
        change(&mut options);
        self.switch.arm(cut);
        self.site.lock().unwrap().log.clear();
        options
    }

    /// An account's links, all lines.
    pub fn links(&self, account: &Account) -> Result<Vec<String>, RunError> {
        let (mut lines, mut after) = (Vec::new(), None);
        loop {
            let page = self
                .runner()
                .alone(account, "links", |caps, account| guest::run::epoch::links(caps, account, after.as_deref()))?;
            lines.extend(page.lines);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(lines),
            }
        }
    }

    /// Puts links back, all in one piece.
    pub fn restore(
        &self,
        account: &Account,
        lines: &[String],
        replace: bool,
        dry_run: bool,
    ) -> Result<Report, RunError> {
        let options = RestoreOptions { run: "restore".into(), dry_run, replace, position: 0, last: true };
        self.restore_piece(account, lines, &options)
    }

    /// Puts a piece of an account's links back.
    pub fn restore_piece(
        &self,
        account: &Account,
        lines: &[String],
        options: &RestoreOptions,
    ) -> Result<Report, RunError> {
        self.runner()
            .alone(account, &options.run, |caps, account| guest::run::epoch::restore(caps, account, lines, options))
    }

    /// Storage is lost, with everything in it.
    pub fn lose_storage(&mut self) {
        self.store = Arc::new(MemoryStore::new());
    }

    /// Somebody else writes a row.
    pub fn put_row(&self, key: &str, row: &serde_json::Value) {
        use host_runner::store::{Change, Guard};
        let ticket = Ticket { account: "somebody".into(), run: "else".into(), fence: None };
        let value = Some(serde_json::to_vec(row).unwrap());
        self.store.commit(&ticket, &[Change { key: key.into(), guard: Guard::Any, value }], &[]).unwrap();
    }

    /// What a run on another machine needs, whose host has the same store.
    #[must_use]
    pub fn another_host(&self) -> Runner {
        let transport = SiteTransport {
            site: Arc::clone(&self.site),
            clock: self.clock.clone(),
            switch: Arc::clone(&self.switch),
            interlude: Arc::clone(&self.interlude),
        };
        Runner { egress: egress(transport, self.server()), ..self.runner() }
    }

    /// What a run needs.
    #[must_use]
    pub fn runner(&self) -> Runner {
        Runner {
            clock: self.clock.clone(),
            site: Arc::clone(&self.site),
            store: Arc::clone(&self.store),
            storage: Arc::clone(&self.storage),
            switch: Arc::clone(&self.switch),
            engine: self.engine,
            egress: Arc::clone(&self.egress),
        }
    }
}

impl Runner {
    /// Lets time pass.
    pub fn pass(&self, minutes: u64) {
        self.clock.advance(std::time::Duration::from_secs(minutes * 60));
    }

    /// Requests since the log was cleared, sign-ins apart.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.site.lock().unwrap().log.work()
    }

    /// Runs, by a host that knows no leases.
    #[must_use]
    pub fn run(&self, account: Account, direction: Direction, options: &Options, progress: &dyn Progress) -> Ran {
        self.call(account, options, progress, Lent::default(), |caps, account| {
            self.engine.run(caps, account, options, direction)
        })
    }

    /// Runs as the host does: with the account's lease, which is renewed until the run ends. A run that died
    /// leaves it standing. None where another run has it.
    #[must_use]
    pub fn leased(
        &self,
        account: Account,
        direction: Direction,
        options: &Options,
        progress: &dyn Progress,
        pause: Option<Pause>,
    ) -> Option<Ran> {
        let timeout = self.egress.rules().request_timeout;
        let asked = Grip::ask(self.store.as_ref(), &self.clock, &account.id, &options.run, timeout).unwrap();
        let Asked::Granted(grip) = asked else { return None };
        let lent = Lent { grip: Some(grip.clone()), pause };
        let ran = self
            .call(account, options, progress, lent, |caps, account| self.engine.run(caps, account, options, direction));
        if !self.switch.dead() {
            self.store.release(grip.fence()).unwrap();
        }
        Some(ran)
    }

    /// Undoes a run natively.
    #[must_use]
    pub fn undo(&self, account: Account, of: &str, options: &Options, progress: &dyn Progress) -> Ran {
        self.call(account, options, progress, Lent::default(), |caps, account| {
            guest::run::undo(caps, account, options, of)
        })
    }

    /// Forgets an account natively.
    #[must_use]
    pub fn forget(&self, account: Account, remove_items: bool, options: &Options, progress: &dyn Progress) -> Ran {
        self.call(account, options, progress, Lent::default(), |caps, account| {
            guest::run::forget(caps, account, options, remove_items)
        })
    }

    /// Calls what works on storage alone.
    pub fn alone<T>(
        &self,
        account: &Account,
        run: &str,
        work: impl FnOnce(Capabilities<'_>, Account) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        let mut done = None;
        let options = Options { run: run.into(), dry_run: false, only: None, budget: Budget::default() };
        self.call(account.clone(), &options, &Unwatched, Lent::default(), |caps, account| {
            done = Some(work(caps, account));
            Ok(Report::default())
        });
        done.unwrap()
    }

    fn call(
        &self,
        account: Account,
        options: &Options,
        progress: &dyn Progress,
        Lent { grip, pause }: Lent,
        work: impl FnOnce(Capabilities<'_>, Account) -> Result<Report, RunError>,
    ) -> Ran {
        let fence = grip.as_ref().map(|grip| grip.fence().number);
        let window = RunWindow { lease: grip.as_ref().map(Grip::term), ..RunWindow::default() };
        let keeper = grip.map(|grip| {
            let (store, clock) = (Arc::clone(&self.store), Arc::new(self.clock.clone()));
            let renew = move |fence: Fence, until: u64| ready(store.renew(&fence, until));
            async move { grip.keep(clock, renew).await }.boxed_local()
        });
        let http = Http {
            policy: self.egress.policy(&account.address, window),
            clock: self.clock.clone(),
            keeper: RefCell::new(keeper),
            pause: RefCell::new(pause),
        };
        let journal = Rc::new(Journal::default());
        let storage = Storage {
            store: Arc::clone(&self.store) as _,
            ticket: Ticket { account: account.id.clone(), run: options.run.clone(), fence },
            switch: Arc::clone(&self.switch),
            faults: Arc::clone(&self.storage),
            commits: std::cell::Cell::new(0),
            journal: Rc::clone(&journal),
        };
        let clock = Now(self.clock.clone());
        let caps = Capabilities { http: &http, storage: &storage, journal: journal.as_ref(), progress, clock: &clock };
        let (report, trace) = Recorder::watch(caps, |caps| work(caps, account));
        let log: Vec<LogEntry> = {
            let site = self.site.lock().unwrap();
            site.log.entries().iter().filter(|entry| !entry.login).cloned().map(crate::soap::in_parts).collect()
        };
        let requests = log.iter().map(line).collect();
        let entries = journal.end(self.switch.dead());
        Ran { report, entries, requests, log, commits: storage.commits.get(), trace }
    }
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn client(place: &'static str, token: &str, scope: Option<&str>) -> SignIn {
    SignIn::ClientCredentials(ClientCredentials {
        place,
        token_url: url(token),
        client_id: graph_world::CLIENT_ID.into(),
        client_secret: graph_world::CLIENT_SECRET.to_owned().into(),
        scope: scope.map(str::to_owned),
        remedy: "renew it",
    })
}

/// The way out of a host, with sign-ins and limits of its own.
pub(crate) fn egress(transport: SiteTransport, server: Server) -> Arc<Egress> {
    egress_by(transport, server, client("Creatio", &format!("{CREATIO}/connect/token"), None))
}

/// The same with this sign-in at Creatio.
fn egress_by(transport: SiteTransport, server: Server, creatio: SignIn) -> Arc<Egress> {
    let clock = transport.clock.clone();
    Egress::new(
        Arc::new(transport),
        Arc::new(clock),
        Destinations {
            creatio: url(CREATIO),
            odata: "0/odata".into(),
            mailbox: match server {
                Server::Graph => Service::Graph(url(GRAPH)),
                Server::Exchange => Service::Exchange(url(EXCHANGE)),
            },
            private: Vec::new(),
        },
        Rules::default(),
        creatio,
        match server {
            Server::Graph => client(
                "Microsoft 365",
                &format!("{GRAPH}/mycompany.onmicrosoft.com/oauth2/v2.0/token"),
                Some(&format!("{GRAPH}/.default")),
            ),
            Server::Exchange => client("Exchange", &format!("{SIGN_IN}/oauth2/token"), None),
        },
    )
}

pub(crate) fn origin(address: &str) -> String {
    Url::parse(address).unwrap().origin().ascii_serialization()
}

fn line(entry: &LogEntry) -> String {
    let status = entry.status.map_or_else(|| "-".into(), |status| status.to_string());
    format!("{status} {} {}", entry.method, entry.path)
}
