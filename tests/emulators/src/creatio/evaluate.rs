//! Whether a row passes a filter, in SQL's three values: an empty cell equals nothing and differs from nothing.

use std::cmp::Ordering;

use std::collections::BTreeSet;
use uuid::Uuid;

use super::filter::{Filter, Function, Operator, Path};
use super::schema::Entity;
use super::store::{Row, Store};
use super::value::{Kind, Value};

pub(super) fn passes(filter: &Filter, row: &Row, store: &Store, ignore_case: bool) -> bool {
    test(filter, row, store, ignore_case) == Some(true)
}

fn test(filter: &Filter, row: &Row, store: &Store, ignore_case: bool) -> Option<bool> {
    match filter {
        Filter::All(parts) => {
            let mut known = true;
            for part in parts {
                match test(part, row, store, ignore_case) {
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
                match test(part, row, store, ignore_case) {
                    Some(true) => return Some(true),
                    None => known = false,
                    Some(false) => {}
                }
            }
            known.then_some(false)
        }
        Filter::Not(inner) => test(inner, row, store, ignore_case).map(|passed| !passed),
        Filter::Compare(path, operator, Some(literal)) => {
            let value = cell(path, row, store)?;
            let order = compare(&value, literal, ignore_case);
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
            if ignore_case {
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
                    .any(|row| inner.as_ref().is_none_or(|inner| passes(inner, row, store, ignore_case))),
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

fn compare(left: &Value, right: &Value, ignore_case: bool) -> Ordering {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) if ignore_case => left.to_lowercase().cmp(&right.to_lowercase()),
        _ => left.cmp(right),
    }
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
