//! Where inputs begin: documented payloads, recorded ones, and whatever was found once.

use crate::record::{Recorded, recorded};
use crate::target::Target;
use std::path::{Path, PathBuf};

/// The folder of this crate.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// What a target's inputs are made from.
#[must_use]
pub fn of(target: &Target) -> Vec<Vec<u8>> {
    let mut pool = (target.seeds)(recorded());
    pool.extend(findings(target).into_iter().map(|(_, input)| input).filter(|input| input.len() <= 64 << 10));
    assert!(!pool.is_empty(), "{} has nothing to begin with", target.name);
    pool
}

/// What was found once; it must never fail again.
#[must_use]
pub fn findings(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    files(&folder(target))
}

/// Where findings of a target are kept.
#[must_use]
pub fn folder(target: &Target) -> PathBuf {
    Path::new(HERE).join("findings").join(target.name)
}

/// Bodies of documented payloads whose name begins so: our own few, and all of them where SCHEDULE_SYNC_SPEC names the
/// folder of official descriptions.
#[must_use]
pub fn documented(prefix: &str) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = files(&Path::new(HERE).join("corpus"))
        .into_iter()
        .filter(|(path, _)| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .map(|(_, body)| body)
        .collect();
    if let Some(spec) = std::env::var_os("SCHEDULE_SYNC_SPEC").filter(|_| prefix == "graph") {
        for (_, text) in files(&PathBuf::from(spec).join("graph/examples")) {
            let example: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
            all.extend(example.get("body").filter(|body| !body.is_null()).map(|body| body.to_string().into_bytes()));
        }
    }
    if let Some(spec) = std::env::var_os("SCHEDULE_SYNC_SPEC").filter(|_| prefix == "exchange") {
        all.extend(files(&PathBuf::from(spec).join("ews/examples")).into_iter().map(|(_, envelope)| envelope));
    }
    all
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

/// All recorded answers of a kind with the documented ones.
#[must_use]
pub fn with_documented(prefix: &str, answers: fn(&Recorded) -> &Vec<Vec<u8>>, recorded: &Recorded) -> Vec<Vec<u8>> {
    let mut all = documented(prefix);
    all.extend(answers(recorded).iter().cloned());
    all
}
