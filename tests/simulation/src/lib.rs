//! Random small worlds: one account, a few items, users at work on both sides, and faults at every seam, all chosen by a
//! seed. The real engine and the host's own HTTP policy run in them under a virtual clock. Every world ends well, comes to
//! rest, and is checked against a model that knows what its users did.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc
)]

pub mod audit;
pub mod belonging;
pub mod changing;
pub mod check;
pub mod choice;
pub mod compare;
pub mod copies;
pub mod dice;
pub mod faults;
pub mod hardship;
pub mod history;
pub mod isolation;
pub mod landing;
pub mod ledger;
pub mod met;
pub mod people;
pub mod play;
pub mod provoke;
pub mod retention;
pub mod shrink;
pub mod sight;
pub mod step;
pub mod tasks;
