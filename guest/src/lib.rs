//! The sync engine: keeps the activities of Creatio and the meetings and tasks of a mailbox in step.
//!
//! One call is one run for one account. [`run`] is its pipeline, a stage a file, in the order in which `run/mod.rs` has them;
//! everything else is what its stages are made of. To read from nouns to verbs:
//!
//! - **Seams**: [`capability`] (what the engine is lent: HTTP, storage, a journal, progress, a clock), [`ask`] (requests together
//!   with how their answers are read), [`side`] (what Creatio and both kinds of mailbox implement, so that there is no favourite).
//! - **Nouns**: [`activity`] (the common model, cut into units), [`link`] (a pair and its bases), [`owed`] (what is known not to be
//!   in step), [`settings`] and [`policy`] (what was decided beforehand), [`reason`], [`report`], [`digest`], [`identity`],
//!   [`time`], [`text`].
//! - **Pure decisions**: [`merge`] (one unit), [`plan`] (one pair), [`convert`] (a pair whose kind changed), [`removal`] (a pair
//!   that lost a side, and the guard), [`alike`] (which of several that look the same belong together), [`undo`], [`forget`],
//!   [`attempt`] (what a create says of itself).
//! - **What stays**: [`store`] (keys, rows, guarded commits, the overlay of a dry run), [`links`] (pairs as lines of text, to be
//!   kept outside of storage).
//! - **Adapters** of one shape: [`creatio`], [`graph`], [`exchange`]; [`mailbox`] chooses the one that serves an account. Below
//!   them [`outlook`] (what any mailbox keeps of a value), [`http`] (URLs, JSON, complaints), [`batch`] (JSON batches) and [`ews`]
//!   (the codec of Exchange Web Services). `json` reads what answers and rows hold.
//! - [`deliberate`]: rules that the simulation breaks, to see that it notices. `component`, for wasm only, binds all this to
//!   the contract in `wit/`.
//!
//! Three rules hold everywhere:
//!
//! - A base moves only for what an operation settled. So an edit that nobody has carried over stays an edit, whatever fails.
//! - Nothing is decided while feeds are read. What they show is written down first and worked off afterwards, with both sides in view.
//! - Absence is not deletion. What a listing does not show is looked for before it counts as gone.

pub mod activity;
pub mod alike;
pub mod ask;
pub mod attempt;
pub mod batch;
pub mod capability;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod convert;
pub mod creatio;
pub mod deliberate;
pub mod digest;
pub mod ews;
pub mod exchange;
pub mod forget;
pub mod graph;
pub mod http;
pub mod identity;
mod json;
pub mod link;
pub mod links;
pub mod mailbox;
pub mod merge;
pub mod outlook;
pub mod owed;
pub mod plan;
pub mod policy;
pub mod reason;
pub mod removal;
pub mod report;
pub mod run;
pub mod settings;
pub mod side;
pub mod store;
pub mod text;
pub mod time;
pub mod undo;
