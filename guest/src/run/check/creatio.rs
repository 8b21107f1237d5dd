//! What a run needs of Creatio: the address, the right to use OData, the user, objects and rows that can be read, lookups,
//! and that Creatio's own synchronization leaves the mailbox alone.

use super::super::{RunError, Staged, Stop, begin, groups as chosen, send, whose};
use super::{Checked, Verdict, not_reached};
use crate::ask::{Ask, Fault};
use crate::capability::{Capabilities, Credential};
use crate::creatio::client::{self, Client, Lookups, Standing, User};
use crate::creatio::groups::selected;
use crate::http;
use crate::policy::Coexist;
use crate::reason::Reason;
use crate::settings::Settings;
use crate::time;
use uuid::Uuid;

/// Paths of OData: on .NET Framework, and on .NET.
const PATHS: [&str; 2] = ["0/odata", "odata"];

/// Tries it; gives the account's contact where there is one to work for.
pub(super) fn check(caps: Capabilities<'_>, settings: &Settings, told: &mut Checked) -> Staged<Option<Uuid>> {
    let account = &settings.account;
    let client = Client::new(&account.creatio, &account.odata);
    let ask = client::readable(&client, "Activity")
        .and(client::user(&client, &account.user))
        .and(client::readable(&client, "ActivityParticipant"))
        .and(client::readable(&client, "Contact"))
        .and(client::lookups(&client, &account.address));
    let (((((activities, user), participants), contacts), lookups), _) = send(caps, ask)?;
    if let Err(fault) = &activities
        && let Some((verdict, reason, detail)) = whole(caps, settings, fault, user.as_ref().err())?
    {
        told.tell("creatio", verdict, reason, detail);
        return Ok(None);
    }
    told.tell("creatio", Verdict::Good, Reason::CreatioReached, format!("{}/{}", account.creatio, account.odata));
    for (set, answer) in [("Activity", activities), ("ActivityParticipant", participants), ("Contact", contacts)] {
        if let Err(fault) = answer {
            told.tell("objects", Verdict::Bad, refused_object(&fault), format!("{set}: {fault}"));
        }
    }
    let contact = person(caps, settings, user, told);
    if let Some(contact) = contact {
        rows(caps, &client, contact, told)?;
        same_contact(caps, settings, contact, told);
    }
    values(settings, lookups, told);
    groups(caps, settings, &client, told)?;
    Ok(contact)
}

/// What a fault of the very first read says of the site as a whole; none where it is about that object alone.
fn whole(
    caps: Capabilities<'_>,
    settings: &Settings,
    fault: &Fault,
    other: Option<&Fault>,
) -> Staged<Option<(Verdict, Reason, String)>> {
    let base = &settings.account.creatio;
    let said = fault.to_string();
    let (reason, detail) = match fault {
        Fault::Credential(why) => (Reason::SignInRefused, why.clone()),
        _ if not_reached(fault) => (Reason::CreatioUnreachable, format!("{base}: {said}")),
        _ if http::is_page(fault) || fault.not_found() => match elsewhere(caps, settings, fault.not_found())? {
            Some(path) => (Reason::OdataElsewhere, format!("odata = \"{path}\"")),
            None if fault.not_found() => (Reason::OdataMissing, format!("{base}/{}: {said}", settings.account.odata)),
            None => (Reason::WebPage, format!("{base}/{}: {said}", settings.account.odata)),
        },
        Fault::Refused { status: 401, .. } => (Reason::TokenRefused, format!("{base}: {said}")),
        Fault::Refused { status: 403, .. } => match other {
            Some(Fault::Refused { status: 403, .. }) => (Reason::OdataRight, said),
            _ => return Ok(None),
        },
        _ => (Reason::CreatioRefused, said),
    };
    Ok(Some((Verdict::Bad, reason, detail)))
}

/// The other path, if OData answers there. It is asked without a sign-in, which belongs to the configured path alone.
fn elsewhere(caps: Capabilities<'_>, settings: &Settings, missing: bool) -> Staged<Option<&'static str>> {
    let account = &settings.account;
    for path in PATHS.into_iter().filter(|path| *path != account.odata.trim_matches('/')) {
        let mut request = Client::new(&account.creatio, path).get("");
        request.credential = Credential::None;
        let ask = Ask::one(request, |answer| match answer {
            Ok(response) => match response.status {
                // Sent to the login: where the configured path is missing, this one is not.
                300..=399 => missing,
                // Whoever wants a sign-in is there. A page is shown to anybody, whatever the path.
                401 | 403 => !http::is_page(&http::refused(403, &response.body)),
                _ => false,
            },
            Err(_) => false,
        });
        if send(caps, ask)?.0 {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

const fn refused_object(fault: &Fault) -> Reason {
    match fault {
        Fault::Refused { status: 401 | 403, .. } => Reason::ObjectUnreadable,
        _ => Reason::CreatioRefused,
    }
}

/// The account's user.
fn person(caps: Capabilities<'_>, settings: &Settings, user: Result<User, Fault>, told: &mut Checked) -> Option<Uuid> {
    let login = &settings.account.user;
    let user = match user {
        Ok(user) => user,
        Err(fault) => {
            told.tell("creatio-user", Verdict::Bad, refused_object(&fault), format!("SysAdminUnit: {fault}"));
            return None;
        }
    };
    let now = caps.clock.now();
    if let Some(date) = user.date.filter(|date| (*date - now).abs() > begin::CLOCKS_APART) {
        let detail = format!("{} here, {} in Creatio", time::iso(now), time::iso(date));
        told.tell("creatio", Verdict::Bad, Reason::ClocksApart, detail);
    }
    let reason = match user.standing {
        Standing::Active(contact) => {
            told.tell("creatio-user", Verdict::Good, Reason::UserFound, login);
            return Some(contact);
        }
        Standing::Unknown => Reason::UserUnknown,
        Standing::Inactive => Reason::UserInactive,
        Standing::WithoutContact => Reason::UserWithoutContact,
    };
    told.tell("creatio-user", Verdict::Bad, reason, format!("user = \"{login}\""));
    None
}

/// Whether rows can be seen that the account is about.
fn rows(caps: Capabilities<'_>, client: &Client, contact: Uuid, told: &mut Checked) -> Staged<()> {
    let (owned, _) = send(caps, client::owned(client, contact))?;
    match owned {
        Ok(true) => told.tell("activities", Verdict::Good, Reason::ActivitiesSeen, ""),
        Ok(false) => told.tell("activities", Verdict::Doubt, Reason::ActivitiesUnseen, ""),
        // Said already of the object.
        Err(_) => {}
    }
    Ok(())
}

fn same_contact(caps: Capabilities<'_>, settings: &Settings, contact: Uuid, told: &mut Checked) {
    let Ok(opened) = whose::open(caps, &settings.account.id, "check") else { return };
    if let Some(known) = opened.state.contact.filter(|known| *known != contact) {
        told.tell("creatio-user", Verdict::Bad, Reason::UserChanged, format!("{contact}, was {known}"));
    }
}

/// The groups that the settings choose.
fn groups(caps: Capabilities<'_>, settings: &Settings, client: &Client, told: &mut Checked) -> Staged<()> {
    let Some(ids) = settings.groups() else { return Ok(()) };
    let (found, _) = send(caps, selected(client, &ids))?;
    match chosen::checked(Some(found), settings) {
        Err(Stop::Failed(RunError::Settings(texts))) => {
            for text in texts {
                told.tell("choices", Verdict::Bad, Reason::ChoiceMissing, text);
            }
        }
        Err(Stop::Failed(error)) => told.tell("choices", Verdict::Bad, Reason::ObjectUnreadable, error.to_string()),
        Err(stop @ Stop::Early(_)) => return Err(stop),
        Ok(_) => {}
    }
    Ok(())
}

/// Lookups, and Creatio's own synchronization.
fn values(settings: &Settings, lookups: Result<Lookups, Fault>, told: &mut Checked) {
    let built_in = match lookups {
        Ok(lookups) => {
            if lookups.missing.is_empty() {
                told.tell("lookups", Verdict::Good, Reason::LookupsFound, "");
            }
            for missing in lookups.missing {
                told.tell("lookups", Verdict::Doubt, Reason::LookupMissing, missing);
            }
            lookups.built_in
        }
        Err(fault) => {
            told.tell("lookups", Verdict::Doubt, refused_object(&fault), fault.to_string());
            None
        }
    };
    let (verdict, reason) = match built_in {
        Some(false) => (Verdict::Good, Reason::BuiltInOff),
        Some(true) if settings.policies.coexist == Coexist::Yes => (Verdict::Note, Reason::BuiltInSync),
        Some(true) => (Verdict::Bad, Reason::BuiltInSync),
        None => (Verdict::Doubt, Reason::BuiltInUnread),
    };
    told.tell("built-in-sync", verdict, reason, settings.account.address.clone());
}
