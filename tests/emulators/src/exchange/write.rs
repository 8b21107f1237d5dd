//! Making, changing, moving and removing items.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::Exchange;
use super::item::{Content, Exception, Item, Meeting, Series, What};
use super::patch::Patch;
use super::problem::{Done, Problem};
use super::set::{Frame, apply, blank_appointment};
use super::xml::Node;
use super::{series, tasks};
use crate::outlook::ids::{GlobalId, Key};
use crate::outlook::recurrence::Recurrence;

/// What an update may overwrite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resolution {
    Never,
    Auto,
    Always,
}

impl Exchange {
    /// Makes an item out of its element.
    pub(super) fn create(&mut self, at: usize, folder: Key, node: &Node, frame: &Frame) -> Done<Key> {
        let patch = Patch::of_item(node)?;
        let mailbox = self.mailbox(at)?;
        let (who, guid) = (mailbox.who.clone(), mailbox.guid);
        let parent = mailbox.folders.get(&folder).ok_or_else(Problem::folder_not_found)?;
        let in_bin = parent.known == Some("deleteditems");
        let is_task = node.name == "Task";
        if is_task && !parent.is_tasks() && !in_bin {
            let text = "Cannot create a task in a folder that is no task folder.";
            return Err(Problem::new("ErrorCannotCreateTaskInNonTaskFolder", text));
        }
        if !is_task && !parent.is_calendar() && !in_bin {
            let text = "Cannot create a calendar item in a folder that is no calendar folder.";
            return Err(Problem::new("ErrorCannotCreateCalendarItemInNonCalendarFolder", text));
        }
        let mut content = if is_task { tasks::blank_task(&who.name) } else { blank_appointment(&patch, frame)? };
        default_end(&mut content, &patch);
        apply(&mut content, &patch, frame)?;
        let key = self.number();
        let meeting = (!is_task).then(|| Meeting {
            uid: match patch.set("UID") {
                Some(uid) => GlobalId::named(uid.value()),
                None => GlobalId::new(guid, key, frame.now),
            },
            organizer: who.clone(),
            is_organizer: true,
            response: "Organizer",
            replied: None,
            cancelled: false,
            sent: false,
            sequence: 0,
            series: None,
        });
        let mut item = Item {
            key,
            folder,
            moves: 0,
            created: frame.now,
            modified: frame.now,
            modified_by: who.name,
            change: key,
            content,
            meeting,
        };
        if !is_task && let Some(node) = patch.set("Recurrence") {
            recur(&mut item, series::read(node)?)?;
        }
        self.mailbox_mut(at)?.put(item);
        Ok(key)
    }

    /// Changes an item or an occurrence.
    pub(super) fn change(
        &mut self,
        at: usize,
        key: Key,
        date: Option<NaiveDate>,
        patch: &Patch,
        frame: &Frame,
    ) -> Done<BTreeSet<String>> {
        let mut item = self.item(at, key)?.clone();
        let changed = match date {
            Some(date) => update_occurrence(&mut item, date, patch, frame)?,
            None => update_whole(&mut item, patch, frame)?,
        };
        if let Some(task) = item.content.task_mut() {
            task.changes += 1;
        }
        if changed.iter().any(|name| matches!(name.as_str(), "Start" | "End" | "Recurrence" | "Location"))
            && let Some(meeting) = &mut item.meeting
        {
            meeting.sequence += 1;
        }
        let number = self.number();
        if let Some(date) = date
            && let Some(exception) = item.series_mut().and_then(|series| series.exceptions.get_mut(&date))
        {
            exception.change = number;
            exception.modified = frame.now;
        }
        self.store(at, item, number, frame.now)?;
        self.go_on(at, key, &changed, frame.now)?;
        Ok(changed)
    }

    /// Puts a changed item back, with a new change key.
    pub(super) fn store(&mut self, at: usize, mut item: Item, number: u64, now: DateTime<Utc>) -> Done<()> {
        let mailbox = self.mailbox_mut(at)?;
        item.change = number;
        item.modified = now;
        item.modified_by.clone_from(&mailbox.who.name);
        mailbox.put(item);
        Ok(())
    }

    /// Lets a series of tasks go on, once one of them is done.
    fn go_on(&mut self, at: usize, key: Key, changed: &BTreeSet<String>, now: DateTime<Utc>) -> Done<()> {
        let done = ["Status", "PercentComplete", "CompleteDate"].iter().any(|name| changed.contains(*name));
        let item = self.item(at, key)?.clone();
        let Some(task) = item.content.task().filter(|task| done && task.status == "Completed") else { return Ok(()) };
        if task.rule.is_none() {
            return Ok(());
        }
        let day = task.complete.unwrap_or(now).date_naive();
        let Some(next) = tasks::next(task, day) else { return Ok(()) };
        let was_due = task.due;
        let mut finished = item.clone();
        if let Some(task) = finished.content.task_mut() {
            task.rule = None;
        }
        let mut ahead = item;
        if let (Some(at), Some(due), Some(was)) = (ahead.content.reminder_at, next.due, was_due) {
            ahead.content.reminder_at = Some(at + (due - was));
        }
        ahead.content.what = What::Task(Box::new(next));
        // One of the two is a new item.
        let fresh = if self.knobs.series_keeps_id { &mut finished } else { &mut ahead };
        let number = self.number();
        (fresh.key, fresh.moves, fresh.created) = (number, 0, now);
        for mut one in [finished, ahead] {
            let number = if one.key == number { number } else { self.number() };
            one.change = number;
            self.store(at, one, number, now)?;
        }
        Ok(())
    }

    /// Moves an item to another folder; its id is another one there.
    pub(super) fn relocate(&mut self, at: usize, key: Key, folder: Key, now: DateTime<Utc>) -> Done<()> {
        let number = self.number();
        let arrived = self.number();
        let mailbox = self.mailbox_mut(at)?;
        if !mailbox.folders.contains_key(&folder) {
            return Err(Problem::new("ErrorToFolderNotFound", "The destination folder could not be found."));
        }
        let mut item = mailbox.take(key, number).ok_or_else(Problem::not_found)?;
        item.folder = folder;
        item.moves += 1;
        self.store(at, item, arrived, now)
    }

    /// Takes an item away for good.
    pub(super) fn discard(&mut self, at: usize, key: Key) -> Done<()> {
        let number = self.number();
        self.mailbox_mut(at)?.take(key, number).map(|_| ()).ok_or_else(Problem::not_found)
    }

    /// Removes one occurrence of a series.
    pub(super) fn remove_occurrence(&mut self, at: usize, key: Key, date: NaiveDate, now: DateTime<Utc>) -> Done<()> {
        let mut item = self.item(at, key)?.clone();
        item.occurrence(date).ok_or_else(Problem::not_found)?;
        if let Some(series) = item.series_mut() {
            series.exceptions.remove(&date);
            series.deleted.insert(date);
        }
        if !has_occurrence(&item) {
            let text = "The recurrence has no occurrence.";
            return Err(Problem::new("ErrorRecurrenceHasNoOccurrence", text));
        }
        let number = self.number();
        self.store(at, item, number, now)
    }

    /// Refuses an update that was made for another state of the item.
    pub(super) fn judge(&self, given: Option<&str>, current: &str, resolution: Resolution) -> Done<()> {
        let Some(given) = given.filter(|given| !given.is_empty()) else {
            return match resolution {
                Resolution::Always if !self.knobs.change_key_always => Ok(()),
                _ => Err(Problem::new(
                    "ErrorChangeKeyRequiredForWriteOperations",
                    "The change key is required for this operation.",
                )),
            };
        };
        if !super::ids::is_change_key(given) {
            return Err(Problem::change_key());
        }
        if given == current || resolution != Resolution::Never { Ok(()) } else { Err(Problem::stale()) }
    }
}

/// Without an end an appointment lasts half an hour.
fn default_end(content: &mut Content, patch: &Patch) {
    if let Some(one) = content.appointment_mut()
        && patch.set("End").is_none()
        && patch.set("IsAllDayEvent").is_none()
    {
        one.end = one.start + chrono::TimeDelta::minutes(30);
    }
}

fn has_occurrence(item: &Item) -> bool {
    let Some(series) = item.series() else { return false };
    if !series.exceptions.is_empty() {
        return true;
    }
    let mut date = series.rule.next(series.rule.start);
    while let Some(day) = date {
        if !series.deleted.contains(&day) {
            return true;
        }
        date = day.succ_opt().and_then(|after| series.rule.next(after));
    }
    false
}

/// Makes a series of an item, or gives it another pattern; exceptions go with the old one.
fn recur(item: &mut Item, mut rule: Recurrence) -> Done<()> {
    let Some(one) = item.content.appointment_mut() else { return Ok(()) };
    let Some(first) = rule.next(rule.start) else {
        return Err(Problem::new("ErrorRecurrenceHasNoOccurrence", "The recurrence has no occurrence."));
    };
    // The first occurrence stands where the pattern puts it, at the clock time of the item.
    let zone = one.start_zone.clone();
    let (begins, ends) = (zone.wall(one.start), zone.wall(one.end));
    let start = first.and_time(begins.time());
    rule.zone = Some(zone.name.clone());
    (one.start, one.end) = (zone.instant(start), zone.instant(start + (ends - begins)));
    if let Some(meeting) = &mut item.meeting {
        meeting.series = Some(Series { rule, exceptions: Default::default(), deleted: BTreeSet::new() });
    }
    Ok(())
}

fn update_whole(item: &mut Item, patch: &Patch, frame: &Frame) -> Done<BTreeSet<String>> {
    if let Some(uid) = patch.set("UID")
        && let Some(meeting) = &mut item.meeting
    {
        meeting.uid = GlobalId::named(uid.value());
    }
    let mut changed = apply(&mut item.content, patch, frame)?;
    if item.is_task() {
        return Ok(changed);
    }
    if let Some(node) = patch.set("Recurrence") {
        recur(item, series::read(node)?)?;
        changed.insert("Recurrence".to_owned());
    } else if patch.clears("Recurrence")
        && let Some(meeting) = &mut item.meeting
    {
        meeting.series = None;
        changed.insert("Recurrence".to_owned());
    }
    if changed.iter().any(|name| matches!(name.as_str(), "Start" | "End" | "IsAllDayEvent" | "StartTimeZone")) {
        shift(item);
    }
    follow(item, patch, frame)?;
    Ok(changed)
}

/// A series whose first occurrence was moved to another day goes on from there.
fn shift(item: &mut Item) {
    let Some(one) = item.content.appointment() else { return };
    let first = one.start_zone.wall(one.start).date();
    if let Some(series) = item.series_mut()
        && !series.rule.has(first)
    {
        series.rule.start = first;
    }
}

/// Lets exceptions follow their series in what they do not have of their own.
fn follow(item: &mut Item, patch: &Patch, frame: &Frame) -> Done<()> {
    let Some(series) = item.series_mut() else { return Ok(()) };
    for exception in series.exceptions.values_mut() {
        let times = ["Start", "End", "StartTimeZone", "EndTimeZone", "IsAllDayEvent"];
        let follows = |name: &String| !exception.own.contains(name) && !times.contains(&name.as_str());
        let changes = patch.changes.iter().filter(|(field, _)| follows(&field.name())).cloned().collect();
        apply(&mut exception.content, &Patch { changes }, frame)?;
    }
    Ok(())
}

/// Changes one occurrence, which becomes an exception by it.
fn update_occurrence(item: &mut Item, date: NaiveDate, patch: &Patch, frame: &Frame) -> Done<BTreeSet<String>> {
    for name in ["Recurrence", "UID"] {
        if patch.set(name).is_some() || patch.clears(name) {
            return Err(Problem::read_only(name));
        }
    }
    let seen = item.occurrence(date).ok_or_else(Problem::not_found)?;
    let mut content = seen.content().clone();
    let (start, end, own) = (seen.start(), seen.end(), seen.exception().map(|one| one.own.clone()).unwrap_or_default());
    if let (Some(one), Some(start), Some(end)) = (content.appointment_mut(), start, end) {
        (one.start, one.end) = (start, end);
    }
    let changed = apply(&mut content, patch, frame)?;
    let own = own.into_iter().chain(changed.iter().cloned()).collect();
    let exception = Exception { content, own, change: item.change, modified: frame.now };
    if let Some(series) = item.series_mut() {
        series.exceptions.insert(date, exception);
    }
    if changed.contains("Start") || changed.contains("End") {
        crossing(item, date)?;
    }
    Ok(changed)
}

/// An occurrence may not reach its neighbours.
fn crossing(item: &Item, date: NaiveDate) -> Done<()> {
    let Some(series) = item.series() else { return Ok(()) };
    let neighbour = |mut date: NaiveDate, back: bool| loop {
        date = if back { series.rule.previous(date)? } else { series.rule.next(date.succ_opt()?)? };
        if let Some(seen) = item.occurrence(date) {
            return Some(seen);
        }
    };
    let Some(moved) = item.occurrence(date) else { return Ok(()) };
    let (start, end) = (moved.start(), moved.end());
    let zone = item.content.appointment().map(|one| one.start_zone.clone());
    let day = |at: Option<DateTime<Utc>>| zone.as_ref().zip(at).map(|(zone, at)| zone.wall(at).date());
    let (before, after) = (neighbour(date, true), neighbour(date, false));
    let crosses = before.is_some_and(|before| day(start) <= day(before.start()))
        || after.is_some_and(|after| day(start) >= day(after.start()));
    if crosses {
        let text = "Modified occurrence is crossing or overlapping adjacent occurrence.";
        return Err(Problem::new("ErrorOccurrenceCrossingBoundary", text));
    }
    let overlaps = before.is_some_and(|before| before.end() > start) || after.is_some_and(|after| after.start() < end);
    if overlaps {
        let text = "Modified occurrence is too long for the time between its neighbours.";
        return Err(Problem::new("ErrorOccurrenceTimeSpanTooBig", text));
    }
    Ok(())
}
