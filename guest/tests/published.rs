//! The published lists say what the engine does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use guest::policy::Policies;
use guest::reason::Reason;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

fn read(name: &str) -> String {
    let path = docs(name);
    std::fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

fn reasons() -> String {
    let mut text = String::from(
        "# Reasons\n\n\
         Why an operation is done, held or failed, or an item left alone. Reports, journals and warnings name these codes. A\n\
         code never changes its meaning; new ones may be added, and a host shows one that it does not know as it is.\n\n\
         | code | meaning | what to do |\n|---|---|---|\n",
    );
    for reason in Reason::ALL {
        text += &format!("| `{}` | {} | {} |\n", reason.code(), reason.sentence(), reason.remedy());
    }
    let held: Vec<String> =
        Reason::ALL.iter().filter(|reason| !reason.approvable()).map(|reason| format!("`{}`", reason.code())).collect();
    text += &format!("\nWhat is held can be approved, except for these reasons: {}.\n", held.join(", "));
    text
}

/// `PUBLISH=1 cargo test -p guest --test published` writes the list anew.
#[test]
fn the_list_of_reasons_is_that_of_the_engine() {
    if std::env::var_os("PUBLISH").is_some() {
        std::fs::write(docs("reasons.md"), reasons()).unwrap();
    }
    let published = read("reasons.md");
    assert!(published == reasons(), "docs/reasons.md differs from guest/src/reason.rs: write it anew with PUBLISH=1");
}

/// The rows of the table by policy: values and default.
fn published() -> BTreeMap<String, (String, String)> {
    let text = read("policies.md");
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split(" | ").collect();
        let [name, values, default, _] = cells[..] else { panic!("not four cells: {line}") };
        Some((name.trim_end_matches('`').to_owned(), (values.to_owned(), default.trim_matches('`').to_owned())))
    });
    rows.collect()
}

fn fault(name: &str, value: &str) -> String {
    Policies::parse(&[(name.to_owned(), value.to_owned())]).expect_err(name).join("; ")
}

#[test]
fn every_policy_is_published_with_its_values_and_its_default() {
    let published = published();
    let names: Vec<&str> = published.keys().map(String::as_str).collect();
    let mut known = Policies::NAMES.to_vec();
    known.sort_unstable();
    assert_eq!(names, known);
    for (name, (values, default)) in &published {
        let set = Policies::parse(&[(name.clone(), default.clone())]);
        assert_eq!(set, Ok(Policies::default()), "the default of {name}");
        // What the engine says of a wrong value names all that are right.
        let fault = fault(name, "\u{1}");
        let right = match fault.split_once("must be one of ") {
            Some((_, right)) => right.split(", ").map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "),
            None => fault.split_once("must be ").expect("says what is right").1.replace("or empty", "or nothing"),
        };
        assert_eq!(&right, values, "values of {name}");
    }
}
