//! One call into a component: its sandbox, the limits around it, and what is made of how it ended.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use wasmtime::Store as Instance;

use super::bindings::Connector as World;
use super::bindings::exports::schedule::sync::synchronizer as wit;
use super::connector::Connector;
use super::convert;
use super::meter::{LimitReached, Meter};
use super::observer::Observer;
use super::run::RunError;
use super::sandbox::Sandbox;
use super::tenant::{Inner, Tenant};
use crate::config::Account;
use crate::http::RunWindow;
use crate::store::RunStorage;

/// Which sides a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Both,
    Creatio,
    /// Storage alone: nobody is asked where the mailbox is.
    Stored,
}

/// What a call into a sandbox is made of.
pub(super) struct Task<'a> {
    pub(super) account: &'a Account,
    pub(super) window: RunWindow,
    pub(super) storage: Arc<RunStorage>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) reach: Reach,
}

/// What a call gave, and took.
pub(super) struct Used<T> {
    pub(super) value: T,
    pub(super) requests: u64,
    pub(super) memory: usize,
    pub(super) cpu: Duration,
}

/// What a call failed with.
pub(super) struct Broken {
    pub(super) fault: RunError,
    /// The host was working for the component at that moment.
    pub(super) under_way: bool,
}

impl From<RunError> for Broken {
    fn from(fault: RunError) -> Self {
        Self { fault, under_way: false }
    }
}

impl Tenant {
    /// Calls a function of the component in a sandbox of its own, within the limits.
    pub(super) async fn sandboxed<T>(
        &self,
        connector: &Connector,
        task: Task<'_>,
        call: impl AsyncFnOnce(&World, &mut Instance<Sandbox>, &wit::Account) -> wasmtime::Result<Result<T, wit::Error>>,
    ) -> Result<Used<T>, Broken> {
        let Inner { host, config, ways, .. } = self.0.as_ref();
        let way = match task.reach {
            Reach::Both => self.way(task.account, &task.window, &task.observer).await?,
            Reach::Stored => self.way_as_remembered(task.account).await?,
            Reach::Creatio => ways.creatio(),
        };
        let limits = config.limits.clone();
        let patience = limits.wall + limits.last_words;
        let http = Arc::new(way.egress.policy(&task.account.mail, task.window.clone()));
        let sandbox = Sandbox {
            http: Arc::clone(&http),
            storage: task.storage,
            clock: Arc::clone(&host.clock),
            observer: task.observer,
            meter: Meter::new(limits.clone(), Arc::clone(&host.clock)),
            stop: task.window.stop,
            notes: 0,
            complaint: None,
        };
        let mut instance = Instance::new(&host.engine, sandbox);
        instance.limiter(|sandbox| &mut sandbox.meter);
        instance.set_epoch_deadline(1);
        instance.epoch_deadline_callback(|mut context| {
            let sandbox = context.data_mut();
            let requests = sandbox.http.sent();
            sandbox.meter.pressure(requests).map_err(wasmtime::Error::new)?;
            // Runs share threads, so each lets the others in at every tick.
            Ok(wasmtime::UpdateDeadline::Yield(1))
        });
        let account = convert::account(config, task.account, &way.service);
        let outcome = {
            let work = std::pin::pin!(async {
                instance.data_mut().meter.enter();
                let world = connector.prepared.instantiate_async(&mut instance).await?;
                call(&world, &mut instance, &account).await
            });
            match select(work, host.clock.sleep(patience)).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(_) => {
                    let fault = RunError::Limit(format!("time ({} seconds)", limits.wall.as_secs()));
                    return Err(Broken { fault, under_way: true });
                }
            }
        };
        let sandbox = instance.data_mut();
        sandbox.meter.leave();
        match outcome {
            Ok(Ok(value)) => {
                Ok(Used { value, requests: http.sent(), memory: sandbox.meter.peak_memory(), cpu: sandbox.meter.cpu() })
            }
            Ok(Err(failure)) => Err(RunError::Component(failure.into()).into()),
            Err(trap) => Err(trapped(&trap, sandbox.complaint.take()).into()),
        }
    }
}

/// A panic arrives as a bare `unreachable`; what the component noted before says why.
fn trapped(trap: &wasmtime::Error, complaint: Option<String>) -> RunError {
    if let Some(LimitReached(name)) = trap.downcast_ref() {
        return RunError::Limit(name.clone());
    }
    let cause = trap.root_cause().to_string();
    RunError::Trap(complaint.map_or_else(|| cause.clone(), |text| format!("{text} ({cause})")))
}
