//! What knobs change, where the sources leave a behaviour open.

use serde_json::{Value, json};

use super::{Desk, body, meeting};
use crate::graph::knobs::Role;
use crate::graph::world;

const IMMUTABLE: [(&str, &str); 1] = [("prefer", "IdType=\"ImmutableId\"")];

fn event(desk: &mut Desk) -> Value {
    let response =
        desk.send("POST", "/events", &IMMUTABLE, Some(&meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00")));
    assert_eq!(response.status, 201);
    body(&response)
}

fn path(event: &Value) -> String {
    format!("/events/{}", event["id"].as_str().unwrap())
}

#[test]
fn a_deleted_event_can_be_read_by_its_immutable_id_if_so_wished() {
    let mut desk = Desk::new();
    let event = event(&mut desk);
    desk.send("DELETE", &path(&event), &[], None);
    assert_eq!(desk.send("GET", &path(&event), &IMMUTABLE, None).status, 404);
    desk.graph.knobs.deleted_readable = true;
    assert_eq!(desk.send("GET", &path(&event), &IMMUTABLE, None).status, 200);
    assert_eq!(desk.send("PATCH", &path(&event), &[], Some(&json!({"subject": "B"}))).status, 404);
    desk.graph.restore_event(world::EUGENE, event["id"].as_str().unwrap(), desk.now).unwrap();
    assert_eq!(desk.send("PATCH", &path(&event), &[], Some(&json!({"subject": "B"}))).status, 200);
}

#[test]
fn a_permanently_deleted_event_does_not_come_back() {
    let mut desk = Desk::new();
    let event = event(&mut desk);
    assert_eq!(desk.send("POST", &format!("{}/permanentDelete", path(&event)), &[], None).status, 204);
    assert!(desk.graph.restore_event(world::EUGENE, event["id"].as_str().unwrap(), desk.now).is_err());
}

#[test]
fn a_read_may_bump_the_change_key() {
    let mut desk = Desk::new();
    let event = event(&mut desk);
    desk.graph.knobs.bump_on_read = true;
    desk.get(&path(&event));
    let later = desk.get(&path(&event));
    assert_ne!(later["changeKey"], event["changeKey"]);
    assert_eq!(later["lastModifiedDateTime"], event["lastModifiedDateTime"]);
}

#[test]
fn a_program_has_the_permissions_that_it_was_given() {
    let mut desk = Desk::new();
    let event = event(&mut desk);
    desk.graph.knobs.app_calendars_role = Role::Read;
    assert_eq!(desk.send("GET", &path(&event), &[], None).status, 200);
    assert_eq!(desk.send("PATCH", &path(&event), &[], Some(&json!({"subject": "B"}))).status, 403);
    assert_eq!(desk.send("DELETE", &path(&event), &[], None).status, 403);
    desk.graph.knobs.app_calendars_role = Role::None;
    assert_eq!(desk.send("GET", "/calendars", &[], None).status, 403);
    assert_eq!(desk.send("GET", "/mailboxSettings", &[], None).status, 200);
    desk.graph.knobs.settings_readable = false;
    assert_eq!(desk.send("GET", "/mailboxSettings", &[], None).status, 403);
}

#[test]
fn links_may_point_to_another_host_and_zones_be_custom() {
    let mut desk = Desk::new();
    let event = event(&mut desk);
    desk.graph.knobs.link_base = Some("https://evil.example/".to_owned());
    desk.graph.knobs.custom_zone = true;
    let page = desk.get("/calendarView/delta?startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z");
    assert!(page["@odata.deltaLink"].as_str().unwrap().starts_with("https://evil.example/v1.0/"));
    assert_eq!(desk.get(&path(&event))["originalStartTimeZone"], "tzone://Microsoft/Custom");
}

#[test]
fn accepting_may_change_the_classic_id_and_the_organizer_stand_among_the_guests() {
    let mut desk = Desk::new();
    desk.graph.knobs.accept_changes_id = true;
    desk.graph.knobs.organizer_in_attendees = true;
    let mut event = meeting("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00");
    event["attendees"] = json!([{"emailAddress": {"address": world::ANNA}}]);
    let made = desk.post("/events", &event);
    assert_eq!(made["attendees"][1]["status"]["response"], "organizer");
    let hers = desk.graph.find_event(world::ANNA, "A").unwrap();
    desk.graph.respond_to_event(world::ANNA, &hers.id, "accepted", true, desk.now).unwrap();
    let later = desk.graph.find_event(world::ANNA, "A").unwrap();
    assert_eq!((later.id == hers.id, later.classic_id == hers.classic_id), (true, false));
}

#[test]
fn a_minimal_answer_has_no_body() {
    let mut desk = Desk::new();
    let event = event(&mut desk);
    let response = desk.send("PATCH", &path(&event), &[("prefer", "return=minimal")], Some(&json!({"subject": "B"})));
    assert_eq!((response.status, response.body.len()), (204, 0));
}

#[test]
fn ids_translate_between_their_formats() {
    let mut desk = Desk::new();
    let event = event(&mut desk);
    let ask =
        json!({"inputIds": [event["id"], "garbage"], "sourceIdType": "restImmutableEntryId", "targetIdType": "restId"});
    let answer = body(&desk.send("POST", "/translateExchangeIds", &[], Some(&ask)));
    let classic = answer["value"][0]["targetId"].as_str().unwrap().to_owned();
    assert_eq!(desk.get(&format!("/events/{classic}"))["iCalUId"], event["iCalUId"]);
    assert_eq!(answer["value"][1]["errorDetails"]["code"], "ErrorInvalidIdMalformed");
}

#[test]
fn zones_and_settings_are_told() {
    let mut desk = Desk::new();
    assert_eq!(desk.get("/mailboxSettings")["timeZone"], world::MOSCOW);
    assert_eq!(desk.get("/mailboxSettings/timeZone")["value"], world::MOSCOW);
    assert_eq!(desk.get("?$select=id,mail,mailboxSettings")["mailboxSettings"]["timeZone"], world::MOSCOW);
    assert_eq!(desk.get("/outlook/supportedTimeZones")["value"].as_array().unwrap().len(), 139);
    let iana = "/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')";
    assert!(desk.get(iana)["value"].as_array().unwrap().len() > 300);
}

#[test]
fn times_beyond_the_calendar_are_refused_without_harm() {
    let mut desk = Desk::new();
    for start in ["+262142-01-01T00:00:00", "9999-12-31T23:59:59", "0000-01-01T00:00:00Z"] {
        let target = format!("/calendarView?startDateTime={0}&endDateTime={0}", start.replace('+', "%2B"));
        assert_eq!(desk.send("GET", &target, &[], None).status, 400, "{start}");
        assert_eq!(desk.send("POST", "/events", &[], Some(&meeting("A", start, start))).status, 400, "{start}");
    }
}
