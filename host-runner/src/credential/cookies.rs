//! The cookies of one Creatio session.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

/// Shorter values occur in ordinary text, so that looking for them in answers would refuse honest ones.
const TELLING: usize = 12;

/// Long enough not to occur in ordinary text.
pub(super) fn telling(value: &str) -> bool {
    value.len() >= TELLING
}

/// Cookies by name. Creatio sends some of them again with later answers, and the latest value counts.
#[derive(Clone, Default)]
pub(super) struct Cookies(BTreeMap<String, SecretString>);

impl Cookies {
    /// Takes the cookies that an answer sets, and drops those it expires.
    pub(super) fn merge(&mut self, headers: &[(String, String)]) {
        for (_, value) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let mut parts = value.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let gone = value.is_empty()
                || parts.any(|part| part.to_ascii_lowercase().replace(' ', "") == "max-age=0")
                || value == "deleted";
            if gone {
                self.0.remove(name.trim());
            } else {
                self.0.insert(name.trim().to_owned(), SecretString::from(value.trim().to_owned()));
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of the `cookie` header.
    pub(super) fn header(&self) -> SecretString {
        let pairs: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{name}={}", value.expose_secret())).collect();
        SecretString::from(pairs.join("; "))
    }

    /// Values that must not come back in an answer. `UserName` is no secret: it is the user's own name.
    pub(super) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        self.0
            .iter()
            .filter(|(name, value)| !matches!(name.as_str(), "UserName" | "UserType") && telling(value.expose_secret()))
            .map(|(_, value)| value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(value: &str) -> (String, String) {
        ("set-cookie".to_owned(), value.to_owned())
    }

    #[test]
    fn later_cookies_replace_earlier_ones_and_expired_ones_go() {
        let mut cookies = Cookies::default();
        cookies.merge(&[set(".ASPXAUTH=one; path=/; HttpOnly"), set("BPMCSRF=a; path=/"), set("BPMLOADER=l; path=/")]);
        cookies.merge(&[set("BPMCSRF=b; path=/"), set("BPMLOADER=; max-age=0")]);
        assert_eq!(cookies.header().expose_secret(), ".ASPXAUTH=one; BPMCSRF=b");
        assert_eq!(cookies.get("BPMCSRF").unwrap().expose_secret(), "b");
    }
}
