//! From a request to the function that answers it.

use std::borrow::Cow;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::Graph;
use super::auth::Who;
use super::encode::Shape;
use super::errors::ApiError;
use super::ids::{Id, Key, Kind, named};
use super::query::{Model, Prefer, Query, decode_path};
use super::zones::{WINDOWS, Zone};
use crate::wire::{Request, Response, http_date};

pub(super) type Answer = Result<Response, ApiError>;

/// A request with what has been read of it.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) now: DateTime<Utc>,
    pub(super) prefer: Prefer,
    /// Scheme and authority of links.
    pub(super) base: String,
    /// What links to further pages begin with, up to the query.
    pub(super) address: String,
    pub(super) at: usize,
}

impl Call<'_> {
    pub(super) fn query(&self, model: Model) -> Result<Query, ApiError> {
        Query::read(self.request, model)
    }

    pub(super) fn method(&self) -> &str {
        &self.request.method
    }

    /// A success, with the preferences that were honoured.
    pub(super) fn ok(&self, status: u16, value: &Value) -> Response {
        let response = Response::json(status, value);
        if self.prefer.applied.is_empty() {
            response
        } else {
            response.with("preference-applied", self.prefer.applied.join(", "))
        }
    }
}

/// Names in paths: the service takes them in any case.
const NAMES: &[&str] = &[
    "v1.0",
    "$batch",
    "me",
    "users",
    "mailboxSettings",
    "timeZone",
    "outlook",
    "translateExchangeIds",
    "calendar",
    "calendars",
    "calendarGroups",
    "calendarView",
    "events",
    "instances",
    "exceptionOccurrences",
    "attachments",
    "extensions",
    "accept",
    "tentativelyAccept",
    "decline",
    "cancel",
    "dismissReminder",
    "snoozeReminder",
    "permanentDelete",
    "todo",
    "lists",
    "tasks",
    "linkedResources",
    "checklistItems",
    "delta",
    "$count",
];
/// What follows one of these is an id, whose case counts, or one of the two names that no id has.
const KEYED: &[&str] = &[
    "users",
    "calendars",
    "calendarGroups",
    "calendarView",
    "events",
    "lists",
    "tasks",
    "linkedResources",
    "checklistItems",
];

fn known<'a>(names: &[&'a str], name: &str) -> Option<&'a str> {
    names.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

/// A path as segments; `users('x')` is two of them, `delta()` is one.
fn segments(path: &str) -> Vec<Cow<'_, str>> {
    let mut found: Vec<Cow<'_, str>> = Vec::new();
    let mut keyed = false;
    for raw in path.split('/').filter(|segment| !segment.is_empty()) {
        let segment = decode_path(raw);
        if let Some((name, key)) = segment.strip_suffix("')").and_then(|called| called.split_once("('")) {
            let name = known(NAMES, name).map_or_else(|| name.to_owned().into(), Cow::Borrowed);
            found.extend([name, key.to_owned().into()]);
            keyed = false;
            continue;
        }
        let bound = segment.get(..16).is_some_and(|start| start.eq_ignore_ascii_case("microsoft.graph."));
        let bare = segment.get(if bound { 16 } else { 0 }..).unwrap_or_default();
        let bare = if bare.ends_with(')') { bare.trim_end_matches("()") } else { bare };
        let names: &[&'static str] = if keyed { &["delta", "$count"] } else { NAMES };
        let name = known(names, bare);
        found.push(match name {
            Some(name) => name.into(),
            None if keyed => segment,
            None => bare.to_owned().into(),
        });
        keyed = !keyed && name.is_some_and(|name| KEYED.contains(&name));
    }
    found
}

impl Graph {
    /// Answers a request that is not one of sign-in.
    pub(super) fn answer(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        self.answers += 1;
        let request_id = named(&format!("answer {}", self.answers)).to_string();
        let client_id = request.header("client-request-id");
        let response = match self.dispatch(request, now) {
            Ok(response) => response,
            Err(error) => error.response(now, &request_id, client_id),
        };
        response
            .with("request-id", request_id.clone())
            .with("client-request-id", client_id.unwrap_or(&request_id))
            .with("date", http_date(now))
    }

    fn dispatch(&mut self, request: &Request, now: DateTime<Utc>) -> Answer {
        let owned = segments(request.path());
        let parts: Vec<&str> = owned.iter().map(AsRef::as_ref).collect();
        let Some((&"v1.0", parts)) = parts.split_first() else {
            return Err(ApiError::new(404, "ResourceNotFound", "Invalid version: only v1.0 is served."));
        };
        let who = self.authorize(request, now)?;
        if parts == ["$batch"] {
            return self.batch(request, now);
        }
        let (at, rest) = match (parts, &who) {
            (["me", rest @ ..], Who::Person(mail)) => (self.find_mailbox(mail, rest)?, rest),
            (["me", ..], Who::App) => {
                let message = "/me request is only valid with delegated authentication flow.";
                return Err(ApiError::new(400, "BadRequest", message));
            }
            (["users", name, rest @ ..], _) => (self.find_mailbox(name, rest)?, rest),
            (["users"], Who::App) => return self.users(request),
            (parts, _) => return Err(ApiError::segment(parts.first().copied().unwrap_or_default())),
        };
        self.admit(at, &who, now)?;
        match rest.first() {
            Some(&"todo") => self.admit_tasks(&who, request)?,
            Some(&("calendar" | "calendars" | "calendarGroups" | "events" | "calendarView")) => {
                let allowed = self.knobs.app_calendars_role.allows(&request.method);
                if !allowed && who == Who::App {
                    return Err(ApiError::denied());
                }
            }
            Some(&"mailboxSettings") if !self.knobs.settings_readable && who == Who::App => {
                return Err(ApiError::denied());
            }
            _ => {}
        }
        let base = self.base(request);
        let path = match (self.knobs.links_by_id, parts) {
            (true, ["users", ..]) => {
                // The path as it stands, for ids may be encoded, but for who it is about.
                let below = request.path().splitn(5, '/').nth(4).unwrap_or_default();
                format!("/v1.0/users('{}')/{below}", self.mailbox(at)?.user)
            }
            _ => request.path().to_owned(),
        };
        let address = format!("{base}{path}");
        let call = Call { request, now, prefer: Prefer::read(request)?, base, address, at };
        self.mailbox_route(&call, rest)
    }

    fn find_mailbox(&self, name: &str, rest: &[&str]) -> Result<usize, ApiError> {
        self.names.get(&name.to_lowercase()).copied().ok_or_else(|| {
            if rest.is_empty() {
                let message = format!(
                    "Resource '{name}' does not exist or one of its queried reference-property objects are not present."
                );
                ApiError::new(404, "Request_ResourceNotFound", message)
            } else {
                ApiError::new(404, "ErrorInvalidUser", format!("The requested user '{name}' is invalid."))
            }
        })
    }

    /// What keeps a caller out of a mailbox: rights, a mailbox that is not there, or a spent budget.
    fn admit(&mut self, at: usize, who: &Who, now: DateTime<Utc>) -> Result<(), ApiError> {
        let mail = self.mailbox(at)?.who.address.clone();
        let named = |set: &std::collections::BTreeSet<String>| set.iter().any(|one| one.eq_ignore_ascii_case(&mail));
        if named(&self.knobs.denied_mailboxes) {
            return Err(ApiError::new(403, "ErrorAccessDenied", "Access to OData is disabled."));
        }
        if named(&self.knobs.disabled_mailboxes) {
            let message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
            return Err(ApiError::new(404, "MailboxNotEnabledForRESTAPI", message));
        }
        if matches!(who, Who::Person(person) if !person.eq_ignore_ascii_case(&mail)) {
            return Err(ApiError::denied());
        }
        if let Some(budget) = self.knobs.budget {
            let spent = self.spent.entry(at).or_insert((now, 0));
            if now - spent.0 >= Duration::minutes(10) {
                *spent = (now, 0);
            }
            spent.1 += 1;
            if spent.1 > budget {
                return Err(self.throttled("Application is over its request limit for this mailbox."));
            }
        }
        Ok(())
    }

    pub(super) fn throttled(&self, message: &str) -> ApiError {
        let error = ApiError::new(429, "ApplicationThrottled", message);
        match &self.knobs.retry_after {
            Some(seconds) => error.header("retry-after", seconds.clone()),
            None => error,
        }
    }

    pub(super) fn base(&self, request: &Request) -> String {
        if let Some(base) = &self.knobs.link_base {
            return base.trim_end_matches('/').to_owned();
        }
        let Some(host) = request.header("host") else { return "https://graph.microsoft.com".to_owned() };
        // An emulator on a port speaks plain HTTP, a named cloud does not.
        let scheme = request.header("x-forwarded-proto").unwrap_or(if host.contains(':') || host == "localhost" {
            "http"
        } else {
            "https"
        });
        format!("{scheme}://{host}")
    }

    pub(super) fn shape(&self, call: &Call<'_>) -> Shape {
        Shape {
            mailbox: self.mailboxes.get(call.at).map(|mailbox| mailbox.guid).unwrap_or_default(),
            zone: call.prefer.zone.clone().unwrap_or_else(Zone::utc),
            text_body: call.prefer.text_body.unwrap_or_default(),
            immutable: call.prefer.immutable,
            custom_zone: self.knobs.custom_zone,
            custom_points: self.knobs.custom_points,
        }
    }

    fn mailbox_route(&mut self, call: &Call<'_>, rest: &[&str]) -> Answer {
        match (call.method(), rest) {
            ("GET", []) => self.user(call),
            ("GET", ["mailboxSettings"]) => self.settings(call),
            ("PATCH", ["mailboxSettings"]) => self.set_settings(call),
            ("GET", ["mailboxSettings", "timeZone"]) => {
                Ok(call.ok(200, &json!({ "value": self.mailbox(call.at)?.zone })))
            }
            ("GET", ["outlook", function]) if function.to_ascii_lowercase().starts_with("supportedtimezones") => {
                Ok(zones(call, function))
            }
            ("POST", ["translateExchangeIds"]) => self.translate(call),
            (_, ["calendars"]) => self.calendars(call, None),
            (_, ["calendarGroups"]) => self.groups(call),
            (_, ["calendarGroups", group]) => self.group(call, group),
            (_, ["calendarGroups", group, "calendars"]) => {
                let group = self.find_group(call.at, group)?;
                self.calendars(call, Some(group))
            }
            (_, ["calendarGroups", _, "calendars", id, rest @ ..] | ["calendars", id, rest @ ..]) => {
                let calendar = self.find_calendar(call.at, id)?;
                self.calendar_route(call, calendar, rest)
            }
            (_, ["calendar", rest @ ..]) => {
                let calendar = self.mailbox(call.at)?.default_calendar;
                self.calendar_route(call, calendar, rest)
            }
            (_, ["events" | "calendarView", ..]) => self.items(call, None, rest),
            (_, ["todo", rest @ ..]) => self.todo(call, rest),
            (_, [first, ..]) => Err(ApiError::segment(first)),
            _ => Err(not_allowed()),
        }
    }

    fn calendar_route(&mut self, call: &Call<'_>, calendar: Key, rest: &[&str]) -> Answer {
        match rest {
            [] => self.calendar(call, calendar),
            ["events" | "calendarView", ..] => self.items(call, Some(calendar), rest),
            [first, ..] => Err(ApiError::segment(first)),
        }
    }

    pub(super) fn find_calendar(&self, at: usize, id: &str) -> Result<Key, ApiError> {
        let mailbox = self.mailbox(at)?;
        let id = Id::decode(id).filter(|id| id.kind == Kind::Calendar).ok_or_else(ApiError::malformed_id)?;
        let known = id.mailbox == mailbox.guid && mailbox.calendars.contains_key(&id.key);
        known.then_some(id.key).ok_or_else(ApiError::not_found)
    }

    fn settings(&self, call: &Call<'_>) -> Answer {
        let query = call.query(Model::Any)?;
        let mailbox = self.mailbox(call.at)?;
        let mut settings = settings(&mailbox.zone);
        if let (Some(map), Some(select)) = (settings.as_object_mut(), &query.select) {
            map.retain(|name, _| select.contains(name));
        }
        Ok(call.ok(200, &settings))
    }

    fn set_settings(&mut self, call: &Call<'_>) -> Answer {
        let body = super::decode::object(&call.request.body)?;
        if let Some(zone) = body.get("timeZone").and_then(Value::as_str) {
            let zone = Zone::required(zone)?.name;
            self.mailbox_mut(call.at)?.zone = zone;
        }
        self.settings(call)
    }

    fn translate(&self, call: &Call<'_>) -> Answer {
        let body = super::decode::object(&call.request.body)?;
        let ids =
            body.get("inputIds").and_then(Value::as_array).ok_or_else(|| ApiError::invalid("inputIds is missing."))?;
        if ids.len() > 1000 {
            return Err(ApiError::invalid("At most 1,000 ids can be translated at a time."));
        }
        let immutable = match body.get("targetIdType").and_then(Value::as_str).unwrap_or_default() {
            kind if kind.eq_ignore_ascii_case("restImmutableEntryId") => true,
            kind if kind.eq_ignore_ascii_case("restId") || kind.eq_ignore_ascii_case("ewsId") => false,
            _ => return Err(ApiError::invalid("The targetIdType is not supported here.")),
        };
        let ews =
            body.get("targetIdType").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("ewsId"));
        let mailbox = self.mailbox(call.at)?;
        let mut found = Vec::new();
        for id in ids.iter().filter_map(Value::as_str) {
            // EWS writes the same ids in the other base64 alphabet.
            let known = Id::decode(&id.replace('/', "-").replace('+', "_")).or_else(|| Id::decode(id));
            let event = known
                .and_then(|known| mailbox.event(known.key).filter(|_| known.mailbox == mailbox.guid).zip(Some(known)));
            found.push(match event {
                Some((event, known)) => {
                    let target = super::encode::event_id(mailbox.guid, event, known.date, immutable);
                    let target = if ews { target.replace('-', "/").replace('_', "+") } else { target };
                    json!({ "sourceId": id, "targetId": target })
                }
                None => json!({
                    "sourceId": id, "targetId": null,
                    "errorDetails": { "code": "ErrorInvalidIdMalformed", "message": "Id is malformed." },
                }),
            });
        }
        Ok(call.ok(200, &json!({ "value": found })))
    }
}

pub(super) fn not_allowed() -> ApiError {
    ApiError::new(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
}

pub(super) fn settings(zone: &str) -> Value {
    json!({
        "timeZone": zone,
        "dateFormat": "dd.MM.yyyy",
        "timeFormat": "HH:mm",
        "language": { "locale": "en-US", "displayName": "English (United States)" },
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": { "name": zone },
        },
    })
}

fn zones(call: &Call<'_>, function: &str) -> Response {
    let names: Vec<&str> = if function.to_ascii_lowercase().contains("'iana'") {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect()
    } else {
        WINDOWS.to_vec()
    };
    let zones: Vec<Value> = names.iter().map(|name| json!({ "alias": name, "displayName": name })).collect();
    call.ok(200, &json!({ "@odata.context": format!("{}/v1.0/$metadata#Collection(microsoft.graph.timeZoneInformation)", call.base), "value": zones }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_in_any_case_and_ids_as_they_are() {
        assert_eq!(
            segments("/V1.0/Users/E.Mirny@x/CALENDARVIEW/Microsoft.Graph.Delta()"),
            ["v1.0", "users", "E.Mirny@x", "calendarView", "delta"]
        );
        assert_eq!(
            segments("/v1.0/ME/Todo/Lists/Tasks/TASKS/Events"),
            ["v1.0", "me", "todo", "lists", "Tasks", "tasks", "Events"]
        );
        assert_eq!(
            segments("/v1.0/Users('Me')/Events('aB')/Accept"),
            ["v1.0", "users", "Me", "events", "aB", "accept"]
        );
        assert_eq!(segments("/v1.0/users/Events/Events/$Count"), ["v1.0", "users", "Events", "events", "$count"]);
    }
}
