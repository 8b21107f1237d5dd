//! What is said of events and tasks in the words of Graph, in those of Exchange.

use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use emulators::exchange::Exchange;
use emulators::wire::Service;
use guest::ews::xml::escaped;
use guest::time;
use serde_json::{Value, json};

/// What of an appointment can be said: property of Graph, path of Exchange. In the order of the schema.
const APPOINTMENT: &[(&str, &[&str])] = &[
    ("subject", &["item:Subject"]),
    ("sensitivity", &["item:Sensitivity"]),
    ("body", &["item:Body"]),
    ("importance", &["item:Importance"]),
    ("isReminderOn", &["item:ReminderIsSet"]),
    ("reminderMinutesBeforeStart", &["item:ReminderMinutesBeforeStart"]),
    ("singleValueExtendedProperties", &["ExtendedProperty"]),
    ("iCalUId", &["calendar:UID"]),
    ("start", &["calendar:Start"]),
    ("end", &["calendar:End"]),
    ("isAllDay", &["calendar:IsAllDayEvent"]),
    ("location", &["calendar:Location"]),
    ("attendees", &["calendar:RequiredAttendees"]),
    ("recurrence", &["calendar:Recurrence"]),
    ("start", &["calendar:StartTimeZone"]),
    ("end", &["calendar:EndTimeZone"]),
];
const TASK: &[(&str, &[&str])] = &[
    ("title", &["item:Subject"]),
    ("body", &["item:Body"]),
    ("importance", &["item:Importance"]),
    ("reminderDateTime", &["item:ReminderDueBy"]),
    ("isReminderOn", &["item:ReminderIsSet"]),
    ("dueDateTime", &["task:DueDate"]),
    ("recurrence", &["task:Recurrence"]),
    ("startDateTime", &["task:StartDate"]),
    ("status", &["task:Status"]),
];
/// What has no counterpart and changes nothing that is synchronised.
const PASSED: &[&str] = &["showAs", "isOnlineMeeting", "onlineMeetingProvider", "categories", "linkedResources"];

/// An appointment as an element.
pub(super) fn appointment(event: &Value) -> String {
    format!("<CalendarItem>{}</CalendarItem>", inside(event, APPOINTMENT))
}

/// An invitation by somebody from elsewhere, in the mailboxes of all who are invited and have one: each has a copy of one
/// meeting. Gives the id of the copy in this mailbox.
pub(super) fn invitation(
    exchange: &mut Exchange,
    mailbox: &str,
    organizer: (&str, &str),
    event: &Value,
    now: DateTime<Utc>,
) -> Result<String, String> {
    let id = exchange.add_foreign_meeting(mailbox, organizer, &appointment(event), now)?;
    let copy = exchange.item_json(mailbox, &id).unwrap_or_default();
    let mut event = event.clone();
    event["iCalUId"] = copy["UID"].clone();
    let invited = event["attendees"].as_array().cloned().unwrap_or_default();
    for other in invited.iter().filter_map(|one| one["emailAddress"]["address"].as_str()) {
        if other != mailbox && exchange.folder_id(other, "calendar").is_some() {
            exchange.add_foreign_meeting(other, organizer, &appointment(&event), now)?;
        }
    }
    Ok(id)
}

/// A task as an element.
pub(super) fn task(task: &Value) -> String {
    format!("<Task>{}</Task>", inside(task, TASK))
}

/// Changes of an appointment.
pub(super) fn appointment_updates(change: &Value) -> String {
    updates(change, APPOINTMENT, "CalendarItem")
}

/// Changes of a task.
pub(super) fn task_updates(change: &Value) -> String {
    updates(change, TASK, "Task")
}

fn known(said: &Value, table: &[(&str, &[&str])]) {
    for name in said.as_object().expect("an object").keys() {
        let known = table.iter().any(|(one, _)| one == name) || PASSED.contains(&name.as_str());
        assert!(known, "nobody says \"{name}\" on Exchange");
    }
}

fn inside(said: &Value, table: &[(&str, &[&str])]) -> String {
    known(said, table);
    let mut all = String::new();
    for (name, paths) in table {
        let Some(value) = said.get(name).filter(|value| !value.is_null()) else { continue };
        for path in *paths {
            all += &element(path, value).unwrap_or_default();
        }
    }
    all
}

fn updates(said: &Value, table: &[(&str, &[&str])], item: &str) -> String {
    known(said, table);
    let mut all = String::new();
    // Zones first: alone they would shift what is said of the times.
    let zones = |path: &&str| path.ends_with("TimeZone");
    let mut paths: Vec<(&str, &Value)> = Vec::new();
    for (name, of) in table {
        if let Some(value) = said.get(name) {
            paths.extend(of.iter().map(|path| (*path, value)));
        }
    }
    paths.sort_by_key(|(path, _)| !zones(path));
    for (path, value) in paths {
        let field = format!("<FieldURI FieldURI=\"{path}\"/>");
        match element(path, value) {
            Some(element) => all += &format!("<SetItemField>{field}<{item}>{element}</{item}></SetItemField>"),
            None if path.ends_with("TimeZone") => {}
            None => all += &format!("<DeleteItemField>{field}</DeleteItemField>"),
        }
    }
    all
}

/// The element of a property; none where it has no value.
fn element(path: &str, value: &Value) -> Option<String> {
    let name = path.rsplit(':').next().unwrap_or(path);
    let text = |text: &str| Some(format!("<{name}>{}</{name}>", escaped(text)));
    match name {
        "Body" => {
            let kind = if value["contentType"] == "html" { "HTML" } else { "Text" };
            let content = value["content"].as_str().unwrap_or_default();
            Some(format!("<Body BodyType=\"{kind}\">{}</Body>", escaped(content)))
        }
        "Start" | "End" => {
            let local: NaiveDateTime = value["dateTime"].as_str()?.trim_end_matches('Z').parse().ok()?;
            let named = value["timeZone"].as_str().and_then(zone_name).is_some();
            // A day of a zone that Exchange has no name for is one of the mailbox's own.
            if named || local.time() != NaiveTime::MIN {
                text(&time::iso(instant(value)?))
            } else {
                text(&local.format("%Y-%m-%dT%H:%M:%S").to_string())
            }
        }
        "StartTimeZone" | "EndTimeZone" => {
            let zone = zone_name(value["timeZone"].as_str()?)?;
            Some(format!("<{name} Id=\"{}\"/>", escaped(&zone)))
        }
        "ReminderDueBy" => text(&time::iso(instant(value)?)),
        "DueDate" | "StartDate" => {
            let local: NaiveDateTime = value["dateTime"].as_str()?.trim_end_matches('Z').parse().ok()?;
            match local.time() {
                // A day, whatever zone its midnight was said in.
                NaiveTime::MIN => text(&format!("{}T00:00:00", local.date())),
                _ => text(&time::iso(instant(value)?)),
            }
        }
        "Location" => text(value["displayName"].as_str().filter(|place| !place.is_empty())?),
        "RequiredAttendees" => {
            let all = value.as_array().filter(|all| !all.is_empty())?;
            let one = |one: &Value| {
                let part = |part: &str| escaped(one["emailAddress"][part].as_str().unwrap_or_default());
                format!(
                    "<Attendee><Mailbox><Name>{}</Name><EmailAddress>{}</EmailAddress></Mailbox></Attendee>",
                    part("name"),
                    part("address")
                )
            };
            Some(format!("<{name}>{}</{name}>", all.iter().map(one).collect::<String>()))
        }
        "Recurrence" => recurrence(value),
        "ExtendedProperty" => {
            let marker = value.as_array()?.first()?["value"].as_str()?;
            Some(format!(
                "<ExtendedProperty><ExtendedFieldURI PropertySetId=\"{}\" PropertyName=\"{}\" PropertyType=\"String\"/>\
                 <Value>{}</Value></ExtendedProperty>",
                guest::identity::MARKER_SET,
                guest::identity::MARKER_NAME,
                escaped(marker)
            ))
        }
        "Importance" | "Sensitivity" | "Status" => text(&capital(value.as_str()?)),
        _ => match value {
            Value::Null => None,
            Value::String(plain) => text(plain),
            other => text(&other.to_string()),
        },
    }
}

/// What Exchange calls a zone; none where it has no name for it.
fn zone_name(name: &str) -> Option<String> {
    let zone = time::zone(name)?;
    if zone == chrono_tz::Tz::UTC { Some("UTC".into()) } else { time::windows_name(zone) }
}

/// Graph's enumerations are those of Exchange with a small letter.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn instant(point: &Value) -> Option<DateTime<Utc>> {
    let local: NaiveDateTime = point["dateTime"].as_str()?.trim_end_matches('Z').parse().ok()?;
    Some(time::instant(time::zone(point["timeZone"].as_str().unwrap_or("UTC"))?, local))
}

fn recurrence(value: &Value) -> Option<String> {
    let (pattern, range) = (value.get("pattern")?, value.get("range")?);
    let interval = pattern["interval"].as_u64().unwrap_or(1);
    let pattern = match pattern["type"].as_str()? {
        "daily" => format!("<DailyRecurrence><Interval>{interval}</Interval></DailyRecurrence>"),
        "weekly" => {
            let days: Vec<String> =
                pattern["daysOfWeek"].as_array()?.iter().filter_map(Value::as_str).map(capital).collect();
            let days = days.join(" ");
            format!(
                "<WeeklyRecurrence><Interval>{interval}</Interval><DaysOfWeek>{days}</DaysOfWeek></WeeklyRecurrence>"
            )
        }
        other => panic!("nobody repeats \"{other}\" on Exchange"),
    };
    let start = format!("<StartDate>{}</StartDate>", range["startDate"].as_str()?);
    let range = match range["type"].as_str()? {
        "noEnd" => format!("<NoEndRecurrence>{start}</NoEndRecurrence>"),
        "numbered" => format!(
            "<NumberedRecurrence>{start}<NumberOfOccurrences>{}</NumberOfOccurrences></NumberedRecurrence>",
            range["numberOfOccurrences"]
        ),
        _ => format!("<EndDateRecurrence>{start}<EndDate>{}</EndDate></EndDateRecurrence>", range["endDate"].as_str()?),
    };
    Some(format!("<Recurrence>{pattern}{range}</Recurrence>"))
}

/// An edit of Graph's control port.
pub(super) fn edit(exchange: &mut Exchange, edit: &Value, now: DateTime<Utc>) -> Result<Value, String> {
    let text = |name: &str| edit[name].as_str().unwrap_or_default().to_owned();
    match text("action").as_str() {
        "remove-calendar" => exchange.remove_folder(&text("mailbox"), &text("calendar"), now).map(|()| Value::Null),
        "expire-tokens" => exchange.edit(&json!({"action": "expire-tokens"}), now),
        "expire-delta-tokens" => {
            exchange.expire_sync_states();
            Ok(Value::Null)
        }
        "knobs" => {
            let knobs = edit["knobs"].as_object().cloned().unwrap_or_default();
            for (name, value) in knobs {
                let own = match name.as_str() {
                    "bump_on_read" | "skew_ms" | "denied_mailboxes" => name.as_str(),
                    "delta_page_limit" => "sync_page_limit",
                    "delta_empty_pages" => "sync_empty_pages",
                    "delta_replays" => "sync_repeats",
                    // How Graph says that a token is dead, and whether it shows what was deleted; and Exchange knows no
                    // transactions that it could forget.
                    "delta_dead_token" | "deleted_readable" | "forgets_transactions" => continue,
                    other => return Err(format!("Exchange has no knob \"{other}\"")),
                };
                exchange.edit(&json!({"action": "knobs", "knobs": {own: value}}), now)?;
            }
            Ok(Value::Null)
        }
        "move-event" => {
            let (mailbox, subject) = (text("mailbox"), text("subject"));
            let id = exchange.find(&mailbox, &subject).ok_or("there is no such event")?.id;
            exchange.move_to(&mailbox, &id, &text("calendar"), now).map(|_| Value::Null)
        }
        "create-event" => {
            let calendar = edit["calendar"].as_str();
            let id = exchange.add_item(&text("mailbox"), calendar, &appointment(&edit["event"]), now)?;
            Ok(json!({ "id": id }))
        }
        other => Err(format!("nobody does \"{other}\" on Exchange")),
    }
}
