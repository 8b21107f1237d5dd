//! A new activity, as tests and worlds write it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::ids::{activity_category, activity_type};

/// What is not named has the server's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewActivity {
    /// The key; none: the server makes one.
    pub id: Option<Uuid>,
    /// `Title`.
    pub title: String,
    /// `StartDate`.
    pub start: DateTime<Utc>,
    /// `DueDate`.
    pub due: DateTime<Utc>,
    /// `OwnerId`: a contact.
    pub owner: Option<Uuid>,
    /// `ShowInScheduler`.
    pub in_calendar: bool,
    /// `TypeId`.
    pub kind: Uuid,
    /// `ActivityCategoryId`.
    pub category: Uuid,
    /// `StatusId`.
    pub status: Option<Uuid>,
    /// `PriorityId`.
    pub priority: Option<Uuid>,
    /// `Location`.
    pub place: String,
    /// `Notes`.
    pub notes: String,
    /// `RemindToOwnerDate`, which also sets `RemindToOwner`.
    pub reminder: Option<DateTime<Utc>>,
    /// Contacts that take part beside the owner.
    pub participants: Vec<Uuid>,
    /// Everybody sees the row.
    pub everyone: bool,
    /// Other columns by name.
    pub more: Map<String, Json>,
}

impl NewActivity {
    /// A meeting of an hour, shown in the calendar.
    #[must_use]
    pub fn meeting(title: impl Into<String>, start: DateTime<Utc>) -> Self {
        Self {
            in_calendar: true,
            category: activity_category::MEETING,
            ..Self::task(title, start, start + TimeDelta::hours(1))
        }
    }

    /// A task, not shown in the calendar.
    #[must_use]
    pub fn task(title: impl Into<String>, start: DateTime<Utc>, due: DateTime<Utc>) -> Self {
        Self {
            id: None,
            title: title.into(),
            start,
            due,
            owner: None,
            in_calendar: false,
            kind: activity_type::TASK,
            category: activity_category::TO_DO,
            status: None,
            priority: None,
            place: String::new(),
            notes: String::new(),
            reminder: None,
            participants: Vec::new(),
            everyone: false,
            more: Map::new(),
        }
    }

    /// An e-mail, which Creatio keeps as an activity.
    #[must_use]
    pub fn email(title: impl Into<String>, at: DateTime<Utc>) -> Self {
        Self { kind: activity_type::EMAIL, category: activity_category::EMAIL, ..Self::task(title, at, at) }
    }

    /// The same with an owner.
    #[must_use]
    pub fn owned_by(mut self, contact: Uuid) -> Self {
        self.owner = Some(contact);
        self
    }

    /// The body that a client would send.
    #[must_use]
    pub fn body(&self) -> Map<String, Json> {
        let mut body = self.more.clone();
        let mut put = |name: &str, value: Json| body.insert(name.to_owned(), value);
        put("Title", json!(self.title));
        put("StartDate", json!(self.start));
        put("DueDate", json!(self.due));
        put("ShowInScheduler", json!(self.in_calendar));
        put("TypeId", json!(self.kind));
        put("ActivityCategoryId", json!(self.category));
        for (name, id) in
            [("Id", self.id), ("OwnerId", self.owner), ("StatusId", self.status), ("PriorityId", self.priority)]
        {
            if let Some(id) = id {
                put(name, json!(id));
            }
        }
        for (name, text) in [("Location", &self.place), ("Notes", &self.notes)] {
            if !text.is_empty() {
                put(name, json!(text));
            }
        }
        if let Some(reminder) = self.reminder {
            put("RemindToOwner", json!(true));
            put("RemindToOwnerDate", json!(reminder));
        }
        body
    }
}
