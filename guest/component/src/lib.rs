//! The built component, `schedule:sync/connector`, as bytes.
//!
//! The build script compiles `guest` for `wasm32-unknown-unknown` and wraps the module with `wit-component`, so that the
//! component imports what its world declares and nothing else.

/// The component's binary.
#[must_use]
pub const fn bytes() -> &'static [u8] {
    include_bytes!(env!("SCHEDULE_SYNC_COMPONENT_FILE"))
}
