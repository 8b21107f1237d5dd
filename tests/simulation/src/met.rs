//! Which hardships a world met: what was planned for it may never have come to pass.

use crate::step::{Deed, Step};
use emulators::fault::{Effect, Fault};
use emulators::page::{Link, PageFault};
use scenarios::storage::Failing;
use serde_json::Value;
use std::collections::BTreeSet;

/// The power went before an effect.
pub const CRASH_BEFORE: &str = "crash before an effect";
/// The power went after an effect.
pub const CRASH_AFTER: &str = "crash after an effect";
/// Somebody edited between what a run read and what it wrote.
pub const MEANWHILE: &str = "edit during a run";
/// A run began beside another.
pub const BESIDE: &str = "second run beside the first";
/// A host stood still.
pub const STILL: &str = "host that stands still";
/// A run did without a calendar that is synchronised otherwise.
pub const UNTICKED: &str = "calendar unticked";

/// How long the host waits for an answer.
const TIMEOUT: u64 = 60_000;
/// Servers' clocks that are so many minutes off are hours off.
const HOURS: i64 = 60;
/// So many runs without rights are many.
const MANY: u32 = 3;

/// What a world met.
#[derive(Debug, Clone, Default)]
pub struct Met {
    all: BTreeSet<&'static str>,
    /// Runs since rights were taken away.
    blind: Option<u32>,
}

impl Met {
    /// One more.
    pub fn add(&mut self, hardship: &'static str) {
        self.all.insert(hardship);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().copied()
    }

    /// What a step is by itself.
    pub fn step(&mut self, step: &Step) {
        match step {
            Step::GoBack => self.add("storage restored from a backup"),
            Step::Rights(given) => self.blind = (!given).then_some(0),
            Step::Mailbox(_, false) => self.add("mailbox refused"),
            Step::Run(..) => {
                self.blind = self.blind.map(|runs| runs + 1);
                match self.blind {
                    Some(MANY) => self.add("rights lost for many runs"),
                    Some(_) => self.add("rights lost"),
                    None => {}
                }
            }
            Step::Clock(_, minutes) if minutes.abs() >= HOURS => self.add("clock skew of hours"),
            Step::SignedOut => self.add("sign-ins expired"),
            Step::Knobs(_, values) if values.contains("delta_") => self.add("odd pages"),
            Step::Forget(_) => self.add("feeds forgotten"),
            Step::Deed(Deed::Hide { hidden: true, .. }) => self.add("rights to some rows lost"),
            Step::Deed(Deed::Nibble { .. }) => self.add("retention"),
            Step::Deed(Deed::CreateTask { .. }) => self.add("tasks"),
            Step::Deed(Deed::Flip { .. }) => self.add("show in calendar turned"),
            Step::Deed(Deed::EmptyGroup) => self.add("group emptied"),
            Step::Choose(..) => self.add("settings changed"),
            Step::Deed(Deed::CopyItem { .. } | Deed::CopyActivity { .. }) => self.add("copies by another tool"),
            _ => {}
        }
    }

    /// What befell calls of the storage.
    pub fn storage(&mut self, failing: &[Failing]) {
        for failing in failing {
            self.add(match failing {
                Failing::StaleRun | Failing::StaleShared => "stale commit",
                Failing::Unheard => "commit whose answer is lost",
                Failing::Unavailable => "storage unavailable",
                Failing::Full => "storage full",
            });
        }
    }

    /// What befell requests.
    pub fn faults<'f>(&mut self, faults: impl Iterator<Item = &'f Fault>) {
        for fault in faults {
            self.add(name(&fault.effect));
        }
    }
}

fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Late { .. } | Effect::Part { late: Some(_), .. } => "request that lands late",
        Effect::Delay { ms } if *ms > TIMEOUT => "request that lands late",
        Effect::DelayReply { ms } if *ms > TIMEOUT => "delay past a time-out",
        Effect::Delay { .. } | Effect::DelayReply { .. } => "slow answer",
        Effect::LostAfter | Effect::StatusAfter { .. } | Effect::Part { acts: true, .. } => {
            "reply lost after the effect"
        }
        Effect::LostBefore => "request lost",
        Effect::Status { status, body, .. } => match status {
            200 if body["value"] == Value::Array(Vec::new()) || body.is_string() => "empty listing",
            500 if body.as_str().is_some_and(|body| body.contains("ErrorServerBusy")) => outside(429),
            status => outside(*status),
        },
        Effect::Part { status: 410, .. } => "410",
        Effect::Part { status: 412, .. } => "412",
        Effect::Part { status: 429, .. } => "429 inside a batch",
        Effect::Part { status: 500.., .. } => "5xx inside a batch",
        Effect::Part { .. } => "refusal inside a batch",
        Effect::Cut { .. } => "answer cut short",
        Effect::Page(page) => listing(page),
        Effect::Html { .. } | Effect::Huge { .. } => "answer that is no answer",
    }
}

const fn outside(status: u16) -> &'static str {
    match status {
        401 => "sign-in refused",
        410 => "410",
        412 => "412",
        429 => "429 outside a batch",
        500.. => "5xx",
        _ => "refusal",
    }
}

const fn listing(page: &PageFault) -> &'static str {
    match page {
        PageFault { drop: 100.., .. } => "empty listing",
        PageFault { drop: 1.., .. } | PageFault { link: Link::EndsEarly, .. } => "page cut short",
        _ => "odd pages",
    }
}
