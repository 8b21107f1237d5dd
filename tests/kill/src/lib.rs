//! What `kill -9` leaves behind: the emulators and `host-runner` as processes of their own, a first sync that is killed at
//! moments drawn by a seed, and started again until it is through. The end must be that of a sync that nobody disturbed.
//!
//! [`programs`] starts and kills, [`services`] asks the emulators what they hold, [`play`] is the experiment, [`dice`] the
//! chance in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    clippy::print_stdout
)]

pub mod dice;
pub mod play;
pub mod programs;
pub mod services;
