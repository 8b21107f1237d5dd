//! When a fault hits: how often, on which requests, and with what.

use serde_json::json;

use super::*;

fn request(method: &str, target: &str) -> Request {
    Request { method: method.into(), target: target.into(), ..Request::default() }
}

fn fault(json: Json) -> Fault {
    serde_json::from_value(json).unwrap()
}

#[test]
fn a_fault_skips_then_hits_as_often_as_it_says() {
    let mut faults = Faults::default();
    faults.add(fault(json!({"skip": 1, "times": 2, "effect": {"kind": "lost-before"}})));
    let turns: Vec<bool> =
        (0..5).map(|_| faults.decide("creatio", &request("GET", "/")).turn == Turn::LostBefore).collect();
    assert_eq!(turns, [false, true, true, false, false]);
    assert!(faults.spent());
}

#[test]
fn every_condition_must_hold() {
    let mut faults = Faults::default();
    faults.add(fault(json!({"service": "graph", "method": "post", "path": "/v1.0/*/events", "times": null,
        "effect": {"kind": "status", "status": 429, "headers": {"Retry-After": 2.128}}})));
    let hit = |faults: &mut Faults, service: &str, method: &str, target: &str| {
        faults.decide(service, &request(method, target)).turn != Turn::Pass
    };
    assert!(hit(&mut faults, "graph", "POST", "/v1.0/me/events"));
    assert!(!hit(&mut faults, "graph", "GET", "/v1.0/me/events"));
    assert!(!hit(&mut faults, "creatio", "POST", "/v1.0/me/events"));
    assert!(!hit(&mut faults, "graph", "POST", "/v1.0/me/events/1"));
    let decision = faults.decide("graph", &request("POST", "/v1.0/users/x/events"));
    let Turn::Instead(response) = decision.turn else { panic!("{decision:?}") };
    assert_eq!((response.status, response.header("retry-after")), (429, Some("2.128")));
}

#[test]
fn a_fault_of_a_part_counts_only_batches_that_have_it() {
    let mut faults = Faults::default();
    let effect = json!({"kind": "part", "method": "post", "url": "events", "status": 503});
    faults.add(fault(json!({"effect": effect})));
    let batch = |url: &str| Request {
        body: json!({"requests": [{"id": "1", "method": "POST", "url": url}]}).to_string().into_bytes(),
        ..request("POST", "/v1.0/$batch")
    };
    assert_eq!(faults.decide("graph", &request("GET", "/")), Decision::default());
    assert_eq!(faults.decide("graph", &batch("/me/todo/lists")), Decision::default());
    assert_eq!(faults.decide("graph", &batch("/me/events")).parts.len(), 1);
    assert!(faults.spent());
}

#[test]
fn delays_add_up_and_the_first_answer_wins() {
    let mut faults = Faults::default();
    for effect in [
        json!({"kind": "delay", "ms": 5}),
        json!({"kind": "delay", "ms": 7}),
        json!({"kind": "html"}),
        json!({"kind": "lost-after"}),
    ] {
        faults.add(fault(json!({"effect": effect})));
    }
    let decision = faults.decide("creatio", &request("GET", "/"));
    assert_eq!(decision.before, Duration::from_millis(12));
    assert!(matches!(decision.turn, Turn::Instead(_)));
    assert_eq!(decision.by, [1, 2, 3]);
    assert_eq!(faults.decide("creatio", &request("GET", "/")).turn, Turn::LostAfter);
}

#[test]
fn stars_stand_for_any_run_of_characters() {
    assert!(whole("/a*c*e", "/abcde") && whole("*", "") && whole("/a*", "/a"));
    assert!(!whole("/a*c", "/abcd") && !whole("/ab*ba", "/aba"));
}
