//! `discover`: what there is to choose from.

use std::io;
use std::sync::Arc;

use host_runner::report::{Catalogue, Content};
use host_runner::screen::{self, Progress, Screen, Tone, clean};
use serde_json::json;

use super::args::{Accounts, Arguments};
use super::exit::{Exit, Failure};
use super::selection;
use super::session::{self, Session};

pub(crate) async fn discover(arguments: &Arguments, which: &Accounts, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    let accounts = selection::accounts(&config, which)?;
    let session = Session::open(arguments, config)?;
    let mut exit = Exit::Done;
    let mut told = Vec::new();
    for account in &accounts {
        let progress = Arc::new(Progress::new(&account.mail, screen.language));
        let outcome = session
            .tenant
            .discover(&session.connector, &account.id, session.stop.clone(), Arc::clone(&progress) as _)
            .await;
        progress.finish();
        if outcome.is_err() {
            exit = exit.max(Exit::Failed);
        }
        match (screen.json, outcome) {
            (true, Ok(found)) => told.push(json!({ "account": account.mail, "catalogue": found })),
            (true, Err(fault)) => told.push(json!({ "account": account.mail, "error": fault.to_string() })),
            (false, Ok(found)) => show(screen, &account.mail, &found)?,
            (false, Err(fault)) => {
                let name = screen.tone(Tone::Strong, &account.mail);
                screen.line(name)?;
                screen.wrapped(2, Tone::Bad, &fault.to_string())?;
            }
        }
    }
    if screen.json {
        screen.value(&told)?;
    }
    Ok(exit)
}

fn show(screen: &mut Screen, mail: &str, found: &Catalogue) -> io::Result<()> {
    let name = screen.tone(Tone::Strong, mail);
    let contact = screen.say("contact in Creatio", "контакт в Creatio");
    screen.line(format!("{name}  {contact}: {} ({})", clean(&found.contact_name), clean(&found.contact)))?;
    for warning in &found.warnings {
        screen::warning(screen, warning)?;
    }
    let kinds = [
        (Content::Meetings, screen.say("Calendars", "Календари").to_owned()),
        (Content::Tasks, screen.say("Task folders", "Папки задач").to_owned()),
    ];
    for (content, heading) in kinds {
        screen.line("")?;
        let heading = screen.tone(Tone::Strong, heading);
        screen.line(heading)?;
        if !found.folders.iter().any(|folder| folder.content == content) {
            screen.line(screen.say("  none", "  нет").to_owned())?;
        }
        for folder in found.folders.iter().filter(|folder| folder.content == content) {
            let tick = if folder.offered { "[x]" } else { "[ ]" };
            let default = if folder.is_default {
                screen.say(" (default)", " (основная)").to_owned()
            } else {
                String::new()
            };
            line(screen, tick, &format!("{}{default}", folder.name), folder.reason.as_deref(), &folder.id)?;
        }
    }
    if !found.groups.is_empty() {
        screen.line("")?;
        let heading = screen.tone(Tone::Strong, screen.say("Groups of activities", "Группы активностей"));
        screen.line(heading)?;
        for group in &found.groups {
            line(screen, "   ", &group.name, group.reason.as_deref(), &group.id)?;
        }
    }
    screen.line("")?;
    let legend = screen
        .say(
            "[x] is part of \"all\". Others can be chosen by name or id, where a mailbox may use them.",
            "[x] входит в \"all\". Остальное выбирают по имени или id, если ящик может этим пользоваться.",
        )
        .to_owned();
    screen.wrapped(0, Tone::Faint, &legend)?;
    screen.line("")
}

fn line(screen: &mut Screen, tick: &str, name: &str, reason: Option<&str>, id: &str) -> io::Result<()> {
    screen.line(format!("  {tick} {}", clean(name)))?;
    if let Some(reason) = reason {
        screen.wrapped(6, Tone::Attention, &screen::sentence(reason, screen.language))?;
    }
    let id = screen.tone(Tone::Faint, format!("id {}", clean(id)));
    screen.line(format!("      {id}"))
}
