//! The model: what users did, told apart from whatever the engine made of it.

use guest::activity::{SideId, Unit};
use guest::report::{Entry, Outcome};
use std::collections::{BTreeMap, BTreeSet};

/// A value that a user gave a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which item.
    pub item: u32,
    /// Where.
    pub side: SideId,
    /// What.
    pub unit: Unit,
    /// The value as [`crate::sight`] reads it.
    pub value: String,
}

/// What users did, and what the runs told them.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Edits, creations among them, in their order.
    pub edits: Vec<Edit>,
    /// Values that a user saw and replaced, or deleted with their item.
    pub replaced: BTreeSet<(u32, Unit, String)>,
    /// Items that a user deleted, with the side.
    pub deleted: BTreeSet<(u32, SideId)>,
    /// Items of the mailbox that a user deleted last.
    pub bin: BTreeMap<u32, String>,
    /// Items that users made on both sides: they are one only as long as they look the same.
    pub both: BTreeSet<u32>,
    /// All items.
    pub items: BTreeSet<u32>,
    /// Messages that left because of what users did.
    pub mails: usize,
    /// Journal entries of all runs.
    pub entries: Vec<Entry>,
}

impl Ledger {
    /// A user deleted it somewhere.
    #[must_use]
    pub fn was_deleted(&self, item: u32) -> bool {
        self.deleted.iter().any(|(deleted, _)| *deleted == item)
    }

    /// An entry names this value as one that was not simply carried over.
    #[must_use]
    pub fn told(&self, unit: Unit, value: &str) -> bool {
        let names = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| match unit {
                Unit::Reminder | Unit::Priority | Unit::State => text == value,
                Unit::Title | Unit::When | Unit::Place | Unit::Body => !value.is_empty() && text.contains(value),
            })
        };
        self.entries
            .iter()
            .filter(|entry| {
                matches!(entry.outcome, Outcome::Conflict | Outcome::Overwritten | Outcome::Held | Outcome::Noted)
            })
            .flat_map(|entry| &entry.units)
            .any(|change| change.unit == unit && (names(&change.before) || names(&change.after)))
    }

    /// An entry tells that this item was held, unlinked or otherwise left to a person.
    #[must_use]
    pub fn named(&self, item: u32) -> bool {
        let name = crate::sight::name(item);
        self.entries
            .iter()
            .filter(|entry| matches!(entry.outcome, Outcome::Held | Outcome::Noted))
            .any(|entry| entry.title.split(' ').next() == Some(&name))
    }
}
