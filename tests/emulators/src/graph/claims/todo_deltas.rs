//! What delta tells of task lists and of the tasks in one.

use serde_json::{Value, json};

use super::{Desk, body, ids};
use crate::graph::{DeadToken, world};

const EUGENE: &str = world::EUGENE;

fn start(desk: &Desk, list: &str) -> String {
    format!("/todo/lists/{}/tasks/delta", desk.graph.list_id(EUGENE, list).unwrap())
}

fn add(desk: &mut Desk, title: &str) -> String {
    let now = desk.now;
    desk.graph.add_task(EUGENE, None, &json!({"title": title}), now).unwrap()
}

/// All rows from a page on, and the link of the next round.
fn round(desk: &mut Desk, page: Value) -> (Vec<Value>, Value) {
    let (mut rows, mut page) = (Vec::new(), page);
    loop {
        rows.extend(page["value"].as_array().unwrap().iter().cloned());
        match page.get("@odata.nextLink").cloned() {
            Some(link) => page = body(&desk.follow(&link, &[])),
            None => return (rows, page["@odata.deltaLink"].clone()),
        }
    }
}

fn next(desk: &mut Desk, link: &Value) -> (Vec<Value>, Value) {
    let page = body(&desk.follow(link, &[]));
    round(desk, page)
}

fn first(desk: &mut Desk, path: &str) -> (Vec<Value>, Value) {
    let page = desk.get(path);
    round(desk, page)
}

#[test]
fn a_round_shows_what_is_there_and_the_next_one_what_changed() {
    let mut desk = Desk::new();
    let (a, b) = (add(&mut desk, "A"), add(&mut desk, "B"));
    let path = start(&desk, "Tasks");
    let (rows, link) = first(&mut desk, &path);
    assert_eq!(rows.iter().map(|row| row["title"].as_str().unwrap()).collect::<Vec<_>>(), ["A", "B"]);
    assert!(next(&mut desk, &link).0.is_empty());
    let now = desk.now;
    desk.graph.update_task(EUGENE, &a, &json!({"importance": "high"}), now).unwrap();
    desk.graph.delete_task(EUGENE, &b).unwrap();
    let (rows, later) = next(&mut desk, &link);
    assert_eq!((rows.len(), &rows[0]["id"], &rows[0]["importance"]), (2, &json!(a), &json!("high")));
    assert_eq!(
        rows[1],
        json!({"@odata.type": "#microsoft.graph.todoTask", "id": b, "@removed": {"reason": "deleted"}})
    );
    assert!(next(&mut desk, &later).0.is_empty());
    // A link can be followed again, and a fresh round shows no removals.
    assert_eq!(next(&mut desk, &link).0.len(), 2);
    assert_eq!(first(&mut desk, &path.replace("delta", "delta()")).0.len(), 1);
}

#[test]
fn a_moved_task_is_removed_from_one_list_and_new_in_the_other() {
    let mut desk = Desk::new();
    desk.graph.add_list(EUGENE, "Other").unwrap();
    let id = add(&mut desk, "A");
    let (path, other) = (start(&desk, "Tasks"), start(&desk, "Other"));
    let ((_, here), (_, there)) = (first(&mut desk, &path), first(&mut desk, &other));
    let now = desk.now;
    let moved = desk.graph.move_task(EUGENE, &id, "Other", now).unwrap();
    let ((gone, _), (come, _)) = (next(&mut desk, &here), next(&mut desk, &there));
    assert_eq!((&gone[0]["id"], gone[0].get("@removed").is_some()), (&json!(id), true));
    assert_eq!((&come[0]["id"], come[0].get("@removed").is_none()), (&json!(moved), true));
    let back = desk.graph.move_task(EUGENE, &moved, "Tasks", now).unwrap();
    let (rows, _) = next(&mut desk, &here);
    let seen: Vec<(&str, bool)> =
        rows.iter().map(|row| (row["id"].as_str().unwrap(), row.get("@removed").is_some())).collect();
    assert_eq!(seen, [(id.as_str(), true), (back.as_str(), false)]);
}

#[test]
fn pages_are_as_large_as_asked_and_links_carry_the_query() {
    let mut desk = Desk::new();
    let now = desk.now;
    for number in 0..7 {
        let task = json!({"title": format!("T{number}"), "linkedResources": [{"externalId": format!("x{number}")}]});
        desk.graph.add_task(EUGENE, None, &task, now).unwrap();
    }
    let path = start(&desk, "Tasks");
    let page = desk.get(&format!("{path}?$expand=linkedResources&$top=3"));
    assert_eq!(ids(&page).len(), 3);
    let (rows, link) = round(&mut desk, page);
    let external: Vec<&Value> = rows.iter().map(|row| &row["linkedResources"][0]["externalId"]).collect();
    assert_eq!(external, ["x0", "x1", "x2", "x3", "x4", "x5", "x6"]);
    desk.graph.add_task(EUGENE, None, &json!({"title": "T7", "linkedResources": [{"externalId": "x7"}]}), now).unwrap();
    assert_eq!(next(&mut desk, &link).0[0]["linkedResources"][0]["externalId"], "x7");
    let sized = desk.send("GET", &path, &[("prefer", "odata.maxpagesize=2")], None);
    assert_eq!(ids(&body(&sized)).len(), 2);
    assert!(sized.header("preference-applied").unwrap().contains("odata.maxpagesize=2"));
    for query in ["$filter=status+eq+'completed'", "$orderby=title", "$select=title"] {
        assert_eq!(desk.refused("GET", &format!("{path}?{query}"), &[], None).0, 400);
    }
}

#[test]
fn tokens_die_as_those_of_calendars_do_and_belong_to_one_list() {
    let mut desk = Desk::new();
    desk.graph.add_list(EUGENE, "Other").unwrap();
    let (path, other) = (start(&desk, "Tasks"), start(&desk, "Other"));
    let (_, link) = first(&mut desk, &path);
    let foreign = json!(link.as_str().unwrap().replace(&path, &other));
    assert_eq!(desk.follow(&foreign, &[]).status, 400);
    desk.graph.knobs.delta_token_lifetime = Some(60);
    desk.now += chrono::Duration::seconds(61);
    let dead = desk.follow(&link, &[]);
    assert_eq!((dead.status, body(&dead)["error"]["code"].as_str()), (410, Some("SyncStateNotFound")));
    desk.graph.knobs.delta_token_lifetime = None;
    desk.graph.expire_delta_tokens();
    desk.graph.knobs.delta_dead_token = DeadToken::GoneWithLocation;
    let dead = desk.follow(&link, &[]);
    assert_eq!(dead.status, 410);
    let location = json!(dead.header("location").unwrap());
    assert_eq!(desk.follow(&location, &[]).status, 200);
}

#[test]
fn lists_have_a_delta_of_their_own() {
    let mut desk = Desk::new();
    let (rows, link) = first(&mut desk, "/todo/lists/delta");
    assert_eq!(rows.len(), 2);
    let now = desk.now;
    let list = desk.graph.add_list(EUGENE, "Other").unwrap();
    desk.graph.add_task(EUGENE, Some("Other"), &json!({"title": "A"}), now).unwrap();
    let (rows, later) = next(&mut desk, &link);
    assert_eq!((rows.len(), &rows[0]["displayName"]), (1, &json!("Other")));
    desk.graph.rename_list(EUGENE, "Other", "Another").unwrap();
    assert_eq!(next(&mut desk, &later).0[0]["displayName"], "Another");
    desk.graph.delete_list(EUGENE, "Another").unwrap();
    let (rows, _) = next(&mut desk, &later);
    assert_eq!((&rows[0]["id"], rows[0].get("@removed").is_some()), (&json!(list), true));
    assert_eq!(first(&mut desk, "/todo/lists/microsoft.graph.delta()").0.len(), 2);
}
