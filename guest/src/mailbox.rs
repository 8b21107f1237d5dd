//! The mailbox of an account: which of the adapters serves it, and what only a mailbox can say.

use crate::activity::Kind;
use crate::ask::{Ask, Fault};
use crate::exchange::{self, Exchange};
use crate::graph::{Graph, todo};
use crate::settings::{MailboxService, Settings};
use crate::side::{Owner, Side};

/// A side that is somebody's mailbox.
pub trait Mailbox: Side {
    /// Whose it is.
    fn owner(&self) -> Ask<'_, Result<Owner, Fault>>;

    /// The time zone that its owner has chosen: a Windows name as a rule, or nothing. None where the service does not tell.
    fn time_zone(&self) -> Ask<'_, Option<Result<String, Fault>>>;
}

/// What an id of a folder or an item is one of, whichever adapter made it.
#[must_use]
pub fn kind_of(id: &str) -> Kind {
    if todo::list_of(id).is_some() { Kind::Task } else { exchange::kind_of(id) }
}

/// The mailbox of an account. Task folders are listed where the settings want tasks, or where `tasks` says so.
#[must_use]
pub fn of(settings: &Settings, tasks: bool) -> Box<dyn Mailbox> {
    match &settings.account.service {
        MailboxService::Exchange(_) => {
            let exchange = Exchange::new(settings);
            Box::new(if tasks { exchange.with_tasks() } else { exchange })
        }
        MailboxService::Graph(_) => {
            let graph = Graph::new(settings);
            Box::new(if tasks { graph.with_tasks() } else { graph })
        }
    }
}
