//! Storage is gone: a sync finds every pair again by identity, marker and fingerprint, makes none on either side, and names
//! what it cannot tell.

use emulators::creatio::ids::activity_status;
use guest::report::Outcome;
use guest::run::Direction;
use scenarios::history::titles;
use scenarios::life::guest;
use scenarios::world::{ANNA, EUGENE};
use scenarios::{World, show};
use serde_json::json;

/// Runs for both accounts, some minutes later; what was held, by title.
fn week(world: &mut World) -> Vec<(String, &'static str)> {
    world.pass(40);
    let mut held = Vec::new();
    for account in [world.account(), world.annas_account()] {
        let ran = world.run(account, Direction::Reconcile, |_| {});
        if ran.report.is_err() || ran.number(Outcome::Failed) > 0 {
            show(&ran);
        }
        ran.report();
        assert_eq!(ran.number(Outcome::Failed), 0);
        held.extend(
            ran.entries
                .iter()
                .filter(|entry| entry.outcome == Outcome::Held)
                .map(|entry| (entry.title.clone(), entry.reason.code())),
        );
    }
    held
}

/// Two accounts after some weeks: imported, exported, adopted, edited, moved, cancelled, with guests, and twins.
fn rich() -> World {
    let mut world = World::empty();
    world.calendar("Projects");
    for hours in 0..8 {
        world.meeting(&format!("Imported {hours}"), 30 + hours);
        world.activity(&format!("Exported {hours}"), 50 + hours);
    }
    for title in ["Adopted", "Adopted and edited"] {
        world.meeting(title, 70);
        world.activity(title, 70);
    }
    // The same title at the same time, twice in the mailbox.
    world.meeting("Standup", 74);
    world.meeting("Standup", 74);
    let both = json!({"attendees": [guest(ANNA), guest("olga@northwind.example")]});
    world.meeting_with("With both", 76, both);
    world.invitation("From elsewhere", 78);
    world.meeting("Cancelled", 80);
    world.meeting_in(ANNA, None, "Anna's own", 82, json!({}));
    for _ in 0..2 {
        week(&mut world);
    }
    world.edit_event("Imported 0", json!({"subject": "Imported, renamed there"}));
    world.edit_activity("Imported 1", json!({"Title": "Imported, renamed here"}));
    world.edit_event("Exported 0", json!({"subject": "Exported, renamed there"}));
    world.edit_activity("Exported 1", json!({"Location": "Room 9"}));
    world.edit_event("Adopted and edited", json!({"location": {"displayName": "Room 3"}}));
    world.graph_edit(
        json!({"action": "move-event", "mailbox": EUGENE, "subject": "Exported 2", "calendar": "Projects"}),
    );
    world.delete_event("Cancelled");
    for _ in 0..3 {
        week(&mut world);
    }
    world
}

#[test]
fn every_pair_is_found_again_and_nothing_is_made() {
    let mut world = rich();
    let before = titles(&world);
    let mails = world.outbox().len();
    world.lose_storage();
    for _ in 0..3 {
        // Twins were imported each under an id of its own, and are known by it.
        assert_eq!(week(&mut world), []);
    }
    assert_eq!(titles(&world), before);
    assert_eq!(world.outbox().len(), mails);
    assert_eq!(world.found("Cancelled").status, activity_status::CANCELED);
    // At rest, and followed again: an edit goes through, and a deletion too.
    let quiet = world.sync();
    quiet.idle();
    world.edit_event("Exported, renamed there", json!({"subject": "Exported, renamed again"}));
    world.edit_activity("Imported 2", json!({"Title": "Imported, renamed again"}));
    world.delete_event("Imported 3");
    world.pass(20);
    let mut reasons = world.synced().reasons(Outcome::Written);
    reasons.sort_unstable();
    assert_eq!(reasons, ["changed-in-creatio", "changed-in-mailbox", "deleted-in-mailbox"]);
}

#[test]
fn what_cannot_be_told_apart_is_held_and_named() {
    let mut world = World::empty();
    world.meeting("Planning", 30);
    world.activity("Planning", 30);
    world.synced();
    world.rests();
    // A twin on each side, made when nobody was left to know of the pair.
    world.meeting("Planning", 30);
    world.activity("Planning", 30);
    let before = titles(&world);
    world.lose_storage();
    let held: Vec<_> = week(&mut world).into_iter().filter(|(_, reason)| *reason == "ambiguous").collect();
    assert!(held.len() >= 2 && held.iter().all(|(title, _)| title == "Planning"), "{held:?}");
    for _ in 0..2 {
        assert_eq!(week(&mut world), []);
    }
    assert_eq!(titles(&world), before);
}

#[test]
fn an_item_of_ours_whose_activity_is_gone_is_named_once_and_left_alone() {
    let mut world = World::empty();
    world.activity("Exported", 30);
    world.activity("Gone", 32);
    world.synced();
    world.lose_storage();
    world.delete_activity("Gone");
    let ran = world.synced();
    let noted: Vec<&str> =
        ran.entries.iter().filter(|entry| entry.title == "Gone").map(|entry| entry.reason.code()).collect();
    assert_eq!(noted, ["marked-orphan"]);
    assert_eq!(world.subjects(), ["Exported", "Gone"]);
    world.rests();
}
