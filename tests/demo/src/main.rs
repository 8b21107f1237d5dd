//! The main job, shown against the emulators on loopback: a preview, an import, an export, a sync, edits on both sides, a
//! sync that carries them over, one that writes nothing, and an end without a trace. The demo checks what it says and fails where it is not so.

mod claims;
mod clock;
mod colleague;
mod edits;
mod stage;
mod story;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use host_runner::screen::{self, Screen};

use claims::Claims;
use stage::Stage;
use story::{Story, Sum};

/// A Monday, nine in the morning in Moscow: the same at every start, so that the story is, too.
const START: &str = "2026-11-23T06:00:00Z";

#[tokio::main]
async fn main() -> ExitCode {
    match play().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever reads has had enough: `cargo demo | head`.
        Err(fault) if unread(fault.as_ref()) => ExitCode::FAILURE,
        Err(fault) => {
            // Standard error may be closed; there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "{}: {fault}", screen::alarm("error"));
            ExitCode::FAILURE
        }
    }
}

fn unread(fault: &(dyn Error + 'static)) -> bool {
    fault.downcast_ref::<io::Error>().is_some_and(|fault| fault.kind() == io::ErrorKind::BrokenPipe)
}

/// Plays it all; says whether everything was as promised.
async fn play() -> Result<bool, Box<dyn Error>> {
    let mut screen = Screen::stdout(false);
    let mut claims = Claims::default();
    let mut stage = Stage::set(START.parse::<DateTime<Utc>>()?).await?;
    let mut story = Story { stage: &mut stage, screen: &mut screen, claims: &mut claims, sum: Sum::default(), act: 0 };
    let told = story.tell().await;
    screen.flush()?;
    stage.strike().await;
    told?;
    Ok(claims.hold())
}
