//! What the demo promises, checked as it goes: a demo that shows something else than it says must not end well.

use std::io;

use host_runner::screen::{Screen, Tone};

/// Claims that were checked.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    held: usize,
    broken: Vec<String>,
}

impl Claims {
    /// Checks one.
    pub(crate) fn that(&mut self, claim: impl Into<String>, holds: bool) {
        if holds {
            self.held += 1;
        } else {
            self.broken.push(claim.into());
        }
    }

    /// Whether all of them hold.
    pub(crate) fn hold(&self) -> bool {
        self.broken.is_empty()
    }

    /// Tells how it went.
    pub(crate) fn tell(&self, screen: &mut Screen) -> io::Result<()> {
        for claim in &self.broken {
            let mark = screen.tone(Tone::Bad, "Not as promised:");
            screen.line(format!("  {mark} {claim}"))?;
        }
        if self.hold() {
            let all = screen
                .tone(Tone::Good, format!("All {} claims that this demo makes were checked and hold.", self.held));
            screen.line(format!("  {all}"))?;
        }
        Ok(())
    }
}
