//! Errors in the shape that the service documents.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::zones::Zone;
use crate::wire::Response;

/// A refusal: status, code and what goes with it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// More members of `error`, such as `@event.existingEventId`.
    pub(super) extra: Vec<(&'static str, Value)>,
    /// More headers, such as `retry-after`.
    pub(super) headers: Vec<(&'static str, String)>,
}

impl ApiError {
    /// A refusal with a code and a sentence.
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), extra: Vec::new(), headers: Vec::new() }
    }

    /// The same with a member more.
    pub(super) fn extra(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.extra.push((name, value.into()));
        self
    }

    /// The same with a header more.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(super) fn malformed_id() -> Self {
        Self::new(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    }

    pub(super) fn denied() -> Self {
        Self::new(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "ErrorInvalidRequest", message)
    }

    pub(super) fn property(message: impl Into<String>) -> Self {
        Self::new(400, "ErrorPropertyValidationFailure", message)
    }

    pub(super) fn parameter(message: impl Into<String>) -> Self {
        Self::new(400, "ErrorInvalidParameter", message)
    }

    pub(super) fn conflict() -> Self {
        Self::new(
            412,
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the request does not match \
             the current change key for the item.",
        )
    }

    pub(super) fn segment(segment: &str) -> Self {
        Self::new(400, "BadRequest", format!("Resource not found for the segment '{segment}'."))
    }

    /// The answer, with the ids by which support would find it.
    pub(super) fn response(self, now: DateTime<Utc>, request_id: &str, client_request_id: Option<&str>) -> Response {
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": now.format("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": request_id,
                "client-request-id": client_request_id.unwrap_or(request_id),
            }
        });
        if let Some(map) = error.as_object_mut() {
            for (name, value) in self.extra {
                map.insert(name.to_owned(), value);
            }
        }
        let mut response = Response::json(self.status, &json!({ "error": error }));
        for (name, value) in self.headers {
            response = response.with(name, value);
        }
        response
    }
}

impl Zone {
    /// The zone a request names, or the refusal that the service gives.
    pub(super) fn required(name: &str) -> Result<Self, ApiError> {
        Self::find(name).ok_or_else(|| {
            ApiError::new(
                400,
                "TimeZoneNotSupportedException",
                format!(
                    "A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_zone_is_refused_by_name() {
        let error = Zone::required("Mars Standard Time").unwrap_err();
        assert_eq!((error.status, error.code), (400, "TimeZoneNotSupportedException"));
        assert!(error.message.contains("Mars Standard Time"));
    }
}
