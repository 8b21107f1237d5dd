//! An activity is handed over: its owner becomes somebody else. It enters the new owner's mailbox, and leaves the former
//! one's where the sync had put it there.

use emulators::creatio::ids::activity_status;
use guest::report::{Action, Outcome};
use guest::run::Direction;
use guest::settings::Account;
use scenarios::life::guest;
use scenarios::switch::Cut;
use scenarios::world::{ANNA, EUGENE};
use scenarios::{Ran, World, normal, show};
use serde_json::json;
use uuid::Uuid;

fn run(world: &mut World, account: Account) -> Ran {
    let ran = world.run(account, Direction::Reconcile, |_| {});
    if ran.report.is_err() || ran.number(Outcome::Failed) > 0 {
        show(&ran);
    }
    ran.report();
    assert_eq!(ran.number(Outcome::Failed), 0);
    ran
}

/// Both accounts' syncs, some minutes later.
fn both(world: &mut World) -> (Ran, Ran) {
    world.pass(20);
    let (eugene, anna) = (world.account(), world.annas_account());
    (run(world, eugene), run(world, anna))
}

/// Syncs of both until nothing moves any more.
fn at_rest(world: &mut World) {
    for _ in 0..4 {
        both(world);
    }
    for _ in 0..2 {
        let (eugene, anna) = both(world);
        eugene.idle();
        anna.idle();
    }
}

fn hand_over(world: &World, title: &str, to: Uuid) {
    world.edit_activity(title, json!({"OwnerId": to}));
}

/// Where it is now: Eugene's mailbox, Anna's, and still an open activity.
fn places(world: &World, title: &str) -> (bool, bool, bool) {
    let has = |mailbox: &str| world.subjects_of(mailbox).iter().any(|subject| subject == title);
    (has(EUGENE), has(ANNA), world.found(title).status == activity_status::NOT_STARTED)
}

/// A world with an exported activity of Eugene's in step, and another one that stays.
fn exported() -> World {
    let mut world = World::empty();
    world.activity("Handed", 400);
    world.activity("Stays", 401);
    at_rest(&mut world);
    world
}

#[scenarios::scenario]
fn what_the_sync_put_there_leaves_the_former_owners_mailbox_and_enters_the_new_ones() {
    let mut world = exported();
    hand_over(&world, "Handed", world.anna.contact);
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (false, true, true));
    assert_eq!(places(&world, "Stays"), (true, false, true));
    assert!(world.outbox().is_empty());
}

#[scenarios::scenario]
fn it_is_told_why_the_item_leaves() {
    let mut world = exported();
    hand_over(&world, "Handed", world.anna.contact);
    let mut told = Vec::new();
    for _ in 0..3 {
        let ran = both(&mut world).0;
        told.extend(ran.entries.iter().map(|entry| (entry.outcome, entry.action, entry.reason.code())));
    }
    assert_eq!(told, [(Outcome::Written, Action::Delete, "handed-over")]);
}

#[scenarios::scenario]
fn it_leaves_although_the_former_owner_made_the_activity() {
    let mut world = World::empty();
    let author = json!(world.eugene.contact);
    world.activity_with("Handed", 400, |new| {
        new.more.insert("AuthorId".into(), author);
    });
    at_rest(&mut world);
    hand_over(&world, "Handed", world.anna.contact);
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (false, true, true));
}

#[scenarios::scenario]
fn whoever_still_takes_part_keeps_it() {
    let mut world = exported();
    let id = world.found("Handed").id;
    hand_over(&world, "Handed", world.anna.contact);
    let values = json!({"ActivityId": id, "ParticipantId": world.eugene.contact});
    world.creatio_edit(json!({"action": "create", "set": "ActivityParticipant", "values": values}));
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (true, true, true));
}

/// Takes somebody out of an activity: nothing in Creatio tells of it.
fn take_out(world: &World, title: &str, contact: Uuid) {
    let activity = world.found(title).id;
    let taking_part = world.creatio.with(|creatio| {
        let mut rows = creatio.rows("ActivityParticipant");
        let of = |row: &emulators::creatio::Row| (row.guid("ActivityId"), row.guid("ParticipantId"));
        rows.find(|(_, row)| of(row) == (Some(activity), Some(contact))).map(|(id, _)| id).unwrap()
    });
    world.creatio_edit(json!({"action": "delete", "set": "ActivityParticipant", "id": taking_part}));
}

#[scenarios::scenario]
fn whoever_is_taken_out_of_an_activity_loses_its_item() {
    let mut world = World::empty();
    let anna = world.anna.contact;
    world.activity_with("Shared", 400, |new| new.participants.push(anna));
    world.activity_with("Both", 401, |new| new.participants.push(anna));
    at_rest(&mut world);
    assert_eq!(places(&world, "Shared"), (true, true, true));
    take_out(&world, "Shared", anna);
    at_rest(&mut world);
    assert_eq!(places(&world, "Shared"), (true, false, true));
    assert_eq!(places(&world, "Both"), (true, true, true));
    assert!(world.outbox().is_empty());
}

/// Who takes part in what does not show to the sync any more, or again.
fn participants(world: &World, action: &str) {
    let rows: Vec<String> =
        world.creatio.with(|creatio| creatio.rows("ActivityParticipant").map(|(id, _)| id.to_string()).collect());
    world.creatio_edit(json!({"action": action, "user": "sync", "set": "ActivityParticipant", "ids": rows}));
}

#[scenarios::scenario]
fn rights_that_hide_participants_take_nobody_out() {
    let mut world = World::empty();
    let anna = world.anna.contact;
    world.activity_with("Shared", 400, |new| new.participants.push(anna));
    at_rest(&mut world);
    participants(&world, "hide");
    at_rest(&mut world);
    assert_eq!(places(&world, "Shared"), (true, true, true));
}

#[scenarios::scenario]
fn what_changes_while_its_participants_are_hidden_stays_and_arrives_once_they_show() {
    let mut world = World::empty();
    let anna = world.anna.contact;
    world.activity_with("Shared", 400, |new| new.participants.push(anna));
    at_rest(&mut world);
    participants(&world, "hide");
    world.edit_activity("Shared", json!({"Title": "Renamed"}));
    for _ in 0..4 {
        both(&mut world);
    }
    assert_eq!(places(&world, "Renamed"), (true, false, true));
    assert_eq!(world.subjects_of(ANNA), ["Shared"]);
    participants(&world, "show");
    at_rest(&mut world);
    assert_eq!(places(&world, "Renamed"), (true, true, true));
}

#[scenarios::scenario]
fn a_former_owner_who_is_taken_out_later_loses_its_item_then() {
    let mut world = exported();
    let (id, eugene) = (world.found("Handed").id, world.eugene.contact);
    hand_over(&world, "Handed", world.anna.contact);
    let values = json!({"ActivityId": id, "ParticipantId": eugene});
    world.creatio_edit(json!({"action": "create", "set": "ActivityParticipant", "values": values}));
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (true, true, true));
    take_out(&world, "Handed", eugene);
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (false, true, true));
}

#[scenarios::scenario]
fn whoever_wrote_an_activity_for_somebody_else_keeps_it_without_taking_part() {
    let mut world = World::empty();
    let (author, anna) = (json!(world.eugene.contact), world.anna.contact);
    world.activity_with("Written", 400, |new| {
        new.owner = Some(anna);
        new.more.insert("AuthorId".into(), author);
    });
    at_rest(&mut world);
    assert_eq!(places(&world, "Written"), (true, true, true));
}

#[scenarios::scenario]
fn what_was_imported_stays_where_its_owner_made_it() {
    let mut world = World::empty();
    world.meeting("Handed", 400);
    at_rest(&mut world);
    hand_over(&world, "Handed", world.anna.contact);
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (true, true, true));
}

#[scenarios::scenario]
fn a_deletion_by_the_former_owner_does_not_cancel_what_is_another_ones() {
    for imported in [false, true] {
        let mut world = World::empty();
        if imported {
            world.meeting("Handed", 400);
        } else {
            world.activity("Handed", 400);
        }
        at_rest(&mut world);
        hand_over(&world, "Handed", world.anna.contact);
        let anna = world.annas_account();
        world.pass(20);
        run(&mut world, anna);
        world.delete_event("Handed");
        at_rest(&mut world);
        assert_eq!(places(&world, "Handed"), (false, true, true), "imported: {imported}");
    }
}

#[scenarios::scenario]
fn handed_back_it_returns() {
    let mut world = exported();
    hand_over(&world, "Handed", world.anna.contact);
    at_rest(&mut world);
    hand_over(&world, "Handed", world.eugene.contact);
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (true, false, true));
    world.edit_event("Handed", json!({"subject": "Handed back"}));
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed back"), (true, false, true));
}

#[scenarios::scenario]
fn an_edit_made_in_the_item_before_it_leaves_is_not_lost() {
    let mut world = exported();
    hand_over(&world, "Handed", world.anna.contact);
    world.edit_event("Handed", json!({"subject": "Edited"}));
    at_rest(&mut world);
    assert_eq!(places(&world, "Edited"), (false, true, true));
}

#[scenarios::scenario]
fn what_the_former_owner_takes_out_of_the_bin_stays_his_and_is_not_followed() {
    let mut world = exported();
    let id = world.event_id("Handed");
    hand_over(&world, "Handed", world.anna.contact);
    at_rest(&mut world);
    let now = world.now();
    world.mail.with(|mail| mail.restore_event(EUGENE, &id, now)).unwrap();
    at_rest(&mut world);
    world.edit_event("Handed", json!({"location": {"displayName": "Nowhere"}}));
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (true, true, true));
    assert_eq!(world.found("Handed").place, "");
}

#[scenarios::scenario]
fn an_item_with_guests_leaves_only_when_mail_may_be_sent() {
    let mut world = exported();
    world.edit_event("Handed", json!({"attendees": [guest("olga@northwind.example")]}));
    let mails = world.outbox().len();
    at_rest(&mut world);
    hand_over(&world, "Handed", world.anna.contact);
    let mut held = Vec::new();
    for _ in 0..3 {
        held.extend(both(&mut world).0.reasons(Outcome::Held));
    }
    assert_eq!(held, ["would-notify"]);
    assert_eq!((places(&world, "Handed").0, world.outbox().len()), (true, mails));
}

#[scenarios::scenario]
fn many_at_once_wait_for_a_yes() {
    let mut world = World::empty();
    for number in 0..8 {
        world.activity(&format!("A{number}"), 400 + number);
    }
    at_rest(&mut world);
    for number in 0..7 {
        hand_over(&world, &format!("A{number}"), world.anna.contact);
    }
    let mut held = Vec::new();
    for _ in 0..3 {
        held.extend(both(&mut world).0.reasons(Outcome::Held));
    }
    assert_eq!(held, ["removal-limit"; 7]);
    assert_eq!((world.subjects().len(), world.subjects_of(ANNA).len()), (8, 7));
}

#[scenarios::scenario]
fn the_only_activity_of_all_may_be_handed_over() {
    let mut world = World::empty();
    world.activity("Handed", 400);
    at_rest(&mut world);
    hand_over(&world, "Handed", world.anna.contact);
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (false, true, true));
}

#[scenarios::scenario]
fn what_is_over_stays() {
    let mut world = exported();
    world.edit_activity("Handed", json!({"StatusId": activity_status::COMPLETED}));
    at_rest(&mut world);
    hand_over(&world, "Handed", world.anna.contact);
    at_rest(&mut world);
    assert_eq!(world.subjects(), ["Handed", "Stays"]);
}

#[scenarios::scenario]
fn after_lost_storage_it_is_not_put_back() {
    let mut world = World::empty();
    let author = json!(world.anna.contact);
    world.activity_with("Handed", 400, |new| {
        new.more.insert("AuthorId".into(), author);
    });
    at_rest(&mut world);
    hand_over(&world, "Handed", world.anna.contact);
    at_rest(&mut world);
    world.lose_storage();
    at_rest(&mut world);
    assert_eq!(places(&world, "Handed"), (false, true, true));
}

/// A world whose activity is handed over and edited in the item; one of the syncs after that dies.
fn crashed(cut: Option<(usize, Cut)>) -> (World, u64) {
    let mut world = exported();
    hand_over(&world, "Handed", world.anna.contact);
    world.edit_event("Handed", json!({"subject": "Edited"}));
    let mut effects = 0;
    for phase in 0..4 {
        world.pass(20);
        let fate = cut.filter(|(at, _)| *at == phase).map_or(Cut::Never, |(_, fate)| fate);
        let account = world.account();
        let ran = world.run_until(account, Direction::Reconcile, |_| {}, fate);
        assert!(fate != Cut::Never || ran.report.is_ok(), "{:?}", ran.report);
        if cut.is_some_and(|(at, _)| at == phase) {
            effects = world.switch.effects();
        }
        world.switch.arm(Cut::Never);
        world.pass(10);
        let annas = world.annas_account();
        run(&mut world, annas);
    }
    at_rest(&mut world);
    (world, effects)
}

#[scenarios::scenario]
fn a_crash_at_any_point_ends_where_an_undisturbed_hand_over_ends() {
    let wanted = normal::view(&crashed(None).0);
    let mut points = 0;
    for phase in 0..4 {
        let (_, effects) = crashed(Some((phase, Cut::Never)));
        for at in 0..effects {
            for cut in [Cut::Before(at), Cut::After(at)] {
                points += 1;
                let world = crashed(Some((phase, cut))).0;
                assert_eq!(places(&world, "Edited"), (false, true, true), "phase {phase}, {cut:?}");
                assert_eq!(normal::view(&world), wanted, "phase {phase}, {cut:?}");
            }
        }
    }
    println!("{points} points");
    assert!(points > 50, "{points}");
}
