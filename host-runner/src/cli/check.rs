//! `check`: tries everything that a run needs, and says what to do about what is wrong.

use std::sync::Arc;

use host_runner::config::Language;
use host_runner::journal::Side;
use host_runner::report::{Catalogue, Content};
use host_runner::screen::{Screen, Tone};
use host_runner::{GuestFailure, RunError, Silent};
use serde_json::json;

use super::args::{Accounts, Arguments};
use super::exit::{Exit, Failure};
use super::selection;
use super::session::{self, Session};

/// One thing that was tried.
struct Finding {
    good: bool,
    what: &'static str,
    text: String,
}

pub(crate) async fn check(arguments: &Arguments, which: &Accounts, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let accounts = selection::accounts(&config, which)?;
    let file = config.path.display().to_string();
    let storage = config.storage.display().to_string();
    let session = Session::open(arguments, config)?;
    let mut exit = Exit::Done;
    let mut told = Vec::new();
    if !screen.json {
        show(screen, &good("configuration", format!("{file}, {}", screen.say("secrets found", "секреты найдены"))))?;
        show(screen, &good("storage", storage))?;
    }
    let mut signed_in = true;
    for (side, what) in [(Side::Creatio, "sign-in at Creatio"), (Side::Mailbox, "sign-in for the mailboxes")] {
        let finding = match session.tenant.sign_in(side).await {
            Ok(()) => good(what, screen.say("accepted", "принят").to_owned()),
            Err(fault) => bad(what, fault.fault.to_string()),
        };
        signed_in &= finding.good;
        if screen.json {
            told.push(json!({ "what": finding.what, "good": finding.good, "text": finding.text }));
        } else {
            show(screen, &finding)?;
        }
    }
    if !signed_in {
        // Every account would fail for the same reason.
        if screen.json {
            screen.value(&told)?;
        }
        return Ok(Exit::Failed);
    }
    for account in &accounts {
        let found =
            session.tenant.discover(&session.connector, &account.id, session.stop.clone(), Arc::new(Silent)).await;
        let findings = match &found {
            Ok(catalogue) => fine(catalogue, screen.language),
            Err(fault) => wrong(fault),
        };
        if findings.iter().any(|finding| !finding.good) {
            exit = exit.max(if found.is_ok() { Exit::Attention } else { Exit::Failed });
        }
        if screen.json {
            let list: Vec<_> = findings
                .iter()
                .map(|finding| json!({ "what": finding.what, "good": finding.good, "text": finding.text }))
                .collect();
            told.push(json!({ "account": account.mail, "findings": list }));
            continue;
        }
        let name = screen.tone(Tone::Strong, &account.mail);
        screen.line("")?;
        screen.line(name)?;
        for finding in &findings {
            show(screen, finding)?;
        }
    }
    if screen.json {
        screen.value(&told)?;
    }
    Ok(exit)
}

fn good(what: &'static str, text: String) -> Finding {
    Finding { good: true, what, text }
}

fn bad(what: &'static str, text: String) -> Finding {
    Finding { good: false, what, text }
}

fn fine(catalogue: &Catalogue, language: Language) -> Vec<Finding> {
    let count = |content| catalogue.folders.iter().filter(|f| f.content == content && f.offered).count();
    let (calendars, lists, contact) = (count(Content::Meetings), count(Content::Tasks), &catalogue.contact_name);
    let (contact, folders) = match language {
        Language::En => (
            format!("signed in; the account's contact is {contact}"),
            format!("signed in; {calendars} calendars and {lists} task folders can be synchronised"),
        ),
        Language::Ru => (
            format!("вход принят; контакт учётной записи — {contact}"),
            format!("вход принят; можно синхронизировать: календарей — {calendars}, папок задач — {lists}"),
        ),
    };
    let mut findings = vec![good("Creatio", contact), good("mailbox", folders)];
    findings.extend(catalogue.warnings.iter().map(|warning| bad("warning", warning.text.clone())));
    findings
}

fn wrong(fault: &RunError) -> Vec<Finding> {
    match fault {
        RunError::Component(GuestFailure::SignIn(side, text) | GuestFailure::Unavailable(side, text)) => {
            let (what, other) = match side {
                Side::Creatio => ("Creatio", "mailbox"),
                Side::Mailbox => ("mailbox", "Creatio"),
            };
            let untold = format!("not told: {what} comes first; mend it and check again");
            vec![bad(what, text.clone()), bad(other, untold)]
        }
        RunError::Component(GuestFailure::Settings(texts)) => {
            texts.iter().map(|text| bad("settings", text.clone())).collect()
        }
        other => vec![bad("run", other.to_string())],
    }
}

fn show(screen: &mut Screen, finding: &Finding) -> std::io::Result<()> {
    let Finding { good, what, text } = finding;
    let (fine, wrong) = (screen.say("ok   ", "верно  "), screen.say("wrong", "неверно"));
    let mark = if *good { screen.tone(Tone::Good, fine) } else { screen.tone(Tone::Bad, wrong) };
    let russian = match *what {
        "configuration" => "настройки",
        "storage" => "хранилище",
        "sign-in at Creatio" => "вход в Creatio",
        "sign-in for the mailboxes" => "вход для почтовых ящиков",
        "mailbox" => "почтовый ящик",
        "warning" => "предупреждение",
        "settings" => "выбор",
        "run" => "запуск",
        other => other,
    };
    screen.line(format!("  {mark} {}", screen.say(what, russian)))?;
    screen.wrapped(8, Tone::Plain, text)
}
