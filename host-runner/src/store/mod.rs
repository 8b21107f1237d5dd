//! What a tenant remembers between runs: keys and values for the component, and beside them runs, journals and leases.
//!
//! [`Store`] is synchronous, because a database on the same machine answers in microseconds and a simulation wants no
//! executor; the runtime calls it on threads that may block. One store holds one tenant.

mod check;
mod memory;
mod run;
mod sqlite;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use memory::MemoryStore;
pub use run::RunStorage;
pub use sqlite::{OpenError, SqliteStore};

use crate::journal::Entry as JournalEntry;

/// An opaque token of one value's version.
pub type Version = Vec<u8>;

/// A stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
    /// Its version.
    pub version: Version,
}

/// A piece of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Ascending by key.
    pub entries: Vec<Entry>,
    /// What to pass as `after` for the next piece; none is the only sign of the end.
    pub next: Option<String>,
}

/// What must be true of a key for a commit to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    Any,
    /// There is no value.
    Absent,
    /// The value has this version.
    At(Version),
}

/// One change of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: String,
    /// What must hold.
    pub guard: Guard,
    /// The new value; none deletes.
    pub value: Option<Vec<u8>>,
}

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every change is durable.
    Applied(Version),
    /// Nothing was changed: the guards of these keys did not hold.
    Stale(Vec<String>),
}

/// Why storage did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room.
    #[error("the disk is full")]
    Full,
    /// The account's lease was lost to another run.
    #[error("another run for the account has begun")]
    Fenced,
    /// Not now.
    #[error("{0}")]
    Unavailable(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// A lease as its holder shows it: every commit carries it, and one that was lost is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The account.
    pub account: String,
    /// Number of the lease; a later one has a higher number.
    pub number: u64,
}

/// Who commits: the run, and its lease where it has one. Stores that nobody else writes to need none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The account.
    pub account: String,
    /// Id of the run.
    pub run: String,
    /// Number of its lease.
    pub fence: Option<u64>,
}

/// What came of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// It is ours.
    Granted(Fence),
    /// Somebody else has it.
    Taken {
        /// Id of the run that has it.
        run: String,
        /// When another run can start at the latest, in milliseconds since 1970; a holder that lives may move it.
        until: u64,
        /// What is known of who has it.
        holder: Holder,
    },
}

/// What is known of the process that has a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Nothing: it may be going on, or was cut off.
    Unknown,
    /// The process with this number lives.
    Living(u32),
    /// The process with this number has ended, and a write of its may still arrive.
    Ended(u32),
}

/// A run as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunRecord {
    /// Its id.
    pub run: String,
    /// The account.
    pub account: String,
    /// `import`, `export`, `reconcile`, `undo`, `forget`, …
    pub action: String,
    /// Whether it was a preview.
    pub dry_run: bool,
    /// When it began, in milliseconds since 1970.
    pub started: u64,
    /// When it ended; none while it is going on, or where it was cut off.
    pub finished: Option<u64>,
    /// What came of it: a report, or the text of an error.
    pub result: Option<RunResult>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// It returned a report.
    Report(crate::report::Report),
    /// It failed; the text says why.
    Failed(String),
}

/// Storage of one tenant. Implementations keep every promise of `storage.wit`.
pub trait Store: Send + Sync + 'static {
    /// The values of these keys, in the same order.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn get(&self, keys: &[String]) -> Result<Vec<Option<Entry>>, StoreError>;

    /// Up to `limit` entries whose keys begin with `prefix`, ascending, after the key `after`.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StoreError>;

    /// Applies all changes or none, and with them the journal entries of this run, in one transaction. The fence is
    /// checked in the same transaction.
    ///
    /// # Errors
    /// Nothing was changed, except after `unavailable`.
    fn commit(&self, ticket: &Ticket, changes: &[Change], journal: &[JournalEntry]) -> Result<Outcome, StoreError>;

    /// Asks for the lease of an account until a moment. A lease that ran out is given away `grace` milliseconds later:
    /// by then the last request that it covered has ended. A store that knows that the holder's process has ended gives
    /// it away sooner: `grace` milliseconds after the last write that was under way began, at once if none was.
    ///
    /// # Errors
    /// Storage cannot be written.
    fn acquire(&self, account: &str, run: &str, now: u64, until: u64, grace: u64) -> Result<Lease, StoreError>;

    /// Moves the end of a lease.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if it was lost.
    fn renew(&self, fence: &Fence, until: u64) -> Result<(), StoreError>;

    /// Notes that a request which may change something is under way: when the latest of them began, in milliseconds since
    /// 1970, or that there is none any more. It must survive the end of this process and is asked for by
    /// [`Store::acquire`]; a store that cannot know whether a holder lives has no use for it.
    fn writing(&self, fence: &Fence, since: Option<u64>) {
        let _ = (fence, since);
    }

    /// Gives a lease back. One that was lost stays the other's.
    ///
    /// # Errors
    /// Storage cannot be written.
    fn release(&self, fence: &Fence) -> Result<(), StoreError>;

    /// Records that a run begins, and forgets the journals of runs that began before `keep_from`.
    ///
    /// # Errors
    /// Storage cannot be written.
    fn begin(&self, run: &RunRecord, keep_from: u64) -> Result<(), StoreError>;

    /// Records how a run ended, with what remains of its journal.
    ///
    /// # Errors
    /// Storage cannot be written.
    fn finish(
        &self,
        account: &str,
        run: &str,
        finished: u64,
        result: &RunResult,
        rest: &[JournalEntry],
    ) -> Result<(), StoreError>;

    /// The latest runs, newest first, of one account or of all.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn runs(&self, account: Option<&str>, limit: u32) -> Result<Vec<RunRecord>, StoreError>;

    /// The journal of a run in the order it was written.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn journal(&self, account: &str, run: &str) -> Result<Vec<JournalEntry>, StoreError>;

    /// What is held or failed and was not settled by a later run: the last entry of each operation, where it is one of
    /// the two and was not dismissed. Previews do not count.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn standing(&self, account: &str) -> Result<Vec<JournalEntry>, StoreError>;

    /// Forgets the runs of an account with their journals, except one: that which ended its sync. What the component stored
    /// is gone by then.
    ///
    /// # Errors
    /// Storage cannot be written.
    fn forget(&self, account: &str, except: &str) -> Result<(), StoreError> {
        let _ = (account, except);
        Ok(())
    }

    /// Operations that a person does not want to be told of any more: those with an entry `dismissed` and none after it that
    /// is neither `held` nor `failed`. A pair that changes again is another operation.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn dismissed(&self, account: &str) -> Result<BTreeSet<String>, StoreError> {
        let _ = account;
        Ok(BTreeSet::new())
    }
}

#[cfg(test)]
mod tests;
