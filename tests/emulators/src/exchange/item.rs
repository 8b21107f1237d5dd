//! An item as it is kept, and one occurrence of it as it is seen.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::properties::Property;
use crate::outlook::body;
use crate::outlook::ids::{GlobalId, Key};
use crate::outlook::recurrence::{End, Recurrence};
use crate::outlook::zones::Zone;

/// Somebody with an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) address: String,
}

impl Person {
    pub(super) fn is(&self, address: &str) -> bool {
        self.address.eq_ignore_ascii_case(address)
    }
}

/// Somebody invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attendee {
    pub(super) who: Person,
    pub(super) response: &'static str,
    pub(super) time: Option<DateTime<Utc>>,
}

/// A body as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) html: bool,
    pub(super) text: String,
}

impl Body {
    /// In the kind that is asked for: `Text`, `HTML`, or as it is.
    pub(super) fn shown(&self, kind: Option<&str>) -> (&'static str, String) {
        match (kind, self.html) {
            (Some("Text"), true) => ("Text", body::text(&self.text)),
            (Some("HTML"), false) => ("HTML", body::from_text(&self.text)),
            (_, true) => ("HTML", self.text.clone()),
            (_, false) => ("Text", self.text.clone()),
        }
    }
}

/// What an appointment has, and what an exception may have of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Appointment {
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    pub(super) start_zone: Zone,
    pub(super) end_zone: Zone,
    pub(super) all_day: bool,
    pub(super) show_as: String,
    pub(super) location: Option<String>,
    pub(super) required: Vec<Attendee>,
    pub(super) optional: Vec<Attendee>,
    pub(super) resources: Vec<Attendee>,
    pub(super) response_requested: bool,
    pub(super) proposals: bool,
}

impl Appointment {
    /// Everybody invited.
    pub(super) fn invited(&self) -> impl Iterator<Item = &Attendee> {
        self.required.iter().chain(&self.optional).chain(&self.resources)
    }

    pub(super) fn invited_mut(&mut self) -> impl Iterator<Item = &mut Attendee> {
        self.required.iter_mut().chain(&mut self.optional).chain(&mut self.resources)
    }

    pub(super) fn length(&self) -> TimeDelta {
        self.end - self.start
    }
}

/// How a task recurs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TaskRule {
    /// By a pattern of dates.
    Pattern(Recurrence),
    /// So long after it was done.
    Regeneration { unit: &'static str, interval: u32, start: NaiveDate, end: End },
}

/// What a task has.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Task {
    pub(super) start: Option<NaiveDate>,
    pub(super) due: Option<NaiveDate>,
    pub(super) status: String,
    pub(super) percent: f64,
    pub(super) complete: Option<DateTime<Utc>>,
    pub(super) owner: String,
    /// `NoMatch` where nobody was asked to do it.
    pub(super) delegation: String,
    pub(super) delegator: Option<String>,
    pub(super) rule: Option<TaskRule>,
    /// What the emulator only keeps: `ActualWork`, `BillingInformation`, `Companies` and the like.
    pub(super) other: BTreeMap<String, super::xml::Node>,
    pub(super) changes: u32,
}

/// Appointment or task.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Appointment(Box<Appointment>),
    Task(Box<Task>),
}

/// The content of an item.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Content {
    pub(super) subject: Option<String>,
    pub(super) sensitivity: String,
    pub(super) importance: String,
    pub(super) body: Body,
    pub(super) categories: Vec<String>,
    pub(super) culture: Option<String>,
    pub(super) reminder_on: bool,
    pub(super) reminder_minutes: u32,
    /// When a task's reminder rings.
    pub(super) reminder_at: Option<DateTime<Utc>>,
    pub(super) ext: BTreeMap<Property, Vec<String>>,
    pub(super) what: What,
}

impl Content {
    pub(super) fn appointment(&self) -> Option<&Appointment> {
        if let What::Appointment(one) = &self.what { Some(one) } else { None }
    }

    pub(super) fn appointment_mut(&mut self) -> Option<&mut Appointment> {
        if let What::Appointment(one) = &mut self.what { Some(one) } else { None }
    }

    pub(super) fn task(&self) -> Option<&Task> {
        if let What::Task(one) = &self.what { Some(one) } else { None }
    }

    pub(super) fn task_mut(&mut self) -> Option<&mut Task> {
        if let What::Task(one) = &mut self.what { Some(one) } else { None }
    }
}

/// An occurrence that differs from its series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exception {
    pub(super) content: Content,
    /// Properties set on it, which do not follow the series any more.
    pub(super) own: BTreeSet<String>,
    pub(super) change: u64,
    pub(super) modified: DateTime<Utc>,
}

/// What makes a series of an appointment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) rule: Recurrence,
    pub(super) exceptions: BTreeMap<NaiveDate, Exception>,
    /// Deleted occurrences by their original date.
    pub(super) deleted: BTreeSet<NaiveDate>,
}

/// What only the whole of an appointment has.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meeting {
    pub(super) uid: GlobalId,
    pub(super) organizer: Person,
    pub(super) is_organizer: bool,
    pub(super) response: &'static str,
    pub(super) replied: Option<DateTime<Utc>>,
    pub(super) cancelled: bool,
    /// Invitations have been sent.
    pub(super) sent: bool,
    pub(super) sequence: u32,
    pub(super) series: Option<Series>,
}

/// One item of a mailbox: single, or the master of a series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) key: Key,
    pub(super) folder: Key,
    /// How often it has moved; part of the id.
    pub(super) moves: u32,
    pub(super) created: DateTime<Utc>,
    pub(super) modified: DateTime<Utc>,
    pub(super) modified_by: String,
    pub(super) change: u64,
    pub(super) content: Content,
    /// Of an appointment.
    pub(super) meeting: Option<Meeting>,
}

impl Item {
    pub(super) fn is_task(&self) -> bool {
        self.meeting.is_none()
    }

    /// The element that it is.
    pub(super) fn element(&self) -> &'static str {
        if self.is_task() { "Task" } else { "CalendarItem" }
    }

    pub(super) fn series(&self) -> Option<&Series> {
        self.meeting.as_ref()?.series.as_ref()
    }

    pub(super) fn series_mut(&mut self) -> Option<&mut Series> {
        self.meeting.as_mut()?.series.as_mut()
    }

    /// The whole of it.
    pub(super) fn whole(&self) -> Seen<'_> {
        Seen { item: self, date: None }
    }

    /// One occurrence, if the series has it.
    pub(super) fn occurrence(&self, date: NaiveDate) -> Option<Seen<'_>> {
        let series = self.series()?;
        let exists =
            !series.deleted.contains(&date) && (series.exceptions.contains_key(&date) || series.rule.has(date));
        exists.then_some(Seen { item: self, date: Some(date) })
    }

    /// The occurrence where there is a date, else the whole.
    pub(super) fn seen(&self, date: Option<NaiveDate>) -> Option<Seen<'_>> {
        match date {
            Some(date) => self.occurrence(date),
            None => Some(self.whole()),
        }
    }

    /// Occurrences and exceptions that overlap a window, by their start.
    pub(super) fn instances(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Seen<'_>> {
        let (Some(series), Some(master)) = (self.series(), self.content.appointment()) else { return Vec::new() };
        // An occurrence that began as many days ago as it is long may still overlap; a day more for the zone.
        let day = TimeDelta::days(1);
        let first = (master.start_zone.wall(from) - master.length() - day).date();
        let last = (master.start_zone.wall(to) + day).date();
        let dates = series.rule.dates(first, last).into_iter();
        let mut seen: Vec<Seen<'_>> = dates
            .filter(|date| !series.deleted.contains(date) && !series.exceptions.contains_key(date))
            .chain(series.exceptions.keys().copied())
            .map(|date| Seen { item: self, date: Some(date) })
            .filter(|seen| seen.overlaps(from, to))
            .collect();
        seen.sort_by_key(Seen::start);
        seen
    }
}

/// An item or an occurrence, as it is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) item: &'a Item,
    pub(super) date: Option<NaiveDate>,
}

impl<'a> Seen<'a> {
    pub(super) fn exception(&self) -> Option<&'a Exception> {
        self.item.series()?.exceptions.get(&self.date?)
    }

    pub(super) fn content(&self) -> &'a Content {
        self.exception().map_or(&self.item.content, |exception| &exception.content)
    }

    pub(super) fn kind(&self) -> &'static str {
        match (self.date, self.exception(), self.item.series()) {
            (Some(_), Some(_), _) => "Exception",
            (Some(_), None, _) => "Occurrence",
            (None, _, Some(_)) => "RecurringMaster",
            (None, _, None) => "Single",
        }
    }

    /// Where the pattern puts the occurrence: the wall-clock of the series in its own zone.
    pub(super) fn original_start(&self) -> Option<DateTime<Utc>> {
        let master = self.item.content.appointment()?;
        let wall = self.date?.and_time(master.start_zone.wall(master.start).time());
        Some(master.start_zone.instant(wall))
    }

    pub(super) fn start(&self) -> Option<DateTime<Utc>> {
        match self.exception() {
            None if self.date.is_some() => self.original_start(),
            _ => self.content().appointment().map(|one| one.start),
        }
    }

    pub(super) fn end(&self) -> Option<DateTime<Utc>> {
        match (self.exception(), self.date) {
            (None, Some(date)) => {
                // The length of a series counts in the wall-clock of the zone in which it starts.
                let master = self.item.content.appointment()?;
                let zone = &master.start_zone;
                let begins = zone.wall(master.start);
                let ends = zone.wall(master.end);
                Some(zone.instant(date.and_time(begins.time()) + (ends - begins)))
            }
            _ => self.content().appointment().map(|one| one.end),
        }
    }

    /// An appointment of no length counts where it starts.
    pub(super) fn overlaps(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        match (self.start(), self.end()) {
            (Some(start), Some(end)) => start < to && (end > from || (start == end && start >= from)),
            _ => false,
        }
    }

    pub(super) fn change(&self) -> u64 {
        self.exception().map_or(self.item.change, |exception| exception.change.max(self.item.change))
    }

    pub(super) fn modified(&self) -> DateTime<Utc> {
        self.exception().map_or(self.item.modified, |exception| exception.modified.max(self.item.modified))
    }
}
