//! Storage as one run sees it: its fence on every commit, and its journal in the same transactions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Change, Entry, Outcome, Page, Store, StoreError, Ticket};
use crate::journal::Entry as JournalEntry;

/// Entries of one piece of a scan: the caller may ask for everything, and memory has an end.
const LARGEST_PIECE: u32 = 1000;

/// A run's view of its tenant's store.
pub struct RunStorage {
    store: Arc<dyn Store>,
    ticket: Ticket,
    dry_run: bool,
    pending: Mutex<Vec<JournalEntry>>,
}

impl RunStorage {
    /// The view of a run with this ticket.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, ticket: Ticket) -> Self {
        Self { store, ticket, dry_run: false, pending: Mutex::default() }
    }

    /// The view of a preview, which cannot commit.
    #[must_use]
    pub fn preview(store: Arc<dyn Store>, account: &str, run: &str) -> Self {
        let ticket = Ticket { account: account.to_owned(), run: run.to_owned(), fence: None };
        Self { store, ticket, dry_run: true, pending: Mutex::default() }
    }

    /// The values of these keys.
    ///
    /// # Errors
    /// Storage cannot be read.
    pub fn get(&self, keys: &[String]) -> Result<Vec<Option<Entry>>, StoreError> {
        self.store.get(keys)
    }

    /// A piece of a scan, which may be smaller than asked for.
    ///
    /// # Errors
    /// Storage cannot be read.
    pub fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        self.store.scan(prefix, after, limit.min(LARGEST_PIECE))
    }

    /// Applies changes, and makes the entries appended so far durable with them. A stale commit drops those entries:
    /// what they tell of did not happen.
    ///
    /// # Errors
    /// As [`Store::commit`]; a preview cannot commit at all.
    pub fn commit(&self, changes: &[Change]) -> Result<Outcome, StoreError> {
        if self.dry_run {
            return Err(StoreError::Other("a preview writes nothing to storage".to_owned()));
        }
        let entries = std::mem::take(&mut *self.pending());
        let outcome = self.store.commit(&self.ticket, changes, &entries);
        if let Err(StoreError::Full | StoreError::Unavailable(_)) = &outcome {
            // The commit may be tried again, and the entries belong to it then.
            let mut pending = self.pending();
            let later = std::mem::replace(&mut *pending, entries);
            pending.extend(later);
        }
        outcome
    }

    /// Adds entries to the run's journal.
    pub fn append(&self, entries: Vec<JournalEntry>) {
        self.pending().extend(entries);
    }

    /// How many entries no commit has taken yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending().len()
    }

    /// Entries that no commit has taken yet.
    #[must_use]
    pub fn take_rest(&self) -> Vec<JournalEntry> {
        std::mem::take(&mut *self.pending())
    }

    fn pending(&self) -> MutexGuard<'_, Vec<JournalEntry>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
