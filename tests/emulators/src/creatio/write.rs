//! POST, PATCH and DELETE, and the same edits made by other people past the interface.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::access::User;
use super::failure::Failure;
use super::ids::derived;
use super::schema::{Access, Default, ENTITIES, Entity};
use super::store::Row;
use super::value::{Value, kept};
use super::{Call, Creatio};

/// Set by the server alone.
const SERVER: [&str; 5] = ["Id", "CreatedOn", "CreatedById", "ModifiedOn", "ModifiedById"];

type Cells = Vec<(&'static str, Option<Value>)>;

impl Creatio {
    /// Creates a row; gives it as the answer echoes it, finer than what is kept.
    pub(super) fn create(
        &mut self,
        call: &Call,
        entity: &'static Entity,
        body: &Map<String, Json>,
    ) -> Result<Row, Failure> {
        if entity.name == "SysAdminUnit" {
            return Err(Failure::Internal(500, "System users cannot be created over OData.".into()));
        }
        let id = match body.get("Id") {
            Some(id) => {
                id.as_str().and_then(|id| Uuid::parse_str(id).ok()).ok_or_else(|| mismatch("Id", "Edm.Guid"))?
            }
            None => Uuid::nil(),
        };
        let id = if id.is_nil() { self.next_id() } else { id };
        if self.store.row(entity.name, id).is_some() {
            if !self.knobs.post_updates_existing {
                let message = format!("23505: duplicate key value violates unique constraint \"PK{}Id\"", entity.name);
                return Err(Failure::Internal(500, message));
            }
            self.update(call, entity, id, body)?;
            return self.store.row(entity.name, id).cloned().ok_or(Failure::Bare(500));
        }
        let cells = self.cells(entity, body)?;
        let mut row = Row::default();
        for column in entity.columns() {
            let default = match column.default {
                Default::None => None,
                Default::Row(id) => Some(Value::Guid(id)),
                Default::True => Some(Value::Bool(true)),
                Default::Int(number) => Some(Value::Int(number)),
            };
            row.set(column.name, default);
        }
        if entity.name == "Activity" {
            let caller = Some(Value::Guid(call.caller.contact));
            row.set("AuthorId", caller.clone().filter(|_| self.knobs.author_is_caller));
            row.set("OwnerId", caller.filter(|_| self.knobs.owner_is_caller));
        }
        self.save(call, entity, id, row, cells, None)
    }

    /// Changes a row. One that is not there, or not seen, is no error by default.
    pub(super) fn update(
        &mut self,
        call: &Call,
        entity: &'static Entity,
        id: Uuid,
        body: &Map<String, Json>,
    ) -> Result<(), Failure> {
        let cells = self.cells(entity, body)?;
        let Some(old) = self.seen(call, entity, id).cloned() else {
            return if self.knobs.patch_missing_is_404 { Err(Failure::Bare(404)) } else { Ok(()) };
        };
        if !Self::may_write(&call.caller, &old) {
            return Err(forbidden(entity));
        }
        self.save(call, entity, id, old.clone(), cells, Some(&old)).map(|_| ())
    }

    pub(super) fn delete(&mut self, call: &Call, entity: &'static Entity, id: Uuid) -> Result<(), Failure> {
        let row = self.seen(call, entity, id).ok_or(Failure::Bare(404))?;
        if !Self::may_write(&call.caller, row) {
            return Err(forbidden(entity));
        }
        for child in ENTITIES {
            for column in child.columns().filter(|column| column.target == Some(entity.name)) {
                if column.is_parent() || matches!(column.name, "CreatedById" | "ModifiedById") {
                    continue;
                }
                if !self.store.children(child, column, id).is_empty() {
                    return Err(Failure::Internal(
                        500,
                        format!(
                            "23503: update or delete on table \"{}\" violates foreign key constraint on table \"{}\"",
                            entity.name, child.name
                        ),
                    ));
                }
            }
        }
        let removed = self.remove(entity, id).filter(|_| entity.name == "ActivityParticipant");
        if let Some(activity) = removed.and_then(|row| row.guid("ActivityId")) {
            self.participant_edited(call, activity);
        }
        Ok(())
    }

    /// Takes a row away with everything that lives in it.
    fn remove(&mut self, entity: &'static Entity, id: Uuid) -> Option<Row> {
        for child in ENTITIES {
            for column in child.columns().filter(|column| column.is_parent() && column.target == Some(entity.name)) {
                for id in self.store.children(child, column, id) {
                    self.store.take(child, id);
                }
            }
        }
        self.store.take(entity, id)
    }

    fn save(
        &mut self,
        call: &Call,
        entity: &'static Entity,
        id: Uuid,
        mut row: Row,
        cells: Cells,
        old: Option<&Row>,
    ) -> Result<Row, Failure> {
        for (column, value) in &cells {
            row.set(column, value.clone());
        }
        for column in entity.columns() {
            let value = row.get(column.name);
            if column.required && value.is_none() {
                return Err(Failure::Internal(
                    500,
                    format!("Value for required column \"{}\" is not set.", column.name),
                ));
            }
            if let (Some(target), Some(Value::Guid(key))) = (column.target, value)
                && self.store.row(target, *key).is_none()
            {
                return Err(Failure::Internal(
                    500,
                    format!(
                        "23503: insert or update on table \"{}\" violates foreign key constraint \"FK{}{}\"",
                        entity.name, entity.name, column.name
                    ),
                ));
            }
        }
        if let (Access::Of(parent), None) = (entity.access, old)
            && !self.sees(&call.caller, entity, &row)
        {
            return Err(Failure::Internal(
                403,
                format!("Insufficient rights to the record that \"{parent}\" points at."),
            ));
        }
        row.set("Id", Some(Value::Guid(id)));
        if entity.name == "Activity" {
            self.before_activity(&mut row, &cells);
        }
        self.put_stamped(&call.caller, call.now, entity, &mut row, old.is_none());
        match entity.name {
            "Activity" => self.after_activity(call, old, &row),
            "ActivityParticipant" => {
                if let Some(activity) = row.guid("ActivityId") {
                    self.participant_edited(call, activity);
                }
            }
            _ => {}
        }
        Ok(row)
    }

    /// Stamps a row and stores it in the precision of the database; the row given keeps its finer stamps.
    pub(super) fn put_stamped(
        &mut self,
        user: &User,
        now: DateTime<Utc>,
        entity: &'static Entity,
        row: &mut Row,
        new: bool,
    ) {
        let stamp = self.store.stamp(now);
        if new {
            row.set("CreatedOn", Some(Value::Time(stamp)));
            row.set("CreatedById", Some(Value::Guid(user.contact)));
        }
        row.set("ModifiedOn", Some(Value::Time(stamp)));
        row.set("ModifiedById", Some(Value::Guid(user.contact)));
        let mut stored = row.clone();
        for value in stored.cells.values_mut() {
            if let Value::Time(time) = value {
                *time = kept(*time);
            }
        }
        let id = row.guid("Id").unwrap_or_default();
        self.store.put(entity, id, stored);
    }

    /// The columns that a body sets. A navigation property in it is ignored without a word.
    fn cells(&self, entity: &'static Entity, body: &Map<String, Json>) -> Result<Cells, Failure> {
        let mut cells = Vec::new();
        for (name, json) in body {
            if name.contains('@') || SERVER.contains(&name.as_str()) {
                continue;
            }
            let Some(column) = entity.column(name).filter(|column| self.knobs.has(entity.name, column.name)) else {
                if entity.lookup(name).is_some() || entity.collection(name).is_some() {
                    continue;
                }
                let message = format!(
                    "The property '{name}' does not exist on type 'Terrasoft.Configuration.OData.{}'.",
                    entity.name
                );
                return Err(Failure::Query(self.knobs.unknown_column_status, message));
            };
            let value = column.kind.parse(json).map_err(|edm| mismatch(name, edm))?;
            cells.push((column.name, value));
        }
        Ok(cells)
    }

    pub(super) fn next_id(&mut self) -> Uuid {
        self.ids += 1;
        derived(&format!("row {}", self.ids))
    }
}

fn mismatch(name: &str, edm: &str) -> Failure {
    Failure::Query(400, format!("Cannot convert the value of property '{name}' to the expected type '{edm}'."))
}

fn forbidden(entity: &Entity) -> Failure {
    Failure::Internal(403, format!("Insufficient rights to edit the record of object \"{}\".", entity.name))
}
