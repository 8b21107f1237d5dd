//! The beginning of a run: the account's state, who the account is on both sides, which folders there are. Everything that
//! makes a run impossible is found here, before anything was read or written.

use super::state::AccountState;
use super::{Direction, Run, RunError, Staged, Stop, fatal, send, whose};
use crate::activity::SideId;
use crate::ask::{Ask, Fault};
use crate::capability::Capabilities;
use crate::creatio::client::{self, Client, Lookups, User};
use crate::creatio::{Creatio, Setup, Site};
use crate::graph::Graph;
use crate::reason::Reason;
use crate::report::{Ending, Report};
use crate::settings::{Exported, Folders, Options, Settings};
use crate::side::{Folder, Side};
use crate::store::LAYOUT;
use crate::time;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// Clocks of hosts and servers differ by seconds, now and then by a zone; not by more.
const CLOCKS_APART: Duration = Duration::hours(30);

/// Begins.
pub(super) fn begin<'a>(
    caps: Capabilities<'a>,
    settings: &'a Settings,
    options: &'a Options,
    direction: Direction,
    report: &mut Report,
) -> Staged<Run<'a>> {
    let started = caps.clock.now();
    let opened = whose::open(caps, &settings.account.id, &options.run)?;
    let mailbox = Graph::new(settings);
    let client = Client::new(&settings.account.creatio, &settings.account.odata);
    let stale = opened.state.lookups_at.is_none_or(|at| started - at > Duration::hours(24));
    let lookups = if stale { client::lookups(&client).map(Some) } else { Ask::ready(None) };
    let ask = mailbox.folders().and(client::user(&client, &settings.account.user)).and(lookups).and(mailbox.owner());
    let ((((folders, user), lookups), owner), requests) = send(caps, ask)?;
    if let Some(wait) = longest_wait([folders.as_ref().err(), user.as_ref().err()]) {
        report.come_back(started + Duration::milliseconds(i64::try_from(wait).unwrap_or(0)));
        return Err(Stop::Early(Ending::Throttled));
    }
    let folders = folders.map_err(|fault| mailbox_fault(fault, settings))?;
    let (opened, quiet) = whose::recognise(caps, settings, options, opened, &folders, owner, report)?;
    let whose::Opened { store, mut state, before, account, taken_over, renamed, .. } = opened;
    super::epoch::unfinished(&state)?;
    state.layout = LAYOUT;
    let contact = contact(user, settings, &state, started)?;
    if let Some(lookups) = lookups {
        learn(lookups, &mut state, started, report);
    }
    state.contact = Some(contact);
    let (imported, target) = chosen(settings, &folders)?;
    let import_from = time::midnight(settings.zone, settings.import_from);
    let today = time::midnight(settings.zone, time::date_in(settings.zone, started));
    let site = Site { contact, finals: state.finals.clone() };
    let creatio = Creatio::new(settings, Setup { site, floor: import_from.min(today), skew: state.skew });
    let writable = [(SideId::Creatio, Direction::Export), (SideId::Mailbox, Direction::Import)]
        .into_iter()
        .filter(|(side, other)| direction != *other && settings.ever_writes(*side))
        .map(|(side, _)| side)
        .collect();
    if settings.account.import_tasks != Folders::None {
        report.warn(Reason::TasksNotHandled, "Tasks are not handled yet: \"import tasks\" has no effect.");
    }
    let read_only = folders.iter().filter(|folder| !folder.writable).map(|folder| folder.id.clone()).collect();
    let marker_ids = whose::marker_ids(&state, settings);
    let mailbox_id = marker_ids.first().copied().unwrap_or_default();
    let state_changed = before != state;
    let mut run = Run {
        caps,
        settings,
        options,
        store,
        creatio,
        mailbox: Box::new(mailbox),
        report: std::mem::take(report),
        state,
        state_changed,
        quiet,
        started,
        policy: settings.policy_hash(),
        full_policy: settings.full_hash(),
        writable,
        account,
        mailbox_id,
        marker_ids,
        folders,
        imported,
        read_only,
        target,
        requests,
        writes: 0,
        complete: false,
        creations_held: false,
        chosen: std::collections::BTreeSet::new(),
        missed: Vec::new(),
        visible: false,
        chunks: 0,
        adopted: 0,
    };
    if renamed {
        whose::read_anew(&mut run)?;
    }
    if taken_over {
        whose::tell_again(&mut run)?;
    }
    Ok(run)
}

fn longest_wait<const N: usize>(faults: [Option<&Fault>; N]) -> Option<u64> {
    faults
        .into_iter()
        .flatten()
        .filter_map(|fault| match fault {
            Fault::Throttled(wait) => Some(wait.unwrap_or(60_000)),
            _ => None,
        })
        .max()
}

fn contact(user: Result<User, Fault>, settings: &Settings, state: &AccountState, now: DateTime<Utc>) -> Staged<Uuid> {
    let login = &settings.account.user;
    let user = user.map_err(|fault| creatio_fault(fault, settings))?;
    if let Some(date) = user.date.filter(|date| (*date - now).abs() > CLOCKS_APART) {
        // Start date, horizon and what has ended all hang on it.
        return Err(RunError::Host(format!(
            "the host's clock says {}, Creatio's {}; correct the one that is wrong",
            time::iso(now),
            time::iso(date)
        ))
        .into());
    }
    let contact = user.contact.ok_or_else(|| {
        let text = format!(
            "Creatio has no active user \"{login}\" with a contact that the sync's sign-in can see; correct the user's \
             name, or give the sign-in the right to read system users"
        );
        RunError::Settings(vec![text])
    })?;
    match state.contact {
        Some(known) if known != contact => Err(Stop::Failed(RunError::Settings(vec![format!(
            "the Creatio user \"{login}\" now belongs to another contact ({contact}, it was {known}); a new person needs an \
             account with a new id"
        )]))),
        _ => Ok(contact),
    }
}

/// What Graph's refusal of a whole mailbox probably means.
pub(super) fn mailbox_fault(fault: Fault, settings: &Settings) -> Stop {
    let address = &settings.account.address;
    match &fault {
        Fault::Refused { status: 401 | 403, .. } => Stop::Failed(RunError::SignIn(
            SideId::Mailbox,
            format!(
                "{fault}; the application needs the permission Calendars.ReadWrite with an administrator's consent, and must \
                 not be kept from the mailbox {address} by an access policy"
            ),
        )),
        Fault::Refused { status: 404, .. } => Stop::Failed(RunError::Unavailable(
            SideId::Mailbox,
            format!("{fault}; is {address} right, and has it a mailbox in Microsoft 365 with a licence?"),
        )),
        _ => fatal(SideId::Mailbox, fault),
    }
}

/// What Creatio's refusal probably means.
pub(super) fn creatio_fault(fault: Fault, settings: &Settings) -> Stop {
    let account = &settings.account;
    let text = match &fault {
        Fault::Refused { status: 403, .. } => format!(
            "{fault}; the sign-in needs the operation right \"Access to OData\" (CanUseODataService) and rights to read \
             activities and contacts"
        ),
        Fault::Refused { status: 404, .. } | Fault::Garbled(_) => format!(
            "{fault}; is {} a Creatio site, and \"{}\" its OData path? (0/odata on .NET Framework, odata on .NET)",
            account.creatio, account.odata
        ),
        _ => return fatal(SideId::Creatio, fault),
    };
    Stop::Failed(match fault {
        Fault::Refused { status: 403, .. } => RunError::SignIn(SideId::Creatio, text),
        _ => RunError::Unavailable(SideId::Creatio, text),
    })
}

fn learn(lookups: Result<Lookups, Fault>, state: &mut AccountState, now: DateTime<Utc>, report: &mut Report) {
    match lookups {
        Ok(lookups) => {
            for missing in &lookups.missing {
                let text = format!("The site does not have the value {missing}, which the sync writes.");
                report.warn(Reason::LookupMissing, text);
            }
            state.finals = lookups.finals;
            state.lookups_at = Some(now);
        }
        Err(fault) => {
            // The sync can do without: constants stand in until the next run.
            report.warn(Reason::LookupMissing, format!("The site's lookups cannot be read: {fault}."));
        }
    }
    for id in Site::assumed(Uuid::nil()).finals {
        if !state.finals.contains(&id) {
            state.finals.push(id);
        }
    }
}

/// Folders to import from, and the one that exports land in.
fn chosen(settings: &Settings, folders: &[Folder]) -> Staged<(Vec<String>, String)> {
    let mut faults = Vec::new();
    let known = |id: &str| folders.iter().find(|folder| folder.id == id);
    let imported = match &settings.account.import_meetings {
        Folders::None => Vec::new(),
        Folders::All => {
            folders.iter().filter(|folder| folder.reason.is_none()).map(|folder| folder.id.clone()).collect()
        }
        Folders::Selected(ids) => {
            for id in ids {
                if known(id).is_none() {
                    faults.push(format!(
                        "the selected calendar \"{id}\" is not in the mailbox; run discover and change the selection"
                    ));
                }
            }
            ids.clone()
        }
    };
    let exports = settings.account.exported != Exported::None;
    let target = match &settings.account.meetings_to {
        Some(id) => match known(id) {
            Some(folder) if folder.writable || !exports => id.clone(),
            Some(folder) => {
                faults.push(format!("exports cannot go to the calendar \"{}\": it may not be written", folder.name));
                String::new()
            }
            None => {
                faults.push(format!(
                    "the calendar \"{id}\" that exports go to is not in the mailbox; run discover and change it"
                ));
                String::new()
            }
        },
        None => match folders
            .iter()
            .find(|folder| folder.is_default)
            .or_else(|| folders.iter().find(|folder| folder.reason.is_none()))
        {
            Some(folder) => folder.id.clone(),
            None => {
                faults.push("the mailbox has no default calendar; name the one that exports go to".into());
                String::new()
            }
        },
    };
    if faults.is_empty() { Ok((imported, target)) } else { Err(RunError::Settings(faults).into()) }
}
