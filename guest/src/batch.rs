//! JSON batches, which Creatio and Graph have in the same form: `{"requests": [{id, method, url, headers, body}]}`.

use crate::ask::{Ask, Fault};
use crate::capability::{Credential, Request, Response};
use crate::http;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One request inside a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Upper-case method.
    pub method: &'static str,
    /// Relative to the service root.
    pub url: String,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body, if any.
    pub body: Option<Value>,
}

/// What answered one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartAnswer {
    /// Body; null where there was none.
    pub body: Value,
    /// `Date` of the whole answer.
    pub date: Option<chrono::DateTime<chrono::Utc>>,
}

/// Where batches go.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Address of `$batch`.
    pub url: String,
    /// Whose sign-in.
    pub credential: Credential,
    /// Headers of the batch itself.
    pub headers: Vec<(String, String)>,
    /// How many parts one batch may have.
    pub most: usize,
    /// Largest answer.
    pub max_body: u32,
}

impl Endpoint {
    /// Sends parts in as few batches as they need. As many results as parts, in their order.
    #[must_use]
    pub fn ask<'a>(&self, parts: &[Part], repeatable: bool) -> Ask<'a, Vec<Result<PartAnswer, Fault>>> {
        let asks = parts.chunks(self.most.max(1)).map(|parts| self.one(parts, repeatable)).collect();
        Ask::all(asks).map(|answers: Vec<Vec<_>>| answers.into_iter().flatten().collect())
    }

    fn one<'a>(&self, parts: &[Part], repeatable: bool) -> Ask<'a, Vec<Result<PartAnswer, Fault>>> {
        let batch = Sent { requests: parts.iter().enumerate().map(|(at, part)| SentPart::of(at, part)).collect() };
        let count = parts.len();
        let request = Request {
            method: "POST",
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: Some(serde_json::to_vec(&batch).unwrap_or_default()),
            credential: self.credential,
            repeatable,
            after: 0,
            slots: u8::try_from(count.min(4)).unwrap_or(4),
            max_body: self.max_body,
        };
        Ask::one(request, move |answer| decode(answer, count))
    }
}

/// A batch as it is sent.
#[derive(Serialize)]
struct Sent<'a> {
    requests: Vec<SentPart<'a>>,
}

#[derive(Serialize)]
struct SentPart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a Value>,
    headers: BTreeMap<&'static str, &'a str>,
    id: String,
    method: &'static str,
    url: &'a str,
}

impl<'a> SentPart<'a> {
    fn of(at: usize, part: &'a Part) -> Self {
        Self {
            body: part.body.as_ref(),
            headers: part.headers.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            id: at.to_string(),
            method: part.method,
            url: &part.url,
        }
    }
}

fn decode(answer: Result<Response, Fault>, count: usize) -> Vec<Result<PartAnswer, Fault>> {
    let date = answer.as_ref().ok().and_then(|response| response.header("date")).and_then(crate::time::parse_http_date);
    let responses = match http::json(answer) {
        Ok(mut body) => body.get_mut("responses").map(Value::take),
        Err(fault) => return vec![Err(fault); count],
    };
    let Some(Value::Array(responses)) = responses else {
        return vec![Err(Fault::Garbled("a batch without responses".into())); count];
    };
    let mut answers = vec![None; count];
    for response in responses {
        // The id comes back as it was sent; some servers turn it into a number.
        let id = response.get("id").and_then(|id| match id {
            Value::String(id) => id.parse::<usize>().ok(),
            Value::Number(id) => id.as_u64().and_then(|id| usize::try_from(id).ok()),
            _ => None,
        });
        if let Some(answer) = id.and_then(|id| answers.get_mut(id)) {
            *answer = Some(part(response, date));
        }
    }
    answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|| Err(Fault::Unknown("the batch gave no answer for this part".into()))))
        .collect()
}

fn part(mut response: Value, date: Option<chrono::DateTime<chrono::Utc>>) -> Result<PartAnswer, Fault> {
    let status = response.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let body = match response.get_mut("body").map(Value::take) {
        // A body that is text is JSON in JSON, or not JSON at all.
        Some(Value::String(text)) => http::nested(text),
        Some(body) => body,
        None => Value::Null,
    };
    match status {
        Some(200..300) => Ok(PartAnswer { body, date }),
        Some(429) => Err(Fault::Again(retry_after(&response).unwrap_or(1_000))),
        Some(status) => {
            let (code, message) = http::complaint(&body);
            Err(Fault::Refused { status, code, message })
        }
        None => Err(Fault::Garbled("a part of a batch without a status".into())),
    }
}

/// Milliseconds of a part's own `Retry-After`, which may have a fraction.
fn retry_after(response: &Value) -> Option<u64> {
    let headers = response.get("headers")?.as_object()?;
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let seconds: f64 = match value {
        Value::String(text) => text.trim().parse().ok()?,
        Value::Number(number) => number.as_f64()?,
        _ => return None,
    };
    // More than a day is no wait that a run could keep.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (0.0..=86_400.0).contains(&seconds).then(|| (seconds * 1000.0).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(body: &Value) -> Result<Response, Fault> {
        Ok(Response { status: 200, headers: Vec::new(), body: body.to_string().into_bytes(), received: 0 })
    }

    #[test]
    fn answers_are_matched_by_id_in_whatever_order_they_come() {
        let body = json!({"responses": [
            {"id": "1", "status": 404, "body": {"error": {"code": "ErrorItemNotFound", "message": "m"}}},
            {"id": "0", "status": 200, "body": {"a": 1}},
            {"id": "2", "status": 429, "headers": {"retry-after": "2.128"}},
        ]});
        let answers = decode(answer(&body), 4);
        assert_eq!(answers[0].as_ref().map(|part| part.body["a"].clone()), Ok(json!(1)));
        assert!(answers[1].as_ref().is_err_and(Fault::not_found));
        assert_eq!(answers[2], Err(Fault::Again(2128)));
        assert!(matches!(answers[3], Err(Fault::Unknown(_))));
    }

    #[test]
    fn a_batch_that_failed_as_a_whole_fails_every_part() {
        let answers = decode(Err(Fault::Stopped), 3);
        assert_eq!(answers, vec![Err(Fault::Stopped); 3]);
    }
}
