//! Commits: all changes whose guards hold, or none of them.

use rusqlite::{OptionalExtension, Transaction, params};

use super::super::{Change, Guard, Outcome, StoreError, Ticket};
use super::{fault, lease, record, version};
use crate::journal::Entry as JournalEntry;

/// Applies the changes and keeps what the journal has waiting for them.
pub(super) fn commit(
    transaction: &Transaction<'_>,
    ticket: &Ticket,
    changes: &[Change],
    journal: &[JournalEntry],
) -> Result<Outcome, StoreError> {
    if let Some(number) = ticket.fence {
        lease::fenced(transaction, &ticket.account, number)?;
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
