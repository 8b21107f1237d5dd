//! A store in memory, for tests and simulations. A clone is a copy of its own: a snapshot to crash back to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    Change, Entry, Fence, Guard, Holder, Lease, Outcome, Page, RunRecord, RunResult, Store, StoreError, Ticket, check,
};
use crate::journal::Entry as JournalEntry;

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default, Clone)]
struct State {
    commits: u64,
    values: BTreeMap<String, (Vec<u8>, u64)>,
    leases: BTreeMap<String, Held>,
    runs: Vec<RunRecord>,
    journal: Vec<(String, String, JournalEntry)>,
}

#[derive(Debug, Clone)]
struct Held {
    run: String,
    number: u64,
    until: u64,
    released: bool,
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.state().clone()))
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fenced(&self, account: &str, number: u64) -> Result<(), StoreError> {
        match self.leases.get(account) {
            Some(held) if held.number == number && !held.released => Ok(()),
            _ => Err(StoreError::Fenced),
        }
    }

    fn record(&mut self, account: &str, run: &str, entries: &[JournalEntry]) {
        self.journal.extend(entries.iter().map(|entry| (account.to_owned(), run.to_owned(), entry.clone())));
    }
}

fn version(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

impl Store for MemoryStore {
    fn get(&self, keys: &[String]) -> Result<Vec<Option<Entry>>, StoreError> {
        let state = self.state();
        let entry = |key: &String| {
            let (value, number) = state.values.get(key)?;
            Some(Entry { key: key.clone(), value: value.clone(), version: version(*number) })
        };
        Ok(keys.iter().map(entry).collect())
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        let state = self.state();
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let mut found =
            state.values.range::<str, _>((start, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(prefix));
        let entries: Vec<Entry> = found
            .by_ref()
            .take(limit)
            .map(|(key, (value, number))| Entry { key: key.clone(), value: value.clone(), version: version(*number) })
            .collect();
        let next = found.next().and_then(|_| entries.last()).map(|entry| entry.key.clone());
        Ok(Page { entries, next })
    }

    fn commit(&self, ticket: &Ticket, changes: &[Change], journal: &[JournalEntry]) -> Result<Outcome, StoreError> {
        check::changes(changes)?;
        let mut state = self.state();
        if let Some(number) = ticket.fence {
            state.fenced(&ticket.account, number)?;
        }
        let holds = |change: &&Change| match (&change.guard, state.values.get(&change.key)) {
            (Guard::Any, _) | (Guard::Absent, None) => true,
            (Guard::At(expected), Some((_, number))) => *expected == version(*number),
            (Guard::Absent, Some(_)) | (Guard::At(_), None) => false,
        };
        let stale: Vec<String> =
            changes.iter().filter(|change| !holds(change)).map(|change| change.key.clone()).collect();
        if !stale.is_empty() {
            return Ok(Outcome::Stale(stale));
        }
        state.commits += 1;
        let number = state.commits;
        for change in changes {
            match &change.value {
                Some(value) => state.values.insert(change.key.clone(), (value.clone(), number)),
                None => state.values.remove(&change.key),
            };
        }
        state.record(&ticket.account, &ticket.run, journal);
        Ok(Outcome::Applied(version(number)))
    }

    fn acquire(&self, account: &str, run: &str, now: u64, until: u64, grace: u64) -> Result<Lease, StoreError> {
        let mut state = self.state();
        let last = state.leases.get(account);
        if let Some(held) = last
            && !held.released
            && now < held.until.saturating_add(grace)
        {
            let until = held.until.saturating_add(grace);
            return Ok(Lease::Taken { run: held.run.clone(), until, holder: Holder::Unknown });
        }
        let number = last.map_or(1, |held| held.number + 1);
        state.leases.insert(account.to_owned(), Held { run: run.to_owned(), number, until, released: false });
        Ok(Lease::Granted(Fence { account: account.to_owned(), number }))
    }

    fn renew(&self, fence: &Fence, until: u64) -> Result<(), StoreError> {
        let mut state = self.state();
        state.fenced(&fence.account, fence.number)?;
        if let Some(held) = state.leases.get_mut(&fence.account) {
            held.until = until;
        }
        Ok(())
    }

    fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        if let Some(held) = self.state().leases.get_mut(&fence.account)
            && held.number == fence.number
        {
            held.released = true;
        }
        Ok(())
    }

    fn begin(&self, run: &RunRecord, keep_from: u64) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.runs.iter().any(|known| known.account == run.account && known.run == run.run) {
            return Err(StoreError::Other(format!("the run id {} was used before", run.run)));
        }
        let standing = standing(&state, None);
        let old: Vec<(String, String)> = state
            .runs
            .iter()
            .filter(|known| known.started < keep_from)
            .map(|known| (known.account.clone(), known.run.clone()))
            .collect();
        let mut index = 0;
        let accounts: BTreeSet<String> = state.runs.iter().map(|known| known.account.clone()).collect();
        let kept: BTreeSet<(String, String)> = accounts
            .into_iter()
            .flat_map(|account| dismissed(&state, &account).into_iter().map(move |id| (account.clone(), id)))
            .collect();
        state.journal.retain(|(account, id, entry)| {
            let keep = standing.contains(&index)
                || kept.contains(&(account.clone(), entry.operation.clone()))
                || !old.contains(&(account.clone(), id.clone()));
            index += 1;
            keep
        });
        state.runs.retain(|known| known.started >= keep_from);
        state.runs.push(run.clone());
        Ok(())
    }

    fn finish(
        &self,
        account: &str,
        run: &str,
        finished: u64,
        result: &RunResult,
        rest: &[JournalEntry],
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        state.record(account, run, rest);
        if let Some(known) = state.runs.iter_mut().find(|known| known.account == account && known.run == run) {
            known.finished = Some(finished);
            known.result = Some(result.clone());
        }
        Ok(())
    }

    fn runs(&self, account: Option<&str>, limit: u32) -> Result<Vec<RunRecord>, StoreError> {
        let state = self.state();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let of = |run: &&RunRecord| account.is_none_or(|account| run.account == account);
        Ok(state.runs.iter().rev().filter(of).take(limit).cloned().collect())
    }

    fn journal(&self, account: &str, run: &str) -> Result<Vec<JournalEntry>, StoreError> {
        let state = self.state();
        let of = |(a, r, _): &&(String, String, JournalEntry)| a == account && r == run;
        Ok(state.journal.iter().filter(of).map(|(_, _, entry)| entry.clone()).collect())
    }

    fn standing(&self, account: &str) -> Result<Vec<JournalEntry>, StoreError> {
        let state = self.state();
        let (found, dismissed) = (standing(&state, Some(account)), dismissed(&state, account));
        let entries = state.journal.iter().enumerate().filter(|(index, _)| found.contains(index));
        let entries = entries.map(|(_, (_, _, entry))| entry.clone());
        Ok(entries.filter(|entry| !dismissed.contains(&entry.operation)).collect())
    }

    fn forget(&self, account: &str, except: &str) -> Result<(), StoreError> {
        let mut state = self.state();
        state.journal.retain(|(of, run, _)| of != account || run == except);
        state.runs.retain(|known| known.account != account || known.run == except);
        Ok(())
    }

    fn dismissed(&self, account: &str) -> Result<BTreeSet<String>, StoreError> {
        Ok(dismissed(&self.state(), account))
    }
}

fn dismissed(state: &State, account: &str) -> BTreeSet<String> {
    let mut dismissed = BTreeSet::new();
    for (_, _, entry) in state.journal.iter().filter(|(of, ..)| of == account) {
        if entry.outcome == "dismissed" {
            dismissed.insert(entry.operation.clone());
        } else if !entry.stands() {
            dismissed.remove(&entry.operation);
        }
    }
    dismissed
}

fn standing(state: &State, only: Option<&str>) -> Vec<usize> {
    let preview = |account: &str, run: &str| {
        state.runs.iter().any(|known| known.dry_run && known.account == account && known.run == run)
    };
    let mut last = BTreeMap::new();
    for (index, (account, run, entry)) in state.journal.iter().enumerate() {
        if only.is_none_or(|only| only == account) && !preview(account, run) {
            last.insert((account, &entry.operation), (index, entry.stands()));
        }
    }
    let mut found: Vec<usize> = last.into_values().filter(|(_, stands)| *stands).map(|(index, _)| index).collect();
    found.sort_unstable();
    found
}
