//! Edits of lists and tasks by other people and programs, as the control port takes them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::graph::Graph;
use crate::graph::edit::Edit;

impl Graph {
    /// Carries an edit out; `None` where it is not one of To Do's.
    pub(in crate::graph) fn edit_todo(
        &mut self,
        action: &str,
        edit: &Edit<'_>,
        now: DateTime<Utc>,
    ) -> Option<Result<Value, String>> {
        match action {
            "add-list" | "share-list" | "rename-list" | "delete-list" => Some(self.edit_list(action, edit)),
            "create-task" | "update-task" | "complete-task" | "delete-task" | "move-task" | "touch-task" => {
                Some(self.edit_task(action, edit, now))
            }
            _ => None,
        }
    }

    fn edit_list(&mut self, action: &str, edit: &Edit<'_>) -> Result<Value, String> {
        let mailbox = edit.text("mailbox")?;
        match action {
            "add-list" => {
                let name = edit.text("name")?;
                let shared = !edit.flag("isOwner", true);
                let id = if shared { self.add_shared_list(mailbox, name) } else { self.add_list(mailbox, name) };
                return Ok(json!({ "id": id? }));
            }
            "share-list" => self.share_list(mailbox, edit.text("list")?)?,
            "rename-list" => self.rename_list(mailbox, edit.text("list")?, edit.text("name")?)?,
            _ => self.delete_list(mailbox, edit.text("list")?)?,
        }
        Ok(json!({}))
    }

    fn edit_task(&mut self, action: &str, edit: &Edit<'_>, now: DateTime<Utc>) -> Result<Value, String> {
        let mailbox = edit.text("mailbox")?;
        if action == "create-task" {
            let id = self.add_task(mailbox, edit.maybe("list"), edit.value("task")?, now)?;
            return Ok(json!({ "id": id }));
        }
        let id = match edit.maybe("id") {
            Some(id) => id.to_owned(),
            None => {
                let title = edit.text("title").map_err(|_| "the edit needs \"id\" or \"title\"".to_owned())?;
                self.find_task(mailbox, title).ok_or_else(|| format!("there is no task {title}"))?.id
            }
        };
        match action {
            "update-task" => self.update_task(mailbox, &id, edit.value("task")?, now)?,
            "complete-task" => {
                let next = self.complete_task(mailbox, &id, now)?;
                return Ok(json!({ "id": id, "next": next }));
            }
            "move-task" => return Ok(json!({ "id": self.move_task(mailbox, &id, edit.text("list")?, now)? })),
            "touch-task" => self.touch_task(mailbox, &id)?,
            _ => self.delete_task(mailbox, &id)?,
        }
        Ok(json!({ "id": id }))
    }
}
