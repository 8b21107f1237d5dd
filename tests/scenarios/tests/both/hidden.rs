//! Rights that hide single activities, or all of them, for a while: nothing is lost by that, whatever happens meanwhile.

use emulators::creatio::ids::activity_status;
use scenarios::World;
use scenarios::world::EUGENE;
use serde_json::json;

/// The sync's user may not see the activity any more, or sees it again.
fn hide(world: &World, title: &str, hidden: bool) {
    let action = if hidden { "hide" } else { "show" };
    let id = world.found(title).id;
    world.creatio_edit(json!({"action": action, "user": "sync", "ids": [id]}));
}

fn rights(world: &World, given: bool) {
    let action = if given { "grant" } else { "revoke" };
    world.creatio_edit(json!({"action": action, "user": "sync"}));
}

/// Two runs with an hour and more between them: then what is missed counts as gone.
fn missed(world: &mut World) {
    for minutes in [20, 70, 70] {
        world.pass(minutes);
        world.sync().report();
    }
}

/// A week later all activities are listed again.
fn a_week_later(world: &mut World) {
    for minutes in [10_200, 20, 20] {
        world.pass(minutes);
        world.sync().report();
    }
}

#[scenarios::scenario]
fn an_exported_activity_that_shows_again_unchanged_gets_its_item_back() {
    let mut world = World::empty();
    world.activity("A0", 400);
    world.activity("A1", 401);
    world.synced();
    hide(&world, "A0", true);
    missed(&mut world);
    assert_eq!(world.subjects(), ["A1"], "what rights hide looks like a deletion");
    hide(&world, "A0", false);
    a_week_later(&mut world);
    assert_eq!(world.subjects(), ["A0", "A1"]);
    world.rests();
}

#[scenarios::scenario]
fn a_deletion_in_the_mailbox_is_carried_over_once_rights_are_back() {
    let mut world = World::empty();
    world.meeting("M0", 400);
    world.meeting("M1", 401);
    world.synced();
    rights(&world, false);
    world.delete_event("M0");
    missed(&mut world);
    assert_eq!(world.found("M0").status, activity_status::NOT_STARTED);
    rights(&world, true);
    missed(&mut world);
    assert_eq!(world.found("M0").status, activity_status::CANCELED);
    assert_eq!(world.found("M1").status, activity_status::NOT_STARTED);
    world.rests();
}

#[scenarios::scenario]
fn a_deletion_in_the_mailbox_is_carried_over_once_the_activity_shows_again() {
    let mut world = World::empty();
    world.meeting("M0", 400);
    world.meeting("M1", 401);
    world.synced();
    hide(&world, "M0", true);
    world.delete_event("M0");
    missed(&mut world);
    missed(&mut world);
    hide(&world, "M0", false);
    a_week_later(&mut world);
    assert_eq!(world.found("M0").status, activity_status::CANCELED);
    world.rests();
}

#[scenarios::scenario]
fn an_activity_of_a_participant_that_shows_again_is_exported_although_nothing_of_it_changed() {
    let mut world = World::empty();
    world.activity("A0", 400);
    world.synced();
    let (eugene, anna) = (world.eugene.contact, world.anna.contact);
    let annas = world.activity_with("Anna's", 401, |new| {
        new.owner = Some(anna);
        new.participants = vec![eugene];
    });
    // The rows of participants are seen, and the activity is not.
    world.creatio_edit(json!({"action": "hide", "user": "sync", "ids": [annas]}));
    for minutes in [20, 70, 70] {
        world.pass(minutes);
        world.synced();
    }
    assert_eq!(world.subjects(), ["A0"]);
    hide(&world, "Anna's", false);
    a_week_later(&mut world);
    assert_eq!(world.subjects(), ["A0", "Anna's"]);
    world.rests();
}

#[scenarios::scenario]
fn an_item_that_is_back_while_rights_are_away_is_followed_again() {
    let mut world = World::empty();
    world.meeting("M0", 400);
    world.meeting("M1", 401);
    world.synced();
    let id = world.delete_event("M0");
    world.pass(20);
    world.synced();
    rights(&world, false);
    let now = world.now();
    world.mail.with(|mail| mail.restore_event(EUGENE, &id, now)).unwrap();
    world.sync().report();
    rights(&world, true);
    missed(&mut world);
    assert_eq!(world.found("M0").status, activity_status::NOT_STARTED);
    world.rests();
}

#[scenarios::scenario]
fn an_item_that_is_back_and_whose_activity_is_gone_is_named() {
    let mut world = World::empty();
    world.activity("A0", 400);
    world.activity("A1", 401);
    world.synced();
    let id = world.delete_event("A0");
    world.pass(20);
    world.synced();
    world.delete_activity("A0");
    let now = world.now();
    world.mail.with(|mail| mail.restore_event(EUGENE, &id, now)).unwrap();
    let mut told = Vec::new();
    for _ in 0..6 {
        world.pass(70);
        told.extend(world.synced().entries.into_iter().map(|entry| (entry.title, entry.reason.code())));
    }
    assert_eq!(told, [("A0".to_owned(), "deleted-in-creatio")]);
    world.rests();
}
