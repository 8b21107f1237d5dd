//! Faults: whatever goes wrong on the way, once it stops everything is where it belongs, once, and quiet.

use guest::report::{Ending, Outcome};
use scenarios::world::EUGENE;
use scenarios::{World, show};
use serde_json::{Value, json};

/// Work on both sides: something to create, to change and to remove on each.
fn busy() -> World {
    let mut world = World::empty();
    for at in 0..3 {
        world.meeting(&format!("M{at}"), 30 + at);
        world.activity(&format!("A{at}"), 40 + at);
    }
    world.synced();
    world.pass(20);
    world.edit_event("M0", json!({"subject": "M0 renamed"}));
    world.edit_activity("A0", json!({"Title": "A0 renamed"}));
    world.edit_event("A1", json!({"location": {"displayName": "Room 1"}}));
    world.delete_event("M1");
    world.meeting("M new", 50);
    world.activity("A new", 60);
    world
}

/// What becomes of all that work: every title once on each side.
fn done(world: &World) {
    assert_eq!(world.subjects(), ["A new", "A0 renamed", "A1", "A2", "M new", "M0 renamed", "M2"]);
    assert_eq!(world.titles(), ["A new", "A0 renamed", "A1", "A2", "M new", "M0 renamed", "M1", "M2"]);
    assert_eq!(world.found("A1").place, "Room 1");
    assert_eq!(world.found("M1").status, emulators::creatio::ids::activity_status::CANCELED);
}

/// Syncs while the fault lasts and until it is over; then all is done and it is quiet.
fn survives(what: &str, fault: Value) {
    let mut world = busy();
    world.fault(fault);
    for _ in 0..3 {
        world.sync();
        world.pass(10);
    }
    world.faults_end();
    // What had failed is tried again within the hour.
    for _ in 0..4 {
        let ran = world.sync();
        assert!(ran.report.is_ok(), "{what}: {:?}", ran.report);
        world.pass(70);
    }
    println!("{what}");
    done(&world);
    world.rests();
}

fn status(status: u16, code: &str) -> Value {
    json!({"kind": "status", "status": status, "body": {"error": {"code": code, "message": "no"}}})
}

#[test]
fn every_way_a_batch_can_fail_ends_well_on_both_sides() {
    let effects = [
        status(429, "TooManyRequests"),
        json!({"kind": "status", "status": 429, "headers": {"Retry-After": "2.128"}}),
        json!({"kind": "status", "status": 429, "headers": {"Retry-After": "7200"}}),
        status(500, "InternalServerError"),
        status(502, "BadGateway"),
        status(503, "ServiceUnavailable"),
        status(504, "GatewayTimeout"),
        status(403, "Forbidden"),
        status(400, "BadRequest"),
        json!({"kind": "status-after", "status": 500}),
        json!({"kind": "status-after", "status": 503}),
        json!({"kind": "html"}),
        json!({"kind": "cut", "at": 0}),
        json!({"kind": "cut", "at": 200}),
        json!({"kind": "huge", "bytes": 9_000_000}),
        json!({"kind": "lost-before"}),
        json!({"kind": "lost-after"}),
        json!({"kind": "delay", "ms": 200_000}),
        json!({"kind": "delay-reply", "ms": 200_000}),
    ];
    for service in ["creatio", "graph"] {
        for effect in &effects {
            // Those that write alone; then every one of the run's.
            for (method, times) in [(Some("PATCH"), 1), (Some("POST\""), 1), (None, 6)] {
                let mut fault = json!({"service": service, "path": "$batch", "times": times, "effect": effect});
                if let Some(method) = method {
                    fault["body"] = json!(format!("\"method\":\"{}", method.trim_end_matches('"')));
                }
                survives(&format!("{service} {method:?} {effect}"), fault);
            }
        }
    }
}

#[test]
fn a_part_of_a_batch_that_is_throttled_is_sent_again_after_its_wait() {
    for (service, wait) in [("graph", "2.128"), ("graph", "10"), ("creatio", "5")] {
        let mut world = busy();
        world.fault(json!({"service": service, "effect":
            {"kind": "part", "method": "PATCH", "status": 429, "headers": {"Retry-After": wait}, "body": {"error": {"code": "TooManyRequests"}}}}));
        let before = world.now();
        let ran = world.synced();
        assert_eq!(ran.report().ending, Ending::Complete);
        let waited = (world.now() - before).num_milliseconds();
        let seconds: f64 = wait.parse().unwrap();
        assert!(waited as f64 >= seconds * 1000.0 && waited < 60_000, "{waited}");
        world.faults_met();
        done(&world);
        world.rests();
    }
}

#[test]
fn a_throttled_request_is_sent_again_after_a_fractional_wait() {
    for path in ["calendarView/delta", "/calendars?", "/Activity?", "SysAdminUnit"] {
        let mut world = busy();
        world.fault(json!({"path": path, "times": 2,
            "effect": {"kind": "status", "status": 429, "headers": {"Retry-After": "2.128"}}}));
        let before = world.now();
        world.synced();
        world.faults_met();
        let waited = (world.now() - before).num_milliseconds();
        assert!((4_256..60_000).contains(&waited), "{path}: {waited}");
        done(&world);
        world.rests();
    }
}

#[test]
fn a_create_whose_answer_was_lost_is_found_by_its_marker_and_not_repeated() {
    for effect in [
        json!({"kind": "status-after", "status": 500}),
        json!({"kind": "lost-after"}),
        json!({"kind": "cut", "at": 100}),
        json!({"kind": "part", "method": "POST", "status": 500, "acts": true, "body": {"error": {"code": "x"}}}),
        json!({"kind": "part", "method": "POST", "status": 504, "acts": true}),
    ] {
        let mut world = World::empty();
        world.activity("A", 30);
        world.fault(json!({"service": "graph", "body": "\"POST\"", "effect": effect}));
        world.sync();
        world.faults_met();
        assert_eq!(world.subjects(), ["A"]);
        world.pass(5);
        let ran = world.synced();
        assert_eq!(ran.writes(), 0, "{effect}: it is found");
        assert_eq!(world.subjects(), ["A"]);
        world.rests();
        // And it is the very pair.
        world.edit_event("A", json!({"subject": "A renamed"}));
        world.synced();
        assert_eq!(world.titles(), ["A renamed"]);
    }
}

#[test]
fn a_create_that_landed_and_is_deleted_before_anybody_looked_is_made_anew_under_another_transaction() {
    for conflict in [false, true] {
        let mut world = World::empty();
        world.graph_knobs(json!({"duplicate_transaction_conflict": conflict}));
        world.activity("A", 30);
        world.fault(json!({"service": "graph", "body": "\"POST\"", "effect": {"kind": "lost-after"}}));
        world.sync();
        world.faults_met();
        world.delete_event("A");
        for _ in 0..4 {
            world.pass(70);
            world.sync().report();
        }
        assert_eq!(world.subjects(), ["A"], "conflict {conflict}");
        world.rests();
    }
}

#[test]
fn an_activity_whose_answer_was_lost_is_found_by_its_id() {
    for effect in [
        json!({"kind": "status-after", "status": 500}),
        json!({"kind": "lost-after"}),
        json!({"kind": "html"}),
        json!({"kind": "part", "method": "POST", "status": 500, "acts": true, "body": {"error": {"message": "x"}}}),
    ] {
        let mut world = World::empty();
        world.meeting("M", 30);
        world.fault(json!({"service": "creatio", "body": "\"POST\"", "effect": effect}));
        world.sync();
        world.faults_met();
        for _ in 0..2 {
            world.pass(10);
            world.synced();
        }
        assert_eq!(world.titles(), ["M"], "{effect}");
        world.rests();
    }
}

#[test]
fn a_sign_in_that_is_refused_for_good_is_an_error_that_says_where() {
    for (service, path, side) in [("creatio", "/0/odata", "creatio"), ("graph", "/v1.0/", "mailbox")] {
        let mut world = busy();
        world.fault(json!({"service": service, "path": path, "times": null, "effect": status(401, "InvalidAuthenticationToken")}));
        let ran = world.sync();
        ran.fails_with(side);
        assert!(matches!(ran.report, Err(guest::run::RunError::SignIn(..))), "{:?}", ran.report);
        assert_eq!(ran.writes(), 0);
        world.faults_end();
        world.pass(5);
        world.synced();
        done(&world);
        world.rests();
    }
}

#[test]
fn a_token_that_ends_in_the_middle_is_renewed_and_nobody_notices() {
    let mut world = busy();
    world.graph_edit(json!({"action": "expire-tokens"}));
    world.creatio_edit(json!({"action": "expire-tokens"}));
    world.synced();
    done(&world);
    world.rests();
}

#[test]
fn a_missing_right_to_odata_is_an_error_that_names_the_right() {
    let mut world = busy();
    world.creatio_edit(json!({"action": "user", "user": "sync", "odata": false}));
    world.sync().fails_with("CanUseODataService");
    world.creatio_edit(json!({"action": "user", "user": "sync", "odata": true}));
    world.pass(5);
    world.synced();
    done(&world);
    world.rests();
}

#[test]
fn a_mailbox_that_is_denied_or_gone_is_an_error_and_nothing_is_written() {
    for knob in ["denied_mailboxes", "disabled_mailboxes"] {
        let mut world = busy();
        world.graph_knobs(json!({knob: [EUGENE]}));
        let ran = world.sync();
        ran.fails_with("mailbox");
        assert_eq!(ran.writes(), 0);
        world.graph_knobs(json!({knob: []}));
        world.pass(5);
        world.synced();
        done(&world);
        world.rests();
    }
}

#[test]
fn a_page_link_to_a_foreign_host_is_not_followed() {
    let mut world = busy();
    world.graph_knobs(json!({"link_base": "https://evil.example"}));
    let ran = world.sync();
    ran.fails_with("foreign");
    assert_eq!(ran.writes(), 0);
    world.graph_knobs(json!({"link_base": null}));
    world.pass(5);
    world.synced();
    done(&world);
    world.rests();
}

#[test]
fn a_creatio_session_whose_header_against_forged_requests_rotates_goes_on() {
    for after in [1, 3] {
        let mut world = busy().signed_in_by_form();
        world.creatio_knobs(json!({"rotate_csrf_after": after}));
        // The answer that brings a new one is lost.
        world.fault(json!({"service": "creatio", "path": "$batch", "effect": {"kind": "lost-after"}}));
        for _ in 0..3 {
            world.sync().report();
            world.pass(70);
        }
        world.faults_met();
        done(&world);
        world.rests();
    }
}

#[test]
fn a_right_that_is_missing_costs_one_sign_in_a_run() {
    let mut world = busy().signed_in_by_form();
    let logins = |world: &World| {
        let site = world.site.lock().unwrap();
        site.log.entries().iter().filter(|entry| entry.path.contains("AuthService")).count()
    };
    world.creatio_knobs(json!({"unreadable_sets": ["Activity", "ActivityParticipant"]}));
    assert!(world.sync().report.is_err());
    assert_eq!(logins(&world), 2);
    world.creatio_knobs(json!({"unreadable_sets": []}));
    for _ in 0..3 {
        world.pass(70);
        world.synced();
    }
    done(&world);
    world.rests();
}

#[test]
fn page_links_that_name_the_user_by_its_id_in_the_directory_are_followed() {
    let mut world = busy();
    world.graph_knobs(json!({"links_by_id": true}));
    world.synced();
    done(&world);
    world.rests();
    world.meeting("Later", 50);
    world.pass(5);
    world.synced();
    assert!(world.titles().contains(&"Later".to_owned()));
}

#[test]
fn one_item_that_the_server_refuses_does_not_spoil_the_others() {
    for service in ["graph", "creatio"] {
        let mut world = World::empty();
        for at in 0..6 {
            world.meeting(&format!("P{at}"), 30 + at);
        }
        world.synced();
        world.pass(20);
        for at in 0..6 {
            if service == "graph" {
                world.edit_activity(&format!("P{at}"), json!({"Title": format!("P{at} renamed")}));
            } else {
                world.edit_event(&format!("P{at}"), json!({"subject": format!("P{at} renamed")}));
            }
        }
        let nth = if service == "graph" { 3 } else { 8 };
        world.fault(json!({"service": service, "body": "PATCH",
            "effect": {"kind": "part", "nth": nth, "status": 400, "body": {"error": {"code": "ErrorInvalidRequest", "message": "no"}}}}));
        let ran = world.sync();
        let renamed = |titles: Vec<String>| titles.iter().filter(|title| title.ends_with("renamed")).count();
        if ran.number(Outcome::Failed) != 1 {
            show(&ran);
        }
        assert_eq!(ran.reasons(Outcome::Failed), ["refused"]);
        let there = |world: &World| renamed(if service == "graph" { world.subjects() } else { world.titles() });
        assert!(there(&world) >= 5);
        world.faults_met();
        for _ in 0..2 {
            world.pass(70);
            world.synced();
        }
        assert_eq!(there(&world), 6);
        world.rests();
    }
}

#[test]
fn a_write_that_fails_with_500_is_settled_and_spoils_nothing() {
    for (service, acts) in [("graph", false), ("graph", true), ("creatio", false), ("creatio", true)] {
        let mut world = busy();
        world.fault(json!({"service": service,
            "effect": {"kind": "part", "method": "PATCH", "status": 500, "acts": acts, "body": {"error": {"code": "x", "message": "x"}}}}));
        world.sync().report();
        world.faults_met();
        for _ in 0..2 {
            world.pass(70);
            world.synced();
        }
        done(&world);
        world.rests();
    }
}

#[test]
fn delta_pages_that_are_empty_repeated_or_small_change_nothing() {
    for knobs in [
        json!({"delta_empty_pages": true}),
        json!({"delta_replays": true}),
        json!({"delta_page_limit": 1}),
        json!({"custom_zone": true}),
    ] {
        let mut world = busy();
        world.graph_knobs(knobs.clone());
        world.synced();
        println!("{knobs}");
        done(&world);
        for _ in 0..3 {
            world.pass(20);
            let ran = world.sync();
            assert_eq!((ran.writes(), ran.entries.len()), (0, 0), "{knobs}");
        }
    }
}

#[test]
fn oddities_of_a_site_change_nothing() {
    for knobs in [
        json!({"page_size": 25}),
        json!({"patch_missing_is_404": true}),
        json!({"post_updates_existing": true}),
        json!({"date_header": false}),
        json!({"skew_ms": 180_000}),
        json!({"skew_ms": -180_000}),
        json!({"sql_server_ids": true}),
        json!({"participant_touches_activity": true}),
        json!({"author_participates": true}),
        json!({"ignore_case": false}),
    ] {
        let mut world = busy();
        world.creatio_knobs(knobs.clone());
        world.synced();
        for _ in 0..2 {
            world.pass(20);
            world.sync().report();
        }
        println!("{knobs}");
        done(&world);
        world.rests();
    }
}

#[test]
fn a_server_that_calls_every_version_stale_gets_the_edit_all_the_same() {
    let mut world = busy();
    world.graph_knobs(json!({"bump_on_read": true}));
    for _ in 0..4 {
        let ran = world.sync();
        assert!(ran.report.is_ok(), "{:?}", ran.report);
        world.pass(70);
    }
    done(&world);
}

#[test]
fn what_is_on_both_sides_is_not_made_again_while_its_calendar_cannot_be_read() {
    let mut world = World::empty();
    world.meeting("M0", 30);
    world.synced();
    world.pass(20);
    world.meeting("Both", 40);
    world.activity("Both", 40);
    world
        .fault(json!({"service": "graph", "path": "calendarView/delta", "times": null, "effect": status(500, "busy")}));
    world.sync().report();
    world.faults_end();
    world.pass(20);
    world.synced();
    assert_eq!((world.titles().len(), world.subjects().len()), (2, 2));
    world.rests();
}
