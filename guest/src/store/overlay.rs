//! What a dry run has for storage: it reads what is there, and keeps to itself what it would write.

use crate::capability::{Change, Entry, Guard, Outcome, Page, Storage, StorageError, Version};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Storage whose changes go nowhere: what a dry run writes, it reads back, and then it is gone.
pub struct Overlay<'a> {
    below: &'a dyn Storage,
    above: RefCell<BTreeMap<String, Option<Entry>>>,
    clock: Cell<u64>,
}

impl<'a> Overlay<'a> {
    /// Over a storage.
    #[must_use]
    pub fn new(below: &'a dyn Storage) -> Self {
        Self { below, above: RefCell::new(BTreeMap::new()), clock: Cell::new(0) }
    }

    fn current(&self, key: &str) -> Result<Option<Entry>, StorageError> {
        if let Some(entry) = self.above.borrow().get(key) {
            return Ok(entry.clone());
        }
        Ok(self.below.get(&[key.to_owned()])?.into_iter().next().flatten())
    }
}

impl Storage for Overlay<'_> {
    fn get(&self, keys: &[String]) -> Result<Vec<Option<Entry>>, StorageError> {
        let mut entries = self.below.get(keys)?;
        let above = self.above.borrow();
        for (entry, key) in entries.iter_mut().zip(keys) {
            if let Some(changed) = above.get(key) {
                entry.clone_from(changed);
            }
        }
        Ok(entries)
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StorageError> {
        let below = self.below.scan(prefix, after, limit)?;
        let until = below.next.clone();
        let above = self.above.borrow();
        let mut merged: BTreeMap<String, Entry> =
            below.entries.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        for (key, entry) in above.range::<str, _>((start, Bound::Unbounded)) {
            // Beyond what the piece below covers, the next piece will tell.
            if !key.starts_with(prefix) || until.as_ref().is_some_and(|until| key > until) {
                break;
            }
            match entry {
                Some(entry) => merged.insert(key.clone(), entry.clone()),
                None => merged.remove(key),
            };
        }
        Ok(Page { entries: merged.into_values().collect(), next: until })
    }

    fn commit(&self, changes: Vec<Change>) -> Result<Outcome, StorageError> {
        let mut stale = Vec::new();
        for change in &changes {
            if change.guard == Guard::Any {
                continue;
            }
            let current = self.current(&change.key)?;
            let holds = match (&change.guard, &current) {
                (Guard::Any, _) | (Guard::Absent, None) => true,
                (Guard::At(version), Some(entry)) => entry.version == *version,
                (Guard::Absent, Some(_)) | (Guard::At(_), None) => false,
            };
            if !holds {
                stale.push(change.key.clone());
            }
        }
        if !stale.is_empty() {
            return Ok(Outcome::Stale(stale));
        }
        self.clock.set(self.clock.get() + 1);
        let version: Version = format!("overlay {}", self.clock.get()).into_bytes();
        let mut above = self.above.borrow_mut();
        for change in changes {
            let entry = change.value.map(|value| Entry { key: change.key.clone(), value, version: version.clone() });
            above.insert(change.key, entry);
        }
        Ok(Outcome::Applied(version))
    }
}
