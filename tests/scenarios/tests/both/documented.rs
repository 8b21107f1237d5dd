//! docs/exchange.md names what ends differently in Creatio and what is about Graph alone, and nothing else.

use scenarios::both::differences::{ALONE, DIFFERENT};
use std::collections::BTreeSet;

/// The cells of the table below a heading.
fn table(heading: &str) -> BTreeSet<(String, String)> {
    let text = include_str!("../../../../docs/exchange.md");
    let (_, below) = text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let section = below.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| scenario")).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].trim_matches('`').to_owned(), cells[1].to_owned())
    });
    rows.collect()
}

#[test]
fn what_ends_differently_is_what_the_documentation_says() {
    let listed = DIFFERENT.iter().map(|one| (one.scenario.to_owned(), one.matter.to_owned()));
    assert_eq!(table("What ends differently in Creatio"), listed.collect());
}

#[test]
fn what_is_about_graph_alone_is_what_the_documentation_says() {
    let listed = ALONE.iter().map(|one| (one.scenario.to_owned(), one.why.to_owned()));
    assert_eq!(table("Scenarios about Graph alone"), listed.collect());
}

/// A scenario that was renamed would be listed for nothing.
#[test]
fn what_is_listed_is_a_scenario() {
    let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/both");
    for name in DIFFERENT.iter().map(|one| one.scenario).chain(ALONE.iter().map(|one| one.scenario)) {
        let (file, function) = name.split_once("::").unwrap();
        let text = std::fs::read_to_string(files.join(format!("{file}.rs"))).unwrap();
        assert!(text.contains(&format!("#[scenarios::scenario]\nfn {function}()")), "{name}");
    }
}
