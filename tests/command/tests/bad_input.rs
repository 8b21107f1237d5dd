//! Settings and arguments that cannot be carried out: each is told with what to do, and nothing is lost.

use command::{Desk, Printed};
use serde_json::{Value, json};

/// A sync that is refused before anything is written; gives what was told.
fn refused(desk: &Desk) -> String {
    desk.forget();
    let Printed { code, out, err } = desk.run(&["sync"]);
    assert_eq!((code, desk.writes()), (1, vec![]), "{out}{err}");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_user_who_is_unknown_or_not_active_or_has_no_contact() {
    let desk = Desk::new("demo");
    desk.configure("user = \"e.mirny\"", "user = \"e.mirnyy\"");
    let told = refused(&desk);
    assert!(told.contains("Creatio has no user \"e.mirnyy\"") && told.contains("correct the user's name"), "{told}");
    desk.configure("user = \"e.mirnyy\"", "user = \"e.mirny\"");
    desk.creatio(json!({"action": "user", "user": "e.mirny", "active": false}));
    let told = refused(&desk);
    assert!(told.contains("is not active in Creatio; activate it there"), "{told}");
    desk.creatio(json!({"action": "user", "user": "e.mirny", "active": true}));
    assert_ne!(desk.run(&["sync", "--budget-writes", "1"]).code, 1, "then all goes on");
    let row = desk.rows("SysAdminUnit").into_iter().find(|row| row["Name"] == "e.mirny").unwrap();
    let nobody = json!({"ContactId": null});
    desk.creatio(json!({"action": "update", "set": "SysAdminUnit", "id": row["Id"], "values": nobody}));
    let told = refused(&desk);
    assert!(told.contains("has no contact in Creatio") && told.contains("give it one there"), "{told}");
}

#[test]
fn a_list_that_was_deleted_is_named_and_the_selection_stays_as_it_was() {
    let desk = Desk::new("demo");
    desk.configure("import-tasks = \"all\"", "import-tasks = [\"Errands\"]");
    desk.graph(json!({"action": "add-list", "mailbox": command::EUGENE, "name": "Errands"}));
    assert_ne!(desk.run(&["sync"]).code, 1);
    desk.graph(json!({"action": "delete-list", "mailbox": command::EUGENE, "list": "Errands"}));
    let told = refused(&desk);
    assert!(told.contains("there is nothing named \"Errands\"; there is: Tasks"), "{told}");
}

#[test]
fn an_id_that_no_longer_stands_is_refused_and_nothing_is_done() {
    let desk = Desk::new("demo");
    let at = |hour: u32| json!({"dateTime": format!("2026-12-01T{hour}:00:00"), "timeZone": "UTC"});
    desk.graph(json!({"action": "create-event", "mailbox": command::EUGENE, "event": {
        "subject": "With guests", "start": at(10), "end": at(11),
        "attendees": [{"type": "required", "emailAddress": {"address": "guest@elsewhere.example", "name": "Guest"}}],
    }}));
    assert_ne!(desk.run(&["sync"]).code, 1);
    let row = desk.rows("Activity").into_iter().find(|row| row["Title"] == "With guests").unwrap();
    let renamed = json!({"Title": "With all guests"});
    desk.creatio(json!({"action": "update", "set": "Activity", "id": row["Id"], "values": renamed}));
    assert_eq!(desk.run(&["sync"]).code, 3, "it would mail the guests");
    let told: Value = serde_json::from_str(&desk.run(&["held", "--json"]).out).unwrap();
    let id = told[0]["standing"][0]["entry"]["operation"].as_str().expect("it is held").to_owned();
    assert_eq!(desk.run(&["dismiss", &id]).code, 0);
    desk.forget();
    for arguments in [vec!["approve", &id], vec!["approve", "nonsense"], vec!["dismiss", "nonsense"]] {
        let refused = desk.run(&arguments);
        assert_eq!((refused.code, desk.asked().len()), (2, 0), "{}", refused.whole());
        assert!(refused.flat().contains("host-runner held lists what stands now; nothing was done"), "{}", refused.err);
    }
    let only = desk.run(&["sync", "--only", "nonsense"]);
    assert!(only.flat().contains("There is no operation nonsense any more."), "{}", only.whole());
    assert_eq!(desk.writes(), []);
}
