//! The changes of one commit, in the making.

use crate::capability::{Change, Guard, Version};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Changes of one commit, in the making.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    changes: BTreeMap<String, Change>,
}

impl Batch {
    /// Writes a row.
    pub fn put(&mut self, key: String, row: &impl Serialize) {
        self.guarded(key, row, Guard::Any);
    }

    /// Writes a row under a guard.
    pub fn guarded(&mut self, key: String, row: &impl Serialize, guard: Guard) {
        let value = serde_json::to_vec(row).unwrap_or_default();
        self.changes.insert(key.clone(), Change { key, guard, value: Some(value) });
    }

    /// Deletes a row.
    pub fn delete(&mut self, key: String) {
        self.changes.insert(key.clone(), Change { key, guard: Guard::Any, value: None });
    }

    /// Deletes a row that has not changed since.
    pub fn delete_at(&mut self, key: String, version: Version) {
        self.changes.insert(key.clone(), Change { key, guard: Guard::At(version), value: None });
    }

    /// Writes to this key.
    #[must_use]
    pub fn puts(&self, key: &str) -> bool {
        self.changes.get(key).is_some_and(|change| change.value.is_some())
    }

    /// Changes something below this prefix.
    #[must_use]
    pub fn touches(&self, prefix: &str) -> bool {
        self.changes
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .next()
            .is_some_and(|(key, _)| key.starts_with(prefix))
    }

    /// Keys it writes to that begin so.
    pub fn keys_below<'b>(&'b self, prefix: &'b str) -> impl Iterator<Item = &'b str> {
        self.changes
            .values()
            .filter(move |change| change.value.is_some() && change.key.starts_with(prefix))
            .map(|change| change.key.as_str())
    }

    /// The row that it writes to a key.
    #[must_use]
    pub fn row<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.changes.get(key).and_then(|change| change.value.as_ref()).and_then(|value| crate::json::read(value).ok())
    }

    /// Nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Its changes, as storage takes them.
    pub(super) fn into_changes(self) -> impl Iterator<Item = Change> {
        self.changes.into_values()
    }

    /// Adds the changes of another, which win.
    pub fn extend(&mut self, other: Self) {
        self.changes.extend(other.changes);
    }
}
