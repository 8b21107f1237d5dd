//! The rows, who may see them, and the few indexes that keep large worlds quick.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::schema::{Column, Entity};
use super::value::Value;

/// Who may do what with a row, beside its creator, owner, author, organizer and participants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) everyone: bool,
    /// Contacts that may read.
    pub(super) readers: BTreeSet<Uuid>,
    /// Contacts that may neither read nor write, whatever else says they may.
    pub(super) hidden: BTreeSet<Uuid>,
    /// Contacts that may read only, whatever else says they may write.
    pub(super) locked: BTreeSet<Uuid>,
}

/// One row: only cells that are not empty are held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub(super) cells: BTreeMap<&'static str, Value>,
    pub(super) rights: Rights,
}

impl Row {
    /// The content of a column; `None` where it is empty or no such column is.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&Value> {
        self.cells.get(column)
    }

    /// The row that a lookup points at, or the row's own `Id`.
    #[must_use]
    pub fn guid(&self, column: &str) -> Option<Uuid> {
        match self.cells.get(column) {
            Some(Value::Guid(id)) => Some(*id),
            _ => None,
        }
    }

    /// The text of a column, empty where there is none.
    #[must_use]
    pub fn text(&self, column: &str) -> &str {
        match self.cells.get(column) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// The instant in a column.
    #[must_use]
    pub fn time(&self, column: &str) -> Option<DateTime<Utc>> {
        match self.cells.get(column) {
            Some(Value::Time(time)) => Some(*time),
            _ => None,
        }
    }

    /// The flag in a column.
    #[must_use]
    pub fn flag(&self, column: &str) -> bool {
        matches!(self.cells.get(column), Some(Value::Bool(true)))
    }

    pub(super) fn set(&mut self, column: &'static str, value: Option<Value>) {
        match value {
            Some(value) => self.cells.insert(column, value),
            None => self.cells.remove(column),
        };
    }
}

type Table = BTreeMap<Uuid, Row>;
type Index = BTreeMap<Uuid, BTreeSet<Uuid>>;

/// All tables.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    tables: BTreeMap<&'static str, Table>,
    /// Children by the lookup to their parent.
    indexes: BTreeMap<(&'static str, &'static str), Index>,
    last_stamp: Option<DateTime<Utc>>,
}

impl Store {
    pub(super) fn table(&self, entity: &Entity) -> impl Iterator<Item = (&Uuid, &Row)> {
        self.tables.get(entity.name).into_iter().flatten()
    }

    pub(super) fn row(&self, set: &str, id: Uuid) -> Option<&Row> {
        self.tables.get(set)?.get(&id)
    }

    pub(super) fn rights(&mut self, set: &str, id: Uuid) -> Option<&mut Rights> {
        Some(&mut self.tables.get_mut(set)?.get_mut(&id)?.rights)
    }

    pub(super) fn count(&self, set: &str) -> usize {
        self.tables.get(set).map_or(0, BTreeMap::len)
    }

    /// The rows of a set that point at `parent`.
    pub(super) fn children(&self, entity: &'static Entity, column: &'static Column, parent: Uuid) -> Vec<Uuid> {
        if column.is_parent() {
            let index = self.indexes.get(&(entity.name, column.name));
            return index.and_then(|index| index.get(&parent)).into_iter().flatten().copied().collect();
        }
        self.table(entity).filter(|(_, row)| row.guid(column.name) == Some(parent)).map(|(id, _)| *id).collect()
    }

    pub(super) fn put(&mut self, entity: &'static Entity, id: Uuid, mut row: Row) {
        row.set("Id", Some(Value::Guid(id)));
        self.take(entity, id);
        for column in entity.columns().filter(|column| column.is_parent()) {
            if let Some(parent) = row.guid(column.name) {
                let index = self.indexes.entry((entity.name, column.name)).or_default();
                index.entry(parent).or_default().insert(id);
            }
        }
        self.tables.entry(entity.name).or_default().insert(id, row);
    }

    pub(super) fn take(&mut self, entity: &'static Entity, id: Uuid) -> Option<Row> {
        let row = self.tables.get_mut(entity.name)?.remove(&id)?;
        for column in entity.columns().filter(|column| column.is_parent()) {
            let index = self.indexes.get_mut(&(entity.name, column.name));
            if let (Some(parent), Some(index)) = (row.guid(column.name), index)
                && let Some(set) = index.get_mut(&parent)
            {
                set.remove(&id);
                if set.is_empty() {
                    index.remove(&parent);
                }
            }
        }
        Some(row)
    }

    /// The instant of a write. No two are alike, as on a real server, even where a test's clock stands still; and it is
    /// finer than what is kept, so that the echo of a POST differs from what a later GET shows.
    pub(super) fn stamp(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let earliest = self.last_stamp.map_or(now, |last| last + TimeDelta::microseconds(1));
        let stamp = super::value::kept(now.max(earliest));
        self.last_stamp = Some(stamp);
        stamp + TimeDelta::nanoseconds(400)
    }
}
