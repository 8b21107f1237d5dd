//! What becomes of a recurring task that is completed or moved.

use serde_json::{Value, json};

use super::todo::{MIDNIGHT, add, patch, path, tasks};
use super::{Desk, ids};
use crate::graph::world;

fn weekly(day: &str) -> Value {
    json!({
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"},
        "range": {"type": "noEnd", "startDate": day},
    })
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
