//! What an account's settings choose, and how that changes between runs.

use crate::people::People;
use crate::step::Who;
use guest::activity::Kind;
use guest::settings::{Account, Exported, Folders};
use scenarios::world::start;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Name of the second list of tasks.
pub const ERRANDS: &str = "Errands";
/// Name of the group of activities.
pub const GROUP: &str = "Chosen";

/// A setting that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The second list of tasks is imported, or not.
    Lists(bool),
    /// Only activities of the group are exported, or all.
    Grouped(bool),
    /// Items are imported that end so many days after the world began, or later.
    From(i64),
    /// A policy has this value.
    Policy(String, String),
    /// The account's zone.
    Zone(String),
}

/// The choices of an account, where they are not that everything is synchronised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    one_list: bool,
    grouped: bool,
    from: Option<i64>,
    policies: BTreeMap<String, String>,
    zone: Option<String>,
}

impl Choices {
    /// One of them changes.
    pub fn change(&mut self, choice: &Choice) {
        match choice {
            Choice::Lists(both) => self.one_list = !both,
            Choice::Grouped(grouped) => self.grouped = *grouped,
            Choice::From(days) => self.from = Some(*days),
            Choice::Policy(name, value) => {
                self.policies.insert(name.clone(), value.clone());
            }
            Choice::Zone(zone) => self.zone = Some(zone.clone()),
        }
    }

    /// The second list of tasks is not imported.
    #[must_use]
    pub const fn one_list(&self) -> bool {
        self.one_list
    }

    /// Only activities of the group are exported.
    #[must_use]
    pub const fn grouped(&self) -> bool {
        self.grouped
    }

    /// The account as they have it.
    pub fn apply(&self, account: &mut Account, people: &People, who: Who) {
        if self.one_list {
            let own = people.mail.list_id(people.mailbox(who), "Tasks");
            account.import_tasks = Folders::Selected(own.map(|id| list(people, &id)).into_iter().collect());
        }
        if self.grouped {
            account.exported = Exported::Groups(vec![people.group().to_string()]);
        }
        if let Some(days) = self.from {
            let from = start() + chrono::TimeDelta::days(days);
            account.import_from = Some(from.date_naive().to_string());
        }
        account.policies.extend(self.policies.iter().map(|(name, value)| (name.clone(), value.clone())));
        if let Some(zone) = &self.zone {
            account.time_zone.clone_from(zone);
        }
    }
}

/// How an account names a list of tasks.
fn list(people: &People, id: &str) -> String {
    match people.mail.exchange() {
        None => guest::graph::todo::folder_id(id),
        Some(_) => guest::exchange::folder_id(Kind::Task, id),
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lists(true) => f.write_str("the second list of tasks is ticked"),
            Self::Lists(false) => f.write_str("the second list of tasks is unticked"),
            Self::Grouped(true) => f.write_str("only the group is exported"),
            Self::Grouped(false) => f.write_str("everything is exported"),
            Self::From(days) => write!(f, "import begins {days} days after the world did"),
            Self::Policy(name, value) => write!(f, "policy {name} becomes {value}"),
            Self::Zone(zone) => write!(f, "the account's zone becomes {zone}"),
        }
    }
}
