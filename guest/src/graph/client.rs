//! Requests to Graph: addresses, headers, the list of calendars.

use crate::activity::Kind;
use crate::ask::{Ask, Fault};
use crate::batch::{Endpoint, Part};
use crate::capability::{Credential, Request};
use crate::http;
use crate::identity::{MARKER_NAME, MARKER_SET};
use crate::reason::Reason;
use crate::side::{Folder, Owner};
use serde_json::Value;
use uuid::Uuid;

/// The most that `$batch` takes.
const PARTS: usize = 20;
const MAX_BODY: u32 = 8 * 1024 * 1024;
/// Calendars are listed in one page: nobody has more.
const CALENDARS: &str = "250";

/// What of an event the sync looks at.
pub const SELECT: &str = "id,changeKey,lastModifiedDateTime,subject,body,start,end,isAllDay,location,importance,\
sensitivity,isReminderOn,reminderMinutesBeforeStart,iCalUId,type,seriesMasterId,isOrganizer,isCancelled,attendees,\
organizer,isOnlineMeeting,onlineMeetingUrl,recurrence";

/// Id of our named property.
#[must_use]
pub fn marker_id() -> String {
    format!("String {{{MARKER_SET}}} Name {MARKER_NAME}")
}

/// Expands our named property: it is not returned otherwise.
#[must_use]
pub fn marker_expand() -> String {
    format!("singleValueExtendedProperties($filter=id eq '{}')", marker_id())
}

/// How answers are to be written: ids that survive a move, instants in UTC, bodies as text.
#[must_use]
pub fn prefer() -> String {
    "IdType=\"ImmutableId\", outlook.timezone=\"UTC\", outlook.body-content-type=\"text\"".into()
}

/// Addresses of one mailbox.
#[derive(Debug, Clone)]
pub struct Client {
    root: String,
    mailbox: String,
}

impl Client {
    /// Of a Graph root and a mailbox.
    #[must_use]
    pub fn new(root: &str, address: &str) -> Self {
        Self {
            root: format!("{}/v1.0", root.trim_end_matches('/')),
            mailbox: format!("/users/{}", http::encode(address)),
        }
    }

    /// An address below the mailbox, relative to the version root: what a batch part takes.
    #[must_use]
    pub fn path(&self, below: &str) -> String {
        format!("{}/{below}", self.mailbox)
    }

    /// A link that the service gave, if it is one of its own: a token never follows a foreign one. Where it names the user
    /// by the id in the directory, the mailbox is named as everywhere else: it is the same one, and a host lets no other
    /// name through.
    #[must_use]
    pub fn own_link(&self, link: &str) -> Option<String> {
        let below = link.strip_prefix(self.root.as_str())?.strip_prefix('/')?;
        let keyed = || below.strip_prefix("users('").and_then(|rest| rest.split_once("')/"));
        let named = below.strip_prefix("users/").and_then(|rest| rest.split_once('/')).or_else(keyed);
        match named.filter(|(user, _)| Uuid::parse_str(user).is_ok()) {
            Some((_, rest)) => Some(format!("{}{}", self.root, self.path(rest))),
            None => Some(link.to_owned()),
        }
    }

    /// A GET of a link or of an address below the version root.
    #[must_use]
    pub fn get(&self, address: &str, prefer: String) -> Request {
        let url = if address.starts_with('/') { format!("{}{address}", self.root) } else { address.to_owned() };
        Request {
            method: "GET",
            url,
            headers: vec![("accept".into(), "application/json".into()), ("prefer".into(), prefer)],
            body: None,
            credential: Credential::Mailbox,
            repeatable: true,
            after: 0,
            slots: 1,
            max_body: MAX_BODY,
        }
    }

    /// A write below the version root, on its own.
    #[must_use]
    pub fn change(&self, method: &'static str, address: &str, body: Option<&Value>) -> Request {
        let mut request = self.get(address, prefer());
        request.method = method;
        request.repeatable = false;
        if let Some(body) = body {
            request.headers.push(("content-type".into(), "application/json".into()));
            request.body = Some(serde_json::to_vec(body).unwrap_or_default());
        }
        request
    }

    /// Where batches go.
    #[must_use]
    pub fn batch(&self) -> Endpoint {
        Endpoint {
            url: format!("{}/$batch", self.root),
            credential: Credential::Mailbox,
            headers: vec![
                ("content-type".into(), "application/json".into()),
                ("accept".into(), "application/json".into()),
            ],
            most: PARTS,
            max_body: MAX_BODY,
        }
    }
}

/// A GET as a part of a batch.
#[must_use]
pub fn get_part(url: String) -> Part {
    Part { method: "GET", url, headers: vec![("Prefer", prefer())], body: None }
}

/// The elements of a collection answer.
///
/// # Errors
/// [`Fault::Garbled`] where it is none.
pub fn elements(body: &Value) -> Result<&Vec<Value>, Fault> {
    body.get("value").and_then(Value::as_array).ok_or_else(|| Fault::Garbled("a Graph answer without \"value\"".into()))
}

/// Whose mailbox it is. An application without the right to read users is refused, which says nothing of the mailbox.
pub fn owner(client: &Client) -> Ask<'_, Result<Owner, Fault>> {
    let path = http::with_query(&client.mailbox, &[("$select", "id,userPrincipalName,mail")]);
    Ask::one(client.get(&path, prefer()), |answer| {
        let body = http::json(answer)?;
        let text =
            |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let id = text("id").ok_or_else(|| Fault::Garbled("a user without an id".into()))?;
        Ok(Owner { id, names: ["userPrincipalName", "mail"].into_iter().filter_map(text).collect() })
    })
}

/// The time zone that the mailbox's owner has chosen: a Windows name as a rule, or nothing.
pub fn zone(client: &Client) -> Ask<'_, Result<String, Fault>> {
    let path = http::with_query(&client.path("mailboxSettings"), &[("$select", "timeZone")]);
    Ask::one(client.get(&path, prefer()), |answer| {
        Ok(http::json(answer)?.get("timeZone").and_then(Value::as_str).unwrap_or_default().to_owned())
    })
}

/// The calendars of the mailbox.
pub fn calendars(client: &Client) -> Ask<'_, Result<Vec<Folder>, Fault>> {
    let path = http::with_query(
        &client.path("calendars"),
        &[("$select", "id,name,canEdit,isDefaultCalendar,owner"), ("$top", CALENDARS)],
    );
    Ask::one(client.get(&path, prefer()), |answer| {
        let body = http::json(answer)?;
        if body.get("@odata.nextLink").is_some_and(|link| !link.is_null()) {
            return Err(Fault::Garbled("the mailbox has more calendars than one page holds".into()));
        }
        let calendars = elements(&body)?;
        let owner_of = |calendar: &Value| {
            calendar
                .pointer("/owner/address")
                .and_then(Value::as_str)
                .map(str::to_lowercase)
                .filter(|owner| !owner.is_empty())
        };
        // The owner's address may be another of the mailbox's addresses: that of the default calendar is its own.
        let own = calendars
            .iter()
            .find(|calendar| calendar.get("isDefaultCalendar").and_then(Value::as_bool) == Some(true))
            .and_then(owner_of);
        calendars
            .iter()
            .map(|calendar| {
                let text = |name: &str| calendar.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                let flag = |name: &str| calendar.get(name).and_then(Value::as_bool).unwrap_or(false);
                let id = text("id");
                if id.is_empty() {
                    return Err(Fault::Garbled("a calendar without an id".into()));
                }
                let writable = flag("canEdit");
                let foreign = match (owner_of(calendar), &own) {
                    (Some(owner), Some(own)) => owner != *own,
                    _ => false,
                };
                let reason = match (foreign, writable) {
                    (true, _) => Some(Reason::FolderNotOwned),
                    (false, false) => Some(Reason::FolderReadOnly),
                    (false, true) => None,
                };
                let kind = Kind::Appointment;
                Ok(Folder { id, name: text("name"), kind, is_default: flag("isDefaultCalendar"), writable, reason })
            })
            .collect()
    })
}
