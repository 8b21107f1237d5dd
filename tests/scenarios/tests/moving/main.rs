//! A mailbox moves from an Exchange Server to Microsoft 365. Every pair finds its item again, what was edited on either side
//! meanwhile is an edit still, nothing is made twice, and what did not come along is not taken for deleted.

mod crash;

use emulators::creatio::ids::activity_status;
use guest::report::{Action, Ending, Outcome};
use guest::run::{Direction, RunError};
use guest::settings::{Account, Folders};
use scenarios::history::rows;
use scenarios::life::at;
use scenarios::mail::Server;
use scenarios::moving::Moving;
use scenarios::switch::Cut;
use scenarios::tasks::day;
use scenarios::world::{ANNA, EUGENE};
use scenarios::{Ran, World, show};
use serde_json::json;

/// An account of the mailbox that it has now, with tasks.
pub(crate) fn account(world: &World) -> Account {
    world.with_tasks()
}

pub(crate) fn sync(world: &mut World) -> Ran {
    let account = account(world);
    let ran = world.run(account, Direction::Reconcile, |_| {});
    if ran.report.is_err() || ran.number(Outcome::Failed) > 0 {
        show(&ran);
    }
    ran.report();
    assert_eq!(ran.number(Outcome::Failed), 0);
    ran
}

/// Syncs until there is nothing to do.
pub(crate) fn rests(world: &mut World) {
    for _ in 0..2 {
        world.pass(20);
        sync(world).idle();
    }
}

/// Pairs of every origin and kind, in step, on an Exchange Server.
fn in_step() -> World {
    let mut world = World::on(Server::Exchange);
    world.calendar("Projects");
    world.meeting_with("Imported", 30, json!({"location": {"displayName": "Room 1"}, "importance": "high"}));
    world.meeting("Another", 32);
    world.meeting("Last week", -48);
    world.meeting_in(EUGENE, Some("Projects"), "Project", 40, json!({}));
    world.invitation("Theirs", 42);
    world.meeting("Both", 60);
    world.activity("Both", 60);
    world.activity("Exported", 50);
    world.activity("Exported too", 54);
    world.todo("Due", json!({"dueDateTime": day("2026-11-25"), "importance": "high"}));
    world.pass(1);
    world.todo("Some day", json!({"body": {"contentType": "text", "content": "Think about it"}}));
    world.todo(
        "Begun",
        json!({"startDateTime": day("2026-11-24"), "dueDateTime": day("2026-11-27"), "status": "inProgress"}),
    );
    world.chore("Chore", at(26), at(27));
    sync(&mut world);
    rests(&mut world);
    world.pass(60);
    world
}

/// Titles of all these items.
const ALL: [&str; 12] = [
    "Imported",
    "Another",
    "Last week",
    "Project",
    "Theirs",
    "Both",
    "Exported",
    "Exported too",
    "Due",
    "Some day",
    "Begun",
    "Chore",
];

/// What there is in the mailbox and in Creatio.
fn everything(world: &World) -> (Vec<String>, Vec<String>, Vec<String>) {
    (world.titles(), world.subjects(), world.todos())
}

fn warned(ran: &Ran, code: &str) -> bool {
    ran.report().warnings.iter().any(|warning| warning.code.code() == code)
}

/// Rows of pairs that look for their item.
fn adrift(world: &World) -> Vec<String> {
    rows(world).into_keys().filter(|key| key.contains("/adrift/") || key.contains("/alike/")).collect()
}

#[test]
fn every_pair_finds_its_item_again_and_nothing_is_written() {
    for made in [true, false] {
        let mut world = in_step();
        let before = everything(&world);
        world.move_to_graph(Moving { made, ..Moving::default() });
        let ran = sync(&mut world);
        if ran.writes() > 0 || !ran.entries.is_empty() {
            show(&ran);
        }
        assert!(warned(&ran, "mailbox-moved"));
        assert_eq!((ran.writes(), ran.entries.len()), (0, 0));
        assert_eq!(adrift(&world), Vec::<String>::new(), "every pair has its item");
        assert_eq!(everything(&world), before);
        rests(&mut world);
        // And they are pairs: edits travel both ways, and so do deletions.
        world.edit_event("Exported", json!({"subject": "Exported, renamed there"}));
        world.edit_activity("Project", json!({"Title": "Project, renamed here"}));
        world.edit_todo("Chore", json!({"status": "completed"}));
        world.edit_activity("Some day", json!({"Title": "Soon"}));
        world.delete_event("Another");
        sync(&mut world);
        rests(&mut world);
        assert!(world.titles().contains(&"Exported, renamed there".into()));
        assert!(world.subjects().contains(&"Project, renamed here".into()));
        assert!(world.todos().contains(&"Soon".into()));
        assert_eq!(world.found("Chore").status, activity_status::COMPLETED);
        assert_eq!(world.found("Another").status, activity_status::CANCELED);
    }
}

#[test]
fn what_was_edited_meanwhile_on_either_side_is_an_edit_and_no_conflict() {
    let mut world = in_step();
    world.edit_event("Imported", json!({"subject": "Imported, there"}));
    world.edit_activity("Imported", json!({"Location": "Room 9"}));
    world.edit_todo("Due", json!({"status": "inProgress"}));
    world.move_to_graph(Moving { made: true, ..Moving::default() });
    world.edit_event("Exported", json!({"location": {"displayName": "Room 5"}}));
    world.edit_event("Both", json!({"subject": "Both, there"}));
    world.edit_activity("Both", json!({"Notes": "Agenda"}));
    world.edit_activity("Chore", json!({"Title": "Chore, here"}));
    world.edit_todo("Some day", json!({"title": "Some other day"}));
    world.meeting("New there", 70);
    world.activity("New here", 72);
    world.todo("New task", json!({"dueDateTime": day("2026-12-01")}));
    let ran = sync(&mut world);
    assert_eq!(ran.number(Outcome::Conflict), 0);
    assert_eq!(ran.number(Outcome::Held), 0);
    rests(&mut world);
    let imported = world.found("Imported, there");
    assert_eq!(imported.place, "Room 9");
    assert_eq!(world.event("Imported, there")["location"]["displayName"], "Room 9");
    assert_eq!(world.found("Exported").place, "Room 5");
    assert_eq!(world.found("Both, there").notes, "Agenda");
    assert_eq!(world.task("Chore, here").title, "Chore, here");
    assert_eq!(world.found("Due").status, activity_status::IN_PROGRESS);
    let wanted = |all: &[&str]| all.iter().map(|&title| title.to_owned()).collect::<Vec<String>>();
    assert_eq!(world.todos(), wanted(&["Begun", "Chore, here", "Due", "New task", "Some other day"]));
    assert_eq!(
        world.subjects(),
        wanted(&[
            "Another",
            "Both, there",
            "Exported",
            "Exported too",
            "Imported, there",
            "Last week",
            "New here",
            "New there",
            "Project",
            "Theirs"
        ])
    );
    assert_eq!(world.titles().len(), 15, "{:?}", world.titles());
}

/// Two tasks of one title and day in step; one of them came from Creatio.
fn twins() -> World {
    let mut world = World::on(Server::Exchange);
    world.todo("Call", json!({"dueDateTime": day("2026-11-25")}));
    world.todo("Other", json!({"dueDateTime": day("2026-11-25")}));
    sync(&mut world);
    world.pass(1);
    world.todo("Call", json!({"dueDateTime": day("2026-11-25")}));
    sync(&mut world);
    rests(&mut world);
    assert_eq!(world.titles(), ["Call", "Call", "Other"]);
    world.pass(60);
    world
}

#[test]
fn two_tasks_of_one_title_and_day_are_held_and_not_doubled() {
    let mut world = twins();
    world.move_to_graph(Moving::default());
    let ran = sync(&mut world);
    assert_eq!(ran.reasons(Outcome::Held), ["moved-twins", "moved-twins"]);
    assert_eq!(ran.writes(), 0);
    for _ in 0..3 {
        world.pass(60 * 25);
        let ran = sync(&mut world);
        assert_eq!((ran.writes(), ran.number(Outcome::Held)), (0, 0), "it was told once");
        assert_eq!((world.titles(), world.todos()), (world.todos(), world.todos()));
    }
    // Somebody settles it: one of them is deleted, here and there.
    world.delete_todo("Call");
    world.delete_activity("Call");
    for _ in 0..4 {
        world.pass(60 * 25);
        sync(&mut world);
    }
    assert_eq!(
        (world.titles(), world.todos()),
        (vec!["Call".into(), "Other".into()], vec!["Call".into(), "Other".into()])
    );
    world.edit_todo("Call", json!({"title": "Call back"}));
    sync(&mut world);
    assert_eq!(world.titles(), ["Call back", "Other"]);
    rests(&mut world);
    assert_eq!(adrift(&world), Vec::<String>::new());
}

#[test]
fn twins_are_told_by_when_they_were_made_or_by_what_else_they_hold() {
    let mut world = twins();
    world.move_to_graph(Moving { made: true, ..Moving::default() });
    let ran = sync(&mut world);
    assert_eq!((ran.writes(), ran.entries.len()), (0, 0));
    assert_eq!(adrift(&world), Vec::<String>::new());
    rests(&mut world);

    let mut world = twins();
    world.edit_todo("Call", json!({"importance": "high"}));
    sync(&mut world);
    world.pass(60);
    world.move_to_graph(Moving::default());
    let ran = sync(&mut world);
    assert_eq!((ran.writes(), ran.entries.len()), (0, 0));
    assert_eq!(adrift(&world), Vec::<String>::new());
    rests(&mut world);
}

#[test]
fn what_did_not_come_along_is_held_and_nothing_is_removed_for_it() {
    let mut world = in_step();
    world.move_to_graph(Moving { lost: &["Imported", "Exported", "Last week", "Due"], ..Moving::default() });
    let before = world.titles();
    let ran = sync(&mut world);
    assert_eq!(ran.reasons(Outcome::Held), ["left-behind"; 3], "what is over is left alone");
    assert_eq!(ran.writes(), 0);
    for _ in 0..3 {
        world.pass(120);
        let ran = sync(&mut world);
        assert_eq!((ran.writes(), ran.number(Outcome::Held)), (0, 0));
    }
    assert_eq!(world.titles(), before);
    for title in ["Imported", "Exported", "Due"] {
        assert_ne!(world.found(title).status, activity_status::CANCELED, "{title}");
    }
    // One of them turns up after all, edited.
    let held: Vec<_> = ran.entries.iter().filter(|entry| entry.outcome == Outcome::Held).cloned().collect();
    world.todo("Due", json!({"dueDateTime": day("2026-11-25"), "importance": "high", "status": "inProgress"}));
    let ran = sync(&mut world);
    assert_eq!(world.titles(), before);
    assert_eq!(world.found("Due").status, activity_status::IN_PROGRESS);
    assert_eq!(ran.reasons(Outcome::Noted), ["settled"]);
    rests(&mut world);
    // A person says that the others are gone.
    let chosen: Vec<String> =
        held.iter().filter(|entry| entry.title != "Due").map(|entry| entry.operation.clone()).collect();
    assert_eq!(chosen.len(), 2);
    let account = account(&world);
    let ran = world.run(account, Direction::Reconcile, |options| options.only = Some(chosen));
    assert!(ran.report().warnings.is_empty(), "{:?}", ran.report);
    let actions: Vec<Action> = ran.entries.iter().map(|entry| entry.action).collect();
    assert_eq!(ran.writes(), 2, "{actions:?}");
    assert_eq!(world.found("Imported").status, activity_status::CANCELED);
    assert!(world.subjects().contains(&"Exported".into()), "what the sync had made is made anew");
    rests(&mut world);
    assert_eq!(world.titles(), before);
}

#[test]
fn an_empty_mailbox_and_a_listing_that_fails_create_nothing_twice_and_remove_nothing() {
    // The move is not over: nothing has come yet.
    let mut world = in_step();
    let before = everything(&world);
    let exchange = world.mail.clone();
    world.move_to_graph(Moving { lost: &ALL, ..Moving::default() });
    let ran = sync(&mut world);
    assert_eq!(ran.writes(), 0);
    assert_eq!(ran.number(Outcome::Held), 11);
    // Now it has.
    let there = std::mem::replace(&mut world.mail, exchange);
    world.move_to_graph(Moving::default());
    drop(there);
    world.pass(20);
    let ran = sync(&mut world);
    assert_eq!(ran.writes(), 0);
    assert_eq!(ran.reasons(Outcome::Noted), ["settled"; 11]);
    assert_eq!(everything(&world), before);
    rests(&mut world);

    for effect in [json!({"kind": "status", "status": 503}), json!({"kind": "html"}), json!({"kind": "lost-after"})] {
        for path in ["calendarView/delta", "tasks/delta", "$batch", "todo/lists"] {
            let mut world = in_step();
            let before = everything(&world);
            world.move_to_graph(Moving::default());
            world.fault(json!({"path": path, "times": null, "effect": effect}));
            let settings = account(&world);
            let ran = world.run(settings, Direction::Reconcile, |_| {});
            assert_eq!(ran.writes(), 0, "{path} {effect}");
            world.site.lock().unwrap().faults.clear();
            for _ in 0..3 {
                world.pass(70);
                let settings = account(&world);
                let ran = world.run(settings, Direction::Reconcile, |_| {});
                assert_eq!(ran.writes(), 0, "{path} {effect}");
                assert_eq!(ran.number(Outcome::Held), 0, "{path} {effect}: {:?}", ran.entries);
            }
            assert_eq!(everything(&world), before, "{path} {effect}");
            rests(&mut world);
        }
    }
}

#[test]
fn a_preview_shows_what_would_happen_and_writes_nothing() {
    let mut world = in_step();
    world.move_to_graph(Moving { lost: &["Imported"], made: true, ..Moving::default() });
    world.edit_event("Another", json!({"subject": "Another, there"}));
    let stored = rows(&world);
    let settings = account(&world);
    let ran = world.run(settings, Direction::Reconcile, |options| options.dry_run = true);
    assert!(warned(&ran, "mailbox-moved"));
    let told = |ran: &Ran| {
        let mut told: Vec<(String, &str)> =
            ran.entries.iter().map(|entry| (entry.operation.clone(), entry.reason.code())).collect();
        told.sort();
        told
    };
    assert_eq!(told(&ran).len(), 2, "{:?}", ran.entries);
    assert_eq!((ran.writes(), ran.commits), (0, 0));
    assert_eq!(rows(&world), stored);
    let done = sync(&mut world);
    assert_eq!(told(&done), told(&ran), "the sync does what the preview said");
}

#[test]
fn a_mailbox_that_is_not_proved_to_be_the_same_is_refused() {
    let mut world = in_step();
    world.move_to_graph(Moving::default());
    let stored = rows(&world);
    let settings = Account { address: ANNA.into(), ..account(&world) };
    let ran = world.run(settings, Direction::Reconcile, |_| {});
    ran.fails_with("is not certain");
    assert!(matches!(ran.report, Err(RunError::Settings(_))));
    assert_eq!(rows(&world), stored);
    // What takes back needs pairs first.
    let (settings, last) = (account(&world), world.last());
    world.undo_until(settings, &last, |_| {}, Cut::Never).fails_with("Run sync first");
    let settings = account(&world);
    world.forget(settings, false).fails_with("Run sync first");
    assert_eq!(rows(&world), stored);
    sync(&mut world);
    rests(&mut world);
}

#[test]
fn a_renamed_user_whose_old_address_the_new_mailbox_has_is_proved() {
    let mut world = in_step();
    let before = everything(&world);
    world.move_to_graph(Moving::default());
    world.graph.with(|graph| graph.add_alias(EUGENE, "eugene@mycompany.com")).unwrap();
    let settings = Account { address: "eugene@mycompany.com".into(), ..account(&world) };
    let ran = world.run(settings.clone(), Direction::Reconcile, |_| {});
    assert_eq!((ran.writes(), ran.report().ending), (0, Ending::Complete));
    assert_eq!(everything(&world), before);
    assert_eq!(adrift(&world), Vec::<String>::new());
}

#[test]
fn where_markers_did_not_come_along_the_identity_is_enough() {
    let mut world = in_step();
    let before = everything(&world);
    world.move_to_graph(Moving { unmarked: true, ..Moving::default() });
    let ran = sync(&mut world);
    assert_eq!((ran.writes(), ran.entries.len()), (0, 0));
    assert_eq!(everything(&world), before);
    rests(&mut world);
    // What the sync had made is the sync's still.
    world.delete_activity("Exported");
    for _ in 0..3 {
        world.pass(70);
        sync(&mut world);
    }
    assert!(!world.subjects().contains(&"Exported".into()));
}

#[test]
fn events_that_a_tool_made_anew_are_known_by_their_marker_or_by_title_and_time() {
    for unmarked in [false, true] {
        let mut world = in_step();
        let before = everything(&world);
        world.move_to_graph(Moving { reborn: true, unmarked, ..Moving::default() });
        world.edit_event("Exported", json!({"location": {"displayName": "Room 5"}}));
        let ran = sync(&mut world);
        assert_eq!((ran.writes(), ran.number(Outcome::Held)), (1, 0), "{:?}", ran.entries);
        assert_eq!(world.found("Exported").place, "Room 5");
        assert_eq!(everything(&world), before);
        // What is over, the calendar's window does not show.
        assert!(adrift(&world).iter().all(|key| key.contains("/alike/") || key.contains("/adrift/")));
        rests(&mut world);
    }
}

#[test]
fn links_that_still_look_for_their_item_outlive_storage() {
    let mut world = in_step();
    let before = everything(&world);
    let exchange = world.mail.clone();
    world.move_to_graph(Moving {
        lost: &["Imported", "Both", "Exported", "Exported too", "Theirs"],
        ..Moving::default()
    });
    sync(&mut world);
    let settings = account(&world);
    let lines = world.links(&settings).unwrap();
    world.lose_storage();
    world.restore(&settings, &lines, false, false).unwrap();
    world.mail = exchange;
    world.move_to_graph(Moving {
        lost: &["Another", "Last week", "Project", "Due", "Some day", "Begun", "Chore"],
        ..Moving::default()
    });
    for _ in 0..2 {
        assert_eq!(sync(&mut world).writes(), 0);
        world.pass(20);
    }
    assert_eq!(everything(&world), before);
    assert_eq!(adrift(&world), Vec::<String>::new());
    rests(&mut world);
}

#[test]
fn an_account_that_was_renamed_before_is_known_by_its_rows() {
    let mut world = World::on(Server::Graph);
    world.meeting("Imported", 30);
    world.activity("Exported", 50);
    sync(&mut world);
    let renamed = "eugene@mycompany.com";
    world.graph.with(|graph| graph.rename_user(EUGENE, renamed)).unwrap();
    world.mailboxes[0] = renamed.into();
    let of = |world: &World| Account { id: renamed.into(), address: renamed.into(), ..account(world) };
    for _ in 0..2 {
        let settings = of(&world);
        world.run(settings, Direction::Reconcile, |_| {}).report();
        world.pass(20);
    }
    world.move_to_exchange();
    let settings = of(&world);
    let ran = world.run(settings, Direction::Reconcile, |_| {});
    assert!(warned(&ran, "mailbox-moved"), "{:?}", ran.report);
    assert_eq!((ran.writes(), ran.entries.len()), (0, 0), "{:?}", ran.entries);
    assert_eq!(world.titles(), ["Exported", "Imported"]);
    assert_eq!(world.subjects_of(renamed), ["Exported", "Imported"]);
    let settings = of(&world);
    world.run(settings, Direction::Reconcile, |_| {}).idle();
}

#[test]
fn a_move_by_mistake_is_taken_back_by_correcting_the_configuration() {
    let mut world = in_step();
    let before = everything(&world);
    let exchange = world.mail.clone();
    // There is a mailbox, and nobody has moved anything there.
    world.move_to_graph(Moving { lost: &ALL, ..Moving::default() });
    for _ in 0..2 {
        assert_eq!(sync(&mut world).writes(), 0);
        world.pass(70);
    }
    world.back_on_exchange(exchange);
    world.edit_event("Both", json!({"subject": "Both, there"}));
    let ran = sync(&mut world);
    assert_eq!((ran.writes(), ran.number(Outcome::Held)), (1, 0), "{:?}", ran.entries);
    world.edit_event("Both, there", json!({"subject": "Both"}));
    sync(&mut world);
    assert_eq!(everything(&world), before);
    assert_eq!(adrift(&world), Vec::<String>::new());
    rests(&mut world);
}

#[test]
fn a_mailbox_that_moves_the_other_way_is_followed_as_well() {
    let mut world = World::on(Server::Graph);
    world.meeting_with("Imported", 30, json!({"location": {"displayName": "Room 1"}}));
    world.meeting("Both", 60);
    world.activity("Both", 60);
    world.activity("Exported", 50);
    world.todo("Due", json!({"dueDateTime": day("2026-11-25")}));
    world.chore("Chore", at(26), at(27));
    sync(&mut world);
    rests(&mut world);
    let before = everything(&world);
    world.pass(60);
    world.move_to_exchange();
    let ran = sync(&mut world);
    if ran.writes() > 0 {
        show(&ran);
    }
    assert!(warned(&ran, "mailbox-moved"));
    assert_eq!((ran.writes(), ran.entries.len()), (0, 0));
    assert_eq!(everything(&world), before);
    assert_eq!(adrift(&world), Vec::<String>::new());
    rests(&mut world);
}

#[test]
fn what_the_account_does_not_follow_is_found_again_and_not_taken_in_anew() {
    let mut world = in_step();
    // Deleted in Creatio: the item is the user's own and stays, and does not come back.
    world.delete_activity("Imported");
    for _ in 0..3 {
        world.pass(70);
        sync(&mut world);
    }
    // Not imported any more.
    let without = |world: &World| Account { import_tasks: Folders::None, ..account(world) };
    let settings = without(&world);
    world.run(settings, Direction::Reconcile, |_| {}).report();
    let before = everything(&world);
    assert!(!before.0.contains(&"Imported".into()) && before.1.contains(&"Imported".into()));
    world.pass(60);
    world.move_to_graph(Moving::default());
    for _ in 0..3 {
        let settings = without(&world);
        let ran = world.run(settings, Direction::Reconcile, |_| {});
        assert_eq!(ran.writes(), 0, "{:?}", ran.entries);
        world.pass(60);
    }
    assert_eq!(everything(&world), before);
    world.edit_todo("Due", json!({"status": "completed"}));
    sync(&mut world);
    sync(&mut world);
    assert_eq!(world.found("Due").status, activity_status::COMPLETED);
    assert_eq!(everything(&world), before);
}

#[test]
fn the_run_costs_what_a_first_contact_costs_and_the_next_one_is_idle() {
    let mut world = World::on(Server::Exchange);
    for number in 0..100 {
        world.meeting(&format!("Meeting {number}"), 24 + number);
        world.activity(&format!("Activity {number}"), 24 + number);
        world.todo(&format!("Task {number}"), json!({"dueDateTime": day("2026-12-01")}));
    }
    sync(&mut world);
    rests(&mut world);
    world.pass(60);
    world.move_to_graph(Moving::default());
    let ran = sync(&mut world);
    println!("{} requests, {} commits", ran.requests.len(), ran.commits);
    assert_eq!(ran.writes(), 0);
    // Pages of changes, and for each hundred pairs five at most.
    assert!(ran.requests.len() <= 8 + 5 + 5 * 3 + 10, "{:#?}", ran.requests);
    world.pass(20);
    let idle = sync(&mut world);
    idle.idle();
    assert!(idle.requests.len() <= 2 + 8, "{:#?}", idle.requests);
}
