//! Troubles of the storage: it cannot be reached, is full, or says that somebody else was faster.

use guest::capability::StorageError;
use serde::{Deserialize, Serialize};
use std::sync::Mutex;

/// What the storage is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// Rows by key.
    Get,
    /// Rows below a prefix.
    Scan,
    /// A commit.
    Commit,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failing {
    /// It cannot be reached.
    Unavailable,
    /// The commit applies, and nobody hears of it; a read simply fails.
    Unheard,
    /// There is no room for the commit.
    Full,
    /// The account's run key is said to have changed.
    StaleRun,
    /// The rows that are shared with other accounts are said to have changed; a commit without such rows applies.
    StaleShared,
}

/// A trouble: which call, how many of its kind pass first, how many are hit then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StorageFault {
    /// Which calls.
    pub call: Call,
    /// So many of them pass.
    pub skip: u32,
    /// So many are hit then.
    pub times: u32,
    /// How.
    pub failing: Failing,
}

/// All troubles that wait.
#[derive(Debug, Default)]
pub struct StorageFaults {
    waiting: Mutex<Vec<StorageFault>>,
    met: Mutex<Vec<Failing>>,
}

impl StorageFaults {
    /// One more.
    pub fn add(&self, fault: StorageFault) {
        self.waiting.lock().unwrap().push(fault);
    }

    /// None any more.
    pub fn clear(&self) {
        self.waiting.lock().unwrap().clear();
        self.met.lock().unwrap().clear();
    }

    /// What befell calls since there were none.
    pub fn met(&self) -> Vec<Failing> {
        self.met.lock().unwrap().clone()
    }

    /// What befalls the next call; `applies` says whether this trouble can befall it at all.
    pub(crate) fn next(&self, call: Call, applies: impl Fn(Failing) -> bool) -> Option<Failing> {
        let mut faults = self.waiting.lock().unwrap();
        let fault = faults.iter_mut().find(|fault| fault.call == call && fault.times > 0 && applies(fault.failing))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        self.met.lock().unwrap().push(fault.failing);
        Some(fault.failing)
    }

    /// Fails a read if it is its turn.
    pub(crate) fn read(&self, call: Call) -> Result<(), StorageError> {
        match self.next(call, |_| true) {
            Some(_) => Err(unavailable()),
            None => Ok(()),
        }
    }
}

pub(crate) fn unavailable() -> StorageError {
    StorageError::Unavailable("the storage does not answer".into())
}
