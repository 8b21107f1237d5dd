//! An account's links, out of storage and back into it: to be kept where no loss of storage reaches them.

use std::sync::Arc;

use wasmtime::Store as Instance;

use super::bindings::Connector as World;
use super::bindings::exports::schedule::sync::synchronizer as wit;
use super::connector::Connector;
use super::observer::Observer;
use super::run::{RunError, RunOptions, RunReport};
use super::sandbox::Sandbox;
use super::tenant::Tenant;
use crate::stop::Stop;

/// Lines that go into the sandbox at once.
const PIECE: usize = 1000;

/// Name of taking links out, in records and reports.
const EXPORT: &str = "links export";
/// Name of putting them back.
const RESTORE: &str = "links restore";

/// How to put links back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RestoreOptions {
    /// Look at the lines only.
    pub dry_run: bool,
    /// Put the links in the place of those that the account has.
    pub replace: bool,
}

/// Names of what concerns storage alone.
pub(super) const ACTIONS: [&str; 2] = [EXPORT, RESTORE];

impl Tenant {
    /// Takes an account's links out of storage, as lines of text. Nothing is sent to either side.
    ///
    /// # Errors
    /// Nothing is stored for the account, or a run for it is going on.
    pub async fn links(
        &self,
        connector: &Connector,
        account: &str,
        observer: Arc<dyn Observer>,
    ) -> Result<(RunReport, Vec<String>), RunError> {
        let account = self.0.config.account(account).ok_or_else(|| RunError::UnknownAccount(account.to_owned()))?;
        let options = RunOptions::default();
        let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account, _: &str| {
            let synchronizer = world.schedule_sync_synchronizer();
            let (mut lines, mut after) = (Vec::new(), None);
            loop {
                let page = match synchronizer.call_links(&mut *instance, account, after.as_deref()).await? {
                    Ok(page) => page,
                    Err(failure) => return Ok(Err(failure)),
                };
                lines.extend(page.lines);
                after = page.next;
                if after.is_none() {
                    // All but the first line and the last are links.
                    let number = u64::try_from(lines.len().saturating_sub(2)).unwrap_or(u64::MAX);
                    return Ok(Ok((counted("exported", number), lines)));
                }
            }
        };
        self.recorded(connector, EXPORT, account, &options, observer, call).await
    }

    /// Puts an account's links back into storage. Nothing is sent to either side, but for looking up folders where the
    /// configuration names them by their names. All lines are looked at before the first
    /// is put back. Once it has begun it goes through; after one that was cut off no run begins until it is repeated.
    ///
    /// # Errors
    /// The lines are another account's, newer or damaged, the account has stored state that is not to be replaced, or a run
    /// for it is going on.
    pub async fn restore(
        &self,
        connector: &Connector,
        account: &str,
        lines: &[String],
        options: RestoreOptions,
        observer: Arc<dyn Observer>,
    ) -> Result<RunReport, RunError> {
        let RestoreOptions { dry_run, replace } = options;
        // Folders by id, as in runs: what restored links say of the choices must not differ from what the next run says.
        let account = &self.account(connector, account, &Stop::new(), &observer).await?;
        let options = RunOptions { dry_run, ..RunOptions::default() };
        let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account, run: &str| {
            let synchronizer = world.schedule_sync_synchronizer();
            let mut restored = 0;
            for look in [true, false] {
                if !look && dry_run {
                    break;
                }
                restored = 0;
                let pieces = lines.chunks(PIECE).count();
                for (number, piece) in lines.chunks(PIECE).enumerate() {
                    let options = wit::RestoreOptions {
                        run: run.to_owned(),
                        dry_run: look,
                        replace,
                        position: restored,
                        last: number + 1 == pieces,
                    };
                    match synchronizer.call_restore(&mut *instance, account, piece, &options).await? {
                        Ok(report) => restored += report.counts.iter().map(|count| count.number).sum::<u64>(),
                        Err(failure) => return Ok(Err(failure)),
                    }
                }
            }
            Ok(Ok((counted("restored", restored), ())))
        };
        let (report, ()) = self.recorded(connector, RESTORE, account, &options, observer, call).await?;
        Ok(report)
    }
}

/// A report of a number of links.
fn counted(what: &str, number: u64) -> wit::Report {
    let count = wit::Count { what: what.to_owned(), side: None, reason: String::new(), number };
    wit::Report { ending: wit::Ending::Complete, counts: vec![count], warnings: Vec::new(), next: None }
}
