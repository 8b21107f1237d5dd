//! What late writes do to what people wrote meanwhile. Creatio has no lock: an update that lands late overwrites what
//! was written since, and nobody can tell it from an edit. So the ledger counts what was there as replaced, and what came
//! as set there. The mailbox has versions, and nothing is forgiven there, but for one thing: at an Exchange Server a
//! deletion names no version. One that lands late takes an edit with it, and looks as if a user had deleted the item.
//!
//! So it is with a write to Creatio whose answer never arrives: what it found there is in that answer alone.

use crate::ledger::Edit;
use crate::people::People;
use crate::sight::{Sight, name};
use crate::step::{Deed, Place, Who};
use guest::reason::Reason;
use guest::report::Entry;
use scenarios::Ran;

/// What there is just before a late request.
#[derive(Default)]
pub struct Before {
    creatio: Vec<(u32, Sight)>,
    mailboxes: Vec<(Who, Vec<(u32, Sight)>)>,
}

impl People {
    /// What there is.
    #[must_use]
    pub fn as_it_is(&self) -> Before {
        let copies = self.ledger.lock().unwrap().copies.clone();
        let whose = self.accounts().filter(|_| self.mail.exchange().is_some());
        Before {
            creatio: self.see_all_but(Place::Creatio, &copies),
            mailboxes: whose.map(|who| (who, self.see_all_but(Place::Mailbox(who), &copies))).collect(),
        }
    }

    /// A user did this while a run was about to write, and the run never heard what came of its write.
    pub fn unheard(&self, deed: &Deed, ran: &Ran, died: bool) {
        let Deed::Edit { at: Place::Creatio, item, unit, .. } = deed else { return };
        let of_it = |title: &str| title.split(' ').next() == Some(&name(*item));
        let unknown = |entry: &Entry| entry.reason == Reason::UnknownOutcome && of_it(&entry.title);
        if !died && !ran.entries.iter().any(unknown) {
            return;
        }
        let there = self.see(Place::Creatio, *item);
        let mut ledger = self.ledger.lock().unwrap();
        let set = |edit: &&Edit| (edit.item, edit.at, edit.unit) == (*item, Place::Creatio, *unit);
        let Some(value) = ledger.edits.iter().rev().find(set).map(|edit| edit.value.clone()) else { return };
        if there.iter().all(|seen| seen.values.get(unit) != Some(&value)) {
            ledger.replaced.insert((*item, *unit, value));
        }
    }

    /// Something landed late.
    pub fn landed(&self, before: &Before) {
        let now = self.as_it_is();
        let mut ledger = self.ledger.lock().unwrap();
        for (item, old) in &before.creatio {
            let Some((_, new)) = now.creatio.iter().find(|(_, new)| new.id == old.id) else { continue };
            if new.cancelled && !old.cancelled {
                ledger.cancelled.insert(*item);
            }
            for (unit, value) in &old.values {
                if new.values[unit] != *value {
                    ledger.replaced.insert((*item, *unit, value.clone()));
                    ledger.landed.insert((*item, *unit, new.values[unit].clone()));
                }
            }
        }
        for ((who, old), (_, new)) in before.mailboxes.iter().zip(&now.mailboxes) {
            for (item, seen) in old.iter().filter(|(item, _)| new.iter().all(|(other, _)| other != item)) {
                ledger.deleted.insert((*item, Place::Mailbox(*who)));
                for (unit, value) in &seen.values {
                    ledger.replaced.insert((*item, *unit, value.clone()));
                }
            }
        }
    }
}
