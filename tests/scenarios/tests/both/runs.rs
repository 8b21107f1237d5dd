//! Runs: previews, chosen operations, budgets, directions, two at once, and what is wrong with settings.

use guest::capability::{Directive, Level, Progress};
use guest::report::{Action, Ending, Outcome};
use guest::run::{Direction, RunError};
use guest::settings::{Account, Exported, Folders, Options};
use scenarios::mail::Server;
use scenarios::{Ran, World, normal};
use serde_json::json;
use std::cell::RefCell;

/// Work on both sides after a first sync: creates, updates, a conflict, a deletion.
fn busy() -> World {
    let mut world = World::empty();
    for at in 0..4 {
        world.meeting(&format!("M{at}"), 30 + at);
        world.activity(&format!("A{at}"), 40 + at);
    }
    world.synced();
    world.pass(20);
    world.edit_event("M0", json!({"subject": "M0 renamed"}));
    world.edit_activity("A0", json!({"Title": "A0 renamed", "Location": "Room 1"}));
    world.edit_event("A1", json!({"subject": "A1 by mailbox"}));
    world.edit_activity("A1", json!({"Title": "A1 by Creatio"}));
    world.delete_event("M1");
    world.meeting("M new", 50);
    world.activity("A new", 60);
    world
}

fn preview(world: &mut World) -> Ran {
    let account = world.account();
    world.run(account, Direction::Reconcile, |options| options.dry_run = true)
}

fn only(world: &mut World, operations: Vec<String>) -> Ran {
    let account = world.account();
    world.run(account, Direction::Reconcile, |options| options.only = Some(operations))
}

/// Ids of operations in order, each once.
fn ids(ran: &Ran, outcomes: &[Outcome]) -> Vec<String> {
    let mut ids: Vec<String> = ran
        .entries
        .iter()
        .filter(|entry| outcomes.contains(&entry.outcome))
        .map(|entry| entry.operation.clone())
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

const DONE: [Outcome; 3] = [Outcome::Written, Outcome::Conflict, Outcome::Overwritten];

#[scenarios::scenario]
fn a_preview_writes_nothing_and_the_next_run_does_exactly_what_it_said() {
    for first in [false, true] {
        let mut world = if first {
            let world = World::empty();
            for at in 0..4 {
                world.meeting(&format!("M{at}"), 30 + at);
                world.activity(&format!("A{at}"), 40 + at);
            }
            world
        } else {
            busy()
        };
        let (before, rows) = (normal::view(&world), world.store_size());
        let plan = preview(&mut world);
        assert_eq!((plan.writes(), plan.commits), (0, 0));
        assert_eq!((normal::view(&world), world.store_size()), (before, rows));
        assert_eq!(ids(&plan, &[Outcome::Planned]).len(), if first { 8 } else { 6 });
        // A second preview says the same.
        assert_eq!(ids(&preview(&mut world), &[Outcome::Planned]), ids(&plan, &[Outcome::Planned]));
        let ran = world.synced();
        assert_eq!(ids(&ran, &DONE), ids(&plan, &[Outcome::Planned]));
        world.rests();
    }
}

#[scenarios::scenario]
fn chosen_operations_are_carried_out_and_no_others() {
    let mut world = busy();
    let plan = preview(&mut world);
    let chosen: Vec<String> = plan
        .entries
        .iter()
        .filter(|entry| entry.title.starts_with("M0") || entry.title.starts_with("A new"))
        .map(|entry| entry.operation.clone())
        .collect();
    assert_eq!(chosen.len(), 2);
    let ran = only(&mut world, chosen.clone());
    assert_eq!(ids(&ran, &DONE), {
        let mut all = chosen;
        all.sort();
        all
    });
    assert_eq!(ran.writes(), 2);
    assert!(world.titles().contains(&"M0 renamed".to_owned()) && world.subjects().contains(&"A new".to_owned()));
    assert!(!world.titles().contains(&"M new".to_owned()) && !world.subjects().contains(&"A0 renamed".to_owned()));
    // What was not chosen is not forgotten.
    let ran = world.synced();
    assert_eq!(ids(&ran, &DONE).len(), 4);
    world.rests();
}

#[scenarios::scenario]
fn operations_chosen_one_by_one_come_to_the_same_end() {
    let mut whole = busy();
    whole.synced();
    let mut world = busy();
    for operation in ids(&preview(&mut world), &[Outcome::Planned]) {
        let ran = only(&mut world, vec![operation.clone()]);
        assert_eq!(ids(&ran, &DONE), [operation]);
        world.pass(1);
    }
    world.rests();
    assert_eq!((world.titles(), world.subjects()), (whole.titles(), whole.subjects()));
}

#[scenarios::scenario]
fn an_operation_that_is_not_intended_any_more_is_not_carried_out() {
    let mut world = busy();
    let plan = preview(&mut world);
    let renamed = plan.entries.iter().find(|entry| entry.title.starts_with("M0")).unwrap().operation.clone();
    world.edit_event("M0 renamed", json!({"subject": "M0 once more"}));
    let ran = only(&mut world, vec![renamed, "no-such-operation".into()]);
    assert_eq!(ran.writes(), 0);
    world.synced();
    assert!(world.titles().contains(&"M0 once more".to_owned()));
    world.rests();
}

#[scenarios::scenario]
fn a_run_with_a_budget_ends_in_good_order_and_the_next_ones_go_on() {
    let mut whole = busy();
    whole.synced();
    for requests in 4..14 {
        let mut world = busy();
        // What was begun is finished: a chunk is read, written and recorded. Exchange is asked besides whether what is to be
        // deleted was edited since, and what was written is read back.
        let more = if world.server() == Server::Exchange { 6 } else { 4 };
        let mut ended = 0;
        for _ in 0..40 {
            let account = world.account();
            let ran = world.run(account, Direction::Reconcile, |options| options.budget.requests = Some(requests));
            let most = usize::try_from(requests).unwrap() + more;
            assert!(ran.requests.len() <= most, "{requests}: {:#?}", ran.requests);
            match ran.report().ending {
                Ending::Budget => ended += 1,
                Ending::Complete => break,
                other => panic!("{other:?}"),
            }
            world.pass(1);
        }
        assert!(ended > 0 || requests > 8, "{requests} requests were never too few");
        world.synced();
        assert_eq!((world.titles(), world.subjects()), (whole.titles(), whole.subjects()), "{requests}");
        world.rests();
    }
}

#[scenarios::scenario]
fn a_run_writes_no_more_items_than_its_budget() {
    let mut whole = busy();
    whole.synced();
    for writes in [1, 2, 3] {
        let mut world = busy();
        let mut runs = 0;
        loop {
            let account = world.account();
            let ran = world.run(account, Direction::Reconcile, |options| options.budget.writes = Some(writes));
            // A pair may take a write on each side.
            assert!(ran.writes() <= usize::try_from(writes).unwrap() + 1, "{}", ran.writes());
            runs += 1;
            world.pass(1);
            if ran.report().ending == Ending::Complete && ran.writes() == 0 {
                break;
            }
            assert!(runs < 30);
        }
        assert!(runs > 2);
        world.rests();
        assert_eq!((world.titles(), world.subjects()), (whole.titles(), whole.subjects()));
    }
}

#[scenarios::scenario]
fn a_run_without_time_ends_in_good_order() {
    let mut world = busy();
    let account = world.account();
    let service = world.mail_service();
    world.fault(json!({"service": service, "times": null, "effect": {"kind": "delay", "ms": 2000}}));
    let ran = world.run(account, Direction::Reconcile, |options| options.budget.time = Some(3000));
    assert_eq!(ran.report().ending, Ending::Budget);
    world.faults_end();
    world.synced();
    world.rests();
}

#[scenarios::scenario]
fn import_and_export_write_to_their_own_side_and_the_rest_follows() {
    let mut whole = busy();
    whole.synced();
    for direction in [Direction::Import, Direction::Export] {
        let mut world = busy();
        let account = world.account();
        let ran = world.run(account.clone(), direction, |_| {});
        ran.report();
        let wrong = if direction == Direction::Import { world.mail_service() } else { "creatio" };
        let written = |ran: &Ran, service: &str| {
            ran.log
                .iter()
                .filter(|entry| entry.service == service)
                .flat_map(|entry| &entry.parts)
                .filter(|part| part.method != "GET")
                .count()
        };
        assert_eq!(written(&ran, wrong), 0, "{direction:?}");
        assert!(ran.writes() > 0);
        // Once more in the same direction: nothing is left for it.
        world.pass(20);
        assert_eq!(world.run(account, direction, |_| {}).writes(), 0);
        world.synced();
        assert_eq!((world.titles(), world.subjects()), (whole.titles(), whole.subjects()), "{direction:?}");
        world.rests();
    }
}

#[scenarios::scenario]
fn export_alone_reads_the_whole_mailbox_before_it_creates_anything() {
    let mut world = World::empty();
    world.meeting("Same", 30);
    world.activity("Same", 30);
    let account = world.account();
    let ran = world.run(account, Direction::Export, |_| {});
    assert!(ran.entries.iter().all(|entry| entry.action != Action::Create));
    assert_eq!(world.subjects(), ["Same"]);
    world.rests();
}

/// Lets something happen when a run comes to a phase, once.
struct At<F: FnOnce()> {
    phase: &'static str,
    happens: RefCell<Option<F>>,
}

impl<F: FnOnce()> Progress for At<F> {
    fn step(&self, phase: &str, _: u64, _: Option<u64>) -> Directive {
        if phase == self.phase
            && let Some(happens) = self.happens.borrow_mut().take()
        {
            happens();
        }
        Directive::Proceed
    }

    fn note(&self, _: Level, _: &str) {}
}

#[scenarios::scenario]
fn of_two_runs_at_once_one_stops_and_nothing_is_doubled() {
    for phase in ["observe", "match", "write"] {
        let mut world = World::empty();
        for at in 0..3 {
            world.meeting(&format!("M{at}"), 30 + at);
            world.activity(&format!("A{at}"), 40 + at);
        }
        let (runner, account) = (world.runner(), world.account());
        let options = |run: &str| Options { run: run.into(), ..Options::default() };
        let other = RefCell::new(None);
        let during = At {
            phase,
            happens: RefCell::new(Some(|| {
                let ran = world.runner().run(
                    account.clone(),
                    Direction::Reconcile,
                    &options("second"),
                    &scenarios::native::Unwatched,
                );
                *other.borrow_mut() = Some(ran);
            })),
        };
        let first = runner.run(account.clone(), Direction::Reconcile, &options("first"), &during);
        let second = other.borrow_mut().take().expect(phase);
        assert_eq!(first.report, Err(RunError::Superseded), "{phase}");
        second.report();
        world.pass(5);
        world.synced();
        assert_eq!((world.titles().len(), world.subjects().len()), (6, 6), "{phase}");
        world.rests();
    }
}

#[scenarios::scenario]
fn a_run_that_the_host_winds_down_ends_in_good_order() {
    struct Down;
    impl Progress for Down {
        fn step(&self, phase: &str, _: u64, _: Option<u64>) -> Directive {
            if phase == "write" { Directive::WindDown } else { Directive::Proceed }
        }

        fn note(&self, _: Level, _: &str) {}
    }
    let mut world = busy();
    let options = Options { run: "down".into(), ..Options::default() };
    world.site.lock().unwrap().log.clear();
    let ran = world.runner().run(world.account(), Direction::Reconcile, &options, &Down);
    assert_eq!((ran.report().ending, ran.writes()), (Ending::Stopped, 0));
    world.synced();
    world.rests();
}

#[scenarios::scenario]
fn what_is_wrong_with_the_settings_is_told_at_once_and_altogether() {
    let mut world = busy();
    let account = Account {
        time_zone: "Mars/Olympus".into(),
        language: "tlh".into(),
        import_from: Some("2026-02-30".into()),
        policies: vec![
            ("conflicts".into(), "loudest-wins".into()),
            ("colour".into(), "red".into()),
            ("private".into(), "mask".into()),
            ("private".into(), "copy".into()),
        ],
        ..world.account()
    };
    let ran = world.run(account, Direction::Reconcile, |_| {});
    let Err(RunError::Settings(faults)) = &ran.report else { panic!("{:?}", ran.report) };
    for text in ["Mars/Olympus", "tlh", "2026-02-30", "loudest-wins", "colour", "private is set twice"] {
        assert!(faults.iter().any(|fault| fault.contains(text)), "{text}: {faults:#?}");
    }
    assert!(ran.requests.is_empty() && ran.commits == 0);
}

/// A change of the settings that cannot be carried out, and what is said of it.
type Wrong = (fn(&mut Account), &'static str);

#[scenarios::scenario]
fn settings_that_cannot_be_carried_out_are_refused() {
    let wrong: [Wrong; 7] = [
        (|account| account.address = "not an address".into(), "no mailbox address"),
        (|account| account.tenant = String::new(), "tenant"),
        (|account| account.user = String::new(), "user is missing"),
        (|account| account.creatio = "ftp://x".into(), "must begin with https"),
        (|account| account.import_meetings = Folders::Selected(Vec::new()), "none is selected"),
        (|account| account.exported = Exported::Groups(vec!["x".into()]), "no id of a group"),
        (|account| account.user = "nobody".into(), "has no user"),
    ];
    for (change, text) in wrong {
        let mut world = busy();
        let mut account = world.account();
        change(&mut account);
        let ran = world.run(account, Direction::Reconcile, |_| {});
        assert!(matches!(ran.report, Err(RunError::Settings(_))), "{:?}", ran.report);
        ran.fails_with(text);
        assert_eq!(ran.writes(), 0);
    }
}

#[scenarios::scenario]
fn options_that_make_no_sense_are_refused() {
    let mut world = busy();
    for run in [String::new(), "x".repeat(65)] {
        let account = world.account();
        let ran = world.run(account, Direction::Reconcile, |options| options.run = run);
        assert!(matches!(ran.report, Err(RunError::Settings(_))), "{:?}", ran.report);
    }
}

#[scenarios::scenario]
fn an_account_that_leads_to_another_person_is_refused() {
    let mut world = busy();
    world.synced();
    let account = Account { user: "a.smith".into(), ..world.account() };
    let ran = world.run(account, Direction::Reconcile, |_| {});
    ran.fails_with("another contact");
    assert_eq!(ran.writes(), 0);
}

#[scenarios::scenario]
fn a_race_for_the_row_that_says_whose_the_mailbox_is_ends_no_run() {
    let mut world = World::empty();
    world.activity("A0", 300);
    let fault = serde_json::from_value(json!({"call": "commit", "skip": 0, "times": 1, "failing": "stale-shared"}));
    world.storage.add(fault.unwrap());
    world.synced();
    assert_eq!(world.subjects(), ["A0"]);
    world.rests();
}
