//! Plays a history, lets the world come to rest, and has it checked.

use crate::check;
use crate::ledger::Ledger;
use crate::people::{People, SECOND};
use crate::step::{Step, Trouble};
use guest::capability::{Directive, Level, Progress};
use guest::run::{Direction, RunError};
use guest::settings::{Account, Budget, Folders, Options};
use host_runner::store::MemoryStore;
use scenarios::engine::Engine;
use scenarios::switch::Cut;
use scenarios::transport::Interlude;
use scenarios::world::{EUGENE, Runner};
use scenarios::{Ran, World};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};

/// Minutes between the syncs in which a world comes to rest: some far enough apart for what failed often, and one for what
/// is looked at once a week.
const REST: [u64; 11] = [70, 70, 1500, 70, 10_200, 70, 1500, 70, 70, 70, 70];
/// So many of them every world is given.
const LEAST: usize = 6;

/// A world that is being played.
struct Play {
    world: World,
    people: People,
    backup: Option<MemoryStore>,
    ticked: bool,
    /// Something was taken away that makes runs fail.
    refused: bool,
    /// The storage went back, and what it counted with it.
    went_back: bool,
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
    keeps: bool,
}

/// Where a replayed world tells what happens.
pub type Talk = Arc<Mutex<String>>;

/// Plays a history; gives what was wrong, nothing if all is well.
#[must_use]
pub fn play(steps: &[Step], talk: Option<Talk>) -> Vec<String> {
    perform(Engine::Native, steps, talk, false).faults
}

/// Plays a history with an engine; keeps its runs if told so.
#[must_use]
pub fn perform(engine: Engine, steps: &[Step], talk: Option<Talk>, keeps: bool) -> Played {
    let (steps, shared) = (steps.to_vec(), talk.clone());
    let played = std::panic::catch_unwind(move || {
        let mut play = Play::new(shared);
        play.world.engine = engine;
        play.played.keeps = keeps;
        for step in &steps {
            play.step(step);
        }
        play.rest();
        play.played
    });
    played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Played { faults: vec![format!("panic: {}", text.unwrap_or_default())], ..Played::default() }
    })
}

impl Play {
    fn new(talk: Option<Talk>) -> Self {
        let world = World::empty();
        world.calendar(SECOND);
        let people = People {
            creatio: world.creatio.clone(),
            graph: world.graph.clone(),
            clock: world.clock.clone(),
            contact: world.eugene.contact,
            ledger: Arc::new(Mutex::new(Ledger::default())),
        };
        Self {
            world,
            people,
            backup: None,
            ticked: true,
            refused: false,
            went_back: false,
            runs: 0,
            talk,
            played: Played::default(),
        }
    }

    fn account(&self) -> Account {
        let mut account = self.world.account();
        if !self.ticked {
            let own = self.world.graph.with(|graph| graph.calendar_id(EUGENE, "Calendar")).unwrap();
            account.import_meetings = Folders::Selected(vec![own]);
        }
        account
    }

    fn say(&self, text: &str) {
        if let Some(talk) = &self.talk {
            let mut talk = talk.lock().unwrap();
            talk.push_str(text);
            talk.push('\n');
        }
    }

    fn step(&mut self, step: &Step) {
        self.say(&format!("{} {step}", self.world.now().format("%d %H:%M")));
        match step {
            Step::Deed(deed) => self.people.act(deed),
            Step::Pass(minutes) => self.world.pass(*minutes),
            Step::Run(direction, troubles) => self.run(*direction, troubles),
            Step::Backup => self.backup = Some((*self.world.store).clone()),
            Step::GoBack => {
                if let Some(backup) = self.backup.clone() {
                    self.world.store = Arc::new(backup);
                    self.went_back = true;
                }
            }
            Step::Rights(given) => self.rights(*given),
            Step::Mailbox(answers) => self.mailbox(*answers),
            Step::Ticked(ticked) => self.ticked = *ticked,
            Step::Forget(kind) => {
                self.world.graph_knobs(json!({ "delta_dead_token": kind }));
                self.world.graph_edit(json!({"action": "expire-delta-tokens"}));
            }
        }
    }

    fn rights(&mut self, given: bool) {
        let action = if given { "grant" } else { "revoke" };
        self.world.creatio_edit(json!({"action": action, "user": "sync"}));
        self.refused |= !given;
    }

    fn mailbox(&mut self, answers: bool) {
        let denied: &[&str] = if answers { &[] } else { &[EUGENE] };
        self.world.graph_knobs(json!({ "denied_mailboxes": denied }));
        self.refused |= !answers;
    }

    fn run(&mut self, direction: Direction, troubles: &[Trouble]) {
        let mut cut = Cut::Never;
        let mut beside = None;
        for trouble in troubles {
            match trouble {
                Trouble::Power(fate) => cut = *fate,
                Trouble::Fault(fault) => self.world.fault(serde_json::from_str(fault).unwrap()),
                Trouble::Meanwhile(text, deed) => {
                    let (text, deed, people) = (*text, deed.clone(), self.people.clone());
                    *self.world.interlude.lock().unwrap() = Some(Interlude {
                        before: Box::new(move |request| {
                            request.method == text || String::from_utf8_lossy(&request.body).contains(text)
                        }),
                        happens: Box::new(move || people.act(&deed)),
                    });
                }
                Trouble::Beside(step) => beside = Some(*step),
            }
        }
        let ran = self.ran(direction, cut, beside);
        let expected = match &ran.report {
            Ok(_) => true,
            Err(RunError::Host(_) | RunError::State(_)) => false,
            Err(RunError::Settings(_)) => self.refused,
            Err(RunError::Storage(_)) => self.world.switch.dead(),
            Err(RunError::Superseded) => beside.is_some() || self.went_back,
            Err(RunError::SignIn(..) | RunError::Unavailable(..)) => self.refused || !troubles.is_empty(),
        };
        if !expected {
            self.played.faults.push(format!("a run failed: {:?}", ran.report));
        }
        self.world.switch.arm(Cut::Never);
        self.world.site.lock().unwrap().faults.clear();
        *self.world.interlude.lock().unwrap() = None;
    }

    /// Runs, and keeps what was told.
    fn ran(&mut self, direction: Direction, cut: Cut, beside: Option<u32>) -> Ran {
        self.runs += 1;
        let (world, account) = (&self.world, self.account());
        world.switch.arm(cut);
        world.site.lock().unwrap().log.clear();
        let options = |suffix: &str| Options {
            run: format!("run-{}{suffix}", self.runs),
            dry_run: false,
            only: None,
            budget: Budget::default(),
        };
        let second = Second {
            runner: world.runner(),
            account: account.clone(),
            options: options("b"),
            at: beside,
            steps: Cell::new(0),
            ran: RefCell::new(None),
        };
        let ran = world.runner().run(account, direction, &options(""), &second);
        for (which, ran) in [("second", second.ran.into_inner().as_ref()), ("run", Some(&ran))] {
            let Some(ran) = ran else { continue };
            self.tell(which, ran);
            self.people.ledger.lock().unwrap().entries.extend(ran.entries.iter().cloned());
            if self.played.keeps {
                self.played.runs.push(ran.clone());
            }
        }
        ran
    }

    fn tell(&self, which: &str, ran: &Ran) {
        let ending = ran.report.as_ref().map(|report| (report.ending, &report.warnings));
        self.say(&format!("    {which}: {ending:?}, {} writes, {} commits", ran.writes(), ran.commits));
        for entry in &ran.entries {
            self.say(&format!(
                "      {} {} {} {:?} {} {}",
                entry.outcome.code(),
                entry.action.code(),
                entry.target.code(),
                entry.title,
                entry.reason.code(),
                entry.detail
            ));
            for unit in &entry.units {
                self.say(&format!("          {}: {:?} -> {:?}", unit.unit.code(), unit.before, unit.after));
            }
        }
        if self.talk.is_some() {
            for (line, entry) in ran.requests.iter().zip(&ran.log) {
                self.say(&format!("        {}", line.chars().take(110).collect::<String>()));
                for part in entry.parts.iter().filter(|part| part.method != "GET") {
                    let url: String = part.url.chars().take(90).collect();
                    self.say(&format!("            {:?} {} {url}", part.status, part.method));
                }
            }
        }
    }

    /// Faults off, rights back, and syncs until nothing moves any more.
    fn rest(&mut self) {
        self.say("-- everything is well again");
        self.rights(true);
        self.mailbox(true);
        self.ticked = true;
        let mut quiet = 0;
        for (made, minutes) in REST.into_iter().enumerate() {
            if made >= LEAST && quiet >= 2 {
                break;
            }
            self.world.pass(minutes);
            self.say(&format!("{} RUN", self.world.now().format("%d %H:%M")));
            let ran = self.ran(Direction::Reconcile, Cut::Never, None);
            if ran.report.is_err() {
                self.played.faults.push(format!("a run in a world that is well failed: {:?}", ran.report));
                return;
            }
            quiet = if ran.writes() == 0 && ran.entries.is_empty() { quiet + 1 } else { 0 };
        }
        if quiet < 2 {
            self.played.faults.push("it does not come to rest".into());
        }
        check::world(&self.people, self.went_back, &mut self.played.faults);
        self.say(&check::show(&self.people));
    }
}

/// A second run of the same account, which begins while the first one is going on.
struct Second {
    runner: Runner,
    account: Account,
    options: Options,
    at: Option<u32>,
    steps: Cell<u32>,
    ran: RefCell<Option<Ran>>,
}

impl Progress for Second {
    fn step(&self, _: &str, _: u64, _: Option<u64>) -> Directive {
        if self.at == Some(self.steps.replace(self.steps.get() + 1)) {
            let account = self.account.clone();
            let ran = self.runner.run(account, Direction::Reconcile, &self.options, &scenarios::native::Unwatched);
            *self.ran.borrow_mut() = Some(ran);
        }
        Directive::Proceed
    }

    fn note(&self, _: Level, _: &str) {}
}
