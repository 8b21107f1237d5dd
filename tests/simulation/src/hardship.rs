//! Hardships that befall a history: a seed picks some of them, apart from everything else it picks, so that a history
//! keeps its meaning when a kind of hardship is added.

use crate::dice::Dice;
use crate::step::{Deed, Step, Trouble, Who};
use guest::activity::SideId;
use guest::run::Direction;
use scenarios::storage::{Call, Failing, StorageFault};
use serde_json::{Value, json};

/// A history that something befalls.
struct Befallen<'s> {
    dice: Dice,
    accounts: Who,
    steps: &'s mut Vec<Step>,
}

/// What adds one kind.
type Add = fn(&mut Befallen<'_>);

/// The kinds, in no order, and whether it makes a side show less than it holds without a word.
const KINDS: [(Add, bool); 11] = [
    (|to| to.late(), false),
    (|to| to.slow(), false),
    (|to| to.raced(), false),
    (|to| to.busy(), false),
    (|to| to.listings(), true),
    (|to| to.storage(), false),
    (|to| to.clocks(), false),
    (|to| to.rows(), true),
    (|to| to.rights(), true),
    (|to| to.retention(), false),
    (|to| to.copies(), false),
];

const MINUTE: u64 = 60_000;

/// Adds what befalls the history of a seed: nothing, one kind, or seldom two.
pub fn befall(seed: u64, accounts: Who, steps: &mut Vec<Step>) {
    let mut befallen = Befallen { dice: Dice::new(seed ^ 0x6861_7264_7368_6970), accounts, steps };
    if befallen.dice.chance(30) {
        return;
    }
    for _ in 0..if befallen.dice.chance(25) { 2 } else { 1 } {
        let (kind, blinds) = befallen.dice.pick(&KINDS);
        if blinds {
            befallen.one_sided();
        }
        kind(&mut befallen);
    }
    if befallen.dice.chance(25) {
        befallen.sign_in();
    }
}

/// What a fault does, as a trouble of a run.
fn fault(value: &Value) -> Trouble {
    Trouble::Fault(value.to_string())
}

/// The items that steps make, with somebody who has each.
fn made(steps: &[Step]) -> Vec<(u32, Who)> {
    let made = |step: &Step| match step {
        Step::Deed(Deed::Create { item, who, .. } | Deed::CreateBoth { item, who }) => Some((*item, *who)),
        Step::Deed(Deed::Invite { item, with }) => Some((*item, *with.first()?)),
        _ => None,
    };
    steps.iter().filter_map(made).collect()
}

impl Befallen<'_> {
    /// Nobody can know that a meeting made on both sides is one while a side does not show its half.
    fn one_sided(&mut self) {
        for step in &mut *self.steps {
            if let Step::Deed(Deed::CreateBoth { who, item }) = step {
                *step = create(SideId::Creatio, *who, *item, false);
            }
        }
    }

    /// A trouble for some of the runs.
    fn trouble_runs(&mut self, percent: u64, trouble: impl Fn(&mut Dice) -> Trouble) {
        for step in &mut *self.steps {
            if let Step::Run(_, _, troubles) = step
                && self.dice.chance(percent)
            {
                troubles.push(trouble(&mut self.dice));
            }
        }
    }

    /// A place in the history, not before its first step.
    fn somewhere(&mut self) -> usize {
        1 + usize::try_from(self.dice.below(self.steps.len() as u64)).unwrap()
    }

    fn insert(&mut self, step: Step) {
        let at = self.somewhere();
        self.steps.insert(at, step);
    }

    fn who(&mut self) -> Who {
        Who::try_from(self.dice.below(u64::from(self.accounts))).unwrap()
    }

    /// Writes that land when nobody waits for them any more: whole batches, and parts of them. A server that remembers no
    /// transactions is too much where the storage forgets attempts as well.
    fn late(&mut self) {
        if self.dice.chance(40) && !self.steps.contains(&Step::GoBack) {
            self.steps.insert(0, Step::Knobs(SideId::Mailbox, json!({"forgets_transactions": true}).to_string()));
        }
        self.trouble_runs(60, |dice| {
            let method = dice.pick(&["POST", "POST", "PATCH", "DELETE"]);
            let wait = dice.pick(&[1, 5, 30, 100, 1500]) * MINUTE;
            let effect = match dice.below(3) {
                0 => json!({"kind": "part", "method": method, "status": 504, "late": wait}),
                1 => json!({"kind": "late", "ms": wait}),
                _ => json!({"kind": "delay", "ms": wait + MINUTE}),
            };
            let body = format!("\"method\":\"{method}\"");
            let (service, skip, times) = (dice.pick(&["creatio", "graph"]), dice.pick(&[0, 0, 1]), dice.pick(&[1, 2]));
            fault(&json!({"service": service, "body": body, "skip": skip, "times": times, "effect": effect}))
        });
    }

    /// Answers that take their time, beyond what the host waits for as well; runs that may not last long.
    fn slow(&mut self) {
        self.trouble_runs(60, |dice| {
            let service = dice.pick(&["creatio", "graph"]);
            let (skip, times) = (dice.below(6), dice.pick(&[1, 2, 8]));
            let effect = json!({"kind": "delay-reply", "ms": dice.pick(&[5_000, 30_000, 59_000, 61_000, 5 * MINUTE])});
            fault(&json!({"service": service, "skip": skip, "times": times, "effect": effect}))
        });
        self.trouble_runs(30, |dice| Trouble::Time(dice.pick(&[1, 10_000, MINUTE, 3 * MINUTE])));
    }

    /// Versions that are stale, once or again and again.
    fn raced(&mut self) {
        self.trouble_runs(60, |dice| {
            let method = dice.pick(&["PATCH", "PATCH", "DELETE"]);
            let body = json!({"error": {"code": "ErrorIrresolvableConflict", "message": "no"}});
            let effect = json!({"kind": "part", "method": method, "status": 412, "body": body});
            let (skip, times) = (dice.pick(&[0, 0, 1]), dice.pick(&[1, 2, 8]));
            fault(&json!({"service": "graph", "skip": skip, "times": times, "effect": effect}))
        });
    }

    /// Services that are busy: parts of batches are put off, whole requests as well.
    fn busy(&mut self) {
        self.trouble_runs(60, |dice| {
            let (service, method) =
                (dice.pick(&["creatio", "graph", "graph"]), dice.pick(&["GET", "POST", "PATCH", "DELETE"]));
            let (status, wait) = (dice.pick(&[429, 429, 503]), dice.pick(&["1", "20", "400"]));
            let (headers, body) = (json!({"retry-after": wait}), json!({"error": {"code": "busy", "message": "no"}}));
            let effect = if dice.chance(70) {
                json!({"kind": "part", "method": method, "status": status, "headers": headers, "body": body})
            } else {
                json!({"kind": "status", "status": status, "headers": headers, "body": body})
            };
            let (skip, times) = (dice.pick(&[0, 0, 1]), dice.pick(&[1, 2, 8]));
            fault(&json!({"service": service, "skip": skip, "times": times, "effect": effect}))
        });
    }

    /// Listings in small pages, empty ones, with items twice or turned round; and some that lie. Where the storage goes back
    /// and the mailbox hides an item that was imported, nobody can know any more whose its activity is: there only Creatio
    /// lies, whose activities are known by their ids.
    fn listings(&mut self) {
        let goes_back = self.steps.contains(&Step::GoBack);
        let knobs = json!({
            "delta_page_limit": self.dice.pick(&[2, 3, 1000]),
            "delta_empty_pages": self.dice.chance(50),
            "delta_replays": self.dice.chance(50),
        });
        self.steps.insert(0, Step::Knobs(SideId::Mailbox, knobs.to_string()));
        self.trouble_runs(60, |dice| {
            let (service, path) = dice.pick(&[("graph", "calendarView/delta"), ("creatio", "/Activity?")]);
            let honest = goes_back && service == "graph";
            let effect = json!({
                "kind": "page",
                "drop": if honest { 0 } else { dice.pick(&[0, 1, 1, 2, 100]) },
                "miscount": dice.chance(30),
                "repeat": dice.chance(30),
                "reverse": dice.chance(30),
                "link": if honest { "kept" } else { dice.pick(&["kept", "ends-early", "goes-on"]) },
            });
            let (skip, times) = (dice.pick(&[0, 0, 1, 2]), dice.pick(&[1, 2]));
            fault(&json!({"service": service, "path": path, "skip": skip, "times": times, "effect": effect}))
        });
    }

    /// Storage that cannot be reached, is full, or says that somebody was faster.
    fn storage(&mut self) {
        self.trouble_runs(60, |dice| {
            let (call, failing) = match dice.below(8) {
                0 => (Call::Get, Failing::Unavailable),
                1 => (Call::Scan, Failing::Unavailable),
                2 => (Call::Commit, Failing::Unavailable),
                3 => (Call::Commit, Failing::Full),
                4 => (Call::Commit, Failing::StaleRun),
                5 => (Call::Commit, Failing::StaleShared),
                _ => (Call::Commit, Failing::Unheard),
            };
            let skip = u32::try_from(dice.below(if call == Call::Commit { 8 } else { 30 })).unwrap();
            Trouble::Storage(StorageFault { call, skip, times: dice.pick(&[1, 1, 2]), failing })
        });
    }

    /// Clocks that are hours apart, and one that is set right, or wrong, on the way.
    fn clocks(&mut self) {
        let apart = |dice: &mut Dice| dice.pick(&[-1740, -300, -61, -3, 0, 4, 59, 180, 720, 1740]);
        for side in [SideId::Creatio, SideId::Mailbox] {
            let minutes = apart(&mut self.dice);
            self.steps.insert(0, Step::Clock(side, minutes));
        }
        if self.dice.chance(60) {
            let side = self.dice.pick(&[SideId::Creatio, SideId::Mailbox]);
            let minutes = apart(&mut self.dice);
            self.insert(Step::Clock(side, minutes));
        }
    }

    /// Activities that the sync's user may not see for a while, while others stay visible.
    fn rows(&mut self) {
        for _ in 0..1 + self.dice.below(3) {
            let Some(item) = self.item() else { return };
            let from = self.dice.below(self.steps.len() as u64);
            let until = from + self.dice.below(self.steps.len() as u64 - from);
            let hide = |hidden| Step::Deed(Deed::Hide { item: item.0, hidden });
            self.steps.insert(usize::try_from(until).unwrap() + 1, hide(false));
            self.steps.insert(usize::try_from(from).unwrap() + 1, hide(true));
        }
    }

    /// Rights that are away for many runs.
    fn rights(&mut self) {
        let mut at = self.somewhere();
        self.steps.insert(at, Step::Rights(false));
        for _ in 0..3 + self.dice.below(3) {
            at = (at + 1 + usize::try_from(self.dice.below(2)).unwrap()).min(self.steps.len());
            let minutes = self.dice.pick(&[20, 70, 300, 1500]);
            let who = self.who();
            self.steps.insert(at, Step::Run(who, Direction::Reconcile, Vec::new()));
            self.steps.insert(at, Step::Pass(minutes));
            at += 1;
        }
        self.steps.insert((at + 1).min(self.steps.len()), Step::Rights(true));
    }

    /// A full calendar, and a retention policy that takes its oldest items, a few each day.
    fn retention(&mut self) {
        let (who, projects, purged) = (self.who(), self.dice.chance(30), self.dice.chance(50));
        let first = u32::try_from(made(self.steps).len()).unwrap();
        let items = first..first + 6 + u32::try_from(self.dice.below(8)).unwrap();
        let mut at = self.steps.len().min(items.clone().count());
        for item in items {
            let side = if !projects && self.dice.chance(30) { SideId::Creatio } else { SideId::Mailbox };
            self.steps.insert(0, create(side, who, item, projects && side == SideId::Mailbox));
        }
        for _ in 0..2 + self.dice.below(2) {
            let number = u32::try_from(1 + self.dice.below(8)).unwrap();
            let day = [
                Step::Run(who, Direction::Reconcile, Vec::new()),
                Step::Deed(Deed::Nibble { who, number, projects, purged }),
                Step::Run(who, Direction::Reconcile, Vec::new()),
                Step::Pass(1440),
            ];
            for step in day {
                self.steps.insert(at, step);
                at = (at + 1 + usize::try_from(self.dice.below(2)).unwrap()).min(self.steps.len());
            }
        }
    }

    /// Another program at work, which copies items and activities.
    fn copies(&mut self) {
        for _ in 0..1 + self.dice.below(3) {
            let Some((item, who)) = self.item() else { return };
            let deed = if self.dice.chance(70) {
                Deed::CopyItem { who, item, projects: self.dice.chance(40), marked: self.dice.chance(60) }
            } else {
                Deed::CopyActivity { item }
            };
            self.insert(Step::Deed(deed));
        }
    }

    /// Sign-ins that expire, and services that give none for a while.
    fn sign_in(&mut self) {
        for _ in 0..1 + self.dice.below(3) {
            self.insert(Step::SignedOut);
        }
        self.trouble_runs(40, |dice| {
            let times = dice.pick(&[json!(1), json!(2), json!(6), Value::Null]);
            let status = dice.pick(&[429, 500, 503]);
            let effect = json!({"kind": "status", "status": status, "body": {"error": "temporarily_unavailable"}});
            fault(&match dice.below(3) {
                0 => json!({"service": "login", "times": times, "effect": effect}),
                1 => json!({"service": "creatio", "path": "/connect/token", "times": times, "effect": effect}),
                _ => {
                    let refused = json!({"error": {"code": "InvalidAuthenticationToken"}});
                    json!({"service": dice.pick(&["creatio", "graph"]), "skip": dice.below(8), "times": 1,
                        "effect": {"kind": "status", "status": 401, "body": refused}})
                }
            })
        });
    }

    /// One of the items that the history makes.
    fn item(&mut self) -> Option<(u32, Who)> {
        let made = made(self.steps);
        (!made.is_empty()).then(|| self.dice.pick(&made))
    }
}

fn create(side: SideId, who: Who, item: u32, projects: bool) -> Step {
    Step::Deed(Deed::Create { side, who, item, projects, guests: false, with: Vec::new() })
}
