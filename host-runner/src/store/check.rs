//! What a commit may hold, checked alike for every store.

use std::collections::BTreeSet;

use super::{Change, StoreError};

const LONGEST_KEY: usize = 512;
const LARGEST_VALUE: usize = 1 << 20;

pub(super) fn changes(changes: &[Change]) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    for Change { key, value, .. } in changes {
        if key.is_empty() || key.len() > LONGEST_KEY {
            return Err(StoreError::Other(format!("a key has 1 to {LONGEST_KEY} bytes, not {}", key.len())));
        }
        if !seen.insert(key) {
            return Err(StoreError::Other(format!("a commit names the key {key} twice")));
        }
        if value.as_ref().is_some_and(|value| value.len() > LARGEST_VALUE) {
            return Err(StoreError::Other(format!("the value of {key} is larger than {LARGEST_VALUE} bytes")));
        }
    }
    Ok(())
}

/// The least key that is greater than every key with this prefix, where there is one.
pub(super) fn successor(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        let next = ((last as u32) + 1..=char::MAX as u32).find_map(char::from_u32);
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::successor;

    #[test]
    fn the_successor_of_a_prefix_ends_its_range() {
        assert_eq!(successor("link/"), Some("link0".to_owned()));
        assert_eq!(successor("\u{d7ff}"), Some("\u{e000}".to_owned()));
        assert_eq!(successor("a\u{10ffff}"), Some("b".to_owned()));
        assert_eq!(successor(""), None);
    }
}
