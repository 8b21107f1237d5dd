//! Plans for what has no link yet: to be linked, imported, exported or left alone.

use super::linked::reopened;
use super::{End, Frame, Note, Operation, Pair, Plan, UnitWrite, merge_units, side};
use crate::activity::{Kind, Seen, SideId, State, Status, Unit, Value};
use crate::link::{LinkState, Origin};
use crate::reason::Reason;
use crate::report::Action;
use crate::time;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A task that has been overdue for longer is not worth a place in the mailbox.
pub const OVERDUE_DAYS: u64 = 30;

pub(super) fn unlinked(pair: &Pair, frame: &Frame) -> Plan {
    match (&pair.mailbox, &pair.creatio) {
        (End::Here(item), End::Here(activity)) => {
            if let Some(reason) = item.left_alone.or(activity.left_alone) {
                return Plan::leave(reason);
            }
            if item.state == State::Cancelled && activity.state == State::Cancelled {
                // A meeting that was seen before its organizer cancelled it, and is over on both sides by now.
                return Plan::leave(Reason::CancelledByOrganizer);
            }
            let marked = item.marker.is_some();
            if item.kind != activity.kind && !marked {
                return Plan::leave(Reason::KindChanged);
            }
            if !marked && not_importable(item, frame) == Some(Reason::LeftScope) {
                // They belong together, and the calendar is not to be imported.
                let note =
                    Note { action: Action::Park, reason: Reason::LeftScope, side: SideId::Mailbox, units: Vec::new() };
                return Plan {
                    origin: Some(Origin::Adopted),
                    state: Some(LinkState::Parked),
                    notes: vec![note],
                    ..Plan::default()
                };
            }
            let mut plan = Plan {
                origin: Some(if marked { Origin::Exported } else { Origin::Adopted }),
                state: Some(LinkState::Active),
                ..Plan::default()
            };
            let viewed = frame.creatio.viewed(activity, item.kind);
            // "Show in calendar" was changed while nothing was remembered: the item follows when the pair is linked.
            plan.again = item.kind != activity.kind;
            if pair.forsaken && viewed.state == State::Cancelled && frame.settings.ever_writes(SideId::Creatio) {
                plan.operations.push(reopened(pair, item, &viewed, frame));
            }
            merge_units(pair, None, item, &viewed, frame, &mut plan);
            let reason = if plan.notes.is_empty() { Reason::SamePair } else { Reason::AdoptedDifferent };
            if plan.notes.is_empty() {
                plan.notes.push(Note { action: Action::Adopt, reason, side: SideId::Mailbox, units: Vec::new() });
            }
            plan
        }
        (End::Here(item), End::Absent | End::None) => import(pair, item, frame),
        (End::Absent | End::None, End::Here(activity)) => export(pair, activity, frame),
        (End::Absent | End::None, End::Absent | End::None) => Plan::leave(Reason::Absent),
    }
}

fn import(pair: &Pair, item: &Seen, frame: &Frame) -> Plan {
    if let Some(reason) = not_importable(item, frame) {
        return Plan::leave(reason);
    }
    if item.marker.is_some() {
        let note =
            Note { action: Action::Skip, reason: Reason::MarkedOrphan, side: SideId::Mailbox, units: Vec::new() };
        return Plan { notes: vec![note], ..Plan::leave(Reason::MarkedOrphan) };
    }
    if item.state == State::Cancelled {
        return Plan::leave(Reason::CancelledByOrganizer);
    }
    let operation = create(pair, item, SideId::Creatio, Reason::NewInMailbox, frame);
    Plan {
        operations: vec![operation],
        origin: Some(Origin::Imported),
        state: Some(LinkState::Active),
        ..Plan::default()
    }
}

/// Why an item is not imported, if it is not.
#[must_use]
pub fn not_importable(item: &Seen, frame: &Frame) -> Option<Reason> {
    if let Some(reason) = item.left_alone {
        return Some(reason);
    }
    if !item.folder.as_ref().is_some_and(|folder| frame.imported.contains(folder)) {
        return Some(Reason::LeftScope);
    }
    let within = match (item.when(), item.days()) {
        (Some(when), _) => when.end >= frame.import_from,
        // What is still to be done counts from any day.
        (None, Some(days)) => {
            item.status() != Some(Status::Completed) || days.day().is_some_and(|day| day >= frame.settings.import_from)
        }
        (None, None) => false,
    };
    (!within).then_some(Reason::OutOfWindow)
}

/// Why an activity is not exported, if it is not.
#[must_use]
pub fn not_exportable(activity: &Seen, frame: &Frame) -> Option<Reason> {
    if let Some(reason) = activity.left_alone {
        return Some(reason);
    }
    if !activity.exportable || activity.state != State::Open {
        return Some(Reason::NotExported);
    }
    if activity.kind == Kind::Task && frame.targets.tasks.is_empty() {
        return Some(Reason::TasksUnavailable);
    }
    let within = match (activity.when(), activity.days()) {
        (Some(when), _) => when.end >= frame.today,
        (None, Some(days)) => {
            let oldest = time::minus_days(time::date_in(frame.settings.zone, frame.now), OVERDUE_DAYS);
            days.day().is_some_and(|day| day >= oldest)
        }
        (None, None) => false,
    };
    (!within).then_some(Reason::NotExported)
}

fn export(pair: &Pair, activity: &Seen, frame: &Frame) -> Plan {
    if let Some(reason) = not_exportable(activity, frame) {
        return Plan::leave(reason);
    }
    let mut operation = create(pair, activity, SideId::Mailbox, Reason::NewInCreatio, frame);
    operation.held = if pair.invited {
        Some(Reason::ByInvitation)
    } else if let Some(reason) = pair.lookalike {
        Some(reason)
    } else {
        let target = frame.targets.of(activity.kind);
        frame.read_only.iter().any(|folder| folder == target).then_some(Reason::FolderReadOnly)
    };
    Plan {
        operations: vec![operation],
        origin: Some(Origin::Exported),
        state: Some(LinkState::Active),
        ..Plan::default()
    }
}

/// A create out of what the other side holds.
#[must_use]
pub fn create(pair: &Pair, source: &Seen, target: SideId, reason: Reason, frame: &Frame) -> Operation {
    let side = side(target, frame);
    let mut units = BTreeMap::new();
    for unit in Unit::of(source.kind) {
        let Some(value) = source.values.get(unit) else { continue };
        let mut after = side.conform(*unit, value, None);
        match (source.when(), &after) {
            (Some(when), _) => after = reminder_to_come(after, when.start, frame.now),
            (None, Value::RemindAt(Some(at))) if *at <= frame.now => after = Value::RemindAt(None),
            (None, _) => {}
        }
        units.insert(*unit, UnitWrite { before: None, after, source: Some(value.digest()), conflict: false });
    }
    Operation::new(pair, Action::Create, target, units, reason)
}

/// A reminder of a new item; one in the past would ring at once.
#[must_use]
pub fn reminder_to_come(value: Value, start: DateTime<Utc>, now: DateTime<Utc>) -> Value {
    match value {
        Value::Reminder(Some(minutes)) if time::minutes_before(start, minutes) <= now => Value::Reminder(None),
        value => value,
    }
}
