//! What was missed, and what was removed for it, is back.

use super::deletions::imported;
use emulators::creatio::ids::activity_status;
use guest::report::Outcome;
use scenarios::World;
use scenarios::world::EUGENE;
use serde_json::json;

#[scenarios::scenario]
fn held_deletions_are_settled_when_their_items_are_back() {
    let mut world = imported(6);
    let ids: Vec<String> = (0..6).map(|at| world.delete_event(&format!("M{at}"))).collect();
    let ran = world.synced();
    assert_eq!((ran.number(Outcome::Held), ran.report().number("standing")), (6, 6));
    world.pass(20);
    let now = world.now();
    for id in &ids {
        world.mail.with(|mail| mail.restore_event(EUGENE, id, now)).unwrap();
    }
    let ran = world.synced();
    assert_eq!((ran.reasons(Outcome::Noted), ran.report().number("standing")), (vec!["settled"; 6], 0));
    assert!(world.activities().iter().all(|activity| activity.status == activity_status::NOT_STARTED));
    world.rests();
}

#[scenarios::scenario]
fn held_deletions_are_settled_when_their_activities_are_seen_again() {
    let mut world = World::empty();
    let ids: Vec<_> = (0..7).map(|at| world.activity(&format!("A{at}"), 300 + at)).collect();
    world.synced();
    world.pass(20);
    world.creatio_edit(json!({"action": "hide", "user": "sync", "ids": &ids[..6]}));
    let mut held = 0;
    for _ in 0..4 {
        world.pass(24 * 60);
        held += world.synced().number(Outcome::Held);
    }
    assert_eq!(held, 6);
    world.creatio_edit(json!({"action": "show", "user": "sync", "ids": &ids[..6]}));
    for _ in 0..9 {
        world.pass(24 * 60);
        world.synced();
    }
    assert_eq!(world.synced().report().number("standing"), 0);
    assert_eq!(world.subjects().len(), 7);
}

#[scenarios::scenario]
fn an_activity_that_is_back_gets_an_item_although_the_removed_one_can_still_be_read() {
    let mut world = World::empty();
    let id = world.activity("A", 300);
    world.activity("Stays", 301);
    world.synced();
    world.graph_knobs(json!({"deleted_readable": true}));
    world.creatio_edit(json!({"action": "hide", "user": "sync", "ids": [id]}));
    for _ in 0..4 {
        world.pass(24 * 60);
        world.synced();
    }
    assert_eq!(world.subjects(), ["Stays"]);
    world.creatio_edit(json!({"action": "show", "user": "sync", "ids": [id]}));
    world.edit_activity("A", json!({"Location": "Room 5"}));
    world.synced();
    world.synced();
    assert_eq!(world.subjects(), ["A", "Stays"]);
    assert_eq!(world.event("A")["location"]["displayName"], "Room 5");
    world.rests();
}
