//! `CreateFolder` and `DeleteFolder`: what users do to their folders.

use super::Exchange;
use super::envelope::Call;
use super::folders::with_below;
use super::ids;
use super::mailbox::Folder;
use super::problem::{Done, Problem};
use super::xml::{Node, m, t};
use crate::outlook::ids::Key;

/// Elements of folders, and the class of those that name none.
const CLASSES: [(&str, &str); 4] = [
    ("Folder", "IPF.Note"),
    ("CalendarFolder", "IPF.Appointment"),
    ("ContactsFolder", "IPF.Contact"),
    ("TasksFolder", "IPF.Task"),
];

impl Exchange {
    /// One of the folders to be made.
    pub(super) fn create_folder(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let parent = call.operation.child("ParentFolderId").and_then(|parent| parent.children.first());
        let (at, parent) = self.folder_of(call, parent.ok_or_else(Problem::folder_not_found)?)?;
        let Some((_, usual)) = CLASSES.iter().find(|(name, _)| *name == node.name) else {
            let text = "Search folders are not kept by this emulator.";
            return Err(Problem::new("ErrorInvalidFolderTypeForOperation", text));
        };
        let class = node.text_of("FolderClass").map_or(*usual, str::trim);
        let below = |class: &str, of: &str| class == of || class.starts_with(&format!("{of}."));
        if node.name != "Folder" && !below(class, usual) {
            let text = format!("A {} cannot have the class {class}.", node.name);
            return Err(Problem::new("ErrorNoFolderClassOverride", text));
        }
        let name = node.text_of("DisplayName").map(str::trim).filter(|name| !name.is_empty());
        let name =
            name.ok_or_else(|| Problem::new("ErrorPropertyValidationFailure", "A folder needs a DisplayName."))?;
        let key = self.add_folder_to(at, parent, name, class, true)?;
        let mailbox = self.mailbox(at)?;
        let folder = mailbox.folders.get(&key).ok_or_else(Problem::folder_not_found)?;
        let id = t("FolderId")
            .attr("Id", ids::folder(mailbox.guid, key))
            .attr("ChangeKey", ids::change_key(mailbox.guid, folder.change));
        Ok(vec![m("Folders").with(t(folder.element()).with(id))])
    }

    /// One of the folders to be deleted.
    pub(super) fn delete_folder(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let (at, key) = self.folder_of(call, node)?;
        let mailbox = self.mailbox(at)?;
        let folder = mailbox.folders.get(&key).ok_or_else(Problem::folder_not_found)?;
        if folder.known.is_some() {
            let text = "Distinguished folders cannot be deleted.";
            return Err(Problem::new("ErrorDeleteDistinguishedFolder", text));
        }
        if !folder.writable {
            return Err(Problem::denied());
        }
        let bin = mailbox.known("deleteditems").map(|bin| bin.key);
        let in_bin = bin.is_some_and(|bin| mailbox.is_below(folder, bin));
        match bin.filter(|_| !in_bin && call.operation.attribute("DeleteType") == Some("MoveToDeletedItems")) {
            Some(bin) => {
                let number = self.number();
                if let Some(folder) = self.mailbox_mut(at)?.folders.get_mut(&key) {
                    folder.parent = bin;
                    folder.change = number;
                }
            }
            None => self.drop_folder(at, key, |exchange, item| exchange.discard(at, item))?,
        }
        Ok(Vec::new())
    }

    /// Makes a folder; gives its key.
    pub(super) fn add_folder_to(
        &mut self,
        at: usize,
        parent: Key,
        name: &str,
        class: &str,
        writable: bool,
    ) -> Done<Key> {
        let mut siblings = self.mailbox(at)?.folders.values().filter(|folder| folder.parent == parent);
        if siblings.any(|folder| folder.name.eq_ignore_ascii_case(name)) {
            return Err(Problem::new("ErrorFolderExists", "A folder with the specified name already exists."));
        }
        let key = self.number();
        let folder = Folder {
            key,
            parent,
            name: name.to_owned(),
            class: Some(class.to_owned()),
            known: None,
            writable,
            change: key,
            arrived: key,
            log: Default::default(),
        };
        self.mailbox_mut(at)?.folders.insert(key, folder);
        Ok(key)
    }

    /// Removes a folder with all that is below it; its items go first, each in the way that is given.
    pub(super) fn drop_folder(
        &mut self,
        at: usize,
        key: Key,
        mut leave: impl FnMut(&mut Self, Key) -> Done<()>,
    ) -> Done<()> {
        let mailbox = self.mailbox(at)?;
        let all = with_below(mailbox, key);
        let items: Vec<Key> = all.iter().flat_map(|folder| mailbox.items_in(*folder)).map(|item| item.key).collect();
        for item in items {
            leave(self, item)?;
        }
        for folder in all {
            let number = self.number();
            let mailbox = self.mailbox_mut(at)?;
            if let Some(folder) = mailbox.folders.remove(&folder) {
                mailbox.removed.insert(folder.key, (number, folder.arrived));
            }
        }
        Ok(())
    }
}
