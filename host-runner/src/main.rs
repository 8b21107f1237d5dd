//! Keeps the activities of Creatio and the calendars and tasks of Microsoft Exchange or Microsoft 365 in step.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
