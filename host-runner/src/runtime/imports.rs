//! The imports of the world, served from a run's sandbox.

use std::sync::Arc;

use wasmtime::Result;

use super::bindings::schedule::sync::{http, journal, progress, storage};
use super::bindings::wasi::clocks::wall_clock;
use super::meter::{LimitReached, Pressure};
use super::observer::Level;
use super::sandbox::{ENTRIES, NOTE_LENGTH, NOTES, Sandbox};
use crate::http::Error;
use crate::store::{RunStorage, StoreError};

impl Sandbox {
    /// Counts a call; ends the run where it has been past a limit for too long.
    fn called(&mut self) -> Result<Pressure> {
        self.meter.called();
        let requests = self.http.sent();
        self.meter.pressure(requests).map_err(wasmtime::Error::new)
    }

    /// Storage may wait for a disk or a lock, so it gets a thread that may.
    async fn stored<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&RunStorage) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Result<T, storage::Error>> {
        self.called()?;
        let view = Arc::clone(&self.storage);
        let outcome = tokio::task::spawn_blocking(move || work(&view))
            .await
            .unwrap_or_else(|fault| Err(StoreError::Other(format!("storage gave up: {fault}"))));
        self.meter.enter();
        Ok(outcome.map_err(Into::into))
    }
}

impl http::Host for Sandbox {
    async fn send(&mut self, requests: Vec<http::Request>) -> Result<Vec<Result<http::Response, http::Error>>> {
        let answers = if self.called()? == Pressure::Stop {
            requests.iter().map(|_| Err(Error::Stopped)).collect()
        } else {
            self.http.send(requests.into_iter().map(Into::into).collect()).await
        };
        self.meter.enter();
        Ok(answers.into_iter().map(|answer| answer.map(Into::into).map_err(Into::into)).collect())
    }
}

impl storage::Host for Sandbox {
    async fn get(&mut self, keys: Vec<String>) -> Result<Result<Vec<Option<storage::Entry>>, storage::Error>> {
        let found = self.stored(move |view| view.get(&keys)).await?;
        Ok(found.map(|entries| entries.into_iter().map(|entry| entry.map(Into::into)).collect()))
    }

    async fn scan(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Result<storage::Page, storage::Error>> {
        let found = self.stored(move |view| view.scan(&prefix, after.as_deref(), limit)).await?;
        Ok(found.map(Into::into))
    }

    async fn commit(&mut self, changes: Vec<storage::Change>) -> Result<Result<storage::Outcome, storage::Error>> {
        let changes: Vec<_> = changes.into_iter().map(Into::into).collect();
        let outcome = self.stored(move |view| view.commit(&changes)).await?;
        Ok(outcome.map(Into::into))
    }
}

impl journal::Host for Sandbox {
    async fn append(&mut self, entries: Vec<journal::Entry>) -> Result<()> {
        self.called()?;
        if self.storage.waiting() + entries.len() > ENTRIES {
            let name = format!("journal entries without a commit ({ENTRIES})");
            return Err(wasmtime::Error::new(LimitReached(name)));
        }
        self.storage.append(entries.into_iter().map(Into::into).collect());
        self.meter.enter();
        Ok(())
    }
}

impl progress::Host for Sandbox {
    async fn step(&mut self, phase: String, done: u64, total: Option<u64>) -> Result<progress::Directive> {
        let pressure = self.called()?;
        self.observer.step(&phase, done, total);
        self.meter.enter();
        let wind_down = pressure >= Pressure::WindDown || self.stop.winding_down();
        Ok(if wind_down { progress::Directive::WindDown } else { progress::Directive::Proceed })
    }

    async fn note(&mut self, level: progress::Level, text: String) -> Result<()> {
        self.called()?;
        let level = Level::from(level);
        let text: String = text.chars().take(NOTE_LENGTH).collect();
        if level == Level::Error {
            self.complaint = Some(text.clone());
        }
        self.notes += 1;
        if self.notes < NOTES {
            self.observer.note(level, &text);
        } else if self.notes == NOTES {
            self.observer.note(Level::Warning, "further notes of this run are dropped");
        }
        self.meter.enter();
        Ok(())
    }
}

impl wall_clock::Host for Sandbox {
    async fn now(&mut self) -> Result<wall_clock::Datetime> {
        self.called()?;
        let wall = self.clock.wall();
        self.meter.enter();
        let nanoseconds = u32::try_from(wall % 1000).unwrap_or_default() * 1_000_000;
        Ok(wall_clock::Datetime { seconds: wall / 1000, nanoseconds })
    }

    async fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}
