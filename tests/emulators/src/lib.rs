//! Emulators of Creatio, Microsoft Graph and Exchange Web Services, on loopback or in memory.

pub mod clock;
pub mod config;
pub mod control;
pub mod creatio;
pub mod exchange;
pub mod fault;
pub mod graph;
pub mod harness;
pub mod log;
mod outlook;
pub mod page;
pub mod shell;
pub mod splice;
pub mod wire;
pub mod world;
