//! The sync engine.
pub mod activity;
pub mod ask;
pub mod batch;
pub mod capability;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod creatio;
pub mod deliberate;
pub mod digest;
pub mod graph;
pub mod http;
pub mod identity;
pub mod link;
pub mod merge;
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
