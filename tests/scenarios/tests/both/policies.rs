//! Policies: private items, mail to attendees, notes, and what the sync leaves alone.

use crate::steps::{rests, tried};
use emulators::creatio::NewActivity;
use guest::activity::Unit;
use guest::report::{Action, Outcome};
use guest::run::Direction;
use guest::settings::Account;
use scenarios::World;
use scenarios::life::{at, guest};
use scenarios::world::EUGENE;
use serde_json::{Value, json};

/// A private appointment.
fn secret(world: &World) {
    let body = json!({"contentType": "text", "content": "Teeth"});
    world.meeting_with(
        "Dentist",
        30,
        json!({"sensitivity": "private", "location": {"displayName": "Clinic"}, "body": body}),
    );
}

/// Nothing in Creatio betrays the private appointment.
fn betrays_nothing(world: &World) {
    for activity in world.activities() {
        for text in [&activity.title, &activity.place, &activity.notes] {
            assert!(!["Dentist", "Clinic", "Teeth"].iter().any(|secret| text.contains(secret)), "{activity:?}");
        }
    }
}

#[scenarios::scenario]
fn a_private_appointment_is_masked_and_its_mask_is_never_written_back() {
    let mut world = World::empty();
    let account = world.account();
    secret(&world);
    let ran = tried(&mut world, &account);
    assert!(!format!("{:?}", ran.entries).contains("Dentist"), "nor does the report");
    betrays_nothing(&world);
    assert_eq!((world.titles(), world.found("Личное").start), (vec!["Личное".to_owned()], at(30)));
    rests(&mut world, &account);
    // Its times are followed; edits in Creatio are not written to it.
    world.edit_event("Dentist", scenarios::life::hour(at(40)));
    tried(&mut world, &account);
    assert_eq!(world.found("Личное").start, at(40));
    world.edit_activity("Личное", json!({"Title": "Что это?", "Location": "Где?"}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Held), ["masked-private"]);
    assert_eq!(world.event("Dentist")["location"]["displayName"], "Clinic");
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_masked_activity_deleted_in_creatio_never_deletes_the_appointment() {
    let mut world = World::empty();
    let account = world.policies(&[("deleted-in-creatio", "delete")]);
    secret(&world);
    world.meeting("Open", 31);
    tried(&mut world, &account);
    world.delete_activity("Личное");
    for _ in 0..4 {
        world.pass(70);
        tried(&mut world, &account);
    }
    assert_eq!(world.subjects(), ["Dentist", "Open"]);
}

#[scenarios::scenario]
fn private_appointments_are_skipped_or_copied_where_the_policy_says_so() {
    let mut world = World::empty();
    let skip = world.policies(&[("private", "skip")]);
    secret(&world);
    let ran = tried(&mut world, &skip);
    assert_eq!(ran.report().number("left-alone"), 1);
    assert!(world.titles().is_empty());
    rests(&mut world, &skip);
    let copy = world.policies(&[("private", "copy")]);
    tried(&mut world, &copy);
    assert_eq!(world.found("Dentist").notes, "Teeth");
    rests(&mut world, &copy);
}

#[scenarios::scenario]
fn a_changed_policy_for_private_appointments_rewrites_creatio_and_never_the_mailbox() {
    let mut world = World::empty();
    let (mask, copy) = (world.policies(&[("private", "mask")]), world.policies(&[("private", "copy")]));
    secret(&world);
    let before = world.event("Dentist");
    tried(&mut world, &copy);
    assert_eq!(world.titles(), ["Dentist"]);
    world.pass(20);
    let ran = tried(&mut world, &mask);
    assert_eq!(ran.number(Outcome::Conflict), 0, "a policy is no edit");
    betrays_nothing(&world);
    assert_eq!(world.titles().len(), 1);
    rests(&mut world, &mask);
    let ran = tried(&mut world, &copy);
    assert_eq!(ran.reasons(Outcome::Written), ["policy-changed"]);
    assert_eq!((world.found("Dentist").place, world.found("Dentist").notes), ("Clinic".to_owned(), "Teeth".to_owned()));
    rests(&mut world, &copy);
    assert_eq!(world.event("Dentist")["changeKey"], before["changeKey"], "the mailbox was not written at all");
}

#[scenarios::scenario]
fn skipping_private_appointments_later_leaves_what_was_copied_and_deletes_nothing() {
    let mut world = World::empty();
    let (skip, copy) = (world.policies(&[("private", "skip")]), world.policies(&[("private", "copy")]));
    secret(&world);
    tried(&mut world, &copy);
    world.pass(20);
    tried(&mut world, &skip);
    rests(&mut world, &skip);
    assert_eq!((world.titles().len(), world.subjects().len()), (1, 1));
}

/// A meeting of Eugene's with a guest, in step.
fn with_guest(policies: &[(&str, &str)]) -> (World, Account) {
    let mut world = World::empty();
    let account = world.policies(policies);
    let body = json!({"contentType": "text", "content": "Agenda"});
    world.meeting_with("Review", 30, json!({"attendees": [guest("kate@obrien.example")], "body": body}));
    assert_eq!(world.outbox().len(), 1, "the invitation");
    tried(&mut world, &account);
    world.pass(20);
    (world, account)
}

#[scenarios::scenario]
fn a_change_that_would_mail_the_guests_is_held_with_their_names_and_goes_with_a_yes() {
    let (mut world, account) = with_guest(&[]);
    world.edit_activity("Review", json!({"StartDate": at(40), "DueDate": at(41)}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Held), ["would-notify"]);
    let held = ran.entries[0].clone();
    assert!(held.detail.contains("kate@obrien.example"), "{}", held.detail);
    rests(&mut world, &account);
    assert_eq!(world.outbox().len(), 1);
    let only = |options: &mut guest::settings::Options| options.only = Some(vec![held.operation.clone()]);
    world.run(account.clone(), Direction::Reconcile, only).report();
    assert_eq!(world.event("Review")["start"]["dateTime"], "2026-11-25T00:00:00.0000000");
    assert_eq!(world.outbox().len(), 2);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn what_no_guest_hears_of_is_written_while_the_rest_is_held() {
    let (mut world, account) = with_guest(&[]);
    let start = world.found("Review").start;
    world.edit_activity(
        "Review",
        json!({"Title": "Renamed", "RemindToOwner": true, "RemindToOwnerDate": start - chrono::TimeDelta::minutes(20)}),
    );
    let ran = tried(&mut world, &account);
    assert_eq!((ran.number(Outcome::Written), ran.number(Outcome::Held)), (1, 1));
    let event = world.event("Review");
    assert_eq!((&event["isReminderOn"], &event["reminderMinutesBeforeStart"]), (&json!(true), &json!(20)));
    assert_eq!(world.outbox().len(), 1);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn invitations_are_sent_where_the_policy_says_so_and_never_where_it_forbids_them() {
    let (mut world, account) = with_guest(&[("invitations", "send")]);
    world.edit_activity("Review", json!({"Title": "Renamed"}));
    let ran = tried(&mut world, &account);
    assert_eq!((ran.number(Outcome::Written), world.outbox().len()), (1, 2));
    rests(&mut world, &account);

    let (mut world, account) = with_guest(&[("invitations", "never")]);
    world.edit_activity("Review", json!({"Title": "Renamed"}));
    let ran = tried(&mut world, &account);
    assert_eq!((ran.number(Outcome::Held), world.outbox().len()), (1, 1));
    rests(&mut world, &account);
    assert_eq!(world.subjects(), ["Review"]);
}

#[scenarios::scenario]
fn what_is_held_goes_when_the_policy_allows_it() {
    let (mut world, account) = with_guest(&[]);
    world.edit_activity("Review", json!({"Title": "Renamed"}));
    assert_eq!(tried(&mut world, &account).number(Outcome::Held), 1);
    world.pass(20);
    let send = world.policies(&[("invitations", "send")]);
    assert_eq!(tried(&mut world, &send).number(Outcome::Written), 1);
    assert_eq!(world.subjects(), ["Renamed"]);
    rests(&mut world, &send);
}

#[scenarios::scenario]
fn what_is_held_and_taken_back_by_its_author_is_held_no_more() {
    let (mut world, account) = with_guest(&[]);
    world.edit_activity("Review", json!({"Title": "Renamed"}));
    let held = tried(&mut world, &account);
    assert_eq!(held.report().number("standing"), 1);
    world.pass(20);
    world.edit_activity("Renamed", json!({"Title": "Review"}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.report().number("standing"), 0);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_meeting_with_guests_whose_activity_was_deleted_is_not_cancelled_behind_their_backs() {
    let (mut world, _) = with_guest(&[]);
    let account = world.policies(&[("deleted-in-creatio", "delete")]);
    world.meeting("Another", 50);
    tried(&mut world, &account);
    world.delete_activity("Review");
    let mut held = Vec::new();
    for _ in 0..3 {
        held.extend(tried(&mut world, &account).reasons(Outcome::Held));
        world.pass(70);
    }
    assert_eq!((held, world.outbox().len(), world.subjects().len()), (vec!["would-notify"], 1, 2));
}

#[scenarios::scenario]
fn notes_of_a_meeting_with_guests_go_from_the_mailbox_only() {
    let (mut world, account) = with_guest(&[("invitations", "send")]);
    world.edit_activity("Review", json!({"Notes": "What we really think of Kate"}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Held), ["notes-from-mailbox"]);
    assert!(!world.event("Review")["body"]["content"].as_str().unwrap().contains("Kate"));
    assert_eq!(world.outbox().len(), 1);
    rests(&mut world, &account);
    let both = world.policies(&[("invitations", "send"), ("notes", "both")]);
    tried(&mut world, &both);
    assert!(world.event("Review")["body"]["content"].as_str().unwrap().contains("Kate"));
    rests(&mut world, &both);
}

#[scenarios::scenario]
fn notes_of_a_meeting_with_guests_still_come_from_the_mailbox() {
    let (mut world, account) = with_guest(&[]);
    world.edit_event("Review", json!({"body": {"contentType": "text", "content": "New agenda"}}));
    tried(&mut world, &account);
    assert_eq!(world.found("Review").notes, "New agenda");
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn the_block_that_joins_an_online_meeting_stays_whatever_the_policies_say() {
    if scenarios::about_graph("the emulated Exchange has no online meetings") {
        return;
    }
    let mut world = World::empty();
    let account = world.policies(&[("invitations", "send"), ("notes", "both")]);
    world.meeting_with("Online", 30, json!({"isOnlineMeeting": true, "onlineMeetingProvider": "teamsForBusiness"}));
    tried(&mut world, &account);
    world.pass(20);
    let block = world.event("Online")["body"].clone();
    world.edit_activity("Online", json!({"Notes": "Overwritten?", "Title": "Still online"}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Held), ["join-block"]);
    let event = world.event("Still online");
    assert_eq!((&event["body"], &event["isOnlineMeeting"]), (&block, &json!(true)));
    rests(&mut world, &account);
    // Not even by name: it would break the meeting.
    let only = |options: &mut guest::settings::Options| options.only = Some(vec![ran.entries[0].operation.clone()]);
    world.run(account.clone(), Direction::Reconcile, only).report();
    assert_eq!(world.event("Still online")["body"], block);
}

#[scenarios::scenario]
fn series_and_emails_are_left_alone_and_tasks_too_where_only_meetings_are_exported() {
    let mut world = World::empty();
    let account = world.policies(&[("export-tasks", "no")]);
    let daily: Value = json!({
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": 5},
    });
    world.meeting_with("Standup", 25, json!({"recurrence": daily}));
    let (contact, now) = (world.eugene.contact, world.now());
    world.creatio.with(|creatio| {
        creatio.add_activity(&NewActivity::task("Task", at(30), at(31)).owned_by(contact), now).unwrap();
        creatio.add_activity(&NewActivity::email("E-mail", at(30)).owned_by(contact), now).unwrap();
    });
    let ran = tried(&mut world, &account);
    assert_eq!((ran.writes(), ran.entries.len()), (0, 0));
    let counted = |reason: &str| -> u64 {
        ran.report()
            .counts
            .iter()
            .filter(|(counted, _)| counted.what == "left-alone" && counted.reason == reason)
            .map(|(_, number)| number)
            .sum()
    };
    assert!(counted("series-not-handled") > 0);
    assert_eq!(
        (world.titles(), world.subjects()),
        (vec!["E-mail".to_owned(), "Task".to_owned()], vec!["Standup".to_owned()])
    );
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn an_activity_taken_out_of_the_calendar_is_parked_where_only_meetings_are_exported() {
    let mut world = World::empty();
    let account = world.policies(&[("export-tasks", "no")]);
    world.activity("A", 30);
    tried(&mut world, &account);
    world.pass(20);
    world.edit_activity("A", json!({"ShowInScheduler": false}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Noted), ["kind-changed"]);
    assert!(ran.entries.iter().all(|entry| entry.action != Action::Delete));
    rests(&mut world, &account);
    assert_eq!(world.subjects(), ["A"]);
    world.edit_activity("A", json!({"ShowInScheduler": true, "Title": "A again"}));
    tried(&mut world, &account);
    assert_eq!(world.subjects(), ["A again"]);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_meeting_cancelled_by_its_organizer_cancels_the_activity() {
    let mut world = World::empty();
    let account = world.account();
    let id = world.invitation("Theirs", 30);
    tried(&mut world, &account);
    world.pass(20);
    let now = world.now();
    world.mail.with(|mail| mail.organizer_cancels(EUGENE, &id, now)).unwrap();
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Written), ["cancelled-by-organizer"]);
    assert_eq!(world.activities()[0].status, emulators::creatio::ids::activity_status::CANCELED);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_column_for_the_place_that_comes_later_is_filled_and_empties_nothing() {
    let mut world = World::empty();
    let without = world.policies(&[("place-column", "")]);
    world.meeting_with("Meeting", 30, json!({"location": {"displayName": "Room 1"}}));
    tried(&mut world, &without);
    rests(&mut world, &without);
    assert_eq!(world.found("Meeting").place, "");
    let with = world.account();
    tried(&mut world, &with);
    assert_eq!(world.found("Meeting").place, "Room 1");
    assert_eq!(world.event("Meeting")["location"]["displayName"], "Room 1");
    rests(&mut world, &with);
    world.edit_activity("Meeting", json!({"Location": "Room 2"}));
    tried(&mut world, &with);
    assert_eq!(world.event("Meeting")["location"]["displayName"], "Room 2");
    rests(&mut world, &with);
}

#[scenarios::scenario]
fn another_column_for_the_place_is_no_edit() {
    let mut world = World::empty();
    let before = world.account();
    world.meeting_with("Empty there", 30, json!({"location": {"displayName": "Room 1"}}));
    world.meeting_with("Other there", 33, json!({"location": {"displayName": "Room 2"}}));
    tried(&mut world, &before);
    rests(&mut world, &before);
    world.edit_activity("Other there", json!({"DetailedResult": "Somewhere"}));
    tried(&mut world, &before);
    let after = world.policies(&[("place-column", "DetailedResult")]);
    let ran = tried(&mut world, &after);
    assert_eq!(ran.reasons(Outcome::Noted), ["adopted-different"]);
    let place = |world: &World, subject: &str| world.event(subject)["location"]["displayName"].clone();
    assert_eq!((place(&world, "Empty there"), place(&world, "Other there")), (json!("Room 1"), json!("Room 2")));
    rests(&mut world, &after);
    assert_eq!(
        (world.found("Empty there").place, world.found("Other there").place),
        ("Room 1".into(), "Room 2".into())
    );
}

#[scenarios::scenario]
fn a_yes_to_one_of_two_held_changes_leaves_the_other_one_held() {
    let (mut world, account) = with_guest(&[]);
    world.edit_activity("Review", json!({"Title": "Renamed", "Notes": "For all"}));
    let held = tried(&mut world, &account);
    assert_eq!(held.number(Outcome::Held), 2, "{:?}", held.entries);
    let title = held.entries.iter().find(|entry| entry.units.iter().any(|unit| unit.unit == Unit::Title)).unwrap();
    let only = vec![title.operation.clone()];
    let ran = world.run(account.clone(), Direction::Reconcile, |options| options.only = Some(only));
    assert_eq!((ran.number(Outcome::Written), ran.number(Outcome::Noted)), (1, 0), "{:?}", ran.entries);
    assert_eq!(ran.report().number("standing"), 1);
    rests(&mut world, &account);
}
