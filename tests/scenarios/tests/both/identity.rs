//! Who an account is: a renamed user is the same, one that was swapped for another is noticed before anything is written.

use crate::steps::tried;
use guest::report::Outcome;
use guest::run::Direction;
use guest::settings::Account;
use scenarios::history::rows;
use scenarios::world::{ANNA, EUGENE};
use scenarios::{Ran, World};
use serde_json::{Value, json};

/// Eugene's address after his name day.
const RENAMED: &str = "e.pokoyny@mycompany.com";

/// A world in step: imported, exported, adopted; a meeting with a guest whose change is held.
fn in_step() -> World {
    let mut world = World::empty();
    world.meeting("Imported", 30);
    world.activity("Exported", 32);
    world.meeting("Both", 34);
    world.activity("Both", 34);
    let guests = json!({"attendees": [{"type": "required", "emailAddress": {"address": "olga@northwind.example"}}]});
    world.meeting_with("With a guest", 36, guests);
    world.synced();
    world.pass(20);
    world.edit_activity("With a guest", json!({"Title": "With a guest, renamed"}));
    let ran = world.synced();
    assert_eq!(ran.reasons(Outcome::Held), ["would-notify"]);
    world.rests();
    world
}

fn renamed(world: &mut World) -> Account {
    world.graph_edit(json!({"action": "rename-user", "mailbox": EUGENE, "to": RENAMED}));
    world.mailboxes[0] = RENAMED.into();
    Account { id: RENAMED.into(), address: RENAMED.into(), ..world.account() }
}

fn sync(world: &mut World, account: &Account) -> Ran {
    world.pass(20);
    tried(world, account)
}

/// The run is refused with this text, and wrote nothing: not to a side, not to storage.
fn refused(world: &mut World, account: &Account, text: &str) {
    let before = rows(world);
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    ran.fails_with(text);
    assert_eq!((ran.writes(), ran.commits, ran.entries.len()), (0, 0, 0));
    assert_eq!(before, rows(world));
    let preview = world.run(account.clone(), Direction::Reconcile, |options| options.dry_run = true);
    preview.fails_with(text);
}

#[scenarios::scenario]
fn a_renamed_user_is_the_same_account_although_the_accounts_id_is_the_address() {
    if scenarios::about_graph("users in the directory of Microsoft 365") {
        return;
    }
    let mut world = in_step();
    let account = renamed(&mut world);
    let ran = sync(&mut world, &account);
    assert!(ran.warns("renamed"));
    assert_eq!((ran.writes(), ran.number(Outcome::Written)), (0, 0));
    // What waits for a person is told to the account under its new name.
    assert_eq!(ran.reasons(Outcome::Held), ["would-notify"]);
    for _ in 0..2 {
        let ran = sync(&mut world, &account);
        ran.idle();
        assert!(!ran.warns("renamed"));
    }
    // Markers and links go on working.
    world.mail.with(|mail| {
        let now = emulators_now();
        let id = mail.find_event(RENAMED, "Exported").unwrap().id;
        mail.update_event(RENAMED, &id, &json!({"subject": "Exported, edited"}), now).unwrap();
    });
    assert_eq!(sync(&mut world, &account).reasons(Outcome::Written), ["changed-in-mailbox"]);
    world.edit_activity("Imported", json!({"Title": "Imported, edited"}));
    assert_eq!(sync(&mut world, &account).reasons(Outcome::Written), ["changed-in-creatio"]);
    sync(&mut world, &account).idle();
    assert_eq!((world.titles().len(), world.subjects_of(RENAMED).len()), (4, 4));
}

fn emulators_now() -> chrono::DateTime<chrono::Utc> {
    scenarios::life::at(10)
}

#[scenarios::scenario]
fn a_renamed_user_is_the_same_account_under_an_id_of_its_own() {
    if scenarios::about_graph("users in the directory of Microsoft 365") {
        return;
    }
    let mut world = in_step();
    let account = Account { id: EUGENE.into(), ..renamed(&mut world) };
    let ran = sync(&mut world, &account);
    assert!(ran.warns("renamed"));
    assert_eq!((ran.writes(), ran.entries.len()), (0, 0));
    sync(&mut world, &account).idle();
}

#[scenarios::scenario]
fn a_rename_there_and_back_is_two_renames() {
    if scenarios::about_graph("users in the directory of Microsoft 365") {
        return;
    }
    let mut world = in_step();
    let account = renamed(&mut world);
    sync(&mut world, &account);
    let before = world.account();
    refused(&mut world, &Account { address: RENAMED.into(), ..before.clone() }, "is synchronised by the account");
    world.graph_edit(json!({"action": "rename-user", "mailbox": RENAMED, "to": EUGENE}));
    world.mailboxes[0] = EUGENE.into();
    let ran = sync(&mut world, &before);
    assert!(ran.warns("renamed"));
    assert_eq!(ran.writes(), 0);
    world.rests();
    refused(&mut world, &Account { address: EUGENE.into(), ..account }, "is synchronised by the account");
}

#[scenarios::scenario]
fn a_renamed_users_items_are_found_by_their_markers_after_lost_storage() {
    if scenarios::about_graph("users in the directory of Microsoft 365") {
        return;
    }
    let mut world = in_step();
    let account = renamed(&mut world);
    world.lose_storage();
    let ran = sync(&mut world, &account);
    assert_eq!(ran.number(Outcome::Written), 0);
    assert_eq!((world.titles().len(), world.subjects_of(RENAMED).len()), (4, 4));
    sync(&mut world, &account).idle();
}

#[scenarios::scenario]
fn another_mailbox_behind_the_address_is_noticed_before_anything_is_written() {
    if scenarios::about_graph("users in the directory of Microsoft 365") {
        return;
    }
    for same_user in [false, true] {
        let mut world = in_step();
        world.graph_edit(json!({"action": "replace-mailbox", "mailbox": EUGENE, "sameUser": same_user}));
        world.activity("New", 60);
        let account = world.account();
        refused(&mut world, &account, "the mailbox behind e.mirny@mycompany.com is another one");
        // Under a new id it is a mailbox like any other.
        let account = Account { id: "eugene-2".into(), ..account };
        sync(&mut world, &account);
        let ran = sync(&mut world, &account);
        assert_eq!(ran.number(Outcome::Failed), 0);
    }
}

#[scenarios::scenario]
fn another_mailbox_is_noticed_without_the_right_to_read_users() {
    if scenarios::about_graph("users in the directory of Microsoft 365") {
        return;
    }
    let mut world = World::empty();
    world.graph_knobs(json!({"users_readable": false}));
    world.meeting("Imported", 30);
    world.activity("Exported", 32);
    world.synced();
    world.rests();
    world.graph_edit(json!({"action": "replace-mailbox", "mailbox": EUGENE}));
    let account = world.account();
    refused(&mut world, &account, "the mailbox behind e.mirny@mycompany.com is another one");
}

#[scenarios::scenario]
fn without_the_right_to_read_users_a_renamed_one_needs_the_accounts_id() {
    if scenarios::about_graph("users in the directory of Microsoft 365") {
        return;
    }
    let mut world = World::empty();
    world.graph_knobs(json!({"users_readable": false}));
    world.meeting("Imported", 30);
    world.activity("Exported", 32);
    world.synced();
    world.rests();
    let account = renamed(&mut world);
    refused(&mut world, &account, "give this account the id \"e.mirny@mycompany.com\"");
    let account = Account { id: EUGENE.into(), ..account };
    assert_eq!(sync(&mut world, &account).writes(), 0);
    // The right is given later: the directory's id is learned, and the account stays what it is.
    world.graph_knobs(json!({"users_readable": true}));
    sync(&mut world, &account).idle();
    sync(&mut world, &account).idle();
    assert_eq!((world.titles().len(), world.subjects_of(RENAMED).len()), (2, 2));
}

#[scenarios::scenario]
fn a_mailbox_is_one_account() {
    let mut world = in_step();
    let account = Account { id: "another".into(), ..world.account() };
    refused(&mut world, &account, "is synchronised by the account \"e.mirny@mycompany.com\"");
    // The same in other letters.
    let account = Account { id: "another".into(), address: EUGENE.to_uppercase(), ..world.account() };
    refused(&mut world, &account, "is synchronised by the account \"e.mirny@mycompany.com\"");
    world.rests();
}

#[scenarios::scenario]
fn a_creatio_user_with_another_login_is_the_same_and_one_with_another_contact_is_not() {
    let mut world = in_step();
    world.creatio_edit(json!({"action": "user", "user": "e.mirny", "login": "e.pokoyny"}));
    let account = Account { user: "e.pokoyny".into(), ..world.account() };
    sync(&mut world, &account).idle();
    world.creatio_edit(json!({"action": "user", "user": "e.pokoyny", "contact": world.anna.contact}));
    refused(&mut world, &account, "now belongs to another contact");
}

#[scenarios::scenario]
fn rows_of_a_newer_layout_are_refused_and_stay_as_they_are() {
    for key in ["state", "tenant"] {
        let mut world = in_step();
        let key = rows(&world).into_keys().find(|row| row.rsplit('/').next() == Some(key)).unwrap();
        let mut row: Value = rows(&world)[&key].clone();
        row["layout"] = json!(guest::store::LAYOUT + 1);
        row["unheard-of"] = json!("kept");
        world.put_row(&key, &row);
        let account = world.account();
        refused(&mut world, &account, "a newer version wrote");
        if key == "tenant" {
            // What is shared belongs to every account of the tenant.
            let annas = world.annas_account();
            assert_eq!(annas.id, ANNA);
            refused(&mut world, &annas, "a newer version wrote");
        }
    }
}
