//! What both protocols over HTTP have in common: building URLs, reading JSON, and what a server complains of.

use crate::ask::Fault;
use crate::capability::Response;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What may stand in a path segment or a query value as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');

/// A path segment or a query value, percent-encoded.
#[must_use]
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).collect()
}

/// A path with its query: values are encoded, names are not.
#[must_use]
pub fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let mut text = path.to_owned();
    for (at, (name, value)) in query.iter().enumerate() {
        text.push_str(if at == 0 { "?" } else { "&" });
        text.push_str(name);
        text.push('=');
        text.extend(utf8_percent_encode(value, PLAIN));
    }
    text
}

/// The JSON body of a successful answer.
///
/// # Errors
/// What the server complained of, or [`Fault::Garbled`] where a success is no JSON.
pub fn json(answer: Result<Response, Fault>) -> Result<Value, Fault> {
    let response = answer?;
    if !(200..300).contains(&response.status) {
        return Err(refused(response.status, &response.body));
    }
    if weight(&response.body) > HEAVIEST {
        return Err(Fault::TooLarge(u64::try_from(response.body.len()).unwrap_or(u64::MAX)));
    }
    crate::json::read(&response.body).map_err(|why| garbled(&response.body, &why.to_string()))
}

/// Bytes that a decoded answer may take: with what is made of it, it has to fit into the sandbox.
const HEAVIEST: usize = 24 << 20;
/// Bytes that an object takes beside its values, and a value beside its text: a tree of maps in memory.
const OBJECT: usize = 640;
const VALUE: usize = 48;

/// About how many bytes JSON takes once it is decoded: a small answer can hold a great many empty objects.
fn weight(body: &[u8]) -> usize {
    // Nothing weighs more than an object for every byte: most answers need not be looked at.
    if body.len().saturating_mul(OBJECT + 1) <= HEAVIEST {
        return body.len();
    }
    let (mut weight, mut quoted, mut escaped) = (body.len(), false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' => weight = weight.saturating_add(OBJECT),
            b'[' | b',' => weight = weight.saturating_add(VALUE),
            _ => {}
        }
    }
    weight
}

/// JSON that stands as a text in JSON; the text itself where it is none.
#[must_use]
pub fn nested(text: String) -> Value {
    if weight(text.as_bytes()) > HEAVIEST {
        return Value::String(text);
    }
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// What a server complained of.
#[must_use]
pub fn refused(status: u16, body: &[u8]) -> Fault {
    let decoded = (weight(body) <= HEAVIEST).then(|| crate::json::read::<Value>(body).ok()).flatten();
    let (code, message) = decoded.map_or_else(|| (String::new(), outline(body)), |value| complaint(&value));
    Fault::Refused { status, code, message }
}

/// Code and message of an error body, in any of the shapes that OData services use: the deepest message says most.
#[must_use]
pub fn complaint(body: &Value) -> (String, String) {
    let error = member(body, "error").unwrap_or(body);
    let code = text(error, "code").unwrap_or_default();
    let mut message = text(error, "message").or_else(|| text(error, "ExceptionMessage")).unwrap_or_default();
    if let Some(detail) = text(error, "MessageDetail") {
        message = format!("{message} {detail}");
    }
    let mut inner = error;
    while let Some(next) = member(inner, "innererror").or_else(|| member(inner, "internalexception")) {
        if let Some(deeper) = text(next, "message").filter(|deeper| !deeper.is_empty()) {
            message = deeper;
        }
        inner = next;
    }
    if let Some(existing) = text(error, "@event.existingEventId") {
        message = format!("{message} [{existing}]");
    }
    (code, crate::text::cut(&message, 500))
}

/// What a body is that should have been something else, if it is a web page.
#[must_use]
pub fn page(body: &[u8]) -> Option<Fault> {
    let begins = String::from_utf8_lossy(body.get(..512).unwrap_or(body)).trim_start().to_ascii_lowercase();
    ["<!doctype html", "<html"].iter().any(|page| begins.contains(page)).then(|| Fault::Garbled(outline(body)))
}

fn garbled(body: &[u8], why: &str) -> Fault {
    Fault::Garbled(if body.trim_ascii_start().first() == Some(&b'<') {
        outline(body)
    } else {
        crate::text::cut(why, 200)
    })
}

/// How the outline of a page begins.
const PAGE: &str = "an HTML page";

/// A web page came in place of data, whatever its status.
#[must_use]
pub fn is_page(fault: &Fault) -> bool {
    matches!(fault, Fault::Garbled(text) | Fault::Refused { message: text, .. } if text.starts_with(PAGE))
}

/// The first words of a body that is no JSON.
fn outline(body: &[u8]) -> String {
    if body.is_empty() {
        return "an empty body".into();
    }
    let text = String::from_utf8_lossy(body.get(..4096).unwrap_or(body)).into_owned();
    if text.trim_start().starts_with('<') {
        let words = crate::text::line(&crate::text::html_to_text(&text));
        format!("{PAGE}: {}", crate::text::cut(&words, 160))
    } else {
        crate::text::cut(&crate::text::line(&text), 160)
    }
}

/// A member, whatever the case of its name: servers write `innerError` and `innererror`.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text(value: &Value, name: &str) -> Option<String> {
    match member(value, name)? {
        Value::String(text) => Some(text.clone()),
        // OData 3 style: {"lang": "...", "value": "..."}
        Value::Object(object) => object.get("value").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_deepest_message_is_the_one_shown() {
        let body = json!({"error": {"code": "", "message": "An error has occurred.", "innererror": {"message": "Column", "internalexception": {"message": "Column by path OwnerId not found"}}}});
        assert_eq!(complaint(&body), (String::new(), "Column by path OwnerId not found".into()));
        let body = json!({"Message": "An error has occurred.", "ExceptionMessage": "Boom"});
        assert_eq!(complaint(&body).1, "An error has occurred.");
        let body = json!({"error": {"code": "ErrorItemNotFound", "message": "gone", "innerError": {"date": "x"}}});
        assert_eq!(complaint(&body), ("ErrorItemNotFound".into(), "gone".into()));
    }

    fn answered(body: Vec<u8>) -> Result<Value, Fault> {
        json(Ok(Response { status: 200, headers: Vec::new(), body, received: 0 }))
    }

    #[test]
    fn an_answer_that_would_not_fit_into_memory_is_too_large() {
        let empty = format!("[{}{{}}]", "{},".repeat(100_000));
        let size = u64::try_from(empty.len()).expect("small");
        assert_eq!(answered(empty.clone().into_bytes()), Err(Fault::TooLarge(size)));
        assert!(matches!(refused(500, empty.as_bytes()), Fault::Refused { status: 500, .. }));
        assert_eq!(nested(empty.clone()), Value::String(empty));
        // The same within a text is no structure.
        let text = json!("{,[\\\"".repeat(100_000));
        assert_eq!(answered(text.to_string().into_bytes()), Ok(text));
    }

    #[test]
    fn a_page_of_html_is_called_one() {
        let body = b"<html><head><title>x</title></head><body><h1>Request blocked</h1></body></html>".to_vec();
        let answer = json(Ok(Response { status: 200, headers: Vec::new(), body, received: 0 }));
        assert_eq!(answer, Err(Fault::Garbled("an HTML page: Request blocked".into())));
        assert!(answer.is_err_and(|fault| is_page(&fault)));
        assert!(is_page(&refused(403, b"<html><body>Incident</body></html>")));
        assert!(!is_page(&refused(403, br#"{"error": {"code": "", "message": "no right"}}"#)));
    }
}
