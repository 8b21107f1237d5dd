//! What one run may use.

use std::time::Duration;

/// Limits of one run. At 90 % the component is asked to wind down, at 100 % it gets no more answers, and `last_words`
/// later it is ended with an error that names the limit. Memory is the exception: what is not there cannot be lent for
/// a few seconds more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory in bytes.
    pub memory: usize,
    /// Time in which the component itself computes.
    pub cpu: Duration,
    /// Time from start to end.
    pub wall: Duration,
    /// Calls into the host.
    pub host_calls: u64,
    /// Requests sent, repetitions included.
    pub requests: u64,
    /// The longest wait that is sat out within a run because a server asks for it.
    pub longest_wait: Duration,
    /// Between the moment a component gets no more answers and its end; five seconds.
    pub last_words: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            cpu: Duration::from_secs(300),
            wall: Duration::from_secs(30 * 60),
            host_calls: 1_000_000,
            requests: 100_000,
            longest_wait: Duration::from_secs(300),
            last_words: Duration::from_secs(5),
        }
    }
}
