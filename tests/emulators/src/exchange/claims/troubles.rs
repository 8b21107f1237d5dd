//! What goes wrong on demand, and edits from outside.

use serde_json::{Value, json};

use super::*;

fn trouble(desk: &mut Desk, trouble: Value) {
    let now = desk.now;
    desk.exchange.edit(&json!({ "action": "trouble", "trouble": trouble }), now).unwrap();
}

fn back_off(node: &super::super::xml::Node) -> Option<String> {
    let values = &node.child("MessageXml")?.children;
    let value = values.iter().find(|value| value.attribute("Name") == Some("BackOffMilliseconds"));
    value.map(|value| value.text.clone())
}

#[test]
fn a_busy_server_says_so_in_each_of_its_forms() {
    let mut desk = Desk::new();
    let id = desk.create(&meeting("a", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"));
    let get = get_item(&format!("{0}{0}", id.element()), "IdOnly", "");
    trouble(&mut desk, json!({ "form": "busy", "milliseconds": 3000 }));
    let messages = desk.messages(&get);
    assert!(
        messages
            .iter()
            .all(|message| code(message) == "ErrorServerBusy" && back_off(message).as_deref() == Some("3000"))
    );
    for form in ["busy-fault", "busy-inside"] {
        trouble(&mut desk, json!({ "form": form, "milliseconds": 2000, "operation": "GetItem" }));
        let response = desk.post(&get);
        let fault = inside(&response);
        assert_eq!((response.status, &*fault.name), (500, "Fault"));
        assert_eq!(back_off(fault.child("detail").unwrap()).as_deref(), Some("2000"), "{form}");
    }
    trouble(&mut desk, json!({ "form": "unavailable", "times": 2 }));
    assert_eq!([desk.post(&get).status, desk.post(&get).status, desk.post(&get).status], [503, 503, 200]);
    trouble(&mut desk, json!({ "form": "error-page" }));
    let response = desk.post(&get);
    assert_eq!((response.status, response.header("location")), (302, Some("/ews/genericerrorpage.htm")));
}

#[test]
fn one_item_fails_or_the_rest_is_not_tried() {
    let mut desk = Desk::new();
    let item = |name: &str| meeting(name, "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z");
    let three = create(&format!("{}{}{}", item("a"), item("b"), item("c")), "");
    trouble(&mut desk, json!({ "form": "code", "code": "ErrorItemSave", "item": 2 }));
    assert_eq!(desk.codes(&three), ["NoError", "ErrorItemSave", "NoError"]);
    assert_eq!(desk.exchange.items(EUGENE).len(), 2);
    trouble(&mut desk, json!({ "form": "stop", "item": 2 }));
    let messages = desk.messages(&three);
    assert_eq!(messages[1].attribute("ResponseClass"), Some("Warning"));
    assert_eq!(
        messages.iter().map(code).collect::<Vec<_>>()[1..],
        ["ErrorBatchProcessingStopped", "ErrorBatchProcessingStopped"]
    );
    assert_eq!(desk.exchange.items(EUGENE).len(), 3);
    // The service acts, and says that it has not.
    trouble(&mut desk, json!({ "form": "busy-fault", "acts": true }));
    assert_eq!(desk.post(&three).status, 500);
    assert_eq!(desk.exchange.items(EUGENE).len(), 6);
    trouble(&mut desk, json!({ "form": "unavailable", "times": 9 }));
    let now = desk.now;
    desk.exchange.edit(&json!({ "action": "clear-troubles" }), now).unwrap();
    assert_eq!(desk.post(&three).status, 200);
}

#[test]
fn other_people_edit_through_the_control_port() {
    let mut desk = Desk::new();
    let now = desk.now;
    let mut edit = |value: Value| desk.exchange.edit(&value, now);
    let item = "<CalendarItem><Subject>a</Subject><Start>2026-11-23T10:00:00</Start><End>2026-11-23T11:00:00</End></CalendarItem>";
    edit(json!({ "action": "create-item", "mailbox": EUGENE, "item": item })).unwrap();
    let updates = "<SetItemField><FieldURI FieldURI=\"item:Subject\"/><CalendarItem><Subject>b</Subject></CalendarItem></SetItemField>";
    edit(json!({ "action": "update-item", "mailbox": EUGENE, "subject": "a", "updates": updates })).unwrap();
    edit(json!({ "action": "move-item", "mailbox": EUGENE, "subject": "b", "folder": "Проекты" })).unwrap();
    edit(json!({ "action": "knobs", "knobs": { "find_limit": 7 } })).unwrap();
    assert!(edit(json!({ "action": "knobs", "knobs": { "nonsense": 7 } })).is_err());
    assert!(edit(json!({ "action": "update-item", "mailbox": EUGENE, "subject": "a", "updates": updates })).is_err());
    assert!(edit(json!({ "action": "nonsense", "mailbox": EUGENE, "subject": "b" })).is_err());
    let found = desk.exchange.find(EUGENE, "b").unwrap();
    assert_eq!((found.folder.as_str(), found.start), ("Проекты", "2026-11-23T07:00:00Z".parse().ok()));
    assert_eq!(desk.exchange.knobs.find_limit, 7);
    let state = desk.exchange.state();
    let folders = state["mailboxes"][EUGENE]["folders"].as_array().unwrap();
    assert!(folders.iter().any(|folder| folder["items"][0]["Subject"] == "b"));
}

#[test]
fn the_demo_has_appointments_a_series_a_meeting_and_tasks() {
    let mut exchange = Exchange::new();
    world::populate_demo(&mut exchange, "2026-11-22T09:00:00Z".parse().unwrap());
    let items = exchange.items(EUGENE);
    let tasks = items.iter().filter(|item| item.is_task).count();
    let series = items.iter().filter(|item| item.kind == "RecurringMaster").count();
    assert_eq!((items.len(), tasks, series, exchange.items(ANNA).len()), (16, 4, 1, 1));
    assert!(exchange.outbox().is_empty());
}

const ANNA: &str = "a.smith@mycompany.com";
