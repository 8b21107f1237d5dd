//! A run with what befalls it: troubles are armed, what came of it is learned and judged.

use super::Play;
use super::aside::{self, Last};
use super::beside::{Second, Standstill};
use crate::audit;
use crate::met;
use crate::step::{Trouble, Who};
use guest::report::Ending;
use guest::run::{Direction, RunError};
use guest::settings::{Budget, Options};
use scenarios::Ran;
use scenarios::mail::{Server, on_exchange};
use scenarios::soap;
use scenarios::switch::Cut;
use scenarios::transport::Interlude;
use serde_json::Value;
use std::cell::{Cell, RefCell};

/// What befalls a run, apart from what befalls its requests.
pub(super) struct Course {
    pub(super) cut: Cut,
    /// Whose run begins beside it, at which step.
    pub(super) beside: Option<(Who, u32)>,
    /// Before which sending the host stands still, for how many minutes, and whether another host tries meanwhile.
    pub(super) pause: Option<(u32, u64, bool)>,
    /// What it may cost.
    pub(super) budget: Budget,
}

impl Default for Course {
    fn default() -> Self {
        Self { cut: Cut::Never, beside: None, pause: None, budget: Budget::default() }
    }
}

impl Play {
    pub(super) fn run(&mut self, who: Who, direction: Direction, troubles: &[Trouble]) {
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
                    self.fault(fault);
                }
                Trouble::Meanwhile(text, deed) => {
                    let (text, deed, people) = (text.clone(), deed.clone(), self.people.clone());
                    *self.world.interlude.lock().unwrap() = Some(Interlude {
                        before: Box::new(move |request| {
                            let body = String::from_utf8_lossy(&request.body);
                            match soap::method(&body) {
                                Some(method) => method == text,
                                None => request.method == text || body.contains(&text),
                            }
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
            let met = self.world.interlude.lock().unwrap().is_none();
            for trouble in troubles.iter().filter(|_| met) {
                if let Trouble::Meanwhile(_, deed) = trouble {
                    self.people.unheard(deed, &ran, self.world.switch.dead());
                }
            }
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
            // Each run that gets through signs in on both sides: from here on nothing is refused any more that was not taken away
            // since. One that is throttled by one side need not have heard of the other.
            let through = ran.report.as_ref().is_ok_and(|report| report.ending == Ending::Complete);
            if through && self.people.persons.len() == 1 {
                self.refused = self.blind || !self.denied.is_empty();
            }
        }
        self.met(cut, troubles);
        self.world.switch.arm(Cut::Never);
        self.world.site.lock().unwrap().faults.clear();
        self.world.storage.clear();
        *self.world.interlude.lock().unwrap() = None;
    }

    /// A fault of a service, in the form that the mailboxes' service has for it.
    pub(super) fn fault(&mut self, fault: Value) {
        if self.world.server() == Server::Graph {
            return self.world.fault(fault);
        }
        // Exchange knows no transactions: what lands when the storage has forgotten that it was ever tried is doubled.
        let late = fault["effect"]["kind"] == "late" || fault["effect"]["late"].is_u64();
        let forgotten = late || fault["effect"]["kind"] == "delay";
        if !(forgotten && self.goes_back && fault["service"] == "graph") {
            self.world.fault(on_exchange(&fault));
        }
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
    pub(super) fn ran(&mut self, who: Who, direction: Direction, course: Course) -> Option<Ran> {
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
}

/// Requests of a run that are about another mailbox than its account's.
fn strayed(ran: &Ran, mailbox: &str) -> Vec<String> {
    let acting = ran.log.iter().filter_map(|entry| soap::acting_for(entry.body.as_deref()?));
    let others = acting.filter(|other| *other != mailbox).map(|other| format!("a run for {mailbox} acted for {other}"));
    let about = |url: &str| url.split_once("/users/").map(|(_, rest)| rest.to_ascii_lowercase().replace("%40", "@"));
    ran.log
        .iter()
        .flat_map(|entry| entry.parts.iter().map(|part| &part.url).chain([&entry.path]))
        .filter(|url| about(url).is_some_and(|rest| !rest.starts_with(mailbox)))
        .map(|url| format!("a run for {mailbox} asked for {url}"))
        .chain(others)
        .collect()
}
