//! What there is to choose from: folders of the mailbox, groups of the site, and who the account is.

use super::{RunError, Stop, begin, send};
use crate::activity::SideId;
use crate::ask::Fault;
use crate::capability::Capabilities;
use crate::creatio::built_in::{self, Takeover};
use crate::creatio::client::{self, Client, Standing};
use crate::creatio::groups::{self, Group};
use crate::policy::Coexist;
use crate::reason::Reason;
use crate::report::Warning;
use crate::settings::{Account, Exported, Folders, Settings};
use crate::side::Folder;
use uuid::Uuid;

/// The catalogue of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Calendars and task folders.
    pub folders: Vec<Folder>,
    /// Groups of activities.
    pub groups: Vec<Group>,
    /// Contact of the account's user.
    pub contact: Uuid,
    /// The contact's name.
    pub contact_name: String,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

/// Lists. Reads only, and needs no storage.
///
/// # Errors
/// Why one of the sides cannot be listed.
pub fn discover(caps: Capabilities<'_>, account: Account) -> Result<Catalogue, RunError> {
    // What is selected does not matter here, and may be what is being corrected.
    let account =
        Account { import_meetings: Folders::All, import_tasks: Folders::All, exported: Exported::All, ..account };
    let settings = Settings::new(account, caps.clock.now()).map_err(RunError::Settings)?;
    let failed = |stop: Stop| match stop {
        Stop::Failed(error) => error,
        Stop::Early(_) => {
            RunError::Unavailable(SideId::Mailbox, "the run was stopped, or a server asked to wait".into())
        }
    };
    let mailbox = crate::mailbox::of(&settings, true);
    let client = Client::new(&settings.account.creatio, &settings.account.odata);
    let built_in = built_in::serving(&client, &settings.account.address);
    let ask =
        mailbox.folders().and(client::user(&client, &settings.account.user)).and(built_in).and(groups::list(&client));
    let ((((folders, user), built_in), groups), _) = send(caps, ask).map_err(failed)?;
    let listing = folders.map_err(|fault| failed(begin::mailbox_fault(fault, &settings)))?;
    let beside = match built_in {
        Ok(false) => None,
        Ok(true) if settings.policies.coexist == Coexist::Yes => None,
        Ok(true) => Some(begin::built_in_text(&settings.account.address)),
        Err(fault) => Some(format!(
            "Whether Creatio's own synchronization serves the mailbox cannot be read ({fault}): make sure that it does not, \
             or give the sign-in the right to read MailboxSyncSettings and ActivitySyncSettings."
        )),
    };
    let beside = beside.map(|text| Warning { code: Reason::BuiltInSync, text });
    let mut warnings: Vec<Warning> =
        listing.without_tasks.as_ref().map(begin::without_tasks).into_iter().chain(beside).collect();
    let groups = groups.unwrap_or_else(|fault| {
        // Who exports all activities needs none.
        let text = format!("The groups of activities cannot be listed: {fault}.");
        warnings.push(Warning { code: Reason::NotPermitted, text });
        Vec::new()
    });
    let user = user.map_err(|fault| failed(begin::creatio_fault(fault, &settings)))?;
    let Standing::Active(contact) = user.standing else {
        return Err(RunError::Settings(vec![begin::user_text(&settings.account.user, user.standing)]));
    };
    let (contact_name, _) = send(caps, client::contact_name(&client, contact)).map_err(failed)?;
    let contact_name = contact_name.map_err(|fault| failed(begin::creatio_fault(fault, &settings)))?;
    Ok(Catalogue { folders: listing.folders, groups, contact, contact_name, warnings })
}

/// What Creatio's own synchronization was told about the mailboxes of the site. Reads only, and needs no storage; of the
/// account nothing counts but the site.
///
/// # Errors
/// Why it cannot be read.
pub fn takeovers(caps: Capabilities<'_>, account: &Account) -> Result<Vec<Takeover>, RunError> {
    let client = Client::new(&account.creatio, &account.odata);
    let told = send(caps, built_in::takeovers(&client)).map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Early(_) => RunError::Unavailable(SideId::Creatio, "the run was stopped".into()),
    })?;
    told.0.map_err(|fault| match fault {
        Fault::Refused { status: 401 | 403, .. } => RunError::SignIn(
            SideId::Creatio,
            format!(
                "{fault}; to take over, the sync's user needs the right to read MailboxSyncSettings, ActivitySyncSettings \
                 and SysAdminUnit"
            ),
        ),
        fault => RunError::Unavailable(SideId::Creatio, fault.to_string()),
    })
}
