//! Tasks: activities that are not shown in the calendar, and To Do.

use crate::steps::tried;
use chrono::{DateTime, Utc};
use emulators::creatio::ids::{activity_category, activity_status};
use guest::reason::Reason;
use guest::report::{Action, Outcome};
use guest::run::Direction;
use guest::settings::{Account, Folders};
use scenarios::life::{at, guest};
use scenarios::mail::Server;
use scenarios::switch::Cut;
use scenarios::tasks::day;
use scenarios::world::EUGENE;
use scenarios::{Ran, World, show};
use serde_json::json;

fn rests(world: &mut World, account: &Account) {
    for _ in 0..2 {
        world.pass(70);
        let ran = tried(world, account);
        if ran.writes() > 0 || !ran.entries.is_empty() {
            show(&ran);
            panic!("it does not rest");
        }
    }
}

fn on(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[scenarios::scenario]
fn tasks_go_both_ways_and_rest() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Call back", json!({"dueDateTime": day("2026-11-25"), "importance": "high", "body": {"content": "First", "contentType": "text"}}));
    world.chore("Send the offer", on("2026-11-26T07:00:00Z"), on("2026-11-27T08:00:00Z"));
    tried(&mut world, &account);
    let imported = world.found("Call back");
    assert_eq!((imported.start, imported.end), (on("2026-11-25T06:00:00Z"), on("2026-11-25T06:30:00Z")));
    assert_eq!((imported.owner, imported.notes.as_str()), (world.eugene.contact, "First"));
    assert!(!world.flag("Call back", "ShowInScheduler"));
    let category = world.creatio.with(|creatio| {
        creatio.rows("Activity").find(|(id, _)| *id == imported.id).and_then(|(_, row)| row.guid("ActivityCategoryId"))
    });
    assert_eq!(category, Some(activity_category::TO_DO));
    let exported = world.task("Send the offer");
    assert_eq!((exported.start, exported.due), ("2026-11-26".parse().ok(), "2026-11-27".parse().ok()));
    assert_eq!(exported.external_ids.len(), 1);
    rests(&mut world, &account);
    assert_eq!((world.todos().len(), world.titles().len(), world.subjects().len()), (2, 2, 0));
}

#[scenarios::scenario]
fn every_unit_of_a_task_travels_and_writes_itself_alone() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Pair", json!({"dueDateTime": day("2026-11-25")}));
    tried(&mut world, &account);
    world.keep_bodies();
    let remind = json!({"dateTime": "2026-11-24T06:15:00", "timeZone": "UTC"});
    let cases = [
        (json!({"body": {"content": "Notes", "contentType": "text"}}), vec!["Notes"]),
        (json!({"importance": "low"}), vec!["PriorityId"]),
        (json!({"status": "inProgress"}), vec!["StatusId"]),
        (json!({"dueDateTime": day("2026-11-28")}), vec!["DueDate", "StartDate"]),
        (json!({"isReminderOn": true, "reminderDateTime": remind}), vec!["RemindToOwner", "RemindToOwnerDate"]),
        (json!({"title": "Pair"}), vec![]),
    ];
    for (change, columns) in cases {
        world.pass(20);
        world.edit_todo("Pair", change.clone());
        let ran = tried(&mut world, &account);
        assert_eq!(ran.columns("creatio", "PATCH"), columns, "{change}");
    }
    let pair = world.found("Pair");
    assert_eq!((pair.status, pair.notes.as_str()), (activity_status::IN_PROGRESS, "Notes"));
    assert_eq!(pair.end, on("2026-11-28T06:30:00Z"));
    assert_eq!(pair.start - chrono::TimeDelta::minutes(pair.reminder.unwrap()), on("2026-11-24T06:15:00Z"));
    let cases = [
        (json!({"Title": "Renamed"}), vec!["title"]),
        (json!({"Notes": "More"}), vec!["body"]),
        (json!({"StatusId": activity_status::COMPLETED}), vec!["status"]),
        (json!({"RemindToOwner": false}), vec!["isReminderOn"]),
        (
            json!({"StartDate": "2026-12-01T10:00:00Z", "DueDate": "2026-12-02T10:00:00Z"}),
            vec!["dueDateTime", "startDateTime"],
        ),
        // Another hour of the same day is nothing that a task has.
        (json!({"StartDate": "2026-12-01T12:00:00Z", "DueDate": "2026-12-02T12:00:00Z"}), vec![]),
    ];
    let mut title = "Pair";
    for (change, properties) in cases {
        world.pass(20);
        world.edit_activity(title, change.clone());
        title = "Renamed";
        let ran = tried(&mut world, &account);
        assert_eq!(ran.columns("graph", "PATCH"), properties, "{change}");
    }
    let task = world.task("Renamed");
    assert_eq!((task.status, task.notes.as_str(), task.reminder), ("completed", "More", None));
    assert_eq!((task.start, task.due), ("2026-12-01".parse().ok(), "2026-12-02".parse().ok()));
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_day_never_drifts_whichever_zone_the_account_and_its_clients_have() {
    for zone in ["Europe/Moscow", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"] {
        let mut world = World::empty();
        let account = Account { time_zone: zone.into(), ..world.with_tasks() };
        // As a client in the mailbox's own zone writes it, and as ours does.
        world.todo(
            "Local",
            json!({"dueDateTime": {"dateTime": "2026-11-25T00:00:00", "timeZone": "Russian Standard Time"}}),
        );
        world.todo("Universal", json!({"dueDateTime": day("2026-11-25")}));
        world.chore("Chore", on("2026-11-25T12:00:00Z"), on("2026-11-25T12:30:00Z"));
        tried(&mut world, &account);
        let before = (world.activities(), world.mail.with(|mail| mail.tasks(EUGENE)));
        for round in 0..5 {
            world.pass(60 * 24);
            let title = format!("Local {round}");
            let old = if round == 0 { "Local".to_owned() } else { format!("Local {}", round - 1) };
            world.edit_todo(&old, json!({ "title": title }));
            world.edit_activity("Chore", json!({"Notes": format!("Round {round}")}));
            tried(&mut world, &account);
        }
        rests(&mut world, &account);
        let after = (world.activities(), world.mail.with(|mail| mail.tasks(EUGENE)));
        let instants =
            |all: &[scenarios::life::Activity]| all.iter().map(|row| (row.start, row.end)).collect::<Vec<_>>();
        assert_eq!(instants(&before.0), instants(&after.0), "{zone}");
        let days =
            |all: &[emulators::graph::TaskSummary]| all.iter().map(|task| (task.start, task.due)).collect::<Vec<_>>();
        assert_eq!(days(&before.1), days(&after.1), "{zone}");
    }
}

#[scenarios::scenario]
fn an_undated_task_takes_the_day_it_was_made_on_and_stays_undated() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Some day", json!({}));
    tried(&mut world, &account);
    assert_eq!(world.found("Some day").start, on("2026-11-23T06:00:00Z"));
    rests(&mut world, &account);
    world.edit_activity("Some day", json!({"Notes": "Soon"}));
    tried(&mut world, &account);
    assert_eq!((world.task("Some day").due, world.task("Some day").notes.as_str()), (None, "Soon"));
    // A day that somebody chooses is a day.
    world.edit_activity("Some day", json!({"StartDate": "2026-11-30T10:00:00Z", "DueDate": "2026-11-30T10:30:00Z"}));
    tried(&mut world, &account);
    assert_eq!(world.task("Some day").due, "2026-11-30".parse().ok());
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn statuses_map_without_ping_pong() {
    let mut world = World::empty();
    let account = world.with_tasks();
    for status in ["notStarted", "inProgress", "waitingOnOthers", "deferred"] {
        world.todo(status, json!({"dueDateTime": day("2026-11-25"), "status": status}));
    }
    world.chore("Given up", on("2026-11-26T07:00:00Z"), on("2026-11-26T08:00:00Z"));
    tried(&mut world, &account);
    rests(&mut world, &account);
    let status = |world: &World, title: &str| world.found(title).status;
    assert_eq!(status(&world, "waitingOnOthers"), activity_status::IN_PROGRESS);
    assert_eq!(status(&world, "deferred"), activity_status::NOT_STARTED);
    world.edit_activity("Given up", json!({"StatusId": activity_status::CANCELED}));
    tried(&mut world, &account);
    assert_eq!(world.task("Given up").status, "completed");
    rests(&mut world, &account);
    assert_eq!(status(&world, "Given up"), activity_status::CANCELED);
    // Taken up again in the mailbox.
    world.edit_todo("Given up", json!({"status": "inProgress"}));
    tried(&mut world, &account);
    assert_eq!(status(&world, "Given up"), activity_status::IN_PROGRESS);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_deletion_of_a_task_goes_by_the_policies_and_a_return_revives() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Theirs", json!({"dueDateTime": day("2026-11-25")}));
    world.chore("Ours", on("2026-11-26T07:00:00Z"), on("2026-11-26T08:00:00Z"));
    world.chore("Stays", on("2026-11-26T07:00:00Z"), on("2026-11-26T08:00:00Z"));
    tried(&mut world, &account);
    world.delete_todo("Theirs");
    world.pass(20);
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Written), ["deleted-in-mailbox"]);
    assert_eq!(world.found("Theirs").status, activity_status::CANCELED);
    world.delete_activity("Ours");
    for _ in 0..3 {
        world.pass(1500);
        tried(&mut world, &account);
    }
    assert_eq!(world.todos(), ["Stays"]);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn open_tasks_are_imported_from_any_day_and_finished_ones_from_the_start_date() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Old and open", json!({"dueDateTime": day("2024-02-01")}));
    world.todo("Old and done", json!({"dueDateTime": day("2024-02-01"), "status": "completed"}));
    world.chore("A little overdue", on("2026-11-01T07:00:00Z"), on("2026-11-01T08:00:00Z"));
    world.chore("Long overdue", on("2026-09-01T07:00:00Z"), on("2026-09-01T08:00:00Z"));
    let done = world.chore("Done", on("2026-11-26T07:00:00Z"), on("2026-11-26T08:00:00Z"));
    world.creatio_edit(
        json!({"action": "update", "set": "Activity", "id": done, "values": {"StatusId": activity_status::COMPLETED}}),
    );
    tried(&mut world, &account);
    assert_eq!(world.todos(), ["A little overdue", "Old and done", "Old and open"]);
    assert_eq!(world.titles(), ["A little overdue", "Done", "Long overdue", "Old and open"]);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn only_lists_that_the_user_owns_are_imported_and_flagged_mail_is_none() {
    if scenarios::about_graph("lists of colleagues and of flagged mail") {
        return;
    }
    let mut world = World::empty();
    let account = world.with_tasks();
    world.mail.with(|mail| {
        mail.add_shared_list(EUGENE, "A colleague's").unwrap();
        mail.add_list(EUGENE, "Errands").unwrap();
    });
    world.todo_in(Some("A colleague's"), "Theirs", json!({}));
    world.todo_in(Some("Errands"), "Mine", json!({}));
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["Mine"]);
    let errands = world.mail.with(|mail| mail.list_id(EUGENE, "Errands")).unwrap();
    let chosen = Account { import_tasks: Folders::Selected(vec![format!("todo:{errands}x")]), ..world.account() };
    let ran = world.run(chosen, Direction::Reconcile, |_| {});
    assert!(format!("{:?}", ran.report).contains("task folder"), "{:?}", ran.report);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn without_the_permission_for_tasks_calendars_go_on_and_a_warning_says_what_to_do() {
    if scenarios::about_graph("tasks are no permission of their own on Exchange") {
        return;
    }
    let mut world = World::empty();
    let account = world.with_tasks();
    world.graph_knobs(json!({"app_tasks_role": "none"}));
    world.activity("Meeting", 30);
    world.chore("Chore", on("2026-11-26T07:00:00Z"), on("2026-11-26T08:00:00Z"));
    let ran = tried(&mut world, &account);
    assert!(
        ran.report()
            .warnings
            .iter()
            .any(|warning| warning.code == Reason::TasksUnavailable && warning.text.contains("Tasks.ReadWrite.All"))
    );
    assert_eq!((world.subjects(), world.todos().len()), (vec!["Meeting".to_owned()], 0));
    world.graph_knobs(json!({"app_tasks_role": "read-write"}));
    world.pass(70);
    tried(&mut world, &account);
    assert_eq!(world.todos(), ["Chore"]);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_recurring_task_keeps_its_rule_and_its_next_one_is_imported_once() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Water the plants", json!({
        "dueDateTime": day("2026-11-25"),
        "recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-11-25"}},
    }));
    tried(&mut world, &account);
    world.pass(20);
    world.edit_activity(
        "Water the plants",
        json!({"StartDate": "2026-11-30T10:00:00Z", "DueDate": "2026-11-30T10:30:00Z"}),
    );
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Held), ["recurring-task"]);
    assert_eq!(world.todos().len(), 1);
    let id = world.task("Water the plants").id;
    let now = world.now();
    world.mail.with(|mail| mail.complete_task(EUGENE, &id, now)).unwrap();
    tried(&mut world, &account);
    rests(&mut world, &account);
    assert_eq!((world.todos().len(), world.titles().len()), (2, 2));
    let done = world.activities().iter().filter(|activity| activity.status == activity_status::COMPLETED).count();
    assert_eq!(done, 1);
}

#[scenarios::scenario]
fn a_create_whose_answer_was_lost_makes_one_task() {
    for effect in ["lost-after", "lost-before"] {
        let mut world = World::empty();
        let account = world.with_tasks();
        tried(&mut world, &account);
        world.chore("Once", on("2026-11-26T07:00:00Z"), on("2026-11-26T08:00:00Z"));
        world.fault(json!({"service": "graph", "path": "$batch", "effect": {"kind": effect}}));
        tried(&mut world, &account);
        for _ in 0..3 {
            world.pass(20);
            tried(&mut world, &account);
        }
        rests(&mut world, &account);
        assert_eq!(world.todos(), ["Once"], "{effect}");
    }
}

#[scenarios::scenario]
fn with_the_storage_gone_tasks_are_found_again_by_identity_and_marker() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Imported", json!({"dueDateTime": day("2026-11-25")}));
    world.todo("Undated", json!({}));
    world.chore("Exported", on("2026-11-26T07:00:00Z"), on("2026-11-26T08:00:00Z"));
    tried(&mut world, &account);
    world.store = std::sync::Arc::new(host_runner::store::MemoryStore::new());
    let ran = tried(&mut world, &account);
    assert_eq!(ran.writes(), 0);
    rests(&mut world, &account);
    world.edit_todo("Exported", json!({"importance": "high"}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.writes(), 1);
    assert_eq!((world.todos().len(), world.titles().len()), (3, 3));
}

#[scenarios::scenario]
fn show_in_calendar_turns_an_exported_meeting_into_a_task_and_back() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.activity_with("Turns", 30, |row| {
        row.notes = "Notes".into();
        row.place = "Room".into();
    });
    tried(&mut world, &account);
    rests(&mut world, &account);
    world.edit_activity("Turns", json!({"ShowInScheduler": false}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.entries.iter().map(|entry| entry.action).collect::<Vec<_>>(), [Action::Convert]);
    assert_eq!((world.subjects().len(), world.todos()), (0, vec!["Turns".to_owned()]));
    let task = world.task("Turns");
    assert_eq!((task.due, task.notes.as_str()), ("2026-11-24".parse().ok(), "Notes"));
    rests(&mut world, &account);
    world.edit_todo("Turns", json!({"title": "Turned"}));
    tried(&mut world, &account);
    world.edit_activity("Turned", json!({"ShowInScheduler": true}));
    tried(&mut world, &account);
    assert_eq!((world.subjects(), world.todos().len()), (vec!["Turned".to_owned()], 0));
    assert_eq!(world.event("Turned")["location"]["displayName"], "Room");
    rests(&mut world, &account);
    assert_eq!(world.found("Turned").start, at(30));
    assert_eq!(world.outbox().len(), 0);
}

#[scenarios::scenario]
fn a_meeting_with_guests_turns_into_a_task_only_where_they_may_be_told_and_then_they_are() {
    for (policy, reason) in [("ask", Some("would-notify")), ("never", Some("mail-forbidden")), ("send", None)] {
        let mut world = World::empty();
        let account = Account { import_tasks: Folders::All, ..world.policies(&[("invitations", policy)]) };
        world.activity("Turns", 300);
        tried(&mut world, &account);
        rests(&mut world, &account);
        world.edit_event("Turns", json!({"attendees": [guest("olga@northwind.example")]}));
        world.pass(20);
        tried(&mut world, &account);
        rests(&mut world, &account);
        let mails = world.outbox().len();
        world.edit_activity("Turns", json!({"ShowInScheduler": false}));
        let ran = tried(&mut world, &account);
        if let Some(reason) = reason {
            assert_eq!(ran.reasons(Outcome::Held), [reason], "{policy}");
            assert_eq!((world.outbox().len(), world.subjects().len(), world.todos().len()), (mails, 1, 0), "{policy}");
            let named = ran.entries[0].operation.clone();
            let ran = world.run(account.clone(), Direction::Reconcile, |options| options.only = Some(vec![named]));
            assert_eq!(ran.number(Outcome::Written), usize::from(policy == "ask"), "{policy}");
        }
        tried(&mut world, &account);
        rests(&mut world, &account);
        let (turned, told) = (world.todos() == ["Turns"] && world.subjects().is_empty(), world.outbox().len() - mails);
        assert_eq!((turned, told), if policy == "never" { (false, 0) } else { (true, 1) }, "{policy}");
    }
}

#[scenarios::scenario]
fn a_task_is_told_with_the_day_it_is_due() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Imported", json!({"dueDateTime": day("2026-11-25")}));
    world.chore("Exported", on("2026-11-26T07:00:00Z"), on("2026-11-27T08:00:00Z"));
    let ran = tried(&mut world, &account);
    let mut told: Vec<_> = ran.entries.iter().map(|entry| (entry.title.as_str(), entry.start)).collect();
    told.sort_unstable();
    // Midnight in Moscow.
    let midnight = |text: &str| Some(on(text).timestamp_millis());
    let days = [("Exported", midnight("2026-11-26T21:00:00Z")), ("Imported", midnight("2026-11-24T21:00:00Z"))];
    assert_eq!(told, days);
}

#[scenarios::scenario]
fn what_was_edited_while_it_turned_is_not_lost() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.activity("Turns", 30);
    tried(&mut world, &account);
    world.pass(20);
    world.edit_event("Turns", json!({"body": {"contentType": "text", "content": "Written meanwhile"}}));
    world.edit_activity("Turns", json!({"ShowInScheduler": false}));
    tried(&mut world, &account);
    world.pass(20);
    tried(&mut world, &account);
    rests(&mut world, &account);
    assert_eq!(world.task("Turns").notes, "Written meanwhile");
    assert_eq!((world.subjects().len(), world.found("Turns").notes.as_str()), (0, "Written meanwhile"));
}

#[scenarios::scenario]
fn show_in_calendar_of_an_imported_item_is_held_and_nothing_is_deleted() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.meeting("Theirs", 30);
    tried(&mut world, &account);
    world.pass(20);
    world.edit_activity("Theirs", json!({"ShowInScheduler": false}));
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Held), ["kind-changed"]);
    rests(&mut world, &account);
    assert_eq!((world.subjects().len(), world.todos().len()), (1, 0));
    world.edit_activity("Theirs", json!({"ShowInScheduler": true}));
    tried(&mut world, &account);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_crash_anywhere_while_it_turns_leaves_one_item_in_the_end() {
    for step in 0.. {
        let mut met = false;
        for cut in [Cut::Before(step), Cut::After(step)] {
            let mut world = World::empty();
            let account = world.with_tasks();
            world.activity("Turns", 30);
            world.chore("Turns too", on("2026-11-26T07:00:00Z"), on("2026-11-26T08:00:00Z"));
            tried(&mut world, &account);
            world.pass(20);
            world.edit_activity("Turns", json!({"ShowInScheduler": false}));
            world.edit_activity("Turns too", json!({"ShowInScheduler": true}));
            let _ = world.run_until(account.clone(), Direction::Reconcile, |_| {}, cut);
            met |= world.switch.dead();
            for _ in 0..3 {
                world.pass(20);
                tried(&mut world, &account);
            }
            rests(&mut world, &account);
            assert_eq!(
                (world.subjects(), world.todos()),
                (vec!["Turns too".to_owned()], vec!["Turns".to_owned()]),
                "{cut:?}"
            );
            assert_eq!(world.titles().len(), 2, "{cut:?}");
        }
        if !met {
            assert!(step > 8, "only {step} effects");
            break;
        }
    }
}

#[scenarios::scenario]
fn a_run_that_wrote_tasks_is_undone() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Theirs", json!({"dueDateTime": day("2026-11-25")}));
    world.chore("Ours", on("2026-11-26T07:00:00Z"), on("2026-11-26T08:00:00Z"));
    tried(&mut world, &account);
    world.pass(20);
    world.edit_todo("Theirs", json!({"status": "inProgress", "dueDateTime": day("2026-11-30")}));
    world.edit_activity("Ours", json!({"StatusId": activity_status::COMPLETED}));
    let undone = world.run(account.clone(), Direction::Reconcile, |options| options.run = "edits".into());
    undone.report();
    assert_eq!((world.found("Theirs").end, world.task("Ours").status), (on("2026-11-30T06:30:00Z"), "completed"));
    world.pass(20);
    world.undo_until(account.clone(), "edits", |_| {}, Cut::Never).report();
    let theirs = world.found("Theirs");
    assert_eq!((theirs.end, theirs.status), (on("2026-11-25T06:30:00Z"), activity_status::NOT_STARTED));
    assert_eq!(world.task("Ours").status, "notStarted");
    rests(&mut world, &account);
    // A deletion in the mailbox cancelled the activity.
    world.delete_todo("Theirs");
    world.run(account.clone(), Direction::Reconcile, |options| options.run = "deletion".into()).report();
    assert_eq!(world.found("Theirs").status, activity_status::CANCELED);
    world.pass(20);
    world.undo_until(account.clone(), "deletion", |_| {}, Cut::Never).report();
    assert_eq!(world.found("Theirs").status, activity_status::NOT_STARTED);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn an_old_item_that_the_server_does_not_let_go_is_told_once() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.activity("Turns", 300);
    tried(&mut world, &account);
    rests(&mut world, &account);
    world.edit_activity("Turns", json!({"ShowInScheduler": false}));
    let no = json!({"error": {"code": "ErrorAccessDenied", "message": "no"}});
    world.fault(match world.server() {
        Server::Graph => json!({"service": "graph", "path": "$batch", "times": null,
            "effect": {"kind": "part", "method": "DELETE", "status": 403, "body": no}}),
        Server::Exchange => json!({"service": "exchange", "body": "<m:DeleteItem", "times": null,
            "effect": {"kind": "part", "method": "DeleteItem", "status": 403}}),
    });
    let ran = tried(&mut world, &account);
    let failed = |ran: &Ran| -> Vec<(Action, &'static str)> {
        let failed = ran.entries.iter().filter(|entry| entry.outcome == Outcome::Failed);
        failed.map(|entry| (entry.action, entry.reason.code())).collect()
    };
    assert_eq!(failed(&ran), [(Action::Delete, "not-permitted")]);
    assert_eq!(ran.report().number("standing"), 1);
    for _ in 0..3 {
        world.pass(300);
        let ran = tried(&mut world, &account);
        assert_eq!((failed(&ran), ran.report().number("standing")), (Vec::new(), 1));
    }
    world.faults_end();
    world.pass(3000);
    tried(&mut world, &account);
    assert_eq!((world.subjects().len(), world.todos().len()), (0, 1));
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_day_that_could_not_be_written_in_another_zone_is_no_edit() {
    let mut world = World::empty();
    let before = world.with_tasks();
    world.todo("Theirs", json!({"dueDateTime": day("2026-11-25")}));
    tried(&mut world, &before);
    rests(&mut world, &before);
    let after = Account { time_zone: "America/Los_Angeles".into(), ..before };
    // The first run of the other zone only exports; the write of the second fails.
    world.run(after.clone(), Direction::Export, |_| {}).report();
    world.pass(20);
    let busy = json!({"error": {"code": "busy", "message": "no"}});
    world.fault(json!({"service": "creatio",
        "effect": {"kind": "part", "method": "PATCH", "status": 500, "acts": false, "headers": {}, "body": busy}}));
    tried(&mut world, &after);
    for _ in 0..3 {
        world.pass(300);
        tried(&mut world, &after);
    }
    assert_eq!(world.task("Theirs").due, "2026-11-25".parse().ok());
    rests(&mut world, &after);
}
