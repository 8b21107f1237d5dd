//! The WIT world bound to the engine: imports as capabilities, exports as runs. The only part that knows that it is
//! inside a component; compiled for wasm only.

mod bindings {
    #![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, clippy::restriction, clippy::pedantic)]
    // The one place with `unsafe`: what wit-bindgen generates for the canonical ABI.
    wit_bindgen::generate!({
        path: "../wit",
        world: "connector",
        with: { "wasi:clocks/wall-clock@0.2.0": wasi::clocks::wall_clock },
    });
    use super::Component;
    export!(Component);
}

use crate::activity::{Kind, SideId};
use crate::capability::{self, Capabilities, Change, Directive, Guard, HttpError, Level, Outcome, StorageError};
use crate::creatio::built_in::Takeover;
use crate::reason::Reason;
use crate::report;
use crate::run::check::{Checked, Verdict};
use crate::run::{self, Direction, RunError};
use crate::settings::{self, Exported, Folders, MailboxService};
use bindings::exports::schedule::sync::synchronizer as exported;
use bindings::schedule::sync::{http, journal, progress, storage};
use chrono::{DateTime, Utc};
use std::sync::Once;

struct Component;

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
        tell_panics();
        run::undo(capabilities(), as_account(account), &as_options(options), &of).map(from_report).map_err(from_error)
    }

    fn links(account: exported::Account, after: Option<String>) -> Result<exported::LinkPage, exported::Error> {
        tell_panics();
        run::epoch::links(capabilities(), as_account(account), after.as_deref())
            .map(|page| exported::LinkPage { lines: page.lines, next: page.next })
            .map_err(from_error)
    }

    fn restore(
        account: exported::Account,
        lines: Vec<String>,
        options: exported::RestoreOptions,
    ) -> Result<exported::Report, exported::Error> {
        tell_panics();
        let exported::RestoreOptions { run, dry_run, replace, position, last } = options;
        let options = run::epoch::RestoreOptions { run, dry_run, replace, position, last };
        run::epoch::restore(capabilities(), as_account(account), &lines, &options).map(from_report).map_err(from_error)
    }

    fn discover(account: exported::Account) -> Result<exported::Catalogue, exported::Error> {
        tell_panics();
        run::catalogue::discover(capabilities(), as_account(account)).map(from_catalogue).map_err(from_error)
    }

    fn check(account: exported::Account, probe: bool) -> Result<exported::Checked, exported::Error> {
        tell_panics();
        run::check::check(capabilities(), as_account(account), probe).map(from_checked).map_err(from_error)
    }

    fn takeovers(account: exported::Account) -> Result<Vec<exported::Takeover>, exported::Error> {
        tell_panics();
        run::catalogue::takeovers(capabilities(), &as_account(account))
            .map(|found| found.into_iter().map(from_takeover).collect())
            .map_err(from_error)
    }

    fn forget(
        account: exported::Account,
        remove_items: bool,
        options: exported::Options,
    ) -> Result<exported::Report, exported::Error> {
        tell_panics();
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
    tell_panics();
    run::run(capabilities(), as_account(account), &as_options(options), direction).map(from_report).map_err(from_error)
}

/// A panic reaches the host as a bare trap: what it says has to be noted before.
fn tell_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| progress::note(progress::Level::Error, &format!("panic: {panic}"))));
    });
}

const fn capabilities() -> Capabilities<'static> {
    Capabilities { http: &Host, storage: &Host, journal: &Host, progress: &Host, clock: &Host }
}

/// The imports.
struct Host;

impl capability::Http for Host {
    fn send(&self, requests: Vec<capability::Request>) -> Vec<capability::Answer> {
        let requests: Vec<http::Request> = requests
            .into_iter()
            .map(|request| http::Request {
                method: request.method.to_owned(),
                url: request.url,
                headers: request.headers,
                body: request.body,
                credential: match request.credential {
                    capability::Credential::None => http::Credential::None,
                    capability::Credential::Creatio => http::Credential::Creatio,
                    capability::Credential::Mailbox => http::Credential::Mailbox,
                },
                repeatable: request.repeatable,
                after: request.after,
                slots: request.slots,
                max_body: request.max_body,
            })
            .collect();
        http::send(&requests).into_iter().map(|answer| answer.map(as_response).map_err(as_http_error)).collect()
    }
}

fn as_response(response: http::Response) -> capability::Response {
    capability::Response {
        status: response.status,
        headers: response.headers,
        body: response.body,
        received: response.received,
    }
}

fn as_http_error(error: http::Error) -> HttpError {
    match error {
        http::Error::Invalid(why) => HttpError::Invalid(why),
        http::Error::Denied(why) => HttpError::Denied(why),
        http::Error::Credential(why) => HttpError::Credential(why),
        http::Error::Unreachable(cause) => HttpError::Unreachable(match cause {
            http::UnreachableCause::Name => "name",
            http::UnreachableCause::Connect => "connect",
            http::UnreachableCause::Tls => "tls",
            http::UnreachableCause::Timeout => "timeout",
        }),
        http::Error::UnknownOutcome(why) => HttpError::UnknownOutcome(why),
        http::Error::Throttled(wait) => HttpError::Throttled(wait),
        http::Error::TooLarge(size) => HttpError::TooLarge(size),
        http::Error::Stopped => HttpError::Stopped,
        http::Error::Other(why) => HttpError::Other(why),
    }
}

impl capability::Storage for Host {
    fn get(&self, keys: &[String]) -> Result<Vec<Option<capability::Entry>>, StorageError> {
        storage::get(keys)
            .map(|entries| entries.into_iter().map(|entry| entry.map(as_entry)).collect())
            .map_err(as_storage_error)
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<capability::Page, StorageError> {
        storage::scan(prefix, after, limit)
            .map(|page| capability::Page { entries: page.entries.into_iter().map(as_entry).collect(), next: page.next })
            .map_err(as_storage_error)
    }

    fn commit(&self, changes: Vec<Change>) -> Result<Outcome, StorageError> {
        let changes: Vec<storage::Change> = changes
            .into_iter()
            .map(|change| storage::Change {
                key: change.key,
                guard: match change.guard {
                    Guard::Any => storage::Guard::Any,
                    Guard::Absent => storage::Guard::Absent,
                    Guard::At(version) => storage::Guard::At(version),
                },
                value: change.value,
            })
            .collect();
        match storage::commit(&changes) {
            Ok(storage::Outcome::Applied(version)) => Ok(Outcome::Applied(version)),
            Ok(storage::Outcome::Stale(keys)) => Ok(Outcome::Stale(keys)),
            Err(error) => Err(as_storage_error(error)),
        }
    }
}

fn as_entry(entry: storage::Entry) -> capability::Entry {
    capability::Entry { key: entry.key, value: entry.value, version: entry.version }
}

fn as_storage_error(error: storage::Error) -> StorageError {
    match error {
        storage::Error::Full => StorageError::Full,
        storage::Error::Fenced => StorageError::Fenced,
        storage::Error::Unavailable(why) => StorageError::Unavailable(why),
        storage::Error::Other(why) => StorageError::Other(why),
    }
}

const fn from_side(side: SideId) -> journal::Side {
    match side {
        SideId::Creatio => journal::Side::Creatio,
        SideId::Mailbox => journal::Side::Mailbox,
    }
}

impl capability::Journal for Host {
    fn append(&self, entries: Vec<report::Entry>) {
        let entries: Vec<journal::Entry> = entries
            .into_iter()
            .map(|entry| journal::Entry {
                operation: entry.operation,
                outcome: entry.outcome.code().to_owned(),
                action: entry.action.code().to_owned(),
                target: from_side(entry.target),
                activity: entry.activity,
                item: entry.item,
                title: entry.title,
                start: entry.start,
                units: entry
                    .units
                    .into_iter()
                    .map(|change| journal::Unit {
                        name: change.unit.code().to_owned(),
                        before: change.before,
                        after: change.after,
                    })
                    .collect(),
                reason: entry.reason.code().to_owned(),
                detail: entry.detail,
            })
            .collect();
        journal::append(&entries);
    }
}

impl capability::Progress for Host {
    fn step(&self, phase: &str, done: u64, total: Option<u64>) -> Directive {
        match progress::step(phase, done, total) {
            progress::Directive::Proceed => Directive::Proceed,
            progress::Directive::WindDown => Directive::WindDown,
        }
    }

    fn note(&self, level: Level, text: &str) {
        let level = match level {
            Level::Debug => progress::Level::Debug,
            Level::Info => progress::Level::Info,
            Level::Warning => progress::Level::Warning,
            Level::Error => progress::Level::Error,
        };
        progress::note(level, text);
    }
}

impl capability::Clock for Host {
    fn now(&self) -> DateTime<Utc> {
        let now = wasi::clocks::wall_clock::now();
        i64::try_from(now.seconds)
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, now.nanoseconds))
            .unwrap_or_default()
    }
}

fn as_account(account: exported::Account) -> settings::Account {
    let folders = |folders| match folders {
        exported::Folders::None => Folders::None,
        exported::Folders::All => Folders::All,
        exported::Folders::Selected(ids) => Folders::Selected(ids),
    };
    settings::Account {
        tenant: account.tenant,
        id: account.id,
        service: match account.mailbox.service {
            exported::MailboxService::Graph(root) => MailboxService::Graph(root),
            exported::MailboxService::Exchange(address) => MailboxService::Exchange(address),
        },
        address: account.mailbox.address,
        creatio: account.creatio.base,
        odata: account.creatio.odata,
        user: account.creatio.user,
        shared: account.creatio.visibility == exported::Visibility::Shared,
        time_zone: account.time_zone,
        language: account.language,
        import_from: account.choices.import_from,
        import_meetings: folders(account.choices.import_meetings),
        import_tasks: folders(account.choices.import_tasks),
        exported: match account.choices.export {
            exported::Exported::None => Exported::None,
            exported::Exported::All => Exported::All,
            exported::Exported::Groups(ids) => Exported::Groups(ids),
        },
        meetings_to: account.choices.meetings_to,
        tasks_to: account.choices.tasks_to,
        policies: account.policies,
    }
}

fn as_options(options: exported::Options) -> settings::Options {
    settings::Options {
        run: options.run,
        dry_run: options.dry_run,
        only: options.only,
        budget: settings::Budget {
            requests: options.budget.requests,
            writes: options.budget.writes,
            time: options.budget.time,
        },
    }
}

fn from_report(report: report::Report) -> exported::Report {
    exported::Report {
        ending: match report.ending {
            report::Ending::Complete => exported::Ending::Complete,
            report::Ending::Partial => exported::Ending::Partial,
            report::Ending::Budget => exported::Ending::Budget,
            report::Ending::Stopped => exported::Ending::Stopped,
            report::Ending::Throttled => exported::Ending::Throttled,
        },
        counts: report
            .counts
            .into_iter()
            .map(|(counted, number)| exported::Count {
                what: counted.what.to_owned(),
                side: counted.side.map(from_side),
                reason: counted.reason.to_owned(),
                number,
            })
            .collect(),
        warnings: report.warnings.into_iter().map(from_warning).collect(),
        next: report.next,
    }
}

fn from_warning(warning: report::Warning) -> exported::Warning {
    exported::Warning { code: warning.code.code().to_owned(), text: warning.text }
}

fn from_catalogue(catalogue: run::catalogue::Catalogue) -> exported::Catalogue {
    exported::Catalogue {
        folders: catalogue
            .folders
            .into_iter()
            .map(|folder| exported::Folder {
                id: folder.id,
                name: folder.name,
                content: match folder.kind {
                    Kind::Appointment => exported::Content::Meetings,
                    Kind::Task => exported::Content::Tasks,
                },
                is_default: folder.is_default,
                offered: folder.reason.is_none(),
                reason: folder.reason.map(|reason| reason.code().to_owned()),
            })
            .collect(),
        groups: catalogue
            .groups
            .into_iter()
            .map(|group| exported::Group {
                id: group.id.to_string(),
                name: group.name,
                reason: group.search.then(|| Reason::GroupDynamic.code().to_owned()),
            })
            .collect(),
        contact: catalogue.contact.to_string(),
        contact_name: catalogue.contact_name,
        warnings: catalogue.warnings.into_iter().map(from_warning).collect(),
    }
}

fn from_checked(checked: Checked) -> exported::Checked {
    let findings = checked.findings.into_iter().map(|finding| exported::Finding {
        subject: finding.subject.to_owned(),
        verdict: match finding.verdict {
            Verdict::Good => exported::Verdict::Good,
            Verdict::Note => exported::Verdict::Note,
            Verdict::Doubt => exported::Verdict::Doubt,
            Verdict::Bad => exported::Verdict::Bad,
        },
        reason: finding.reason.code().to_owned(),
        detail: finding.detail,
    });
    exported::Checked { findings: findings.collect(), mailbox: checked.mailbox }
}

fn from_takeover(found: Takeover) -> exported::Takeover {
    let folders = |folders| match folders {
        Folders::None => exported::Folders::None,
        Folders::All => exported::Folders::All,
        Folders::Selected(names) => exported::Folders::Selected(names),
    };
    exported::Takeover {
        user: found.user,
        address: found.address,
        serves: found.serves,
        time_zone: found.time_zone,
        choices: exported::Choices {
            import_from: found.import_from,
            import_meetings: folders(found.import_meetings),
            import_tasks: folders(found.import_tasks),
            export: match found.exported {
                Exported::None => exported::Exported::None,
                Exported::All => exported::Exported::All,
                Exported::Groups(ids) => exported::Exported::Groups(ids),
            },
            meetings_to: None,
            tasks_to: None,
        },
        tasks: found.export_tasks,
        remarks: found.remarks,
    }
}

fn from_error(error: RunError) -> exported::Error {
    match error {
        RunError::Settings(faults) => exported::Error::Settings(faults),
        RunError::SignIn(side, text) => exported::Error::SignIn((from_side(side), text)),
        RunError::Unavailable(side, text) => exported::Error::Unavailable((from_side(side), text)),
        RunError::Superseded => exported::Error::Superseded,
        RunError::Storage(text) => exported::Error::Storage(text),
        RunError::State(text) => exported::Error::State(text),
        RunError::Host(text) => exported::Error::Other(text),
    }
}
