//! `held`, `approve`, `dismiss`: what waits for a person, and what the person says to it.

use std::time::SystemTime;

use host_runner::config::{Account, Config};
use host_runner::journal::Entry;
use host_runner::report::{Count, Ending, Report};
use host_runner::screen::{self, Screen, Tone};
use host_runner::store::{RunRecord, RunResult, Store};
use host_runner::{Action, Budget};
use serde_json::json;

use super::args::{Accounts, Approve, Arguments, Dismiss};
use super::exit::{Exit, Failure};
use super::run::{self, Order};
use super::{selection, session, status};

/// Journals are kept by runs, not by this.
const KEEP_EVERYTHING: u64 = 0;

/// Lists what is held or failed, with what to do about each.
pub(crate) fn held(arguments: &Arguments, which: &Accounts, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let accounts = selection::looked_at(&config, which)?;
    let mut told = Vec::new();
    for (account, standing) in standing(&config, &accounts)? {
        if screen.json {
            let entries: Vec<_> = standing
                .iter()
                .map(|entry| {
                    let words = screen::reason(&entry.reason, screen.language);
                    json!({ "entry": entry, "meaning": words.map(|words| words.0), "remedy": words.map(|words| words.1) })
                })
                .collect();
            told.push(json!({ "account": account.mail, "standing": entries }));
            continue;
        }
        let name = screen.tone(Tone::Strong, &account.mail);
        screen.line(name)?;
        if standing.is_empty() {
            screen.line(
                screen.say("  nothing is held, and nothing has failed", "  ничего не отложено, ошибок нет").to_owned(),
            )?;
        }
        screen.line("")?;
        screen::urgent(screen, account, &standing)?;
    }
    if screen.json {
        screen.value(&told)?;
    }
    Ok(Exit::Done)
}

/// Carries out held operations.
pub(crate) async fn approve(arguments: &Arguments, what: &Approve, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let chosen = chosen(&config, &what.ids)?;
    if let Some((_, failed)) = all(&chosen).find(|(_, entry)| entry.outcome == "failed") {
        let text = format!(
            "{} has failed and is not held: the next run tries it again by itself; nothing was done",
            failed.operation
        );
        return Err(Failure::usage(text));
    }
    let accounts = chosen
        .into_iter()
        .map(|(account, entries)| (account, Some(entries.into_iter().map(|entry| entry.operation).collect())))
        .collect();
    let order =
        Order { action: Action::Reconcile, dry_run: false, wait: what.wait, budget: Budget::default(), accounts };
    run::carry_out(arguments, config, order, screen).await
}

/// Takes entries off the list until their pairs change again.
pub(crate) fn dismiss(arguments: &Arguments, what: &Dismiss, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let chosen = chosen(&config, &what.ids)?;
    let Some(store) = status::open(&config)? else { return Ok(Exit::Done) };
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = host_runner::clock::millis(since);
    let mut told = Vec::new();
    for (account, entries) in chosen {
        let entries: Vec<Entry> =
            entries.into_iter().map(|entry| Entry { outcome: "dismissed".to_owned(), ..entry }).collect();
        let run = format!("dismiss-{now}");
        let record = RunRecord {
            run: run.clone(),
            account: account.id.clone(),
            action: "dismiss".to_owned(),
            dry_run: false,
            started: now,
            finished: None,
            result: None,
        };
        let number = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let count = Count { what: "dismissed".to_owned(), side: None, reason: String::new(), number };
        let report = Report { ending: Ending::Complete, counts: vec![count], warnings: Vec::new(), next: None };
        store.begin(&record, KEEP_EVERYTHING)?;
        store.finish(&account.id, &run, now, &RunResult::Report(report), &entries)?;
        if screen.json {
            told.push(json!({ "account": account.mail, "run": run, "entries": entries }));
            continue;
        }
        for entry in &entries {
            let title = screen::clean(&entry.title);
            let text =
                screen.say("is not told of any more until it changes", "больше не показывается, пока не изменится");
            screen.line(format!("{}  {title}: {text}", entry.operation))?;
        }
    }
    if screen.json {
        screen.value(&told)?;
    }
    Ok(Exit::Done)
}

type Standing = Vec<(Account, Vec<Entry>)>;

fn all(chosen: &Standing) -> impl Iterator<Item = (&Account, &Entry)> {
    chosen.iter().flat_map(|(account, entries)| entries.iter().map(move |entry| (account, entry)))
}

fn standing<'a>(config: &Config, accounts: &'a [Account]) -> Result<Vec<(&'a Account, Vec<Entry>)>, Failure> {
    let Some(store) = status::open(config)? else {
        return Ok(accounts.iter().map(|account| (account, Vec::new())).collect());
    };
    accounts.iter().map(|account| Ok((account, store.standing(&account.id)?))).collect()
}

/// The entries with these ids, by account. All of them stand, or nothing is done about any.
fn chosen(config: &Config, ids: &[String]) -> Result<Standing, Failure> {
    let mut ids: Vec<&str> = ids.iter().flat_map(|text| text.split(',')).map(str::trim).collect();
    ids.retain(|id| !id.is_empty());
    let mut chosen: Standing = Vec::new();
    let mut missing = ids.clone();
    for (account, mut entries) in standing(config, &config.accounts)? {
        entries.retain(|entry| ids.contains(&entry.operation.as_str()));
        missing.retain(|id| !entries.iter().any(|entry| entry.operation == *id));
        if !entries.is_empty() {
            chosen.push((account.clone(), entries));
        }
    }
    if !missing.is_empty() || ids.is_empty() {
        let text = format!(
            "nothing that stands has the id {}; it may have been settled or changed meanwhile: host-runner held lists what \
             stands now; nothing was done",
            missing.join(", ")
        );
        return Err(Failure::usage(text));
    }
    Ok(chosen)
}
