//! Entries of a journal for people: what needs them first, then the rest, grouped by side and action.

use std::collections::BTreeMap;
use std::io;

use super::values::shown;
use super::{Screen, Tone, clean, cut, reasons, words};
use crate::config::{Account, Language};
use crate::journal::{Entry, Side};
use chrono_tz::Tz;

/// Outcomes that a person should read before anything else, in this order.
const URGENT: [&str; 5] = ["held", "failed", "conflict", "overwritten", "noted"];
const TITLE: usize = 60;

/// How much is told of what nobody has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// What a creation fills in, too.
    pub values: bool,
    /// Of a run that is no preview, too.
    pub written: bool,
    /// So many lines of each group at most.
    pub most: usize,
}

impl Default for Detail {
    fn default() -> Self {
        Self { values: false, written: false, most: usize::MAX }
    }
}

/// Entries that need a person.
///
/// # Errors
/// The screen cannot be written.
pub fn urgent(screen: &mut Screen, account: &Account, entries: &[Entry]) -> io::Result<()> {
    for outcome in URGENT {
        let found: Vec<&Entry> =
            entries.iter().filter(|entry| entry.outcome == outcome && needs_person(entry)).collect();
        if found.is_empty() {
            continue;
        }
        let tone = if outcome == "failed" { Tone::Bad } else { Tone::Attention };
        let heading = screen.tone(tone, format!("{} ({})", heading(outcome, screen.language), found.len()));
        screen.line(heading)?;
        for entry in found {
            one(screen, account, entry)?;
        }
        screen.line("")?;
    }
    Ok(())
}

/// Whether a person should read it. A note without anything to compare or to add is one line among the others.
fn needs_person(entry: &Entry) -> bool {
    let bare = entry.outcome == "noted" && entry.units.is_empty() && entry.detail.is_empty();
    (!bare || entry.not_done()) && URGENT.contains(&entry.outcome.as_str())
}

/// All other entries, grouped by side, action and reason, each group in the order of time. What an update changes is
/// said; what a creation fills in only on request.
///
/// # Errors
/// The screen cannot be written.
pub fn plan(screen: &mut Screen, account: &Account, entries: &[Entry], detail: Detail) -> io::Result<()> {
    let mut groups: BTreeMap<(Side, &str, &str, &str), Vec<&Entry>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !needs_person(entry)) {
        groups.entry((entry.target, &entry.action, &entry.outcome, &entry.reason)).or_default().push(entry);
    }
    for ((side, action, outcome, reason), mut entries) in groups {
        let language = screen.language;
        let (to, done) = words::action(action, language);
        let doing = match (outcome, language) {
            ("planned", Language::En) => format!("to {to}"),
            ("planned", Language::Ru) => to.to_owned(),
            _ => done.to_owned(),
        };
        let heading = format!("{}: {doing} ({})", words::side(side, language), entries.len());
        let heading = screen.tone(Tone::Strong, heading);
        screen.line(heading)?;
        screen.wrapped(2, Tone::Faint, &reasons::sentence(reason, language))?;
        entries.sort_by_key(|entry| entry.start);
        let more = entries.len().saturating_sub(detail.most);
        entries.truncate(detail.most);
        let widest = entries.iter().map(|entry| entry.operation.chars().count()).max().unwrap_or_default();
        for entry in entries {
            let id = format!("{:widest$}", clean(&entry.operation));
            let id = screen.tone(Tone::Faint, id);
            let title = cut(&title(entry, language), screen.room(widest + 26));
            screen.line(format!("  {id}  {:<20}  {title}", start(entry, account, language)))?;
            screen.wrapped(widest + 4, Tone::Plain, &entry.detail)?;
            if detail.values || action != "create" {
                units(screen, widest + 4, entry, account)?;
            }
        }
        if more > 0 {
            screen.wrapped(
                widest + 4,
                Tone::Faint,
                &match language {
                    Language::En => format!("… and {more} more"),
                    Language::Ru => format!("… и ещё {more}"),
                },
            )?;
        }
        screen.line("")?;
    }
    Ok(())
}

/// An entry that needs a person, with everything there is to know.
fn one(screen: &mut Screen, account: &Account, entry: &Entry) -> io::Result<()> {
    let language = screen.language;
    let title = screen.tone(Tone::Strong, cut(&title(entry, language), screen.room(24)));
    screen.line(format!("  {:<20}  {title}", start(entry, account, language)))?;
    let place = match entry.target {
        Side::Creatio => "Creatio",
        Side::Mailbox => language.of("the mailbox", "почтовом ящике"),
    };
    let (_, done) = words::action(&entry.action, language);
    let doing = match (entry.outcome.as_str(), language) {
        ("noted", _) if !entry.not_done() => String::new(),
        ("noted" | "held" | "failed", Language::En) => format!("Not {done} in {place}. "),
        ("noted" | "held" | "failed", Language::Ru) => format!("Не {done} в {place}. "),
        (_, Language::En) => format!("Was {done} in {place}. "),
        (_, Language::Ru) => format!("В {place} {done}. "),
    };
    let reason = reasons::sentence(&entry.reason, language);
    screen.wrapped(4, Tone::Plain, &format!("{doing}{reason}"))?;
    screen.wrapped(4, Tone::Plain, &entry.detail)?;
    units(screen, 4, entry, account)?;
    let id = screen.tone(Tone::Faint, format!("id {}", clean(&entry.operation)));
    screen.line(format!("    {id}"))
}

fn units(screen: &mut Screen, indent: usize, entry: &Entry, account: &Account) -> io::Result<()> {
    let language = screen.language;
    for unit in &entry.units {
        let name = words::unit(&unit.name, language);
        let after = shown(unit.after.as_deref().unwrap_or_default(), account.time_zone, language);
        let change = match &unit.before {
            // Nothing is written by a note: it tells what the two sides hold.
            Some(before) if entry.action == "adopt" => {
                let before = shown(before, account.time_zone, language);
                match language {
                    Language::En => format!("{name}: {before} in Creatio, {after} in the mailbox"),
                    Language::Ru => format!("{name}: {before} в Creatio, {after} в почтовом ящике"),
                }
            }
            Some(now) if entry.not_done() => {
                let now = shown(now, account.time_zone, language);
                match language {
                    Language::En => format!("{name}: {now} now, {after} before the run"),
                    Language::Ru => format!("{name}: сейчас {now}, до запуска {after}"),
                }
            }
            Some(before) => format!("{name}: {} → {after}", shown(before, account.time_zone, language)),
            None => format!("{name}: {after}"),
        };
        screen.wrapped(indent, Tone::Faint, &change)?;
    }
    Ok(())
}

fn start(entry: &Entry, account: &Account, language: Language) -> String {
    let undated = || language.of("(no date)", "(без даты)").to_owned();
    entry.start.map_or_else(undated, |start| begins(start, account.time_zone, language))
}

/// A moment; of midnight the day alone. It is a task's day, or whole days: nobody means the hour.
fn begins(millis: i64, zone: Tz, language: Language) -> String {
    let told = local(millis, zone, language);
    told.strip_suffix(" 00:00").map(str::to_owned).unwrap_or(told)
}

fn title(entry: &Entry, language: Language) -> String {
    if entry.title.trim().is_empty() {
        return language.of("(no title)", "(без темы)").to_owned();
    }
    cut(&entry.title, TITLE)
}

/// A moment in a zone, for people.
#[must_use]
pub fn local(millis: i64, zone: Tz, language: Language) -> String {
    chrono::DateTime::from_timestamp_millis(millis).map_or_else(
        || millis.to_string(),
        |moment| {
            let moment = moment.with_timezone(&zone);
            format!("{} {}", words::day(moment, language), moment.format("%H:%M"))
        },
    )
}

fn heading(outcome: &str, language: Language) -> &str {
    match outcome {
        "held" => language.of("Held: approve ID carries it out", "Отложено: выполнить — approve ID"),
        "failed" => language.of("Failed: tried again by the next run", "Не удалось: следующий запуск попробует снова"),
        "conflict" => language.of(
            "Conflicts: both sides had changed, and one value lost",
            "Конфликты: изменили с обеих сторон, одно значение не сохранилось",
        ),
        "overwritten" => language.of(
            "Overwritten: a value that nobody had seen was replaced",
            "Перезаписано: заменено значение, которого никто не видел",
        ),
        "noted" => language.of("To know", "К сведению"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_midnight_in_the_accounts_zone_the_day_alone_is_told() {
        let told = |millis: i64, zone: Tz| begins(millis, zone, Language::En);
        // 25 November 2026, midnight in Moscow.
        let midnight = 1_795_554_000_000;
        assert!(
            !told(midnight, chrono_tz::Europe::Moscow).contains(':'),
            "{}",
            told(midnight, chrono_tz::Europe::Moscow)
        );
        assert!(
            told(midnight, chrono_tz::Europe::Moscow).contains("25"),
            "{}",
            told(midnight, chrono_tz::Europe::Moscow)
        );
        assert!(told(midnight, Tz::UTC).ends_with("21:00"), "{}", told(midnight, Tz::UTC));
    }
}
