//! What to do about a pair that certainly lost a side. Pure; whether so many removals may be carried out at once is
//! [`guard`]'s to say.

use crate::activity::{Seen, SideId, State, Status, Unit, Value};
use crate::deliberate::Deliberate;
use crate::link::{Link, LinkState, Origin};
use crate::plan::{self, End, Frame, Note, Operation, Pair, Plan, UnitWrite, create, mail};
use crate::policy::{DeletedInCreatio, DeletedInMailbox};
use crate::reason::Reason;
use crate::report::Action;
use std::collections::BTreeMap;

/// Plans for a pair whose `gone` side is gone.
#[must_use]
pub fn plan(pair: &Pair, link: &Link, gone: SideId, reason: Reason, frame: &Frame) -> Plan {
    let mut plan = match gone {
        // It may have gone before the links were kept, or be deleted on purpose on one side alone.
        SideId::Mailbox if reason == Reason::LeftBehind => left_behind(pair, link, frame),
        gone if link.restored && reason != Reason::CancelledByOrganizer => lost_before(pair, gone),
        SideId::Mailbox => item_gone(pair, link, reason, frame),
        SideId::Creatio if reason == Reason::HandedOver => handed_over(pair, link, frame),
        SideId::Creatio => activity_gone(pair, link, reason, frame),
    };
    plan.removal = Some(gone);
    plan
}

const fn ends(gone: SideId, cancelled: bool) -> Plan {
    Plan {
        operations: Vec::new(),
        rebase: Vec::new(),
        state: Some(LinkState::Ended { gone, cancelled }),
        origin: None,
        notes: Vec::new(),
        leave: None,
        gone: None,
        again: false,
        waits: false,
        removal: None,
    }
}

fn told(gone: SideId, reason: Reason) -> Plan {
    let note = Note { action: Action::Unlink, reason, side: gone.other(), units: Vec::new() };
    Plan { notes: vec![note], ..ends(gone, false) }
}

fn lost_before(pair: &Pair, gone: SideId) -> Plan {
    let other = match gone {
        SideId::Mailbox => &pair.creatio,
        SideId::Creatio => &pair.mailbox,
    };
    if other.here().is_some() { told(gone, Reason::GoneBeforeRestore) } else { ends(gone, false) }
}

/// The mailbox moved, and the item did not come along: whether it was deleted meanwhile or lost on the way nobody knows. Only
/// a person's yes makes anew what the sync had made, and takes anything else for deleted.
fn left_behind(pair: &Pair, link: &Link, frame: &Frame) -> Plan {
    let gone = SideId::Mailbox;
    let mut plan = match &pair.creatio {
        End::Here(activity)
            if link.origin == Origin::Exported
                && !pair.follower
                && !link.attended
                && !link.handed_over(activity)
                && !over(activity, link, frame)
                && frame.settings.ever_writes(gone) =>
        {
            let operation = create(pair, activity, gone, Reason::LeftBehind, frame);
            Plan { operations: vec![operation], state: Some(LinkState::Active), ..Plan::default() }
        }
        _ => item_gone(pair, link, Reason::LeftBehind, frame),
    };
    for operation in &mut plan.operations {
        operation.held = Some(Reason::LeftBehind);
    }
    plan
}

/// What has ended or is finished is never touched.
fn over(seen: &Seen, link: &Link, frame: &Frame) -> bool {
    let ended = seen.when().is_some_and(|when| when.end <= frame.now);
    ended || seen.state != State::Open || (link.finished && seen.when().is_none())
}

/// A unit was changed since the pair was last in step, and not by us.
fn edited(seen: &Seen, link: &Link, side: SideId) -> bool {
    !Deliberate::DeletionBeatsEdit.on()
        && seen
            .values
            .iter()
            .any(|(unit, value)| link.end(side).bases.get(unit).is_some_and(|base| *base != value.digest()))
}

fn item_gone(pair: &Pair, link: &Link, reason: Reason, frame: &Frame) -> Plan {
    let gone = SideId::Mailbox;
    let End::Here(activity) = &pair.creatio else { return ends(gone, false) };
    if pair.follower {
        return ends(gone, false);
    }
    if reason == Reason::DeletedInMailbox
        && let Some(plan) = plan::parks_without_item(link, activity, frame)
    {
        return plan;
    }
    if link.handed_over(activity) {
        // It would have left anyway, and may come back with the activity.
        return ends(SideId::Creatio, false);
    }
    if over(activity, link, frame) {
        return told(gone, Reason::EndedOrFinished);
    }
    let writes_mailbox = frame.settings.ever_writes(SideId::Mailbox);
    if reason == Reason::Returned && writes_mailbox && !link.attended {
        let operation = create(pair, activity, SideId::Mailbox, reason, frame);
        return Plan { operations: vec![operation], state: Some(LinkState::Active), ..Plan::default() };
    }
    // Only what comes back without mail: a meeting would invite everybody once more.
    if reason == Reason::DeletedInMailbox && edited(activity, link, SideId::Creatio) && !link.attended && writes_mailbox
    {
        let operation = create(pair, activity, SideId::Mailbox, Reason::EditBeatsDeletion, frame);
        return Plan { operations: vec![operation], state: Some(LinkState::Active), ..Plan::default() };
    }
    if !frame.settings.ever_writes(SideId::Creatio) {
        return told(gone, Reason::OneWay);
    }
    // A meeting with attendees is its organizer's; of anything else its owner decides.
    if !activity.owned && !link.attended {
        return told(gone, Reason::NotOwner);
    }
    match frame.settings.policies.deleted_in_mailbox {
        DeletedInMailbox::Keep => told(gone, Reason::KeptByPolicy),
        DeletedInMailbox::Cancel => {
            let after = match activity.values.get(&Unit::State) {
                Some(Value::Status(_)) => Value::Status(Status::Cancelled),
                _ => Value::State(State::Cancelled),
            };
            let write = UnitWrite { before: Some(activity.standing()), after, source: None, conflict: false };
            let units = BTreeMap::from([(Unit::State, write)]);
            let operation = Operation::new(pair, Action::Cancel, SideId::Creatio, units, reason);
            Plan { operations: vec![operation], ..ends(gone, true) }
        }
        DeletedInMailbox::Delete => {
            let operation = Operation::new(pair, Action::Delete, SideId::Creatio, BTreeMap::new(), reason);
            Plan { operations: vec![operation], ..ends(gone, false) }
        }
    }
}

fn activity_gone(pair: &Pair, link: &Link, reason: Reason, frame: &Frame) -> Plan {
    let gone = SideId::Creatio;
    let End::Here(item) = &pair.mailbox else { return ends(gone, false) };
    if pair.follower {
        return ends(gone, false);
    }
    if reason == Reason::DeletedInCreatio
        && let Some(plan) = plan::parks_without_activity(link, item, frame)
    {
        return plan;
    }
    if item_over(item, link, frame) {
        return told(gone, Reason::EndedOrFinished);
    }
    if item.masked {
        return told(gone, Reason::MaskedPrivate);
    }
    if edited(item, link, SideId::Mailbox) && frame.settings.ever_writes(SideId::Creatio) {
        let operation = create(pair, item, SideId::Creatio, Reason::EditBeatsDeletion, frame);
        return Plan { operations: vec![operation], state: Some(LinkState::Active), ..Plan::default() };
    }
    if !frame.settings.ever_writes(SideId::Mailbox) {
        return told(gone, Reason::OneWay);
    }
    match frame.settings.policies.deleted_in_creatio {
        DeletedInCreatio::Keep => return told(gone, Reason::KeptByPolicy),
        DeletedInCreatio::DeleteOurs if link.origin != Origin::Exported => return told(gone, Reason::UnlinkedNotOurs),
        DeletedInCreatio::DeleteOurs | DeletedInCreatio::Delete => {}
    }
    deletes(pair, item, reason, frame)
}

/// The activity is somebody else's now: its item leaves, where the sync had put it there.
fn handed_over(pair: &Pair, link: &Link, frame: &Frame) -> Plan {
    let gone = SideId::Creatio;
    let End::Here(item) = &pair.mailbox else { return ends(gone, false) };
    if pair.follower {
        return ends(gone, false);
    }
    if item_over(item, link, frame) {
        return told(gone, Reason::EndedOrFinished);
    }
    if item.masked {
        return told(gone, Reason::MaskedPrivate);
    }
    if !frame.settings.ever_writes(SideId::Mailbox) {
        return told(gone, Reason::OneWay);
    }
    deletes(pair, item, Reason::HandedOver, frame)
}

/// What has ended or is finished is never touched.
fn item_over(item: &Seen, link: &Link, frame: &Frame) -> bool {
    let over = item.when().is_some_and(|when| when.end <= frame.now) || item.status() == Some(Status::Completed);
    over || link.finished
}

/// Removes the item and ends the pair; mail waits for a yes.
fn deletes(pair: &Pair, item: &Seen, reason: Reason, frame: &Frame) -> Plan {
    let mut operation = Operation::new(pair, Action::Delete, SideId::Mailbox, BTreeMap::new(), reason);
    if !item.ours {
        operation.held = Some(Reason::NotOrganizer);
    } else if !item.attendees.is_empty() {
        operation.held = mail(frame.settings.policies.invitations);
        operation.detail = item.attendees.join(", ");
    }
    Plan { operations: vec![operation], ..ends(SideId::Creatio, false) }
}

/// How many removals one side may see in a day without a person's yes.
#[must_use]
pub fn limit(links: i64) -> usize {
    usize::try_from((links / 20).clamp(5, 50)).unwrap_or(5)
}

/// Removals that leave a folder without a pair are doubtful from this many on.
pub const EMPTYING: usize = 4;

/// Why all of these removals on one side are held, if they are. `recent` are those of the last day, `empties` says that
/// they leave a folder empty.
#[must_use]
pub fn guard(gone: SideId, count: usize, recent: usize, links: i64, empties: bool) -> Option<Reason> {
    if Deliberate::GuardCountsNothing.on() {
        return None;
    }
    if count + recent > limit(links) {
        return Some(if gone == SideId::Creatio { Reason::RightsChanged } else { Reason::RemovalLimit });
    }
    (empties && count >= EMPTYING).then_some(Reason::EmptiesFolder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_twentieth_of_the_links_between_five_and_fifty() {
        assert_eq!([0, 100, 101, 200, 900, 100_000].map(limit), [5, 5, 5, 10, 45, 50]);
    }

    #[test]
    fn many_removals_at_once_are_held_and_a_few_are_not() {
        assert_eq!(guard(SideId::Mailbox, 5, 0, 10, false), None);
        assert_eq!(guard(SideId::Mailbox, 5, 1, 10, false), Some(Reason::RemovalLimit));
        assert_eq!(guard(SideId::Creatio, 6, 0, 10, false), Some(Reason::RightsChanged));
        assert_eq!(guard(SideId::Mailbox, 4, 0, 200, true), Some(Reason::EmptiesFolder));
        assert_eq!(guard(SideId::Mailbox, 3, 0, 200, true), None);
    }
}
