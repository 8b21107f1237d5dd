//! A run as the command line tells it.

use std::collections::BTreeMap;
use std::io;

use super::{Detail, Screen, Tone, entries};
use crate::config::Account;
use crate::journal::{Entry, Side};
use crate::report::{Count, Ending};
use crate::{RunError, RunReport};

/// A run that failed, and why.
///
/// # Errors
/// The screen cannot be written.
pub fn failed(screen: &mut Screen, account: &Account, fault: &RunError) -> io::Result<()> {
    let name = screen.tone(Tone::Strong, &account.mail);
    let word = screen.tone(Tone::Bad, "failed");
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
    let what = match (run.dry_run, run.action) {
        (true, _) => "preview, nothing was changed",
        (false, "reconcile") => "sync",
        (false, other) => other,
    };
    screen.line(format!("{name}  {what}"))?;
    screen.line("")?;
    for warning in &run.report.warnings {
        let mark = screen.tone(Tone::Attention, "Warning");
        screen.line(format!("{mark} ({})", warning.code))?;
        screen.wrapped(2, Tone::Plain, &warning.text)?;
        screen.line("")?;
    }
    entries::urgent(screen, account, journal)?;
    if run.dry_run || detail.written {
        entries::plan(screen, account, journal, detail)?;
    }
    totals(screen, &run.report.counts)?;
    screen.wrapped(0, Tone::Plain, &ended(account, run))?;
    let took = run.finished.saturating_sub(run.started);
    let log = format!("run {}, {} requests, {}.{} s", run.run, run.requests, took / 1000, took % 1000 / 100);
    let log = screen.tone(Tone::Faint, log);
    screen.line(log)?;
    screen.line("")
}

/// What matters most comes first; what is not known here comes last.
const ORDER: [&str; 10] =
    ["failed", "held", "conflict", "overwritten", "written", "planned", "noted", "standing", "left-alone", "unchanged"];

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
            .map(|part| format!("{} {}", part.reason, part.number))
            .collect();
        let side = side.map_or_else(String::new, |side| side.to_string());
        let parts = if parts.is_empty() { String::new() } else { format!("({})", parts.join(", ")) };
        screen.line(format!("{:>6}  {what:<12} {side:<8} {parts}", sum(group)))?;
    }
    Ok(())
}

/// A component may tell the sum itself, with an empty reason, or leave the adding to the reader.
pub fn sum<'a>(group: impl IntoIterator<Item = &'a Count> + Clone) -> u64 {
    let whole = added(group.clone().into_iter().filter(|count| count.reason.is_empty()));
    if whole > 0 { whole } else { added(group) }
}

fn added<'a>(counts: impl IntoIterator<Item = &'a Count>) -> u64 {
    counts.into_iter().fold(0, |sum, count| sum.saturating_add(count.number))
}

fn ended(account: &Account, run: &RunReport) -> String {
    let how = match run.report.ending {
        Ending::Complete => "Everything was looked at.",
        Ending::Partial => "A calendar could not be read; everything else was looked at.",
        Ending::Budget => "The budget was used up",
        Ending::Stopped => "Ended early on request",
        Ending::Throttled => "A server asked to wait",
    };
    let how = match run.report.ending {
        Ending::Complete | Ending::Partial => how.to_owned(),
        _ if run.action == "undo" => format!("{how}; undo the run again to go on."),
        _ => format!("{how}; the next run goes on."),
    };
    let next = run.report.next.and_then(|next| i64::try_from(next).ok());
    match next {
        Some(next) => format!("{how} There is reason to run again at {}.", entries::local(next, account.time_zone)),
        None => how,
    }
}
