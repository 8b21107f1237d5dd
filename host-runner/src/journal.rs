//! What a run did, item by item, as `journal.wit` has it and as `log`, `status` and pages read it.

use serde::{Deserialize, Serialize};

/// A side of the sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The Creatio site.
    Creatio,
    /// The mailbox.
    Mailbox,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Creatio => "Creatio",
            Self::Mailbox => "mailbox",
        })
    }
}

/// Fields of an item that change together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// What the target held before, where that is known.
    pub before: Option<String>,
    /// What the operation writes, or would write.
    pub after: Option<String>,
}

/// One operation, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// Id of the operation; what `only` names.
    pub operation: String,
    /// `planned`, `written`, `held`, `failed`, `conflict`, `overwritten`, `noted`; others may be added.
    pub outcome: String,
    /// `create`, `update`, `delete`, …
    pub action: String,
    /// The side it writes, or would write, to.
    pub target: Side,
    /// Id of the activity in Creatio.
    pub activity: Option<String>,
    /// Id of the item in the mailbox.
    pub item: Option<String>,
    /// Title of the item.
    pub title: String,
    /// Start in milliseconds since 1970.
    pub start: Option<i64>,
    /// What changes.
    pub units: Vec<Unit>,
    /// Code of the reason.
    pub reason: String,
    /// What a code cannot say.
    pub detail: String,
}

impl Entry {
    /// Whether the operation waits for a person or another try.
    #[must_use]
    pub fn stands(&self) -> bool {
        matches!(self.outcome.as_str(), "held" | "failed")
    }

    /// Whether it tells of a write that an undo did not carry out. Nothing tries it again by itself.
    #[must_use]
    pub fn not_done(&self) -> bool {
        self.outcome == "noted"
            && self.reason != "server-normalised"
            && matches!(self.action.as_str(), "create" | "update" | "delete" | "cancel" | "restore")
    }
}
