//! What syncs of many items take: the component in the host, and the engine compiled natively on the same work.

pub mod clock;
pub mod engine;
pub mod wire;
