//! A scenario on both kinds of mailbox. It is written once, in the words of Graph, and played twice in one test: with the
//! mailboxes on Microsoft 365, and on an Exchange Server. What Creatio holds when each of its worlds ends is the same,
//! whichever it was; what is not is named in [`differences`], and explained in docs/exchange.md.
//!
//! Worlds in which the power was cut are compared as a whole, because there is one for each effect of a run, and runs have
//! not the same effects: whatever some of them come to on one of the two, some come to on the other.

pub mod differences;

use crate::mail::Server;
use crate::normal;
use crate::switch::Switch;
use differences::{ALONE, DIFFERENT, Different};
use emulators::creatio::Creatio;
use emulators::harness::Shared;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

thread_local! {
    /// What this thread plays.
    static PLAY: RefCell<Option<Play>> = const { RefCell::new(None) };
}

/// A scenario while it is played with one kind of mailbox.
struct Play {
    server: Server,
    /// How many worlds began.
    worlds: usize,
    /// How its worlds ended, by their numbers in the order in which they began.
    ends: BTreeMap<usize, Value>,
    /// How those ended in which the power was cut.
    cut: BTreeMap<usize, Value>,
    /// Why it is about Graph alone, if it is.
    alone: Option<&'static str>,
}

fn with<T>(look: impl FnOnce(&mut Play) -> T) -> Option<T> {
    PLAY.with_borrow_mut(|play| play.as_mut().map(look))
}

/// What the mailboxes of a world are on: what the scenario is played with, and Microsoft 365 where none is played.
#[must_use]
pub fn server() -> Server {
    with(|play| play.server).unwrap_or(Server::Graph)
}

/// Whether a scenario is about Graph alone and is being played on Exchange. `why` stands in the documentation.
#[must_use]
pub fn about_graph(why: &'static str) -> bool {
    with(|play| play.alone = Some(why));
    server() == Server::Exchange
}

/// Sees how a world ends: it goes with it.
pub(crate) struct Witness {
    creatio: Shared<Creatio>,
    switch: Arc<Switch>,
    number: Option<usize>,
}

impl Witness {
    pub(crate) fn of(creatio: &Shared<Creatio>, switch: &Arc<Switch>) -> Self {
        let number = with(|play| {
            play.worlds += 1;
            play.worlds
        });
        Self { creatio: creatio.clone(), switch: Arc::clone(switch), number }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let Some(number) = self.number.filter(|_| !std::thread::panicking()) else { return };
        let (end, cut) = (normal::creatio(&self.creatio), self.switch.fated());
        with(|play| if cut { &mut play.cut } else { &mut play.ends }.insert(number, end));
    }
}

/// Plays a scenario on both, and compares.
pub fn play(module: &str, name: &str, scenario: fn()) {
    let name = format!("{}::{name}", module.split_once("::").map_or(module, |(_, module)| module));
    let [graph, exchange] = [Server::Graph, Server::Exchange].map(|server| {
        println!("{name} on {server:?}");
        PLAY.set(Some(Play { server, worlds: 0, ends: BTreeMap::new(), cut: BTreeMap::new(), alone: None }));
        scenario();
        PLAY.take().unwrap()
    });
    let alone = ALONE.iter().find(|alone| alone.scenario == name);
    assert_eq!(graph.alone, alone.map(|alone| alone.why), "what differences.rs says {name} is about");
    if let Some(why) = graph.alone {
        println!("not compared: {name}: about Graph alone: {why}");
        return;
    }
    let found = [uncut(&graph, &exchange), cut(&graph, &exchange)].concat();
    let known = DIFFERENT.iter().find(|different| different.scenario == name);
    let wanted: Vec<String> = known.iter().flat_map(|known| known.lines).map(|line| (*line).to_owned()).collect();
    assert_eq!(found, wanted, "what Creatio holds after {name}: on Microsoft 365 / on Exchange");
    let rows: usize = graph.ends.values().map(|end| end["Activity"].as_array().map_or(0, Vec::len)).sum();
    let came = match known {
        None => "the same".to_owned(),
        Some(Different { matter, .. }) => format!("different as documented: {matter}"),
    };
    let (worlds, cut) = (graph.ends.len(), graph.cut.len() + exchange.cut.len());
    println!("compared: {name}: {worlds} worlds, {rows} activities, {cut} cut worlds: {came}");
}

/// What the two hold differently, world by world.
fn uncut(graph: &Play, exchange: &Play) -> Vec<String> {
    assert_eq!(graph.ends.len(), exchange.ends.len(), "as many worlds, whichever mailbox it is");
    let worlds = graph.ends.values().zip(exchange.ends.values()).enumerate();
    worlds.flat_map(|(number, (graph, exchange))| apart(number, &rows(graph), &rows(exchange))).collect()
}

/// Ends that worlds came to on one of the two and on the other none did.
fn cut(graph: &Play, exchange: &Play) -> Vec<String> {
    let end = |end: &Value| rows(end).iter().map(Row::whole).collect::<Vec<_>>().join("\n");
    let ends = |play: &Play| -> BTreeSet<String> { play.cut.values().map(end).collect() };
    let (graph, exchange) = (ends(graph), ends(exchange));
    let lost = graph.difference(&exchange).map(|end| format!("- cut:\n{end}"));
    lost.chain(exchange.difference(&graph).map(|end| format!("+ cut:\n{end}"))).collect()
}

/// A row of a set.
#[derive(Clone, PartialEq)]
struct Row<'v> {
    set: &'v str,
    cells: &'v Map<String, Value>,
}

impl Row<'_> {
    fn name(&self) -> &str {
        ["Title", "Name", "ActivityId"].iter().find_map(|column| self.cells.get(*column)?.as_str()).unwrap_or_default()
    }

    fn whole(&self) -> String {
        format!("{} {}", self.set, Value::Object(self.cells.clone()))
    }

    /// Cells in which another row differs.
    fn other_than(&self, other: &Row<'_>) -> String {
        let columns: BTreeSet<&String> = self.cells.keys().chain(other.cells.keys()).collect();
        let cell =
            |row: &Row<'_>, column: &str| row.cells.get(column).map_or_else(|| "nothing".into(), Value::to_string);
        let differs = columns.into_iter().filter(|column| self.cells.get(*column) != other.cells.get(*column));
        differs
            .map(|column| format!("{column}: {} / {}", cell(self, column), cell(other, column)))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn rows(end: &Value) -> Vec<Row<'_>> {
    let mut all = Vec::new();
    for (set, rows) in end.as_object().into_iter().flatten() {
        let rows = rows.as_array().into_iter().flatten().filter_map(Value::as_object);
        all.extend(rows.map(|cells| Row { set, cells }));
    }
    all
}

/// Rows that only one of the two has; those of one name are told together.
fn apart(number: usize, graph: &[Row<'_>], exchange: &[Row<'_>]) -> Vec<String> {
    let mut others = without(exchange, graph);
    let mut all = Vec::new();
    for row in without(graph, exchange) {
        match others.iter().position(|other| (other.set, other.name()) == (row.set, row.name())) {
            Some(at) => {
                all.push(format!("{number} {} {:?}: {}", row.set, row.name(), row.other_than(&others.remove(at))))
            }
            None => all.push(format!("{number} only on Microsoft 365: {}", row.whole())),
        }
    }
    all.extend(others.iter().map(|row| format!("{number} only on Exchange: {}", row.whole())));
    all
}

/// Those of the first that the second has not; of several that are alike as many as it has too few.
fn without<'v>(first: &[Row<'v>], second: &[Row<'v>]) -> Vec<Row<'v>> {
    let mut second = second.to_vec();
    let mut left = first.to_vec();
    left.retain(|row| match second.iter().position(|other| other == row) {
        Some(at) => {
            second.swap_remove(at);
            false
        }
        None => true,
    });
    left
}
