//! `init`: a configuration to begin with, and accounts out of Creatio's own synchronization.

use command::{ANNA, Desk, EUGENE};
use insta::assert_snapshot;
use serde_json::{Value, json};

fn text(desk: &Desk) -> String {
    std::fs::read_to_string(desk.config()).unwrap()
}

/// What Creatio's own synchronization was told for a user.
fn told(desk: &Desk, user: &str, mail: &str, serves: bool, choices: Value) {
    let users = desk.rows("SysAdminUnit");
    let user = users.iter().find(|row| row["Name"] == user).unwrap();
    let made = desk.creatio(json!({"action": "create", "set": "MailboxSyncSettings", "values": {
        "SysAdminUnitId": user["Id"], "UserName": mail, "SenderEmailAddress": mail, "ExchangeAutoSyncActivity": serves,
    }}));
    let mut values = choices;
    values["MailboxSyncSettingsId"] = made["id"].clone();
    desk.creatio(json!({"action": "create", "set": "ActivitySyncSettings", "values": values}));
}

#[test]
fn a_configuration_is_written_once_and_never_over_another() {
    let desk = Desk::new("empty");
    let before = text(&desk);
    let refused = desk.run(&["init"]);
    assert_eq!((refused.code, text(&desk)), (2, before.clone()), "{}", refused.whole());
    assert!(refused.flat().contains("stays as it is; --force writes a new one"), "{}", refused.err);
    std::fs::remove_file(desk.config()).unwrap();
    let written = desk.run(&["init"]);
    assert_snapshot!(written.whole());
    let unfilled = desk.run(&["check"]);
    assert_eq!(unfilled.code, 2);
    assert_snapshot!(unfilled.whole());
    std::fs::write(desk.config(), &before).unwrap();
    assert_eq!(desk.run(&["init", "--force"]).code, 0);
    assert_ne!(text(&desk), before);
    assert!(!text(&desk).contains(&desk.secret));
}

#[test]
fn users_and_choices_of_the_built_in_sync_are_taken_over() {
    let desk = Desk::new("empty");
    let group = "9dc5f6e6-2a61-4de8-a059-de30f4e74f24";
    told(
        &desk,
        "a.smith",
        ANNA,
        true,
        json!({
            "ImportAppointments": true, "ImpAppointmentsFromCalendars": true,
            "ImportAppointmentsCalendars": "[{\"Id\": \"AAMk\", \"Name\": \"Team \\\"A\\\"\"}]",
            "ImportTasks": true, "ImportTasksAll": true, "ImportActivitiesFrom": "2026-10-01T00:00:00Z",
            "ExportActivities": true, "ExportActivitiesSelected": true, "ExportActivitiesFromGroups": true,
            "ExportActivitiesGroups": format!("[\"{group}\"]"),
        }),
    );
    told(&desk, "e.mirny", EUGENE, false, json!({"ImportAppointments": true, "ImportAppointmentsAll": true}));
    told(
        &desk,
        "Supervisor",
        "supervisor@mycompany.com",
        false,
        json!({
            "ImportTasks": true, "ImportTasksFromFolders": true, "ImportTasksFolders": "?",
        }),
    );
    let before = text(&desk);
    let took = desk.run(&["init", "--from-creatio"]);
    assert_snapshot!(took.whole());
    let now = text(&desk);
    let added = now.strip_prefix(before.trim_end()).expect("what stood there stays");
    assert_snapshot!(added);
    assert_eq!(desk.writes(), []);
    // A second time there is nothing to add.
    let again = desk.run(&["init", "--from-creatio"]);
    assert_eq!((again.code, text(&desk)), (0, now), "{}", again.out);
    assert!(again.flat().contains("0 accounts were added"), "{}", again.out);
}

#[test]
fn the_template_and_what_is_taken_over_make_a_whole() {
    let desk = Desk::new("empty");
    told(&desk, "a.smith", ANNA, true, json!({"ImportAppointments": true, "ExportActivities": true}));
    let own = text(&desk);
    std::fs::remove_file(desk.config()).unwrap();
    assert_eq!(desk.run(&["init", "--from-creatio"]).code, 2, "there is no file yet");
    assert_eq!(desk.run(&["init"]).code, 0);
    assert_eq!(desk.run(&["init", "--from-creatio"]).code, 2, "nothing is filled in yet");
    // Whoever fills it in leaves the account as it is.
    let line = |key: &str| own.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    let mut filled = String::new();
    let mut section = String::new();
    for known in text(&desk).lines() {
        if known.starts_with('[') {
            section = known.split(' ').next().unwrap().to_owned();
        }
        let key = known.split(" = ").next().unwrap();
        let value = match (section.as_str(), key) {
            ("[creatio]", "url" | "identity-url")
            | ("[creatio]" | "[microsoft]", "client-id" | "client-secret" | "directory") => line(&format!("{key} = ")),
            ("[tenant]", "id") => "id = \"mycompany\"".to_owned(),
            ("[defaults]", "time-zone") => "time-zone = \"Europe/Moscow\"".to_owned(),
            ("[microsoft]", "# graph-url") => format!("{}\n{}", line("graph-url"), line("login-url")),
            _ => known.to_owned(),
        };
        filled.push_str(&value);
        filled.push('\n');
    }
    std::fs::write(desk.config(), format!("{filled}\n[network]\n{}\n", line("allow = "))).unwrap();
    let took = desk.run(&["init", "--from-creatio"]);
    assert_eq!(took.code, 0, "{}", took.whole());
    assert!(took.flat().contains("It still serves a.smith@mycompany.com"), "{}", took.out);
    let check = desk.run(&["check", "--account", ANNA]);
    assert!(check.flat().contains("wrong Built-in sync"), "{}", check.whole());
    assert!(!text(&desk).contains("\"<"), "{}", text(&desk));
}

#[test]
fn who_may_not_read_the_settings_is_told_what_is_missing() {
    let desk = Desk::new("empty");
    desk.creatio_knobs(&json!({"unreadable_sets": ["MailboxSyncSettings"]}));
    let before = text(&desk);
    let refused = desk.run(&["init", "--from-creatio"]);
    assert_eq!((refused.code, text(&desk)), (1, before), "{}", refused.whole());
    assert!(refused.flat().contains("the right to read MailboxSyncSettings"), "{}", refused.err);
}
