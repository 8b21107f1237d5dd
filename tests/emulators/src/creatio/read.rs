//! Answers to GET.

use std::cmp::Ordering;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::evaluate::{candidates, cell, compare, passes};
use super::failure::Failure;
use super::query::{Options, Shape, options, parameters};
use super::resource::Resource;
use super::schema::{Column, Entity};
use super::show::Shown;
use super::store::Row;
use super::value::{Fraction, Kind, Value};
use super::{Call, Creatio, metadata};
use crate::wire::Response;

/// What may stand unescaped in a value of a `nextLink`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'$').remove(b'/');

/// A page of rows.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.count", skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    value: Vec<Shown<'a>>,
}

impl Creatio {
    pub(super) fn read(&self, call: &Call, resource: Resource, query: &str) -> Result<Response, Failure> {
        match resource {
            Resource::Service => Ok(Response::json(200, &metadata::service(&call.root, &self.knobs))),
            Resource::Metadata => Ok(metadata::metadata(&self.knobs)),
            Resource::Batch => Err(Failure::Bare(405)),
            Resource::Set(entity) => self.list(call, entity, query),
            Resource::Count(entity) => {
                let options = options(query, entity, &self.knobs)?;
                Ok(plain(self.matching(call, entity, &options).len().to_string()))
            }
            Resource::Row(entity, id) => {
                let options = options(query, entity, &self.knobs)?;
                let row = self.seen(call, entity, id).ok_or(Failure::Bare(404))?;
                Ok(Response::json(200, &self.whole(call, entity, row, &options.shape, Fraction::Kept)))
            }
            Resource::Neighbour { entity, id, lookup, target } => {
                let options = options(query, target, &self.knobs)?;
                let row = self.seen(call, entity, id).ok_or(Failure::Bare(404))?;
                let neighbour = row.guid(lookup.name).and_then(|id| self.seen(call, target, id));
                let neighbour = neighbour.ok_or(Failure::Bare(204))?;
                Ok(Response::json(200, &self.whole(call, target, neighbour, &options.shape, Fraction::Kept)))
            }
            Resource::Property { entity, id, column, raw } => {
                let row = self.seen(call, entity, id).ok_or(Failure::Bare(404))?;
                let value = column.kind.json(row.get(column.name), Fraction::Kept);
                if raw || column.kind == Kind::Binary {
                    return Ok(plain(value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
                }
                let context = format!("{}/$metadata#{}({id})/{}", call.root, entity.name, column.name);
                Ok(Response::json(200, &json!({ "@odata.context": context, "value": value })))
            }
        }
    }

    /// One row by itself, as reads and the echo of a POST give it.
    pub(super) fn whole<'a>(
        &'a self,
        call: &'a Call,
        entity: &'static Entity,
        row: &'a Row,
        shape: &'a Shape,
        fraction: Fraction,
    ) -> Shown<'a> {
        let context = Some(format!("{}/$metadata#{}/$entity", call.root, entity.name));
        Shown { site: self, call, entity, row, shape, fraction, context }
    }

    fn list(&self, call: &Call, entity: &'static Entity, query: &str) -> Result<Response, Failure> {
        let options = options(query, entity, &self.knobs)?;
        let rows = self.matching(call, entity, &options);
        let total = rows.len();
        let wanted = options.top.unwrap_or(usize::MAX).min(total.saturating_sub(options.skip));
        let page = self.knobs.page_size.unwrap_or(usize::MAX).min(self.knobs.row_cap);
        let shown = wanted.min(page);
        let heavy = |columns: &Vec<&Column>| columns.iter().any(|column| matches!(column.name, "Notes" | "Body"));
        if shown > self.knobs.heavy_rows && entity.name == "Activity" && options.shape.select.as_ref().is_none_or(heavy)
        {
            let message = "The request reached the RAM consumption limit of 500 MB.";
            return Err(Failure::Internal(500, message.into()));
        }
        let (shape, fraction) = (&options.shape, Fraction::Kept);
        let show = |row| Shown { site: self, call, entity, row, shape, fraction, context: None };
        let next = (self.knobs.page_size.is_some() && shown < wanted).then(|| {
            let top = options.top.map(|top| top - shown);
            next_link(call, entity, query, options.skip + shown, top)
        });
        Ok(Response::json(
            200,
            &Listed {
                context: format!("{}/$metadata#{}", call.root, entity.name),
                count: options.count.then_some(total),
                next,
                value: rows.into_iter().skip(options.skip).take(shown).map(show).collect(),
            },
        ))
    }

    /// The rows that the caller sees and the filter lets through, in order.
    fn matching(&self, call: &Call, entity: &'static Entity, options: &Options) -> Vec<&Row> {
        let filter = options.filter.as_ref();
        let accepted = |row: &Row| {
            filter.is_none_or(|filter| passes(filter, row, &self.store, &self.knobs))
                && self.sees(&call.caller, entity, row)
        };
        let mut rows: Vec<&Row> = match filter.and_then(|filter| candidates(filter, entity, &self.store)) {
            Some(ids) => {
                ids.into_iter().filter_map(|id| self.store.row(entity.name, id)).filter(|row| accepted(row)).collect()
            }
            None => self.store.table(entity).map(|(_, row)| row).filter(|row| accepted(row)).collect(),
        };
        if !options.order.is_empty() {
            let key = |row: &Row| -> Vec<Option<Value>> {
                options.order.iter().map(|(path, _)| cell(path, row, &self.store)).collect()
            };
            let mut keyed: Vec<_> = rows.into_iter().map(|row| (key(row), row)).collect();
            keyed.sort_by(|(left, _), (right, _)| {
                let pairs = left.iter().zip(right).zip(&options.order);
                pairs.fold(Ordering::Equal, |order, ((left, right), (_, down))| {
                    order.then_with(|| {
                        let step = match (left, right) {
                            (Some(left), Some(right)) => compare(left, right, &self.knobs),
                            // Empty cells come first.
                            _ => left.is_some().cmp(&right.is_some()),
                        };
                        if *down { step.reverse() } else { step }
                    })
                })
            });
            rows = keyed.into_iter().map(|(_, row)| row).collect();
        }
        rows
    }

    /// A row that exists for the caller.
    pub(super) fn seen(&self, call: &Call, entity: &'static Entity, id: Uuid) -> Option<&Row> {
        self.store.row(entity.name, id).filter(|row| self.sees(&call.caller, entity, row))
    }
}

fn plain(text: String) -> Response {
    Response {
        status: 200,
        headers: vec![("content-type".into(), "text/plain; charset=utf-8".into())],
        body: text.into_bytes(),
    }
}

fn next_link(call: &Call, entity: &Entity, query: &str, skip: usize, top: Option<usize>) -> String {
    let mut pairs: Vec<(String, String)> =
        parameters(query).into_iter().filter(|(name, _)| name != "$skip" && name != "$top").collect();
    if let Some(top) = top {
        pairs.push(("$top".into(), top.to_string()));
    }
    pairs.push(("$skip".into(), skip.to_string()));
    let encode = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    format!("{}/{}?{}", call.root, entity.name, query.join("&"))
}
