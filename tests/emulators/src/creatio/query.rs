//! Query options: `$filter`, `$select`, `$orderby`, `$top`, `$skip`, `$count`, `$expand`.

use super::failure::Failure;
use super::filter::{self, Filter};
use super::knobs::Knobs;
use super::path::{Path, path};
use super::schema::{Column, Entity};
use crate::wire::query_text;

/// Decoded names and values; a plus is a space.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (query_text(name), query_text(value)))
        .collect()
}

/// What a row is shown with.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    /// None: every column.
    pub(super) select: Option<Vec<&'static Column>>,
    pub(super) expand: Vec<Expand>,
}

#[derive(Debug, Clone)]
pub(super) enum Expand {
    One { name: String, lookup: &'static Column, target: &'static Entity, shape: Shape },
    Many { name: String, child: &'static Entity, by: &'static Column, shape: Shape },
}

#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) filter: Option<Filter>,
    /// Paths, each with whether it goes down.
    pub(super) order: Vec<(Path, bool)>,
    pub(super) top: Option<usize>,
    pub(super) skip: usize,
    pub(super) count: bool,
    pub(super) shape: Shape,
}

fn invalid(message: &str) -> Failure {
    Failure::Query(400, format!("The query specified in the URI is not valid. {message}"))
}

pub(super) fn options(query: &str, entity: &'static Entity, knobs: &Knobs) -> Result<Options, Failure> {
    let mut found = Options::default();
    for (name, value) in parameters(query) {
        let number = || {
            value
                .trim()
                .parse::<usize>()
                .map_err(|_| invalid(&format!("Invalid value '{value}' for {name} query option found.")))
        };
        match name.as_str() {
            "$filter" => found.filter = Some(filter::parse(&value, entity, knobs)?),
            "$top" => found.top = Some(number()?),
            "$skip" => found.skip = number()?,
            "$count" => {
                found.count = match value.trim() {
                    "true" => true,
                    "false" => false,
                    other => return Err(invalid(&format!("Invalid value '{other}' for $count query option found."))),
                }
            }
            "$select" => found.shape.select = select(&value, entity, knobs)?,
            "$expand" => found.shape.expand = expand(&value, entity, knobs, 0)?,
            "$orderby" => {
                for part in value.split(',') {
                    let mut words = part.split_whitespace();
                    let column = path(words.next().unwrap_or_default(), entity, knobs)?;
                    let down = match words.next() {
                        None | Some("asc") => false,
                        Some("desc") => true,
                        Some(other) => return Err(invalid(&format!("Syntax error in $orderby at '{other}'."))),
                    };
                    found.order.push((column, down));
                }
            }
            "$format" => {}
            other if other.starts_with('$') => {
                return Err(invalid(&format!("The query parameter '{other}' is not supported.")));
            }
            _ => {}
        }
    }
    Ok(found)
}

fn missing(name: &str, entity: &Entity) -> Failure {
    invalid(&format!(
        "Could not find a property named '{name}' on type 'Terrasoft.Configuration.OData.{}'.",
        entity.name
    ))
}

fn select(text: &str, entity: &'static Entity, knobs: &Knobs) -> Result<Option<Vec<&'static Column>>, Failure> {
    let mut columns = Vec::new();
    for name in text.split(',').map(str::trim) {
        if name == "*" {
            return Ok(None);
        }
        match entity.column(name).filter(|column| knobs.has(entity.name, column.name)) {
            Some(column) if columns.iter().any(|known: &&Column| known.name == column.name) => {}
            Some(column) => columns.push(column),
            // A navigation property may be selected; without $expand it shows nothing.
            None if entity.lookup(name).is_some() || entity.collection(name).is_some() => {}
            None => return Err(missing(name, entity)),
        }
    }
    Ok(Some(columns))
}

fn expand(text: &str, entity: &'static Entity, knobs: &Knobs, depth: usize) -> Result<Vec<Expand>, Failure> {
    if depth > 5 {
        return Err(invalid("The request includes a $expand path which is too deep."));
    }
    let mut found = Vec::new();
    for part in split(text, ',') {
        let (name, inner) = match part.split_once('(') {
            Some((name, inner)) => {
                let inner = inner.strip_suffix(')').ok_or_else(|| invalid("Syntax error in $expand."))?;
                (name.trim().to_owned(), inner)
            }
            None => (part.trim().to_owned(), ""),
        };
        let shape = |target: &'static Entity| -> Result<Shape, Failure> {
            let mut shape = Shape::default();
            for option in split(inner, ';').iter().map(|option| option.trim()).filter(|option| !option.is_empty()) {
                match option.split_once('=') {
                    Some(("$select", value)) => shape.select = select(value, target, knobs)?,
                    Some(("$expand", value)) => shape.expand = expand(value, target, knobs, depth + 1)?,
                    _ => return Err(invalid(&format!("The option '{option}' is not supported in $expand."))),
                }
            }
            Ok(shape)
        };
        if let Some((lookup, target)) = entity.lookup(&name) {
            found.push(Expand::One { shape: shape(target)?, name, lookup, target });
        } else if let Some((child, by)) = entity.collection(&name) {
            if !knobs.expand_collections {
                return Err(Failure::Internal(
                    500,
                    format!("Column by path {name} not found in schema {}", entity.name),
                ));
            }
            found.push(Expand::Many { shape: shape(child)?, name, child, by });
        } else {
            return Err(missing(&name, entity));
        }
    }
    Ok(found)
}

/// Parts between separators that stand outside of parentheses.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut depth = 0_usize;
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if character == separator && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(character);
        }
    }
    parts.push(part);
    parts
}
