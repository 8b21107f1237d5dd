//! Trying an account, and what Creatio's own synchronization was told.

use std::sync::Arc;

use wasmtime::Store as Instance;

use super::bindings::Connector as World;
use super::bindings::exports::schedule::sync::synchronizer as wit;
use super::call::{Reach, Task};
use super::connector::Connector;
use super::observer::Observer;
use super::run::{RunError, RunOptions};
use super::sandbox::Sandbox;
use super::tenant::Tenant;
use crate::config::{Account, Exported, Folders, Language, Service};
use crate::http::RunWindow;
use crate::report::{Checked, Finding, Takeover, Verdict};
use crate::stop::Stop;
use crate::store::RunStorage;

/// Name of a check that writes, in records.
const PROBE: &str = "probe";

impl Tenant {
    /// Tries everything that runs of an account need. A probe also writes a test item on each side, and deletes it again: it
    /// takes the account's lease, and is recorded as runs are.
    ///
    /// # Errors
    /// The account cannot even be tried.
    pub async fn check(
        &self,
        connector: &Connector,
        account: &str,
        probe: bool,
        stop: Stop,
        observer: Arc<dyn Observer>,
    ) -> Result<Checked, RunError> {
        let known = self.0.config.account(account).ok_or_else(|| RunError::UnknownAccount(account.to_owned()))?;
        let (account, choice) = match self.account(connector, account, &stop, &observer).await {
            Ok(account) => (account, None),
            // What is chosen by name is not there: everything else is tried without the choices.
            Err(fault) => {
                let told = matches!(fault, RunError::Choice(_)).then(|| fault.to_string());
                (unchosen(known), told)
            }
        };
        let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account| {
            world.schedule_sync_synchronizer().call_check(instance, account, probe).await
        };
        let mut checked = if probe {
            let options = RunOptions { stop, ..RunOptions::default() };
            let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account, _: &str| {
                Ok(call(world, instance, account).await?.map(|checked| (nothing(), checked)))
            };
            self.recorded(connector, PROBE, &account, &options, observer, call).await?.1
        } else {
            let storage = Arc::new(RunStorage::preview(Arc::clone(&self.0.store), &account.id, "check"));
            let window = RunWindow { reads_only: true, stop, ..self.window() };
            let task = Task { account: &account, window, storage, observer, reach: Reach::Both };
            self.sandboxed(connector, task, call).await.map_err(|broken| broken.fault)?.value
        };
        if let Some(detail) = choice {
            checked.findings.retain(|finding| finding.reason != "writes-untried");
            checked.findings.push(wit::Finding {
                subject: "choices".to_owned(),
                verdict: wit::Verdict::Bad,
                reason: "choice-missing".to_owned(),
                detail,
            });
        }
        Ok(checked.into())
    }

    /// What Creatio's own synchronization was told about the site's mailboxes. The configuration needs no accounts for it.
    ///
    /// # Errors
    /// Creatio refuses the sign-in or cannot be reached, among others.
    pub async fn takeovers(
        &self,
        connector: &Connector,
        stop: Stop,
        observer: Arc<dyn Observer>,
    ) -> Result<Vec<Takeover>, RunError> {
        let nobody = nobody();
        let storage = Arc::new(RunStorage::preview(Arc::clone(&self.0.store), &nobody.id, "takeovers"));
        let window = RunWindow { reads_only: true, stop, ..self.window() };
        let task = Task { account: &nobody, window, storage, observer, reach: Reach::Creatio };
        let call = async |world: &World, instance: &mut Instance<Sandbox>, account: &wit::Account| {
            world.schedule_sync_synchronizer().call_takeovers(instance, account).await
        };
        let used = self.sandboxed(connector, task, call).await.map_err(|broken| broken.fault)?;
        Ok(used.value.into_iter().map(Into::into).collect())
    }
}

/// Accounts that lead to one mailbox: of each but the first, the finding that says so and whose it is.
#[must_use]
pub fn twice<'a>(checked: &[(&'a str, &Checked)]) -> Vec<(&'a str, Finding)> {
    let mut found = Vec::new();
    for (at, (mail, own)) in checked.iter().enumerate() {
        let same = |(_, other): &&(&str, &Checked)| own.mailbox.is_some() && other.mailbox == own.mailbox;
        if let Some((first, _)) = checked.iter().take(at).find(same) {
            let finding = Finding {
                subject: "mailbox".to_owned(),
                verdict: Verdict::Bad,
                reason: "mailbox-twice".to_owned(),
                detail: format!("{first}, {mail}"),
            };
            found.push((*mail, finding));
        }
    }
    found
}

fn unchosen(account: &Account) -> Account {
    Account {
        import_meetings: Folders::All,
        import_tasks: Folders::None,
        export: Exported::All,
        meetings_to: None,
        tasks_to: None,
        ..account.clone()
    }
}

/// Stands where the contract wants an account and looks at the site alone.
fn nobody() -> Account {
    Account {
        id: "nobody".to_owned(),
        mail: "nobody@localhost".to_owned(),
        mailbox: Service::Auto,
        user: "nobody".to_owned(),
        time_zone: chrono_tz::Tz::UTC,
        language: Language::En,
        automatic: false,
        import_from: None,
        import_meetings: Folders::None,
        import_tasks: Folders::None,
        export: Exported::None,
        meetings_to: None,
        tasks_to: None,
        policies: Vec::new(),
    }
}

/// The report of a probe: it is no sync, and counts nothing.
fn nothing() -> wit::Report {
    wit::Report { ending: wit::Ending::Complete, counts: Vec::new(), warnings: Vec::new(), next: None }
}
