//! Listings: events, the expanded view of a calendar, the instances of a series.

use std::cmp::Ordering;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value};

use super::Graph;
use super::calendars::context;
use super::encode::Shape;
use super::errors::ApiError;
use super::event::Seen;
use super::filter::Subject;
use super::ids::Key;
use super::items::render;
use super::mailbox::Mailbox;
use super::query::{Model, Query};
use super::route::{Answer, Call};
use super::zones::{Zone, parse_instant, stamp, wall_text};
use crate::wire::Response;

/// The longest window of a view.
const LONGEST: i64 = 1825;

/// A row of a listing as filters and orders look at it: in UTC, rendered only where that cannot be helped.
struct Row<'a> {
    seen: Seen<'a>,
    shape: &'a Shape,
}

impl Subject for Row<'_> {
    fn member(&self, path: &str) -> Value {
        let (seen, content) = (&self.seen, self.seen.content());
        match path {
            "subject" => content.subject.clone().map_or(Value::Null, Value::from),
            "iCalUId" => seen.event.global.text(seen.date).into(),
            "start/dateTime" if !content.all_day => wall_text(seen.start_at().naive_utc()).into(),
            "end/dateTime" if !content.all_day => wall_text(seen.end_at().naive_utc()).into(),
            "isAllDay" => content.all_day.into(),
            "type" => seen.kind().into(),
            "lastModifiedDateTime" => stamp(seen.modified()).into(),
            "createdDateTime" => stamp(seen.event.created).into(),
            _ => self.shape.full(seen).member(path),
        }
    }

    fn extended(&self, id: &str) -> Option<&str> {
        self.seen.ext().get(id).map(String::as_str)
    }
}

/// How two members stand to each other in an order.
pub(super) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.to_lowercase().cmp(&right.to_lowercase()),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// The window that a request names.
pub(super) fn window(query: &Query) -> Result<(DateTime<Utc>, DateTime<Utc>), ApiError> {
    let (Some(from), Some(to)) = (query.get("startDateTime"), query.get("endDateTime")) else {
        let message = "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.";
        return Err(ApiError::invalid(message));
    };
    let read = |name: &str, text: &str| {
        let problem = || ApiError::parameter(format!("The value '{text}' of parameter '{name}' is invalid."));
        parse_instant(text).ok_or_else(problem)
    };
    let (from, to) = (read("startDateTime", from)?, read("endDateTime", to)?);
    if to < from {
        return Err(ApiError::parameter("The EndDateTime must not lie before the StartDateTime."));
    }
    if to - from > Duration::days(LONGEST) {
        return Err(ApiError::parameter(format!(
            "The requested time duration specified for calendar view is too long: at most {LONGEST} days."
        )));
    }
    Ok((from, to))
}

impl Graph {
    /// Calendars that a request without one means.
    fn scope<'a>(&self, mailbox: &'a Mailbox, calendar: Option<Key>) -> Vec<&'a super::mailbox::Calendar> {
        match calendar {
            Some(key) => mailbox.calendars.get(&key).into_iter().collect(),
            None if self.knobs.events_from_all_calendars => mailbox.calendars.values().collect(),
            None => mailbox.calendars.get(&mailbox.default_calendar).into_iter().collect(),
        }
    }

    pub(super) fn list_events(&self, call: &Call<'_>, calendar: Option<Key>) -> Answer {
        let query = call.query(Model::Event)?;
        let mailbox = self.mailbox(call.at)?;
        let calendars = self.scope(mailbox, calendar).into_iter();
        let rows =
            calendars.flat_map(|calendar| mailbox.events_in(calendar.key)).map(super::event::Event::whole).collect();
        self.page(call, &query, rows)
    }

    pub(super) fn count_events(&self, call: &Call<'_>, calendar: Option<Key>) -> Answer {
        let query = call.query(Model::Event)?;
        let mailbox = self.mailbox(call.at)?;
        let shape = Shape { zone: Zone::utc(), ..self.shape(call) };
        let meets =
            |seen: Seen<'_>| query.filter.as_ref().is_none_or(|filter| filter.matches(&Row { seen, shape: &shape }));
        let calendars = self.scope(mailbox, calendar).into_iter();
        let events = calendars.flat_map(|calendar| mailbox.events_in(calendar.key)).map(super::event::Event::whole);
        let count = events.filter(|seen| meets(*seen)).count();
        let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
        Ok(Response { status: 200, headers, body: count.to_string().into_bytes() })
    }

    pub(super) fn calendar_view(&self, call: &Call<'_>, calendar: Option<Key>) -> Answer {
        let query = call.query(Model::Event)?;
        let (from, to) = window(&query)?;
        let mailbox = self.mailbox(call.at)?;
        let mut rows = Vec::new();
        for event in self.scope(mailbox, calendar).into_iter().flat_map(|calendar| mailbox.events_in(calendar.key)) {
            if event.series.is_some() {
                rows.extend(event.instances(from, to));
            } else if event.whole().overlaps(from, to) {
                rows.push(event.whole());
            }
        }
        rows.sort_by_key(Seen::start_at);
        self.page(call, &query, rows)
    }

    pub(super) fn instances(&self, call: &Call<'_>, key: Key) -> Answer {
        let query = call.query(Model::Event)?;
        let (from, to) = window(&query)?;
        let rows = self.event(call.at, key)?.instances(from, to);
        self.page(call, &query, rows)
    }

    fn page(&self, call: &Call<'_>, query: &Query, mut rows: Vec<Seen<'_>>) -> Answer {
        let mailbox = self.mailbox(call.at)?;
        let shape = self.shape(call);
        let plain = Shape { zone: Zone::utc(), ..shape.clone() };
        if let Some(filter) = &query.filter {
            rows.retain(|seen| filter.matches(&Row { seen: *seen, shape: &plain }));
        }
        for (path, down) in query.order.iter().rev() {
            let mut keyed: Vec<(Value, Seen<'_>)> =
                rows.into_iter().map(|seen| (Row { seen, shape: &plain }.member(path), seen)).collect();
            keyed.sort_by(|left, right| {
                let order = compare(&left.0, &right.0);
                if *down { order.reverse() } else { order }
            });
            rows = keyed.into_iter().map(|(_, seen)| seen).collect();
        }
        let total = rows.len();
        let shown: Vec<Value> = rows
            .iter()
            .skip(query.skip)
            .take(query.top)
            .map(|seen| Value::Object(render(mailbox, &shape, seen, query)))
            .collect();
        let mut answer = Map::new();
        answer.insert("@odata.context".to_owned(), context(call, mailbox, "events"));
        if query.count {
            answer.insert("@odata.count".to_owned(), total.into());
        }
        let next = query.skip + shown.len();
        if next < total {
            let link = format!("{}?{}", call.address, query.page(next));
            answer.insert("@odata.nextLink".to_owned(), link.into());
        }
        answer.insert("value".to_owned(), shown.into());
        Ok(call.ok(200, &Value::Object(answer)))
    }
}
