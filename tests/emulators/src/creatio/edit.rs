//! Edits by other people and by the administrator, past the interface.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::access::User;
use super::failure::{Failure, Refused};
use super::schema::{ENTITIES, Entity, entity};
use super::value::Fraction;
use super::{Call, Creatio};

impl Creatio {
    pub(super) fn perform(&mut self, edit: &Json, now: DateTime<Utc>) -> Result<Json, String> {
        match edit.get("action").and_then(Json::as_str).unwrap_or_default() {
            "create" => {
                let row = self.create(&self.by(edit, now)?, set(edit)?, values(edit)?).map_err(sentence)?;
                Ok(json!({ "id": row.guid("Id") }))
            }
            "update" if edit.get("silent") == Some(&Json::Bool(true)) => self.update_silently(edit),
            "update" => {
                let (entity, id) = (set(edit)?, id(edit)?);
                let call = self.by(edit, now)?;
                if self.seen(&call, entity, id).is_none() {
                    return Err(format!("there is no {} {id} that {} sees", entity.name, call.caller.login));
                }
                self.update(&call, entity, id, values(edit)?).map_err(sentence)?;
                Ok(json!({ "id": id }))
            }
            "delete" => {
                let (entity, id) = (set(edit)?, id(edit)?);
                self.delete(&self.by(edit, now)?, entity, id).map_err(sentence)?;
                Ok(json!({ "id": id }))
            }
            action @ ("hide" | "show" | "lock") => self.change_rights(action, edit),
            action @ ("revoke" | "grant") => {
                let user = self.user_mut(edit)?;
                user.revoked = action == "revoke";
                Ok(json!({}))
            }
            "user" => self.change_user(edit),
            "knobs" => {
                self.knobs = self.knobs.changed(values(edit)?)?;
                serde_json::to_value(&self.knobs).map_err(|error| error.to_string())
            }
            action @ ("expire-sessions" | "expire-tokens") => {
                let user = match edit.get("user") {
                    Some(_) => Some(self.user_mut(edit)?.id),
                    None => None,
                };
                let ended = match action {
                    "expire-sessions" => self.access.end_sessions(user),
                    _ => self.access.end_tokens(user),
                };
                Ok(json!({ "ended": ended }))
            }
            other => Err(format!("there is no action '{other}'")),
        }
    }

    /// Everything, for assertions: rows by set, knobs and users.
    pub(super) fn dump(&self) -> Json {
        let mut sets = Map::new();
        for entity in ENTITIES {
            let rows = self.store.table(entity).map(|(_, row)| {
                let cells = entity
                    .columns()
                    .map(|column| (column.name.to_owned(), column.kind.json(row.get(column.name), Fraction::Kept)));
                Json::Object(cells.collect())
            });
            sets.insert(entity.name.to_owned(), Json::Array(rows.collect()));
        }
        let users: Vec<&User> = self.access.users.values().collect();
        json!({ "sets": sets, "knobs": self.knobs, "users": users })
    }

    fn by(&self, edit: &Json, now: DateTime<Utc>) -> Result<Call, String> {
        let caller = match edit.get("by").and_then(Json::as_str) {
            Some(login) => self.access.user_by_login(login).ok_or_else(|| format!("there is no user '{login}'"))?,
            None => self.access.users.get(&self.administrator).ok_or("there is no administrator")?,
        };
        Ok(Call { caller: caller.clone(), now, root: String::new() })
    }

    fn update_silently(&mut self, edit: &Json) -> Result<Json, String> {
        let (entity, id) = (set(edit)?, id(edit)?);
        let mut row = self.store.row(entity.name, id).cloned().ok_or("there is no such row")?;
        for (name, value) in values(edit)? {
            let column = entity.column(name).ok_or_else(|| format!("there is no column '{name}'"))?;
            row.set(column.name, column.kind.parse(value).map_err(|edm| format!("{name} must be {edm}"))?);
        }
        self.store.put(entity, id, row);
        Ok(json!({ "id": id }))
    }

    fn change_rights(&mut self, action: &str, edit: &Json) -> Result<Json, String> {
        let contact = self.user_mut(edit)?.contact;
        let set = if edit.get("set").is_some() { set(edit)?.name } else { "Activity" };
        let locked = edit.get("locked").and_then(Json::as_bool).unwrap_or(true);
        let ids = edit.get("ids").and_then(Json::as_array).ok_or("'ids' must be a list")?;
        for id in ids {
            let id = id.as_str().and_then(|id| Uuid::parse_str(id).ok()).ok_or("'ids' must hold ids")?;
            let rights = self.store.rights(set, id).ok_or_else(|| format!("there is no {set} {id}"))?;
            match action {
                "hide" => {
                    rights.hidden.insert(contact);
                }
                "show" => {
                    rights.hidden.remove(&contact);
                    rights.readers.insert(contact);
                }
                _ if locked => {
                    rights.locked.insert(contact);
                }
                _ => {
                    rights.locked.remove(&contact);
                }
            }
        }
        Ok(json!({ "rows": ids.len() }))
    }

    fn change_user(&mut self, edit: &Json) -> Result<Json, String> {
        let user = self.user_mut(edit)?;
        let (id, login, contact) = (
            user.id,
            edit.get("login").and_then(Json::as_str),
            edit.get("contact").and_then(Json::as_str).and_then(|id| Uuid::parse_str(id).ok()),
        );
        if let Some(login) = login {
            login.clone_into(&mut user.login);
        }
        if let Some(contact) = contact {
            user.contact = contact;
        }
        if let Some(password) = edit.get("password").and_then(Json::as_str) {
            password.clone_into(&mut user.password);
        }
        for (name, field) in [("admin", &mut user.admin), ("odata", &mut user.odata), ("active", &mut user.active)] {
            if let Some(value) = edit.get(name).and_then(Json::as_bool) {
                *field = value;
            }
        }
        if let Some(entity) = entity("SysAdminUnit")
            && let Some(mut row) = self.store.row(entity.name, id).cloned()
        {
            if let Some(login) = login {
                row.set("Name", Some(login.into()));
            }
            if let Some(contact) = contact {
                row.set("ContactId", Some(contact.into()));
            }
            if let Some(active) = edit.get("active").and_then(Json::as_bool) {
                row.set("Active", Some(active.into()));
            }
            self.store.put(entity, id, row);
        }
        Ok(json!({ "id": id }))
    }

    fn user_mut(&mut self, edit: &Json) -> Result<&mut User, String> {
        let login = edit.get("user").and_then(Json::as_str).ok_or("'user' must be a login")?;
        let id = self.access.user_by_login(login).map(|user| user.id);
        id.and_then(|id| self.access.users.get_mut(&id)).ok_or_else(|| format!("there is no user '{login}'"))
    }
}

fn set(edit: &Json) -> Result<&'static Entity, String> {
    let name = edit.get("set").and_then(Json::as_str).ok_or("'set' must name a set")?;
    entity(name).ok_or_else(|| format!("there is no set '{name}'"))
}

fn id(edit: &Json) -> Result<Uuid, String> {
    let id = edit.get("id").and_then(Json::as_str).ok_or("'id' must be an id")?;
    Uuid::parse_str(id).map_err(|_| format!("'{id}' is not an id"))
}

fn values(edit: &Json) -> Result<&Map<String, Json>, String> {
    edit.get("values").and_then(Json::as_object).ok_or_else(|| "'values' must be an object".to_owned())
}

fn sentence(failure: Failure) -> String {
    Refused::from(failure).to_string()
}
