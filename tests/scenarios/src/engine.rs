//! The engine, as a library or as the built component: both on the same seams.

use crate::wasm;
use guest::capability::Capabilities;
use guest::report::Report;
use guest::run::{Direction, RunError, run};
use guest::settings::{Account, Options};

/// Which one runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// The library.
    #[default]
    Native,
    /// The built component in wasmtime.
    Component,
}

impl Engine {
    /// Runs.
    pub fn run(
        self,
        caps: Capabilities<'_>,
        account: Account,
        options: &Options,
        direction: Direction,
    ) -> Result<Report, RunError> {
        match self {
            Self::Native => run(caps, account, options, direction),
            Self::Component => wasm::run(caps, &account, options, direction),
        }
    }
}
