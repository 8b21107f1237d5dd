//! What two worlds must have in common to have come to the same end: everything a person would see, and nothing that a
//! server made up.

use crate::world::World;
use emulators::creatio::Creatio;
use emulators::harness::Shared;
use emulators::wire::Service;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Columns that a server fills as it likes.
const OWN: &[&str] = &["Id", "CreatedOn", "ModifiedOn"];

/// How Creatio shows what is empty.
const EMPTY: &[&str] = &["", "00000000-0000-0000-0000-000000000000", "0001-01-01T00:00:00Z"];

/// All that Creatio holds, set by set, each in a fixed order. Rows are named by what a person sees of them, and not by
/// their ids; what is empty is left out.
#[must_use]
pub fn creatio(creatio: &Shared<Creatio>) -> Value {
    let mut sets = creatio.with(|creatio| creatio.state())["sets"].take();
    let all = || sets.as_object().into_iter().flatten();
    let rows = || all().flat_map(|(set, rows)| rows.as_array().into_iter().flatten().map(move |row| (set, row)));
    let named = |(set, row): (&String, &Value)| {
        let name = ["Title", "Name"].iter().find_map(|column| row[*column].as_str())?;
        Some((row["Id"].as_str()?.to_owned(), format!("{set} \"{name}\"")))
    };
    let names: BTreeMap<String, String> = rows().filter_map(named).collect();
    for rows in sets.as_object_mut().into_iter().flat_map(|sets| sets.values_mut()) {
        let rows = rows.as_array_mut().unwrap();
        for row in rows.iter_mut() {
            *row = Value::Object(
                row.as_object().unwrap().iter().filter_map(|cell| shown(cell, &names)).collect::<Map<_, _>>(),
            );
        }
        rows.sort_by_key(ToString::to_string);
    }
    sets
}

fn shown((column, value): (&String, &Value), names: &BTreeMap<String, String>) -> Option<(String, Value)> {
    if EMPTY.iter().any(|empty| value == empty)
        || value.is_null()
        || *value == json!(false)
        || OWN.contains(&column.as_str())
    {
        return None;
    }
    let name = value.as_str().and_then(|id| names.get(id));
    Some((column.clone(), name.map_or_else(|| value.clone(), |name| json!(name))))
}

/// Activities, events and tasks as a person sees them, in a fixed order.
#[must_use]
pub fn view(world: &World) -> Value {
    let mut activities: Vec<Value> = Vec::new();
    world.creatio.with(|creatio| {
        for (_, row) in creatio.rows("Activity") {
            activities.push(json!({
                "title": row.text("Title"),
                "start": row.time("StartDate").map(|at| at.to_rfc3339()),
                "end": row.time("DueDate").map(|at| at.to_rfc3339()),
                "place": row.text("Location"),
                "notes": row.text("Notes"),
                "status": row.guid("StatusId").map(|id| id.to_string()),
                "priority": row.guid("PriorityId").map(|id| id.to_string()),
                "remind": row.flag("RemindToOwner"),
            }));
        }
    });
    let mut events: Vec<Value> = Vec::new();
    world.mail.with(|mail| {
        for mailbox in &world.mailboxes {
            for event in mail.events(mailbox) {
                let full = mail.event_json(mailbox, &event.id).unwrap_or_default();
                events.push(json!({
                    "mailbox": mailbox,
                    "calendar": event.calendar,
                    "subject": event.subject,
                    "start": event.start,
                    "end": event.end,
                    "allDay": event.all_day,
                    "cancelled": event.cancelled,
                    "place": full.pointer("/location/displayName"),
                    "importance": full.get("importance"),
                    "reminder": full.get("isReminderOn"),
                    "minutes": full.get("reminderMinutesBeforeStart"),
                    "body": full.pointer("/body/content"),
                }));
            }
        }
    });
    let mut tasks: Vec<Value> = Vec::new();
    for mailbox in &world.mailboxes {
        for task in world.mail.tasks(mailbox) {
            tasks.push(json!({
                "mailbox": mailbox,
                "list": task.list,
                "title": task.title,
                "due": task.due,
                "status": task.status,
                "importance": task.importance,
                "notes": task.notes,
                "reminder": task.reminder,
            }));
        }
    }
    for list in [&mut activities, &mut events, &mut tasks] {
        list.sort_by_key(ToString::to_string);
    }
    let outbox = world.mail.with(|mail| mail.outbox().len());
    json!({"activities": activities, "events": events, "tasks": tasks, "mails": outbox})
}
