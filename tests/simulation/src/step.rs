//! What can happen in a world. A step names items by the order of their creation and carries its own values, so that a
//! history stays meaningful when steps are dropped from it: what cannot be done is not done.

use guest::activity::{SideId, Unit};
use guest::run::Direction;
use scenarios::switch::Cut;
use std::fmt;

/// Something that a person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Makes an item; its title begins with its name for ever.
    Create {
        /// Where.
        side: SideId,
        /// Which.
        item: u32,
        /// In the second calendar (mailbox only).
        projects: bool,
        /// With other people (mailbox only).
        guests: bool,
    },
    /// Makes the same item on both sides.
    CreateBoth {
        /// Which.
        item: u32,
    },
    /// Changes a unit; the number makes the value one of its kind.
    Edit {
        /// Where.
        side: SideId,
        /// Which.
        item: u32,
        /// What.
        unit: Unit,
        /// The value.
        number: u32,
    },
    /// Moves an item to the other calendar.
    Move {
        /// Which.
        item: u32,
        /// To the second one.
        projects: bool,
    },
    /// Deletes an item.
    Delete {
        /// Where.
        side: SideId,
        /// Which.
        item: u32,
    },
    /// Brings an item of the mailbox back from Deleted Items.
    Restore {
        /// Which.
        item: u32,
    },
}

/// What goes wrong during a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The power goes.
    Power(Cut),
    /// A scripted fault of the emulators, as JSON.
    Fault(String),
    /// Somebody acts just before the first request whose body holds this.
    Meanwhile(&'static str, Deed),
    /// A second run for the same account begins at this step of the first.
    Beside(u32),
}

/// A step of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A person acts.
    Deed(Deed),
    /// Minutes pass.
    Pass(u64),
    /// A run.
    Run(Direction, Vec<Trouble>),
    /// Somebody copies the storage.
    Backup,
    /// The storage is replaced by that copy.
    GoBack,
    /// Creatio's rights are taken away, or given back.
    Rights(bool),
    /// The mailbox refuses, or answers again.
    Mailbox(bool),
    /// The second calendar is ticked for import, or not.
    Ticked(bool),
    /// Graph forgets how far the feeds were read.
    Forget(&'static str),
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { side, item, projects, guests } => write!(
                f,
                "T{item:03} is made in {}{}{}",
                side.code(),
                if *projects { ", in the second calendar" } else { "" },
                if *guests { ", with guests" } else { "" }
            ),
            Self::CreateBoth { item } => write!(f, "T{item:03} is made on both sides"),
            Self::Edit { side, item, unit, number } => {
                write!(f, "{} of T{item:03} is changed in {} to number {number}", unit.code(), side.code())
            }
            Self::Move { item, projects } => {
                write!(f, "T{item:03} is moved to the {} calendar", if *projects { "second" } else { "first" })
            }
            Self::Delete { side, item } => write!(f, "T{item:03} is deleted in {}", side.code()),
            Self::Restore { item } => write!(f, "T{item:03} is brought back in mailbox"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Power(cut) => write!(f, "the power goes: {cut:?}"),
            Self::Fault(fault) => write!(f, "fault {fault}"),
            Self::Meanwhile(text, deed) => write!(f, "just before a request with {text}: {deed}"),
            Self::Beside(step) => write!(f, "a second run begins at step {step}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deed(deed) => deed.fmt(f),
            Self::Pass(minutes) => write!(f, "{minutes} minutes pass"),
            Self::Run(direction, troubles) => {
                write!(f, "RUN {direction:?}")?;
                troubles.iter().try_for_each(|trouble| write!(f, "; {trouble}"))
            }
            Self::Backup => f.write_str("the storage is copied"),
            Self::GoBack => f.write_str("the storage goes back to the copy"),
            Self::Rights(true) => f.write_str("Creatio's rights are given back"),
            Self::Rights(false) => f.write_str("Creatio's rights are taken away"),
            Self::Mailbox(true) => f.write_str("the mailbox answers again"),
            Self::Mailbox(false) => f.write_str("the mailbox refuses"),
            Self::Ticked(true) => f.write_str("the second calendar is ticked"),
            Self::Ticked(false) => f.write_str("the second calendar is unticked"),
            Self::Forget(kind) => write!(f, "Graph forgets its feeds ({kind})"),
        }
    }
}
