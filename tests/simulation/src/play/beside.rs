//! What runs beside a run: a second one of the same host, or one of another host while the first stands still. Leases are
//! judged here.

use super::Play;
use crate::step::{self, Who};
use chrono::{DateTime, TimeDelta, Utc};
use guest::capability::{Directive, Level, Progress};
use guest::run::Direction;
use guest::settings::{Account, Options};
use scenarios::Ran;
use scenarios::Runner;
use scenarios::native::{Pause, Unwatched};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How long the lease of a run that died stands at least, and how long until another can begin at the latest.
const SHORTEST: TimeDelta = TimeDelta::seconds(160);
const LONGEST: TimeDelta = TimeDelta::seconds(180);

impl Play {
    /// Runs got their leases, and were refused them, when they should; one that had lost its lease did nothing more.
    pub(super) fn judge_leases(
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
            // One that ended before the power went gave its lease back.
            if matches!(beside, Some(Some(ran)) if ran.report.is_err()) {
                self.standing.insert(other, self.world.now());
            }
        } else if ran.is_some() {
            self.standing.remove(&who);
        }
    }
}

/// A run that begins while another one is going on.
pub(super) struct Second {
    pub(super) runner: Runner,
    pub(super) leases: bool,
    pub(super) account: Account,
    pub(super) options: Options,
    pub(super) at: Option<u32>,
    pub(super) steps: Cell<u32>,
    pub(super) ran: RefCell<Option<Option<Ran>>>,
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
pub(super) struct Standstill {
    pub(super) runner: Runner,
    pub(super) account: Account,
    pub(super) options: Options,
}

/// What came of it.
pub(super) struct Stood {
    pub(super) minutes: u64,
    /// The other host tried to run.
    pub(super) tried: bool,
    pub(super) ran: Option<Ran>,
    /// Requests until the first host woke up.
    pub(super) requests: usize,
}

impl Standstill {
    pub(super) fn pause(self, before: u32, minutes: u64, another: bool) -> (Pause, Rc<Cell<Option<Stood>>>) {
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
