//! Events by id: reading, writing, deleting, answering.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::Graph;
use super::answer::Reply;
use super::calendars::{context, shown};
use super::decode::{Patch, object};
use super::encode::{Shape, etag, extended};
use super::errors::ApiError;
use super::event::{Event, Seen};
use super::ids::{Id, Key, Kind};
use super::mailbox::Mailbox;
use super::query::{Model, Query};
use super::route::{Answer, Call, not_allowed};
use crate::wire::Response;

/// An event that a path names.
#[derive(Debug, Clone, Copy)]
struct Target {
    key: Key,
    date: Option<NaiveDate>,
    /// It lies in Deleted Items, where it can be read at most.
    deleted: bool,
}

fn done(status: u16) -> Response {
    Response { status, ..Response::default() }
}

impl Graph {
    /// Everything under `events` and `calendarView`, of a calendar or of the mailbox.
    pub(super) fn items(&mut self, call: &Call<'_>, calendar: Option<Key>, rest: &[&str]) -> Answer {
        match (call.method(), rest) {
            ("GET", ["events"]) => self.list_events(call, calendar),
            ("GET", ["events", "$count"]) => self.count_events(call, calendar),
            ("POST", ["events"]) => self.post(call, calendar),
            ("GET", ["calendarView"]) => self.calendar_view(call, calendar),
            ("GET", ["calendarView", "delta"]) => self.view_delta(call, calendar),
            ("GET", ["events", "delta"]) => self.events_delta(call, calendar),
            (_, [_, "delta"] | [_]) => Err(not_allowed()),
            (_, [_, id, tail @ ..]) => {
                let target = self.target(call, calendar, id)?;
                self.item(call, target, tail)
            }
            _ => Err(not_allowed()),
        }
    }

    fn target(&self, call: &Call<'_>, calendar: Option<Key>, id: &str) -> Result<Target, ApiError> {
        let mailbox = self.mailbox(call.at)?;
        let id = Id::decode(id).filter(|id| id.kind == Kind::Event).ok_or_else(ApiError::malformed_id)?;
        if id.mailbox != mailbox.guid {
            return Err(ApiError::not_found());
        }
        let (event, deleted) = match mailbox.event(id.key) {
            Some(event) => (event, false),
            None if self.knobs.deleted_readable && id.place.is_none() && call.method() == "GET" => {
                (mailbox.deleted.get(&id.key).ok_or_else(ApiError::not_found)?.as_ref(), true)
            }
            None => return Err(ApiError::not_found()),
        };
        let moved = id.place.is_some_and(|place| place != (event.calendar, event.moves));
        let elsewhere = calendar.is_some_and(|calendar| calendar != event.calendar);
        let missing = id.date.is_some_and(|date| event.occurrence(date).is_none());
        if moved || elsewhere || missing {
            return Err(ApiError::not_found());
        }
        Ok(Target { key: id.key, date: id.date, deleted })
    }

    fn kept(&self, call: &Call<'_>, target: Target) -> Result<&Event, ApiError> {
        if target.deleted {
            return self.mailbox(call.at)?.deleted.get(&target.key).map(AsRef::as_ref).ok_or_else(ApiError::not_found);
        }
        self.event(call.at, target.key)
    }

    fn item(&mut self, call: &Call<'_>, target: Target, tail: &[&str]) -> Answer {
        let Target { key, date, .. } = target;
        match (call.method(), tail) {
            ("GET", []) => self.get(call, target),
            ("PATCH", []) => {
                self.if_match_event(call, target)?;
                let patch = Patch::read(&object(&call.request.body)?, self.knobs.keep_bodies)?;
                self.update(call.at, key, date, &patch, call.now)?;
                if call.prefer.minimal {
                    return Ok(done(204).with("preference-applied", "return=minimal"));
                }
                let query = call.query(Model::Event)?;
                Ok(call.ok(200, &Value::Object(self.entity(call, target, &query)?)))
            }
            ("DELETE", []) => {
                self.if_match_event(call, target)?;
                self.delete(call.at, key, date, true, call.now)?;
                Ok(done(204))
            }
            ("POST", ["permanentDelete"]) => {
                self.if_match_event(call, target)?;
                self.delete(call.at, key, date, false, call.now)?;
                Ok(done(204))
            }
            ("GET", ["instances"]) => self.instances(call, key),
            ("GET", ["exceptionOccurrences"]) => {
                let query = call.query(Model::Event)?;
                let rows = self.exceptions(call, self.event(call.at, key)?, &query);
                Ok(call.ok(200, &json!({ "value": rows })))
            }
            ("GET", ["attachments" | "extensions"]) => Ok(call.ok(200, &json!({ "value": [] }))),
            ("GET", ["calendar"]) => {
                let mailbox = self.mailbox(call.at)?;
                let calendar =
                    mailbox.calendars.get(&self.kept(call, target)?.calendar).ok_or_else(ApiError::not_found)?;
                let mut map = shown(mailbox, calendar);
                call.query(Model::Calendar)?.project(&mut map, &[]);
                Ok(call.ok(200, &Value::Object(map)))
            }
            ("POST", ["accept"]) => self.reply(call, target, "accepted"),
            ("POST", ["tentativelyAccept"]) => self.reply(call, target, "tentativelyAccepted"),
            ("POST", ["decline"]) => self.reply(call, target, "declined"),
            ("POST", ["cancel"]) => {
                if !self.event(call.at, key)?.is_organizer {
                    let message = "Your request can't be completed. You need to be an organizer to cancel a meeting.";
                    return Err(ApiError::invalid(message));
                }
                self.delete(call.at, key, date, true, call.now)?;
                Ok(done(202))
            }
            ("POST", ["dismissReminder"]) => {
                let patch = Patch { reminder_on: Some(false), ..Patch::default() };
                self.update(call.at, key, date, &patch, call.now)?;
                Ok(done(202))
            }
            ("POST", ["snoozeReminder"]) => Ok(done(202)),
            (_, [] | ["instances" | "calendar" | "accept" | "tentativelyAccept" | "decline" | "cancel"]) => {
                Err(not_allowed())
            }
            (_, [first, ..]) => Err(ApiError::segment(first)),
        }
    }

    fn if_match_event(&self, call: &Call<'_>, target: Target) -> Result<(), ApiError> {
        let mailbox = self.mailbox(call.at)?;
        let seen = self.event(call.at, target.key)?.occurrence_or_whole(target.date);
        self.if_match(call, &etag(mailbox.guid, seen.change()))
    }

    /// Refuses a request that was made for another state of the item than the one with this tag.
    pub(super) fn if_match(&self, call: &Call<'_>, tag: &str) -> Result<(), ApiError> {
        let Some(wanted) = call.request.header("if-match").filter(|_| self.knobs.enforce_if_match) else {
            return Ok(());
        };
        let plain = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
        let current = plain(tag);
        let holds = wanted.trim() == "*" || wanted.split(',').any(|tag| plain(tag) == current);
        if holds { Ok(()) } else { Err(ApiError::conflict()) }
    }

    fn post(&mut self, call: &Call<'_>, calendar: Option<Key>) -> Answer {
        let patch = Patch::read(&object(&call.request.body)?, self.knobs.keep_bodies)?;
        let query = call.query(Model::Event)?;
        let calendar = calendar.map_or_else(|| self.mailbox(call.at).map(|mailbox| mailbox.default_calendar), Ok)?;
        self.refuse_duplicate(call.at, &patch, call.prefer.immutable)?;
        let key = self.create(call.at, calendar, patch, call.now)?;
        let map = self.entity(call, Target { key, date: None, deleted: false }, &query)?;
        let user = self.mailbox(call.at)?.user;
        let id = map.get("id").and_then(Value::as_str).unwrap_or_default();
        let location = format!("{}/v1.0/users('{user}')/events('{id}')", call.base);
        if call.prefer.minimal {
            let response = done(204).with("preference-applied", "return=minimal");
            return Ok(response.with("odata-entityid", location.clone()).with("location", location));
        }
        let tag = map.get("@odata.etag").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(call.ok(201, &Value::Object(map)).with("location", location).with("etag", tag))
    }

    fn get(&mut self, call: &Call<'_>, target: Target) -> Answer {
        let query = call.query(Model::Event)?;
        let map = self.entity(call, target, &query)?;
        if self.knobs.bump_on_read && !target.deleted {
            self.bump(call.at, target.key)?;
        }
        Ok(call.ok(200, &Value::Object(map)))
    }

    /// A new change key without a change.
    pub(super) fn bump(&mut self, at: usize, key: Key) -> Result<(), ApiError> {
        let event = self.event(at, key)?.clone();
        let modified = event.modified;
        self.store(at, event, modified)
    }

    fn entity(&self, call: &Call<'_>, target: Target, query: &Query) -> Result<Map<String, Value>, ApiError> {
        let event = self.kept(call, target)?;
        let mailbox = self.mailbox(call.at)?;
        let shape = self.shape(call);
        let seen = Seen { event, date: target.date };
        let mut map = render(mailbox, &shape, &seen, query);
        // Shown of a master read by its id alone, and only when selected.
        if query.select.as_ref().is_some_and(|select| select.iter().any(|name| name == "cancelledOccurrences"))
            && target.date.is_none()
        {
            map.insert("cancelledOccurrences".to_owned(), shape.cancelled_occurrences(event));
        }
        if query.expand.exceptions && target.date.is_none() {
            map.insert("exceptionOccurrences".to_owned(), Value::Array(self.exceptions(call, event, query)));
        }
        map.insert("@odata.context".to_owned(), context(call, mailbox, "events/$entity"));
        Ok(map)
    }

    fn exceptions(&self, call: &Call<'_>, event: &Event, query: &Query) -> Vec<Value> {
        let Ok(mailbox) = self.mailbox(call.at) else { return Vec::new() };
        let shape = self.shape(call);
        let bare = Query { select: None, ..query.clone() };
        let dates = event.series.iter().flat_map(|series| series.exceptions.keys());
        dates.map(|date| Value::Object(render(mailbox, &shape, &Seen { event, date: Some(*date) }, &bare))).collect()
    }

    fn reply(&mut self, call: &Call<'_>, target: Target, response: &'static str) -> Answer {
        let body = if call.request.body.is_empty() { Map::new() } else { object(&call.request.body)? };
        let member = |name: &str| body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let send = member("sendResponse").and_then(Value::as_bool).unwrap_or(true);
        let proposed = member("proposedNewTime").filter(|value| !value.is_null() && response != "accepted").cloned();
        self.respond(call.at, target.key, target.date, &Reply { response, send, proposed }, call.now)?;
        Ok(done(202))
    }
}

/// An event as a query wants it.
pub(super) fn render(mailbox: &Mailbox, shape: &Shape, seen: &Seen<'_>, query: &Query) -> Map<String, Value> {
    let mut map = shape.members(seen, |name| query.wants(name));
    if let Some(wanted) = &query.expand.extended {
        let found = extended(seen, Some(wanted));
        // Graph leaves the member out where there is nothing to show.
        if found.as_array().is_some_and(|found| !found.is_empty()) {
            map.insert("singleValueExtendedProperties".to_owned(), found);
        }
    }
    if query.expand.calendar
        && let Some(calendar) = mailbox.calendars.get(&seen.event.calendar)
    {
        map.insert("calendar".to_owned(), Value::Object(shown(mailbox, calendar)));
    }
    for name in &query.expand.empty {
        map.insert(name.clone(), json!([]));
    }
    map
}
