//! One engine in two forms: a world played with the library and with the built component must be the same world, run by
//! run, in all that passes the engine's seams.

use crate::history::History;
use crate::play::perform;
use scenarios::Ran;
use scenarios::engine::Engine;
use std::fmt::Write as _;

/// Plays a history both ways; gives where the two part, nothing if they do not.
#[must_use]
pub fn compare(history: &History) -> Option<String> {
    let native = perform(Engine::Native, history, None, true);
    let component = perform(Engine::Component, history, None, true);
    let number = native.runs.len();
    for (at, (one, other)) in native.runs.iter().zip(&component.runs).enumerate() {
        if let Some(text) = difference(one, other) {
            return Some(format!("run {} of {number}:\n{text}", at + 1));
        }
    }
    if number != component.runs.len() {
        return Some(format!("{number} runs of the library, {} of the component", component.runs.len()));
    }
    let (one, other) = (native.faults, component.faults);
    (one != other).then(|| format!("the library's world ends with {one:?}, the component's with {other:?}"))
}

/// Where two runs part: the first thing that passed a seam of only one of them, or their reports.
fn difference(native: &Ran, component: &Ran) -> Option<String> {
    let longest = native.trace.len().max(component.trace.len());
    let parted = (0..longest).find(|at| native.trace.get(*at) != component.trace.get(*at));
    let mut text = String::new();
    if let Some(at) = parted {
        for (name, ran) in [("library", native), ("component", component)] {
            let event = ran.trace.get(at).map_or_else(|| "nothing".into(), ToString::to_string);
            let _ = writeln!(text, "the {name}, event {at}: {event}");
        }
        return Some(text);
    }
    let _ = match () {
        () if native.report != component.report => {
            write!(text, "reports {:?} and {:?}", native.report, component.report)
        }
        () if native.entries != component.entries => {
            write!(text, "journals {:?} and {:?}", native.entries, component.entries)
        }
        () if native.log != component.log => write!(text, "the services saw different requests"),
        () => return None,
    };
    Some(text)
}
