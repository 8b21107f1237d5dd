//! How far a run is: a bar on a terminal, a line for each phase elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::config::Language;
use crate::{Level, Observer};

/// Shows one run.
pub struct Progress {
    account: String,
    bar: Option<ProgressBar>,
    phase: Mutex<String>,
    language: Language,
}

impl Progress {
    /// Begins to show a run of this account in a language.
    #[must_use]
    pub fn new(account: &str, language: Language) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.set_message(account.to_owned());
            bar
        });
        Self { account: account.to_owned(), bar, phase: Mutex::default(), language }
    }

    /// Leaves nothing of the bar behind.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn step(&self, phase: &str, done: u64, total: Option<u64>) {
        let changed = {
            let mut last = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
            let changed = *last != phase;
            phase.clone_into(&mut last);
            changed
        };
        let said = words(phase, self.language);
        match (&self.bar, total) {
            (Some(bar), Some(total)) if total > 0 => {
                if changed && let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bar:30} {pos}/{len}") {
                    bar.set_style(style);
                }
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(format!("{}: {said}", self.account));
            }
            (Some(bar), _) => {
                if changed && let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                    bar.set_style(style);
                }
                let count = if done > 0 { format!(" {done}") } else { String::new() };
                bar.set_message(format!("{}: {said}{count}", self.account));
            }
            (None, _) if changed => drop(writeln!(std::io::stderr(), "{}: {said}", self.account)),
            (None, _) => {}
        }
    }

    fn note(&self, level: Level, text: &str) {
        let write = || match level {
            Level::Debug => tracing::debug!("{text}"),
            Level::Info => tracing::info!("{text}"),
            Level::Warning => tracing::warn!("{text}"),
            Level::Error => tracing::error!("{text}"),
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

fn words(phase: &str, language: Language) -> &str {
    match phase {
        "wait" => language.of("waiting for another run of the account", "ждём другой запуск этой учётной записи"),
        "settle" => language.of("settling what the last run left open", "выясняем, что осталось от прошлого запуска"),
        "observe" => language.of("reading both sides", "читаем обе стороны"),
        "match" => language.of("matching", "сопоставляем"),
        "plan" => language.of("planning", "составляем план"),
        "write" => language.of("writing", "записываем"),
        "removals" => language.of("deciding removals", "решаем об удалениях"),
        "undo" => language.of("undoing", "отменяем"),
        "remove" => language.of("removing items", "удаляем"),
        "unmark" => language.of("taking markers off", "снимаем метки"),
        "erase" => language.of("erasing the account's storage", "стираем хранилище учётной записи"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = include_str!("../../../wit/progress.wit");

    #[test]
    fn every_phase_of_the_contract_is_told_in_words_of_both_languages() {
        let (_, named) = CONTRACT.split_once("Phases of a sync are").unwrap();
        let (named, _) = named.split_once("Others may be added").unwrap();
        let phases: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
        assert_eq!(phases.len(), 10, "{phases:?}");
        for phase in phases {
            assert!(words(phase, Language::Ru).chars().any(|c| ('а'..='я').contains(&c)), "{phase}");
            assert_ne!(words(phase, Language::En), phase);
        }
    }
}
