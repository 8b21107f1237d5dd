//! Histories: what happens in the world of a seed.

use crate::dice::Dice;
use crate::step::{Deed, Step, Trouble};
use guest::activity::{SideId, Unit};
use guest::run::Direction;
use scenarios::switch::Cut;
use serde_json::{Value, json};

/// Units that people change.
const UNITS: [Unit; 6] = [Unit::Title, Unit::When, Unit::Place, Unit::Body, Unit::Reminder, Unit::Priority];

/// What a history may contain.
struct Mood {
    crashes: bool,
    faults: bool,
    races: bool,
    restores: bool,
    rights: bool,
    calendars: bool,
    deletions: bool,
    guests: bool,
}

/// The history of a seed.
#[must_use]
pub fn of(seed: u64) -> Vec<Step> {
    let mut dice = Dice::new(seed);
    let mood = Mood {
        crashes: dice.chance(50),
        faults: dice.chance(50),
        races: dice.chance(40),
        restores: dice.chance(15),
        rights: dice.chance(20),
        calendars: dice.chance(20),
        deletions: dice.chance(60),
        guests: dice.chance(20),
    };
    let mut steps = Vec::new();
    let mut items = 0_u32;
    let mut numbers = 0_u32;
    for _ in 0..1 + dice.below(4) {
        steps.push(Step::Deed(create(&mut dice, &mood, &mut items)));
    }
    for _ in 0..4 + dice.below(18) {
        match dice.below(100) {
            0..=9 if items < 12 => steps.push(Step::Deed(create(&mut dice, &mood, &mut items))),
            0..=44 => steps.push(Step::Deed(deed(&mut dice, &mood, items, &mut numbers))),
            45..=54 => steps.push(Step::Pass(dice.pick(&[1, 5, 20, 70, 300]))),
            55..=89 => {
                let direction = match dice.below(10) {
                    0 => Direction::Import,
                    1 => Direction::Export,
                    _ => Direction::Reconcile,
                };
                let mut troubles = Vec::new();
                while dice.chance(35) && troubles.len() < 2 {
                    troubles.extend(trouble(&mut dice, &mood, items, &mut numbers));
                }
                steps.push(Step::Run(direction, troubles));
            }
            _ => steps.extend(weather(&mut dice, &mood)),
        }
    }
    steps
}

fn create(dice: &mut Dice, mood: &Mood, items: &mut u32) -> Deed {
    let item = *items;
    *items += 1;
    match dice.below(10) {
        // A side that shows nothing when the same meeting is on both is still taken at its word: not in these worlds yet.
        0 if !mood.faults && !mood.rights => Deed::CreateBoth { item },
        1..=4 => Deed::Create { side: SideId::Creatio, item, projects: false, guests: false },
        _ => Deed::Create {
            side: SideId::Mailbox,
            item,
            projects: dice.chance(30),
            guests: mood.guests && dice.chance(40),
        },
    }
}

fn deed(dice: &mut Dice, mood: &Mood, items: u32, numbers: &mut u32) -> Deed {
    let item = u32::try_from(dice.below(u64::from(items))).unwrap();
    let side = dice.pick(&[SideId::Creatio, SideId::Mailbox]);
    match dice.below(20) {
        0..=1 if mood.deletions => Deed::Delete { side, item },
        2 if mood.deletions => Deed::Restore { item },
        3..=4 => Deed::Move { item, projects: dice.chance(50) },
        _ => {
            *numbers += 1;
            Deed::Edit { side, item, unit: dice.pick(&UNITS), number: *numbers }
        }
    }
}

fn trouble(dice: &mut Dice, mood: &Mood, items: u32, numbers: &mut u32) -> Option<Trouble> {
    Some(match dice.below(4) {
        0 if mood.crashes => {
            let at = dice.below(26);
            Trouble::Power(if dice.chance(50) { Cut::Before(at) } else { Cut::After(at) })
        }
        1 if mood.races => {
            Trouble::Meanwhile(dice.pick(&["PATCH", "POST", "DELETE", "GET"]), deed(dice, mood, items, numbers))
        }
        2 if mood.races => Trouble::Beside(u32::try_from(dice.below(8)).unwrap()),
        _ if mood.faults => Trouble::Fault(fault(dice).to_string()),
        _ => return None,
    })
}

fn fault(dice: &mut Dice) -> Value {
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

fn weather(dice: &mut Dice, mood: &Mood) -> Option<Step> {
    Some(match dice.below(6) {
        0 if mood.restores => Step::Backup,
        1 | 2 if mood.restores => Step::GoBack,
        3 if mood.rights => match dice.below(4) {
            0 => Step::Rights(false),
            1 => Step::Rights(true),
            2 => Step::Mailbox(false),
            _ => Step::Mailbox(true),
        },
        4 if mood.calendars => Step::Ticked(dice.chance(50)),
        5 if mood.faults => Step::Forget(dice.pick(&[
            "gone",
            "gone-with-location",
            "resync-required",
            "bad-request",
            "bad-request-sync-state",
        ])),
        _ => Step::Pass(dice.pick(&[1, 10, 60])),
    })
}
