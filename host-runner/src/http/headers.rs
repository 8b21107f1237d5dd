//! What a component may say in headers, and what it gets to see of an answer's.

use hyper::header::{HeaderName, HeaderValue};

use super::contract::{Error, Request};

/// Set by the host, or able to carry a credential or to change how the message is framed.
const RESERVED: [&str; 20] = [
    "accept-encoding",
    "authorization",
    "bpmcsrf",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forceusesession",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-host",
    "x-http-method-override",
    "x-original-url",
];

/// What would bring a secret back, or no longer holds after decompression.
const STRIPPED: [&str; 7] = [
    "connection",
    "content-encoding",
    "content-length",
    "keep-alive",
    "set-cookie",
    "transfer-encoding",
    "www-authenticate",
];

/// Checks the parts of a request that need no configuration.
pub(super) fn check(request: &Request) -> Result<(), Error> {
    let method = request.method.as_str();
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(invalid(format!("the method {method:?} is not in upper case")));
    }
    if matches!(method, "CONNECT" | "TRACE") {
        return Err(invalid(format!("the method {method} is not lent")));
    }
    for (name, value) in &request.headers {
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) || HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(invalid(format!("the header name {name:?} is not in lower case, or no name")));
        }
        if RESERVED.binary_search(&name.as_str()).is_ok() {
            return Err(invalid(format!("the header {name} is the host's to set")));
        }
        if HeaderValue::from_bytes(value.as_bytes()).is_err() {
            return Err(invalid(format!("the value of the header {name} holds a control character")));
        }
    }
    if request.slots == 0 {
        return Err(invalid("a request takes at least one slot".to_owned()));
    }
    Ok(())
}

fn invalid(text: String) -> Error {
    Error::Invalid(text)
}

/// The headers of an answer as a component sees them.
pub(super) fn presented(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers
        .into_iter()
        .map(|(mut name, value)| {
            name.make_ascii_lowercase();
            (name, value)
        })
        .filter(|(name, _)| STRIPPED.binary_search(&name.as_str()).is_err())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::contract::Credential;

    fn with(name: &str, value: &str) -> Result<(), Error> {
        let mut request = Request::get("https://example.com/", Credential::None);
        request.headers.push((name.to_owned(), value.to_owned()));
        check(&request)
    }

    #[test]
    fn the_lists_are_sorted_because_they_are_searched() {
        assert!(RESERVED.is_sorted());
        assert!(STRIPPED.is_sorted());
    }

    #[test]
    fn headers_that_carry_credentials_or_framing_are_invalid() {
        for name in RESERVED {
            assert!(matches!(with(name, "x"), Err(Error::Invalid(_))), "{name}");
        }
        assert!(with("prefer", "outlook.timezone=\"UTC\"").is_ok());
    }

    #[test]
    fn values_that_split_a_message_are_invalid() {
        for value in ["a\r\nhost: b", "a\nb", "a\0b", "a\rb"] {
            assert!(matches!(with("x-note", value), Err(Error::Invalid(_))), "{value:?}");
        }
        assert!(matches!(with("X-Note", "a"), Err(Error::Invalid(_))));
        assert!(matches!(with("x note", "a"), Err(Error::Invalid(_))));
        assert!(with("x-note", "Встреча").is_ok());
    }

    #[test]
    fn cookies_and_challenges_do_not_reach_a_component() {
        let answer = vec![
            ("Set-Cookie".to_owned(), "a=b".to_owned()),
            ("WWW-Authenticate".to_owned(), "Bearer".to_owned()),
            ("Content-Encoding".to_owned(), "gzip".to_owned()),
            ("ETag".to_owned(), "W/\"1\"".to_owned()),
        ];
        assert_eq!(presented(answer), vec![("etag".to_owned(), "W/\"1\"".to_owned())]);
    }
}
