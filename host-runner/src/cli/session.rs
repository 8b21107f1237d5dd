//! What every command that runs something needs: a runtime, a host, the component, the tenant.

use std::future::Future;
use std::io::{IsTerminal, Write};

use host_runner::config::{Config, Language, no_prompt};
use host_runner::screen::Screen;
use host_runner::{Connector, Host, Stop, Tenant, TenantError};
use secrecy::SecretString;

use super::args::Arguments;
use super::exit::Failure;

/// A tenant and a component to run for it.
pub(crate) struct Session {
    pub(crate) tenant: Tenant,
    pub(crate) connector: Connector,
    pub(crate) stop: Stop,
    pub(crate) language: Language,
}

impl Session {
    pub(crate) fn open(arguments: &Arguments, config: Config) -> Result<Self, Failure> {
        let language = language(arguments, &config);
        let mut host = Host::builder().memory(config.limits.memory);
        if let Some(folder) = super::compiled::folder() {
            host = host.compiled(folder);
        }
        let host = host.build().map_err(|fault| Failure::failed(fault.to_string()))?;
        let tenant = host.tenant(config).prompt(&ask).open().map_err(|fault| match fault {
            TenantError::Config(_) | TenantError::Storage(_) | TenantError::Memory(..) => {
                Failure::usage(fault.to_string())
            }
            TenantError::Tls(_) => Failure::failed(fault.to_string()),
        })?;
        let connector = match &arguments.component {
            None => host.load(component::bytes()).map_err(|fault| Failure::failed(fault.to_string()))?,
            Some(path) => {
                let bytes = std::fs::read(path).map_err(|fault| {
                    Failure::usage(format!("{} cannot be read: {fault}; name another file", path.display()))
                })?;
                host.load(&bytes)
                    .map_err(|fault| Failure::usage(format!("{}: {fault}; name another file", path.display())))?
            }
        };
        let stop = Stop::new();
        listen(stop.clone());
        Ok(Self { tenant, connector, stop, language })
    }
}

/// Reads the configuration; from here on the screen speaks the language of whoever reads it.
pub(crate) fn config(arguments: &Arguments, screen: &mut Screen) -> Result<Config, Failure> {
    let config = Config::load(&arguments.config).map_err(|fault| Failure::usage(fault.to_string()))?;
    screen.language = language(arguments, &config);
    Ok(config)
}

/// Without a configuration the arguments and the environment decide what is spoken.
pub(crate) fn speak(arguments: &Arguments, screen: &mut Screen) {
    let told = arguments.lang.map(Language::from).or_else(Language::of_the_environment);
    screen.language = told.unwrap_or_default();
}

/// What is spoken: as the arguments say, else as the environment does, else as the first account.
fn language(arguments: &Arguments, config: &Config) -> Language {
    let told = arguments.lang.map(Language::from).or_else(Language::of_the_environment);
    told.unwrap_or_else(|| config.accounts.first().map_or_else(Language::default, |account| account.language))
}

/// Runs a command that waits for things.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|fault| Failure::failed(format!("no threads can be had: {fault}")))?;
    let result = runtime.block_on(work);
    // A lookup of a name may hang in the system for long, and nobody waits for its answer any more.
    runtime.shutdown_background();
    result
}

/// The component's notes and the host's own go to standard error, as far as they are asked for.
pub(crate) fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "host_runner=info,warn",
        _ => "host_runner=debug,info",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("HOST_RUNNER_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .try_init();
}

/// Ctrl-C ends runs in good order, a second one sooner, a third one at once.
fn listen(stop: Stop) {
    let tell = |text: &str| drop(writeln!(std::io::stderr(), "{text}"));
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        tell("ending after the chunk at hand; press Ctrl-C again to send nothing more");
        stop.wind_down();
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        tell("ending; press Ctrl-C again to leave at once, the next run settles what was in flight");
        stop.at_once();
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
}

fn ask(what: &str) -> Result<SecretString, String> {
    if !std::io::stdin().is_terminal() {
        return no_prompt(what);
    }
    rpassword::prompt_password(format!("{what}: "))
        .map(SecretString::from)
        .map_err(|fault| format!("{what} cannot be asked for: {fault}"))
}
