//! What requests to Exchange say, in the words of Graph's batches: so that a test may count writes, and look at what was
//! sent, whichever of the two it runs on.

use emulators::log::{Entry, Part};
use guest::ews::xml::{Element, parse};
use serde_json::{Map, Value, json};

/// Operations that write, and the method that does the same.
const WRITES: &[(&str, &str)] = &[("CreateItem", "POST"), ("UpdateItem", "PATCH"), ("DeleteItem", "DELETE")];
/// Properties of Exchange and of Graph.
const PROPERTIES: &[(&str, &str)] = &[
    ("item:Subject", "subject"),
    ("item:Body", "body"),
    ("item:Importance", "importance"),
    ("item:ReminderIsSet", "isReminderOn"),
    ("item:ReminderMinutesBeforeStart", "reminderMinutesBeforeStart"),
    ("item:ReminderDueBy", "reminderDateTime"),
    ("calendar:Start", "start"),
    ("calendar:End", "end"),
    ("calendar:IsAllDayEvent", "isAllDay"),
    ("calendar:Location", "location"),
    ("task:DueDate", "dueDateTime"),
    ("task:StartDate", "startDateTime"),
    ("task:Status", "status"),
];

/// The operation that does what a method of Graph does.
#[must_use]
pub fn operation(method: &str) -> Option<&'static str> {
    let method = method.trim_matches('"');
    WRITES.iter().find(|(_, one)| *one == method).map(|(operation, _)| *operation)
}

/// The request is one of this operation.
#[must_use]
pub fn is(body: &str, operation: &str) -> bool {
    body.contains(&format!("<m:{operation} ")) || body.contains(&format!("<m:{operation}>"))
}

/// The method that does what the request of a body does; none where it is no request to Exchange.
#[must_use]
pub fn method(body: &str) -> Option<&'static str> {
    if !body.starts_with("<?xml") {
        return None;
    }
    Some(WRITES.iter().find(|(operation, _)| is(body, operation)).map_or("GET", |(_, method)| *method))
}

/// Whose mailbox a request acts in.
#[must_use]
pub fn acting_for(body: &str) -> Option<&str> {
    let (_, rest) = body.split_once("<t:PrimarySmtpAddress>")?;
    rest.split('<').next()
}

/// Ids of the items that a body updates, with the properties that it sets, as Graph names them.
#[must_use]
pub fn updates(body: &[u8]) -> Vec<(String, Map<String, Value>)> {
    let Some(held) = opened(body).filter(|held| held.name == "UpdateItem") else { return Vec::new() };
    let change = |change: &Element| {
        let id = change.child("ItemId")?.attribute("Id")?.to_owned();
        Some((id, self::body(change).as_object().cloned()?))
    };
    parts(&held).iter().filter_map(change).collect()
}

fn opened(body: &[u8]) -> Option<Element> {
    parse(body).ok()?.child("Body")?.children.first().cloned()
}

fn held(entry: &Entry) -> Option<Element> {
    opened(entry.body.as_deref()?.as_bytes())
}

fn parts(held: &Element) -> &[Element] {
    let list = ["Items", "ItemChanges", "ItemIds"].iter().find_map(|name| held.child(name));
    list.map(|list| list.children.as_slice()).unwrap_or_default()
}

/// The operation of a request of the engine, which always begins like this.
fn named(body: &str) -> Option<&str> {
    let (_, operation) = body.split_once("<s:Body><m:")?;
    operation.split([' ', '>', '/']).next()
}

/// The entry with what it wrote as parts, as if it had been a batch; one that reads as a GET.
#[must_use]
pub fn in_parts(mut entry: Entry) -> Entry {
    if entry.service != "exchange" {
        return entry;
    }
    // Of one that reads nothing but its name is told, which can be had without reading all of it.
    if let Some(read) = entry.body.as_deref().and_then(named).filter(|name| WRITES.iter().all(|(one, _)| one != name)) {
        entry.path = format!("{} {read}", entry.path);
        entry.method = "GET".into();
        return entry;
    }
    let Some(held) = held(&entry) else { return entry };
    match WRITES.iter().find(|(operation, _)| *operation == held.name) {
        Some((operation, method)) => {
            let part = |_: &Element| Part {
                method: (*method).into(),
                url: (*operation).into(),
                status: entry.status,
                id: None,
            };
            entry.parts = parts(&held).iter().map(part).collect();
        }
        None => entry.method = "GET".into(),
    }
    entry.path = format!("{} {}", entry.path, held.name);
    entry
}

/// What an entry sent by this method.
#[must_use]
pub fn sent(entry: &Entry, method: &str) -> Vec<Value> {
    let Some(held) = held(entry).filter(|held| operation(method) == Some(held.name.as_str())) else {
        return Vec::new();
    };
    parts(&held).iter().map(body).collect()
}

fn body(part: &Element) -> Value {
    let mut all = Map::new();
    let task = part.name == "Task" || part.at(&["Updates", "SetItemField", "Task"]).is_some();
    let mut put = |uri: &str, text: &str| {
        let name = PROPERTIES.iter().find(|(known, _)| *known == uri).map(|(_, name)| *name);
        let name = if task && uri == "item:Subject" { Some("title") } else { name };
        // Zones are said together with the times.
        if let Some(name) = name {
            all.insert(name.to_owned(), json!(text));
        }
    };
    if let Some(updates) = part.child("Updates") {
        for update in &updates.children {
            let uri = update.child("FieldURI").and_then(|path| path.attribute("FieldURI")).unwrap_or_default();
            let text = update.children.last().and_then(|item| item.children.first()).map(|one| one.text.as_str());
            put(uri, text.unwrap_or_default());
        }
    } else {
        for property in &part.children {
            let known = PROPERTIES.iter().find(|(uri, _)| uri.rsplit(':').next() == Some(property.name.as_str()));
            put(known.map_or("", |(uri, _)| uri), &property.text);
        }
    }
    Value::Object(all)
}
