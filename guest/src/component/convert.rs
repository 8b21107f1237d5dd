//! Between the types of the contract and those of the engine.

use super::bindings::exports::schedule::sync::synchronizer as exported;
use super::bindings::schedule::sync::journal;
use crate::activity::{Kind, SideId};
use crate::creatio::built_in::Takeover;
use crate::reason::Reason;
use crate::report;
use crate::run::check::{Checked, Verdict};
use crate::run::{self, RunError};
use crate::settings::{self, Exported, Folders, MailboxService};

pub(super) const fn from_side(side: SideId) -> journal::Side {
    match side {
        SideId::Creatio => journal::Side::Creatio,
        SideId::Mailbox => journal::Side::Mailbox,
    }
}

pub(super) fn as_account(account: exported::Account) -> settings::Account {
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

pub(super) fn as_options(options: exported::Options) -> settings::Options {
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

pub(super) fn from_report(report: report::Report) -> exported::Report {
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

pub(super) fn from_catalogue(catalogue: run::catalogue::Catalogue) -> exported::Catalogue {
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

pub(super) fn from_checked(checked: Checked) -> exported::Checked {
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

pub(super) fn from_takeover(found: Takeover) -> exported::Takeover {
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

pub(super) fn from_error(error: RunError) -> exported::Error {
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
