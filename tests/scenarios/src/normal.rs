//! What two worlds must have in common to have come to the same end: everything a person would see, and nothing that a
//! server made up.

use crate::world::World;
use serde_json::{Value, json};

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
