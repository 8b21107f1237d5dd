//! The invariants, checked in a world at rest against what its users did.

use crate::ledger::Ledger;
use crate::people::People;
use crate::sight::{Sight, name};
use guest::activity::{SideId, Unit};
use guest::report::Entry;
use guest::report::{Action, Outcome};
use std::fmt::Write as _;

/// Checks everything; adds what is wrong.
pub fn world(people: &People, went_back: bool, faults: &mut Vec<String>) {
    let ledger = people.ledger.lock().unwrap();
    if people.mails() != ledger.mails {
        faults.push(format!("{} messages left that no user sent", people.mails() - ledger.mails));
    }
    for item in &ledger.items {
        let (activities, events) = (people.see(SideId::Creatio, *item), people.see(SideId::Mailbox, *item));
        one(&ledger, *item, &activities, &events, faults);
    }
    if !went_back {
        guarded(&ledger.entries, faults);
    }
}

fn one(ledger: &Ledger, item: u32, activities: &[Sight], events: &[Sight], faults: &mut Vec<String>) {
    let title = name(item);
    if activities.len() > 1 || events.len() > 1 {
        faults.push(format!("{title} is {} activities and {} events", activities.len(), events.len()));
        return;
    }
    let (activity, event) = (activities.first(), events.first());
    let deleted = ledger.was_deleted(item);
    let by = |side| ledger.deleted.contains(&(item, side));
    match (activity, event) {
        (Some(activity), Some(event)) => {
            if activity.cancelled {
                faults.push(format!("{title} is cancelled, and its event lives"));
            }
            for (unit, value) in &activity.values {
                let other = &event.values[unit];
                if value != other && !ledger.told(*unit, value) && !ledger.told(*unit, other) && !ledger.named(item) {
                    faults.push(format!(
                        "{} of {title} is {value:?} in Creatio and {other:?} in the mailbox",
                        unit.code()
                    ));
                }
            }
        }
        (Some(activity), None) => {
            if !deleted {
                faults.push(format!("{title} has no event, and nobody deleted it"));
            } else if !activity.cancelled && !ledger.named(item) {
                let why = if by(SideId::Mailbox) {
                    "the deletion of its event was not carried over"
                } else {
                    "its event was removed"
                };
                faults.push(format!("{title} is an open activity: {why}, and nothing was told"));
            }
        }
        (None, Some(_)) => {
            if !deleted {
                faults.push(format!("{title} has no activity, and nobody deleted it"));
            } else if !ledger.named(item) {
                faults.push(format!("{title} has no activity any more, and nothing was told"));
            }
        }
        (None, None) => {
            if !deleted {
                faults.push(format!("{title} is gone, and nobody deleted it"));
            }
        }
    }
    for edit in ledger.edits.iter().filter(|edit| edit.item == item) {
        let here = |seen: Option<&Sight>| seen.is_some_and(|seen| seen.values[&edit.unit] == edit.value);
        let arrived = if deleted { here(activity) || here(event) } else { here(activity) && here(event) };
        let replaced = ledger.replaced.contains(&(item, edit.unit, edit.value.clone()));
        // Three priorities are too few to tell edits apart.
        if !arrived && !replaced && edit.unit != Unit::Priority && !ledger.told(edit.unit, &edit.value) {
            faults.push(format!(
                "{} of {title} set in {} to {:?} is lost",
                edit.unit.code(),
                edit.side.code(),
                edit.value
            ));
        }
    }
}

/// The guard held: a world lasts days, and no side may lose more than five items in one of them.
fn guarded(entries: &[Entry], faults: &mut Vec<String>) {
    for side in [SideId::Creatio, SideId::Mailbox] {
        let removed = entries
            .iter()
            .filter(|entry| entry.target == side && entry.outcome == Outcome::Written)
            .filter(|entry| matches!(entry.action, Action::Delete | Action::Cancel))
            .count();
        if removed > 15 {
            faults.push(format!("{removed} items were removed from {}", side.code()));
        }
    }
}

/// Everything as it is, for a person.
#[must_use]
pub fn show(people: &People) -> String {
    let ledger = people.ledger.lock().unwrap();
    let mut text = String::new();
    for item in &ledger.items {
        for side in [SideId::Creatio, SideId::Mailbox] {
            for seen in people.see(side, *item) {
                let _ = writeln!(
                    text,
                    "{:8}{}{} {}",
                    side.code(),
                    seen.values.values().map(|value| format!(" {value:?}")).collect::<String>(),
                    if seen.cancelled { " CANCELLED" } else { "" },
                    seen.id.chars().rev().take(6).collect::<String>()
                );
            }
        }
    }
    text
}
