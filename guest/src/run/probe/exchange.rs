//! The test items in a mailbox on an Exchange Server. They carry a marker of their own, by which one that was left is found.

use super::super::check::{Checked, Verdict};
use super::super::{Staged, Stop, send};
use super::{DAY, END, START, TITLE};
use crate::activity::{Days, Kind, Priority, Seen, Status, Unit, Value, Values, When};
use crate::ask::{Ask, Fault};
use crate::capability::Capabilities;
use crate::exchange::Exchange;
use crate::identity::{self, Marker};
use crate::plan::Targets;
use crate::reason::Reason;
use crate::settings::Settings;
use crate::side::{Found, Side, Write};
use crate::time;

struct Try<'a> {
    caps: Capabilities<'a>,
    side: &'a Exchange,
    marker: Marker,
    folder: &'a str,
    kind: Kind,
}

/// Tries it.
pub(super) fn probe(caps: Capabilities<'_>, settings: &Settings, targets: &Targets, told: &mut Checked) -> Staged<()> {
    let side = Exchange::new(settings);
    let account = &settings.account;
    let kinds = [
        (Kind::Appointment, &targets.meetings, Reason::EventWritten),
        (Kind::Task, &targets.tasks, Reason::TaskWritten),
    ];
    for (kind, folder, good) in kinds {
        if folder.is_empty() {
            continue;
        }
        let marker = Marker {
            activity: identity::test_item(&account.tenant, &account.id, "mailbox"),
            mailbox: identity::mailbox(&account.tenant, &account.address),
            nonce: "test".into(),
        };
        let one = Try { caps, side: &side, marker, folder, kind };
        let outcome = one.sweep().and_then(|()| one.work());
        let gone = one.sweep();
        match (&outcome, &gone) {
            (Ok(()), Ok(())) => told.tell("writing", Verdict::Good, good, ""),
            (Err(text), _) | (Ok(()), Err(text)) => {
                told.tell("writing", Verdict::Bad, Reason::ExchangeUnwritable, text.clone());
            }
        }
        // What could not even be looked for may be there, unless nothing could be made either.
        if let (Ok(()), Err(text)) = (&outcome, gone) {
            told.tell("writing", Verdict::Bad, Reason::ProbeLeft, format!("\"{TITLE}\", {DAY}: {text}"));
        }
    }
    Ok(())
}

impl Try<'_> {
    fn send<'t, T: 't>(&'t self, ask: Ask<'t, T>) -> Result<T, String> {
        match send(self.caps, ask) {
            Ok((answer, _)) => Ok(answer),
            Err(Stop::Failed(error)) => Err(error.to_string()),
            Err(Stop::Early(_)) => Err(Fault::Stopped.to_string()),
        }
    }

    fn values(&self) -> Values {
        let mut values = Values::from([(Unit::Title, Value::Text(TITLE.into()))]);
        let when = match self.kind {
            Kind::Appointment => time::parse_instant(START)
                .zip(time::parse_instant(END))
                .map(|(start, end)| Value::When(When { start, end, all_day: false })),
            // Finished: no sync takes it for work that is to be done.
            Kind::Task => Some(Value::Days(Days { start: None, due: DAY.parse().ok(), made: None })),
        };
        values.extend(when.map(|when| (Unit::When, when)));
        match self.kind {
            Kind::Appointment => values.insert(Unit::Reminder, Value::Reminder(None)),
            Kind::Task => values.insert(Unit::State, Value::Status(Status::Completed)),
        };
        values
    }

    fn write(&self, what: &str, write: Write) -> Result<Option<Box<Seen>>, String> {
        let written = self.send(self.side.write(&[write]))?.into_iter().next();
        match written {
            Some(Ok(written)) => Ok(written.after),
            Some(Err(fault)) => Err(format!("{what}: {fault}")),
            None => Err(format!("{what}: it was not answered")),
        }
    }

    /// Makes the item and changes it.
    fn work(&self) -> Result<(), String> {
        let create = Write::Create {
            activity: self.marker.activity,
            folder: self.folder.to_owned(),
            kind: self.kind,
            values: self.values(),
            marker: Some(self.marker.clone()),
            transaction: self.marker.activity,
        };
        let current = self.write("CreateItem", create)?.ok_or("CreateItem: the answer names no item")?;
        let id = current.id.clone();
        let low = Value::Priority(Priority::Low);
        let values = Values::from([(Unit::Priority, low.clone())]);
        self.write("UpdateItem", Write::Update { current, values })?;
        match self.send(self.side.read(&[id]))?.into_iter().next() {
            Some(Ok(Found::Here(seen))) if seen.values.get(&Unit::Priority) == Some(&low) => Ok(()),
            Some(Err(fault)) => Err(format!("GetItem: {fault}")),
            _ => Err("UpdateItem was accepted, and changed nothing".into()),
        }
    }

    /// Deletes every test item, also one whose creation gave no answer.
    fn sweep(&self) -> Result<(), String> {
        let (markers, folders) = ([self.marker.clone()], [self.folder.to_owned()]);
        let found = self.send(self.side.find_marked(&markers, &folders))?;
        for seen in found.map_err(|fault| format!("FindItem: {fault}"))? {
            self.write("DeleteItem", Write::Delete { id: seen.id, version: String::new(), tell: false })?;
        }
        Ok(())
    }
}
