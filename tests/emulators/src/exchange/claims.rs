//! What the emulator promises, tried through its front door.

mod batches;
mod calendar;
mod conflicts;
mod folders;
mod hierarchy;
mod meetings;
mod searches;
mod sign_in;
mod syncs;
mod tasks;
mod troubles;
mod zones;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use chrono::{DateTime, Duration, Utc};

use super::xml::{MESSAGES, Node, SOAP, TYPES, parse};
use super::{Exchange, world};
use crate::graph::world::EUGENE;
use crate::wire::{Request, Response, Service};

/// A service with the demo's people, and a clock.
pub(super) struct Desk {
    pub(super) exchange: Exchange,
    pub(super) now: DateTime<Utc>,
    pub(super) login: (&'static str, &'static str),
    /// What stands in the envelope's header.
    pub(super) header: String,
    pub(super) headers: Vec<(String, String)>,
}

const VERSION: &str = "<t:RequestServerVersion Version=\"Exchange2013_SP1\"/>";

impl Desk {
    pub(super) fn new() -> Self {
        let mut exchange = Exchange::new();
        world::populate_empty(&mut exchange, &world::people());
        let now = "2026-11-22T09:00:00Z".parse().unwrap();
        Self { exchange, now, login: (EUGENE, "Mirny-2026"), header: VERSION.to_owned(), headers: Vec::new() }
    }

    /// In the zone of Moscow from now on.
    pub(super) fn in_moscow(mut self) -> Self {
        self.header
            .push_str("<t:TimeZoneContext><t:TimeZoneDefinition Id=\"Russian Standard Time\"/></t:TimeZoneContext>");
        self
    }

    pub(super) fn post(&mut self, body: &str) -> Response {
        let header = &self.header;
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<s:Envelope xmlns:s=\"{SOAP}\" xmlns:t=\"{TYPES}\" xmlns:m=\"{MESSAGES}\">\
             <s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        );
        let (name, password) = self.login;
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        let mut headers = vec![
            ("authorization".to_owned(), format!("Basic {basic}")),
            ("content-type".to_owned(), "text/xml; charset=utf-8".to_owned()),
        ];
        headers.extend(self.headers.iter().cloned());
        let request =
            Request { method: "POST".into(), target: "/EWS/Exchange.asmx".into(), headers, body: text.into_bytes() };
        self.now += Duration::seconds(1);
        let response = self.exchange.handle(&request, self.now);
        write_down(&request, &response);
        response
    }

    /// What the body of the answer holds.
    pub(super) fn ask(&mut self, body: &str) -> Node {
        let response = self.post(body);
        assert_eq!(response.status, 200, "{body}\n{}", String::from_utf8_lossy(&response.body));
        inside(&response)
    }

    /// The response messages.
    pub(super) fn messages(&mut self, body: &str) -> Vec<Node> {
        self.ask(body).child("ResponseMessages").unwrap().children.clone()
    }

    /// The response codes.
    pub(super) fn codes(&mut self, body: &str) -> Vec<String> {
        self.messages(body).iter().map(code).collect()
    }

    /// The one response message, which is a success.
    pub(super) fn one(&mut self, body: &str) -> Node {
        let messages = self.messages(body);
        assert_eq!(messages.len(), 1);
        let message = messages.into_iter().next().unwrap();
        assert_eq!(code(&message), "NoError", "{body}\n{}", message.document());
        message
    }

    /// Code and violation of a fault.
    pub(super) fn fault(&mut self, body: &str) -> (String, String) {
        let response = self.post(body);
        assert_eq!(response.status, 500, "{}", String::from_utf8_lossy(&response.body));
        let detail = inside(&response).child("detail").unwrap().clone();
        let text = |name: &str| detail.text_of(name).unwrap_or_default().to_owned();
        (text("ResponseCode"), text("Violation"))
    }

    /// Makes an item; gives its id and change key.
    pub(super) fn create(&mut self, item: &str) -> Id {
        let message = self.one(&create(item, ""));
        id_of(&message)
    }

    /// All that `GetItem` shows of an item.
    pub(super) fn get(&mut self, id: &Id) -> Node {
        let message = self.one(&get_item(&id.element(), "AllProperties", ""));
        message.child("Items").unwrap().children.first().unwrap().clone()
    }

    pub(super) fn update(&mut self, id: &Id, updates: &str) -> String {
        self.codes(&update(&id.element(), updates, "NeverOverwrite")).remove(0)
    }

    /// Changes since a state: what, and the ids; then the state, and whether that is all.
    pub(super) fn sync(&mut self, folder: &str, state: &str, most: u32) -> (Vec<(String, String)>, String, bool) {
        let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
        let message = self.one(&format!(
            "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>{folder}</m:SyncFolderId>\
             {state}<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
        ));
        let id = |change: &Node| {
            let inner = change.children.first().unwrap();
            let id = if inner.name == "ItemId" { inner } else { inner.child("ItemId").unwrap() };
            (change.name.to_string(), id.attribute("Id").unwrap().to_owned())
        };
        let changes = message.child("Changes").unwrap().children.iter().map(id).collect();
        let last = message.text_of("IncludesLastItemInRange") == Some("true");
        (changes, message.text_of("SyncState").unwrap().to_owned(), last)
    }
}

/// Id and change key of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) id: String,
    pub(super) key: String,
}

impl Id {
    pub(super) fn element(&self) -> String {
        format!("<t:ItemId Id=\"{}\" ChangeKey=\"{}\"/>", self.id, self.key)
    }
}

pub(super) const CALENDAR: &str = "<t:DistinguishedFolderId Id=\"calendar\"/>";
pub(super) const TASKS: &str = "<t:DistinguishedFolderId Id=\"tasks\"/>";

/// What stands in the body of an answer.
pub(super) fn inside(response: &Response) -> Node {
    let envelope = parse(std::str::from_utf8(&response.body).unwrap()).unwrap();
    envelope.child("Body").unwrap().children.first().unwrap().clone()
}

pub(super) fn code(message: &Node) -> String {
    message.text_of("ResponseCode").unwrap().to_owned()
}

/// The id of the first item of a response message.
pub(super) fn id_of(message: &Node) -> Id {
    let id = message.child("Items").and_then(|items| items.children.first()).and_then(|item| item.child("ItemId"));
    let attribute = |name: &str| id.unwrap().attribute(name).unwrap().to_owned();
    Id { id: attribute("Id"), key: attribute("ChangeKey") }
}

pub(super) fn create(items: &str, folder: &str) -> String {
    let folder =
        if folder.is_empty() { String::new() } else { format!("<m:SavedItemFolderId>{folder}</m:SavedItemFolderId>") };
    format!("<m:CreateItem SendMeetingInvitations=\"SendToNone\">{folder}<m:Items>{items}</m:Items></m:CreateItem>")
}

pub(super) fn get_item(ids: &str, base: &str, more: &str) -> String {
    format!(
        "<m:GetItem><m:ItemShape><t:BaseShape>{base}</t:BaseShape>{more}</m:ItemShape><m:ItemIds>{ids}</m:ItemIds></m:GetItem>"
    )
}

pub(super) fn update(id: &str, updates: &str, resolution: &str) -> String {
    format!(
        "<m:UpdateItem ConflictResolution=\"{resolution}\" SendMeetingInvitationsOrCancellations=\"SendToNone\"><m:ItemChanges>\
         <t:ItemChange>{id}<t:Updates>{updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
}

pub(super) fn set(uri: &str, element: &str, value: &str) -> String {
    format!("<t:SetItemField><t:FieldURI FieldURI=\"{uri}\"/><t:{element}>{value}</t:{element}></t:SetItemField>")
}

pub(super) fn delete(ids: &str, how: &str) -> String {
    format!(
        "<m:DeleteItem DeleteType=\"{how}\" SendMeetingCancellations=\"SendToNone\" AffectedTaskOccurrences=\"AllOccurrences\">\
         <m:ItemIds>{ids}</m:ItemIds></m:DeleteItem>"
    )
}

pub(super) fn meeting(subject: &str, start: &str, end: &str) -> String {
    format!(
        "<t:CalendarItem><t:Subject>{subject}</t:Subject><t:Start>{start}</t:Start><t:End>{end}</t:End></t:CalendarItem>"
    )
}

/// Writes an exchange into the folder that SCHEDULE_SYNC_ENVELOPES names, for the check against Microsoft's own schema
/// (`tests/spec/check_ews.py`). What was refused is left out of the requests.
fn write_down(request: &Request, response: &Response) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let Some(folder) = std::env::var_os("SCHEDULE_SYNC_ENVELOPES").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    if response.status == 200 {
        std::fs::write(folder.join(format!("emulator-{number:05}-request.xml")), &request.body).unwrap();
    }
    if !response.body.is_empty() {
        std::fs::write(folder.join(format!("emulator-{number:05}-answer.xml")), &response.body).unwrap();
    }
}
