//! The common model: an activity as both sides understand it, cut into units.
//!
//! A unit is a set of fields that change together and are merged as one value. Values are canonical: two values are
//! equal exactly if a person would call them equal, so digests of them can be compared.

use crate::digest::Digest;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A side of the sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SideId {
    /// The Creatio site.
    Creatio,
    /// The mailbox.
    Mailbox,
}

impl SideId {
    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Creatio => Self::Mailbox,
            Self::Mailbox => Self::Creatio,
        }
    }

    /// The name in ids, keys and settings.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Creatio => "creatio",
            Self::Mailbox => "mailbox",
        }
    }
}

/// What an activity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A meeting of the mailbox; in Creatio: shown in the calendar.
    Appointment,
    /// A task.
    Task,
}

/// Fields that change together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Subject.
    Title,
    /// Start, end and all-day; of a task its days.
    When,
    /// Location.
    Place,
    /// Notes.
    Body,
    /// On, and how long before the start; of a task when.
    Reminder,
    /// Importance.
    Priority,
    /// Status: of a meeting only whether it is cancelled, so it is no unit that is compared.
    State,
}

impl Unit {
    /// The units of an appointment that both sides have.
    pub const APPOINTMENT: [Self; 6] =
        [Self::Title, Self::When, Self::Place, Self::Body, Self::Reminder, Self::Priority];

    /// The units of a task that both sides have.
    pub const TASK: [Self; 6] = [Self::Title, Self::When, Self::Body, Self::State, Self::Reminder, Self::Priority];

    /// The units that both sides have of this kind.
    #[must_use]
    pub const fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Appointment => &Self::APPOINTMENT,
            Kind::Task => &Self::TASK,
        }
    }

    /// The name in ids, reports and stored rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::When => "when",
            Self::Place => "place",
            Self::Body => "body",
            Self::Reminder => "reminder",
            Self::Priority => "priority",
            Self::State => "state",
        }
    }

    /// A change of this unit makes the server of a meeting tell its attendees.
    #[must_use]
    pub const fn notifies(self) -> bool {
        matches!(self, Self::Title | Self::When | Self::Place | Self::Body | Self::State)
    }
}

/// A span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// First instant. Of an all-day item: midnight in the account's zone.
    pub start: DateTime<Utc>,
    /// First instant after it.
    pub end: DateTime<Utc>,
    /// Whole days, as the mailbox calls it; Creatio has no such flag and always says false.
    pub all_day: bool,
}

/// The days of a task, as its owner reads them. Days and not instants: a task is due on a day wherever its owner is, and
/// what a side keeps beside the day (an hour, a zone) is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// First day; none where the mailbox has none.
    pub start: Option<NaiveDate>,
    /// Day by which it is to be done; none where the mailbox has none.
    pub due: Option<NaiveDate>,
    /// Of a task without any day, the day it was made on: Creatio cannot do without one.
    pub made: Option<NaiveDate>,
}

impl Days {
    /// The day that the task stands for in a list.
    #[must_use]
    pub fn day(&self) -> Option<NaiveDate> {
        self.due.or(self.start).or(self.made)
    }

    /// It has no day of its own.
    #[must_use]
    pub const fn undated(&self) -> bool {
        self.start.is_none() && self.due.is_none()
    }
}

/// Status of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not begun.
    NotStarted,
    /// Begun.
    InProgress,
    /// Waiting for somebody else; Creatio calls it begun.
    Waiting,
    /// Put off; Creatio calls it not begun.
    Deferred,
    /// Done.
    Completed,
    /// Given up; a mailbox calls it done.
    Cancelled,
}

/// Importance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// Low.
    Low,
    /// Normal.
    Normal,
    /// High.
    High,
}

/// Status of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Not started, in progress, or whatever is not final.
    Open,
    /// A final status other than cancelled.
    Finished,
    /// Cancelled.
    Cancelled,
}

/// The value of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Title, place and body.
    Text(String),
    /// When.
    When(When),
    /// Minutes before the start; none for no reminder.
    Reminder(Option<i64>),
    /// Importance.
    Priority(Priority),
    /// Status of an appointment.
    State(State),
    /// Days of a task.
    Days(Days),
    /// Status of a task.
    Status(Status),
    /// When to remind of a task; none for no reminder.
    RemindAt(Option<DateTime<Utc>>),
}

impl Value {
    /// The text, where it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Holds nothing: no text, no reminder.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Reminder(reminder) => reminder.is_none(),
            Self::RemindAt(at) => at.is_none(),
            Self::Days(days) => days.undated(),
            _ => false,
        }
    }

    /// What a base remembers of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self)
    }

    /// As a person reads it; instants in UTC.
    #[must_use]
    pub fn display(&self) -> String {
        match self {
            Self::Text(text) => crate::text::cut(text, SHOWN),
            Self::When(when) if when.all_day => {
                format!("{}/{} all-day", crate::time::iso(when.start), crate::time::iso(when.end))
            }
            Self::When(when) => format!("{}/{}", crate::time::iso(when.start), crate::time::iso(when.end)),
            Self::Reminder(None) | Self::RemindAt(None) => "off".into(),
            Self::RemindAt(Some(at)) => crate::time::iso(*at),
            Self::Days(days) => match (days.start, days.due) {
                (None, None) => "no day".into(),
                (None, Some(day)) | (Some(day), None) => day.to_string(),
                (Some(start), Some(due)) if start == due => due.to_string(),
                (Some(start), Some(due)) => format!("{start}/{due}"),
            },
            Self::Status(Status::NotStarted) => "not started".into(),
            Self::Status(Status::InProgress) => "in progress".into(),
            Self::Status(Status::Waiting) => "waiting".into(),
            Self::Status(Status::Deferred) => "deferred".into(),
            Self::Status(Status::Completed) => "completed".into(),
            Self::Reminder(Some(minutes)) => format!("{minutes} min"),
            Self::Priority(Priority::Low) => "low".into(),
            Self::Priority(Priority::Normal) => "normal".into(),
            Self::Priority(Priority::High) => "high".into(),
            Self::State(State::Open) => "open".into(),
            Self::State(State::Finished) => "finished".into(),
            Self::State(State::Cancelled) | Self::Status(Status::Cancelled) => "cancelled".into(),
        }
    }
}

/// Characters of a text that a report shows.
const SHOWN: usize = 4_000;

/// Values by unit.
pub type Values = BTreeMap<Unit, Value>;

/// What a mailbox item is to a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Series {
    /// The rule.
    Master,
    /// One of its days, as the rule says or changed.
    Occurrence,
}

/// What the account's contact has to do with an activity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stake {
    /// Nothing any more, or never had.
    #[default]
    None,
    /// Wrote it, for somebody else.
    Author,
    /// Owns it or takes part in it; where all that the user sees is exported, whatever is seen.
    Part,
}

/// Why an item is left alone whatever changes in it.
pub type LeftAlone = crate::reason::Reason;

/// What is not stored counts as within.
const fn yes() -> bool {
    true
}

/// One item as one side holds it, after the account's policies: what the engine observes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Id on its side.
    pub id: String,
    /// What the side calls this version: an etag, a `ModifiedOn`. Only equality means anything.
    pub version: String,
    /// When it was last modified, by the side's clock.
    pub modified: Option<DateTime<Utc>>,
    /// Appointment or task.
    pub kind: Kind,
    /// Folder, where the answer said it.
    pub folder: Option<String>,
    /// Meeting identity, see [`crate::identity`].
    pub identity: Option<String>,
    /// Our marker, where it was asked for and found.
    pub marker: Option<String>,
    /// Units.
    pub values: Values,
    /// Status. Of a mailbox item: open or cancelled.
    pub state: State,
    /// Set where the item is outside of what the sync handles or the settings cover.
    pub left_alone: Option<LeftAlone>,
    /// The account's user may decide about it: their own appointment, or a meeting that they organise.
    pub ours: bool,
    /// Names and addresses of the people that a change would be mailed to.
    pub attendees: Vec<String>,
    /// Its texts were replaced because it is private.
    pub masked: bool,
    /// Its fingerprint before they were; storage and reports hold what it is replaced by.
    #[serde(skip)]
    pub print: Option<Digest>,
    /// Its body carries a block that joins an online meeting.
    pub online: bool,
    /// Series master or occurrence.
    pub series: Option<Series>,
    /// A task that comes again: its days belong to its rule.
    #[serde(default)]
    pub recurring: bool,
    /// In Creatio: the account's contact is its owner.
    pub owned: bool,
    /// In Creatio: what the account's contact has to do with it.
    #[serde(default)]
    pub stake: Stake,
    /// In Creatio: first and last instant, as the row has them whatever kind it is.
    #[serde(default)]
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// In Creatio: within what the settings export.
    pub exportable: bool,
    /// In Creatio: in one of the selected groups, where activities are exported by group.
    #[serde(skip, default = "yes")]
    pub grouped: bool,
    /// When a task of the mailbox was made, to the second: that may outlive its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// The zone that its times name, where nobody knows it: they are read in the account's.
    #[serde(skip)]
    pub odd_zone: Option<String>,
    /// Not every unit was asked for: the rest must be read before it is compared.
    pub partial: bool,
}

impl Seen {
    /// Title.
    #[must_use]
    pub fn title(&self) -> &str {
        self.values.get(&Unit::Title).and_then(Value::text).unwrap_or_default()
    }

    /// Where it stands: the status of a task, the state of an appointment.
    #[must_use]
    pub fn standing(&self) -> Value {
        self.values.get(&Unit::State).cloned().unwrap_or(Value::State(self.state))
    }

    /// Days, of a task.
    #[must_use]
    pub fn days(&self) -> Option<Days> {
        match self.values.get(&Unit::When) {
            Some(Value::Days(days)) => Some(*days),
            _ => None,
        }
    }

    /// Status, of a task.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        match self.values.get(&Unit::State) {
            Some(Value::Status(status)) => Some(*status),
            _ => None,
        }
    }

    /// When, of an appointment.
    #[must_use]
    pub fn when(&self) -> Option<&When> {
        match self.values.get(&Unit::When) {
            Some(Value::When(when)) => Some(when),
            _ => None,
        }
    }
}
