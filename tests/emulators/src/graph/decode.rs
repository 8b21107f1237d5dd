//! Bodies of requests, read as strictly as the service reads them: an unknown member or a wrong type is refused by name.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::body;
use super::errors::ApiError;
use super::event::{Address, Wall};
use super::pattern;
use super::recurrence::Recurrence;
use super::zones::{Zone, parse_wall};

pub(super) type Read<T> = Result<T, ApiError>;

/// What a request says about an event; what it leaves out is `None`.
#[derive(Debug, Clone, Default)]
pub(super) struct Patch {
    pub(super) subject: Option<Option<String>>,
    pub(super) body: Option<String>,
    pub(super) all_day: Option<bool>,
    pub(super) start: Option<Wall>,
    pub(super) end: Option<Wall>,
    pub(super) locations: Option<Vec<Value>>,
    pub(super) attendees: Option<Vec<(Address, &'static str)>>,
    pub(super) importance: Option<&'static str>,
    pub(super) sensitivity: Option<&'static str>,
    pub(super) show_as: Option<&'static str>,
    pub(super) categories: Option<Vec<String>>,
    pub(super) reminder_on: Option<bool>,
    pub(super) reminder_minutes: Option<i32>,
    pub(super) response_requested: Option<bool>,
    pub(super) allow_proposals: Option<bool>,
    pub(super) hide_attendees: Option<bool>,
    pub(super) online: Option<bool>,
    pub(super) online_provider: Option<&'static str>,
    pub(super) recurrence: Option<Option<Recurrence>>,
    pub(super) transaction: Option<String>,
    pub(super) ext: Vec<(String, Option<String>)>,
}

/// Members that the server fills; what a client says about them is passed over.
const READ_ONLY: &[&str] = &[
    "id",
    "changeKey",
    "createdDateTime",
    "lastModifiedDateTime",
    "bodyPreview",
    "cancelledOccurrences",
    "hasAttachments",
    "iCalUId",
    "isCancelled",
    "isDraft",
    "isOrganizer",
    "onlineMeeting",
    "onlineMeetingUrl",
    "organizer",
    "originalEndTimeZone",
    "originalStart",
    "originalStartTimeZone",
    "responseStatus",
    "seriesMasterId",
    "type",
    "webLink",
    "attachments",
    "extensions",
    "instances",
    "multiValueExtendedProperties",
    "calendar",
    "exceptionOccurrences",
];

/// Enumerations as the model spells them; any letter case is understood.
pub(super) const IMPORTANCE: &[&str] = &["low", "normal", "high"];
const SENSITIVITY: &[&str] = &["normal", "personal", "private", "confidential"];
const SHOW_AS: &[&str] = &["unknown", "free", "tentative", "busy", "oof", "workingElsewhere"];
const PROVIDERS: &[&str] = &["unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness"];
const ATTENDEES: &[&str] = &["required", "optional", "resource"];
pub(super) const BODIES: &[&str] = &["text", "html"];
const LOCATION: &[&str] = &[
    "displayName",
    "locationType",
    "locationUri",
    "uniqueId",
    "uniqueIdType",
    "address",
    "coordinates",
    "locationEmailAddress",
];

pub(super) fn unknown(name: &str, kind: &str) -> ApiError {
    ApiError::new(
        400,
        "RequestBodyRead",
        format!(
            "The property '{name}' does not exist on type 'microsoft.graph.{kind}'. Make sure to only use property names that are \
             defined by the type."
        ),
    )
}

pub(super) fn wrong(name: &str) -> ApiError {
    ApiError::new(
        400,
        "RequestBodyRead",
        format!("Cannot convert the value of property '{name}' to the expected type."),
    )
}

/// The body of a request as an object.
pub(super) fn object(bytes: &[u8]) -> Read<Map<String, Value>> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|_| ApiError::new(400, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."))?;
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(ApiError::new(400, "BadRequest", "Empty Payload. JSON content expected.")),
    }
}

/// An enumeration's member in any letter case.
pub(super) fn one_of(name: &str, value: &Value, members: &'static [&'static str]) -> Read<&'static str> {
    let text = value.as_str().ok_or_else(|| wrong(name))?;
    members.iter().find(|member| member.eq_ignore_ascii_case(text)).copied().ok_or_else(|| {
        ApiError::new(400, "RequestBodyRead", format!("Requested value '{text}' of property '{name}' was not found."))
    })
}

pub(super) fn map<'a>(name: &str, value: &'a Value, kind: &str, known: &[&str]) -> Read<&'a Map<String, Value>> {
    let map = value.as_object().ok_or_else(|| wrong(name))?;
    match map.keys().find(|key| !key.contains('@') && !known.contains(&key.as_str())) {
        Some(key) => Err(unknown(key, kind)),
        None => Ok(map),
    }
}

/// A flag. The service reads the text of one as well, in any letter case, and clients send it.
pub(super) fn boolean(name: &str, value: &Value) -> Read<bool> {
    let said = match value.as_str().map(|text| text.trim().to_ascii_lowercase()) {
        Some(text) => text.parse().ok(),
        None => value.as_bool(),
    };
    said.ok_or_else(|| wrong(name))
}

/// A whole number, or the text of one.
pub(super) fn integer(value: &Value) -> Option<i64> {
    value.as_str().map_or_else(|| value.as_i64(), |text| text.trim().parse().ok())
}

pub(super) fn text(name: &str, value: &Value) -> Read<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(wrong(name)),
    }
}

pub(super) fn list<'a>(name: &str, value: &'a Value) -> Read<&'a [Value]> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(&[]),
        _ => Err(wrong(name)),
    }
}

/// `dateTimeTimeZone`; a missing zone is UTC.
fn wall(name: &str, value: &Value) -> Read<Wall> {
    wall_in(name, value, &Zone::utc())
}

/// `dateTimeTimeZone` with the zone of one that names none.
pub(super) fn wall_in(name: &str, value: &Value, otherwise: &Zone) -> Read<Wall> {
    let map = map(name, value, "dateTimeTimeZone", &["dateTime", "timeZone"])?;
    let zone = match map.get("timeZone").and_then(Value::as_str) {
        Some(zone) if !zone.is_empty() => Zone::required(zone)?,
        _ => otherwise.clone(),
    };
    let at =
        map.get("dateTime").and_then(Value::as_str).and_then(|text| parse_wall(text, &zone)).ok_or_else(|| {
            ApiError::property(format!("The value of '{name}/dateTime' is not a valid date and time."))
        })?;
    Ok(Wall { at, zone })
}

fn location(value: &Value) -> Read<Option<Value>> {
    if value.is_null() {
        return Ok(None);
    }
    let map = map("location", value, "location", LOCATION)?;
    let mut kept: Map<String, Value> = map
        .iter()
        .filter(|(key, value)| !key.contains('@') && !value.is_null())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    if kept.values().all(|value| value.as_str().is_some_and(str::is_empty)) {
        return Ok(None);
    }
    if let Some(uri) = kept.get("displayName").cloned() {
        kept.entry("uniqueId").or_insert(uri);
        kept.entry("uniqueIdType").or_insert_with(|| "private".into());
    }
    kept.entry("locationType").or_insert_with(|| "default".into());
    Ok(Some(Value::Object(kept)))
}

pub(super) fn address(value: &Value) -> Read<Address> {
    let map = map("emailAddress", value, "emailAddress", &["name", "address"])?;
    let field = |name: &str| map.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, address) = (field("name"), field("address"));
    Ok(Address { name: if name.is_empty() { address.clone() } else { name }, address })
}

fn attendee(value: &Value) -> Read<(Address, &'static str)> {
    let map = map("attendees", value, "attendee", &["emailAddress", "type", "status", "proposedNewTime"])?;
    let who = map.get("emailAddress").ok_or_else(|| ApiError::property("An attendee needs an emailAddress."))?;
    let kind = match map.get("type") {
        Some(kind) if !kind.is_null() => one_of("type", kind, ATTENDEES)?,
        _ => "required",
    };
    let who = address(who)?;
    if !who.address.contains('@') {
        return Err(ApiError::new(400, "ErrorInvalidRecipients", "At least one recipient isn't valid."));
    }
    Ok((who, kind))
}

/// The canonical form of an extended property's id: type and name as sent, the GUID in lower case.
pub(super) fn ext_id(id: &str) -> Read<String> {
    let malformed =
        || ApiError::new(400, "ErrorInvalidExtendedProperty", format!("The extended property id '{id}' is not valid."));
    let words: Vec<&str> = id.split_whitespace().collect();
    match words.as_slice() {
        [kind, guid, how, ..] if how.eq_ignore_ascii_case("name") || how.eq_ignore_ascii_case("id") => {
            let guid = guid.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or_else(malformed)?;
            let guid: Uuid = guid.parse().map_err(|_| malformed())?;
            let (_, name) = id.split_once(how).ok_or_else(malformed)?;
            let how = if how.eq_ignore_ascii_case("name") { "Name" } else { "Id" };
            Ok(format!("{kind} {{{guid}}} {how} {}", name.trim()))
        }
        [kind, tag] if tag.starts_with("0x") => Ok(format!("{kind} {}", tag.to_ascii_lowercase())),
        _ => Err(malformed()),
    }
}

impl Patch {
    /// Reads the body of a create or an update.
    pub(super) fn read(map: &Map<String, Value>, keep_bodies: bool) -> Read<Self> {
        let mut patch = Self::default();
        let mut has_locations = false;
        for (name, value) in map.iter().filter(|(name, _)| !name.contains('@')) {
            match name.as_str() {
                "subject" => patch.subject = Some(text(name, value)?),
                "body" => patch.body = Some(read_body(value, keep_bodies)?),
                "isAllDay" => patch.all_day = Some(!value.is_null() && boolean(name, value)?),
                "start" => patch.start = Some(wall(name, value)?),
                "end" => patch.end = Some(wall(name, value)?),
                "location" if !has_locations => patch.locations = Some(location(value)?.into_iter().collect()),
                "location" => {
                    location(value)?;
                }
                "locations" => {
                    let mut locations = Vec::new();
                    for item in list(name, value)? {
                        locations.extend(location(item)?);
                    }
                    // An empty list beside a location says nothing.
                    if !locations.is_empty() || !map.contains_key("location") {
                        has_locations = true;
                        patch.locations = Some(locations);
                    }
                }
                "attendees" => {
                    let mut people: Vec<(Address, &'static str)> = Vec::new();
                    for item in list(name, value)? {
                        let (who, kind) = attendee(item)?;
                        if !people.iter().any(|(other, _)| other.is(&who.address)) {
                            people.push((who, kind));
                        }
                    }
                    if people.len() > 500 {
                        return Err(ApiError::new(
                            400,
                            "ErrorTooManyRecipients",
                            "An event can have at most 500 attendees.",
                        ));
                    }
                    patch.attendees = Some(people);
                }
                "importance" => patch.importance = Some(one_of(name, value, IMPORTANCE)?),
                "sensitivity" => patch.sensitivity = Some(one_of(name, value, SENSITIVITY)?),
                "showAs" => patch.show_as = Some(one_of(name, value, SHOW_AS)?),
                "categories" => {
                    let items: Option<Vec<String>> =
                        list(name, value)?.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                    patch.categories = Some(items.ok_or_else(|| wrong(name))?);
                }
                "isReminderOn" => patch.reminder_on = Some(boolean(name, value)?),
                "reminderMinutesBeforeStart" => {
                    let minutes =
                        integer(value).and_then(|minutes| i32::try_from(minutes).ok()).ok_or_else(|| wrong(name))?;
                    patch.reminder_minutes = Some(minutes);
                }
                "responseRequested" => patch.response_requested = Some(boolean(name, value)?),
                "allowNewTimeProposals" => patch.allow_proposals = Some(boolean(name, value)?),
                "hideAttendees" => patch.hide_attendees = Some(boolean(name, value)?),
                "isOnlineMeeting" => patch.online = Some(boolean(name, value)?),
                "onlineMeetingProvider" => patch.online_provider = Some(one_of(name, value, PROVIDERS)?),
                "recurrence" => patch.recurrence = Some(pattern::recurrence(value)?),
                "transactionId" => patch.transaction = text(name, value)?,
                "singleValueExtendedProperties" => {
                    for item in list(name, value)? {
                        let item = self::map(name, item, "singleValueLegacyExtendedProperty", &["id", "value"])?;
                        let id = item.get("id").and_then(Value::as_str).ok_or_else(|| wrong(name))?;
                        let value = item.get("value").map_or(Ok(None), |value| self::text("value", value))?;
                        patch.ext.push((ext_id(id)?, value));
                    }
                }
                other if READ_ONLY.contains(&other) => {}
                other => return Err(unknown(other, "event")),
            }
        }
        Ok(patch)
    }
}

fn read_body(value: &Value, keep: bool) -> Read<String> {
    if value.is_null() {
        return Ok(String::new());
    }
    let map = map("body", value, "itemBody", &["contentType", "content"])?;
    let content = map.get("content").and_then(Value::as_str).unwrap_or_default();
    let kind = map.get("contentType").map_or(Ok("text"), |kind| one_of("contentType", kind, BODIES))?;
    Ok(match kind {
        _ if keep => content.to_owned(),
        "text" => body::from_text(content),
        _ => body::from_html(content),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Read<Patch> {
        Patch::read(value.as_object().unwrap(), false)
    }

    #[test]
    fn an_unknown_member_is_refused_at_any_depth() {
        assert!(read(json!({"Subject": "x"})).is_err());
        assert!(read(json!({"start": {"dateTime": "2026-01-01T00:00:00", "offset": 3}})).is_err());
        assert!(read(json!({"attendees": [{"emailAddress": {"mail": "x"}}]})).is_err());
    }

    #[test]
    fn enumerations_are_read_in_any_letter_case() {
        let patch = read(json!({"showAs": "OOF", "body": {"contentType": "HTML", "content": "x"}})).unwrap();
        assert_eq!(patch.show_as, Some("oof"));
    }

    #[test]
    fn a_guid_of_an_extended_property_is_canonical_and_its_name_is_kept() {
        let id = ext_id("String {66F5A359-4659-4830-9070-00047EC6AC6E} Name CrmId").unwrap();
        assert_eq!(id, "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name CrmId");
        assert!(ext_id("String CrmId").is_err());
    }
}
