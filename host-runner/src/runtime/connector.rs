//! A component that was compiled, and whose world was checked.

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use super::bindings::{Connector as World, ConnectorPre};
use super::sandbox::Sandbox;

const IMPORTS: [&str; 5] = [
    "schedule:sync/http@0.1.0",
    "schedule:sync/storage@0.1.0",
    "schedule:sync/journal@0.1.0",
    "schedule:sync/progress@0.1.0",
    "wasi:clocks/wall-clock@0.2.0",
];
const EXPORT: &str = "schedule:sync/synchronizer@0.1.0";
const WORLD: &str = "schedule:sync/connector";

/// Why a component is not run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are no component.
    #[error("this is no WebAssembly component: {0}")]
    NoComponent(String),
    /// It wants something that the world does not have.
    #[error("this component imports {0}, which the world {WORLD} does not have")]
    Import(String),
    /// It lacks what the world promises.
    #[error("this component does not export {EXPORT}, which the world {WORLD} has")]
    Export,
    /// Names agree and types do not.
    #[error("this component has the names of the world {WORLD}, and other types behind them: {0}")]
    Types(String),
}

/// A component ready to run, for all tenants.
#[derive(Clone)]
pub struct Connector {
    pub(super) prepared: ConnectorPre<Sandbox>,
}

impl Connector {
    pub(super) fn load(engine: &Engine, bytes: &[u8]) -> Result<Self, LoadError> {
        let component = Component::new(engine, bytes).map_err(|fault| LoadError::NoComponent(format!("{fault:#}")))?;
        let world = component.component_type();
        if let Some((name, _)) = world.imports(engine).find(|(name, _)| !IMPORTS.iter().any(|ours| fits(name, ours))) {
            return Err(LoadError::Import(name.to_owned()));
        }
        if !world.exports(engine).any(|(name, _)| fits(name, EXPORT)) {
            return Err(LoadError::Export);
        }
        let types = |fault: wasmtime::Error| LoadError::Types(format!("{fault:#}"));
        let mut linker = Linker::new(engine);
        World::add_to_linker::<_, HasSelf<_>>(&mut linker, |sandbox: &mut Sandbox| sandbox).map_err(types)?;
        let prepared = linker.instantiate_pre(&component).and_then(ConnectorPre::new).map_err(types)?;
        Ok(Self { prepared })
    }
}

/// Whether a name is one of ours in a compatible version, by the rules of semantic versions.
fn fits(name: &str, ours: &str) -> bool {
    let split = |name: &str| {
        let (interface, version) = name.split_once('@')?;
        let mut numbers = version.split('.');
        let major = numbers.next()?.to_owned();
        let minor = if major == "0" { numbers.next()?.to_owned() } else { String::new() };
        Some((interface.to_owned(), major, minor))
    };
    name == ours || (split(name).is_some() && split(name) == split(ours))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Host;

    fn refused(text: &str) -> String {
        let bytes = wat::parse_str(text).unwrap();
        Host::builder().build().unwrap().load(&bytes).err().unwrap().to_string()
    }

    #[test]
    fn a_component_that_wants_more_than_the_world_has_is_refused_by_name() {
        let text = refused(r#"(component (import "wasi:cli/environment@0.2.0" (instance)))"#);
        assert_eq!(
            text,
            "this component imports wasi:cli/environment@0.2.0, which the world schedule:sync/connector does not have"
        );
        let text = refused(r#"(component (import "schedule:sync/http@0.2.0" (instance)))"#);
        assert!(text.contains("schedule:sync/http@0.2.0"), "{text}");
    }

    #[test]
    fn a_component_without_the_synchronizer_is_refused_by_name() {
        let text = refused("(component)");
        assert!(text.contains("does not export schedule:sync/synchronizer@0.1.0"), "{text}");
    }

    #[test]
    fn a_component_with_other_types_is_refused() {
        let text = refused(r#"(component (instance $i) (export "schedule:sync/synchronizer@0.1.0" (instance $i)))"#);
        assert!(text.contains("other types"), "{text}");
    }

    #[test]
    fn a_core_module_is_refused() {
        assert!(refused("(module)").contains("no WebAssembly component"));
    }

    #[test]
    fn versions_are_compatible_as_semantic_versions_are() {
        assert!(fits("wasi:clocks/wall-clock@0.2.9", "wasi:clocks/wall-clock@0.2.0"));
        assert!(!fits("wasi:clocks/wall-clock@0.3.0", "wasi:clocks/wall-clock@0.2.0"));
        assert!(!fits("wasi:clocks/wall-clock", "wasi:clocks/wall-clock@0.2.0"));
    }
}
