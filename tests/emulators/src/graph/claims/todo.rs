//! What task lists and tasks keep of what was sent, and what leads to a task.

use serde_json::{Value, json};

use super::{Desk, body, ids};
use crate::graph::world;

pub(super) const MIDNIGHT: &str = "2026-12-01T00:00:00";

/// The path of the tasks of a list.
pub(super) fn tasks(desk: &Desk, list: &str) -> String {
    format!("/todo/lists/{}/tasks", desk.graph.list_id(world::EUGENE, list).unwrap())
}

pub(super) fn path(desk: &Desk, list: &str, task: &Value) -> String {
    format!("{}/{}", tasks(desk, list), task["id"].as_str().unwrap())
}

pub(super) fn add(desk: &mut Desk, task: &Value) -> Value {
    let path = tasks(desk, "Tasks");
    desk.post(&path, task)
}

pub(super) fn patch(desk: &mut Desk, task: &Value, change: &Value) -> Value {
    let path = path(desk, "Tasks", task);
    let response = desk.send("PATCH", &path, &[], Some(change));
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    body(&response)
}

#[test]
fn a_mailbox_is_born_with_two_lists_that_stay() {
    let mut desk = Desk::new();
    let page = desk.get("/todo/lists");
    let known: Vec<(&str, &str)> = page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|list| (list["displayName"].as_str().unwrap(), list["wellknownListName"].as_str().unwrap()))
        .collect();
    assert_eq!(known, [("Tasks", "defaultList"), ("Flagged Emails", "flaggedEmails")]);
    for id in ids(&page) {
        let path = format!("/todo/lists/{id}");
        assert_eq!(desk.refused("DELETE", &path, &[], None), (400, "invalidRequest".to_owned()));
        let renamed = json!({"displayName": "Other"});
        assert_eq!(desk.refused("PATCH", &path, &[], Some(&renamed)).0, 400);
    }
    let flagged = tasks(&desk, "Flagged Emails");
    assert_eq!(desk.refused("POST", &flagged, &[], Some(&json!({"title": "A"}))).0, 400);
    assert_eq!(desk.get("/todo/lists/Tasks")["wellknownListName"], "defaultList");
}

#[test]
fn a_list_keeps_its_id_under_another_name_and_takes_its_tasks_with_it() {
    let mut desk = Desk::new();
    let made = desk.post("/todo/lists", &json!({"displayName": "Проекты"}));
    assert_eq!(
        (&made["isOwner"], &made["isShared"], &made["wellknownListName"]),
        (&json!(true), &json!(false), &json!("none"))
    );
    let path = format!("/todo/lists/{}", made["id"].as_str().unwrap());
    desk.post(&format!("{path}/tasks"), &json!({"title": "A"}));
    let renamed = body(&desk.send("PATCH", &path, &[], Some(&json!({"displayName": "Дела"}))));
    assert_eq!((&renamed["id"], &renamed["displayName"]), (&made["id"], &json!("Дела")));
    assert_ne!(renamed["@odata.etag"], made["@odata.etag"]);
    let named = desk.get("/todo/lists?$filter=displayName+eq+'%D0%94%D0%B5%D0%BB%D0%B0'");
    assert_eq!(ids(&named), [made["id"].as_str().unwrap()]);
    assert_eq!(desk.send("DELETE", &path, &[], None).status, 204);
    assert_eq!(desk.refused("GET", &path, &[], None), (404, "ErrorItemNotFound".to_owned()));
    assert_eq!(desk.refused("GET", &format!("{path}/tasks"), &[], None).0, 404);
    assert!(desk.graph.tasks(world::EUGENE).is_empty());
    assert_eq!(desk.refused("POST", "/todo/lists", &[], Some(&json!({"displayName": " "}))).0, 400);
}

#[test]
fn the_documented_requests_get_the_documented_answers() {
    let mut desk = Desk::new();
    let holds = |answer: &Value, members: &[&str]| members.iter().all(|member| answer.get(member).is_some());
    let list = desk.post("/todo/lists", &json!({"displayName": "Travel items"}));
    assert!(holds(&list, &["id", "displayName", "isOwner", "isShared", "wellknownListName"]));
    let path = format!("/todo/lists/{}", list["id"].as_str().unwrap());
    let linked = json!({"webUrl": "http://microsoft.com", "applicationName": "Microsoft", "displayName": "Microsoft"});
    let made = desk.post(&format!("{path}/tasks"), &json!({"title": "A new task", "linkedResources": [linked]}));
    let members = [
        "@odata.etag",
        "importance",
        "isReminderOn",
        "status",
        "title",
        "createdDateTime",
        "lastModifiedDateTime",
        "id",
        "body",
    ];
    assert!(holds(&made, &members));
    assert_eq!(made["body"], json!({"content": "", "contentType": "text"}));
    let mut shown = made["linkedResources"][0].clone();
    assert!(shown.as_object_mut().unwrap().remove("id").unwrap().is_string());
    assert_eq!(shown, linked);
    let path = format!("{path}/tasks/{}", made["id"].as_str().unwrap());
    let due = json!({"dueDateTime": {"dateTime": "2020-07-25T16:00:00", "timeZone": "Eastern Standard Time"}});
    let changed = body(&desk.send("PATCH", &path, &[], Some(&due)));
    assert!(holds(&changed, &members));
    assert_eq!(changed["dueDateTime"], json!({"dateTime": "2020-07-25T04:00:00.0000000", "timeZone": "UTC"}));
    let link = json!({
        "webUrl": "https://microsoft.com", "applicationName": "Microsoft", "displayName": "Microsoft",
        "externalId": "dk9cddce2-dce2-f9dd-e2dc-cdf9e2dccdf9",
    });
    let one = desk.post(&format!("{path}/linkedResources"), &link);
    assert_eq!(one["@odata.type"], "#microsoft.graph.linkedResource");
    let listed = desk.get(&format!("{path}/linkedResources"));
    assert_eq!(listed["value"][1]["externalId"], link["externalId"]);
}

#[test]
fn a_list_of_a_colleague_is_shared_and_not_owned() {
    let mut desk = Desk::new();
    let id = desk.graph.add_shared_list(world::EUGENE, "Anna's").unwrap();
    let list = desk.get(&format!("/todo/lists/{id}"));
    assert_eq!((&list["isOwner"], &list["isShared"]), (&json!(false), &json!(true)));
    desk.graph.add_list(world::EUGENE, "Mine").unwrap();
    desk.graph.share_list(world::EUGENE, "Mine").unwrap();
    let list = desk.get(&format!("/todo/lists/{}", desk.graph.list_id(world::EUGENE, "Mine").unwrap()));
    assert_eq!((&list["isOwner"], &list["isShared"]), (&json!(true), &json!(true)));
}

#[test]
fn dates_are_midnights_whose_zone_is_forgotten_and_a_reminder_is_a_time() {
    let mut desk = Desk::new();
    let due = |time: &str, zone: &str| json!({"title": "A", "dueDateTime": {"dateTime": time, "timeZone": zone}});
    let cases = [
        (MIDNIGHT, world::MOSCOW, "2026-11-30T21:00:00.0000000"),
        ("2026-12-01T16:30:00", world::MOSCOW, "2026-11-30T21:00:00.0000000"),
        (MIDNIGHT, "Hawaiian Standard Time", "2026-12-01T10:00:00.0000000"),
        (MIDNIGHT, "UTC", "2026-12-01T00:00:00.0000000"),
        ("2026-07-25T16:00:00", "Eastern Standard Time", "2026-07-25T04:00:00.0000000"),
    ];
    for (time, zone, kept) in cases {
        let made = add(&mut desk, &due(time, zone));
        assert_eq!(made["dueDateTime"], json!({"dateTime": kept, "timeZone": "UTC"}), "{time} {zone}");
        let path = path(&desk, "Tasks", &made);
        let preferred = desk.send("GET", &path, &[("prefer", "outlook.timezone=\"Russian Standard Time\"")], None);
        assert_eq!(body(&preferred)["dueDateTime"]["dateTime"], kept);
    }
    let reminder = json!({"dateTime": "2026-12-01T16:30:00", "timeZone": world::MOSCOW});
    let made = add(&mut desk, &json!({"title": "A", "reminderDateTime": reminder}));
    assert_eq!(made["reminderDateTime"]["dateTime"], "2026-12-01T13:30:00.0000000");
    assert_eq!(made["isReminderOn"], true);
    let silent = patch(&mut desk, &made, &json!({"isReminderOn": false, "dueDateTime": null}));
    assert_eq!((silent.get("dueDateTime"), &silent["isReminderOn"]), (None, &json!(false)));
}

#[test]
fn the_server_stamps_a_completion_and_takes_it_back() {
    let mut desk = Desk::new();
    let made = add(&mut desk, &json!({"title": "A", "status": "INPROGRESS", "importance": "HIGH"}));
    assert_eq!((&made["status"], &made["importance"]), (&json!("inProgress"), &json!("high")));
    let alone = json!({"completedDateTime": {"dateTime": MIDNIGHT, "timeZone": "UTC"}});
    assert!(patch(&mut desk, &made, &alone).get("completedDateTime").is_none());
    // It is 22 November in Moscow.
    let done = patch(&mut desk, &made, &json!({"status": "Completed"}));
    assert_eq!(done["completedDateTime"], json!({"dateTime": "2026-11-21T21:00:00.0000000", "timeZone": "UTC"}));
    assert_eq!(patch(&mut desk, &made, &json!({"title": "B"}))["completedDateTime"], done["completedDateTime"]);
    assert!(patch(&mut desk, &made, &json!({"status": "notStarted"})).get("completedDateTime").is_none());
    let both =
        json!({"status": "completed", "completedDateTime": {"dateTime": "2026-11-20T10:00:00", "timeZone": "UTC"}});
    assert_eq!(patch(&mut desk, &made, &both)["completedDateTime"]["dateTime"], "2026-11-20T00:00:00.0000000");
}

#[test]
fn every_change_of_a_task_changes_its_etag_and_a_stale_one_is_refused() {
    let mut desk = Desk::new();
    let made = add(&mut desk, &json!({"title": "A"}));
    let path = path(&desk, "Tasks", &made);
    let tag = made["@odata.etag"].as_str().unwrap().to_owned();
    assert_eq!(desk.get(&path)["@odata.etag"], tag.as_str());
    desk.post(&format!("{path}/linkedResources"), &json!({"externalId": "x"}));
    let linked = desk.get(&path);
    assert_ne!(linked["@odata.etag"], tag.as_str());
    assert_ne!(linked["lastModifiedDateTime"], made["lastModifiedDateTime"]);
    assert_eq!(linked["createdDateTime"], made["createdDateTime"]);
    let change = json!({"title": "B"});
    let stale = desk.refused("PATCH", &path, &[("if-match", &tag)], Some(&change));
    assert_eq!(stale, (412, "ErrorIrresolvableConflict".to_owned()));
    assert_eq!(desk.send("DELETE", &path, &[("if-match", &tag)], None).status, 412);
    let fresh = linked["@odata.etag"].as_str().unwrap();
    assert_eq!(desk.send("PATCH", &path, &[("if-match", fresh)], Some(&change)).status, 200);
    assert_eq!(desk.send("DELETE", &path, &[], None).status, 204);
    assert_eq!(desk.refused("GET", &path, &[], None), (404, "ErrorItemNotFound".to_owned()));
    assert_eq!(desk.refused("DELETE", &path, &[], None).0, 404);
}

#[test]
fn a_moved_task_has_another_id_and_the_old_list_does_not_know_it() {
    let mut desk = Desk::new();
    let made = add(&mut desk, &json!({"title": "A", "linkedResources": [{"externalId": "x"}]}));
    desk.graph.add_list(world::EUGENE, "Other").unwrap();
    let id = desk.graph.move_task(world::EUGENE, made["id"].as_str().unwrap(), "Other", desk.now).unwrap();
    assert_ne!(made["id"], id.as_str());
    let (old, wrong) = (path(&desk, "Tasks", &made), format!("{}/{id}", tasks(&desk, "Tasks")));
    let right = format!("{}/{id}?$expand=linkedResources", tasks(&desk, "Other"));
    assert_eq!(desk.refused("GET", &old, &[], None), (404, "ErrorItemNotFound".to_owned()));
    assert_eq!(desk.refused("GET", &wrong, &[], None), (400, "invalidRequest".to_owned()));
    let moved = desk.get(&right);
    assert_eq!(moved["linkedResources"], made["linkedResources"]);
    assert_eq!(moved["createdDateTime"], made["createdDateTime"]);
    assert_eq!(desk.refused("GET", &right.to_lowercase(), &[], None).0, 400);
}

#[test]
fn linked_resources_are_made_inline_or_alone_and_shown_when_expanded() {
    let mut desk = Desk::new();
    let link =
        json!({"applicationName": "Creatio", "displayName": "A", "externalId": "x", "webUrl": "https://a.example/"});
    let made = add(&mut desk, &json!({"title": "A", "linkedResources": [link]}));
    assert_eq!(made["linkedResources"][0]["externalId"], "x");
    let path = path(&desk, "Tasks", &made);
    assert!(desk.get(&path).get("linkedResources").is_none());
    let second = desk.post(&format!("{path}/linkedResources"), &json!({"applicationName": "Other"}));
    let one = format!("{path}/linkedResources/{}", second["id"].as_str().unwrap());
    assert_eq!(desk.get(&one)["applicationName"], "Other");
    let change = desk.send("PATCH", &one, &[], Some(&json!({"externalId": "y"})));
    assert_eq!(
        (body(&change)["applicationName"].clone(), body(&change)["externalId"].clone()),
        (json!("Other"), json!("y"))
    );
    let listed = desk.get(&format!("{}?$expand=linkedResources", tasks(&desk, "Tasks")));
    let external: Vec<&Value> =
        listed["value"][0]["linkedResources"].as_array().unwrap().iter().map(|link| &link["externalId"]).collect();
    assert_eq!(external, ["x", "y"]);
    assert_eq!(desk.send("DELETE", &one, &[], None).status, 204);
    assert_eq!(desk.get(&format!("{path}/linkedResources"))["value"].as_array().unwrap().len(), 1);
    assert_eq!(desk.refused("GET", &one, &[], None).0, 404);
    assert_eq!(desk.refused("GET", &format!("{path}/linkedResources/x"), &[], None).0, 400);
    assert_eq!(desk.refused("POST", &format!("{path}/linkedResources"), &[], Some(&json!({"externalID": "x"}))).0, 400);
}

#[test]
fn the_steps_of_a_checklist_are_made_checked_and_removed() {
    let mut desk = Desk::new();
    let made = add(&mut desk, &json!({"title": "A", "checklistItems": [{"displayName": "one", "isChecked": true}]}));
    assert_eq!(made["checklistItems"][0]["isChecked"], true);
    let path = format!("{}/checklistItems", path(&desk, "Tasks", &made));
    let two = desk.post(&path, &json!({"displayName": "two"}));
    assert_eq!((&two["isChecked"], two.get("checkedDateTime")), (&json!(false), None));
    let one = format!("{path}/{}", two["id"].as_str().unwrap());
    let checked = body(&desk.send("PATCH", &one, &[], Some(&json!({"isChecked": true}))));
    assert!(checked["checkedDateTime"].as_str().unwrap().starts_with("2026-11-22T09:00"));
    assert_eq!(desk.send("DELETE", &one, &[], None).status, 204);
    assert_eq!(desk.get(&path)["value"].as_array().unwrap().len(), 1);
}
