//! What is fed: each decoder, or a whole run, with arbitrary bytes in one place.

pub mod account;
pub mod ask;
pub mod config;
pub mod creatio;
pub mod exchange;
pub mod exchange_side;
pub mod graph;
pub mod records;
pub mod rows;
pub mod runs;
pub mod seen;
pub mod sign_in;
pub mod texts;

use crate::mutate::Shape;
use crate::record::Recorded;
use std::time::Duration;

/// Something that reads arbitrary bytes.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What it reads.
    pub about: &'static str,
    /// What its inputs look like.
    pub shape: Shape,
    /// Where its inputs begin.
    pub seeds: fn(&Recorded) -> Vec<Vec<u8>>,
    /// Reads an input. It panics where something is not as it must be.
    pub run: fn(&[u8]),
    /// What one input may take.
    pub limit: Limit,
}

/// What one input may take: a constant, and so much for each byte of it.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Time for a small input, in an optimised program.
    pub time: Duration,
    /// Time for each MiB of an input.
    pub time_each: Duration,
    /// Bytes held at once for a small input.
    pub memory: usize,
    /// Bytes held at once for each byte of an input, as far as `most`.
    pub memory_each: usize,
    /// Bytes held at once, whatever the input.
    pub most: usize,
}

impl Limit {
    /// Of a decoder. What the engine may hold is the sandbox's memory, 64 MiB: a decoder stays below it with whatever
    /// answer the host hands in.
    pub const DECODER: Self = Self {
        time: Duration::from_millis(100),
        time_each: Duration::from_millis(900),
        memory: 4 << 20,
        memory_each: 200,
        most: 48 << 20,
    };

    /// Of a whole run in an emulated world, whose emulators take their share.
    pub const RUN: Self = Self {
        time: Duration::from_millis(1500),
        time_each: Duration::from_secs(4),
        memory: 32 << 20,
        memory_each: 400,
        most: 256 << 20,
    };

    /// The time that an input of this length may take.
    #[must_use]
    pub fn time_for(&self, length: usize) -> Duration {
        self.time + self.time_each.mul_f64(length as f64 / f64::from(1 << 20))
    }

    /// The bytes that may be held at once for an input of this length.
    #[must_use]
    pub fn memory_for(&self, length: usize) -> usize {
        (self.memory + self.memory_each * length).min(self.most)
    }
}

/// All targets.
pub const ALL: &[Target] = &[
    creatio::TARGET,
    graph::TARGET,
    exchange::TARGET,
    exchange_side::TARGET,
    account::TARGET,
    rows::TARGET,
    texts::TARGET,
    config::TARGET,
    sign_in::TARGET,
    records::TARGET,
    runs::OVER_ROWS,
    runs::OVER_ANSWERS,
    runs::OVER_EXCHANGE_ROWS,
    runs::OVER_EXCHANGE_ANSWERS,
];
