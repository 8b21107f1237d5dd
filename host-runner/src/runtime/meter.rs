//! How much of its limits a run has used.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;

use super::limits::Limits;
use crate::clock::Clock;

/// A run was ended because of a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the run reached its limit of {0}")]
pub(super) struct LimitReached(pub(super) String);

/// What the host makes of a run's use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pressure {
    None,
    WindDown,
    Stop,
}

pub(super) struct Meter {
    limits: Limits,
    clock: Arc<dyn Clock>,
    started: Duration,
    cpu: Duration,
    /// When the component was last entered. Real time, because a virtual clock does not tick while something computes.
    entered: Option<Instant>,
    calls: u64,
    memory: usize,
    stopped: Option<(Duration, String)>,
}

impl Meter {
    pub(super) fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let started = clock.elapsed();
        Self { limits, clock, started, cpu: Duration::ZERO, entered: None, calls: 0, memory: 0, stopped: None }
    }

    /// The component computes from here on.
    pub(super) fn enter(&mut self) {
        self.entered = Some(Instant::now());
    }

    /// The host works from here on.
    pub(super) fn leave(&mut self) {
        if let Some(entered) = self.entered.take() {
            self.cpu += entered.elapsed();
        }
    }

    /// The component called the host.
    pub(super) fn called(&mut self) {
        self.leave();
        self.calls += 1;
    }

    pub(super) fn cpu(&self) -> Duration {
        self.cpu + self.entered.map_or(Duration::ZERO, |entered| entered.elapsed())
    }

    pub(super) fn peak_memory(&self) -> usize {
        self.memory
    }

    /// How close the run is to the end of what it may use.
    ///
    /// # Errors
    /// It has been past a limit for too long.
    pub(super) fn pressure(&mut self, requests: u64) -> Result<Pressure, LimitReached> {
        let now = self.clock.elapsed();
        if let Some((since, name)) = &self.stopped {
            // Computing time counts as well: a clock that stands still must not give a busy loop time without end.
            let grace = self.limits.last_words;
            let late = now.saturating_sub(*since) >= grace || self.cpu() >= self.limits.cpu + grace;
            return if late { Err(LimitReached(name.clone())) } else { Ok(Pressure::Stop) };
        }
        let Limits { cpu, wall, host_calls, requests: allowed, .. } = &self.limits;
        let uses = [
            (self.cpu().as_secs_f64(), cpu.as_secs_f64(), "computing time"),
            (now.saturating_sub(self.started).as_secs_f64(), wall.as_secs_f64(), "time"),
            (as_f64(self.calls), as_f64(*host_calls), "calls into the host"),
            (as_f64(requests), as_f64(*allowed), "requests"),
        ];
        let mut pressure = Pressure::None;
        for (used, limit, name) in uses {
            if used >= limit {
                let unit = if name.ends_with("time") { " seconds" } else { "" };
                self.stopped = Some((now, format!("{name} ({limit:.0}{unit})")));
                return Ok(Pressure::Stop);
            }
            if used >= limit * 0.9 {
                pressure = Pressure::WindDown;
            }
        }
        if self.memory.saturating_mul(10) >= self.limits.memory.saturating_mul(9) {
            pressure = Pressure::WindDown;
        }
        Ok(pressure)
    }
}

#[allow(clippy::cast_precision_loss)]
fn as_f64(number: u64) -> f64 {
    number as f64
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.limits.memory {
            // An error and not a refusal: the component would end with a bare `unreachable`, and nobody would know why.
            let name = format!("memory ({} MiB)", self.limits.memory >> 20);
            return Err(wasmtime::Error::new(LimitReached(name)));
        }
        self.memory = self.memory.max(desired);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= 100_000)
    }
}
