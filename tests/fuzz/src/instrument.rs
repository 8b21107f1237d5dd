//! Builds this program once more with counters in the project's own crates, and goes on as that one. Stable compilers
//! have the counters as a pass of LLVM; a wrapper around the compiler adds it to the crates of the workspace alone, so
//! that nothing else is built anew.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Set for the copy of this program that wraps the compiler.
const WRAPS: &str = "SCHEDULE_SYNC_FUZZ_WRAPS";

const FLAGS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=3",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Coverflow-checks=on",
    "-Cdebug-assertions=on",
];
/// Crates whose decoders are looked at; others would only drown their counts.
const COUNTED: [&str; 2] = ["guest", "host_runner"];

/// In the wrapper: compiles what cargo asked for. None in the program itself.
#[must_use]
pub fn wrapped() -> Option<ExitCode> {
    std::env::var_os(WRAPS)?;
    let mut args = std::env::args_os().skip(1);
    let mut command = Command::new(args.next()?);
    let rest: Vec<_> = args.collect();
    let name =
        rest.windows(2).find(|pair| pair[0] == "--crate-name").map(|pair| pair[1].to_string_lossy().into_owned());
    command.args(&rest);
    if name.is_some_and(|name| COUNTED.contains(&name.as_str())) {
        command.args(FLAGS);
    }
    let status = command.status().expect("the compiler starts");
    Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the program with counters and runs it with the same arguments.
///
/// # Errors
/// Why there is no such build; the program can go on without.
pub fn run_counting(args: &[String]) -> Result<ExitCode, String> {
    let text = |fault: std::io::Error| fault.to_string();
    let program = std::env::current_exe().map_err(text)?;
    // Always the same path: cargo builds everything anew for another wrapper.
    let wrapper = program.with_file_name("fuzz-wrapper");
    let _ = std::fs::remove_file(&wrapper);
    std::fs::copy(&program, &wrapper).map_err(text)?;
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let built = Command::new(cargo)
        .args(["build", "--release", "--bin", "fuzz", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .env(WRAPS, "1")
        .env("RUSTC_WORKSPACE_WRAPPER", &wrapper)
        .status();
    match built {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("cargo ended with {status}")),
        Err(fault) => return Err(fault.to_string()),
    }
    let status = Command::new(program).args(args).arg("--built-counting").status().map_err(text)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
