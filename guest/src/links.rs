//! Links as lines of text, to be kept outside of storage and put back: a format of its own, which does not change with the
//! layout of the rows. JSON, an object a line: first the [`Header`], then a [`Line`] for each link, at the end the [`Total`],
//! by which a file that was cut is known.

use crate::activity::Kind;
use crate::activity::SideId;
use crate::link::{Link, LinkState, Origin};
use crate::mailbox;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the first line says of itself.
pub const FORMAT: &str = "schedule-sync-links";
/// Version of the format; a newer program reads every older one.
pub const VERSION: u32 = 1;

/// The first line: whose links they are, and what of the account's own row has to survive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The tenant.
    pub tenant: String,
    /// The account.
    pub account: String,
    /// Its mailbox's address.
    pub address: String,
    /// Its mailbox's id in the directory.
    pub directory: Option<String>,
    /// Its mailbox's default calendar.
    pub calendar: Option<String>,
    /// Contact of its Creatio user.
    pub contact: Option<Uuid>,
    /// Id in the markers of its items.
    pub marker: Option<Uuid>,
    /// Removals of the day before, by the side removed from: what was counted stays counted.
    pub removals: BTreeMap<SideId, Vec<DateTime<Utc>>>,
    /// When it was written.
    pub written: DateTime<Utc>,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemKind {
    /// A meeting of a calendar.
    Meeting,
    /// A task of a task folder.
    Task,
}

impl ItemKind {
    /// Kind of the item, which its id tells; where a link has no item any more, its folder does.
    fn of(item: &str, folder: &str) -> Self {
        let task = mailbox::kind_of(if item.is_empty() { folder } else { item }) == Kind::Task;
        if task { Self::Task } else { Self::Meeting }
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Line {
    /// The activity.
    pub activity: Uuid,
    /// The item; empty where there is none.
    pub item: String,
    /// Folder of the item.
    pub folder: String,
    /// Meeting identity of the item.
    pub identity: Option<String>,
    /// What the item is.
    pub kind: ItemKind,
    /// How the pair came to be.
    pub origin: Origin,
    /// Whether it is followed.
    pub state: LinkState,
    /// How often the item was made anew.
    pub generation: u32,
    /// Nonce of the attempt that made the item.
    pub nonce: Option<String>,
    /// Nonces of earlier attempts.
    pub earlier: Vec<String>,
    /// Mailbox id in the item's marker, where it is not the account's.
    pub marked_as: Option<Uuid>,
    /// Title as last seen.
    pub title: String,
    /// Start as last seen.
    pub start: Option<DateTime<Utc>>,
    /// End as last seen.
    pub end: Option<DateTime<Utc>>,
    /// The activity had a final status.
    pub finished: bool,
    /// The item had attendees.
    pub attended: bool,
}

/// The last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// How many links there are.
    pub links: u64,
}

/// Any line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Any {
    /// The first.
    Header(Box<Header>),
    /// A link.
    Link(Box<Line>),
    /// The last.
    Total(Total),
}

impl From<&Link> for Line {
    fn from(link: &Link) -> Self {
        let link = link.clone();
        let kind = ItemKind::of(&link.mailbox.id, &link.folder);
        Self {
            activity: link.activity,
            item: link.mailbox.id,
            folder: link.folder,
            identity: link.identity,
            kind,
            origin: link.origin,
            state: link.state,
            generation: link.generation,
            nonce: link.nonce,
            earlier: link.earlier,
            marked_as: link.marked_as,
            title: link.title,
            start: link.start,
            end: link.end,
            finished: link.finished,
            attended: link.attended,
        }
    }
}

/// A line as text.
#[must_use]
pub fn text(line: &impl Serialize) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Any, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|why| format!("it is no JSON: {why}"))?;
    let damaged = |why: serde_json::Error| format!("it is damaged: {why}");
    if value.get("format").is_some() {
        let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or_default();
        if value.get("format").and_then(serde_json::Value::as_str) != Some(FORMAT) {
            return Err("it is no file of links".into());
        }
        if version > u64::from(VERSION) {
            return Err(format!(
                "a newer version wrote it (format {version}; this one reads up to {VERSION}); use that version"
            ));
        }
        return serde_json::from_value(value).map(|header| Any::Header(Box::new(header))).map_err(damaged);
    }
    if value.get("links").is_some() {
        return serde_json::from_value(value).map(Any::Total).map_err(damaged);
    }
    let line: Line = serde_json::from_value(value).map_err(damaged)?;
    if line.kind != ItemKind::of(&line.item, &line.folder) {
        return Err("it is damaged: the id of its item is not one of its kind".into());
    }
    Ok(Any::Link(Box::new(line)))
}
