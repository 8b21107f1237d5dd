//! Plays a history, lets the world come to rest, and has it checked.

use crate::audit;
use crate::check;
use crate::choice::Choices;
use crate::history::History;
use crate::isolation;
use crate::landing::Before;
use crate::ledger::Ledger;
use crate::met::{self, Met};
use crate::people::{People, Person, SECOND};
use crate::step::{self, Step, Trouble, Who};
use chrono::{DateTime, TimeDelta, Utc};
use emulators::creatio::NewUser;
use guest::activity::SideId;
use guest::capability::{Directive, Level, Progress};
use guest::run::{Direction, RunError};
use guest::settings::{Account, Budget, Folders, Options};
use scenarios::engine::Engine;
use scenarios::native::{Pause, Unwatched};
use scenarios::switch::Cut;
use scenarios::transport::Interlude;
use scenarios::world::Runner;
use scenarios::{Ran, World};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

mod aside;
mod backup;

use aside::Last;
use backup::Backup;

/// Minutes between the syncs in which a world comes to rest: some far enough apart for what failed often, and one for what
/// is looked at once a week.
const REST: [u64; 11] = [70, 70, 1500, 70, 10_200, 70, 1500, 70, 70, 70, 70];
/// So many of them every world is given.
const LEAST: usize = 6;

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

/// What befalls a run, apart from what befalls its requests.
struct Course {
    cut: Cut,
    /// Whose run begins beside it, at which step.
    beside: Option<(Who, u32)>,
    /// Before which sending the host stands still, for how many minutes, and whether another host tries meanwhile.
    pause: Option<(u32, u64, bool)>,
    /// What it may cost.
    budget: Budget,
}

impl Default for Course {
    fn default() -> Self {
        Self { cut: Cut::Never, beside: None, pause: None, budget: Budget::default() }
    }
}

/// How long the lease of a run that died stands at least, and how long until another can begin at the latest.
const SHORTEST: TimeDelta = TimeDelta::seconds(160);
const LONGEST: TimeDelta = TimeDelta::seconds(180);
/// The mailbox of the third account.
const BORIS: &str = "b.petrov@mycompany.com";

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
    fn new(history: &History, talk: Option<Talk>) -> Self {
        let (accounts, leases) = (history.accounts, history.leases);
        let world = World::empty();
        let mut persons = persons(&world, accounts);
        if history.steps.iter().any(aside::of_tasks) {
            persons.iter_mut().for_each(|person| person.account.import_tasks = Folders::All);
        }
        let people = People {
            creatio: world.creatio.clone(),
            graph: world.graph.clone(),
            clock: world.clock.clone(),
            persons: persons.into(),
            ledger: Arc::new(Mutex::new(Ledger::default())),
        };
        let (watcher, before) = (people.clone(), Mutex::new(Before::new()));
        world.site.lock().unwrap().watch = Some(Box::new(move |landed| {
            if landed {
                watcher.landed(&before.lock().unwrap());
            } else {
                *before.lock().unwrap() = watcher.creatio_now();
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
            standing: BTreeMap::new(),
            runs: 0,
            talk,
            played: Played::default(),
        }
    }

    fn account(&self, who: Who) -> Account {
        let mut account = self.people.persons[usize::from(who)].account.clone();
        if self.unticked.contains(&who) {
            let own = self.world.graph.with(|graph| graph.calendar_id(&account.address, "Calendar")).unwrap();
            account.import_meetings = Folders::Selected(vec![own]);
        }
        if let Some(choices) = self.choices.get(&who) {
            choices.apply(&mut account, &self.people, who);
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

    fn run(&mut self, who: Who, direction: Direction, troubles: &[Trouble]) {
        let mut course = Course::default();
        let mut storage = false;
        for trouble in troubles {
            match trouble {
                Trouble::Power(fate) => course.cut = *fate,
                Trouble::Fault(fault) => {
                    let fault: Value = serde_json::from_str(fault).unwrap();
                    self.lied |= fault["effect"]["kind"] == "page";
                    // The host remembers for a while that a sign-in was refused.
                    self.refused |= fault["effect"]["status"] == 401;
                    self.world.fault(fault);
                }
                Trouble::Meanwhile(text, deed) => {
                    let (text, deed, people) = (text.clone(), deed.clone(), self.people.clone());
                    *self.world.interlude.lock().unwrap() = Some(Interlude {
                        before: Box::new(move |request| {
                            request.method == text || String::from_utf8_lossy(&request.body).contains(&text)
                        }),
                        happens: Box::new(move || {
                            people.ledger.lock().unwrap().during = true;
                            people.act(&deed);
                            people.ledger.lock().unwrap().during = false;
                        }),
                    });
                }
                Trouble::Beside(other, step) => course.beside = Some((*other, *step)),
                Trouble::Pause { before, minutes, another } => course.pause = Some((*before, *minutes, *another)),
                Trouble::Storage(fault) => {
                    self.world.storage.add(*fault);
                    storage = true;
                }
                Trouble::Time(most) => course.budget.time = Some(*most),
            }
        }
        let beside = course.beside.is_some_and(|(other, _)| other == who);
        let paused = course.pause.is_some();
        let cut = course.cut;
        self.disturbed |= !troubles.is_empty();
        let before = self.undoes.then(|| aside::everything(&self.people));
        let left_out = self.left_out(who);
        if let Some(ran) = self.ran(who, direction, course) {
            self.judge_left_out(&left_out, &ran);
            let calm = troubles.is_empty() && ran.report.is_ok();
            if calm && direction == Direction::Reconcile {
                self.people.ledger.lock().unwrap().strangers = false;
            }
            self.last = before.filter(|_| calm).map(|before| Last { who, before });
            let expected = match &ran.report {
                Ok(_) => true,
                Err(RunError::Host(_)) => false,
                // Again and again somebody else is said to have been faster.
                Err(RunError::State(_)) => storage,
                Err(RunError::Settings(_)) => self.refused,
                Err(RunError::Storage(_)) => self.world.switch.dead() || storage,
                Err(RunError::Superseded) => beside || paused || storage,
                Err(RunError::SignIn(..) | RunError::Unavailable(..)) => self.refused || !troubles.is_empty(),
            };
            if !expected {
                self.played.faults.push(format!("a run failed: {:?}", ran.report));
            }
            // Each run signs in on both sides: from here on nothing is refused any more that was not taken away since.
            if ran.report.is_ok() && self.people.persons.len() == 1 {
                self.refused = self.blind || !self.denied.is_empty();
            }
        }
        self.met(cut, troubles);
        self.world.switch.arm(Cut::Never);
        self.world.site.lock().unwrap().faults.clear();
        self.world.storage.clear();
        *self.world.interlude.lock().unwrap() = None;
    }

    /// Which of the troubles that waited for a run it met.
    fn met(&mut self, cut: Cut, troubles: &[Trouble]) {
        let met = &mut self.played.met;
        if self.world.switch.dead() {
            met.add(if matches!(cut, Cut::Before(_)) { met::CRASH_BEFORE } else { met::CRASH_AFTER });
        }
        met.faults(self.world.site.lock().unwrap().faults.met());
        met.storage(&self.world.storage.met());
        let waits = troubles.iter().any(|trouble| matches!(trouble, Trouble::Meanwhile(..)));
        if waits && self.world.interlude.lock().unwrap().is_none() {
            met.add(met::MEANWHILE);
        }
    }

    /// Runs, and keeps what was told. None where another run has the account's lease.
    fn ran(&mut self, who: Who, direction: Direction, course: Course) -> Option<Ran> {
        self.runs += 1;
        let account = self.account(who);
        let (world, leases) = (&self.world, self.leases);
        world.switch.arm(course.cut);
        world.site.lock().unwrap().log.clear();
        let options = |suffix: &str| Options {
            run: format!("run-{}{suffix}", self.runs),
            dry_run: false,
            only: None,
            budget: course.budget,
        };
        let other = course.beside.map_or(who, |(other, _)| other);
        let second = Second {
            runner: world.runner(),
            leases,
            account: self.account(other),
            options: options("b"),
            at: course.beside.map(|(_, step)| step),
            steps: Cell::new(0),
            ran: RefCell::new(None),
        };
        let pause = course.pause.filter(|_| leases).map(|(before, minutes, another)| {
            let host = Standstill { runner: world.another_host(), account: account.clone(), options: options("c") };
            host.pause(before, minutes, another)
        });
        let (pause, stood) = pause.unzip();
        let begun = world.now();
        let ran = if leases {
            world.runner().leased(account, direction, &options(""), &second, pause)
        } else {
            Some(world.runner().run(account, direction, &options(""), &second))
        };
        let (beside, stood) = (second.ran.into_inner(), stood.and_then(|stood| stood.take()));
        if beside.is_some() {
            self.played.met.add(met::BESIDE);
        }
        if stood.is_some() {
            self.played.met.add(met::STILL);
        }
        if self.unticked.contains(&who) {
            self.played.met.add(met::UNTICKED);
        }
        if let (Some(first), Some(Some(second)), Some((of, step))) = (&ran, &beside, course.beside)
            && of == who
        {
            audit::beside(first, step, second, &mut self.played.faults);
        }
        self.judge_leases(who, begun, &ran, (other, &beside), &stood);
        if let (None, None, Some(ran)) = (&beside, &stood, &ran) {
            let strayed = strayed(ran, self.people.mailbox(who));
            self.played.faults.extend(strayed);
        }
        let another = stood.and_then(|stood| stood.ran);
        let all = [("beside", other, beside.flatten()), ("another host", who, another)];
        for (which, who, ran) in all.iter().map(|(which, who, ran)| (*which, *who, ran)).chain([("run", who, &ran)]) {
            let Some(ran) = ran else { continue };
            self.tell(which, ran);
            audit::run(&self.people, self.went_back, ran, &mut self.played.faults);
            self.people.ledger.lock().unwrap().learn(who, self.world.now(), &ran.entries);
            if self.played.keeps {
                self.played.runs.push(ran.clone());
            }
        }
        if ran.is_none() {
            self.say("    another run has the account's lease");
        }
        ran
    }

    /// Runs got their leases, and were refused them, when they should; one that had lost its lease did nothing more.
    fn judge_leases(
        &mut self,
        who: Who,
        begun: DateTime<Utc>,
        ran: &Option<Ran>,
        (other, beside): (Who, &Option<Option<Ran>>),
        stood: &Option<Stood>,
    ) {
        if !self.leases {
            return;
        }
        let standing = self.standing.get(&who).map(|died| begun - *died);
        if ran.is_none() && standing.is_none_or(|since| since >= LONGEST) {
            self.played
                .faults
                .push(format!("a run was refused though no other has the account of {}", step::name(who)));
        }
        if ran.is_some() && standing.is_some_and(|since| since < SHORTEST) {
            self.played.faults.push(format!("a run began though the lease of {} still stands", step::name(who)));
        }
        if let Some(Some(_)) = beside
            && other == who
        {
            self.played.faults.push("a second run began beside the first one".into());
        }
        if let Some(stood) = stood
            && stood.tried
        {
            if stood.ran.is_some() != (stood.minutes >= 3) && !self.world.switch.dead() {
                let what = if stood.ran.is_some() { "was not kept" } else { "was kept for ever" };
                self.played.faults.push(format!("the lease of a host that stood still {what}"));
            }
            let requests = self.world.site.lock().unwrap().log.work();
            if stood.ran.is_some() && requests > stood.requests {
                self.played.faults.push("a run that had lost its lease went on".into());
            }
        }
        if self.world.switch.dead() {
            self.standing.insert(who, self.world.now());
            if matches!(beside, Some(Some(_))) {
                self.standing.insert(other, self.world.now());
            }
        } else if ran.is_some() {
            self.standing.remove(&who);
        }
    }

    fn tell(&self, which: &str, ran: &Ran) {
        if self.talk.is_none() {
            return;
        }
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
        for (line, entry) in ran.requests.iter().zip(&ran.log) {
            self.say(&format!("        {}", line.chars().take(110).collect::<String>()));
            for part in entry.parts.iter().filter(|part| part.method != "GET") {
                let url: String = part.url.chars().take(90).collect();
                self.say(&format!("            {:?} {} {url}", part.status, part.method));
            }
        }
    }

    /// Lets an item and a calendar fail in a world at rest.
    fn isolation(&mut self) {
        let Some((items, faults)) = isolation::provoke(&self.people) else { return };
        self.world.pass(20);
        faults.into_iter().for_each(|fault| self.world.fault(fault));
        self.ran(0, Direction::Reconcile, Course::default());
        self.world.site.lock().unwrap().faults.clear();
        isolation::check(&self.people, &items, &mut self.played.faults);
    }

    /// Faults off, rights back, and syncs until nothing moves any more.
    fn rest(&mut self) {
        self.say("-- everything is well again");
        self.rights(true);
        for who in self.people.accounts() {
            self.mailbox(who, true);
        }
        self.unticked.clear();
        self.choices.clear();
        self.people.show_all();
        if self.lied {
            // What Graph never showed is allowed to be late: it comes when the feed is read anew, as each is some day.
            self.world.graph_edit(json!({"action": "expire-delta-tokens"}));
        }
        let mut quiet = 0;
        for (made, minutes) in REST.into_iter().enumerate() {
            if made >= LEAST && quiet >= 2 {
                break;
            }
            self.world.pass(minutes);
            quiet += 1;
            for who in self.people.accounts() {
                self.say(&format!("{} RUN of {}", self.world.now().format("%d %H:%M"), step::name(who)));
                let Some(ran) = self.ran(who, Direction::Reconcile, Course::default()) else { return };
                if ran.report.is_err() {
                    self.played.faults.push(format!("a run in a world that is well failed: {:?}", ran.report));
                    return;
                }
                if ran.writes() > 0 || !ran.entries.is_empty() {
                    quiet = 0;
                }
            }
        }
        if quiet < 2 {
            self.played.faults.push("it does not come to rest".into());
        }
        check::world(&self.people, self.went_back, &mut self.played.faults);
        self.isolation();
        if self.talk.is_some() {
            self.say(&check::show(&self.people));
        }
    }
}

/// Users with accounts, each with a second calendar.
fn persons(world: &World, number: Who) -> Vec<Person> {
    let zone = "Russian Standard Time";
    let third = |world: &World| {
        let (login, name) = ("b.petrov", "Борис Петров");
        let user = NewUser { login, password: "secret", name, mail: BORIS, zone: "Europe/Moscow", admin: false };
        let ids = world.creatio.with(|creatio| creatio.add_user(&user, world.now()));
        world.graph.with(|graph| graph.add_mailbox(BORIS, name, zone));
        let account = Account { id: BORIS.into(), address: BORIS.into(), user: login.into(), ..world.account() };
        Person { contact: ids.contact, account }
    };
    let mut persons = vec![Person { contact: world.eugene.contact, account: world.account() }];
    if number > 1 {
        persons.push(Person { contact: world.anna.contact, account: world.annas_account() });
    }
    if number > 2 {
        persons.push(third(world));
    }
    for person in &persons {
        world.graph.with(|graph| graph.add_calendar(&person.account.address, SECOND, true, None)).unwrap();
    }
    persons
}

/// Requests of a run that are about another mailbox than its account's.
fn strayed(ran: &Ran, mailbox: &str) -> Vec<String> {
    let about = |url: &str| url.split_once("/users/").map(|(_, rest)| rest.to_ascii_lowercase().replace("%40", "@"));
    ran.log
        .iter()
        .flat_map(|entry| entry.parts.iter().map(|part| &part.url).chain([&entry.path]))
        .filter(|url| about(url).is_some_and(|rest| !rest.starts_with(mailbox)))
        .map(|url| format!("a run for {mailbox} asked for {url}"))
        .collect()
}

/// A run that begins while another one is going on.
struct Second {
    runner: Runner,
    leases: bool,
    account: Account,
    options: Options,
    at: Option<u32>,
    steps: Cell<u32>,
    ran: RefCell<Option<Option<Ran>>>,
}

impl Progress for Second {
    fn step(&self, _: &str, _: u64, _: Option<u64>) -> Directive {
        if self.at == Some(self.steps.replace(self.steps.get() + 1)) {
            let (account, direction) = (self.account.clone(), Direction::Reconcile);
            let ran = if self.leases {
                self.runner.leased(account, direction, &self.options, &Unwatched, None)
            } else {
                Some(self.runner.run(account, direction, &self.options, &Unwatched))
            };
            *self.ran.borrow_mut() = Some(ran);
        }
        Directive::Proceed
    }

    fn note(&self, _: Level, _: &str) {}
}

/// Another host with the same store, while the first one stands still.
struct Standstill {
    runner: Runner,
    account: Account,
    options: Options,
}

/// What came of it.
struct Stood {
    minutes: u64,
    /// The other host tried to run.
    tried: bool,
    ran: Option<Ran>,
    /// Requests until the first host woke up.
    requests: usize,
}

impl Standstill {
    fn pause(self, before: u32, minutes: u64, another: bool) -> (Pause, Rc<Cell<Option<Stood>>>) {
        let stood = Rc::new(Cell::new(None));
        let kept = Rc::clone(&stood);
        let happens = Box::new(move || {
            self.runner.pass(minutes);
            let run =
                || self.runner.leased(self.account.clone(), Direction::Reconcile, &self.options, &Unwatched, None);
            let ran = if another { run() } else { None };
            kept.set(Some(Stood { minutes, tried: another, ran, requests: self.runner.requests() }));
        });
        (Pause { before, happens }, stood)
    }
}
