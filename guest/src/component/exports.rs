//! What a host calls: each export is one run of the engine.

use super::bindings::exports::schedule::sync::synchronizer as exported;
use super::bindings::schedule::sync::progress;
use super::convert::{as_account, as_options, from_catalogue, from_checked, from_error, from_report, from_takeover};
use super::imports::Host;
use crate::capability::Capabilities;
use crate::run::{self, Direction};
use std::sync::Once;

pub(super) struct Component;

impl exported::Guest for Component {
    fn import(account: exported::Account, options: exported::Options) -> Result<exported::Report, exported::Error> {
        run(account, options, Direction::Import)
    }

    fn export(account: exported::Account, options: exported::Options) -> Result<exported::Report, exported::Error> {
        run(account, options, Direction::Export)
    }

    fn reconcile(account: exported::Account, options: exported::Options) -> Result<exported::Report, exported::Error> {
        run(account, options, Direction::Reconcile)
    }

    fn undo(
        account: exported::Account,
        of: String,
        options: exported::Options,
    ) -> Result<exported::Report, exported::Error> {
        run::undo(capabilities(), as_account(account), &as_options(options), &of).map(from_report).map_err(from_error)
    }

    fn links(account: exported::Account, after: Option<String>) -> Result<exported::LinkPage, exported::Error> {
        run::epoch::links(capabilities(), as_account(account), after.as_deref())
            .map(|page| exported::LinkPage { lines: page.lines, next: page.next })
            .map_err(from_error)
    }

    fn restore(
        account: exported::Account,
        lines: Vec<String>,
        options: exported::RestoreOptions,
    ) -> Result<exported::Report, exported::Error> {
        let exported::RestoreOptions { run, dry_run, replace, position, last } = options;
        let options = run::epoch::RestoreOptions { run, dry_run, replace, position, last };
        run::epoch::restore(capabilities(), as_account(account), &lines, &options).map(from_report).map_err(from_error)
    }

    fn discover(account: exported::Account) -> Result<exported::Catalogue, exported::Error> {
        run::catalogue::discover(capabilities(), as_account(account)).map(from_catalogue).map_err(from_error)
    }

    fn check(account: exported::Account, probe: bool) -> Result<exported::Checked, exported::Error> {
        run::check::check(capabilities(), as_account(account), probe).map(from_checked).map_err(from_error)
    }

    fn takeovers(account: exported::Account) -> Result<Vec<exported::Takeover>, exported::Error> {
        run::catalogue::takeovers(capabilities(), &as_account(account))
            .map(|found| found.into_iter().map(from_takeover).collect())
            .map_err(from_error)
    }

    fn forget(
        account: exported::Account,
        remove_items: bool,
        options: exported::Options,
    ) -> Result<exported::Report, exported::Error> {
        run::forget(capabilities(), as_account(account), &as_options(options), remove_items)
            .map(from_report)
            .map_err(from_error)
    }
}

fn run(
    account: exported::Account,
    options: exported::Options,
    direction: Direction,
) -> Result<exported::Report, exported::Error> {
    run::run(capabilities(), as_account(account), &as_options(options), direction).map(from_report).map_err(from_error)
}

/// A panic reaches the host as a bare trap: what it says has to be noted before.
fn tell_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| progress::note(progress::Level::Error, &format!("panic: {panic}"))));
    });
}

fn capabilities() -> Capabilities<'static> {
    tell_panics();
    Capabilities { http: &Host, storage: &Host, journal: &Host, progress: &Host, clock: &Host }
}
