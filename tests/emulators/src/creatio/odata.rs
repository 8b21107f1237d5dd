//! One OData request by a known caller, whether it came by itself or as a part of a `$batch`.

use serde_json::{Map, Value as Json};

use super::failure::Failure;
use super::query::Shape;
use super::resource::{Resource, resource};
use super::value::Fraction;
use super::{Call, Creatio};
use crate::wire::Response;

/// A request below the OData root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) method: String,
    /// Relative to the root, without a leading slash: `Activity?$top=1`.
    pub(super) url: String,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Creatio {
    pub(super) fn answer(&mut self, call: &Call, part: &Part) -> Response {
        let response = self.carry_out(call, part).unwrap_or_else(|failure| failure.response());
        response.with("odata-version", "4.0")
    }

    fn carry_out(&mut self, call: &Call, part: &Part) -> Result<Response, Failure> {
        let (path, query) = part.url.split_once('?').unwrap_or((&part.url, ""));
        let resource = resource(path)?;
        if let Some(set) = resource.set() {
            if !self.knobs.has_set(set) {
                return Err(Failure::Route(path.to_owned()));
            }
            if self.knobs.unreadable_sets.iter().any(|known| known == set)
                || (self.knobs.read_only && part.method != "GET")
            {
                let message = format!("Insufficient rights for the operation with the object \"{set}\".");
                return Err(Failure::Internal(403, message));
            }
        }
        match (part.method.as_str(), resource) {
            ("GET", resource) => self.read(call, resource, query),
            ("POST", Resource::Set(entity)) => {
                let row = self.create(call, entity, &json_body(part)?)?;
                let id = row.guid("Id").unwrap_or_default();
                let body = Response::json(201, &self.whole(call, entity, &row, &Shape::default(), Fraction::Echo));
                Ok(body.with("location", format!("{}/{}({id})", call.root, entity.name)))
            }
            ("PATCH", Resource::Row(entity, id)) => {
                self.update(call, entity, id, &json_body(part)?)?;
                Ok(Response { status: 204, ..Response::default() })
            }
            ("DELETE", Resource::Row(entity, id)) => {
                self.delete(call, entity, id)?;
                Ok(Response { status: 204, ..Response::default() })
            }
            (method, _) => {
                Err(Failure::Denied(405, format!("The requested resource does not support http method '{method}'.")))
            }
        }
    }
}

fn json_body(part: &Part) -> Result<Map<String, Json>, Failure> {
    let is_json = part.content_type.as_deref().is_some_and(|kind| kind.trim_start().starts_with("application/json"));
    if !is_json {
        return Err(Failure::Denied(415, "The request entity's media type is not supported for this resource.".into()));
    }
    match serde_json::from_slice(&part.body) {
        Ok(Json::Object(fields)) => Ok(fields),
        _ => Err(Failure::Framework(400, "The request body is not a valid JSON object.".into())),
    }
}
