//! The test items in the mailbox: an event in the calendar that exports go to, and a task where tasks are synchronised.

use super::super::Staged;
use super::super::check::{Checked, Verdict};
use super::{DAY, END, START, TITLE, Wire};
use crate::ask::Fault;
use crate::capability::Capabilities;
use crate::graph::Graph;
use crate::graph::client::{Client, elements, prefer};
use crate::graph::todo;
use crate::http;
use crate::plan::Targets;
use crate::reason::Reason;
use crate::settings::{MailboxService, Settings};
use crate::time;
use serde_json::{Value, json};
use std::cell::Cell;

/// One kind of item.
struct Try<'a> {
    wire: &'a Wire<'a>,
    client: &'a Client,
    /// Where items of this kind are made.
    place: String,
    /// Name of the title in an item.
    title: &'static str,
    /// Where the day of an item is.
    day: &'static str,
    /// There may be an item by now.
    made: Cell<bool>,
}

/// Tries it.
pub(in crate::run) fn probe(
    caps: Capabilities<'_>,
    settings: &Settings,
    targets: &Targets,
    told: &mut Checked,
) -> Staged<()> {
    if let MailboxService::Exchange(_) = settings.account.service {
        return super::exchange::probe(caps, settings, targets, told);
    }
    let graph = Graph::new(settings);
    let (client, wire) = (graph.client(), Wire::new(caps));
    if !targets.meetings.is_empty() {
        let place = client.path(&format!("calendars/{}/events", http::encode(&targets.meetings)));
        let calendar =
            Try { wire: &wire, client, place, title: "subject", day: "/start/dateTime", made: Cell::new(false) };
        let time = |at: &str| json!({ "dateTime": at.trim_end_matches('Z'), "timeZone": "UTC" });
        let event = json!({
            "subject": TITLE, "start": time(START), "end": time(END), "isReminderOn": false, "showAs": "free",
        });
        calendar.run(&event, (Reason::EventWritten, Reason::EventUnwritable), told);
    }
    if let Some(list) = todo::list_of(&targets.tasks) {
        let place = todo::client::list_path(client, list, "/tasks");
        let tasks =
            Try { wire: &wire, client, place, title: "title", day: "/dueDateTime/dateTime", made: Cell::new(false) };
        let zone = time::windows_name(chrono_tz::Tz::UTC).unwrap_or_else(|| "UTC".to_owned());
        // Finished: no sync takes it for work that is to be done.
        let task = json!({
            "title": TITLE, "status": "completed", "dueDateTime": { "dateTime": format!("{DAY}T00:00:00"), "timeZone": zone },
        });
        tasks.run(&task, (Reason::TaskWritten, Reason::TaskUnwritable), told);
    }
    Ok(())
}

impl Try<'_> {
    fn run(&self, body: &Value, (good, bad): (Reason, Reason), told: &mut Checked) {
        let outcome = self.sweep().and_then(|()| self.work(body));
        let gone = self.sweep();
        match (&outcome, &gone) {
            (Ok(()), Ok(())) => told.tell("writing", Verdict::Good, good, ""),
            (Err(text), _) | (Ok(()), Err(text)) => told.tell("writing", Verdict::Bad, bad, text.clone()),
        }
        if let (true, Err(text)) = (self.made.get(), gone) {
            told.tell("writing", Verdict::Bad, Reason::ProbeLeft, format!("\"{TITLE}\", {DAY}: {text}"));
        }
    }

    /// Makes the item and changes it.
    fn work(&self, body: &Value) -> Result<(), String> {
        let made = self.wire.ask(self.client.change("POST", &self.place, Some(body)));
        // What was refused was not made; of anything else nobody knows.
        self.made.set(!matches!(&made, Err(Fault::Refused { status: 400..=499, .. })));
        let made = made.map_err(|fault| format!("POST: {fault}"))?;
        let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
        let address = self.address(id);
        let low = json!({ "importance": "low" });
        self.wire.ask(self.client.change("PATCH", &address, Some(&low))).map_err(|fault| format!("PATCH: {fault}"))?;
        let read = self.wire.ask(self.client.get(&address, prefer())).map_err(|fault| format!("GET: {fault}"))?;
        match read.get("importance").and_then(Value::as_str) {
            Some("low") => Ok(()),
            _ => Err("PATCH was accepted, and changed nothing".into()),
        }
    }

    fn address(&self, id: &str) -> String {
        format!("{}/{}", self.place, http::encode(id))
    }

    /// Deletes every test item, also one whose creation gave no answer.
    fn sweep(&self) -> Result<(), String> {
        let filter = format!("{} eq '{TITLE}'", self.title);
        let path = http::with_query(&self.place, &[("$filter", &filter), ("$top", "20")]);
        let found = self.wire.ask(self.client.get(&path, prefer()));
        let found = found.and_then(|body| elements(&body).cloned()).map_err(|fault| format!("GET: {fault}"))?;
        for item in found {
            let text = |at: &str| item.pointer(at).and_then(Value::as_str).unwrap_or_default();
            // Nobody else's, whatever its title.
            let ours = item.get(self.title).and_then(Value::as_str) == Some(TITLE) && text(self.day).starts_with(DAY);
            let id = text("/id");
            if !ours || id.is_empty() {
                continue;
            }
            match self.wire.ask(self.client.change("DELETE", &self.address(id), None)) {
                Ok(_) | Err(Fault::Refused { status: 404, .. }) => {}
                Err(fault) => return Err(format!("DELETE: {fault}")),
            }
        }
        Ok(())
    }
}
