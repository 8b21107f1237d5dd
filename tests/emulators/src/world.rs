//! Worlds to start from: the same at every start, but for the day that they are built around.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::creatio::{Creatio, NewUser, Refused};
use crate::exchange::{self, Exchange};
use crate::graph::{self, Graph};

mod demo;
mod large;
mod mixed;

/// Which world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// People, and nothing in their calendars.
    Empty,
    /// Two people and some weeks of their work, in Russian and English.
    Demo,
    /// As empty, with so many activities and as many events of the first person, none of them the same.
    Large(u32),
    /// The activities alone.
    LargeCreatio(u32),
    /// The events alone.
    LargeMailbox(u32),
    /// So many meetings of the first person in turn: in the mailbox, in Creatio, on both sides.
    Mixed(u32),
}

/// A text that names no world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWorld(String);

impl fmt::Display for UnknownWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is none of empty, demo, large:N, large-creatio:N, large-mailbox:N, mixed:N", self.0)
    }
}

impl std::error::Error for UnknownWorld {}

impl FromStr for Kind {
    type Err = UnknownWorld;

    fn from_str(text: &str) -> Result<Self, UnknownWorld> {
        let (name, number) = text.split_once(':').unwrap_or((text, ""));
        match (name, number.parse()) {
            ("empty", _) => Ok(Self::Empty),
            ("demo", _) => Ok(Self::Demo),
            ("large", Ok(number)) => Ok(Self::Large(number)),
            ("large-creatio", Ok(number)) => Ok(Self::LargeCreatio(number)),
            ("large-mailbox", Ok(number)) => Ok(Self::LargeMailbox(number)),
            ("mixed", Ok(number)) => Ok(Self::Mixed(number)),
            _ => Err(UnknownWorld(text.to_owned())),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Demo => f.write_str("demo"),
            Self::Large(number) => write!(f, "large:{number}"),
            Self::LargeCreatio(number) => write!(f, "large-creatio:{number}"),
            Self::LargeMailbox(number) => write!(f, "large-mailbox:{number}"),
            Self::Mixed(number) => write!(f, "mixed:{number}"),
        }
    }
}

/// Somebody with a mailbox and a Creatio user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Full name, also of the contact.
    pub name: String,
    /// Address of the mailbox and of the contact.
    pub mail: String,
    /// Creatio login.
    pub login: String,
    /// Creatio password.
    pub password: String,
    /// Time zone, as in the IANA list.
    pub zone: String,
    /// The Creatio user.
    pub user: Uuid,
    /// The Creatio contact.
    pub contact: Uuid,
}

impl Person {
    /// The language of texts that are written for this person: `en` or `ru`.
    #[must_use]
    pub fn language(&self) -> &'static str {
        if self.zone == "Europe/Moscow" { "ru" } else { "en" }
    }
}

/// A client of both sign-ins, Creatio's identity service and Microsoft's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

/// What a world consists of.
#[derive(Debug, Clone)]
pub struct World {
    /// The Creatio site.
    pub creatio: Creatio,
    /// Microsoft Graph with the mailboxes.
    pub graph: Graph,
    /// Exchange Server with mailboxes of the same people.
    pub exchange: Exchange,
    /// The people, Евгений Мирный first.
    pub people: Vec<Person>,
    /// A client that may read every mailbox, and whose requests to Creatio are made by an administrator, `Sync
    /// Integration`.
    pub client: Client,
    /// What the world is built around.
    pub start: DateTime<Utc>,
}

impl World {
    /// Builds a world around `start`.
    ///
    /// # Errors
    /// The emulator refused one of the world's own rows.
    pub fn new(kind: Kind, start: DateTime<Utc>) -> Result<Self, Refused> {
        let created = start - chrono::TimeDelta::days(30);
        let mut creatio = Creatio::new(created);
        let mut people = Vec::new();
        for (name, mail, login, password, zone, windows) in [
            (
                "Евгений Мирный",
                "e.mirny@mycompany.com",
                "e.mirny",
                "Mirny-2026",
                "Europe/Moscow",
                "Russian Standard Time",
            ),
            ("Anna Smith", "a.smith@mycompany.com", "a.smith", "Smith-2026", "Europe/London", "GMT Standard Time"),
        ] {
            let ids = creatio.add_user(&NewUser { login, password, name, mail, zone: windows, admin: false }, created);
            people.push(Person {
                name: name.to_owned(),
                mail: mail.to_owned(),
                login: login.to_owned(),
                password: password.to_owned(),
                zone: zone.to_owned(),
                user: ids.user,
                contact: ids.contact,
            });
        }
        let integration = NewUser {
            login: "sync.integration",
            password: "Integration-2026",
            name: "Sync Integration",
            admin: true,
            ..NewUser::default()
        };
        let ids = creatio.add_user(&integration, created);
        let client = Client { id: graph::world::CLIENT_ID.to_owned(), secret: graph::world::CLIENT_SECRET.to_owned() };
        creatio.add_client(&client.id, &client.secret, ids.user);
        let mut world = Self { creatio, graph: Graph::new(), exchange: Exchange::new(), people, client, start };
        match kind {
            Kind::Demo => {
                demo::fill(&mut world)?;
                graph::world::populate_demo(&mut world.graph, start);
            }
            Kind::Empty | Kind::LargeCreatio(_) | Kind::Mixed(_) => graph::world::populate_empty(&mut world.graph),
            Kind::Large(number) | Kind::LargeMailbox(number) => {
                graph::world::populate_large(&mut world.graph, start, usize::try_from(number).unwrap_or(usize::MAX));
            }
        }
        match kind {
            Kind::Demo => exchange::world::populate_demo(&mut world.exchange, start),
            _ => exchange::world::populate_empty(&mut world.exchange, &exchange::world::people()),
        }
        if let Kind::Large(number) | Kind::LargeCreatio(number) = kind {
            large::fill(&mut world, number)?;
        }
        if let Kind::Mixed(number) = kind {
            mixed::fill(&mut world, number)?;
        }
        Ok(world)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Service as _;

    #[test]
    fn a_world_is_the_same_at_every_start() {
        let start = "2026-11-22T09:00:00Z".parse().unwrap();
        for kind in [Kind::Empty, Kind::Demo, Kind::Large(50), Kind::Mixed(50)] {
            let state = || {
                let world = World::new(kind, start).unwrap();
                (world.creatio.state(), world.graph.state(), world.exchange.state())
            };
            assert!(state() == state(), "{kind}");
        }
    }

    #[test]
    fn a_mixed_world_has_its_meetings_on_one_side_the_other_and_both() {
        let start = "2026-11-22T09:00:00Z".parse().unwrap();
        let world = World::new(Kind::Mixed(30), start).unwrap();
        let events: Vec<String> = world.graph.events(graph::world::EUGENE).into_iter().map(|e| e.subject).collect();
        let activities: Vec<&str> = world.creatio.rows("Activity").map(|(_, row)| row.text("Title")).collect();
        let both = events.iter().filter(|subject| activities.contains(&subject.as_str())).count();
        assert_eq!((events.len(), activities.len(), both), (20, 20, 10));
    }

    #[test]
    fn the_demo_has_what_a_sync_must_tell_apart() {
        let start = "2026-11-22T09:00:00Z".parse().unwrap();
        let creatio = World::new(Kind::Demo, start).unwrap().creatio;
        let count =
            |test: &dyn Fn(&crate::creatio::Row) -> bool| creatio.rows("Activity").filter(|(_, row)| test(row)).count();
        use crate::creatio::ids::{activity_status, activity_type};
        assert!(creatio.count("Activity") >= 100);
        assert!(count(&|row| row.guid("TypeId") == Some(activity_type::EMAIL)) >= 5);
        assert!(count(&|row| row.flag("ShowInScheduler")) >= 40);
        assert!(count(&|row| !row.flag("ShowInScheduler")) >= 30);
        assert!(count(&|row| row.guid("StatusId") == Some(activity_status::COMPLETED)) >= 10);
        assert!(count(&|row| row.time("StartDate") > Some(start)) >= 40);
        assert!(count(&|row| row.text("Title").contains('"')) >= 1);
    }
}
