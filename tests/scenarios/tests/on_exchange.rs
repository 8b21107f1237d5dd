//! The scenarios once more, with the mailboxes on an Exchange Server. They are written once: by this program's name the
//! world knows what it is about.

#[path = "conflicts.rs"]
mod conflicts;
#[path = "deletions.rs"]
mod deletions;
#[path = "edits.rs"]
mod edits;
#[path = "first.rs"]
mod first;
#[path = "tasks.rs"]
mod tasks;
