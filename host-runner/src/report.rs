//! What a component returns, as `synchronizer.wit` has it.

use serde::{Deserialize, Serialize};

use crate::config::{Exported, Folders};
use crate::journal::Side;

/// How a run ended, when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

/// A number in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Count {
    /// An outcome of a journal entry, or `observed`, `unchanged`, `left-alone`, `standing`, `restored`, `forgotten`.
    pub what: String,
    /// The side, where there is one.
    pub side: Option<Side>,
    /// The action or reason that it counts; empty where there is only one of the kind. Counts of one `what` do not overlap.
    pub reason: String,
    /// How many.
    pub number: u64,
}

/// Something about the account that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Warning {
    /// A reason code.
    pub code: String,
    /// What it is about, and what to do.
    pub text: String,
}

/// What came out of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// How it ended.
    pub ending: Ending,
    /// Numbers.
    pub counts: Vec<Count>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// When there is a reason to run again, in milliseconds since 1970.
    pub next: Option<u64>,
}

/// What a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Meetings.
    Meetings,
    /// Tasks.
    Tasks,
}

/// A folder of the mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Folder {
    /// Its id, as the choices name it.
    pub id: String,
    /// Its name as the user reads it.
    pub name: String,
    /// What it holds.
    pub content: Content,
    /// The mailbox's own calendar, or its own task folder.
    pub is_default: bool,
    /// Part of "all".
    pub offered: bool,
    /// Why it is not part of "all", or cannot be used.
    pub reason: Option<String>,
}

/// A group of activities in Creatio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Group {
    /// Its id, as the choices name it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Why its members cannot be told exactly.
    pub reason: Option<String>,
}

/// What there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Catalogue {
    /// Folders of the mailbox.
    pub folders: Vec<Folder>,
    /// Groups of the Creatio site.
    pub groups: Vec<Group>,
    /// Id of the account's contact in Creatio.
    pub contact: String,
    /// Its name.
    pub contact_name: String,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

/// What a finding of a check means for runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is as it should be.
    Good,
    /// Worth knowing; runs do without.
    Note,
    /// Probably not as it should be.
    Doubt,
    /// Runs fail, or refuse to begin.
    Bad,
}

/// What a check found of one thing that it tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// What was tried.
    pub subject: String,
    /// What it means.
    pub verdict: Verdict,
    /// A reason code.
    pub reason: String,
    /// What a code cannot say.
    pub detail: String,
}

/// Everything that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Checked {
    /// In the order in which it was tried.
    pub findings: Vec<Finding>,
    /// What the mailbox is known by, where it was reached.
    pub mailbox: Option<String>,
}

/// What Creatio's own synchronization was told about one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Takeover {
    /// Login name of the Creatio user.
    pub user: String,
    /// Address of the mailbox.
    pub mail: String,
    /// It serves the mailbox at present.
    pub serves: bool,
    /// Name of the user's time zone, where one is known.
    pub time_zone: Option<String>,
    /// "Import activities starting from".
    pub import_from: Option<String>,
    /// "Import meetings", by name.
    pub import_meetings: Folders,
    /// "Import tasks", by name.
    pub import_tasks: Folders,
    /// "Export activities", by id.
    pub export: Exported,
    /// Tasks are exported too.
    pub tasks: bool,
    /// What could not be taken over.
    pub remarks: Vec<String>,
}
