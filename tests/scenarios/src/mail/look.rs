//! What is found on Exchange, in the words of Graph.

use chrono::{DateTime, Utc};
use emulators::exchange::{Exchange, ItemSummary};
use emulators::graph::{EventSummary, TaskSummary};
use serde_json::{Map, Value, json};

/// Where deleted items lie: Graph shows none of them.
const BIN: &str = "Deleted Items";

fn alive(exchange: &Exchange, mailbox: &str, task: bool, wanted: impl Fn(&str) -> bool) -> Vec<ItemSummary> {
    let mut items = exchange.items_if(mailbox, wanted);
    items.retain(|item| item.folder != BIN && item.is_task == task);
    items
}

/// All appointments.
pub(super) fn events(exchange: &Exchange, mailbox: &str) -> Vec<EventSummary> {
    events_if(exchange, mailbox, |_| true)
}

/// Those whose title is wanted.
pub(super) fn events_if(exchange: &Exchange, mailbox: &str, wanted: impl Fn(&str) -> bool) -> Vec<EventSummary> {
    alive(exchange, mailbox, false, wanted).into_iter().map(summary).collect()
}

/// Name of the folder in which an item lies, wherever that is.
pub(super) fn folder_of(exchange: &Exchange, mailbox: &str, id: &str) -> Option<String> {
    exchange.summary(mailbox, id).map(|item| item.folder)
}

/// An item in full, unless it was deleted.
pub(super) fn living(exchange: &Exchange, mailbox: &str, id: &str) -> Option<Value> {
    exchange.item_json(mailbox, id).filter(|_| folder_of(exchange, mailbox, id).is_some_and(|folder| folder != BIN))
}

fn summary(item: ItemSummary) -> EventSummary {
    EventSummary {
        classic_id: item.id.clone(),
        id: item.id,
        calendar: item.folder,
        subject: item.subject,
        kind: if item.kind == "RecurringMaster" { "seriesMaster" } else { "singleInstance" },
        start: item.start.unwrap_or_default(),
        end: item.end.unwrap_or_default(),
        all_day: item.all_day,
        ical_uid: item.uid.unwrap_or_default(),
        change_key: item.change_key,
        cancelled: item.cancelled,
        response: "none",
        place: item.place,
        notes: item.notes.replace("\r\n", "\n"),
        importance: small(&item.importance),
        reminder: item.reminder,
    }
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn small(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn at(item: &Value, name: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text(item, name)).ok().map(|at| at.to_utc())
}

fn body(item: &Value) -> String {
    item.pointer("/Body/#").and_then(Value::as_str).unwrap_or_default().replace("\r\n", "\n")
}

/// An appointment, as Graph would show it in UTC.
pub(super) fn event(item: &Value) -> Value {
    let flag = |name: &str| text(item, name) == "true";
    let all_day = flag("IsAllDayEvent");
    let point = |name: &str| {
        let at = at(item, name).unwrap_or_default();
        let zone = item.pointer(&format!("/{name}TimeZone/@Id")).and_then(Value::as_str).and_then(guest::time::zone);
        // Of whole days Graph gives the dates.
        let local = at.with_timezone(&zone.unwrap_or(chrono_tz::Tz::UTC)).date_naive();
        let shown = if all_day { local.and_hms_opt(0, 0, 0) } else { None };
        let shown = shown.unwrap_or(at.naive_utc());
        json!({"dateTime": shown.format("%Y-%m-%dT%H:%M:%S.0000000").to_string(), "timeZone": "UTC"})
    };
    let minutes: i64 = text(item, "ReminderMinutesBeforeStart").parse().unwrap_or_default();
    let extended = item.get("ExtendedProperties").and_then(Value::as_object).cloned().unwrap_or_default();
    let extended: Vec<Value> = extended.into_iter().map(|(id, values)| json!({"id": id, "value": values[0]})).collect();
    let mut attendees = Vec::new();
    for list in ["RequiredAttendees", "OptionalAttendees", "Resources"] {
        let found = item.pointer(&format!("/{list}/Attendee")).cloned().unwrap_or_default();
        let found = found.as_array().cloned().unwrap_or_else(|| vec![found]);
        let mailbox = |one: &Value| one.get("Mailbox").cloned();
        attendees.extend(
            found
                .iter()
                .filter_map(mailbox)
                .map(|one| json!({"emailAddress": {"address": one.get("EmailAddress"), "name": one.get("Name")}})),
        );
    }
    let version = item.pointer("/ItemId/@ChangeKey").cloned().unwrap_or_default();
    json!({
        "id": item.pointer("/ItemId/@Id"),
        "@odata.etag": version,
        "changeKey": version,
        "subject": text(item, "Subject"),
        "start": point("Start"),
        "end": point("End"),
        "isAllDay": all_day,
        "location": {"displayName": text(item, "Location")},
        "body": {"contentType": small(item.pointer("/Body/@BodyType").and_then(Value::as_str).unwrap_or_default()), "content": body(item)},
        "importance": small(text(item, "Importance")),
        "sensitivity": small(text(item, "Sensitivity")),
        "isReminderOn": flag("ReminderIsSet"),
        "reminderMinutesBeforeStart": minutes,
        "isCancelled": flag("IsCancelled"),
        "iCalUId": text(item, "UID"),
        "attendees": attendees,
        "singleValueExtendedProperties": extended,
        "lastModifiedDateTime": at(item, "LastModifiedTime"),
    })
}

/// All tasks.
pub(super) fn tasks(exchange: &Exchange, mailbox: &str) -> Vec<TaskSummary> {
    tasks_if(exchange, mailbox, |_| true)
}

/// Those whose title is wanted.
pub(super) fn tasks_if(exchange: &Exchange, mailbox: &str, wanted: impl Fn(&str) -> bool) -> Vec<TaskSummary> {
    let items = alive(exchange, mailbox, true, wanted);
    items.into_iter().filter_map(|item| Some(task(&exchange.item_json(mailbox, &item.id)?, item))).collect()
}

fn task(full: &Value, item: ItemSummary) -> TaskSummary {
    let one_of = |names: &[&'static str], word: &str| names.iter().copied().find(|name| *name == small(word));
    let statuses = ["notStarted", "inProgress", "completed", "waitingOnOthers", "deferred"];
    let extended: Map<String, Value> = full["ExtendedProperties"].as_object().cloned().unwrap_or_default();
    let values = |values: Value| values[0].as_str().map(str::to_owned);
    TaskSummary {
        id: item.id,
        list: item.folder,
        title: item.subject,
        notes: body(full),
        status: one_of(&statuses, item.status.as_deref().unwrap_or_default()).unwrap_or("notStarted"),
        importance: one_of(&["low", "normal", "high"], text(full, "Importance")).unwrap_or("normal"),
        categories: Vec::new(),
        start: item.start_date,
        due: item.due_date,
        completed: at(full, "CompleteDate").map(|at| at.date_naive()),
        reminder: at(full, "ReminderDueBy").filter(|_| text(full, "ReminderIsSet") == "true"),
        recurring: text(full, "IsRecurring") == "true",
        external_ids: extended.into_iter().filter_map(|(_, found)| values(found)).collect(),
        etag: item.change_key,
    }
}

/// Everything that is held, but for what lies in Deleted Items and for when items were changed.
pub(super) fn state(state: &Value) -> Value {
    match state {
        Value::Object(map) => {
            let kept = map.iter().filter(|(name, _)| !["LastModifiedTime", "knobs"].contains(&name.as_str()));
            kept.map(|(name, value)| (name.clone(), self::state(value))).collect()
        }
        Value::Array(all) => all.iter().filter(|one| one["name"] != BIN).map(self::state).collect(),
        other => other.clone(),
    }
}
