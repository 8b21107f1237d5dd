//! What a series is made of: its hours, its exceptions, its patterns.

use serde_json::{Value, json};

use super::{Desk, body, meeting};

fn weekly(desk: &mut Desk) -> Value {
    let mut event = json!({
        "subject": "Stand-up",
        "start": {"dateTime": "2026-10-12T09:00:00", "timeZone": "GMT Standard Time"},
        "end": {"dateTime": "2026-10-12T09:30:00", "timeZone": "GMT Standard Time"},
    });
    event["recurrence"] = json!({
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["Monday"], "firstDayOfWeek": "monday"},
        "range": {"type": "noEnd", "startDate": "2026-10-12"},
    });
    desk.post("/events", &event)
}

fn view(desk: &mut Desk) -> Vec<Value> {
    let page = desk.get("/calendarView?startDateTime=2026-10-12T00:00:00Z&endDateTime=2026-11-10T00:00:00Z");
    page["value"].as_array().unwrap().clone()
}

#[test]
fn a_series_keeps_its_hour_when_the_clocks_change() {
    let mut desk = Desk::new();
    let master = weekly(&mut desk);
    assert_eq!(master["type"], "seriesMaster");
    assert_eq!(master["recurrence"]["range"]["endDate"], "0001-01-01");
    assert_eq!(master["recurrence"]["range"]["recurrenceTimeZone"], "GMT Standard Time");
    let starts: Vec<String> = view(&mut desk)
        .iter()
        .map(|row| row["start"]["dateTime"].as_str().unwrap().chars().take(16).collect())
        .collect();
    let expected = ["2026-10-12T08:00", "2026-10-19T08:00", "2026-10-26T09:00", "2026-11-02T09:00", "2026-11-09T09:00"];
    assert_eq!(starts, expected);
}

#[test]
fn an_occurrence_keeps_its_id_as_an_exception_and_its_change_survives_a_new_title() {
    let mut desk = Desk::new();
    let master = weekly(&mut desk);
    let one = view(&mut desk)[2].clone();
    assert_eq!((&one["type"], &one["seriesMasterId"]), (&json!("occurrence"), &master["id"]));
    assert_eq!(one["iCalUId"].as_str().unwrap().get(32..40), Some("07EA0A1A"));
    let path = format!("/events/{}", one["id"].as_str().unwrap());
    let moved = json!({"start": {"dateTime": "2026-10-27T10:00:00", "timeZone": "UTC"}, "end": {"dateTime": "2026-10-27T11:00:00", "timeZone": "UTC"}});
    assert_eq!(desk.send("PATCH", &path, &[], Some(&moved)).status, 200);
    let whole = format!("/events/{}", master["id"].as_str().unwrap());
    assert_eq!(desk.send("PATCH", &whole, &[], Some(&json!({"subject": "Daily"}))).status, 200);
    let exception = desk.get(&path);
    assert_eq!((&exception["type"], &exception["subject"]), (&json!("exception"), &json!("Daily")));
    assert_eq!(exception["start"]["dateTime"], "2026-10-27T10:00:00.0000000");
    assert_eq!(exception["originalStart"], "2026-10-26T09:00:00Z");
    let expanded = desk.get(&format!("{whole}?$expand=exceptionOccurrences"));
    assert_eq!(expanded["exceptionOccurrences"][0]["id"], one["id"]);
}

#[test]
fn an_occurrence_may_not_reach_its_neighbour() {
    let mut desk = Desk::new();
    weekly(&mut desk);
    let one = view(&mut desk)[2].clone();
    let path = format!("/events/{}", one["id"].as_str().unwrap());
    for day in ["2026-10-19", "2026-11-02"] {
        let change =
            json!({"start": {"dateTime": format!("{day}T10:00:00")}, "end": {"dateTime": format!("{day}T11:00:00")}});
        assert_eq!(
            desk.refused("PATCH", &path, &[], Some(&change)),
            (400, "ErrorOccurrenceCrossingBoundary".to_owned())
        );
    }
}

#[test]
fn a_deleted_occurrence_is_named_by_its_master_when_asked() {
    let mut desk = Desk::new();
    let master = weekly(&mut desk);
    let one = view(&mut desk)[1].clone();
    let path = format!("/events/{}", one["id"].as_str().unwrap());
    assert_eq!(desk.send("DELETE", &path, &[], None).status, 204);
    assert_eq!(view(&mut desk).len(), 4);
    assert_eq!(desk.send("GET", &path, &[], None).status, 404);
    let whole = format!("/events/{}", master["id"].as_str().unwrap());
    assert!(desk.get(&whole).get("cancelledOccurrences").is_none());
    let shown = desk.get(&format!("{whole}?$select=subject,cancelledOccurrences"));
    assert_eq!(shown["cancelledOccurrences"], json!([format!("OID.{}.2026-10-19", master["id"].as_str().unwrap())]));
    let instances =
        desk.get(&format!("{whole}/instances?startDateTime=2026-10-12T00:00:00Z&endDateTime=2026-11-10T00:00:00Z"));
    assert_eq!(instances["value"].as_array().unwrap().len(), 4);
}

#[test]
fn all_patterns_are_read_and_bad_ones_refused() {
    let mut desk = Desk::new();
    let patterns = [
        json!({"type": "daily", "interval": 2}),
        json!({"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]}),
        json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}),
        json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"}),
        json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1, "month": 12}),
        json!({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"], "index": "second", "month": 3}),
    ];
    for pattern in &patterns {
        let mut event = meeting("S", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
        event["recurrence"] = json!({"pattern": pattern, "range": {"type": "numbered", "numberOfOccurrences": 4, "startDate": "2026-12-01"}});
        let made = desk.post("/events", &event);
        let path = format!(
            "/events/{}/instances?startDateTime=2026-01-01T00:00:00Z&endDateTime=2030-12-31T00:00:00Z",
            made["id"].as_str().unwrap()
        );
        assert_eq!(desk.get(&path)["value"].as_array().unwrap().len(), 4, "{pattern}");
    }
    let range = json!({"type": "noEnd", "startDate": "2026-12-01"});
    let bad = [
        json!({"pattern": {"type": "weekly", "interval": 1}, "range": range}),
        json!({"pattern": {"type": "daily", "interval": 0}, "range": range}),
        json!({"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-12-02"}}),
    ];
    for recurrence in bad {
        let mut event = meeting("S", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
        event["recurrence"] = recurrence;
        assert_eq!(desk.refused("POST", "/events", &[], Some(&event)).0, 400);
    }
}

#[test]
fn a_new_pattern_drops_the_exceptions() {
    let mut desk = Desk::new();
    let master = weekly(&mut desk);
    let one = view(&mut desk)[1].clone();
    desk.send("DELETE", &format!("/events/{}", one["id"].as_str().unwrap()), &[], None);
    let change = json!({"recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
        "range": {"type": "endDate", "startDate": "2026-10-12", "endDate": "2026-10-20"},
    }});
    let changed = desk.send("PATCH", &format!("/events/{}", master["id"].as_str().unwrap()), &[], Some(&change));
    assert_eq!(body(&changed)["recurrence"]["range"]["endDate"], "2026-10-20");
    assert_eq!(view(&mut desk).len(), 2);
}

#[test]
fn a_recurrence_sent_back_as_it_was_read_changes_nothing() {
    let mut desk = Desk::new();
    let master = weekly(&mut desk);
    let one = view(&mut desk)[1].clone();
    desk.send("DELETE", &format!("/events/{}", one["id"].as_str().unwrap()), &[], None);
    let whole = format!("/events/{}", master["id"].as_str().unwrap());
    let again = desk.send("PATCH", &whole, &[], Some(&json!({"recurrence": master["recurrence"]})));
    assert_eq!(body(&again)["recurrence"], master["recurrence"]);
    assert_eq!(view(&mut desk).len(), 4);
}
