//! Reading JSON.

use serde::de::{DeserializeOwned, Error as _};

/// Reads a document. Whether it is text is found out once for all of it: string by string takes longer.
///
/// # Errors
/// Where it is no text, no JSON, or something else than what is read.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    serde_json::from_str(str::from_utf8(bytes).map_err(serde_json::Error::custom)?)
}
