//! Events as the engine sees them, and values as properties.

use super::Graph;
use super::client::marker_id;
use crate::activity::{Kind, Priority, Seen, Series, Stake, State, Unit, Value, Values, When};
use crate::ask::Fault;
use crate::identity;
use crate::policy::Private;
use crate::reason::Reason;
use crate::{text, time};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value as Json, json};

/// Characters of a zone's name that a warning shows.
const ZONE_SHOWN: usize = 60;

pub(super) fn string<'a>(event: &'a Json, name: &str) -> &'a str {
    event.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn flag(event: &Json, name: &str) -> bool {
    event.get(name).and_then(Json::as_bool).unwrap_or(false)
}

/// The etag, without which an update cannot say what it was made from.
pub(super) fn version(event: &Json) -> String {
    match string(event, "@odata.etag") {
        "" => string(event, "changeKey").to_owned(),
        etag => etag.to_owned(),
    }
}

fn is_private(event: &Json) -> bool {
    matches!(string(event, "sensitivity").to_ascii_lowercase().as_str(), "private" | "confidential")
}

/// The title that may be told of an event.
pub(super) fn title(side: &Graph, event: &Json) -> String {
    if is_private(event) && side.private != Private::Copy {
        return side.language.private().to_owned();
    }
    text::line(string(event, "subject"))
}

/// An event as the engine sees it, after the account's policy for private items.
///
/// # Errors
/// [`Fault::Garbled`] where it has no id.
pub fn seen(side: &Graph, event: &Json, folder: Option<&str>) -> Result<Seen, Fault> {
    let id = string(event, "id");
    if id.is_empty() {
        return Err(Fault::Garbled("an event without an id".into()));
    }
    let kind = string(event, "type").to_ascii_lowercase();
    let series = match kind.as_str() {
        "seriesmaster" => Some(Series::Master),
        "occurrence" | "exception" => Some(Series::Occurrence),
        _ if event.get("recurrence").is_some_and(Json::is_object) => Some(Series::Master),
        _ => None,
    };
    let when = when(event, side.zone);
    let attendees = attendees(event);
    // Without attendees there is no organizer to ask: the event is the user's own.
    let ours = attendees.is_empty() || event.get("isOrganizer").and_then(Json::as_bool).unwrap_or(true);
    let private = is_private(event);
    let masked = private && side.private == Private::Mask;
    let title = text::line(string(event, "subject"));
    let print = when.as_ref().filter(|_| masked).map(|when| identity::fingerprint_of(&title, when));
    let left_alone = if series.is_some() {
        Some(Reason::SeriesNotHandled)
    } else if private && side.private == Private::Skip {
        Some(Reason::PrivateSkipped)
    } else if when.is_none() {
        Some(Reason::NoDates)
    } else {
        None
    };
    let online = flag(event, "isOnlineMeeting") || !string(event, "onlineMeetingUrl").is_empty();
    Ok(Seen {
        id: id.to_owned(),
        version: version(event),
        modified: time::parse_instant(string(event, "lastModifiedDateTime")),
        kind: Kind::Appointment,
        folder: folder.map(str::to_owned),
        identity: identity::meeting(string(event, "iCalUId")),
        marker: marker(event),
        values: values(side, event, when, masked),
        state: if flag(event, "isCancelled") { State::Cancelled } else { State::Open },
        left_alone,
        ours,
        attendees,
        masked,
        print,
        online,
        series,
        recurring: false,
        owned: true,
        stake: Stake::Part,
        span: None,
        exportable: true,
        grouped: true,
        created: None,
        odd_zone: odd_zone(event),
        // Occurrences of a delta are abridged: what they lack is not empty.
        partial: event.get("subject").is_none() && series == Some(Series::Occurrence),
    })
}

fn values(side: &Graph, event: &Json, when: Option<When>, masked: bool) -> Values {
    let mut values = Values::new();
    let (title, place, body) = if masked {
        (side.language.private().to_owned(), String::new(), String::new())
    } else {
        (
            text::line(string(event, "subject")),
            text::line(event.pointer("/location/displayName").and_then(Json::as_str).unwrap_or_default()),
            body(event),
        )
    };
    values.insert(Unit::Title, Value::Text(title));
    values.insert(Unit::Place, Value::Text(place));
    if body.len() <= crate::creatio::mapping::NOTES {
        values.insert(Unit::Body, Value::Text(body));
    }
    if let Some(when) = when {
        values.insert(Unit::When, Value::When(when));
    }
    let reminder = flag(event, "isReminderOn")
        .then(|| event.get("reminderMinutesBeforeStart").and_then(Json::as_i64).unwrap_or(0).max(0));
    values.insert(Unit::Reminder, Value::Reminder(reminder));
    let priority = match string(event, "importance").to_ascii_lowercase().as_str() {
        "high" => Priority::High,
        "low" => Priority::Low,
        _ => Priority::Normal,
    };
    values.insert(Unit::Priority, Value::Priority(priority));
    values
}

pub(super) fn body(event: &Json) -> String {
    let content = event.pointer("/body/content").and_then(Json::as_str).unwrap_or_default();
    let html =
        event.pointer("/body/contentType").and_then(Json::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("html"));
    if html { text::paragraphs(&text::html_to_text(content)) } else { text::paragraphs(content) }
}

fn when(event: &Json, zone: Tz) -> Option<When> {
    let local = |name: &str| {
        let point = event.get(name)?;
        let local = time::parse_local(point.get("dateTime")?.as_str()?.trim_end_matches('Z'))?;
        Some((local, point.get("timeZone").and_then(Json::as_str).unwrap_or("UTC")))
    };
    let ((start, start_zone), (end, end_zone)) = (local("start")?, local("end")?);
    let when = if flag(event, "isAllDay") {
        // Dates are literal, whatever zone the answer names: midnight belongs to the account.
        When { start: time::midnight(zone, start.date()), end: time::midnight(zone, end.date()), all_day: true }
    } else {
        let at = |local, name: &str| time::instant(time::zone(name).unwrap_or(zone), local);
        When { start: at(start, start_zone), end: at(end, end_zone), all_day: false }
    };
    (when.start <= when.end).then_some(when)
}

/// The zone that the times of an event name, where it is none that is known.
fn odd_zone(event: &Json) -> Option<String> {
    ["start", "end"]
        .iter()
        .filter_map(|name| event.get(name)?.get("timeZone")?.as_str())
        .find(|name| !flag(event, "isAllDay") && time::zone(name).is_none())
        .map(|name| text::cut(&text::line(name), ZONE_SHOWN))
}

fn attendees(event: &Json) -> Vec<String> {
    let organizer = event.pointer("/organizer/emailAddress/address").and_then(Json::as_str).unwrap_or_default();
    event
        .get("attendees")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|attendee| {
            let address = attendee.pointer("/emailAddress/address").and_then(Json::as_str).unwrap_or_default();
            let name = attendee.pointer("/emailAddress/name").and_then(Json::as_str).unwrap_or_default();
            // The organizer often stands in the list of his own meeting; nobody mails him.
            (!address.eq_ignore_ascii_case(organizer)).then(|| match (name, address) {
                ("", address) => address.to_owned(),
                (name, "") => name.to_owned(),
                (name, address) => format!("{name} <{address}>"),
            })
        })
        .collect()
}

/// Our marker, where the answer expands it.
#[must_use]
pub fn marker(event: &Json) -> Option<String> {
    let ours = marker_id();
    event
        .get("singleValueExtendedProperties")?
        .as_array()?
        .iter()
        // Servers write the property set's id in either case.
        .find(|property| property.get("id").and_then(Json::as_str).is_some_and(|id| id.eq_ignore_ascii_case(&ours)))?
        .get("value")?
        .as_str()
        .map(str::to_owned)
}

fn point(at: DateTime<Utc>, zone: Tz) -> Json {
    // A local time that occurs twice would be taken the first time: UTC has no such hour.
    match (time::unambiguous_local(zone, at), time::windows_name(zone)) {
        (Some(local), Some(name)) => {
            json!({"dateTime": local.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": name})
        }
        _ => json!({"dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC"}),
    }
}

/// The properties that these values are written to.
#[must_use]
pub fn properties(values: &Values, zone: Tz) -> Map<String, Json> {
    let mut event = Map::new();
    for (unit, value) in values {
        match (unit, value) {
            (Unit::Title, Value::Text(title)) => {
                event.insert("subject".into(), json!(title));
            }
            (Unit::Place, Value::Text(place)) => {
                event.insert("location".into(), json!({ "displayName": place }));
            }
            (Unit::Body, Value::Text(body)) => {
                event.insert("body".into(), json!({"contentType": "text", "content": body}));
            }
            (Unit::When, Value::When(when)) => {
                let (start, end) = match (when.all_day, time::whole_days(zone, when.start, when.end)) {
                    (true, Some((from, until))) => {
                        let day = |date: chrono::NaiveDate| {
                            let name = time::windows_name(zone).unwrap_or_else(|| "UTC".into());
                            json!({"dateTime": format!("{date}T00:00:00"), "timeZone": name})
                        };
                        (day(from), day(until))
                    }
                    _ => (point(when.start, zone), point(when.end, zone)),
                };
                event.insert("start".into(), start);
                event.insert("end".into(), end);
                event.insert("isAllDay".into(), json!(when.all_day));
            }
            (Unit::Reminder, Value::Reminder(reminder)) => {
                event.insert("isReminderOn".into(), json!(reminder.is_some()));
                if let Some(minutes) = reminder {
                    event.insert("reminderMinutesBeforeStart".into(), json!(minutes));
                }
            }
            (Unit::Priority, Value::Priority(priority)) => {
                let importance = match priority {
                    Priority::Low => "low",
                    Priority::Normal => "normal",
                    Priority::High => "high",
                };
                event.insert("importance".into(), json!(importance));
            }
            _ => {}
        }
    }
    event
}
