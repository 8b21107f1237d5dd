//! Entries of a journal for people: what needs them first, then the rest, grouped by side and action.

use std::collections::BTreeMap;
use std::io;

use super::values::shown;
use super::{Screen, Tone, clean, cut, reasons};
use crate::config::Account;
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
        let heading = screen.tone(tone, format!("{} ({})", heading(outcome), found.len()));
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
        let (to, done) = words(action);
        let doing = if outcome == "planned" { format!("to {to}") } else { done };
        let heading = screen.tone(Tone::Strong, format!("{}: {doing} ({})", place(side), entries.len()));
        screen.line(heading)?;
        screen.wrapped(2, Tone::Faint, &reasons::sentence(reason))?;
        entries.sort_by_key(|entry| entry.start);
        let more = entries.len().saturating_sub(detail.most);
        entries.truncate(detail.most);
        let widest = entries.iter().map(|entry| entry.operation.chars().count()).max().unwrap_or_default();
        for entry in entries {
            let id = format!("{:widest$}", clean(&entry.operation));
            let id = screen.tone(Tone::Faint, id);
            screen.line(format!("  {id}  {:<20}  {}", start(entry, account), title(entry)))?;
            screen.wrapped(widest + 4, Tone::Plain, &entry.detail)?;
            if detail.values || action != "create" {
                units(screen, widest + 4, entry, account)?;
            }
        }
        if more > 0 {
            screen.wrapped(widest + 4, Tone::Faint, &format!("… and {more} more"))?;
        }
        screen.line("")?;
    }
    Ok(())
}

/// An entry that needs a person, with everything there is to know.
fn one(screen: &mut Screen, account: &Account, entry: &Entry) -> io::Result<()> {
    let title = screen.tone(Tone::Strong, title(entry));
    screen.line(format!("  {:<20}  {title}", start(entry, account)))?;
    let place = if entry.target == Side::Creatio { "Creatio" } else { "the mailbox" };
    let (_, done) = words(&entry.action);
    let doing = match entry.outcome.as_str() {
        "noted" if !entry.not_done() => String::new(),
        "noted" | "held" | "failed" => format!("Not {done} in {place}. "),
        _ => format!("Was {done} in {place}. "),
    };
    let reason = reasons::sentence(&entry.reason);
    screen.wrapped(4, Tone::Plain, &format!("{doing}{reason}"))?;
    screen.wrapped(4, Tone::Plain, &entry.detail)?;
    units(screen, 4, entry, account)?;
    let id = screen.tone(Tone::Faint, format!("id {}", clean(&entry.operation)));
    screen.line(format!("    {id}"))
}

fn units(screen: &mut Screen, indent: usize, entry: &Entry, account: &Account) -> io::Result<()> {
    for unit in &entry.units {
        let after = shown(unit.after.as_deref().unwrap_or_default(), account.time_zone);
        let change = match &unit.before {
            // Nothing is written by a note: it tells what the two sides hold.
            Some(before) if entry.action == "adopt" => {
                format!("{}: {} in Creatio, {after} in the mailbox", unit.name, shown(before, account.time_zone))
            }
            Some(now) if entry.not_done() => {
                format!("{}: {} now, {after} before the run", unit.name, shown(now, account.time_zone))
            }
            Some(before) => format!("{}: {} → {after}", unit.name, shown(before, account.time_zone)),
            None => format!("{}: {after}", unit.name),
        };
        screen.wrapped(indent, Tone::Faint, &change)?;
    }
    Ok(())
}

fn start(entry: &Entry, account: &Account) -> String {
    entry.start.map_or_else(|| "(no date)".to_owned(), |start| local(start, account.time_zone))
}

fn title(entry: &Entry) -> String {
    if entry.title.trim().is_empty() { "(no title)".to_owned() } else { cut(&entry.title, TITLE) }
}

/// A moment in a zone, for people.
#[must_use]
pub fn local(millis: i64, zone: Tz) -> String {
    chrono::DateTime::from_timestamp_millis(millis).map_or_else(
        || millis.to_string(),
        |moment| moment.with_timezone(&zone).format("%a %Y-%m-%d %H:%M").to_string(),
    )
}

fn heading(outcome: &str) -> &str {
    match outcome {
        "held" => "Held: approve with --only ID",
        "failed" => "Failed: tried again by the next run",
        "conflict" => "Conflicts: both sides had changed, and one value lost",
        "overwritten" => "Overwritten: a value that nobody had seen was replaced",
        "noted" => "To know",
        other => other,
    }
}

fn place(side: Side) -> &'static str {
    match side {
        Side::Creatio => "Creatio",
        Side::Mailbox => "Mailbox",
    }
}

/// An action before and after it.
fn words(action: &str) -> (String, String) {
    let (to, done) = match action {
        "create" => ("create", "created"),
        "update" => ("update", "updated"),
        "delete" => ("delete", "deleted"),
        "cancel" => ("cancel", "cancelled"),
        "restore" => ("restore", "restored"),
        "adopt" => ("pair with what is there", "paired with what was there"),
        "unlink" => ("let go", "let go"),
        "park" => ("park", "parked"),
        "skip" => ("leave alone", "left alone"),
        other => (other, other),
    };
    (to.to_owned(), done.to_owned())
}
