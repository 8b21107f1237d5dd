//! The default store: one SQLite file for each tenant.

mod commit;
mod hold;
mod lease;
mod open;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hold::Holds;
pub use open::OpenError;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::{Change, Entry, Fence, Lease, Outcome, Page, RunRecord, RunResult, Store, StoreError, Ticket, check};
use crate::journal::Entry as JournalEntry;

/// A store in a file. Several processes may open it; SQLite's locks and the leases keep them apart.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Mutex<Connection>,
    holds: Holds,
}

impl SqliteStore {
    /// Opens the file of a tenant, or makes it.
    ///
    /// # Errors
    /// The file is not ours, is newer than this program, belongs to another tenant, or cannot be opened.
    pub fn open(path: &Path, tenant: &str) -> Result<Self, OpenError> {
        let connection = Mutex::new(open::open(path, tenant)?);
        Ok(Self { connection, holds: Holds::beside(path) })
    }

    /// A disk of so many pages.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: u32) {
        let set = self.connection().pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, u32>(0));
        assert_eq!(set.unwrap(), pages);
    }

    /// Waits no longer than this for other programs.
    #[cfg(test)]
    pub(super) fn patience(&self, time: std::time::Duration) {
        self.connection().busy_timeout(time).unwrap();
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one transaction that takes the write lock at its start: a later upgrade could only fail.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(fault)?;
        Ok(result)
    }
}

pub(super) fn fault(fault: rusqlite::Error) -> StoreError {
    match fault.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Unavailable("the storage file is locked by another program".to_owned())
        }
        Some(ErrorCode::SystemIoFailure) => StoreError::Unavailable(format!("the storage file: {fault}")),
        _ => StoreError::Other(format!("the storage file: {fault}")),
    }
}

fn damaged(fault: &serde_json::Error) -> StoreError {
    StoreError::Other(format!("a record in the storage file is damaged: {fault}"))
}

fn version(number: i64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry { key: row.get(0)?, value: row.get(1)?, version: version(row.get(2)?) })
}

fn record(transaction: &Transaction<'_>, account: &str, run: &str, entries: &[JournalEntry]) -> Result<(), StoreError> {
    let mut insert = transaction
        .prepare_cached(
            "INSERT INTO journal (account, run, dry_run, operation, outcome, entry) VALUES \
             (?1, ?2, coalesce((SELECT dry_run FROM run WHERE account = ?1 AND run = ?2), 0), ?3, ?4, ?5)",
        )
        .map_err(fault)?;
    for entry in entries {
        let text = serde_json::to_string(entry).map_err(|fault| damaged(&fault))?;
        insert.execute(params![account, run, entry.operation, entry.outcome, text]).map_err(fault)?;
    }
    Ok(())
}

fn read_journal(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<JournalEntry>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let rows = statement.query_map(parameters, |row| row.get::<_, String>(0)).map_err(fault)?;
    rows.map(|text| serde_json::from_str(&text.map_err(fault)?).map_err(|fault| damaged(&fault))).collect()
}

impl Store for SqliteStore {
    fn get(&self, keys: &[String]) -> Result<Vec<Option<Entry>>, StoreError> {
        let mut connection = self.connection();
        // One transaction, so that the values are of one moment.
        let transaction = connection.transaction().map_err(fault)?;
        let mut select =
            transaction.prepare_cached("SELECT key, value, version FROM entry WHERE key = ?1").map_err(fault)?;
        keys.iter().map(|key| select.query_row([key], entry).optional().map_err(fault)).collect()
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        let connection = self.connection();
        let limit = limit.max(1);
        let end = check::successor(prefix);
        // An end that may be none would be no end to SQLite, which then walks to the last key of all.
        let bounded = if end.is_some() { "key < ?3" } else { "?3 IS NULL" };
        let sql = format!(
            "SELECT key, value, version FROM entry WHERE key >= ?1 AND (?2 IS NULL OR key > ?2) AND {bounded} \
             ORDER BY key LIMIT ?4"
        );
        let mut select = connection.prepare_cached(&sql).map_err(fault)?;
        // The greater of the two lower bounds first, so that SQLite starts there and does not walk to it.
        let start = after.filter(|after| *after > prefix).unwrap_or(prefix);
        let rows = select.query_map(params![start, after, end, i64::from(limit) + 1], entry).map_err(fault)?;
        let mut entries = rows.collect::<Result<Vec<_>, _>>().map_err(fault)?;
        let more = entries.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        if more {
            entries.pop();
        }
        let next = if more { entries.last().map(|entry| entry.key.clone()) } else { None };
        Ok(Page { entries, next })
    }

    fn commit(&self, ticket: &Ticket, changes: &[Change], journal: &[JournalEntry]) -> Result<Outcome, StoreError> {
        check::changes(changes)?;
        self.write(|transaction| commit::commit(transaction, ticket, changes, journal))
    }

    fn acquire(&self, account: &str, run: &str, now: u64, until: u64, grace: u64) -> Result<Lease, StoreError> {
        self.write(|transaction| lease::acquire(transaction, &self.holds, (account, run), now, until, grace))
    }

    fn writing(&self, fence: &Fence, since: Option<u64>) {
        if let Err(fault) = self.holds.writing(&fence.account, fence.number, since) {
            tracing::warn!(account = fence.account, %fault, "what is under way was not noted");
        }
    }

    fn renew(&self, fence: &Fence, until: u64) -> Result<(), StoreError> {
        self.write(|transaction| lease::renew(transaction, fence, until))
    }

    fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        let released = self.connection().execute(
            "UPDATE lease SET released = 1 WHERE account = ?1 AND number = ?2",
            params![fence.account, signed(fence.number)],
        );
        // Nothing is under way any more, so whoever gets the lock may begin, recorded or not.
        self.holds.give_back(&fence.account, fence.number);
        released.map(drop).map_err(fault)
    }

    fn begin(&self, run: &RunRecord, keep_from: u64) -> Result<(), StoreError> {
        self.write(|transaction| {
            forget(transaction, signed(keep_from)).map_err(fault)?;
            let inserted = transaction
                .execute(
                    "INSERT OR IGNORE INTO run (account, run, action, dry_run, started) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![run.account, run.run, run.action, run.dry_run, signed(run.started)],
                )
                .map_err(fault)?;
            if inserted == 0 {
                return Err(StoreError::Other(format!("the run id {} was used before", run.run)));
            }
            Ok(())
        })
    }

    fn finish(
        &self,
        account: &str,
        run: &str,
        finished: u64,
        result: &RunResult,
        rest: &[JournalEntry],
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(result).map_err(|fault| damaged(&fault))?;
        self.write(|transaction| {
            record(transaction, account, run, rest)?;
            transaction
                .execute(
                    "UPDATE run SET finished = ?3, result = ?4 WHERE account = ?1 AND run = ?2",
                    params![account, run, signed(finished), text],
                )
                .map(drop)
                .map_err(fault)
        })
    }

    fn runs(&self, account: Option<&str>, limit: u32) -> Result<Vec<RunRecord>, StoreError> {
        let connection = self.connection();
        let mut select = connection
            .prepare_cached(
                "SELECT run, account, action, dry_run, started, finished, result FROM run \
                 WHERE ?1 IS NULL OR account = ?1 ORDER BY seq DESC LIMIT ?2",
            )
            .map_err(fault)?;
        let rows = select
            .query_map(params![account, limit], |row| {
                let record = RunRecord {
                    run: row.get(0)?,
                    account: row.get(1)?,
                    action: row.get(2)?,
                    dry_run: row.get(3)?,
                    started: unsigned(row.get(4)?),
                    finished: row.get::<_, Option<i64>>(5)?.map(unsigned),
                    result: None,
                };
                Ok((record, row.get::<_, Option<String>>(6)?))
            })
            .map_err(fault)?;
        rows.map(|row| {
            let (record, result) = row.map_err(fault)?;
            let result = result.map(|text| serde_json::from_str(&text)).transpose().map_err(|fault| damaged(&fault))?;
            Ok(RunRecord { result, ..record })
        })
        .collect()
    }

    fn journal(&self, account: &str, run: &str) -> Result<Vec<JournalEntry>, StoreError> {
        let sql = "SELECT entry FROM journal WHERE account = ?1 AND run = ?2 ORDER BY seq";
        read_journal(&self.connection(), sql, params![account, run])
    }

    fn standing(&self, account: &str) -> Result<Vec<JournalEntry>, StoreError> {
        let sql = "SELECT entry FROM journal AS one WHERE account = ?1 AND dry_run = 0 \
                   AND outcome IN ('held', 'failed') AND NOT EXISTS (SELECT 1 FROM journal AS later \
                   WHERE later.account = one.account AND later.operation = one.operation AND later.dry_run = 0 \
                   AND later.seq > one.seq) ORDER BY seq";
        let mut standing = read_journal(&self.connection(), sql, [account])?;
        let dismissed = self.dismissed(account)?;
        standing.retain(|entry| !dismissed.contains(&entry.operation));
        Ok(standing)
    }

    fn forget(&self, account: &str, except: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            for table in ["journal", "run"] {
                let sql = format!("DELETE FROM {table} WHERE account = ?1 AND run <> ?2");
                transaction.execute(&sql, params![account, except]).map_err(fault)?;
            }
            Ok(())
        })
    }

    fn dismissed(&self, account: &str) -> Result<BTreeSet<String>, StoreError> {
        let connection = self.connection();
        let mut select = connection
            .prepare_cached(
                "SELECT operation FROM journal AS one WHERE account = ?1 AND dry_run = 0 AND outcome = 'dismissed' \
                 AND NOT EXISTS (SELECT 1 FROM journal AS later WHERE later.account = one.account \
                 AND later.operation = one.operation AND later.dry_run = 0 AND later.seq > one.seq \
                 AND later.outcome NOT IN ('held', 'failed'))",
            )
            .map_err(fault)?;
        let rows = select.query_map([account], |row| row.get(0)).map_err(fault)?;
        rows.collect::<Result<_, _>>().map_err(fault)
    }
}

/// Drops runs that began before this moment with their journals, except what is still held, failed or dismissed.
fn forget(transaction: &Transaction<'_>, keep_from: i64) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM journal WHERE EXISTS (SELECT 1 FROM run WHERE run.account = journal.account \
         AND run.run = journal.run AND run.started < ?1) AND (dry_run = 1 \
         OR outcome NOT IN ('held', 'failed', 'dismissed') \
         OR EXISTS (SELECT 1 FROM journal AS later WHERE later.account = journal.account \
         AND later.operation = journal.operation AND later.dry_run = 0 AND later.seq > journal.seq \
         AND (journal.outcome <> 'dismissed' OR later.outcome NOT IN ('held', 'failed'))))",
        [keep_from],
    )?;
    transaction.execute("DELETE FROM run WHERE started < ?1", [keep_from]).map(drop)
}
