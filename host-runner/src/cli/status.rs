//! `status` and `log`: what was done, read from storage alone. No secret is needed, and nothing is sent.

use host_runner::config::{Account, Config, Language};
use host_runner::report::Ending;
use host_runner::screen::{self, Screen, Tone};
use host_runner::store::{RunRecord, RunResult, SqliteStore, Store};
use serde_json::json;

use super::args::{Accounts, Arguments, Log};
use super::exit::{Exit, Failure};
use super::{selection, session};

/// Runs shown for each account.
const RUNS: u32 = 5;

pub(crate) fn open(config: &Config) -> Result<Option<SqliteStore>, Failure> {
    // Looking must not make an empty file.
    if !config.storage.exists() {
        return Ok(None);
    }
    SqliteStore::open(&config.storage, &config.tenant).map(Some).map_err(|fault| Failure::usage(fault.to_string()))
}

pub(crate) fn status(arguments: &Arguments, which: &Accounts, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let accounts = selection::looked_at(&config, which)?;
    let store = open(&config)?;
    let mut told = Vec::new();
    for account in &accounts {
        let (runs, standing) = match &store {
            Some(store) => (store.runs(Some(&account.id), RUNS)?, store.standing(&account.id)?),
            None => (Vec::new(), Vec::new()),
        };
        if screen.json {
            told.push(json!({ "account": account.mail, "runs": runs, "standing": standing }));
            continue;
        }
        let name = screen.tone(Tone::Strong, &account.mail);
        screen.line(name)?;
        if runs.is_empty() {
            screen.line(screen.say("  no run yet", "  запусков ещё не было").to_owned())?;
        }
        for run in &runs {
            let line = described(run, account, screen.language);
            screen.wrapped(2, Tone::Plain, &line)?;
        }
        screen.line("")?;
        screen::urgent(screen, account, &standing)?;
    }
    if screen.json {
        screen.value(&told)?;
    }
    Ok(Exit::Done)
}

pub(crate) fn log(arguments: &Arguments, which: &Log, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let accounts = selection::looked_at(&config, &which.accounts)?;
    let Some(store) = open(&config)? else {
        return Err(Failure::failed("there was no run yet; begin with host-runner preview"));
    };
    let mut told = Vec::new();
    let mut found = false;
    for account in &accounts {
        let runs = store.runs(Some(&account.id), if which.run.is_some() { u32::MAX } else { 1 })?;
        let wanted = |run: &&RunRecord| which.run.as_ref().is_none_or(|id| run.run == *id);
        let Some(run) = runs.iter().find(wanted) else { continue };
        found = true;
        let journal = store.journal(&account.id, &run.run)?;
        if screen.json {
            told.push(json!({ "account": account.mail, "run": run, "entries": journal }));
            continue;
        }
        let name = screen.tone(Tone::Strong, &account.mail);
        screen.line(name)?;
        screen.wrapped(2, Tone::Plain, &described(run, account, screen.language))?;
        screen.line("")?;
        screen::urgent(screen, account, &journal)?;
        screen::plan(screen, account, &journal, super::run::detail(arguments))?;
        if journal.is_empty() {
            screen.line(screen.say("  nothing to tell", "  рассказать не о чем").to_owned())?;
        }
    }
    if screen.json {
        screen.value(&told)?;
    }
    match (found, &which.run) {
        (true, _) => Ok(Exit::Done),
        (false, Some(id)) => {
            Err(Failure::usage(format!("there is no run {id}; host-runner status lists the last ones")))
        }
        (false, None) => Err(Failure::failed("there was no run yet; begin with host-runner preview")),
    }
}

pub(crate) fn described(record: &RunRecord, account: &Account, language: Language) -> String {
    let started = i64::try_from(record.started)
        .map_or_else(|_| record.started.to_string(), |started| screen::local(started, account.time_zone, language));
    let name = screen::run_name(&record.action, language);
    let what = match (record.dry_run, language) {
        (true, Language::En) => format!("preview of {name}"),
        (true, Language::Ru) => format!("просмотр: {name}"),
        (false, _) => name.to_owned(),
    };
    let how = match &record.result {
        None => language.of("going on, or cut off", "идёт или прерван").to_owned(),
        Some(RunResult::Failed(text)) => format!("{}: {text}", language.of("failed", "не удалось")),
        Some(RunResult::Report(report)) => {
            let written = screen::sum(report.counts.iter().filter(|count| count.what == "written"));
            let ending = match report.ending {
                Ending::Complete => language.of("complete", "полностью"),
                Ending::Partial => language.of("complete but for a folder", "полностью, кроме одной папки"),
                Ending::Budget => language.of("ended at its budget", "закончен по бюджету"),
                Ending::Stopped => language.of("ended early", "закончен раньше"),
                Ending::Throttled => {
                    language.of("ended because a server asked to wait", "закончен: сервер попросил подождать")
                }
            };
            if record.dry_run {
                ending.to_owned()
            } else {
                match language {
                    Language::En => format!("{ending}, {written} written"),
                    Language::Ru => format!("{ending}, записано: {written}"),
                }
            }
        }
    };
    format!("{started}  {what}  {how}  ({} {})", language.of("run", "запуск"), record.run)
}
