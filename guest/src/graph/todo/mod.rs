//! Tasks of Microsoft To Do, beside the calendars of the same mailbox: the same four files for them.
//!
//! A task is addressed through its list, so the engine's id of a task names both; the prefix tells lists and tasks from
//! calendars and events. To Do has no named properties: the marker is the external id of a linked resource.

pub mod client;
pub mod feed;
pub mod mapping;
pub mod search;
pub mod write;

/// Prefix of ids of lists and tasks. Graph's own ids have no colon.
const PREFIX: &str = "todo:";

/// Name of our linked resource's application: by it a marker is known for ours.
pub const APPLICATION: &str = "schedule-sync";

/// The engine's id of a list.
#[must_use]
pub fn folder_id(list: &str) -> String {
    format!("{PREFIX}{list}")
}

/// The list of a folder, where it is one.
#[must_use]
pub fn list_of(folder: &str) -> Option<&str> {
    folder.strip_prefix(PREFIX)
}

/// The engine's id of a task.
#[must_use]
pub fn item_id(list: &str, task: &str) -> String {
    format!("{PREFIX}{list}:{task}")
}

/// List and task of an item, where it is a task.
#[must_use]
pub fn task_of(item: &str) -> Option<(&str, &str)> {
    item.strip_prefix(PREFIX)?.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_lists_and_tasks_are_told_from_those_of_calendars_and_events() {
        assert_eq!(task_of(&item_id("AQ-_=", "AAMk=")), Some(("AQ-_=", "AAMk=")));
        assert_eq!(list_of(&folder_id("AQ-_=")), Some("AQ-_="));
        assert_eq!((task_of("AAMkAD="), list_of("AAMkAD=")), (None, None));
    }
}
