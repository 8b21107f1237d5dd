//! The same weeks on Microsoft 365 and on an Exchange Server: what Creatio holds in the end is the same. What may differ
//! stands in docs/exchange.md.

use emulators::creatio::ids::activity_status;
use guest::run::Direction;
use guest::settings::Account;
use scenarios::World;
use scenarios::life::{at, guest, hour};
use scenarios::mail::Server;
use scenarios::tasks::day;
use serde_json::{Value, json};

/// What happens to a world; the account that it is synchronised by.
type Week = (&'static str, fn(&mut World) -> Account);

fn sync(world: &mut World, account: &Account) {
    world.run(account.clone(), Direction::Reconcile, |_| {}).report();
    world.pass(20);
}

fn first_contact(world: &mut World) -> Account {
    for number in 0..5 {
        world.meeting(&format!("Meeting {number}"), 20 * number - 30);
        world.activity(&format!("Activity {number}"), 21 * number - 30);
    }
    world.meeting("Long ago", -24 * 40);
    world.meeting("Both", 50);
    world.activity("Both", 50);
    world.meeting_with("Twice", 60, json!({}));
    world.meeting_with("Twice", 60, json!({}));
    world.account()
}

fn edits(world: &mut World) -> Account {
    let account = first_contact(world);
    sync(world, &account);
    world.edit_event("Meeting 2", json!({"subject": "Meeting 2, renamed", "location": {"displayName": "Room 2"}}));
    world.edit_event("Meeting 3", hour(at(70)));
    world.edit_event("Activity 3", json!({"body": {"contentType": "text", "content": "Agenda\nand more"}}));
    world.edit_activity("Activity 4", json!({"Title": "Activity 4, renamed", "Notes": "Bring it"}));
    world.edit_activity("Meeting 4", json!({"StartDate": at(90), "DueDate": at(92)}));
    account
}

fn conflicts(world: &mut World) -> Account {
    let account = first_contact(world);
    sync(world, &account);
    world.edit_event("Meeting 3", json!({"subject": "The mailbox's", "importance": "high"}));
    world.pass(10);
    world.edit_activity("Meeting 3", json!({"Title": "Creatio's", "Location": "Room 1"}));
    account
}

fn deletions(world: &mut World) -> Account {
    let account = first_contact(world);
    sync(world, &account);
    world.delete_event("Meeting 3");
    world.delete_event("Activity 3");
    world.delete_activity("Meeting 4");
    world.delete_activity("Activity 4");
    account
}

fn restored(world: &mut World) -> Account {
    let account = first_contact(world);
    sync(world, &account);
    let id = world.delete_event("Meeting 3");
    sync(world, &account);
    let now = world.now();
    world.mail.restore_event(scenarios::world::EUGENE, &id, now).unwrap();
    account
}

fn moved(world: &mut World) -> Account {
    let projects = world.calendar("Projects");
    let account = first_contact(world);
    sync(world, &account);
    for subject in ["Meeting 3", "Activity 3"] {
        let (id, now) = (world.event_id(subject), world.now());
        world.mail.move_event(scenarios::world::EUGENE, &id, &projects, now).unwrap();
    }
    sync(world, &account);
    world.edit_event("Activity 3", json!({"subject": "Activity 3, moved"}));
    account
}

fn people(world: &mut World) -> Account {
    world.invitation("Theirs", 40);
    world.meeting_with("Ours", 42, json!({"attendees": [guest("olga@northwind.example")]}));
    world.meeting_with("Private", 44, json!({"sensitivity": "private", "location": {"displayName": "At home"}}));
    let account = world.account();
    sync(world, &account);
    world.edit_activity("Ours", json!({"StartDate": at(50), "DueDate": at(51)}));
    world.edit_activity("Theirs", json!({"Title": "Renamed"}));
    let (id, now) = (world.event_id("Theirs"), world.now());
    world.mail.organizer_cancels(scenarios::world::EUGENE, &id, now).unwrap();
    account
}

fn tasks(world: &mut World) -> Account {
    world.todo("Due", json!({"dueDateTime": day("2026-11-25"), "importance": "high"}));
    world.todo("Some day", json!({}));
    world.todo(
        "Begun",
        json!({"startDateTime": day("2026-11-24"), "dueDateTime": day("2026-11-27"), "status": "inProgress"}),
    );
    world.todo("Waiting", json!({"dueDateTime": day("2026-11-27"), "status": "waitingOnOthers"}));
    world.chore("Chore", at(26), at(27));
    let account = world.with_tasks();
    sync(world, &account);
    world.edit_todo("Due", json!({"status": "completed"}));
    world.edit_todo("Chore", json!({"dueDateTime": day("2026-11-28")}));
    world.edit_activity("Begun", json!({"StatusId": activity_status::COMPLETED}));
    world.delete_todo("Waiting");
    account
}

fn days(world: &mut World) -> Account {
    let point = |day: &str| json!({"dateTime": format!("{day}T00:00:00"), "timeZone": "Russian Standard Time"});
    let whole = json!({"start": point("2026-11-25"), "end": point("2026-11-27"), "isAllDay": true});
    world.meeting_with("Holiday", 0, whole);
    let account = world.account();
    sync(world, &account);
    world.edit_activity("Holiday", json!({"Location": "Kazan"}));
    account
}

fn storage_lost(world: &mut World) -> Account {
    let account = tasks(world);
    first_contact(world);
    sync(world, &account);
    world.lose_storage();
    account
}

const WEEKS: &[Week] = &[
    ("first contact", first_contact),
    ("edits on both sides", edits),
    ("conflicts", conflicts),
    ("deletions on both sides", deletions),
    ("deleted and restored", restored),
    ("moved to another calendar", moved),
    ("meetings with people, private and cancelled ones", people),
    ("tasks", tasks),
    ("whole days", days),
    ("storage lost", storage_lost),
];

/// Activities as a person sees them.
fn activities(world: &World) -> Value {
    let mut all = scenarios::normal::view(world)["activities"].clone();
    all.as_array_mut().unwrap().sort_by_key(ToString::to_string);
    all
}

#[test]
fn what_creatio_holds_in_the_end_is_the_same_whichever_mailbox_it_is() {
    for (name, week) in WEEKS {
        let ends = [Server::Graph, Server::Exchange].map(|server| {
            let mut world = World::on(server);
            let account = week(&mut world);
            for _ in 0..4 {
                sync(&mut world, &account);
                world.pass(60);
            }
            let last = world.run(account, Direction::Reconcile, |_| {});
            last.idle();
            (activities(&world), world.subjects(), world.todos(), world.outbox().len())
        });
        let [graph, exchange] = &ends;
        assert_eq!(graph, exchange, "{name}");
        println!("{name}: {} activities", graph.0.as_array().unwrap().len());
    }
}
