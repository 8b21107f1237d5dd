//! The run that learns of the move, with the power cut before and after each of its effects.

use crate::{account, rests, sync};
use guest::run::Direction;
use scenarios::history::rows;
use scenarios::life::at;
use scenarios::mail::Server;
use scenarios::moving::Moving;
use scenarios::switch::Cut;
use scenarios::tasks::day;
use scenarios::{World, normal, show};
use serde_json::{Value, json};

/// A small move with edits on both sides, one item that did not come along, and twins.
fn moved() -> World {
    let mut world = World::on(Server::Exchange);
    world.meeting("Imported", 30);
    world.meeting("Lost", 34);
    world.activity("Exported", 50);
    world.activity("Both", 60);
    world.meeting("Both", 60);
    world.todo("Call", json!({"dueDateTime": day("2026-11-25")}));
    world.todo("Due", json!({"dueDateTime": day("2026-11-25")}));
    world.chore("Chore", at(26), at(27));
    sync(&mut world);
    world.todo("Call", json!({"dueDateTime": day("2026-11-25")}));
    sync(&mut world);
    rests(&mut world);
    world.pass(60);
    world.move_to_graph(Moving { lost: &["Lost"], ..Moving::default() });
    world.edit_event("Imported", json!({"subject": "Imported, there"}));
    world.edit_activity("Exported", json!({"Title": "Exported, here"}));
    world.edit_todo("Due", json!({"status": "completed"}));
    world.activity("New here", 70);
    world.meeting("New there", 72);
    world
}

/// What is held in the end, by title.
fn held(world: &World) -> Vec<String> {
    let mut held: Vec<String> = rows(world)
        .into_iter()
        .filter(|(key, row)| key.contains("/owed/") && row["why"] == "held")
        .map(|(_, row)| {
            format!("{} {}", row["reason"].as_str().unwrap_or_default(), row["title"].as_str().unwrap_or_default())
        })
        .collect();
    held.sort();
    held
}

fn end(world: &mut World) -> (Value, Vec<String>, Vec<String>) {
    for _ in 0..3 {
        world.pass(70);
        sync(world);
    }
    (normal::view(world), world.todos(), held(world))
}

#[test]
fn a_crash_anywhere_in_the_run_ends_where_an_undisturbed_one_ends() {
    let mut calm = moved();
    let settings = account(&calm);
    calm.run_until(settings, Direction::Reconcile, |_| {}, Cut::Never).report();
    let effects = calm.switch.effects();
    calm.pass(10);
    sync(&mut calm);
    let wanted = end(&mut calm);
    assert_eq!(wanted.2, ["left-behind Lost", "moved-twins Call", "moved-twins Call"]);
    let mut points = 0;
    for at in 0..effects {
        for cut in [Cut::Before(at), Cut::After(at)] {
            points += 1;
            let mut world = moved();
            let settings = account(&world);
            let died = world.run_until(settings, Direction::Reconcile, |_| {}, cut);
            assert!(world.switch.dead(), "{cut:?} was never reached");
            world.pass(10);
            let next = sync(&mut world);
            let got = end(&mut world);
            if got != wanted {
                show(&died);
                show(&next);
            }
            assert_eq!(got, wanted, "{cut:?}");
            world.pass(20);
            assert_eq!(sync(&mut world).writes(), 0, "{cut:?}");
        }
    }
    println!("{points} points");
    assert!(points > 20, "only {points} points");
}
