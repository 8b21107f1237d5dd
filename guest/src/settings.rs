//! The account as the engine uses it: read once from what the host hands in, and refused as a whole where something in
//! it cannot be carried out.

use crate::activity::Kind;
use crate::digest::Digest;
use crate::policy::{ExportTasks, Policies};
use crate::time;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What serves the mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum MailboxService {
    /// Microsoft Graph; its root without a version.
    Graph(String),
    /// Exchange Web Services; the full address.
    Exchange(String),
}

/// Which kind of service that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Microsoft 365.
    Graph,
    /// An Exchange Server.
    Exchange,
}

impl Service {
    /// As a person calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Graph => "Microsoft 365",
            Self::Exchange => "an Exchange Server",
        }
    }
}

impl MailboxService {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Service {
        match self {
            Self::Graph(_) => Service::Graph,
            Self::Exchange(_) => Service::Exchange,
        }
    }
}

/// Which folders to import from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Folders {
    /// None.
    None,
    /// Those that the mailbox owns and may write.
    All,
    /// These.
    Selected(Vec<String>),
}

/// Which activities to export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Exported {
    /// None.
    None,
    /// All that the user can see.
    All,
    /// Those in these groups.
    Groups(Vec<String>),
}

/// The account as the host hands it in; the fields are those of the contract's `account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Account {
    pub tenant: String,
    pub id: String,
    pub service: MailboxService,
    pub address: String,
    pub creatio: String,
    pub odata: String,
    pub user: String,
    /// The Creatio sign-in is a shared integration user's.
    pub shared: bool,
    pub time_zone: String,
    pub language: String,
    pub import_from: Option<String>,
    pub import_meetings: Folders,
    pub import_tasks: Folders,
    pub exported: Exported,
    pub meetings_to: Option<String>,
    pub tasks_to: Option<String>,
    pub policies: Vec<(String, String)>,
}

/// What a run may cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests.
    pub requests: Option<u32>,
    /// Items written.
    pub writes: Option<u32>,
    /// Milliseconds.
    pub time: Option<u64>,
}

/// How to run; the fields are those of the contract's `options`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Options {
    pub run: String,
    pub dry_run: bool,
    pub only: Option<Vec<String>>,
    pub budget: Budget,
}

/// Language of texts that reach items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Language {
    /// English.
    English,
    /// Russian.
    Russian,
}

impl Language {
    /// Title of a private meeting whose own title is masked.
    #[must_use]
    pub const fn private(self) -> &'static str {
        match self {
            Self::English => "Private",
            Self::Russian => "Личное",
        }
    }

    /// Title of a meeting that has none: Creatio requires one.
    #[must_use]
    pub const fn untitled(self) -> &'static str {
        match self {
            Self::English => "(no subject)",
            Self::Russian => "(без темы)",
        }
    }
}

/// The account, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// As it was handed in.
    pub account: Account,
    /// Policies.
    pub policies: Policies,
    /// The account's zone.
    pub zone: Tz,
    /// Language of texts that reach items.
    pub language: Language,
    /// First day of the import, in the account's zone.
    pub import_from: NaiveDate,
}

/// Days that "import from" reaches back where it is not set.
const DEFAULT_IMPORT_DAYS: u64 = 7;
/// A start date further ahead is a slip of the pen.
const MOST_AHEAD_DAYS: u64 = 366;
/// 1990 to 2200, in seconds since 1970: a clock that says something else is broken, and everything hangs on it.
const CLOCKS: std::ops::Range<i64> = 631_152_000..7_258_118_400;
/// Characters of a wrong value that an error shows.
const SHOWN: usize = 80;

fn shown(text: &str) -> String {
    crate::text::cut(&text.escape_debug().to_string(), SHOWN)
}

/// Groups that one filter can name beside the activities that are asked for.
const MOST_GROUPS: usize = 50;

/// A sentence for each that is none; one for all of them where there are too many anyway.
fn group_faults(ids: &[String]) -> Vec<String> {
    if ids.is_empty() {
        let text =
            "export is set to selected groups, and none is selected; select one, or set export to \"all\" or \"none\"";
        return vec![text.into()];
    }
    if ids.len() > MOST_GROUPS {
        return vec![format!("{} groups are selected for export, more than {MOST_GROUPS}; select fewer", ids.len())];
    }
    let wrong = ids.iter().filter(|id| Uuid::parse_str(id).is_err());
    wrong
        .map(|id| format!("the selected group \"{}\" is no id of a group; run discover for the ids", shown(id)))
        .collect()
}

impl Settings {
    /// Checks an account.
    ///
    /// # Errors
    /// A sentence for each thing that cannot be carried out.
    pub fn new(account: Account, now: DateTime<Utc>) -> Result<Self, Vec<String>> {
        if !CLOCKS.contains(&now.timestamp()) {
            let text = format!("the host's clock says {now}, which cannot be; correct it");
            return Err(vec![text]);
        }
        let mut faults = Vec::new();
        for (what, text) in [("tenant", &account.tenant), ("account id", &account.id)] {
            if text.is_empty() || text.len() > 128 || text.chars().any(char::is_control) {
                faults
                    .push(format!("the {what} \"{}\" must have 1 to 128 bytes and no control characters", shown(text)));
            }
        }
        if !account.address.contains('@')
            || account.address.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/')
        {
            faults.push(format!("\"{}\" is no mailbox address", shown(&account.address)));
        }
        if account.user.is_empty() {
            faults.push("the Creatio user is missing".into());
        }
        let (MailboxService::Graph(service) | MailboxService::Exchange(service)) = &account.service;
        for (what, url) in [("mailbox", service), ("Creatio", &account.creatio)] {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
            let host = rest.split('/').next().unwrap_or_default();
            if host.is_empty() || host.contains('@') || url.contains(['?', '#', ' ']) {
                // Not shown: a user name in it may come with a password.
                faults.push(format!(
                    "the {what} address must begin with https:// and a host, and have no user name and no query"
                ));
            }
        }
        let policies = Policies::parse(&account.policies).unwrap_or_else(|more| {
            faults.extend(more);
            Policies::default()
        });
        let zone = time::zone(&account.time_zone).unwrap_or_else(|| {
            faults.push(format!(
                "the time zone \"{}\" is not known; use an IANA name such as Europe/Moscow",
                shown(&account.time_zone)
            ));
            Tz::UTC
        });
        let language = match account.language.as_str() {
            "en" => Language::English,
            "ru" => Language::Russian,
            other => {
                faults.push(format!("the language \"{}\" is neither en nor ru", shown(other)));
                Language::English
            }
        };
        let default_from = time::minus_days(time::date_in(zone, now), DEFAULT_IMPORT_DAYS);
        let import_from = match &account.import_from {
            None => default_from,
            Some(text) => text.parse().ok().filter(|_| text.len() == 10).unwrap_or_else(|| {
                faults.push(format!("\"import from\" is \"{}\", which is no date YYYY-MM-DD", shown(text)));
                default_from
            }),
        };
        if import_from < NaiveDate::from_ymd_opt(1990, 1, 1).unwrap_or(NaiveDate::MIN) {
            faults.push(format!("\"import from\" is {import_from}; it must not lie before 1990-01-01"));
        }
        if account.import_from.is_some() && import_from > time::plus_days(time::date_in(zone, now), MOST_AHEAD_DAYS) {
            faults.push(format!("\"import from\" is {import_from}; it must not lie more than a year ahead"));
        }
        for (what, folders) in [("meetings", &account.import_meetings), ("tasks", &account.import_tasks)] {
            if matches!(folders, Folders::Selected(ids) if ids.is_empty()) {
                faults.push(format!(
                    "\"import {what}\" is set to selected folders, and none is selected; select one, or set it to \"all\" or \
                     \"none\""
                ));
            }
        }
        if let Exported::Groups(ids) = &account.exported {
            faults.extend(group_faults(ids));
        }
        if faults.is_empty() { Ok(Self { account, policies, zone, language, import_from }) } else { Err(faults) }
    }

    /// Hash of everything that decides how an item is seen: what changes it makes bases stale without an edit.
    #[must_use]
    pub fn policy_hash(&self) -> Digest {
        let policies = &self.policies;
        Digest::of(&(self.zone.name(), self.language, policies.private, policies.notes, &policies.place_column))
    }

    /// Hash of everything that decides which pairs are followed: what was ticked off is no edit, and neither is what was
    /// ticked again.
    #[must_use]
    pub fn scope_hash(&self) -> Digest {
        let account = &self.account;
        Digest::of(&(
            &account.exported,
            (&account.import_meetings, &account.import_tasks),
            account.shared,
            self.policies.export_tasks,
            &account.import_from,
        ))
    }

    /// Hash of everything that decides what is written: what is held is looked at again when it changes.
    #[must_use]
    pub fn full_hash(&self) -> Digest {
        let account = &self.account;
        Digest::of(&(&self.policy_hash(), &self.scope_hash(), &self.policies, &account.meetings_to, &account.tasks_to))
    }

    /// The selected groups, where activities are exported by group.
    #[must_use]
    pub fn groups(&self) -> Option<Vec<Uuid>> {
        match &self.account.exported {
            Exported::Groups(ids) => Some(ids.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect()),
            Exported::None | Exported::All => None,
        }
    }

    /// Some run of this account may write to that side.
    #[must_use]
    pub fn ever_writes(&self, side: crate::activity::SideId) -> bool {
        match side {
            crate::activity::SideId::Creatio => {
                self.account.import_meetings != Folders::None || self.account.import_tasks != Folders::None
            }
            crate::activity::SideId::Mailbox => self.account.exported != Exported::None,
        }
    }

    /// Task folders of the mailbox are of interest.
    #[must_use]
    pub fn wants_tasks(&self) -> bool {
        self.account.import_tasks != Folders::None || self.exports(Kind::Task)
    }

    /// Activities of this kind are exported.
    #[must_use]
    pub fn exports(&self, kind: Kind) -> bool {
        self.account.exported != Exported::None
            && (kind == Kind::Appointment || self.policies.export_tasks == ExportTasks::Yes)
    }
}
