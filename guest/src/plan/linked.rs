//! Plans for pairs that are linked: followed, parked, or ended because a side is gone.

use super::{End, Frame, Note, Operation, Pair, Plan, UnitWrite, create, merge_units, not_exportable};
use crate::activity::{Kind, Seen, SideId, State, Unit, Value};
use crate::convert;
use crate::link::{Link, LinkState, Origin};
use crate::reason::Reason;
use crate::report::Action;
use std::collections::BTreeMap;

pub(super) fn active(pair: &Pair, link: &Link, frame: &Frame) -> Plan {
    let (item, activity) = match (&pair.mailbox, &pair.creatio) {
        (End::Here(item), End::Here(activity)) => (item, activity),
        (End::Absent | End::None, _) => {
            let reason = if link.adrift() { Reason::LeftBehind } else { Reason::DeletedInMailbox };
            return Plan { gone: Some((SideId::Mailbox, reason)), ..Plan::default() };
        }
        (_, End::Absent | End::None) => {
            return Plan { gone: Some((SideId::Creatio, Reason::DeletedInCreatio)), ..Plan::default() };
        }
    };
    if item.state == State::Cancelled {
        return Plan { gone: Some((SideId::Mailbox, Reason::CancelledByOrganizer)), ..Plan::default() };
    }
    if let Some(reason) = left_scope(link, item, activity, frame) {
        if reason == Reason::KindChanged {
            return convert::plan(pair, link, item, activity, frame);
        }
        return parks(reason);
    }
    let mut plan = Plan::default();
    if pair.forsaken && activity.state == State::Cancelled && frame.settings.ever_writes(SideId::Creatio) {
        plan.operations.push(reopened(pair, item, activity, frame));
    }
    merge_units(pair, Some(link), item, activity, frame, &mut plan);
    if link.handed_over(activity) {
        // What the user did to the item meanwhile comes first, or it would go with it.
        let lost = |operation: &Operation| operation.units.values().any(|write| write.conflict);
        plan.operations.retain(|operation| operation.target == SideId::Creatio || lost(operation));
        if plan.operations.is_empty() {
            return Plan { gone: Some((SideId::Creatio, Reason::HandedOver)), ..Plan::default() };
        }
        plan.again = true;
    }
    plan
}

fn parks(reason: Reason) -> Plan {
    Plan {
        state: Some(LinkState::Parked),
        notes: vec![Note { action: Action::Park, reason, side: SideId::Mailbox, units: Vec::new() }],
        ..Plan::default()
    }
}

/// A pair that lost its item after the choices had left it: it is parked as any other, and what became of it is decided
/// once they cover it again.
#[must_use]
pub fn parks_without_item(link: &Link, activity: &Seen, frame: &Frame) -> Option<Plan> {
    (!chosen(link, activity.kind, &link.folder, Some(activity), frame)).then(|| parks(Reason::LeftScope))
}

/// The same of a pair that lost its activity after its folder was ticked off.
#[must_use]
pub fn parks_without_activity(link: &Link, item: &Seen, frame: &Frame) -> Option<Plan> {
    let folder = item.folder.as_deref().unwrap_or(&link.folder);
    let imported = frame.imported.iter().any(|imported| imported == folder);
    let left = match link.origin {
        Origin::Imported => !imported,
        Origin::Adopted => !imported && !frame.settings.exports(item.kind),
        Origin::Exported => false,
    };
    left.then(|| parks(Reason::LeftScope))
}

/// Why a pair is no longer followed, if it is not.
fn left_scope(link: &Link, item: &Seen, activity: &Seen, frame: &Frame) -> Option<Reason> {
    if activity.kind != item.kind {
        return Some(Reason::KindChanged);
    }
    if let Some(reason) = item.left_alone.or(activity.left_alone) {
        return Some(reason);
    }
    let folder = item.folder.as_deref().unwrap_or(&link.folder);
    (!chosen(link, item.kind, folder, Some(activity), frame)).then_some(Reason::LeftScope)
}

/// The account's choices cover the pair: the ticks of folders what came from the mailbox, those of groups what came from
/// Creatio.
fn chosen(link: &Link, kind: Kind, folder: &str, activity: Option<&Seen>, frame: &Frame) -> bool {
    let imported = frame.imported.iter().any(|imported| imported == folder);
    let exports = frame.settings.exports(kind);
    let grouped = activity.is_some_and(|activity| activity.grouped);
    match link.origin {
        Origin::Imported => imported,
        Origin::Adopted => imported || (exports && grouped),
        // It is followed in every folder.
        Origin::Exported if exports => grouped,
        // What is not exported at all any more is followed as what it is in the mailbox.
        Origin::Exported => imported,
    }
}

/// A pair that was not followed: it is, once the choices cover it again.
pub(super) fn parked(pair: &Pair, link: &Link, frame: &Frame) -> Plan {
    let revived = Plan { state: Some(LinkState::Active), ..Plan::default() };
    match (&pair.mailbox, &pair.creatio) {
        (End::Here(item), End::Here(activity)) => match left_scope(link, item, activity, frame) {
            None => {
                let mut plan = revived;
                merge_units(pair, Some(link), item, activity, frame, &mut plan);
                plan
            }
            // "Show in calendar" was changed meanwhile: the item follows when the pair does.
            Some(Reason::KindChanged) if frame.settings.exports(activity.kind) => {
                let folder = item.folder.as_deref().unwrap_or(&link.folder);
                if chosen(link, activity.kind, folder, Some(activity), frame) {
                    Plan { again: true, ..revived }
                } else {
                    Plan::default()
                }
            }
            Some(_) => Plan::default(),
        },
        // One side went while the pair was not followed: the removals stage finds out, and decides as it always does.
        (End::Absent, End::Here(activity)) if chosen(link, activity.kind, &link.folder, Some(activity), frame) => {
            let reason = match link.origin {
                // Back in a group it is to be in the mailbox, whatever became of the item meanwhile.
                Origin::Exported if not_exportable(activity, frame).is_none() => Reason::Returned,
                _ => Reason::DeletedInMailbox,
            };
            Plan { gone: Some((SideId::Mailbox, reason)), ..revived }
        }
        (End::Here(item), End::Absent) => {
            let folder = item.folder.as_deref().unwrap_or(&link.folder);
            if link.origin != Origin::Exported && chosen(link, item.kind, folder, None, frame) {
                Plan { gone: Some((SideId::Creatio, Reason::DeletedInCreatio)), ..revived }
            } else {
                Plan::default()
            }
        }
        _ => Plan::default(),
    }
}

pub(super) fn ended(pair: &Pair, link: &Link, gone: SideId, cancelled: bool, frame: &Frame) -> Plan {
    match (&pair.mailbox, &pair.creatio) {
        // It left with the hand-over; what the user took back since is the user's own.
        (_, End::Here(activity)) if gone == SideId::Creatio && link.handed_over(activity) => Plan::default(),
        (End::Here(item), End::Here(activity)) => {
            if item.state == State::Cancelled || left_scope(link, item, activity, frame).is_some() {
                return Plan::default();
            }
            let mut plan = Plan { state: Some(LinkState::Active), ..Plan::default() };
            let mut activity = activity.clone();
            if cancelled && activity.state == State::Cancelled && frame.settings.ever_writes(SideId::Creatio) {
                let operation = reopened(pair, item, &activity, frame);
                if let Some(write @ Value::Status(_)) = operation.units.get(&Unit::State).map(|write| &write.after) {
                    // It is no edit of the user's that the status says otherwise.
                    activity.values.insert(Unit::State, write.clone());
                }
                plan.operations.push(operation);
            }
            merge_units(pair, Some(link), item, &activity, frame, &mut plan);
            plan
        }
        // The activity is back, and its item was removed because of it.
        (End::Absent | End::None, End::Here(activity))
            if gone == SideId::Creatio
                && link.origin == Origin::Exported
                && not_exportable(activity, frame).is_none()
                && frame.settings.ever_writes(SideId::Mailbox) =>
        {
            let operation = create(pair, activity, SideId::Mailbox, Reason::Returned, frame);
            Plan { operations: vec![operation], state: Some(LinkState::Active), ..Plan::default() }
        }
        // The activity is back, and meanwhile its item was deleted: the removals stage decides about it.
        (End::Absent, End::Here(_)) if gone == SideId::Creatio && link.origin != Origin::Exported => {
            Plan { state: Some(LinkState::Active), again: true, ..Plan::default() }
        }
        (End::Here(item), End::Absent) if gone == SideId::Mailbox && item.state == State::Open => {
            Plan { waits: true, ..Plan::default() }
        }
        _ => Plan::default(),
    }
}

/// Takes back that the sync cancelled an activity.
pub(super) fn reopened(pair: &Pair, item: &Seen, activity: &Seen, frame: &Frame) -> Operation {
    let units = BTreeMap::from([(Unit::State, restored(item, activity, frame))]);
    Operation::new(pair, Action::Restore, SideId::Creatio, units, Reason::Returned)
}

fn restored(item: &Seen, activity: &Seen, frame: &Frame) -> UnitWrite {
    let before = Some(activity.standing());
    match item.values.get(&Unit::State) {
        Some(status @ Value::Status(_)) => UnitWrite {
            before,
            after: frame.creatio.conform(Unit::State, status, Some(activity)),
            source: Some(status.digest()),
            conflict: false,
        },
        _ => UnitWrite { before, after: Value::State(State::Open), source: None, conflict: false },
    }
}
