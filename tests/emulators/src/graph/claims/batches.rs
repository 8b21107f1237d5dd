//! What a batch answers: part by part, in an order of its own, and as a whole where it is malformed.

use serde_json::{Value, json};

use super::{Desk, body, meeting};
use crate::graph::world;

fn get(id: &str, path: &str) -> Value {
    json!({"id": id, "method": "GET", "url": format!("/users/{}{path}", world::EUGENE)})
}

fn batch(desk: &mut Desk, requests: &Value) -> (u16, Value) {
    let response = desk.send("POST", "/v1.0/$batch", &[], Some(&json!({"requests": requests})));
    (response.status, body(&response))
}

fn statuses(answer: &Value) -> std::collections::BTreeMap<String, u64> {
    let rows = answer["responses"].as_array().unwrap().iter();
    rows.map(|row| (row["id"].as_str().unwrap().to_owned(), row["status"].as_u64().unwrap())).collect()
}

#[test]
fn a_batch_answers_every_part_in_an_order_of_its_own() {
    let mut desk = Desk::new();
    let create = json!({
        "id": "9", "method": "POST", "url": format!("/users/{}/events", world::EUGENE), "headers": {"Content-Type": "application/json"},
        "body": meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00"),
    });
    let mut parts: Vec<Value> = (0..8).map(|at| get(&at.to_string(), "/events")).collect();
    parts.push(create);
    parts.push(get("x", "/events/nonsense"));
    let (status, answer) = batch(&mut desk, &json!(parts));
    assert_eq!(status, 200);
    let found = statuses(&answer);
    assert_eq!((found["0"], found["9"], found["x"]), (200, 201, 400));
    let order: Vec<&str> =
        answer["responses"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_ne!(order, ["0", "1", "2", "3", "4", "5", "6", "7", "9", "x"]);
    assert!(answer["responses"][0]["headers"]["Content-Type"].is_string());
}

#[test]
fn a_malformed_batch_is_refused_whole() {
    let mut desk = Desk::new();
    let many: Vec<Value> = (0..21).map(|at| get(&at.to_string(), "/events")).collect();
    let mut odd = vec![get("1", "/events"), get("2", "/events"), get("3", "/events"), get("4", "/events")];
    odd[1]["dependsOn"] = json!(["1"]);
    let mut bodied = get("1", "/events");
    bodied["body"] = json!({"a": 1});
    for requests in
        [json!(many), json!([get("a", "/events"), get("A", "/events")]), json!(odd), json!([bodied]), json!([])]
    {
        assert_eq!(batch(&mut desk, &requests).0, 400);
    }
}

#[test]
fn what_depends_on_a_failure_fails_with_it() {
    let mut desk = Desk::new();
    let mut parts = [get("1", "/events/nonsense"), get("2", "/events"), get("3", "/events")];
    parts[1]["dependsOn"] = json!(["1"]);
    parts[2]["dependsOn"] = json!(["2"]);
    let (_, answer) = batch(&mut desk, &json!(parts));
    assert_eq!(statuses(&answer).values().copied().collect::<Vec<_>>(), [400, 424, 424]);
}

#[test]
fn more_than_four_at_once_are_throttled_when_the_knob_is_on() {
    let mut desk = Desk::new();
    desk.graph.knobs.batch_concurrency = Some(4);
    desk.graph.knobs.retry_after = Some("2.128".to_owned());
    let parts: Vec<Value> = (0..6).map(|at| get(&at.to_string(), "/events")).collect();
    let (_, answer) = batch(&mut desk, &json!(parts));
    let throttled: Vec<&Value> =
        answer["responses"].as_array().unwrap().iter().filter(|row| row["status"] == 429).collect();
    assert_eq!(throttled.len(), 2);
    assert_eq!(throttled[0]["headers"]["Retry-After"], "2.128");
    assert_eq!(throttled[0]["body"]["error"]["code"], "ApplicationThrottled");
}

#[test]
fn a_spent_budget_comes_back_after_ten_minutes() {
    let mut desk = Desk::new();
    desk.graph.knobs.budget = Some(3);
    for _ in 0..3 {
        desk.get("/events");
    }
    assert_eq!(desk.refused("GET", "/events", &[], None), (429, "ApplicationThrottled".to_owned()));
    desk.now += chrono::Duration::minutes(10);
    desk.get("/events");
}
