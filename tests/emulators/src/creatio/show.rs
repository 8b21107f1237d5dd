//! A row as an answer shows it, written straight into the answer: most of what a site answers is rows.

use chrono::Datelike as _;
use chrono_tz::Tz;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::query::{Expand, Shape};
use super::schema::{Column, Entity};
use super::store::Row;
use super::value::{Cell, Fraction, Kind, Value};
use super::{Call, Creatio};

/// A row, and what it is shown with.
pub(super) struct Shown<'a> {
    pub(super) site: &'a Creatio,
    pub(super) call: &'a Call,
    pub(super) entity: &'static Entity,
    pub(super) row: &'a Row,
    pub(super) shape: &'a Shape,
    pub(super) fraction: Fraction,
    /// `@odata.context` of a row that is the whole answer.
    pub(super) context: Option<String>,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        if let Some(context) = &self.context {
            fields.serialize_entry("@odata.context", context)?;
        }
        let knobs = &self.site.knobs;
        // Wall time that claims to be UTC.
        let zone: Option<Tz> =
            Some(&knobs.wall_time_zone).filter(|name| !name.is_empty()).and_then(|name| name.parse().ok());
        let mut show = |column: &Column| self.cell(&mut fields, column, zone);
        match &self.shape.select {
            Some(columns) => columns.iter().try_for_each(|column| show(column))?,
            None => {
                self.entity.columns().filter(|column| knobs.has(self.entity.name, column.name)).try_for_each(show)?
            }
        }
        for expand in &self.shape.expand {
            match expand {
                Expand::One { name, lookup, target, shape } => {
                    let neighbour = self.row.guid(lookup.name).and_then(|id| self.site.seen(self.call, target, id));
                    fields.serialize_entry(name, &neighbour.map(|row| self.other(target, row, shape)))?;
                }
                Expand::Many { name, child, by, shape } => {
                    let ids = self.row.guid("Id").map(|id| self.site.store.children(child, by, id)).unwrap_or_default();
                    let rows = ids.into_iter().filter_map(|id| self.site.seen(self.call, child, id));
                    let shown: Vec<Shown<'_>> = rows.map(|row| self.other(child, row, shape)).collect();
                    fields.serialize_entry(name, &shown)?;
                }
            }
        }
        fields.end()
    }
}

impl<'a> Shown<'a> {
    /// A row of another table, within this one.
    fn other(&self, entity: &'static Entity, row: &'a Row, shape: &'a Shape) -> Shown<'a> {
        let Self { site, call, fraction, .. } = *self;
        Shown { site, call, entity, row, shape, fraction, context: None }
    }

    fn cell<M: serde::ser::SerializeMap>(
        &self,
        fields: &mut M,
        column: &Column,
        zone: Option<Tz>,
    ) -> Result<(), M::Error> {
        let Column { name, kind, .. } = *column;
        if kind == Kind::Binary {
            let link = format!("{}({})/{name}", self.entity.name, self.row.guid("Id").unwrap_or_default());
            fields.serialize_entry(&format!("{name}@odata.mediaEditLink"), &link)?;
            fields.serialize_entry(&format!("{name}@odata.mediaReadLink"), &link)?;
            return fields.serialize_entry(&format!("{name}@odata.mediaContentType"), "application/octet-stream");
        }
        let value = self.row.get(name);
        let wall = match (zone, value) {
            (Some(zone), Some(Value::Time(time))) if kind == Kind::Time && time.year() > 1 => {
                Some(Value::Time(time.with_timezone(&zone).naive_local().and_utc()))
            }
            _ => None,
        };
        fields.serialize_entry(name, &Cell { kind, value: wall.as_ref().or(value), fraction: self.fraction })
    }
}
