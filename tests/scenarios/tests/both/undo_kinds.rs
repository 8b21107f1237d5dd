//! Each kind of operation that a run carries out is undone, also where the run or its undoing was cut off.

use crate::steps::tried;
use crate::undo::{intent, preview, rests, shows, undo};
use guest::report::Outcome;
use guest::run::Direction;
use guest::settings::Account;
use scenarios::switch::Cut;
use scenarios::world::EUGENE;
use scenarios::{World, normal, show};
use serde_json::{Value, json};

/// One kind of operation: a world in which the next sync carries out exactly one of that kind.
struct Kind {
    name: &'static str,
    /// What the sync writes to: `activities` or `events`.
    target: &'static str,
    policies: &'static [(&'static str, &'static str)],
    prepare: fn(&mut World, &Account),
}

const KINDS: [Kind; 8] = [
    Kind {
        name: "an update in Creatio",
        target: "activities",
        policies: &[],
        prepare: |world, account| {
            world.meeting("Review", 30);
            tried(world, account);
            world.pass(20);
            world.edit_event("Review", json!({"subject": "Review 2", "location": {"displayName": "Room 9"}}));
        },
    },
    Kind {
        name: "an update in the mailbox",
        target: "events",
        policies: &[],
        prepare: |world, account| {
            world.activity("Review", 30);
            tried(world, account);
            world.pass(20);
            world.edit_activity("Review", json!({"Title": "Review 2", "Notes": "New notes"}));
        },
    },
    Kind {
        name: "an import",
        target: "activities",
        policies: &[],
        prepare: |world, account| {
            tried(world, account);
            world.meeting_with("Review", 30, json!({"body": {"contentType": "text", "content": "Notes"}}));
        },
    },
    Kind {
        name: "an export",
        target: "events",
        policies: &[],
        prepare: |world, account| {
            tried(world, account);
            world.activity("Review", 30);
        },
    },
    Kind {
        name: "a cancellation",
        target: "activities",
        policies: &[],
        prepare: |world, account| {
            world.meeting("Review", 30);
            tried(world, account);
            world.pass(20);
            world.delete_event("Review");
        },
    },
    Kind {
        name: "a deletion in Creatio",
        target: "activities",
        policies: &[("deleted-in-mailbox", "delete")],
        prepare: |world, account| {
            world.meeting_with("Review", 30, json!({"body": {"contentType": "text", "content": "Notes"}}));
            tried(world, account);
            world.pass(20);
            world.delete_event("Review");
        },
    },
    Kind {
        name: "a deletion in the mailbox",
        target: "events",
        policies: &[],
        prepare: |world, account| {
            world.activity_with("Review", 30, |row| row.notes = "Notes".into());
            world.activity("Other", 40);
            tried(world, account);
            world.pass(20);
            world.delete_activity("Review");
            tried(world, account);
            world.pass(70);
        },
    },
    Kind {
        name: "a return",
        target: "activities",
        policies: &[],
        prepare: |world, account| {
            world.meeting("Review", 30);
            tried(world, account);
            world.pass(20);
            let id = world.delete_event("Review");
            tried(world, account);
            world.pass(20);
            let now = world.now();
            world.mail.with(|mail| mail.restore_event(EUGENE, &id, now)).unwrap();
        },
    },
];

/// A world with one run of a kind, what the target showed before it, and the run's id.
fn lived(kind: &Kind, cut: Cut) -> (World, Account, Value, String) {
    let mut world = World::empty();
    // What was deleted in the mailbox can still be read by its id: the harder case.
    world.graph_knobs(json!({"deleted_readable": true}));
    let account = world.policies(kind.policies);
    (kind.prepare)(&mut world, &account);
    let before = shows(&world, kind.target);
    let ran = world.run_until(account.clone(), Direction::Reconcile, |_| {}, cut);
    if cut == Cut::Never {
        assert_eq!(ran.reasons(Outcome::Written).len(), 1, "{}: {:?}", kind.name, ran.entries);
        assert_ne!(shows(&world, kind.target), before, "{}", kind.name);
    }
    let of = world.last();
    world.pass(10);
    (world, account, before, of)
}

#[scenarios::scenario]
fn each_kind_of_operation_gives_back_what_was_there_and_the_next_sync_is_quiet() {
    for kind in &KINDS {
        let name = kind.name;
        let (mut world, account, before, of) = lived(kind, Cut::Never);
        let planned = preview(&mut world, &account, &of);
        assert_eq!(planned.reasons(Outcome::Planned), ["undone"], "{name}: {:?}", planned.entries);
        let ran = undo(&mut world, &account, &of);
        assert_eq!(intent(&ran), intent(&planned), "{name}");
        assert_eq!(shows(&world, kind.target), before, "{name}");
        rests(&mut world, &account, name);
        let again = undo(&mut world, &account, &of);
        assert!(again.warns("nothing-to-undo") && again.writes() == 0, "{name}: {:?}", again.entries);
        assert!(again.entries.is_empty(), "{name}: {:?}", again.entries);
    }
}

#[scenarios::scenario]
fn an_undo_can_be_undone() {
    for kind in &KINDS {
        let name = kind.name;
        let (mut world, account, before, of) = lived(kind, Cut::Never);
        let after = shows(&world, kind.target);
        undo(&mut world, &account, &of);
        let undoing = world.last();
        world.pass(10);
        let ran = undo(&mut world, &account, &undoing);
        assert_eq!(ran.reasons(Outcome::Written), ["undone"], "{name}: {:?}", ran.entries);
        assert_eq!(shows(&world, kind.target), after, "{name}");
        rests(&mut world, &account, name);
        assert_ne!(after, before, "{name}");
    }
}

#[scenarios::scenario]
fn a_run_that_crashed_anywhere_can_be_undone_as_far_as_it_came() {
    let mut points = 0;
    for kind in &KINDS {
        let (world, ..) = lived(kind, Cut::Never);
        for at in 0..world.switch.effects() {
            for cut in [Cut::Before(at), Cut::After(at)] {
                points += 1;
                let name = format!("{}, {cut:?}", kind.name);
                let (mut world, account, before, of) = lived(kind, cut);
                let ran = undo(&mut world, &account, &of);
                if shows(&world, kind.target) != before {
                    show(&ran);
                }
                assert_eq!(shows(&world, kind.target), before, "{name}");
                // What had not arrived is not undone: the next sync carries it out.
                world.pass(70);
                tried(&mut world, &account);
                rests(&mut world, &account, &name);
            }
        }
    }
    println!("{points} points");
    assert!(points > 150, "only {points} points");
}

#[scenarios::scenario]
fn an_undo_that_crashed_anywhere_goes_on_where_it_was() {
    let mut points = 0;
    for kind in &KINDS {
        let (mut calm, account, before, of) = lived(kind, Cut::Never);
        undo(&mut calm, &account, &of);
        let wanted = normal::view(&calm);
        for at in 0..calm.switch.effects() {
            for (cut, between) in
                [(Cut::Before(at), false), (Cut::After(at), false), (Cut::Before(at), true), (Cut::After(at), true)]
            {
                points += 1;
                let name = format!("{}, {cut:?}, a sync between: {between}", kind.name);
                let (mut world, account, _, of) = lived(kind, Cut::Never);
                world.undo_until(account.clone(), &of, |_| {}, cut);
                assert!(world.switch.dead(), "{name}");
                world.pass(10);
                if between {
                    tried(&mut world, &account);
                    world.pass(10);
                }
                undo(&mut world, &account, &of);
                assert_eq!(shows(&world, kind.target), before, "{name}");
                assert_eq!(normal::view(&world), wanted, "{name}");
                rests(&mut world, &account, &name);
            }
        }
    }
    println!("{points} points");
    assert!(points > 100, "only {points} points");
}
