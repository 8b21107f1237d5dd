use serde_json::{Value, json};

use super::{Desk, body, ids};
use crate::graph::{TasksRole, world};

const MIDNIGHT: &str = "2026-12-01T00:00:00";

/// The path of the tasks of a list.
fn tasks(desk: &Desk, list: &str) -> String {
    format!("/todo/lists/{}/tasks", desk.graph.list_id(world::EUGENE, list).unwrap())
}

fn path(desk: &Desk, list: &str, task: &Value) -> String {
    format!("{}/{}", tasks(desk, list), task["id"].as_str().unwrap())
}

fn add(desk: &mut Desk, task: &Value) -> Value {
    let path = tasks(desk, "Tasks");
    desk.post(&path, task)
}

fn patch(desk: &mut Desk, task: &Value, change: &Value) -> Value {
    let path = path(desk, "Tasks", task);
    let response = desk.send("PATCH", &path, &[], Some(change));
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    body(&response)
}

fn weekly(day: &str) -> Value {
    json!({
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"},
        "range": {"type": "noEnd", "startDate": day},
    })
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

#[test]
fn a_task_has_no_extended_properties_and_no_member_of_an_event() {
    let mut desk = Desk::new();
    let path = tasks(&desk, "Tasks");
    let property = json!([{"id": "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name CrmId", "value": "x"}]);
    for bad in [
        json!({"title": "A", "singleValueExtendedProperties": property}),
        json!({"title": "A", "subject": "A"}),
        json!({"title": "A", "status": "done"}),
        json!({"title": "A", "dueDateTime": "2026-12-01"}),
        json!({"title": "A", "dueDateTime": {"dateTime": "tomorrow", "timeZone": "UTC"}}),
        json!({"title": "A", "dueDateTime": {"dateTime": MIDNIGHT, "timeZone": "Mars"}}),
        json!({"title": null}),
        json!([]),
    ] {
        assert_eq!(desk.refused("POST", &path, &[], Some(&bad)).0, 400, "{bad}");
    }
    for query in [
        "$expand=singleValueExtendedProperties($filter=id+eq+'x')",
        "$filter=linkedResources/any(l:l/externalId+eq+'x')",
        "$filter=subject+eq+'A'",
        "$orderby=linkedResources",
        "$top=0",
    ] {
        assert_eq!(desk.refused("GET", &format!("{path}?{query}"), &[], None).0, 400, "{query}");
    }
    let made = add(&mut desk, &json!({"title": "A"}));
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(desk.refused("PATCH", &one, &[], Some(&json!({"linkedResources": []}))).0, 400);
    assert_eq!(desk.refused("GET", &format!("{one}/nonsense"), &[], None).0, 400);
}

#[test]
fn tasks_are_filtered_ordered_and_paged() {
    let mut desk = Desk::new();
    for day in 1..=12 {
        let due = json!({"dateTime": format!("2026-12-{day:02}T00:00:00"), "timeZone": "UTC"});
        let status = if day % 2 == 0 { "completed" } else { "notStarted" };
        add(&mut desk, &json!({"title": format!("T{day:02}"), "dueDateTime": due, "status": status}));
    }
    add(&mut desk, &json!({"title": "Undated"}));
    let path = tasks(&desk, "Tasks");
    let titles = |page: &Value| -> Vec<String> {
        page["value"].as_array().unwrap().iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect()
    };
    let page = desk.get(&format!("{path}?$filter=status%20ne%20'completed'&$orderby=dueDateTime/dateTime+desc&$top=3"));
    assert_eq!(titles(&page), ["T11", "T09", "T07"]);
    let next = body(&desk.follow(&page["@odata.nextLink"], &[]));
    assert_eq!(titles(&next), ["T05", "T03", "T01"]);
    let last = body(&desk.follow(&next["@odata.nextLink"], &[]));
    assert_eq!((titles(&last), last.get("@odata.nextLink")), (vec!["Undated".to_owned()], None));
    let late = desk.get(&format!("{path}?$filter=dueDateTime/dateTime+ge+'2026-12-11T00:00:00'"));
    assert_eq!(titles(&late), ["T11", "T12"]);
    assert_eq!(titles(&desk.get(&format!("{path}?$skip=11&$top=1&$count=true"))), ["T12"]);
    desk.graph.knobs.todo_page_size = 5;
    assert_eq!(ids(&desk.get(&path)).len(), 5);
    desk.graph.knobs.todo_page_size = 1;
    let lists = desk.get("/todo/lists");
    let rest = body(&desk.follow(&lists["@odata.nextLink"], &[]));
    assert_eq!((ids(&lists).len(), rest["value"][0]["displayName"].as_str()), (1, Some("Flagged Emails")));
    assert_eq!(desk.refused("GET", "/todo/lists?$skip=1", &[], None).0, 400);
}

#[test]
fn select_does_nothing_or_chokes_unless_the_knob_is_on() {
    let mut desk = Desk::new();
    let made = add(&mut desk, &json!({"title": "A"}));
    let path = path(&desk, "Tasks", &made);
    assert_eq!(desk.get(&format!("{path}?$select=status"))["title"], "A");
    assert_eq!(
        desk.refused("GET", &format!("{path}?$select=title"), &[], None),
        (400, "RequestBroker--ParseUri".to_owned())
    );
    assert_eq!(desk.refused("GET", "/todo/lists?$select=displayName", &[], None).0, 400);
    desk.graph.knobs.todo_select = true;
    let selected = desk.get(&format!("{path}?$select=title"));
    assert_eq!((&selected["title"], selected.get("status")), (&json!("A"), None));
}

#[test]
fn notes_lose_their_formatting_unless_the_knob_is_on() {
    let mut desk = Desk::new();
    let made =
        add(&mut desk, &json!({"title": "A", "body": {"contentType": "HTML", "content": "<p>Hi <b>there</b></p>"}}));
    assert_eq!(made["body"], json!({"contentType": "text", "content": "Hi there"}));
    assert!(made["bodyLastModifiedDateTime"].is_string());
    let path = path(&desk, "Tasks", &made);
    desk.graph.knobs.todo_html_bodies = true;
    assert!(desk.get(&path)["body"]["content"].as_str().unwrap().contains("<b>there</b>"));
    let text = desk.send("GET", &path, &[("prefer", "outlook.body-content-type=\"text\"")], None);
    assert_eq!(body(&text)["body"]["content"], "Hi there");
    let plain = patch(&mut desk, &made, &json!({"body": {"contentType": "text", "content": "a\nb"}}));
    assert_eq!(plain["body"], json!({"contentType": "text", "content": "a\r\nb"}));
}

#[test]
fn completing_a_recurring_task_makes_the_next_one_once() {
    let mut desk = Desk::new();
    let made = add(
        &mut desk,
        &json!({
            "title": "A", "dueDateTime": {"dateTime": MIDNIGHT, "timeZone": world::MOSCOW}, "recurrence": weekly("2026-12-01"),
            "linkedResources": [{"externalId": "x"}], "checklistItems": [{"displayName": "one", "isChecked": true}],
        }),
    );
    let done = patch(&mut desk, &made, &json!({"status": "completed"}));
    assert_eq!((&done["id"], &done["status"], done.get("recurrence")), (&made["id"], &json!("completed"), None));
    patch(&mut desk, &made, &json!({"status": "completed"}));
    let path = format!("{}?$expand=linkedResources,checklistItems", tasks(&desk, "Tasks"));
    let page = desk.get(&path);
    assert_eq!(ids(&page).len(), 2);
    let next = &page["value"][1];
    assert_eq!((&next["title"], &next["status"]), (&json!("A"), &json!("notStarted")));
    assert_eq!(next["dueDateTime"]["dateTime"], "2026-12-07T21:00:00.0000000");
    assert_eq!(next["recurrence"]["pattern"], made["recurrence"]["pattern"]);
    assert_eq!((&next["linkedResources"], &next["checklistItems"][0]["isChecked"]), (&json!([]), &json!(false)));
}

#[test]
fn the_last_task_of_a_series_has_no_next_one() {
    let mut desk = Desk::new();
    let mut rule = weekly("2026-12-01");
    rule["range"] = json!({"type": "numbered", "numberOfOccurrences": 1, "startDate": "2026-12-01"});
    let made = add(&mut desk, &json!({"title": "A", "recurrence": rule}));
    assert_eq!(made["dueDateTime"]["dateTime"], "2026-11-30T21:00:00.0000000");
    patch(&mut desk, &made, &json!({"status": "completed"}));
    assert_eq!(desk.graph.tasks(world::EUGENE).len(), 1);
}

#[test]
fn a_series_may_go_on_under_its_id_and_leave_a_completed_copy() {
    let mut desk = Desk::new();
    desk.graph.knobs.todo_series_keeps_id = true;
    desk.graph.knobs.todo_next_keeps_links = true;
    let due = json!({"dateTime": MIDNIGHT, "timeZone": "UTC"});
    let link = json!([{"externalId": "x"}]);
    let made = add(
        &mut desk,
        &json!({"title": "A", "dueDateTime": due, "recurrence": weekly("2026-12-01"), "linkedResources": link}),
    );
    let next = patch(&mut desk, &made, &json!({"status": "completed"}));
    assert_eq!((&next["id"], &next["status"]), (&made["id"], &json!("notStarted")));
    assert_eq!(next["dueDateTime"]["dateTime"], "2026-12-08T00:00:00.0000000");
    let all = desk.graph.tasks(world::EUGENE);
    assert_eq!(
        (all[1].status, all[1].recurring, all[1].external_ids.as_slice()),
        ("completed", false, &["x".to_owned()][..])
    );
}

#[test]
fn a_program_cannot_move_a_recurring_task_and_a_person_can() {
    let mut desk = Desk::new();
    let due = json!({"dateTime": MIDNIGHT, "timeZone": "UTC"});
    let later = json!({"title": "B", "dueDateTime": {"dateTime": "2026-12-03T00:00:00", "timeZone": "UTC"}});
    let made = add(&mut desk, &json!({"title": "A", "dueDateTime": due, "recurrence": weekly("2026-12-01")}));
    let same = patch(&mut desk, &made, &json!({"title": "A", "dueDateTime": due}));
    assert_eq!(same["dueDateTime"], made["dueDateTime"]);
    assert_eq!(desk.graph.tasks(world::EUGENE).len(), 1);
    desk.graph.update_task(world::EUGENE, made["id"].as_str().unwrap(), &later, desk.now).unwrap();
    assert_eq!(desk.graph.tasks(world::EUGENE)[0].due.unwrap().to_string(), "2026-12-03");
    let moved = patch(&mut desk, &made, &json!({"dueDateTime": due}));
    assert_eq!(moved["dueDateTime"]["dateTime"], "2026-12-03T00:00:00.0000000");
    let all = desk.graph.tasks(world::EUGENE);
    assert_eq!((all.len(), all[1].due.unwrap().to_string().as_str()), (2, "2026-12-08"));
    desk.graph.knobs.todo_due_spawns = false;
    assert_eq!(patch(&mut desk, &made, &json!({"dueDateTime": due}))["dueDateTime"], made["dueDateTime"]);
}

#[test]
fn dates_of_a_recurrence_can_be_created_and_not_changed() {
    let mut desk = Desk::new();
    let made = add(&mut desk, &json!({"title": "A", "recurrence": weekly("2026-12-01")}));
    let path = path(&desk, "Tasks", &made);
    let change = json!({"recurrence": weekly("2026-12-08")});
    assert_eq!(desk.refused("PATCH", &path, &[], Some(&change)), (400, "invalidRequest".to_owned()));
    let mut pattern = json!({"recurrence": {"pattern": weekly("2026-12-01")["pattern"]}});
    pattern["recurrence"]["pattern"]["interval"] = json!(2);
    let changed = patch(&mut desk, &made, &pattern);
    assert_eq!(
        (&changed["recurrence"]["pattern"]["interval"], &changed["recurrence"]["range"]),
        (&json!(2), &made["recurrence"]["range"])
    );
    desk.graph.knobs.todo_lists_omit_recurrence = true;
    let all = tasks(&desk, "Tasks");
    assert!(desk.get(&all)["value"][0].get("recurrence").is_none());
    assert!(desk.get(&format!("{all}?$filter=status+ne+'completed'"))["value"][0].get("recurrence").is_some());
    desk.graph.knobs.todo_recurrence_dates = true;
    assert_eq!(patch(&mut desk, &made, &change)["recurrence"]["range"]["startDate"], "2026-12-08");
    assert!(patch(&mut desk, &made, &json!({"recurrence": null})).get("recurrence").is_none());
}

#[test]
fn a_program_without_the_role_is_kept_out() {
    let mut desk = Desk::new();
    let path = tasks(&desk, "Tasks");
    let task = json!({"title": "A"});
    desk.graph.knobs.app_tasks_role = TasksRole::Read;
    desk.get(&path);
    assert_eq!(desk.refused("POST", &path, &[], Some(&task)), (403, "ErrorAccessDenied".to_owned()));
    desk.graph.knobs.app_tasks_role = TasksRole::None;
    assert_eq!(desk.refused("GET", "/todo/lists", &[], None), (403, "ErrorAccessDenied".to_owned()));
    desk.get("/calendars");
}

#[test]
fn a_batch_makes_a_task_and_then_its_link() {
    let mut desk = Desk::new();
    let made = add(&mut desk, &json!({"title": "A"}));
    let url = format!("/users/{}{}", world::EUGENE, path(&desk, "Tasks", &made));
    let json = json!({"Content-Type": "application/json"});
    let parts = json!([
        {"id": "1", "method": "PATCH", "url": url, "headers": json, "body": {"title": "B"}},
        {"id": "2", "method": "POST", "url": format!("{url}/linkedResources"), "headers": json, "dependsOn": ["1"], "body": {"externalId": "x"}},
        {"id": "3", "method": "PATCH", "url": url, "headers": json, "dependsOn": ["2"], "body": {"status": "done"}},
        {"id": "4", "method": "DELETE", "url": url, "dependsOn": ["3"]},
    ]);
    let answer = body(&desk.send("POST", "/v1.0/$batch", &[], Some(&json!({"requests": parts}))));
    let mut statuses: Vec<(&str, u64)> = answer["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["id"].as_str().unwrap(), row["status"].as_u64().unwrap()))
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [("1", 200), ("2", 201), ("3", 400), ("4", 424)]);
    let task = desk.graph.find_task(world::EUGENE, "B").unwrap();
    assert_eq!(task.external_ids, ["x"]);
}
