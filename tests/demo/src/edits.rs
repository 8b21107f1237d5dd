//! What people do meanwhile, past the sync: each edit is made in the service itself, by the person's own hand.

use chrono::{DateTime, TimeDelta, Utc};
use emulators::wire::Service as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stage::Stage;

/// A meeting that is edited: its title, and the day in the person's zone on which it begins.
pub(crate) struct Meeting(pub(crate) &'static str, pub(crate) &'static str);

/// Meetings that the story comes back to.
pub(crate) const NEGOTIATION: Meeting = Meeting("Переговоры с Northwind", "2026-11-29");
pub(crate) const RELEASE: Meeting = Meeting("Планирование релиза", "2026-11-30");
pub(crate) const TENDER: Meeting = Meeting("Подготовка тендера №44", "2026-12-09");
pub(crate) const TASTING: Meeting = Meeting("Wine tasting 🍷", "2026-12-01");

const MOVED: Meeting = Meeting("Onboarding: new CRM users", "2026-12-03");
const RENAMED: Meeting = Meeting("Supplier call", "2026-11-30");
const LUNCH: Meeting = Meeting("Обед с партнёром 🍽️", "2026-12-03");
const REVIEW: Meeting = Meeting("Weekly sales review", "2026-12-07");
const INTERVIEW: Meeting = Meeting("Interview: backend engineer", "2026-11-25");
const READING: Meeting = Meeting("Board pre-read", "2026-12-03");

/// In Creatio: a time, a title, two places, a deletion, and a meeting whose attendees would get mail.
pub(crate) fn in_creatio(stage: &Stage) -> Result<Vec<&'static str>, String> {
    shift(stage, &MOVED, TimeDelta::hours(1))?;
    update(stage, &RENAMED, &json!({ "Title": "Supplier call: prices for 2027" }))?;
    update(stage, &LUNCH, &json!({ "Location": "Ресторан «Белый кролик»" }))?;
    update(stage, &RELEASE, &json!({ "Location": "Переговорная «Урал»" }))?;
    shift(stage, &NEGOTIATION, TimeDelta::minutes(30))?;
    let id = activity(stage, &TENDER).ok_or_else(|| missing(&TENDER))?;
    creatio(stage, &json!({ "action": "delete", "set": "Activity", "id": id }))?;
    Ok(vec![
        "moves «Onboarding: new CRM users» by an hour",
        "renames «Supplier call»",
        "finds another place for «Обед с партнёром»",
        "puts «Планирование релиза» into the room «Урал»",
        "moves «Переговоры с Northwind», to which a client is invited",
        "deletes «Подготовка тендера №44»",
    ])
}

/// In the mailbox: a title, a time, two places, a deletion, and something new.
pub(crate) fn in_mailbox(stage: &Stage) -> Result<Vec<&'static str>, String> {
    let moved = json!({
        "start": { "dateTime": "2026-11-27T12:00:00", "timeZone": "Russian Standard Time" },
        "end": { "dateTime": "2026-11-27T13:00:00", "timeZone": "Russian Standard Time" },
    });
    change(stage, &REVIEW, &json!({ "subject": "Weekly sales review, with finance" }))?;
    change(stage, &INTERVIEW, &moved)?;
    change(stage, &READING, &json!({ "location": { "displayName": "Room 7.01" } }))?;
    change(stage, &RELEASE, &json!({ "location": { "displayName": "Переговорная «Байкал»" } }))?;
    let mail = &stage.person.mail;
    let now = stage.now();
    let id = event(stage, &TASTING).ok_or_else(|| missing(&TASTING))?;
    stage.graph.with(|graph| graph.delete_event(mail, &id, now))?;
    let new = json!({
        "subject": "Срочно: созвон с поставщиком ☎️",
        "start": { "dateTime": "2026-11-26T16:00:00", "timeZone": "Russian Standard Time" },
        "end": { "dateTime": "2026-11-26T16:20:00", "timeZone": "Russian Standard Time" },
    });
    stage.graph.with(|graph| graph.add_event(mail, None, &new, now))?;
    Ok(vec![
        "renames «Weekly sales review»",
        "moves «Interview: backend engineer» to Friday",
        "gives «Board pre-read» a room",
        "puts «Планирование релиза» into the room «Байкал», ten minutes after the other change",
        "deletes «Wine tasting»",
        "writes down a new call",
    ])
}

/// Id of the activity.
pub(crate) fn activity(stage: &Stage, meeting: &Meeting) -> Option<Uuid> {
    stage.creatio.with(|creatio| {
        let mut rows = creatio.rows("Activity");
        let found = rows.find(|(_, row)| {
            row.guid("OwnerId") == Some(stage.person.contact)
                && row.text("Title") == meeting.0
                && row.time("StartDate").is_some_and(|start| day(stage, start) == meeting.1)
        });
        found.map(|(id, _)| id)
    })
}

/// Id of the event.
pub(crate) fn event(stage: &Stage, meeting: &Meeting) -> Option<String> {
    let events = stage.graph.with(|graph| graph.events(&stage.person.mail));
    let found = events.into_iter().find(|event| event.subject == meeting.0 && day(stage, event.start) == meeting.1);
    found.map(|event| event.id)
}

/// Where the event takes place.
pub(crate) fn event_place(stage: &Stage, meeting: &Meeting) -> Option<String> {
    let id = event(stage, meeting)?;
    let event = stage.graph.with(|graph| graph.event_json(&stage.person.mail, &id))?;
    event.pointer("/location/displayName").and_then(Value::as_str).map(str::to_owned)
}

/// Where the activity takes place.
pub(crate) fn activity_place(stage: &Stage, meeting: &Meeting) -> Option<String> {
    let id = activity(stage, meeting)?;
    stage.creatio.with(|creatio| creatio.row("Activity", id).map(|row| row.text("Location").to_owned()))
}

fn day(stage: &Stage, at: DateTime<Utc>) -> String {
    at.with_timezone(&stage.account.time_zone).date_naive().to_string()
}

fn missing(meeting: &Meeting) -> String {
    format!("the world has no {} on {}", meeting.0, meeting.1)
}

fn creatio(stage: &Stage, edit: &Value) -> Result<(), String> {
    let mut edit = edit.clone();
    if let Some(edit) = edit.as_object_mut() {
        edit.insert("by".to_owned(), json!(stage.person.login));
    }
    let now = stage.now();
    stage.creatio.with(|creatio| creatio.edit(&edit, now)).map(drop)
}

fn update(stage: &Stage, meeting: &Meeting, values: &Value) -> Result<(), String> {
    let id = activity(stage, meeting).ok_or_else(|| missing(meeting))?;
    creatio(stage, &json!({ "action": "update", "set": "Activity", "id": id, "values": values }))
}

fn shift(stage: &Stage, meeting: &Meeting, by: TimeDelta) -> Result<(), String> {
    let id = activity(stage, meeting).ok_or_else(|| missing(meeting))?;
    // Whoever drags a meeting in Creatio's calendar drags its reminder along.
    let values = stage.creatio.with(|creatio| {
        let row = creatio.row("Activity", id)?;
        let columns = ["StartDate", "DueDate", "RemindToOwnerDate"];
        let moved = columns.iter().filter_map(|column| {
            let at = row.time(column)? + by;
            Some(((*column).to_owned(), json!(at.format("%Y-%m-%dT%H:%M:%SZ").to_string())))
        });
        Some(Value::Object(moved.collect()))
    });
    update(stage, meeting, &values.ok_or_else(|| missing(meeting))?)
}

fn change(stage: &Stage, meeting: &Meeting, event_changes: &Value) -> Result<(), String> {
    let id = event(stage, meeting).ok_or_else(|| missing(meeting))?;
    let now = stage.now();
    stage.graph.with(|graph| graph.update_event(&stage.person.mail, &id, event_changes, now))
}
