//! Stored state of every layout that there ever was is read by this version: its world goes on as if nothing had happened.
//!
//! `cargo test -p scenarios --test layouts -- --ignored` writes the fixture of the present layout. Once a layout has left
//! the house its fixture is never written again.

use emulators::creatio::NewActivity;
use guest::report::Outcome;
use guest::run::Direction;
use guest::store::LAYOUT;
use scenarios::history::{Fixture, Recorded, rows, titles};
use scenarios::life::{at, guest, hour};
use scenarios::switch::Cut;
use scenarios::world::{ANNA, EUGENE};
use scenarios::{World, show};
use serde_json::{Value, json};

/// All kinds of rows.
const KINDS: [&str; 18] = [
    "activity", "before", "feed", "gone", "invited", "item", "link", "loser", "mailbox", "meeting", "owed", "print",
    "round", "run", "seen", "state", "tenant", "wal",
];

fn event(recorded: &mut Recorded, mailbox: &str, subject: &str, hours: i64, more: Value) {
    let mut event = hour(at(hours));
    event["subject"] = json!(subject);
    event["isReminderOn"] = json!(false);
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    recorded.graph(json!({"action": "create-event", "mailbox": mailbox, "event": event}));
}

fn activity(recorded: &mut Recorded, title: &str, hours: i64) {
    let contact = recorded.world.eugene.contact;
    let values = NewActivity::meeting(title, at(hours)).owned_by(contact).body();
    recorded.creatio(json!({"action": "create", "set": "Activity", "values": values, "by": "e.mirny"}));
}

fn edit_event(recorded: &mut Recorded, mailbox: &str, subject: &str, change: Value) {
    recorded.graph(json!({"action": "update-event", "mailbox": mailbox, "subject": subject, "event": change}));
}

fn edit_activity(recorded: &mut Recorded, title: &str, values: Value) {
    let id = recorded.world.found(title).id;
    recorded.creatio(json!({"action": "update", "set": "Activity", "id": id, "values": values}));
}

/// Two accounts after a busy week: everything that leaves a row of its own.
fn busy(cut: Cut) -> Option<Recorded> {
    let mut recorded = Recorded::default();
    let week = |recorded: &mut Recorded| {
        for account in [recorded.world.account(), recorded.world.annas_account()] {
            let ran = recorded.run(account, |_| {}, Cut::Never);
            if ran.number(Outcome::Failed) > 0 {
                show(&ran);
            }
            ran.report();
        }
        recorded.world.pass(20);
    };
    recorded.graph(json!({"action": "add-calendar", "mailbox": EUGENE, "name": "Projects"}));
    for (number, subject) in
        ["Imported", "Renamed", "Quarrel", "Cancelled", "Held", "Interrupted"].into_iter().enumerate()
    {
        event(&mut recorded, EUGENE, subject, 30 + 2 * i64::try_from(number).unwrap(), json!({}));
    }
    let guests = json!({"attendees": [guest("olga@northwind.example"), guest(ANNA)]});
    event(&mut recorded, EUGENE, "With guests", 50, guests);
    event(&mut recorded, EUGENE, "Long ago", -2000, json!({}));
    for (number, title) in ["Exported", "Moved", "Missed", "Deleted"].into_iter().enumerate() {
        activity(&mut recorded, title, 60 + 2 * i64::try_from(number).unwrap());
    }
    // The same on both sides once, and twice.
    for (title, hours, times) in [("Adopted", 80, 1), ("Ambiguous", 82, 2)] {
        activity(&mut recorded, title, hours);
        for _ in 0..times {
            event(&mut recorded, EUGENE, title, hours, json!({}));
        }
    }
    for number in 0..55 {
        event(&mut recorded, ANNA, &format!("Anna's {number}"), 24 + number, json!({}));
    }
    week(&mut recorded);
    edit_event(&mut recorded, EUGENE, "Renamed", json!({"subject": "Renamed there"}));
    edit_event(&mut recorded, EUGENE, "Quarrel", json!({"subject": "Quarrel there"}));
    edit_activity(&mut recorded, "Quarrel", json!({"Title": "Quarrel here"}));
    edit_activity(&mut recorded, "With guests", json!({"Title": "With guests, later"}));
    recorded.graph(json!({"action": "delete-event", "mailbox": EUGENE, "subject": "Cancelled"}));
    recorded.graph(json!({"action": "move-event", "mailbox": EUGENE, "subject": "Moved", "calendar": "Projects"}));
    let deleted = recorded.world.found("Deleted").id;
    recorded.creatio(json!({"action": "delete", "set": "Activity", "id": deleted}));
    week(&mut recorded);
    week(&mut recorded);
    let missed = recorded.world.found("Missed").id;
    recorded.creatio(json!({"action": "delete", "set": "Activity", "id": missed}));
    week(&mut recorded);
    // One account's run dies between what it wrote and what it recorded, the other one's while a calendar is read anew.
    edit_event(&mut recorded, EUGENE, "Interrupted", json!({"subject": "Interrupted once"}));
    activity(&mut recorded, "Interrupted export", 90);
    let account = recorded.world.account();
    let ran = recorded.run(account, |_| {}, cut);
    if !ran.log.last().is_some_and(|entry| entry.parts.iter().any(|part| part.method == "POST")) {
        return None;
    }
    recorded.graph(json!({"action": "expire-delta-tokens"}));
    edit_event(&mut recorded, ANNA, "Anna's 3", json!({"subject": "Anna's third"}));
    let annas = recorded.world.annas_account();
    let ran = recorded.run(annas, |options| options.budget.requests = Some(9), Cut::Never);
    ran.report();
    recorded.world.pass(20);
    Some(recorded)
}

/// Runs for both accounts until there is nothing to do; what was written in between.
fn to_rest(world: &mut World) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..12 {
        let mut quiet = true;
        for account in [world.account(), world.annas_account()] {
            let ran = world.run(account, Direction::Reconcile, |_| {});
            if ran.report.is_err() {
                show(&ran);
            }
            ran.report();
            quiet &= ran.entries.is_empty() && ran.writes() == 0;
            told.extend(ran.entries.iter().map(|entry| {
                let (outcome, action) = (entry.outcome.code(), entry.action.code());
                format!("{outcome} {action} {} {}", entry.reason.code(), entry.title)
            }));
        }
        if quiet {
            return told;
        }
        world.pass(40);
    }
    panic!("there is no rest: {told:#?}");
}

fn kinds(rows: &std::collections::BTreeMap<String, Value>) -> Vec<String> {
    let mut kinds: Vec<String> = rows
        .keys()
        .map(|key| {
            let mut parts = key.split('/');
            match parts.next() {
                Some("account") => parts.nth(1).unwrap_or_default().to_owned(),
                shared => shared.unwrap_or_default().to_owned(),
            }
        })
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

#[test]
#[ignore = "writes a file of the project"]
fn write_the_fixture() {
    let mut recorded = (0..200)
        .filter_map(|effects| busy(Cut::After(effects)))
        .find(|recorded| rows(&recorded.world).keys().any(|key| key.contains("/wal/")))
        .unwrap();
    let mut fixture = recorded.fixture(LAYOUT);
    for kind in KINDS {
        assert!(kinds(&fixture.rows).iter().any(|found| found == kind), "no row of the kind {kind}");
    }
    to_rest(&mut recorded.world);
    fixture.ends = titles(&recorded.world);
    fixture.save();
}

#[test]
fn the_rows_of_every_layout_are_read_and_nothing_is_lost_or_doubled() {
    let fixtures = Fixture::all();
    let layouts: Vec<u32> = fixtures.iter().map(|fixture| fixture.layout).collect();
    assert_eq!(layouts, (1..=LAYOUT).collect::<Vec<_>>(), "a layout has no fixture; see the head of this file");
    for fixture in fixtures {
        let mut world = fixture.world();
        let told = to_rest(&mut world);
        println!("layout {}: {} rows; {told:#?}", fixture.layout, fixture.rows.len());
        assert_eq!(titles(&world), fixture.ends, "layout {}", fixture.layout);
        let rows = rows(&world);
        for (key, row) in rows.iter().filter(|(key, _)| key.ends_with("/state")) {
            assert_eq!(row["layout"], json!(LAYOUT), "{key}");
        }
        // What was in flight is settled, and nobody is owed a look.
        for kind in ["/wal/", "/seen/", "/round/"] {
            assert!(!rows.keys().any(|key| key.contains(kind)), "layout {}: {kind} is left", fixture.layout);
        }
    }
}
