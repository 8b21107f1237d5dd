//! A run from its lease to its record.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use wasmtime::Store as Instance;

use super::bindings::Connector as World;
use super::bindings::exports::schedule::sync::synchronizer as wit;
use super::call::{Broken, Reach, Task};
use super::connector::Connector;
use super::limits::Limits;
use super::links;
use super::observer::Observer;
use super::resolve;
use super::run::{Action, GuestFailure, RunError, RunOptions, RunReport};
use super::sandbox::Sandbox;
use super::tenant::Tenant;
use crate::clock::millis;
use crate::config::Account;
use crate::http::{RunWindow, Underway};
use crate::journal::Side;
use crate::lease::{Asked, Grip};
use crate::report::{Catalogue, Report};
use crate::stop::Stop;
use crate::store::{Fence, RunRecord, RunResult, RunStorage, StoreError, Ticket};

/// Journals are kept for so long.
const KEEP: Duration = Duration::from_secs(90 * 24 * 3600);

/// What a report counts when nothing is left of an account.
const FORGOTTEN: &str = "forgotten";

impl Tenant {
    /// Runs a component for one account, in a sandbox of its own.
    ///
    /// Dropping the future ends the run where it is; the next one settles what was in flight. To end it in good order,
    /// use [`RunOptions::stop`].
    ///
    /// # Errors
    /// The run failed; what it had done before is recorded.
    pub async fn run(
        &self,
        connector: &Connector,
        action: Action,
        account: &str,
        options: RunOptions,
        observer: Arc<dyn Observer>,
    ) -> Result<RunReport, RunError> {
        let forgets = matches!(action, Action::Forget { .. });
        // Whoever forgets an account does not care whether the folders of its choices are still there.
        let account = match self.0.config.account(account) {
            Some(found) if forgets => found.clone(),
            _ => self.account(connector, account, &options.stop, &observer).await?,
        };
        let (dry_run, only, budget) = (options.dry_run, options.only.clone(), options.budget);
        let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account, run: &str| {
            let synchronizer = world.schedule_sync_synchronizer();
            let options = wit::Options { run: run.to_owned(), dry_run, only, budget: budget.into() };
            let ran = match &action {
                Action::Import => synchronizer.call_import(instance, account, &options).await,
                Action::Export => synchronizer.call_export(instance, account, &options).await,
                Action::Reconcile => synchronizer.call_reconcile(instance, account, &options).await,
                Action::Undo(of) => synchronizer.call_undo(instance, account, of, &options).await,
                Action::Forget { remove_items } => {
                    synchronizer.call_forget(instance, account, *remove_items, &options).await
                }
            };
            ran.map(|ran| ran.map(|report| (report, ())))
        };
        let (report, ()) = self.recorded(connector, action.name(), &account, &options, observer, call).await?;
        if forgets && !dry_run && report.report.counts.iter().any(|count| count.what == FORGOTTEN) {
            let (of, run) = (account.id.clone(), report.run.clone());
            self.blocking(move |store| store.forget(&of, &run)).await?;
            self.forget_way(&account).await?;
        }
        Ok(report)
    }

    /// Runs something for one account, with its lease and a record of the run; a preview without the lease. The call is told
    /// the run's id, and gives its report and something else.
    pub(super) async fn recorded<T>(
        &self,
        connector: &Connector,
        action: &'static str,
        account: &Account,
        options: &RunOptions,
        observer: Arc<dyn Observer>,
        call: impl AsyncFnOnce(
            &World,
            &mut Instance<Sandbox>,
            &wit::Account,
            &str,
        ) -> wasmtime::Result<Result<(wit::Report, T), wit::Error>>,
    ) -> Result<(RunReport, T), RunError> {
        let started = self.0.host.clock.wall();
        let run = run_id(self.moment(started));
        let grip = if options.dry_run { None } else { Some(self.grip(&account.id, &run).await?) };
        let record = RunRecord {
            run: run.clone(),
            account: account.id.clone(),
            action: action.to_owned(),
            dry_run: options.dry_run,
            started,
            finished: None,
            result: None,
        };
        let keep_from = started.saturating_sub(millis(KEEP));
        self.blocking(move |store| store.begin(&record, keep_from)).await?;
        let storage = Arc::new(match &grip {
            None => RunStorage::preview(Arc::clone(&self.0.store), &account.id, &run),
            Some(grip) => {
                let ticket = Ticket { account: account.id.clone(), run: run.clone(), fence: Some(grip.fence().number) };
                RunStorage::new(Arc::clone(&self.0.store), ticket)
            }
        });
        let window = RunWindow {
            lease: grip.as_ref().map(Grip::term),
            writes: grip.as_ref().map(|grip| self.underway(grip.fence())),
            reads_only: options.dry_run,
            stop: options.stop.clone(),
            ..self.window()
        };
        let reach = if links::ACTIONS.contains(&action) { Reach::Stored } else { Reach::Both };
        let task = Task { account, window, storage: Arc::clone(&storage), observer, reach };
        let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account| {
            call(world, instance, account, &run).await
        };
        let keeper = self.keeper(grip.as_ref());
        let outcome = {
            let sandboxed = std::pin::pin!(self.sandboxed(connector, task, call));
            match select(sandboxed, std::pin::pin!(keeper)).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(((), _)) => Err(RunError::Trap("the lease was given up".to_owned()).into()),
            }
        };
        if let Err(Broken { fault: RunError::Component(GuestFailure::Unavailable(Side::Mailbox, _)), .. }) = &outcome {
            // Where Autodiscover found the mailbox it may be no more: the next run looks anew.
            self.mislay(account).await?;
        }
        let finished = self.0.host.clock.wall();
        let (result, rest) = match &outcome {
            Ok(used) => (RunResult::Report(Report::from(used.value.0.clone())), storage.take_rest()),
            Err(broken) => (RunResult::Failed(broken.fault.to_string()), Vec::new()),
        };
        let (id, of, kept) = (run.clone(), account.id.clone(), result.clone());
        let closed = self.blocking(move |store| store.finish(&of, &id, finished, &kept, &rest)).await;
        // A run that was cut while the host worked for it may have a write under way: its lease runs out by itself.
        let under_way = outcome.as_ref().is_err_and(|broken| broken.under_way);
        if let Some(grip) = grip
            && !under_way
            && let Err(fault) = self.blocking(move |store| store.release(grip.fence())).await
        {
            tracing::warn!(account = account.id, %fault, "the lease was not given back and runs out by itself");
        }
        let used = outcome.map_err(|broken| broken.fault)?;
        closed?;
        let (report, value) = used.value;
        let report = RunReport {
            run,
            account: account.id.clone(),
            action,
            dry_run: options.dry_run,
            started,
            finished,
            report: report.into(),
            requests: used.requests,
            memory: used.memory,
            cpu: millis(used.cpu),
        };
        Ok((report, value))
    }

    /// Lists what there is to choose from for an account.
    ///
    /// # Errors
    /// A side refuses the sign-in or cannot be reached, among others.
    pub async fn discover(
        &self,
        connector: &Connector,
        account: &str,
        stop: Stop,
        observer: Arc<dyn Observer>,
    ) -> Result<Catalogue, RunError> {
        let found = self.0.config.account(account).ok_or_else(|| RunError::UnknownAccount(account.to_owned()))?;
        self.catalogue(connector, found, stop, observer).await
    }

    async fn catalogue(
        &self,
        connector: &Connector,
        account: &Account,
        stop: Stop,
        observer: Arc<dyn Observer>,
    ) -> Result<Catalogue, RunError> {
        let storage = Arc::new(RunStorage::preview(Arc::clone(&self.0.store), &account.id, "discover"));
        let window = RunWindow { reads_only: true, stop, ..self.window() };
        let task = Task { account, window, storage, observer, reach: Reach::Both };
        let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account| {
            world.schedule_sync_synchronizer().call_discover(instance, account).await
        };
        let used = self.sandboxed(connector, task, call).await.map_err(|broken| broken.fault)?;
        Ok(used.value.into())
    }

    /// The account of this name, its choices by id.
    pub(super) async fn account(
        &self,
        connector: &Connector,
        name: &str,
        stop: &Stop,
        observer: &Arc<dyn Observer>,
    ) -> Result<Account, RunError> {
        let account = self.0.config.account(name).ok_or_else(|| RunError::UnknownAccount(name.to_owned()))?;
        if !resolve::needed(account) {
            return Ok(account.clone());
        }
        let known = self.0.names.lock().unwrap_or_else(PoisonError::into_inner).get(&account.id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let catalogue = self.catalogue(connector, account, stop.clone(), Arc::clone(observer)).await?;
        let resolved = resolve::choices(account, &catalogue).map_err(RunError::Choice)?;
        let mut names = self.0.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(account.id.clone(), resolved.clone());
        Ok(resolved)
    }

    /// A moment that no other run of this tenant has: a preview takes less than a millisecond where nothing has changed.
    fn moment(&self, now: u64) -> u64 {
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = now.max(last.saturating_add(1));
        *last
    }

    pub(super) fn window(&self) -> RunWindow {
        let Limits { wall, longest_wait, .. } = self.0.config.limits;
        let deadline = self.0.host.clock.elapsed() + wall;
        RunWindow { deadline: Some(deadline), longest_wait: Some(longest_wait), ..RunWindow::default() }
    }

    async fn grip(&self, account: &str, run: &str) -> Result<Grip, RunError> {
        let timeout = self.0.config.rules.request_timeout;
        let (of, id, clock) = (account.to_owned(), run.to_owned(), Arc::clone(&self.0.host.clock));
        match self.blocking(move |store| Grip::ask(store, clock.as_ref(), &of, &id, timeout)).await? {
            Asked::Granted(grip) => Ok(grip),
            Asked::Taken { run, until, holder } => {
                Err(RunError::Busy { account: account.to_owned(), run, until, holder })
            }
        }
    }

    /// Notes what is under way where a successor finds it if this process is killed.
    fn underway(&self, fence: &Fence) -> Underway {
        let (store, fence) = (Arc::clone(&self.0.store), fence.clone());
        Underway::new(move |since| store.writing(&fence, since))
    }

    async fn keeper(&self, grip: Option<&Grip>) {
        let Some(grip) = grip else { return futures::future::pending().await };
        let renew = |fence: Fence, until: u64| {
            let store = Arc::clone(&self.0.store);
            let renewing = tokio::task::spawn_blocking(move || store.renew(&fence, until));
            async { renewing.await.unwrap_or_else(|fault| Err(StoreError::Other(fault.to_string()))) }
        };
        grip.keep(Arc::clone(&self.0.host.clock), renew).await;
    }
}

/// `20261122T143012.345Z`: sorts by time.
fn run_id(moment: u64) -> String {
    i64::try_from(moment)
        .ok()
        .and_then(chrono::DateTime::from_timestamp_millis)
        .map_or_else(|| moment.to_string(), |moment| moment.format("%Y%m%dT%H%M%S%.3fZ").to_string())
}
