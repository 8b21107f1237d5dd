//! What a component can do to its host: nothing that the limits do not allow, and nothing without a name.

// What clippy.toml allows in tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod tiny;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use host_runner::config::Config;
use host_runner::report::Ending;
use host_runner::store::{Lease, MemoryStore, Store};
use host_runner::{
    Action, Connector, GuestFailure, Host, Level, Limits, Observer, RunError, RunOptions, RunReport, Silent, Tenant,
};
use tiny::NOTHING;

const ACCOUNT: &str = "e.mirny@mycompany.com";

struct Setting {
    tenant: Tenant,
    connector: Connector,
    store: Arc<MemoryStore>,
    _folder: tempfile::TempDir,
}

fn setting(bodies: &[(&str, &str)], limits: Limits) -> Setting {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::load(&tiny::configuration(folder.path())).unwrap();
    config.limits = limits;
    let host = Host::builder().build().unwrap();
    let connector = host.load(&tiny::component(bodies)).unwrap();
    let store = Arc::new(MemoryStore::new());
    let tenant = host.tenant(config).store(store.clone()).open().unwrap();
    Setting { tenant, connector, store, _folder: folder }
}

impl Setting {
    async fn run(&self, options: RunOptions, observer: Arc<dyn Observer>) -> Result<RunReport, RunError> {
        self.tenant.run(&self.connector, Action::Reconcile, ACCOUNT, options, observer).await
    }

    async fn plain(&self) -> Result<RunReport, RunError> {
        self.run(RunOptions::default(), Arc::new(Silent)).await
    }
}

fn short() -> Limits {
    Limits {
        cpu: Duration::from_millis(100),
        wall: Duration::from_secs(2),
        last_words: Duration::from_millis(100),
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_run_returns_its_report_and_leaves_a_record() {
    let setting = setting(&[], short());
    let run = setting.plain().await.unwrap();
    assert_eq!(run.report.ending, Ending::Complete);
    let runs = setting.store.runs(Some(ACCOUNT), 10).unwrap();
    assert_eq!(runs[0].run, run.run);
    assert!(runs[0].finished.is_some());
}

#[tokio::test]
async fn a_busy_loop_ends_at_the_limit_of_computing_time() {
    let setting = setting(&[("reconcile", "(loop $l (br $l)) (unreachable)")], short());
    let Err(RunError::Limit(name)) = setting.plain().await else { panic!() };
    assert!(name.starts_with("computing time"), "{name}");
    assert!(setting.store.runs(None, 1).unwrap()[0].finished.is_some());
}

#[tokio::test]
async fn memory_beyond_the_limit_ends_the_run_by_name() {
    let body = "(loop $l (drop (memory.grow (i32.const 64))) (br $l)) (unreachable)";
    let setting = setting(&[("reconcile", body)], short());
    assert_eq!(setting.plain().await, Err(RunError::Limit("memory (64 MiB)".to_owned())));
}

#[tokio::test]
async fn calls_into_the_host_are_counted() {
    let step = "(call $step (i32.const 0) (i32.const 2) (i64.const 0) (i32.const 0) (i64.const 0))";
    let setting = setting(
        &[("reconcile", &format!("(loop $l (drop {step}) (br $l)) (unreachable)"))],
        Limits { host_calls: 1000, cpu: Duration::from_secs(60), ..short() },
    );
    let Err(RunError::Limit(name)) = setting.plain().await else { panic!() };
    assert_eq!(name, "calls into the host (1000)");
}

#[tokio::test]
async fn near_a_limit_a_component_is_asked_to_wind_down() {
    let step = "(call $step (i32.const 0) (i32.const 2) (i64.const 0) (i32.const 0) (i64.const 0))";
    let setting = setting(
        &[("reconcile", &format!("(loop $l (br_if $l (i32.eqz {step}))) {NOTHING}"))],
        Limits { host_calls: 1000, cpu: Duration::from_secs(60), ..short() },
    );
    assert!(setting.plain().await.is_ok());
}

#[tokio::test]
async fn whoever_asks_a_run_to_end_is_heard() {
    let step = "(call $step (i32.const 0) (i32.const 2) (i64.const 0) (i32.const 0) (i64.const 0))";
    let setting = setting(
        &[("reconcile", &format!("(loop $l (br_if $l (i32.eqz {step}))) {NOTHING}"))],
        Limits { cpu: Duration::from_secs(60), wall: Duration::from_secs(60), ..short() },
    );
    let options = RunOptions::default();
    let stop = options.stop.clone();
    let asking = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.wind_down();
    };
    let (run, ()) = tokio::join!(setting.run(options, Arc::new(Silent)), asking);
    assert!(run.is_ok());
}

#[derive(Default)]
struct Notes(Mutex<Vec<(Level, String)>>);

impl Observer for Notes {
    fn note(&self, level: Level, text: &str) {
        self.0.lock().unwrap().push((level, text.to_owned()));
    }
}

#[tokio::test]
async fn a_trap_is_told_with_what_the_component_noted_before() {
    let body = "(call $note (i32.const 3) (i32.const 0) (i32.const 8)) (unreachable)";
    let setting = setting(&[("reconcile", body)], short());
    let notes = Arc::new(Notes::default());
    let Err(RunError::Trap(text)) = setting.run(RunOptions::default(), notes.clone()).await else { panic!() };
    assert!(text.starts_with("it broke (") && text.contains("unreachable"), "{text}");
    assert_eq!(*notes.0.lock().unwrap(), [(Level::Error, "it broke".to_owned())]);
    // The lease is given back even so.
    assert!(matches!(setting.plain().await, Err(RunError::Trap(_))));
}

#[tokio::test]
async fn an_error_of_the_component_is_told_as_such() {
    let body =
        "(i32.store8 (i32.const 4096) (i32.const 1)) (i32.store8 (i32.const 4104) (i32.const 3)) (i32.const 4096)";
    let setting = setting(&[("reconcile", body)], short());
    assert_eq!(setting.plain().await, Err(RunError::Component(GuestFailure::Superseded)));
}

#[tokio::test]
async fn two_runs_of_an_account_do_not_overlap() {
    let setting = setting(&[], short());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let taken = setting.store.acquire(ACCOUNT, "other", now, now + 60_000, 0).unwrap();
    let Lease::Granted(fence) = taken else { panic!() };
    let Err(RunError::Busy { run, .. }) = setting.plain().await else { panic!() };
    assert_eq!(run, "other");
    let preview = RunOptions { dry_run: true, ..RunOptions::default() };
    assert!(setting.run(preview, Arc::new(Silent)).await.is_ok());
    setting.store.release(&fence).unwrap();
    assert!(setting.plain().await.is_ok());
}

#[tokio::test]
async fn what_is_held_stands_in_the_journal() {
    let setting = setting(&[("reconcile", &format!("(call $hold) {NOTHING}"))], short());
    let run = setting.plain().await.unwrap();
    let journal = setting.store.journal(ACCOUNT, &run.run).unwrap();
    assert_eq!((journal[0].title.as_str(), journal[0].reason.as_str()), ("Review", "would-notify"));
    assert_eq!(setting.store.standing(ACCOUNT).unwrap().len(), 1);
}

#[tokio::test]
async fn an_unknown_account_is_told_before_anything_is_done() {
    let setting = setting(&[], short());
    let outcome = setting
        .tenant
        .run(&setting.connector, Action::Import, "nobody@mycompany.com", RunOptions::default(), Arc::new(Silent))
        .await;
    assert!(matches!(outcome, Err(RunError::UnknownAccount(_))));
    assert!(setting.store.runs(None, 1).unwrap().is_empty());
}

/// Embedders spawn runs, so their futures move between threads.
#[test]
fn a_run_can_be_spawned() {
    fn spawnable(_: impl Send) {}
    let setting = setting(&[], short());
    spawnable(setting.tenant.run(&setting.connector, Action::Import, ACCOUNT, RunOptions::default(), Arc::new(Silent)));
}
