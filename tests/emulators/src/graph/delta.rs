//! Delta: rounds over the log of a calendar, in pages, by opaque tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Graph;
use super::encode::{Shape, etag};
use super::errors::ApiError;
use super::event::Event;
use super::ids::{Id, Key, Kind};
use super::knobs::DeadToken;
use super::mailbox::Entry;
use super::query::{Model, Query, escape};
use super::route::{Answer, Call};
use super::view::window;
use super::zones::parse_instant;

/// What a token holds. The window is frozen in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    /// `calendarView`, else `events`.
    view: bool,
    mailbox: Uuid,
    calendar: Key,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Changes up to this number have been shown.
    seen: u64,
    /// Changes up to this number belong to the full round, which shows what is there and no removals.
    full: u64,
    issued: DateTime<Utc>,
    epoch: u64,
    /// The empty page of this round has been given.
    blank: bool,
}

impl Token {
    fn encode(&self) -> String {
        let fields = [
            u8::from(self.view).to_string(),
            self.mailbox.simple().to_string(),
            self.calendar.to_string(),
            self.from.timestamp_millis().to_string(),
            self.to.timestamp_millis().to_string(),
            self.seen.to_string(),
            self.full.to_string(),
            self.issued.timestamp().to_string(),
            self.epoch.to_string(),
            u8::from(self.blank).to_string(),
        ];
        URL_SAFE_NO_PAD.encode(fields.join(";"))
    }

    fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut fields = text.split(';');
        let mut next = || fields.next();
        Some(Self {
            view: next()? == "1",
            mailbox: next()?.parse().ok()?,
            calendar: next()?.parse().ok()?,
            from: DateTime::from_timestamp_millis(next()?.parse().ok()?)?,
            to: DateTime::from_timestamp_millis(next()?.parse().ok()?)?,
            seen: next()?.parse().ok()?,
            full: next()?.parse().ok()?,
            issued: DateTime::from_timestamp(next()?.parse().ok()?, 0)?,
            epoch: next()?.parse().ok()?,
            blank: next()? == "1",
        })
    }
}

impl Graph {
    pub(super) fn view_delta(&self, call: &Call<'_>, calendar: Option<Key>) -> Answer {
        let refused = ["$select", "$filter", "$expand", "$orderby", "$search"];
        let names = call.request.query().split('&').filter_map(|pair| pair.split('=').next()).map(super::query::decode);
        if let Some(name) = names.into_iter().find(|name| refused.contains(&name.to_ascii_lowercase().as_str())) {
            let message = format!(
                "The following parameters are not supported with change tracking over the 'CalendarView' resource: '{name}'."
            );
            return Err(ApiError::new(400, "ErrorInvalidUrlQuery", message));
        }
        let query = call.query(Model::Event)?;
        self.delta(call, calendar, &query, true)
    }

    pub(super) fn events_delta(&self, call: &Call<'_>, calendar: Option<Key>) -> Answer {
        let query = call.query(Model::Event)?;
        self.delta(call, calendar, &query, false)
    }

    fn delta(&self, call: &Call<'_>, calendar: Option<Key>, query: &Query, view: bool) -> Answer {
        let mailbox = self.mailbox(call.at)?;
        let calendar = calendar.unwrap_or(mailbox.default_calendar);
        let given = query.get("$skiptoken").or_else(|| query.get("$deltatoken")).filter(|text| !text.is_empty());
        let mut token = match given {
            Some(text) => {
                let token = Token::decode(text)
                    .filter(|token| token.view == view && token.mailbox == mailbox.guid && token.calendar == calendar)
                    .ok_or_else(|| ApiError::new(400, "ErrorInvalidIdMalformed", "The delta token is malformed."))?;
                let old = self
                    .knobs
                    .delta_token_lifetime
                    .is_some_and(|life| call.now - token.issued >= Duration::seconds(life));
                if token.epoch != self.delta_epoch || old {
                    return Err(self.dead(call, &token));
                }
                token
            }
            None => {
                let (from, to) = if view { window(query)? } else { lower_bound(query)? };
                Token {
                    view,
                    mailbox: mailbox.guid,
                    calendar,
                    from,
                    to,
                    seen: 0,
                    full: self.counter,
                    issued: call.now,
                    epoch: self.delta_epoch,
                    blank: false,
                }
            }
        };
        token.issued = call.now;
        let mut rows = Vec::new();
        let blank = self.knobs.delta_empty_pages && !token.blank;
        token.blank = true;
        let complete = !blank && self.fill(call, &mut token, query, &mut rows)?;
        let link = if complete {
            token.seen = self.counter;
            token.full = 0;
            token.blank = false;
            ("@odata.deltaLink", "deltatoken")
        } else {
            ("@odata.nextLink", "skiptoken")
        };
        let mut answer = Map::new();
        answer.insert("@odata.context".to_owned(), format!("{}/v1.0/$metadata#Collection(event)", call.base).into());
        answer.insert(
            link.0.to_owned(),
            format!("{}{}?%24{}={}", call.base, call.request.path(), link.1, token.encode()).into(),
        );
        answer.insert("value".to_owned(), rows.into());
        let mut applied = vec!["odata.track-changes".to_owned()];
        applied.extend(call.prefer.applied.iter().cloned());
        if let Some(size) = call.prefer.page {
            applied.push(format!("odata.maxpagesize={size}"));
        }
        let response = crate::wire::Response::json(200, &Value::Object(answer));
        Ok(response.with("preference-applied", applied.join(", ")))
    }

    /// Fills a page, and says whether the round is complete with it.
    fn fill(&self, call: &Call<'_>, token: &mut Token, query: &Query, rows: &mut Vec<Value>) -> Result<bool, ApiError> {
        let mailbox = self.mailbox(call.at)?;
        let calendar = mailbox.calendars.get(&token.calendar).ok_or_else(ApiError::not_found)?;
        let shape = self.shape(call);
        let size = call.prefer.page.unwrap_or(self.knobs.delta_page_size).clamp(1, self.knobs.delta_page_limit.max(1));
        if self.knobs.delta_replays && token.seen > 0 {
            let before =
                calendar.log.entries.range(..=token.seen).rev().map(|(_, entry)| entry).find(|entry| !entry.gone);
            if let Some(event) = before.and_then(|entry| mailbox.event(entry.key)) {
                self.show(&shape, token, query, event, rows);
            }
        }
        for (number, entry) in calendar.log.entries.range(token.seen + 1..) {
            if rows.len() >= size {
                return Ok(false);
            }
            let before = rows.len();
            if let Some(event) = mailbox.event(entry.key).filter(|_| !entry.gone) {
                self.show(&shape, token, query, event, rows);
            }
            // Outside of the window is as good as removed, also for what has never been inside.
            if rows.len() == before && *number > token.full {
                rows.push(removed(&shape, token.calendar, entry, None));
                if self.knobs.delta_removes_instances {
                    let lost = mailbox.event(entry.key).or_else(|| mailbox.deleted.get(&entry.key).map(AsRef::as_ref));
                    let instances = lost.map(|event| event.instances(token.from, token.to)).unwrap_or_default();
                    rows.extend(instances.iter().map(|seen| removed(&shape, token.calendar, entry, seen.date)));
                }
            }
            token.seen = *number;
        }
        Ok(true)
    }

    /// Shows an event if it is in the window; a series with all of its instances there.
    fn show(&self, shape: &Shape, token: &Token, query: &Query, event: &Event, rows: &mut Vec<Value>) {
        if !token.view {
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

    fn dead(&self, call: &Call<'_>, token: &Token) -> ApiError {
        let (status, code) = match self.knobs.delta_dead_token {
            DeadToken::Gone | DeadToken::GoneWithLocation => (410, "SyncStateNotFound"),
            DeadToken::ResyncRequired => (410, "resyncRequired"),
            DeadToken::BadRequest => (400, "ErrorInvalidIdMalformed"),
            DeadToken::BadRequestSyncState => (400, "SyncStateNotFound"),
        };
        let message = format!(
            "The sync state generation is not found; generation={};[highest={}]",
            token.epoch, self.delta_epoch
        );
        let error = ApiError::new(status, code, message);
        if self.knobs.delta_dead_token != DeadToken::GoneWithLocation {
            return error;
        }
        let stamp = |at: DateTime<Utc>| escape(&at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        let window = if token.view {
            format!("startDateTime={}&endDateTime={}&", stamp(token.from), stamp(token.to))
        } else {
            String::new()
        };
        error.header("location", format!("{}{}?{window}%24deltatoken=", call.base, call.request.path()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_round_trip_and_garbage_does_not() {
        let token = Token {
            view: true,
            mailbox: Uuid::from_u128(7),
            calendar: 3,
            from: DateTime::UNIX_EPOCH,
            to: DateTime::UNIX_EPOCH,
            seen: 9,
            full: 12,
            issued: DateTime::UNIX_EPOCH,
            epoch: 0,
            blank: true,
        };
        assert_eq!(Token::decode(&token.encode()), Some(token));
        assert_eq!(Token::decode("garbage"), None);
    }
}
