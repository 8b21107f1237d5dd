//! How the tool ends.

use std::process::ExitCode;

/// What an exit code means. The greatest of several accounts counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Everything was done.
    Done,
    /// Something is newly held or failed, or was not undone; of a check: something is doubtful.
    Attention,
    /// A run failed.
    Failed,
    /// The arguments or the configuration are wrong.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Attention => 3,
        })
    }
}

/// Why the tool gave up altogether.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Failure {
    exit: Exit,
    text: String,
    /// Whoever reads the output has had enough: `host-runner log | head`. There is nothing to tell them.
    unread: bool,
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, text: text.into(), unread: false }
    }

    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, text: text.into(), unread: false }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn unread(&self) -> bool {
        self.unread
    }
}

impl From<std::io::Error> for Failure {
    fn from(fault: std::io::Error) -> Self {
        let unread = fault.kind() == std::io::ErrorKind::BrokenPipe;
        let exit = if unread { Exit::Done } else { Exit::Failed };
        Self { exit, text: format!("the output cannot be written: {fault}"), unread }
    }
}

impl From<host_runner::store::StoreError> for Failure {
    fn from(fault: host_runner::store::StoreError) -> Self {
        Self::failed(format!("storage: {fault}"))
    }
}
