//! What an event keeps of what was sent: times, ids, etags, transactions, extended properties, bodies.

use serde_json::{Value, json};

use super::{Desk, body, ids, meeting};
use crate::graph::world;

#[test]
fn times_come_back_in_utc_or_in_the_zone_that_is_preferred() {
    let mut desk = Desk::new();
    let event = desk.post("/events", &meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00"));
    assert_eq!(event["start"], json!({"dateTime": "2026-12-01T07:00:00.0000000", "timeZone": "UTC"}));
    assert_eq!(event["originalStartTimeZone"], world::MOSCOW);
    assert_eq!(event["isReminderOn"], true);
    assert_eq!(event["reminderMinutesBeforeStart"], 15);
    let path = format!("/events/{}", event["id"].as_str().unwrap());
    let preferred = desk.send(
        "GET",
        &path,
        &[("prefer", "outlook.timezone=\"Europe/London\", outlook.body-content-type=\"text\"")],
        None,
    );
    assert_eq!(body(&preferred)["start"]["timeZone"], "Europe/London");
    assert!(preferred.header("preference-applied").unwrap().contains("body-content-type=\"text\""));
    let unknown = desk.refused("GET", &path, &[("prefer", "outlook.timezone=\"Mars\"")], None);
    assert_eq!(unknown, (400, "TimeZoneNotSupportedException".to_owned()));
}

#[test]
fn an_all_day_event_is_midnight_in_every_zone_and_nothing_else_is_accepted() {
    let mut desk = Desk::new();
    let mut event = meeting("Holiday", "2026-12-01T00:00:00", "2026-12-02T00:00:00");
    event["isAllDay"] = json!(true);
    let made = desk.post("/events", &event);
    let path = format!("/events/{}", made["id"].as_str().unwrap());
    for zone in ["UTC", "Hawaiian Standard Time", "Pacific/Kiritimati"] {
        let shown = desk.send("GET", &path, &[("prefer", &format!("outlook.timezone=\"{zone}\""))], None);
        assert_eq!(body(&shown)["start"]["dateTime"], "2026-12-01T00:00:00.0000000");
    }
    event["end"]["dateTime"] = json!("2026-12-01T10:00:00");
    assert_eq!(desk.refused("POST", "/events", &[], Some(&event)).0, 400);
}

#[test]
fn a_classic_id_dies_with_a_move_and_an_immutable_one_lives_on() {
    let mut desk = Desk::new();
    let event = desk.post("/events", &meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00"));
    let classic = format!("/events/{}", event["id"].as_str().unwrap());
    let immutable = [("prefer", "IdType=\"ImmutableId\"")];
    let shown = body(&desk.send("GET", &classic, &immutable, None));
    let lasting = format!("/events/{}", shown["id"].as_str().unwrap());
    assert_eq!((classic.len(), lasting.len()), (8 + 140, 8 + 72));
    let id = shown["id"].as_str().unwrap().to_owned();
    desk.graph.move_event(world::EUGENE, &id, "Проекты", desk.now).unwrap();
    assert_eq!(desk.refused("GET", &classic, &[], None), (404, "ErrorItemNotFound".to_owned()));
    assert_eq!(desk.get(&lasting)["iCalUId"], event["iCalUId"]);
    assert_eq!(desk.refused("GET", &lasting.to_lowercase(), &[], None).1, "ErrorInvalidIdMalformed");
}

#[test]
fn a_stale_etag_is_refused_and_a_fresh_one_is_not() {
    let mut desk = Desk::new();
    let event = desk.post("/events", &meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00"));
    let path = format!("/events/{}", event["id"].as_str().unwrap());
    let tag = event["@odata.etag"].as_str().unwrap();
    let changed = desk.send("PATCH", &path, &[("if-match", tag)], Some(&json!({"subject": "B"})));
    assert_eq!(changed.status, 200);
    assert_ne!(body(&changed)["changeKey"], event["changeKey"]);
    let stale = desk.refused("PATCH", &path, &[("if-match", tag)], Some(&json!({"subject": "C"})));
    assert_eq!(stale, (412, "ErrorIrresolvableConflict".to_owned()));
    assert_eq!(desk.send("DELETE", &path, &[("if-match", tag)], None).status, 412);
    assert_eq!(desk.send("DELETE", &path, &[("if-match", "*")], None).status, 204);
    assert_eq!(desk.refused("GET", &path, &[], None), (404, "ErrorItemNotFound".to_owned()));
}

#[test]
fn a_repeated_transaction_names_the_event_that_it_made() {
    let mut desk = Desk::new();
    let mut event = meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["transactionId"] = json!("t-1");
    let made = desk.post("/events", &event);
    let again = desk.send("POST", "/events", &[], Some(&event));
    assert_eq!(again.status, 400);
    assert_eq!(body(&again)["error"]["code"], "ErrorDuplicateTransactionId");
    assert_eq!(body(&again)["error"]["@event.existingEventId"], made["id"]);
    desk.graph.knobs.duplicate_transaction_conflict = true;
    let again = desk.send("POST", "/events", &[], Some(&event));
    assert_eq!((again.status, body(&again)["error"].get("@event.existingEventId")), (409, None));
    let path = format!("/events/{}", made["id"].as_str().unwrap());
    assert_eq!(
        desk.refused("PATCH", &path, &[], Some(&json!({"transactionId": "t-2"}))),
        (400, "ErrorInvalidRequest".to_owned())
    );
}

#[test]
fn extended_properties_are_hidden_until_expanded_and_can_be_searched() {
    let mut desk = Desk::new();
    let id = "String {66F5A359-4659-4830-9070-00047EC6AC6E} Name CrmId";
    let mut event = meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["singleValueExtendedProperties"] = json!([{"id": id, "value": "a·b"}]);
    let made = desk.post("/events", &event);
    assert!(made.get("singleValueExtendedProperties").is_none());
    desk.post("/events", &meeting("B", "2026-12-01T10:00:00", "2026-12-01T11:00:00"));
    let quoted = id.replace(' ', "%20").replace('{', "%7B").replace('}', "%7D");
    let search = format!(
        "/events?$filter=singleValueExtendedProperties/Any(ep:%20ep/id%20eq%20'{quoted}'%20and%20ep/value%20ne%20null)\
         &$expand=singleValueExtendedProperties($filter=id%20eq%20'{quoted}')&$select=id"
    );
    let found = desk.get(&search);
    assert_eq!(ids(&found), [made["id"].as_str().unwrap()]);
    assert_eq!(
        found["value"][0]["singleValueExtendedProperties"],
        json!([{"id": "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name CrmId", "value": "a·b"}])
    );
}

#[test]
fn listings_page_by_ten_filter_order_and_count() {
    let mut desk = Desk::new();
    for day in 1..=12 {
        desk.post(
            "/events",
            &meeting(&format!("E{day:02}"), &format!("2026-12-{day:02}T10:00"), &format!("2026-12-{day:02}T11:00")),
        );
    }
    let first = desk.get("/events?$count=true&$orderby=start/dateTime+desc");
    assert_eq!((ids(&first).len(), first["@odata.count"].as_u64()), (10, Some(12)));
    assert_eq!(first["value"][0]["subject"], "E12");
    let second = body(&desk.follow(&first["@odata.nextLink"], &[]));
    assert_eq!(second["value"][1]["subject"], "E01");
    assert!(second.get("@odata.nextLink").is_none());
    let later = desk.get("/events?$filter=start/dateTime%20ge%20'2026-12-11T00:00:00'&$select=subject&$top=1");
    assert_eq!(later["value"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["@odata.etag", "id", "subject"]);
    let uid = desk.get("/events")["value"][3]["iCalUId"].as_str().unwrap().to_owned();
    let same = desk.get(&format!("/events?$filter=iCalUId%20eq%20'{uid}'"));
    assert_eq!(same["value"][0]["subject"], "E04");
    let view = desk.get("/calendarView?startDateTime=2026-12-03T08:00:00Z&endDateTime=2026-12-05T07:00:00Z");
    let subjects: Vec<&Value> = view["value"].as_array().unwrap().iter().map(|row| &row["subject"]).collect();
    assert_eq!(subjects, ["E04"]);
}

#[test]
fn bodies_are_rewritten_and_read_back_the_same() {
    let mut desk = Desk::new();
    let mut event = meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["body"] = json!({"contentType": "HTML", "content": "<p>Hi</p>"});
    let made = desk.post("/events", &event);
    assert!(made["body"]["content"].as_str().unwrap().starts_with("<html>"));
    let path = format!("/events/{}", made["id"].as_str().unwrap());
    let again = body(&desk.send("PATCH", &path, &[], Some(&json!({"body": made["body"]}))));
    assert_eq!(again["body"], made["body"]);
    let text = desk.send("GET", &path, &[("prefer", "outlook.body-content-type=\"text\"")], None);
    assert_eq!(body(&text)["body"], json!({"contentType": "text", "content": "Hi"}));
}

#[test]
fn a_body_without_the_join_block_ends_the_online_meeting() {
    let mut desk = Desk::new();
    let mut event = meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["isOnlineMeeting"] = json!(true);
    let made = desk.post("/events", &event);
    let url = made["onlineMeeting"]["joinUrl"].as_str().unwrap().to_owned();
    assert!(made["body"]["content"].as_str().unwrap().contains(&url));
    let path = format!("/events/{}", made["id"].as_str().unwrap());
    let kept = body(&desk.send("PATCH", &path, &[], Some(&json!({"body": made["body"], "isOnlineMeeting": false}))));
    assert_eq!(kept["onlineMeeting"], made["onlineMeeting"]);
    let lost = body(&desk.send("PATCH", &path, &[], Some(&json!({"body": {"contentType": "text", "content": "x"}}))));
    assert_eq!((&lost["onlineMeeting"], &lost["isOnlineMeeting"]), (&Value::Null, &json!(false)));
}

#[test]
fn the_text_of_a_flag_or_a_number_is_read_as_one() {
    let mut desk = Desk::new();
    let mut event = meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["isOnlineMeeting"] = json!("false");
    event["isReminderOn"] = json!("True");
    event["reminderMinutesBeforeStart"] = json!("45");
    let made = desk.post("/events", &event);
    assert_eq!((&made["isOnlineMeeting"], &made["isReminderOn"]), (&json!(false), &json!(true)));
    assert_eq!(made["reminderMinutesBeforeStart"], 45);
    for (name, value) in
        [("isReminderOn", json!("yes")), ("isReminderOn", json!(1)), ("reminderMinutesBeforeStart", json!("soon"))]
    {
        event[name] = value;
        assert_eq!(desk.refused("POST", "/events", &[], Some(&event)).0, 400, "{name}");
    }
}

#[test]
fn what_the_model_has_not_is_refused() {
    let mut desk = Desk::new();
    let mut event = meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["Subject"] = json!("x");
    assert_eq!(desk.refused("POST", "/events", &[], Some(&event)).0, 400);
    assert_eq!(desk.refused("GET", "/beta/me", &[], None).0, 404);
    assert_eq!(desk.send("GET", "/v1.0/users/x/nonsense", &[], None).status, 404);
    assert_eq!(desk.refused("GET", "/nonsense", &[], None).0, 400);
}

#[test]
fn calendars_of_others_are_listed_and_cannot_be_written() {
    let mut desk = Desk::new();
    let page = desk.get("/calendars");
    let locked: Vec<&Value> = page["value"].as_array().unwrap().iter().filter(|one| one["canEdit"] == false).collect();
    assert_eq!(locked.len(), 3);
    let path = format!("/calendars/{}/events", locked[0]["id"].as_str().unwrap());
    let event = meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    assert_eq!(desk.refused("POST", &path, &[], Some(&event)), (403, "ErrorAccessDenied".to_owned()));
    let made = desk.post("/calendars", &json!({"name": "New"}));
    let path = format!("/calendars/{}", made["id"].as_str().unwrap());
    assert_eq!(desk.send("PATCH", &path, &[], Some(&json!({"name": "Newer"}))).status, 200);
    assert_eq!(desk.send("DELETE", &path, &[], None).status, 204);
    assert_eq!(desk.get("/calendarGroups")["value"].as_array().unwrap().len(), 2);
}
