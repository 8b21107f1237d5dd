//! `check` before broken set-ups: each is told in words, with what to do, as the snapshots beside this file show.

use command::{ANNA, Desk, EUGENE};
use insta::assert_snapshot;
use serde_json::json;

fn check(desk: &Desk) -> String {
    desk.run(&["check"]).whole()
}

/// What is told of one account: everything below its name.
fn account(desk: &Desk) -> String {
    let text = check(desk);
    text.split_once(&format!("{EUGENE}\n")).map(|(_, below)| below.to_owned()).unwrap_or(text)
}

#[test]
fn where_all_is_well_every_line_says_so() {
    let desk = Desk::new("demo");
    assert_snapshot!(check(&desk));
    assert_eq!(desk.writes(), []);
    assert_eq!(desk.run(&["check", "--json"]).code, 0);
}

#[test]
fn it_speaks_russian() {
    let desk = Desk::new("demo");
    desk.configure("user = \"e.mirny\"", "user = \"e.mirnyy\"");
    assert_snapshot!(desk.run(&["check", "--lang", "ru"]).whole());
}

#[test]
fn a_wrong_identity_address() {
    let desk = Desk::new("demo");
    let text = std::fs::read_to_string(desk.config()).unwrap();
    let line = text.lines().find(|line| line.starts_with("identity-url")).unwrap();
    let wrong = line.trim_end_matches('"').to_owned() + "/nowhere\"";
    desk.configure(line, &wrong);
    assert_snapshot!(check(&desk));
}

#[test]
fn an_identity_address_where_nobody_listens() {
    let desk = Desk::new("demo");
    let text = std::fs::read_to_string(desk.config()).unwrap();
    let line = text.lines().find(|line| line.starts_with("identity-url")).unwrap();
    desk.configure(line, "identity-url = \"http://127.0.0.1:9\"");
    desk.configure("allow = [", "allow = [\"http://127.0.0.1:9\", ");
    assert_snapshot!(check(&desk));
}

#[test]
fn a_wrong_client_secret() {
    let mut desk = Desk::new("demo");
    desk.secret = "not-the-secret".into();
    let told = check(&desk);
    assert!(!told.contains("not-the-secret"), "{told}");
    assert_snapshot!(told);
}

#[test]
fn a_wrong_directory() {
    let desk = Desk::new("demo");
    desk.graph_knobs(&json!({"directory": "theothercompany.onmicrosoft.com"}));
    assert_snapshot!(check(&desk));
}

#[test]
fn no_right_to_use_odata() {
    let desk = Desk::new("demo");
    desk.creatio(json!({"action": "user", "user": "sync.integration", "odata": false}));
    assert_snapshot!(account(&desk));
}

#[test]
fn the_path_of_net_framework_before_a_site_on_net() {
    let desk = Desk::new("demo");
    desk.creatio_knobs(&json!({"net_core": true}));
    assert_snapshot!(account(&desk));
}

#[test]
fn the_path_of_net_before_a_site_on_net_framework() {
    let desk = Desk::new("demo");
    desk.configure("[creatio]", "[creatio]\nodata = \"odata\"");
    let told = account(&desk);
    assert!(told.contains("odata = \"0/odata\""), "{told}");
    // What it says helps.
    desk.configure("odata = \"odata\"", "odata = \"0/odata\"");
    assert_eq!(desk.run(&["check"]).code, 0);
}

#[test]
fn an_address_that_is_no_creatio_at_all() {
    let desk = Desk::new("demo");
    desk.fault(
        &json!({"service": "creatio", "path": "odata", "times": null, "effect": {"kind": "html", "status": 404}}),
    );
    assert_snapshot!(account(&desk));
}

#[test]
fn a_firewall_that_shows_a_page_in_place_of_data() {
    let desk = Desk::new("demo");
    desk.fault(&json!({"service": "creatio", "path": "odata", "times": null, "effect": {"kind": "html"}}));
    assert_snapshot!(account(&desk));
    desk.no_faults();
    desk.fault(
        &json!({"service": "creatio", "path": "odata", "times": null, "effect": {"kind": "html", "status": 403}}),
    );
    let told = account(&desk);
    assert!(told.contains("web page"), "{told}");
}

#[test]
fn objects_that_may_not_be_read() {
    let desk = Desk::new("demo");
    desk.creatio_knobs(&json!({"unreadable_sets": ["ActivityParticipant", "MailboxSyncSettings"]}));
    assert_snapshot!(account(&desk));
}

#[test]
fn rows_that_cannot_be_seen() {
    let desk = Desk::new("demo");
    desk.creatio(json!({"action": "revoke", "user": "sync.integration"}));
    assert_snapshot!(account(&desk));
}

#[test]
fn a_user_whom_creatio_does_not_know() {
    let desk = Desk::new("demo");
    desk.configure("user = \"e.mirny\"", "user = \"e.mirnyy\"");
    assert_snapshot!(account(&desk));
}

#[test]
fn a_user_who_is_not_active() {
    let desk = Desk::new("demo");
    desk.creatio(json!({"action": "user", "user": "e.mirny", "active": false}));
    assert_snapshot!(account(&desk));
}

#[test]
fn built_in_synchronization_that_still_serves_the_mailbox() {
    let desk = Desk::new("demo");
    let settings = "0f7b9c1e-0000-4000-8000-0000000000c0";
    desk.creatio(json!({"action": "create", "set": "MailboxSyncSettings", "values": {
        "Id": settings, "UserName": "e.mirny", "SenderEmailAddress": EUGENE, "ExchangeAutoSyncActivity": true,
    }}));
    desk.creatio(json!({"action": "create", "set": "ActivitySyncSettings", "values": {
        "MailboxSyncSettingsId": settings, "ImportAppointments": true,
    }}));
    assert_snapshot!(account(&desk));
    let sync = desk.run(&["sync"]);
    assert_eq!((sync.code, desk.writes().len()), (1, 0), "{}", sync.out);
    assert!(sync.flat().contains("set coexist = true"), "{}", sync.out);
    let preview = desk.run(&["preview"]);
    assert!(preview.code == 0 && preview.flat().contains("Creatio's own synchronization"), "{}", preview.out);
    desk.configure("import-tasks", "coexist = true\nimport-tasks");
    assert_eq!(desk.run(&["check"]).code, 0);
    assert_eq!(desk.run(&["sync", "--budget-writes", "1"]).code, 0);
}

#[test]
fn calendars_without_the_permission() {
    let desk = Desk::new("demo");
    desk.graph_knobs(&json!({"app_calendars_role": "none"}));
    assert_snapshot!(account(&desk));
}

#[test]
fn a_mailbox_that_an_access_policy_withholds() {
    let desk = Desk::new("demo");
    desk.graph_knobs(&json!({"denied_mailboxes": [EUGENE]}));
    assert_snapshot!(account(&desk));
}

#[test]
fn a_user_without_a_mailbox_in_microsoft_365() {
    let desk = Desk::new("demo");
    desk.graph_knobs(&json!({"disabled_mailboxes": [EUGENE]}));
    assert_snapshot!(account(&desk));
}

#[test]
fn an_address_that_microsoft_365_does_not_know() {
    let desk = Desk::new("demo");
    desk.graph(json!({"action": "rename-user", "mailbox": EUGENE, "to": "eugene.mirny@mycompany.com"}));
    assert_snapshot!(account(&desk));
}

#[test]
fn permissions_that_calendars_do_not_need() {
    let desk = Desk::new("demo");
    desk.graph_knobs(&json!({"app_tasks_role": "none", "settings_readable": false, "users_readable": false}));
    assert_snapshot!(account(&desk));
}

#[test]
fn another_time_zone_in_the_mailbox() {
    let desk = Desk::new("demo");
    desk.graph(json!({"action": "set-time-zone", "mailbox": EUGENE, "zone": "Tokyo Standard Time"}));
    let told = account(&desk);
    assert!(told.contains("doubt Time zone") && told.contains("Tokyo Standard Time"), "{told}");
    assert!(told.contains("exit code 3"), "{told}");
}

#[test]
fn choices_that_are_not_there() {
    let desk = Desk::new("demo");
    desk.configure("import-tasks = \"all\"", "import-meetings = [\"Nowhere\"]\nimport-tasks = \"all\"");
    assert_snapshot!(account(&desk));
}

#[test]
fn two_accounts_on_one_mailbox() {
    let desk = Desk::new("demo");
    desk.add_anna();
    desk.configure(ANNA, "eugene@mycompany.com");
    desk.graph(json!({"action": "add-alias", "mailbox": EUGENE, "alias": "eugene@mycompany.com"}));
    let told = desk.run(&["check"]);
    assert_eq!(told.code, 1);
    assert!(told.flat().contains("Two accounts of the configuration lead to the same mailbox."), "{}", told.out);
    // The second one is refused by its run as well, before anything is written.
    assert_ne!(desk.run(&["sync", "--account", EUGENE]).code, 1);
    let sync = desk.run(&["sync", "--account", "eugene@mycompany.com"]);
    assert!(sync.code == 1 && sync.flat().contains("one mailbox is one account"), "{}", sync.out);
    let told = desk.run(&["check", "--account", "eugene@mycompany.com"]);
    assert!(told.code == 1 && told.flat().contains("The mailbox is another account's"), "{}", told.out);
}
