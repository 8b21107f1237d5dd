//! The WIT world bound to the engine: imports as capabilities, exports as runs. The only part that knows that it is
//! inside a component; compiled for wasm only.

mod bindings {
    #![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, clippy::restriction, clippy::pedantic)]
    // The one place with `unsafe`: what wit-bindgen generates for the canonical ABI.
    wit_bindgen::generate!({
        path: "../wit",
        world: "connector",
        with: { "wasi:clocks/wall-clock@0.2.0": wasi::clocks::wall_clock },
    });
    use super::exports::Component;
    export!(Component);
}
mod convert;
mod exports;
mod imports;
