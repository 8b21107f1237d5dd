//! Calendars and calendar groups.

use serde_json::{Map, Value, json};

use super::Graph;
use super::decode::{object, one_of, unknown};
use super::errors::ApiError;
use super::ids::{Id, Key, Kind, change_key};
use super::mailbox::{Calendar, Log, Mailbox};
use super::query::{Model, Query};
use super::route::{Answer, Call, not_allowed};
use crate::wire::Response;

const COLORS: &[&str] = &[
    "auto",
    "lightBlue",
    "lightGreen",
    "lightOrange",
    "lightGray",
    "lightYellow",
    "lightTeal",
    "lightPink",
    "lightBrown",
    "lightRed",
    "maxColor",
];
/// Members that a client may send without effect.
const READ_ONLY: &[&str] = &[
    "id",
    "changeKey",
    "canEdit",
    "canShare",
    "canViewPrivateItems",
    "hexColor",
    "isRemovable",
    "isTallyingResponses",
    "owner",
    "allowedOnlineMeetingProviders",
    "defaultOnlineMeetingProvider",
    "isDefaultCalendar",
];

/// A calendar as its mailbox shows it.
pub(super) fn shown(mailbox: &Mailbox, calendar: &Calendar) -> Map<String, Value> {
    let own = calendar.owner.is(&mailbox.who.address);
    let default = calendar.key == mailbox.default_calendar;
    let value = json!({
        "id": mailbox.calendar_id(calendar.key),
        "name": calendar.name,
        "color": calendar.color,
        "hexColor": "",
        "isDefaultCalendar": default,
        "changeKey": change_key(mailbox.guid, calendar.change),
        "canShare": own,
        "canViewPrivateItems": own,
        "canEdit": calendar.can_edit,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": own && calendar.can_edit,
        "isRemovable": !default,
        "owner": { "name": calendar.owner.name, "address": calendar.owner.address },
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Graph {
    pub(super) fn calendars(&mut self, call: &Call<'_>, group: Option<Key>) -> Answer {
        match call.method() {
            "GET" => {
                let mailbox = self.mailbox(call.at)?;
                let calendars =
                    mailbox.calendars.values().filter(|calendar| group.is_none_or(|group| calendar.group == group));
                let rows = calendars.map(|calendar| shown(mailbox, calendar)).collect();
                page(call, "calendars", rows, Model::Calendar)
            }
            "POST" => {
                let body = object(&call.request.body)?;
                let (name, color) = read(&body)?;
                let name = name
                    .filter(|name| !name.is_empty())
                    .ok_or_else(|| ApiError::property("A calendar needs a name."))?;
                let key = self.new_calendar(call.at, &name, group)?;
                let mailbox = self.mailbox_mut(call.at)?;
                let calendar = mailbox.calendars.get_mut(&key).ok_or_else(ApiError::not_found)?;
                calendar.color = color.unwrap_or("auto");
                let calendar = calendar.clone();
                Ok(call.ok(201, &Value::Object(shown(mailbox, &calendar))))
            }
            _ => Err(not_allowed()),
        }
    }

    /// Creates a calendar of the mailbox's own.
    pub(super) fn new_calendar(&mut self, at: usize, name: &str, group: Option<Key>) -> Result<Key, ApiError> {
        let (key, change) = (self.number(), self.number());
        let mailbox = self.mailbox_mut(at)?;
        if mailbox.calendars.values().any(|calendar| calendar.name.to_lowercase() == name.to_lowercase()) {
            return Err(ApiError::new(409, "ErrorFolderExists", "A folder with the specified name already exists."));
        }
        let group = group.or_else(|| mailbox.groups.first().map(|group| group.key)).unwrap_or_default();
        let calendar = Calendar {
            key,
            name: name.to_owned(),
            color: "auto",
            can_edit: true,
            owner: mailbox.who.clone(),
            group,
            change,
            log: Log::default(),
            events: std::collections::BTreeSet::new(),
        };
        mailbox.calendars.insert(key, calendar);
        Ok(key)
    }

    pub(super) fn calendar(&mut self, call: &Call<'_>, key: Key) -> Answer {
        match call.method() {
            "GET" => {
                let query = call.query(Model::Calendar)?;
                let mailbox = self.mailbox(call.at)?;
                let calendar = mailbox.calendars.get(&key).ok_or_else(ApiError::not_found)?;
                let mut map = shown(mailbox, calendar);
                query.project(&mut map, &[]);
                map.insert("@odata.context".to_owned(), context(call, mailbox, "calendars/$entity"));
                Ok(call.ok(200, &Value::Object(map)))
            }
            "PATCH" => {
                let (name, color) = read(&object(&call.request.body)?)?;
                self.rename_calendar(call.at, key, name.as_deref(), color)?;
                let mailbox = self.mailbox(call.at)?;
                let calendar = mailbox.calendars.get(&key).ok_or_else(ApiError::not_found)?;
                Ok(call.ok(200, &Value::Object(shown(mailbox, calendar))))
            }
            "DELETE" => {
                self.remove_calendar(call.at, key)?;
                Ok(Response { status: 204, ..Response::default() })
            }
            _ => Err(not_allowed()),
        }
    }

    pub(super) fn rename_calendar(
        &mut self,
        at: usize,
        key: Key,
        name: Option<&str>,
        color: Option<&'static str>,
    ) -> Result<(), ApiError> {
        let change = self.number();
        let calendar = self.mailbox_mut(at)?.calendars.get_mut(&key).ok_or_else(ApiError::not_found)?;
        if let Some(name) = name {
            name.clone_into(&mut calendar.name);
        }
        calendar.color = color.unwrap_or(calendar.color);
        calendar.change = change;
        Ok(())
    }

    pub(super) fn remove_calendar(&mut self, at: usize, key: Key) -> Result<(), ApiError> {
        let mailbox = self.mailbox(at)?;
        if key == mailbox.default_calendar {
            return Err(ApiError::new(
                400,
                "ErrorDeleteDistinguishedFolder",
                "Distinguished folders cannot be deleted.",
            ));
        }
        let events: Vec<Key> =
            mailbox.calendars.get(&key).ok_or_else(ApiError::not_found)?.events.iter().copied().collect();
        for event in events {
            self.discard(at, event, true)?;
        }
        self.mailbox_mut(at)?.calendars.remove(&key);
        Ok(())
    }

    pub(super) fn find_group(&self, at: usize, id: &str) -> Result<Key, ApiError> {
        let mailbox = self.mailbox(at)?;
        let id = Id::decode(id).filter(|id| id.kind == Kind::Group).ok_or_else(ApiError::malformed_id)?;
        let known = id.mailbox == mailbox.guid && mailbox.groups.iter().any(|group| group.key == id.key);
        known.then_some(id.key).ok_or_else(ApiError::not_found)
    }

    pub(super) fn groups(&self, call: &Call<'_>) -> Answer {
        if call.method() != "GET" {
            return Err(not_allowed());
        }
        let mailbox = self.mailbox(call.at)?;
        let rows = mailbox.groups.iter().map(|group| group_shown(mailbox, group)).collect();
        page(call, "calendarGroups", rows, Model::Any)
    }

    pub(super) fn group(&self, call: &Call<'_>, id: &str) -> Answer {
        if call.method() != "GET" {
            return Err(not_allowed());
        }
        let key = self.find_group(call.at, id)?;
        let mailbox = self.mailbox(call.at)?;
        let group = mailbox.groups.iter().find(|group| group.key == key).ok_or_else(ApiError::not_found)?;
        Ok(call.ok(200, &Value::Object(group_shown(mailbox, group))))
    }
}

fn group_shown(mailbox: &Mailbox, group: &super::mailbox::Group) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("id".to_owned(), mailbox.group_id(group.key).into());
    map.insert("name".to_owned(), group.name.clone().into());
    map.insert("changeKey".to_owned(), change_key(mailbox.guid, group.change).into());
    map.insert("classId".to_owned(), super::ids::named(&format!("group {}", group.name)).to_string().into());
    map
}

fn read(body: &Map<String, Value>) -> Result<(Option<String>, Option<&'static str>), ApiError> {
    let (mut name, mut color) = (None, None);
    for (member, value) in body.iter().filter(|(member, _)| !member.contains('@')) {
        match member.as_str() {
            "name" => name = value.as_str().map(str::to_owned),
            "color" => color = Some(one_of("color", value, COLORS)?),
            other if READ_ONLY.contains(&other) => {}
            other => return Err(unknown(other, "calendar")),
        }
    }
    Ok((name, color))
}

pub(super) fn context(call: &Call<'_>, mailbox: &Mailbox, what: &str) -> Value {
    format!("{}/v1.0/$metadata#users('{}')/{what}", call.base, mailbox.user).into()
}

/// Puts rows into the order that a query asks for.
pub(super) fn sort(rows: &mut [Map<String, Value>], query: &Query) {
    for (path, down) in query.order.iter().rev() {
        rows.sort_by_key(|row| row.get(path).and_then(Value::as_str).unwrap_or_default().to_lowercase());
        if *down {
            rows.reverse();
        }
    }
}

/// A page of something small.
fn page(call: &Call<'_>, what: &str, rows: Vec<Map<String, Value>>, model: Model) -> Answer {
    let query = call.query(model)?;
    let mut kept: Vec<Map<String, Value>> =
        rows.into_iter().filter(|row| query.filter.as_ref().is_none_or(|filter| filter.matches(row))).collect();
    sort(&mut kept, &query);
    let total = kept.len();
    let rows: Vec<Value> = kept
        .into_iter()
        .skip(query.skip)
        .take(query.top)
        .map(|mut row| {
            query.project(&mut row, &[]);
            Value::Object(row)
        })
        .collect();
    let mut answer = Map::new();
    answer.insert("@odata.context".to_owned(), format!("{}/v1.0/$metadata#{what}", call.base).into());
    if query.count {
        answer.insert("@odata.count".to_owned(), total.into());
    }
    let next = query.skip + rows.len();
    if next < total {
        answer.insert("@odata.nextLink".to_owned(), format!("{}?{}", call.address, query.page(next)).into());
    }
    answer.insert("value".to_owned(), rows.into());
    Ok(call.ok(200, &Value::Object(answer)))
}

impl super::filter::Subject for Map<String, Value> {
    fn member(&self, path: &str) -> Value {
        let mut parts = path.split('/');
        let mut found = parts.next().and_then(|name| self.get(name));
        for part in parts {
            found = found.and_then(|value| value.get(part));
        }
        found.cloned().unwrap_or_default()
    }

    fn extended(&self, _id: &str) -> Option<&str> {
        None
    }
}
