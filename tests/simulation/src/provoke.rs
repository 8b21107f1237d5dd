//! Situations that rules of the engine exist for, and that chance alone seldom makes. A seed picks one for some histories,
//! apart from everything else it picks.

use crate::dice::Dice;
use crate::step::{Deed, Place, Step, Trouble, Who};
use guest::activity::{SideId, Unit};
use guest::run::Direction::Reconcile;
use scenarios::switch::Cut;
use serde_json::json;

/// Numbers of edits from here on are ours.
const NUMBERS: u32 = 700;

/// Units whose values tell edits apart.
const UNITS: [Unit; 4] = [Unit::Title, Unit::Place, Unit::Body, Unit::When];

/// What makes one: an item that no history has, and what happens to it.
type Make = fn(&mut Dice, u32) -> Vec<Step>;

/// Some twice: most of them pass without telling anything.
const KINDS: [Make; 9] =
    [meanwhile, meanwhile, interrupted, interrupted, forgotten, astray, emptied, overdue, overtaken];

/// Adds a situation to the history of a seed, or nothing.
pub fn befall(seed: u64, accounts: Who, steps: &mut Vec<Step>) {
    let mut dice = Dice::new(seed ^ 0x7072_6f76_6f6b_6521);
    if accounts > 1 || dice.chance(50) {
        return;
    }
    let item = 200 + u32::try_from(dice.below(20)).unwrap();
    let kind = dice.pick(&KINDS);
    let at = usize::try_from(dice.below(steps.len() as u64 + 1)).unwrap();
    let rest = steps.split_off(at);
    steps.extend(kind(&mut dice, item));
    steps.extend(rest);
}

/// Situations in which a rule matters that others make good almost everywhere else.
const RARE: [Make; 2] = [overruled, landed];

/// Adds one of them to a few histories. Their dice are their own, so that no other history changes by it.
pub fn rarely(seed: u64, accounts: Who, steps: &mut Vec<Step>) {
    let mut dice = Dice::new(seed ^ 0x7261_7265_6c79_2121);
    if accounts > 1 || dice.chance(85) {
        return;
    }
    let item = 240 + u32::try_from(dice.below(10)).unwrap();
    let kind = dice.pick(&RARE);
    let at = usize::try_from(dice.below(steps.len() as u64 + 1)).unwrap();
    let rest = steps.split_off(at);
    steps.extend(kind(&mut dice, item));
    steps.extend(rest);
}

fn create(side: SideId, item: u32) -> Step {
    Step::Deed(Deed::Create { side, who: 0, item, projects: false, guests: false, with: Vec::new() })
}

fn edit(side: SideId, item: u32, unit: Unit, number: u32) -> Deed {
    let at = match side {
        SideId::Creatio => Place::Creatio,
        SideId::Mailbox => Place::Mailbox(0),
    };
    Deed::Edit { at, item, unit, number: NUMBERS + number }
}

fn run(troubles: Vec<Trouble>) -> Step {
    Step::Run(0, Reconcile, troubles)
}

/// Somebody edits in one place what a run is just about to write there.
fn meanwhile(dice: &mut Dice, item: u32) -> Vec<Step> {
    let side = dice.pick(&[SideId::Creatio, SideId::Mailbox, SideId::Mailbox]);
    let (unit, other) = (dice.pick(&UNITS), dice.pick(&UNITS));
    let late = Trouble::Meanwhile("PATCH".to_owned(), edit(side.other(), item, other, 2));
    vec![
        create(side, item),
        run(Vec::new()),
        Step::Pass(20),
        Step::Deed(edit(side, item, unit, 1)),
        run(vec![late]),
        Step::Pass(20),
        run(Vec::new()),
    ]
}

/// Somebody deletes on one side what somebody else has just changed on the other.
fn overtaken(dice: &mut Dice, item: u32) -> Vec<Step> {
    let side = dice.pick(&[SideId::Creatio, SideId::Mailbox]);
    let change = Step::Deed(edit(side, item, dice.pick(&UNITS), 1));
    let at = match side {
        SideId::Creatio => Place::Mailbox(0),
        SideId::Mailbox => Place::Creatio,
    };
    let delete = Step::Deed(Deed::Delete { at, item });
    let (first, second) = if dice.chance(50) { (change, delete) } else { (delete, change) };
    let made = dice.pick(&[SideId::Creatio, SideId::Mailbox]);
    vec![create(made, item), run(Vec::new()), Step::Pass(20), first, second, run(Vec::new())]
}

/// The power goes while an edit is carried over, and the same person goes on, afterwards or at that very moment.
fn interrupted(dice: &mut Dice, item: u32) -> Vec<Step> {
    let side = dice.pick(&[SideId::Creatio, SideId::Mailbox]);
    let (unit, power) = (dice.pick(&UNITS), Trouble::Power(Cut::After(4 + dice.below(18))));
    let again = edit(side, item, unit, 2);
    let mut steps = vec![create(side, item), run(Vec::new()), Step::Pass(20), Step::Deed(edit(side, item, unit, 1))];
    if dice.chance(50) {
        steps.extend([run(vec![power]), Step::Pass(5), Step::Deed(again)]);
    } else {
        steps.extend([run(vec![power, Trouble::Meanwhile("PATCH".to_owned(), again)]), Step::Pass(5)]);
    }
    steps.push(run(Vec::new()));
    steps
}

/// The storage goes back to a time before an item was carried over, and its title has changed since.
fn forgotten(dice: &mut Dice, item: u32) -> Vec<Step> {
    let side = dice.pick(&[SideId::Creatio, SideId::Creatio, SideId::Mailbox]);
    vec![
        Step::Backup,
        create(side, item),
        run(Vec::new()),
        Step::Pass(20),
        Step::Deed(edit(dice.pick(&[SideId::Creatio, SideId::Mailbox]), item, Unit::Title, 1)),
        Step::GoBack,
        run(Vec::new()),
    ]
}

/// An item is moved to a calendar that is not ticked, and whether it is there cannot always be told.
fn astray(dice: &mut Dice, item: u32) -> Vec<Step> {
    let busy = json!({"error": {"code": "ErrorServerBusy", "message": "no"}});
    let effect = json!({"kind": "part", "method": "GET", "url": "/calendar", "status": 503, "body": busy});
    let fault = json!({"service": "graph", "skip": 0, "times": dice.pick(&[1, 2]), "effect": effect});
    let troubles = if dice.chance(50) { vec![Trouble::Fault(fault.to_string())] } else { Vec::new() };
    vec![
        Step::Ticked(0, false),
        create(SideId::Mailbox, item),
        run(Vec::new()),
        Step::Pass(20),
        Step::Deed(Deed::Move { who: 0, item, projects: true }),
        run(troubles),
        Step::Pass(20),
        run(Vec::new()),
    ]
}

/// Somebody deletes many items at once.
fn emptied(dice: &mut Dice, item: u32) -> Vec<Step> {
    let (side, number) = (dice.pick(&[SideId::Creatio, SideId::Mailbox]), 7 + u32::try_from(dice.below(3)).unwrap());
    let items = || item..item + number;
    let at = match side {
        SideId::Creatio => Place::Creatio,
        SideId::Mailbox => Place::Mailbox(0),
    };
    let mut steps: Vec<Step> = items().map(|item| create(side, item)).collect();
    steps.extend([run(Vec::new()), Step::Pass(20)]);
    steps.extend(items().map(|item| Step::Deed(Deed::Delete { at, item })));
    steps.push(run(Vec::new()));
    steps
}

/// An item that is made lands when the next run has made it again; a server may not know that it is the same.
fn overdue(dice: &mut Dice, item: u32) -> Vec<Step> {
    let forgets = dice.chance(60);
    let knob = |forgets| Step::Knobs(SideId::Mailbox, json!({ "forgets_transactions": forgets }).to_string());
    let effect = json!({"kind": "part", "method": "POST", "status": 504, "late": 30 * 60_000});
    let fault = json!({"service": "graph", "times": 1, "effect": effect});
    let mut troubles = vec![Trouble::Fault(fault.to_string())];
    if dice.chance(50) {
        troubles.push(Trouble::Power(Cut::After(10 + dice.below(10))));
    }
    let mut steps = vec![knob(forgets), create(SideId::Creatio, item), run(troubles), Step::Pass(10), run(Vec::new())];
    if dice.chance(40) {
        steps.push(Step::Deed(edit(SideId::Mailbox, item, dice.pick(&UNITS), 1)));
    }
    steps.extend([Step::Pass(40), run(Vec::new()), knob(false)]);
    steps
}

/// The power goes when a value has lost a conflict and before that is recorded: afterwards both sides hold the same.
fn overruled(dice: &mut Dice, item: u32) -> Vec<Step> {
    let unit = dice.pick(&UNITS);
    let power = Trouble::Power(Cut::After(10 + dice.below(8)));
    vec![
        create(dice.pick(&[SideId::Creatio, SideId::Mailbox]), item),
        run(Vec::new()),
        Step::Pass(20),
        Step::Deed(edit(SideId::Mailbox, item, unit, 1)),
        Step::Deed(edit(SideId::Creatio, item, unit, 2)),
        run(vec![power]),
        Step::Pass(5),
        run(Vec::new()),
    ]
}

/// An item that is made lands while the next run is about to make it again, and somebody changes it before a run has seen
/// it: that there is only one is up to the server, which has to know that both are the same.
fn landed(dice: &mut Dice, item: u32) -> Vec<Step> {
    let late = json!({"kind": "part", "method": "POST", "status": 504, "late": 630_000});
    let late = json!({"service": "graph", "times": 1, "effect": late});
    let slow = json!({"kind": "delay-reply", "ms": 59_000});
    let slow = json!({"service": "graph", "path": "calendarView/delta", "times": 1, "effect": slow});
    vec![
        // Where the server does not know that, an edited second item cannot be told from a user's own: it stays.
        Step::Knobs(SideId::Mailbox, json!({"forgets_transactions": false}).to_string()),
        create(SideId::Creatio, item),
        run(vec![Trouble::Fault(late.to_string())]),
        Step::Pass(10),
        run(vec![Trouble::Fault(slow.to_string())]),
        Step::Deed(edit(SideId::Mailbox, item, dice.pick(&UNITS), 1)),
        run(Vec::new()),
    ]
}
