//! The file as it is written, before anything in it is judged. Spans are kept, so that an error can name its line.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) tenant: RawTenant,
    pub(super) creatio: Spanned<RawCreatio>,
    pub(super) microsoft: Option<Spanned<RawMicrosoft>>,
    pub(super) exchange: Option<Spanned<RawExchange>>,
    #[serde(default)]
    pub(super) network: RawNetwork,
    #[serde(default)]
    pub(super) limits: RawLimits,
    #[serde(default)]
    pub(super) defaults: RawAccount,
    #[serde(default)]
    pub(super) account: Vec<Spanned<RawAccount>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawTenant {
    pub(super) id: Spanned<String>,
    pub(super) storage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawCreatio {
    pub(super) url: Spanned<String>,
    pub(super) odata: Option<String>,
    pub(super) sign_in: Option<Spanned<String>>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Spanned<RawSecret>>,
    pub(super) identity_url: Option<Spanned<String>>,
    pub(super) user: Option<String>,
    pub(super) password: Option<Spanned<RawSecret>>,
    pub(super) visibility: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawMicrosoft {
    pub(super) graph_url: Option<Spanned<String>>,
    pub(super) login_url: Option<Spanned<String>>,
    pub(super) directory: String,
    pub(super) client_id: String,
    pub(super) client_secret: Spanned<RawSecret>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawExchange {
    pub(super) url: Option<Spanned<String>>,
    pub(super) autodiscover: Option<bool>,
    #[serde(default)]
    pub(super) hosts: Vec<Spanned<String>>,
    pub(super) sign_in: Option<Spanned<String>>,
    pub(super) user: Option<Spanned<String>>,
    pub(super) password: Option<Spanned<RawSecret>>,
    pub(super) token_url: Option<Spanned<String>>,
    pub(super) client_id: Option<Spanned<String>>,
    pub(super) client_secret: Option<Spanned<RawSecret>>,
    pub(super) scope: Option<Spanned<String>>,
    pub(super) impersonate: Option<Spanned<bool>>,
    pub(super) ca: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawNetwork {
    #[serde(default)]
    pub(super) allow: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) memory_mib: Option<u32>,
    pub(super) cpu_seconds: Option<u32>,
    pub(super) run_minutes: Option<u32>,
    pub(super) host_calls: Option<u64>,
    pub(super) requests: Option<u64>,
    pub(super) request_seconds: Option<u32>,
    pub(super) longest_wait_seconds: Option<u32>,
    pub(super) creatio_slots: Option<u32>,
    pub(super) mailbox_slots: Option<u32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawSecret {
    Place(RawPlace),
    /// Caught, so that the error can say what to do instead.
    Literal(#[allow(dead_code)] String),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawPlace {
    pub(super) env: Option<String>,
    pub(super) file: Option<String>,
    pub(super) prompt: Option<bool>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawAccount {
    pub(super) mail: Option<Spanned<String>>,
    pub(super) id: Option<Spanned<String>>,
    pub(super) mailbox: Option<Spanned<String>>,
    pub(super) user: Option<Spanned<String>>,
    pub(super) time_zone: Option<Spanned<String>>,
    pub(super) language: Option<Spanned<String>>,
    pub(super) automatic: Option<bool>,
    pub(super) coexist: Option<bool>,
    pub(super) import_from: Option<Spanned<RawDate>>,
    pub(super) import_meetings: Option<Spanned<RawSelection>>,
    pub(super) import_tasks: Option<Spanned<RawSelection>>,
    pub(super) export: Option<Spanned<RawSelection>>,
    pub(super) meetings_to: Option<String>,
    pub(super) tasks_to: Option<String>,
    #[serde(default)]
    pub(super) policies: BTreeMap<String, Spanned<toml::Value>>,
}

/// A date with or without quotes: TOML knows both.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub(super) enum RawDate {
    Text(String),
    Date(toml::value::Datetime),
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub(super) enum RawSelection {
    Word(String),
    List(Vec<String>),
}
