//! The beginning of a run: the account's state, who the account is on both sides, which folders there are. Everything that
//! makes a run impossible is found here, before anything was read or written.

use super::state::AccountState;
use super::{Direction, Run, RunError, Staged, Stop, fatal, send, vanished, whose};
use crate::activity::SideId;
use crate::ask::{Ask, Fault};
use crate::capability::Capabilities;
use crate::creatio::client::{self, Client, Lookups, Standing, User};
use crate::creatio::{Creatio, Setup, Site};
use crate::digest::Digest;
use crate::policy::Coexist;
use crate::reason::Reason;
use crate::report::{Ending, Report, Warning};
use crate::settings::{MailboxService, Options, Service, Settings};
use crate::side::Listing;
use crate::store::{Batch, LAYOUT};
use crate::time;
use chrono::{DateTime, Duration, Utc};
use std::cell::Cell;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Clocks of hosts and servers differ by seconds, now and then by a zone; not by more.
pub(super) const CLOCKS_APART: Duration = Duration::hours(30);

/// What is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// A run that writes to these sides.
    Sync(Direction),
    /// To take back what a run did.
    Undo,
    /// To forget the account. It may be that its user has left and its folders are gone: that is no reason not to.
    Forget,
}

/// Begins.
pub(super) fn begin<'a>(
    caps: Capabilities<'a>,
    settings: &'a Settings,
    options: &'a Options,
    aim: Aim,
    report: &mut Report,
) -> Staged<Run<'a>> {
    let started = caps.clock.now();
    let opened = whose::open(caps, &settings.account.id, &options.run)?;
    let forgets = aim == Aim::Forget;
    let mailbox = crate::mailbox::of(settings, forgets);
    let client = Client::new(&settings.account.creatio, &settings.account.odata);
    let stale = opened.state.lookups_at.is_none_or(|at| started - at > Duration::hours(24));
    let lookups = if stale { client::lookups(&client, &settings.account.address).map(Some) } else { Ask::ready(None) };
    let groups = match settings.groups().filter(|_| !forgets) {
        Some(ids) => crate::creatio::groups::selected(&client, &ids).map(Some),
        None => Ask::ready(None),
    };
    let ask = mailbox.folders().and(client::user(&client, &settings.account.user)).and(lookups).and(mailbox.owner());
    let (((((folders, user), lookups), owner), groups), requests) = send(caps, ask.and(groups))?;
    if let Some(wait) = longest_wait([
        folders.as_ref().map_or_else(Some, |listing| listing.without_tasks.as_ref()),
        user.as_ref().err(),
        groups.as_ref().and_then(|groups| groups.as_ref().err()),
    ]) {
        report.come_back(time::later(started, Duration::milliseconds(i64::try_from(wait).unwrap_or(0))));
        return Err(Stop::Early(Ending::Throttled));
    }
    let (listing, opened, gone) = match folders {
        Err(fault) if forgets && vanished::says(&fault) => {
            let opened = vanished::opened(caps, settings, options, opened, &fault)?;
            (Listing { folders: Vec::new(), without_tasks: None }, opened, Some(fault))
        }
        folders => (folders.map_err(|fault| mailbox_fault(fault, settings))?, opened, None),
    };
    let folders = listing.folders;
    let tasks_listed = settings.wants_tasks() && listing.without_tasks.is_none();
    // When the permission comes, what was left alone for the want of it is looked at again.
    let no_tasks = listing.without_tasks.as_ref().is_some_and(refused);
    let tasks_unread = match &listing.without_tasks {
        None => false,
        Some(fault @ Fault::Stopped) => return Err(fatal(SideId::Mailbox, fault.clone())),
        Some(fault) => {
            report.warnings.push(without_tasks(fault));
            forgets || !refused(fault)
        }
    };
    let (opened, quiet) = whose::recognise(caps, settings, options, opened, &folders, owner, report)?;
    let whose::Opened { store, mut state, before, account, taken_over, renamed, moved, .. } = opened;
    if let Some(moved) = moved.filter(|_| !matches!(aim, Aim::Sync(_))) {
        return Err(RunError::Settings(vec![moved_first(settings, moved)]).into());
    }
    if !forgets {
        super::epoch::unfinished(&state)?;
    }
    state.layout = LAYOUT;
    let contact = match contact(user, settings, &state, started) {
        Err(Stop::Failed(_)) if forgets => state.contact.unwrap_or_default(),
        contact => contact?,
    };
    if let Some(lookups) = lookups {
        if !forgets {
            beside_built_in(&lookups, settings, options, report)?;
        }
        learn(lookups, &mut state, started, report);
    }
    state.contact = Some(contact);
    let (imported, targets) =
        if forgets { Default::default() } else { super::folders::chosen(settings, &folders, tasks_listed)? };
    let groups = if forgets { Default::default() } else { super::groups::checked(groups, settings)? };
    let import_from = time::midnight(settings.zone, settings.import_from);
    let today = time::midnight(settings.zone, time::date_in(settings.zone, started));
    let oldest = today - Duration::days(i64::try_from(crate::plan::OVERDUE_DAYS).unwrap_or(0));
    let site = Site { contact, finals: state.finals.clone() };
    let creatio = Creatio::new(settings, Setup { site, floor: import_from.min(oldest), skew: state.skew });
    let writable = [(SideId::Creatio, Direction::Export), (SideId::Mailbox, Direction::Import)]
        .into_iter()
        .filter(|(side, other)| forgets || (aim != Aim::Sync(*other) && settings.ever_writes(*side)))
        .map(|(side, _)| side)
        .collect();
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
        mailbox,
        report: std::mem::take(report),
        state,
        state_changed: state_changed && !forgets,
        // What a sync would note down of whose mailbox it is goes with the rest.
        quiet: if forgets { Batch::default() } else { quiet },
        started,
        policy: settings.policy_hash(),
        full_policy: if no_tasks { Digest::of(&(settings.full_hash(), "without tasks")) } else { settings.full_hash() },
        writable,
        account,
        mailbox_id,
        marker_ids,
        folders,
        imported,
        groups,
        read_only,
        targets,
        tasks_unread,
        gone,
        requests: Cell::new(requests),
        writes: 0,
        complete: false,
        unread: Vec::new(),
        creations_held: BTreeSet::new(),
        chosen: BTreeSet::new(),
        missed: Vec::new(),
        visible: false,
        chunks: 0,
        adopted: 0,
        adrift: false,
    };
    if forgets {
        return Ok(run);
    }
    if moved.is_some() {
        super::moving::carry_over(&mut run)?;
    } else {
        run.adrift = super::adrift::some(&run)?;
    }
    if renamed {
        whose::read_anew(&mut run)?;
    }
    if taken_over {
        whose::tell_again(&mut run)?;
    }
    Ok(run)
}

fn moved_first(settings: &Settings, before: Service) -> String {
    let Settings { account, .. } = settings;
    format!(
        "the mailbox {} has moved from {} to {}, and its pairs are not carried over yet; nothing was changed. Run sync first",
        account.address,
        before.name(),
        account.service.kind().name()
    )
}

fn longest_wait<const N: usize>(faults: [Option<&Fault>; N]) -> Option<u64> {
    faults
        .into_iter()
        .flatten()
        .filter_map(|fault| match fault {
            Fault::Throttled(wait) => Some(wait.unwrap_or(60_000)),
            Fault::Again(wait) => Some(*wait),
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
    let contact = match user.standing {
        Standing::Active(contact) => contact,
        standing => return Err(RunError::Settings(vec![user_text(login, standing)]).into()),
    };
    match state.contact {
        Some(known) if known != contact => Err(Stop::Failed(RunError::Settings(vec![format!(
            "the Creatio user \"{login}\" now belongs to another contact ({contact}, it was {known}); a new person needs an \
             account with a new id"
        )]))),
        _ => Ok(contact),
    }
}

/// Why a user cannot be synchronised for, and what to do.
pub(super) fn user_text(login: &str, standing: Standing) -> String {
    match standing {
        Standing::Inactive => format!(
            "the user \"{login}\" is not active in Creatio; activate it there, or take the account out of the configuration"
        ),
        Standing::WithoutContact => {
            format!(
                "the user \"{login}\" has no contact in Creatio, to whom activities could belong; give it one there"
            )
        }
        Standing::Unknown | Standing::Active(_) => format!(
            "Creatio has no user \"{login}\" that the sync's sign-in can see; correct the user's name, or give the sign-in \
             the right to read system users"
        ),
    }
}

/// Refused for good: not waited for.
const fn refused(fault: &Fault) -> bool {
    matches!(fault, Fault::Refused { status: 400..=499, .. })
}

/// Tasks are another permission than calendars, and a service of their own.
pub(super) fn without_tasks(fault: &Fault) -> Warning {
    let text = match fault {
        Fault::Refused { status: 401 | 403, .. } => format!(
            "The task lists of the mailbox are refused: {fault}; the application needs the permission \
             Tasks.ReadWrite.All with an administrator's consent. Without it set import-tasks = \"none\" and the policy \
             export-tasks = no."
        ),
        _ => format!(
            "The task lists of the mailbox could not be read: {fault}. Calendars are synchronised without them."
        ),
    };
    Warning { code: Reason::TasksUnavailable, text }
}

/// What the refusal of a whole mailbox probably means.
pub(super) fn mailbox_fault(fault: Fault, settings: &Settings) -> Stop {
    let address = &settings.account.address;
    if let MailboxService::Exchange(url) = &settings.account.service {
        return exchange_fault(fault, url, address);
    }
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

fn exchange_fault(fault: Fault, url: &str, address: &str) -> Stop {
    let text = match &fault {
        Fault::Refused { code, .. } if code.starts_with("ErrorImpersonat") => format!(
            "{fault}; the sign-in needs the role ApplicationImpersonation for {address}, or, where it is the user's own, the \
             policy impersonation = no"
        ),
        Fault::Refused { code, .. } if code == "ErrorNonExistentMailbox" => {
            format!("{fault}; has {address} a mailbox on this server?")
        }
        Fault::Refused { status: 401 | 403, .. } => format!(
            "{fault}; check the sign-in, and whether it may open the mailbox {address} by Exchange Web Services"
        ),
        Fault::Refused { status: 404, .. } => {
            format!("{fault}; is {url} the address of Exchange Web Services? As a rule it ends in /EWS/Exchange.asmx")
        }
        _ => return fatal(SideId::Mailbox, fault),
    };
    Stop::Failed(match fault {
        Fault::Refused { status: 401 | 403, .. } => RunError::SignIn(SideId::Mailbox, text),
        _ => RunError::Unavailable(SideId::Mailbox, text),
    })
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

/// Two that write the same items would double them, each taking the other's for somebody's.
fn beside_built_in(
    lookups: &Result<Lookups, Fault>,
    settings: &Settings,
    options: &Options,
    report: &mut Report,
) -> Staged<()> {
    let serves = lookups.as_ref().is_ok_and(|lookups| lookups.built_in == Some(true));
    if !serves || settings.policies.coexist == Coexist::Yes {
        return Ok(());
    }
    let text = built_in_text(&settings.account.address);
    if options.dry_run {
        report.warn(Reason::BuiltInSync, text);
        return Ok(());
    }
    Err(RunError::Settings(vec![text]).into())
}

/// That Creatio's own synchronization serves the mailbox.
pub(super) fn built_in_text(address: &str) -> String {
    format!(
        "Creatio's own synchronization serves the mailbox {address}, and two would double what the other writes; switch off \
         its calendar and tasks in Creatio, in the settings of the mailbox, or set coexist = true for the account"
    )
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
