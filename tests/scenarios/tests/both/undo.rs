//! Undoing a run: what it changed is as before, what was edited since stays, and the next sync neither repeats what was
//! undone nor takes it for an edit. The kinds of operations, one by one, are in `undo_kinds`.

use crate::steps::tried;
use emulators::creatio::ids::activity_status;
use guest::report::Outcome;
use guest::settings::Account;
use host_runner::{Action, RunOptions};
use scenarios::component::Sandboxed;
use scenarios::life::guest;
use scenarios::switch::Cut;
use scenarios::world::EUGENE;
use scenarios::{Ran, World, normal, show};
use serde_json::{Value, json};

/// What a side shows.
pub(super) fn shows(world: &World, side: &str) -> Value {
    normal::view(world)[side].clone()
}

pub(super) fn undo(world: &mut World, account: &Account, of: &str) -> Ran {
    let ran = world.undo_until(account.clone(), of, |_| {}, Cut::Never);
    if ran.report.is_err() {
        show(&ran);
    }
    ran.report();
    ran
}

pub(super) fn preview(world: &mut World, account: &Account, of: &str) -> Ran {
    let before = (normal::view(world), world.store_size());
    let ran = world.undo_until(account.clone(), of, |options| options.dry_run = true, Cut::Never);
    ran.report();
    assert_eq!((ran.writes(), ran.commits), (0, 0));
    assert_eq!((normal::view(world), world.store_size()), before);
    ran
}

/// What is intended, whatever became of it.
pub(super) fn intent(ran: &Ran) -> Vec<String> {
    let told = |entry: &guest::report::Entry| {
        let outcome = match entry.outcome {
            Outcome::Planned => Outcome::Written,
            Outcome::Held => Outcome::Noted,
            outcome => outcome,
        };
        let (units, reason) = (&entry.units, entry.reason);
        format!("{} {outcome:?} {:?} {:?} {reason:?} {units:?}", entry.operation, entry.action, entry.target)
    };
    let mut all: Vec<String> = ran.entries.iter().map(told).collect();
    all.sort();
    all
}

pub(super) fn rests(world: &mut World, account: &Account, name: &str) {
    let before = normal::view(world);
    for _ in 0..3 {
        world.pass(70);
        let ran = tried(world, account);
        if !ran.entries.is_empty() || ran.writes() > 0 {
            show(&ran);
            panic!("{name}: a sync after it was not idle");
        }
    }
    assert_eq!(normal::view(world), before, "{name}");
}

// What was changed since.

/// Titles of what was told and left as it is, with the reason.
fn left(ran: &Ran) -> Vec<(String, &'static str)> {
    let noted = ran.entries.iter().filter(|entry| entry.outcome == Outcome::Noted);
    let mut all: Vec<_> = noted.map(|entry| (entry.title.clone(), entry.reason.code())).collect();
    all.sort();
    all
}

#[scenarios::scenario]
fn a_unit_that_was_edited_since_stays_and_the_others_go_back() {
    let mut world = World::empty();
    let account = world.account();
    world.meeting_with("Review", 30, json!({"location": {"displayName": "Room 1"}}));
    tried(&mut world, &account);
    world.pass(20);
    world.edit_event("Review", json!({"subject": "Review 2", "location": {"displayName": "Room 2"}}));
    tried(&mut world, &account);
    let of = world.last();
    world.pass(20);
    world.edit_activity("Review 2", json!({"Title": "Review 3"}));
    let planned = preview(&mut world, &account, &of);
    let ran = undo(&mut world, &account, &of);
    assert_eq!(intent(&ran), intent(&planned));
    assert_eq!(left(&ran), [("Review 2".to_owned(), "changed-since")]);
    assert_eq!(world.found("Review 3").place, "Room 1");
    world.pass(20);
    // The edit travels; what was undone does not come back, nor does it travel.
    tried(&mut world, &account);
    assert_eq!(world.event("Review 3")["location"]["displayName"], "Room 2");
    assert_eq!(world.found("Review 3").place, "Room 1");
    rests(&mut world, &account, "edited since");
}

#[scenarios::scenario]
fn an_edit_of_the_other_side_that_no_sync_has_seen_yet_still_travels() {
    let mut world = World::empty();
    let account = world.account();
    world.meeting_with("Review", 30, json!({"location": {"displayName": "Room 1"}}));
    tried(&mut world, &account);
    world.pass(20);
    world.edit_event("Review", json!({"subject": "Review 2"}));
    tried(&mut world, &account);
    let of = world.last();
    world.pass(20);
    world.edit_event("Review 2", json!({"subject": "Review 3"}));
    world.edit_activity("Review 2", json!({"Location": "Room 8"}));
    undo(&mut world, &account, &of);
    assert_eq!(world.found("Review").place, "Room 8");
    world.pass(20);
    tried(&mut world, &account);
    assert_eq!(world.found("Review 3").place, "Room 8");
    assert_eq!(world.event("Review 3")["location"]["displayName"], "Room 8");
    rests(&mut world, &account, "an edit that no sync had seen");
}

#[scenarios::scenario]
fn after_an_undo_a_later_edit_of_either_side_travels() {
    for side in ["mailbox", "creatio"] {
        let mut world = World::empty();
        let account = world.account();
        world.meeting("Review", 30);
        tried(&mut world, &account);
        world.pass(20);
        world.edit_event("Review", json!({"subject": "Review 2"}));
        tried(&mut world, &account);
        let of = world.last();
        undo(&mut world, &account, &of);
        rests(&mut world, &account, side);
        assert_eq!((world.titles(), world.subjects()), (vec!["Review".to_owned()], vec!["Review 2".to_owned()]));
        match side {
            "mailbox" => world.edit_event("Review 2", json!({"subject": "Review 4"})),
            _ => world.edit_activity("Review", json!({"Title": "Review 4"})),
        }
        tried(&mut world, &account);
        assert_eq!((world.titles(), world.subjects()), (vec!["Review 4".to_owned()], vec!["Review 4".to_owned()]));
    }
}

#[scenarios::scenario]
fn what_was_made_and_edited_since_stays() {
    let mut world = World::empty();
    let account = world.account();
    world.meeting("Imported", 30);
    world.meeting("Imported too", 31);
    world.activity("Exported", 40);
    world.activity("Exported too", 41);
    tried(&mut world, &account);
    let of = world.last();
    world.pass(20);
    world.edit_event("Exported", json!({"location": {"displayName": "Room 4"}}));
    // What the sync does not know counts as well where a deletion is for good.
    world.edit_activity("Imported", json!({"DetailedResult": "Went well"}));
    let ran = undo(&mut world, &account, &of);
    assert_eq!(left(&ran), [("Exported".to_owned(), "changed-since"), ("Imported".to_owned(), "changed-since")]);
    assert_eq!(world.titles(), ["Exported", "Exported too", "Imported"]);
    assert_eq!(world.subjects(), ["Exported", "Imported", "Imported too"]);
    world.pass(20);
    tried(&mut world, &account);
    assert_eq!(world.found("Exported").place, "Room 4");
    // Half of a pair that was undone stays known: neither half comes back, not even when somebody edits it.
    world.edit_event("Imported too", json!({"subject": "Imported too, edited"}));
    world.edit_activity("Exported too", json!({"Title": "Exported too, edited"}));
    rests(&mut world, &account, "edited halves");
    assert_eq!(world.titles(), ["Exported", "Exported too, edited", "Imported"]);
}

#[scenarios::scenario]
fn a_run_whose_changes_a_later_run_changed_again_is_left_alone() {
    let mut world = World::empty();
    let account = world.account();
    world.meeting("Review", 30);
    tried(&mut world, &account);
    world.pass(20);
    world.edit_event("Review", json!({"subject": "Review 2"}));
    tried(&mut world, &account);
    let of = world.last();
    world.pass(20);
    world.edit_event("Review 2", json!({"subject": "Review 3"}));
    tried(&mut world, &account);
    let ran = undo(&mut world, &account, &of);
    assert_eq!(left(&ran), [("Review 3".to_owned(), "changed-since")]);
    assert_eq!((ran.writes(), world.titles()), (0, vec!["Review 3".to_owned()]));
}

#[scenarios::scenario]
fn an_edit_that_comes_between_look_and_write_stays() {
    let mut world = World::empty();
    let account = world.account();
    world.activity("Review", 30);
    tried(&mut world, &account);
    world.pass(20);
    world.edit_activity("Review", json!({"Title": "Review 2"}));
    tried(&mut world, &account);
    let (of, id, now) = (world.last(), world.event_id("Review 2"), world.now());
    world.meanwhile("PATCH", move |_, mail| {
        mail.with(|mail| mail.update_event(EUGENE, &id, &json!({"subject": "Review 3"}), now)).unwrap();
    });
    let ran = undo(&mut world, &account, &of);
    assert_eq!(left(&ran), [("Review 2".to_owned(), "changed-since")]);
    assert_eq!(world.subjects(), ["Review 3"]);
}

// People who would be mailed.

#[scenarios::scenario]
fn nothing_is_removed_or_made_anew_that_has_guests() {
    let mut world = World::empty();
    let account = world.policies(&[("invitations", "send")]);
    world.activity("Other", 50);
    tried(&mut world, &account);
    world.pass(20);
    world.activity("Exported", 30);
    tried(&mut world, &account);
    let of = world.last();
    world.pass(20);
    world.edit_event("Exported", json!({"attendees": [guest("olga@northwind.example")]}));
    let ran = undo(&mut world, &account, &of);
    assert_eq!(left(&ran), [("Exported".to_owned(), "would-notify")]);
    assert_eq!(world.subjects(), ["Exported", "Other"]);
    world.pass(20);
    world.delete_activity("Exported");
    tried(&mut world, &account);
    world.pass(70);
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Written), ["deleted-in-creatio"]);
    let (of, mails) = (world.last(), world.outbox().len());
    let ran = undo(&mut world, &account, &of);
    assert_eq!(left(&ran), [("Exported".to_owned(), "not-restorable")]);
    assert_eq!((world.subjects().len(), world.outbox().len()), (1, mails));
}

#[scenarios::scenario]
fn a_change_that_would_mail_guests_waits_for_a_yes() {
    let mut world = World::empty();
    let sends = world.policies(&[("invitations", "send")]);
    let asks = world.account();
    world.meeting_with("Review", 30, json!({"attendees": [guest("olga@northwind.example")]}));
    tried(&mut world, &sends);
    world.pass(20);
    world.edit_activity("Review", json!({"Title": "Review 2"}));
    tried(&mut world, &sends);
    let (of, mails) = (world.last(), world.outbox().len());
    let planned = preview(&mut world, &asks, &of);
    assert_eq!(planned.reasons(Outcome::Held), ["would-notify"]);
    let ran = undo(&mut world, &asks, &of);
    assert_eq!(left(&ran), [("Review".to_owned(), "would-notify")].map(|(_, code)| ("Review 2".to_owned(), code)));
    assert_eq!((ran.writes(), world.outbox().len()), (0, mails));
    let id = planned.entries[0].operation.clone();
    let ran = world.undo_until(asks.clone(), &of, |options| options.only = Some(vec![id]), Cut::Never);
    assert_eq!(ran.reasons(Outcome::Written), ["undone"]);
    assert_eq!(world.subjects(), ["Review"]);
    assert!(world.outbox().len() > mails);
    world.pass(20);
    tried(&mut world, &asks).idle();
    assert_eq!(world.titles(), ["Review 2"]);
}

// Many at once, and what is kept.

#[scenarios::scenario]
fn more_removals_than_the_guard_lets_through_wait_for_a_yes() {
    let mut world = World::empty();
    let account = world.account();
    for hours in 0..8 {
        world.activity(&format!("A{hours}"), 30 + hours);
    }
    tried(&mut world, &account);
    let of = world.last();
    let planned = preview(&mut world, &account, &of);
    assert_eq!(planned.reasons(Outcome::Held), ["removal-limit"; 8]);
    let ran = undo(&mut world, &account, &of);
    assert_eq!((ran.writes(), ran.reasons(Outcome::Noted)), (0, vec!["removal-limit"; 8]));
    let ids: Vec<String> = planned.entries.iter().map(|entry| entry.operation.clone()).collect();
    let ran = world.undo_until(account.clone(), &of, |options| options.only = Some(ids), Cut::Never);
    assert_eq!(ran.number(Outcome::Written), 8);
    assert!(world.subjects().is_empty());
    rests(&mut world, &account, "eight exports");
    // A person's removals do not count against those of the syncs that follow.
    world.meeting("M", 60);
    tried(&mut world, &account);
    world.pass(20);
    world.delete_event("M");
    tried(&mut world, &account);
    assert_eq!(world.found("M").status, activity_status::CANCELED);
}

#[scenarios::scenario]
fn a_budget_ends_an_undo_and_the_next_one_goes_on() {
    let mut world = World::empty();
    let account = world.account();
    for hours in 0..5 {
        world.activity(&format!("A{hours}"), 30 + hours);
    }
    tried(&mut world, &account);
    let of = world.last();
    let ran = world.undo_until(account.clone(), &of, |options| options.budget.writes = Some(2), Cut::Never);
    assert_eq!((ran.report().ending, world.subjects().len()), (guest::report::Ending::Budget, 3));
    let ran = undo(&mut world, &account, &of);
    assert_eq!((ran.number(Outcome::Written), world.subjects().len()), (3, 0));
}

#[scenarios::scenario]
fn a_link_of_what_was_there_stays_and_is_told() {
    let mut world = World::empty();
    let account = world.account();
    world.meeting("Same", 30);
    world.activity("Same", 30);
    let ran = tried(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Noted), ["same-pair"]);
    let of = world.last();
    let ran = undo(&mut world, &account, &of);
    assert!(ran.warns("linked-stays") && ran.warns("nothing-to-undo"), "{:?}", ran.report);
    assert_eq!(ran.writes(), 0);
    rests(&mut world, &account, "a link");
}

#[scenarios::scenario]
fn a_run_that_is_not_known_leaves_nothing_to_undo() {
    let mut world = World::empty();
    let account = world.account();
    world.meeting("Review", 30);
    tried(&mut world, &account);
    let ran = undo(&mut world, &account, "run-99");
    assert!(ran.warns("nothing-to-undo"));
    assert!(ran.entries.is_empty() && ran.writes() == 0);
    world.undo_until(account, "", |_| {}, Cut::Never).fails_with("1 to 64 characters");
}

#[scenarios::scenario]
fn images_are_forgotten_after_thirty_days_and_idle_runs_stay_cheap() {
    let mut world = World::empty();
    let account = world.account();
    for hours in 0..3 {
        world.meeting(&format!("M{hours}"), 2000 + hours);
    }
    tried(&mut world, &account);
    let of = world.last();
    world.pass(60 * 24 * 29);
    tried(&mut world, &account);
    let rows = world.store_size();
    world.pass(20);
    assert_eq!(preview(&mut world, &account, &of).number(Outcome::Planned), 3);
    world.pass(60 * 24);
    let ran = tried(&mut world, &account);
    assert!(ran.entries.is_empty() && ran.commits <= 1, "{} commits", ran.commits);
    assert_eq!(world.store_size(), rows - 4);
    assert!(undo(&mut world, &account, &of).warns("nothing-to-undo"));
}

#[scenarios::scenario]
fn texts_that_a_policy_hides_are_not_kept() {
    let mut world = World::empty();
    let shows_all = world.policies(&[("private", "copy")]);
    let masks = world.policies(&[("private", "mask")]);
    world.meeting_with("Secret plan", 30, json!({"sensitivity": "private"}));
    tried(&mut world, &shows_all);
    assert_eq!(world.titles(), ["Secret plan"]);
    world.pass(20);
    tried(&mut world, &masks);
    let of = world.last();
    assert_ne!(world.titles(), ["Secret plan"]);
    assert!(!world.stored("before/").contains("Secret plan"), "{}", world.stored("before/"));
    let ran = undo(&mut world, &masks, &of);
    assert_eq!(ran.reasons(Outcome::Noted), ["masked-private"]);
    assert_eq!(ran.writes(), 0);
}

// As it ships.

#[scenarios::scenario]
fn the_component_undoes_a_run_by_the_id_that_its_host_gave_it() {
    let world = World::empty();
    let sandboxed = Sandboxed::beside(&world);
    world.meeting("Review", 30);
    world.activity("Plan", 40);
    sandboxed.sync(&world);
    world.pass(20);
    world.edit_event("Review", json!({"subject": "Review 2"}));
    world.activity("Plan 2", 41);
    let before = normal::view(&world);
    let run = sandboxed.sync(&world);
    world.pass(10);
    let action = Action::Undo(run.run.clone());
    let dry = RunOptions { dry_run: true, ..RunOptions::default() };
    let planned = sandboxed.run_as(&world, action.clone(), dry);
    let ids = |run: &host_runner::RunReport, outcome: &str| {
        let entries = sandboxed.journal(run);
        assert!(entries.iter().all(|entry| entry.outcome == outcome && entry.reason == "undone"), "{entries:?}");
        let mut ids: Vec<String> = entries.into_iter().map(|entry| entry.operation).collect();
        ids.sort();
        ids
    };
    let done = sandboxed.run_as(&world, action, RunOptions::default());
    assert_eq!(ids(&planned, "planned").len(), 2);
    assert_eq!(ids(&done, "written"), ids(&planned, "planned"));
    assert_eq!(normal::view(&world), before);
    world.pass(20);
    let next = sandboxed.sync(&world);
    assert!(sandboxed.journal(&next).is_empty());
    assert_eq!(normal::view(&world), before);
}
