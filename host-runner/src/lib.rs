//! The wasmtime host of the schedule-sync component: a library to embed and the command-line tool.
//!
//! A component synchronises one account at a time and sees nothing but what this host lends it. From the outside in:
//!
//! - [`Host`] has the engine, [`Connector`] is a compiled component whose world was checked, [`Tenant`] is one Creatio
//!   site with its accounts, connections, sign-ins and storage, and [`Tenant::run`] is one run for one account.
//! - [`http`] is the policy behind the component's HTTP: pure over a [`http::Transport`] and a [`Clock`].
//! - [`store`] is what a tenant remembers, [`lease`] keeps an account's runs apart, [`journal`] and [`report`] are what a
//!   run tells.
//! - [`screen`] shows a run as the command line does.
//! - [`config`] reads the file that describes a tenant; it never holds a secret.
//!
//! ```no_run
//! # async fn embed(component: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use host_runner::{Action, Host, RunOptions, Silent, config::Config};
//!
//! let host = Host::builder().build()?;
//! let connector = host.load(component)?;
//! let tenant = host.tenant(Config::load("mycompany.toml".as_ref())?).open()?;
//! let options = RunOptions { dry_run: true, ..RunOptions::default() };
//! let run = tenant.run(&connector, Action::Reconcile, "e.mirny@mycompany.com", options, Arc::new(Silent)).await?;
//! for entry in tenant.store().journal(&run.account, &run.run)? {
//!     println!("{} {} {}", entry.action, entry.title, entry.reason);
//! }
//! # Ok(())
//! # }
//! ```

mod autodiscover;
pub mod clock;
pub mod config;
pub mod credential;
pub mod http;
pub mod journal;
pub mod lease;
pub mod report;
mod runtime;
pub mod screen;
mod stop;
pub mod store;

pub use clock::{Clock, SystemClock, VirtualClock};
pub use runtime::{
    Action, Budget, Connector, GuestFailure, Host, HostBuilder, HostError, Level, Limits, LoadError, Observer, Place,
    RestoreOptions, RunError, RunOptions, RunReport, SignInError, Silent, Tenant, TenantBuilder, TenantError, twice,
};
pub use stop::Stop;
