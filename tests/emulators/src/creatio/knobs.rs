//! Switches for what is unconfirmed about Creatio, what differs between its versions, and what an administrator sets.

use serde::{Deserialize, Serialize};

/// What a request with an expired session gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpiredSession {
    /// 401, as `ForceUseSession` asks for.
    Unauthorized,
    /// 302 to the login page, which then answers 200 with HTML.
    Redirect,
    /// The login page itself with 200, as a client sees it that follows redirects.
    Page,
}

/// Everything that can be switched; the default is what the published facts say, and of two unconfirmed behaviours
/// the more likely one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// `/odata/…` (.NET) in place of `/0/odata/…` (.NET Framework).
    pub net_core: bool,
    /// A path before everything, as a virtual directory of IIS gives: `/crm`.
    pub base_path: String,
    /// What the server's clock shows beyond `now`, in milliseconds.
    pub skew_ms: i64,
    /// What an expired session gets.
    pub expired_session: ExpiredSession,
    /// A session ends after so many seconds without a request.
    pub session_seconds: i64,
    /// A token of the identity service lives so many seconds.
    pub token_seconds: i64,
    /// The `BPMCSRF` header is checked.
    pub csrf: bool,
    /// After so many requests of a session its answer sets a new `BPMCSRF` cookie; 0: never.
    pub rotate_csrf_after: u32,
    /// Rows of a page, with `@odata.nextLink` to the next; none: no server-side paging.
    pub page_size: Option<usize>,
    /// Rows of an answer at most; what is beyond is left out without a word.
    pub row_cap: usize,
    /// Nodes of one `$filter` at most, counted as Microsoft's OData library does: 5 for each comparison with its `or`, 1
    /// more for each lookup on the way.
    pub filter_limit: usize,
    /// Bytes of a query in an address at most, IIS's default; a longer one gets the web server's own page, 404.
    pub query_limit: usize,
    /// Rows of an answer at most that carries `Notes` or `Body`; more is the 500 of the guard of the server's memory.
    pub heavy_rows: usize,
    /// The zone (IANA) in whose wall time reads show instants, still labelled `Z`, as old builds are said to; empty:
    /// UTC, as it should be.
    pub wall_time_zone: String,
    /// Columns that this site does not have, such as `Activity.Location`, which comes with a package of the vendor's.
    pub absent_columns: Vec<String>,
    /// Sets that this site does not have: `FolderTree` on older sites, `ActivityFolder` where only newer pages are.
    pub absent_sets: Vec<String>,
    /// `$filter` may name a lookup's scalar column (`OwnerId eq …`), which is a 500 otherwise.
    pub scalar_lookup_filter: bool,
    /// `$filter` may ask a collection: `ActivityParticipantCollectionByActivity/any(p: …)`.
    pub any: bool,
    /// `$expand` of a collection.
    pub expand_collections: bool,
    /// Text is compared without regard to case.
    pub ignore_case: bool,
    /// Ids are ordered as SQL Server does, last group first; else by their bytes, as PostgreSQL does.
    pub sql_server_ids: bool,
    /// POST with an id that exists updates that row, in place of a duplicate-key error.
    pub post_updates_existing: bool,
    /// PATCH of a row that does not exist answers 404, in place of 204.
    pub patch_missing_is_404: bool,
    /// The status for a column that the set does not have, in a body.
    pub unknown_column_status: u16,
    /// An edit of a participant moves `Activity.ModifiedOn`.
    pub participant_touches_activity: bool,
    /// A new activity without author gets the caller as author.
    pub author_is_caller: bool,
    /// A new activity without owner gets the caller as owner.
    pub owner_is_caller: bool,
    /// The owner (as Responsible) and the contact of an activity become its participants.
    pub automatic_participants: bool,
    /// The author of a new activity becomes its participant as well.
    pub author_participates: bool,
    /// Activities are visible row by row; off: to everybody.
    pub record_rights: bool,
    /// Sets that nobody may read over OData: 403.
    pub unreadable_sets: Vec<String>,
    /// Nobody may write over OData: 403.
    pub read_only: bool,
    /// A failed part of an `atomicityGroup` or changeset undoes the group's earlier parts.
    pub rollback_groups: bool,
    /// Parts of a `$batch` at most.
    pub batch_limit: usize,
    /// Answers carry the `Date` header.
    pub date_header: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            net_core: false,
            base_path: String::new(),
            skew_ms: 0,
            expired_session: ExpiredSession::Unauthorized,
            session_seconds: 3600,
            token_seconds: 3600,
            csrf: true,
            rotate_csrf_after: 0,
            page_size: None,
            row_cap: 20_000,
            filter_limit: 100,
            query_limit: 2048,
            heavy_rows: 20_000,
            wall_time_zone: String::new(),
            absent_columns: Vec::new(),
            absent_sets: Vec::new(),
            scalar_lookup_filter: false,
            any: false,
            expand_collections: false,
            ignore_case: true,
            sql_server_ids: false,
            post_updates_existing: false,
            patch_missing_is_404: false,
            unknown_column_status: 400,
            participant_touches_activity: false,
            author_is_caller: true,
            owner_is_caller: false,
            automatic_participants: true,
            author_participates: false,
            record_rights: true,
            unreadable_sets: Vec::new(),
            read_only: false,
            rollback_groups: false,
            batch_limit: 100,
            date_header: true,
        }
    }
}

impl Knobs {
    /// Whether the site has a column that the model has.
    pub(super) fn has(&self, set: &str, column: &str) -> bool {
        !self.absent_columns.iter().any(|absent| absent.split_once('.') == Some((set, column)))
    }

    /// Whether the site has a set that the model has.
    pub(super) fn has_set(&self, set: &str) -> bool {
        !self.absent_sets.iter().any(|absent| absent == set)
    }

    /// The same knobs with those that `changes` names set anew; the error names the one that does not exist or fit.
    pub(super) fn changed(&self, changes: &serde_json::Map<String, serde_json::Value>) -> Result<Self, String> {
        let mut all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        if let Some(fields) = all.as_object_mut() {
            fields.extend(changes.clone());
        }
        serde_json::from_value(all).map_err(|error| format!("knobs: {error}"))
    }
}
