//! Deliberate faults: each rule of the engine that can be broken is broken, and some world has to tell.

use crate::history::{self, Size};
use crate::play::play;
use guest::deliberate::{Deliberate, with};
use scenarios::mail::Server;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::{fs, io};

/// So many worlds are played for a fault at most.
pub const WORLDS: u64 = 1000;

/// The first world that found a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// The world.
    pub seed: u64,
    /// What was wrong in it first.
    pub said: String,
}

/// Plays a world with a rule broken; gives what was wrong.
#[must_use]
pub fn broken(fault: Deliberate, seed: u64, mailbox: Server) -> Vec<String> {
    with(Some(fault), || play(&history::of(seed, Size::Small).on(mailbox), None))
}

/// Plays worlds with a rule broken until one of them, which ends well without, does not.
#[must_use]
pub fn first(fault: Deliberate, mailbox: Server, mut seeds: impl Iterator<Item = u64>) -> Option<Caught> {
    seeds.find_map(|seed| {
        let said = broken(fault, seed, mailbox).into_iter().next()?;
        play(&history::of(seed, Size::Small).on(mailbox), None).is_empty().then_some(Caught { seed, said })
    })
}

/// The faults of this name, or all.
#[must_use]
pub fn named(name: &str) -> Vec<Deliberate> {
    Deliberate::ALL.iter().copied().filter(|fault| name == "all" || fault.code() == name).collect()
}

/// Plays worlds for each of these faults and prints what found them; true if all were found.
pub fn find(
    faults: &[Deliberate],
    mailbox: Server,
    worlds: std::ops::Range<u64>,
    out: &mut impl Write,
) -> io::Result<BTreeMap<Deliberate, Caught>> {
    let mut found = BTreeMap::new();
    for fault in faults {
        write!(out, "{:22}invariant {:2}  ", fault.code(), fault.breaks())?;
        out.flush()?;
        match first(*fault, mailbox, worlds.clone()) {
            Some(caught) => {
                writeln!(out, "seed {:4}  {}", caught.seed, caught.said)?;
                found.insert(*fault, caught);
            }
            None => writeln!(out, "NOT FOUND in worlds {worlds:?}")?,
        }
    }
    Ok(found)
}

const HEAD: &str = "# Deliberate faults

An invariant that was never seen to fail may not be checked at all. Each of these rules of the engine can be broken at run
time (`guest/src/deliberate.rs`; only with the feature `deliberate-faults`, which the component is never built with), and
the simulation has to find it. A world that did, with a mailbox on Graph and with one on Exchange; a fault without a seed was not
found in the worlds that were played when this was written.

The last two invariants, of tenants and of secrets, are kept by the host: its own tests (`host-runner/src/http/tests.rs`,
`host-runner/src/store/tests.rs`, `host-runner/tests/cli.rs`) look after them.

| fault | invariant | what the engine does | seed | what the check said | seed on Exchange | what the check said there |
|---|---|---|---|---|---|---|
";

const FOOT: &str = "
To see one again, and what happens in its world:

    cargo run --release -p simulation -- --deliberate NAME --seed SEED --verbose

To look for the first world that finds it, or for those of all faults:

    cargo run --release -p simulation -- --deliberate NAME
    cargo run --release -p simulation -- --deliberate all

Worlds change with the generator. This file is written anew by

    cargo run --release -p simulation -- --deliberate all --record
    cargo run --release -p simulation -- --deliberate all --record --mailbox exchange

and `tests/faults.rs` plays each seed of it with the fault, which it must find, and without, where it must end well.
";

fn file() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "FAULTS.md"].iter().collect()
}

/// What the list says of a fault found with this mailbox: seed and what was said.
fn cells(text: &str, fault: Deliberate, mailbox: Server) -> [String; 2] {
    let line = text.lines().find(|line| line.starts_with(&format!("| `{}` |", fault.code()))).unwrap_or_default();
    let at = if mailbox == Server::Exchange { 5 } else { 3 };
    let cell = |at: usize| line.trim_end_matches(" |").split(" | ").nth(at).map(|cell| cell.trim().to_owned());
    [cell(at).unwrap_or_else(|| "-".into()), cell(at + 1).unwrap_or_else(|| "not found".into())]
}

/// Writes the list of faults with what found them with one kind of mailbox; what the other found stays.
pub fn write(mailbox: Server, found: &BTreeMap<Deliberate, Caught>) -> io::Result<()> {
    let old = fs::read_to_string(file())?;
    let mut text = HEAD.to_owned();
    for fault in Deliberate::ALL {
        let mut row = String::new();
        for server in [Server::Graph, Server::Exchange] {
            let [seed, said] = match found.get(fault) {
                _ if server != mailbox => cells(&old, *fault, server),
                Some(caught) => [caught.seed.to_string(), caught.said.replace('|', "\\|").replace('\n', " ")],
                None => ["-".to_owned(), "not found".to_owned()],
            };
            let _ = write!(row, " {seed} | {said} |");
        }
        let _ = writeln!(text, "| `{}` | {} | {} |{row}", fault.code(), fault.breaks(), fault.about());
    }
    text.push_str(FOOT);
    fs::write(file(), text)
}

/// The seeds that the list records for a kind of mailbox, by fault; none for a fault that it does not have.
pub fn recorded(mailbox: Server) -> io::Result<BTreeMap<Deliberate, Option<u64>>> {
    let text = fs::read_to_string(file())?;
    Ok(Deliberate::ALL.iter().map(|fault| (*fault, cells(&text, *fault, mailbox)[0].parse().ok())).collect())
}
