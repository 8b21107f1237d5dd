//! The inverse of a run, for one pair: planned from before-images, which every operation leaves behind. Pure, as any plan:
//! what was changed since the run stays as it is and is told.

use crate::activity::{Kind, Seen, SideId, State, Status, Unit, Value};
use crate::digest::Digest;
use crate::link::{Link, LinkState};
use crate::plan::{self, End, Frame, Operation, Pair, Plan, UnitWrite};
use crate::reason::Reason;
use crate::report::Action;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One unit of a before-image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    /// What the side held; none of what was made, and of texts that a policy hides.
    pub before: Option<Value>,
    /// Digest of what was written; none of what was deleted.
    pub written: Option<Digest>,
}

/// What one operation replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The pair.
    pub activity: Uuid,
    /// The side that was written to.
    pub side: SideId,
    /// What was done.
    pub action: Action,
    /// The order of the run's writes.
    pub number: u32,
    /// When the run began.
    pub at: DateTime<Utc>,
    /// The units that were written, or all of what was deleted.
    pub units: BTreeMap<Unit, Was>,
    /// What the side called the version that was written; empty where that is not known for certain.
    pub version: String,
    /// What was deleted had attendees.
    pub attended: bool,
    /// What was deleted had the account's contact as its owner.
    pub owned: bool,
}

/// Why many operations at once wait for a person's yes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guards {
    /// Holds what removes.
    pub removals: Option<Reason>,
    /// Holds what is made anew.
    pub creations: Option<Reason>,
}

/// An operation that would undo something and must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The operation.
    pub operation: Operation,
    /// Why it is not carried out.
    pub reason: Reason,
}

/// How to undo what a run did to one pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inverse {
    /// Writes, and the link's state after them.
    pub plan: Plan,
    /// What stays as it is.
    pub left: Vec<Left>,
}

impl Inverse {
    fn leave(&mut self, operation: Operation, reason: Reason, detail: impl Into<String>) {
        self.left.push(Left { operation: Operation { detail: detail.into(), ..operation }, reason });
    }
}

/// All that a run did to one side of a pair, as one change.
struct Change<'a> {
    existed: bool,
    exists: bool,
    last: &'a Image,
    units: BTreeMap<Unit, Was>,
}

/// Takes the images of one side together. A value is followed back only as far as each write found what the one before it
/// had written: what came between them was not the run's.
fn change(images: &[Image], side: SideId) -> Option<Change<'_>> {
    let mut images: Vec<&Image> = images.iter().filter(|image| image.side == side).collect();
    images.sort_by_key(|image| image.number);
    let (first, last) = (images.first()?, images.last()?);
    let mut units: BTreeMap<Unit, Was> = BTreeMap::new();
    for image in images.iter().rev() {
        for (unit, was) in &image.units {
            let Some(later) = units.get_mut(unit) else {
                units.insert(*unit, was.clone());
                continue;
            };
            if later.before.as_ref().map(Value::digest) == was.written {
                later.before.clone_from(&was.before);
            }
        }
    }
    Some(Change { existed: first.action != Action::Create, exists: last.action != Action::Delete, last, units })
}

/// Plans the inverse of what these images tell.
#[must_use]
pub fn plan(pair: &Pair, images: &[Image], frame: &Frame, guards: Guards) -> Inverse {
    let mut inverse = Inverse::default();
    for side in [SideId::Creatio, SideId::Mailbox] {
        let Some(change) = change(images, side) else { continue };
        if images.iter().any(|image| image.side == side && image.action == Action::Convert) {
            let operation = Operation::new(pair, Action::Skip, side, BTreeMap::new(), Reason::Undone);
            let text = "It became a task, or a meeting: set \"show in calendar\" back, and it turns again.";
            inverse.leave(operation, Reason::NotRestorable, text);
            continue;
        }
        let Some(link) = &pair.link else {
            let operation = Operation::new(pair, Action::Skip, side, BTreeMap::new(), Reason::Undone);
            inverse.leave(operation, Reason::ChangedSince, "The pair is not linked any more.");
            continue;
        };
        match (change.existed, change.exists, pair.end(side)) {
            (false, true, End::Here(seen)) => remove(pair, link, &change, seen, frame, guards, &mut inverse),
            (true, false, End::Absent | End::None) => make_again(pair, link, &change, frame, guards, &mut inverse),
            (true, true, End::Here(seen)) => write_back(pair, link, &change, seen, frame, &mut inverse),
            (true, true, End::Absent | End::None) => {
                let operation = Operation::new(pair, Action::Update, side, BTreeMap::new(), Reason::Undone);
                inverse.leave(operation, Reason::ChangedSince, "It is not there any more.");
            }
            // As it was before the run.
            (false, true, End::Absent | End::None) | (true, false, End::Here(_)) | (false, false, _) => {}
        }
    }
    if pair.follower {
        let operations = std::mem::take(&mut inverse.plan.operations);
        for operation in operations {
            inverse.leave(operation, Reason::DecidedElsewhere, "");
        }
    }
    inverse.plan.state = state_after(pair, &inverse.plan.operations);
    inverse
}

/// It brings something into being, or takes it away.
#[must_use]
pub const fn of_life(action: Action) -> bool {
    matches!(action, Action::Create | Action::Delete | Action::Cancel | Action::Restore)
}

/// What was brought back with both sides is followed again. Otherwise what is left stays known and unlinked, so that it is
/// neither imported nor exported once more.
fn state_after(pair: &Pair, operations: &[Operation]) -> Option<LinkState> {
    if !operations.iter().any(|operation| of_life(operation.action)) {
        return None;
    }
    let there = |side: SideId| {
        let operation = operations.iter().find(|operation| operation.target == side && of_life(operation.action));
        match operation.map(|operation| operation.action) {
            Some(Action::Create) => true,
            Some(Action::Delete) => false,
            _ => pair.end(side).here().is_some(),
        }
    };
    let cancels = operations.iter().any(|operation| operation.action == Action::Cancel);
    let handed_over = pair.link.as_ref().zip(pair.creatio.here()).is_some_and(|(link, seen)| link.handed_over(seen));
    Some(match (there(SideId::Creatio), there(SideId::Mailbox)) {
        // It would leave again with the next sync.
        (true, true) if handed_over => LinkState::Ended { gone: SideId::Creatio, cancelled: false },
        (true, true) if !cancels => LinkState::Active,
        (false, _) => LinkState::Ended { gone: SideId::Creatio, cancelled: false },
        (true, _) => LinkState::Ended { gone: SideId::Mailbox, cancelled: false },
    })
}

/// The side still holds what was written, or the form of it that the server keeps and that was accepted.
fn still(link: &Link, side: SideId, unit: Unit, written: Option<&Digest>, value: &Value) -> bool {
    let Some(written) = written else { return false };
    let now = value.digest();
    let own_form = || {
        link.end(side).bases.get(&unit) == Some(&now)
            && link
                .normalised
                .iter()
                .any(|form| form.side == side && form.unit == unit && form.sent == *written && form.read == now)
    };
    now == *written || own_form()
}

/// What was made is removed, if nobody has edited it.
fn remove(
    pair: &Pair,
    link: &Link,
    change: &Change,
    seen: &Seen,
    frame: &Frame,
    guards: Guards,
    inverse: &mut Inverse,
) {
    let side = change.last.side;
    let mut operation = Operation::new(pair, Action::Delete, side, BTreeMap::new(), Reason::Undone);
    let as_made = seen.values.iter().all(|(unit, value)| match change.units.get(unit) {
        Some(was) => still(link, side, *unit, was.written.as_ref(), value),
        None => value.is_empty(),
    });
    // A deletion in Creatio is for good, so there a change of what the sync does not know counts as well.
    let untouched = side == SideId::Mailbox || (!seen.version.is_empty() && seen.version == change.last.version);
    if !as_made || !untouched || seen.state != State::Open {
        inverse.leave(operation, Reason::ChangedSince, "");
        return;
    }
    if !seen.attendees.is_empty() {
        inverse.leave(operation, Reason::WouldNotify, seen.attendees.join(", "));
        return;
    }
    let read_only = seen.folder.as_ref().is_some_and(|folder| frame.read_only.contains(folder));
    operation.held = read_only.then_some(Reason::FolderReadOnly).or(guards.removals);
    inverse.plan.operations.push(operation);
}

/// What was deleted is made again: an activity with its own id, an item as a new generation.
fn make_again(pair: &Pair, link: &Link, change: &Change, frame: &Frame, guards: Guards, inverse: &mut Inverse) {
    let side = change.last.side;
    let other = side.other();
    let mut units: BTreeMap<Unit, UnitWrite> = BTreeMap::new();
    let mut hidden = false;
    for (unit, was) in &change.units {
        let Some(value) = &was.before else {
            hidden = true;
            continue;
        };
        if *unit == Unit::State && *value == Value::State(State::Open) {
            continue;
        }
        units.insert(*unit, unit_write(None, value, link, other, *unit, pair.end(other)));
    }
    let start = match change.units.get(&Unit::When).and_then(|was| was.before.as_ref()) {
        Some(Value::When(when)) => Some(when.start),
        _ => None,
    };
    if let (Some(start), Some(write)) = (start, units.get_mut(&Unit::Reminder)) {
        write.after = plan::reminder_to_come(write.after.clone(), start, frame.now);
    }
    let mut operation = Operation::new(pair, Action::Create, side, units, Reason::Undone);
    if link.active() {
        // A later run has brought it back, and somebody has deleted it again.
        inverse.leave(operation, Reason::ChangedSince, "It is not there any more.");
        return;
    }
    if hidden {
        inverse.leave(operation, Reason::MaskedPrivate, "");
        return;
    }
    if change.last.attended {
        inverse.leave(operation, Reason::NotRestorable, "It had attendees, whom a new one would not have.");
        return;
    }
    if side == SideId::Creatio && !change.last.owned {
        inverse.leave(operation, Reason::NotRestorable, "It belonged to somebody else.");
        return;
    }
    let kind = operation.kind().unwrap_or(Kind::Appointment);
    let read_only = side == SideId::Mailbox && frame.read_only.iter().any(|folder| folder == frame.targets.of(kind));
    operation.held = read_only.then_some(Reason::FolderReadOnly).or(guards.creations);
    inverse.plan.operations.push(operation);
}

/// What was changed gets its value back, unit by unit, where it is still what the run wrote.
fn write_back(pair: &Pair, link: &Link, change: &Change, seen: &Seen, frame: &Frame, inverse: &mut Inverse) {
    let side = change.last.side;
    let other = side.other();
    let mut writes: BTreeMap<Unit, UnitWrite> = BTreeMap::new();
    let mut since: BTreeMap<Unit, UnitWrite> = BTreeMap::new();
    let mut hidden = false;
    for (unit, was) in &change.units {
        let state = seen.standing();
        let now = if *unit == Unit::State { Some(&state) } else { seen.values.get(unit) };
        let Some(before) = &was.before else {
            // What was made in this run has no value to go back to, and is not written back but removed.
            hidden = true;
            continue;
        };
        let Some(now) = now.filter(|now| *now != before) else { continue };
        let write = unit_write(Some(now), before, link, other, *unit, pair.end(other));
        let kept = still(link, side, *unit, was.written.as_ref(), now);
        if kept { &mut writes } else { &mut since }.insert(*unit, write);
    }
    let update = |units| Operation::new(pair, Action::Update, side, units, Reason::Undone);
    if !since.is_empty() {
        inverse.leave(update(since), Reason::ChangedSince, "");
    }
    if hidden {
        inverse.leave(update(BTreeMap::new()), Reason::MaskedPrivate, "");
    }
    // The status of a task is a unit like the others, unless it was cancelled because its item went.
    let life = of_life(change.last.action);
    let apart = writes.get(&Unit::State).is_some_and(|write| life || matches!(write.after, Value::State(_)));
    if let Some(state) = if apart { writes.remove(&Unit::State) } else { None } {
        let cancelled = [Value::State(State::Cancelled), Value::Status(Status::Cancelled)];
        let action = if cancelled.contains(&state.after) { Action::Cancel } else { Action::Restore };
        let units = BTreeMap::from([(Unit::State, state)]);
        inverse.plan.operations.push(Operation::new(pair, action, side, units, Reason::Undone));
    }
    match side {
        SideId::Creatio if writes.is_empty() => {}
        SideId::Creatio => inverse.plan.operations.push(update(writes)),
        SideId::Mailbox => inverse.plan.operations.extend(plan::gated(pair, seen, writes, Reason::Undone, frame)),
    }
}

/// The other side's base stays what it is, so that an edit there that was not synchronised yet still travels; only where
/// there is none, what the side holds becomes it, or the undone value would come straight back.
fn unit_write(
    now: Option<&Value>,
    before: &Value,
    link: &Link,
    other: SideId,
    unit: Unit,
    other_end: &End,
) -> UnitWrite {
    let based = link.end(other).bases.contains_key(&unit);
    let held = other_end.here().and_then(|seen| seen.values.get(&unit));
    let source = held.filter(|_| !based).map(Value::digest);
    UnitWrite { before: now.cloned(), after: before.clone(), source, conflict: false }
}
