//! The crash sweep: a small world with meetings and tasks, made, updated, moved and deleted on both sides. For every effect of each of
//! its syncs (each request, each commit) the power goes before it and after it; the run is started again, and the end is
//! that of a world that nothing disturbed.

use chrono::{DateTime, TimeDelta, Utc};
use emulators::creatio::NewActivity;
use guest::run::Direction;
use host_runner::Action;
use scenarios::component::Sandboxed;
use scenarios::mail::Server;
use scenarios::switch::Cut;
use scenarios::tasks::day;
use scenarios::world::{EUGENE, start};
use scenarios::{World, normal};
use serde_json::{Value, json};

/// What happens before each sync.
const PHASES: usize = 4;

fn point(at: DateTime<Utc>) -> Value {
    json!({"dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC"})
}

fn event(world: &World, subject: &str, hours: i64) {
    let from = start() + TimeDelta::hours(hours);
    let body = json!({
        "subject": subject,
        "start": point(from),
        "end": point(from + TimeDelta::hours(1)),
        "body": {"contentType": "text", "content": format!("Notes of {subject}")},
        "location": {"displayName": "Room 1"},
    });
    let now = world.now();
    world.mail.with(|mail| mail.add_event(EUGENE, None, &body, now).unwrap());
}

fn activity(world: &World, title: &str, hours: i64) {
    let now = world.now();
    let row = NewActivity::meeting(title, start() + TimeDelta::hours(hours)).owned_by(world.eugene.contact);
    world.creatio.with(|creatio| creatio.add_activity(&row, now).unwrap());
}

fn chore(world: &World, title: &str, hours: i64) {
    let due = start() + TimeDelta::hours(hours);
    let (now, row) =
        (world.now(), NewActivity::task(title, due - TimeDelta::hours(1), due).owned_by(world.eugene.contact));
    world.creatio.with(|creatio| creatio.add_activity(&row, now).unwrap());
}

fn id_of(world: &World, title: &str) -> uuid::Uuid {
    world.creatio.with(|creatio| {
        creatio.rows("Activity").find(|(_, row)| row.text("Title") == title).map(|(id, _)| id).expect(title)
    })
}

fn item_of(world: &World, subject: &str) -> String {
    world.mail.with(|mail| mail.find_event(EUGENE, subject).expect(subject).id)
}

fn edit_activity(world: &World, title: &str, columns: Value) {
    let (id, now) = (id_of(world, title), world.now());
    let edit = json!({"action": "update", "set": "Activity", "id": id, "values": columns, "user": "e.mirny"});
    world.site.lock().unwrap().service("creatio").unwrap().edit(&edit, now).unwrap();
}

fn edit_event(world: &World, subject: &str, change: &Value) {
    let (id, now) = (item_of(world, subject), world.now());
    world.mail.with(|mail| mail.update_event(EUGENE, &id, change, now)).unwrap();
}

/// What people do before the sync of a phase.
fn edits(world: &World, phase: usize) {
    let now = world.now();
    match phase {
        0 => {
            world.mail.with(|mail| mail.add_calendar(EUGENE, "Projects", true, None)).unwrap();
            for (at, subject) in ["Alpha", "Beta", "Gamma", "Delta", "Same"].into_iter().enumerate() {
                event(world, subject, 24 + 3 * i64::try_from(at).unwrap());
            }
            for (at, title) in ["One", "Two", "Three"].into_iter().enumerate() {
                activity(world, title, 48 + 3 * i64::try_from(at).unwrap());
            }
            // The same meeting on both sides.
            activity(world, "Same", 36);
            world.todo("Call back", json!({"dueDateTime": day("2026-11-25")}));
            world.todo("Some day", json!({"dueDateTime": day("2026-11-26")}));
            chore(world, "Offer", 72);
            chore(world, "Invoice", 75);
        }
        1 => {
            edit_event(world, "Alpha", &json!({"subject": "Alpha 2"}));
            edit_activity(world, "One", json!({"Title": "One 2", "Location": "Room 7"}));
            // Both sides, different units.
            edit_event(world, "Beta", &json!({"location": {"displayName": "Room 9"}}));
            edit_activity(world, "Beta", json!({"Title": "Beta 2"}));
            // Both sides, the same unit.
            edit_event(world, "Two", &json!({"subject": "Two, said the mailbox"}));
            edit_activity(world, "Two", json!({"Title": "Two, said Creatio"}));
            let (gamma, delta) = (item_of(world, "Gamma"), item_of(world, "Delta"));
            world.mail.with(|mail| mail.move_event(EUGENE, &gamma, "Projects", now)).unwrap();
            world.mail.with(|mail| mail.delete_event(EUGENE, &delta, now)).unwrap();
            let three = id_of(world, "Three");
            let edit = json!({"action": "delete", "set": "Activity", "id": three, "user": "e.mirny"});
            world.site.lock().unwrap().service("creatio").unwrap().edit(&edit, now).unwrap();
            world.edit_todo("Call back", json!({"status": "completed"}));
            edit_activity(world, "Offer", json!({"Title": "Offer 2"}));
            world.edit_todo("Offer", json!({"dueDateTime": day("2026-11-28")}));
            world.delete_todo("Some day");
            world.delete_activity("Invoice");
            chore(world, "Report", 99);
            event(world, "Epsilon", 80);
            activity(world, "Four", 90);
        }
        2 => {
            edit_event(world, "Gamma", &json!({"subject": "Gamma 2"}));
            world.pass(70);
        }
        _ => world.pass(70),
    }
}

/// The engine as a library, or as the built component in the host's sandbox.
enum Engine {
    Native,
    Component(Box<Sandboxed>),
}

impl Engine {
    fn sync(&self, world: &mut World, cut: Cut) {
        match self {
            Self::Native => {
                let account = world.with_tasks();
                let ran = world.run_until(account, Direction::Reconcile, |_| {}, cut);
                assert!(cut != Cut::Never || ran.report.is_ok(), "{:?}", ran.report);
            }
            Self::Component(sandboxed) => {
                let ran = sandboxed.run_until(world, Action::Reconcile, cut);
                assert!(cut != Cut::Never || ran.as_ref().is_some_and(Result::is_ok), "{:?}", ran.map(Result::err));
            }
        }
    }
}

/// Runs all phases; the sync of one of them is cut. Gives how many effects that sync had.
fn live(component: bool, cut: Option<(usize, Cut)>) -> (World, Engine, u64) {
    let mut world = World::empty();
    let engine = if component { Engine::Component(Box::new(Sandboxed::with_tasks(&world))) } else { Engine::Native };
    let mut effects = 0;
    for phase in 0..PHASES {
        edits(&world, phase);
        let fate = match cut {
            Some((at, fate)) if at == phase => fate,
            _ => Cut::Never,
        };
        engine.sync(&mut world, fate);
        if cut.is_some_and(|(at, _)| at == phase) {
            effects = world.switch.effects();
            if fate != Cut::Never {
                assert!(world.switch.dead(), "{fate:?} of phase {phase} was never reached");
            }
            // By then the lease of the run that died has ended.
            world.pass(10);
            engine.sync(&mut world, Cut::Never);
        }
    }
    for _ in 0..3 {
        world.pass(70);
        engine.sync(&mut world, Cut::Never);
    }
    (world, engine, effects)
}

/// Cuts every effect of every phase, `every`th only; gives how many points that were.
fn sweep(component: bool, every: u64) -> u64 {
    let (calm, ..) = live(component, None);
    let wanted = normal::view(&calm);
    let mut points = 0;
    let mut failures = Vec::new();
    for phase in 0..PHASES {
        let (_, _, effects) = live(component, Some((phase, Cut::Never)));
        for at in (0..effects).filter(|at| at % every == 0) {
            for cut in [Cut::Before(at), Cut::After(at)] {
                points += 1;
                let (mut world, engine, _) = live(component, Some((phase, cut)));
                let got = normal::view(&world);
                if got != wanted {
                    failures.push(format!("phase {phase}, {cut:?}:\n{}", difference(&wanted, &got)));
                    continue;
                }
                world.pass(30);
                let before = normal::view(&world);
                engine.sync(&mut world, Cut::Never);
                if normal::view(&world) != before || wrote(&world) {
                    failures.push(format!("phase {phase}, {cut:?}: not quiet"));
                }
            }
        }
    }
    let shown = failures.iter().take(6).cloned().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} of {points}:\n{shown}", failures.len());
    points
}

/// The last sync sent a write.
fn wrote(world: &World) -> bool {
    let site = world.site.lock().unwrap();
    site.log.entries().iter().any(|entry| entry.parts.iter().any(|part| part.method != "GET"))
}

#[scenarios::scenario]
fn a_crash_before_or_after_any_effect_ends_where_an_undisturbed_run_ends() {
    let points = sweep(false, 1);
    println!("{points} points");
    assert!(points > 100, "only {points} points");
}

#[scenarios::scenario]
fn the_component_in_its_sandbox_survives_crashes_as_the_library_does() {
    // An Exchange Server is asked more often for the same: there some of the effects are enough beside the library's sweep.
    let every = if scenarios::both::server() == Server::Graph { 1 } else { 4 };
    let points = sweep(true, every);
    println!("{points} points");
    assert!(points * every > 100, "only {points} points");
}

fn difference(wanted: &Value, got: &Value) -> String {
    let lines = |value: &Value| -> Vec<String> {
        ["activities", "events", "tasks"]
            .iter()
            .flat_map(|list| {
                value[*list].as_array().unwrap().iter().map(|item| format!("{list} {item}")).collect::<Vec<_>>()
            })
            .chain([format!("mails {}", value["mails"])])
            .collect()
    };
    let (wanted, got) = (lines(wanted), lines(got));
    let mut text = String::new();
    for line in wanted.iter().filter(|line| !got.contains(line)) {
        text.push_str(&format!("  - {line}\n"));
    }
    for line in got.iter().filter(|line| !wanted.contains(line)) {
        text.push_str(&format!("  + {line}\n"));
    }
    text
}

#[scenarios::scenario]
fn the_calm_world_comes_to_the_right_end() {
    let (world, ..) = live(false, None);
    let titles: Vec<String> = world.creatio.with(|creatio| {
        let mut titles: Vec<String> = creatio
            .rows("Activity")
            .map(|(_, row)| {
                let cancelled = row.guid("StatusId").map(|id| id.to_string()).as_deref()
                    == Some("201cfba8-58e6-df11-971b-001d60e938c6");
                format!("{}{}", row.text("Title"), if cancelled { " (cancelled)" } else { "" })
            })
            .collect();
        titles.sort();
        titles
    });
    assert_eq!(
        titles,
        [
            "Alpha 2",
            "Beta 2",
            "Call back",
            "Delta (cancelled)",
            "Epsilon",
            "Four",
            "Gamma 2",
            "Offer 2",
            "One 2",
            "Report",
            "Same",
            "Some day (cancelled)",
            "Two, said the mailbox"
        ]
    );
    let subjects: Vec<String> = world.mail.with(|mail| {
        let mut subjects: Vec<String> = mail.events(EUGENE).into_iter().map(|event| event.subject).collect();
        subjects.sort();
        subjects
    });
    assert_eq!(world.todos(), ["Call back", "Offer 2", "Report"]);
    assert_eq!(subjects, ["Alpha 2", "Beta 2", "Epsilon", "Four", "Gamma 2", "One 2", "Same", "Two, said the mailbox"]);
}
