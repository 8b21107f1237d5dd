//! The command-line tool. Standard output is the answer, standard error is what happens meanwhile.

mod args;
mod check;
mod compiled;
mod discover;
mod exit;
mod forget;
mod held;
mod init;
mod links;
mod run;
mod selection;
mod session;
mod status;
mod undo;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use exit::{Exit, Failure};
use host_runner::screen::{self, Screen};

/// Parses the arguments, does what they say, and turns the outcome into an exit code.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(fault) => {
            let _ = fault.print();
            return if fault.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    session::log_to_stderr(arguments.verbose);
    let mut screen = Screen::stdout(arguments.json);
    match perform(&arguments, &mut screen).and_then(|exit| screen.flush().map(|()| exit).map_err(Failure::from)) {
        Ok(exit) => exit.into(),
        Err(failure) if failure.unread() => failure.exit().into(),
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{}: {failure}", screen::alarm("error"));
            failure.exit().into()
        }
    }
}

fn perform(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Init(order) => session::block_on(init::init(arguments, order, screen)),
        Command::Component { out } => hand_out(out),
        Command::Status(which) => status::status(arguments, which, screen),
        Command::Held(which) => held::held(arguments, which, screen),
        Command::Approve(what) => session::block_on(held::approve(arguments, what, screen)),
        Command::Dismiss(what) => held::dismiss(arguments, what, screen),
        Command::Log(which) => status::log(arguments, which, screen),
        Command::Preview(_) | Command::Sync(_) | Command::Import(_) | Command::Export(_) => {
            session::block_on(run::run(arguments, screen))
        }
        Command::Undo(order) => session::block_on(undo::undo(arguments, order, screen)),
        Command::Forget(order) => session::block_on(forget::forget(arguments, order, screen)),
        Command::Links(order) => session::block_on(links::links(arguments, order, screen)),
        Command::Discover(which) => session::block_on(discover::discover(arguments, which, screen)),
        Command::Check(which) => session::block_on(check::check(arguments, which, screen)),
    }
}

/// Embedders need the component as a file.
fn hand_out(out: &std::path::Path) -> Result<Exit, Failure> {
    std::fs::write(out, component::bytes())
        .map_err(|fault| Failure::usage(format!("{} cannot be written: {fault}; name another file", out.display())))?;
    Ok(Exit::Done)
}
