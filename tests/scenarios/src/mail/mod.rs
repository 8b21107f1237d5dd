//! The mailboxes of a world, on Microsoft 365 or on an Exchange Server. Scenarios say what people do in the words of Graph;
//! on Exchange the same is done by its own means, so that one scenario holds for both.

mod look;
mod tokens;
mod trouble;
mod write;

use chrono::{DateTime, Utc};
use emulators::exchange::{Exchange, world as exchange_world};
use emulators::graph::{EventSummary, Graph, TaskSummary};
use emulators::harness::Shared;
use emulators::wire::Service;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use tokens::Tokens;
pub use trouble::on_exchange;

/// What serves the mailboxes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Server {
    /// Microsoft 365, through Graph.
    #[default]
    Graph,
    /// An Exchange Server, through Exchange Web Services.
    Exchange,
}

/// The mailboxes.
#[derive(Clone)]
pub struct Mail {
    graph: Shared<Graph>,
    exchange: Option<Shared<Exchange>>,
}

type Done<T> = Result<T, String>;

impl Mail {
    /// Mailboxes on Graph, or on Exchange where there is one.
    #[must_use]
    pub const fn new(graph: Shared<Graph>, exchange: Option<Shared<Exchange>>) -> Self {
        Self { graph, exchange }
    }

    /// An Exchange Server with these mailboxes: address, name, zone.
    #[must_use]
    pub fn server(people: &[(&str, &str, &str)]) -> Exchange {
        let mut exchange = Exchange::new();
        for (mail, name, zone) in people {
            exchange.add_mailbox(mail, name, zone);
        }
        exchange.add_service_account(exchange_world::SERVICE, exchange_world::SERVICE_PASSWORD);
        exchange
    }

    /// The Exchange Server, where the mailboxes are on one.
    #[must_use]
    pub const fn exchange(&self) -> Option<&Shared<Exchange>> {
        self.exchange.as_ref()
    }

    /// Looks at the mailboxes, or changes them.
    pub fn with<T>(&self, work: impl FnOnce(&Self) -> T) -> T {
        work(self)
    }

    fn either<T>(&self, graph: impl FnOnce(&mut Graph) -> T, exchange: impl FnOnce(&mut Exchange) -> T) -> T {
        match &self.exchange {
            Some(server) => server.with(exchange),
            None => self.graph.with(graph),
        }
    }

    /// Adds somebody's mailbox: address, name, zone.
    pub fn add_mailbox(&self, mail: &str, name: &str, zone: &str) {
        self.graph.with(|graph| graph.add_mailbox(mail, name, zone));
        if let Some(exchange) = &self.exchange {
            exchange.with(|exchange| exchange.add_mailbox(mail, name, zone));
        }
    }

    /// What the service's clock shows.
    #[must_use]
    pub fn clock(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.either(|graph| graph.clock(now), |exchange| exchange.clock(now))
    }

    /// Somebody makes an event.
    pub fn add_event(&self, mailbox: &str, calendar: Option<&str>, event: &Value, now: DateTime<Utc>) -> Done<String> {
        self.either(
            |graph| graph.add_event(mailbox, calendar, event, now),
            |exchange| exchange.add_item(mailbox, calendar, &write::appointment(event), now),
        )
    }

    /// Somebody from elsewhere invites.
    pub fn add_foreign_meeting(
        &self,
        mailbox: &str,
        organizer: (&str, &str),
        event: &Value,
        now: DateTime<Utc>,
    ) -> Done<String> {
        self.either(
            |graph| graph.add_foreign_meeting(mailbox, organizer, event, now),
            |exchange| write::invitation(exchange, mailbox, organizer, event, now),
        )
    }

    /// Somebody changes an event.
    pub fn update_event(&self, mailbox: &str, id: &str, change: &Value, now: DateTime<Utc>) -> Done<()> {
        self.either(
            |graph| graph.update_event(mailbox, id, change, now),
            |exchange| exchange.update(mailbox, id, &write::appointment_updates(change), now),
        )
    }

    /// Somebody deletes an event.
    pub fn delete_event(&self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Done<()> {
        self.either(|graph| graph.delete_event(mailbox, id, now), |exchange| exchange.delete(mailbox, id, now))
    }

    /// Somebody takes an event out of Deleted Items.
    pub fn restore_event(&self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Done<()> {
        self.either(
            |graph| graph.restore_event(mailbox, id, now),
            |exchange| exchange.move_to(mailbox, id, "calendar", now).map(|_| ()),
        )
    }

    /// A retention policy takes an event away for good.
    pub fn purge_event(&self, mailbox: &str, id: &str) -> Done<()> {
        self.either(|graph| graph.purge_event(mailbox, id), |exchange| exchange.purge(mailbox, id))
    }

    /// Somebody moves an event to another calendar.
    pub fn move_event(&self, mailbox: &str, id: &str, calendar: &str, now: DateTime<Utc>) -> Done<()> {
        self.either(
            |graph| graph.move_event(mailbox, id, calendar, now),
            |exchange| match look::folder_of(exchange, mailbox, id) {
                Some(own) if own == calendar => Err(format!("it is in {calendar} already")),
                _ => exchange.move_to(mailbox, id, calendar, now).map(|_| ()),
            },
        )
    }

    /// The server gives an event a new version.
    pub fn touch_event(&self, mailbox: &str, id: &str) -> Done<()> {
        self.either(|graph| graph.touch_event(mailbox, id), |exchange| exchange.touch(mailbox, id))
    }

    /// The organizer of a meeting, who is elsewhere, cancels it.
    pub fn organizer_cancels(&self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Done<()> {
        self.either(
            |graph| graph.organizer_cancels(mailbox, id, now),
            |exchange| exchange.organizer_cancels(mailbox, id, now),
        )
    }

    /// All events of a mailbox.
    #[must_use]
    pub fn events(&self, mailbox: &str) -> Vec<EventSummary> {
        self.either(|graph| graph.events(mailbox), |exchange| look::events(exchange, mailbox))
    }

    /// The same of those whose title is wanted.
    #[must_use]
    pub fn events_if(&self, mailbox: &str, wanted: impl Fn(&str) -> bool) -> Vec<EventSummary> {
        self.either(|graph| graph.events_if(mailbox, &wanted), |exchange| look::events_if(exchange, mailbox, &wanted))
    }

    /// The first event with this title.
    #[must_use]
    pub fn find_event(&self, mailbox: &str, subject: &str) -> Option<EventSummary> {
        self.events(mailbox).into_iter().find(|event| event.subject == subject)
    }

    /// An event in full, as Graph would show it in UTC.
    #[must_use]
    pub fn event_json(&self, mailbox: &str, id: &str) -> Option<Value> {
        self.either(
            |graph| graph.event_json(mailbox, id),
            |exchange| look::living(exchange, mailbox, id).map(|item| look::event(&item)),
        )
    }

    /// Adds a calendar.
    pub fn add_calendar(&self, mailbox: &str, name: &str, can_edit: bool, owner: Option<&str>) -> Done<String> {
        self.either(
            |graph| graph.add_calendar(mailbox, name, can_edit, owner),
            |exchange| match owner {
                Some(owner) => Err(format!("the calendar of {owner} is no folder of this mailbox")),
                None => exchange.add_folder(mailbox, Some("calendar"), name, "IPF.Appointment", can_edit),
            },
        )
    }

    /// The id of a calendar.
    #[must_use]
    pub fn calendar_id(&self, mailbox: &str, name: &str) -> Option<String> {
        self.either(|graph| graph.calendar_id(mailbox, name), |exchange| exchange.folder_id(mailbox, name))
    }

    /// Adds a list of tasks; gives the id that an account names it by.
    pub fn add_list(&self, mailbox: &str, name: &str) -> Done<String> {
        self.either(
            |graph| graph.add_list(mailbox, name),
            |exchange| exchange.add_folder(mailbox, Some("tasks"), name, "IPF.Task", true),
        )
    }

    /// A colleague's list, which Exchange does not show among one's own folders.
    pub fn add_shared_list(&self, mailbox: &str, name: &str) -> Done<String> {
        self.either(|graph| graph.add_shared_list(mailbox, name), |_| Ok(String::new()))
    }

    /// The id of a list.
    #[must_use]
    pub fn list_id(&self, mailbox: &str, name: &str) -> Option<String> {
        self.either(|graph| graph.list_id(mailbox, name), |exchange| exchange.folder_id(mailbox, name))
    }

    /// Somebody makes a task.
    pub fn add_task(&self, mailbox: &str, list: Option<&str>, task: &Value, now: DateTime<Utc>) -> Done<String> {
        self.either(
            |graph| graph.add_task(mailbox, list, task, now),
            |exchange| exchange.add_item(mailbox, list, &write::task(task), now),
        )
    }

    /// Somebody changes a task.
    pub fn update_task(&self, mailbox: &str, id: &str, change: &Value, now: DateTime<Utc>) -> Done<()> {
        self.either(
            |graph| graph.update_task(mailbox, id, change, now),
            |exchange| exchange.update(mailbox, id, &write::task_updates(change), now),
        )
    }

    /// Somebody has done a task.
    pub fn complete_task(&self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Done<()> {
        self.update_task(mailbox, id, &json!({"status": "completed"}), now)
    }

    /// Somebody deletes a task.
    pub fn delete_task(&self, mailbox: &str, id: &str, now: DateTime<Utc>) -> Done<()> {
        self.either(|graph| graph.delete_task(mailbox, id), |exchange| exchange.delete(mailbox, id, now))
    }

    /// Somebody moves a task; gives its new id.
    pub fn move_task(&self, mailbox: &str, id: &str, list: &str, now: DateTime<Utc>) -> Done<String> {
        self.either(
            |graph| graph.move_task(mailbox, id, list, now),
            |exchange| exchange.move_to(mailbox, id, list, now),
        )
    }

    /// All tasks of a mailbox.
    #[must_use]
    pub fn tasks(&self, mailbox: &str) -> Vec<TaskSummary> {
        self.either(|graph| graph.tasks(mailbox), |exchange| look::tasks(exchange, mailbox))
    }

    /// The first task with this title.
    #[must_use]
    pub fn find_task(&self, mailbox: &str, title: &str) -> Option<TaskSummary> {
        self.tasks(mailbox).into_iter().find(|task| task.title == title)
    }

    /// The same of those whose title is wanted.
    #[must_use]
    pub fn tasks_if(&self, mailbox: &str, wanted: impl Fn(&str) -> bool) -> Vec<TaskSummary> {
        let kept = |mut tasks: Vec<TaskSummary>| {
            tasks.retain(|task| wanted(&task.title));
            tasks
        };
        self.either(|graph| kept(graph.tasks(mailbox)), |exchange| look::tasks_if(exchange, mailbox, &wanted))
    }

    /// Mail that left.
    #[must_use]
    pub fn outbox(&self) -> Vec<Value> {
        self.either(|graph| graph.outbox(), |exchange| exchange.outbox())
    }

    /// Everything that is held.
    #[must_use]
    pub fn state(&self) -> Value {
        self.either(|graph| graph.state(), |exchange| look::state(&exchange.state()))
    }

    /// Everything that is held, Deleted Items too.
    #[must_use]
    pub fn state_with_deleted(&self) -> Value {
        self.either(|graph| graph.state(), |exchange| exchange.state())
    }

    /// An edit as Graph's control port takes it.
    pub fn edit(&self, edit: &Value, now: DateTime<Utc>) -> Done<Value> {
        self.either(|graph| graph.edit(edit, now), |exchange| write::edit(exchange, edit, now))
    }
}
