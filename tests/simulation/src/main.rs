//! Plays the worlds of many seeds, or replays one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use clap::Parser;
use cpu_time::ThreadTime;
use guest::deliberate;
use scenarios::engine::Engine;
use scenarios::mail::Server;
use simulation::history::{self, History, Size};
use simulation::{compare, faults, play, shrink};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
    /// Begin with a seed that the clock gives.
    #[arg(long, conflicts_with_all = ["from", "seed"])]
    random: bool,
    /// This seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// Replay the history in this file, with a rule broken where one is named.
    #[arg(long, conflicts_with = "seed")]
    replay: Option<PathBuf>,
    /// Size of the worlds: of mixed ones one in twenty is large.
    #[arg(long, value_enum, default_value_t = Size::Mixed)]
    size: Size,
    /// What serves the mailboxes. A history is played on each of both.
    #[arg(long, value_enum, default_value_t = Mailbox::Both)]
    mailbox: Mailbox,
    /// Stop after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// So many worlds side by side.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Tell everything that happens.
    #[arg(long)]
    verbose: bool,
    /// Stop after so many failures.
    #[arg(long, default_value_t = 5)]
    failures: usize,
    /// Do not shrink.
    #[arg(long)]
    whole: bool,
    /// Write the histories of failures into this folder, as files for --replay.
    #[arg(long)]
    save: Option<PathBuf>,
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

/// What serves the mailboxes of the worlds.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mailbox {
    /// Microsoft 365.
    Graph,
    /// An Exchange Server.
    Exchange,
    /// Each of the two.
    Both,
}

impl Mailbox {
    const fn servers(self) -> &'static [Server] {
        match self {
            Self::Graph => &[Server::Graph],
            Self::Exchange => &[Server::Exchange],
            Self::Both => &[Server::Graph, Server::Exchange],
        }
    }
}

/// Worlds of one kind, and how much of a core's time they took: other work on the machine does not count.
#[derive(Default)]
struct Rate {
    played: AtomicU64,
    nanos: AtomicU64,
}

impl Rate {
    fn add(&self, taken: Duration) {
        self.played.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(taken.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

fn main() -> ExitCode {
    let mut args = Args::parse();
    std::panic::set_hook(Box::new(|_| {}));
    if let Some(file) = &args.replay {
        let broken = args.deliberate.as_deref().and_then(|name| faults::named(name).first().copied());
        return if deliberate::with(broken, || show(&file.display().to_string(), &History::read(file), true)) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    if let Some(name) = &args.deliberate {
        return look_for(name, &args, &mut std::io::stdout().lock());
    }
    if args.random {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        args.from = since.as_secs() % 1_000_000_000 * 1000;
        say(&format!("from seed {}", args.from));
    }
    if let Some(seed) = args.seed {
        (args.from, args.seeds) = (seed, 1);
    }
    let (next, failed) = (AtomicU64::new(args.from), AtomicUsize::new(0));
    let kinds = args.mailbox.servers().iter().flat_map(|server| [(*server, false), (*server, true)]);
    let rates: BTreeMap<(Server, bool), Rate> = kinds.map(|kind| (kind, Rate::default())).collect();
    let met: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    let begun = Instant::now();
    let work = || {
        while failed.load(Ordering::SeqCst) < args.failures
            && args.seconds.is_none_or(|seconds| begun.elapsed() < Duration::from_secs(seconds))
        {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= args.from + args.seeds {
                break;
            }
            for mailbox in args.mailbox.servers() {
                let history = history::of(seed, args.size).on(*mailbox);
                let taken = played(&args, seed, history, &met, &failed);
                rates[&(*mailbox, args.size.of(seed) == Size::Large)].add(taken);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..args.jobs {
            scope.spawn(work);
        }
        work();
    });
    let failed = failed.into_inner();
    for ((mailbox, large), rate) in rates {
        let (played, nanos) = (rate.played.into_inner(), rate.nanos.into_inner());
        if played > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
            let rate = played as f64 * 1e9 / nanos as f64;
            let size = if large { "large" } else { "small" };
            say(&format!("{played} {size} worlds on {mailbox:?}, {rate:.0} a second on a core"));
        }
    }
    for (hardship, worlds) in met.into_inner().unwrap() {
        say(&format!("{worlds:7} met: {hardship}"));
    }
    say(&format!("{failed} failed, {:.0} seconds", begun.elapsed().as_secs_f64()));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays a world and tells it where it fails; how much of a core's time it took.
fn played(
    args: &Args,
    seed: u64,
    history: History,
    met: &Mutex<BTreeMap<&'static str, u64>>,
    failed: &AtomicUsize,
) -> Duration {
    let name = match history.mailbox {
        Server::Graph => format!("seed {seed}"),
        Server::Exchange => format!("seed {seed} on exchange"),
    };
    let start = ThreadTime::now();
    let faults = if args.compare {
        compare::compare(&history).into_iter().collect()
    } else {
        let engine = if args.component { Engine::Component } else { Engine::Native };
        let played = play::perform(engine, &history, None, false);
        let mut met = met.lock().unwrap();
        played.met.iter().for_each(|hardship| *met.entry(hardship).or_default() += 1);
        played.faults
    };
    let taken = start.elapsed();
    if !faults.is_empty() {
        failed.fetch_add(1, Ordering::SeqCst);
        if args.compare || args.component {
            say(&format!("{name}: {}", faults.join("; ")));
            return taken;
        }
        let history = if args.whole { history } else { shrink::shrink(&history) };
        show(&name, &history, args.verbose);
        if let Some(folder) = &args.save {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(format!("{}.json", name.replace(' ', "-"))), history.text()).unwrap();
        }
    } else if args.verbose {
        show(&name, &history, true);
    }
    taken
}

/// Looks for worlds that tell a broken rule; one that is shown to nobody is a failure.
fn look_for(name: &str, args: &Args, out: &mut impl Write) -> ExitCode {
    let wanted = faults::named(name);
    if wanted.is_empty() {
        let known: Vec<&str> = faults::named("all").into_iter().map(deliberate::Deliberate::code).collect();
        let _ = writeln!(out, "there is no fault {name}; known are all, {}", known.join(", "));
        return ExitCode::FAILURE;
    }
    let mailbox = if args.mailbox == Mailbox::Exchange { Server::Exchange } else { Server::Graph };
    if let Some(seed) = args.seed {
        for fault in wanted {
            let history = history::of(seed, Size::Small).on(mailbox);
            let text = deliberate::with(Some(fault), || told(&format!("seed {seed}"), &history, args.verbose)).0;
            let _ = writeln!(out, "{text}");
        }
        return ExitCode::SUCCESS;
    }
    let found = faults::find(&wanted, mailbox, args.from..args.from + args.seeds, out);
    let recorded = found.and_then(|found| {
        if args.record {
            faults::write(mailbox, &found)?;
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

/// Plays a history and tells it; true where all is well.
fn show(name: &str, history: &History, verbose: bool) -> bool {
    let (text, well) = told(name, history, verbose);
    say(&text);
    well
}

fn told(name: &str, history: &History, verbose: bool) -> (String, bool) {
    let talk = Arc::new(Mutex::new(String::new()));
    let faults = play::play(history, verbose.then(|| Arc::clone(&talk)));
    let mut text = format!("{name}, {} accounts\n", history.accounts);
    for fault in &faults {
        text.push_str(&format!("  ! {fault}\n"));
    }
    for step in &history.steps {
        text.push_str(&format!("  - {step}\n"));
    }
    if !faults.is_empty() {
        text.push_str(&format!("replay: {}", history.text()));
    }
    text.push_str(&talk.lock().unwrap());
    (text, faults.is_empty())
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
