//! Private items, where they begin and cease to be private, and events of a zone that nobody knows.

use crate::steps::{nothing_removed, rests, tried};
use guest::report::Outcome;
use guest::settings::Account;
use scenarios::history::rows;
use scenarios::life::{at, point};
use scenarios::{Ran, World};
use serde_json::json;

/// A sync that removes nothing.
fn sync(world: &mut World, account: &Account) -> Ran {
    let ran = tried(world, account);
    nothing_removed(&ran);
    ran
}

/// An activity of the user's own that was exported and then made private in the mailbox.
fn made_private(policy: &str) -> (World, Account) {
    let mut world = World::empty();
    let account = world.policies(&[("private", policy)]);
    world.activity_with("Dentist", 30, |row| row.place = "Clinic".into());
    sync(&mut world, &account);
    rests(&mut world, &account);
    world.edit_event("Dentist", json!({"sensitivity": "private"}));
    (world, account)
}

#[scenarios::scenario]
fn an_exported_item_that_becomes_private_is_masked_and_comes_back_when_it_is_not_any_more() {
    let (mut world, account) = made_private("mask");
    let ran = sync(&mut world, &account);
    assert_eq!(ran.number(Outcome::Conflict), 0);
    let masked = world.found("Личное");
    assert_eq!((masked.place.as_str(), masked.start), ("", at(30)));
    rests(&mut world, &account);
    // Nothing of it is written back, its times neither.
    world.edit_activity("Личное", json!({"StartDate": at(40), "DueDate": at(41), "Title": "Guess"}));
    assert_eq!(sync(&mut world, &account).reasons(Outcome::Held), ["masked-private"]);
    assert_eq!(world.event("Dentist")["location"]["displayName"], "Clinic");
    rests(&mut world, &account);
    world.edit_activity("Guess", json!({"StartDate": at(30), "DueDate": at(31), "Title": "Личное"}));
    sync(&mut world, &account);
    rests(&mut world, &account);
    world.edit_event("Dentist", json!({"sensitivity": "normal"}));
    sync(&mut world, &account);
    assert_eq!(world.found("Dentist").place, "Clinic");
    rests(&mut world, &account);
    assert_eq!((world.titles().len(), world.subjects().len()), (1, 1));
}

#[scenarios::scenario]
fn an_exported_item_that_becomes_private_is_parked_where_private_ones_are_skipped() {
    let (mut world, account) = made_private("skip");
    let ran = sync(&mut world, &account);
    assert_eq!((ran.reasons(Outcome::Noted), ran.writes()), (vec!["private-skipped"], 0));
    world.edit_activity("Dentist", json!({"Location": "Elsewhere"}));
    sync(&mut world, &account).idle();
    rests(&mut world, &account);
    assert_eq!(world.event("Dentist")["location"]["displayName"], "Clinic");
    world.edit_event("Dentist", json!({"sensitivity": "normal"}));
    sync(&mut world, &account);
    assert_eq!(world.event("Dentist")["location"]["displayName"], "Elsewhere");
    rests(&mut world, &account);
    assert_eq!((world.titles().len(), world.subjects().len()), (1, 1));
}

/// As many as the listing of marked items is worth, and as few as it is not.
#[scenarios::scenario]
fn a_private_item_that_both_sides_had_is_one_pair_and_its_activity_keeps_its_texts() {
    for others in [0, 30] {
        let mut world = World::empty();
        let account = world.policies(&[("private", "mask")]);
        for number in 0..others {
            world.meeting(&format!("Other {number}"), 100 + number);
        }
        let private = json!({"sensitivity": "private", "location": {"displayName": "Clinic"}});
        world.meeting_with("Dentist", 30, private.clone());
        world.activity_with("Dentist", 30, |row| row.notes = "Bring the card".into());
        // Two that a mask would make alike, and one that only the mask would make equal.
        world.meeting_with("Bank", 30, private);
        world.activity("Личное", 33);
        world.meeting_with("Lawyer", 33, json!({"sensitivity": "private"}));
        let ran = sync(&mut world, &account);
        assert!(!ran.reasons(Outcome::Noted).contains(&"adopted-different"));
        let number = usize::try_from(others).unwrap();
        assert_eq!((world.titles().len(), world.subjects().len()), (number + 4, number + 4), "{:?}", world.titles());
        let kept = world.found("Dentist");
        assert_eq!((kept.place.as_str(), kept.notes.as_str()), ("", "Bring the card"));
        assert_eq!(world.event("Dentist")["location"]["displayName"], "Clinic");
        rests(&mut world, &account);
        // From then on it is followed as any private item is.
        world.edit_event("Dentist", json!({"start": point(at(31)), "end": point(at(32)), "subject": "Surgeon"}));
        sync(&mut world, &account);
        assert_eq!(world.found("Dentist").start, at(31));
        rests(&mut world, &account);
    }
}

#[scenarios::scenario]
fn nothing_that_is_stored_tells_what_a_masked_item_says() {
    let mut world = World::empty();
    let account = world.policies(&[("private", "mask")]);
    world.meeting_with("Dentist", 30, json!({"sensitivity": "private", "location": {"displayName": "Clinic"}}));
    let ran = sync(&mut world, &account);
    assert!(!format!("{:?}", ran.entries).contains("Dentist"));
    for text in ["Dentist", "Clinic"] {
        assert!(!rows(&world).values().any(|row| row.to_string().contains(text)), "{text}");
    }
}

#[scenarios::scenario]
fn a_zone_that_is_not_known_is_told_and_stops_nothing() {
    if scenarios::about_graph("Exchange gives instants, whatever zone an appointment names") {
        return;
    }
    let mut world = World::empty();
    let account = world.account();
    world.graph_knobs(json!({"custom_points": true}));
    world.meeting("Odd", 30);
    world.meeting("Odd too", 33);
    let ran = sync(&mut world, &account);
    let told: Vec<&str> = ran
        .report()
        .warnings
        .iter()
        .filter(|warning| warning.code.code() == "unknown-zone")
        .map(|warning| warning.text.as_str())
        .collect();
    assert!(
        matches!(told[..], [text] if text.contains("tzone://Microsoft/Custom") && text.contains("Europe/Moscow")),
        "{told:?}"
    );
    assert_eq!(world.titles(), ["Odd", "Odd too"]);
    assert!(!sync(&mut world, &account).warns("unknown-zone"));
    world.graph_knobs(json!({"custom_points": false}));
    world.meeting("Even", 36);
    assert!(!sync(&mut world, &account).warns("unknown-zone"));
}

#[scenarios::scenario]
fn a_masked_item_stays_where_its_activity_is_handed_over() {
    let (mut world, account) = made_private("mask");
    sync(&mut world, &account);
    rests(&mut world, &account);
    world.edit_activity("Личное", json!({"OwnerId": world.anna.contact}));
    for _ in 0..3 {
        world.pass(70);
        sync(&mut world, &account);
    }
    assert_eq!(world.subjects(), ["Dentist"]);
    rests(&mut world, &account);
}
