//! The invariants, checked in a world at rest against what its users did.

use crate::copies::Copied;
use crate::ledger::{Ledger, Made};
use crate::people::People;
use crate::sight::{Sight, name};
use crate::step::{self, Place, Who};
use crate::tasks::TURNING;
use chrono::{DateTime, TimeDelta, Utc};
use guest::activity::Unit;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Checks everything; adds what is wrong.
pub fn world(people: &People, went_back: bool, faults: &mut Vec<String>) {
    let ledger = people.ledger.lock().unwrap();
    if people.mails() != ledger.mails {
        faults.push(format!("{} messages left that no user sent", people.mails() - ledger.mails));
    }
    let sights = Sights::of(people, &ledger.copies);
    for (item, made) in &ledger.items {
        let activities = sights.at(Place::Creatio, *item);
        // A marked copy may have taken the place of an original that was away and came back; and without the rows nothing
        // tells the two apart.
        let copied = ledger.copies.iter().any(|copy| copy.item == *item && copy.marked);
        let astray = ledger.astray.contains(item);
        let allowed = 1 + usize::from(astray) + usize::from(ledger.replaced_by_copy(*item) || (copied && went_back));
        if activities.len() > allowed {
            faults.push(format!("{} is {} activities", name(*item), activities.len()));
            continue;
        }
        if activities.len() > 1 || astray {
            // Which of them is whose cannot be told, and edits went on with either.
            continue;
        }
        let activity = activities.first();
        let mut copies = Vec::new();
        for who in people.accounts() {
            let events = sights.at(Place::Mailbox(who), *item);
            if events.len() > 1 {
                faults.push(format!("{} is {} events of {}", name(*item), events.len(), step::name(who)));
            } else if !events.is_empty() && !made.holders.contains(&who) && !made.former.contains(&who) {
                faults.push(format!("{} is in {}, where it does not belong", name(*item), Place::Mailbox(who)));
            }
            if made.deciding().contains(&who) {
                copies.push((who, events.first()));
            }
        }
        // What became of it when a run was undone stays so.
        if ledger.undone.contains(item) {
            continue;
        }
        let lives = |who: &Who| sights.at(Place::Mailbox(*who), *item).iter().any(|event| !event.cancelled);
        let invited = people.accounts().any(|who| !made.deciding().contains(&who) && lives(&who));
        one(&ledger, *item, made, (activity, invited), &copies, faults);
    }
    guarded(&ledger, faults);
    people.check_copies(&ledger, faults);
}

fn one(
    ledger: &Ledger,
    item: u32,
    made: &Made,
    (activity, invited): (Option<&Sight>, bool),
    copies: &[(Who, Option<&Sight>)],
    faults: &mut Vec<String>,
) {
    let title = name(item);
    let deleted = ledger.was_deleted(item, made);
    for (who, event) in copies {
        // Where the meeting lives on with somebody else, its activity does as well.
        let several = copies.len() > 1 || (invited && event.is_none());
        pair(ledger, item, deleted, activity, (*who, *event), several, faults);
    }
    if copies.is_empty() && activity.is_none() && !deleted && made.organizer.is_none() {
        faults.push(format!("{title} is gone, and nobody deleted it"));
    }
    for edit in ledger.edits.iter().filter(|edit| edit.item == item) {
        if ledger.turned.contains(&item) && TURNING.contains(&edit.unit) {
            continue;
        }
        let here = |seen: Option<&Sight>| seen.is_some_and(|seen| seen.values.get(&edit.unit) == Some(&edit.value));
        let mut all = copies.iter().map(|(_, event)| *event).chain([activity]);
        let arrived = if deleted || ledger.finished.contains(&item) { all.any(here) } else { all.all(here) };
        let replaced = ledger.replaced.contains(&(item, edit.unit, edit.value.clone()))
            || ledger.loose.contains(&(item, edit.unit));
        // What waits for a person stands where it was set.
        let stands = match edit.at {
            Place::Creatio => here(activity),
            Place::Mailbox(who) => copies.iter().any(|(whose, event)| *whose == who && here(*event)),
        };
        let waits = stands && ledger.named(item);
        // Three priorities are too few to tell edits apart.
        if !arrived && !replaced && !waits && edit.unit != Unit::Priority && !ledger.told(edit.unit, &edit.value) {
            faults.push(format!("{} of {title} set in {} to {:?} is lost", edit.unit.code(), edit.at, edit.value));
        }
    }
}

/// The activity and the item in one of the mailboxes that hold it.
fn pair(
    ledger: &Ledger,
    item: u32,
    deleted: bool,
    activity: Option<&Sight>,
    (who, event): (Who, Option<&Sight>),
    several: bool,
    faults: &mut Vec<String>,
) {
    let title = name(item);
    let whose = step::name(who);
    match (activity, event) {
        (Some(activity), Some(event)) => {
            // Where one of several holders deleted his, the others keep theirs.
            if activity.cancelled && !(several && deleted) && !ledger.cancelled.contains(&item) {
                faults.push(format!("{title} is cancelled, and its event of {whose} lives"));
            }
            if activity.task != event.task {
                if !ledger.named(item) {
                    faults.push(format!("{title} is a task on one side only"));
                }
                return;
            }
            for (unit, value) in &activity.values {
                let other = &event.values[unit];
                let told = ledger.told(*unit, value) || ledger.told(*unit, other) || ledger.named(item);
                let excused = told || ledger.loose.contains(&(item, *unit)) || (several && deleted);
                if value != other && !excused {
                    faults.push(format!(
                        "{} of {title} is {value:?} in Creatio and {other:?} in the mailbox of {whose}",
                        unit.code()
                    ));
                }
            }
        }
        (Some(activity), None) => {
            if ledger.finished.contains(&item) {
                return;
            }
            if !deleted {
                faults.push(format!("{title} has no event of {whose}, and nobody deleted it"));
            } else if !activity.cancelled
                && !ledger.reopened.contains(&item)
                && !ledger.named(item)
                && !several
                && !ledger.replaced_by_copy(item)
            {
                let why = if ledger.deleted.contains(&(item, Place::Mailbox(who))) {
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
}

/// Everything that is to be seen, looked at once.
struct Sights(BTreeMap<(Place, u32), Vec<Sight>>);

impl Sights {
    fn of(people: &People, copies: &[Copied]) -> Self {
        let mut all: BTreeMap<(Place, u32), Vec<Sight>> = BTreeMap::new();
        for at in std::iter::once(Place::Creatio).chain(people.accounts().map(Place::Mailbox)) {
            for (item, seen) in people.see_all_but(at, copies) {
                all.entry((at, item)).or_default().push(seen);
            }
        }
        Self(all)
    }

    fn at(&self, at: Place, item: u32) -> &[Sight] {
        self.0.get(&(at, item)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The guard held: within a day no account loses more on a side than five items, or one in twenty. What a run removed is
/// known when it ends, which may be some time later.
pub(crate) fn guarded(ledger: &Ledger, faults: &mut Vec<String>) {
    let most = ((ledger.items.len() + ledger.copies.len()) / 20).max(5);
    for ((who, side), removals) in &ledger.removals {
        let within = |window: &[DateTime<Utc>]| window[most] - window[0] < TimeDelta::hours(23);
        if removals.windows(most + 1).any(within) {
            faults.push(format!("{} lost more than {most} items in {} within a day", step::name(*who), side.code()));
        }
    }
}

/// Everything as it is, for a person.
#[must_use]
pub fn show(people: &People) -> String {
    let sights = Sights::of(people, &[]);
    let mut text = String::new();
    for ((at, _), seen) in &sights.0 {
        for seen in seen {
            let _ = writeln!(
                text,
                "{:18}{}{} {}",
                at.to_string(),
                seen.values.values().map(|value| format!(" {value:?}")).collect::<String>(),
                if seen.cancelled { " CANCELLED" } else { "" },
                seen.id.chars().rev().take(6).collect::<String>()
            );
        }
    }
    text
}
