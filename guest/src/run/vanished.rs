//! Forgetting an account whose mailbox is not there any more: nothing can be taken back in it, so what stays is told, and
//! the account's rows are erased.

use super::whose::{self, MailboxRow, Opened};
use super::{Run, RunError, Staged, begin, erase};
use crate::activity::SideId;
use crate::ask::Fault;
use crate::capability::Capabilities;
use crate::forget;
use crate::link::Link;
use crate::reason::Reason;
use crate::report::Ending;
use crate::settings::{Options, Settings};

/// The service itself says that there is no such mailbox; a proxy's or a firewall's 404 has no code of its own. Exchange
/// says it as it refuses a right.
pub(super) fn says(fault: &Fault) -> bool {
    matches!(fault, Fault::Refused { status, code, .. }
        if code == "ErrorNonExistentMailbox" || (*status == 404 && !code.is_empty()))
}

/// The rows of the account. A wrong address finds no mailbox either: only the one that a run has reached can be gone.
pub(super) fn opened<'a>(
    caps: Capabilities<'a>,
    settings: &Settings,
    options: &Options,
    opened: Opened<'a>,
    fault: &Fault,
) -> Staged<Opened<'a>> {
    let account = &settings.account;
    let opened = if opened.stored {
        opened
    } else {
        let rows = whose::rows_of(caps.storage, &account.id)?;
        if rows == account.id {
            return Err(begin::mailbox_fault(fault.clone(), settings));
        }
        whose::open(caps, &rows, &options.run)?
    };
    let mut after: Option<String> = None;
    loop {
        let (keys, next) = opened.store.keys("mailbox/", after.as_deref())?;
        let rows: Vec<Option<MailboxRow>> = opened.store.get(&keys)?;
        let elsewhere = rows
            .into_iter()
            .flatten()
            .find(|row| row.account == opened.account && !row.address.eq_ignore_ascii_case(&account.address));
        if let Some(row) = elsewhere {
            return Err(RunError::Settings(vec![format!(
                "there is no mailbox {}, and the account's was last reached as {}; nothing was forgotten. Give the account \
                 that address, and forget it then",
                account.address, row.address
            )])
            .into());
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(opened),
        }
    }
}

/// Tells what stays, and erases the account's rows.
pub(super) fn forget(run: &mut Run, fault: &Fault) -> Staged<Ending> {
    let (mut marked, mut imported) = (0_u32, 0_u32);
    run.store.each("link/", |_, link: Link| {
        marked += u32::from(link.nonce.is_some());
        imported += u32::from(forget::made(&link) == Some(SideId::Creatio));
        Ok(())
    })?;
    let text = format!(
        "The mailbox {} is not there any more ({fault}), so nothing can be taken back in it: {marked} of its items carry the \
         sync's marker. In Creatio everything stays, of it {imported} activities that were imported: they are the last copies.",
        run.settings.account.address
    );
    run.report.warn(Reason::MailboxVanished, text);
    if !run.options.dry_run {
        erase::erase(run)?;
        run.report.count("forgotten", None, "", 1);
    }
    Ok(Ending::Complete)
}
