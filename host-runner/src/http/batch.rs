//! The parts of a Graph batch are requests: the batch itself names no mailbox, so its parts are judged one by one.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::contract::Error;
use super::destination::Destinations;

/// Keys that are not known are refused: a server that does not mind case would read `Url` where this reads `url`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch<'a> {
    #[serde(borrow)]
    requests: Vec<Part<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(rename = "id")]
    _id: IgnoredAny,
    #[serde(rename = "method")]
    _method: IgnoredAny,
    #[serde(default, rename = "headers")]
    _headers: IgnoredAny,
    #[serde(default, rename = "body")]
    _body: IgnoredAny,
    #[serde(default, rename = "dependsOn")]
    _depends_on: IgnoredAny,
}

/// Refuses a batch with a part outside the mailbox.
pub(super) fn check(destinations: &Destinations, body: &[u8], mailbox: &str) -> Result<(), Error> {
    let batch: Batch<'_> = serde_json::from_slice(body)
        .map_err(|fault| Error::Invalid(format!("the body of the batch is not understood: {fault}")))?;
    match batch.requests.iter().find(|part| !destinations.part_belongs(&part.url, mailbox)) {
        Some(part) => Err(Error::Denied(format!("a part of the batch leaves the mailbox of {mailbox}: {}", part.url))),
        None => Ok(()),
    }
}
