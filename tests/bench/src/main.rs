//! `cargo run --release --bin bench`: one table of what syncs take. Half of the items are meetings of the mailbox, half are
//! activities of Creatio; after the first sync comes an idle one, then one after an edit of every hundredth item.
//!
//! The services are the emulators, in the same process and without sockets; their own time is told beside the total. Nothing is
//! asserted: times are of the machine they were measured on.

use bench::clock::MovedClock;
use bench::engine::{Engine, Native, Sandboxed, Took};
use bench::wire::{Counted, Wire};
use clap::Parser;
use emulators::creatio::NewActivity;
use scenarios::World;
use scenarios::life::at;
use scenarios::world::{EUGENE, start};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Prints one table of what syncs take, with the component in wasmtime and natively.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Only with so many items, and no delay; for profiles.
    #[arg(long)]
    items: Option<usize>,
    /// Only natively or only the component; for profiles.
    #[arg(long, value_parser = ["native", "component"])]
    only: Option<String>,
}

const SYNCS: [&str; 3] = ["first", "idle", "1 % edited"];

fn main() {
    let arguments = Arguments::parse();
    let plan = arguments.items.map_or_else(|| vec![(1_000, 0), (10_000, 0), (1_000, 50)], |items| vec![(items, 0)]);
    let mut times = scenarios::wasm::instantiations(1_000);
    times.sort();
    println!(
        "component: {} KiB; an instance is made in {:.1} µs (median of 1,000; 99 % within {:.1} µs)\n",
        component::bytes().len() / 1024,
        micros(times[500]),
        micros(times[990])
    );
    println!(
        "| items | delay | sync | time | items/s | requests | MiB | services | guest MiB | computed | native: time | computed | ratio |"
    );
    println!("|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (items, delay) in plan {
        let delay = Duration::from_millis(delay);
        let native = (arguments.only.as_deref() != Some("component")).then(|| measure(items, delay, true));
        let component = (arguments.only.as_deref() != Some("native")).then(|| measure(items, delay, false));
        for (number, sync) in SYNCS.iter().enumerate() {
            let row = Row {
                items,
                delay,
                sync,
                component: component.as_ref().map(|all| all[number]),
                native: native.as_ref().map(|all| all[number]),
            };
            println!("{}", row.line());
        }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The three syncs in a world of their own.
fn measure(items: usize, delay: Duration, native: bool) -> Vec<Took> {
    let world = filled(items);
    let folder = tempfile::tempdir().unwrap();
    let clock = MovedClock::at(u64::try_from(start().timestamp_millis()).unwrap());
    let wire = |world: &World| Wire {
        site: Arc::clone(&world.site),
        clock: clock.clone(),
        delay,
        counted: Arc::new(Counted::default()),
    };
    let (creatio, graph, contact) = (world.creatio.clone(), world.graph.clone(), world.eugene.contact);
    let mut engine: Box<dyn Engine> = if native {
        let wire = wire(&world);
        Box::new(Native::new(wire, world, folder.path()))
    } else {
        Box::new(Sandboxed::new(wire(&world), folder.path()))
    };
    let mut took = vec![engine.sync()];
    clock.advance(Duration::from_secs(20 * 60));
    // What was written within the overlap of the feeds is read once more before it is quiet.
    engine.sync();
    clock.advance(Duration::from_secs(20 * 60));
    took.push(engine.sync());
    clock.advance(Duration::from_secs(20 * 60));
    let now = start() + chrono::TimeDelta::minutes(65);
    for number in (0..items / 2).step_by(100) {
        graph.with(|graph| {
            let id = graph.find_event(EUGENE, &format!("Meeting {number}")).unwrap().id;
            graph.update_event(EUGENE, &id, &json!({"subject": format!("Meeting {number}, edited")}), now).unwrap();
        });
        creatio.with(|creatio| {
            let title = format!("Activity {number}");
            let id = creatio
                .rows("Activity")
                .find(|(_, row)| row.text("Title") == title && row.guid("OwnerId") == Some(contact))
                .unwrap()
                .0;
            let edit = json!({"action": "update", "set": "Activity", "id": id, "values": {"Title": format!("{title}, edited")}});
            emulators::wire::Service::edit(creatio, &edit, now).unwrap();
        });
    }
    took.push(engine.sync());
    took
}

fn filled(items: usize) -> World {
    let world = World::empty();
    let (contact, now) = (world.eugene.contact, world.now());
    for number in 0..items / 2 {
        let hours = 24 + i64::try_from(number % 1_000).unwrap();
        let notes = format!("Notes of {number}: what was agreed upon, and by whom.");
        world.meeting_with(
            &format!("Meeting {number}"),
            hours,
            json!({"body": {"contentType": "text", "content": notes}}),
        );
        let mut activity = NewActivity::meeting(format!("Activity {number}"), at(hours)).owned_by(contact);
        activity.notes = notes;
        world.creatio.with(|creatio| creatio.add_activity(&activity, now)).unwrap();
    }
    world
}

/// A line of the table.
struct Row<'a> {
    items: usize,
    delay: Duration,
    sync: &'a str,
    component: Option<Took>,
    native: Option<Took>,
}

impl Row<'_> {
    fn line(&self) -> String {
        let seconds =
            |time: Option<Duration>| time.map_or_else(String::new, |time| format!("{:.2} s", time.as_secs_f64()));
        let shown = self.component.or(self.native);
        let rate = shown.map(|took| self.items as f64 / took.time.as_secs_f64());
        let ratio = self
            .component
            .zip(self.native)
            .map(|(component, native)| component.computed.as_secs_f64() / native.computed.as_secs_f64().max(1e-6));
        let mib = |bytes: f64| format!("{:.1}", bytes / f64::from(1 << 20));
        [
            self.items.to_string(),
            format!("{} ms", self.delay.as_millis()),
            self.sync.to_owned(),
            seconds(self.component.map(|took| took.time)),
            rate.map_or_else(String::new, |rate| format!("{rate:.0}")),
            shown.map_or_else(String::new, |took| took.requests.to_string()),
            shown.map_or_else(String::new, |took| mib(took.bytes as f64)),
            seconds(shown.map(|took| took.served)),
            self.component.and_then(|took| took.memory).map_or_else(String::new, |memory| mib(memory as f64)),
            seconds(self.component.map(|took| took.computed)),
            seconds(self.native.map(|took| took.time)),
            seconds(self.native.map(|took| took.computed)),
            ratio.map_or_else(String::new, |ratio| format!("{ratio:.1}")),
        ]
        .iter()
        .fold("|".to_owned(), |line, cell| format!("{line} {cell} |"))
    }
}
