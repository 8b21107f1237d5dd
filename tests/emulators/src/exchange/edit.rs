//! Edits by other people and programs, as the control port takes them; `EXCHANGE.md` lists them.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::Exchange;
use super::trouble::Trouble;

/// An edit with what it names.
struct Edit<'a>(&'a Map<String, Value>);

impl<'a> Edit<'a> {
    fn text(&self, name: &str) -> Result<&'a str, String> {
        self.maybe(name).ok_or_else(|| format!("the edit needs \"{name}\""))
    }

    fn maybe(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }
}

impl Exchange {
    pub(super) fn edit_value(&mut self, value: &Value, now: DateTime<Utc>) -> Result<Value, String> {
        let edit = Edit(value.as_object().ok_or("the edit is not an object")?);
        let action = edit.text("action")?;
        match action {
            "add-mailbox" => {
                let (mailbox, zone) = (edit.text("mailbox")?, edit.maybe("zone").unwrap_or("UTC"));
                self.add_mailbox(mailbox, edit.maybe("name").unwrap_or(mailbox), zone);
            }
            "add-user" => self.add_user(edit.text("login")?, edit.text("password")?, edit.text("mailbox")?)?,
            "add-service-account" => self.add_service_account(edit.text("login")?, edit.text("password")?),
            "add-token" => self.add_bearer(edit.text("token")?, edit.text("login")?),
            "open-to" => self.open_to(edit.text("mailbox")?, edit.text("login")?)?,
            "add-folder" => {
                let class = edit.maybe("class").unwrap_or("IPF.Appointment");
                let writable = edit.flag("writable").unwrap_or(true);
                let id =
                    self.add_folder(edit.text("mailbox")?, edit.maybe("parent"), edit.text("name")?, class, writable)?;
                return Ok(json!({ "id": id }));
            }
            "change-folder" => {
                let (mailbox, folder) = (edit.text("mailbox")?, edit.text("folder")?);
                self.change_folder(mailbox, folder, edit.maybe("name"), edit.flag("writable"))?;
            }
            "remove-folder" => self.remove_folder(edit.text("mailbox")?, edit.text("folder")?, now)?,
            "set-time-zone" => {
                let at = self.mailbox_at(edit.text("mailbox")?)?;
                let zone = edit.text("zone")?;
                if let Some(mailbox) = self.mailboxes.get_mut(at) {
                    zone.clone_into(&mut mailbox.zone);
                }
            }
            "knobs" => {
                let changes = edit.0.get("knobs").and_then(Value::as_object).ok_or("\"knobs\" is not an object")?;
                self.knobs = self.knobs.merged(changes)?;
                return serde_json::to_value(&self.knobs).map_err(|error| error.to_string());
            }
            "trouble" => {
                let trouble = edit.0.get("trouble").cloned().unwrap_or_default();
                let trouble: Trouble = serde_json::from_value(trouble).map_err(|error| error.to_string())?;
                self.add_trouble(trouble);
            }
            "clear-troubles" => self.clear_troubles(),
            "expire-tokens" => self.expire_tokens(),
            "expire-sync-states" => self.expire_sync_states(),
            "clear-outbox" => self.outbox.clear(),
            _ => return self.edit_item(action, &edit, now),
        }
        Ok(json!({}))
    }

    fn edit_item(&mut self, action: &str, edit: &Edit<'_>, now: DateTime<Utc>) -> Result<Value, String> {
        let mailbox = edit.text("mailbox")?;
        if action == "create-item" {
            let item = edit.text("item")?;
            let organizer = edit.0.get("organizer").and_then(Value::as_object).map(Edit);
            let id = match organizer {
                Some(organizer) => {
                    let address = organizer.text("address")?;
                    let name = organizer.maybe("name").unwrap_or(address);
                    self.add_foreign_meeting(mailbox, (name, address), item, now)?
                }
                None => self.add_item(mailbox, edit.maybe("folder"), item, now)?,
            };
            return Ok(json!({ "id": id }));
        }
        let id = self.named_item(edit)?;
        match action {
            "update-item" => self.update(mailbox, &id, edit.text("updates")?, now)?,
            "delete-item" => self.delete(mailbox, &id, now)?,
            "purge-item" => self.purge(mailbox, &id)?,
            "touch-item" => self.touch(mailbox, &id)?,
            "move-item" => return Ok(json!({ "id": self.move_to(mailbox, &id, edit.text("folder")?, now)? })),
            "cancel-meeting" => self.organizer_cancels(mailbox, &id, now)?,
            "respond" => {
                let send = edit.flag("send").unwrap_or(true);
                self.answer_invitation(mailbox, &id, edit.text("response")?, send, now)?;
            }
            "assign-task" => {
                let (state, owner) = (edit.text("state")?, edit.text("owner")?);
                self.assign(mailbox, &id, state, owner, edit.maybe("delegator"), now)?;
            }
            _ => return Err(format!("there is no action {action}")),
        }
        Ok(json!({ "id": id }))
    }

    /// The item that an edit names by `id` or by `subject`, or the occurrence of it on `date`.
    fn named_item(&self, edit: &Edit<'_>) -> Result<String, String> {
        let mailbox = edit.text("mailbox")?;
        let id = match edit.maybe("id") {
            Some(id) => id.to_owned(),
            None => {
                let subject = edit.text("subject").map_err(|_| "the edit needs \"id\" or \"subject\"".to_owned())?;
                self.find(mailbox, subject).ok_or_else(|| format!("there is no item {subject}"))?.id
            }
        };
        match edit.maybe("date") {
            Some(date) => {
                let date: NaiveDate = date.parse().map_err(|_| format!("{date} is not a date"))?;
                self.occurrence_id(mailbox, &id, date)
            }
            None => Ok(id),
        }
    }
}
