//! Where the command keeps what it compiled.

use std::ffi::OsString;
use std::path::PathBuf;

/// The folder that `HOST_RUNNER_COMPILED` names, none where it is empty; else one below the folder that the system has for
/// what can be made anew.
pub(crate) fn folder() -> Option<PathBuf> {
    by(|name| std::env::var_os(name))
}

fn by(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(named) = variable("HOST_RUNNER_COMPILED") {
        return (!named.is_empty()).then(|| named.into());
    }
    let whole = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let kept = if cfg!(windows) {
        whole("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        whole("HOME").map(|home| home.join("Library/Caches"))
    } else {
        whole("XDG_CACHE_HOME").or_else(|| whole("HOME").map(|home| home.join(".cache")))
    };
    kept.map(|kept| kept.join("schedule-sync"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Option<PathBuf> {
        by(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn what_the_variable_names_counts_and_an_empty_one_says_nowhere() {
        assert_eq!(of(&[("HOST_RUNNER_COMPILED", "here"), ("HOME", "/home/e")]), Some("here".into()));
        assert_eq!(of(&[("HOST_RUNNER_COMPILED", ""), ("HOME", "/home/e")]), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn else_it_is_where_the_system_keeps_such_files() {
        assert_eq!(of(&[("HOME", "/home/e")]), Some("/home/e/.cache/schedule-sync".into()));
        assert_eq!(of(&[("HOME", "/home/e"), ("XDG_CACHE_HOME", "/fast")]), Some("/fast/schedule-sync".into()));
        assert_eq!(of(&[("XDG_CACHE_HOME", "not/whole")]), None);
    }
}
