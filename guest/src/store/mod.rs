//! Stored state: the keys, the rows, and commits that are guarded by the account's run key.
//!
//! Below `account/A/` lie the rows of one account; beside them what the accounts of a tenant share. Every row is
//! JSON. A dry run writes into an [`Overlay`] that is thrown away.

mod batch;
mod overlay;

pub use batch::Batch;
pub use overlay::Overlay;

use crate::capability::{Change, Entry, Guard, Journal, Outcome, Page, Storage, StorageError, Version};
use crate::deliberate::Deliberate;
use crate::digest::Digest;
use serde::de::DeserializeOwned;
use std::cell::{Cell, RefCell};
use uuid::Uuid;

/// Layout of the rows; a newer program reads every older one.
pub const LAYOUT: u32 = 4;

/// How many entries a scan asks for at a time.
const SCAN: u32 = 500;

/// A part of a key: `/`, `%`, `@` and whatever is not plain becomes a percent-encoding.
#[must_use]
pub fn escape(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Why stored state could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another run has taken over: this one stops.
    #[error("another run for this account is going on, or has been since")]
    Superseded,
    /// Keys shared with other accounts changed meanwhile.
    #[error("shared state changed meanwhile: {0:?}")]
    Shared(Vec<String>),
    /// Storage failed.
    #[error("{0}")]
    Failed(String),
    /// A row cannot be read.
    #[error("the stored row {key} cannot be read: {why}")]
    Damaged {
        /// Its key.
        key: String,
        /// What is wrong.
        why: String,
    },
    /// A newer program wrote the state.
    #[error(
        "it has layout {0}, which a newer version wrote; this one reads up to {LAYOUT}: use that version, nothing was changed"
    )]
    Newer(u32),
}

impl From<StorageError> for StoreError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Fenced => Self::Superseded,
            StorageError::Full => Self::Failed("there is no room left in storage; make room and run again".into()),
            StorageError::Unavailable(why) | StorageError::Other(why) => Self::Failed(why),
        }
    }
}

/// Rows with their keys, and where the next piece begins.
pub type Piece<T> = (Vec<(String, T)>, Option<String>);

/// The rows of one account.
pub struct Store<'a> {
    storage: &'a dyn Storage,
    journal: &'a dyn Journal,
    account: String,
    run: String,
    key_version: RefCell<Option<Version>>,
    commits: Cell<u64>,
}

impl<'a> Store<'a> {
    /// Opens the account's rows. The run key is read now and taken with the first commit, so a run that another one has
    /// overtaken can commit nothing, and a run with nothing to say commits nothing.
    ///
    /// # Errors
    /// When storage fails.
    pub fn open(
        storage: &'a dyn Storage,
        journal: &'a dyn Journal,
        account: &str,
        run: &str,
    ) -> Result<Self, StoreError> {
        let store = Self {
            storage,
            journal,
            account: format!("account/{}/", escape(account)),
            run: run.to_owned(),
            key_version: RefCell::new(None),
            commits: Cell::new(0),
        };
        let entry = storage.get(&[store.key("run")])?.into_iter().next().flatten();
        *store.key_version.borrow_mut() = entry.map(|entry| entry.version);
        Ok(store)
    }

    /// A key of the account.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.account)
    }

    /// Key of a link.
    #[must_use]
    pub fn link_key(&self, activity: Uuid) -> String {
        self.key(&format!("link/{activity}"))
    }

    /// Key of what is known of a mailbox item.
    #[must_use]
    pub fn item_key(&self, item: &str) -> String {
        self.key(&format!("item/{}", Digest::of(&item).as_str()))
    }

    /// Key of what a side showed of a subject.
    #[must_use]
    pub fn seen_key(&self, subject: &crate::owed::Subject, side: crate::activity::SideId) -> String {
        self.key(&format!("seen/{}/{}", subject.key(), side.code()))
    }

    /// Key of an owed row.
    #[must_use]
    pub fn owed_key(&self, subject: &crate::owed::Subject) -> String {
        self.key(&format!("owed/{}", subject.key()))
    }

    /// Rows by key, with their versions.
    ///
    /// # Errors
    /// When storage fails, or a row cannot be read.
    pub fn get_versioned<T: DeserializeOwned>(&self, keys: &[String]) -> Result<Vec<Option<(T, Version)>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let entries = self.storage.get(keys)?;
        if entries.len() != keys.len() {
            return Err(StoreError::Failed(format!("storage gave {} values for {} keys", entries.len(), keys.len())));
        }
        entries
            .into_iter()
            .map(|entry| entry.map(|entry| decode(&entry).map(|row| (row, entry.version))).transpose())
            .collect()
    }

    /// Rows by key.
    ///
    /// # Errors
    /// When storage fails, or a row cannot be read.
    pub fn get<T: DeserializeOwned>(&self, keys: &[String]) -> Result<Vec<Option<T>>, StoreError> {
        Ok(self.get_versioned(keys)?.into_iter().map(|row| row.map(|(row, _)| row)).collect())
    }

    /// One row.
    ///
    /// # Errors
    /// When storage fails, or the row cannot be read.
    pub fn one<T: DeserializeOwned>(&self, key: String) -> Result<Option<T>, StoreError> {
        Ok(self.get(&[key])?.into_iter().next().flatten())
    }

    /// A piece of the rows below a name, after a key: what was read, and where to go on.
    ///
    /// # Errors
    /// When storage fails, or a row cannot be read.
    pub fn piece<T: DeserializeOwned>(
        &self,
        name: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Piece<T>, StoreError> {
        let page = self.page(name, after, limit)?;
        let rows = page.entries.into_iter().map(|entry| {
            let row = decode(&entry)?;
            Ok((entry.key, row))
        });
        Ok((rows.collect::<Result<_, StoreError>>()?, page.next))
    }

    /// The same, not decoded yet: for who may not need all of it.
    ///
    /// # Errors
    /// When storage fails.
    pub(crate) fn page(&self, name: &str, after: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        Ok(self.storage.scan(&self.key(name), after, limit)?)
    }

    /// Calls `each` for every row below a name.
    ///
    /// # Errors
    /// When storage fails, or a row cannot be read, or `each` fails.
    pub fn each<T: DeserializeOwned>(
        &self,
        name: &str,
        mut each: impl FnMut(String, T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut after: Option<String> = None;
        loop {
            let (rows, next) = self.piece(name, after.as_deref(), SCAN)?;
            for (key, row) in rows {
                each(key, row)?;
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Keys below a prefix, also of rows that the accounts share: a piece, and where to go on.
    ///
    /// # Errors
    /// When storage fails.
    pub fn keys(&self, prefix: &str, after: Option<&str>) -> Result<(Vec<String>, Option<String>), StoreError> {
        let page = self.storage.scan(prefix, after, SCAN)?;
        Ok((page.entries.into_iter().map(|entry| entry.key).collect(), page.next))
    }

    /// Commits, guarded by the run key. Journal entries go with it: they become durable exactly if it applies.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] when another run has taken the key, [`StoreError::Shared`] when only guards of shared
    /// rows did not hold, and when storage fails.
    pub fn commit(&self, batch: Batch, entries: Vec<crate::report::Entry>) -> Result<(), StoreError> {
        if !entries.is_empty() {
            self.journal.append(entries);
        }
        if batch.is_empty() {
            return Ok(());
        }
        let value = serde_json::to_vec(&(&self.run, self.commits.get())).unwrap_or_default();
        self.guarded(batch, Some(value))
    }

    /// The account's last commit of all: the run key goes with it.
    ///
    /// # Errors
    /// As those of [`Store::commit`].
    pub fn close(&self, batch: Batch) -> Result<(), StoreError> {
        self.guarded(batch, None)
    }

    fn guarded(&self, batch: Batch, value: Option<Vec<u8>>) -> Result<(), StoreError> {
        let key = self.key("run");
        let guard = match self.key_version.borrow().clone() {
            _ if Deliberate::IgnoreRunKey.on() => Guard::Any,
            Some(version) => Guard::At(version),
            None => Guard::Absent,
        };
        let kept = value.is_some();
        let mut changes = vec![Change { key: key.clone(), guard, value }];
        changes.extend(batch.into_changes());
        match self.storage.commit(changes)? {
            Outcome::Applied(version) => {
                *self.key_version.borrow_mut() = kept.then_some(version);
                self.commits.set(self.commits.get() + 1);
                Ok(())
            }
            Outcome::Stale(keys) if keys.contains(&key) => Err(StoreError::Superseded),
            Outcome::Stale(keys) => Err(StoreError::Shared(keys)),
        }
    }
}

/// Reads a row.
pub(crate) fn decode<T: DeserializeOwned>(entry: &Entry) -> Result<T, StoreError> {
    crate::json::read(&entry.value).map_err(|why| StoreError::Damaged { key: entry.key.clone(), why: why.to_string() })
}
