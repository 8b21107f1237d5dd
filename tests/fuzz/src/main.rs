//! Hunts for inputs that make a decoder panic, hang or grow.

use clap::Parser;
use fuzz::allocation::Counting;
use fuzz::coverage::Coverage;
use fuzz::hunt::{self, hunt};
use fuzz::{corpus, instrument, target};
use guest::digest::Digest;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Arbitrary bytes for everything that decodes.
#[derive(Parser)]
struct Args {
    /// How long, all targets together.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// One target alone.
    #[arg(long)]
    target: Option<String>,
    /// The first seed; without it one that the clock gives.
    #[arg(long)]
    seed: Option<u64>,
    /// Run these inputs instead, once each.
    #[arg(long, num_args = 1..)]
    replay: Vec<std::path::PathBuf>,
    /// Without counters in the code: no second build.
    #[arg(long)]
    blind: bool,
    /// This is the second build.
    #[arg(long, hide = true)]
    built_counting: bool,
}

/// A target gets this much before the next one's turn.
const TURN: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    if let Some(code) = instrument::wrapped() {
        return code;
    }
    let args = Args::parse();
    if !args.blind && !args.built_counting && args.replay.is_empty() {
        match instrument::run_counting(&std::env::args().skip(1).collect::<Vec<_>>()) {
            Ok(code) => return code,
            Err(why) => eprintln!("there is no build with counters ({why}); going on without"),
        }
    }
    let chosen: Vec<&'static target::Target> =
        target::ALL.iter().filter(|one| args.target.as_ref().is_none_or(|name| one.name == name)).collect();
    if chosen.is_empty() {
        eprintln!(
            "there is no such target; there are {}",
            target::ALL.iter().map(|one| one.name).collect::<Vec<_>>().join(", ")
        );
        return ExitCode::FAILURE;
    }
    if args.replay.is_empty() { long(&args, &chosen) } else { replay(&args, &chosen) }
}

fn replay(args: &Args, chosen: &[&'static target::Target]) -> ExitCode {
    let inputs: Vec<_> =
        args.replay.iter().map(|path| (path.clone(), std::fs::read(path).expect("the input is read"))).collect();
    let mut code = ExitCode::SUCCESS;
    for target in chosen {
        for (path, wrong) in hunt::replay(target, inputs.clone()) {
            println!("{} {}: {wrong}", target.name, path.display());
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn long(args: &Args, chosen: &[&'static target::Target]) -> ExitCode {
    let mut seed = args
        .seed
        .unwrap_or_else(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs()));
    let all = Duration::from_secs_f64(args.minutes * 60.0);
    let turn = TURN.min(all / u32::try_from(chosen.len()).expect("few"));
    let begun = Instant::now();
    println!(
        "seed {seed}, {}",
        if Coverage::counts() { "following what reaches new code" } else { "without counters" }
    );
    let mut found = 0;
    while begun.elapsed() < all {
        for target in chosen {
            let caught = hunt(target, seed, turn);
            println!(
                "{:<18} seed {seed}: {} inputs, {} counters, {} inputs reached something new",
                target.name, caught.inputs, caught.reached, caught.grown
            );
            for (wrong, input) in caught.found {
                found += 1;
                let folder = corpus::folder(target);
                let path = folder.join(Digest::of(&input).short());
                std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, input)).expect("it is kept");
                println!("  ! {wrong}\n    {}", path.display());
            }
            let _ = std::io::stdout().flush();
        }
        seed += 1;
    }
    println!("{found} found in {} s", begun.elapsed().as_secs());
    if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
