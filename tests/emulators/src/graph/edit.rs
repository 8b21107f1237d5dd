//! Edits by other people and programs, as the control port takes them; `GRAPH.md` lists them.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::Graph;

/// An edit with what it names.
pub(super) struct Edit<'a>(&'a Map<String, Value>);

impl<'a> Edit<'a> {
    pub(super) fn text(&self, name: &str) -> Result<&'a str, String> {
        self.maybe(name).ok_or_else(|| format!("the edit needs \"{name}\""))
    }

    pub(super) fn maybe(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn value(&self, name: &str) -> Result<&'a Value, String> {
        self.0.get(name).ok_or_else(|| format!("the edit needs \"{name}\""))
    }

    pub(super) fn flag(&self, name: &str, otherwise: bool) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(otherwise)
    }
}

impl Graph {
    pub(super) fn edit_value(&mut self, value: &Value, now: DateTime<Utc>) -> Result<Value, String> {
        let edit = Edit(value.as_object().ok_or("the edit is not an object")?);
        let action = edit.text("action")?;
        match action {
            "add-mailbox" => {
                let zone = edit.maybe("zone").unwrap_or("UTC");
                let calendar = edit.maybe("calendar").unwrap_or("Calendar");
                let id = self.add_mailbox_with(
                    edit.text("mailbox")?,
                    edit.maybe("name").unwrap_or_default(),
                    zone,
                    calendar,
                );
                Ok(json!({ "id": id }))
            }
            "rename-user" => {
                self.rename_user(edit.text("mailbox")?, edit.text("to")?)?;
                Ok(json!({}))
            }
            "add-alias" => {
                self.add_alias(edit.text("mailbox")?, edit.text("alias")?)?;
                Ok(json!({}))
            }
            "replace-mailbox" => {
                self.replace_mailbox(edit.text("mailbox")?, edit.flag("sameUser", false))?;
                Ok(json!({}))
            }
            "add-client" => {
                self.add_client(edit.text("id")?, edit.text("secret")?);
                Ok(json!({}))
            }
            "add-calendar" => {
                let id = self.add_calendar(
                    edit.text("mailbox")?,
                    edit.text("name")?,
                    edit.flag("canEdit", true),
                    edit.maybe("owner"),
                )?;
                Ok(json!({ "id": id }))
            }
            "rename-calendar" | "remove-calendar" => {
                let at = self.mailbox_at(edit.text("mailbox")?)?;
                let key = self.calendar_at(at, Some(edit.text("calendar")?))?;
                let result = if action == "rename-calendar" {
                    self.rename_calendar(at, key, Some(edit.text("name")?), None)
                } else {
                    self.remove_calendar(at, key)
                };
                result.map(|()| json!({})).map_err(|error| error.message)
            }
            "set-time-zone" => {
                let at = self.mailbox_at(edit.text("mailbox")?)?;
                edit.text("zone")?.clone_into(&mut self.mailbox_mut(at).map_err(|error| error.message)?.zone);
                Ok(json!({}))
            }
            "knobs" => {
                let changes = edit.value("knobs")?.as_object().ok_or("\"knobs\" is not an object")?;
                self.knobs = self.knobs.merged(changes)?;
                serde_json::to_value(&self.knobs).map_err(|error| error.to_string())
            }
            "expire-tokens" => {
                self.expire_tokens();
                Ok(json!({}))
            }
            "revoke-refresh-tokens" => {
                self.auth.revoke_refresh();
                Ok(json!({}))
            }
            "expire-delta-tokens" => {
                self.expire_delta_tokens();
                Ok(json!({}))
            }
            "approve-device-code" | "decline-device-code" => {
                let who = if action == "approve-device-code" { Some(edit.text("mailbox")?) } else { None };
                if self.auth.approve(edit.maybe("userCode"), who) {
                    Ok(json!({}))
                } else {
                    Err("no device waits".to_owned())
                }
            }
            "clear-outbox" => {
                self.outbox.clear();
                Ok(json!({}))
            }
            _ => match self.edit_todo(action, &edit, now) {
                Some(result) => result,
                None => self.edit_event(action, &edit, now),
            },
        }
    }

    fn edit_event(&mut self, action: &str, edit: &Edit<'_>, now: DateTime<Utc>) -> Result<Value, String> {
        let mailbox = edit.text("mailbox")?;
        if action == "create-event" {
            let event = edit.value("event")?;
            let organizer = edit.0.get("organizer").and_then(Value::as_object);
            let id = match organizer {
                Some(organizer) => {
                    let organizer = Edit(organizer);
                    let address = organizer.text("address")?;
                    self.add_foreign_meeting(
                        mailbox,
                        (organizer.maybe("name").unwrap_or(address), address),
                        event,
                        now,
                    )?
                }
                None => self.add_event(mailbox, edit.maybe("calendar"), event, now)?,
            };
            return Ok(json!({ "id": id }));
        }
        if action == "bring-event" {
            let id = self.bring_event(mailbox, edit.maybe("calendar"), edit.value("event")?, now)?;
            return Ok(json!({ "id": id }));
        }
        let id = self.named_event(edit)?;
        match action {
            "update-event" => self.update_event(mailbox, &id, edit.value("event")?, now)?,
            "delete-event" => self.delete_event(mailbox, &id, now)?,
            "purge-event" => self.purge_event(mailbox, &id)?,
            "move-event" => self.move_event(mailbox, &id, edit.text("calendar")?, now)?,
            "restore-event" => self.restore_event(mailbox, &id, now)?,
            "cancel-meeting" => self.organizer_cancels(mailbox, &id, now)?,
            "touch-event" => self.touch_event(mailbox, &id)?,
            "respond" => match edit.maybe("attendee") {
                Some(attendee) => self.attendee_responds(mailbox, &id, attendee, edit.text("response")?, now)?,
                None => self.respond_to_event(mailbox, &id, edit.text("response")?, edit.flag("send", true), now)?,
            },
            _ => return Err(format!("there is no action {action}")),
        }
        Ok(json!({ "id": id }))
    }

    /// The event that an edit names by `id` or by `subject`, or the occurrence of it on `date`.
    fn named_event(&self, edit: &Edit<'_>) -> Result<String, String> {
        let mailbox = edit.text("mailbox")?;
        let id = match edit.maybe("id") {
            Some(id) => id.to_owned(),
            None => {
                let subject = edit.text("subject").map_err(|_| "the edit needs \"id\" or \"subject\"".to_owned())?;
                let live = self.find_event(mailbox, subject).map(|event| event.id);
                live.or_else(|| self.deleted_by_subject(mailbox, subject))
                    .ok_or_else(|| format!("there is no event {subject}"))?
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

    fn deleted_by_subject(&self, mailbox: &str, subject: &str) -> Option<String> {
        let mailbox = self.mailboxes.get(self.mailbox_at(mailbox).ok()?)?;
        let event = mailbox.deleted.values().find(|event| event.content.subject.as_deref() == Some(subject))?;
        Some(super::encode::event_id(mailbox.guid, event, None, true))
    }
}
