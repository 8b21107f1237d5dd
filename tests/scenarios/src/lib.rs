//! Whole runs of the engine against the emulators.
//!
//! A [`World`] is a Creatio site, Microsoft Graph and a tenant's storage under one virtual clock, without sockets: the
//! host's own HTTP policy carries the requests, and a [`Switch`] can cut the power before or after any effect. The engine
//! runs natively, or as the built component in the host's own runtime.

pub mod both;
pub mod choices;
pub mod component;
pub mod engine;
pub mod history;
pub mod life;
pub mod mail;
pub mod moving;
pub mod native;
pub mod normal;
pub mod runner;
pub mod soap;
pub mod storage;
pub mod switch;
pub mod tasks;
pub mod told;
pub mod trace;
pub mod transport;
pub mod wasm;
pub mod world;

pub use both::about_graph;
pub use runner::{Ran, Runner};
pub use scenario::scenario;
pub use switch::Switch;
pub use told::show;
pub use world::World;
