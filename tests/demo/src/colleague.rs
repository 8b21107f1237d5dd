//! A colleague whose mailbox lies on an Exchange Server: what she has there, and what is done to it.

use chrono::{DateTime, Utc};
use emulators::exchange::Exchange;
use emulators::graph::world::ANNA;
use emulators::harness::Shared;
use emulators::wire::Service as _;
use serde_json::{Value, json};

use crate::stage::Stage;

/// Her appointments: title, start and end in London, and what follows.
const APPOINTMENTS: [(&str, &str, &str, &str); 3] = [
    (CALL, "2026-11-24T10:00:00", "2026-11-24T10:45:00", ""),
    ("Kick-off: Fabrikam", "2026-11-26T14:00:00", "2026-11-26T15:30:00", "<Location>Room 4.12</Location>"),
    ("Week in Lisbon ✈️", "2026-12-07T00:00:00", "2026-12-12T00:00:00", "<IsAllDayEvent>true</IsAllDayEvent>"),
];
/// Her tasks: title, and the day they are due.
const TASKS: [(&str, &str); 2] = [(TASK, "2026-11-27"), ("Book the room for Monday", "2026-11-30")];

/// An appointment that is edited.
pub(crate) const CALL: &str = "Supplier call: Contoso";
/// Its title afterwards.
pub(crate) const RENAMED: &str = "Supplier call: Contoso, with legal";
/// A task of the mailbox.
pub(crate) const TASK: &str = "Renew the travel card";

/// Fills the mailbox.
pub(crate) fn fill(exchange: &Shared<Exchange>, now: DateTime<Utc>) -> Result<(), String> {
    let zone = "GMT Standard Time";
    let appointments = APPOINTMENTS.into_iter().map(|(title, start, end, more)| {
        format!(
            "<CalendarItem><Subject>{title}</Subject><Start>{start}</Start><End>{end}</End>{more}\
             <StartTimeZone Id=\"{zone}\"/><EndTimeZone Id=\"{zone}\"/></CalendarItem>"
        )
    });
    let tasks = TASKS
        .into_iter()
        .map(|(title, due)| format!("<Task><Subject>{title}</Subject><DueDate>{due}T00:00:00</DueDate></Task>"));
    for item in appointments.chain(tasks) {
        edit(exchange, &json!({ "action": "create-item", "mailbox": ANNA, "item": item }), now)?;
    }
    Ok(())
}

/// Renames an appointment, as its owner does in Outlook.
pub(crate) fn rename(stage: &Stage) -> Result<(), String> {
    let updates = format!(
        "<SetItemField><FieldURI FieldURI=\"item:Subject\"/><CalendarItem><Subject>{RENAMED}</Subject></CalendarItem></SetItemField>"
    );
    let change = json!({ "action": "update-item", "mailbox": ANNA, "subject": CALL, "updates": updates });
    edit(&stage.exchange, &change, stage.now())
}

/// How many appointments and tasks she has.
pub(crate) fn sizes(stage: &Stage) -> (usize, usize) {
    let items = stage.exchange.with(|exchange| exchange.items(ANNA));
    let tasks = items.iter().filter(|item| item.is_task).count();
    (items.len() - tasks, tasks)
}

/// How many of her items there are once more, with the same title and time.
pub(crate) fn doubles(stage: &Stage) -> usize {
    let items = stage.exchange.with(|exchange| exchange.items(ANNA));
    let number = items.len();
    let single: std::collections::BTreeSet<_> =
        items.into_iter().map(|item| (item.subject, item.start, item.due_date)).collect();
    number - single.len()
}

fn edit(exchange: &Shared<Exchange>, edit: &Value, now: DateTime<Utc>) -> Result<(), String> {
    exchange.with(|exchange| exchange.edit(edit, now)).map(drop)
}
