//! Columns as `$filter` and `$orderby` name them: over lookups, by navigation properties.

use super::failure::Failure;
use super::knobs::Knobs;
use super::schema::{Column, Entity};

/// A column, reached over lookups.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// Lookup columns on the way, each with the set that it leads to.
    pub(super) steps: Vec<(&'static Column, &'static Entity)>,
    pub(super) column: &'static Column,
}

/// A path such as `Owner/Name`, as `$filter` and `$orderby` take it.
pub(super) fn path(text: &str, entity: &'static Entity, knobs: &Knobs) -> Result<Path, Failure> {
    let missing = |entity: &Entity| {
        let type_name = format!("Terrasoft.Configuration.OData.{}", entity.name);
        Failure::Query(
            400,
            format!(
                "The query specified in the URI is not valid. Could not find a property named '{text}' on type '{type_name}'."
            ),
        )
    };
    let mut steps: Vec<(&'static Column, &'static Entity)> = Vec::new();
    let mut current = entity;
    let mut segments = text.split('/').peekable();
    while let Some(segment) = segments.next() {
        if segments.peek().is_some() {
            let step = current.lookup(segment).ok_or_else(|| missing(current))?;
            current = step.1;
            steps.push(step);
            continue;
        }
        let column = current
            .column(segment)
            .filter(|column| knobs.has(current.name, column.name))
            .ok_or_else(|| missing(current))?;
        if column.is_lookup() && !knobs.scalar_lookup_filter {
            return Err(Failure::Internal(500, format!("Column by path {text} not found in schema {}", entity.name)));
        }
        // The key of a neighbour stands in the row itself.
        if column.name == "Id"
            && let Some((lookup, _)) = steps.pop()
        {
            return Ok(Path { steps, column: lookup });
        }
        return Ok(Path { steps, column });
    }
    Err(missing(entity))
}
