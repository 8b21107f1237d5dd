//! Switches for what the sources leave open, and for what a server may be set to.

use serde::{Deserialize, Serialize};

/// The switches of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// How far the service's own clock is ahead, in milliseconds.
    pub skew_ms: i64,
    /// What the server says it is: `15.2.1544.4` and its schema.
    pub schema: String,
    /// The newest schema that it takes, by its place in the list of versions.
    pub newest: String,
    /// Passwords are taken as HTTP Basic.
    pub basic: bool,
    /// A 401 offers NTLM and Negotiate first, as a server does by default; they are not carried out here, and a client that
    /// picks one of them fails.
    pub windows: bool,
    /// A service account has to name the mailbox in `X-AnchorMailbox`; otherwise 503.
    pub anchor_required: bool,
    /// Without a time zone in the request, days of tasks begin in the mailbox's zone instead of in UTC.
    pub task_days_in_mailbox_zone: bool,
    /// Changes of one answer of `SyncFolderItems` at most, whatever was asked for.
    pub sync_page_limit: usize,
    /// A changed item is reported once more by the next call although nothing has changed.
    pub sync_repeats: bool,
    /// Pages of `SyncFolderItems` that go on begin with one that holds nothing.
    pub sync_empty_pages: bool,
    /// Mailboxes, in lower case, that no service account may act for.
    pub denied_mailboxes: Vec<String>,
    /// Items of one answer of `FindItem` at most.
    pub find_limit: usize,
    /// The same with a restriction.
    pub find_limit_restricted: usize,
    /// An update needs the change key whatever its conflict resolution says.
    pub change_key_always: bool,
    /// Invitations put a copy into the mailboxes that are here.
    pub deliver: bool,
    /// A completed task of a series becomes a new item, and the series goes on under the old id, instead of the other way.
    pub series_keeps_id: bool,
    /// Every read of an item bumps its change key, as the service's own jobs do.
    pub bump_on_read: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            skew_ms: 0,
            schema: "V2017_07_11".to_owned(),
            newest: "V2016_10_10".to_owned(),
            basic: true,
            windows: false,
            anchor_required: false,
            task_days_in_mailbox_zone: false,
            sync_page_limit: 512,
            sync_repeats: false,
            sync_empty_pages: false,
            denied_mailboxes: Vec::new(),
            find_limit: 1000,
            find_limit_restricted: 250,
            change_key_always: false,
            deliver: true,
            series_keeps_id: true,
            bump_on_read: false,
        }
    }
}

impl Knobs {
    /// The same switches with those of `changes` set anew.
    ///
    /// # Errors
    /// What is wrong with an unknown or badly typed switch.
    pub fn merged(&self, changes: &serde_json::Map<String, serde_json::Value>) -> Result<Self, String> {
        let mut value = serde_json::to_value(self).map_err(|error| error.to_string())?;
        if let Some(map) = value.as_object_mut() {
            map.extend(changes.clone());
        }
        serde_json::from_value(value).map_err(|error| error.to_string())
    }
}
