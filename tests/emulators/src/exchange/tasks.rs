//! Tasks: how status, per cent and days hang together, and how a series goes on.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, Utc};

use super::item::{Content, Task, TaskRule, What};
use super::problem::{Done, Problem};
use super::set::{Frame, blank};
use super::xml::Node;
use super::{series, times};
use crate::outlook::recurrence::End;

/// What the emulator keeps of a task and does nothing with.
const KEPT: [&str; 7] =
    ["ActualWork", "BillingInformation", "Companies", "Contacts", "Mileage", "TotalWork", "StatusDescription"];

/// Content of a task of which nothing is said yet.
pub(super) fn blank_task(owner: &str) -> Content {
    blank(What::Task(Box::new(Task {
        start: None,
        due: None,
        status: "NotStarted".to_owned(),
        percent: 0.0,
        complete: None,
        owner: owner.to_owned(),
        delegation: "NoMatch".to_owned(),
        delegator: None,
        rule: None,
        other: BTreeMap::new(),
        changes: 0,
    })))
}

/// Sets a property of a task.
pub(super) fn set(content: &mut Content, name: &str, node: &Node, frame: &Frame) -> Done<()> {
    let Some(task) = content.task_mut() else { return Err(Problem::read_only(name)) };
    let day = |node: &Node| {
        let sent = times::parse(node.value()).ok_or_else(|| Problem::property(format!("{name} is no time.")))?;
        // The time of day is cut off where the request's clock stands.
        Ok::<NaiveDate, Problem>(frame.days.wall(sent.instant(frame.days.tz)).date())
    };
    match name {
        "StartDate" => {
            let start = day(node)?;
            task.start = Some(start);
            task.due = task.due.map(|due| due.max(start));
        }
        "DueDate" => {
            let due = day(node)?;
            task.due = Some(due);
            task.start = task.start.map(|start| start.min(due));
        }
        "Status" => set_status(task, node.value(), frame.now),
        "PercentComplete" => {
            let percent = node.value().parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
            let percent = percent.ok_or_else(|| {
                let text = "The value of PercentComplete must be between 0 and 100.";
                Problem::new("ErrorInvalidPercentCompleteValue", text)
            })?;
            set_percent(task, percent, frame.now);
        }
        "CompleteDate" => {
            let date = times::parse(node.value()).map(|sent| sent.instant(frame.days.tz));
            let date = date.filter(|date| *date <= frame.now).ok_or_else(|| {
                Problem::new("ErrorInvalidCompleteDate", "The date of completion cannot lie in the future.")
            })?;
            set_status(task, "Completed", frame.now);
            task.complete = Some(date);
        }
        "Owner" => node.value().clone_into(&mut task.owner),
        "Recurrence" => task.rule = Some(series::read_task(node)?),
        _ if KEPT.contains(&name) => {
            task.other.insert(name.to_owned(), node.clone());
        }
        _ => return Err(Problem::read_only(name)),
    }
    Ok(())
}

/// Clears a property of a task, if it can be without.
pub(super) fn clear(task: &mut Task, name: &str) -> bool {
    match name {
        "StartDate" => task.start = None,
        "DueDate" => task.due = None,
        "Recurrence" => task.rule = None,
        "CompleteDate" if task.complete.is_some() => {
            task.complete = None;
            "InProgress".clone_into(&mut task.status);
        }
        _ if KEPT.contains(&name) => {
            task.other.remove(name);
        }
        _ => return false,
    }
    true
}

fn set_status(task: &mut Task, status: &str, now: DateTime<Utc>) {
    match status {
        "Completed" => {
            task.percent = 100.0;
            task.complete = task.complete.or(Some(now));
        }
        "NotStarted" => {
            task.percent = 0.0;
            task.complete = None;
        }
        _ => {
            if task.percent >= 100.0 {
                task.percent = 0.0;
            }
            task.complete = None;
        }
    }
    status.clone_into(&mut task.status);
}

fn set_percent(task: &mut Task, percent: f64, now: DateTime<Utc>) {
    if percent >= 100.0 {
        return set_status(task, "Completed", now);
    }
    let begun = percent > 0.0;
    match (task.status.as_str(), begun) {
        ("NotStarted" | "Completed", true) => set_status(task, "InProgress", now),
        ("InProgress" | "Completed", false) => set_status(task, "NotStarted", now),
        _ => {}
    }
    task.percent = percent;
}

/// The task of a series that comes after this one; `None` at its end. `done` is the day on which this one was.
pub(super) fn next(task: &Task, done: NaiveDate) -> Option<Task> {
    let rule = task.rule.as_ref()?;
    let current = task.due.or(task.start).unwrap_or(done);
    let (due, rule) = match rule {
        TaskRule::Pattern(pattern) => {
            let due = pattern.next(current.succ_opt()?)?;
            (due, rule.clone())
        }
        TaskRule::Regeneration { unit, interval, start, end } => {
            let due = match *unit {
                "DailyRegeneration" => done.checked_add_days(Days::new(u64::from(*interval)))?,
                "WeeklyRegeneration" => done.checked_add_days(Days::new(u64::from(*interval) * 7))?,
                "MonthlyRegeneration" => done.checked_add_months(Months::new(*interval))?,
                _ => done.checked_add_months(Months::new(interval.checked_mul(12)?))?,
            };
            let end = match *end {
                End::On(last) if due > last => return None,
                End::After(count) if count <= 1 => return None,
                End::After(count) => End::After(count - 1),
                end => end,
            };
            (due, TaskRule::Regeneration { unit, interval: *interval, start: *start, end })
        }
    };
    if due.year() > 4500 {
        return None;
    }
    let moved = due - current;
    let mut next = task.clone();
    next.start = task.start.map(|start| start + moved);
    next.due = task.due.map(|_| due);
    if next.start.is_none() && next.due.is_none() {
        next.due = Some(due);
    }
    "NotStarted".clone_into(&mut next.status);
    next.percent = 0.0;
    next.complete = None;
    next.rule = Some(rule);
    Some(next)
}
