//! The switches by which a test chooses between behaviours that the sources leave open, or asks for trouble.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How a dead delta token is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadToken {
    /// 410 `SyncStateNotFound`.
    #[default]
    Gone,
    /// 410 `SyncStateNotFound` with a `Location` that starts a fresh round.
    GoneWithLocation,
    /// 410 `resyncRequired`.
    ResyncRequired,
    /// 400 `ErrorInvalidIdMalformed`.
    BadRequest,
    /// 400 `SyncStateNotFound`.
    BadRequestSyncState,
}

/// What a program may do with calendars or tasks: `….ReadWrite`, `….Read`, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Read and write.
    #[default]
    ReadWrite,
    /// Read alone: everything else answers 403.
    Read,
    /// Everything answers 403.
    None,
}

/// All switches. The defaults are what the documentation describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)]
pub struct Knobs {
    /// What the service's clock shows beyond `now`, in milliseconds.
    pub skew_ms: i64,
    /// Seconds that an access token lives.
    pub token_lifetime: i64,
    /// How many polls of a device code answer `authorization_pending` before the user is taken to have signed in;
    /// `None`: only the edit `approve-device-code` signs in.
    pub device_code_polls: Option<u32>,
    /// A refresh token dies when it is used, as the new one is to replace it.
    pub refresh_revokes: bool,
    /// Requests for one mailbox in ten minutes before 429 `ApplicationThrottled`; `None`: no limit.
    pub budget: Option<u32>,
    /// More than this many parallel parts of one `$batch` for one mailbox answer 429; `None`: they are queued.
    pub batch_concurrency: Option<usize>,
    /// `Retry-After` of throttling answers, as text, for it may be fractional; `None`: without the header.
    pub retry_after: Option<String>,
    /// Mailboxes that answer 403 `ErrorAccessDenied` to everything.
    pub denied_mailboxes: BTreeSet<String>,
    /// Mailboxes that answer 404 `MailboxNotEnabledForRESTAPI` to everything.
    pub disabled_mailboxes: BTreeSet<String>,
    /// A program may read users (`User.Read.All`); otherwise 403 `Authorization_RequestDenied`.
    pub users_readable: bool,
    /// `/users/{id}/events` lists all calendars, not only the default one.
    pub events_from_all_calendars: bool,
    /// Page size of a delta page without `odata.maxpagesize`.
    pub delta_page_size: usize,
    /// The largest page whatever `odata.maxpagesize` asks for.
    pub delta_page_limit: usize,
    /// Every delta round has an empty page with a next link in front.
    pub delta_empty_pages: bool,
    /// Every delta page but the first of a full round repeats the item before it.
    pub delta_replays: bool,
    /// Seconds that a delta token lives; `None`: for ever.
    pub delta_token_lifetime: Option<i64>,
    /// How a dead delta token is answered.
    pub delta_dead_token: DeadToken,
    /// An item that left a calendar and came back between two rounds is reported removed, and never again as present.
    pub delta_loses_returned: bool,
    /// A removed series is reported with every instance that it had in the window, not as its master alone.
    pub delta_removes_instances: bool,
    /// `events/delta` lists exceptions beside masters.
    pub events_delta_exceptions: bool,
    /// Next and delta links name this base instead of the one of the request (a client must refuse a foreign host).
    pub link_base: Option<String>,
    /// Next and delta links name the user by the id in the directory, whatever the request named it by.
    pub links_by_id: bool,
    /// Original zones read `tzone://Microsoft/Custom`.
    pub custom_zone: bool,
    /// Start and end name that zone as well, whatever was asked for.
    pub custom_points: bool,
    /// A duplicate `transactionId` answers 409 without the id of the existing event, instead of 400 with it.
    pub duplicate_transaction_conflict: bool,
    /// A `transactionId` is not remembered: a repeated create makes a second event.
    pub forgets_transactions: bool,
    /// Every read of a single event bumps its change key, as the service's own jobs do.
    pub bump_on_read: bool,
    /// `GET` by immutable id answers an event that lies in Deleted Items.
    pub deleted_readable: bool,
    /// Accepting gives the item a new classic id.
    pub accept_changes_id: bool,
    /// A declined meeting leaves the calendar.
    pub declined_leaves: bool,
    /// The organizer's extended properties travel to the attendees' copies.
    pub carry_extended_properties: bool,
    /// The organizer stands in the attendee list of the organizer's copy.
    pub organizer_in_attendees: bool,
    /// A new pattern drops the exceptions and cancelled occurrences of a series.
    pub recurrence_change_drops_exceptions: bool,
    /// A new time of day drops them as well.
    pub time_change_drops_exceptions: bool,
    /// An attendee's deletion sends a decline.
    pub attendee_delete_declines: bool,
    /// `If-Match` is enforced.
    pub enforce_if_match: bool,
    /// `$batch` answers come in the order of the requests.
    pub batch_in_order: bool,
    /// Text and HTML bodies come back as written, without the service's rewriting.
    pub keep_bodies: bool,
    /// What a program may do with tasks.
    pub app_tasks_role: Role,
    /// What a program may do with calendars and events.
    pub app_calendars_role: Role,
    /// Whether a program may read `mailboxSettings`.
    pub settings_readable: bool,
    /// The one directory that there is; none: any name leads to it.
    pub directory: Option<String>,
    /// Page size of lists and tasks without `$top`.
    pub todo_page_size: usize,
    /// Delta of tasks answers with this status, as a service that does not have it; none: it works.
    pub todo_delta_refused: Option<u16>,
    /// `$select` of lists and tasks works, instead of doing nothing and choking on `title` and `displayName`.
    pub todo_select: bool,
    /// Notes that were written as HTML come back as HTML, instead of losing their formatting.
    pub todo_html_bodies: bool,
    /// A listing of tasks without a filter leaves `recurrence` out.
    pub todo_lists_omit_recurrence: bool,
    /// A change of `recurrence` may name dates, which the service does not understand.
    pub todo_recurrence_dates: bool,
    /// A program that changes the due date of a recurring task gets the old date and one more task, the next of the series.
    pub todo_due_spawns: bool,
    /// A completed task of a series becomes a new item, and the series goes on under the old id, instead of the other way.
    pub todo_series_keeps_id: bool,
    /// Linked resources go on to the next task of a series.
    pub todo_next_keeps_links: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            skew_ms: 0,
            token_lifetime: 3599,
            device_code_polls: Some(1),
            refresh_revokes: true,
            budget: Some(10_000),
            batch_concurrency: None,
            retry_after: Some("5".to_owned()),
            denied_mailboxes: BTreeSet::new(),
            disabled_mailboxes: BTreeSet::new(),
            users_readable: true,
            events_from_all_calendars: false,
            delta_page_size: 10,
            delta_page_limit: 1000,
            delta_empty_pages: false,
            delta_replays: false,
            delta_token_lifetime: None,
            delta_dead_token: DeadToken::Gone,
            delta_loses_returned: false,
            delta_removes_instances: false,
            events_delta_exceptions: false,
            link_base: None,
            links_by_id: false,
            custom_zone: false,
            custom_points: false,
            duplicate_transaction_conflict: false,
            forgets_transactions: false,
            bump_on_read: false,
            deleted_readable: false,
            accept_changes_id: false,
            declined_leaves: true,
            carry_extended_properties: false,
            organizer_in_attendees: false,
            recurrence_change_drops_exceptions: true,
            time_change_drops_exceptions: false,
            attendee_delete_declines: false,
            enforce_if_match: true,
            batch_in_order: false,
            keep_bodies: false,
            app_tasks_role: Role::ReadWrite,
            app_calendars_role: Role::ReadWrite,
            settings_readable: true,
            directory: None,
            todo_page_size: 50,
            todo_delta_refused: None,
            todo_select: false,
            todo_html_bodies: false,
            todo_lists_omit_recurrence: false,
            todo_recurrence_dates: false,
            todo_due_spawns: true,
            todo_series_keeps_id: false,
            todo_next_keeps_links: false,
        }
    }
}

impl Role {
    /// Whether it allows a request with this method.
    pub(super) fn allows(self, method: &str) -> bool {
        match self {
            Self::ReadWrite => true,
            Self::Read => method == "GET",
            Self::None => false,
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
            for (name, change) in changes {
                map.insert(name.clone(), change.clone());
            }
        }
        serde_json::from_value(value).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_switch_is_refused_and_a_known_one_leaves_the_others_alone() {
        let map = serde_json::json!({"delta_dead_token": "gone-with-location"}).as_object().cloned().unwrap();
        let knobs = Knobs::default().merged(&map).unwrap();
        assert_eq!(knobs, Knobs { delta_dead_token: DeadToken::GoneWithLocation, ..Knobs::default() });
        let map = serde_json::json!({"nonsense": 1}).as_object().cloned().unwrap();
        assert!(Knobs::default().merged(&map).is_err());
    }
}
