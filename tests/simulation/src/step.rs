//! What can happen in a world. A step names items by the order of their creation and carries its own values, so that a
//! history stays meaningful when steps are dropped from it: what cannot be done is not done.

use crate::choice::Choice;
use guest::activity::{SideId, Unit};
use guest::run::Direction;
use scenarios::storage::StorageFault;
use scenarios::switch::Cut;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An account of the tenant, by number; the first is 0.
pub type Who = u8;

/// Names of the accounts' users.
pub const NAMES: [&str; 3] = ["Eugene", "Anna", "Boris"];

/// A user's name.
#[must_use]
pub fn name(who: Who) -> &'static str {
    NAMES[usize::from(who)]
}

/// Where people work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Creatio.
    Creatio,
    /// The mailbox of this account.
    Mailbox(Who),
}

/// Something that a person does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Makes an item; its title begins with its name for ever.
    Create {
        /// Where.
        side: SideId,
        /// Whose.
        who: Who,
        /// Which.
        item: u32,
        /// In the second calendar (mailbox only).
        projects: bool,
        /// With somebody from elsewhere (mailbox only).
        guests: bool,
        /// With other accounts' users: invited in the mailbox, participants in Creatio.
        with: Vec<Who>,
    },
    /// Makes the same item on both sides.
    CreateBoth {
        /// Whose.
        who: Who,
        /// Which.
        item: u32,
    },
    /// Somebody from elsewhere invites these accounts' users.
    Invite {
        /// Which.
        item: u32,
        /// Who is invited.
        with: Vec<Who>,
    },
    /// Changes a unit; the number makes the value one of its kind.
    Edit {
        /// Where.
        at: Place,
        /// Which.
        item: u32,
        /// What.
        unit: Unit,
        /// The value.
        number: u32,
    },
    /// Moves an item to the other calendar.
    Move {
        /// Whose.
        who: Who,
        /// Which.
        item: u32,
        /// To the second one.
        projects: bool,
    },
    /// Deletes an item.
    Delete {
        /// Where.
        at: Place,
        /// Which.
        item: u32,
    },
    /// Brings an item of a mailbox back from Deleted Items.
    Restore {
        /// Whose.
        who: Who,
        /// Which.
        item: u32,
    },
    /// Gives an activity to another account's user.
    HandOver {
        /// Which.
        item: u32,
        /// To whom.
        to: Who,
    },
    /// Takes another account's user out of an activity.
    TakeOut {
        /// Which.
        item: u32,
        /// Whom.
        who: Who,
    },
    /// Takes the right to see an activity away from the sync's user, or gives it back.
    Hide {
        /// Which.
        item: u32,
        /// Away.
        hidden: bool,
    },
    /// A retention policy takes the oldest items out of a calendar.
    Nibble {
        /// Whose.
        who: Who,
        /// How many.
        number: u32,
        /// Of the second calendar.
        projects: bool,
        /// For good: not even Deleted Items have them.
        purged: bool,
    },
    /// Another program copies an item of a mailbox.
    CopyItem {
        /// Whose.
        who: Who,
        /// Which.
        item: u32,
        /// Into the second calendar.
        projects: bool,
        /// With the sync's own property.
        marked: bool,
    },
    /// Another program copies an activity.
    CopyActivity {
        /// Which.
        item: u32,
    },
    /// Makes a task.
    CreateTask {
        /// Where.
        side: SideId,
        /// Whose.
        who: Who,
        /// Which.
        item: u32,
        /// In the second list (mailbox only).
        errands: bool,
    },
    /// Turns "show in calendar" of an activity.
    Flip {
        /// Which.
        item: u32,
    },
    /// Puts an activity into the group.
    Join {
        /// Which.
        item: u32,
    },
    /// Takes an activity out of the group.
    Leave {
        /// Which.
        item: u32,
    },
    /// Takes everything out of the group.
    EmptyGroup,
}

/// What goes wrong during a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// The power goes.
    Power(Cut),
    /// A scripted fault of the emulators, as JSON.
    Fault(String),
    /// Somebody acts just before the first request whose body holds this.
    Meanwhile(String, Deed),
    /// A run of this account begins at this step of the run: a second one, or one beside it.
    Beside(Who, u32),
    /// The host stands still.
    Pause {
        /// Before it sends for this time, counted from 0.
        before: u32,
        /// For so many minutes.
        minutes: u64,
        /// Another host runs for the account then.
        another: bool,
    },
    /// The storage fails.
    Storage(StorageFault),
    /// The run may last so many milliseconds.
    Time(u64),
}

/// A step of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A person acts.
    Deed(Deed),
    /// Minutes pass.
    Pass(u64),
    /// A run of an account.
    Run(Who, Direction, Vec<Trouble>),
    /// Somebody copies the storage.
    Backup,
    /// The storage is replaced by that copy.
    GoBack,
    /// Creatio's rights are taken away, or given back.
    Rights(bool),
    /// A mailbox refuses, or answers again.
    Mailbox(Who, bool),
    /// The second calendar of an account is ticked for import, or not.
    Ticked(Who, bool),
    /// Graph forgets how far the feeds were read.
    Forget(String),
    /// A service's clock shows so many minutes more than the host's from now on.
    Clock(SideId, i64),
    /// A service behaves differently from now on: its knobs, as JSON.
    Knobs(SideId, String),
    /// Every sign-in expires.
    SignedOut,
    /// A setting of an account changes.
    Choose(Who, Choice),
    /// The last run of an account is undone.
    Undo(Who),
    /// An account is forgotten, with the items that the sync made or without; the power may go once.
    ForgetAccount(Who, bool, Option<Cut>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Creatio => f.write_str("Creatio"),
            Self::Mailbox(who) => write!(f, "{}'s mailbox", name(*who)),
        }
    }
}

fn calendar(who: Who, projects: bool) -> String {
    format!("{} calendar of {}", if projects { "second" } else { "first" }, name(who))
}

fn list(with: &[Who]) -> String {
    with.iter().map(|who| name(*who)).collect::<Vec<_>>().join(" and ")
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { side, who, item, projects, guests, with } => write!(
                f,
                "T{item:03} is made by {} in {}{}{}{}",
                name(*who),
                side.code(),
                if *projects { ", in the second calendar" } else { "" },
                if *guests { ", with guests" } else { "" },
                if with.is_empty() { String::new() } else { format!(", with {}", list(with)) }
            ),
            Self::CreateBoth { who, item } => write!(f, "T{item:03} is made by {} on both sides", name(*who)),
            Self::Invite { item, with } => write!(f, "T{item:03}: somebody invites {}", list(with)),
            Self::Edit { at, item, unit, number } => {
                write!(f, "{} of T{item:03} is changed in {at} to number {number}", unit.code())
            }
            Self::Move { who, item, projects } => {
                write!(f, "T{item:03} is moved to the {}", calendar(*who, *projects))
            }
            Self::Delete { at, item } => write!(f, "T{item:03} is deleted in {at}"),
            Self::Restore { who, item } => write!(f, "T{item:03} is brought back by {} from Deleted Items", name(*who)),
            Self::HandOver { item, to } => write!(f, "T{item:03} is given to {} in Creatio", name(*to)),
            Self::TakeOut { item, who } => write!(f, "{} is taken out of T{item:03} in Creatio", name(*who)),
            Self::Hide { item, hidden: true } => write!(f, "the activity of T{item:03} is hidden from the sync"),
            Self::Hide { item, hidden: false } => write!(f, "the activity of T{item:03} is shown to the sync again"),
            Self::Nibble { who, number, projects, purged } => {
                let for_good = if *purged { " for good" } else { "" };
                write!(f, "retention takes the oldest {number} of the {}{for_good}", calendar(*who, *projects))
            }
            Self::CopyItem { who, item, projects, marked } => {
                let with = if *marked { "with" } else { "without" };
                write!(f, "another program copies T{item:03} into the {}, ", calendar(*who, *projects))?;
                write!(f, "{with} the sync's property")
            }
            Self::CopyActivity { item } => write!(f, "another program copies the activity of T{item:03}"),
            Self::CreateTask { side, who, item, errands } => write!(
                f,
                "T{item:03} is made by {} in {} as a task{}",
                name(*who),
                side.code(),
                if *errands { ", in the second list" } else { "" }
            ),
            Self::Flip { item } => write!(f, "\"show in calendar\" of T{item:03} is turned"),
            Self::Join { item } => write!(f, "T{item:03} comes into the group"),
            Self::Leave { item } => write!(f, "T{item:03} leaves the group"),
            Self::EmptyGroup => f.write_str("the group is emptied"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Power(cut) => write!(f, "the power goes: {cut:?}"),
            Self::Fault(fault) => write!(f, "fault {fault}"),
            Self::Meanwhile(text, deed) => write!(f, "just before a request with {text}: {deed}"),
            Self::Beside(who, step) => write!(f, "a run of {} begins at step {step}", name(*who)),
            Self::Pause { before, minutes, another } => {
                let meanwhile = if *another { ", and another host runs" } else { "" };
                write!(f, "the host stands still before sending number {before} for {minutes} minutes{meanwhile}")
            }
            Self::Storage(fault) => write!(f, "the storage fails: {fault:?}"),
            Self::Time(most) => write!(f, "it may last {most} ms"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deed(deed) => deed.fmt(f),
            Self::Pass(minutes) => write!(f, "{minutes} minutes pass"),
            Self::Run(who, direction, troubles) => {
                write!(f, "RUN of {}, {direction:?}", name(*who))?;
                troubles.iter().try_for_each(|trouble| write!(f, "; {trouble}"))
            }
            Self::Backup => f.write_str("the storage is copied"),
            Self::GoBack => f.write_str("the storage goes back to the copy"),
            Self::Rights(true) => f.write_str("Creatio's rights are given back"),
            Self::Rights(false) => f.write_str("Creatio's rights are taken away"),
            Self::Mailbox(who, true) => write!(f, "{} answers again", Place::Mailbox(*who)),
            Self::Mailbox(who, false) => write!(f, "{} refuses", Place::Mailbox(*who)),
            Self::Ticked(who, true) => write!(f, "the second calendar of {} is ticked", name(*who)),
            Self::Ticked(who, false) => write!(f, "the second calendar of {} is unticked", name(*who)),
            Self::Forget(kind) => write!(f, "Graph forgets its feeds ({kind})"),
            Self::Clock(side, minutes) => {
                write!(f, "the clock of {} shows {minutes} minutes more than the host's", side.code())
            }
            Self::Knobs(side, values) => write!(f, "{} behaves so from now on: {values}", side.code()),
            Self::SignedOut => f.write_str("every sign-in expires"),
            Self::Choose(who, choice) => write!(f, "of {}: {choice}", name(*who)),
            Self::Undo(who) => write!(f, "UNDO of {}'s last run", name(*who)),
            Self::ForgetAccount(who, items, cut) => {
                let items = if *items { " with its items" } else { "" };
                write!(f, "FORGET {}{items}", name(*who))?;
                cut.iter().try_for_each(|cut| write!(f, "; the power goes: {cut:?}"))
            }
        }
    }
}
