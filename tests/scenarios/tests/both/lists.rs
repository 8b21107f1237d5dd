//! Task lists: read without their changes being told, and tasks that move between them.

use crate::steps::{rests, sync};
use emulators::creatio::ids::activity_status;
use guest::activity::Kind;
use guest::report::Action;
use guest::run::Direction;
use guest::settings::{Account, Folders};
use scenarios::life::at;
use scenarios::switch::Cut;
use scenarios::tasks::day;
use scenarios::world::EUGENE;
use scenarios::{Ran, World};
use serde_json::json;

fn removed(ran: &Ran) -> usize {
    ran.entries.iter().filter(|entry| matches!(entry.action, Action::Delete | Action::Cancel)).count()
}

fn list(world: &World, name: &str) -> String {
    world.mail.with(|mail| mail.add_list(EUGENE, name)).unwrap()
}

fn move_to(world: &World, title: &str, list: &str) {
    let (id, now) = (world.task(title).id, world.now());
    world.mail.with(|mail| mail.move_task(EUGENE, &id, list, now)).unwrap();
}

/// Eight tasks of the mailbox and one of Creatio.
fn world() -> (World, Account) {
    let world = World::empty();
    for number in 0..8 {
        world.todo(&format!("Task {number}"), json!({"dueDateTime": day("2026-11-25")}));
    }
    world.chore("Chore", at(40), at(41));
    let account = world.with_tasks();
    (world, account)
}

#[scenarios::scenario]
fn a_list_whose_changes_are_not_told_is_listed_and_compared() {
    if scenarios::about_graph("To Do may refuse to tell changes") {
        return;
    }
    for status in [400, 405, 501] {
        let (mut world, account) = world();
        world.graph_knobs(json!({"todo_delta_refused": status, "todo_page_size": 3}));
        assert!(sync(&mut world, &account).warns("feed-listed"), "{status}");
        assert_eq!((world.titles().len(), world.todos().len()), (9, 9));
        rests(&mut world, &account);
        world.edit_todo("Task 1", json!({"title": "Task 1, renamed"}));
        world.edit_activity("Task 2", json!({"Notes": "Soon"}));
        world.edit_todo("Chore", json!({"status": "completed"}));
        world.todo("New", json!({"dueDateTime": day("2026-11-27")}));
        world.delete_todo("Task 3");
        let ran = sync(&mut world, &account);
        assert!(!ran.warns("feed-listed"), "it was said once");
        assert_eq!(removed(&ran), 1);
        assert_eq!(world.found("Task 3").status, activity_status::CANCELED);
        assert_eq!(world.found("Chore").status, activity_status::COMPLETED);
        assert_eq!(world.task("Task 2").notes, "Soon");
        assert!(world.titles().contains(&"Task 1, renamed".to_owned()) && world.titles().contains(&"New".to_owned()));
        rests(&mut world, &account);
    }
}

#[scenarios::scenario]
fn a_listing_that_was_cut_short_or_is_empty_removes_nothing() {
    if scenarios::about_graph("To Do may refuse to tell changes") {
        return;
    }
    for (drop, miscount) in [(2, true), (100, true), (100, false)] {
        let (mut world, account) = world();
        world.graph_knobs(json!({"todo_delta_refused": 400}));
        sync(&mut world, &account);
        rests(&mut world, &account);
        world.fault(json!({
            "service": "graph", "path": "*/tasks?$top=100*", "times": 3,
            "effect": {"kind": "page", "drop": drop, "miscount": miscount},
        }));
        for _ in 0..3 {
            world.pass(20);
            let ran = sync(&mut world, &account);
            assert_eq!((removed(&ran), ran.writes()), (0, 0));
        }
        world.faults_met();
        rests(&mut world, &account);
        world.delete_todo("Task 5");
        assert_eq!(removed(&sync(&mut world, &account)), 1);
    }
}

#[scenarios::scenario]
fn a_list_is_read_by_its_changes_again_once_the_service_tells_them() {
    if scenarios::about_graph("To Do may refuse to tell changes") {
        return;
    }
    let (mut world, account) = world();
    world.graph_knobs(json!({"todo_delta_refused": 501}));
    sync(&mut world, &account);
    world.graph_knobs(json!({"todo_delta_refused": null}));
    // What is deleted just before is not missed.
    let mut listed = 0;
    while sync(&mut world, &account).requests.iter().all(|request| !request.contains("tasks/delta")) {
        world.pass(20);
        listed += 1;
        assert!(listed < 200);
        if listed == 96 {
            world.delete_todo("Task 4");
        }
    }
    assert_eq!(world.found("Task 4").status, activity_status::CANCELED);
    rests(&mut world, &account);
    world.edit_todo("Task 6", json!({"importance": "high"}));
    let ran = sync(&mut world, &account);
    assert!(ran.requests.iter().all(|request| !request.contains("tasks?%24top")), "{:#?}", ran.requests);
    assert_eq!(ran.writes(), 1);
}

#[scenarios::scenario]
fn a_lost_token_finds_what_was_deleted_meanwhile_and_doubles_nothing() {
    for dead in ["gone", "gone-with-location", "resync-required", "bad-request", "bad-request-sync-state"] {
        let (mut world, account) = world();
        sync(&mut world, &account);
        rests(&mut world, &account);
        world.graph_knobs(json!({"delta_dead_token": dead}));
        world.delete_todo("Task 3");
        world.edit_todo("Task 1", json!({"title": "Task 1, renamed"}));
        world.graph_edit(json!({"action": "expire-delta-tokens", "mailbox": EUGENE}));
        let ran = sync(&mut world, &account);
        assert!(ran.warns("feed-reset"), "{dead}");
        assert_eq!((removed(&ran), world.found("Task 3").status), (1, activity_status::CANCELED), "{dead}");
        rests(&mut world, &account);
        assert_eq!((world.titles().len(), world.todos().len()), (9, 8), "{dead}");
    }
}

#[scenarios::scenario]
fn a_task_moved_to_another_list_is_the_same_activity() {
    let (mut world, account) = world();
    list(&world, "Errands");
    sync(&mut world, &account);
    rests(&mut world, &account);
    let before = world.found("Task 2").id;
    move_to(&world, "Task 2", "Errands");
    move_to(&world, "Chore", "Errands");
    let ran = sync(&mut world, &account);
    assert_eq!((removed(&ran), ran.writes()), (0, 0));
    assert_eq!((world.found("Task 2").id, world.titles().len()), (before, 9));
    rests(&mut world, &account);
    world.edit_todo("Task 2", json!({"title": "Task 2, renamed"}));
    world.edit_activity("Chore", json!({"Notes": "Quickly"}));
    sync(&mut world, &account);
    assert_eq!((world.found("Task 2, renamed").id, world.task("Chore").notes.as_str()), (before, "Quickly"));
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_task_moved_to_a_list_that_is_not_ticked_is_parked_and_not_cancelled() {
    let (mut world, _) = world();
    list(&world, "Private");
    let lists = world.discover(&world.with_tasks()).unwrap().folders;
    let main = lists.into_iter().find(|list| list.kind == Kind::Task && list.is_default).unwrap().id;
    let account = Account { import_tasks: Folders::Selected(vec![main]), ..world.account() };
    sync(&mut world, &account);
    rests(&mut world, &account);
    move_to(&world, "Task 2", "Private");
    let ran = sync(&mut world, &account);
    assert_eq!((removed(&ran), ran.writes()), (0, 0));
    world.pass(20);
    sync(&mut world, &account);
    rests(&mut world, &account);
    assert_eq!(world.found("Task 2").status, activity_status::NOT_STARTED);
    // And back.
    let back = world.mail.with(|mail| mail.tasks(EUGENE)).into_iter().find(|task| task.title == "Task 1").unwrap().list;
    move_to(&world, "Task 2", &back);
    sync(&mut world, &account);
    rests(&mut world, &account);
    world.edit_todo("Task 2", json!({"title": "Task 2, renamed"}));
    sync(&mut world, &account);
    assert_eq!(world.titles().len(), 9);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn of_two_tasks_that_are_alike_neither_is_taken_for_the_other() {
    let mut world = World::empty();
    let account = world.with_tasks();
    list(&world, "Errands");
    let milk = json!({"dueDateTime": day("2026-11-25")});
    world.todo("Milk", milk.clone());
    world.todo("Other", milk.clone());
    world.todo_in(Some("Errands"), "Milk", milk);
    sync(&mut world, &account);
    rests(&mut world, &account);
    assert_eq!(world.titles(), ["Milk", "Milk", "Other"]);
    world.delete_todo("Milk");
    let ran = sync(&mut world, &account);
    assert_eq!(removed(&ran), 1);
    rests(&mut world, &account);
    let cancelled = world.activities().iter().filter(|row| row.status == activity_status::CANCELED).count();
    assert_eq!((cancelled, world.titles().len(), world.todos().len()), (1, 3, 2));
}

#[scenarios::scenario]
fn a_crash_anywhere_while_tasks_move_come_and_go_ends_as_if_there_was_none() {
    if scenarios::about_graph("To Do may refuse to tell changes") {
        return;
    }
    for refused in [json!(null), json!(501)] {
        for step in 0.. {
            let mut met = false;
            for cut in [Cut::Before(step), Cut::After(step)] {
                let (mut world, account) = world();
                world.graph_knobs(json!({ "todo_delta_refused": refused }));
                list(&world, "Errands");
                sync(&mut world, &account);
                world.pass(20);
                move_to(&world, "Task 2", "Errands");
                world.delete_todo("Task 3");
                world.todo("New", json!({"dueDateTime": day("2026-11-27")}));
                world.edit_activity("Task 4", json!({"Notes": "Soon"}));
                world.chore("Another", at(44), at(45));
                let _ = world.run_until(account.clone(), Direction::Reconcile, |_| {}, cut);
                met |= world.switch.dead();
                for _ in 0..2 {
                    world.pass(20);
                    sync(&mut world, &account);
                }
                rests(&mut world, &account);
                assert_eq!((world.titles().len(), world.todos().len()), (11, 10), "{cut:?}");
                let cancelled: Vec<_> =
                    world.activities().into_iter().filter(|row| row.status == activity_status::CANCELED).collect();
                assert_eq!(cancelled.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["Task 3"], "{cut:?}");
                assert_eq!(world.task("Task 4").notes, "Soon");
            }
            if !met {
                assert!(step > 8, "only {step} effects");
                break;
            }
        }
    }
}

#[scenarios::scenario]
fn idle_runs_with_task_lists_cost_a_request_for_each_list_whether_changes_are_told_or_not() {
    if scenarios::about_graph("To Do may refuse to tell changes") {
        return;
    }
    for refused in [json!(null), json!(501)] {
        let (mut world, account) = world();
        world.graph_knobs(json!({ "todo_delta_refused": refused }));
        for name in ["Errands", "Garden"] {
            list(&world, name);
            world.todo_in(Some(name), &format!("In {name}"), json!({"dueDateTime": day("2026-11-26")}));
        }
        sync(&mut world, &account);
        rests(&mut world, &account);
        world.pass(20);
        let ran = sync(&mut world, &account);
        ran.idle();
        let folders = 1 + 3;
        println!(
            "idle, 1 calendar and 3 lists, delta refused {refused}: {} requests, {} commits",
            ran.requests.len(),
            ran.commits
        );
        assert!(ran.requests.len() <= folders + 8, "{:#?}", ran.requests);
        assert!(ran.commits <= 1);
        let idle = ran.requests.len();
        for change in [0, 1, 2] {
            world.pass(20);
            match change {
                0 => world.edit_todo("Task 1", json!({"importance": "high"})),
                1 => world.edit_activity("Chore", json!({"Notes": "Quickly"})),
                _ => drop(world.todo("New", json!({}))),
            }
            let ran = sync(&mut world, &account);
            println!("one changed task: {} requests, {idle} idle", ran.requests.len());
            assert!(ran.writes() > 0 && ran.requests.len() <= idle + 7, "{:#?}", ran.requests);
        }
    }
}
