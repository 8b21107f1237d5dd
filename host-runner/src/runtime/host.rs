//! The engine, and what its tenants have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Config, Engine, OptLevel, PoolingAllocationConfig, RegallocAlgorithm};

use super::compiled;
use super::connector::{Connector, LoadError};
use super::limits::Limits;
use crate::clock::{Clock, SystemClock};
use crate::http::Transport;

/// How fine computing time is measured.
const TICK: Duration = Duration::from_millis(10);
/// Runs at the same time. A component is three core instances.
const RUNS: u32 = 64;

/// The host cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine cannot be set up: {0}")]
pub struct HostError(String);

/// Runs components. Clones are the same host.
#[derive(Clone)]
pub struct Host {
    pub(super) engine: Engine,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) transport: Option<Arc<dyn Transport>>,
    pub(super) memory: usize,
}

/// Settings of a host.
pub struct HostBuilder {
    clock: Arc<dyn Clock>,
    transport: Option<Arc<dyn Transport>>,
    memory: usize,
    compiled: Option<PathBuf>,
}

impl HostBuilder {
    /// Tells time by this clock instead of the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Carries all requests with this transport instead of sockets of each tenant's own.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The most linear memory that any tenant's limits may name, in bytes; 64 MiB unless told.
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Keeps compiled components in this folder, so that the next start need not compile them. It is made where it is
    /// missing; where it cannot be used, every start compiles. Whoever can write into it decides what the host runs.
    #[must_use]
    pub fn compiled(mut self, folder: impl Into<PathBuf>) -> Self {
        self.compiled = Some(folder.into());
        self
    }

    /// Sets the host up.
    ///
    /// # Errors
    /// The machine cannot run WebAssembly.
    pub fn build(self) -> Result<Host, HostError> {
        let engine = engine(self.memory, self.compiled.as_deref()).map_err(|fault| HostError(format!("{fault:#}")))?;
        tick(&engine)?;
        Ok(Host { engine, clock: self.clock, transport: self.transport, memory: self.memory })
    }
}

impl Host {
    /// A host with defaults to change.
    #[must_use]
    pub fn builder() -> HostBuilder {
        HostBuilder {
            clock: Arc::new(SystemClock::new()),
            transport: None,
            memory: Limits::default().memory,
            compiled: None,
        }
    }

    /// Compiles a component and checks that its world is `schedule:sync/connector`.
    ///
    /// # Errors
    /// It is no component, or one of another world; the text names the difference.
    pub fn load(&self, bytes: &[u8]) -> Result<Connector, LoadError> {
        Connector::load(&self.engine, bytes)
    }

    /// The clock of this host.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}

fn engine(memory: usize, folder: Option<&Path>) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    match folder.map(compiled::kept_in).transpose() {
        Ok(cache) => drop(config.cache(cache)),
        Err(fault) => tracing::warn!("compiled components are not kept: {fault:#}"),
    }
    config.wasm_component_model(true).epoch_interruption(true);
    if cfg!(debug_assertions) {
        // Tests call the program hundreds of times, and each call compiles the component: seconds instead of one.
        config.cranelift_opt_level(OptLevel::None).cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    }
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(RUNS)
        .total_core_instances(RUNS * 4)
        .total_memories(RUNS * 2)
        .total_tables(RUNS * 4)
        .total_stacks(RUNS)
        .max_memory_size(memory);
    let mut pooled = config.clone();
    pooled.allocation_strategy(pool);
    // A pool reserves addresses in advance, which a machine with limited address space refuses.
    Engine::new(&pooled).or_else(|_| Engine::new(&config))
}

/// Moves the engine's epoch as long as somebody has the engine.
fn tick(engine: &Engine) -> Result<(), HostError> {
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })
        .map(drop)
        .map_err(|fault| HostError(fault.to_string()))
}
