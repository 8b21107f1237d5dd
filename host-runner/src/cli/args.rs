//! Arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use host_runner::config::Language;

/// Keeps Creatio activities and Exchange or Microsoft 365 calendars and tasks in step.
#[derive(Debug, Parser)]
#[command(name = "host-runner", version, after_help = AFTER)]
pub(crate) struct Arguments {
    /// The configuration of the tenant.
    #[arg(long, global = true, default_value = "schedule-sync.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Speak English or Russian; as the environment says (LC_ALL, LC_MESSAGES, LANG), else as the first account does, unless
    /// told.
    #[arg(long, global = true, value_enum, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Tongue>,
    /// Say more on standard error; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Run this component instead of the built-in one.
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub(crate) component: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the tool speaks.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Tongue {
    /// English.
    En,
    /// Russian.
    Ru,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::En => Self::En,
            Tongue::Ru => Self::Ru,
        }
    }
}

const AFTER: &str = "\
Exit codes: 0 done; 1 a run failed; 2 wrong arguments or configuration; 3 something is newly held or failed, or was \
not undone. Of check: 0 nothing is wrong, 3 something is doubtful, 1 runs would fail.
Begin with: host-runner init, host-runner check, host-runner discover, host-runner preview, host-runner sync.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Writes a configuration to begin with; or adds the accounts of Creatio's own synchronization to one.
    Init(Init),
    /// Shows what a sync would do, and changes nothing.
    Preview(Preview),
    /// Brings both sides in step.
    Sync(Run),
    /// Brings changes of the mailbox into Creatio; writes to Creatio only.
    Import(Run),
    /// Brings changes of Creatio into the mailbox; writes to the mailbox only.
    Export(Run),
    /// Takes back what a run did, as far as nobody has changed it since.
    Undo(Undo),
    /// Ends the sync of an account without a trace: takes its markers off, then erases what is stored for it.
    Forget(Forget),
    /// Takes an account's links out of storage, and puts them back.
    #[command(subcommand)]
    Links(Links),
    /// Lists the folders and groups there are to choose from.
    Discover(Accounts),
    /// Tries the configuration and both sides, and says what to do about what is wrong.
    Check(Check),
    /// Shows the last runs, and what is held or failed.
    Status(Accounts),
    /// Lists what is held or has failed, with ids and what to do.
    Held(Accounts),
    /// Carries out held operations.
    Approve(Approve),
    /// Takes what is held or has failed off the list until it changes again.
    Dismiss(Dismiss),
    /// Shows what a run did, item by item.
    Log(Log),
    /// Writes the built-in component to a file, for other hosts.
    Component {
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Accounts {
    /// The account with this address; may be given several times.
    #[arg(long, value_name = "MAIL", conflicts_with = "all")]
    pub(crate) account: Vec<String>,
    /// All accounts of the configuration.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Add the users and choices of Creatio's own synchronization to the configuration, which says how to reach Creatio.
    #[arg(long, conflicts_with = "force")]
    pub(crate) from_creatio: bool,
    /// Write a new configuration in the place of the one that is there.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) accounts: Accounts,
    /// Also make one test item on each side, change it and delete it again: shows what may be written, and how this Creatio
    /// site answers where its documentation is silent.
    #[arg(long)]
    pub(crate) probe: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    #[command(flatten)]
    pub(crate) accounts: Accounts,
    /// Preview the import alone.
    #[arg(long, conflicts_with = "export")]
    pub(crate) import: bool,
    /// Preview the export alone.
    #[arg(long)]
    pub(crate) export: bool,
    #[command(flatten)]
    pub(crate) budget: Budget,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) accounts: Accounts,
    /// Carry out exactly these operations, also held ones: ids separated by commas, or @FILE whose lines begin with an
    /// id, as those of a preview do.
    #[arg(long, value_name = "ID[,ID…]|@FILE")]
    pub(crate) only: Option<String>,
    /// Where another run has the account, wait for it to end.
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) budget: Budget,
}

#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// Id of the run, as status and log show it; or "last" for the last one that wrote something and was no undo.
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// The account with this address; needed where there are several and the run is "last".
    #[arg(long, value_name = "MAIL")]
    pub(crate) account: Option<String>,
    /// Show what would be undone, and change nothing.
    #[arg(long, conflicts_with_all = ["only", "yes"])]
    pub(crate) preview: bool,
    /// Undo exactly these operations of the preview, also held ones: ids separated by commas, or @FILE whose lines begin
    /// with an id.
    #[arg(long, value_name = "ID[,ID…]|@FILE")]
    pub(crate) only: Option<String>,
    /// Undo also where that removes or creates more than a sync may without asking. Nobody is mailed by that.
    #[arg(long, conflicts_with = "only")]
    pub(crate) yes: bool,
    /// Where another run has the account, wait for it to end.
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) budget: Budget,
}

#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// The account with this address.
    #[arg(value_name = "MAIL")]
    pub(crate) account: String,
    /// Remove what the sync made, too, on both sides, where nobody has edited it and nobody else takes part in it.
    #[arg(long)]
    pub(crate) remove_items: bool,
    /// Show what would be done, and change nothing.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) preview: bool,
    /// Remove items also where they are more than a sync may remove without asking. Nobody is mailed by that.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Where another run has the account, wait for it to end.
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) budget: Budget,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Links {
    /// Writes which activity and which item belong together, to be kept for the day when storage is lost.
    Export {
        /// The account with this address; needed where there are several.
        #[arg(long, value_name = "MAIL")]
        account: Option<String>,
        /// The file to write, instead of standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Where another run has the account, wait for it to end.
        #[arg(long)]
        wait: bool,
    },
    /// Puts back what export wrote. Nothing is sent to either side; the next sync creates and deletes nothing for it.
    Restore {
        /// The file; "-" for standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The account with this address; needed where there are several.
        #[arg(long, value_name = "MAIL")]
        account: Option<String>,
        /// Look whether the file can be put back, and change nothing.
        #[arg(long)]
        preview: bool,
        /// Put the links in the place of those that the account has.
        #[arg(long)]
        replace: bool,
        /// Where another run has the account, wait for it to end.
        #[arg(long)]
        wait: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Budget {
    /// End the run after the chunk with which this many requests are sent.
    #[arg(long, value_name = "N")]
    pub(crate) budget_requests: Option<u32>,
    /// End the run after the chunk with which this many items are written.
    #[arg(long, value_name = "N")]
    pub(crate) budget_writes: Option<u32>,
    /// End the run after this time: 90s, 10m, 1h.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) budget_time: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    #[command(flatten)]
    pub(crate) accounts: Accounts,
    /// The run with this id; the latest one unless told.
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// Ids of held operations, as `held` and `status` show them.
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// Where another run has the account, wait for it to end.
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Dismiss {
    /// Ids, as `held` and `status` show them.
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("write it as 90s, 10m or 1h".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "write it as 90s, 10m or 1h".to_owned())?;
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

impl From<&Budget> for host_runner::Budget {
    fn from(budget: &Budget) -> Self {
        Self { requests: budget.budget_requests, writes: budget.budget_writes, time: budget.budget_time }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(duration("45"), Ok(Duration::from_secs(45)));
        assert!(duration("soon").is_err());
        assert!(duration("m").is_err());
        assert!(duration("3 days").is_err());
    }
}
