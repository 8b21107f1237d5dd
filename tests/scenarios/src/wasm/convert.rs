//! Between the types of the contract's bindings and those of the engine.

use super::bindings::exports::schedule::sync::synchronizer as wit;
use super::bindings::schedule::sync::{http, journal, storage};
use guest::activity::{SideId, Unit};
use guest::capability::{Answer, Change, Credential, Entry as Stored, Guard, HttpError, Request, StorageError};
use guest::reason::Reason;
use guest::report::{Action, Counted, Ending, Entry, Outcome, Report, UnitChange, Warning};
use guest::run::RunError;
use guest::settings::{Account, Exported, Folders, MailboxService, Options};

const METHODS: [&str; 4] = ["GET", "POST", "PATCH", "DELETE"];
const OUTCOMES: [Outcome; 7] = [
    Outcome::Planned,
    Outcome::Written,
    Outcome::Held,
    Outcome::Failed,
    Outcome::Conflict,
    Outcome::Overwritten,
    Outcome::Noted,
];
const ACTIONS: [Action; 11] = [
    Action::Create,
    Action::Update,
    Action::Delete,
    Action::Cancel,
    Action::Restore,
    Action::Adopt,
    Action::Unlink,
    Action::Park,
    Action::Skip,
    Action::Convert,
    Action::Unmark,
];
const UNITS: [Unit; 7] =
    [Unit::Title, Unit::When, Unit::Place, Unit::Body, Unit::Reminder, Unit::Priority, Unit::State];
/// What a report counts beside outcomes.
const NUMBERS: [&str; 6] = ["observed", "unchanged", "left-alone", "standing", "restored", "forgotten"];

/// The one of these that has this word.
fn named<T: Copy>(all: &[T], code: impl Fn(T) -> &'static str, word: &str) -> T {
    *all.iter().find(|one| code(**one) == word).unwrap_or_else(|| panic!("the contract has no {word:?} here"))
}

fn reason(code: &str) -> Reason {
    named(Reason::ALL, Reason::code, code)
}

pub(super) fn account(account: &Account) -> wit::Account {
    let folders = |folders: &Folders| match folders {
        Folders::None => wit::Folders::None,
        Folders::All => wit::Folders::All,
        Folders::Selected(ids) => wit::Folders::Selected(ids.clone()),
    };
    let service = match &account.service {
        MailboxService::Graph(root) => wit::MailboxService::Graph(root.clone()),
        MailboxService::Exchange(address) => wit::MailboxService::Exchange(address.clone()),
    };
    wit::Account {
        tenant: account.tenant.clone(),
        id: account.id.clone(),
        mailbox: wit::Mailbox { service, address: account.address.clone() },
        creatio: wit::Creatio {
            base: account.creatio.clone(),
            odata: account.odata.clone(),
            user: account.user.clone(),
            visibility: if account.shared { wit::Visibility::Shared } else { wit::Visibility::Own },
        },
        time_zone: account.time_zone.clone(),
        language: account.language.clone(),
        choices: wit::Choices {
            import_from: account.import_from.clone(),
            import_meetings: folders(&account.import_meetings),
            import_tasks: folders(&account.import_tasks),
            export: match &account.exported {
                Exported::None => wit::Exported::None,
                Exported::All => wit::Exported::All,
                Exported::Groups(ids) => wit::Exported::Groups(ids.clone()),
            },
            meetings_to: account.meetings_to.clone(),
            tasks_to: account.tasks_to.clone(),
        },
        policies: account.policies.clone(),
    }
}

pub(super) fn options(options: &Options) -> wit::Options {
    wit::Options {
        run: options.run.clone(),
        dry_run: options.dry_run,
        only: options.only.clone(),
        budget: wit::Budget {
            requests: options.budget.requests,
            writes: options.budget.writes,
            time: options.budget.time,
        },
    }
}

pub(super) fn request(request: http::Request) -> Request {
    Request {
        method: named(&METHODS, |method| method, &request.method),
        url: request.url,
        headers: request.headers,
        body: request.body,
        credential: match request.credential {
            http::Credential::None => Credential::None,
            http::Credential::Creatio => Credential::Creatio,
            http::Credential::Mailbox => Credential::Mailbox,
        },
        repeatable: request.repeatable,
        after: request.after,
        slots: request.slots,
        max_body: request.max_body,
    }
}

pub(super) fn answer(answer: Answer) -> Result<http::Response, http::Error> {
    answer
        .map(|response| http::Response {
            status: response.status,
            headers: response.headers,
            body: response.body,
            received: response.received,
        })
        .map_err(|error| match error {
            HttpError::Invalid(why) => http::Error::Invalid(why),
            HttpError::Denied(why) => http::Error::Denied(why),
            HttpError::Credential(why) => http::Error::Credential(why),
            HttpError::Unreachable(cause) => http::Error::Unreachable(match cause {
                "name" => http::UnreachableCause::Name,
                "connect" => http::UnreachableCause::Connect,
                "tls" => http::UnreachableCause::Tls,
                _ => http::UnreachableCause::Timeout,
            }),
            HttpError::UnknownOutcome(why) => http::Error::UnknownOutcome(why),
            HttpError::Throttled(wait) => http::Error::Throttled(wait),
            HttpError::TooLarge(size) => http::Error::TooLarge(size),
            HttpError::Stopped => http::Error::Stopped,
            HttpError::Other(why) => http::Error::Other(why),
        })
}

pub(super) fn stored(entry: Stored) -> storage::Entry {
    storage::Entry { key: entry.key, value: entry.value, version: entry.version }
}

pub(super) fn storage_error(error: StorageError) -> storage::Error {
    match error {
        StorageError::Full => storage::Error::Full,
        StorageError::Fenced => storage::Error::Fenced,
        StorageError::Unavailable(why) => storage::Error::Unavailable(why),
        StorageError::Other(why) => storage::Error::Other(why),
    }
}

pub(super) fn change(change: storage::Change) -> Change {
    Change {
        key: change.key,
        guard: match change.guard {
            storage::Guard::Any => Guard::Any,
            storage::Guard::Absent => Guard::Absent,
            storage::Guard::At(version) => Guard::At(version),
        },
        value: change.value,
    }
}

const fn side(side: journal::Side) -> SideId {
    match side {
        journal::Side::Creatio => SideId::Creatio,
        journal::Side::Mailbox => SideId::Mailbox,
    }
}

pub(super) fn entry(entry: journal::Entry) -> Entry {
    let unit = |unit: journal::Unit| UnitChange {
        unit: named(&UNITS, Unit::code, &unit.name),
        before: unit.before,
        after: unit.after,
    };
    Entry {
        operation: entry.operation,
        outcome: named(&OUTCOMES, Outcome::code, &entry.outcome),
        action: named(&ACTIONS, Action::code, &entry.action),
        target: side(entry.target),
        activity: entry.activity,
        item: entry.item,
        title: entry.title,
        start: entry.start,
        units: entry.units.into_iter().map(unit).collect(),
        reason: reason(&entry.reason),
        detail: entry.detail,
    }
}

/// What a count counts: an outcome, or one of the other numbers.
fn what(word: &str) -> &'static str {
    NUMBERS.into_iter().find(|number| *number == word).unwrap_or_else(|| named(&OUTCOMES, Outcome::code, word).code())
}

/// By what: an action, a reason, or nothing.
fn by(word: &str) -> &'static str {
    if word.is_empty() {
        return "";
    }
    let action = ACTIONS.into_iter().map(Action::code).find(|code| *code == word);
    action.unwrap_or_else(|| reason(word).code())
}

pub(super) fn report(report: wit::Report) -> Report {
    let counted = |count: wit::Count| {
        let counted = Counted { what: what(&count.what), side: count.side.map(side), reason: by(&count.reason) };
        (counted, count.number)
    };
    Report {
        ending: match report.ending {
            wit::Ending::Complete => Ending::Complete,
            wit::Ending::Partial => Ending::Partial,
            wit::Ending::Budget => Ending::Budget,
            wit::Ending::Stopped => Ending::Stopped,
            wit::Ending::Throttled => Ending::Throttled,
        },
        counts: report.counts.into_iter().map(counted).collect(),
        warnings: report
            .warnings
            .into_iter()
            .map(|warning| Warning { code: reason(&warning.code), text: warning.text })
            .collect(),
        next: report.next,
    }
}

pub(super) fn failure(error: wit::Error) -> RunError {
    match error {
        wit::Error::Settings(faults) => RunError::Settings(faults),
        wit::Error::SignIn((at, text)) => RunError::SignIn(side(at), text),
        wit::Error::Unavailable((at, text)) => RunError::Unavailable(side(at), text),
        wit::Error::Superseded => RunError::Superseded,
        wit::Error::Storage(text) => RunError::Storage(text),
        wit::Error::State(text) => RunError::State(text),
        wit::Error::Other(text) => RunError::Host(text),
    }
}
