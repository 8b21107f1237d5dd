//! Deletions: what is deleted on one side leaves the other as the policy says, once it is certain.

use crate::steps::tried;
use emulators::creatio::ids::activity_status;
use guest::report::{Action, Outcome};
use guest::run::Direction;
use scenarios::World;
use scenarios::life::guest;
use scenarios::world::{ANNA, EUGENE};
use serde_json::{Value, json};

/// So many imported pairs, `M0`, `M1` and so on, in step.
pub(super) fn imported(number: i64) -> World {
    let mut world = World::empty();
    for at in 0..number {
        world.meeting(&format!("M{at}"), 30 + at);
    }
    world.synced();
    world.pass(20);
    world
}

/// So many exported pairs, `A0`, `A1` and so on, in step.
fn exported(number: i64) -> World {
    let mut world = World::empty();
    for at in 0..number {
        world.activity(&format!("A{at}"), 30 + at);
    }
    world.synced();
    world.pass(20);
    world
}

fn cancelled(world: &World) -> usize {
    world.activities().iter().filter(|activity| activity.status == activity_status::CANCELED).count()
}

/// Nothing was removed or cancelled on either side.
pub(super) fn untouched(world: &World, number: usize) {
    assert_eq!((world.titles().len(), world.subjects().len(), cancelled(world)), (number, number, 0));
}

// Deleted in the mailbox.

#[scenarios::scenario]
fn deleted_in_the_mailbox_cancels_the_activity_by_default() {
    let mut world = imported(2);
    world.delete_event("M0");
    let ran = world.synced();
    assert_eq!(ran.reasons(Outcome::Written), ["deleted-in-mailbox"]);
    assert_eq!(world.found("M0").status, activity_status::CANCELED);
    assert_eq!(world.found("M1").status, activity_status::NOT_STARTED);
    world.rests();
    assert_eq!(world.subjects(), ["M1"], "a cancelled activity is not exported again");
}

#[scenarios::scenario]
fn deleted_in_the_mailbox_deletes_or_keeps_the_activity_where_the_policy_says_so() {
    for (policy, left) in [("delete", &["M1"][..]), ("keep", &["M0", "M1"][..])] {
        let mut world = imported(2);
        let account = world.policies(&[("deleted-in-mailbox", policy)]);
        world.delete_event("M0");
        tried(&mut world, &account);
        assert_eq!((world.titles(), cancelled(&world)), (left.iter().map(|title| (*title).to_owned()).collect(), 0));
        for _ in 0..3 {
            world.pass(70);
            tried(&mut world, &account).idle();
        }
        assert_eq!(world.subjects(), ["M1"]);
    }
}

#[scenarios::scenario]
fn an_exported_item_deleted_in_the_mailbox_cancels_its_activity_and_is_not_made_again() {
    let mut world = exported(2);
    world.delete_event("A0");
    world.synced();
    assert_eq!(world.found("A0").status, activity_status::CANCELED);
    world.rests();
    assert_eq!(world.subjects(), ["A1"]);
}

#[scenarios::scenario]
fn restored_from_deleted_items_restores_the_activity() {
    for kept_readable in [false, true] {
        let mut world = imported(2);
        world.graph_knobs(json!({"deleted_readable": kept_readable}));
        let id = world.delete_event("M0");
        world.synced();
        assert_eq!(cancelled(&world), 1);
        world.pass(20);
        // That it can be read by its id does not mean that it is back.
        world.edit_activity("M0", json!({"Location": "Room 9"}));
        world.synced();
        assert_eq!(cancelled(&world), 1);
        let now = world.now();
        world.mail.with(|mail| mail.restore_event(EUGENE, &id, now)).unwrap();
        world.synced();
        untouched(&world, 2);
        world.rests();
    }
}

#[scenarios::scenario]
fn what_has_ended_or_is_finished_is_not_cancelled() {
    let mut world = World::empty();
    world.meeting("Over", -20);
    world.meeting("Done", 30);
    world.meeting("Open", 31);
    world.synced();
    world.edit_activity("Done", json!({"StatusId": activity_status::COMPLETED}));
    world.pass(20);
    for subject in ["Over", "Done", "Open"] {
        world.delete_event(subject);
    }
    world.synced();
    assert_eq!(cancelled(&world), 1);
    assert_eq!(world.found("Done").status, activity_status::COMPLETED);
    assert_eq!(world.found("Over").status, activity_status::NOT_STARTED);
    world.rests();
}

#[scenarios::scenario]
fn an_edit_in_creatio_beats_a_deletion_in_the_mailbox() {
    let mut world = imported(2);
    world.delete_event("M0");
    world.edit_activity("M0", json!({"Location": "Room 3"}));
    world.synced();
    untouched(&world, 2);
    assert_eq!(world.event("M0")["location"]["displayName"], "Room 3");
    world.rests();
}

// Deleted in Creatio.

#[scenarios::scenario]
fn deleted_in_creatio_removes_an_exported_item_after_two_complete_runs_an_hour_apart() {
    let mut world = exported(3);
    world.delete_activity("A0");
    world.synced();
    assert_eq!(world.subjects().len(), 3, "one absence proves nothing");
    world.pass(30);
    world.synced();
    assert_eq!(world.subjects().len(), 3, "nor do two too close together");
    world.pass(40);
    let ran = world.synced();
    assert_eq!(ran.reasons(Outcome::Written), ["deleted-in-creatio"]);
    assert_eq!(world.subjects(), ["A1", "A2"]);
    world.rests();
    untouched(&world, 2);
}

#[scenarios::scenario]
fn deleted_in_creatio_leaves_an_imported_item_where_it_is() {
    let mut world = imported(2);
    world.delete_activity("M0");
    let mut told = Vec::new();
    for _ in 0..3 {
        told.extend(world.synced().entries.into_iter().map(|entry| (entry.action, entry.reason.code())));
        world.pass(70);
    }
    assert_eq!(told, [(Action::Unlink, "unlinked-not-ours")]);
    assert_eq!((world.titles(), world.subjects().len()), (vec!["M1".to_owned()], 2));
    world.rests();
}

#[scenarios::scenario]
fn deleted_in_creatio_removes_every_item_where_the_policy_says_so() {
    let mut world = imported(2);
    let account = world.policies(&[("deleted-in-creatio", "delete")]);
    world.delete_activity("M0");
    for _ in 0..3 {
        tried(&mut world, &account);
        world.pass(70);
    }
    untouched(&world, 1);
}

#[scenarios::scenario]
fn an_item_that_has_ended_stays_when_its_activity_is_deleted() {
    let mut world = World::empty();
    world.activity("Today", 1);
    world.activity("Later", 60);
    world.synced();
    world.pass(5 * 60);
    world.delete_activity("Today");
    for _ in 0..3 {
        world.synced();
        world.pass(70);
    }
    assert_eq!(world.subjects(), ["Later", "Today"]);
    world.rests();
}

#[scenarios::scenario]
fn an_activity_that_shows_again_within_the_hour_loses_nothing() {
    let mut world = exported(3);
    let ids = json!([world.found("A0").id]);
    world.creatio_edit(json!({"action": "hide", "user": "sync", "ids": ids}));
    world.synced();
    world.pass(30);
    world.synced();
    world.creatio_edit(json!({"action": "show", "user": "sync", "ids": ids}));
    world.pass(40);
    world.synced();
    untouched(&world, 3);
    world.rests();
}

#[scenarios::scenario]
fn rights_taken_away_for_many_rows_remove_nothing_and_are_held() {
    let mut world = exported(12);
    let ids: Vec<Value> = (0..8).map(|at| json!(world.found(&format!("A{at}")).id)).collect();
    world.creatio_edit(json!({"action": "hide", "user": "sync", "ids": ids}));
    let mut held = Vec::new();
    for _ in 0..4 {
        held.extend(world.synced().reasons(Outcome::Held));
        world.pass(70);
    }
    untouched(&world, 12);
    assert_eq!(held, ["rights-changed"; 8], "each is held, and told once");
    world.creatio_edit(json!({"action": "show", "user": "sync", "ids": ids}));
    world.synced();
    world.edit_activity("A0", json!({"Title": "A0 seen again"}));
    world.pass(5);
    world.synced();
    assert!(world.subjects().contains(&"A0 seen again".to_owned()));
    untouched(&world, 12);
    world.rests();
}

#[scenarios::scenario]
fn rights_taken_away_altogether_remove_nothing() {
    let mut world = exported(3);
    world.creatio_edit(json!({"action": "revoke", "user": "sync"}));
    for _ in 0..4 {
        world.sync();
        untouched(&world, 3);
        world.pass(70);
    }
    world.creatio_edit(json!({"action": "grant", "user": "sync"}));
    world.synced();
    world.pass(70);
    world.synced();
    untouched(&world, 3);
    world.rests();
}

// Absence that is none.

/// What a listing of changes may come to without anything being deleted.
fn bad_listings() -> Vec<Value> {
    let status = |status: u16, code: &str| json!({"kind": "status", "status": status, "body": {"error": {"code": code, "message": "no"}}});
    vec![
        // Empty, and well-formed.
        json!({"kind": "status", "status": 200, "headers": {"content-type": "application/json"}, "body": {"value": []}}),
        status(500, "InternalServerError"),
        status(503, "ServiceUnavailable"),
        status(429, "TooManyRequests"),
        status(403, "ErrorAccessDenied"),
        status(404, "ErrorItemNotFound"),
        json!({"kind": "html"}),
        json!({"kind": "cut", "at": 40}),
        json!({"kind": "lost-before"}),
        json!({"kind": "lost-after"}),
    ]
}

#[scenarios::scenario]
fn a_bad_listing_of_the_calendar_removes_nothing() {
    if scenarios::about_graph("listings of Graph that were cut") {
        return;
    }
    for effect in bad_listings() {
        let mut world = imported(3);
        world.fault(json!({"service": "graph", "path": "calendarView/delta", "times": 30, "effect": effect}));
        for _ in 0..3 {
            world.sync();
            world.pass(70);
        }
        world.faults_end();
        untouched(&world, 3);
        world.pass(24 * 60);
        world.synced();
        untouched(&world, 3);
        world.rests();
    }
}

#[scenarios::scenario]
fn a_bad_listing_of_the_activities_removes_nothing() {
    let mut bad = bad_listings();
    bad.push(json!({"kind": "status", "status": 200, "headers": {"content-type": "application/json"},
        "body": {"@odata.count": 0, "value": []}}));
    for effect in bad {
        let mut world = exported(3);
        world.fault(json!({"service": "creatio", "path": "/Activity?", "times": 30, "effect": effect}));
        for _ in 0..3 {
            world.sync();
            world.pass(70);
        }
        world.faults_end();
        untouched(&world, 3);
        world.synced();
        untouched(&world, 3);
        world.rests();
    }
}

#[scenarios::scenario]
fn a_mailbox_that_refuses_or_is_gone_removes_nothing() {
    if scenarios::about_graph("how Graph refuses a mailbox") {
        return;
    }
    for knob in ["denied_mailboxes", "disabled_mailboxes"] {
        let mut world = imported(3);
        world.delete_event("M0");
        world.graph_knobs(json!({knob: [EUGENE]}));
        for _ in 0..3 {
            assert!(world.sync().report.is_err());
            world.pass(70);
        }
        assert_eq!(cancelled(&world), 0);
        world.graph_knobs(json!({knob: []}));
        world.synced();
        assert_eq!(cancelled(&world), 1, "what really was deleted is found then");
        world.rests();
    }
}

#[scenarios::scenario]
fn an_item_that_cannot_be_looked_for_is_not_gone() {
    if scenarios::about_graph("a part of a batch that fails") {
        return;
    }
    let mut world = imported(3);
    world.delete_event("M0");
    // The event is not found, but nor does its calendar answer.
    world.fault(json!({"service": "graph", "times": 3,
        "effect": {"kind": "part", "url": "/calendars/", "status": 503, "body": {"error": {"code": "ServiceUnavailable"}}}}));
    world.sync().report();
    assert_eq!(cancelled(&world), 0);
    world.faults_end();
    world.pass(5);
    world.synced();
    assert_eq!(cancelled(&world), 1);
    world.rests();
}

#[scenarios::scenario]
fn a_token_that_died_doubles_nothing_and_the_deletion_it_hid_is_found() {
    for kind in ["gone", "gone-with-location", "resync-required", "bad-request", "bad-request-sync-state"] {
        let mut world = imported(4);
        world.activity("A", 60);
        world.synced();
        world.pass(20);
        world.graph_knobs(json!({"delta_dead_token": kind}));
        world.graph_edit(json!({"action": "expire-delta-tokens"}));
        world.delete_event("M0");
        world.edit_event("M1", json!({"subject": "M1 renamed"}));
        let ran = world.synced();
        assert!(ran.warns("feed-reset"), "{kind}");
        assert_eq!((world.titles().len(), world.subjects().len()), (5, 4), "{kind}");
        assert_eq!(world.found("M0").status, activity_status::CANCELED, "{kind}");
        assert_eq!(cancelled(&world), 1, "{kind}");
        assert_eq!(world.found("M1 renamed").status, activity_status::NOT_STARTED);
        world.rests();
    }
}

#[scenarios::scenario]
fn a_page_of_activities_that_was_cut_removes_nothing() {
    let mut world = exported(8);
    world.creatio_knobs(json!({"page_size": 2}));
    for _ in 0..4 {
        world.sync();
        world.pass(70);
    }
    untouched(&world, 8);
    world.creatio_knobs(json!({"page_size": null}));
    world.sync();
    world.pass(70);
    world.synced();
    untouched(&world, 8);
    world.rests();
}

// The guard.

#[scenarios::scenario]
fn many_deletions_at_once_are_held_as_a_list_and_carried_out_with_a_yes() {
    let mut world = imported(10);
    for at in 0..6 {
        world.delete_event(&format!("M{at}"));
    }
    let held = world.synced();
    assert_eq!(held.reasons(Outcome::Held), ["removal-limit"; 6]);
    assert_eq!(cancelled(&world), 0);
    world.rests();
    // The list can be seen again, and a part of it approved.
    let account = world.account();
    let preview = world.run(account.clone(), Direction::Reconcile, |options| options.dry_run = true);
    let listed: Vec<String> = preview.entries.iter().map(|entry| entry.operation.clone()).collect();
    let known: Vec<String> = held.entries.iter().map(|entry| entry.operation.clone()).collect();
    assert_eq!(
        {
            let mut all = listed.clone();
            all.sort();
            all
        },
        {
            let mut all = known;
            all.sort();
            all
        }
    );
    world.run(account.clone(), Direction::Reconcile, |options| options.only = Some(listed[..2].to_vec())).report();
    assert_eq!(cancelled(&world), 2);
    world.run(account, Direction::Reconcile, |options| options.only = Some(listed.clone())).report();
    assert_eq!(cancelled(&world), 6);
    world.rests();
}

#[scenarios::scenario]
fn the_guard_counts_the_deletions_of_a_whole_day() {
    let mut world = imported(20);
    let mut held = 0;
    for at in 0..8 {
        world.delete_event(&format!("M{at}"));
        held += world.synced().number(Outcome::Held);
        world.pass(30);
    }
    assert_eq!((cancelled(&world), held), (5, 3));
}

#[scenarios::scenario]
fn an_emptied_calendar_is_held() {
    let mut world = imported(5);
    world.calendar("Projects");
    world.synced();
    for at in 0..5 {
        world.delete_event(&format!("M{at}"));
    }
    let ran = world.synced();
    assert_eq!(ran.reasons(Outcome::Held), ["empties-folder"; 5]);
    assert_eq!(ran.report().number("standing"), 5);
    assert_eq!(cancelled(&world), 0);
    world.rests();
}

#[scenarios::scenario]
fn a_deletion_that_waited_for_its_direction_is_told_when_it_is_held() {
    let mut world = imported(5);
    world.calendar("Projects");
    world.synced();
    world.delete_event("M0");
    let account = world.account();
    let ran = world.run(account, Direction::Export, |_| {});
    assert_eq!(ran.number(Outcome::Held), 0);
    world.pass(10);
    for at in 1..5 {
        world.delete_event(&format!("M{at}"));
    }
    let ran = world.synced();
    assert_eq!(ran.reasons(Outcome::Held), ["empties-folder"; 5]);
    world.rests();
}

#[scenarios::scenario]
fn moved_to_another_calendar_and_deleted_before_the_next_run_counts_as_deleted() {
    let mut world = World::empty();
    world.mail.with(|mail| mail.add_calendar(EUGENE, "Projects", true, None)).unwrap();
    for at in 0..8 {
        world.meeting(&format!("M{at}"), 30 + at);
    }
    world.synced();
    world.pass(10);
    let (id, now) = (world.event_id("M3"), world.now());
    world.mail.with(|mail| {
        mail.move_event(EUGENE, &id, "Projects", now).unwrap();
        mail.delete_event(EUGENE, &id, now).unwrap();
    });
    world.synced();
    assert_eq!(world.found("M3").status, emulators::creatio::ids::activity_status::CANCELED);
    world.rests();
}

#[scenarios::scenario]
fn a_restored_meeting_that_an_export_saw_first_is_restored_by_the_next_sync() {
    let mut world = World::empty();
    world.meeting("M", 30);
    world.synced();
    world.pass(10);
    let id = world.delete_event("M");
    world.synced();
    assert_eq!(world.found("M").status, emulators::creatio::ids::activity_status::CANCELED);
    world.pass(10);
    let now = world.now();
    world.mail.with(|mail| mail.restore_event(EUGENE, &id, now)).unwrap();
    let account = world.account();
    world.run(account, guest::run::Direction::Export, |_| {}).report();
    world.pass(10);
    world.synced();
    assert_ne!(world.found("M").status, emulators::creatio::ids::activity_status::CANCELED);
    world.rests();
}

#[scenarios::scenario]
fn a_copy_that_is_followed_does_not_stand_for_its_deleted_original() {
    let mut world = exported(2);
    let properties = world.event("A0")["singleValueExtendedProperties"].clone();
    world.meeting_with("Copy of A0", 80, json!({"singleValueExtendedProperties": properties}));
    world.synced();
    world.pass(20);
    assert_eq!(world.titles(), ["A0", "A1", "Copy of A0"]);
    world.delete_event("A0");
    world.synced();
    assert_eq!(world.found("A0").status, activity_status::CANCELED);
    assert_eq!(world.found("Copy of A0").status, activity_status::NOT_STARTED);
    world.rests();
    assert_eq!(world.subjects(), ["A1", "Copy of A0"]);
}

#[scenarios::scenario]
fn a_meeting_that_a_guest_deleted_first_lives_on_once_its_organizers_account_knows_of_it() {
    let mut world = World::empty();
    world.meeting_with("Planning", 300, json!({"attendees": [guest(ANNA)]}));
    let annas = world.annas_account();
    tried(&mut world, &annas);
    world.pass(20);
    let id = world.mail.with(|mail| mail.find_event(ANNA, "Planning")).unwrap().id;
    let now = world.now();
    world.mail.with(|mail| mail.delete_event(ANNA, &id, now)).unwrap();
    tried(&mut world, &annas);
    assert_eq!(world.found("Planning").status, activity_status::CANCELED);
    world.pass(20);
    world.synced();
    assert_eq!(world.found("Planning").status, activity_status::NOT_STARTED);
    world.rests();
    // What its owner cancels in Creatio stays cancelled.
    world.edit_activity("Planning", json!({"StatusId": activity_status::CANCELED}));
    world.pass(20);
    world.sync().report();
    world.pass(20);
    tried(&mut world, &annas);
    world.rests();
    assert_eq!(world.found("Planning").status, activity_status::CANCELED);
}
