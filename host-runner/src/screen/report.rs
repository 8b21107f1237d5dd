//! A run as the command line tells it.

use std::collections::BTreeMap;
use std::io;

use super::{Detail, Screen, Tone, entries, reasons, words};
use crate::config::{Account, Language};
use crate::journal::{Entry, Side};
use crate::report::{Count, Ending, Warning};
use crate::{RunError, RunReport};

/// A run that failed, and why.
///
/// # Errors
/// The screen cannot be written.
pub fn failed(screen: &mut Screen, account: &Account, fault: &RunError) -> io::Result<()> {
    let name = screen.tone(Tone::Strong, &account.mail);
    let word = screen.tone(Tone::Bad, screen.say("failed", "не удалось"));
    screen.line(format!("{name}  {word}"))?;
    screen.wrapped(2, Tone::Plain, &fault.to_string())?;
    screen.line("")
}

/// A run: what needs a person, of a preview the plan, then numbers.
///
/// # Errors
/// The screen cannot be written.
pub fn report(
    screen: &mut Screen,
    account: &Account,
    run: &RunReport,
    journal: &[Entry],
    detail: Detail,
) -> io::Result<()> {
    let name = screen.tone(Tone::Strong, &account.mail);
    let language = screen.language;
    let what = if run.dry_run {
        language.of("preview, nothing was changed", "предварительный просмотр, ничего не изменено")
    } else {
        words::run(run.action, language)
    };
    screen.line(format!("{name}  {what}"))?;
    screen.line("")?;
    for each in &run.report.warnings {
        warning(screen, each)?;
        screen.line("")?;
    }
    entries::urgent(screen, account, journal)?;
    if run.dry_run || detail.written {
        entries::plan(screen, account, journal, detail)?;
    }
    totals(screen, &run.report.counts)?;
    screen.wrapped(0, Tone::Plain, &ended(account, run, language))?;
    let took = run.finished.saturating_sub(run.started);
    let (seconds, tenths) = (took / 1000, took % 1000 / 100);
    let log = match language {
        Language::En => format!("run {}, {} requests, {seconds}.{tenths} s", run.run, run.requests),
        Language::Ru => format!("запуск {}, запросов: {}, {seconds},{tenths} с", run.run, run.requests),
    };
    let log = screen.tone(Tone::Faint, log);
    screen.line(log)?;
    screen.line("")
}

/// Something about the account that a person should know.
///
/// # Errors
/// The screen cannot be written.
pub fn warning(screen: &mut Screen, warning: &Warning) -> io::Result<()> {
    let language = screen.language;
    let mark = screen.tone(Tone::Attention, language.of("Warning", "Предупреждение"));
    screen.line(format!("{mark} ({})", warning.code))?;
    // The component speaks English; what its code means is told in the reader's language.
    if let Some((text, remedy)) = reasons::words(&warning.code, language).filter(|_| language != Language::En) {
        screen.wrapped(2, Tone::Plain, &format!("{text} {remedy}"))?;
    }
    screen.wrapped(2, Tone::Plain, &warning.text)
}

/// What matters most comes first; what is not known here comes last.
const ORDER: [&str; 11] = [
    "failed",
    "held",
    "conflict",
    "overwritten",
    "written",
    "planned",
    "noted",
    "standing",
    "left-alone",
    "unchanged",
    "forgotten",
];

/// Numbers: the sum of each kind, and what it is made of.
fn totals(screen: &mut Screen, counts: &[Count]) -> io::Result<()> {
    let mut groups: BTreeMap<(&str, Option<Side>), Vec<&Count>> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.number > 0) {
        groups.entry((&count.what, count.side)).or_default().push(count);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|((what, _), _)| ORDER.iter().position(|known| known == what).unwrap_or(ORDER.len()));
    for ((what, side), group) in groups {
        let parts: Vec<String> = group
            .iter()
            .filter(|part| !part.reason.is_empty())
            .map(|part| format!("{} {}", counted(part, screen.language), part.number))
            .collect();
        let side = match (side, screen.language) {
            (Some(side), Language::En) => side.to_string(),
            (Some(Side::Creatio), Language::Ru) => "Creatio".to_owned(),
            (Some(Side::Mailbox), Language::Ru) => "ящик".to_owned(),
            (None, _) => String::new(),
        };
        let what = words::outcome(what, screen.language);
        let parts = if parts.is_empty() { String::new() } else { format!("({})", parts.join(", ")) };
        screen.line(format!("{:>6}  {what:<14} {side:<8} {parts}", sum(group)))?;
    }
    Ok(())
}

/// What a count counts: a code as it is published, but for an action, which has a word in the reader's language.
fn counted(count: &Count, language: Language) -> &str {
    if language == Language::En {
        return &count.reason;
    }
    let (to, done) = words::action(&count.reason, language);
    if count.what == "planned" { to } else { done }
}

/// How many there are over all actions, reasons and sides: counts of one `what` do not overlap.
pub fn sum<'a>(group: impl IntoIterator<Item = &'a Count>) -> u64 {
    group.into_iter().fold(0, |sum, count| sum.saturating_add(count.number))
}

fn ended(account: &Account, run: &RunReport, language: Language) -> String {
    let forgets = run.action == "forget";
    let how = match run.report.ending {
        Ending::Complete if forgets && !run.dry_run => {
            language.of("Nothing of the sync is left.", "От синхронизации ничего не осталось.")
        }
        Ending::Partial if forgets => language
            .of("Not done yet: the warning says what remains.", "Ещё не всё: что осталось, сказано в предупреждении."),
        Ending::Complete => language.of("Everything was looked at.", "Просмотрено всё."),
        Ending::Partial => language.of(
            "A calendar or task list could not be read; everything else was looked at.",
            "Календарь или список задач не удалось прочитать; всё остальное просмотрено.",
        ),
        Ending::Budget => language.of("The budget was used up", "Бюджет исчерпан"),
        Ending::Stopped => language.of("Ended early on request", "Закончено раньше по просьбе"),
        Ending::Throttled => language.of("A server asked to wait", "Сервер попросил подождать"),
    };
    let how = match run.report.ending {
        Ending::Complete | Ending::Partial => how.to_owned(),
        _ => {
            let next = match run.action {
                "undo" => language.of("undo the run again to go on.", "чтобы продолжить, отмените запуск ещё раз."),
                "forget" => language
                    .of("forget the account again to go on.", "чтобы продолжить, забудьте учётную запись ещё раз."),
                _ => language.of("the next run goes on.", "продолжит следующий запуск."),
            };
            format!("{how}; {next}")
        }
    };
    let next = run.report.next.and_then(|next| i64::try_from(next).ok());
    match next {
        Some(next) => {
            let next = entries::local(next, account.time_zone, language);
            match language {
                Language::En => format!("{how} There is reason to run again at {next}."),
                Language::Ru => format!("{how} Есть причина запустить снова: {next}."),
            }
        }
        None => how,
    }
}
