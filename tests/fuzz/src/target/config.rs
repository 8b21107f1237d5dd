//! The host's configuration file.

use super::{Limit, Target};
use crate::corpus;
use crate::mutate::Shape;
use host_runner::config::Config;
use host_runner::http::MailboxService;
use std::path::Path;

/// The host's configuration.
pub const TARGET: Target = Target {
    name: "config",
    about: "the host's configuration file",
    shape: Shape::Text,
    seeds: |_| corpus::documented("config"),
    run,
    limit: Limit { memory_each: 400, most: 512 << 20, ..Limit::DECODER },
};

fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match Config::parse(Path::new("mycompany.toml"), &text) {
        Ok(config) => {
            let _ = config.destinations(MailboxService::Unfound);
            assert!(!config.accounts.is_empty(), "a file without accounts is taken");
            for account in &config.accounts {
                assert!(config.account(&account.id).is_some() && config.account(&account.mail).is_some());
            }
        }
        Err(fault) => {
            assert!(!fault.faults.is_empty(), "refused without a reason");
            let lines = text.lines().count() + 1;
            assert!(fault.faults.iter().all(|fault| fault.line.is_none_or(|line| (1..=lines).contains(&line))));
            let _ = fault.to_string();
        }
    }
}
