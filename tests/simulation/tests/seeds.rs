//! Worlds that have to end well: some of every kind, and those that found something once.

use scenarios::mail::Server;
use simulation::history::{self, History, Size};
use simulation::{play, shrink};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nothing where the world ends well, else what is wrong and a history to replay.
fn ends_well(name: &str, history: &History) -> String {
    let faults = play::play(history, None);
    if faults.is_empty() {
        return String::new();
    }
    let shrunk = shrink::shrink(history);
    let steps: String = shrunk.steps.iter().map(|step| format!("  - {step}\n")).collect();
    format!("{name} on {:?}: {}\n{steps}{}", history.mailbox, faults.join("; "), shrunk.text())
}

/// Worlds that nobody has seen: so many, or as many as the time allows.
const NEW: u64 = 60;
const TIME: Duration = Duration::from_secs(20);

fn all_end_well(seeds: std::ops::Range<u64>, size: Size, mailbox: Server) {
    let told: String =
        seeds.map(|seed| ends_well(&format!("seed {seed}"), &history::of(seed, size).on(mailbox))).collect();
    assert!(told.is_empty(), "{told}");
}

#[test]
fn the_first_worlds_end_well() {
    all_end_well(0..100, Size::Mixed, Server::Graph);
}

#[test]
fn the_first_worlds_on_an_exchange_server_end_well() {
    all_end_well(0..60, Size::Mixed, Server::Exchange);
}

#[test]
fn worlds_whose_settings_change_end_well() {
    all_end_well(0..40, Size::Changing, Server::Graph);
}

#[test]
fn worlds_on_an_exchange_server_whose_settings_change_end_well() {
    all_end_well(0..25, Size::Changing, Server::Exchange);
}

#[test]
#[ignore = "other worlds each time: what they find is news, and no reason to doubt a checkout"]
fn new_worlds_end_well() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (first, begun) = (since.as_secs() % 1_000_000_000 * 1000, Instant::now());
    let mut seeds = (first..first + NEW).take_while(|_| begun.elapsed() < TIME);
    println!("worlds from seed {first}");
    let failed = seeds.find_map(|seed| {
        let mailbox = if seed % 2 == 0 { Server::Graph } else { Server::Exchange };
        let told = ends_well(&format!("seed {seed}"), &history::of(seed, Size::Mixed).on(mailbox));
        (!told.is_empty()).then_some(told)
    });
    let told = failed.unwrap_or_default();
    assert!(told.is_empty(), "{told}\nto see more: cargo run --release -p simulation -- --verbose --seed SEED");
}

/// Each file is named after what went wrong in it.
#[test]
fn worlds_that_found_something_end_well() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    let told: String = files.iter().map(|file| ends_well(&file.display().to_string(), &History::read(file))).collect();
    assert!(told.is_empty(), "{told}");
}
