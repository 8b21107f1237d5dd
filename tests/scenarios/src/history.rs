//! What happened to a world, written down so that it can happen again: the edits of people, and the writes that reached
//! the services. The services are machines of state, so the same history ends in the same world, down to the ids; stored
//! rows of that world, whoever wrote them, fit to it.

use crate::life::{edit_creatio, edit_graph};
use crate::runner::Ran;
use crate::switch::Cut;
use crate::world::{CREATIO, GRAPH, World};
use chrono::{DateTime, Utc};
use emulators::graph::world as graph_world;
use emulators::harness::Delivery;
use emulators::wire::Request;
use guest::run::Direction;
use guest::settings::{Account, Options};
use host_runner::store::{Change, Guard, Store, Ticket};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happened {
    /// Somebody edited something, as the control port takes it.
    Edit {
        /// `creatio` or `graph`.
        service: String,
        /// The edit.
        edit: Value,
    },
    /// A batch with writes reached a service.
    Batch {
        /// `creatio` or `graph`.
        service: String,
        /// Its path.
        path: String,
        /// What was sent.
        body: Value,
    },
}

/// What happened, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
}

/// A tenant's stored rows with the world that they are about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fixture {
    /// Layout of the rows.
    pub layout: u32,
    /// When the last of it happened.
    pub now: DateTime<Utc>,
    /// What happened to the world, from its beginning.
    pub history: Vec<Step>,
    /// The rows, as their keys and values.
    pub rows: BTreeMap<String, Value>,
    /// Titles on both sides once runs are at rest, each with its number: what no later version may lose or double.
    pub ends: BTreeMap<String, u32>,
}

/// A world whose history is written down.
pub struct Recorded {
    /// The world.
    pub world: World,
    history: Vec<Step>,
}

impl Default for Recorded {
    fn default() -> Self {
        let world = World::empty();
        world.keep_bodies();
        Self { world, history: Vec::new() }
    }
}

impl Recorded {
    /// Somebody edits something in Creatio.
    pub fn creatio(&mut self, edit: Value) -> Value {
        let done = self.world.creatio_edit(edit.clone());
        self.wrote_down(Happened::Edit { service: "creatio".into(), edit });
        done
    }

    /// Somebody edits something in a mailbox.
    pub fn graph(&mut self, edit: Value) -> Value {
        let done = self.world.graph_edit(edit.clone());
        self.wrote_down(Happened::Edit { service: "graph".into(), edit });
        done
    }

    fn wrote_down(&mut self, what: Happened) {
        self.history.push(Step { at: self.world.now(), what });
    }

    /// Runs, and cuts the power.
    pub fn run(&mut self, account: Account, options: impl FnOnce(&mut Options), cut: Cut) -> Ran {
        let ran = self.world.run_until(account, Direction::Reconcile, options, cut);
        for entry in ran.log.iter().filter(|entry| entry.parts.iter().any(|part| part.method != "GET")) {
            // What a service never saw did not happen.
            if entry.status.is_none() && entry.ending != emulators::log::Ending::LostAfter {
                continue;
            }
            let body = serde_json::from_str(entry.body.as_deref().unwrap_or_default()).unwrap();
            let what = Happened::Batch { service: entry.service.clone(), path: entry.path.clone(), body };
            self.history.push(Step { at: entry.at, what });
        }
        ran
    }

    /// What is left of it now: rows and history.
    #[must_use]
    pub fn fixture(&self, layout: u32) -> Fixture {
        Fixture {
            layout,
            now: self.world.now(),
            history: self.history.clone(),
            rows: rows(&self.world),
            ends: BTreeMap::new(),
        }
    }
}

/// All rows of a world's storage.
#[must_use]
pub fn rows(world: &World) -> BTreeMap<String, Value> {
    let (mut rows, mut after) = (BTreeMap::new(), None);
    loop {
        let page = world.store.scan("", after.as_deref(), 500).unwrap();
        for entry in page.entries {
            rows.insert(entry.key, serde_json::from_slice(&entry.value).unwrap());
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return rows,
        }
    }
}

/// Every title with where it is and how it stands, and how often.
#[must_use]
pub fn titles(world: &World) -> BTreeMap<String, u32> {
    let mut all: BTreeMap<String, u32> = BTreeMap::new();
    for activity in world.activities() {
        let cancelled = activity.status == emulators::creatio::ids::activity_status::CANCELED;
        let state = if cancelled { "cancelled" } else { "activity" };
        *all.entry(format!("{state} {}", activity.title)).or_default() += 1;
    }
    for mailbox in &world.mailboxes {
        for subject in world.subjects_of(mailbox) {
            *all.entry(format!("{mailbox} {subject}")).or_default() += 1;
        }
    }
    all
}

impl Fixture {
    /// Where fixtures lie.
    #[must_use]
    pub fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
    }

    /// All that there are, oldest layout first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = std::fs::read_dir(Self::folder())
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("layout-"))
            .map(|path| serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap())
            .collect();
        all.sort_by_key(|fixture| fixture.layout);
        all
    }

    /// Writes it where it belongs: a line for each step and each row.
    pub fn save(&self) {
        let line = |value: &Value| serde_json::to_string(value).unwrap();
        let lines = |all: Vec<String>| all.join(",\n");
        let history = lines(self.history.iter().map(|step| line(&json!(step))).collect());
        let pair = |key: &String, value: Value| format!("{}: {}", line(&json!(key)), line(&value));
        let rows = lines(self.rows.iter().map(|(key, row)| pair(key, row.clone())).collect());
        let ends = lines(self.ends.iter().map(|(key, number)| pair(key, json!(number))).collect());
        let text = format!(
            "{{\n\"layout\": {},\n\"now\": {},\n\"history\": [\n{history}\n],\n\"rows\": {{\n{rows}\n}},\n\"ends\": {{\n{ends}\n}}\n}}\n",
            self.layout,
            line(&json!(self.now)),
        );
        std::fs::write(Self::folder().join(format!("layout-{}.json", self.layout)), text).unwrap();
    }

    /// The world as it was, with these rows in its storage.
    #[must_use]
    pub fn world(&self) -> World {
        let world = World::empty();
        for step in &self.history {
            reach(&world, step.at);
            match &step.what {
                Happened::Edit { service, edit } if service == "creatio" => {
                    edit_creatio(&world.creatio, edit, step.at);
                }
                Happened::Edit { edit, .. } => {
                    edit_graph(&world.graph, edit, step.at);
                }
                Happened::Batch { service, path, body } => send(&world, service, path, body),
            }
        }
        reach(&world, self.now);
        let changes: Vec<Change> = self
            .rows
            .iter()
            .map(|(key, row)| Change {
                key: key.clone(),
                guard: Guard::Absent,
                value: Some(serde_json::to_vec(&unread(key, row)).unwrap()),
            })
            .collect();
        for changes in changes.chunks(500) {
            let ticket = Ticket { account: "fixture".into(), run: "fixture".into(), fence: None };
            world.store.commit(&ticket, changes, &[]).unwrap();
        }
        world
    }
}

/// A server forgets how far a mailbox was read, and the emulator's tokens are not made to last: such a feed is read anew.
fn unread(key: &str, row: &Value) -> Value {
    let mut row = row.clone();
    if key.contains("/feed/mailbox/")
        && let Some((link, _)) = row["cursor"].as_str().and_then(|cursor| cursor.split_once("token="))
    {
        row["cursor"] = json!(format!("{link}token=forgotten"));
    }
    row
}

fn reach(world: &World, at: DateTime<Utc>) {
    world.clock.advance((at - world.now()).to_std().unwrap_or_default());
}

/// A batch arrives again, as it did.
fn send(world: &World, service: &str, path: &str, body: &Value) {
    let (base, token) = if service == "creatio" {
        (CREATIO, token(world, CREATIO, "/connect/token"))
    } else {
        (GRAPH, token(world, GRAPH, "/mycompany.onmicrosoft.com/oauth2/v2.0/token"))
    };
    let host = base.trim_start_matches("https://");
    let headers = [
        ("authorization", format!("Bearer {token}")),
        ("content-type", "application/json; odata=verbose; IEEE754Compatible=true".into()),
        ("accept", "application/json".into()),
        ("prefer", "continue-on-error".into()),
        ("host", host.into()),
    ];
    let answer = ask(world, base, path, &headers, serde_json::to_vec(body).unwrap());
    assert!(answer["responses"].is_array(), "{answer}");
}

fn token(world: &World, base: &str, path: &str) -> String {
    let scope = if base == GRAPH { "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default" } else { "" };
    let (id, secret) = (graph_world::CLIENT_ID, graph_world::CLIENT_SECRET);
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}{scope}");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("host", base.trim_start_matches("https://").to_owned()),
    ];
    let answer = ask(world, base, path, &headers, body.into_bytes());
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn ask(world: &World, base: &str, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> Value {
    let request = Request {
        method: "POST".into(),
        target: path.into(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        body,
    };
    let mut site = world.site.lock().unwrap();
    site.clock = emulators::clock::Clock::Still(world.now());
    match site.handle(base, &request).delivery {
        Delivery::Answer(response) => serde_json::from_slice(&response.body).unwrap(),
        other => panic!("{other:?}"),
    }
}
