//! A world: both services, a tenant's storage, its accounts, one virtual clock.

use crate::both::{self, Witness};
use crate::engine::Engine;
use crate::mail::{Mail, Server, Tokens};
use crate::native::Unwatched;
use crate::runner::{Ran, Runner};
use crate::storage::StorageFaults;
use crate::switch::{Cut, Switch};
use crate::transport::{Interlude, SiteTransport};
use chrono::{DateTime, Utc};
use emulators::clock::Clock as SiteClock;
use emulators::creatio::{Creatio, NewUser, UserIds};
use emulators::exchange::Exchange;
use emulators::graph::{Graph, world as graph_world};
use emulators::harness::{Shared, Site};
use guest::report::Report;
use guest::run::epoch::RestoreOptions;
use guest::run::{Direction, RunError};
use guest::settings::{Account, Budget, Exported, Folders, MailboxService, Options};
use host_runner::credential::{ClientCredentials, Forms, SignIn};
use host_runner::http::{Destinations, Egress, MailboxService as Service, Rules};
use host_runner::store::{MemoryStore, Store, Ticket};
use host_runner::{Clock, VirtualClock};
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
