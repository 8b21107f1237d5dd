//! The built component in wasmtime, on seams that are lent to it as they are to the library.
//!
//! It is compiled once for a process; a run is a fresh instance out of a pool, in a thread of its own. What it imports
//! is asked of the thread that lends the seams, which may be bound to that thread.

mod calls;
mod convert;

use calls::{Call, Line, Reply, serve};
use guest::capability::Capabilities;
use guest::report::Report;
use guest::run::{Direction, RunError};
use guest::settings::{Account, Options};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, PoolingAllocationConfig, Store};

mod bindings {
    #![allow(missing_docs, clippy::all, clippy::pedantic)]
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "connector",
        imports: { default: trappable },
    });
}

/// Instances at the same time: tests run in parallel, and a second run may begin within the first.
const INSTANCES: u32 = 64;
/// As much linear memory as a tenant has by default.
const MEMORY: usize = 64 << 20;

/// The engine and the component, compiled and linked.
fn loaded() -> &'static (Engine, bindings::ConnectorPre<Line>) {
    static LOADED: OnceLock<(Engine, bindings::ConnectorPre<Line>)> = OnceLock::new();
    LOADED.get_or_init(|| {
        let mut pool = PoolingAllocationConfig::default();
        pool.total_component_instances(INSTANCES)
            .total_core_instances(INSTANCES * 4)
            .total_memories(INSTANCES * 2)
            .total_tables(INSTANCES * 4)
            .max_memory_size(MEMORY);
        let mut config = Config::new();
        config.wasm_component_model(true).allocation_strategy(pool);
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::new(&engine);
        bindings::Connector::add_to_linker::<_, HasSelf<_>>(&mut linker, |line: &mut Line| line).unwrap();
        let component = Component::new(&engine, component::bytes()).unwrap();
        let prepared = linker.instantiate_pre(&component).and_then(bindings::ConnectorPre::new).unwrap();
        (engine, prepared)
    })
}

/// How long it takes to make an instance, measured so many times.
#[must_use]
pub fn instantiations(times: usize) -> Vec<std::time::Duration> {
    let (engine, prepared) = loaded();
    (0..times)
        .map(|_| {
            let ((calls, _), (_, replied)) = (channel::<Call>(), channel::<Reply>());
            let begun = std::time::Instant::now();
            let mut store = Store::new(engine, Line::new(calls, replied));
            let made = prepared.instantiate(&mut store);
            let took = begun.elapsed();
            made.expect("an instance");
            took
        })
        .collect()
}

/// Runs the component.
///
/// # Panics
/// When the component traps: what it noted last says why.
pub fn run(
    caps: Capabilities<'_>,
    account: &Account,
    options: &Options,
    direction: Direction,
) -> Result<Report, RunError> {
    let (calls, asked) = channel::<Call>();
    let (replies, replied) = channel::<Reply>();
    let (account, options) = (convert::account(account), convert::options(options));
    std::thread::scope(|scope| {
        let running = scope.spawn(move || {
            let (engine, prepared) = loaded();
            let mut store = Store::new(engine, Line::new(calls, replied));
            let world = prepared.instantiate(&mut store)?;
            let synchronizer = world.schedule_sync_synchronizer();
            match direction {
                Direction::Import => synchronizer.call_import(&mut store, &account, &options),
                Direction::Export => synchronizer.call_export(&mut store, &account, &options),
                Direction::Reconcile => synchronizer.call_reconcile(&mut store, &account, &options),
            }
        });
        let last = serve(caps, &asked, &replies);
        match running.join().expect("the component's thread") {
            Ok(outcome) => outcome.map(convert::report).map_err(convert::failure),
            Err(trap) => panic!("the component failed: {trap:#} {last}"),
        }
    })
}
