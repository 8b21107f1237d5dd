//! What fails keeps nothing else from arriving: everything is edited, one item and one calendar cannot be read, and one
//! run carries over all the others.

use crate::ledger::Ledger;
use crate::people::{People, SECOND};
use crate::sight::name;
use crate::step::{Deed, Place};
use guest::activity::Unit;
use serde_json::{Value, json};

/// Number of the edits.
const NUMBER: u32 = 650;
/// So many items are edited at most.
const MOST: usize = 4;

/// Edits items that are in step; gives those that have to arrive, and the faults. None where there are too few.
#[must_use]
pub fn provoke(people: &People) -> Option<(Vec<u32>, Vec<Value>)> {
    let home = Place::Mailbox(0);
    let mut items: Vec<(u32, String)> = Vec::new();
    if people.persons.len() == 1 {
        let untouched = untouched(&people.ledger.lock().unwrap());
        for item in untouched {
            let (here, there) = (people.see(home, item), people.see(Place::Creatio, item));
            if let ([here], [there]) = (here.as_slice(), there.as_slice())
                && here.values == there.values
                && !here.task
            {
                items.push((item, here.id.clone()));
            }
            if items.len() == MOST {
                break;
            }
        }
    }
    let (_, id) = items.first().filter(|_| items.len() > 1)?;
    let body = json!({"error": {"code": "ErrorAccessDenied", "message": "no"}});
    let effect = json!({"kind": "part", "method": "GET", "url": guest::http::encode(id), "status": 403, "body": body});
    let unreadable = json!({"service": "graph", "times": 20, "effect": effect});
    let (mailbox, body) = (people.mailbox(0), json!({"error": {"code": "ErrorInternalServerError", "message": "no"}}));
    let calendar = people.mail.calendar_id(mailbox, SECOND)?;
    let effect = json!({"kind": "status", "status": 500, "body": body});
    let down = json!({"service": "graph", "path": calendar, "times": 20, "effect": effect});
    let readable = people.mail.events(mailbox);
    for (item, id) in &items {
        // What its calendar would tell is not heard.
        let told = Some(id) != items.first().map(|(_, id)| id)
            && readable.iter().any(|event| event.id == *id && event.calendar != SECOND);
        let at = if told && item % 2 == 0 { home } else { Place::Creatio };
        people.act(&Deed::Edit { at, item: *item, unit: Unit::Place, number: NUMBER });
    }
    let items = items.into_iter().skip(1).map(|(item, _)| item).collect();
    Some((items, vec![unreadable, down]))
}

/// Items that nobody deleted, was told of, was invited to or copied.
fn untouched(ledger: &Ledger) -> Vec<u32> {
    let deleted = |item: u32| ledger.deleted.iter().any(|(deleted, _)| *deleted == item);
    let copied = |item: u32| ledger.copies.iter().any(|copy| copy.item == item);
    ledger
        .items
        .iter()
        .filter(|(_, made)| made.organizer.is_none())
        .map(|(item, _)| *item)
        .filter(|item| !ledger.named(*item) && !deleted(*item) && !copied(*item))
        .filter(|item| !ledger.undone.contains(item) && !ledger.astray.contains(item))
        .collect()
}

/// Whether they arrived.
pub fn check(people: &People, items: &[u32], faults: &mut Vec<String>) {
    let wanted = crate::sight::value(0, Unit::Place, NUMBER);
    for item in items {
        let arrived = [Place::Creatio, Place::Mailbox(0)]
            .iter()
            .all(|at| people.see(*at, *item).iter().any(|seen| seen.values[&Unit::Place] == wanted));
        if !arrived {
            faults.push(format!("{} did not arrive because something else failed", name(*item)));
        }
    }
}
