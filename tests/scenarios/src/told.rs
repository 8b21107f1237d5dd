//! What a run told, and what its requests say: counts, writes, and what was sent.

use crate::runner::Ran;
use crate::world::World;
use guest::report::{Entry, Outcome};
use serde_json::Value;

/// Prints a run, for a test that fails.
pub fn show(ran: &Ran) {
    println!("{:?}", ran.report);
    for entry in &ran.entries {
        let Entry { outcome, action, target, title, reason, detail, units, .. } = entry;
        println!("  {outcome:?} {action:?} {target:?} {title:?} {reason:?} {detail}");
        for unit in units {
            println!("      {:?}: {:?} -> {:?}", unit.unit, unit.before, unit.after);
        }
    }
    for (entry, line) in ran.log.iter().zip(&ran.requests) {
        println!("    {}", line.chars().take(160).collect::<String>());
        for part in &entry.parts {
            let url: String = part.url.chars().take(140).collect();
            println!("        {:?} {} {url}", part.status, part.method);
        }
    }
    println!("    {} commits", ran.commits);
}

impl Ran {
    /// Writes that reached a service: parts of batches and requests of their own.
    #[must_use]
    pub fn writes(&self) -> usize {
        let parts = self.log.iter().flat_map(|entry| &entry.parts).filter(|part| part.method != "GET").count();
        let alone = self.log.iter().filter(|entry| entry.parts.is_empty() && entry.method != "GET").count();
        parts + alone
    }

    /// Batches that were sent to a service.
    #[must_use]
    pub fn batches(&self, service: &str) -> usize {
        self.log.iter().filter(|entry| entry.service == service && !entry.parts.is_empty()).count()
    }

    /// What the parts of batches with this method sent to a service; bodies must have been kept.
    #[must_use]
    pub fn sent(&self, service: &str, method: &str) -> Vec<Value> {
        let soap = self.log.iter().filter(|entry| service == "graph" && entry.service == "exchange");
        let mut all: Vec<Value> = soap.flat_map(|entry| crate::soap::sent(entry, method)).collect();
        let json = self
            .log
            .iter()
            .filter(|entry| entry.service == service)
            .filter_map(|entry| serde_json::from_str::<Value>(entry.body.as_deref()?).ok())
            .flat_map(|batch| batch.get("requests").and_then(Value::as_array).cloned().unwrap_or_default())
            .filter(|part| part["method"] == method)
            .map(|part| part["body"].clone());
        all.extend(json);
        all
    }

    /// Names of the properties or columns that the parts with this method sent, sorted and each once.
    #[must_use]
    pub fn columns(&self, service: &str, method: &str) -> Vec<String> {
        let bodies = self.sent(service, method);
        let mut names: Vec<String> =
            bodies.iter().filter_map(Value::as_object).flat_map(|body| body.keys().cloned()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Entries with this outcome, as reason codes.
    #[must_use]
    pub fn reasons(&self, outcome: Outcome) -> Vec<&'static str> {
        self.entries.iter().filter(|entry| entry.outcome == outcome).map(|entry| entry.reason.code()).collect()
    }

    /// The run ended well and had nothing to tell and nothing to write.
    pub fn idle(&self) {
        let quiet = self.report.is_ok() && self.entries.is_empty() && self.writes() == 0;
        if !quiet {
            show(self);
        }
        assert!(quiet, "the run was not idle");
    }

    /// The run failed with a message that holds this text.
    pub fn fails_with(&self, text: &str) {
        let error = self.report.as_ref().expect_err("the run failed").to_string();
        assert!(error.contains(text), "{error}");
    }

    /// The run warns with this code.
    #[must_use]
    pub fn warns(&self, code: &str) -> bool {
        self.report().warnings.iter().any(|warning| warning.code.code() == code)
    }
}

impl World {
    /// A sync that did not fail, nor failed at anything.
    pub fn synced(&mut self) -> Ran {
        let ran = self.sync();
        if ran.report.is_err() || ran.number(Outcome::Failed) > 0 {
            show(&ran);
        }
        ran.report();
        assert_eq!(ran.number(Outcome::Failed), 0);
        assert!(self.interlude.lock().unwrap().is_none(), "nothing was met that somebody acts before");
        ran
    }

    /// Syncs some time later, and there is nothing to do; then once more.
    pub fn rests(&mut self) {
        for _ in 0..2 {
            self.pass(20);
            self.sync().idle();
        }
    }
}
