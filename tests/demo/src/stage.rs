//! What the demo plays on: both services on loopback, the real host with the real component, storage in a temporary
//! folder, one clock.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use emulators::clock::Clock;
use emulators::config::{Addresses, config_toml};
use emulators::creatio::Creatio;
use emulators::graph::Graph;
use emulators::harness::{Shared, Site};
use emulators::shell::Shell;
use emulators::wire::Service as _;
use emulators::world::{Kind, Person, World};
use host_runner::config::{Account, Config};
use host_runner::journal::{Entry, Side};
use host_runner::screen::Progress;
use host_runner::{Action, Connector, Host, RunOptions, RunReport, Tenant};
use tempfile::TempDir;

use crate::clock::MovedClock;

/// A run and its journal.
pub(crate) struct Ran {
    pub(crate) run: RunReport,
    pub(crate) journal: Vec<Entry>,
}

impl Ran {
    /// Entries with one of these outcomes.
    pub(crate) fn with<'a>(&'a self, outcomes: &'a [&str]) -> impl Iterator<Item = &'a Entry> {
        self.journal.iter().filter(move |entry| outcomes.contains(&entry.outcome.as_str()))
    }

    /// How many items were written to a side.
    pub(crate) fn writes(&self, side: Side) -> usize {
        self.with(&["written", "conflict", "overwritten"]).filter(|entry| entry.target == side).count()
    }

    /// How many items were written.
    pub(crate) fn written(&self) -> usize {
        self.with(&["written", "conflict", "overwritten"]).count()
    }
}

/// Everything the demo needs.
pub(crate) struct Stage {
    pub(crate) creatio: Shared<Creatio>,
    pub(crate) graph: Shared<Graph>,
    /// Whose calendar it is.
    pub(crate) person: Person,
    pub(crate) account: Account,
    /// The emulators' client secret.
    pub(crate) secret: String,
    shell: Shell,
    tenant: Tenant,
    connector: Connector,
    clock: MovedClock,
    /// Requests of all runs, sign-ins apart.
    pub(crate) requests: u64,
    // Removed with everything in it at the end.
    _folder: TempDir,
}

impl Stage {
    /// Sets everything up around a moment.
    pub(crate) async fn set(start: DateTime<Utc>) -> Result<Self, Box<dyn Error>> {
        let World { creatio, graph, people, client, .. } =
            World::new(Kind::Demo, start).map_err(|no| no.to_string())?;
        let (creatio, graph) = (Shared::new(creatio), Shared::new(graph));
        let clock = MovedClock::at(u64::try_from(start.timestamp_millis())?);
        let mut site = Site::new(Clock::Offset(start - DateTime::<Utc>::from(std::time::SystemTime::now())));
        site.mount("creatio", creatio.clone());
        site.mount("graph", graph.clone());
        let mut shell = Shell::new(site);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let addresses = Addresses {
            creatio: format!("http://{}", shell.serve("creatio", any).await?),
            graph: format!("http://{}", shell.serve("graph", any).await?),
        };
        let folder = TempDir::with_prefix("schedule-sync-demo-")?;
        std::fs::write(folder.path().join("client.secret"), &client.secret)?;
        let toml = config_toml(&people, &client.id, r#"{ file = "client.secret" }"#, &addresses);
        let path = folder.path().join("schedule-sync.toml");
        std::fs::write(&path, toml)?;

        let config = Config::load(&path)?;
        let person = people.into_iter().next().ok_or("the world has nobody in it")?;
        let account = config.account(&person.mail).ok_or("the configuration has no account")?.clone();
        let host = Host::builder().memory(config.limits.memory).clock(Arc::new(clock.clone())).build()?;
        let connector = host.load(component::bytes())?;
        let tenant = host.tenant(config).open()?;
        Ok(Self {
            creatio,
            graph,
            person,
            account,
            secret: client.secret,
            shell,
            tenant,
            connector,
            clock,
            requests: 0,
            _folder: folder,
        })
    }

    /// One run for the account.
    pub(crate) async fn run(&mut self, action: Action, dry_run: bool) -> Result<Ran, Box<dyn Error>> {
        let progress = Arc::new(Progress::new(&self.account.mail));
        let options = RunOptions { dry_run, ..RunOptions::default() };
        let outcome =
            self.tenant.run(&self.connector, action, &self.account.id, options, Arc::clone(&progress) as _).await;
        progress.finish();
        let run = outcome?;
        self.requests += run.requests;
        let journal = self.tenant.store().journal(&run.account, &run.run)?;
        Ok(Ran { run, journal })
    }

    /// What is held or failed, and waits.
    pub(crate) fn standing(&self) -> Result<Vec<Entry>, Box<dyn Error>> {
        Ok(self.tenant.store().standing(&self.account.id)?)
    }

    /// Lets time pass, for the host and for both services.
    pub(crate) fn pass(&self, minutes: u32) {
        self.clock.advance(Duration::from_secs(u64::from(minutes) * 60));
        self.shell.site().clock.advance(TimeDelta::minutes(i64::from(minutes)));
    }

    /// What the services' clock shows.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.shell.site().clock.now()
    }

    /// How many rows and events the account's person has: activities that are his, and events in his mailbox.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let contact = self.person.contact;
        let activities = self
            .creatio
            .with(|creatio| creatio.rows("Activity").filter(|(_, row)| row.guid("OwnerId") == Some(contact)).count());
        (activities, self.graph.with(|graph| graph.events(&self.person.mail).len()))
    }

    /// Whether the person has an activity of this title.
    pub(crate) fn has_activity(&self, title: &str) -> bool {
        self.activities().iter().any(|(known, _)| known == title)
    }

    /// How many activities and events there are once more, with the same title and start.
    pub(crate) fn doubles(&self) -> usize {
        let events = self.graph.with(|graph| graph.events(&self.person.mail));
        let events = events.into_iter().map(|event| (event.subject, Some(event.start))).collect();
        [self.activities(), events].into_iter().map(more_than_once).sum()
    }

    fn activities(&self) -> Vec<(String, Option<DateTime<Utc>>)> {
        let contact = self.person.contact;
        self.creatio.with(|creatio| {
            let rows = creatio.rows("Activity").filter(|(_, row)| row.guid("OwnerId") == Some(contact));
            rows.map(|(_, row)| (row.text("Title").to_owned(), row.time("StartDate"))).collect()
        })
    }

    /// Mails that left a mailbox or Creatio.
    pub(crate) fn mails(&self) -> usize {
        self.graph.with(|graph| graph.outbox().len())
    }

    /// Stops the services.
    pub(crate) async fn strike(self) {
        self.shell.stop().await;
    }
}

fn more_than_once<T: Ord>(all: Vec<T>) -> usize {
    let number = all.len();
    number - all.into_iter().collect::<BTreeSet<T>>().len()
}
