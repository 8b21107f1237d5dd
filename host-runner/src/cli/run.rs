//! `preview`, `sync`, `import`, `export`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use host_runner::config::Account;
use host_runner::journal::{Entry, Side};
use host_runner::report::{Count, Ending};
use host_runner::{Action, Budget, RunError, RunOptions, RunReport};
use serde::Serialize;

use super::args::{Accounts, Arguments, Command};
use super::exit::{Exit, Failure};
use super::progress::Progress;
use super::screen::{Screen, Tone};
use super::session::{self, Session};
use super::{entries, selection};

/// What the arguments ask for.
struct Order<'a> {
    accounts: &'a Accounts,
    action: Action,
    dry_run: bool,
    only: Option<Vec<String>>,
    budget: Budget,
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

fn order(command: &Command) -> Result<Option<Order<'_>>, Failure> {
    let (action, run) = match command {
        Command::Preview(preview) => {
            let action = match (preview.import, preview.export) {
                (true, _) => Action::Import,
                (_, true) => Action::Export,
                (false, false) => Action::Reconcile,
            };
            let budget = (&preview.budget).into();
            return Ok(Some(Order { accounts: &preview.accounts, action, dry_run: true, only: None, budget }));
        }
        Command::Sync(run) => (Action::Reconcile, run),
        Command::Import(run) => (Action::Import, run),
        Command::Export(run) => (Action::Export, run),
        _ => return Ok(None),
    };
    let only = run.only.as_deref().map(selection::operations).transpose()?;
    Ok(Some(Order { accounts: &run.accounts, action, dry_run: false, only, budget: (&run.budget).into() }))
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failure> {
    let Some(order) = order(&arguments.command)? else { return Ok(Exit::Usage) };
    let config = session::config(arguments)?;
    let accounts = selection::accounts(&config, order.accounts)?;
    if order.only.is_some() && accounts.len() > 1 {
        return Err(Failure::usage("--only names operations of one account; name that account with --account"));
    }
    let session = Session::open(arguments, config)?;
    let mut exit = Exit::Done;
    let mut told = Vec::new();
    for account in &accounts {
        if session.stop.winding_down() {
            break;
        }
        let before: BTreeSet<String> =
            session.tenant.store().standing(&account.id)?.into_iter().map(|entry| entry.operation).collect();
        let progress = Arc::new(Progress::new(&account.mail));
        let options = RunOptions {
            dry_run: order.dry_run,
            only: order.only.clone(),
            budget: order.budget,
            stop: session.stop.clone(),
        };
        let outcome = session
            .tenant
            .run(&session.connector, order.action, &account.id, options, Arc::clone(&progress) as _)
            .await;
        progress.finish();
        let journal = match &outcome {
            Ok(run) => session.tenant.store().journal(&run.account, &run.run)?,
            Err(_) => Vec::new(),
        };
        exit = exit.max(judged(&outcome, &journal, &before));
        if screen.json {
            let told_one = Told {
                account: &account.mail,
                run: outcome.as_ref().ok(),
                error: outcome.as_ref().err().map(ToString::to_string),
                entries: &journal,
            };
            told.push(serde_json::to_value(told_one).map_err(io::Error::from)?);
        } else {
            match &outcome {
                Ok(run) => show(screen, account, run, &journal, arguments.verbose > 0)?,
                Err(fault) => failed(screen, account, fault)?,
            }
            screen.flush()?;
        }
    }
    if screen.json {
        screen.value(&told)?;
    }
    Ok(exit)
}

fn judged(outcome: &Result<RunReport, RunError>, journal: &[Entry], before: &BTreeSet<String>) -> Exit {
    match outcome {
        Err(_) => Exit::Failed,
        Ok(_) if journal.iter().any(|entry| entry.stands() && !before.contains(&entry.operation)) => Exit::Attention,
        Ok(_) => Exit::Done,
    }
}

fn failed(screen: &mut Screen, account: &Account, fault: &RunError) -> io::Result<()> {
    let name = screen.tone(Tone::Strong, &account.mail);
    let word = screen.tone(Tone::Bad, "failed");
    screen.line(format!("{name}  {word}"))?;
    screen.wrapped(2, Tone::Plain, &fault.to_string())?;
    screen.line("")
}

fn show(screen: &mut Screen, account: &Account, run: &RunReport, journal: &[Entry], verbose: bool) -> io::Result<()> {
    let name = screen.tone(Tone::Strong, &account.mail);
    let what = match (run.dry_run, run.action) {
        (true, _) => "preview, nothing was changed",
        (false, "reconcile") => "sync",
        (false, other) => other,
    };
    screen.line(format!("{name}  {what}"))?;
    screen.line("")?;
    for warning in &run.report.warnings {
        let mark = screen.tone(Tone::Attention, "Warning");
        screen.line(format!("{mark} ({})", warning.code))?;
        screen.wrapped(2, Tone::Plain, &warning.text)?;
        screen.line("")?;
    }
    entries::urgent(screen, account, journal)?;
    if run.dry_run {
        entries::plan(screen, account, journal, verbose)?;
    }
    totals(screen, &run.report.counts)?;
    screen.wrapped(0, Tone::Plain, &ended(account, run))?;
    let took = run.finished.saturating_sub(run.started);
    let log = format!("run {}, {} requests, {}.{} s", run.run, run.requests, took / 1000, took % 1000 / 100);
    let log = screen.tone(Tone::Faint, log);
    screen.line(log)?;
    screen.line("")
}

/// Numbers: the sum of each kind, and what it is made of.
fn totals(screen: &mut Screen, counts: &[Count]) -> io::Result<()> {
    let mut groups: BTreeMap<(&str, Option<Side>), Vec<&Count>> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.number > 0) {
        groups.entry((&count.what, count.side)).or_default().push(count);
    }
    for ((what, side), group) in groups {
        let parts: Vec<String> = group
            .iter()
            .filter(|part| !part.reason.is_empty())
            .map(|part| format!("{} {}", part.reason, part.number))
            .collect();
        let side = side.map_or_else(String::new, |side| side.to_string());
        let parts = if parts.is_empty() { String::new() } else { format!("({})", parts.join(", ")) };
        screen.line(format!("{:>6}  {what:<12} {side:<8} {parts}", sum(group)))?;
    }
    Ok(())
}

/// A component may tell the sum itself, with an empty reason, or leave the adding to the reader.
pub(crate) fn sum<'a>(group: impl IntoIterator<Item = &'a Count> + Clone) -> u64 {
    let whole = group.clone().into_iter().filter(|count| count.reason.is_empty()).map(|count| count.number).sum();
    if whole > 0 { whole } else { group.into_iter().map(|count| count.number).sum() }
}

fn ended(account: &Account, run: &RunReport) -> String {
    let how = match run.report.ending {
        Ending::Complete => "Everything was looked at.",
        Ending::Budget => "The budget was used up; the next run goes on.",
        Ending::Stopped => "Ended early on request; the next run goes on.",
        Ending::Throttled => "A server asked to wait; the next run goes on.",
    };
    let next = run.report.next.and_then(|next| i64::try_from(next).ok());
    match next {
        Some(next) => format!("{how} There is reason to run again at {}.", entries::local(next, account.time_zone)),
        None => how.to_owned(),
    }
}
