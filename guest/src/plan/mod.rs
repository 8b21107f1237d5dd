//! What to do about one pair: operations with their reasons, and what holds them. Pure: a plan can be printed, approved
//! or refused before anything is written.

mod linked;
mod operation;
mod units;
mod unlinked;

pub use linked::{parks_without_activity, parks_without_item};
pub use operation::{Note, Operation, Plan, UnitWrite};
pub(crate) use units::merge_units;
pub use units::{gated, mail};
pub use unlinked::{OVERDUE_DAYS, create, not_exportable, not_importable, reminder_to_come};

use crate::activity::{Kind, Seen, SideId};
use crate::digest::Digest;
use crate::link::{Link, LinkState};
use crate::reason::Reason;
use crate::settings::Settings;
use crate::side::Side;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// One side of a pair, as far as this run knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It is there.
    Here(Box<Seen>),
    /// The side answers, and it is not there.
    Absent,
    /// There is none that could be looked at.
    None,
}

impl End {
    /// The item, where it is there.
    #[must_use]
    pub fn here(&self) -> Option<&Seen> {
        match self {
            Self::Here(seen) => Some(seen),
            Self::Absent | Self::None => None,
        }
    }
}

/// A pair, or one half of what may become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The activity; of an item to be imported the id it will have.
    pub activity: Uuid,
    /// The link, where there is one.
    pub link: Option<Link>,
    /// The activity.
    pub creatio: End,
    /// The item.
    pub mailbox: End,
    /// Another account's link decides about this meeting.
    pub follower: bool,
    /// The activity was cancelled because a copy of the meeting was deleted whose account decided until then.
    pub forsaken: bool,
    /// The activity is a meeting that comes by invitation.
    pub invited: bool,
    /// Another item of the mailbox may be the counterpart of this activity.
    pub lookalike: Option<Reason>,
}

impl Pair {
    /// One side of it.
    #[must_use]
    pub const fn end(&self, side: SideId) -> &End {
        match side {
            SideId::Creatio => &self.creatio,
            SideId::Mailbox => &self.mailbox,
        }
    }
}

/// What the account's settings say about pairs.
pub struct Frame<'a> {
    /// Settings.
    pub settings: &'a Settings,
    /// The Creatio side.
    pub creatio: &'a dyn Side,
    /// The mailbox side.
    pub mailbox: &'a dyn Side,
    /// Hash of the policies that decide how items are seen.
    pub policy: &'a Digest,
    /// Now.
    pub now: DateTime<Utc>,
    /// The day before which nothing is imported, as an instant.
    pub import_from: DateTime<Utc>,
    /// The beginning of today in the account's zone.
    pub today: DateTime<Utc>,
    /// Folders to import from.
    pub imported: &'a [String],
    /// Folders that may not be written.
    pub read_only: &'a [String],
    /// Where exports land.
    pub targets: &'a Targets,
}

/// Where exports land; empty where nothing can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    /// The calendar.
    pub meetings: String,
    /// The task folder.
    pub tasks: String,
}

impl Targets {
    /// For a kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> &str {
        match kind {
            Kind::Appointment => &self.meetings,
            Kind::Task => &self.tasks,
        }
    }

    /// Exports of some kind land there.
    #[must_use]
    pub fn contains(&self, folder: &str) -> bool {
        self.meetings == folder || self.tasks == folder
    }
}

/// Plans one pair.
#[must_use]
pub fn plan(pair: &Pair, frame: &Frame) -> Plan {
    match &pair.link {
        None => unlinked::unlinked(pair, frame),
        Some(link) => match link.state {
            LinkState::Active => linked::active(pair, link, frame),
            LinkState::Parked => linked::parked(pair, link, frame),
            LinkState::Ended { gone, cancelled } => linked::ended(pair, link, gone, cancelled, frame),
        },
    }
}

fn side<'a>(id: SideId, frame: &Frame<'a>) -> &'a dyn Side {
    match id {
        SideId::Creatio => frame.creatio,
        SideId::Mailbox => frame.mailbox,
    }
}
