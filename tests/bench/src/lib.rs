//! What syncs of many items take: the component in the host, and the engine compiled natively on the same work.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

pub mod clock;
pub mod engine;
pub mod wire;
