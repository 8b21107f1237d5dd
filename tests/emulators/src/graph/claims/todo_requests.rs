//! Which requests about tasks are taken, and which are refused.

use serde_json::{Value, json};

use super::todo::{MIDNIGHT, add, patch, path, tasks};
use super::{Desk, body, ids};
use crate::graph::{Role, world};

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
fn a_program_without_the_role_is_kept_out() {
    let mut desk = Desk::new();
    let path = tasks(&desk, "Tasks");
    let task = json!({"title": "A"});
    desk.graph.knobs.app_tasks_role = Role::Read;
    desk.get(&path);
    assert_eq!(desk.refused("POST", &path, &[], Some(&task)), (403, "ErrorAccessDenied".to_owned()));
    desk.graph.knobs.app_tasks_role = Role::None;
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
