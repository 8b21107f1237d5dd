//! The one clock of a site: the system's with an offset, or one that stands still until it is moved.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's clock and an offset: for services on sockets.
    Offset(TimeDelta),
    /// An instant that only [`Clock::advance`] and [`Clock::set`] move: for simulations.
    Still(DateTime<Utc>),
}

impl Clock {
    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::Offset(offset) => moved(DateTime::<Utc>::from(SystemTime::now()), *offset),
            Self::Still(now) => *now,
        }
    }

    /// Moves the clock; a negative step moves it back.
    pub fn advance(&mut self, step: TimeDelta) {
        match self {
            Self::Offset(offset) => *offset = offset.checked_add(&step).unwrap_or(*offset),
            Self::Still(now) => *now = moved(*now, step),
        }
    }

    /// Makes the clock show an instant.
    pub fn set(&mut self, to: DateTime<Utc>) {
        self.advance(to - self.now());
    }
}

/// A step beyond the end of the calendar is not taken.
fn moved(time: DateTime<Utc>, step: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(step).unwrap_or(time)
}
