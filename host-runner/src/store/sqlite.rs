//! The default store: one SQLite file for each tenant.

mod hold;
mod open;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hold::{Grab, Holds, Writing};
pub use open::OpenError;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::{
    Change, Entry, Fence, Guard, Holder, Lease, Outcome, Page, RunRecord, RunResult, Store, StoreError, Ticket, check,
};
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

fn fenced(transaction: &Transaction<'_>, account: &str, number: u64) -> Result<(), StoreError> {
    let holds = transaction
        .prepare_cached("SELECT 1 FROM lease WHERE account = ?1 AND number = ?2 AND released = 0")
        .and_then(|mut statement| statement.exists(params![account, signed(number)]))
        .map_err(fault)?;
    if holds { Ok(()) } else { Err(StoreError::Fenced) }
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
        self.write(|transaction| {
            if let Some(number) = ticket.fence {
                fenced(transaction, &ticket.account, number)?;
            }
            let stale = stale(transaction, changes)?;
            if !stale.is_empty() {
                return Ok(Outcome::Stale(stale));
            }
            let number: i64 = transaction
                .query_row("UPDATE commit_number SET number = number + 1 RETURNING number", [], |row| row.get(0))
                .map_err(fault)?;
            apply(transaction, changes, number)?;
            record(transaction, &ticket.account, &ticket.run, journal)?;
            Ok(Outcome::Applied(version(number)))
        })
    }

    fn acquire(&self, account: &str, run: &str, now: u64, until: u64, grace: u64) -> Result<Lease, StoreError> {
        self.write(|transaction| {
            // Within the transaction: of two that find a holder gone, one is first in both.
            let grab = self.holds.grab(account);
            let last = held(transaction, account).map_err(fault)?;
            let number = match last {
                Some(held) => {
                    if let Some(taken) = held.taken(&grab, now, grace) {
                        return Ok(taken);
                    }
                    held.number + 1
                }
                None => 1,
            };
            let process = self.holds.keep(account, grab, number).then(std::process::id);
            transaction
                .execute(
                    "INSERT OR REPLACE INTO lease (account, run, number, until, released, process) \
                     VALUES (?1, ?2, ?3, ?4, 0, ?5)",
                    params![account, run, signed(number), signed(until), process],
                )
                .map_err(fault)?;
            Ok(Lease::Granted(Fence { account: account.to_owned(), number }))
        })
    }

    fn writing(&self, fence: &Fence, since: Option<u64>) {
        if let Err(fault) = self.holds.writing(&fence.account, fence.number, since) {
            tracing::warn!(account = fence.account, %fault, "what is under way was not noted");
        }
    }

    fn renew(&self, fence: &Fence, until: u64) -> Result<(), StoreError> {
        self.write(|transaction| {
            fenced(transaction, &fence.account, fence.number)?;
            transaction
                .execute("UPDATE lease SET until = ?2 WHERE account = ?1", params![fence.account, signed(until)])
                .map(drop)
                .map_err(fault)
        })
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

/// A lease as it stands in the file.
struct Held {
    run: String,
    number: u64,
    until: u64,
    released: bool,
    /// The process that kept the account's file locked for it.
    process: Option<u32>,
}

fn held(transaction: &Transaction<'_>, account: &str) -> rusqlite::Result<Option<Held>> {
    let sql = "SELECT run, number, until, released, process FROM lease WHERE account = ?1";
    transaction
        .query_row(sql, [account], |row| {
            Ok(Held {
                run: row.get(0)?,
                number: unsigned(row.get(1)?),
                until: unsigned(row.get(2)?),
                released: row.get(3)?,
                process: row.get(4)?,
            })
        })
        .optional()
}

impl Held {
    /// What to answer somebody else who asks for it; none: it can be given away.
    fn taken(&self, grab: &Grab, now: u64, grace: u64) -> Option<Lease> {
        let end = self.until.saturating_add(grace);
        let (until, holder) = match (self.process, grab) {
            (Some(process), Grab::Free(file)) => match hold::told(file, self.number) {
                Writing::Nothing => (now, Holder::Ended(process)),
                // A clock that was set back must not make the wait longer.
                Writing::Since(since) => (since.min(now).saturating_add(grace).min(end), Holder::Ended(process)),
                Writing::Untold => (end, Holder::Ended(process)),
            },
            (Some(process), Grab::Living | Grab::Ours) => (end, Holder::Living(process)),
            (Some(_), Grab::Unknown) | (None, _) => (end, Holder::Unknown),
        };
        let taken = !self.released && now < until;
        taken.then(|| Lease::Taken { run: self.run.clone(), until, holder })
    }
}

fn stale(transaction: &Transaction<'_>, changes: &[Change]) -> Result<Vec<String>, StoreError> {
    let mut select = transaction.prepare_cached("SELECT version FROM entry WHERE key = ?1").map_err(fault)?;
    let mut stale = Vec::new();
    for Change { key, guard, .. } in changes {
        let holds = match guard {
            Guard::Any => true,
            Guard::Absent => !select.exists([key]).map_err(fault)?,
            Guard::At(expected) => {
                let found = select.query_row([key], |row| row.get::<_, i64>(0)).optional().map_err(fault)?;
                found.is_some_and(|number| version(number) == *expected)
            }
        };
        if !holds {
            stale.push(key.clone());
        }
    }
    Ok(stale)
}

fn apply(transaction: &Transaction<'_>, changes: &[Change], number: i64) -> Result<(), StoreError> {
    let mut put = transaction
        .prepare_cached("INSERT OR REPLACE INTO entry (key, value, version) VALUES (?1, ?2, ?3)")
        .map_err(fault)?;
    let mut delete = transaction.prepare_cached("DELETE FROM entry WHERE key = ?1").map_err(fault)?;
    for Change { key, value, .. } in changes {
        match value {
            Some(value) => put.execute(params![key, value, number]),
            None => delete.execute([key]),
        }
        .map_err(fault)?;
    }
    Ok(())
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
