//! Leases in the file: who has an account, and when somebody else may.

use rusqlite::{OptionalExtension, Transaction, params};

use super::super::{Fence, Holder, Lease, StoreError};
use super::hold::{self, Grab, Holds, Writing};
use super::{fault, signed, unsigned};

/// Fails unless the lease of this number is still the account's.
pub(super) fn fenced(transaction: &Transaction<'_>, account: &str, number: u64) -> Result<(), StoreError> {
    let holds = transaction
        .prepare_cached("SELECT 1 FROM lease WHERE account = ?1 AND number = ?2 AND released = 0")
        .and_then(|mut statement| statement.exists(params![account, signed(number)]))
        .map_err(fault)?;
    if holds { Ok(()) } else { Err(StoreError::Fenced) }
}

/// Gives a run the account, or says who has it.
pub(super) fn acquire(
    transaction: &Transaction<'_>,
    holds: &Holds,
    (account, run): (&str, &str),
    now: u64,
    until: u64,
    grace: u64,
) -> Result<Lease, StoreError> {
    // Within the transaction: of two that find a holder gone, one is first in both.
    let grab = holds.grab(account);
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
    let process = holds.keep(account, grab, number).then(std::process::id);
    transaction
        .execute(
            "INSERT OR REPLACE INTO lease (account, run, number, until, released, process) \
             VALUES (?1, ?2, ?3, ?4, 0, ?5)",
            params![account, run, signed(number), signed(until), process],
        )
        .map_err(fault)?;
    Ok(Lease::Granted(Fence { account: account.to_owned(), number }))
}

/// Lets a lease end later.
pub(super) fn renew(transaction: &Transaction<'_>, fence: &Fence, until: u64) -> Result<(), StoreError> {
    fenced(transaction, &fence.account, fence.number)?;
    transaction
        .execute("UPDATE lease SET until = ?2 WHERE account = ?1", params![fence.account, signed(until)])
        .map(drop)
        .map_err(fault)
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
