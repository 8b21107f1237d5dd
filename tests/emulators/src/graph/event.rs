//! The event as it is kept, and one occurrence of it as it is seen.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;

use super::errors::ApiError;
use super::ids::{GlobalId, Key};
use super::recurrence::Recurrence;
use super::zones::Zone;

/// A person or a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) name: String,
    pub(super) address: String,
}

impl Address {
    pub(super) fn is(&self, address: &str) -> bool {
        self.address.eq_ignore_ascii_case(address)
    }
}

/// An answer to an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) response: &'static str,
    pub(super) time: Option<DateTime<Utc>>,
}

impl Answer {
    pub(super) const NONE: Self = Self { response: "none", time: None };
}

/// Somebody invited.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attendee {
    pub(super) who: Address,
    pub(super) kind: &'static str,
    pub(super) answer: Answer,
    pub(super) proposed: Option<Value>,
}

/// A wall-clock time and its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wall {
    pub(super) at: NaiveDateTime,
    pub(super) zone: Zone,
}

impl Wall {
    pub(super) fn instant(&self) -> DateTime<Utc> {
        self.zone.instant(self.at)
    }
}

/// The online meeting of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Online {
    pub(super) on: bool,
    pub(super) provider: Option<&'static str>,
    pub(super) join_url: Option<String>,
}

/// What an exception may have of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Content {
    pub(super) subject: Option<String>,
    /// Normalised HTML; empty where there is no body.
    pub(super) body: String,
    pub(super) all_day: bool,
    pub(super) start: Wall,
    pub(super) end: Wall,
    pub(super) locations: Vec<Value>,
    pub(super) attendees: Vec<Attendee>,
    pub(super) importance: &'static str,
    pub(super) sensitivity: &'static str,
    pub(super) show_as: &'static str,
    pub(super) categories: Vec<String>,
    pub(super) reminder_on: bool,
    pub(super) reminder_minutes: i32,
    pub(super) response_requested: bool,
    pub(super) allow_proposals: bool,
    pub(super) hide_attendees: bool,
    pub(super) online: Online,
}

impl Content {
    /// What a new event has before anything is said about it.
    pub(super) fn new(start: Wall, end: Wall) -> Self {
        Self {
            subject: None,
            body: String::new(),
            all_day: false,
            start,
            end,
            locations: Vec::new(),
            attendees: Vec::new(),
            importance: "normal",
            sensitivity: "normal",
            show_as: "busy",
            categories: Vec::new(),
            reminder_on: true,
            reminder_minutes: 15,
            response_requested: true,
            allow_proposals: true,
            hide_attendees: false,
            online: Online::default(),
        }
    }

    /// What the service refuses about times.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if self.all_day {
            let midnight = chrono::NaiveTime::MIN;
            if self.start.at.time() != midnight || self.end.at.time() != midnight {
                return Err(ApiError::property(
                    "The Event.Start and Event.End properties of an all-day event need to be set to midnight.",
                ));
            }
            if self.start.zone.tz != self.end.zone.tz {
                return Err(ApiError::property(
                    "The Event.Start and Event.End of an all-day event must be in the same time zone.",
                ));
            }
            if self.end.at <= self.start.at {
                return Err(ApiError::property(
                    "The duration of an event marked as All day must be at least 24 hours.",
                ));
            }
        }
        if self.end.instant() < self.start.instant() {
            return Err(ApiError::property("The end date of an event must not be earlier than its start date."));
        }
        Ok(())
    }
}

/// An occurrence that differs from its series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exception {
    pub(super) content: Content,
    /// What was set on the exception itself, and so does not follow the master any more.
    pub(super) own: BTreeSet<&'static str>,
    pub(super) ext: BTreeMap<String, String>,
    pub(super) answer: Answer,
    pub(super) cancelled: bool,
    pub(super) change: u64,
    pub(super) modified: DateTime<Utc>,
}

/// What makes a series of an event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) rule: Recurrence,
    pub(super) exceptions: BTreeMap<NaiveDate, Exception>,
    pub(super) deleted: BTreeSet<NaiveDate>,
    /// Computed once, for numbered series have to be counted through.
    pub(super) last: Option<NaiveDate>,
}

impl Series {
    pub(super) fn new(rule: Recurrence) -> Self {
        let last = rule.last();
        Self { rule, exceptions: BTreeMap::new(), deleted: BTreeSet::new(), last }
    }
}

/// One event of one mailbox: single, or the master of a series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) key: Key,
    pub(super) calendar: Key,
    /// How often it has moved; part of the classic id.
    pub(super) moves: u32,
    pub(super) global: GlobalId,
    pub(super) created: DateTime<Utc>,
    pub(super) modified: DateTime<Utc>,
    pub(super) change: u64,
    pub(super) content: Content,
    pub(super) organizer: Address,
    pub(super) is_organizer: bool,
    pub(super) answer: Answer,
    pub(super) cancelled: bool,
    pub(super) transaction: Option<String>,
    pub(super) ext: BTreeMap<String, String>,
    pub(super) series: Option<Series>,
}

impl Event {
    /// Whether others are invited.
    pub(super) fn is_meeting(&self) -> bool {
        !self.content.attendees.is_empty()
            || self
                .series
                .as_ref()
                .is_some_and(|series| series.exceptions.values().any(|e| !e.content.attendees.is_empty()))
    }

    /// The whole event, as a single one or as a master.
    pub(super) fn whole(&self) -> Seen<'_> {
        Seen { event: self, date: None }
    }

    /// One occurrence, if the series has it.
    pub(super) fn occurrence(&self, date: NaiveDate) -> Option<Seen<'_>> {
        let series = self.series.as_ref()?;
        let exists =
            !series.deleted.contains(&date) && (series.exceptions.contains_key(&date) || series.rule.has(date));
        exists.then_some(Seen { event: self, date: Some(date) })
    }

    /// Occurrences and exceptions that overlap a window, by their start.
    pub(super) fn instances(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Seen<'_>> {
        let Some(series) = &self.series else { return Vec::new() };
        let zone = &self.content.start.zone;
        let length = self.content.end.at - self.content.start.at;
        // An occurrence that began as many days ago as it is long may still overlap; a day more for the zone.
        let day = chrono::Duration::days(1);
        let first = (zone.wall(from) - length - day).date();
        let last = (zone.wall(to) + day).date().min(series.last.unwrap_or(NaiveDate::MAX));
        let mut seen: Vec<Seen<'_>> = series
            .rule
            .dates(first, last)
            .into_iter()
            .filter(|date| !series.deleted.contains(date) && !series.exceptions.contains_key(date))
            .chain(series.exceptions.keys().copied())
            .map(|date| Seen { event: self, date: Some(date) })
            .filter(|seen| seen.overlaps(from, to))
            .collect();
        seen.sort_by_key(Seen::start_at);
        seen
    }
}

/// An event, a master or an occurrence, as it is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) event: &'a Event,
    pub(super) date: Option<NaiveDate>,
}

impl<'a> Seen<'a> {
    pub(super) fn exception(&self) -> Option<&'a Exception> {
        self.event.series.as_ref()?.exceptions.get(&self.date?)
    }

    pub(super) fn content(&self) -> &'a Content {
        self.exception().map_or(&self.event.content, |exception| &exception.content)
    }

    pub(super) fn kind(&self) -> &'static str {
        match (self.date, self.exception(), &self.event.series) {
            (Some(_), Some(_), _) => "exception",
            (Some(_), None, _) => "occurrence",
            (None, _, Some(_)) => "seriesMaster",
            (None, _, None) => "singleInstance",
        }
    }

    pub(super) fn start(&self) -> NaiveDateTime {
        match (self.date, self.exception()) {
            (Some(date), None) => date.and_time(self.event.content.start.at.time()),
            _ => self.content().start.at,
        }
    }

    pub(super) fn end(&self) -> NaiveDateTime {
        match (self.date, self.exception()) {
            (Some(_), None) => {
                let start = &self.event.content.start;
                // The length of a series counts in the wall-clock of the zone in which it starts.
                self.start() + (start.zone.wall(self.event.content.end.instant()) - start.at)
            }
            _ => self.content().end.at,
        }
    }

    pub(super) fn start_at(&self) -> DateTime<Utc> {
        self.content().start.zone.instant(self.start())
    }

    pub(super) fn end_at(&self) -> DateTime<Utc> {
        match (self.date, self.exception()) {
            (Some(_), None) => self.event.content.start.zone.instant(self.end()),
            _ => self.content().end.instant(),
        }
    }

    /// Where the pattern had put the occurrence.
    pub(super) fn original_start(&self) -> Option<DateTime<Utc>> {
        let start = &self.event.content.start;
        self.date.map(|date| start.zone.instant(date.and_time(start.at.time())))
    }

    /// An event of no length counts where it starts.
    pub(super) fn overlaps(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let (start, end) = (self.start_at(), self.end_at());
        start < to && (end > from || (start == end && start >= from))
    }

    pub(super) fn change(&self) -> u64 {
        self.exception().map_or(self.event.change, |exception| exception.change.max(self.event.change))
    }

    pub(super) fn modified(&self) -> DateTime<Utc> {
        self.exception().map_or(self.event.modified, |exception| exception.modified.max(self.event.modified))
    }

    pub(super) fn answer(&self) -> Answer {
        self.exception().map_or(self.event.answer, |exception| exception.answer)
    }

    pub(super) fn cancelled(&self) -> bool {
        self.event.cancelled || self.exception().is_some_and(|exception| exception.cancelled)
    }

    pub(super) fn ext(&self) -> &'a BTreeMap<String, String> {
        self.exception().map_or(&self.event.ext, |exception| &exception.ext)
    }
}
