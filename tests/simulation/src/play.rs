//! Plays a history, lets the world come to rest, and has it checked.

use crate::choice::Choices;
use crate::history::History;
use crate::landing::Before;
use crate::ledger::Ledger;
use crate::met::Met;
use crate::people::People;
use crate::step::{Step, Who};
use chrono::{DateTime, Utc};
use guest::activity::SideId;
use guest::settings::{Account, Folders};
use scenarios::engine::Engine;
use scenarios::{Ran, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

mod aside;
mod backup;
mod beside;
mod persons;
mod rest;
mod run;
mod tell;

use aside::Last;
use backup::Backup;
use persons::persons;

/// A world that is being played.
struct Play {
    world: World,
    people: People,
    backup: Option<Backup>,
    /// Accounts whose second calendar is not imported.
    unticked: BTreeSet<Who>,
    /// What the accounts' settings choose.
    choices: BTreeMap<Who, Choices>,
    /// A run was disturbed, undone or forgotten.
    disturbed: bool,
    /// The last run, as long as nothing has happened since.
    last: Option<Last>,
    /// A run is going to be undone: what there was before each has to be known.
    undoes: bool,
    /// Mailboxes that refuse.
    denied: BTreeSet<Who>,
    /// Something was taken away that makes runs fail.
    refused: bool,
    /// Creatio shows nothing.
    blind: bool,
    /// The storage went back.
    went_back: bool,
    /// A listing left out what the feed is never going to show again by itself.
    lied: bool,
    /// The host knows leases.
    leases: bool,
    /// The storage goes back some time.
    goes_back: bool,
    /// When a run of an account died and left its lease.
    standing: BTreeMap<Who, DateTime<Utc>>,
    runs: u32,
    talk: Option<Talk>,
    played: Played,
}

/// What came of a world.
#[derive(Debug, Default)]
pub struct Played {
    /// What was wrong; nothing if all is well.
    pub faults: Vec<String>,
    /// All runs in the order of their ends, if they were to be kept.
    pub runs: Vec<Ran>,
    /// Hardships that it met.
    pub met: Met,
    keeps: bool,
}

/// Where a replayed world tells what happens.
pub type Talk = Arc<Mutex<String>>;

/// Plays a history; gives what was wrong, nothing if all is well.
#[must_use]
pub fn play(history: &History, talk: Option<Talk>) -> Vec<String> {
    perform(Engine::Native, history, talk, false).faults
}

/// Plays a history with an engine; keeps its runs if told so.
#[must_use]
pub fn perform(engine: Engine, history: &History, talk: Option<Talk>, keeps: bool) -> Played {
    let played = std::panic::catch_unwind(|| {
        let mut play = Play::new(history, talk);
        play.world.engine = engine;
        play.played.keeps = keeps;
        for step in &history.steps {
            play.step(step);
        }
        play.rest(history.rest);
        play.played
    });
    played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Played { faults: vec![format!("panic: {}", text.unwrap_or_default())], ..Played::default() }
    })
}

impl Play {
    fn new(history: &History, talk: Option<Talk>) -> Self {
        let (accounts, leases) = (history.accounts, history.leases);
        let world = World::on(history.mailbox);
        let mut persons = persons(&world, accounts);
        if history.steps.iter().any(aside::of_tasks) {
            persons.iter_mut().for_each(|person| person.account.import_tasks = Folders::All);
        }
        if !history.tasks {
            let meetings_alone = ("export-tasks".to_owned(), "no".to_owned());
            persons.iter_mut().for_each(|person| person.account.policies.push(meetings_alone.clone()));
        }
        let people = People {
            creatio: world.creatio.clone(),
            mail: world.mail.clone(),
            clock: world.clock.clone(),
            persons: persons.into(),
            ledger: Arc::new(Mutex::new(Ledger::default())),
        };
        let (watcher, before) = (people.clone(), Mutex::new(Before::default()));
        world.site.lock().unwrap().watch = Some(Box::new(move |landed| {
            if landed {
                watcher.landed(&before.lock().unwrap());
            } else {
                *before.lock().unwrap() = watcher.as_it_is();
            }
        }));
        Self {
            world,
            people,
            backup: None,
            unticked: BTreeSet::new(),
            choices: BTreeMap::new(),
            disturbed: false,
            last: None,
            undoes: history.steps.iter().any(|step| matches!(step, Step::Undo(_))),
            denied: BTreeSet::new(),
            refused: false,
            blind: false,
            went_back: false,
            lied: false,
            leases,
            goes_back: history.steps.contains(&Step::GoBack),
            standing: BTreeMap::new(),
            runs: 0,
            talk,
            played: Played::default(),
        }
    }

    fn account(&self, who: Who) -> Account {
        let mut account = self.people.persons[usize::from(who)].account.clone();
        if self.unticked.contains(&who) {
            let own = self.world.mail.calendar_id(&account.address, "Calendar").unwrap();
            account.import_meetings = Folders::Selected(vec![own]);
        }
        if let Some(choices) = self.choices.get(&who) {
            choices.apply(&mut account, &self.people, who);
        }
        account
    }

    fn step(&mut self, step: &Step) {
        self.say(&format!("{} {step}", self.world.now().format("%d %H:%M")));
        self.played.met.step(step);
        if !matches!(step, Step::Run(..) | Step::Undo(_) | Step::Pass(_)) {
            self.last = None;
        }
        match step {
            Step::Deed(deed) => self.people.act(deed),
            Step::Pass(minutes) => self.world.pass(*minutes),
            Step::Run(who, direction, troubles) => self.run(*who, *direction, troubles),
            Step::Backup => self.back_up(),
            Step::GoBack => self.go_back(),
            Step::Rights(given) => self.rights(*given),
            Step::Mailbox(who, answers) => self.mailbox(*who, *answers),
            Step::Ticked(who, ticked) => {
                if *ticked {
                    self.unticked.remove(who);
                } else {
                    self.unticked.insert(*who);
                }
            }
            Step::Forget(kind) => {
                self.world.graph_knobs(json!({ "delta_dead_token": kind }));
                self.world.graph_edit(json!({"action": "expire-delta-tokens"}));
            }
            Step::Clock(side, minutes) => self.knobs(*side, json!({ "skew_ms": minutes * 60_000 })),
            Step::Knobs(side, values) => self.knobs(*side, serde_json::from_str(values).unwrap()),
            Step::SignedOut => {
                self.world.creatio_edit(json!({"action": "expire-tokens"}));
                self.world.graph_edit(json!({"action": "expire-tokens"}));
            }
            Step::Choose(who, choice) => self.choices.entry(*who).or_default().change(choice),
            Step::Undo(who) => self.undo(*who),
            Step::ForgetAccount(who, items, cut) => self.forget(*who, *items, *cut),
        }
    }

    fn knobs(&self, side: SideId, values: Value) {
        match side {
            SideId::Creatio => self.world.creatio_knobs(values),
            SideId::Mailbox => self.world.graph_knobs(values),
        }
    }

    fn rights(&mut self, given: bool) {
        let action = if given { "grant" } else { "revoke" };
        self.world.creatio_edit(json!({"action": action, "user": "sync"}));
        self.refused |= !given;
        self.blind = !given;
    }

    fn mailbox(&mut self, who: Who, answers: bool) {
        if answers {
            self.denied.remove(&who);
        } else {
            self.denied.insert(who);
        }
        let denied: Vec<&str> = self.denied.iter().map(|who| self.people.mailbox(*who)).collect();
        self.world.graph_knobs(json!({ "denied_mailboxes": denied }));
        self.refused |= !answers;
    }
}
