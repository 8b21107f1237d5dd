//! `cargo run --release --bin kill -- --kills 20 --items 2000`

use std::process::ExitCode;

use clap::Parser;
use kill::play::{Plan, play};

/// Kills the real program at random moments of a first sync against the emulators, starts it again, and compares the end
/// with that of a sync that nobody disturbed.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often it is killed.
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// Meetings of the world.
    #[arg(long, default_value_t = 2000)]
    items: u32,
    /// What the moments are drawn by; the time of day unless told.
    #[arg(long)]
    seed: Option<u64>,
    /// The moments themselves, in milliseconds from when each run began to work.
    #[arg(long, value_delimiter = ',')]
    moments: Option<Vec<u64>>,
}

fn main() -> ExitCode {
    let Arguments { kills, items, seed, moments } = Arguments::parse();
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let plan = Plan { items, kills, seed: seed.unwrap_or_else(now), moments };
    let outcome = play(&plan);
    println!("{}", outcome.told(&plan));
    if outcome.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
