//! What a plan consists of.

use super::Pair;
use crate::activity::{Kind, SideId, Unit, Value, Values};
use crate::digest::Digest;
use crate::link::{LinkState, Origin};
use crate::reason::Reason;
use crate::report::Action;
use std::collections::BTreeMap;
use uuid::Uuid;

/// One unit of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitWrite {
    /// What the target holds.
    pub before: Option<Value>,
    /// What is written, in the form that the target keeps.
    pub after: Value,
    /// Digest of the source's value that this decision used; none where there is no source.
    pub source: Option<Digest>,
    /// The target's own change is lost.
    pub conflict: bool,
}

/// An intended write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Id, the same in every run that intends the same.
    pub id: String,
    /// What it does.
    pub action: Action,
    /// Where.
    pub target: SideId,
    /// What it writes.
    pub units: BTreeMap<Unit, UnitWrite>,
    /// Why.
    pub reason: Reason,
    /// What the code cannot say.
    pub detail: String,
    /// Why it is held, if it is.
    pub held: Option<Reason>,
}

impl Operation {
    /// An operation on a pair.
    #[must_use]
    pub fn new(pair: &Pair, action: Action, target: SideId, units: BTreeMap<Unit, UnitWrite>, reason: Reason) -> Self {
        let values: BTreeMap<Unit, Digest> = units.iter().map(|(unit, write)| (*unit, write.after.digest())).collect();
        let item = pair.mailbox.here().map(|seen| seen.id.as_str());
        // Ids of items that the operation makes are not known beforehand.
        let item = if action == Action::Create { None } else { item };
        let id = Self::id_of(action, target, pair.activity, item, &values);
        Self { id, action, target, units, reason, detail: String::new(), held: None }
    }

    /// The id of what is intended, the same in every run that intends the same.
    #[must_use]
    pub fn id_of(
        action: Action,
        target: SideId,
        activity: Uuid,
        item: Option<&str>,
        values: &BTreeMap<Unit, Digest>,
    ) -> String {
        Digest::of(&(action, target, activity, item, values)).short().to_owned()
    }

    /// It makes an item in the mailbox.
    #[must_use]
    pub fn makes_item(&self) -> bool {
        self.action.makes() && self.target == SideId::Mailbox
    }

    /// It takes something away from a user.
    #[must_use]
    pub const fn removes(&self) -> bool {
        matches!(self.action, Action::Delete | Action::Cancel)
    }

    /// The kind that its values are of, where they tell.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.units.values().find_map(|write| match write.after {
            Value::When(_) | Value::Reminder(_) => Some(Kind::Appointment),
            Value::Days(_) | Value::Status(_) | Value::RemindAt(_) => Some(Kind::Task),
            _ => None,
        })
    }

    /// The values to write.
    #[must_use]
    pub fn values(&self) -> Values {
        self.units.iter().map(|(unit, write)| (*unit, write.after.clone())).collect()
    }
}

/// Something that is not written, but that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The side it is about.
    pub side: SideId,
    /// Units that differ, with the values of Creatio and of the mailbox.
    pub units: Vec<(Unit, Value, Value)>,
}

/// What to do about a pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Writes.
    pub operations: Vec<Operation>,
    /// Units whose current values become the bases of both sides.
    pub rebase: Vec<Unit>,
    /// State of the link when the operations are done.
    pub state: Option<LinkState>,
    /// How the pair comes to be, where it is new.
    pub origin: Option<Origin>,
    /// What to tell.
    pub notes: Vec<Note>,
    /// The pair is not to be linked: it is left alone, for this reason.
    pub leave: Option<Reason>,
    /// The item is gone or cancelled: the removals stage decides.
    pub gone: Option<(SideId, Reason)>,
    /// Once the operations are done the pair has to be looked at again.
    pub again: bool,
    /// The item is back and its activity does not show: it is looked for some times, then the pair has lost that side.
    pub waits: bool,
    /// It is the removals stage's decision about a side that is gone.
    pub removal: Option<SideId>,
}

impl Plan {
    /// Leaves an unlinked item alone.
    #[must_use]
    pub fn leave(reason: Reason) -> Self {
        Self { leave: Some(reason), ..Self::default() }
    }
}
