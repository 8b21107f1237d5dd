//! What a base remembers of a value: equal values have equal digests, on every target.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// 128 bits of SHA-256 over the value's JSON, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Of anything that serialises. Structures without floats and with ordered maps have one JSON form.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        Self::of_bytes(&serde_json::to_vec(value).unwrap_or_default())
    }

    /// Of bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let hash = Sha256::digest(bytes);
        let mut text = String::with_capacity(32);
        for byte in hash.iter().take(16) {
            text.extend([byte >> 4, byte & 15].into_iter().filter_map(|half| char::from_digit(u32::from(half), 16)));
        }
        Self(text)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first characters: enough to tell things of one account apart.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}
