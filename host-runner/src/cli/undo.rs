//! `undo`: takes back what a run did.

use std::collections::BTreeSet;

use host_runner::config::{Account, Config, Language};
use host_runner::journal::Entry;
use host_runner::report::Report;
use host_runner::screen::{Screen, Tone};
use host_runner::store::{RunRecord, RunResult, SqliteStore, Store};
use host_runner::{Action, Clock, RunOptions, SystemClock};

use super::args::{Arguments, Undo};
use super::exit::{Exit, Failure};
use super::run::{Done, one, tell};
use super::session::{self, Session};
use super::{selection, status};

/// How long the component keeps what a run replaced, in milliseconds.
const KEPT: u64 = 30 * 24 * 3600 * 1000;

/// Reasons that `--yes` settles: so many at once, and nothing else.
const MANY: [&str; 2] = ["removal-limit", "creation-limit"];

pub(crate) async fn undo(arguments: &Arguments, order: &Undo, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let only = order.only.as_deref().map(selection::operations).transpose()?;
    let store = status::open(&config)?;
    let Some(store) = store else {
        return Err(Failure::failed("there was no run yet; begin with host-runner preview"));
    };
    let account = account(&config, &store, order)?;
    let now = SystemClock::default().wall();
    let runs = store.runs(Some(&account.id), u32::MAX)?;
    let run = match chosen(&runs, &order.run, now) {
        Ok(run) => run.clone(),
        Err(refusal) => return refused(refusal, &account, screen),
    };
    drop(store);
    let session = Session::open(arguments, config)?;
    let options =
        |dry_run, only| RunOptions { dry_run, only, budget: (&order.budget).into(), stop: session.stop.clone() };
    let action = Action::Undo(run.run.clone());
    if !screen.json {
        let undoing = screen.say("Undoing", "Отменяем");
        let line = format!("{undoing}: {}", status::described(&run, &account, screen.language));
        screen.wrapped(0, Tone::Plain, &line)?;
        screen.line("")?;
    }
    let planned = if order.yes {
        Some(one(&session, &account, action.clone(), options(true, None), order.wait).await?)
    } else {
        None
    };
    let approved = planned.as_ref().and_then(|planned| approved(&planned.journal));
    let whole = approved.is_none();
    let done = match planned {
        Some(planned) if planned.outcome.is_err() => planned,
        planned => {
            let mut done =
                one(&session, &account, action, options(order.preview, approved.or(only)), order.wait).await?;
            if !whole && let Some(planned) = planned {
                untold(&mut done, planned.journal);
            }
            done
        }
    };
    let mut done = done;
    let many = done.journal.iter().filter(|entry| MANY.contains(&entry.reason.as_str())).count();
    if !screen.json && !order.preview {
        // One line says it as well as hundreds.
        done.journal.retain(|entry| !MANY.contains(&entry.reason.as_str()));
    }
    let told = tell(arguments, screen, &account, &done)?;
    if screen.json {
        screen.value(&told.into_iter().collect::<Vec<_>>())?;
    } else if many > 0 {
        let id = &run.run;
        let text = match screen.language {
            Language::En => format!(
                "{many} operations wait, because so many at once look like a mistake: host-runner undo {id} --preview shows \
                 them, --yes carries them out."
            ),
            Language::Ru => format!(
                "Ждут операции ({many}): столько сразу похоже на ошибку. Показать их — host-runner undo {id} --preview, \
                 выполнить — --yes."
            ),
        };
        screen.wrapped(0, Tone::Attention, &text)?;
    }
    Ok(done.exit)
}

/// What the yes carries out: all that is planned, and what only waits because it is many. None where nothing waits so.
fn approved(plan: &[Entry]) -> Option<Vec<String>> {
    let many = |entry: &&Entry| entry.outcome == "held" && MANY.contains(&entry.reason.as_str());
    plan.iter().find(many)?;
    let wanted = plan.iter().filter(|entry| entry.outcome == "planned" || many(entry));
    Some(wanted.map(|entry| entry.operation.clone()).collect())
}

/// A run that was told what to do says nothing of the rest.
fn untold(done: &mut Done, plan: Vec<Entry>) {
    let told: BTreeSet<String> = done.journal.iter().map(|entry| entry.operation.clone()).collect();
    let rest = plan.into_iter().filter(|entry| matches!(entry.outcome.as_str(), "held" | "noted"));
    done.journal.extend(rest.filter(|entry| !told.contains(&entry.operation)));
    if done.exit == Exit::Done && done.journal.iter().any(|entry| entry.stands() || entry.not_done()) {
        done.exit = Exit::Attention;
    }
}

/// The account meant: the one named, the only one, or the one whose run it is.
fn account(config: &Config, store: &SqliteStore, order: &Undo) -> Result<Account, Failure> {
    if order.account.is_none() && order.run != "last" {
        let runs = store.runs(None, u32::MAX)?;
        let owner = runs.iter().find(|run| run.run == order.run).map(|run| run.account.clone());
        if let Some(account) = owner.and_then(|owner| config.account(&owner).cloned()) {
            return Ok(account);
        }
    }
    selection::one(config, order.account.as_deref())
}

/// Why a run cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    Unknown(String),
    Preview(String),
    TooOld(String),
    Nothing(Idle),
}

/// What wrote nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Idle {
    Every,
    Run(String),
}

fn refused(refusal: Refusal, account: &Account, screen: &mut Screen) -> Result<Exit, Failure> {
    let mail = &account.mail;
    match refusal {
        Refusal::Unknown(id) => {
            Err(Failure::usage(format!("{mail} has no run {id}; host-runner status lists the last ones")))
        }
        Refusal::Preview(id) => {
            Err(Failure::usage(format!("run {id} was a preview: it wrote nothing, so there is nothing to undo")))
        }
        Refusal::TooOld(id) => Err(Failure::usage(format!(
            "run {id} is too long ago: what a run replaced is kept for 30 days. Its journal still tells what it did: \
             host-runner log --run {id} -v"
        ))),
        Refusal::Nothing(idle) => {
            if screen.json {
                screen.value(&serde_json::json!([]))?;
            } else {
                let text = match (idle, screen.language) {
                    (Idle::Every, Language::En) => {
                        "every run so far wrote nothing, so there is nothing to undo.".to_owned()
                    }
                    (Idle::Every, Language::Ru) => "ни один запуск ничего не записал, отменять нечего.".to_owned(),
                    (Idle::Run(id), Language::En) => format!("run {id} wrote nothing, so there is nothing to undo."),
                    (Idle::Run(id), Language::Ru) => format!("запуск {id} ничего не записал, отменять нечего."),
                };
                screen.line(format!("{mail}: {text}"))?;
            }
            Ok(Exit::Done)
        }
    }
}

/// The run meant, out of an account's runs, newest first.
fn chosen<'a>(runs: &'a [RunRecord], wanted: &str, now: u64) -> Result<&'a RunRecord, Refusal> {
    let run = if wanted == "last" {
        let last = runs.iter().find(|run| !run.dry_run && run.action != "undo" && wrote(run));
        last.ok_or(Refusal::Nothing(Idle::Every))?
    } else {
        runs.iter().find(|run| run.run == wanted).ok_or_else(|| Refusal::Unknown(wanted.to_owned()))?
    };
    if run.dry_run {
        return Err(Refusal::Preview(run.run.clone()));
    }
    if now.saturating_sub(run.started) > KEPT {
        return Err(Refusal::TooOld(run.run.clone()));
    }
    if !wrote(run) {
        return Err(Refusal::Nothing(Idle::Run(run.run.clone())));
    }
    Ok(run)
}

/// Whether it may have written: one that was cut off, or failed, or whose write was not answered, may have.
fn wrote(run: &RunRecord) -> bool {
    let counts = |report: &Report| {
        report.counts.iter().any(|count| {
            count.number > 0 && matches!(count.what.as_str(), "written" | "conflict" | "overwritten" | "failed")
        })
    };
    match &run.result {
        Some(RunResult::Report(report)) => counts(report),
        Some(RunResult::Failed(_)) | None => true,
    }
}

#[cfg(test)]
mod tests {
    use host_runner::report::{Count, Ending};

    use super::*;

    const DAY: u64 = 24 * 3600 * 1000;

    fn run(id: &str, action: &str, day: u64, what: &str) -> RunRecord {
        let count = Count { what: what.to_owned(), side: None, reason: String::new(), number: 1 };
        let report = Report { ending: Ending::Complete, counts: vec![count], warnings: Vec::new(), next: None };
        RunRecord {
            run: id.to_owned(),
            account: "a".to_owned(),
            action: action.to_owned(),
            dry_run: what == "planned",
            started: day * DAY,
            finished: Some(day * DAY),
            result: Some(RunResult::Report(report)),
        }
    }

    fn of<'a>(runs: &'a [RunRecord], wanted: &str) -> Result<&'a str, Refusal> {
        chosen(runs, wanted, 100 * DAY).map(|run| run.run.as_str())
    }

    #[test]
    fn the_last_run_is_the_last_that_wrote_something_and_was_no_undo() {
        let mut runs = vec![
            run("idle", "reconcile", 99, "unchanged"),
            run("undone", "undo", 98, "written"),
            run("plan", "reconcile", 97, "planned"),
            run("real", "import", 96, "written"),
            run("old", "import", 60, "written"),
        ];
        assert_eq!(of(&runs, "last"), Ok("real"));
        assert_eq!(of(&runs, "undone"), Ok("undone"), "an undo can be undone by its id");
        assert_eq!(of(&runs, "idle"), Err(Refusal::Nothing(Idle::Run("idle".to_owned()))));
        assert_eq!(of(&runs, "plan"), Err(Refusal::Preview("plan".to_owned())));
        assert_eq!(of(&runs, "old"), Err(Refusal::TooOld("old".to_owned())));
        assert_eq!(of(&runs, "other"), Err(Refusal::Unknown("other".to_owned())));
        // Nobody knows what a run that was cut off has written.
        runs[0].result = None;
        assert_eq!(of(&runs, "last"), Ok("idle"));
        assert_eq!(of(&runs[2..3], "last"), Err(Refusal::Nothing(Idle::Every)));
    }

    #[test]
    fn a_yes_covers_what_is_planned_and_what_is_many_and_nothing_that_mails() {
        let entry = |operation: &str, outcome: &str, reason: &str| Entry {
            operation: operation.to_owned(),
            outcome: outcome.to_owned(),
            action: "delete".to_owned(),
            target: host_runner::journal::Side::Mailbox,
            activity: None,
            item: None,
            title: String::new(),
            start: None,
            units: Vec::new(),
            reason: reason.to_owned(),
            detail: String::new(),
        };
        let mut plan = vec![
            entry("a", "planned", "undone"),
            entry("b", "held", "removal-limit"),
            entry("c", "held", "would-notify"),
            entry("d", "noted", "changed-since"),
        ];
        assert_eq!(approved(&plan), Some(vec!["a".to_owned(), "b".to_owned()]));
        plan.remove(1);
        assert_eq!(approved(&plan), None);
    }
}
