//! Events as JSON, in the representation that a request asks for.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body;
use super::event::{Answer, Content, Event, Seen, Wall};
use super::ids::{self, Id, Kind};
use super::zones::{self, Zone, stamp, wall_text};

/// How a request wants events shown.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) mailbox: Uuid,
    pub(super) zone: Zone,
    pub(super) text_body: bool,
    pub(super) immutable: bool,
    pub(super) custom_zone: bool,
    pub(super) custom_points: bool,
}

/// The id of an event or occurrence.
pub(super) fn event_id(mailbox: Uuid, event: &Event, date: Option<chrono::NaiveDate>, immutable: bool) -> String {
    let place = (!immutable).then_some((event.calendar, event.moves));
    Id { kind: Kind::Event, mailbox, key: event.key, date, place }.encode()
}

/// The etag that belongs to a change key.
pub(super) fn etag(mailbox: Uuid, change: u64) -> String {
    format!("W/\"{}\"", ids::change_key(mailbox, change))
}

fn answer(answer: Answer) -> Value {
    let time =
        answer.time.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    json!({ "response": answer.response, "time": time })
}

impl Shape {
    fn time(&self, all_day: bool, literal: chrono::NaiveDateTime, instant: chrono::DateTime<chrono::Utc>) -> Value {
        // An all-day event is a date: it stays at midnight whatever zone is asked for.
        let wall = if all_day { literal } else { self.zone.wall(instant) };
        let name = if self.custom_points { "tzone://Microsoft/Custom" } else { &self.zone.name };
        json!({ "dateTime": wall_text(wall), "timeZone": name })
    }

    fn zone_name(&self, wall: &Wall) -> String {
        if self.custom_zone { "tzone://Microsoft/Custom".to_owned() } else { wall.zone.name.clone() }
    }

    pub(super) fn id(&self, seen: &Seen<'_>) -> String {
        event_id(self.mailbox, seen.event, seen.date, self.immutable)
    }

    /// Start and end of what is seen.
    pub(super) fn times(&self, seen: &Seen<'_>) -> (Value, Value) {
        let all_day = seen.content().all_day;
        (self.time(all_day, seen.start(), seen.start_at()), self.time(all_day, seen.end(), seen.end_at()))
    }

    /// The few members that delta gives of an occurrence.
    pub(super) fn abridged(&self, seen: &Seen<'_>) -> Value {
        let (start, end) = self.times(seen);
        json!({
            "@odata.type": "#microsoft.graph.event",
            "@odata.etag": etag(self.mailbox, seen.change()),
            "seriesMasterId": event_id(self.mailbox, seen.event, None, self.immutable),
            "type": seen.kind(),
            "id": self.id(seen),
            "start": start,
            "end": end,
        })
    }

    /// Everything but what has to be expanded.
    pub(super) fn full(&self, seen: &Seen<'_>) -> Map<String, Value> {
        self.members(seen, |_| true)
    }

    /// The members that are wanted, but for what has to be expanded.
    pub(super) fn members(&self, seen: &Seen<'_>, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
        let (event, content) = (seen.event, seen.content());
        let mut map = Map::new();
        let mut put = |name: &str, value: &dyn Fn() -> Value| {
            if wanted(name) {
                map.insert(name.to_owned(), value());
            }
        };
        put("@odata.etag", &|| etag(self.mailbox, seen.change()).into());
        put("id", &|| self.id(seen).into());
        put("createdDateTime", &|| stamp(event.created).into());
        put("lastModifiedDateTime", &|| stamp(seen.modified()).into());
        put("changeKey", &|| ids::change_key(self.mailbox, seen.change()).into());
        put("categories", &|| json!(content.categories));
        if let Some(transaction) = &event.transaction {
            put("transactionId", &|| transaction.clone().into());
        }
        put("originalStartTimeZone", &|| self.zone_name(&content.start).into());
        put("originalEndTimeZone", &|| self.zone_name(&content.end).into());
        put("iCalUId", &|| event.global.text(seen.date).into());
        put("reminderMinutesBeforeStart", &|| content.reminder_minutes.into());
        put("isReminderOn", &|| content.reminder_on.into());
        put("hasAttachments", &|| false.into());
        put("subject", &|| json!(content.subject));
        put("bodyPreview", &|| body::preview(&content.body).into());
        put("importance", &|| content.importance.into());
        put("sensitivity", &|| content.sensitivity.into());
        put("isAllDay", &|| content.all_day.into());
        put("isCancelled", &|| seen.cancelled().into());
        put("isOrganizer", &|| event.is_organizer.into());
        put("responseRequested", &|| content.response_requested.into());
        put("seriesMasterId", &|| json!(seen.date.map(|_| event_id(self.mailbox, event, None, self.immutable))));
        put("showAs", &|| content.show_as.into());
        put("type", &|| seen.kind().into());
        put("webLink", &|| {
            let id = self.id(seen);
            format!("https://outlook.office365.com/owa/?itemid={id}&exvsurl=1&path=/calendar/item").into()
        });
        put("onlineMeetingUrl", &|| Value::Null);
        put("isOnlineMeeting", &|| content.online.on.into());
        put("onlineMeetingProvider", &|| content.online.provider.unwrap_or("unknown").into());
        put("allowNewTimeProposals", &|| content.allow_proposals.into());
        put("isDraft", &|| false.into());
        put("hideAttendees", &|| content.hide_attendees.into());
        if let Some(at) = seen.original_start() {
            put("originalStart", &|| at.format("%Y-%m-%dT%H:%M:%SZ").to_string().into());
        }
        put("responseStatus", &|| answer(seen.answer()));
        put("body", &|| self.body(content));
        put("start", &|| self.time(content.all_day, seen.start(), seen.start_at()));
        put("end", &|| self.time(content.all_day, seen.end(), seen.end_at()));
        put("location", &|| content.locations.first().cloned().unwrap_or_else(nowhere));
        put("locations", &|| json!(content.locations));
        put("recurrence", &|| self.recurrence(seen));
        put("attendees", &|| attendees(content, event.is_organizer));
        put(
            "organizer",
            &|| json!({ "emailAddress": { "name": event.organizer.name, "address": event.organizer.address } }),
        );
        put("onlineMeeting", &|| json!(content.online.join_url.as_ref().map(|url| json!({ "joinUrl": url }))));
        map
    }

    fn body(&self, content: &Content) -> Value {
        if self.text_body {
            json!({ "contentType": "text", "content": body::text(&content.body) })
        } else {
            json!({ "contentType": "html", "content": content.body })
        }
    }

    fn recurrence(&self, seen: &Seen<'_>) -> Value {
        match (&seen.event.series, seen.date) {
            (Some(series), None) => {
                let zone = series.rule.zone.as_deref().unwrap_or(&seen.content().start.zone.name);
                series.rule.to_json(if self.custom_zone { "tzone://Microsoft/Custom" } else { zone })
            }
            _ => Value::Null,
        }
    }

    /// `cancelledOccurrences`, which is shown on demand only.
    pub(super) fn cancelled_occurrences(&self, event: &Event) -> Value {
        let master = event_id(self.mailbox, event, None, self.immutable);
        let dates = event.series.iter().flat_map(|series| &series.deleted);
        dates.map(|date| Value::from(format!("OID.{master}.{date}"))).collect()
    }
}

fn nowhere() -> Value {
    json!({ "displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {} })
}

fn attendees(content: &Content, is_organizer: bool) -> Value {
    if content.hide_attendees && !is_organizer {
        return json!([]);
    }
    let people = content.attendees.iter().map(|attendee| {
        let mut person = json!({
            "type": attendee.kind,
            "status": answer(attendee.answer),
            "emailAddress": { "name": attendee.who.name, "address": attendee.who.address },
        });
        if let (Some(map), Some(proposed)) = (person.as_object_mut(), &attendee.proposed) {
            map.insert("proposedNewTime".to_owned(), proposed.clone());
        }
        person
    });
    people.collect()
}

/// Extended properties, all of them or those asked for.
pub(super) fn extended(seen: &Seen<'_>, wanted: Option<&[String]>) -> Value {
    seen.ext()
        .iter()
        .filter(|(id, _)| wanted.is_none_or(|wanted| wanted.contains(id)))
        .map(|(id, value)| json!({ "id": id, "value": value }))
        .collect()
}

/// The shape in which `state` shows everything: ids that last, UTC.
pub(super) fn plain(mailbox: Uuid) -> Shape {
    Shape {
        mailbox,
        zone: zones::Zone::utc(),
        text_body: false,
        immutable: true,
        custom_zone: false,
        custom_points: false,
    }
}
