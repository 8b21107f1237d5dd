//! Folders: by name or id, found below others, and their own changes.

use std::collections::BTreeSet;

use super::Exchange;
use super::envelope::{Call, known_mailbox};
use super::ids;
use super::mailbox::{Folder, Mailbox};
use super::problem::{Done, Problem};
use super::restriction::{self, Comparable};
use super::shape::{Of, Shape};
use super::sync::Token;
use super::xml::{Node, m, t};
use crate::outlook::ids::{Key, Kind};

/// Names of folders that every mailbox has: English name, class, and whose child it is.
pub(super) const KNOWN: [(&str, &str, Option<&str>, &str); 15] = [
    ("root", "", None, "root"),
    ("msgfolderroot", "Top of Information Store", Some("IPF.Note"), "root"),
    ("recoverableitemsroot", "Recoverable Items", None, "root"),
    ("recoverableitemsdeletions", "Deletions", None, "recoverableitemsroot"),
    ("searchfolders", "Finder", None, "root"),
    ("inbox", "Inbox", Some("IPF.Note"), "msgfolderroot"),
    ("outbox", "Outbox", Some("IPF.Note"), "msgfolderroot"),
    ("sentitems", "Sent Items", Some("IPF.Note"), "msgfolderroot"),
    ("deleteditems", "Deleted Items", Some("IPF.Note"), "msgfolderroot"),
    ("drafts", "Drafts", Some("IPF.Note"), "msgfolderroot"),
    ("junkemail", "Junk E-mail", Some("IPF.Note"), "msgfolderroot"),
    ("calendar", "Calendar", Some("IPF.Appointment"), "msgfolderroot"),
    ("contacts", "Contacts", Some("IPF.Contact"), "msgfolderroot"),
    ("notes", "Notes", Some("IPF.StickyNote"), "msgfolderroot"),
    ("tasks", "Tasks", Some("IPF.Task"), "msgfolderroot"),
];

impl Exchange {
    /// Mailbox and folder that an element names.
    pub(super) fn folder_of(&self, call: &Call<'_>, node: &Node) -> Done<(usize, Key)> {
        if node.name == "DistinguishedFolderId" {
            let address = node.child("Mailbox").and_then(|mailbox| mailbox.text_of("EmailAddress")).map(str::trim);
            let at = match address {
                Some(address) => *self.names.get(&address.to_lowercase()).ok_or_else(super::no_mailbox)?,
                None => call.own()?,
            };
            if !call.caller.opens(at) {
                return Err(Problem::denied());
            }
            let name = node.attribute("Id").unwrap_or_default();
            let folder = self.mailbox(at)?.known(name).ok_or_else(Problem::folder_not_found)?;
            return Ok((at, folder.key));
        }
        let id = ids::read(node.attribute("Id").unwrap_or_default())?;
        if id.kind != Kind::Folder {
            let text = "Cannot use an item id as a folder id.";
            return Err(Problem::new("ErrorCannotUseItemIdForFolderId", text));
        }
        let at = known_mailbox(&self.mailboxes, id.mailbox)?;
        if !call.caller.opens(at) {
            return Err(Problem::denied());
        }
        self.mailbox(at)?.folders.get(&id.key).ok_or_else(Problem::folder_not_found)?;
        Ok((at, id.key))
    }

    /// `GetFolder`, one of the folders.
    pub(super) fn get_folder(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let shape = Shape::read(call.operation.child("FolderShape"))?;
        let (at, key) = self.folder_of(call, node)?;
        let mailbox = self.mailbox(at)?;
        let folder = mailbox.folders.get(&key).ok_or_else(Problem::folder_not_found)?;
        Ok(vec![m("Folders").with(shown(mailbox, folder, &shape))])
    }

    /// `FindFolder` below one folder.
    pub(super) fn find_folder(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let shape = Shape::read(call.operation.child("FolderShape"))?;
        let (at, above) = self.folder_of(call, node)?;
        let deep = call.operation.attribute("Traversal") == Some("Deep");
        let condition = call.operation.child("Restriction").and_then(|node| node.children.first());
        let limit = if condition.is_some() { self.knobs.find_limit_restricted } else { self.knobs.find_limit };
        let mailbox = self.mailbox(at)?;
        let mut found = Vec::new();
        for folder in mailbox.folders.values().filter(|folder| folder.key != above) {
            let below = if deep { mailbox.is_below(folder, above) } else { folder.parent == above };
            if below && condition.map_or(Ok(true), |node| restriction::holds(node, &Row { mailbox, folder }))? {
                found.push(folder);
            }
        }
        let view = call.operation.child("IndexedPageFolderView");
        let page = Page::of(view, found.len(), limit);
        let root = m("RootFolder");
        let root = if view.is_some() { root.attr("IndexedPagingOffset", page.next.to_string()) } else { root };
        let root = root
            .attr("TotalItemsInView", found.len().to_string())
            .attr("IncludesLastItemInRange", page.last.to_string());
        let folders = found.get(page.from..page.to).unwrap_or_default();
        Ok(vec![root.with(t("Folders").with_all(folders.iter().map(|folder| shown(mailbox, folder, &shape))))])
    }

    /// `SyncFolderHierarchy`: the folders that came, changed or went since a state.
    pub(super) fn sync_hierarchy(&mut self, call: &Call<'_>) -> Done<Vec<Node>> {
        let shape = Shape::read(call.operation.child("FolderShape"))?;
        let (at, above) = match call.operation.child("SyncFolderId").and_then(|node| node.children.first()) {
            Some(node) => self.folder_of(call, node)?,
            None => {
                let at = call.own()?;
                (at, self.mailbox(at)?.known("msgfolderroot").map(|folder| folder.key).unwrap_or_default())
            }
        };
        let (epoch, counter) = (self.epoch, self.counter);
        let mailbox = self.mailbox(at)?;
        let mut since = 0;
        if let Some(state) = call.operation.text_of("SyncState").filter(|state| !state.is_empty()) {
            let token = Token::read(state, "hierarchy", (epoch, counter), (mailbox.guid, above))?;
            since = token.floor;
        }
        let mut changes = Vec::new();
        for folder in mailbox.folders.values().filter(|folder| mailbox.is_below(folder, above)) {
            if folder.change > since {
                let kind = if folder.arrived > since { "Create" } else { "Update" };
                changes.push(t(kind).with(shown(mailbox, folder, &shape)));
            }
        }
        for (key, (change, arrived)) in &mailbox.removed {
            if *change > since && *arrived <= since {
                changes.push(t("Delete").with(t("FolderId").attr("Id", ids::folder(mailbox.guid, *key))));
            }
        }
        let token = Token { floor: counter, top: counter, below: counter };
        Ok(vec![
            m("SyncState").text(token.text("hierarchy", epoch, mailbox.guid, above)),
            m("IncludesLastFolderInRange").text("true"),
            m("Changes").with_all(changes),
        ])
    }

    /// Gives a mailbox the folders that every one has.
    pub(super) fn furnish(&mut self, at: usize) {
        for (known, name, class, parent) in KNOWN {
            let key = self.number();
            let Some(mailbox) = self.mailboxes.get_mut(at) else { return };
            let parent = if known == parent { key } else { mailbox.known(parent).map_or(key, |folder| folder.key) };
            let folder = Folder {
                key,
                parent,
                name: name.to_owned(),
                class: class.map(str::to_owned),
                known: Some(known),
                writable: true,
                change: key,
                arrived: key,
                log: Default::default(),
            };
            mailbox.folders.insert(key, folder);
        }
    }
}

/// A part of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Where the next one begins.
    pub(super) next: usize,
    pub(super) last: bool,
}

impl Page {
    /// As a view asks for it, with so many at most.
    pub(super) fn of(view: Option<&Node>, all: usize, limit: usize) -> Self {
        let number =
            |name: &str| view.and_then(|view| view.attribute(name)).and_then(|text| text.parse::<usize>().ok());
        let most = number("MaxEntriesReturned").unwrap_or(usize::MAX).min(limit).max(1);
        let offset = number("Offset").unwrap_or(0).min(all);
        if view.and_then(|view| view.attribute("BasePoint")) == Some("End") {
            let to = all - offset;
            let from = to.saturating_sub(most);
            return Self { from, to, next: all - from, last: from == 0 };
        }
        let to = offset.saturating_add(most).min(all);
        Self { from: offset, to, next: to, last: to == all }
    }
}

/// Names of all folders, for `EffectiveRights`.
fn rights(folder: &Folder) -> Node {
    let flag = |name: &'static str, value: bool| t(name).text(value.to_string());
    let write = folder.writable;
    t("EffectiveRights")
        .with(flag("CreateAssociated", write))
        .with(flag("CreateContents", write))
        .with(flag("CreateHierarchy", write))
        .with(flag("Delete", write))
        .with(flag("Modify", write))
        .with(flag("Read", true))
        .with(flag("ViewPrivateItems", true))
}

/// All properties of a folder, in their order.
const PROPERTIES: [&str; 9] = [
    "FolderId",
    "ParentFolderId",
    "FolderClass",
    "DisplayName",
    "TotalCount",
    "ChildFolderCount",
    "EffectiveRights",
    "DistinguishedFolderId",
    "UnreadCount",
];

/// One property of a folder.
fn property(mailbox: &Mailbox, folder: &Folder, name: &'static str) -> Option<Node> {
    let id = |name: &'static str, key: Key, change: u64| {
        let node = t(name).attr("Id", ids::folder(mailbox.guid, key));
        node.attr("ChangeKey", ids::change_key(mailbox.guid, change))
    };
    let children = || mailbox.folders.values().filter(|one| one.parent == folder.key && one.key != folder.key);
    Some(match name {
        "FolderId" => id(name, folder.key, folder.change),
        "ParentFolderId" => {
            let parent = mailbox.folders.get(&folder.parent)?;
            id(name, parent.key, parent.change)
        }
        "FolderClass" => t(name).text(folder.class.as_deref()?),
        "DisplayName" => t(name).text(&folder.name),
        "TotalCount" => t(name).text(mailbox.items_in(folder.key).count().to_string()),
        "ChildFolderCount" => t(name).text(children().count().to_string()),
        "EffectiveRights" => rights(folder),
        "DistinguishedFolderId" => t(name).text(folder.known?),
        "UnreadCount" if !folder.is_calendar() && folder.element() != "ContactsFolder" => t(name).text("0"),
        _ => return None,
    })
}

/// A folder as a request wants it.
fn shown(mailbox: &Mailbox, folder: &Folder, shape: &Shape) -> Node {
    let wanted = PROPERTIES.iter().filter(|name| shape.wants(name, Of::Folder));
    t(folder.element()).with_all(wanted.filter_map(|name| property(mailbox, folder, name)))
}

/// A folder that a restriction is held against.
struct Row<'a> {
    mailbox: &'a Mailbox,
    folder: &'a Folder,
}

impl Comparable for Row<'_> {
    fn named(&self, name: &str) -> Option<String> {
        let name = PROPERTIES.iter().find(|known| **known == name)?;
        let node = property(self.mailbox, self.folder, name)?;
        Some(node.attribute("Id").unwrap_or(&node.text).to_owned())
    }

    fn extended(&self, property: &super::properties::Property) -> Option<Vec<String>> {
        // PR_CONTAINER_CLASS and PR_FOLDER_TYPE are what clients ask for in this way.
        match property.to_string().as_str() {
            "String 0x3613" => self.folder.class.clone().map(|class| vec![class]),
            _ => None,
        }
    }
}

/// Keys of a folder and of all below it.
pub(super) fn with_below(mailbox: &Mailbox, key: Key) -> BTreeSet<Key> {
    let below = mailbox.folders.values().filter(|folder| mailbox.is_below(folder, key)).map(|folder| folder.key);
    below.chain([key]).collect()
}
