//! One run: its options, its report, and why it failed.

use std::time::Duration;

use serde::Serialize;

use crate::journal::Side;
use crate::report::Report;
use crate::stop::Stop;
use crate::store::{Holder, StoreError};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Bring changes of the mailbox into Creatio.
    Import,
    /// Bring changes of Creatio into the mailbox.
    Export,
    /// Both.
    Reconcile,
    /// Undo what the run with this id did.
    Undo(String),
    /// End the sync of the account without a trace.
    Forget {
        /// Remove what the sync made and nobody touched as well.
        remove_items: bool,
    },
}

impl Action {
    /// Its name, as records and reports have it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Export => "export",
            Self::Reconcile => "reconcile",
            Self::Undo(_) => "undo",
            Self::Forget { .. } => "forget",
        }
    }
}

/// What a run may cost; it ends in good order after the chunk with which that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Requests; a batch counts as one.
    pub requests: Option<u32>,
    /// Items written.
    pub writes: Option<u32>,
    /// Time.
    pub time: Option<Duration>,
}

/// How to run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Plan only.
    pub dry_run: bool,
    /// Carry out exactly these operations.
    pub only: Option<Vec<String>>,
    /// What the run may cost.
    pub budget: Budget,
    /// Ends the run early.
    pub stop: Stop,
}

/// What came out of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunReport {
    /// Id of the run: what its journal is found by.
    pub run: String,
    /// The account.
    pub account: String,
    /// What was done.
    pub action: &'static str,
    /// Whether it was a preview.
    pub dry_run: bool,
    /// When it began, in milliseconds since 1970.
    pub started: u64,
    /// When it ended.
    pub finished: u64,
    /// The component's report.
    pub report: Report,
    /// Requests sent.
    pub requests: u64,
    /// Most linear memory in use, in bytes.
    pub memory: usize,
    /// Time in which the component computed, in milliseconds.
    pub cpu: u64,
}

/// Why a component gave up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuestFailure {
    /// The account or the options cannot be carried out.
    #[error("the settings cannot be carried out: {}", .0.join("; "))]
    Settings(Vec<String>),
    /// A side refuses the sign-in.
    #[error("{0}: {1}")]
    SignIn(Side, String),
    /// A side could not be reached, or gave no sense.
    #[error("{0}: {1}")]
    Unavailable(Side, String),
    /// Another run for the account has begun.
    #[error("another run for the account has begun, and this one stopped without harm")]
    Superseded,
    /// Storage failed.
    #[error("storage: {0}")]
    Storage(String),
    /// Stored state is newer or damaged.
    #[error("stored state: {0}")]
    State(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Why a run failed. What it had done before is recorded, and the next run settles what it had in flight.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The configuration has no such account.
    #[error("there is no account {0} in the configuration; add an [[account]] with that mail")]
    UnknownAccount(String),
    /// Another run for the account is going on.
    #[error("{}", busy(.account, .run, *.until, *.holder))]
    Busy {
        /// The account.
        account: String,
        /// The other run.
        run: String,
        /// When another can start at the latest, in milliseconds since 1970; a run that goes on may move it.
        until: u64,
        /// What is known of its process.
        holder: Holder,
    },
    /// A choice names something that does not exist, or exists twice.
    #[error("{0}")]
    Choice(String),
    /// The component gave up.
    #[error(transparent)]
    Component(#[from] GuestFailure),
    /// The run used all that it may use.
    #[error("the run was ended at its limit of {0}; what was done is recorded, and the next run goes on")]
    Limit(String),
    /// The component failed.
    #[error("the component failed: {0}")]
    Trap(String),
    /// The host's own records could not be kept.
    #[error("storage: {0}")]
    Store(#[from] StoreError),
}

fn busy(account: &str, run: &str, until: u64, holder: Holder) -> String {
    let until = moment(until);
    match holder {
        Holder::Living(process) => format!(
            "run {run} for {account} is going on in process {process}, which has the account until {until} and longer if \
             it needs to"
        ),
        Holder::Ended(process) => format!(
            "run {run} for {account} was cut off with process {process}, and what it had sent may still arrive: another \
             can start at {until}"
        ),
        Holder::Unknown => {
            format!("run {run} for {account} is going on, or was cut off: another can start at {until} at the latest")
        }
    }
}

fn moment(millis: u64) -> String {
    i64::try_from(millis)
        .ok()
        .and_then(chrono::DateTime::from_timestamp_millis)
        .map_or_else(|| millis.to_string(), |moment| moment.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}
