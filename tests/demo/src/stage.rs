//! What the demo plays on: both services on loopback, the real host with the real component, storage in a temporary
//! folder, one clock.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use emulators::clock::Clock;
use emulators::config::{Addresses, Secrets, config_toml};
use emulators::creatio::Creatio;
use emulators::exchange::{Exchange, world as exchange_world};
use emulators::graph::Graph;
use emulators::harness::{Shared, Site};
use emulators::shell::Shell;
use emulators::wire::Service as _;
use emulators::world::{Kind, Person, World};
use host_runner::config::{Account, Config, Language};
use host_runner::journal::{Entry, Side};
use host_runner::screen::Progress;
use host_runner::{Action, Connector, Host, RunOptions, RunReport, Silent, Tenant};
use serde_json::json;
use tempfile::TempDir;

use crate::clock::MovedClock;
use crate::colleague;

/// A group of activities in Creatio.
pub(crate) const GROUP: &str = "Важное";

/// Tasks of the mailbox, and the days that they are due.
const TASKS: [(&str, &str); 3] = [
    ("Купить билеты в Казань 🎫", "2026-11-26"),
    ("Read the draft contract", "2026-11-27"),
    ("Продлить пропуск", "2026-12-01"),
];

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
    pub(crate) exchange: Shared<Exchange>,
    /// Whose calendar it is.
    pub(crate) person: Person,
    pub(crate) account: Account,
    /// Somebody whose mailbox lies on an Exchange Server, and her account.
    pub(crate) colleague: Person,
    pub(crate) colleagues: Account,
    /// The emulators' client secret.
    pub(crate) secret: String,
    shell: Shell,
    /// The configuration, and the folder that it lies in.
    toml: String,
    host: Host,
    tenant: Tenant,
    connector: Connector,
    clock: MovedClock,
    /// Requests of all runs, sign-ins apart.
    pub(crate) requests: u64,
    // Removed with everything in it at the end.
    folder: TempDir,
}

impl Stage {
    /// Sets everything up around a moment.
    pub(crate) async fn set(start: DateTime<Utc>) -> Result<Self, Box<dyn Error>> {
        let World { creatio, graph, exchange, people, client, .. } =
            World::new(Kind::Demo, start).map_err(|no| no.to_string())?;
        let (creatio, graph, exchange) = (Shared::new(creatio), Shared::new(graph), Shared::new(exchange));
        let clock = MovedClock::at(u64::try_from(start.timestamp_millis())?);
        let mut site = Site::new(Clock::Offset(start - DateTime::<Utc>::from(std::time::SystemTime::now())));
        site.mount("creatio", creatio.clone());
        site.mount("graph", graph.clone());
        site.mount("exchange", exchange.clone());
        let mut shell = Shell::new(site);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let addresses = Addresses {
            creatio: format!("http://{}", shell.serve("creatio", any).await?),
            graph: format!("http://{}", shell.serve("graph", any).await?),
            exchange: Some(format!("http://{}/EWS/Exchange.asmx", shell.serve("exchange", any).await?)),
        };
        let folder = TempDir::with_prefix("schedule-sync-demo-")?;
        std::fs::write(folder.path().join("client.secret"), &client.secret)?;
        std::fs::write(folder.path().join("exchange.password"), exchange_world::SERVICE_PASSWORD)?;
        let secrets =
            Secrets { client: r#"{ file = "client.secret" }"#, exchange: r#"{ file = "exchange.password" }"# };
        let toml = config_toml(&people, &client.id, secrets, &addresses);
        let toml = toml.replace("import-meetings = \"all\"\n", "import-meetings = \"all\"\nimport-tasks = \"all\"\n");
        let mut people = people.into_iter();
        let (person, colleague) = people.next().zip(people.next()).ok_or("the world has too few people in it")?;
        let hers = format!("mail = {}\n", json!(colleague.mail));
        let toml = toml.replace(&hers, &format!("{hers}mailbox = \"exchange\"\n"));
        let path = folder.path().join("schedule-sync.toml");
        std::fs::write(&path, &toml)?;

        let config = Config::load(&path)?;
        let of = |person: &Person| config.account(&person.mail).cloned().ok_or("the configuration has no account");
        let (account, colleagues) = (of(&person)?, of(&colleague)?);
        colleague::fill(&exchange, start - TimeDelta::days(3))?;
        join(&creatio, &person, start)?;
        for (title, due) in TASKS {
            let due = json!({ "dateTime": format!("{due}T00:00:00"), "timeZone": "UTC" });
            let task = json!({ "title": title, "dueDateTime": due });
            graph.with(|graph| graph.add_task(&person.mail, None, &task, start))?;
        }
        let host = Host::builder().memory(config.limits.memory).clock(Arc::new(clock.clone())).build()?;
        let connector = host.load(component::bytes())?;
        let tenant = host.tenant(config).open()?;
        Ok(Self {
            creatio,
            graph,
            exchange,
            person,
            account,
            colleague,
            colleagues,
            secret: client.secret,
            shell,
            toml,
            host,
            tenant,
            connector,
            clock,
            requests: 0,
            folder,
        })
    }

    /// One run for the account.
    pub(crate) async fn run(&mut self, action: Action, options: RunOptions) -> Result<Ran, Box<dyn Error>> {
        let account = self.account.clone();
        self.run_for(&account, action, options).await
    }

    /// One run for an account.
    pub(crate) async fn run_for(
        &mut self,
        account: &Account,
        action: Action,
        options: RunOptions,
    ) -> Result<Ran, Box<dyn Error>> {
        let progress = Arc::new(Progress::new(&account.mail, Language::En));
        let outcome = self.tenant.run(&self.connector, action, &account.id, options, Arc::clone(&progress) as _).await;
        progress.finish();
        let run = outcome?;
        self.requests += run.requests;
        let journal = self.tenant.store().journal(&run.account, &run.run)?;
        Ok(Ran { run, journal })
    }

    /// What would be exported if the account had selected this group alone: another tenant's storage, and nothing written.
    pub(crate) async fn only_group(&self, group: &str) -> Result<Vec<Entry>, Box<dyn Error>> {
        let path = self.folder.path().join("group.toml");
        let toml = self.toml.replace("export = \"all\"", &format!("export = [{}]", json!(group)));
        let toml = toml.replace("id = \"demo\"", "id = \"demo-group\"\nstorage = \"group.db\"");
        std::fs::write(&path, toml)?;
        let tenant = self.host.tenant(Config::load(&path)?).open()?;
        let options = RunOptions { dry_run: true, ..RunOptions::default() };
        let run = tenant.run(&self.connector, Action::Export, &self.account.id, options, Arc::new(Silent)).await?;
        Ok(tenant.store().journal(&run.account, &run.run)?)
    }

    /// Titles of the activities in a group.
    pub(crate) fn members(&self, group: &str) -> BTreeSet<String> {
        self.creatio.with(|creatio| {
            let folders: BTreeSet<_> =
                creatio.rows("ActivityFolder").filter(|(_, row)| row.text("Name") == group).map(|(id, _)| id).collect();
            let members = creatio.rows("ActivityInFolder").filter_map(|(_, row)| {
                row.guid("FolderId").filter(|folder| folders.contains(folder)).and_then(|_| row.guid("ActivityId"))
            });
            members.filter_map(|id| creatio.row("Activity", id)).map(|row| row.text("Title").to_owned()).collect()
        })
    }

    /// What people made themselves, on both sides, by id.
    pub(crate) fn own(&self) -> BTreeSet<String> {
        let contact = self.person.contact;
        let mut all: BTreeSet<String> = self.creatio.with(|creatio| {
            let rows = creatio.rows("Activity").filter(|(_, row)| row.guid("OwnerId") == Some(contact));
            rows.map(|(id, _)| id.to_string()).collect()
        });
        self.graph.with(|graph| {
            all.extend(graph.events(&self.person.mail).into_iter().map(|event| event.id));
            all.extend(graph.tasks(&self.person.mail).into_iter().map(|task| task.id));
        });
        all
    }

    /// How many tasks the mailbox has.
    pub(crate) fn tasks(&self) -> usize {
        self.graph.with(|graph| graph.tasks(&self.person.mail).len())
    }

    /// What the sync leaves on items in the person's calendars and lists, and its rows in storage.
    pub(crate) fn traces(&self) -> Result<(usize, usize), Box<dyn Error>> {
        let state = self.graph.with(|graph| graph.state());
        let mailbox = state.pointer("/mailboxes").and_then(|all| all.get(&self.person.mail));
        let shown = |name: &str| mailbox.and_then(|mailbox| mailbox.get(name)).map(ToString::to_string);
        let marks = ["calendars", "taskLists"].into_iter().filter_map(shown).collect::<String>();
        let marks = marks.matches("ScheduleSync").count() + marks.matches("schedule-sync").count();
        Ok((marks, self.tenant.store().scan("", None, 1000)?.entries.len()))
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
        activities(&self.creatio, &self.person).iter().any(|(known, _)| known == title)
    }

    /// Whether the colleague has one.
    pub(crate) fn colleague_has_activity(&self, title: &str) -> bool {
        activities(&self.creatio, &self.colleague).iter().any(|(known, _)| known == title)
    }

    /// How many activities and events there are once more, with the same title and start.
    pub(crate) fn doubles(&self) -> usize {
        let events = self.graph.with(|graph| graph.events(&self.person.mail));
        let events = events.into_iter().map(|event| (event.subject, Some(event.start))).collect();
        [activities(&self.creatio, &self.person), events].into_iter().map(more_than_once).sum()
    }

    /// Mails that left a mailbox.
    pub(crate) fn mails(&self) -> usize {
        self.graph.with(|graph| graph.outbox().len()) + self.exchange.with(|exchange| exchange.outbox().len())
    }

    /// Stops the services.
    pub(crate) async fn strike(self) {
        self.shell.stop().await;
    }
}

/// A person's activities: titles and starts.
fn activities(creatio: &Shared<Creatio>, person: &Person) -> Vec<(String, Option<DateTime<Utc>>)> {
    creatio.with(|creatio| {
        let rows = creatio.rows("Activity").filter(|(_, row)| row.guid("OwnerId") == Some(person.contact));
        rows.map(|(_, row)| (row.text("Title").to_owned(), row.time("StartDate"))).collect()
    })
}

/// Puts a few meetings that are still to come into the group.
fn join(creatio: &Shared<Creatio>, person: &Person, now: DateTime<Utc>) -> Result<(), Box<dyn Error>> {
    creatio.with(|creatio| {
        let group = creatio.rows("ActivityFolder").find(|(_, row)| row.text("Name") == GROUP).map(|(id, _)| id);
        let group = group.ok_or("the world has no group")?;
        let coming = creatio.rows("Activity").filter(|(_, row)| {
            row.guid("OwnerId") == Some(person.contact)
                && row.text("Title").contains("Ромашка")
                && row.time("StartDate").is_some_and(|start| start > now)
        });
        for activity in coming.map(|(id, _)| id).take(2).collect::<Vec<_>>() {
            let values = json!({ "ActivityId": activity, "FolderId": group });
            creatio.edit(&json!({ "action": "create", "set": "ActivityInFolder", "values": values }), now)?;
        }
        Ok(())
    })
}

fn more_than_once<T: Ord>(all: Vec<T>) -> usize {
    let number = all.len();
    number - all.into_iter().collect::<BTreeSet<T>>().len()
}
