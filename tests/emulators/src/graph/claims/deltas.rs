//! What delta tells of a calendar: rounds, removals, series, and tokens that die.

use serde_json::{Value, json};

use super::{Desk, body, ids, meeting};
use crate::graph::{DeadToken, world};

const START: &str = "/calendarView/delta?startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z";

/// A whole round: everything that came, and the delta link.
fn round(desk: &mut Desk, first: &Value, headers: &[(&str, &str)]) -> (Vec<Value>, Value) {
    let mut page = first.clone();
    let mut rows = Vec::new();
    loop {
        rows.extend(page["value"].as_array().unwrap().iter().cloned());
        match page.get("@odata.nextLink").cloned() {
            Some(link) => page = body(&desk.follow(&link, headers)),
            None => return (rows, page["@odata.deltaLink"].clone()),
        }
    }
}

fn first(desk: &mut Desk) -> (Vec<Value>, Value) {
    let page = desk.get(START);
    round(desk, &page, &[])
}

fn next(desk: &mut Desk, link: &Value) -> (Vec<Value>, Value) {
    let page = body(&desk.follow(link, &[]));
    round(desk, &page, &[])
}

fn add(desk: &mut Desk, subject: &str, day: u32) -> Value {
    desk.post(
        "/events",
        &meeting(subject, &format!("2026-12-{day:02}T10:00:00"), &format!("2026-12-{day:02}T11:00:00")),
    )
}

#[test]
fn a_round_pages_through_the_window_and_the_next_one_is_quiet() {
    let mut desk = Desk::new();
    for day in 1..=25 {
        add(&mut desk, "E", day);
    }
    desk.post("/events", &meeting("Far", "2027-12-01T10:00:00", "2027-12-01T11:00:00"));
    let page = desk.send("GET", START, &[("prefer", "odata.maxpagesize=7")], None);
    assert!(page.header("preference-applied").unwrap().contains("odata.track-changes"));
    assert_eq!(ids(&body(&page)).len(), 7);
    let (rows, link) = round(&mut desk, &body(&page), &[("prefer", "odata.maxpagesize=7")]);
    assert_eq!(rows.len(), 25);
    assert!(rows.iter().all(|row| row.get("singleValueExtendedProperties").is_none()));
    assert_eq!(next(&mut desk, &link).0, Vec::<Value>::new());
}

#[test]
fn what_was_deleted_moved_or_edited_outside_of_the_window_is_removed() {
    let mut desk = Desk::new();
    let (gone, moved) = (add(&mut desk, "gone", 1), add(&mut desk, "moved", 2));
    let (_, link) = first(&mut desk);
    desk.send("DELETE", &format!("/events/{}", gone["id"].as_str().unwrap()), &[], None);
    desk.graph.move_event(world::EUGENE, moved["id"].as_str().unwrap(), "Проекты", desk.now).unwrap();
    let far = desk.post("/events", &meeting("Far", "2027-12-01T10:00:00", "2027-12-01T11:00:00"));
    let (rows, link) = next(&mut desk, &link);
    let expected: Vec<Value> = [&gone, &moved, &far]
        .map(|event| json!({"@odata.type": "#microsoft.graph.event", "id": event["id"], "@removed": {"reason": "deleted"}}))
        .to_vec();
    assert_eq!(rows, expected);
    assert_eq!(next(&mut desk, &link).0.len(), 0);
}

#[test]
fn a_series_is_sent_whole_with_abridged_occurrences() {
    let mut desk = Desk::new();
    let mut event = meeting("S", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["recurrence"] = json!({"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "numberOfOccurrences": 15, "startDate": "2026-12-01"}});
    desk.post("/events", &event);
    let page = desk.get(START);
    assert_eq!(ids(&page).len(), 16);
    let mut members: Vec<&String> = page["value"][1].as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["@odata.etag", "@odata.type", "end", "id", "seriesMasterId", "start", "type"]);
    let one = page["value"][5]["id"].as_str().unwrap().to_owned();
    desk.send("DELETE", &format!("/events/{one}"), &[], None);
    let (rows, _) = next(&mut desk, &page["@odata.deltaLink"]);
    assert_eq!(rows.len(), 15);
    assert!(rows.iter().all(|row| row.get("@removed").is_none() && row["id"] != one.as_str()));
}

#[test]
fn a_change_between_two_pages_is_not_lost() {
    let mut desk = Desk::new();
    let events: Vec<Value> = (1..=12).map(|day| add(&mut desk, "E", day)).collect();
    let page = desk.get(START);
    desk.send("DELETE", &format!("/events/{}", events[0]["id"].as_str().unwrap()), &[], None);
    let (rows, _) = round(&mut desk, &page, &[]);
    assert_eq!(rows.last().unwrap()["@removed"]["reason"], "deleted");
    assert_eq!(rows.len(), 13);
}

#[test]
fn a_dead_token_is_answered_as_the_knob_says() {
    let mut desk = Desk::new();
    let (_, link) = first(&mut desk);
    desk.graph.expire_delta_tokens();
    let kinds = [
        (DeadToken::Gone, 410, "SyncStateNotFound"),
        (DeadToken::GoneWithLocation, 410, "SyncStateNotFound"),
        (DeadToken::ResyncRequired, 410, "resyncRequired"),
        (DeadToken::BadRequest, 400, "ErrorInvalidIdMalformed"),
        (DeadToken::BadRequestSyncState, 400, "SyncStateNotFound"),
    ];
    for (kind, status, code) in kinds {
        desk.graph.knobs.delta_dead_token = kind;
        let response = desk.follow(&link, &[]);
        assert_eq!((response.status, body(&response)["error"]["code"].as_str()), (status, Some(code)));
        if let Some(location) = response.header("location") {
            assert_eq!(desk.follow(&json!(location), &[]).status, 200);
        } else {
            assert_ne!(kind, DeadToken::GoneWithLocation);
        }
    }
}

#[test]
fn empty_pages_and_replays_come_on_demand() {
    let mut desk = Desk::new();
    for day in 1..=15 {
        add(&mut desk, "E", day);
    }
    desk.graph.knobs.delta_empty_pages = true;
    desk.graph.knobs.delta_replays = true;
    let page = desk.get(START);
    assert!(ids(&page).is_empty() && page.get("@odata.nextLink").is_some());
    let (rows, _) = round(&mut desk, &page, &[]);
    assert!(rows.len() > 15);
    let mut unique: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 15);
}

#[test]
fn parameters_that_delta_has_not_are_refused() {
    let mut desk = Desk::new();
    for parameter in ["$select=id", "%24filter=isAllDay+eq+true", "$expand=calendar"] {
        assert_eq!(desk.refused("GET", &format!("{START}&{parameter}"), &[], None).0, 400);
    }
    assert_eq!(desk.refused("GET", "/calendarView/delta", &[], None).0, 400);
    let (_, link) = first(&mut desk);
    let other = link.as_str().unwrap().replace("/users/", "/users/x").replace("xe.mirny", "e.mirny");
    assert_eq!(desk.follow(&json!(other), &[]).status, 200);
}

#[test]
fn events_delta_gives_little_of_masters_and_single_events() {
    let mut desk = Desk::new();
    add(&mut desk, "E", 3);
    let page = desk.get("/events/delta()");
    assert!(page["value"][0].get("subject").is_none());
    let selected = desk.get("/events/delta?$select=subject");
    assert_eq!(selected["value"][0]["subject"], "E");
    assert_eq!(
        desk.refused("GET", "/events/delta?startDateTime=", &[], None),
        (400, "ErrorInvalidParameter".to_owned())
    );
}

#[test]
fn immutable_ids_are_given_on_removals_too() {
    let mut desk = Desk::new();
    let event = add(&mut desk, "E", 3);
    let immutable = [("prefer", "IdType=\"ImmutableId\"")];
    let page = body(&desk.send("GET", START, &immutable, None));
    desk.send("DELETE", &format!("/events/{}", event["id"].as_str().unwrap()), &[], None);
    let later = body(&desk.follow(&page["@odata.deltaLink"], &immutable));
    assert_eq!(ids(&later), ids(&page));
}

#[test]
fn a_removed_series_names_its_instances_when_the_knob_is_on() {
    let mut desk = Desk::new();
    let mut event = meeting("S", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    let range = json!({"type": "numbered", "numberOfOccurrences": 3, "startDate": "2026-12-01"});
    event["recurrence"] = json!({"pattern": {"type": "daily", "interval": 1}, "range": range});
    let made = desk.post("/events", &event);
    let page = desk.get(START);
    desk.send("DELETE", &format!("/events/{}", made["id"].as_str().unwrap()), &[], None);
    let (rows, _) = next(&mut desk, &page["@odata.deltaLink"]);
    assert_eq!(rows.len(), 1);
    desk.graph.knobs.delta_removes_instances = true;
    let (rows, _) = next(&mut desk, &page["@odata.deltaLink"]);
    let removed: Vec<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(removed, ids(&page));
}

#[test]
fn what_left_and_came_back_may_be_lost() {
    let mut desk = Desk::new();
    desk.graph.knobs.delta_loses_returned = true;
    let event = add(&mut desk, "E", 1);
    let (_, link) = first(&mut desk);
    for calendar in ["Проекты", "Календарь"] {
        desk.graph.move_event(world::EUGENE, event["id"].as_str().unwrap(), calendar, desk.now).unwrap();
    }
    let (rows, _) = next(&mut desk, &link);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["@removed"]["reason"], "deleted");
}
