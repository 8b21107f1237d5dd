//! Whose an activity is: it is given away, and people are taken out of it.

use crate::people::People;
use crate::step::{Place, Who};
use scenarios::life::edit_creatio;
use serde_json::json;
use uuid::Uuid;

impl People {
    /// Gives the activity away: it belongs in the mailbox of its new owner, and whoever had it only because of Creatio may
    /// lose it.
    pub(crate) fn hand_over(&self, item: u32, to: Who) {
        // Made on both sides it is one for whoever owns the activity: nothing tells it from two meetings of two people.
        if self.ledger.lock().unwrap().both.contains(&item) {
            return;
        }
        let Some(seen) = self.see(Place::Creatio, item).into_iter().next() else { return };
        let edit =
            json!({"action": "update", "set": "Activity", "id": seen.id, "values": {"OwnerId": self.contact(to)}});
        edit_creatio(&self.creatio, &edit, self.now());
        let mut ledger = self.ledger.lock().unwrap();
        let Some(made) = ledger.items.get_mut(&item) else { return };
        let before: Vec<Who> = made.holders.difference(&made.home).copied().filter(|who| *who != to).collect();
        made.former.extend(before);
        made.holders.clone_from(&made.home);
        if made.organizer.is_none() {
            made.former.remove(&to);
            made.holders.insert(to);
        } else {
            made.former.insert(to);
        }
    }

    /// Takes a user out of an activity, without a trace in Creatio. Who owns it stays; who made it in his mailbox keeps it.
    pub(crate) fn take_out(&self, item: u32, who: Who) {
        let Some(seen) = self.see(Place::Creatio, item).into_iter().next() else { return };
        let (activity, contact) = (Uuid::parse_str(&seen.id).ok(), self.contact(who));
        let (taking_part, owner) = self.creatio.with(|creatio| {
            let owner = activity.and_then(|id| creatio.row("Activity", id)?.guid("OwnerId"));
            let mut rows = creatio.rows("ActivityParticipant");
            let his =
                rows.find(|(_, row)| (row.guid("ActivityId"), row.guid("ParticipantId")) == (activity, Some(contact)));
            (his.map(|(id, _)| id), owner)
        });
        let Some(row) = taking_part.filter(|_| owner != Some(contact)) else { return };
        edit_creatio(&self.creatio, &json!({"action": "delete", "set": "ActivityParticipant", "id": row}), self.now());
        let mut ledger = self.ledger.lock().unwrap();
        let Some(made) = ledger.items.get_mut(&item) else { return };
        // What its organizer sent him is his whatever Creatio says.
        if made.organizer.is_none() && !made.home.contains(&who) && made.holders.remove(&who) {
            made.former.insert(who);
        }
    }
}
