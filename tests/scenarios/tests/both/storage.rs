//! Storage is gone: a sync finds every pair again by identity, marker and fingerprint, makes none on either side, and names
//! what it cannot tell.

use emulators::creatio::ids::activity_status;
use guest::report::Outcome;
use guest::run::Direction;
use guest::settings::{Account, Folders};
use scenarios::history::titles;
use scenarios::life::guest;
use scenarios::switch::Cut;
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

#[scenarios::scenario]
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

#[scenarios::scenario]
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

#[scenarios::scenario]
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

/// A week of syncs, for what is looked at once in a while.
fn weeks(world: &mut World) {
    for minutes in [20, 70, 1500, 10_200, 70] {
        world.pass(minutes);
        world.synced();
    }
}

fn rights(world: &World, given: bool) {
    let action = if given { "grant" } else { "revoke" };
    world.creatio_edit(json!({"action": action, "user": "sync"}));
}

#[scenarios::scenario]
fn an_item_of_ours_whose_activity_was_only_hidden_is_paired_when_it_shows_again() {
    for title in ["Exported", "Exported, renamed there"] {
        let mut world = World::empty();
        world.activity("Exported", 300);
        world.synced();
        world.lose_storage();
        world.edit_event("Exported", json!({"subject": title, "location": {"displayName": "Room 9"}}));
        rights(&world, false);
        assert_eq!(world.synced().reasons(Outcome::Noted), ["marked-orphan"]);
        rights(&world, true);
        weeks(&mut world);
        assert_eq!((world.titles().len(), world.subjects()), (1, vec![title.to_owned()]));
        world.edit_event(title, json!({"subject": "Followed"}));
        weeks(&mut world);
        assert_eq!(world.titles(), ["Followed"]);
    }
}

#[scenarios::scenario]
fn an_activity_that_is_there_and_hidden_does_not_overwrite_its_item_once_it_shows() {
    let mut world = World::empty();
    world.meeting("Imported", 300);
    world.meeting("Another", 302);
    world.synced();
    let id = world.found("Imported").id;
    world.creatio_edit(json!({"action": "hide", "user": "sync", "ids": [id]}));
    world.lose_storage();
    world.edit_event("Imported", json!({"subject": "Edited"}));
    world.sync().report();
    world.creatio_edit(json!({"action": "show", "user": "sync", "ids": [id]}));
    let mut told = Vec::new();
    for _ in 0..3 {
        world.pass(70);
        told.extend(world.sync().reasons(Outcome::Noted));
    }
    assert_eq!(world.subjects(), ["Another", "Edited"]);
    assert!(told.contains(&"adopted-different"), "{told:?}");
}

#[scenarios::scenario]
fn what_lies_in_a_calendar_that_is_not_imported_any_more_is_not_made_again() {
    let mut world = World::empty();
    let projects = world.calendar("Projects");
    world.meeting_in(EUGENE, Some("Projects"), "Imported", 300, json!({}));
    world.meeting_in(EUGENE, Some("Projects"), "On both sides", 302, json!({}));
    world.synced();
    world.creatio_edit(json!({"action": "delete", "set": "Activity", "id": world.found("On both sides").id}));
    world.activity("On both sides", 302);
    world.lose_storage();
    let own = world.mail.with(|mail| mail.calendar_id(EUGENE, "Calendar")).unwrap();
    assert_ne!(own, projects);
    let unticked = Account { import_meetings: Folders::Selected(vec![own]), ..world.account() };
    for _ in 0..3 {
        world.pass(70);
        world.run(unticked.clone(), Direction::Reconcile, |_| {}).report();
    }
    assert_eq!((world.titles().len(), world.subjects().len()), (2, 2));
    // Ticked again, they are pairs.
    weeks(&mut world);
    assert_eq!((world.titles().len(), world.subjects().len()), (2, 2));
    world.edit_event("Imported", json!({"subject": "Followed"}));
    weeks(&mut world);
    assert_eq!(world.titles(), ["Followed", "On both sides"]);
}

#[scenarios::scenario]
fn an_original_renamed_in_creatio_and_its_copy_are_told_apart() {
    let mut world = World::empty();
    world.meeting("Planning", 300);
    world.meeting("Planning", 300);
    world.synced();
    let id = world.activities()[0].id;
    world.creatio_edit(json!({"action": "update", "set": "Activity", "id": id, "values": {"Title": "Renamed"}}));
    world.lose_storage();
    weeks(&mut world);
    assert_eq!((world.titles().len(), world.subjects().len()), (2, 2));
}

#[scenarios::scenario]
fn a_copy_that_carries_the_marker_of_its_original_is_an_item_of_its_own_after_lost_storage() {
    for (original, copy) in [(300, 400), (400, 300)] {
        let mut world = World::empty();
        world.activity("Exported", original);
        world.synced();
        let properties = world.event("Exported")["singleValueExtendedProperties"].clone();
        assert!(properties.is_array());
        world.meeting_with("Exported", copy, json!({"singleValueExtendedProperties": properties}));
        world.lose_storage();
        weeks(&mut world);
        let starts =
            |all: Vec<chrono::DateTime<chrono::Utc>>| all.into_iter().collect::<std::collections::BTreeSet<_>>();
        let wanted = starts(vec![scenarios::life::at(original), scenarios::life::at(copy)]);
        assert_eq!(starts(world.activities().iter().map(|activity| activity.start).collect()), wanted);
        assert_eq!(
            starts(world.mail.with(|mail| mail.events(EUGENE)).iter().map(|event| event.start).collect()),
            wanted
        );
    }
}

#[scenarios::scenario]
fn what_an_adoption_tells_is_told_after_a_crash() {
    for effects in 0..30 {
        let mut world = World::empty();
        world.meeting_with("Both", 300, json!({"importance": "high"}));
        world.activity_with("Both", 300, |new| new.place = "Room 1".into());
        let account = world.account();
        let ran = world.run_until(account, Direction::Reconcile, |_| {}, Cut::After(effects));
        let mut told = ran.reasons(Outcome::Noted);
        world.switch.arm(Cut::Never);
        world.pass(10);
        told.extend(world.synced().reasons(Outcome::Noted));
        assert!(told.contains(&"adopted-different"), "after {effects} effects: {told:?}");
    }
}
