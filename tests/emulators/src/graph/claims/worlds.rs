//! The worlds that the emulator begins with, and the edits of other people.

use serde_json::json;

use super::Desk;
use crate::graph::{Graph, world};
use crate::wire::Service;

#[test]
fn the_demo_is_the_same_in_every_run_and_nothing_of_it_is_refused() {
    let desk = Desk::new();
    let mut graph = Graph::new();
    world::populate_demo(&mut graph, desk.now);
    let mut again = Graph::new();
    world::populate_demo(&mut again, desk.now);
    assert_eq!(graph.state(), again.state());
    let events = graph.events(world::EUGENE);
    assert_eq!(events.len(), 46 + 11 + 2 + 3 + 4);
    assert_eq!(events.iter().filter(|event| event.kind == "seriesMaster").count(), 2);
    let series = graph.find_event(world::EUGENE, "Еженедельный статус").unwrap();
    let whole = graph.event_json(world::EUGENE, &series.id).unwrap();
    assert_eq!(whole["cancelledOccurrences"].as_array().unwrap().len(), 1);
    assert_eq!(graph.find_event(world::EUGENE, "Budget Q1").unwrap().response, "accepted");
    assert_eq!(graph.find_event(world::EUGENE, "Презентация партнёра").unwrap().response, "notResponded");
}

#[test]
fn a_large_world_has_what_was_asked_for() {
    let desk = Desk::new();
    let mut graph = Graph::new();
    world::populate_large(&mut graph, desk.now, 2000);
    assert_eq!(graph.events(world::EUGENE).len(), 2000);
}

#[test]
fn edits_do_what_they_say_or_say_what_is_wrong() {
    let mut desk = Desk::new();
    let now = desk.now;
    let mail = world::EUGENE;
    let event = json!({"subject": "A", "start": {"dateTime": "2026-12-01T10:00:00"}, "end": {"dateTime": "2026-12-01T11:00:00"}});
    let made = desk.graph.edit(&json!({"action": "create-event", "mailbox": mail, "event": event}), now).unwrap();
    for edit in [
        json!({"action": "update-event", "mailbox": mail, "id": made["id"], "event": {"subject": "B"}}),
        json!({"action": "touch-event", "mailbox": mail, "subject": "B"}),
        json!({"action": "move-event", "mailbox": mail, "subject": "B", "calendar": "Проекты"}),
        json!({"action": "delete-event", "mailbox": mail, "subject": "B"}),
        json!({"action": "restore-event", "mailbox": mail, "subject": "B"}),
        json!({"action": "create-event", "mailbox": mail, "event": event, "organizer": {"address": "o@x.example", "name": "O"}}),
        json!({"action": "respond", "mailbox": mail, "subject": "A", "response": "accepted"}),
        json!({"action": "add-list", "mailbox": mail, "name": "L"}),
        json!({"action": "add-list", "mailbox": mail, "name": "Hers", "isOwner": false}),
        json!({"action": "share-list", "mailbox": mail, "list": "L"}),
        json!({"action": "rename-list", "mailbox": mail, "list": "L", "name": "M"}),
        json!({"action": "create-task", "mailbox": mail, "list": "Hers", "task": {"title": "T"}}),
        json!({"action": "update-task", "mailbox": mail, "title": "T", "task": {"title": "U"}}),
        json!({"action": "touch-task", "mailbox": mail, "title": "U"}),
        json!({"action": "move-task", "mailbox": mail, "title": "U", "list": "M"}),
        json!({"action": "complete-task", "mailbox": mail, "title": "U"}),
        json!({"action": "delete-task", "mailbox": mail, "title": "U"}),
        json!({"action": "create-task", "mailbox": mail, "task": {"title": "Kept", "dueDateTime": {"dateTime": "2026-12-01"}}}),
        json!({"action": "delete-list", "mailbox": mail, "list": "M"}),
        json!({"action": "add-calendar", "mailbox": mail, "name": "C"}),
        json!({"action": "rename-calendar", "mailbox": mail, "calendar": "C", "name": "D"}),
        json!({"action": "remove-calendar", "mailbox": mail, "calendar": "D"}),
        json!({"action": "add-mailbox", "mailbox": "n@mycompany.com", "name": "N", "zone": "UTC"}),
        json!({"action": "set-time-zone", "mailbox": mail, "zone": "tzone://Microsoft/Custom"}),
        json!({"action": "knobs", "knobs": {"custom_zone": true}}),
        json!({"action": "expire-delta-tokens"}),
        json!({"action": "clear-outbox"}),
        json!({"action": "expire-tokens"}),
    ] {
        desk.graph.edit(&edit, now).unwrap_or_else(|problem| panic!("{edit}: {problem}"));
    }
    assert!(desk.graph.knobs.custom_zone);
    let tasks = desk.graph.tasks(mail);
    assert_eq!((tasks.len(), tasks[0].list.as_str(), tasks[0].title.as_str()), (1, "Tasks", "Kept"));
    assert_eq!(tasks[0].due.unwrap().to_string(), "2026-12-01");
    let lists = &desk.graph.state()["mailboxes"][mail]["taskLists"];
    assert_eq!((lists[2]["displayName"].as_str(), lists[2]["isOwner"].as_bool()), (Some("Hers"), Some(false)));
    assert_eq!(lists[0]["tasks"][0]["dueDateTime"]["dateTime"], "2026-11-30T21:00:00.0000000");
    assert_eq!(desk.send("GET", "/events", &[], None).status, 401);
    for edit in [
        json!({}),
        json!({"action": "dance", "mailbox": mail, "subject": "A"}),
        json!({"action": "create-task", "mailbox": mail, "task": {"subject": "A"}}),
        json!({"action": "update-task", "mailbox": mail, "title": "Nothing", "task": {}}),
        json!({"action": "move-task", "mailbox": mail, "title": "Kept", "list": "Nowhere"}),
        json!({"action": "knobs", "knobs": {"x": 1}}),
    ] {
        assert!(desk.graph.edit(&edit, now).is_err());
    }
}
