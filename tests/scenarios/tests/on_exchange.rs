//! The scenarios once more, with the mailboxes on an Exchange Server. They are written once: by this program's name the
//! world knows what it is about.

#[path = "choices.rs"]
mod choices;
#[path = "coexist.rs"]
mod coexist;
#[path = "conflicts.rs"]
mod conflicts;
#[path = "crash.rs"]
mod crash;
#[path = "deletions.rs"]
mod deletions;
#[path = "edits.rs"]
mod edits;
#[path = "first.rs"]
mod first;
#[path = "first_contact.rs"]
mod first_contact;
#[path = "forget.rs"]
mod forget;
#[path = "groups.rs"]
mod groups;
#[path = "hand_over.rs"]
mod hand_over;
#[path = "hidden.rs"]
mod hidden;
#[path = "identity.rs"]
mod identity;
#[path = "links.rs"]
mod links;
#[path = "lists.rs"]
mod lists;
#[path = "policies.rs"]
mod policies;
#[path = "private.rs"]
mod private;
#[path = "runs.rs"]
mod runs;
#[path = "storage.rs"]
mod storage;
#[path = "tasks.rs"]
mod tasks;
#[path = "times.rs"]
mod times;
#[path = "undo.rs"]
mod undo;
