//! First contact, and what is taken at all: nothing is doubled that both sides had, and nothing is taken that the
//! settings do not name.

use crate::steps::tried;
use emulators::creatio::NewActivity;
use guest::report::{Action, Outcome};
use guest::run::Direction;
use guest::settings::{Account, Folders};
use host_runner::store::MemoryStore;
use scenarios::World;
use scenarios::life::{at, guest, hour};
use scenarios::world::{ANNA, EUGENE};
use serde_json::json;
use std::sync::Arc;

#[scenarios::scenario]
fn the_same_title_start_and_end_on_both_sides_are_one_pair_and_nothing_is_created() {
    let mut world = World::empty();
    for hours in 30..40 {
        world.meeting_with(&format!("Встреча {hours}"), hours, json!({"location": {"displayName": "Mailbox's room"}}));
        world.activity_with(&format!("Встреча {hours}"), hours, |activity| {
            if hours % 2 == 0 {
                activity.place = "Creatio's room".into();
            }
        });
    }
    let ran = world.synced();
    assert!(ran.entries.iter().all(|entry| entry.action != Action::Create));
    assert_eq!((world.titles().len(), world.subjects().len()), (10, 10));
    // What differs stays as it is and is told; what is empty is filled.
    assert_eq!(ran.reasons(Outcome::Noted).iter().filter(|reason| **reason == "adopted-different").count(), 5);
    assert_eq!(world.found("Встреча 30").place, "Creatio's room");
    assert_eq!(world.found("Встреча 31").place, "Mailbox's room");
    assert_eq!(world.event("Встреча 30")["location"]["displayName"], "Mailbox's room");
    world.rests();
    // From then on an edit travels.
    world.edit_event("Встреча 30", json!({"location": {"displayName": "New room"}}));
    world.synced();
    assert_eq!(world.found("Встреча 30").place, "New room");
    world.rests();
}

#[scenarios::scenario]
fn two_candidates_are_held_until_they_differ() {
    let mut world = World::empty();
    world.meeting("Twin", 30);
    world.activity("Twin", 30);
    world.activity("Twin", 30);
    let ran = world.synced();
    assert!(ran.reasons(Outcome::Held).iter().all(|reason| *reason == "ambiguous"));
    assert!(ran.number(Outcome::Held) > 0);
    assert_eq!((world.titles().len(), world.subjects().len()), (2, 1));
    world.rests();
    // A person tells them apart.
    world.edit_activity("Twin", json!({"Title": "Another"}));
    world.synced();
    world.pass(5);
    world.synced();
    world.rests();
    assert_eq!((world.titles().len(), world.subjects()), (2, vec!["Another".to_owned(), "Twin".to_owned()]));
}

#[scenarios::scenario]
fn two_events_that_look_like_one_activity_are_held() {
    let mut world = World::empty();
    world.meeting("Twin", 30);
    world.meeting("Twin", 30);
    world.activity("Twin", 30);
    let ran = world.synced();
    assert!(ran.reasons(Outcome::Held).contains(&"ambiguous"));
    assert_eq!((world.titles().len(), world.subjects().len()), (1, 2));
    world.rests();
}

#[scenarios::scenario]
fn after_storage_was_lost_every_pair_is_found_again_and_nothing_is_created() {
    let mut world = World::empty();
    for hours in 30..36 {
        world.meeting(&format!("M{hours}"), hours);
        world.activity(&format!("A{hours}"), hours);
    }
    world.synced();
    // Since then both sides went on: titles and times are no help.
    world.edit_event("M30", json!({"subject": "M30 renamed"}));
    world.edit_event("A30", hour(at(90)));
    world.edit_activity("M31", json!({"Title": "M31 renamed in Creatio"}));
    world.store = Arc::new(MemoryStore::new());
    world.pass(60);
    let ran = world.synced();
    assert!(ran.entries.iter().all(|entry| entry.action != Action::Create), "{:#?}", ran.entries);
    assert_eq!((world.titles().len(), world.subjects().len()), (12, 12));
    world.rests();
    world.edit_activity("A31", json!({"Title": "A31 renamed"}));
    world.synced();
    assert!(world.subjects().contains(&"A31 renamed".to_owned()));
    world.rests();
}

#[scenarios::scenario]
fn a_first_contact_that_would_create_very_many_asks() {
    let mut world = World::empty();
    for hours in 30..36 {
        world.meeting(&format!("M{hours}"), hours);
        world.activity(&format!("A{hours}"), hours);
    }
    let account = world.policies(&[("creation-limit", "10")]);
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Held), ["creation-limit"; 12]);
    assert!(ran.warns("creation-limit"));
    assert_eq!((world.titles().len(), world.subjects().len()), (6, 6));
    world.pass(20);
    assert_eq!(tried(&mut world, &account).writes(), 0);
    // The limit is raised: everything goes.
    world.synced();
    assert_eq!((world.titles().len(), world.subjects().len()), (12, 12));
    world.rests();
}

#[scenarios::scenario]
fn a_first_contact_that_asks_can_be_approved_as_listed() {
    let mut world = World::empty();
    for hours in 30..36 {
        world.meeting(&format!("M{hours}"), hours);
        world.activity(&format!("A{hours}"), hours);
    }
    let account = world.policies(&[("creation-limit", "10")]);
    let held = tried(&mut world, &account);
    let only: Vec<String> = held.entries.iter().map(|entry| entry.operation.clone()).collect();
    world.run(account.clone(), Direction::Reconcile, |options| options.only = Some(only)).report();
    assert_eq!((world.titles().len(), world.subjects().len()), (12, 12));
    for _ in 0..2 {
        world.pass(20);
        tried(&mut world, &account).idle();
    }
}

#[scenarios::scenario]
fn what_ended_before_the_start_date_is_not_imported_and_what_is_over_is_not_exported() {
    let mut world = World::empty();
    // Seven days back is the default; the export begins with today.
    world.meeting("Long ago", -24 * 9);
    world.meeting("Last week", -24 * 5);
    world.activity("Yesterday", -24);
    world.activity("Today", -2);
    world.activity("Tomorrow", 24);
    world.synced();
    assert_eq!(world.titles(), ["Last week", "Today", "Tomorrow", "Yesterday"]);
    assert_eq!(world.subjects(), ["Last week", "Long ago", "Today", "Tomorrow"]);
    world.rests();
}

#[scenarios::scenario]
fn a_start_date_moved_back_takes_in_what_lies_between() {
    let mut world = World::empty();
    world.meeting("Long ago", -24 * 20);
    world.synced();
    assert_eq!(world.titles(), [""; 0]);
    let account = Account { import_from: Some("2026-11-01".into()), ..world.account() };
    world.pass(20);
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["Long ago"]);
    world.pass(20);
    tried(&mut world, &account).idle();
}

#[scenarios::scenario]
fn no_reminder_in_the_past_is_written() {
    let mut world = World::empty();
    world.activity_with("Soon", 1, |activity| activity.reminder = Some(at(-3)));
    world.activity_with("Later", 50, |activity| activity.reminder = Some(at(49)));
    world.synced();
    assert_eq!(world.event("Soon")["isReminderOn"], false);
    assert_eq!(world.event("Later")["reminderMinutesBeforeStart"], 60);
    world.rests();
}

#[scenarios::scenario]
fn only_selected_calendars_are_imported() {
    let mut world = World::empty();
    let (work, home) = (world.calendar("Work"), world.calendar("Home"));
    world.meeting_in(EUGENE, Some(&work), "Work", 30, json!({}));
    world.meeting_in(EUGENE, Some(&home), "Home", 31, json!({}));
    world.meeting("Default", 32);
    let account = Account { import_meetings: Folders::Selected(vec![work.clone()]), ..world.account() };
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["Work"]);
    world.pass(20);
    tried(&mut world, &account).idle();
    // One more is ticked.
    let account = Account { import_meetings: Folders::Selected(vec![work, home.clone()]), ..world.account() };
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["Home", "Work"]);
    // One is taken away: its pair is not followed, and nothing is deleted.
    let account = Account { import_meetings: Folders::Selected(vec![home]), ..world.account() };
    world.pass(20);
    tried(&mut world, &account);
    world.edit_event("Work", json!({"subject": "Work renamed"}));
    world.pass(20);
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["Home", "Work"]);
}

#[scenarios::scenario]
fn a_selected_calendar_that_is_gone_is_an_error_that_says_so() {
    let mut world = World::empty();
    let work = world.calendar("Work");
    world.meeting_in(EUGENE, Some(&work), "Work", 30, json!({}));
    let account = Account { import_meetings: Folders::Selected(vec![work]), ..world.account() };
    tried(&mut world, &account);
    world.graph_edit(json!({"action": "remove-calendar", "mailbox": EUGENE, "calendar": "Work"}));
    world.run(account, Direction::Reconcile, |_| {}).fails_with("not in the mailbox");
    assert_eq!(world.titles(), ["Work"]);
}

#[scenarios::scenario]
fn calendars_of_others_and_read_only_ones_are_not_part_of_all() {
    if scenarios::about_graph("a colleague's calendar is no folder of an Exchange mailbox") {
        return;
    }
    let mut world = World::empty();
    let shared = world.mail.with(|mail| mail.add_calendar(EUGENE, "Anna Smith", true, Some(ANNA))).unwrap();
    let holidays = world.mail.with(|mail| mail.add_calendar(EUGENE, "Holidays", false, None)).unwrap();
    world.meeting_in(EUGENE, Some(&shared), "Anna's", 30, json!({}));
    world.meeting_in(EUGENE, Some(&holidays), "New Year", 31, json!({}));
    world.meeting("Mine", 32);
    world.synced();
    assert_eq!(world.titles(), ["Mine"]);
    world.rests();
}

#[scenarios::scenario]
fn a_read_only_calendar_that_is_selected_is_imported_and_never_written() {
    let mut world = World::empty();
    let holidays = world.mail.with(|mail| mail.add_calendar(EUGENE, "Holidays", false, None)).unwrap();
    world.meeting_in(EUGENE, Some(&holidays), "New Year", 31, json!({}));
    let account = Account { import_meetings: Folders::Selected(vec![holidays]), ..world.account() };
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["New Year"]);
    world.pass(20);
    world.edit_activity("New Year", json!({"Title": "Party"}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Held), ["folder-read-only"]);
    assert_eq!(world.subjects(), ["New Year"]);
    world.pass(20);
    tried(&mut world, &account).idle();
}

#[scenarios::scenario]
fn exports_land_in_the_calendar_that_the_settings_name() {
    let mut world = World::empty();
    let work = world.calendar("Work");
    world.activity("A", 30);
    let account = Account { meetings_to: Some(work), ..world.account() };
    tried(&mut world, &account);
    let found = world.mail.with(|mail| mail.find_event(EUGENE, "A")).unwrap();
    assert_eq!(found.calendar, "Work");
    world.pass(20);
    tried(&mut world, &account).idle();
    // Another target is for what is exported from then on.
    world.activity("B", 31);
    world.synced();
    let calendar = |world: &World, subject| world.mail.with(|mail| mail.find_event(EUGENE, subject)).unwrap().calendar;
    assert_eq!((calendar(&world, "A"), calendar(&world, "B")), ("Work".to_owned(), "Calendar".to_owned()));
    world.rests();
}

#[scenarios::scenario]
fn a_target_calendar_that_may_not_be_written_is_an_error_that_says_so() {
    let mut world = World::empty();
    let holidays = world.mail.with(|mail| mail.add_calendar(EUGENE, "Holidays", false, None)).unwrap();
    let account = Account { meetings_to: Some(holidays), ..world.account() };
    world.run(account, Direction::Reconcile, |_| {}).fails_with("may not be written");
}

#[scenarios::scenario]
fn a_shared_sign_in_exports_only_what_the_accounts_contact_has_a_part_in() {
    let mut world = World::empty();
    let (eugene, anna, now) = (world.eugene.contact, world.anna.contact, world.now());
    world.creatio.with(|creatio| {
        creatio.add_activity(&NewActivity::meeting("Anna's own", at(30)).owned_by(anna), now).unwrap();
        let mut invited = NewActivity::meeting("Anna's, with Eugene", at(31)).owned_by(anna);
        invited.participants = vec![eugene];
        creatio.add_activity(&invited, now).unwrap();
    });
    world.activity("Eugene's", 32);
    world.synced();
    assert_eq!(world.subjects(), ["Anna's, with Eugene", "Eugene's"]);
    world.rests();
}

/// A meeting of Eugene's that Anna is invited to.
fn shared_meeting(world: &World) {
    world.meeting_with("Together", 30, json!({"attendees": [guest(ANNA)]}));
    assert_eq!(world.subjects_of(ANNA), ["Together"]);
}

#[scenarios::scenario]
fn a_meeting_in_two_mailboxes_of_the_tenant_is_one_activity() {
    for anna_first in [false, true] {
        let mut world = World::empty();
        shared_meeting(&world);
        let (eugene, anna) = (world.account(), world.annas_account());
        let order = if anna_first { [anna.clone(), eugene.clone()] } else { [eugene.clone(), anna.clone()] };
        for _ in 0..2 {
            for account in &order {
                tried(&mut world, account);
            }
            world.pass(20);
        }
        assert_eq!(world.titles(), ["Together"]);
        // The organizer renames it: one activity, one write.
        world.edit_event("Together", json!({"subject": "Renamed"}));
        for account in &order {
            tried(&mut world, account);
        }
        assert_eq!(world.titles(), ["Renamed"]);
        world.pass(20);
        for account in &order {
            tried(&mut world, account).idle();
        }
        assert_eq!(
            (world.subjects(), world.subjects_of(ANNA)),
            (vec!["Renamed".to_owned()], vec!["Renamed".to_owned()])
        );
    }
}

#[scenarios::scenario]
fn an_imported_meeting_is_never_made_a_second_time_in_the_mailbox_of_an_attendee() {
    let mut world = World::empty();
    shared_meeting(&world);
    let account = world.account();
    tried(&mut world, &account);
    // Anna's copy is away: she declined it, or it has not arrived yet. Creatio says that she takes part.
    let (id, anna, now) = (world.found("Together").id, world.anna.contact, world.now());
    let copy = world.mail.with(|mail| mail.find_event(ANNA, "Together")).unwrap().id;
    world.mail.with(|mail| mail.delete_event(ANNA, &copy, now)).unwrap();
    let row = json!({"ActivityId": id, "ParticipantId": anna});
    world.creatio.with(|creatio| creatio.add_row("ActivityParticipant", row.as_object().unwrap(), now)).unwrap();
    let anna = world.annas_account();
    let ran = tried(&mut world, &anna);
    assert_eq!(ran.reasons(Outcome::Held), ["by-invitation"]);
    assert!(world.subjects_of(ANNA).is_empty());
    for _ in 0..2 {
        world.pass(20);
        tried(&mut world, &anna).idle();
    }
    assert!(world.subjects_of(ANNA).is_empty());
}

#[scenarios::scenario]
fn a_copy_deleted_in_an_attendees_mailbox_does_not_end_the_meeting() {
    let mut world = World::empty();
    shared_meeting(&world);
    let (eugene, anna) = (world.account(), world.annas_account());
    tried(&mut world, &eugene);
    tried(&mut world, &anna);
    let (copy, now) = (world.mail.with(|mail| mail.find_event(ANNA, "Together")).unwrap().id, world.now());
    world.mail.with(|mail| mail.delete_event(ANNA, &copy, now)).unwrap();
    for _ in 0..2 {
        world.pass(20);
        tried(&mut world, &anna);
        tried(&mut world, &eugene);
    }
    assert_eq!(world.found("Together").status, emulators::creatio::ids::activity_status::NOT_STARTED);
    assert_eq!(world.subjects(), ["Together"]);
}

#[scenarios::scenario]
fn a_copy_that_a_user_makes_of_a_synchronised_event_is_an_event_of_its_own() {
    let mut world = World::empty();
    world.activity("A", 30);
    world.synced();
    let mut copy = hour(at(50));
    let marker = world.event("A")["singleValueExtendedProperties"].clone();
    copy["subject"] = json!("A");
    copy["singleValueExtendedProperties"] = marker;
    let now = world.now();
    world.mail.with(|mail| mail.add_event(EUGENE, None, &copy, now)).unwrap();
    world.pass(20);
    world.synced();
    assert_eq!((world.titles().len(), world.subjects().len()), (2, 2));
    world.rests();
}

#[scenarios::scenario]
fn an_activity_that_became_visible_without_a_change_is_found_by_the_weekly_sweep() {
    let mut world = World::empty();
    world.synced();
    let id = world.activity("Was hidden", 600);
    world.creatio_edit(json!({"action": "hide", "user": "sync", "ids": [id]}));
    world.pass(60);
    world.synced();
    assert!(world.subjects().is_empty());
    world.creatio_edit(json!({"action": "show", "user": "sync", "ids": [id]}));
    world.pass(60);
    world.synced();
    world.pass(8 * 24 * 60);
    world.synced();
    assert_eq!(world.subjects(), ["Was hidden"]);
    world.rests();
}

#[scenarios::scenario]
fn what_both_sides_have_is_one_pair_also_where_the_import_begins_later() {
    let mut world = World::empty();
    world.meeting("Same", 30);
    world.meeting("Mailbox alone", 33);
    world.activity("Same", 30);
    let account = Account { import_from: Some("2027-01-01".into()), ..world.account() };
    let ran = tried(&mut world, &account);
    assert!(ran.entries.iter().all(|entry| entry.action != Action::Create), "{:#?}", ran.entries);
    assert_eq!((world.titles(), world.subjects().len()), (vec!["Same".to_owned()], 2));
    world.edit_event("Same", json!({"location": {"displayName": "Room 7"}}));
    world.pass(5);
    tried(&mut world, &account);
    assert_eq!(world.found("Same").place, "Room 7");
}

#[scenarios::scenario]
fn the_other_side_is_met_for_the_first_time_by_the_first_run_that_writes_it() {
    let mut world = World::empty();
    for hours in 30..42 {
        world.activity(&format!("A{hours}"), hours);
    }
    let account = world.policies(&[("creation-limit", "10")]);
    world.run(account.clone(), Direction::Import, |_| {}).report();
    world.pass(20);
    let ran = world.run(account.clone(), Direction::Export, |_| {});
    assert_eq!(ran.reasons(Outcome::Held), ["creation-limit"; 12]);
    assert!(world.subjects().is_empty());
}

#[scenarios::scenario]
fn a_yes_to_one_creation_of_a_first_contact_is_none_to_the_others() {
    let mut world = World::empty();
    for hours in 30..42 {
        world.meeting(&format!("M{hours}"), hours);
    }
    let account = world.policies(&[("creation-limit", "10")]);
    let held = tried(&mut world, &account);
    let first = held.entries.iter().find(|entry| entry.title == "M30").unwrap();
    let only = vec![first.operation.clone()];
    world.run(account.clone(), Direction::Reconcile, |options| options.only = Some(only)).report();
    assert_eq!(world.titles().len(), 1);
    world.pass(20);
    let account = world.policies(&[("creation-limit", "10"), ("conflicts", "creatio-wins")]);
    tried(&mut world, &account);
    assert_eq!(world.titles().len(), 1);
}

#[scenarios::scenario]
fn a_guest_who_lets_a_meeting_go_leaves_it_to_the_other_guests() {
    for policy in ["cancel", "delete"] {
        let mut world = World::empty();
        let mut event = hour(at(30));
        event["subject"] = json!("Together");
        event["isReminderOn"] = json!(false);
        event["attendees"] = json!([guest(EUGENE), guest(ANNA)]);
        let now = world.now();
        let organizer = ("Olga Client", "olga@northwind.example");
        let copy = world.mail.with(|mail| mail.add_foreign_meeting(EUGENE, organizer, &event, now)).unwrap();
        assert_eq!(world.subjects_of(ANNA), ["Together"]);
        let eugene = world.policies(&[("deleted-in-mailbox", policy)]);
        let anna = Account { policies: eugene.policies.clone(), ..world.annas_account() };
        for _ in 0..2 {
            tried(&mut world, &eugene);
            tried(&mut world, &anna);
            world.pass(20);
        }
        let now = world.now();
        world.mail.with(|mail| mail.delete_event(EUGENE, &copy, now)).unwrap();
        for _ in 0..3 {
            world.pass(70);
            tried(&mut world, &eugene);
            tried(&mut world, &anna);
        }
        assert_eq!(world.found("Together").status, emulators::creatio::ids::activity_status::NOT_STARTED, "{policy}");
        // The last one decides.
        let copy = world.mail.with(|mail| mail.find_event(ANNA, "Together")).unwrap().id;
        let now = world.now();
        world.mail.with(|mail| mail.delete_event(ANNA, &copy, now)).unwrap();
        world.pass(70);
        tried(&mut world, &anna);
        let open = world.titles().iter().any(|title| title == "Together")
            && world.found("Together").status == emulators::creatio::ids::activity_status::NOT_STARTED;
        assert!(!open, "{policy}");
    }
}
