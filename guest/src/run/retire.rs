//! Retiring items that were made anew as the other kind. The new one is there before the old one goes, and a row remembers
//! the old one until it has gone: whatever happens in between, there are never less than one, and in the end not two.

use super::{Run, Staged, whole, work};
use crate::activity::SideId;
use crate::ask::Fault;
use crate::digest::Digest;
use crate::link::{Bases, Link};
use crate::owed::backoff;
use crate::reason::Reason;
use crate::report::{Action, Entry, Outcome};
use crate::side::Write;
use crate::store::{Batch, StoreError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An item that has to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RetiredRow {
    /// Its id.
    id: String,
    /// The version that was made anew: one that was edited since stays.
    version: String,
    /// Its title, for reports.
    #[serde(default)]
    title: String,
    /// How often the server refused.
    #[serde(default)]
    tries: u32,
    /// When it is tried again.
    #[serde(default)]
    retry: Option<DateTime<Utc>>,
}

fn key(run: &Run, item: &str) -> String {
    run.store.key(&format!("retired/{}", crate::digest::Digest::of(&item).as_str()))
}

/// The item is to go, because another one stands for its activity.
pub(super) fn retired(run: &Run, item: &str) -> Staged<bool> {
    Ok(run.store.one::<RetiredRow>(key(run, item))?.is_some())
}

/// Writes down that the link's item has to go, with everything the link knew of it.
pub(super) fn retire_later(run: &Run, link: &mut Link, batch: &mut Batch) {
    let row = RetiredRow {
        id: link.mailbox.id.clone(),
        version: link.mailbox.version.clone(),
        title: link.title.clone(),
        tries: 0,
        retry: None,
    };
    batch.delete(run.store.item_key(&row.id));
    batch.put(key(run, &row.id), &row);
    forget_bases(link);
}

/// The other kind has other units.
pub(super) fn forget_bases(link: &mut Link) {
    link.mailbox.bases = Bases::new();
    link.creatio.bases = Bases::new();
    link.normalised.clear();
}

/// Removes what has to go.
pub(super) fn retire(run: &mut Run) -> Staged<()> {
    if !run.writes_to(SideId::Mailbox) || run.options.dry_run {
        return Ok(());
    }
    let mut rows: Vec<(String, RetiredRow)> = Vec::new();
    run.store.each("retired/", |key, row: RetiredRow| {
        if row.retry.is_none_or(|retry| retry <= run.started) {
            rows.push((key, row));
        }
        Ok(())
    })?;
    let chunk = run.mailbox.chunk();
    for rows in rows.chunks(chunk) {
        run.step("write", 0, None)?;
        let writes: Vec<Write> = rows
            .iter()
            .map(|(_, row)| Write::Delete { id: row.id.clone(), version: row.version.clone(), tell: false })
            .collect();
        let answers = whole::delete(run, &writes)?;
        let (mut batch, mut entries) = (Batch::default(), Vec::new());
        for ((key, row), answer) in rows.iter().zip(answers) {
            match answer {
                Ok(_) => {
                    let what = Outcome::Written.code();
                    run.report.count(what, Some(SideId::Mailbox), Action::Delete.code(), 1);
                    batch.delete(key.clone());
                }
                // Somebody edited it meanwhile: it is theirs now, and is taken in like any other.
                Err(fault) if fault.stale() => {
                    batch.delete(key.clone());
                    super::note::item_again(run, &row.id, &mut batch);
                }
                Err(fault) => {
                    if let Some(stop) = work::ends_run(SideId::Mailbox, &fault) {
                        run.commit(batch, entries)?;
                        return Err(stop);
                    }
                    if matches!(fault, Fault::Refused { .. }) {
                        entries.extend(refused(run, key, row, &fault, &mut batch));
                    }
                }
            }
        }
        run.commit(batch, entries)?;
    }
    Ok(())
}

/// It stands beside the one that was made in its place until the server lets it go: that is told once.
fn refused(run: &Run, key: &str, row: &RetiredRow, fault: &Fault, batch: &mut Batch) -> Option<Entry> {
    let tries = row.tries.saturating_add(1);
    batch.put(key.to_owned(), &RetiredRow { tries, retry: Some(run.started + backoff(tries)), ..row.clone() });
    (tries == 1).then(|| Entry {
        operation: Digest::of(&("retired", &row.id)).short().to_owned(),
        outcome: Outcome::Failed,
        action: Action::Delete,
        target: SideId::Mailbox,
        activity: None,
        item: Some(row.id.clone()),
        title: row.title.clone(),
        start: None,
        units: Vec::new(),
        reason: if fault.forbidden() { Reason::NotPermitted } else { Reason::Refused },
        detail: fault.to_string(),
    })
}

/// Counts what the server does not let go.
pub(super) fn standing(run: &mut Run) -> Result<(), StoreError> {
    let mut rows: Vec<RetiredRow> = Vec::new();
    run.store.each("retired/", |_, row: RetiredRow| {
        rows.push(row);
        Ok(())
    })?;
    for row in rows.into_iter().filter(|row| row.tries > 0) {
        run.report.count("standing", None, Reason::Refused.code(), 1);
        run.report.come_back(row.retry.unwrap_or(run.started));
    }
    Ok(())
}
