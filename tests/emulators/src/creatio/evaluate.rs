//! Whether a row passes a filter, in SQL's three values: an empty cell equals nothing and differs from nothing.

use std::cmp::Ordering;

use std::collections::BTreeSet;
use uuid::Uuid;

use super::filter::{Filter, Function, Operator};
use super::knobs::Knobs;
use super::path::Path;
use super::schema::Entity;
use super::store::{Row, Store};
use super::value::{Kind, Value};

pub(super) fn passes(filter: &Filter, row: &Row, store: &Store, knobs: &Knobs) -> bool {
    test(filter, row, store, knobs) == Some(true)
}

fn test(filter: &Filter, row: &Row, store: &Store, knobs: &Knobs) -> Option<bool> {
    match filter {
        Filter::All(parts) => {
            let mut known = true;
            for part in parts {
                match test(part, row, store, knobs) {
                    Some(false) => return Some(false),
                    None => known = false,
                    Some(true) => {}
                }
            }
            known.then_some(true)
        }
        Filter::Any(parts) => {
            let mut known = true;
            for part in parts {
                match test(part, row, store, knobs) {
                    Some(true) => return Some(true),
                    None => known = false,
                    Some(false) => {}
                }
            }
            known.then_some(false)
        }
        Filter::Not(inner) => test(inner, row, store, knobs).map(|passed| !passed),
        Filter::Compare(path, operator, Some(literal)) => {
            let value = cell(path, row, store)?;
            let order = compare(&value, literal, knobs);
            Some(match operator {
                Operator::Equal => order == Ordering::Equal,
                Operator::NotEqual => order != Ordering::Equal,
                Operator::Greater => order == Ordering::Greater,
                Operator::GreaterOrEqual => order != Ordering::Less,
                Operator::Less => order == Ordering::Less,
                Operator::LessOrEqual => order != Ordering::Greater,
            })
        }
        Filter::Compare(path, operator, None) => {
            let is_empty = match cell(path, row, store) {
                None => true,
                Some(Value::Text(text)) => text.is_empty(),
                Some(_) => false,
            };
            match operator {
                Operator::Equal => Some(is_empty),
                Operator::NotEqual => Some(!is_empty),
                _ => Some(false),
            }
        }
        Filter::Text(function, path, needle) => {
            let Some(Value::Text(mut text)) = cell(path, row, store) else { return None };
            let mut needle = needle.clone();
            if knobs.ignore_case {
                (text, needle) = (text.to_lowercase(), needle.to_lowercase());
            }
            Some(match function {
                Function::Contains => text.contains(&needle),
                Function::StartsWith => text.starts_with(&needle),
                Function::EndsWith => text.ends_with(&needle),
            })
        }
        Filter::Flag(path) => match cell(path, row, store) {
            Some(Value::Bool(flag)) => Some(flag),
            _ => None,
        },
        Filter::Child(child, column, inner) => {
            let children = store.children(child, column, row.guid("Id")?);
            Some(
                children
                    .into_iter()
                    .filter_map(|id| store.row(child.name, id))
                    .any(|row| inner.as_ref().is_none_or(|inner| passes(inner, row, store, knobs))),
            )
        }
    }
}

/// What stands at the end of a path; a missing neighbour is an empty cell.
pub(super) fn cell(path: &Path, row: &Row, store: &Store) -> Option<Value> {
    let mut row = row;
    for (lookup, target) in &path.steps {
        let Some(next) = row.guid(lookup.name).and_then(|id| store.row(target.name, id)) else {
            return (path.column.kind == Kind::Text).then(|| Value::Text(String::new()));
        };
        row = next;
    }
    row.get(path.column.name).cloned().or_else(|| path.column.kind.empty())
}

/// How the database orders two values.
pub(super) fn compare(left: &Value, right: &Value, knobs: &Knobs) -> Ordering {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) if knobs.ignore_case => left.to_lowercase().cmp(&right.to_lowercase()),
        (Value::Guid(left), Value::Guid(right)) if knobs.sql_server_ids => sql_server(*left).cmp(&sql_server(*right)),
        _ => left.cmp(right),
    }
}

/// SQL Server looks at the last group of an id first.
fn sql_server(id: Uuid) -> [u8; 16] {
    let [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, e0, e1, e2, e3, e4, e5] = id.to_bytes_le();
    [e0, e1, e2, e3, e4, e5, d0, d1, c0, c1, b0, b1, a0, a1, a2, a3]
}

/// The only rows that can pass, where keys or indexed lookups say so; `None` means any row.
pub(super) fn candidates(filter: &Filter, entity: &'static Entity, store: &Store) -> Option<BTreeSet<Uuid>> {
    match filter {
        Filter::Compare(path, Operator::Equal, Some(Value::Guid(id))) if path.steps.is_empty() => {
            if path.column.name == "Id" {
                Some(BTreeSet::from([*id]))
            } else if path.column.is_parent() {
                Some(store.children(entity, path.column, *id).into_iter().collect())
            } else {
                None
            }
        }
        Filter::All(parts) => parts.iter().find_map(|part| candidates(part, entity, store)),
        Filter::Any(parts) => {
            let sets: Option<Vec<_>> = parts.iter().map(|part| candidates(part, entity, store)).collect();
            Some(sets?.into_iter().flatten().collect())
        }
        _ => None,
    }
}
