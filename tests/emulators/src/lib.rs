//! Emulators of Creatio and Microsoft Graph, on loopback or in memory.

pub mod creatio;
pub mod wire;
