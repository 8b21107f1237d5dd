//! The scenarios: what people do, and what becomes of it. Each is written once and played twice, with the mailboxes on
//! Microsoft 365 and on an Exchange Server; what Creatio holds in the end is the same, but for what docs/exchange.md
//! names and explains. `cargo test -p scenarios --test both -- --nocapture | grep ^compared` lists them.

mod choices;
mod coexist;
mod conflicts;
mod crash;
mod deletions;
mod deletions_back;
mod documented;
mod edits;
mod first;
mod first_contact;
mod forget;
mod forget_interrupted;
mod groups;
mod hand_over;
mod hidden;
mod identity;
mod links;
mod lists;
mod moves;
mod policies;
mod private;
mod runs;
mod steps;
mod storage;
mod tasks;
mod times;
mod undo;
mod undo_kinds;
mod weeks;
