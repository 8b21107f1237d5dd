//! What tasks, groups, turned items and changed choices cost, counted in requests, sign-ins apart.

use emulators::creatio::NewActivity;
use guest::report::Outcome;
use guest::run::Direction;
use guest::settings::{Account, Folders};
use scenarios::life::at;
use scenarios::tasks::day;
use scenarios::world::{ANNA, EUGENE};
use scenarios::{Ran, World, show};
use serde_json::json;

fn sync(world: &mut World, account: &Account) -> Ran {
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    if ran.report.is_err() || ran.number(Outcome::Failed) > 0 {
        show(&ran);
    }
    ran.report();
    assert_eq!(ran.number(Outcome::Failed), 0);
    ran
}

fn idle(world: &mut World, account: &Account) -> usize {
    for _ in 0..2 {
        world.pass(20);
        sync(world, account).idle();
    }
    world.pass(20);
    let ran = sync(world, account);
    ran.idle();
    world.pass(20);
    ran.requests.len()
}

/// Batches, and other requests.
fn cost(ran: &Ran) -> (usize, usize) {
    let batches = ran.batches("graph") + ran.batches("creatio");
    (batches, ran.requests.len() - batches)
}

fn unlimited(account: Account) -> Account {
    Account { policies: vec![("creation-limit".into(), "2000".into())], ..account }
}

#[test]
fn a_first_export_of_a_thousand_tasks_costs_what_one_of_meetings_does() {
    let mut world = World::empty();
    let (contact, now) = (world.eugene.contact, world.now());
    world.creatio.with(|creatio| {
        for number in 0..1000_i64 {
            let row = NewActivity::task(format!("Task {number}"), at(24 + number), at(25 + number)).owned_by(contact);
            creatio.add_activity(&row, now).unwrap();
        }
    });
    let account = unlimited(world.with_tasks());
    let ran = sync(&mut world, &account);
    assert_eq!(world.todos().len(), 1000);
    let (batches, others) = cost(&ran);
    println!("first export of 1,000 tasks: {batches} batches, {others} others");
    assert!(batches <= 75 && others <= 25, "{batches} batches, {others} others");
    idle(&mut world, &account);
}

#[test]
fn a_first_import_of_a_thousand_tasks_costs_its_pages_and_five_requests_for_each_hundred() {
    let mut world = World::empty();
    for number in 0..1000 {
        world.todo(&format!("Task {number}"), json!({"dueDateTime": day("2026-11-25")}));
    }
    let account = unlimited(world.with_tasks());
    let ran = sync(&mut world, &account);
    assert_eq!(world.titles().len(), 1000);
    let pages = ran.requests.iter().filter(|request| request.contains("tasks/delta")).count();
    let others = ran.requests.len() - pages;
    println!("first import of 1,000 tasks: {pages} pages and {others} others");
    assert!(pages <= 1000 / 50 + 2 && others <= 5 * 10, "{pages} pages and {others} others");
    idle(&mut world, &account);
}

#[test]
fn an_item_that_turns_costs_seven_requests_more_than_none() {
    let mut world = World::empty();
    let account = world.with_tasks();
    for number in 0..10 {
        world.activity(&format!("A{number}"), 24 + number);
    }
    sync(&mut world, &account);
    let idle = idle(&mut world, &account);
    for shown in [false, true] {
        world.edit_activity("A3", json!({ "ShowInScheduler": shown }));
        let ran = sync(&mut world, &account);
        println!("one item turned: {} requests, {idle} idle", ran.requests.len());
        assert!(ran.requests.len() <= idle + 7, "{:#?}", ran.requests);
        for _ in 0..2 {
            world.pass(20);
            sync(&mut world, &account).idle();
        }
        world.pass(20);
    }
}

#[test]
fn a_member_that_joins_or_leaves_costs_seven_requests_more_than_none() {
    let mut world = World::empty();
    world.group("Important");
    for number in 0..60 {
        let title = format!("A{number}");
        world.activity(&title, 24 + number);
        if number < 50 {
            world.join("Important", &title);
        }
    }
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    let idle = idle(&mut world, &account);
    let (lists, eight) = (2, 8);
    println!("idle by groups: {idle} requests");
    assert!(idle <= lists + eight, "{idle}");
    for joins in [true, false] {
        if joins {
            world.join("Important", "A55");
        } else {
            world.leave("Important", "A5");
        }
        let ran = sync(&mut world, &account);
        println!("one member {}: {} requests", if joins { "more" } else { "less" }, ran.requests.len());
        assert!(ran.requests.len() <= idle + 7, "{:#?}", ran.requests);
        for _ in 0..2 {
            world.pass(20);
            sync(&mut world, &account).idle();
        }
        world.pass(20);
    }
}

#[test]
fn a_calendar_unticked_or_ticked_costs_one_look_at_every_pair() {
    let mut world = World::empty();
    world.calendar("Projects");
    for number in 0..200 {
        world.meeting_in(EUGENE, Some("Projects"), &format!("M{number}"), 24 + number, json!({}));
    }
    let (on, off) = (world.account(), Account { import_meetings: Folders::None, ..world.account() });
    sync(&mut world, &on);
    let idle = idle(&mut world, &on);
    for (what, account) in [("unticked", &off), ("ticked", &on)] {
        let ran = sync(&mut world, account);
        println!("200 pairs {what}: {} requests, {idle} idle", ran.requests.len());
        assert_eq!(ran.writes(), 0);
        // A batch to each side for each twenty or hundred.
        assert!(ran.requests.len() <= idle + 200 / 20 + 200 / 100 * 2 + 2, "{:#?}", ran.requests);
        world.pass(20);
    }
    sync(&mut world, &on).idle();
}

/// What somebody does.
type Edit = fn(&World);

#[test]
fn one_changed_task_costs_seven_requests_more_than_none() {
    let mut world = World::empty();
    let account = world.with_tasks();
    for number in 0..10 {
        world.todo(&format!("M{number}"), json!({"dueDateTime": day("2026-11-25")}));
        world.chore(&format!("C{number}"), at(24 + number), at(25 + number));
    }
    sync(&mut world, &account);
    let idle = idle(&mut world, &account);
    let edits: [(&str, Edit); 4] = [
        ("in the mailbox", |world| world.edit_todo("C3", json!({"status": "inProgress"}))),
        ("in Creatio", |world| world.edit_activity("M3", json!({"DueDate": at(100)}))),
        ("deleted", |world| world.delete_todo("M4")),
        ("new", |world| drop(world.todo("New", json!({"dueDateTime": day("2026-11-26")})))),
    ];
    for (what, edit) in edits {
        edit(&world);
        let ran = sync(&mut world, &account);
        println!("one task {what}: {} requests, {idle} idle", ran.requests.len());
        assert!(ran.writes() > 0 && ran.requests.len() <= idle + 7, "{what}: {:#?}", ran.requests);
        for _ in 0..2 {
            world.pass(20);
            sync(&mut world, &account).idle();
        }
        world.pass(20);
    }
}

#[test]
fn an_activity_handed_over_costs_each_account_seven_requests_more_than_none() {
    let mut world = World::empty();
    let (eugene, anna) = (world.account(), world.annas_account());
    for number in 0..10 {
        world.activity(&format!("A{number}"), 24 + number);
    }
    for account in [&eugene, &anna] {
        sync(&mut world, account);
    }
    let idle = [idle(&mut world, &eugene), idle(&mut world, &anna)];
    world.edit_activity("A3", json!({ "OwnerId": world.anna.contact }));
    for _ in 0..3 {
        for (account, idle) in [&eugene, &anna].into_iter().zip(idle) {
            let ran = sync(&mut world, account);
            println!("handed over, {}: {} requests, {idle} idle", account.id, ran.requests.len());
            assert!(ran.requests.len() <= idle + 7, "{:#?}", ran.requests);
        }
        world.pass(70);
    }
    assert_eq!((world.subjects_of(EUGENE).len(), world.subjects_of(ANNA).len()), (9, 1));
}

#[test]
fn a_policy_or_zone_that_changes_costs_one_look_at_every_pair() {
    let mut world = World::empty();
    for number in 0..200 {
        world.meeting(&format!("M{number}"), 24 + number);
    }
    let before = world.account();
    sync(&mut world, &before);
    let idle = idle(&mut world, &before);
    let zone = Account { time_zone: "Europe/London".into(), ..world.account() };
    for (what, account) in [("policy", world.policies(&[("notes", "both")])), ("zone", zone)] {
        let ran = sync(&mut world, &account);
        println!("200 pairs under another {what}: {} requests, {idle} idle", ran.requests.len());
        assert_eq!(ran.writes(), 0, "{what}");
        assert!(ran.requests.len() <= idle + 200 / 20 + 200 / 100 * 2 + 2, "{:#?}", ran.requests);
        world.pass(20);
        sync(&mut world, &account).idle();
    }
}
