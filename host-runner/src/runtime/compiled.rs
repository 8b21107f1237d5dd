//! Compiled components, kept between starts: compiling takes a second, reading back what was compiled does not.

use std::path::{Path, PathBuf};

use wasmtime::{Cache, CacheConfig, Result};

/// Keeps them in this folder, which is made for its owner alone, and refused where it is somebody else's or others may write
/// to it: whoever can write into it decides what this program runs. wasmtime names them after everything that they depend on, and clears away what was not used for long.
pub(super) fn kept_in(folder: &Path) -> Result<Cache> {
    let folder: PathBuf = std::path::absolute(folder)?;
    make(&folder)?;
    ours_alone(&folder)?;
    let mut config = CacheConfig::new();
    config.with_directory(folder);
    Cache::new(config)
}

#[cfg(unix)]
fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(unix)]
fn ours_alone(folder: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(folder)?;
    let why = match (found.uid() == rustix::process::geteuid().as_raw(), found.mode() & 0o022) {
        (true, 0) => return Ok(()),
        (true, _) => "others may write to it; take that right away",
        (false, _) => "it belongs to another user; choose another folder",
    };
    Err(wasmtime::Error::msg(format!("{}: {why}", folder.display())))
}

/// Folders of a user are closed to others there.
#[cfg(not(unix))]
fn ours_alone(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn make(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Host;

    fn files(folder: &Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        let count = |entry: std::fs::DirEntry| if entry.path().is_dir() { files(&entry.path()) } else { 1 };
        entries.map(|entry| count(entry.unwrap())).sum()
    }

    #[test]
    fn a_component_is_compiled_once_for_all_starts() {
        let folder = tempfile::tempdir().unwrap();
        let kept = kept_in(&folder.path().join("compiled")).unwrap();
        for hits in 0..2 {
            let mut config = wasmtime::Config::new();
            config.cache(Some(kept.clone()));
            let engine = wasmtime::Engine::new(&config).unwrap();
            wasmtime::component::Component::new(&engine, component::bytes()).unwrap();
            assert_eq!((kept.cache_misses(), kept.cache_hits()), (1, hits));
        }
        assert!(files(folder.path()) > 0);
    }

    #[test]
    fn a_folder_that_cannot_be_made_keeps_nobody_from_working() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let host = Host::builder().compiled(file.path().join("compiled")).build().unwrap();
        assert!(host.load(component::bytes()).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_write_there() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("compiled");
        kept_in(&made).unwrap();
        assert_eq!(std::fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700);
        for open in [0o770, 0o702, 0o777] {
            std::fs::set_permissions(&made, PermissionsExt::from_mode(open)).unwrap();
            let why = kept_in(&made).err().unwrap().to_string();
            assert_eq!(why, format!("{}: others may write to it; take that right away", made.display()));
        }
        std::fs::set_permissions(&made, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(kept_in(&made).is_ok());
    }
}
