//! The model: what users did, told apart from whatever the engine made of it.

use crate::copies::Copied;
use crate::step::{Place, Who};
use chrono::{DateTime, Utc};
use guest::activity::{SideId, Unit};
use guest::reason::Reason;
use guest::report::{Action, Entry, Outcome};
use std::collections::{BTreeMap, BTreeSet};

/// A value that a user gave a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which item.
    pub item: u32,
    /// Where.
    pub at: Place,
    /// What.
    pub unit: Unit,
    /// The value as [`crate::sight`] reads it.
    pub value: String,
}

/// How an item came to be, and who has to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// On which side; both counts as the mailbox.
    pub side: SideId,
    /// Accounts in whose mailboxes it belongs.
    pub holders: BTreeSet<Who>,
    /// Accounts in whose mailboxes users made it: it is theirs whoever owns the activity.
    pub home: BTreeSet<Who>,
    /// Accounts in whose mailboxes it may still be.
    pub former: BTreeSet<Who>,
    /// Who organises it, where it is a meeting that others have copies of; none for somebody from elsewhere.
    pub organizer: Option<Option<Who>>,
}

impl Made {
    /// Accounts whose copies are the meeting itself, and not what its organizer sent them.
    #[must_use]
    pub fn deciding(&self) -> Vec<Who> {
        match self.organizer {
            Some(organizer) => organizer.into_iter().collect(),
            None => self.holders.iter().copied().collect(),
        }
    }
}

/// When something was removed, by account and side.
pub type Removals = BTreeMap<(Who, SideId), Vec<DateTime<Utc>>>;

/// What users did, and what the runs told them.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Edits, creations among them, in their order.
    pub edits: Vec<Edit>,
    /// Values that a user saw and replaced, or deleted with their item.
    pub replaced: BTreeSet<(u32, Unit, String)>,
    /// Units that somebody changed on a copy of his own: whether that is carried over depends on whose copies there are.
    pub loose: BTreeSet<(u32, Unit)>,
    /// Items that a user deleted, with the place.
    pub deleted: BTreeSet<(u32, Place)>,
    /// Items of mailboxes that a user deleted last.
    pub bin: BTreeMap<(Who, u32), String>,
    /// Items that users made on both sides: they are one only as long as they look the same.
    pub both: BTreeSet<u32>,
    /// All items.
    pub items: BTreeMap<u32, Made>,
    /// Messages that left because of what users did.
    pub mails: usize,
    /// Journal entries of all runs.
    pub entries: Vec<Entry>,
    /// When runs of an account removed something from a side, as far as its storage can know.
    pub removals: Removals,
    /// What another program copied.
    pub copies: Vec<Copied>,
    /// Values that a late write put into Creatio: nobody set them there, and nobody can tell.
    pub landed: BTreeSet<(u32, Unit, String)>,
    /// Activities that a late write cancelled.
    pub cancelled: BTreeSet<u32>,
    /// Items whose activities are hidden while others are seen, and since when: after a while nobody can tell that from a
    /// deletion.
    pub hidden: BTreeMap<u32, DateTime<Utc>>,
    /// Items of which "show in calendar" was turned: values of another kind are not compared with those set before.
    pub turned: BTreeSet<u32>,
    /// Tasks that were done, or are: what is finished is neither exported nor taken away.
    pub finished: BTreeSet<u32>,
    /// Items whose cancelled activities a user opened again. What was deleted in the mailbox does not come back by that.
    pub reopened: BTreeSet<u32>,
    /// Items that an undo had to do with: they stay as it left them.
    pub undone: BTreeSet<u32>,
    /// Items that were out of step when the account was forgotten, or edited as an old kind while the new one was there:
    /// nothing tells any more that they are one.
    pub astray: BTreeSet<u32>,
    /// A run is going on.
    pub during: bool,
    /// The account was forgotten, and no run has met both sides since: what looks alike is one, and nothing else is.
    pub strangers: bool,
}

impl Ledger {
    /// Takes in what a run told.
    pub fn learn(&mut self, who: Who, now: DateTime<Utc>, entries: &[Entry]) {
        for entry in entries {
            let removes = matches!(entry.action, Action::Delete | Action::Cancel) && entry.reason != Reason::LateDouble;
            if removes && entry.outcome == Outcome::Written {
                self.removals.entry((who, entry.target)).or_default().push(now);
            }
        }
        self.entries.extend(entries.iter().cloned());
    }

    /// Somebody makes it look otherwise on one side.
    pub fn unlike(&mut self, item: u32) {
        if self.strangers {
            self.astray.insert(item);
        }
    }

    /// A user deleted it where that means the item itself.
    #[must_use]
    pub fn was_deleted(&self, item: u32, made: &Made) -> bool {
        let counts = |at: &Place| match at {
            Place::Creatio => true,
            Place::Mailbox(who) => made.organizer.is_none() || made.deciding().contains(who),
        };
        self.deleted.iter().any(|(deleted, at)| *deleted == item && counts(at))
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
