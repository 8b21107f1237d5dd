//! Embeds the host: shows what a sync of one account would do, then does it.
//!
//!     cargo run -p host-runner --example embed -- schedule-sync.toml e.mirny@mycompany.com

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use host_runner::config::Config;
use host_runner::{Action, Host, Level, Observer, RunOptions};

/// Notes of the component go to standard error.
struct Notes;

impl Observer for Notes {
    fn note(&self, level: Level, text: &str) {
        if level >= Level::Warning {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(account)) = (arguments.next(), arguments.next()) else {
        return Err("say which configuration and which account: embed FILE MAIL".into());
    };
    // Once for a program: the engine, and the component compiled for it.
    let config = Config::load(Path::new(&path))?;
    let host = Host::builder().memory(config.limits.memory).build()?;
    let connector = host.load(component::bytes())?;
    // Once for a tenant: its connections and sign-ins stay fresh from run to run.
    let tenant = host.tenant(config).open()?;

    let mut out = std::io::stdout().lock();
    let preview = RunOptions { dry_run: true, ..RunOptions::default() };
    let plan = tenant.run(&connector, Action::Reconcile, &account, preview, Arc::new(Notes)).await?;
    for entry in tenant.store().journal(&plan.account, &plan.run)? {
        writeln!(out, "{:8} {:8} {:8} {}  ({})", entry.outcome, entry.action, entry.target, entry.title, entry.reason)?;
    }

    let run = tenant.run(&connector, Action::Reconcile, &account, RunOptions::default(), Arc::new(Notes)).await?;
    for count in &run.report.counts {
        writeln!(out, "{:6} {} {}", count.number, count.what, count.reason)?;
    }
    writeln!(out, "{:?} after {} requests", run.report.ending, run.requests)?;
    Ok(())
}
