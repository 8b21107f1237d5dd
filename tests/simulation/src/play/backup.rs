//! Storage that goes back to a copy, and what it knew with it.

use super::Play;
use crate::check;
use crate::ledger::Removals;
use crate::step::Who;
use chrono::{DateTime, Utc};
use host_runner::store::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A copy of the storage.
#[derive(Clone)]
pub(super) struct Backup {
    store: MemoryStore,
    /// The leases that stood then.
    standing: BTreeMap<Who, DateTime<Utc>>,
    /// What the guard had counted.
    removals: Removals,
}

impl Play {
    /// Copies the storage.
    pub(super) fn back_up(&mut self) {
        self.backup = Some(Backup {
            store: (*self.world.store).clone(),
            standing: self.standing.clone(),
            removals: self.people.ledger.lock().unwrap().removals.clone(),
        });
    }

    /// Puts the copy in the storage's place, if there is one. The guard held until now, and counts from what it knew.
    pub(super) fn go_back(&mut self) {
        let Some(Backup { store, standing, removals }) = self.backup.clone() else { return };
        self.world.store = Arc::new(store);
        self.standing = standing;
        self.went_back = true;
        let mut ledger = self.people.ledger.lock().unwrap();
        check::guarded(&ledger, &mut self.played.faults);
        ledger.removals = removals;
    }
}
