//! Running a component: loading it, one fresh sandbox for each run, and the limits around it.

mod bindings;
mod call;
mod check;
mod compiled;
mod connector;
mod convert;
mod execute;
mod host;
mod imports;
mod limits;
mod links;
mod meter;
mod observer;
mod resolve;
mod run;
mod sandbox;
mod tenant;
mod way;
mod whereabouts;

pub use check::twice;
pub use connector::{Connector, LoadError};
pub use host::{Host, HostBuilder, HostError};
pub use limits::Limits;
pub use links::RestoreOptions;
pub use observer::{Level, Observer, Silent};
pub use run::{Action, Budget, GuestFailure, RunError, RunOptions, RunReport};
pub use tenant::{Tenant, TenantBuilder, TenantError};
pub use way::{Place, SignInError};
