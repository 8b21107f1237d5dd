//! What runs cost, counted in requests, sign-ins apart. The numbers are those that the design promises.

use emulators::creatio::NewActivity;
use guest::run::Direction;
use scenarios::life::at;
use scenarios::switch::Cut;
use scenarios::world::EUGENE;
use scenarios::{Ran, World};
use serde_json::json;

fn count(ran: &Ran, service: &str) -> usize {
    ran.log.iter().filter(|entry| entry.service == service).count()
}

/// A world with calendars beside the default one, in step and at rest.
fn resting(calendars: usize) -> World {
    let mut world = World::empty();
    for calendar in 0..calendars {
        let name = format!("Calendar {calendar}");
        world.calendar(&name);
        world.meeting_in(EUGENE, Some(&name), &format!("In {calendar}"), 40, json!({}));
    }
    for hours in 1..20 {
        world.meeting(&format!("M{hours}"), 24 + hours);
        world.activity(&format!("A{hours}"), 48 + hours);
    }
    world.synced();
    world.rests();
    world.pass(20);
    world
}

#[test]
fn an_idle_run_asks_for_each_folder_and_eight_times_more_at_most() {
    for calendars in [0, 3, 9] {
        let mut world = resting(calendars);
        let ran = world.sync();
        ran.idle();
        let folders = calendars + 1;
        println!("idle, {folders} folders: {} requests, {} commits", ran.requests.len(), ran.commits);
        assert!(ran.requests.len() <= folders + 8, "{:#?}", ran.requests);
        assert!(ran.commits <= 1);
    }
}

#[test]
fn one_change_costs_seven_requests_more_than_none() {
    type Change = (&'static str, fn(&World));
    let changes: [Change; 6] = [
        ("an edit in the mailbox", |world| world.edit_event("M3", json!({"subject": "M3 renamed"}))),
        ("an edit in Creatio", |world| world.edit_activity("A3", json!({"Title": "A3 renamed"}))),
        ("a new event", |world| drop(world.meeting("New", 70))),
        ("a new activity", |world| {
            world.activity("New", 70);
        }),
        ("a deleted event", |world| drop(world.delete_event("M4"))),
        ("an edit of both", |world| {
            world.edit_event("A5", json!({"subject": "A5 renamed"}));
            world.edit_activity("A5", json!({"Location": "Room 5"}));
        }),
    ];
    for (what, change) in changes {
        let mut world = resting(0);
        let idle = world.sync().requests.len();
        world.pass(20);
        change(&world);
        let ran = world.synced();
        assert!(ran.writes() > 0, "{what}");
        println!("{what}: {} requests, {idle} idle", ran.requests.len());
        assert!(ran.requests.len() <= idle + 7, "{what}: {:#?}", ran.requests);
    }
}

#[test]
fn a_first_export_of_a_thousand_takes_75_batches_and_25_other_requests_at_most() {
    let mut world = World::empty();
    let (contact, now) = (world.eugene.contact, world.now());
    world.creatio.with(|creatio| {
        for number in 0..1000_i64 {
            let activity = NewActivity::meeting(format!("Activity {number}"), at(24 + number)).owned_by(contact);
            creatio.add_activity(&activity, now).unwrap();
        }
    });
    let account = world.policies(&[("creation-limit", "2000")]);
    let ran = world.run(account, Direction::Reconcile, |_| {});
    ran.report();
    assert_eq!(world.subjects().len(), 1000);
    let batches = ran.batches("graph") + ran.batches("creatio");
    let others = ran.requests.len() - batches;
    let (graph, creatio) = (ran.batches("graph"), ran.batches("creatio"));
    println!("first export of 1,000: {graph} batches to Graph, {creatio} to Creatio, {others} others");
    assert!(batches <= 75, "{batches}");
    assert!(others <= 25, "{others}");
    world.pass(20);
    let account = world.policies(&[("creation-limit", "2000")]);
    world.run(account, Direction::Reconcile, |_| {}).idle();
}

#[test]
fn a_first_import_of_a_thousand_takes_its_pages_and_five_requests_for_each_hundred() {
    let mut world = World::empty();
    for number in 0..1000 {
        world.meeting(&format!("Meeting {number}"), 24 + number);
    }
    let account = world.policies(&[("creation-limit", "2000")]);
    let ran = world.run(account, Direction::Reconcile, |_| {});
    ran.report();
    assert_eq!(world.titles().len(), 1000);
    let pages = ran.requests.iter().filter(|request| request.contains("calendarView/delta")).count();
    let others = ran.requests.len() - pages;
    let (graph, creatio) = (count(&ran, "graph"), count(&ran, "creatio"));
    println!("first import of 1,000: {pages} pages and {others} others ({graph} to Graph, {creatio} to Creatio)");
    assert!(pages <= 1000 / 50 + 2, "{pages}");
    assert!(others <= 5 * 10, "{others}");
    world.pass(20);
    let account = world.policies(&[("creation-limit", "2000")]);
    world.run(account, Direction::Reconcile, |_| {}).idle();
}

#[test]
fn to_forget_two_thousand_items_takes_four_requests_for_each_twenty_and_twenty_others() {
    let mut world = World::empty();
    let (contact, now) = (world.eugene.contact, world.now());
    for number in 0..1000_i64 {
        world.meeting(&format!("Meeting {number}"), 24 + number);
        let activity = NewActivity::meeting(format!("Activity {number}"), at(24 + number)).owned_by(contact);
        world.creatio.with(|creatio| creatio.add_activity(&activity, now)).unwrap();
    }
    let account = world.policies(&[("creation-limit", "2000")]);
    world.run(account.clone(), Direction::Reconcile, |_| {}).report();
    world.pass(20);
    // Taking off marks alone: the listings, and one request for each twenty.
    let kept = world.store.as_ref().clone();
    let ran = world.forget(account.clone(), false);
    assert_eq!(ran.report().number("forgotten"), 1);
    println!("forget 1,000 marks: {} requests, {} commits", ran.requests.len(), ran.commits);
    assert!(ran.requests.len() <= 1000 / 20 + 20, "{}", ran.requests.len());
    world.store = std::sync::Arc::new(kept);
    let seen = world.forget_until(account.clone(), true, |options| options.dry_run = true, Cut::Never);
    let named = seen.entries.iter().map(|entry| entry.operation.clone()).collect();
    let ran = world.forget_until(account, true, |options| options.only = Some(named), Cut::Never);
    assert_eq!(ran.report().number("forgotten"), 1, "{:#?}", ran.report());
    assert_eq!((world.subjects().len(), world.titles().len(), world.store_size()), (1000, 1000, 0));
    println!("forget 2,000 items: {} requests, {} commits", ran.requests.len(), ran.commits);
    assert!(ran.requests.len() <= 4 * 2000 / 20 + 20, "{}", ran.requests.len());
}
