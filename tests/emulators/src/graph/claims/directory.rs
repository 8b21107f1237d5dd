//! Users, and how paths and filters are written.

use serde_json::json;

use super::{Desk, body, meeting};
use crate::graph::world;

fn mails(page: &serde_json::Value) -> Vec<String> {
    page["value"].as_array().unwrap().iter().map(|user| user["mail"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn users_are_filtered_selected_and_paged() {
    let mut desk = Desk::new();
    let all = mails(&desk.get("/v1.0/users"));
    assert!(all.len() >= 2 && all.contains(&world::EUGENE.to_owned()));
    let one = desk.get(&format!("/v1.0/users?$filter=mail eq '{}'&$select=id,mail", world::EUGENE.to_uppercase()));
    assert_eq!(mails(&one), [world::EUGENE]);
    assert_eq!(one["value"][0].as_object().unwrap().len(), 2);
    let start: String = world::EUGENE.chars().take(5).collect();
    assert_eq!(
        mails(&desk.get(&format!("/v1.0/users?$filter=startsWith(userPrincipalName,'{start}')"))),
        [world::EUGENE]
    );
    let (mut page, mut paged) = (desk.get("/v1.0/users?$top=1&$orderby=mail"), Vec::new());
    loop {
        assert_eq!(mails(&page).len(), 1);
        paged.extend(mails(&page));
        if page["@odata.nextLink"].is_null() {
            break;
        }
        page = body(&desk.follow(&page["@odata.nextLink"], &[]));
    }
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(paged, sorted);
    for refused in ["$skip=1", "$top=1000", "$count=true", "$filter=nickname eq 'x'", "$skiptoken=x"] {
        assert_eq!(desk.send("GET", &format!("/v1.0/users?{refused}"), &[], None).status, 400, "{refused}");
    }
    let counted = desk.send("GET", "/v1.0/users?$count=true&$top=1", &[("consistencylevel", "eventual")], None);
    assert_eq!(body(&counted)["@odata.count"], all.len());
    desk.graph.knobs.users_readable = false;
    assert_eq!(desk.refused("GET", "/v1.0/users", &[], None), (403, "Authorization_RequestDenied".to_owned()));
}

#[test]
fn paths_are_taken_in_any_case_and_ids_in_their_own() {
    let mut desk = Desk::new();
    let id = desk.post("/Events", &meeting("a", "2026-11-23T10:00:00", "2026-11-23T11:00:00"))["id"].clone();
    let id = id.as_str().unwrap();
    assert_eq!(desk.get(&format!("/EVENTS/{id}"))["subject"], "a");
    let other = id.to_lowercase();
    assert_ne!(desk.send("GET", &format!("/events/{other}"), &[], None).status, 200);
    let window = "startDateTime=2026-11-23T00:00:00Z&endDateTime=2026-11-24T00:00:00Z";
    assert_eq!(desk.get(&format!("/calendarview?{window}"))["value"][0]["id"], id);
    assert!(!desk.get(&format!("/calendarview/Delta?{window}"))["value"].as_array().unwrap().is_empty());
    assert!(desk.get("/Todo/Lists/Tasks/tasks")["value"].is_array());
    let stranger = format!("/v1.0/Users/{}/Calendars", world::EUGENE.to_uppercase());
    assert!(desk.get(&stranger)["value"].is_array());
}

#[test]
fn events_are_found_by_category_and_counted() {
    let mut desk = Desk::new();
    for (subject, categories) in [("a", json!(["Travel", "Red"])), ("b", json!(["Red"])), ("c", json!([]))] {
        let mut event = meeting(subject, "2026-11-23T10:00:00", "2026-11-23T11:00:00");
        event["categories"] = categories;
        desk.post("/events", &event);
    }
    let found = desk.get("/events?$filter=categories/any(c:c eq 'Travel')");
    assert_eq!((found["value"].as_array().unwrap().len(), &found["value"][0]["subject"]), (1, &json!("a")));
    let mut count = |filter: &str| {
        let response = desk.send("GET", &format!("/events/$count{filter}"), &[], None);
        (response.status, String::from_utf8(response.body).unwrap())
    };
    assert_eq!(count(""), (200, "3".to_owned()));
    assert_eq!(count("?$filter=categories/any(c:c eq 'red')"), (200, "2".to_owned()));
    assert_eq!(count("?$filter=startsWith(subject,'a') or subject eq 'C'"), (200, "2".to_owned()));
    assert_eq!(count("?$filter=nothing eq 'x'").0, 400);
}
