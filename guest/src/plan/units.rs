//! The units of a pair, merged one by one, and what holds a write of them.

use super::{Frame, Note, Operation, Pair, Plan, UnitWrite};
use crate::activity::{Seen, SideId, Unit, Value};
use crate::creatio;
use crate::deliberate::Deliberate;
use crate::digest::Digest;
use crate::link::Link;
use crate::merge::{self, Decision, Facts, Rules};
use crate::policy::{ConflictTie, Conflicts, Invitations, Notes};
use crate::reason::Reason;
use crate::report::Action;
use crate::settings::Settings;
use chrono::Duration;
use std::collections::BTreeMap;

/// Two changes closer than this have no order that clocks of two servers could tell.
const SIMULTANEOUS: Duration = Duration::minutes(2);

/// Merges the units of a pair into its plan.
pub(crate) fn merge_units(
    pair: &Pair,
    link: Option<&Link>,
    item: &Seen,
    activity: &Seen,
    frame: &Frame,
    plan: &mut Plan,
) {
    if pair.follower {
        // Shared units are judged on the writer's link; here they only keep step.
        plan.rebase.extend(Unit::of(item.kind));
        return;
    }
    let mut to_creatio: BTreeMap<Unit, UnitWrite> = BTreeMap::new();
    let mut to_mailbox: BTreeMap<Unit, UnitWrite> = BTreeMap::new();
    let mut reasons: BTreeMap<SideId, Vec<Reason>> = BTreeMap::new();
    let mut different = Vec::new();
    // What a restored pair held is not known: nothing of it is filled or overwritten.
    let restored = link.is_some_and(|link| link.restored);
    let winner = winner(link, item, activity, frame.settings);
    for unit in Unit::of(item.kind).iter().copied() {
        let (Some(there), Some(here)) = (item.values.get(&unit), activity.values.get(&unit)) else { continue };
        let for_creatio = frame.creatio.conform(unit, there, Some(activity));
        let for_mailbox = frame.mailbox.conform(unit, here, Some(item));
        let another = unit == Unit::Place && link.is_some_and(|link| link.place_elsewhere(&frame.settings.policies));
        let base = |side: SideId| link.and_then(|link| link.end(side).bases.get(&unit)).filter(|_| !another);
        let changed = |base: Option<&Digest>, value: &Value| base.is_none_or(|base| *base != value.digest());
        let mut facts = Facts {
            mailbox_changed: changed(base(SideId::Mailbox), there),
            creatio_changed: changed(base(SideId::Creatio), here),
            creatio_unedited: unit == Unit::When
                && link.is_some_and(|link| link.creatio.version == activity.version)
                && base(SideId::Creatio).is_some_and(|base| creatio::task::elsewhere(activity, base)),
            equal: for_creatio == *here || for_mailbox == *there,
            // A site gets a column for the place, or another one: what is in it is nobody's edit.
            unknown: base(SideId::Creatio).is_none() && (base(SideId::Mailbox).is_none() || unit == Unit::Place),
            mailbox_empty: there.is_empty(),
            creatio_empty: here.is_empty(),
        };
        if Deliberate::CompareClocks.on() {
            let later = |seen: &Seen| seen.modified > link.map(|link| link.recorded);
            facts = Facts { mailbox_changed: later(item), creatio_changed: later(activity), ..facts };
        }
        let rules = Rules {
            winner,
            writes_mailbox: frame.settings.ever_writes(SideId::Mailbox),
            writes_creatio: frame.settings.ever_writes(SideId::Creatio),
            foreign: (!item.ours && unit != Unit::Reminder) || (link.is_none() && gate(unit, item, frame).is_some()),
            policy_changed: link.is_some_and(|link| link.policy != *frame.policy),
        };
        let (source, reason, conflict) = match merge::decide(facts, rules) {
            Decision::Nothing if Deliberate::WriteInStep.on() && unit == Unit::Title => {
                (SideId::Mailbox, Reason::ChangedInMailbox, false)
            }
            Decision::Nothing if Deliberate::WriteAllUnits.on() && !to_creatio.is_empty() => {
                (SideId::Mailbox, Reason::ChangedInMailbox, false)
            }
            Decision::Nothing => continue,
            Decision::Rebase => {
                plan.rebase.push(unit);
                continue;
            }
            Decision::Take(_, Reason::FilledEmpty) if restored => {
                plan.rebase.push(unit);
                different.push((unit, here.clone(), there.clone()));
                continue;
            }
            Decision::RebaseDifferent => {
                plan.rebase.push(unit);
                // That a masked text differs from the other side's own is no news.
                if !(item.masked && matches!(unit, Unit::Title | Unit::Place | Unit::Body)) {
                    different.push((unit, here.clone(), there.clone()));
                }
                continue;
            }
            Decision::Take(source, reason) => (source, reason, false),
            Decision::Conflict(source, reason) => (source, reason, true),
        };
        let (writes, before, after, from) = match source {
            SideId::Mailbox => (&mut to_creatio, here, for_creatio, there),
            SideId::Creatio => (&mut to_mailbox, there, for_mailbox, here),
        };
        let write = UnitWrite { before: Some(before.clone()), after, source: Some(from.digest()), conflict };
        writes.insert(unit, write);
        reasons.entry(source.other()).or_default().push(reason);
    }
    if !different.is_empty() {
        let note =
            Note { action: Action::Adopt, reason: Reason::AdoptedDifferent, side: SideId::Mailbox, units: different };
        plan.notes.push(note);
    }
    let reason = |side: SideId, fallback: Reason| {
        let all = reasons.get(&side).map(Vec::as_slice).unwrap_or_default();
        // What a person has to know comes before what is ordinary.
        all.iter().copied().find(|reason| !ordinary(*reason)).or_else(|| all.first().copied()).unwrap_or(fallback)
    };
    if !to_creatio.is_empty() {
        let reason = reason(SideId::Creatio, Reason::ChangedInMailbox);
        plan.operations.push(Operation::new(pair, Action::Update, SideId::Creatio, to_creatio, reason));
    }
    let reason = reason(SideId::Mailbox, Reason::ChangedInCreatio);
    plan.operations.extend(gated(pair, item, to_mailbox, reason, frame));
}

/// Updates of an item: what may be written now goes apart from what is held, and each kind of held apart from the others.
#[must_use]
pub fn gated(
    pair: &Pair,
    item: &Seen,
    units: BTreeMap<Unit, UnitWrite>,
    reason: Reason,
    frame: &Frame,
) -> Vec<Operation> {
    let mut by_gate: BTreeMap<Option<Reason>, BTreeMap<Unit, UnitWrite>> = BTreeMap::new();
    // A reminder counts from the start, so it goes with it.
    let start = units.contains_key(&Unit::When).then(|| gate(Unit::When, item, frame)).flatten();
    for (unit, write) in units {
        let held = if unit == Unit::Reminder { start.or(gate(unit, item, frame)) } else { gate(unit, item, frame) };
        by_gate.entry(held).or_default().insert(unit, write);
    }
    let operation = |(held, units): (Option<Reason>, BTreeMap<Unit, UnitWrite>)| {
        let mut operation = Operation::new(pair, Action::Update, SideId::Mailbox, units, reason);
        if matches!(held, Some(Reason::WouldNotify | Reason::MailForbidden)) {
            operation.detail = item.attendees.join(", ");
        }
        operation.held = held;
        operation
    };
    by_gate.into_iter().map(operation).collect()
}

const fn ordinary(reason: Reason) -> bool {
    matches!(reason, Reason::ChangedInMailbox | Reason::ChangedInCreatio | Reason::FilledEmpty)
}

/// What holds a write of this unit to this item, if anything does.
fn gate(unit: Unit, item: &Seen, frame: &Frame) -> Option<Reason> {
    let policies = &frame.settings.policies;
    if item.masked {
        return Some(Reason::MaskedPrivate);
    }
    if item.folder.as_ref().is_some_and(|folder| frame.read_only.contains(folder)) {
        return Some(Reason::FolderReadOnly);
    }
    if unit == Unit::When && item.recurring {
        return Some(Reason::RecurringTask);
    }
    if unit == Unit::Body && item.online {
        return Some(Reason::JoinBlock);
    }
    if unit == Unit::Body && !item.attendees.is_empty() && policies.notes == Notes::FromMailbox {
        return Some(Reason::NotesFromMailbox);
    }
    if unit.notifies() && item.ours && !item.attendees.is_empty() {
        return mail(policies.invitations);
    }
    None
}

/// What holds a write that mails attendees.
#[must_use]
pub fn mail(policy: Invitations) -> Option<Reason> {
    match policy {
        _ if Deliberate::IgnoreInvitations.on() => None,
        Invitations::Ask => Some(Reason::WouldNotify),
        Invitations::Never => Some(Reason::MailForbidden),
        Invitations::Send => None,
    }
}

/// Who wins where both sides changed the same unit. Stamps decide only where both are later than the last record and
/// neither is of a version that we wrote.
fn winner(link: Option<&Link>, item: &Seen, activity: &Seen, settings: &Settings) -> SideId {
    let tie = match settings.policies.conflict_tie {
        ConflictTie::Mailbox => SideId::Mailbox,
        ConflictTie::Creatio => SideId::Creatio,
    };
    match settings.policies.conflicts {
        Conflicts::CreatioWins => return SideId::Creatio,
        Conflicts::MailboxWins => return SideId::Mailbox,
        Conflicts::NewestWins => {}
    }
    let (Some(link), Some(there), Some(here)) = (link, item.modified, activity.modified) else { return tie };
    let ours = |side: SideId, version: &str| link.end(side).by_us && link.end(side).version == version;
    if ours(SideId::Mailbox, &item.version) || ours(SideId::Creatio, &activity.version) {
        return tie;
    }
    if there <= link.recorded || here <= link.recorded || (there - here).abs() < SIMULTANEOUS {
        return tie;
    }
    if there > here { SideId::Mailbox } else { SideId::Creatio }
}
