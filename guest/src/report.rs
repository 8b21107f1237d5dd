//! What a run tells: journal entries, counts, warnings and how it ended. Shapes are those of `wit/`.

use crate::activity::{SideId, Unit};
use crate::reason::Reason;
use std::collections::BTreeMap;

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A dry run.
    Planned,
    /// Done.
    Written,
    /// A policy refuses for now.
    Held,
    /// It was tried.
    Failed,
    /// Done, and another value lost.
    Conflict,
    /// Done, and a value that nobody had seen was replaced.
    Overwritten,
    /// Nothing to write, but a person should know.
    Noted,
}

impl Outcome {
    /// The word of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Written => "written",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Conflict => "conflict",
            Self::Overwritten => "overwritten",
            Self::Noted => "noted",
        }
    }
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Makes an item.
    Create,
    /// Changes units of an item.
    Update,
    /// Removes an item.
    Delete,
    /// Sets an activity to "Canceled".
    Cancel,
    /// Takes a cancellation back.
    Restore,
    /// Makes a pair of an activity and an item that exist.
    Adopt,
    /// Ends a link and leaves both sides as they are.
    Unlink,
    /// Stops following a pair that left what the settings cover.
    Park,
    /// Leaves an item alone.
    Skip,
    /// Makes an item anew as the other kind, meeting or task, and removes the old one.
    Convert,
    /// Takes the sync's marker off an item.
    Unmark,
}

impl Action {
    /// The word of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Cancel => "cancel",
            Self::Restore => "restore",
            Self::Adopt => "adopt",
            Self::Unlink => "unlink",
            Self::Park => "park",
            Self::Skip => "skip",
            Self::Convert => "convert",
            Self::Unmark => "unmark",
        }
    }

    /// Something new comes to be.
    #[must_use]
    pub const fn makes(self) -> bool {
        matches!(self, Self::Create | Self::Convert)
    }
}

/// One unit of a journal entry, as text for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitChange {
    /// The unit.
    pub unit: Unit,
    /// What the target held.
    pub before: Option<String>,
    /// What is written.
    pub after: Option<String>,
}

/// One operation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Id of the operation.
    pub operation: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What it does.
    pub action: Action,
    /// Where it writes.
    pub target: SideId,
    /// Id of the activity.
    pub activity: Option<String>,
    /// Id of the mailbox item.
    pub item: Option<String>,
    /// Title, after policies.
    pub title: String,
    /// Start, milliseconds since 1970.
    pub start: Option<i64>,
    /// What changes.
    pub units: Vec<UnitChange>,
    /// Why.
    pub reason: Reason,
    /// What a code cannot say.
    pub detail: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything was looked at.
    Complete,
    /// A folder could not be read; everything else was looked at.
    Partial,
    /// The budget was used up.
    Budget,
    /// The host asked to end.
    Stopped,
    /// A server asked to wait.
    Throttled,
}

/// What a count counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// An outcome, or `observed`, `unchanged`, `left-alone`, `standing`, `restored`, `forgotten`.
    pub what: &'static str,
    /// The side, where there is one.
    pub side: Option<SideId>,
    /// Action or reason; empty where there is only one of the kind.
    pub reason: &'static str,
}

/// Something about the account that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Reason code.
    pub code: Reason,
    /// For a person.
    pub text: String,
}

/// What came out of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub ending: Ending,
    /// Numbers.
    pub counts: BTreeMap<Counted, u64>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// When to run again, milliseconds since 1970.
    pub next: Option<u64>,
}

impl Default for Report {
    fn default() -> Self {
        Self { ending: Ending::Complete, counts: BTreeMap::new(), warnings: Vec::new(), next: None }
    }
}

impl Report {
    /// Adds to a number.
    pub fn count(&mut self, what: &'static str, side: Option<SideId>, reason: &'static str, number: u64) {
        if number > 0 {
            *self.counts.entry(Counted { what, side, reason }).or_default() += number;
        }
    }

    /// Counts a journal entry: by its action, or by its reason where it was not carried out.
    pub fn count_entry(&mut self, entry: &Entry) {
        let by = match entry.outcome {
            Outcome::Held | Outcome::Failed | Outcome::Noted => entry.reason.code(),
            Outcome::Planned | Outcome::Written | Outcome::Conflict | Outcome::Overwritten => entry.action.code(),
        };
        self.count(entry.outcome.code(), Some(entry.target), by, 1);
    }

    /// How many there are of something, over all reasons and sides.
    #[must_use]
    pub fn number(&self, what: &str) -> u64 {
        self.counts.iter().filter(|(counted, _)| counted.what == what).map(|(_, number)| number).sum()
    }

    /// Warns once: the same code and text is not repeated.
    pub fn warn(&mut self, code: Reason, text: impl Into<String>) {
        let warning = Warning { code, text: text.into() };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Asks for another run at a time; the earliest wish counts.
    pub fn come_back(&mut self, at: chrono::DateTime<chrono::Utc>) {
        let at = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }
}
