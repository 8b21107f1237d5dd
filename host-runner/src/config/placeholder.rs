//! Values that `init` leaves for a person to fill in: texts in angle brackets.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Placeholders that are still there: where, of which key, and how they read. Those of accounts only where they count.
pub(super) fn left(text: &str, accounts: bool) -> Vec<(Range<usize>, String, String)> {
    // What is no TOML is told by whoever reads it next.
    let Ok(table) = DeTable::parse(text) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in table.get_ref() {
        let name = name.get_ref().as_ref();
        if accounts || name != "account" {
            walk(value, name, "", &mut found);
        }
    }
    found.sort_by_key(|(span, ..)| span.start);
    found
}

fn walk(value: &Spanned<DeValue<'_>>, table: &str, key: &str, found: &mut Vec<(Range<usize>, String, String)>) {
    match value.get_ref() {
        DeValue::String(text) if text.starts_with('<') && text.ends_with('>') => {
            let heading = if table == "account" { "[[account]]".to_owned() } else { format!("[{table}]") };
            found.push((value.span(), format!("{heading} {key}"), text.to_string()));
        }
        DeValue::Array(values) => values.iter().for_each(|value| walk(value, table, key, found)),
        DeValue::Table(values) => {
            for (name, value) in values {
                walk(value, table, name.get_ref(), found);
            }
        }
        _ => {}
    }
}
