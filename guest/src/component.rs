//! The WIT world bound to the engine. The only part that knows it is inside a component; compiled for wasm only.

mod bindings {
    #![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, clippy::restriction)]
    wit_bindgen::generate!({
        path: "../wit",
        world: "connector",
        with: { "wasi:clocks/wall-clock@0.2.0": wasi::clocks::wall_clock },
    });
    use super::Component;
    export!(Component);
}

struct Component;
use bindings::exports::schedule::sync::synchronizer as wit;

impl wit::Guest for Component {
    fn import(_a: wit::Account, _o: wit::Options) -> Result<wit::Report, wit::Error> {
        let n = wasi::clocks::wall_clock::now();
        let r = bindings::schedule::sync::http::send(&[]);
        let _ = bindings::schedule::sync::storage::get(&[]);
        bindings::schedule::sync::journal::append(&[]);
        let _ = bindings::schedule::sync::progress::step("x", 0, None);
        Err(wit::Error::Other(format!("{} {}", r.len(), n.seconds)))
    }
    fn export(_a: wit::Account, _o: wit::Options) -> Result<wit::Report, wit::Error> {
        Err(wit::Error::Superseded)
    }
    fn reconcile(_a: wit::Account, _o: wit::Options) -> Result<wit::Report, wit::Error> {
        Err(wit::Error::Superseded)
    }
    fn discover(_a: wit::Account) -> Result<wit::Catalogue, wit::Error> {
        Err(wit::Error::Superseded)
    }
    fn forget(_a: wit::Account, _o: wit::Options) -> Result<wit::Report, wit::Error> {
        Err(wit::Error::Superseded)
    }
}
