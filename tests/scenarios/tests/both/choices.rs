//! Settings that change between runs: what is ticked off is parked and not removed, and comes back with all that was done
//! to it meanwhile.

use crate::steps::{nothing_removed, rests, sync};
use emulators::creatio::ids::activity_status;
use guest::activity::Kind;
use guest::report::Outcome;
use guest::run::Direction;
use guest::settings::{Account, Exported, Folders};
use scenarios::life::at;
use scenarios::switch::Cut;
use scenarios::tasks::day;
use scenarios::world::EUGENE;
use scenarios::{Ran, World};
use serde_json::json;

/// No value was lost, and none was taken for another's edit.
fn no_conflict(ran: &Ran) {
    assert_eq!((ran.number(Outcome::Conflict), ran.number(Outcome::Overwritten)), (0, 0), "{:?}", ran.entries);
}

fn main_calendar(world: &World) -> String {
    let all = world.discover(&world.account()).unwrap().folders;
    all.into_iter().find(|folder| folder.is_default && folder.kind == Kind::Appointment).unwrap().id
}

/// A world with a meeting in the default calendar and two in "Projects"; the settings with both calendars, and with the
/// first one only.
fn two_calendars() -> (World, Account, Account) {
    let mut world = World::empty();
    let projects = world.calendar("Projects");
    world.meeting("Main", 30);
    world.meeting_in(EUGENE, Some("Projects"), "Plan", 33, json!({}));
    world.meeting_in(EUGENE, Some("Projects"), "Review", 36, json!({}));
    let main = main_calendar(&world);
    let both = Account { import_meetings: Folders::Selected(vec![main.clone(), projects]), ..world.account() };
    let one = Account { import_meetings: Folders::Selected(vec![main]), ..world.account() };
    sync(&mut world, &both);
    rests(&mut world, &both);
    (world, both, one)
}

#[scenarios::scenario]
fn a_calendar_unticked_and_ticked_again_loses_nothing_and_doubles_nothing() {
    let (mut world, both, one) = two_calendars();
    let ran = sync(&mut world, &one);
    assert_eq!(ran.reasons(Outcome::Noted), ["left-scope", "left-scope"]);
    assert_eq!(ran.writes(), 0);
    rests(&mut world, &one);
    world.edit_event("Plan", json!({"location": {"displayName": "Room 4"}}));
    world.edit_activity("Plan", json!({"Title": "Plan B"}));
    world.meeting_in(EUGENE, Some("Projects"), "Retrospective", 39, json!({}));
    sync(&mut world, &one).idle();
    rests(&mut world, &one);
    assert_eq!(world.titles(), ["Main", "Plan B", "Review"]);
    let ran = sync(&mut world, &both);
    no_conflict(&ran);
    assert_eq!(world.titles(), ["Main", "Plan B", "Retrospective", "Review"]);
    assert_eq!(world.subjects(), world.titles());
    assert_eq!(world.found("Plan B").place, "Room 4");
    rests(&mut world, &both);
}

#[scenarios::scenario]
fn an_item_that_has_just_left_what_is_imported_takes_no_edit_until_it_is_back() {
    let (mut world, both, one) = two_calendars();
    let (id, now) = (world.event_id("Main"), world.now());
    world.mail.move_event(EUGENE, &id, "Projects", now).unwrap();
    world.edit_activity("Main", json!({"Location": "Room 3"}));
    world.pass(20);
    let ran = sync(&mut world, &one);
    assert_eq!(ran.writes(), 0, "{:#?}", ran.entries);
    nothing_removed(&ran);
    rests(&mut world, &one);
    assert_ne!(world.event("Main")["location"]["displayName"], "Room 3");
    sync(&mut world, &both);
    assert_eq!(world.event("Main")["location"]["displayName"], "Room 3");
    rests(&mut world, &both);
}

#[scenarios::scenario]
fn what_was_deleted_while_its_calendar_was_unticked_is_decided_as_ever_when_it_is_ticked_again() {
    let (mut world, both, one) = two_calendars();
    sync(&mut world, &one);
    world.pass(20);
    world.delete_event("Plan");
    world.delete_activity("Review");
    for _ in 0..2 {
        world.pass(100);
        sync(&mut world, &one).idle();
    }
    let ran = sync(&mut world, &both);
    assert_eq!(ran.reasons(Outcome::Written), ["deleted-in-mailbox"]);
    assert_eq!(world.found("Plan").status, activity_status::CANCELED);
    let mut told = Vec::new();
    for _ in 0..3 {
        world.pass(100);
        told.extend(sync(&mut world, &both).reasons(Outcome::Noted));
    }
    assert_eq!(told, ["unlinked-not-ours"]);
    assert_eq!(world.subjects(), ["Main", "Review"]);
    rests(&mut world, &both);
}

#[scenarios::scenario]
fn what_was_deleted_before_the_choices_left_it_is_parked_in_the_run_that_learns_both() {
    let (mut world, both, one) = two_calendars();
    world.pass(20);
    world.delete_event("Plan");
    for _ in 0..2 {
        nothing_removed(&sync(&mut world, &one));
        world.pass(100);
    }
    assert_ne!(world.found("Plan").status, activity_status::CANCELED);
    let ran = sync(&mut world, &both);
    assert_eq!(ran.reasons(Outcome::Written), ["deleted-in-mailbox"]);
    rests(&mut world, &both);
}

#[scenarios::scenario]
fn an_edit_does_not_make_anew_what_the_groups_leave_out() {
    let mut world = World::empty();
    for (group, title, hours) in [("A", "In A", 30), ("B", "In B", 33)] {
        world.group(group);
        world.activity(title, hours);
        world.join(group, title);
    }
    let (a, b) = (world.exporting(&["A"]), world.exporting(&["B"]));
    sync(&mut world, &a);
    rests(&mut world, &a);
    world.edit_activity("In A", json!({"Location": "Room 1"}));
    world.delete_event("In A");
    world.pass(20);
    nothing_removed(&sync(&mut world, &b));
    rests(&mut world, &b);
    assert_eq!(world.subjects(), ["In B"]);
    sync(&mut world, &a);
    assert_eq!(world.subjects(), ["In A", "In B"]);
    assert_eq!(world.event("In A")["location"]["displayName"], "Room 1");
    rests(&mut world, &a);
}

#[scenarios::scenario]
fn unticking_many_removes_nothing_however_many_they_are() {
    let mut world = World::empty();
    let projects = world.calendar("Projects");
    for number in 0..40 {
        world.meeting_in(EUGENE, Some("Projects"), &format!("Meeting {number:02}"), 30 + number, json!({}));
    }
    let (both, none) = (world.account(), Account { import_meetings: Folders::None, ..world.account() });
    sync(&mut world, &both);
    world.pass(20);
    let ran = sync(&mut world, &none);
    assert_eq!((ran.writes(), ran.number(Outcome::Noted)), (0, 40));
    world.graph_edit(json!({"action": "remove-calendar", "mailbox": EUGENE, "calendar": "Projects"}));
    for _ in 0..3 {
        world.pass(1500);
        sync(&mut world, &none).idle();
    }
    assert_eq!(world.titles().len(), 40);
    let gone = Account { import_meetings: Folders::Selected(vec![projects]), ..world.account() };
    let ran = world.run(gone, Direction::Reconcile, |_| {});
    ran.fails_with("is not in the mailbox; run discover and change the selection");
    assert_eq!((ran.writes(), world.titles().len()), (0, 40));
}

#[scenarios::scenario]
fn a_list_unticked_and_ticked_again_loses_nothing_and_doubles_nothing() {
    let mut world = World::empty();
    let errands = world.mail.with(|mail| mail.add_list(EUGENE, "Errands")).unwrap();
    world.todo("Main", json!({"dueDateTime": day("2026-11-25")}));
    world.todo_in(Some("Errands"), "Milk", json!({"dueDateTime": day("2026-11-26")}));
    let all = world.with_tasks();
    let lists = world.discover(&all).unwrap().folders;
    let main: Vec<String> = lists
        .into_iter()
        .filter(|list| list.kind == Kind::Task && !list.id.contains(&errands) && list.reason.is_none())
        .map(|list| list.id)
        .collect();
    let one = Account { import_tasks: Folders::Selected(main), ..world.account() };
    sync(&mut world, &all);
    rests(&mut world, &all);
    let ran = sync(&mut world, &one);
    assert_eq!((ran.reasons(Outcome::Noted), ran.writes()), (vec!["left-scope"], 0));
    world.edit_todo("Milk", json!({"status": "inProgress"}));
    world.edit_activity("Milk", json!({"Notes": "Two litres"}));
    world.todo_in(Some("Errands"), "Bread", json!({"dueDateTime": day("2026-11-27")}));
    world.pass(20);
    sync(&mut world, &one).idle();
    let ran = sync(&mut world, &all);
    no_conflict(&ran);
    assert_eq!(world.titles(), ["Bread", "Main", "Milk"]);
    assert_eq!(
        (world.task("Milk").notes.as_str(), world.found("Milk").status),
        ("Two litres", activity_status::IN_PROGRESS)
    );
    rests(&mut world, &all);
    // No list at all, and all of them again.
    let none = Account { import_tasks: Folders::None, ..world.account() };
    nothing_removed(&sync(&mut world, &none));
    rests(&mut world, &none);
    world.edit_todo("Bread", json!({"importance": "high"}));
    sync(&mut world, &all);
    rests(&mut world, &all);
    assert_eq!((world.titles().len(), world.todos().len()), (3, 3));
}

#[scenarios::scenario]
fn the_start_date_moved_back_takes_more_in_and_moved_forward_forgets_nothing() {
    let mut world = World::empty();
    world.meeting("Long ago", -24 * 40);
    world.meeting("Lately", -24 * 3);
    world.meeting("Soon", 30);
    let from = |world: &World, day: &str| Account { import_from: Some(day.into()), ..world.account() };
    let account = from(&world, "2026-11-15");
    sync(&mut world, &account);
    rests(&mut world, &account);
    assert_eq!(world.titles(), ["Lately", "Soon"]);
    let earlier = from(&world, "2026-10-01");
    sync(&mut world, &earlier);
    rests(&mut world, &earlier);
    assert_eq!(world.titles(), ["Lately", "Long ago", "Soon"]);
    let later = from(&world, "2026-11-24");
    nothing_removed(&sync(&mut world, &later));
    world.meeting("Yesterday", -20);
    world.edit_event("Lately", json!({"subject": "Lately, renamed"}));
    world.edit_event("Long ago", json!({"subject": "Long ago, renamed"}));
    sync(&mut world, &later);
    rests(&mut world, &later);
    assert_eq!(world.titles(), ["Lately, renamed", "Long ago, renamed", "Soon"]);
    sync(&mut world, &earlier);
    rests(&mut world, &earlier);
    assert_eq!(world.titles(), ["Lately, renamed", "Long ago, renamed", "Soon", "Yesterday"]);
}

#[scenarios::scenario]
fn a_group_swapped_for_another_parks_the_one_and_exports_the_other() {
    let mut world = World::empty();
    for (group, title, hours) in [("A", "In A", 30), ("B", "In B", 33)] {
        world.group(group);
        world.activity(title, hours);
        world.join(group, title);
    }
    world.activity("In both", 36);
    world.join("A", "In both");
    world.join("B", "In both");
    let (a, b) = (world.exporting(&["A"]), world.exporting(&["B"]));
    sync(&mut world, &a);
    rests(&mut world, &a);
    world.edit_activity("In both", json!({"Location": "Room 1"}));
    let ran = sync(&mut world, &b);
    nothing_removed(&ran);
    assert_eq!(
        (ran.reasons(Outcome::Noted), world.subjects()),
        (vec!["left-scope"], vec!["In A".to_owned(), "In B".to_owned(), "In both".to_owned()])
    );
    assert_eq!(world.event("In both")["location"]["displayName"], "Room 1");
    rests(&mut world, &b);
    sync(&mut world, &a);
    rests(&mut world, &a);
    assert_eq!(world.subjects().len(), 3);
}

#[scenarios::scenario]
fn export_switched_off_and_on_catches_up_and_doubles_nothing() {
    let mut world = World::empty();
    let on = world.with_tasks();
    let off = Account { exported: Exported::None, ..on.clone() };
    world.activity("Made", 30);
    world.chore("Chore", at(40), at(41));
    world.meeting("Theirs", 50);
    sync(&mut world, &on);
    rests(&mut world, &on);
    nothing_removed(&sync(&mut world, &off));
    rests(&mut world, &off);
    world.activity("New", 33);
    world.edit_activity("Made", json!({"Location": "Room 2"}));
    world.edit_activity("Theirs", json!({"Location": "Room 3"}));
    world.edit_activity("Chore", json!({"Notes": "Quickly"}));
    // What changes in the mailbox is still imported.
    world.edit_event("Made", json!({"subject": "Made, moved"}));
    let ran = sync(&mut world, &off);
    assert_eq!(world.titles(), ["Chore", "Made, moved", "New", "Theirs"]);
    assert!(ran.requests.iter().all(|request| !request.contains("PATCH /v1.0")));
    assert_eq!(world.subjects(), ["Made, moved", "Theirs"]);
    rests(&mut world, &off);
    let ran = sync(&mut world, &on);
    no_conflict(&ran);
    rests(&mut world, &on);
    assert_eq!(world.subjects(), ["Made, moved", "New", "Theirs"]);
    assert_eq!(world.event("Made, moved")["location"]["displayName"], "Room 2");
    assert_eq!(world.event("Theirs")["location"]["displayName"], "Room 3");
    assert_eq!(world.task("Chore").notes, "Quickly");
}

#[scenarios::scenario]
fn tasks_that_are_exported_no_more_stay_and_are_followed_again() {
    let mut world = World::empty();
    let both = world.account();
    let meetings = world.policies(&[("export-tasks", "no")]);
    world.activity("Meeting", 30);
    world.chore("Chore", at(40), at(41));
    sync(&mut world, &both);
    rests(&mut world, &both);
    let ran = sync(&mut world, &meetings);
    nothing_removed(&ran);
    assert_eq!(ran.reasons(Outcome::Noted), ["left-scope"]);
    world.edit_activity("Chore", json!({"Notes": "Quickly"}));
    world.edit_todo("Chore", json!({"importance": "high"}));
    world.chore("Another", at(42), at(43));
    world.pass(20);
    sync(&mut world, &meetings).idle();
    rests(&mut world, &meetings);
    assert_eq!((world.subjects(), world.todos()), (vec!["Meeting".to_owned()], vec!["Chore".to_owned()]));
    assert_eq!(world.task("Chore").notes, "");
    no_conflict(&sync(&mut world, &both));
    rests(&mut world, &both);
    assert_eq!(
        (world.todos(), world.task("Chore").notes.as_str()),
        (vec!["Another".to_owned(), "Chore".to_owned()], "Quickly")
    );
}

#[scenarios::scenario]
fn another_time_zone_is_neither_an_edit_nor_a_conflict_and_days_stay_days() {
    for zone in ["Europe/London", "America/Los_Angeles", "Asia/Tokyo"] {
        let mut world = World::empty();
        let before = world.with_tasks();
        let after = Account { time_zone: zone.into(), ..before.clone() };
        world.meeting("Meeting", 30);
        let day_off = json!({
            "isAllDay": true,
            "start": {"dateTime": "2026-11-25T00:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-26T00:00:00", "timeZone": "UTC"},
        });
        world.meeting_with("Day off", 40, day_off);
        world.activity("Activity", 33);
        world.todo("Theirs", json!({"dueDateTime": day("2026-11-25")}));
        world.chore("Ours", at(40), at(41));
        sync(&mut world, &before);
        rests(&mut world, &before);
        let due = world.task("Ours").due;
        let ran = sync(&mut world, &after);
        no_conflict(&ran);
        rests(&mut world, &after);
        assert_eq!(world.event("Day off")["start"]["dateTime"], "2026-11-25T00:00:00.0000000", "{zone}");
        assert_eq!(world.task("Theirs").due, "2026-11-25".parse().ok(), "{zone}");
        assert_eq!(world.task("Ours").due, due, "{zone}");
        assert_eq!((world.found("Meeting").start, world.found("Activity").start), (at(30), at(33)));
        no_conflict(&sync(&mut world, &before));
        rests(&mut world, &before);
        assert_eq!(world.task("Theirs").due, "2026-11-25".parse().ok(), "{zone}");
        assert_eq!((world.titles().len(), world.subjects().len(), world.todos().len()), (5, 3, 2));
    }
}

#[scenarios::scenario]
fn a_changed_selection_decides_no_conflict() {
    let mut world = World::empty();
    world.calendar("Projects");
    world.meeting("Both", 30);
    let account = world.policies(&[("conflicts", "creatio-wins")]);
    sync(&mut world, &account);
    rests(&mut world, &account);
    world.edit_event("Both", json!({"subject": "Said the mailbox"}));
    world.edit_activity("Both", json!({"Title": "Said Creatio"}));
    let main = main_calendar(&world);
    let chosen = Account { import_meetings: Folders::Selected(vec![main]), ..account };
    sync(&mut world, &chosen);
    assert_eq!((world.subjects(), world.titles()), (vec!["Said Creatio".to_owned()], vec!["Said Creatio".to_owned()]));
}

#[scenarios::scenario]
fn a_pair_that_was_on_both_sides_is_followed_by_an_account_that_only_exports() {
    let mut world = World::empty();
    world.meeting("Same", 30);
    world.activity("Same", 30);
    let account = Account { import_meetings: Folders::None, ..world.account() };
    sync(&mut world, &account);
    rests(&mut world, &account);
    world.edit_activity("Same", json!({"Location": "Room 8"}));
    sync(&mut world, &account);
    assert_eq!(world.event("Same")["location"]["displayName"], "Room 8");
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_selection_that_is_empty_or_gone_is_refused_with_what_to_do_and_nothing_is_lost() {
    let mut world = World::empty();
    world.meeting("Main", 30);
    world.activity("Activity", 33);
    let good = world.with_tasks();
    sync(&mut world, &good);
    let gone = || Folders::Selected(vec!["todo:AQMkADgone".to_owned()]);
    let bad: [(Account, &str); 8] = [
        (Account { import_meetings: Folders::Selected(Vec::new()), ..good.clone() }, "none is selected; select one"),
        (Account { import_tasks: Folders::Selected(Vec::new()), ..good.clone() }, "none is selected; select one"),
        (Account { exported: Exported::Groups(Vec::new()), ..good.clone() }, "none is selected; select one"),
        (Account { import_meetings: Folders::Selected(vec!["gone".into()]), ..good.clone() }, "run discover"),
        (Account { import_tasks: gone(), ..good.clone() }, "run discover"),
        (Account { meetings_to: Some("gone".into()), ..good.clone() }, "run discover"),
        (Account { tasks_to: Some("gone".into()), ..good.clone() }, "run discover"),
        (Account { exported: Exported::Groups(vec![uuid::Uuid::nil().to_string()]), ..good.clone() }, "run discover"),
    ];
    for (account, what) in bad {
        world.edit_event("Main", json!({"location": {"displayName": what}}));
        let ran = world.run(account, Direction::Reconcile, |_| {});
        ran.fails_with(what);
        assert_eq!((ran.writes(), ran.entries.len()), (0, 0));
    }
    sync(&mut world, &good);
    assert_eq!(world.found("Main").place, "run discover");
    rests(&mut world, &good);
}

#[scenarios::scenario]
fn a_crash_anywhere_while_choices_change_ends_as_if_there_was_none() {
    for step in 0.. {
        let mut met = false;
        for cut in [Cut::Before(step), Cut::After(step)] {
            let (mut world, both, one) = two_calendars();
            // Two calendars, one, and both again; what was done meanwhile travels.
            let _ = world.run_until(one.clone(), Direction::Reconcile, |_| {}, cut);
            met |= world.switch.dead();
            world.pass(20);
            sync(&mut world, &one);
            rests(&mut world, &one);
            world.edit_event("Plan", json!({"location": {"displayName": "Room 4"}}));
            world.edit_activity("Plan", json!({"Title": "Plan B"}));
            world.delete_event("Review");
            world.pass(20);
            sync(&mut world, &one).idle();
            let _ = world.run_until(both.clone(), Direction::Reconcile, |_| {}, cut);
            met |= world.switch.dead();
            for _ in 0..2 {
                world.pass(20);
                sync(&mut world, &both);
            }
            rests(&mut world, &both);
            assert_eq!(world.titles(), ["Main", "Plan B", "Review"], "{cut:?}");
            assert_eq!(
                (world.found("Plan B").place.as_str(), world.found("Review").status),
                ("Room 4", activity_status::CANCELED)
            );
            assert_eq!(world.subjects(), ["Main", "Plan B"], "{cut:?}");
        }
        if !met {
            assert!(step > 10, "only {step} effects");
            break;
        }
    }
}

#[scenarios::scenario]
fn what_was_exported_is_followed_where_exports_do_not_go_any_more() {
    let mut world = World::empty();
    let (main, projects) = (main_calendar(&world), world.calendar("Projects"));
    let to = |folder: &str| Account {
        import_meetings: Folders::Selected(vec![main.clone()]),
        meetings_to: Some(folder.to_owned()),
        ..world.account()
    };
    let (before, after) = (to(&projects), to(&main));
    world.activity("Moves on", 30);
    world.activity("Goes", 33);
    sync(&mut world, &before);
    rests(&mut world, &before);
    sync(&mut world, &after);
    world.edit_event("Moves on", json!({"location": {"displayName": "Room 3"}}));
    world.delete_event("Goes");
    sync(&mut world, &after);
    assert_eq!(world.found("Moves on").place, "Room 3");
    assert_eq!(world.found("Goes").status, emulators::creatio::ids::activity_status::CANCELED);
    rests(&mut world, &after);
}
