//! What late writes do to what people wrote meanwhile. Creatio has no lock: an update that lands late overwrites what
//! was written since, and nobody can tell it from an edit. So the ledger counts what was there as replaced, and what came
//! as set there. The mailbox has versions, and nothing is forgiven there.

use crate::people::People;
use crate::sight::Sight;
use crate::step::Place;

/// What Creatio holds just before a late request.
pub type Before = Vec<(u32, Sight)>;

impl People {
    /// What Creatio holds.
    #[must_use]
    pub fn creatio_now(&self) -> Before {
        let copies = self.ledger.lock().unwrap().copies.clone();
        self.see_all_but(Place::Creatio, &copies)
    }

    /// Something landed late.
    pub fn landed(&self, before: &Before) {
        let now = self.creatio_now();
        let mut ledger = self.ledger.lock().unwrap();
        for (item, old) in before {
            let Some((_, new)) = now.iter().find(|(_, new)| new.id == old.id) else { continue };
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
    }
}
