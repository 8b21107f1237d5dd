//! Emulators of Creatio and Microsoft Graph, on loopback or in memory.

pub mod clock;
pub mod config;
pub mod control;
pub mod creatio;
pub mod fault;
pub mod graph;
pub mod harness;
pub mod log;
pub mod page;
pub mod shell;
pub mod splice;
pub mod wire;
pub mod world;
