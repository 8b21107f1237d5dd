//! Histories: what happens in the world of a seed.

use crate::dice::Dice;
use crate::hardship;
use crate::provoke;
use crate::step::{Deed, Place, Step, Trouble, Who};
use guest::activity::{SideId, Unit};
use guest::run::Direction;
use scenarios::mail::Server;
use scenarios::switch::Cut;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

/// Units that people change.
const UNITS: [Unit; 6] = [Unit::Title, Unit::When, Unit::Place, Unit::Body, Unit::Reminder, Unit::Priority];
/// One world of so many is a large one, where both sizes are played.
const RARE: u64 = 20;
/// So many worlds in a hundred come to rest the long way.
const LONG: u64 = 5;
/// In so many small ones in a hundred tasks are exported, and their lists read: there are none in them.
const TASKS: u64 = 10;

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Size {
    /// One account, up to twenty items.
    Small,
    /// Up to three accounts and up to 120 items.
    Large,
    /// Mostly small ones.
    #[default]
    Mixed,
    /// One account with tasks and groups, whose settings change, whose runs are undone, and which is forgotten.
    Changing,
}

impl Size {
    /// The size of the world of a seed.
    #[must_use]
    pub const fn of(self, seed: u64) -> Self {
        match self {
            Self::Mixed if seed % RARE == RARE - 1 => Self::Large,
            Self::Mixed => Self::Small,
            size => size,
        }
    }
}

/// How a world comes to rest when everything is well again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rest {
    /// With several syncs at each distance, and a trial of what an item and a calendar that fail keep from arriving.
    #[default]
    Long,
    /// With a sync soon, one a week later and one on the day after that, and more only if something still moves.
    Short,
}

/// A world's history: played again, it is the same world again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct History {
    /// How many accounts there are.
    pub accounts: Who,
    /// The host knows leases, as ours does; others may not.
    pub leases: bool,
    /// What serves the mailboxes.
    #[serde(default)]
    pub mailbox: Server,
    /// Its accounts export tasks, and so read the task lists as well.
    #[serde(default = "yes")]
    pub tasks: bool,
    /// How it comes to rest.
    #[serde(default)]
    pub rest: Rest,
    /// What happens.
    pub steps: Vec<Step>,
}

const fn yes() -> bool {
    true
}

impl History {
    /// As a file to be replayed, a step a line.
    #[must_use]
    pub fn text(&self) -> String {
        let steps: Vec<String> = self.steps.iter().map(|step| serde_json::to_string(step).unwrap()).collect();
        let Self { accounts, leases, mailbox, tasks, rest, .. } = self;
        let (mailbox, rest) = (serde_json::to_string(mailbox).unwrap(), serde_json::to_string(rest).unwrap());
        let steps = steps.join(",\n");
        format!(
            "{{\"accounts\": {accounts}, \"leases\": {leases}, \"mailbox\": {mailbox}, \"tasks\": {tasks}, \"rest\": {rest}, \
             \"steps\": [\n{steps}\n]}}\n"
        )
    }

    /// The same with the mailboxes served by this one.
    #[must_use]
    pub fn on(self, mailbox: Server) -> Self {
        Self { mailbox, ..self }
    }

    /// From such a file.
    #[must_use]
    pub fn read(file: &Path) -> Self {
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    }
}

/// What a history may contain.
struct Mood {
    accounts: Who,
    most: usize,
    crashes: bool,
    faults: bool,
    races: bool,
    restores: bool,
    rights: bool,
    calendars: bool,
    deletions: bool,
    guests: bool,
    together: bool,
    leases: bool,
}

/// A history in the making.
struct Making {
    dice: Dice,
    mood: Mood,
    /// Whose each item is.
    homes: Vec<Who>,
    numbers: u32,
    steps: Vec<Step>,
}

/// The history of a seed, on Graph.
#[must_use]
pub fn of(seed: u64, size: Size) -> History {
    if size == Size::Changing {
        return crate::changing::of(seed);
    }
    let mut dice = Dice::new(seed);
    let large = size.of(seed) == Size::Large;
    let accounts = if large { 1 + Who::try_from(dice.below(3)).unwrap() } else { 1 };
    let mood = Mood {
        accounts,
        most: if large { 120 } else { 20 },
        crashes: dice.chance(50),
        faults: dice.chance(50),
        races: dice.chance(40),
        restores: dice.chance(15),
        rights: dice.chance(20),
        calendars: dice.chance(20),
        deletions: dice.chance(60),
        guests: dice.chance(20),
        together: accounts > 1 && dice.chance(80),
        leases: dice.chance(60),
    };
    let leases = mood.leases;
    let mut making = Making { dice, mood, homes: Vec::new(), numbers: 0, steps: Vec::new() };
    let (first, steps) = if large {
        (5 + making.dice.below(50), 8 + making.dice.below(32))
    } else {
        (1 + making.dice.below(4), making.few())
    };
    for _ in 0..first {
        let deed = making.create();
        making.steps.push(Step::Deed(deed));
    }
    for _ in 0..steps {
        making.step(large);
    }
    let mut steps = making.steps;
    provoke::befall(seed, accounts, &mut steps);
    hardship::befall(seed, accounts, &mut steps);
    provoke::rarely(seed, accounts, &mut steps);
    let mut dice = Dice::new(seed ^ 0x7265_7374);
    let rest = if dice.chance(LONG) { Rest::Long } else { Rest::Short };
    let tasks = large || dice.chance(TASKS);
    History { accounts, leases, mailbox: Server::Graph, tasks, rest, steps }
}

impl Making {
    /// How many steps a small world has besides what befalls it. Most that goes wrong does within a few; some need many.
    fn few(&mut self) -> u64 {
        if self.dice.chance(7) { 8 + self.dice.below(14) } else { 1 + self.dice.below(5) }
    }

    fn who(&mut self) -> Who {
        Who::try_from(self.dice.below(u64::from(self.mood.accounts))).unwrap()
    }

    /// An item, and somebody who is likely to have it.
    fn item(&mut self) -> (u32, Who) {
        let item = self.dice.below(self.homes.len() as u64);
        let home = self.homes[usize::try_from(item).unwrap()];
        (u32::try_from(item).unwrap(), if self.dice.chance(70) { home } else { self.who() })
    }

    fn others(&mut self, who: Who) -> Vec<Who> {
        if !self.mood.together || !self.dice.chance(40) {
            return Vec::new();
        }
        let others: Vec<Who> = (0..self.mood.accounts).filter(|other| *other != who).collect();
        if self.dice.chance(50) { others } else { vec![self.dice.pick(&others)] }
    }

    fn step(&mut self, large: bool) {
        match self.dice.below(100) {
            0..=9 if self.homes.len() < self.mood.most => {
                // In a large world they come in swarms.
                for _ in 0..if large { 1 + self.dice.below(12) } else { 1 } {
                    if self.homes.len() < self.mood.most {
                        let deed = self.create();
                        self.steps.push(Step::Deed(deed));
                    }
                }
            }
            0..=44 => {
                for _ in 0..if large { 1 + self.dice.below(4) } else { 1 } {
                    let deed = self.deed();
                    self.steps.push(Step::Deed(deed));
                }
            }
            45..=54 => {
                let minutes = self.dice.pick(&[1, 5, 20, 70, 300]);
                self.steps.push(Step::Pass(minutes));
            }
            55..=89 => self.run(),
            _ => {
                let weather = self.weather();
                self.steps.extend(weather);
            }
        }
    }

    fn run(&mut self) {
        let who = self.who();
        let direction = match self.dice.below(10) {
            0 => Direction::Import,
            1 => Direction::Export,
            _ => Direction::Reconcile,
        };
        let mut troubles = Vec::new();
        while self.dice.chance(35) && troubles.len() < 2 {
            troubles.extend(self.trouble(who));
        }
        self.steps.push(Step::Run(who, direction, troubles));
    }

    fn create(&mut self) -> Deed {
        let item = u32::try_from(self.homes.len()).unwrap();
        let who = self.who();
        self.homes.push(who);
        match self.dice.below(10) {
            // A side that shows nothing when the same meeting is on both is still taken at its word: not in these worlds yet.
            0 if !self.mood.faults && !self.mood.rights => Deed::CreateBoth { who, item },
            1..=4 => {
                let with = self.others(who);
                Deed::Create { side: SideId::Creatio, who, item, projects: false, guests: false, with }
            }
            5 if self.mood.guests => {
                let mut with = self.others(who);
                with.insert(0, who);
                Deed::Invite { item, with }
            }
            _ => Deed::Create {
                side: SideId::Mailbox,
                who,
                item,
                projects: self.dice.chance(30),
                guests: self.mood.guests && self.dice.chance(40),
                with: self.others(who),
            },
        }
    }

    fn deed(&mut self) -> Deed {
        let (item, who) = self.item();
        let at = if self.dice.chance(50) { Place::Creatio } else { Place::Mailbox(who) };
        match self.dice.below(20) {
            0..=1 if self.mood.deletions => Deed::Delete { at, item },
            2 if self.mood.deletions => Deed::Restore { who, item },
            3..=4 => Deed::Move { who, item, projects: self.dice.chance(50) },
            5 if self.mood.accounts > 1 => Deed::HandOver { item, to: self.who() },
            6 if self.mood.accounts > 1 => Deed::TakeOut { item, who: self.who() },
            _ => {
                self.numbers += 1;
                Deed::Edit { at, item, unit: self.dice.pick(&UNITS), number: self.numbers }
            }
        }
    }

    fn trouble(&mut self, who: Who) -> Option<Trouble> {
        Some(match self.dice.below(5) {
            0 if self.mood.crashes => {
                let at = self.dice.below(26);
                Trouble::Power(if self.dice.chance(50) { Cut::Before(at) } else { Cut::After(at) })
            }
            1 if self.mood.races => {
                let before = self.dice.pick(&["PATCH", "POST", "DELETE", "GET"]);
                Trouble::Meanwhile(before.to_owned(), self.deed())
            }
            2 if self.mood.races => {
                let beside = if self.dice.chance(50) { who } else { self.who() };
                Trouble::Beside(beside, u32::try_from(self.dice.below(8)).unwrap())
            }
            3 if self.mood.leases && self.mood.races => Trouble::Pause {
                before: u32::try_from(self.dice.below(10)).unwrap(),
                minutes: self.dice.pick(&[1, 2, 3, 4, 30]),
                another: self.dice.chance(70),
            },
            _ if self.mood.faults => Trouble::Fault(fault(&mut self.dice).to_string()),
            _ => return None,
        })
    }

    fn weather(&mut self) -> Option<Step> {
        let who = self.who();
        let dice = &mut self.dice;
        Some(match dice.below(6) {
            0 if self.mood.restores => Step::Backup,
            1 | 2 if self.mood.restores => Step::GoBack,
            3 if self.mood.rights => match dice.below(4) {
                0 => Step::Rights(false),
                1 => Step::Rights(true),
                2 => Step::Mailbox(who, false),
                _ => Step::Mailbox(who, true),
            },
            4 if self.mood.calendars => Step::Ticked(who, dice.chance(50)),
            5 if self.mood.faults => {
                let kinds = ["gone", "gone-with-location", "resync-required", "bad-request", "bad-request-sync-state"];
                Step::Forget(dice.pick(&kinds).to_owned())
            }
            _ => Step::Pass(dice.pick(&[1, 10, 60])),
        })
    }
}

/// A scripted fault of a service.
pub(crate) fn fault(dice: &mut Dice) -> Value {
    let service = dice.pick(&["creatio", "graph"]);
    let skip = dice.below(6);
    let times = dice.pick(&[1, 1, 2, 8]);
    let listing = if service == "graph" { "calendarView/delta" } else { "/Activity?" };
    let error = |code: &str| json!({"error": {"code": code, "message": "no"}});
    let code = dice.pick(&[429_u16, 500, 503, 504]);
    let wait = json!({"retry-after": "3"});
    let part = |status: u16, acts: bool, method: &str| json!({"kind": "part", "method": method, "status": status, "acts": acts, "headers": wait, "body": error("busy")});
    match dice.below(12) {
        0 => json!({"service": service, "skip": skip, "times": times, "effect": {"kind": "lost-before"}}),
        1 => json!({"service": service, "skip": skip, "times": times, "effect": {"kind": "lost-after"}}),
        2 => json!({"service": service, "skip": skip, "times": times,
            "effect": {"kind": "status", "status": code, "headers": wait, "body": error("busy")}}),
        3 => json!({"service": service, "skip": skip, "times": times,
            "effect": {"kind": "status-after", "status": dice.pick(&[500_u16, 504]), "body": error("busy")}}),
        4 => {
            json!({"service": service, "skip": skip, "times": times, "effect": {"kind": "cut", "at": dice.below(400)}})
        }
        5 | 6 => {
            let method = dice.pick(&["PATCH", "POST", "DELETE"]);
            json!({"service": service, "skip": skip % 2, "times": times, "effect": part(code, false, method)})
        }
        7 => {
            let method = dice.pick(&["PATCH", "POST", "DELETE"]);
            json!({"service": service, "skip": skip % 2, "times": times, "effect": part(500, true, method)})
        }
        8 => json!({"service": service, "path": listing, "skip": 0, "times": times, "effect":
            {"kind": "status", "status": 200, "headers": {"content-type": "application/json"}, "body": {"value": []}}}),
        9 => json!({"service": "graph", "path": "calendarView/delta", "times": times, "effect":
            {"kind": "status", "status": dice.pick(&[410_u16, 400]), "body": error("SyncStateNotFound")}}),
        10 => json!({"service": service, "skip": skip, "times": times, "effect": {"kind": "html"}}),
        _ => json!({"service": service, "skip": skip % 2, "times": times, "effect": part(503, false, "GET")}),
    }
}
