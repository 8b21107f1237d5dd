//! Serves the emulators on loopback.

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use emulators::clock::Clock;
use emulators::config::{Addresses, Secrets, config_toml};
use emulators::creatio::Refused;
use emulators::exchange;
use emulators::harness::Site;
use emulators::shell::Shell;
use emulators::world::{Kind, World};
use serde_json::json;

/// Emulators of Creatio, Microsoft Graph and Exchange Server, with a control port for faults, the clock and other people's edits.
///
/// The first line on standard output is one JSON object with the addresses, users and the client; port 0 takes any.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Address of Creatio.
    #[arg(long, default_value = "127.0.0.1:4102")]
    creatio: SocketAddr,
    /// Address of Microsoft Graph and its sign-in.
    #[arg(long, default_value = "127.0.0.1:4101")]
    graph: SocketAddr,
    /// Address of Exchange Server, below which the service is `/EWS/Exchange.asmx`; not served if not given.
    #[arg(long)]
    exchange: Option<SocketAddr>,
    /// Address of the control port.
    #[arg(long, default_value = "127.0.0.1:4100")]
    control: SocketAddr,
    /// What to start from: empty, demo, large:N, large-creatio:N, large-mailbox:N or mixed:N.
    #[arg(long, default_value = "demo")]
    world: Kind,
    /// The day the world is built around, as an RFC 3339 time; now if not given.
    #[arg(long)]
    start: Option<DateTime<Utc>>,
    /// Keep bodies in the request log. They hold passwords.
    #[arg(long)]
    keep_bodies: bool,
    /// Print a configuration for the host that fits the world and these addresses, and exit.
    #[arg(long)]
    print_config: bool,
}

/// Why the program cannot go on.
#[derive(Debug)]
enum Trouble {
    World(Refused),
    Listen(SocketAddr, std::io::Error),
    Output(std::io::Error),
    Signal(std::io::Error),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World(refused) => write!(f, "the world cannot be built: {refused}"),
            Self::Listen(address, error) => write!(f, "cannot listen at {address}: {error}"),
            Self::Output(error) => write!(f, "cannot write to standard output: {error}"),
            Self::Signal(error) => write!(f, "cannot wait for the signal to stop: {error}"),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "emulators: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Trouble> {
    let now = DateTime::<Utc>::from(SystemTime::now());
    let world = World::new(arguments.world, arguments.start.unwrap_or(now)).map_err(Trouble::World)?;
    if arguments.print_config {
        let addresses = Addresses {
            creatio: format!("http://{}", arguments.creatio),
            graph: format!("http://{}", arguments.graph),
            exchange: arguments.exchange.map(|address| format!("http://{address}/EWS/Exchange.asmx")),
        };
        let secrets =
            Secrets { client: r#"{ env = "EMULATORS_SECRET" }"#, exchange: r#"{ env = "EMULATORS_EXCHANGE" }"# };
        let toml = config_toml(&world.people, &world.client.id, secrets, &addresses);
        let exchange = match addresses.exchange {
            Some(_) => format!("# export EMULATORS_EXCHANGE='{}'\n", exchange::world::SERVICE_PASSWORD),
            None => String::new(),
        };
        return print(&format!("# export EMULATORS_SECRET='{}'\n{exchange}{toml}", world.client.secret));
    }
    let mut site = Site::new(Clock::Offset(TimeDelta::zero()));
    site.log.keep_bodies = arguments.keep_bodies;
    site.mount("creatio", world.creatio);
    site.mount("graph", world.graph);
    site.mount("exchange", world.exchange);
    let mut shell = Shell::new(site);
    let taken = |address: SocketAddr| move |error: std::io::Error| Trouble::Listen(address, error);
    let creatio = shell.serve("creatio", arguments.creatio).await.map_err(taken(arguments.creatio))?;
    let graph = shell.serve("graph", arguments.graph).await.map_err(taken(arguments.graph))?;
    let exchange = match arguments.exchange {
        Some(address) => Some(shell.serve("exchange", address).await.map_err(taken(address))?),
        None => None,
    };
    let control = shell.serve_control(arguments.control).await.map_err(taken(arguments.control))?;
    let users: Vec<_> = world
        .people
        .iter()
        .map(|person| json!({ "mail": person.mail, "login": person.login, "password": person.password }))
        .collect();
    let mut line = json!({
        "creatio": format!("http://{creatio}"),
        "graph": format!("http://{graph}"),
        "login": format!("http://{graph}"),
        "control": format!("http://{control}"),
        "users": users,
        "client": { "id": world.client.id, "secret": world.client.secret },
    });
    if let (Some(exchange), Some(line)) = (exchange, line.as_object_mut()) {
        line.insert("exchange".into(), json!(format!("http://{exchange}/EWS/Exchange.asmx")));
        let (login, password) = (exchange::world::SERVICE, exchange::world::SERVICE_PASSWORD);
        line.insert("exchangeService".into(), json!({ "login": login, "password": password }));
    }
    print(&format!("{line}\n"))?;
    stopped().await?;
    shell.stop().await;
    Ok(())
}

fn print(text: &str) -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Trouble::Output)
}

#[cfg(unix)]
async fn stopped() -> Result<(), Trouble> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate()).map_err(Trouble::Signal)?;
    tokio::select! {
        _ = terminated.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Trouble::Signal),
    }
}

#[cfg(not(unix))]
async fn stopped() -> Result<(), Trouble> {
    tokio::signal::ctrl_c().await.map_err(Trouble::Signal)
}
