//! Between the types of the WIT bindings and those of the library, which know no WebAssembly runtime.

use super::bindings::exports::schedule::sync::synchronizer as wit;
use super::bindings::schedule::sync::{http as wire, journal as log, progress, storage as kv};
use super::observer::Level;
use super::run::{Budget, GuestFailure};
use crate::config::{self, Config};
use crate::http::{Credential, Error, MailboxService, Request, Response, UnreachableCause};
use crate::journal::{Entry, Side, Unit};
use crate::report::{
    Catalogue, Checked, Content, Count, Ending, Finding, Folder, Group, Report, Takeover, Verdict, Warning,
};
use crate::store::{self, Change, Guard, Outcome, Page, StoreError};

impl From<wire::Request> for Request {
    fn from(request: wire::Request) -> Self {
        Self {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
            credential: match request.credential {
                wire::Credential::None => Credential::None,
                wire::Credential::Creatio => Credential::Creatio,
                wire::Credential::Mailbox => Credential::Mailbox,
            },
            repeatable: request.repeatable,
            after: request.after,
            slots: request.slots,
            max_body: request.max_body,
        }
    }
}

impl From<Response> for wire::Response {
    fn from(response: Response) -> Self {
        let Response { status, headers, body, received } = response;
        Self { status, headers, body, received }
    }
}

impl From<Error> for wire::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(text) => Self::Invalid(text),
            Error::Denied(text) => Self::Denied(text),
            Error::Credential(text) => Self::Credential(text),
            Error::Unreachable(cause) => Self::Unreachable(match cause {
                UnreachableCause::Name => wire::UnreachableCause::Name,
                UnreachableCause::Connect => wire::UnreachableCause::Connect,
                UnreachableCause::Tls => wire::UnreachableCause::Tls,
                UnreachableCause::Timeout => wire::UnreachableCause::Timeout,
            }),
            Error::UnknownOutcome(text) => Self::UnknownOutcome(text),
            Error::Throttled(wait) => Self::Throttled(wait),
            Error::TooLarge(size) => Self::TooLarge(size),
            Error::Stopped => Self::Stopped,
            Error::Other(text) => Self::Other(text),
        }
    }
}

impl From<store::Entry> for kv::Entry {
    fn from(entry: store::Entry) -> Self {
        let store::Entry { key, value, version } = entry;
        Self { key, value, version }
    }
}

impl From<Page> for kv::Page {
    fn from(page: Page) -> Self {
        Self { entries: page.entries.into_iter().map(Into::into).collect(), next: page.next }
    }
}

impl From<kv::Change> for Change {
    fn from(change: kv::Change) -> Self {
        let guard = match change.guard {
            kv::Guard::Any => Guard::Any,
            kv::Guard::Absent => Guard::Absent,
            kv::Guard::At(version) => Guard::At(version),
        };
        Self { key: change.key, guard, value: change.value }
    }
}

impl From<Outcome> for kv::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Applied(version) => Self::Applied(version),
            Outcome::Stale(keys) => Self::Stale(keys),
        }
    }
}

impl From<StoreError> for kv::Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::Full,
            StoreError::Fenced => Self::Fenced,
            StoreError::Unavailable(text) => Self::Unavailable(text),
            StoreError::Other(text) => Self::Other(text),
        }
    }
}

impl From<log::Side> for Side {
    fn from(side: log::Side) -> Self {
        match side {
            log::Side::Creatio => Self::Creatio,
            log::Side::Mailbox => Self::Mailbox,
        }
    }
}

impl From<log::Entry> for Entry {
    fn from(entry: log::Entry) -> Self {
        let unit = |log::Unit { name, before, after }| Unit { name, before, after };
        Self {
            operation: entry.operation,
            outcome: entry.outcome,
            action: entry.action,
            target: entry.target.into(),
            activity: entry.activity,
            item: entry.item,
            title: entry.title,
            start: entry.start,
            units: entry.units.into_iter().map(unit).collect(),
            reason: entry.reason,
            detail: entry.detail,
        }
    }
}

impl From<progress::Level> for Level {
    fn from(level: progress::Level) -> Self {
        match level {
            progress::Level::Debug => Self::Debug,
            progress::Level::Info => Self::Info,
            progress::Level::Warning => Self::Warning,
            progress::Level::Error => Self::Error,
        }
    }
}

impl From<wit::Warning> for Warning {
    fn from(warning: wit::Warning) -> Self {
        Self { code: warning.code, text: warning.text }
    }
}

impl From<wit::Report> for Report {
    fn from(report: wit::Report) -> Self {
        let count =
            |wit::Count { what, side, reason, number }| Count { what, side: side.map(Into::into), reason, number };
        Self {
            ending: match report.ending {
                wit::Ending::Complete => Ending::Complete,
                wit::Ending::Partial => Ending::Partial,
                wit::Ending::Budget => Ending::Budget,
                wit::Ending::Stopped => Ending::Stopped,
                wit::Ending::Throttled => Ending::Throttled,
            },
            counts: report.counts.into_iter().map(count).collect(),
            warnings: report.warnings.into_iter().map(Into::into).collect(),
            next: report.next,
        }
    }
}

impl From<wit::Catalogue> for Catalogue {
    fn from(catalogue: wit::Catalogue) -> Self {
        let folder = |folder: wit::Folder| Folder {
            id: folder.id,
            name: folder.name,
            content: match folder.content {
                wit::Content::Meetings => Content::Meetings,
                wit::Content::Tasks => Content::Tasks,
            },
            is_default: folder.is_default,
            offered: folder.offered,
            reason: folder.reason,
        };
        let group = |wit::Group { id, name, reason }| Group { id, name, reason };
        Self {
            folders: catalogue.folders.into_iter().map(folder).collect(),
            groups: catalogue.groups.into_iter().map(group).collect(),
            contact: catalogue.contact,
            contact_name: catalogue.contact_name,
            warnings: catalogue.warnings.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<wit::Checked> for Checked {
    fn from(checked: wit::Checked) -> Self {
        let finding = |finding: wit::Finding| Finding {
            subject: finding.subject,
            verdict: match finding.verdict {
                wit::Verdict::Good => Verdict::Good,
                wit::Verdict::Note => Verdict::Note,
                wit::Verdict::Doubt => Verdict::Doubt,
                wit::Verdict::Bad => Verdict::Bad,
            },
            reason: finding.reason,
            detail: finding.detail,
        };
        Self { findings: checked.findings.into_iter().map(finding).collect(), mailbox: checked.mailbox }
    }
}

impl From<wit::Takeover> for Takeover {
    fn from(found: wit::Takeover) -> Self {
        let folders = |folders: wit::Folders| match folders {
            wit::Folders::None => config::Folders::None,
            wit::Folders::All => config::Folders::All,
            wit::Folders::Selected(names) => config::Folders::Selected(names),
        };
        Self {
            user: found.user,
            mail: found.address,
            serves: found.serves,
            time_zone: found.time_zone,
            import_from: found.choices.import_from,
            import_meetings: folders(found.choices.import_meetings),
            import_tasks: folders(found.choices.import_tasks),
            export: match found.choices.export {
                wit::Exported::None => config::Exported::None,
                wit::Exported::All => config::Exported::All,
                wit::Exported::Groups(ids) => config::Exported::Groups(ids),
            },
            tasks: found.tasks,
            remarks: found.remarks,
        }
    }
}

impl From<wit::Error> for GuestFailure {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Settings(texts) => Self::Settings(texts),
            wit::Error::SignIn((side, text)) => Self::SignIn(side.into(), text),
            wit::Error::Unavailable((side, text)) => Self::Unavailable(side.into(), text),
            wit::Error::Superseded => Self::Superseded,
            wit::Error::Storage(text) => Self::Storage(text),
            wit::Error::State(text) => Self::State(text),
            wit::Error::Other(text) => Self::Other(text),
        }
    }
}

impl From<Budget> for wit::Budget {
    fn from(budget: Budget) -> Self {
        let time = budget.time.map(crate::clock::millis);
        Self { requests: budget.requests, writes: budget.writes, time }
    }
}

fn folders(folders: &config::Folders) -> wit::Folders {
    match folders {
        config::Folders::None => wit::Folders::None,
        config::Folders::All => wit::Folders::All,
        config::Folders::Selected(list) => wit::Folders::Selected(list.clone()),
    }
}

/// The policy that says whether the sign-in at Exchange acts for the account's user.
const IMPERSONATION: &str = "impersonation";

/// An account as the component sees it. Addresses go without a slash at the end.
pub(super) fn account(config: &Config, account: &config::Account, service: &MailboxService) -> wit::Account {
    let bare = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
    let mut policies = account.policies.clone();
    let acts = config.mailboxes.exchange.as_ref().map(|exchange| if exchange.impersonate { "yes" } else { "no" });
    let told = policies.iter().any(|(name, _)| name == IMPERSONATION);
    if let (Some(acts), MailboxService::Exchange(_), false) = (acts, service, told) {
        policies.push((IMPERSONATION.to_owned(), acts.to_owned()));
    }
    wit::Account {
        tenant: config.tenant.clone(),
        id: account.id.clone(),
        mailbox: wit::Mailbox {
            service: match service {
                MailboxService::Graph(graph) => wit::MailboxService::Graph(bare(graph)),
                MailboxService::Exchange(url) => wit::MailboxService::Exchange(url.to_string()),
                // Whoever asks for Creatio alone names no mailbox.
                MailboxService::Unfound => wit::MailboxService::Graph(String::new()),
            },
            address: account.mail.clone(),
        },
        creatio: wit::Creatio {
            base: bare(&config.creatio.url),
            odata: config.creatio.odata.clone(),
            user: account.user.clone(),
            visibility: if config.creatio.shared { wit::Visibility::Shared } else { wit::Visibility::Own },
        },
        time_zone: account.time_zone.name().to_owned(),
        language: account.language.code().to_owned(),
        choices: wit::Choices {
            import_from: account.import_from.map(|date| date.format("%Y-%m-%d").to_string()),
            import_meetings: folders(&account.import_meetings),
            import_tasks: folders(&account.import_tasks),
            export: match &account.export {
                config::Exported::None => wit::Exported::None,
                config::Exported::All => wit::Exported::All,
                config::Exported::Groups(list) => wit::Exported::Groups(list.clone()),
            },
            meetings_to: account.meetings_to.clone(),
            tasks_to: account.tasks_to.clone(),
        },
        policies,
    }
}
