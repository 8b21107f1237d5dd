//! What goes wrong, in the four shapes that Creatio answers with.

use std::fmt;

use serde_json::{Value as Json, json};

use crate::wire::Response;

/// A request that cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// OData's own refusal of a query or a body: `error.message` says it.
    Query(u16, String),
    /// An exception below OData: the useful text is the innermost one.
    Internal(u16, String),
    /// An exception of the web framework: `Message`, `ExceptionMessage`.
    Framework(u16, String),
    /// No such set: `Message`, `MessageDetail`.
    Route(String),
    /// Refused before OData: nothing but a `Message`.
    Denied(u16, String),
    /// An answer without a body, as for a row that is not there.
    Bare(u16),
}

impl Failure {
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Query(status, _) | Self::Internal(status, _) | Self::Framework(status, _) => *status,
            Self::Denied(status, _) | Self::Bare(status) => *status,
            Self::Route(_) => 404,
        }
    }

    pub(super) fn body(&self) -> Option<Json> {
        match self {
            Self::Query(_, message) => Some(json!({ "error": { "code": "", "message": message } })),
            Self::Internal(_, message) => Some(json!({ "error": {
                "code": "",
                "message": "An error has occurred.",
                "innererror": {
                    "message": "Exception has been thrown by the target of an invocation.",
                    "type": "System.Reflection.TargetInvocationException",
                    "stacktrace": "",
                    "internalexception": {
                        "message": message,
                        "type": "Terrasoft.Common.ItemNotFoundException",
                        "stacktrace": "",
                    },
                },
            } })),
            Self::Framework(_, message) => Some(json!({
                "Message": "An error has occurred.",
                "ExceptionMessage": message,
                "ExceptionType": "System.InvalidOperationException",
                "StackTrace": "",
            })),
            Self::Route(target) => Some(json!({
                "Message": format!("No HTTP resource was found that matches the request URI '{target}'."),
                "MessageDetail": "No type was found that matches the controller.",
            })),
            Self::Denied(_, message) => Some(json!({ "Message": message })),
            Self::Bare(_) => None,
        }
    }

    pub(super) fn response(&self) -> Response {
        match self.body() {
            Some(body) => Response::json(self.status(), &body),
            None => Response { status: self.status(), ..Response::default() },
        }
    }
}

/// What the site refused of a row that a test or a world gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub(super) String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self(format!("{}: {}", failure.status(), failure.body().map_or_else(String::new, |body| body.to_string())))
    }
}

/// A page for people, which a client of the interface may meet all the same.
pub(super) fn page(status: u16, title: &str) -> Response {
    Response {
        status,
        headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
        body: format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>")
            .into_bytes(),
    }
}
