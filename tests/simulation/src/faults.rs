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
    worlds: u64,
    out: &mut impl Write,
) -> io::Result<BTreeMap<Deliberate, Caught>> {
    let mut found = BTreeMap::new();
    for fault in faults {
        write!(out, "{:22}invariant {:2}  ", fault.code(), fault.breaks())?;
        out.flush()?;
        match first(*fault, mailbox, 0..worlds) {
            Some(caught) => {
                writeln!(out, "seed {:4}  {}", caught.seed, caught.said)?;
                found.insert(*fault, caught);
            }
            None => writeln!(out, "NOT FOUND in {worlds} worlds")?,
        }
    }
    Ok(found)
}

const HEAD: &str = "# Deliberate faults

An invariant that was never seen to fail may not be checked at all. Each of these rules of the engine can be broken at run
time (`guest/src/deliberate.rs`; only with the feature `deliberate-faults`, which the component is never built with), and
the simulation has to find it. A world that did; a fault without a seed was not found in the worlds that were played when
this was written.

The last two invariants, of tenants and of secrets, are kept by the host: its own tests (`host-runner/src/http/tests.rs`,
`host-runner/src/store/tests.rs`, `host-runner/tests/cli.rs`) look after them.

| fault | invariant | what the engine does | seed | what the check said |
|---|---|---|---|---|
";

const FOOT: &str = "
To see one again, and what happens in its world:

    cargo run --release -p simulation -- --deliberate NAME --seed SEED --verbose

To look for the first world that finds it, or for those of all faults:

    cargo run --release -p simulation -- --deliberate NAME
    cargo run --release -p simulation -- --deliberate all

Worlds change with the generator. This file is written anew by

    cargo run --release -p simulation -- --deliberate all --record

and `tests/faults.rs` plays each seed of it with the fault, which it must find, and without, where it must end well.
";

fn file() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "FAULTS.md"].iter().collect()
}

/// Writes the list of faults with what found them.
pub fn write(found: &BTreeMap<Deliberate, Caught>) -> io::Result<()> {
    let mut text = HEAD.to_owned();
    for fault in Deliberate::ALL {
        let (seed, said) = match found.get(fault) {
            Some(caught) => (caught.seed.to_string(), caught.said.replace('|', "\\|").replace('\n', " ")),
            None => ("-".to_owned(), "not found".to_owned()),
        };
        let _ = writeln!(text, "| `{}` | {} | {} | {seed} | {said} |", fault.code(), fault.breaks(), fault.about());
    }
    text.push_str(FOOT);
    fs::write(file(), text)
}

/// The seeds that the list records, by fault; none for a fault that it does not have.
pub fn recorded() -> io::Result<BTreeMap<Deliberate, Option<u64>>> {
    let text = fs::read_to_string(file())?;
    let seed = |fault: &Deliberate| {
        let line = text.lines().find(|line| line.starts_with(&format!("| `{}` |", fault.code())))?;
        line.split(" | ").nth(3)?.trim().parse().ok()
    };
    Ok(Deliberate::ALL.iter().map(|fault| (*fault, seed(fault))).collect())
}
