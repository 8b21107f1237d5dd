//! What Creatio's OData does with writes.

use super::support::{World, body};
use emulators::wire::Service as _;
use serde_json::{Value, json};

const ID: &str = "0f7b9c1e-0000-4000-8000-00000000000a";

fn meeting(world: &World) -> Value {
    json!({"Id": ID, "Title": "One", "StartDate": "2026-11-23T09:00:00.1234567Z", "DueDate": "2026-11-23T10:30:00Z",
        "OwnerId": world.anna.contact, "ActivityCategoryId": "42c74c49-58e6-df11-971b-001d60e938c6"})
}

#[test]
fn a_clients_id_is_honoured_and_the_echo_is_finer_than_what_is_kept() {
    let mut world = World::new();
    let sent = meeting(&world);
    let response = world.post("Activity", &sent);
    assert_eq!(response.status, 201);
    assert_eq!(response.header("location"), Some(format!("http://crm.example/0/odata/Activity({ID})").as_str()));
    let (echo, kept) = (body(&response), body(&world.get(&format!("Activity({ID})"))));
    assert_eq!((echo["Id"].as_str(), kept["Id"].as_str()), (Some(ID), Some(ID)));
    assert_eq!(echo["StartDate"], "2026-11-23T09:00:00.1234567Z");
    assert_eq!(kept["StartDate"], "2026-11-23T09:00:00.123456Z");
    assert_ne!(echo["ModifiedOn"], kept["ModifiedOn"]);
    assert_eq!(kept["DurationInMinutes"], 89);
    assert_eq!(kept["StatusId"], "384d4b84-58e6-df11-971b-001d60e938c6");
    assert_eq!(kept["CreatedById"], json!(world.anna.contact));
}

#[test]
fn a_second_post_of_an_id_is_a_duplicate_key_or_by_switch_an_update() {
    let mut world = World::new();
    let sent = meeting(&world);
    world.post("Activity", &sent);
    let again = world.post("Activity", &sent);
    assert_eq!(again.status, 500);
    let text = body(&again)["error"]["innererror"]["internalexception"]["message"].as_str().unwrap().to_owned();
    assert!(text.contains("duplicate key"), "{text}");
    let mut world = world.with(|knobs| knobs.post_updates_existing = true);
    assert_eq!(world.post("Activity", &sent).status, 201);
}

#[test]
fn a_navigation_property_in_a_body_is_ignored_and_an_unknown_column_refused() {
    let mut world = World::new();
    let mut sent = meeting(&world);
    sent["OwnerId"].take();
    sent["Owner"] = json!({"Id": world.anna.contact});
    assert_eq!(body(&world.post("Activity", &sent))["OwnerId"], "00000000-0000-0000-0000-000000000000");
    assert_eq!(world.patch(&format!("Activity({ID})"), &json!({"Subject": "x"})).status, 400);
    assert_eq!(world.patch(&format!("Activity({ID})"), &json!({"OwnerId": "x"})).status, 400);
    let stranger = json!({"OwnerId": "0f7b9c1e-0000-4000-8000-00000000000f"});
    assert_eq!(world.patch(&format!("Activity({ID})"), &stranger).status, 500);
    assert_eq!(world.post("Activity", &json!({"Title": "no dates"})).status, 500);
}

#[test]
fn patch_changes_what_it_names_and_a_missing_row_looks_changed() {
    let mut world = World::new();
    let id = world.activity("One");
    let before = body(&world.get(&format!("Activity({id})")));
    assert_eq!(world.patch(&format!("Activity({id})"), &json!({"Title": "Two", "OwnerId": null})).status, 204);
    let after = body(&world.get(&format!("Activity({id})")));
    assert_eq!((after["Title"].as_str(), after["DueDate"].as_str()), (Some("Two"), before["DueDate"].as_str()));
    assert_eq!(after["OwnerId"], "00000000-0000-0000-0000-000000000000");
    assert!(after["ModifiedOn"].as_str() > before["ModifiedOn"].as_str());
    assert_eq!(world.patch(&format!("Activity({ID})"), &json!({"Title": "x"})).status, 204);
    assert_eq!(world.get(&format!("Activity({ID})")).status, 404);
    let mut world = world.with(|knobs| knobs.patch_missing_is_404 = true);
    assert_eq!(world.patch(&format!("Activity({ID})"), &json!({"Title": "x"})).status, 404);
    assert_eq!(world.send("PUT", &format!("Activity({id})"), &[], b"{}").status, 405);
    assert_eq!(world.send("POST", "Activity", &[("content-type", "text/plain")], b"{}").status, 415);
}

#[test]
fn delete_takes_participants_along_and_a_second_one_misses() {
    let mut world = World::new();
    let id = world.activity("One");
    assert_eq!(world.site.count("ActivityParticipant"), 1);
    assert_eq!(world.delete(&format!("Activity({id})")).status, 204);
    assert_eq!(world.site.count("ActivityParticipant"), 0);
    assert_eq!(world.delete(&format!("Activity({id})")).status, 404);
}

#[test]
fn the_owner_is_the_responsible_participant_and_a_new_owner_takes_over() {
    let mut world = World::new();
    let id = world.activity("One");
    let participants = |world: &mut World| {
        let target = format!("ActivityParticipant?$filter=Activity/Id eq {id}&$expand=Role($select=Code)");
        let rows = body(&world.get(&target))["value"].as_array().unwrap().clone();
        rows.iter().map(|row| (row["ParticipantId"].clone(), row["Role"]["Code"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(participants(&mut world), [(json!(world.anna.contact), json!("Responsible"))]);
    let egor = world.egor.contact;
    assert_eq!(world.patch(&format!("Activity({id})"), &json!({"OwnerId": egor})).status, 204);
    assert_eq!(participants(&mut world), [(json!(egor), json!("Responsible"))]);
}

#[test]
fn the_type_follows_the_category() {
    let mut world = World::new();
    let mut sent = meeting(&world);
    sent["ActivityCategoryId"] = json!("8038a396-7825-e011-8165-00155d043204");
    assert_eq!(body(&world.post("Activity", &sent))["TypeId"], "e2831dec-cfc0-df11-b00f-001d60e938c6");
}

#[test]
fn a_participants_edit_moves_its_activity_only_by_switch() {
    let mut world = World::new();
    let id = world.activity("One");
    let stamp = |world: &mut World| body(&world.get(&format!("Activity({id})")))["ModifiedOn"].clone();
    let before = stamp(&mut world);
    let (_, participant) = world.site.rows("ActivityParticipant").next().unwrap();
    let address = format!("ActivityParticipant({})", participant.guid("Id").unwrap());
    let answer = json!({"InviteResponseId": "7098c892-34e3-4a3e-af08-c1a139f63220"});
    assert_eq!(world.patch(&address, &answer).status, 204);
    assert_eq!(stamp(&mut world), before);
    let mut world = world.with(|knobs| knobs.participant_touches_activity = true);
    assert_eq!(world.patch(&address, &answer).status, 204);
    assert_ne!(stamp(&mut world), before);
}

fn batch(world: &mut World, parts: &Value, headers: &[(&str, &str)]) -> Value {
    let content = json!({"requests": parts}).to_string();
    let response = world.send("POST", "$batch", headers, content.as_bytes());
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    body(&response)["responses"].clone()
}

fn part(id: &str, method: &str, url: &str, content: Value) -> Value {
    json!({"id": id, "method": method, "url": url, "body": content,
        "headers": {"Content-Type": "application/json;odata=verbose", "Accept": "application/json"}})
}

#[test]
fn parts_of_a_batch_see_what_earlier_ones_wrote() {
    let mut world = World::new();
    let sent = meeting(&world);
    let url = format!("Activity({ID})");
    let parts = json!([
        part("1", "POST", "Activity", sent),
        part("2", "PATCH", &url, json!({"Title": "Two"})),
        {"id": "3", "method": "GET", "url": format!("{url}?$select=Title")},
    ]);
    let answers = batch(&mut world, &parts, &[]);
    let statuses: Vec<_> = answers.as_array().unwrap().iter().map(|answer| answer["status"].clone()).collect();
    assert_eq!(statuses, [201, 204, 200]);
    assert_eq!(answers[2]["body"]["Title"], "Two");
}

#[test]
fn a_batch_stops_at_its_first_failure_unless_it_is_told_to_go_on() {
    let mut world = World::new();
    let sent = meeting(&world);
    let parts = json!([part("a", "POST", "Activity", json!({})), part("b", "POST", "Activity", sent)]);
    assert_eq!(batch(&mut world, &parts, &[]).as_array().unwrap().len(), 1);
    assert_eq!(world.site.count("Activity"), 0);
    let answers = batch(&mut world, &parts, &[("prefer", "continue-on-error")]);
    assert_eq!((answers[0]["status"].as_u64(), answers[1]["status"].as_u64()), (Some(500), Some(201)));
}

#[test]
fn groups_are_renamed_and_undone_only_by_switch() {
    for rollback in [false, true] {
        let mut world = World::new().with(|knobs| knobs.rollback_groups = rollback);
        let mut parts =
            json!([part("a", "POST", "Activity", meeting(&world)), part("b", "POST", "Activity", json!({}))]);
        parts[0]["atomicityGroup"] = json!("g");
        parts[1]["atomicityGroup"] = json!("g");
        let answers = batch(&mut world, &parts, &[]);
        assert!(answers.as_array().unwrap().iter().all(|answer| answer["atomicityGroup"] != "g"));
        assert_eq!(world.site.count("Activity"), usize::from(!rollback));
    }
}

#[test]
fn more_than_a_hundred_parts_are_refused() {
    let mut world = World::new();
    let part = json!({"id": "1", "method": "GET", "url": "ActivityType"});
    let content = json!({"requests": vec![part; 101]}).to_string();
    assert_eq!(world.send("POST", "$batch", &[], content.as_bytes()).status, 400);
}

#[test]
fn a_multipart_batch_with_a_changeset_is_understood() {
    let mut world = World::new();
    let sent = meeting(&world).to_string();
    let content = format!(
        "--b1\r\nContent-Type: multipart/mixed; boundary=c1\r\n\r\n--c1\r\nContent-Type: application/http\r\nContent-ID: 7\r\n\r\n\
         POST /0/odata/Activity HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{sent}\r\n--c1--\r\n\
         --b1\r\nContent-Type: application/http\r\n\r\nGET Activity({ID})?$select=Title HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n--b1--\r\n"
    );
    let response =
        world.send("POST", "$batch", &[("content-type", "multipart/mixed; boundary=b1")], content.as_bytes());
    let text = String::from_utf8(response.body).unwrap();
    assert!(text.contains("HTTP/1.1 201") && text.contains("HTTP/1.1 200") && text.contains("Content-ID: 7"), "{text}");
    assert!(text.contains(r#""Title":"One""#), "{text}");
}

#[test]
fn objects_can_be_kept_from_reading_and_the_site_from_writing() {
    let mut world = World::new();
    let id = world.activity("One");
    world.site.knobs_mut().unreadable_sets = vec!["ActivityParticipant".into()];
    assert_eq!(world.get("ActivityParticipant").status, 403);
    assert_eq!(world.get("Activity").status, 200);
    world.site.knobs_mut().read_only = true;
    assert_eq!(world.get(&format!("Activity({id})")).status, 200);
    assert_eq!(world.patch(&format!("Activity({id})"), &json!({"Title": "x"})).status, 403);
    assert_eq!(world.delete(&format!("Activity({id})")).status, 403);
    assert_eq!(world.post("Activity", &json!({"Title": "x"})).status, 403);
}

#[test]
fn other_people_edit_hide_and_revoke() {
    let mut world = World::new();
    let id = world.activity("One");
    let now = world.now;
    let edit = |world: &mut World, edit: Value| world.site.edit(&edit, now).unwrap();
    edit(&mut world, json!({"action": "update", "set": "Activity", "id": id, "values": {"Title": "Changed"}}));
    assert_eq!(world.titles(""), ["Changed"]);
    let before = body(&world.get(&format!("Activity({id})")))["ModifiedOn"].clone();
    edit(
        &mut world,
        json!({"action": "update", "set": "Activity", "id": id, "values": {"Title": "In SQL"}, "silent": true}),
    );
    assert_eq!(body(&world.get(&format!("Activity({id})")))["ModifiedOn"], before);
    edit(&mut world, json!({"action": "hide", "user": "anna@x.example", "ids": [id]}));
    assert_eq!(world.titles(""), Vec::<String>::new());
    edit(&mut world, json!({"action": "show", "user": "anna@x.example", "ids": [id]}));
    edit(&mut world, json!({"action": "lock", "user": "anna@x.example", "ids": [id]}));
    assert_eq!(world.patch(&format!("Activity({id})"), &json!({"Title": "x"})).status, 403);
    edit(&mut world, json!({"action": "revoke", "user": "anna@x.example"}));
    assert_eq!(world.titles(""), Vec::<String>::new());
    edit(&mut world, json!({"action": "grant", "user": "anna@x.example"}));
    edit(&mut world, json!({"action": "knobs", "values": {"skew_ms": 5}}));
    assert_eq!(world.site.knobs().skew_ms, 5);
    assert!(world.site.edit(&json!({"action": "knobs", "values": {"skew": 5}}), now).is_err());
    edit(&mut world, json!({"action": "delete", "set": "Activity", "id": id}));
    assert_eq!(world.site.count("Activity"), 0);
    edit(&mut world, json!({"action": "user", "user": "anna@x.example", "odata": false}));
    assert_eq!(world.get("Activity").status, 403);
}
