//! `check --probe` writes on both sides, tells what it learned, and leaves nothing behind.

use command::{Desk, EUGENE};
use insta::assert_snapshot;
use serde_json::json;

const TITLE: &str = "Test item of schedule-sync, may be deleted";

fn probe(desk: &Desk) -> command::Printed {
    desk.run(&["check", "--probe"])
}

/// Test items that are still there, deleted items apart.
fn left(desk: &Desk) -> usize {
    let activities = desk.rows("Activity").iter().filter(|row| row["Title"].to_string().contains(TITLE)).count();
    let mut mailbox = desk.state("graph")["mailboxes"][EUGENE].clone();
    assert!(mailbox.as_object_mut().unwrap().remove("deletedItems").is_some());
    activities + mailbox.to_string().matches(TITLE).count()
}

#[test]
fn a_probe_answers_the_open_questions_and_leaves_nothing() {
    let desk = Desk::new("demo");
    let rows = desk.rows("Activity").len();
    let told = probe(&desk);
    assert_snapshot!(told.whole());
    assert!(!desk.writes().is_empty());
    assert_eq!((left(&desk), desk.rows("Activity").len()), (0, rows));
    assert!(desk.run(&["status"]).out.contains("probe"));
}

#[test]
fn the_answers_are_those_of_the_site() {
    let desk = Desk::new("demo");
    desk.creatio_knobs(&json!({
        "patch_missing_is_404": true, "post_updates_existing": true, "any": true, "expand_collections": true,
        "scalar_lookup_filter": true, "participant_touches_activity": true, "automatic_participants": false,
        "wall_time_zone": "Asia/Tokyo",
    }));
    let told = probe(&desk).flat();
    for answer in [
        "How do times come back? — 2001-07-02T09:00:00Z as 2001-07-02T18:00:00Z",
        "does not exist? — 404",
        "with the same id? — a success",
        "Can collections be expanded? — yes",
        "(any)? — yes",
        "(OwnerId)? — yes",
        "by itself? — none",
        "ModifiedOn? — yes",
    ] {
        assert!(told.contains(answer), "{answer}: {told}");
    }
    assert_eq!(left(&desk), 0);
}

#[test]
fn a_site_that_may_not_be_written() {
    let desk = Desk::new("demo");
    desk.creatio_knobs(&json!({"read_only": true}));
    desk.graph_knobs(&json!({"app_calendars_role": "read", "app_tasks_role": "read"}));
    let told = probe(&desk);
    assert_snapshot!(told.whole());
    assert_eq!(left(&desk), 0);
}

#[test]
fn whatever_step_fails_the_items_are_deleted() {
    let desk = Desk::new("demo");
    for service in ["creatio", "graph"] {
        for method in ["POST", "PATCH"] {
            for effect in [json!({"kind": "status-after", "status": 500}), json!({"kind": "lost-after"})] {
                desk.fault(&json!({"service": service, "method": method, "path": "Activity", "effect": effect}));
                desk.fault(&json!({"service": service, "method": method, "path": "events", "effect": effect}));
                desk.fault(&json!({"service": service, "method": method, "path": "tasks", "effect": effect}));
                let told = probe(&desk);
                assert_eq!(left(&desk), 0, "{service} {method} {effect}: {}", told.out);
                desk.no_faults();
            }
        }
    }
    assert_eq!(probe(&desk).code, 0);
}

#[test]
fn an_item_that_cannot_be_deleted_is_named_and_the_next_probe_deletes_it() {
    let desk = Desk::new("demo");
    desk.fault(&json!({"method": "DELETE", "times": null, "effect": {"kind": "status", "status": 403}}));
    let told = probe(&desk);
    assert_eq!(told.code, 1);
    assert!(told.flat().contains("A test item could not be deleted.") && told.flat().contains(TITLE), "{}", told.out);
    assert_eq!(left(&desk), 3, "{}", told.out);
    desk.no_faults();
    assert_eq!(probe(&desk).code, 0);
    assert_eq!(left(&desk), 0);
}
