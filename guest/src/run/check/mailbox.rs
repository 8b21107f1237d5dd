//! What a run needs of the mailbox: that there is one, the permissions by use, the folders that the settings choose, and
//! that no other account has it.

use super::super::{RunError, Staged, Stop, folders, send, whose};
use super::{Checked, Verdict, not_reached};
use crate::activity::Kind;
use crate::ask::Fault;
use crate::capability::Capabilities;
use crate::plan::Targets;
use crate::reason::Reason;
use crate::report::Report;
use crate::settings::{MailboxService, Options, Settings};
use crate::side::{Folder, Owner};
use crate::time;

/// Tries it; gives where exports land, if there is such a place.
pub(super) fn check(caps: Capabilities<'_>, settings: &Settings, told: &mut Checked) -> Staged<Option<Targets>> {
    let mailbox = crate::mailbox::of(settings, false);
    let ask = mailbox.folders().and(mailbox.owner()).and(mailbox.time_zone());
    let (((listing, owner), zone), _) = send(caps, ask)?;
    let listing = match listing {
        Ok(listing) => listing,
        Err(fault) => {
            let (reason, detail) = match settings.account.service {
                MailboxService::Graph(_) => whole(&fault, settings),
                MailboxService::Exchange(_) => on_exchange(&fault, settings),
            };
            told.tell("mailbox", Verdict::Bad, reason, detail);
            return Ok(None);
        }
    };
    let calendars = named(&listing.folders, Kind::Appointment);
    told.tell("mailbox", Verdict::Good, Reason::MailboxReached, calendars);
    let tasks = settings.wants_tasks() && listing.without_tasks.is_none();
    match &listing.without_tasks {
        Some(fault) => told.tell("tasks", Verdict::Doubt, Reason::TasksUnavailable, fault.to_string()),
        None if tasks => {
            told.tell("tasks", Verdict::Good, Reason::TasksReached, named(&listing.folders, Kind::Task));
        }
        None => {}
    }
    if let Some(zone) = zone {
        zones(zone, settings, told);
    }
    identity(caps, settings, &listing.folders, owner, told)?;
    match folders::chosen(settings, &listing.folders, tasks) {
        Ok((_, targets)) => {
            let unwritable =
                |folder: &&Folder| [&targets.meetings, &targets.tasks].contains(&&folder.id) && !folder.writable;
            for folder in listing.folders.iter().filter(unwritable) {
                told.tell("mailbox", Verdict::Doubt, Reason::FolderUnwritable, folder.name.clone());
            }
            Ok(Some(targets))
        }
        Err(Stop::Failed(RunError::Settings(texts))) => {
            for text in texts {
                told.tell("choices", Verdict::Bad, Reason::ChoiceMissing, text);
            }
            Ok(None)
        }
        Err(stop) => Err(stop),
    }
}

fn named(folders: &[Folder], kind: Kind) -> String {
    let names = folders.iter().filter(|folder| folder.kind == kind && folder.reason.is_none());
    names.map(|folder| folder.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// What the refusal of the calendars says of the mailbox as a whole.
fn whole(fault: &Fault, settings: &Settings) -> (Reason, String) {
    let said = fault.to_string();
    let reason = match fault {
        Fault::Credential(why) => return (Reason::SignInRefused, why.clone()),
        _ if not_reached(fault) => Reason::MailboxUnreachable,
        Fault::Refused { code, .. } if code.eq_ignore_ascii_case("MailboxNotEnabledForRESTAPI") => {
            Reason::MailboxMissing
        }
        // The one place where the service says which of the two it is are its words.
        Fault::Refused { status: 403, message, .. } if withheld(message) => Reason::MailboxWithheld,
        Fault::Refused { status: 403, .. } if !crate::http::is_page(fault) => Reason::CalendarsRefused,
        Fault::Refused { status: 404, .. } => Reason::MailboxUnknown,
        _ => Reason::MailboxRefused,
    };
    (reason, format!("{}: {said}", settings.account.address))
}

/// The same of an Exchange Server.
fn on_exchange(fault: &Fault, settings: &Settings) -> (Reason, String) {
    let reason = match fault {
        Fault::Credential(why) => return (Reason::SignInRefused, why.clone()),
        _ if not_reached(fault) => Reason::ExchangeUnreachable,
        _ if crate::http::is_page(fault) => Reason::ExchangePage,
        Fault::Refused { code, .. } if code.starts_with("ErrorImpersonat") => Reason::ImpersonationRefused,
        Fault::Refused { code, .. } if code == "ErrorNonExistentMailbox" => Reason::ExchangeMailboxMissing,
        Fault::Refused { code, .. } if code == "ErrorMissingEmailAddress" => Reason::SignInWithoutMailbox,
        Fault::Refused { status: 403, .. } => Reason::ExchangeWithheld,
        _ => Reason::ExchangeRefused,
    };
    (reason, format!("{}: {fault}", settings.account.address))
}

fn withheld(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("access to odata is disabled") || message.contains("accesspolicy")
}

fn zones(zone: Result<String, Fault>, settings: &Settings, told: &mut Checked) {
    let own = settings.zone.name();
    match zone {
        // Nobody has chosen one, or it is one that no table knows.
        Ok(name) if name.is_empty() || time::zone(&name).is_none() => {
            told.tell("time-zone", Verdict::Note, Reason::ZoneUnread, name);
        }
        Ok(name) => {
            let windows = time::windows_name(settings.zone);
            let same = time::zone(&name).is_some_and(|zone| {
                zone == settings.zone || time::windows_name(zone).is_some_and(|name| windows.as_ref() == Some(&name))
            });
            let (verdict, reason) =
                if same { (Verdict::Good, Reason::ZoneSame) } else { (Verdict::Doubt, Reason::ZoneDiffers) };
            told.tell("time-zone", verdict, reason, format!("mailbox: {name}, account: {own}"));
        }
        Err(fault) => told.tell("time-zone", Verdict::Note, Reason::ZoneUnread, fault.to_string()),
    }
}

/// Whose mailbox it is, and whether the account's rows are about it.
fn identity(
    caps: Capabilities<'_>,
    settings: &Settings,
    folders: &[Folder],
    owner: Result<Owner, Fault>,
    told: &mut Checked,
) -> Staged<()> {
    let default = folders.iter().find(|folder| folder.is_default && folder.kind == Kind::Appointment);
    told.mailbox = match &owner {
        Ok(owner) => Some(owner.id.clone()),
        Err(_) => default.map(|calendar| format!("calendar {}", calendar.id)),
    };
    if let Err(fault) = &owner {
        told.tell("mailbox", Verdict::Note, Reason::DirectoryUnread, fault.to_string());
    }
    let opened = whose::open(caps, &settings.account.id, "check")?;
    let options = Options { run: "check".into(), dry_run: true, ..Options::default() };
    let mut report = Report::default();
    let recognised = whose::recognise(caps, settings, &options, opened, folders, owner, &mut report);
    for warning in report.warnings.into_iter().filter(|warning| warning.code == Reason::MailboxMoved) {
        told.tell("mailbox", Verdict::Note, warning.code, warning.text);
    }
    match recognised {
        Err(Stop::Failed(RunError::Settings(texts))) => {
            told.tell("mailbox", Verdict::Bad, Reason::MailboxTaken, texts.join("; "));
            Ok(())
        }
        other => other.map(drop),
    }
}
