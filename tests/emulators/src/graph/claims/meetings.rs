//! Who is mailed about a meeting, and what the copies of its guests become.

use serde_json::{Value, json};

use super::{Desk, body, meeting};
use crate::graph::world;
use crate::wire::Service;

fn invite(desk: &mut Desk) -> Value {
    let mut event = meeting("Plan", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["attendees"] = json!([
        {"emailAddress": {"address": world::ANNA, "name": "Anna Smith"}, "type": "required"},
        {"emailAddress": {"address": "x@other.example"}, "type": "optional"},
    ]);
    desk.post("/events", &event)
}

fn mails(desk: &Desk) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let people = |value: &Value| value.as_array().unwrap().iter().map(text).collect();
    desk.graph.outbox().iter().map(|mail| (text(&mail["kind"]), people(&mail["to"]))).collect()
}

fn annas(desk: &mut Desk) -> Value {
    desk.get(&format!("/v1.0/users/{}/events", world::ANNA))["value"][0].clone()
}

#[test]
fn an_invitation_lands_in_the_attendees_calendar_under_the_same_global_id() {
    let mut desk = Desk::new();
    let event = invite(&mut desk);
    assert_eq!(mails(&desk), [("invitation".to_owned(), vec![world::ANNA.to_owned(), "x@other.example".to_owned()])]);
    let copy = annas(&mut desk);
    assert_eq!((&copy["iCalUId"], &copy["isOrganizer"]), (&event["iCalUId"], &json!(false)));
    assert_ne!(copy["id"], event["id"]);
    assert_eq!(copy["responseStatus"]["response"], "notResponded");
    assert_eq!(copy["organizer"]["emailAddress"]["address"], world::EUGENE);
}

#[test]
fn only_significant_changes_are_mailed() {
    let mut desk = Desk::new();
    let event = invite(&mut desk);
    let path = format!("/events/{}", event["id"].as_str().unwrap());
    let sent = mails(&desk).len();
    for quiet in [
        json!({"reminderMinutesBeforeStart": 5}),
        json!({"categories": ["x"]}),
        json!({"showAs": "free"}),
        json!({"subject": "Plan"}),
    ] {
        desk.send("PATCH", &path, &[], Some(&quiet));
    }
    assert_eq!(mails(&desk).len(), sent);
    desk.send("PATCH", &path, &[], Some(&json!({"subject": "New plan"})));
    assert_eq!(mails(&desk).last().unwrap().0, "update");
    assert_eq!(annas(&mut desk)["subject"], "New plan");
}

#[test]
fn a_change_of_the_guests_alone_tells_those_who_come_and_go() {
    let mut desk = Desk::new();
    let event = invite(&mut desk);
    let path = format!("/events/{}", event["id"].as_str().unwrap());
    let sent = mails(&desk).len();
    let people = json!({"attendees": [{"emailAddress": {"address": "x@other.example"}}, {"emailAddress": {"address": "y@other.example"}}]});
    desk.send("PATCH", &path, &[], Some(&people));
    let expected = [
        ("invitation".to_owned(), vec!["y@other.example".to_owned()]),
        ("cancellation".to_owned(), vec![world::ANNA.to_owned()]),
    ];
    assert_eq!(mails(&desk)[sent..], expected);
    assert_eq!(annas(&mut desk)["isCancelled"], true);
}

#[test]
fn an_answer_reaches_the_organizers_copy_and_bumps_its_change_key() {
    let mut desk = Desk::new();
    let event = invite(&mut desk);
    let copy = annas(&mut desk);
    let accept = format!("/v1.0/users/{}/events/{}/accept", world::ANNA, copy["id"].as_str().unwrap());
    assert_eq!(desk.send("POST", &accept, &[], Some(&json!({"comment": "ok"}))).status, 202);
    assert_eq!(mails(&desk).last().unwrap(), &("response".to_owned(), vec![world::EUGENE.to_owned()]));
    let seen = desk.get(&format!("/events/{}", event["id"].as_str().unwrap()));
    assert_eq!(seen["attendees"][0]["status"]["response"], "accepted");
    assert_ne!(seen["changeKey"], event["changeKey"]);
    let own = desk.refused("POST", &format!("/events/{}/accept", event["id"].as_str().unwrap()), &[], None);
    assert_eq!(own, (400, "ErrorInvalidRequest".to_owned()));
}

#[test]
fn a_declined_meeting_leaves_the_calendar_silently_if_so_asked() {
    let mut desk = Desk::new();
    invite(&mut desk);
    let copy = annas(&mut desk);
    let sent = mails(&desk).len();
    let decline = format!("/v1.0/users/{}/events/{}/decline", world::ANNA, copy["id"].as_str().unwrap());
    assert_eq!(desk.send("POST", &decline, &[], Some(&json!({"sendResponse": false}))).status, 202);
    assert_eq!(mails(&desk).len(), sent);
    assert!(annas(&mut desk).is_null());
    assert_eq!(desk.graph.state()["mailboxes"][world::ANNA]["deletedItems"].as_array().unwrap().len(), 1);
}

#[test]
fn deleting_ones_own_meeting_cancels_it_for_the_others() {
    let mut desk = Desk::new();
    let event = invite(&mut desk);
    let copy = annas(&mut desk);
    let cancel = format!("/v1.0/users/{}/events/{}/cancel", world::ANNA, copy["id"].as_str().unwrap());
    assert_eq!(desk.send("POST", &cancel, &[], Some(&json!({}))).status, 400);
    assert_eq!(desk.send("DELETE", &format!("/events/{}", event["id"].as_str().unwrap()), &[], None).status, 204);
    assert_eq!(mails(&desk).last().unwrap().0, "cancellation");
    let copy = annas(&mut desk);
    assert_eq!((&copy["isCancelled"], &copy["subject"]), (&json!(true), &json!("Canceled: Plan")));
    let sent = mails(&desk).len();
    desk.send("DELETE", &format!("/v1.0/users/{}/events/{}", world::ANNA, copy["id"].as_str().unwrap()), &[], None);
    assert_eq!(mails(&desk).len(), sent);
}

#[test]
fn a_new_time_asks_everybody_anew() {
    let mut desk = Desk::new();
    let event = invite(&mut desk);
    let copy = annas(&mut desk)["id"].as_str().unwrap().to_owned();
    desk.graph.respond_to_event(world::ANNA, &copy, "accepted", true, desk.now).unwrap();
    let change = json!({"start": {"dateTime": "2026-12-01T07:30:00", "timeZone": "UTC"}});
    let moved = body(&desk.send("PATCH", &format!("/events/{}", event["id"].as_str().unwrap()), &[], Some(&change)));
    assert_eq!(moved["attendees"][0]["status"]["response"], "none");
    assert_eq!(annas(&mut desk)["responseStatus"]["response"], "notResponded");
}

#[test]
fn a_cancelled_occurrence_is_cancelled_in_the_guests_series_alone() {
    let mut desk = Desk::new();
    let mut event = meeting("Weekly", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["attendees"] = json!([{"emailAddress": {"address": world::ANNA}}]);
    event["recurrence"] = json!({"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "numberOfOccurrences": 3, "startDate": "2026-12-01"}});
    let made = desk.post("/events", &event);
    let window = "calendarView?startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z";
    let one = desk.get(&format!("/{window}"))["value"][1]["id"].as_str().unwrap().to_owned();
    desk.send("POST", &format!("/events/{one}/cancel"), &[], Some(&json!({"comment": "no"})));
    let hers = desk.get(&format!("/v1.0/users/{}/{window}", world::ANNA));
    let cancelled: Vec<&Value> = hers["value"].as_array().unwrap().iter().map(|row| &row["isCancelled"]).collect();
    assert_eq!(cancelled, [&json!(false), &json!(true), &json!(false)]);
    assert_eq!(desk.get(&format!("/events/{}", made["id"].as_str().unwrap()))["isCancelled"], false);
}

#[test]
fn a_foreign_meeting_keeps_its_uid_and_its_organizer_can_cancel_it() {
    let mut desk = Desk::new();
    let mut event = meeting("From outside", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["iCalUId"] = json!("abc@google.com");
    event["attendees"] =
        json!([{"emailAddress": {"address": world::EUGENE}}, {"emailAddress": {"address": world::ANNA}}]);
    let organizer = ("Olga", "olga@northwind.example");
    let id = desk.graph.add_foreign_meeting(world::EUGENE, organizer, &event, desk.now).unwrap();
    let found = desk.get("/events?$filter=iCalUId%20eq%20'abc@google.com'");
    assert_eq!(found["value"][0]["organizer"]["emailAddress"]["name"], "Olga");
    let copy = annas(&mut desk);
    assert_eq!((&copy["iCalUId"], &copy["organizer"]), (&json!("abc@google.com"), &found["value"][0]["organizer"]));
    desk.graph.organizer_cancels(world::EUGENE, &id, desk.now).unwrap();
    assert_eq!(desk.graph.event_json(world::EUGENE, &id).unwrap()["isCancelled"], true);
    assert_eq!(desk.graph.mails(), 0);
}

#[test]
fn one_occurrence_that_moves_is_asked_about_alone() {
    let mut desk = Desk::new();
    let mut event = meeting("Weekly", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["attendees"] = json!([{"emailAddress": {"address": world::ANNA}}]);
    let range = json!({"type": "numbered", "numberOfOccurrences": 3, "startDate": "2026-12-01"});
    event["recurrence"] = json!({"pattern": {"type": "daily", "interval": 1}, "range": range});
    desk.post("/events", &event);
    let hers = desk.graph.find_event(world::ANNA, "Weekly").unwrap();
    desk.graph.respond_to_event(world::ANNA, &hers.id, "accepted", true, desk.now).unwrap();
    let window = "calendarView?startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z";
    let one = desk.get(&format!("/{window}"))["value"][1]["id"].as_str().unwrap().to_owned();
    let change = json!({"end": {"dateTime": "2026-12-02T12:00:00", "timeZone": world::MOSCOW}});
    assert_eq!(desk.send("PATCH", &format!("/events/{one}"), &[], Some(&change)).status, 200);
    let view = desk.get(&format!("/v1.0/users/{}/{window}", world::ANNA));
    let answers: Vec<&Value> =
        view["value"].as_array().unwrap().iter().map(|row| &row["responseStatus"]["response"]).collect();
    assert_eq!(answers, ["accepted", "notResponded", "accepted"]);
}
