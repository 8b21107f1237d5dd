//! What tests and worlds call, without HTTP.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::access::{Access, Client, User};
use super::activity::NewActivity;
use super::failure::Refused;
use super::ids::{communication_type, derived};
use super::knobs::Knobs;
use super::lookups;
use super::schema::entity;
use super::store::{Row, Store};
use super::{Call, Creatio};

/// A new system user with its contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewUser<'a> {
    /// What is typed at sign-in.
    pub login: &'a str,
    /// The password.
    pub password: &'a str,
    /// The contact's name.
    pub name: &'a str,
    /// The contact's address, also as a `ContactCommunication`.
    pub mail: &'a str,
    /// The code of a time zone, empty for the site's.
    pub zone: &'a str,
    /// Sees and writes every row.
    pub admin: bool,
}

/// The rows of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserIds {
    /// `SysAdminUnit`.
    pub user: Uuid,
    /// `Contact`.
    pub contact: Uuid,
}

impl Creatio {
    /// A site with its lookups and one administrator, `Supervisor`.
    #[must_use]
    pub fn new(created: DateTime<Utc>) -> Self {
        let mut site = Self {
            knobs: Knobs::default(),
            store: Store::default(),
            access: Access::default(),
            administrator: derived("user Supervisor"),
            ids: 0,
        };
        lookups::fill(&mut site.store, created);
        site.add_user(
            &NewUser {
                login: "Supervisor",
                password: "Supervisor",
                name: "Supervisor",
                admin: true,
                ..NewUser::default()
            },
            created,
        );
        site
    }

    /// Adds a user and its contact; ids derive from the login.
    pub fn add_user(&mut self, new: &NewUser<'_>, now: DateTime<Utc>) -> UserIds {
        let contact = self.add_contact(new.name, &[new.mail], now);
        let id = derived(&format!("user {}", new.login));
        let user = User {
            id,
            contact,
            login: new.login.to_owned(),
            password: new.password.to_owned(),
            admin: new.admin,
            odata: true,
            active: true,
            revoked: false,
        };
        if let Some(entity) = entity("SysAdminUnit") {
            let mut row = Row::default();
            row.set("Id", Some(id.into()));
            row.set("Name", Some(new.login.into()));
            row.set("ContactId", Some(contact.into()));
            row.set("Active", Some(true.into()));
            row.set("SysAdminUnitTypeValue", Some(4.into()));
            row.set("Email", Some(new.mail.into()).filter(|_| !new.mail.is_empty()));
            row.set("TimeZoneId", Some(new.zone.into()).filter(|_| !new.zone.is_empty()));
            self.put_stamped(&user, now, entity, &mut row, true);
        }
        self.access.users.insert(id, user);
        UserIds { user: id, contact }
    }

    /// Adds a contact with its addresses, the first as the main one; the id derives from name and main address.
    pub fn add_contact(&mut self, name: &str, mails: &[&str], now: DateTime<Utc>) -> Uuid {
        let main = mails.first().copied().unwrap_or_default();
        let id = derived(&format!("contact {name} {main}"));
        let call = self.system(now);
        let put = |site: &mut Self, set: &str, id: Uuid, cells: Vec<(&'static str, super::Value)>| {
            let Some(entity) = entity(set) else { return };
            let mut row = Row::default();
            row.set("Id", Some(id.into()));
            for (column, value) in cells {
                row.set(column, Some(value));
            }
            site.put_stamped(&call.caller, now, entity, &mut row, true);
        };
        let mut cells = vec![("Name", name.into())];
        if !main.is_empty() {
            cells.push(("Email", main.into()));
        }
        put(self, "Contact", id, cells);
        for mail in mails.iter().filter(|mail| !mail.is_empty()) {
            let cells = vec![
                ("ContactId", id.into()),
                ("CommunicationTypeId", communication_type::EMAIL.into()),
                ("Number", (*mail).into()),
                ("SearchNumber", (*mail).into()),
                ("Primary", (*mail == main).into()),
            ];
            put(self, "ContactCommunication", derived(&format!("address {id} {mail}")), cells);
        }
        id
    }

    /// Adds a client of the identity service that speaks for a user.
    pub fn add_client(&mut self, id: &str, secret: &str, user: Uuid) {
        self.access.clients.insert(id.to_owned(), Client { secret: secret.to_owned(), user });
    }

    /// Adds an activity as its owner would, or the administrator where there is none.
    ///
    /// # Errors
    /// What the server would have refused.
    pub fn add_activity(&mut self, new: &NewActivity, now: DateTime<Utc>) -> Result<Uuid, Refused> {
        let owner = self.access.users.values().find(|user| Some(user.contact) == new.owner).cloned();
        let mut call = self.system(now);
        if let Some(owner) = owner {
            call.caller = owner;
        }
        let id = self.create_as(&call, "Activity", &new.body())?;
        for contact in &new.participants {
            if self.participant(id, *contact).is_none() {
                let body = json!({ "Id": derived(&format!("participant {id} {contact}")), "ActivityId": id, "ParticipantId": contact });
                self.create_as(&call, "ActivityParticipant", body.as_object().unwrap_or(&Map::new()))?;
            }
        }
        if let Some(rights) = self.store.rights("Activity", id) {
            rights.everyone = new.everyone;
        }
        Ok(id)
    }

    /// Adds any row as the administrator.
    ///
    /// # Errors
    /// What the server would have refused.
    pub fn add_row(&mut self, set: &str, values: &Map<String, Json>, now: DateTime<Utc>) -> Result<Uuid, Refused> {
        let call = self.system(now);
        self.create_as(&call, set, values)
    }

    /// All rows of a set, by id.
    pub fn rows(&self, set: &str) -> impl Iterator<Item = (Uuid, &Row)> {
        entity(set).into_iter().flat_map(|entity| self.store.table(entity)).map(|(id, row)| (*id, row))
    }

    /// One row.
    #[must_use]
    pub fn row(&self, set: &str, id: Uuid) -> Option<&Row> {
        self.store.row(set, id)
    }

    /// How many rows a set has.
    #[must_use]
    pub fn count(&self, set: &str) -> usize {
        self.store.count(set)
    }

    /// A user by its login.
    #[must_use]
    pub fn user(&self, login: &str) -> Option<&User> {
        self.access.user_by_login(login)
    }

    /// The switches.
    #[must_use]
    pub fn knobs(&self) -> &Knobs {
        &self.knobs
    }

    /// The switches, to be set.
    pub fn knobs_mut(&mut self) -> &mut Knobs {
        &mut self.knobs
    }

    fn create_as(&mut self, call: &Call, set: &str, values: &Map<String, Json>) -> Result<Uuid, Refused> {
        let entity = entity(set).ok_or_else(|| Refused(format!("there is no set '{set}'")))?;
        let row = self.create(call, entity, values)?;
        row.guid("Id").ok_or_else(|| Refused("the row has no id".to_owned()))
    }

    /// What the site does by itself; before there is a user, nobody's.
    fn system(&self, now: DateTime<Utc>) -> Call {
        let caller = self.access.users.get(&self.administrator).cloned().unwrap_or_else(|| User {
            id: self.administrator,
            contact: derived("contact Supervisor "),
            login: String::new(),
            password: String::new(),
            admin: true,
            odata: true,
            active: true,
            revoked: false,
        });
        Call { caller, now, root: String::new() }
    }
}
