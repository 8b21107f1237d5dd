//! Properties of items as they are written.

use crate::activity::{Priority, Status};
use crate::time;
use chrono::{DateTime, NaiveDate, Utc};

/// A property with its value. The variants stand in the order of the schema, in which a new item must have them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// Title.
    Subject(String),
    /// Notes, as text.
    Body(String),
    /// Importance.
    Importance(Level),
    /// When to remind of a task.
    RemindAt(Option<DateTime<Utc>>),
    /// Whether to remind at all.
    Remind(bool),
    /// Minutes before the start of an appointment.
    RemindBefore(i64),
    /// Our named property; empty to take it off.
    Marker(String),
    /// Start of an appointment.
    Start(DateTime<Utc>),
    /// Its end.
    End(DateTime<Utc>),
    /// Whole days.
    AllDay(bool),
    /// Place.
    Location(String),
    /// Zone in which the start is meant, by its Windows name.
    StartZone(String),
    /// The same of the end.
    EndZone(String),
    /// Day by which a task is to be done.
    DueDate(Option<NaiveDate>),
    /// Its first day.
    StartDate(Option<NaiveDate>),
    /// Its status.
    Status(Progress),
}

/// Importance as Exchange has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `Low`.
    Low,
    /// `Normal`.
    Normal,
    /// `High`.
    High,
}

/// Status as Exchange has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// `NotStarted`.
    NotStarted,
    /// `InProgress`.
    InProgress,
    /// `Completed`.
    Completed,
    /// `WaitingOnOthers`.
    WaitingOnOthers,
    /// `Deferred`.
    Deferred,
}

/// Levels by their names.
pub const LEVELS: [(&str, Level, Priority); 3] = [
    ("Low", Level::Low, Priority::Low),
    ("Normal", Level::Normal, Priority::Normal),
    ("High", Level::High, Priority::High),
];
/// Statuses by their names.
pub const STATUSES: [(&str, Progress, Status); 5] = [
    ("NotStarted", Progress::NotStarted, Status::NotStarted),
    ("InProgress", Progress::InProgress, Status::InProgress),
    ("Completed", Progress::Completed, Status::Completed),
    ("WaitingOnOthers", Progress::WaitingOnOthers, Status::Waiting),
    ("Deferred", Progress::Deferred, Status::Deferred),
];

/// Whether writing a property takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clearing {
    /// It has a value.
    Kept,
    /// It has none: a new item goes without it, of an old one it is deleted.
    Cleared,
}

impl Property {
    /// See [`Clearing`].
    #[must_use]
    pub const fn clearing(&self) -> Clearing {
        let empty = match self {
            Self::Location(text) | Self::Marker(text) => text.is_empty(),
            Self::RemindAt(at) => at.is_none(),
            Self::DueDate(day) | Self::StartDate(day) => day.is_none(),
            _ => false,
        };
        if empty { Clearing::Cleared } else { Clearing::Kept }
    }

    /// The path that names it in an update.
    #[must_use]
    pub const fn uri(&self) -> &'static str {
        match self {
            Self::Subject(_) => "item:Subject",
            Self::Body(_) => "item:Body",
            Self::Importance(_) => "item:Importance",
            Self::RemindAt(_) => "item:ReminderDueBy",
            Self::Remind(_) => "item:ReminderIsSet",
            Self::RemindBefore(_) => "item:ReminderMinutesBeforeStart",
            // It is named in another way.
            Self::Marker(_) => "",
            Self::Start(_) => "calendar:Start",
            Self::End(_) => "calendar:End",
            Self::AllDay(_) => "calendar:IsAllDayEvent",
            Self::Location(_) => "calendar:Location",
            Self::StartZone(_) => "calendar:StartTimeZone",
            Self::EndZone(_) => "calendar:EndTimeZone",
            Self::DueDate(_) => "task:DueDate",
            Self::StartDate(_) => "task:StartDate",
            Self::Status(_) => "task:Status",
        }
    }

    /// The name of its element.
    #[must_use]
    pub fn element(&self) -> &'static str {
        self.uri().split_once(':').map_or("ExtendedProperty", |(_, name)| name)
    }

    /// The text of its element.
    #[must_use]
    pub fn text(&self) -> String {
        let day = |day: &Option<NaiveDate>| day.map_or_else(String::new, |day| format!("{day}T00:00:00"));
        match self {
            Self::Subject(text)
            | Self::Body(text)
            | Self::Marker(text)
            | Self::Location(text)
            | Self::StartZone(text)
            | Self::EndZone(text) => text.clone(),
            Self::Importance(level) => name_of(&LEVELS, *level),
            Self::Status(status) => name_of(&STATUSES, *status),
            Self::RemindAt(at) => at.map_or_else(String::new, time::iso),
            Self::Start(at) | Self::End(at) => time::iso(*at),
            Self::Remind(on) | Self::AllDay(on) => on.to_string(),
            Self::RemindBefore(minutes) => minutes.to_string(),
            // Without an offset: the day of the request's own zone.
            Self::DueDate(date) | Self::StartDate(date) => day(date),
        }
    }
}

fn name_of<T: PartialEq + Copy, U>(names: &[(&str, T, U)], wanted: T) -> String {
    names.iter().find(|(_, known, _)| *known == wanted).map_or_else(String::new, |(name, _, _)| (*name).to_owned())
}
