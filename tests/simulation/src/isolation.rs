//! An item that fails keeps no other from arriving: everything is edited, one item cannot be read, and one run carries over
//! all the others.

use crate::ledger::Ledger;
use crate::people::People;
use crate::sight::name;
use crate::step::{Deed, Place};
use guest::activity::Unit;
use serde_json::{Value, json};

/// Number of the edits.
const NUMBER: u32 = 650;
/// So many items are edited at most.
const MOST: usize = 4;

/// Edits items that are in step; gives them, and the fault of one of them. None where there are too few.
#[must_use]
pub fn provoke(people: &People) -> Option<(Vec<u32>, Value)> {
    let home = Place::Mailbox(0);
    let mut items: Vec<(u32, String)> = Vec::new();
    if people.persons.len() == 1 {
        let untouched = untouched(&people.ledger.lock().unwrap());
        for item in untouched {
            let (here, there) = (people.see(home, item), people.see(Place::Creatio, item));
            if let ([here], [there]) = (here.as_slice(), there.as_slice())
                && here.values == there.values
            {
                items.push((item, here.id.clone()));
            }
        }
    }
    items.truncate(MOST);
    let (_, id) = items.first().filter(|_| items.len() > 1)?;
    let url = guest::http::encode(id);
    let body = json!({"error": {"code": "ErrorAccessDenied", "message": "no"}});
    let effect = json!({"kind": "part", "method": "GET", "url": url, "status": 403, "body": body});
    for (item, _) in &items {
        people.act(&Deed::Edit { at: home, item: *item, unit: Unit::Place, number: NUMBER });
    }
    let items = items.into_iter().skip(1).map(|(item, _)| item).collect();
    Some((items, json!({"service": "graph", "skip": 0, "times": 20, "effect": effect})))
}

/// Items that nobody deleted, was told of or was invited to.
fn untouched(ledger: &Ledger) -> Vec<u32> {
    let deleted = |item: u32| ledger.deleted.iter().any(|(deleted, _)| *deleted == item);
    let of_a_copy = |item: u32| ledger.copies.iter().any(|copy| copy.item == item);
    ledger
        .items
        .iter()
        .filter(|(_, made)| made.organizer.is_none())
        .map(|(item, _)| *item)
        .filter(|item| !ledger.named(*item) && !deleted(*item) && !of_a_copy(*item))
        .collect()
}

/// Whether they arrived.
pub fn check(people: &People, items: &[u32], faults: &mut Vec<String>) {
    let wanted = crate::sight::value(0, Unit::Place, NUMBER);
    for item in items {
        let arrived = people.see(Place::Creatio, *item).iter().any(|seen| seen.values[&Unit::Place] == wanted);
        if !arrived {
            faults.push(format!("{} did not arrive because another item failed", name(*item)));
        }
    }
}
