//! Watching a run.

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever debugs; may hold personal data.
    Debug,
    /// Worth knowing.
    Info,
    /// Something a person should look at.
    Warning,
    /// Something went wrong.
    Error,
}

/// Hears of a run while it is going on. Called from the run's own task: return soon.
pub trait Observer: Send + Sync + 'static {
    /// How far the run is.
    fn step(&self, phase: &str, done: u64, total: Option<u64>) {
        let _ = (phase, done, total);
    }

    /// A line for the log.
    fn note(&self, level: Level, text: &str) {
        let _ = (level, text);
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}
