//! A preview needs no more than the right to read, on both sides.

use command::Desk;
use serde_json::json;

#[test]
fn a_preview_works_with_read_only_rights_and_asks_for_no_write() {
    let desk = Desk::new("demo");
    let full = desk.run(&["preview"]);
    assert_eq!(full.code, 0, "{}", full.whole());
    desk.creatio_knobs(&json!({"read_only": true}));
    desk.graph_knobs(&json!({"app_calendars_role": "read", "app_tasks_role": "read", "settings_readable": false, "users_readable": false}));
    desk.forget();
    let preview = desk.run(&["preview"]);
    assert_eq!(preview.code, 0, "{}", preview.whole());
    assert!(
        preview.out.contains("Creatio: to create") && preview.out.contains("Mailbox: to create"),
        "{}",
        preview.out
    );
    assert_eq!(desk.writes(), [], "a preview asks for nothing but reads");
    let refused: Vec<_> = desk.asked().into_iter().filter(|(.., status)| *status >= 400).collect();
    // Reading users is tried, and done without.
    assert!(refused.iter().all(|(_, address, _)| address.contains("userPrincipalName")), "{refused:?}");

    // The rights are those that a sync would lack: what it cannot write is told, and nothing is lost.
    let activities = desk.rows("Activity");
    let sync = desk.run(&["sync"]);
    assert_eq!(sync.code, 3, "{}", sync.whole());
    assert!(sync.flat().contains("Failed: tried again by the next run"), "{}", sync.out);
    assert_eq!(desk.rows("Activity"), activities);
}
