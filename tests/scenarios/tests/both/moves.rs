//! Items that are moved, to another calendar or far away in time: moved is not deleted.

use crate::deletions::{imported, untouched};
use crate::steps::tried;
use guest::settings::{Account, Folders};
use scenarios::World;
use scenarios::world::EUGENE;
use serde_json::json;

#[scenarios::scenario]
fn an_event_moved_to_a_calendar_that_is_not_selected_deletes_nothing() {
    let mut world = World::empty();
    let other = world.calendar("Other");
    let own = world.mail.with(|mail| mail.calendar_id(EUGENE, "Calendar")).unwrap();
    let account = Account { import_meetings: Folders::Selected(vec![own]), ..world.account() };
    world.meeting("M", 30);
    tried(&mut world, &account);
    world.pass(20);
    let (id, now) = (world.event_id("M"), world.now());
    world.mail.with(|mail| mail.move_event(EUGENE, &id, &other, now)).unwrap();
    for _ in 0..3 {
        tried(&mut world, &account);
        untouched(&world, 1);
        world.pass(70);
    }
    // It is not followed there, and comes back as the same.
    world.edit_event("M", json!({"subject": "M elsewhere"}));
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["M"]);
    let now = world.now();
    let id = world.event_id("M elsewhere");
    world.mail.with(|mail| mail.move_event(EUGENE, &id, "Calendar", now)).unwrap();
    tried(&mut world, &account);
    world.pass(5);
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["M elsewhere"]);
    untouched(&world, 1);
    world.pass(20);
    tried(&mut world, &account).idle();
}

#[scenarios::scenario]
fn an_event_moved_between_selected_calendars_stays_the_same_activity() {
    let mut world = imported(2);
    world.calendar("Projects");
    let activity = world.found("M0").id;
    let (id, now) = (world.event_id("M0"), world.now());
    world.mail.with(|mail| mail.move_event(EUGENE, &id, "Projects", now)).unwrap();
    world.synced();
    world.pass(5);
    world.edit_event("M0", json!({"subject": "M0 moved"}));
    world.synced();
    assert_eq!(world.found("M0 moved").id, activity);
    untouched(&world, 2);
    world.rests();
}

#[scenarios::scenario]
fn an_exported_item_is_followed_into_every_calendar() {
    let mut world = World::empty();
    let own = world.mail.with(|mail| mail.calendar_id(EUGENE, "Calendar")).unwrap();
    let account = Account { import_meetings: Folders::Selected(vec![own]), ..world.account() };
    world.calendar("Elsewhere");
    world.activity("A", 30);
    tried(&mut world, &account);
    world.pass(20);
    let (id, now) = (world.event_id("A"), world.now());
    world.mail.with(|mail| mail.move_event(EUGENE, &id, "Elsewhere", now)).unwrap();
    tried(&mut world, &account);
    world.pass(20);
    world.edit_event("A", json!({"subject": "A followed"}));
    tried(&mut world, &account);
    world.pass(20);
    tried(&mut world, &account);
    assert_eq!(world.titles(), ["A followed"]);
    untouched(&world, 1);
    world.pass(20);
    tried(&mut world, &account).idle();
}

#[scenarios::scenario]
fn an_event_moved_out_of_the_window_is_followed() {
    // Years ahead, and years back.
    for (far, hours) in [("ahead", 24 * 365 * 6), ("back", -24 * 60)] {
        let mut world = imported(2);
        world.edit_event("M0", scenarios::life::hour(scenarios::life::at(hours)));
        world.synced();
        world.pass(5);
        world.synced();
        untouched(&world, 2);
        assert_eq!(world.found("M0").start, scenarios::life::at(hours), "{far}");
        world.rests();
    }
}
