//! Conflicts: both sides changed the same unit. One value wins by rule, and the other one is told.

use crate::steps::tried;
use chrono::TimeDelta;
use emulators::creatio::ids::activity_status;
use guest::activity::Unit;
use guest::report::{Entry, Outcome};
use guest::run::Direction;
use guest::settings::{Account, Exported, Folders};
use scenarios::life::{at, edit_creatio, point};
use scenarios::switch::Cut;
use scenarios::{Ran, World, show};
use serde_json::json;

/// A pair in step.
fn pair() -> World {
    let mut world = World::empty();
    world.meeting_with("Pair", 30, json!({"location": {"displayName": "Room 1"}}));
    world.synced();
    world.pass(20);
    world
}

/// The mailbox renames the pair, then Creatio, so many minutes later; or the other way about.
fn rename_both(world: &World, mailbox_first: bool, minutes: u64) {
    let in_mailbox = |world: &World| world.edit_event("Pair", json!({"subject": "Mailbox's"}));
    let in_creatio = |world: &World| world.edit_activity("Pair", json!({"Title": "Creatio's"}));
    if mailbox_first {
        in_mailbox(world)
    } else {
        in_creatio(world)
    }
    world.pass(minutes);
    if mailbox_first {
        in_creatio(world)
    } else {
        in_mailbox(world)
    }
    world.pass(1);
}

fn conflict(ran: &Ran) -> &Entry {
    let mut conflicts = ran.entries.iter().filter(|entry| entry.outcome == Outcome::Conflict);
    let conflict = conflicts.next().unwrap_or_else(|| {
        show(ran);
        panic!("there is no conflict")
    });
    assert!(conflicts.next().is_none(), "one conflict is told once");
    conflict
}

/// Renames on both sides, syncs with these policies, and says who won; the loser stands in the report.
fn winner(policies: &[(&str, &str)], mailbox_first: bool, minutes: u64) -> &'static str {
    let mut world = pair();
    // The policies are those of the account from the start.
    let account = world.policies(policies);
    tried(&mut world, &account);
    world.pass(20);
    rename_both(&world, mailbox_first, minutes);
    let ran = tried(&mut world, &account);
    let told = conflict(&ran);
    assert_eq!(world.subjects(), world.titles(), "both sides agree again");
    let won = world.titles().remove(0);
    let lost = if won == "Mailbox's" { "Creatio's" } else { "Mailbox's" };
    assert_eq!(told.units[0].before.as_deref(), Some(lost));
    assert_eq!(told.units[0].after.as_deref(), Some(won.as_str()));
    for _ in 0..2 {
        world.pass(20);
        tried(&mut world, &account).idle();
    }
    if won == "Mailbox's" { "mailbox" } else { "creatio" }
}

#[scenarios::scenario]
fn by_default_the_later_change_wins() {
    assert_eq!(winner(&[], true, 10), "creatio");
    assert_eq!(winner(&[], false, 10), "mailbox");
}

#[scenarios::scenario]
fn changes_within_two_minutes_have_no_order_and_the_side_of_the_settings_wins() {
    assert_eq!(winner(&[], true, 1), "mailbox");
    assert_eq!(winner(&[], false, 1), "mailbox");
    assert_eq!(winner(&[("conflict-tie", "creatio")], true, 1), "creatio");
    assert_eq!(winner(&[("conflict-tie", "creatio")], false, 1), "creatio");
}

#[scenarios::scenario]
fn a_side_that_is_set_to_win_wins_whatever_came_later() {
    assert_eq!(winner(&[("conflicts", "creatio-wins")], false, 10), "creatio");
    assert_eq!(winner(&[("conflicts", "creatio-wins")], true, 10), "creatio");
    assert_eq!(winner(&[("conflicts", "mailbox-wins")], true, 10), "mailbox");
    assert_eq!(winner(&[("conflicts", "mailbox-wins")], false, 10), "mailbox");
}

#[scenarios::scenario]
fn a_conflict_over_one_unit_costs_no_other_unit() {
    let mut world = pair();
    world.edit_event("Pair", json!({"subject": "Mailbox's", "importance": "high"}));
    world.pass(10);
    world.edit_activity("Pair", json!({"Title": "Creatio's", "Location": "Room 2"}));
    world.pass(1);
    let ran = world.synced();
    conflict(&ran);
    let event = world.event("Creatio's");
    assert_eq!((&event["importance"], &event["location"]["displayName"]), (&json!("high"), &json!("Room 2")));
    assert_eq!(world.found("Creatio's").place, "Room 2");
    world.rests();
}

#[scenarios::scenario]
fn the_organizer_of_a_meeting_wins_over_an_edit_in_creatio() {
    let mut world = World::empty();
    world.invitation("Theirs", 30);
    world.synced();
    for policy in [&[][..], &[("conflicts", "creatio-wins")][..]] {
        let account = world.policies(policy);
        world.pass(20);
        world.edit_activity("Theirs", json!({"Title": "Ours", "Notes": "Our notes"}));
        let ran = tried(&mut world, &account);
        assert_eq!(ran.reasons(Outcome::Conflict), ["organizer-wins"]);
        let told = conflict(&ran);
        assert!(told.units.iter().any(|unit| unit.before.as_deref() == Some("Ours")));
        assert_eq!((world.titles(), world.subjects()), (vec!["Theirs".to_owned()], vec!["Theirs".to_owned()]));
        assert_eq!(
            ran.log
                .iter()
                .filter(|entry| entry.service == "graph" && entry.parts.iter().any(|part| part.method != "GET"))
                .count(),
            0
        );
        world.pass(20);
        tried(&mut world, &account).idle();
    }
    assert!(world.outbox().is_empty());
}

#[scenarios::scenario]
fn a_reminder_of_ones_own_on_somebody_elses_meeting_is_written() {
    let mut world = World::empty();
    world.invitation("Theirs", 30);
    world.synced();
    world.pass(20);
    let start = world.found("Theirs").start;
    world.edit_activity(
        "Theirs",
        json!({"RemindToOwner": true, "RemindToOwnerDate": start - chrono::TimeDelta::minutes(30)}),
    );
    world.synced();
    let event = world.event("Theirs");
    assert_eq!((&event["isReminderOn"], &event["reminderMinutesBeforeStart"]), (&json!(true), &json!(30)));
    assert!(world.outbox().is_empty());
    world.rests();
}

#[scenarios::scenario]
fn where_nothing_is_exported_creatio_keeps_its_edit_until_the_mailbox_changes_the_same() {
    let mut world = World::empty();
    let account = Account { exported: Exported::None, ..world.account() };
    world.meeting_with("Pair", 30, json!({"location": {"displayName": "Room 1"}}));
    tried(&mut world, &account);
    world.pass(20);
    world.edit_activity("Pair", json!({"Title": "Creatio's", "Location": "Room 2"}));
    for _ in 0..2 {
        assert_eq!(tried(&mut world, &account).writes(), 0);
        assert_eq!((world.titles(), world.subjects()), (vec!["Creatio's".to_owned()], vec!["Pair".to_owned()]));
        world.pass(20);
    }
    // A side that is never written cannot lose, even against a later edit.
    world.edit_event("Pair", json!({"subject": "Mailbox's"}));
    world.pass(10);
    world.edit_activity("Creatio's", json!({"Title": "Creatio's again"}));
    world.pass(1);
    let ran = tried(&mut world, &account);
    assert_eq!(conflict(&ran).units[0].before.as_deref(), Some("Creatio's again"));
    assert_eq!(world.found("Mailbox's").place, "Room 2");
    assert_eq!(world.event("Mailbox's")["location"]["displayName"], "Room 1");
    world.pass(20);
    assert_eq!(tried(&mut world, &account).writes(), 0);
}

#[scenarios::scenario]
fn where_nothing_is_imported_the_mailbox_keeps_its_edit_until_creatio_changes_the_same() {
    let mut world = World::empty();
    let account = Account { import_meetings: Folders::None, ..world.account() };
    world.meeting("Mine alone", 40);
    world.activity("Pair", 30);
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["Pair"]);
    world.pass(20);
    world.edit_event("Pair", json!({"subject": "Mailbox's"}));
    for _ in 0..2 {
        assert_eq!(tried(&mut world, &account).writes(), 0);
        assert_eq!(world.titles(), ["Pair"]);
        world.pass(20);
    }
    world.edit_activity("Pair", json!({"Title": "Creatio's"}));
    world.pass(10);
    world.edit_event("Mailbox's", json!({"subject": "Mailbox's again"}));
    world.pass(1);
    let ran = tried(&mut world, &account);
    assert_eq!(conflict(&ran).units[0].before.as_deref(), Some("Mailbox's again"));
    assert_eq!(world.subjects(), ["Creatio's", "Mine alone"]);
    world.pass(20);
    assert_eq!(tried(&mut world, &account).writes(), 0);
}

#[scenarios::scenario]
fn the_loser_of_a_conflict_is_told_wherever_the_run_crashes() {
    for at in 0..40 {
        let mut world = World::empty();
        world.meeting("M", 30);
        world.synced();
        world.pass(20);
        world.edit_event("M", json!({"subject": "Said the mailbox"}));
        world.edit_activity("M", json!({"Title": "Said Creatio"}));
        let account = world.account();
        let cut = world.run_until(account, Direction::Reconcile, |_| {}, Cut::After(at));
        let reached = world.switch.dead();
        let mut entries = cut.entries;
        for _ in 0..2 {
            world.pass(10);
            entries.extend(world.sync().entries);
        }
        assert_eq!(world.titles(), ["Said the mailbox"], "after effect {at}");
        let told = entries.iter().any(|entry| {
            entry.outcome == Outcome::Conflict
                && entry.units.iter().any(|unit| unit.before.as_deref() == Some("Said Creatio"))
        });
        assert!(told, "after effect {at}: {entries:?}");
        if !reached {
            return;
        }
    }
    panic!("the sync has more effects than that");
}

#[scenarios::scenario]
fn a_reminder_that_is_written_while_the_start_moves_keeps_its_distance() {
    let mut world = World::empty();
    world.meeting("Planning", 300);
    world.synced();
    world.pass(20);
    world.edit_event("Planning", json!({"isReminderOn": true, "reminderMinutesBeforeStart": 8}));
    let (id, now) = (world.found("Planning").id, world.now());
    world.meanwhile("PATCH", move |creatio, _| {
        let values = json!({"StartDate": at(310), "DueDate": at(311)});
        let edit = json!({"action": "update", "set": "Activity", "id": id, "values": values});
        edit_creatio(creatio, &edit, now);
    });
    world.synced();
    world.pass(20);
    world.synced();
    let activity = world.found("Planning");
    assert_eq!((activity.start, activity.reminder), (at(310), Some(8)));
    assert_eq!(world.event("Planning")["reminderMinutesBeforeStart"], 8);
    world.rests();
}

#[scenarios::scenario]
fn a_reminder_set_just_before_the_start_is_moved_is_told() {
    for before in [None, Some(30)] {
        let mut world = World::empty();
        let reminder = json!({"isReminderOn": before.is_some(), "reminderMinutesBeforeStart": before.unwrap_or(0)});
        world.meeting_with("Planning", 300, reminder);
        world.synced();
        world.pass(20);
        world.edit_event("Planning", json!({"start": point(at(310)), "end": point(at(311))}));
        let (id, now) = (world.found("Planning").id, world.now());
        world.meanwhile("PATCH", move |creatio, _| {
            let values = json!({"RemindToOwner": true, "RemindToOwnerDate": at(300) - TimeDelta::minutes(8)});
            let edit = json!({"action": "update", "set": "Activity", "id": id, "values": values});
            edit_creatio(creatio, &edit, now);
        });
        let ran = world.synced();
        let told: Vec<_> = ran.entries.iter().filter(|entry| entry.outcome == Outcome::Overwritten).collect();
        assert_eq!(told.len(), 1, "{:?}", ran.entries);
        let unit = told[0].units.iter().find(|change| change.unit == Unit::Reminder).unwrap();
        assert_eq!(unit.before.as_deref(), Some("8 min"));
        for _ in 0..2 {
            world.pass(20);
            world.synced();
        }
        world.rests();
    }
}

#[test]
fn an_item_that_an_edit_made_anew_can_be_deleted_again() {
    let mut world = World::empty();
    world.activity("Plan", 40);
    world.synced();
    world.pass(20);
    world.delete_event("Plan");
    world.edit_activity("Plan", json!({"Location": "Room 4"}));
    world.synced();
    assert_eq!(world.subjects(), ["Plan"], "the edit beats the deletion");
    world.delete_event("Plan");
    for _ in 0..3 {
        world.pass(70);
        world.synced();
    }
    assert!(world.subjects().is_empty());
    assert_eq!(world.found("Plan").status, activity_status::CANCELED);
}
