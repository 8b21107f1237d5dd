//! `check`: everything that a run needs is tried, each thing on its own, so that all that is missing is told at once. Only
//! a probe writes, and takes away again what it wrote.

mod creatio;
mod mailbox;

use super::{RunError, Stop, probe};
use crate::activity::SideId;
use crate::ask::Fault;
use crate::capability::Capabilities;
use crate::reason::Reason;
use crate::settings::{Account, Settings};

/// What a finding means for runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is as it should be.
    Good,
    /// Worth knowing; runs do without.
    Note,
    /// Probably not as it should be.
    Doubt,
    /// Runs fail, or refuse to begin.
    Bad,
}

/// What was found of one thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was tried.
    pub subject: &'static str,
    /// What it means.
    pub verdict: Verdict,
    /// What was found, and what to do.
    pub reason: Reason,
    /// Names, and the server's own words.
    pub detail: String,
}

/// Everything that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// In the order in which it was tried.
    pub findings: Vec<Finding>,
    /// What the mailbox is known by: two accounts with the same are on one mailbox.
    pub mailbox: Option<String>,
}

impl Checked {
    pub(super) fn tell(&mut self, subject: &'static str, verdict: Verdict, reason: Reason, detail: impl Into<String>) {
        self.findings.push(Finding { subject, verdict, reason, detail: detail.into() });
    }

    fn worst(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Good)
    }
}

/// Checks an account. With `probe`, one test item is written on each side as well, and removed.
///
/// # Errors
/// The account cannot even be tried, or the host ended the run.
pub fn check(caps: Capabilities<'_>, account: Account, probe: bool) -> Result<Checked, RunError> {
    let settings = Settings::new(account, caps.clock.now()).map_err(RunError::Settings)?;
    let mut checked = Checked::default();
    let ended = |stop: Stop| match stop {
        Stop::Failed(error) => error,
        Stop::Early(_) => RunError::Unavailable(SideId::Mailbox, "the check was stopped before its end".into()),
    };
    let contact = creatio::check(caps, &settings, &mut checked).map_err(ended)?;
    let mailbox = mailbox::check(caps, &settings, &mut checked).map_err(ended)?;
    if probe {
        if let Some(contact) = contact {
            probe::creatio::probe(caps, &settings, contact, &mut checked).map_err(ended)?;
        }
        if let Some(targets) = mailbox {
            probe::mailbox::probe(caps, &settings, &targets, &mut checked).map_err(ended)?;
        }
    } else if checked.worst() < Verdict::Bad {
        checked.tell("writing", Verdict::Note, Reason::WritesUntried, "");
    }
    Ok(checked)
}

/// Why nothing was answered that could be judged; none where the server did answer.
const fn not_reached(fault: &Fault) -> bool {
    matches!(fault, Fault::Unreachable(_) | Fault::Denied(_) | Fault::Unknown(_))
}
