//! Faults on first contact: pairs that were only just found, and items that could not be read at all.

use scenarios::World;
use serde_json::{Value, json};

/// Some of each: the same meeting on both sides with something to fill in, and items of one side only.
fn strangers() -> World {
    let world = World::empty();
    for at in 0..3 {
        let title = format!("Both {at}");
        world.meeting_with(&title, 30 + at, json!({"location": {"displayName": "Room 1"}}));
        world.activity(&title, 30 + at);
        world.meeting(&format!("M{at}"), 40 + at);
        world.activity(&format!("A{at}"), 50 + at);
    }
    world
}

/// From the `skip`th batch on, every batch of both services fails so while the first sync runs.
fn survives(what: &str, effect: &Value) {
    for skip in 0..6 {
        let mut world = strangers();
        world.fault(json!({"path": "$batch", "skip": skip, "times": null, "effect": effect}));
        // It may fail; nothing of it may be lost or doubled.
        let _ = world.sync();
        world.site.lock().unwrap().faults.clear();
        for _ in 0..4 {
            world.pass(70);
            let ran = world.sync();
            assert!(ran.report.is_ok(), "{what} from batch {skip}: {:?}", ran.report);
        }
        let wanted = ["A0", "A1", "A2", "Both 0", "Both 1", "Both 2", "M0", "M1", "M2"];
        assert_eq!(world.titles(), wanted, "{what} from batch {skip}");
        assert_eq!(world.subjects(), wanted, "{what} from batch {skip}");
        world.rests();
    }
}

#[test]
fn pairs_just_found_and_items_never_read_survive_a_page_of_html() {
    survives("html", &json!({"kind": "html"}));
}

#[test]
fn pairs_just_found_and_items_never_read_survive_answers_that_are_lost() {
    survives("lost before", &json!({"kind": "lost-before"}));
    survives("lost after", &json!({"kind": "lost-after"}));
}

#[test]
fn pairs_just_found_and_items_never_read_survive_a_server_in_trouble() {
    survives("503", &json!({"kind": "status", "status": 503}));
    survives("500 after the effect", &json!({"kind": "status-after", "status": 500}));
}
