//! What goes wrong at an Exchange Server, and what it costs to ask one.

use guest::report::{Ending, Outcome};
use guest::run::Direction;
use guest::settings::Account;
use scenarios::mail::Server;
use scenarios::tasks::day;
use scenarios::{Ran, World};
use serde_json::{Value, json};

fn world() -> World {
    World::on(Server::Exchange)
}

fn trouble(world: &World, trouble: &Value) {
    let edit = json!({"action": "trouble", "trouble": trouble});
    let now = world.now();
    world.mail.exchange().unwrap().with(|exchange| emulators::wire::Service::edit(exchange, &edit, now)).unwrap();
}

fn add_folder(world: &World, mut folder: Value) {
    folder["action"] = json!("add-folder");
    let now = world.now();
    world.mail.exchange().unwrap().with(|exchange| emulators::wire::Service::edit(exchange, &folder, now)).unwrap();
}

/// Runs until there is nothing to do.
fn rest(world: &mut World, account: &Account) -> Ran {
    for _ in 0..6 {
        world.pass(70);
        let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
        ran.report();
        if ran.entries.is_empty() && ran.writes() == 0 {
            return ran;
        }
    }
    panic!("it does not come to rest");
}

fn fill(world: &World) {
    world.meeting("Imported", 30);
    world.activity("Exported", 32);
    world.activity("Exported too", 34);
    world.todo("Task", json!({"dueDateTime": day("2026-11-25")}));
    world.chore("Chore", "2026-11-26T07:00:00Z".parse().unwrap(), "2026-11-26T08:00:00Z".parse().unwrap());
}

fn complete(world: &World) {
    assert_eq!(world.titles(), ["Chore", "Exported", "Exported too", "Imported", "Task"]);
    assert_eq!(world.subjects(), ["Exported", "Exported too", "Imported"]);
    assert_eq!(world.todos(), ["Chore", "Task"]);
}

#[test]
fn a_mailbox_with_more_folders_of_mail_than_one_answer_holds_is_synchronised() {
    let mut world = world();
    let account = world.with_tasks();
    let mailbox = &account.address;
    for number in 0..1100 {
        let folder = json!({"mailbox": mailbox, "name": format!("Project {number}"), "class": "IPF.Note"});
        add_folder(&world, folder);
    }
    let bin = json!({"mailbox": mailbox, "name": "Old", "class": "IPF.Appointment", "parent": "deleteditems"});
    add_folder(&world, bin);
    fill(&world);
    let catalogue = world.discover(&account).unwrap();
    assert!(catalogue.folders.iter().all(|folder| folder.name != "Old"), "a calendar in Deleted Items is offered");
    rest(&mut world, &account);
    complete(&world);
}

#[test]
fn a_busy_server_is_obeyed_in_every_form_and_nothing_is_made_twice() {
    for form in ["busy", "busy-fault", "busy-inside", "unavailable", "error-page"] {
        for operation in ["SyncFolderItems", "CreateItem", "GetItem", "FindFolder"] {
            let mut world = world();
            fill(&world);
            let account = world.with_tasks();
            trouble(&world, &json!({"form": form, "operation": operation, "milliseconds": 1500}));
            let _ = world.run(account.clone(), Direction::Reconcile, |_| {});
            rest(&mut world, &account);
            complete(&world);
        }
    }
}

#[test]
fn a_server_that_is_busy_while_a_folder_is_read_is_waited_for() {
    let mut world = world();
    fill(&world);
    let account = world.with_tasks();
    trouble(&world, &json!({"form": "busy", "operation": "SyncFolderItems", "milliseconds": 20_000, "times": 3}));
    let before = world.now();
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    assert_eq!((ran.report().ending, &ran.report().warnings), (Ending::Complete, &Vec::new()));
    assert!(world.now() - before >= chrono::TimeDelta::seconds(20), "it did not wait");
    complete(&world);
    rest(&mut world, &account);
}

#[test]
fn a_server_that_stays_busy_ends_the_run_and_says_when_to_come_back() {
    let mut world = world();
    fill(&world);
    let account = world.with_tasks();
    rest(&mut world, &account);
    world.edit_event("Imported", json!({"subject": "Imported, renamed"}));
    trouble(&world, &json!({"form": "busy", "operation": "SyncFolderItems", "milliseconds": 20_000, "times": 40}));
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    let report = ran.report();
    assert_eq!((report.ending, &report.warnings), (Ending::Throttled, &Vec::new()));
    assert!(
        report.next.is_some_and(|next| i64::try_from(next).unwrap() > world.now().timestamp_millis()),
        "{:?}",
        report.next
    );
    assert_eq!(ran.writes(), 0);
    let edit = json!({"action": "clear-troubles"});
    let now = world.now();
    world.mail.exchange().unwrap().with(|exchange| emulators::wire::Service::edit(exchange, &edit, now)).unwrap();
    rest(&mut world, &account);
    assert!(world.titles().contains(&"Imported, renamed".to_owned()));
}

#[test]
fn an_item_whose_answer_nobody_can_read_does_not_spoil_those_that_are_read_with_it() {
    let mut world = world();
    for hours in 0..4 {
        world.meeting(&format!("M{hours}"), 30 + hours);
    }
    let account = world.account();
    let id = world.mail.exchange().unwrap().with(|exchange| exchange.find(&account.address, "M2").unwrap().id);
    trouble(&world, &json!({"form": "garbled", "operation": "GetItem", "body": id, "times": 1000}));
    for _ in 0..2 {
        world.run(account.clone(), Direction::Reconcile, |_| {}).report();
        world.pass(20);
    }
    assert_eq!(world.titles(), ["M0", "M1", "M3"]);
    let edit = json!({"action": "clear-troubles"});
    let now = world.now();
    world.mail.exchange().unwrap().with(|exchange| emulators::wire::Service::edit(exchange, &edit, now)).unwrap();
    world.pass(70);
    rest(&mut world, &account);
    assert_eq!(world.titles(), ["M0", "M1", "M2", "M3"]);
}

#[test]
fn a_sign_that_xml_has_no_place_for_costs_nothing_but_itself() {
    let mut world = world();
    fill(&world);
    let account = world.with_tasks();
    // As other clients leave it there, and Exchange gives it.
    let updates = "<SetItemField><FieldURI FieldURI=\"item:Subject\"/><CalendarItem><Subject>Im&#x0;port&#x1;ed</Subject>\
        </CalendarItem></SetItemField>";
    let edit = json!({"action": "update-item", "mailbox": account.address, "subject": "Imported", "updates": updates});
    let now = world.now();
    world.mail.exchange().unwrap().with(|exchange| emulators::wire::Service::edit(exchange, &edit, now)).unwrap();
    rest(&mut world, &account);
    assert_eq!(world.titles(), ["Chore", "Exported", "Exported too", "Imported", "Task"]);
    assert_eq!(world.subjects(), ["Exported", "Exported too", "Im\0port\u{1}ed"]);
    world.edit_activity("Imported", json!({"Title": "Imported, renamed"}));
    rest(&mut world, &account);
    assert_eq!(world.subjects(), ["Exported", "Exported too", "Imported, renamed"]);
}

#[test]
fn a_create_whose_answer_was_lost_is_found_by_its_marker_and_not_repeated() {
    for effect in [json!({"kind": "lost-after"}), json!({"kind": "status-after", "status": 500})] {
        for nth in 0..2 {
            let mut world = world();
            fill(&world);
            let account = world.with_tasks();
            world.fault(json!({"service": "exchange", "body": "<m:CreateItem", "skip": nth, "effect": effect}));
            world.run(account.clone(), Direction::Reconcile, |_| {}).report();
            world.faults_met();
            rest(&mut world, &account);
            complete(&world);
        }
    }
}

#[test]
fn what_an_interrupted_export_had_in_flight_is_looked_for_by_one_search_of_a_folder() {
    let mut world = world();
    let account = world.account();
    rest(&mut world, &account);
    for number in 0..40 {
        world.activity(&format!("Activity {number}"), 24 + number);
    }
    world.pass(20);
    world.fault(json!({"service": "exchange", "body": "<m:CreateItem", "effect": {"kind": "lost-after"}}));
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    assert_eq!((asked(&ran, "CreateItem"), ran.number(Outcome::Written)), (1, 0));
    world.faults_met();
    world.pass(20);
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    ran.report();
    println!("settled 40: {} searches, {} reads", asked(&ran, "FindItem"), asked(&ran, "GetItem"));
    assert_eq!((asked(&ran, "FindItem"), asked(&ran, "CreateItem")), (1, 0), "{:#?}", ran.requests);
    rest(&mut world, &account);
    assert_eq!((world.subjects().len(), world.titles().len()), (40, 40));
}

#[test]
fn one_item_that_is_refused_spoils_no_other_of_its_request() {
    let mut world = world();
    fill(&world);
    let account = world.with_tasks();
    trouble(&world, &json!({"form": "code", "operation": "CreateItem", "code": "ErrorItemSave", "item": 1}));
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    assert_eq!((ran.number(Outcome::Failed), ran.reasons(Outcome::Failed)), (1, vec!["refused"]));
    assert_eq!(world.subjects().len() + world.todos().len(), 4);
    rest(&mut world, &account);
    complete(&world);
}

#[test]
fn lost_sync_states_lead_to_a_full_round_that_doubles_nothing_and_finds_what_was_missed() {
    let mut world = world();
    fill(&world);
    let account = world.with_tasks();
    rest(&mut world, &account);
    world.delete_event("Imported");
    world.edit_event("Exported", json!({"location": {"displayName": "Room 9"}}));
    world.mail.exchange().unwrap().with(|exchange| exchange.expire_sync_states());
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    assert!(ran.warns("feed-reset"));
    rest(&mut world, &account);
    assert_eq!(world.subjects(), ["Exported", "Exported too"]);
    assert_eq!(world.titles().len(), 5);
    assert_eq!(world.found("Exported").place, "Room 9");
}

#[test]
fn a_task_that_was_given_to_somebody_else_is_left_alone() {
    let mut world = world();
    let id = world.todo("Theirs", json!({"dueDateTime": day("2026-11-25")}));
    world.todo("Mine", json!({"dueDateTime": day("2026-11-25")}));
    let now = world.now();
    let assign = |exchange: &mut emulators::exchange::Exchange| {
        exchange.assign(scenarios::world::EUGENE, &id, "Accepted", "Anna Smith", None, now)
    };
    world.mail.exchange().unwrap().with(assign).unwrap();
    let account = world.with_tasks();
    rest(&mut world, &account);
    assert_eq!(world.titles(), ["Mine"]);
}

/// Requests to the mailbox by operation.
fn asked(ran: &Ran, operation: &str) -> usize {
    ran.log.iter().filter(|entry| entry.service == "exchange" && entry.path.ends_with(operation)).count()
}

#[test]
fn an_idle_run_asks_for_each_folder_once_and_little_else() {
    let mut world = world();
    fill(&world);
    let account = world.with_tasks();
    rest(&mut world, &account);
    world.pass(20);
    let ran = world.run(account, Direction::Reconcile, |_| {});
    ran.idle();
    let folders = asked(&ran, "SyncFolderItems");
    println!("idle: {folders} folders, {} requests, {} commits", ran.requests.len(), ran.commits);
    assert!(folders == 2 && ran.requests.len() <= folders + 8, "{:#?}", ran.requests);
    assert!(ran.commits <= 1);
}

#[test]
fn a_first_export_of_a_thousand_takes_twenty_writes_and_twenty_reads_of_a_kind() {
    let mut world = world();
    for number in 0..1_000 {
        world.activity(&format!("Activity {number}"), 24 + number % 400);
    }
    let mut account = world.policies(&[("creation-limit", "2000")]);
    account.import_tasks = guest::settings::Folders::None;
    let ran = world.run(account, Direction::Reconcile, |_| {});
    ran.report();
    assert_eq!(world.subjects().len(), 1_000);
    let (writes, reads) = (asked(&ran, "CreateItem"), asked(&ran, "GetItem"));
    let others = ran.log.iter().filter(|entry| entry.service == "exchange").count() - writes - reads;
    println!("first export of 1,000: {writes} writes, {reads} reads, {others} others to Exchange");
    assert!(writes <= 20 && reads <= 20 && others <= 20);
}
