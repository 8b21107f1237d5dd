//! What to do when "show in calendar" was changed in Creatio: the item the sync made becomes a task, or a meeting. Pure.

use crate::activity::{Seen, SideId};
use crate::link::{Link, LinkState, Origin};
use crate::plan::{Frame, Note, Operation, Pair, Plan, create, mail, merge_units};
use crate::reason::Reason;
use crate::report::Action;
use std::collections::BTreeMap;

/// Plans for a pair whose item is not of the activity's kind.
#[must_use]
pub fn plan(pair: &Pair, link: &Link, item: &Seen, activity: &Seen, frame: &Frame) -> Plan {
    if !frame.settings.exports(activity.kind) || (link.origin == Origin::Exported && !activity.grouped) {
        let note = Note { action: Action::Park, reason: Reason::KindChanged, side: SideId::Mailbox, units: Vec::new() };
        return Plan { state: Some(LinkState::Parked), notes: vec![note], ..Plan::default() };
    }
    // What the user did to the item meanwhile comes first, or it would go with it.
    let mut merged = Plan::default();
    let viewed = frame.creatio.viewed(activity, item.kind);
    merge_units(pair, Some(link), item, &viewed, frame, &mut merged);
    let taken: Vec<Operation> =
        merged.operations.iter().filter(|operation| operation.target == SideId::Creatio).cloned().collect();
    if !taken.is_empty() {
        return Plan { operations: taken, rebase: merged.rebase, notes: merged.notes, again: true, ..Plan::default() };
    }
    let mut operation = create(pair, activity, SideId::Mailbox, Reason::ShowInCalendar, frame);
    operation.action = Action::Convert;
    for (unit, write) in &mut operation.units {
        let lost =
            merged.operations.iter().filter_map(|operation| operation.units.get(unit)).find(|lost| lost.conflict);
        if let Some(lost) = lost {
            write.before.clone_from(&lost.before);
            write.conflict = true;
        }
    }
    let values: BTreeMap<_, _> = operation.units.iter().map(|(unit, write)| (*unit, write.after.digest())).collect();
    operation.id = Operation::id_of(Action::Convert, SideId::Mailbox, pair.activity, Some(&item.id), &values);
    operation.held = held(link, item, activity, frame);
    if operation.held == mail(frame.settings.policies.invitations) {
        operation.detail = item.attendees.join(", ");
    }
    Plan { operations: vec![operation], ..Plan::default() }
}

/// Why the item does not follow, if it does not.
fn held(link: &Link, item: &Seen, activity: &Seen, frame: &Frame) -> Option<Reason> {
    if link.origin != Origin::Exported || item.masked {
        return Some(Reason::KindChanged);
    }
    if !item.ours {
        return Some(Reason::NotOrganizer);
    }
    let target = frame.targets.of(activity.kind);
    if target.is_empty() {
        return Some(Reason::TasksUnavailable);
    }
    if frame.read_only.iter().any(|folder| folder == target) {
        return Some(Reason::FolderReadOnly);
    }
    if item.recurring {
        return Some(Reason::RecurringTask);
    }
    if item.attendees.is_empty() { None } else { mail(frame.settings.policies.invitations) }
}
