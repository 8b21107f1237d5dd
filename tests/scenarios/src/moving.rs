//! A mailbox that moves from an Exchange Server to Microsoft 365, or back, as Microsoft's own tools move it: events keep
//! their identity and their named properties, every item has another id and another version there, and a task keeps nothing
//! but what it says, and perhaps when it was made.

use crate::mail::{Mail, Server, Tokens};
use crate::transport::SiteTransport;
use crate::world::{EXCHANGE, SIGN_IN, World, egress, origin};
use chrono::{DateTime, Utc};
use emulators::exchange::Exchange;
use emulators::graph::TaskSummary;
use emulators::harness::Shared;
use serde_json::{Value, json};
use std::sync::Arc;

/// How it moves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moving {
    /// Tasks keep when they were made.
    pub made: bool,
    /// Items with these titles do not come along.
    pub lost: &'static [&'static str],
    /// Named properties of events do not come along.
    pub unmarked: bool,
    /// A tool that is not Microsoft's makes the events anew: each has another identity.
    pub reborn: bool,
}

/// What an event takes with it.
const EVENT: [&str; 13] = [
    "subject",
    "start",
    "end",
    "isAllDay",
    "location",
    "body",
    "importance",
    "sensitivity",
    "isReminderOn",
    "reminderMinutesBeforeStart",
    "iCalUId",
    "attendees",
    "singleValueExtendedProperties",
];

impl World {
    /// The mailboxes move to Microsoft 365.
    pub fn move_to_graph(&mut self, how: Moving) {
        let exchange = self.mail.exchange().expect("they are on Exchange").clone();
        for mailbox in self.mailboxes.clone() {
            for event in self.mail.events(&mailbox).into_iter().filter(|event| !how.lost.contains(&&*event.subject)) {
                let full = self.mail.event_json(&mailbox, &event.id).unwrap();
                let raw = exchange.with(|exchange| exchange.item_json(&mailbox, &event.id)).unwrap();
                let calendar = self.calendar_there(&mailbox, &event.calendar);
                let brought = brought(&mailbox, &full, &raw, how);
                let now = self.now();
                self.graph.with(|graph| graph.bring_event(&mailbox, calendar.as_deref(), &brought, now)).unwrap();
            }
            for task in self.mail.tasks(&mailbox).into_iter().filter(|task| !how.lost.contains(&&*task.title)) {
                let list = self.list_there(&mailbox, &task.list);
                let made = self.made(&exchange, &mailbox, &task, how);
                let brought = said(&task);
                self.graph.with(|graph| graph.add_task(&mailbox, list.as_deref(), &brought, made)).unwrap();
            }
        }
        self.mail = Mail::new(self.graph.clone(), None);
        self.reach(Server::Graph);
    }

    /// The mailboxes, with their events, move to an Exchange Server.
    pub fn move_to_exchange(&mut self) {
        let people = self.mailboxes.iter().map(|mailbox| (mailbox.as_str(), "Somebody", "Russian Standard Time"));
        let exchange = Shared::new(Mail::server(&people.collect::<Vec<_>>()));
        let there = Mail::new(self.graph.clone(), Some(exchange.clone()));
        let now = self.now();
        for mailbox in &self.mailboxes {
            for event in self.mail.events(mailbox) {
                let full = self.mail.event_json(mailbox, &event.id).unwrap();
                let mut brought: Value = json!({});
                for name in EVENT.iter().filter(|name| full.get(**name).is_some_and(|value| *value != json!([]))) {
                    brought[*name] = full[*name].clone();
                }
                there.add_event(mailbox, None, &brought, now).unwrap();
            }
            for task in self.mail.tasks(mailbox) {
                there.add_task(mailbox, None, &said(&task), now).unwrap();
            }
        }
        {
            let mut site = self.site.lock().unwrap();
            site.mount(SIGN_IN, Tokens { exchange: exchange.clone(), given: 0 });
            site.mount(origin(EXCHANGE), exchange);
            site.log.keep_bodies = true;
        }
        self.mail = there;
        self.reach(Server::Exchange);
    }

    /// The configuration leads to the old mailboxes again.
    pub fn back_on_exchange(&mut self, mail: Mail) {
        assert!(mail.exchange().is_some(), "they are on Exchange");
        self.mail = mail;
        self.reach(Server::Exchange);
    }

    /// The host's way to the mailboxes leads to another service.
    fn reach(&mut self, server: Server) {
        let transport = SiteTransport {
            site: Arc::clone(&self.site),
            clock: self.clock.clone(),
            switch: Arc::clone(&self.switch),
            interlude: Arc::clone(&self.interlude),
        };
        self.egress = egress(transport, server);
    }

    fn calendar_there(&self, mailbox: &str, name: &str) -> Option<String> {
        (name != "Calendar").then(|| {
            if self.graph.with(|graph| graph.calendar_id(mailbox, name)).is_none() {
                self.graph.with(|graph| graph.add_calendar(mailbox, name, true, None)).unwrap();
            }
            name.to_owned()
        })
    }

    fn list_there(&self, mailbox: &str, name: &str) -> Option<String> {
        (name != "Tasks").then(|| {
            if self.graph.with(|graph| graph.list_id(mailbox, name)).is_none() {
                self.graph.with(|graph| graph.add_list(mailbox, name)).unwrap();
            }
            name.to_owned()
        })
    }

    /// When a task says that it was made.
    fn made(&self, exchange: &Shared<Exchange>, mailbox: &str, task: &TaskSummary, how: Moving) -> DateTime<Utc> {
        let raw = exchange.with(|exchange| exchange.item_json(mailbox, &task.id)).unwrap();
        let made = raw["DateTimeCreated"].as_str().unwrap();
        if how.made { made.parse().unwrap() } else { self.now() }
    }
}

fn brought(mailbox: &str, full: &Value, raw: &Value, how: Moving) -> Value {
    let mut event = json!({});
    for name in EVENT {
        let left_off = how.unmarked && name == "singleValueExtendedProperties";
        if !full[name].is_null() && !left_off {
            event[name] = full[name].clone();
        }
    }
    if how.reborn {
        event["iCalUId"] = json!(format!("{}@a-tool.example", guest::digest::Digest::of(&full["id"]).short()));
    }
    let organizer = |part: &str| raw.pointer(&format!("/Organizer/Mailbox/{part}")).and_then(Value::as_str);
    let foreign = organizer("EmailAddress").filter(|address| !address.eq_ignore_ascii_case(mailbox));
    if let Some(address) = foreign.filter(|_| event["attendees"].as_array().is_some_and(|all| !all.is_empty())) {
        event["isOrganizer"] = json!(false);
        event["organizer"] = json!({"emailAddress": {"address": address, "name": organizer("Name")}});
    }
    event
}

/// All that a task says.
fn said(task: &TaskSummary) -> Value {
    let day = |day: Option<chrono::NaiveDate>| {
        day.map(|day| json!({"dateTime": format!("{day}T00:00:00"), "timeZone": "UTC"}))
    };
    let at = |at: Option<DateTime<Utc>>| {
        at.map(|at| json!({"dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC"}))
    };
    let mut said = json!({
        "title": task.title,
        "body": {"contentType": "text", "content": task.notes},
        "status": task.status,
        "importance": task.importance,
    });
    for (name, value) in
        [("startDateTime", day(task.start)), ("dueDateTime", day(task.due)), ("reminderDateTime", at(task.reminder))]
    {
        if let Some(value) = value {
            said[name] = value;
        }
    }
    if task.reminder.is_some() {
        said["isReminderOn"] = json!(true);
    }
    said
}
