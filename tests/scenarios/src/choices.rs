//! What people do with groups of activities, and settings that select them. Groups are named by their names.

use crate::world::World;
use emulators::creatio::ids::{derived, folder_type};
use guest::run::RunError;
use guest::run::catalogue::{Catalogue, discover};
use guest::settings::{Account, Exported};
use serde_json::json;
use uuid::Uuid;

fn id_of(group: &str) -> Uuid {
    derived(&format!("group {group}"))
}

impl World {
    /// A static group of activities.
    pub fn group(&self, name: &str) -> Uuid {
        self.group_of(name, folder_type::GENERAL)
    }

    /// A group of activities of a type of its own.
    pub fn group_of(&self, name: &str, kind: Uuid) -> Uuid {
        let values = json!({"Id": id_of(name), "Name": name, "FolderTypeId": kind});
        self.creatio_edit(json!({"action": "create", "set": "ActivityFolder", "values": values}));
        id_of(name)
    }

    /// Somebody puts an activity into a group.
    pub fn join(&self, group: &str, title: &str) {
        let values = json!({"ActivityId": self.found(title).id, "FolderId": id_of(group)});
        self.creatio_edit(json!({"action": "create", "set": "ActivityInFolder", "values": values}));
    }

    /// Somebody takes an activity out of a group.
    pub fn leave(&self, group: &str, title: &str) {
        let activity = self.found(title).id;
        for membership in self.memberships(group, Some(activity)) {
            self.creatio_edit(json!({"action": "delete", "set": "ActivityInFolder", "id": membership}));
        }
    }

    /// Somebody takes everything out of a group.
    pub fn empty_group(&self, group: &str) {
        for membership in self.memberships(group, None) {
            self.creatio_edit(json!({"action": "delete", "set": "ActivityInFolder", "id": membership}));
        }
    }

    /// Somebody deletes a group, with the memberships in it.
    pub fn delete_group(&self, group: &str) {
        self.creatio_edit(json!({"action": "delete", "set": "ActivityFolder", "id": id_of(group)}));
    }

    fn memberships(&self, group: &str, activity: Option<Uuid>) -> Vec<Uuid> {
        self.creatio.with(|creatio| {
            creatio
                .rows("ActivityInFolder")
                .filter(|(_, row)| row.guid("FolderId") == Some(id_of(group)))
                .filter(|(_, row)| activity.is_none_or(|activity| row.guid("ActivityId") == Some(activity)))
                .map(|(id, _)| id)
                .collect()
        })
    }

    /// What there is to choose from for an account.
    pub fn discover(&self, account: &Account) -> Result<Catalogue, RunError> {
        self.runner().alone(account, "discover", discover)
    }

    /// The first account's settings with export of these groups, and tasks from all lists.
    #[must_use]
    pub fn exporting(&self, groups: &[&str]) -> Account {
        let ids = groups.iter().map(|group| id_of(group).to_string()).collect();
        Account { exported: Exported::Groups(ids), ..self.with_tasks() }
    }
}
