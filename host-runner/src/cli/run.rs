//! `preview`, `sync`, `import`, `export`.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use host_runner::config::{Account, Config};
use host_runner::journal::Entry;
use host_runner::report::Ending;
use host_runner::screen::{self, Detail, Progress, Screen, Tone};
use host_runner::{Action, Budget, Clock, Observer, RunError, RunOptions, RunReport, Stop, SystemClock};
use serde::Serialize;

use super::args::{Arguments, Command};
use super::exit::{Exit, Failure};
use super::selection;
use super::session::{self, Session};

/// How long a run that is waited for is not looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What to do about an account that another run has.
pub(crate) const WAIT: (&str, &str) = (
    "To wait for it, add --wait. A preview needs no waiting.",
    "Чтобы подождать, добавьте --wait. Предварительному просмотру ждать не нужно.",
);

/// What is to be run.
pub(crate) struct Order {
    pub(crate) action: Action,
    pub(crate) dry_run: bool,
    pub(crate) wait: bool,
    pub(crate) budget: Budget,
    /// For each account, the operations that are wanted; none for all.
    pub(crate) accounts: Vec<(Account, Option<Vec<String>>)>,
}

/// One account's outcome, for programs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told<'a> {
    account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a RunReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    entries: &'a [Entry],
}

fn order(command: &Command, config: &Config) -> Result<Option<Order>, Failure> {
    let (action, run) = match command {
        Command::Preview(preview) => {
            let action = match (preview.import, preview.export) {
                (true, _) => Action::Import,
                (_, true) => Action::Export,
                (false, false) => Action::Reconcile,
            };
            let accounts = selection::accounts(config, &preview.accounts)?;
            let accounts = accounts.into_iter().map(|account| (account, None)).collect();
            let budget = (&preview.budget).into();
            return Ok(Some(Order { action, dry_run: true, wait: false, budget, accounts }));
        }
        Command::Sync(run) => (Action::Reconcile, run),
        Command::Import(run) => (Action::Import, run),
        Command::Export(run) => (Action::Export, run),
        _ => return Ok(None),
    };
    let only = run.only.as_deref().map(selection::operations).transpose()?;
    let accounts = selection::accounts(config, &run.accounts)?;
    if only.is_some() && accounts.len() > 1 {
        return Err(Failure::usage("--only names operations of one account; name that account with --account"));
    }
    let accounts = accounts.into_iter().map(|account| (account, only.clone())).collect();
    Ok(Some(Order { action, dry_run: false, wait: run.wait, budget: (&run.budget).into(), accounts }))
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let Some(order) = order(&arguments.command, &config)? else { return Ok(Exit::Usage) };
    carry_out(arguments, config, order, screen).await
}

/// Runs what was ordered, account by account.
pub(crate) async fn carry_out(
    arguments: &Arguments,
    config: Config,
    order: Order,
    screen: &mut Screen,
) -> Result<Exit, Failure> {
    let session = Session::open(arguments, config)?;
    let mut exit = Exit::Done;
    let mut told = Vec::new();
    for (account, only) in &order.accounts {
        if session.stop.winding_down() {
            break;
        }
        let options =
            RunOptions { dry_run: order.dry_run, only: only.clone(), budget: order.budget, stop: session.stop.clone() };
        let done = one(&session, account, order.action.clone(), options, order.wait).await?;
        exit = exit.max(done.exit);
        told.extend(tell(arguments, screen, account, &done)?);
    }
    if screen.json {
        screen.value(&told)?;
    }
    Ok(exit)
}

/// Until another run may start, or for a moment: a run that goes on may end at any time.
async fn pause(until: u64, stop: &Stop) {
    let wait = Duration::from_millis(until.saturating_sub(SystemClock::new().wall())).min(LOOK_AGAIN);
    tokio::select! {
        () = tokio::time::sleep(wait.max(Duration::from_millis(1))) => {}
        () = stop.asked() => {}
    }
}

/// Does something that needs the account to itself, again and again while another run has it and somebody waits.
pub(crate) async fn patiently<T>(
    session: &Session,
    progress: &Progress,
    wait: bool,
    work: impl AsyncFn() -> Result<T, RunError>,
) -> Result<T, RunError> {
    loop {
        match work().await {
            Err(RunError::Busy { until, .. }) if wait && !session.stop.winding_down() => {
                progress.step("wait", 0, None);
                pause(until, &session.stop).await;
            }
            outcome => return outcome,
        }
    }
}

/// A run that ended, one way or another.
pub(crate) struct Done {
    pub(crate) outcome: Result<RunReport, RunError>,
    pub(crate) journal: Vec<Entry>,
    pub(crate) exit: Exit,
}

/// Runs for one account, and shows how far it is.
pub(crate) async fn one(
    session: &Session,
    account: &Account,
    action: Action,
    options: RunOptions,
    wait: bool,
) -> Result<Done, Failure> {
    let store = session.tenant.store();
    let dismissed = store.dismissed(&account.id)?;
    let mut before: BTreeSet<String> = store
        .standing(&account.id)?
        .into_iter()
        .map(|entry| entry.operation)
        .chain(dismissed.iter().cloned())
        .collect();
    // Whoever asks for operations by name waits for them, and is told where one still stands.
    before.retain(|known| !options.only.iter().flatten().any(|wanted| wanted == known));
    let progress = Arc::new(Progress::new(&account.mail, session.language));
    let outcome = patiently(session, &progress, wait, async || {
        let observer = Arc::clone(&progress) as _;
        session.tenant.run(&session.connector, action.clone(), &account.id, options.clone(), observer).await
    })
    .await;
    progress.finish();
    let mut journal = match &outcome {
        Ok(run) => store.journal(&run.account, &run.run)?,
        Err(_) => Vec::new(),
    };
    journal.retain(|entry| !(entry.stands() && dismissed.contains(&entry.operation)));
    let exit = judged(&outcome, &journal, &before);
    Ok(Done { outcome, journal, exit })
}

/// Tells people of it at once; gives what is told to programs.
pub(crate) fn tell(
    arguments: &Arguments,
    screen: &mut Screen,
    account: &Account,
    done: &Done,
) -> Result<Option<serde_json::Value>, Failure> {
    if screen.json {
        let told = Told {
            account: &account.mail,
            run: done.outcome.as_ref().ok(),
            error: done.outcome.as_ref().err().map(ToString::to_string),
            entries: &done.journal,
        };
        return Ok(Some(serde_json::to_value(told).map_err(io::Error::from)?));
    }
    match &done.outcome {
        Ok(run) => screen::report(screen, account, run, &done.journal, detail(arguments))?,
        Err(fault) => {
            screen::failed(screen, account, fault)?;
            if matches!(fault, RunError::Busy { .. }) {
                let hint = screen.say(WAIT.0, WAIT.1);
                screen.wrapped(2, Tone::Plain, hint)?;
                screen.line("")?;
            }
        }
    }
    screen.flush()?;
    Ok(None)
}

/// What the arguments want to be told.
pub(crate) fn detail(arguments: &Arguments) -> Detail {
    Detail { values: arguments.verbose > 0, ..Detail::default() }
}

fn judged(outcome: &Result<RunReport, RunError>, journal: &[Entry], before: &BTreeSet<String>) -> Exit {
    match outcome {
        Err(_) => Exit::Failed,
        Ok(_) if journal.iter().any(|entry| entry.stands() && !before.contains(&entry.operation)) => Exit::Attention,
        Ok(_) if journal.iter().any(Entry::not_done) => Exit::Attention,
        // A calendar that could not be read has failed as well.
        Ok(run) if run.report.ending == Ending::Partial => Exit::Attention,
        Ok(_) => Exit::Done,
    }
}
