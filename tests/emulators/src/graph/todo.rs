//! Microsoft To Do: lists, tasks, and what hangs on a task.
//!
//! | module | idea |
//! |---|---|
//! | `task` | what is kept |
//! | `paths`, `lists`, `tasks`, `parts`, `feeds` | requests, by what they ask for |
//! | `decode`, `encode`, `members` | the protocol's surface |
//! | `write`, `recur` | what changes a task |
//! | `api`, `edit` | tests, and other people |

mod api;
mod decode;
mod edit;
mod encode;
mod feeds;
mod lists;
mod members;
mod parts;
mod paths;
mod recur;
mod task;
mod tasks;
mod write;

pub use api::TaskSummary;
pub(super) use api::lists_in_full;
pub(super) use members::{TASK, TASK_LIST, expand_todo};
pub(super) use task::Todo;

use super::errors::ApiError;

/// A refusal as To Do words them.
fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "invalidRequest", message)
}
