//! Plays the worlds of many seeds, or replays one.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use clap::Parser;
use guest::deliberate;
use scenarios::engine::Engine;
use simulation::step::Step;
use simulation::{compare, faults, history, play, shrink};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Random worlds with faults at every seam.
#[derive(Parser)]
struct Args {
    /// How many worlds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// This seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// Tell everything that happens.
    #[arg(long)]
    verbose: bool,
    /// Stop after so many failures.
    #[arg(long, default_value_t = 5)]
    failures: usize,
    /// Do not shrink.
    #[arg(long)]
    whole: bool,
    /// Run the built component instead of the library.
    #[arg(long)]
    component: bool,
    /// Play each world with the library and with the built component, and compare all that they do.
    #[arg(long)]
    compare: bool,
    /// Break this rule of the engine, or all of them one after the other, and look for the first world that tells.
    #[arg(long, value_name = "FAULT")]
    deliberate: Option<String>,
    /// Write what found the faults into FAULTS.md.
    #[arg(long, requires = "deliberate")]
    record: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = std::io::stdout().lock();
    if let Some(name) = &args.deliberate {
        return look_for(name, &args, &mut out);
    }
    let engine = if args.component { Engine::Component } else { Engine::Native };
    let (from, number) = args.seed.map_or((args.from, args.seeds), |seed| (seed, 1));
    let begun = Instant::now();
    let mut kinds: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut played = 0_u32;
    for seed in from..from + number {
        let steps = history::of(seed);
        let faults = if args.compare {
            compare::compare(&steps).into_iter().collect()
        } else {
            play::perform(engine, &steps, None, false).faults
        };
        played += 1;
        if faults.is_empty() && !args.verbose {
            continue;
        }
        let failed = !faults.is_empty();
        if args.compare || args.component {
            let _ = writeln!(out, "seed {seed}: {}", faults.join("; "));
        } else {
            let steps = if failed && !args.whole { shrink::shrink(&steps) } else { steps };
            show(&mut out, seed, &steps, args.verbose);
        }
        if failed {
            kinds.insert(seed, faults);
        }
        if kinds.len() >= args.failures {
            break;
        }
    }
    let rate = f64::from(played) / begun.elapsed().as_secs_f64();
    let _ = writeln!(out, "{played} worlds, {} failed, {rate:.0} worlds a second", kinds.len());
    if kinds.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Looks for worlds that tell a broken rule; one that is shown to nobody is a failure.
fn look_for(name: &str, args: &Args, out: &mut impl Write) -> ExitCode {
    let wanted = faults::named(name);
    if wanted.is_empty() {
        let known: Vec<&str> = faults::named("all").into_iter().map(deliberate::Deliberate::code).collect();
        let _ = writeln!(out, "there is no fault {name}; known are all, {}", known.join(", "));
        return ExitCode::FAILURE;
    }
    if let Some(seed) = args.seed {
        for fault in wanted {
            deliberate::with(Some(fault), || show(out, seed, &history::of(seed), args.verbose));
        }
        return ExitCode::SUCCESS;
    }
    let found = faults::find(&wanted, args.seeds, out);
    let recorded = found.and_then(|found| {
        if args.record {
            faults::write(&found)?;
        }
        Ok(found.len())
    });
    match recorded {
        Ok(number) if number == wanted.len() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            let _ = writeln!(out, "{why}");
            ExitCode::FAILURE
        }
    }
}

fn show(out: &mut impl Write, seed: u64, steps: &[Step], verbose: bool) {
    let talk = Arc::new(Mutex::new(String::new()));
    let faults = play::play(steps, verbose.then(|| Arc::clone(&talk)));
    let _ = writeln!(out, "seed {seed}");
    for fault in &faults {
        let _ = writeln!(out, "  ! {fault}");
    }
    for step in steps {
        let _ = writeln!(out, "  - {step}");
    }
    if verbose {
        let _ = writeln!(out, "{}", talk.lock().unwrap());
    }
    let _ = out.flush();
}
