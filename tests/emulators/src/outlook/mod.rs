//! What Microsoft Graph and Exchange Web Services have in common, for behind both is one kind of store: ids, bodies,
//! recurrence and time zones.

pub(crate) mod body;
pub(crate) mod ids;
pub(crate) mod recurrence;
pub(crate) mod zones;
