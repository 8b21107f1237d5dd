//! Which accounts and operations the arguments name.

use host_runner::config::{Account, Config};

use super::args::Accounts;
use super::exit::Failure;

/// The accounts meant: those named, all, or the only one there is.
pub(crate) fn accounts(config: &Config, which: &Accounts) -> Result<Vec<Account>, Failure> {
    if which.all {
        return Ok(config.accounts.clone());
    }
    if which.account.is_empty() {
        if let [only] = config.accounts.as_slice() {
            return Ok(vec![only.clone()]);
        }
        let text = format!("say which account: --all, or --account with one of {}", known(config));
        return Err(Failure::usage(text));
    }
    which.account.iter().map(|name| named(config, name)).collect()
}

/// As `accounts`, but all where none is named: nobody has to be named to be looked at.
pub(crate) fn looked_at(config: &Config, which: &Accounts) -> Result<Vec<Account>, Failure> {
    if which.account.is_empty() { Ok(config.accounts.clone()) } else { accounts(config, which) }
}

/// The account of that name, or the only one there is.
pub(crate) fn one(config: &Config, name: Option<&str>) -> Result<Account, Failure> {
    match (name, config.accounts.as_slice()) {
        (Some(name), _) => named(config, name),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(Failure::usage(format!("say which account: --account with one of {}", known(config)))),
    }
}

fn named(config: &Config, name: &str) -> Result<Account, Failure> {
    config.account(name).cloned().ok_or_else(|| {
        let path = config.path.display();
        Failure::usage(format!("{path} has no account {name}; add an [[account]] with that mail, or correct it"))
    })
}

fn known(config: &Config) -> String {
    let known: Vec<&str> = config.accounts.iter().map(|account| account.mail.as_str()).collect();
    known.join(", ")
}

/// The ids that `--only` names.
pub(crate) fn operations(text: &str) -> Result<Vec<String>, Failure> {
    let ids: Vec<String> = match text.strip_prefix('@') {
        None => text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|fault| Failure::usage(format!("{path} cannot be read: {fault}; --only @FILE has one id a line")))?
            .lines()
            .filter(|line| !line.starts_with('#'))
            // What follows is a remark: a line of `preview` begins with its id.
            .filter_map(|line| line.split_whitespace().next())
            .map(str::to_owned)
            .collect(),
    };
    if ids.is_empty() {
        return Err(Failure::usage("--only names no operation; ids are in the output of preview, status and log"));
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::operations;

    #[test]
    fn ids_are_separated_by_commas_or_lines() {
        assert_eq!(operations("a, b,c").unwrap(), ["a", "b", "c"]);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# approved\na\n\n  b  Tue 2026-11-24 09:00  the review, part 2\n").unwrap();
        assert_eq!(operations(&format!("@{}", file.path().display())).unwrap(), ["a", "b"]);
        assert!(operations(" , ").is_err());
        assert!(operations("@/nowhere").is_err());
    }
}
