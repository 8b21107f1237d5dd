//! A mailbox moves from the Exchange Server to Microsoft 365 while the configuration says `mailbox = "auto"`.

use command::{Desk, EUGENE, Printed};
use serde_json::{Value, json};

/// Both services, of which Exchange has the mailbox.
fn desk() -> Desk {
    let desk = Desk::new("empty");
    let origin = desk.exchange_address().trim_end_matches("/EWS/Exchange.asmx").to_owned();
    desk.configure("[network]\nallow = [", &format!("[network]\nallow = [\"{origin}\", "));
    desk.configure("[network]", "[defaults]\nmailbox = \"auto\"\n\n[network]");
    let url = &desk.exchange_address();
    desk.configure(
        "[network]",
        &format!(
            "[exchange]\nurl = \"{url}\"\nuser = \"sync.service@mycompany.com\"\npassword = {{ env = \"EXCHANGE_SECRET\" }}\n\n[network]"
        ),
    );
    desk.graph_knobs(&json!({"disabled_mailboxes": [EUGENE]}));
    desk
}

fn run(desk: &Desk, arguments: &[&str]) -> Printed {
    let environment = [("LC_ALL", "en_GB.UTF-8"), ("COLUMNS", "80"), ("EXCHANGE_SECRET", "Service-2026")];
    desk.run_as(arguments, &environment)
}

/// The appointments of the mailbox on Exchange, as a move brings them.
fn appointments(desk: &Desk) -> Vec<Value> {
    let state = desk.state("exchange");
    let folders = state["mailboxes"][EUGENE]["folders"].as_array().unwrap().clone();
    let items = folders.iter().flat_map(|folder| folder["items"].as_array().unwrap().clone());
    items
        .filter(|item| item["UID"].is_string())
        .map(|item| {
            let point = |name: &str| {
                let at = item[name].as_str().unwrap().trim_end_matches('Z').to_owned();
                json!({"dateTime": at, "timeZone": "UTC"})
            };
            let properties = item["ExtendedProperties"].as_object().unwrap();
            let marker = |(id, values): (&String, &Value)| json!({"id": id, "value": values[0]});
            json!({
                "subject": item["Subject"],
                "iCalUId": item["UID"],
                "start": point("Start"),
                "end": point("End"),
                "isReminderOn": item["ReminderIsSet"] == "true",
                "singleValueExtendedProperties": properties.iter().map(marker).collect::<Vec<_>>(),
            })
        })
        .collect()
}

/// Titles in Creatio and at Microsoft 365, sorted.
fn titles(desk: &Desk) -> (Vec<String>, Vec<String>) {
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let activities = desk.rows("Activity").iter().map(|row| text(row, "Title")).collect();
    let calendars = desk.state("graph")["mailboxes"][EUGENE]["calendars"].as_array().unwrap().clone();
    let events: Vec<Value> =
        calendars.iter().flat_map(|calendar| calendar["events"].as_array().unwrap().clone()).collect();
    (sorted(activities), sorted(events.iter().map(|event| text(event, "subject")).collect()))
}

#[test]
fn a_mailbox_that_is_found_elsewhere_is_followed_with_its_pairs() {
    let desk = desk();
    let item = "<CalendarItem><Subject>Imported</Subject><ReminderIsSet>false</ReminderIsSet>\
                <Start>2026-11-25T09:00:00Z</Start><End>2026-11-25T10:00:00Z</End></CalendarItem>";
    desk.exchange(json!({"action": "create-item", "mailbox": EUGENE, "item": item}));
    let first = run(&desk, &["sync"]);
    assert_eq!(first.code, 0, "{}", first.whole());
    assert_eq!(titles(&desk).0, ["Imported"]);

    for event in appointments(&desk) {
        desk.graph(json!({"action": "bring-event", "mailbox": EUGENE, "event": event}));
    }
    desk.graph_knobs(&json!({"disabled_mailboxes": []}));
    desk.fault(&json!({"service": "exchange", "times": null, "effect": {"kind": "status", "status": 451}}));
    let before = titles(&desk);
    assert_eq!(before.1, ["Imported"]);

    let preview = run(&desk, &["-v", "preview"]);
    assert_eq!(preview.code, 0, "{}", preview.whole());
    assert!(preview.flat().contains("has moved from an Exchange Server to Microsoft 365"), "{}", preview.whole());
    desk.forget();
    let moved = run(&desk, &["sync"]);
    assert_eq!(moved.code, 0, "{}", moved.whole());
    assert!(moved.flat().contains("has moved from an Exchange Server to Microsoft 365"), "{}", moved.whole());
    let quiet = run(&desk, &["sync"]);
    assert!(!quiet.flat().contains("has moved"), "{}", quiet.whole());
    let writes = desk.writes();
    assert!(writes.iter().all(|(_, address, _)| address.contains("Exchange.asmx")), "{writes:?}");
    assert_eq!(titles(&desk), before);

    // They are pairs still.
    desk.graph(
        json!({"action": "update-event", "mailbox": EUGENE, "subject": "Imported", "event": {"subject": "Renamed"}}),
    );
    let edited = run(&desk, &["sync"]);
    assert_eq!(edited.code, 0, "{}", edited.whole());
    assert_eq!(titles(&desk), (vec!["Renamed".into()], vec!["Renamed".into()]));
}
