//! Findings of a check for people: what was tried, what it means, the server's own words, and what to do.

use std::io;

use super::{Screen, Tone, reasons, words};
use crate::config::Language;
use crate::report::{Finding, Verdict};

/// Subject of the questions that a probe asks a site: their answers are neither right nor wrong.
const QUESTIONS: &str = "questions";

/// Findings, one below the other.
///
/// # Errors
/// The screen cannot be written.
pub fn findings(screen: &mut Screen, findings: &[Finding]) -> io::Result<()> {
    findings.iter().try_for_each(|finding| one(screen, finding))
}

fn one(screen: &mut Screen, finding: &Finding) -> io::Result<()> {
    let language = screen.language;
    let (mark, tone) = mark(finding, language);
    let width = mark.chars().count();
    let lead = screen.tone(tone, mark);
    let known = reasons::words(&finding.reason, language);
    let (meaning, remedy) = known.unwrap_or((&finding.reason, ""));
    if finding.subject == QUESTIONS {
        return screen.hanging(2, (&lead, width), &format!("{meaning} — {}", finding.detail));
    }
    screen.hanging(2, (&lead, width), &format!("{}: {meaning}", words::subject(&finding.subject, language)))?;
    screen.wrapped(width + 3, Tone::Faint, &finding.detail)?;
    if finding.verdict != Verdict::Good && !remedy.is_empty() {
        screen.hanging(width + 3, ("→", 1), remedy)?;
    }
    Ok(())
}

fn mark(finding: &Finding, language: Language) -> (&'static str, Tone) {
    if finding.subject == QUESTIONS {
        return (language.of("told ", "ответ     "), Tone::Faint);
    }
    match (finding.verdict, language) {
        (Verdict::Good, Language::En) => ("ok   ", Tone::Good),
        (Verdict::Note, Language::En) => ("note ", Tone::Faint),
        (Verdict::Doubt, Language::En) => ("doubt", Tone::Attention),
        (Verdict::Bad, Language::En) => ("wrong", Tone::Bad),
        (Verdict::Good, Language::Ru) => ("верно     ", Tone::Good),
        (Verdict::Note, Language::Ru) => ("к сведению", Tone::Faint),
        (Verdict::Doubt, Language::Ru) => ("сомнение  ", Tone::Attention),
        (Verdict::Bad, Language::Ru) => ("неверно   ", Tone::Bad),
    }
}
