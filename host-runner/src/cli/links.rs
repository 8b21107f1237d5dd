//! `links`: an account's links out of storage and back.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use host_runner::config::{Account, Language};
use host_runner::screen::{Progress, Screen, Tone, clean};
use host_runner::{RestoreOptions, RunError, RunReport};

use super::args::{Arguments, Links};
use super::exit::{Exit, Failure};
use super::run::{Done, WAIT, patiently, tell};
use super::selection;
use super::session::{self, Session};

pub(crate) async fn links(arguments: &Arguments, order: &Links, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    match order {
        Links::Export { account, out, wait } => {
            let account = selection::one(&config, account.as_deref())?;
            export(&Session::open(arguments, config)?, &account, out.as_deref(), *wait, screen).await
        }
        Links::Restore { file, account, preview, replace, wait } => {
            let account = selection::one(&config, account.as_deref())?;
            let lines = lines(file)?;
            let session = Session::open(arguments, config)?;
            let options = RestoreOptions { dry_run: *preview, replace: *replace };
            let progress = Arc::new(Progress::new(&account.mail, session.language));
            let outcome = patiently(&session, &progress, *wait, async || {
                let observer = Arc::clone(&progress) as _;
                session.tenant.restore(&session.connector, &account.id, &lines, options, observer).await
            })
            .await;
            progress.finish();
            restored(arguments, &account, outcome, screen)
        }
    }
}

async fn export(
    session: &Session,
    account: &Account,
    out: Option<&Path>,
    wait: bool,
    screen: &mut Screen,
) -> Result<Exit, Failure> {
    let progress = Arc::new(Progress::new(&account.mail, session.language));
    let taken = patiently(session, &progress, wait, async || {
        session.tenant.links(&session.connector, &account.id, Arc::clone(&progress) as _).await
    })
    .await;
    progress.finish();
    let (run, lines) = taken.map_err(|fault| {
        let busy = matches!(fault, RunError::Busy { .. });
        let hint = if busy { format!(". {}", screen.say(WAIT.0, WAIT.1)) } else { String::new() };
        Failure::failed(format!("{fault}{hint}"))
    })?;
    match out {
        None => lines.iter().try_for_each(|line| screen.line(line))?,
        Some(path) => {
            let refused = |fault: std::io::Error| {
                Failure::usage(format!("{} cannot be written: {fault}; name another file", path.display()))
            };
            let mut file = std::fs::File::create(path).map_err(refused)?;
            file.write_all((lines.join("\n") + "\n").as_bytes()).and_then(|()| file.sync_all()).map_err(refused)?;
            let number: u64 = run.report.counts.iter().map(|count| count.number).sum();
            let (mail, path) = (&account.mail, path.display());
            let text = match screen.language {
                Language::En => format!("{number} links of {mail} are in {path}"),
                Language::Ru => format!("Связи учётной записи {mail} ({number}) записаны в {path}"),
            };
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
    Ok(Exit::Done)
}

fn lines(file: &Path) -> Result<Vec<String>, Failure> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|fault| {
        let file = file.display();
        Failure::usage(format!("{file} cannot be read: {fault}; name a file that host-runner links export wrote"))
    })?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        let text = format!("{} is empty; host-runner links export writes such a file", file.display());
        return Err(Failure::usage(text));
    }
    Ok(lines)
}

fn restored(
    arguments: &Arguments,
    account: &Account,
    outcome: Result<RunReport, RunError>,
    screen: &mut Screen,
) -> Result<Exit, Failure> {
    let exit = if outcome.is_ok() { Exit::Done } else { Exit::Failed };
    if !screen.json
        && let Ok(run) = &outcome
    {
        let number: u64 = run.report.counts.iter().map(|count| count.number).sum();
        let mail = &account.mail;
        let text = match (run.dry_run, screen.language) {
            (true, Language::En) => format!("{number} links of {mail} can be put back. Nothing was changed."),
            (true, Language::Ru) => {
                format!("Связи учётной записи {mail} ({number}) можно вернуть. Ничего не изменено.")
            }
            (false, Language::En) => {
                format!("{number} links of {mail} were put back. See what the next sync finds: host-runner preview")
            }
            (false, Language::Ru) => format!(
                "Связи учётной записи {mail} ({number}) возвращены. Что найдёт следующая синхронизация, покажет \
                 host-runner preview"
            ),
        };
        screen.wrapped(0, Tone::Plain, &clean(&text))?;
        return Ok(exit);
    }
    let done = Done { outcome, journal: Vec::new(), exit };
    let told = tell(arguments, screen, account, &done)?;
    if screen.json {
        screen.value(&told.into_iter().collect::<Vec<_>>())?;
    }
    Ok(exit)
}
