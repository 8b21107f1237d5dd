//! A retention policy: the oldest items of a calendar vanish, day by day. Nobody can tell that from a user who deletes
//! them, so the ledger takes it for that; what makes the difference is the guard, which holds what is too much for a day.

use crate::copies::Copied;
use crate::people::{People, SECOND};
use crate::sight::item_of;
use crate::step::{Place, Who};
use guest::activity::SideId;

impl People {
    pub(crate) fn nibble(&self, who: Who, number: u32, projects: bool, purged: bool) {
        let calendar = if projects { SECOND } else { "Calendar" };
        let mailbox = self.mailbox(who);
        let mut events = self.mail.events(mailbox);
        events.retain(|event| event.calendar == calendar);
        events.sort_by_key(|event| event.start);
        for event in events.iter().take(number as usize) {
            let (at, now) = (Place::Mailbox(who), self.at(SideId::Mailbox));
            let known = item_of(&event.subject);
            let seen = known.and_then(|item| self.see(at, item).into_iter().find(|seen| seen.id == event.id));
            let made_of = self.marker(who, &event.id).map(|activity| activity.to_string());
            let went = if purged {
                self.mail.purge_event(mailbox, &event.id)
            } else {
                self.mail.delete_event(mailbox, &event.id, now)
            };
            went.unwrap();
            let mut ledger = self.ledger.lock().unwrap();
            let mine = |copy: &&mut Copied| copy.id == event.id || made_of.as_ref() == Some(&copy.id);
            ledger.copies.iter_mut().filter(mine).for_each(|copy| copy.taken = true);
            if let (Some(item), Some(seen)) = (known, seen) {
                ledger.deleted.insert((item, at));
                for (unit, value) in seen.values {
                    ledger.replaced.insert((item, unit, value));
                }
            }
        }
    }
}
