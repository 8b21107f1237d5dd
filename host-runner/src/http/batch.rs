//! The parts of a Graph batch are requests: the batch itself names no mailbox, so its parts are judged one by one.

use serde::Deserialize;

use super::contract::Error;
use super::destination::Destinations;

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    requests: Vec<Part<'a>>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    url: std::borrow::Cow<'a, str>,
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
