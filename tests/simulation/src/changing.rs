//! Histories of one account whose tasks, groups and settings change between runs, and whose runs are undone or all of which
//! is forgotten now and then. They have dice of their own: histories of the other kinds keep their meaning.

use crate::choice::Choice;
use crate::dice::Dice;
use crate::history::{History, Rest, fault};
use crate::step::{Deed, Place, Step, Trouble};
use guest::activity::{SideId, Unit};
use guest::run::Direction;
use scenarios::mail::Server;
use scenarios::switch::Cut;

/// Units that people change; what an item does not have is not changed.
const UNITS: [Unit; 7] =
    [Unit::Title, Unit::When, Unit::Place, Unit::Body, Unit::Reminder, Unit::Priority, Unit::State];
/// Policies that change, with a value that is not the default.
const POLICIES: [(&str, [&str; 2]); 6] = [
    ("conflicts", ["creatio-wins", "newest-wins"]),
    ("notes", ["both", "from-mailbox"]),
    ("private", ["copy", "mask"]),
    ("invitations", ["never", "ask"]),
    ("export-tasks", ["no", "yes"]),
    ("deleted-in-mailbox", ["keep", "cancel"]),
];
const ZONES: [&str; 2] = ["Europe/London", "Europe/Moscow"];

/// A history in the making.
struct Making {
    dice: Dice,
    items: u32,
    numbers: u32,
    crashes: bool,
    faults: bool,
    deletions: bool,
    flips: bool,
    settings: bool,
    groups: bool,
    undo: bool,
    forget: bool,
    steps: Vec<Step>,
}

/// The history of a seed.
#[must_use]
pub fn of(seed: u64) -> History {
    let mut dice = Dice::new(seed ^ 0x6368_616e_6769_6e67);
    let mut making = Making {
        items: 0,
        numbers: 0,
        crashes: dice.chance(30),
        faults: dice.chance(30),
        deletions: dice.chance(40),
        flips: dice.chance(60),
        settings: dice.chance(60),
        groups: dice.chance(40),
        undo: dice.chance(30),
        forget: dice.chance(30),
        steps: Vec::new(),
        dice,
    };
    // A side that shows nothing when it is met for the first time is taken at its word.
    making.faults &= !making.forget;
    for _ in 0..2 + making.dice.below(4) {
        making.create();
    }
    for _ in 0..6 + making.dice.below(20) {
        making.step();
    }
    History { accounts: 1, leases: false, mailbox: Server::Graph, tasks: true, rest: Rest::Long, steps: making.steps }
}

impl Making {
    fn create(&mut self) {
        let item = self.items;
        self.items += 1;
        let side = if self.dice.chance(55) { SideId::Creatio } else { SideId::Mailbox };
        let deed = if self.dice.chance(60) {
            Deed::CreateTask { side, who: 0, item, errands: self.dice.chance(35) }
        } else {
            let projects = self.dice.chance(30);
            Deed::Create { side, who: 0, item, projects, guests: false, with: Vec::new() }
        };
        self.steps.push(Step::Deed(deed));
        if self.groups && self.dice.chance(50) {
            self.steps.push(Step::Deed(Deed::Join { item }));
        }
    }

    fn item(&mut self) -> u32 {
        u32::try_from(self.dice.below(u64::from(self.items))).unwrap()
    }

    fn deed(&mut self) -> Deed {
        let item = self.item();
        let at = if self.dice.chance(50) { Place::Creatio } else { Place::Mailbox(0) };
        match self.dice.below(20) {
            0..=1 if self.deletions => Deed::Delete { at, item },
            2..=4 if self.flips => Deed::Flip { item },
            5..=6 if self.groups => Deed::Join { item },
            7 if self.groups => Deed::Leave { item },
            8 if self.groups => Deed::EmptyGroup,
            9 => Deed::Move { who: 0, item, projects: self.dice.chance(50) },
            _ => {
                self.numbers += 1;
                Deed::Edit { at, item, unit: self.dice.pick(&UNITS), number: self.numbers }
            }
        }
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..=7 if self.items < 12 => self.create(),
            0..=44 => {
                let deed = self.deed();
                self.steps.push(Step::Deed(deed));
            }
            45..=49 => self.steps.push(Step::Pass(self.dice.pick(&[1, 20, 70, 1500]))),
            50..=64 if self.settings || self.groups => {
                let choice = self.choice();
                self.steps.push(choice);
            }
            65..=68 if self.undo => {
                self.run(false);
                self.steps.push(Step::Undo(0));
            }
            69..=71 if self.forget => {
                self.run(false);
                self.steps.push(Step::Pass(20));
                self.run(false);
                let cut = self.dice.chance(40).then(|| Cut::After(2 + self.dice.below(12)));
                self.steps.push(Step::ForgetAccount(0, self.dice.chance(50), cut));
            }
            _ => self.run(true),
        }
    }

    fn choice(&mut self) -> Step {
        let kind = if !self.settings {
            2
        } else if self.groups {
            self.dice.below(6)
        } else {
            self.dice.pick(&[0, 1, 3, 4, 5])
        };
        let dice = &mut self.dice;
        Step::Choose(
            0,
            match kind {
                0 => return Step::Ticked(0, dice.chance(50)),
                1 => Choice::Lists(dice.chance(50)),
                2 => Choice::Grouped(dice.chance(60)),
                3 => Choice::From(dice.pick(&[-20, 0, 33, 38])),
                4 => Choice::Zone(dice.pick(&ZONES).to_owned()),
                _ => {
                    let (name, values) = dice.pick(&POLICIES);
                    Choice::Policy(name.to_owned(), dice.pick(&values).to_owned())
                }
            },
        )
    }

    fn run(&mut self, troubled: bool) {
        let direction = match self.dice.below(10) {
            0 if troubled => Direction::Import,
            1 if troubled => Direction::Export,
            _ => Direction::Reconcile,
        };
        let mut troubles = Vec::new();
        while troubled && self.dice.chance(35) && troubles.len() < 2 {
            match self.dice.below(3) {
                0 if self.crashes => {
                    let at = self.dice.below(26);
                    troubles.push(Trouble::Power(if self.dice.chance(50) { Cut::Before(at) } else { Cut::After(at) }));
                }
                1 if self.crashes => {
                    let before = self.dice.pick(&["PATCH", "POST", "DELETE", "GET"]);
                    troubles.push(Trouble::Meanwhile(before.to_owned(), self.deed()));
                }
                2 if self.faults => troubles.push(Trouble::Fault(fault(&mut self.dice).to_string())),
                _ => {}
            }
        }
        self.steps.push(Step::Run(0, direction, troubles));
    }
}
