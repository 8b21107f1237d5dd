//! What a run did, checked as soon as it has ended: that it wrote no more than people had changed, took nothing away that
//! nobody had deleted, let nobody lose but to somebody else, and let no other run work beside it.

use crate::ledger::Ledger;
use crate::people::People;
use crate::sight::name;
use crate::step::Place;
use crate::tasks::TURNING;
use chrono::{DateTime, TimeDelta, Utc};
use emulators::exchange::Exchange;
use guest::activity::{SideId, Unit};
use guest::reason::Reason;
use guest::report::{Action, Entry, Outcome};
use scenarios::Ran;
use scenarios::soap;
use scenarios::trace::Event;
use serde_json::{Map, Value};

/// An activity that two runs so far apart missed counts as deleted.
const TWICE: TimeDelta = TimeDelta::minutes(60);

/// What stands before the id of an item of Exchange, in the place of an address.
const EXCHANGE: &str = "exchange:";

/// Checks a run; adds what is wrong. Where several accounts work with one activity, whose change it carries is not told here.
pub fn run(people: &People, went_back: bool, ran: &Ran, faults: &mut Vec<String>) {
    if people.persons.len() > 1 {
        return;
    }
    let ledger = people.ledger.lock().unwrap();
    for (method, url, body) in writes(&ran.trace) {
        if method == "PATCH" {
            patch(people, &ledger, &url, &body, faults);
        }
    }
    for entry in &ran.entries {
        removal(&ledger, people.now(), entry, faults);
        conflict(&ledger, entry, went_back, faults);
    }
}

/// Checks that of two runs for one account, the second of which began at this step of the first, one stopped.
pub fn beside(first: &Ran, step: u32, second: &Ran, faults: &mut Vec<String>) {
    let applied = |event: &&Event| matches!(event, Event::Committed(_, true));
    let mut steps = 0;
    let after = first.trace.iter().skip_while(|event| {
        let before = steps <= step;
        steps += u32::from(matches!(event, Event::Step(..)));
        before
    });
    let (mine, theirs) = (after.filter(applied).count(), second.trace.iter().filter(applied).count());
    if mine > 0 && theirs > 0 {
        faults.push(format!("two runs worked side by side: {mine} commits after {theirs} of the other"));
    }
}

/// All writes that were sent: method, address and body.
fn writes(trace: &[Event]) -> Vec<(String, String, Map<String, Value>)> {
    let mut writes = Vec::new();
    for event in trace {
        let Event::Sent(requests) = event else { continue };
        // Whatever may be repeated reads.
        for request in requests.iter().filter(|request| !request.repeatable) {
            if let Some(body) = request.body.as_deref().filter(|body| body.starts_with(b"<")) {
                let update = |(id, values)| ("PATCH".to_owned(), format!("{EXCHANGE}{id}"), values);
                writes.extend(soap::updates(body).into_iter().map(update));
                continue;
            }
            let body: Value = serde_json::from_slice(request.body.as_deref().unwrap_or_default()).unwrap_or_default();
            let parts = body["requests"].as_array().cloned().unwrap_or_default();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            writes.extend(parts.iter().map(|part| {
                (text(&part["method"]), text(&part["url"]), part["body"].as_object().cloned().unwrap_or_default())
            }));
        }
    }
    writes
}

/// An update holds no unit that nobody ever changed.
fn patch(people: &People, ledger: &Ledger, url: &str, body: &Map<String, Value>, faults: &mut Vec<String>) {
    let Some((side, item)) = written(people, url) else { return };
    for property in body.keys() {
        let Some(unit) = unit(side, property, body) else { continue };
        let changed = ledger.edits.iter().any(|edit| edit.item == item && edit.unit == unit);
        if !changed && !invited(ledger, item) {
            let title = name(item);
            faults.push(format!("{property} of {title} was written in {}, and nobody had changed it", side.code()));
        }
    }
}

/// A copy of what somebody invited to, which says what its organizer says.
fn invited(ledger: &Ledger, item: u32) -> bool {
    ledger.items.get(&item).is_some_and(|made| made.organizer.is_some())
}

/// Which item an address names.
fn written(people: &People, url: &str) -> Option<(SideId, u32)> {
    let title = match url.strip_prefix("Activity(").and_then(|rest| rest.strip_suffix(')')) {
        Some(id) => people.creatio.with(|creatio| {
            let mut rows = creatio.rows("Activity");
            rows.find(|(row, _)| row.to_string() == id).map(|(_, row)| row.text("Title").to_owned())
        }),
        None if url.starts_with(EXCHANGE) => {
            let item = |exchange: &mut Exchange| exchange.summary(people.mailbox(0), url.trim_start_matches(EXCHANGE));
            people.mail.exchange().and_then(|exchange| exchange.with(item)).map(|item| item.subject)
        }
        None if url.contains("/tasks/") => {
            let named = |id: &str| url.ends_with(&format!("/tasks/{}", guest::http::encode(id)));
            let tasks = people.mail.tasks(people.mailbox(0));
            tasks.into_iter().find(|task| named(&task.id)).map(|task| task.title)
        }
        None => {
            let named = |id: &str| url.ends_with(&format!("/events/{}", guest::http::encode(id)));
            let events = people.mail.events(people.mailbox(0));
            events.into_iter().find(|event| named(&event.id)).map(|event| event.subject)
        }
    };
    let side = if url.starts_with("Activity(") { SideId::Creatio } else { SideId::Mailbox };
    title.and_then(|title| Some((side, item(&title)?)))
}

const fn side(at: Place) -> SideId {
    match at {
        Place::Creatio => SideId::Creatio,
        Place::Mailbox(_) => SideId::Mailbox,
    }
}

/// The item that a title names.
fn item(title: &str) -> Option<u32> {
    title.split(' ').next()?.strip_prefix('T')?.parse().ok()
}

/// The unit that a property belongs to; none for a status, and for what goes along with another unit.
fn unit(side: SideId, property: &str, body: &Map<String, Value>) -> Option<Unit> {
    Some(match (side, property) {
        (SideId::Creatio, "Title") | (SideId::Mailbox, "subject" | "title") => Unit::Title,
        (SideId::Creatio, "StartDate" | "DueDate")
        | (SideId::Mailbox, "start" | "end" | "isAllDay" | "startDateTime" | "dueDateTime") => Unit::When,
        (SideId::Creatio, "Location") | (SideId::Mailbox, "location") => Unit::Place,
        (SideId::Creatio, "Notes") | (SideId::Mailbox, "body") => Unit::Body,
        // In Creatio a reminder is an instant, and moves with the start.
        (SideId::Creatio, "RemindToOwner" | "RemindToOwnerDate") if body.contains_key("StartDate") => return None,
        (SideId::Creatio, "RemindToOwner" | "RemindToOwnerDate")
        | (SideId::Mailbox, "isReminderOn" | "reminderMinutesBeforeStart" | "reminderDateTime") => Unit::Reminder,
        (SideId::Mailbox, "status") => Unit::State,
        (SideId::Creatio, "PriorityId") | (SideId::Mailbox, "importance") => Unit::Priority,
        _ => return None,
    })
}

/// Somebody deleted it, or a copy of it is gone.
fn gone(ledger: &Ledger, item: u32) -> bool {
    ledger.deleted.iter().any(|(deleted, _)| *deleted == item)
        || ledger.copies.iter().any(|copy| copy.item == item && copy.taken)
}

/// Nothing is taken away that nobody deleted.
fn removal(ledger: &Ledger, now: DateTime<Utc>, entry: &Entry, faults: &mut Vec<String>) {
    let removed = entry.outcome == Outcome::Written && matches!(entry.action, Action::Delete | Action::Cancel);
    // What rights hide while other rows show counts as deleted once it was missed twice, and only until it shows again.
    let missed = |item: u32| ledger.hidden.get(&item).is_some_and(|since| now - *since >= TWICE);
    let hidden = |item: u32| entry.reason == Reason::DeletedInCreatio && missed(item);
    let gone = |ledger: &Ledger, item: u32| gone(ledger, item) || hidden(item);
    if removed && entry.reason != Reason::LateDouble && item(&entry.title).is_some_and(|item| !gone(ledger, item)) {
        let (title, side) = (&entry.title, entry.target.code());
        faults.push(format!("{title} was removed from {side}, and nobody had deleted it"));
    }
}

/// A value that lost a conflict lost to one that somebody had set on the other side, or that landed there late. A storage
/// that went back does not know any more on which side it was set, and what the sync itself carried over.
fn conflict(ledger: &Ledger, entry: &Entry, went_back: bool, faults: &mut Vec<String>) {
    let Some(item) = item(&entry.title).filter(|_| entry.outcome == Outcome::Conflict) else { return };
    for change in &entry.units {
        let (Some(_), Some(after)) = (&change.before, &change.after) else { continue };
        // What was undone went back to values from either side, and values of another kind look otherwise.
        if ledger.undone.contains(&item) || (ledger.turned.contains(&item) && TURNING.contains(&change.unit)) {
            continue;
        }
        let set = ledger.edits.iter().any(|edit| {
            edit.item == item
                && edit.unit == change.unit
                && (went_back || side(edit.at) != entry.target)
                && after.contains(&edit.value)
        });
        let landed = entry.target == SideId::Mailbox
            && ledger
                .landed
                .iter()
                .any(|(landed, unit, value)| (*landed, *unit) == (item, change.unit) && after.contains(value.as_str()));
        if !set && !landed && change.unit != Unit::Priority && !invited(ledger, item) {
            let (title, unit) = (&entry.title, change.unit.code());
            faults.push(format!("{unit} of {title} lost a conflict to {after:?}, which nobody had set there"));
        }
    }
}
