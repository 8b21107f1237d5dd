//! What an address below the OData root names.

use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::failure::Failure;
use super::schema::{Column, Entity, entity};

#[derive(Debug, Clone, Copy)]
pub(super) enum Resource {
    Service,
    Metadata,
    Batch,
    Set(&'static Entity),
    Count(&'static Entity),
    Row(&'static Entity, Uuid),
    Property { entity: &'static Entity, id: Uuid, column: &'static Column, raw: bool },
    Neighbour { entity: &'static Entity, id: Uuid, lookup: &'static Column, target: &'static Entity },
}

impl Resource {
    /// The set that it belongs to.
    pub(super) fn set(&self) -> Option<&'static str> {
        match self {
            Self::Service | Self::Metadata | Self::Batch => None,
            Self::Set(entity)
            | Self::Count(entity)
            | Self::Row(entity, _)
            | Self::Property { entity, .. }
            | Self::Neighbour { entity, .. } => Some(entity.name),
        }
    }
}

/// Reads `Activity(…)/Title/$value` and the like; keys stand in parentheses or as a segment of their own.
pub(super) fn resource(path: &str) -> Result<Resource, Failure> {
    let path = percent_decode_str(path).decode_utf8_lossy();
    let unknown = || Failure::Route(path.to_string());
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    let Some(first) = segments.next() else { return Ok(Resource::Service) };
    match first {
        "$metadata" => return Ok(Resource::Metadata),
        "$batch" => return Ok(Resource::Batch),
        _ => {}
    }
    let (name, key) = match first.split_once('(') {
        Some((name, key)) => (name, Some(key.strip_suffix(')').ok_or_else(unknown)?)),
        None => (first, None),
    };
    let entity = entity(name).ok_or_else(unknown)?;
    let key = match key {
        Some(key) => Some(
            Uuid::parse_str(key.strip_prefix("Id=").unwrap_or(key))
                .map_err(|_| Failure::Query(400, format!("The key value '{key}' is not of type 'Edm.Guid'.")))?,
        ),
        None => match segments.peek() {
            None => None,
            Some(&"$count") => return Ok(Resource::Count(entity)),
            Some(segment) => {
                let key = Uuid::parse_str(segment).map_err(|_| unknown())?;
                segments.next();
                Some(key)
            }
        },
    };
    let Some(id) = key else { return Ok(Resource::Set(entity)) };
    let Some(property) = segments.next() else { return Ok(Resource::Row(entity, id)) };
    let found = match (entity.column(property), entity.lookup(property), segments.next()) {
        (Some(column), _, None) => Resource::Property { entity, id, column, raw: false },
        (Some(column), _, Some("$value")) => Resource::Property { entity, id, column, raw: true },
        (None, Some((lookup, target)), None) => Resource::Neighbour { entity, id, lookup, target },
        _ => return Err(unknown()),
    };
    if segments.next().is_some() { Err(unknown()) } else { Ok(found) }
}
