//! What `kill -9` leaves behind: the emulators and `host-runner` as processes of their own, a first sync that is killed at
//! moments drawn by a seed, and started again until it is through. The end must be that of a sync that nobody disturbed.
//!
//! [`programs`] starts and kills, [`services`] asks the emulators what they hold, [`play`] is the experiment, [`dice`] the
//! chance in it.

pub mod dice;
pub mod play;
pub mod programs;
pub mod services;
