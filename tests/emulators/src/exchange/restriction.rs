//! Restrictions: conditions that items or folders have to meet.

use std::cmp::Ordering;

use super::patch::{Field, field};
use super::problem::{Done, Problem};
use super::properties::Property;
use super::times;
use super::xml::Node;
use chrono_tz::Tz;

/// Conditions may lie so deep in each other.
const DEEPEST: usize = 32;

/// What a restriction is held against.
pub(super) trait Comparable {
    /// The text of a property by its element's name; `None` where it has none.
    fn named(&self, name: &str) -> Option<String>;
    /// The values of an extended property.
    fn extended(&self, property: &Property) -> Option<Vec<String>>;
}

/// Properties that cannot be searched for.
const NOT_SEARCHED: [&str; 8] = [
    "UID",
    "RequiredAttendees",
    "OptionalAttendees",
    "Resources",
    "Recurrence",
    "Body",
    "StartTimeZone",
    "EndTimeZone",
];

/// Whether a condition holds.
pub(super) fn holds(node: &Node, row: &impl Comparable) -> Done<bool> {
    judge(node, row, 0)
}

fn judge(node: &Node, row: &impl Comparable, depth: usize) -> Done<bool> {
    if depth > DEEPEST {
        return Err(Problem::new("ErrorRestrictionTooComplex", "The restriction is too complex."));
    }
    let mut parts = node.children.iter().map(|child| judge(child, row, depth + 1));
    match &*node.name {
        "And" => parts.try_fold(true, |all, one| Ok(all && one?)),
        "Or" => parts.try_fold(false, |any, one| Ok(any || one?)),
        "Not" => Ok(!parts.next().unwrap_or(Ok(false))?),
        "Exists" => Ok(values(node, row)?.is_some()),
        "Contains" => {
            let wanted = node.child("Constant").and_then(|one| one.attribute("Value")).unwrap_or_default();
            let mode = node.attribute("ContainmentMode").unwrap_or("FullString");
            let exact = node.attribute("ContainmentComparison").is_none_or(|comparison| comparison == "Exact");
            let folded = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
            let wanted = folded(wanted);
            let meets = |value: &String| {
                let value = folded(value);
                match mode {
                    "Prefixed" => value.starts_with(&wanted),
                    "Substring" | "ExactPhrase" => value.contains(&wanted),
                    "PrefixOnWords" => value.split_whitespace().any(|word| word.starts_with(&wanted)),
                    _ => value == wanted,
                }
            };
            Ok(values(node, row)?.is_some_and(|values| values.iter().any(meets)))
        }
        name => {
            let other = node.child("FieldURIOrConstant").and_then(|one| one.children.first());
            let constant = other.and_then(|one| one.attribute("Value")).map(|value| vec![value.to_owned()]);
            let wanted = match (constant, other) {
                (Some(constant), _) => Some(constant),
                (None, Some(path)) => value_of(path, row)?,
                (None, None) => None,
            };
            let order = match (values(node, row)?, wanted) {
                (Some(values), Some(wanted)) => {
                    values.first().zip(wanted.first()).map(|(one, other)| compare(one, other))
                }
                _ => None,
            };
            match name {
                "IsEqualTo" => Ok(order == Some(Ordering::Equal)),
                "IsNotEqualTo" => Ok(order != Some(Ordering::Equal)),
                "IsGreaterThan" => Ok(order == Some(Ordering::Greater)),
                "IsGreaterThanOrEqualTo" => Ok(matches!(order, Some(Ordering::Greater | Ordering::Equal))),
                "IsLessThan" => Ok(order == Some(Ordering::Less)),
                "IsLessThanOrEqualTo" => Ok(matches!(order, Some(Ordering::Less | Ordering::Equal))),
                _ => Err(Problem::new("ErrorInvalidRestriction", "The restriction is not valid.")),
            }
        }
    }
}

fn values(node: &Node, row: &impl Comparable) -> Done<Option<Vec<String>>> {
    node.children.first().map_or(Ok(None), |path| value_of(path, row))
}

fn value_of(path: &Node, row: &impl Comparable) -> Done<Option<Vec<String>>> {
    match field(path)? {
        Field::Extended(property) => Ok(row.extended(&property)),
        Field::Named(name) if NOT_SEARCHED.contains(&name.as_str()) => {
            let text = format!("The property {name} cannot be used in a restriction.");
            Err(Problem::new("ErrorUnsupportedPathForQuery", text))
        }
        Field::Named(name) => Ok(row.named(&name).map(|value| vec![value])),
    }
}

/// Times as times, numbers as numbers, texts whatever their case.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let time = |text: &str| times::parse(text).map(|sent| sent.instant(Tz::UTC));
    if let (Some(one), Some(other)) = (time(one), time(other)) {
        return one.cmp(&other);
    }
    if let (Ok(one), Ok(other)) = (one.parse::<f64>(), other.parse::<f64>()) {
        return one.total_cmp(&other);
    }
    one.to_lowercase().cmp(&other.to_lowercase())
}
