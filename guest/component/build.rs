//! Builds `guest` as a component, in a target folder of its own: the outer one is locked by the cargo that runs this.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const TARGET: &str = "wasm32-unknown-unknown";
/// Names a ready component file: spares an editor the nested build.
const READY: &str = "SCHEDULE_SYNC_COMPONENT";
/// What compiles the workspace in place of rustc. Clippy looks at no component, and cargo keeps what is made for it apart.
const WRAPPER: &str = "RUSTC_WORKSPACE_WRAPPER";

fn main() {
    println!("cargo::rerun-if-env-changed={READY}");
    let file = match env::var_os(READY) {
        Some(ready) => {
            let ready = PathBuf::from(ready);
            println!("cargo::rerun-if-changed={}", ready.display());
            if ready.is_file() {
                Ok(ready)
            } else {
                Err(format!("{READY} names {}, which is no file", ready.display()))
            }
        }
        None if env::var(WRAPPER).is_ok_and(|wrapper| wrapper.contains("clippy-driver")) => nothing(),
        None => build(),
    };
    match file {
        Ok(file) => println!("cargo::rustc-env=SCHEDULE_SYNC_COMPONENT_FILE={}", file.display()),
        Err(why) => println!("cargo::error={why}"),
    }
}

/// An empty file in the component's place.
fn nothing() -> Result<PathBuf, String> {
    let file = PathBuf::from(variable("OUT_DIR")?).join("none.wasm");
    fs::write(&file, []).map_err(|why| format!("could not write {}: {why}", file.display()))?;
    Ok(file)
}

fn build() -> Result<PathBuf, String> {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = here.parent().and_then(Path::parent).ok_or("guest/component is not two levels below the workspace")?;
    for path in ["guest/src", "guest/Cargo.toml", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    let out = PathBuf::from(variable("OUT_DIR")?);
    ensure_target(root)?;
    let target_dir = out.join("target");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(root)
        .args(["rustc", "--quiet", "--locked", "-p", "guest", "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "component", "--target", TARGET, "--target-dir"])
        .arg(&target_dir);
    forget_outer_build(&mut cargo);
    let built = cargo.output().map_err(|why| format!("could not run cargo for the component: {why}"))?;
    if !built.status.success() {
        return Err(format!("the component did not build: {}", one_line(&built.stderr)));
    }
    let module = fs::read(target_dir.join(TARGET).join("component/guest.wasm"))
        .map_err(|why| format!("the component's module is missing: {why}"))?;
    let component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|why| format!("the module is no component of its world: {why:#}"))?;
    let file = out.join("schedule-sync.wasm");
    fs::write(&file, component).map_err(|why| format!("could not write {}: {why}", file.display()))?;
    Ok(file)
}

/// Where rustup does not install the targets of rust-toolchain.toml by itself, this does.
fn ensure_target(root: &Path) -> Result<(), String> {
    let sysroot = Command::new(variable("RUSTC")?)
        .args(["--print", "sysroot"])
        .current_dir(root)
        .output()
        .map_err(|why| format!("could not run rustc: {why}"))?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).current_dir(root).output();
    match added {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "the target {TARGET} is missing and could not be added ({}); run: rustup target add {TARGET}",
            one_line(&output.stderr)
        )),
        Err(_) => Err(format!("the target {TARGET} is missing; install it, with rustup: rustup target add {TARGET}")),
    }
}

/// What the outer cargo, clippy or a coverage tool set for the host must not reach the wasm build.
fn forget_outer_build(cargo: &mut Command) {
    const NAMES: [&str; 7] =
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC", "RUSTC_WRAPPER", WRAPPER, "CLIPPY_ARGS", "RUSTDOCFLAGS"];
    const PREFIXES: [&str; 5] = ["CARGO_BUILD_", "CARGO_TARGET_", "CARGO_PROFILE_", "CARGO_CFG_", "CARGO_FEATURE_"];
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if NAMES.contains(&text.as_ref()) || PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            cargo.env_remove(&name);
        }
    }
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("cargo did not set {name}"))
}

fn one_line(output: &[u8]) -> String {
    String::from_utf8_lossy(output)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" | ")
}
