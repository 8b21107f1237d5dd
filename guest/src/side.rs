//! A side of the sync, as the engine sees it. Creatio and both kinds of mailbox implement it, so that the engine has no
//! favourite: everything particular to a protocol stays behind it.

use crate::activity::{Kind, Seen, SideId, Unit, Value, Values};
use crate::ask::{Ask, Fault};
use crate::digest::Digest;
use crate::identity::Marker;
use crate::link::{Bases, Link};
use crate::reason::Reason;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A folder, or a group, as a side lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// The side's own default for this kind.
    pub is_default: bool,
    /// It may be written.
    pub writable: bool,
    /// Why it is not part of "all".
    pub reason: Option<Reason>,
}

/// Whose mailbox it is, as the directory says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Id in the directory: the same for ever.
    pub id: String,
    /// Its names: sign-in name and address; empty where the server does not tell them.
    pub names: Vec<String>,
}

/// The folders of a side, as far as they could be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The folders.
    pub folders: Vec<Folder>,
    /// Why folders of tasks are missing, where they are: calendars are good without them.
    pub without_tasks: Option<Fault>,
}

/// Something to read changes from: a calendar in a window of time, the activities of a contact. The key names it in
/// storage and says all that the side needs to ask for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Feed {
    /// The folder; empty where the side has no folders.
    pub folder: String,
    /// What of it: a window, an entity set.
    pub part: String,
}

impl Feed {
    /// The name in storage.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", Digest::of(&self.folder).as_str(), crate::store::escape(&self.part))
    }
}

/// One observation of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// The item as it is.
    Here(Box<Seen>),
    /// The item may have changed, and has to be read.
    Touched(String),
    /// The item is not there any more: a hint, never a proof.
    Missing(String),
}

/// A page of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it says.
    pub items: Vec<Observed>,
    /// Where to go on; empty at the end of a listing, which the next run reads from its beginning.
    pub cursor: String,
    /// The feed has been read to its end.
    pub complete: bool,
}

/// Where to read a feed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// From the beginning.
    Start,
    /// From where a page ended.
    Cursor(String),
}

/// What reading an item by its id gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    Here(Box<Seen>),
    /// The side answers and says that there is none, or none that can be seen.
    Absent,
}

/// One intended write, complete: it can be carried out without another look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Makes an item.
    Create {
        /// The activity: in Creatio also the new row's id.
        activity: Uuid,
        /// Folder; empty for Creatio.
        folder: String,
        /// Appointment or task.
        kind: Kind,
        /// Units.
        values: Values,
        /// Marker, for a mailbox.
        marker: Option<Marker>,
        /// What makes a repeated create the same one.
        transaction: Uuid,
    },
    /// Changes units of an item.
    Update {
        /// The item as the merge saw it.
        current: Box<Seen>,
        /// What to change.
        values: Values,
    },
    /// Removes an item.
    Delete {
        /// Its id.
        id: String,
        /// The version that was decided about; empty for any.
        version: String,
        /// Those invited are to be told, where that is a choice.
        tell: bool,
    },
}

/// What came of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The item afterwards; none after a delete. Partial where the answer of the write does not say what it is.
    pub after: Option<Box<Seen>>,
    /// `after` is provably what our write made: the answer of the write itself.
    pub proven: bool,
    /// The item just before, where the write read it.
    pub before: Option<Box<Seen>>,
    /// How far the side's stamps lie behind its answers' dates, in seconds, where the write showed it.
    pub skew: Option<i64>,
}

/// How the fault of a create begins that finds what it would make there already.
pub const DUPLICATE: &str = "it was there already";

/// Where an item of the mailbox is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// Alive, in this folder where known.
    Alive {
        /// The item.
        seen: Box<Seen>,
    },
    /// Not under its id, and these have its identity or its marker: the item under a new id, or copies of it.
    Elsewhere {
        /// The items; they may be partial.
        found: Vec<Seen>,
    },
    /// Certainly gone: "item not found" while its folder answers, or in Deleted Items.
    Gone,
    /// It cannot be told: its folder or the mailbox does not answer.
    Unknown(Fault),
}

/// A side.
pub trait Side {
    /// Which one.
    fn id(&self) -> SideId;

    /// What an id is one of, as far as the id tells.
    fn kind_of(&self, _id: &str) -> Kind {
        Kind::Appointment
    }

    /// The folders there are.
    fn folders(&self) -> Ask<'_, Result<Listing, Fault>>;

    /// The feeds of a folder, which together show everything from a first day on. `known` are those that exist already.
    fn feeds(&self, folder: &str, from: NaiveDate, today: NaiveDate, known: &[Feed]) -> Vec<Feed>;

    /// The feed that lists all of a folder in each run, in place of one whose changes the server does not tell.
    fn listed(&self, _feed: &Feed) -> Option<Feed> {
        None
    }

    /// The next page of a feed. `size` is the wanted number of items.
    fn pull<'a>(&'a self, feed: &'a Feed, from: &From, size: u32) -> Ask<'a, Result<Page, Fault>>;

    /// Items by id, in batches. As many results as ids, in their order.
    fn read<'a>(&'a self, ids: &[String]) -> Ask<'a, Vec<Result<Found, Fault>>>;

    /// Carries out writes, in batches; each on its own. As many results as writes, in their order.
    fn write<'a>(&'a self, writes: &[Write]) -> Ask<'a, Vec<Result<Written, Fault>>>;

    /// How many items a page of its feeds should have.
    fn page(&self) -> u32 {
        50
    }

    /// Its feeds do not tell that an item has gone which they have not shown since it was made.
    fn forgets_unshown(&self) -> bool {
        false
    }

    /// An item that is moved to another folder has another id there, also an appointment.
    fn renames_moved(&self) -> bool {
        false
    }

    /// It deletes whatever is there, also what was edited since the version that was decided about.
    fn deletes_unseen(&self) -> bool {
        false
    }

    /// How many items one call of `write` should get, so that a crash in between leaves little to settle.
    fn chunk(&self) -> usize;

    /// What the side would hold, and give back, if it were given this value: its limits and its lossy fields. `current`
    /// is the item it would be written to.
    fn conform(&self, unit: Unit, value: &Value, current: Option<&Seen>) -> Value;

    /// An item of this side as if it were of that kind: what the merge compares while "show in calendar" has been changed
    /// and the item has not followed yet.
    fn viewed(&self, seen: &Seen, _kind: Kind) -> Seen {
        seen.clone()
    }

    /// The items that carry one of these markers, in these folders; they may be partial.
    fn find_marked<'a>(&'a self, markers: &[Marker], folders: &[String]) -> Ask<'a, Result<Vec<Seen>, Fault>>;

    /// The same for several at once: as many results as searches, in their order.
    fn find_each<'a>(&'a self, searches: &[Search]) -> Ask<'a, Vec<Result<Vec<Seen>, Fault>>> {
        Ask::all(searches.iter().map(|search| self.find_marked(&search.markers, &search.folders)).collect())
    }

    /// A page of all items of a folder that carry a marker of ours. `cursor` is empty for the first.
    fn marked<'a>(&'a self, folder: &'a str, cursor: &str) -> Ask<'a, Result<Marked, Fault>>;

    /// Folders of what was deleted, where markers can be listed in them: an item that was deleted has another id there.
    fn bins(&self) -> Ask<'_, Result<Vec<String>, Fault>> {
        Ask::ready(Ok(Vec::new()))
    }

    /// Where an item that was read by its id carries its marker; none where it has none, or where that cannot be told so.
    fn mark_of(&self, seen: &Seen) -> Option<Mark>;

    /// Takes markers off, in batches; nobody is told of it. As many results as marks, in their order: the version after it.
    fn unmark<'a>(&'a self, marks: &[Mark]) -> Ask<'a, Vec<Result<String, Fault>>>;

    /// Looks for items whose ids are not known in every folder of their kind: by identity and marker, and a task without
    /// either as the only one that holds all that it held.
    fn sought<'a>(&'a self, items: &[(Kind, Lost)], _folders: &[String]) -> Ask<'a, Vec<Whereabouts>> {
        Ask::ready(items.iter().map(|_| Whereabouts::Unknown(Fault::Garbled("it has no such items".into()))).collect())
    }

    /// Finds out whether items exist, by id, and by identity and marker in every folder.
    fn whereabouts<'a>(&'a self, items: &[Lost], folders: &[String]) -> Ask<'a, Vec<Whereabouts>>;
}

/// What to look for by markers, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// One of these.
    pub markers: Vec<Marker>,
    /// In these folders.
    pub folders: Vec<String>,
}

/// A page of marked items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// Where the markers are.
    pub items: Vec<Mark>,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}

/// A marker of ours where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Id of the item.
    pub item: String,
    /// What of the item carries it, where the marker is a thing of its own.
    pub part: Option<String>,
    /// What it says.
    pub marker: String,
    /// The item's title.
    pub title: String,
    /// The version on which alone it is taken off; empty for any.
    pub version: String,
}

/// An item to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The id it had.
    pub id: String,
    /// Folder it was in.
    pub folder: String,
    /// Its meeting identity.
    pub identity: Option<String>,
    /// Its marker.
    pub marker: Option<Marker>,
    /// Its title, as far as that is known.
    pub title: String,
    /// What it held when it was last in step: by that a task is known in another list, where it has another id.
    pub bases: Bases,
}

impl Lost {
    /// The item of a link of the account whose markers carry this mailbox id.
    #[must_use]
    pub fn of(link: &Link, mailbox: Uuid) -> Self {
        Self {
            id: link.mailbox.id.clone(),
            folder: link.folder.clone(),
            identity: link.identity.clone(),
            marker: link.marker(mailbox),
            title: link.title.clone(),
            bases: link.mailbox.bases.clone(),
        }
    }
}
