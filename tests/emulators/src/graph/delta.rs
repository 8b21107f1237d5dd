//! Delta of a calendar: its window, or its masters and single events.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value, json};

use super::Graph;
use super::encode::{Shape, etag};
use super::errors::ApiError;
use super::event::Event;
use super::ids::{Id, Key, Kind};
use super::mailbox::Entry;
use super::query::{Model, Query};
use super::round::{Feed, Page, Source};
use super::route::{Answer, Call};
use super::view::window;
use super::zones::parse_instant;

impl Graph {
    pub(super) fn view_delta(&self, call: &Call<'_>, calendar: Option<Key>) -> Answer {
        let refused = ["$select", "$filter", "$expand", "$orderby", "$search"];
        let names =
            call.request.query().split('&').filter_map(|pair| pair.split('=').next()).map(crate::wire::query_text);
        if let Some(name) = names.into_iter().find(|name| refused.contains(&name.to_ascii_lowercase().as_str())) {
            let message = format!(
                "The following parameters are not supported with change tracking over the 'CalendarView' resource: '{name}'."
            );
            return Err(ApiError::new(400, "ErrorInvalidUrlQuery", message));
        }
        self.delta(call, calendar, Feed::View)
    }

    pub(super) fn events_delta(&self, call: &Call<'_>, calendar: Option<Key>) -> Answer {
        self.delta(call, calendar, Feed::Events)
    }

    fn delta(&self, call: &Call<'_>, calendar: Option<Key>, feed: Feed) -> Answer {
        let mailbox = self.mailbox(call.at)?;
        let folder = calendar.unwrap_or(mailbox.default_calendar);
        let log = &mailbox.calendars.get(&folder).ok_or_else(ApiError::not_found)?.log;
        let shape = self.shape(call);
        let source = Source { feed, model: Model::Event, folder, log };
        self.round(
            call,
            &source,
            |query| if feed == Feed::View { window(query) } else { lower_bound(query) },
            |page, entry| {
                if let Some(event) = mailbox.event(entry.key) {
                    self.show(&shape, feed, page, event);
                }
            },
            |page, entry| {
                page.rows.push(removed(&shape, folder, entry, None));
                if self.knobs.delta_removes_instances {
                    let lost = mailbox.event(entry.key).or_else(|| mailbox.deleted.get(&entry.key).map(AsRef::as_ref));
                    let instances = lost.map(|event| event.instances(page.token.from, page.token.to));
                    page.rows.extend(
                        instances.unwrap_or_default().iter().map(|seen| removed(&shape, folder, entry, seen.date)),
                    );
                }
            },
        )
    }

    /// Shows an event if it is in the window; a series with all of its instances there.
    fn show(&self, shape: &Shape, feed: Feed, page: &mut Page, event: &Event) {
        let Page { token, query, rows } = page;
        if feed == Feed::Events {
            let begins = token.from.date_naive();
            let lasts = event.series.as_ref().is_some_and(|series| series.last.is_none_or(|last| last >= begins));
            if lasts || event.whole().end_at() > token.from {
                rows.push(brief(shape, event, query));
                if self.knobs.events_delta_exceptions {
                    let dates = event.series.iter().flat_map(|series| series.exceptions.keys());
                    rows.extend(dates.filter_map(|date| event.occurrence(*date)).map(|seen| full(shape, &seen)));
                }
            }
            return;
        }
        if event.series.is_none() {
            if event.whole().overlaps(token.from, token.to) {
                rows.push(full(shape, &event.whole()));
            }
            return;
        }
        let instances = event.instances(token.from, token.to);
        if !instances.is_empty() {
            rows.push(full(shape, &event.whole()));
        }
        for seen in instances {
            rows.push(if seen.exception().is_some() { full(shape, &seen) } else { shape.abridged(&seen) });
        }
    }
}

/// `events/delta` takes a lower bound, and no upper one.
fn lower_bound(query: &Query) -> Result<(DateTime<Utc>, DateTime<Utc>), ApiError> {
    if query.get("endDateTime").is_some() {
        return Err(ApiError::parameter("The parameter 'endDateTime' is not supported."));
    }
    let from = match query.get("startDateTime") {
        None => DateTime::UNIX_EPOCH,
        Some(text) => parse_instant(text).ok_or_else(|| {
            ApiError::parameter(format!("The value '{text}' of parameter 'startDateTime' is invalid."))
        })?,
    };
    Ok((from, from + Duration::days(36525)))
}

fn removed(shape: &Shape, calendar: Key, entry: &Entry, date: Option<NaiveDate>) -> Value {
    let place = (!shape.immutable).then_some((calendar, entry.moves));
    let id = Id { kind: Kind::Event, mailbox: shape.mailbox, key: entry.key, date, place }.encode();
    json!({ "@odata.type": "#microsoft.graph.event", "id": id, "@removed": { "reason": "deleted" } })
}

fn full(shape: &Shape, seen: &super::event::Seen<'_>) -> Value {
    let mut map = shape.full(seen);
    map.insert("@odata.type".to_owned(), "#microsoft.graph.event".into());
    Value::Object(map)
}

fn brief(shape: &Shape, event: &Event, query: &Query) -> Value {
    let seen = event.whole();
    if query.select.is_some() {
        let mut map = shape.full(&seen);
        query.project(&mut map, &[]);
        return Value::Object(map);
    }
    let (start, end) = shape.times(&seen);
    json!({
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": etag(shape.mailbox, seen.change()),
        "id": shape.id(&seen),
        "type": seen.kind(),
        "start": start,
        "end": end,
    })
}
