//! `forget`: ends the sync of an account.

use host_runner::config::Language;
use host_runner::journal::Entry;
use host_runner::report::Ending;
use host_runner::screen::{Screen, Tone};
use host_runner::{Action, RunOptions};

use super::args::{Arguments, Forget};
use super::exit::{Exit, Failure};
use super::run::{Done, one, tell};
use super::selection;
use super::session::{self, Session};

/// The reason that `--yes` settles: so many at once, and nothing else.
const MANY: &str = "removal-limit";

pub(crate) async fn forget(arguments: &Arguments, order: &Forget, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let account = selection::one(&config, Some(&order.account))?;
    let session = Session::open(arguments, config)?;
    let action = Action::Forget { remove_items: order.remove_items };
    let options =
        |dry_run, only| RunOptions { dry_run, only, budget: (&order.budget).into(), stop: session.stop.clone() };
    let seen = if order.yes && order.remove_items {
        Some(one(&session, &account, action.clone(), options(true, None), order.wait).await?)
    } else {
        None
    };
    let mut done = match seen {
        Some(seen) if seen.outcome.is_err() => seen,
        seen => {
            let confirmed = seen.map(|seen| confirmed(&seen.journal));
            one(&session, &account, action, options(order.preview, confirmed), order.wait).await?
        }
    };
    // What stays on purpose is told, and is no failure.
    let partial = done.outcome.as_ref().is_ok_and(|run| run.report.ending == Ending::Partial);
    if done.exit == Exit::Attention && !partial && !done.journal.iter().any(Entry::stands) {
        done.exit = Exit::Done;
    }
    let many = done.journal.iter().filter(|entry| entry.reason == MANY).count();
    if !screen.json && !order.preview {
        // One line says it as well as hundreds.
        done.journal.retain(|entry| entry.reason != MANY);
    }
    let told = tell(arguments, screen, &account, &done)?;
    if screen.json {
        screen.value(&told.into_iter().collect::<Vec<_>>())?;
    } else {
        hint(order, &done, many, screen)?;
    }
    Ok(done.exit)
}

/// The removals that a preview shows, held or not.
fn confirmed(plan: &[Entry]) -> Vec<String> {
    let removal = |entry: &&Entry| {
        entry.action == "delete" && (entry.outcome == "planned" || (entry.outcome == "held" && entry.reason == MANY))
    };
    plan.iter().filter(removal).map(|entry| entry.operation.clone()).collect()
}

/// What to do next.
fn hint(order: &Forget, done: &Done, many: usize, screen: &mut Screen) -> Result<(), Failure> {
    let Ok(run) = &done.outcome else { return Ok(()) };
    let mail = &order.account;
    let text = if many > 0 {
        match screen.language {
            Language::En => format!(
                "{many} removals wait, because so many at once look like a mistake: host-runner forget {mail} \
                 --remove-items --preview shows them, --yes instead of --preview carries them out."
            ),
            Language::Ru => format!(
                "Ждут удаления ({many}): столько сразу похоже на ошибку. Показать их — host-runner forget {mail} \
                 --remove-items --preview, выполнить — с --yes вместо --preview."
            ),
        }
    } else if !run.dry_run && run.report.ending == Ending::Complete {
        let text = screen.say(
            "Take the account out of the configuration, or the next sync begins anew.",
            "Уберите учётную запись из конфигурации, иначе следующая синхронизация начнёт всё заново.",
        );
        text.to_owned()
    } else {
        return Ok(());
    };
    screen.wrapped(0, Tone::Attention, &text)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_covers_the_removals_that_were_shown_and_nothing_else() {
        let entry = |operation: &str, action: &str, outcome: &str, reason: &str| Entry {
            operation: operation.to_owned(),
            outcome: outcome.to_owned(),
            action: action.to_owned(),
            target: host_runner::journal::Side::Mailbox,
            activity: None,
            item: None,
            title: String::new(),
            start: None,
            units: Vec::new(),
            reason: reason.to_owned(),
            detail: String::new(),
        };
        let plan = [
            entry("a", "delete", "planned", "forgotten"),
            entry("b", "delete", "held", "removal-limit"),
            entry("c", "delete", "noted", "changed-since"),
            entry("d", "unmark", "planned", "forgotten"),
        ];
        assert_eq!(confirmed(&plan), ["a", "b"]);
    }
}
