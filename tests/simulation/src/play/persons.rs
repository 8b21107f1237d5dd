//! The users of a world.

use crate::people::{Person, SECOND};
use crate::step::Who;
use emulators::creatio::NewUser;
use guest::settings::Account;
use scenarios::World;

/// The mailbox of the third account.
const BORIS: &str = "b.petrov@mycompany.com";

/// Users with accounts, each with a second calendar.
pub(super) fn persons(world: &World, number: Who) -> Vec<Person> {
    let zone = "Russian Standard Time";
    let third = |world: &World| {
        let (login, name) = ("b.petrov", "Борис Петров");
        let user = NewUser { login, password: "secret", name, mail: BORIS, zone: "Europe/Moscow", admin: false };
        let ids = world.creatio.with(|creatio| creatio.add_user(&user, world.now()));
        world.mail.add_mailbox(BORIS, name, zone);
        let account = Account { id: BORIS.into(), address: BORIS.into(), user: login.into(), ..world.account() };
        Person { contact: ids.contact, account }
    };
    let mut persons = vec![Person { contact: world.eugene.contact, account: world.account() }];
    if number > 1 {
        persons.push(Person { contact: world.anna.contact, account: world.annas_account() });
    }
    if number > 2 {
        persons.push(third(world));
    }
    for person in &persons {
        world.mail.add_calendar(&person.account.address, SECOND, true, None).unwrap();
    }
    persons
}
