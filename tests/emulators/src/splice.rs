//! Faults of single parts of a JSON `$batch`: the part is taken out, the service answers the rest, and the answer is
//! put in. Parts of a SOAP request are done by `exchange::splice`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use crate::wire::{Request, Response};

/// What is done to one answered part of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFault {
    /// Which one, counted from 1.
    pub nth: Option<usize>,
    /// Its method, in any case.
    pub method: Option<String>,
    /// A part of its address.
    pub url: Option<String>,
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: Map<String, Json>,
    /// Body, null for none.
    pub body: Json,
    /// The service acts on it all the same.
    pub acts: bool,
    /// The service acts on it so much later.
    pub late: Option<Duration>,
}

impl PartFault {
    /// Whether it is about this part, the one at `index` counted from 0.
    #[must_use]
    pub fn is_about(&self, index: usize, part: &Json) -> bool {
        let text = |name: &str| part.get(name).and_then(Json::as_str).unwrap_or_default();
        self.nth.is_none_or(|nth| nth == index + 1)
            && self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(text("method")))
            && self.url.as_deref().is_none_or(|url| text("url").contains(url))
    }

    /// Whether a batch has such a part.
    pub(crate) fn hits(&self, request: &Request) -> bool {
        if is_xml(&request.body) {
            return crate::exchange::splice::hits(self, request);
        }
        let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
        let parts = body.get("requests").and_then(Json::as_array);
        parts.is_some_and(|parts| parts.iter().enumerate().any(|(index, part)| self.is_about(index, part)))
    }
}

/// A batch without the parts that a fault answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// What the service is asked; none: every part was answered by a fault.
    pub request: Option<Request>,
    /// Ids in the order of the request, each with its answer if a fault gives it.
    order: Vec<(String, Option<Json>)>,
    /// Parts that the service is asked later, each as a batch of its own.
    pub late: Vec<(Duration, Request)>,
}

impl Splice {
    /// Takes the parts out; `None` where the request is no JSON batch or no part is hit.
    ///
    /// What follows from a failed part follows here as well: parts that depend on it are answered 424, and where the
    /// service stops at the first failure (`stops`) the parts after it are not carried out.
    #[must_use]
    pub fn of(request: &Request, faults: &[PartFault], stops: bool) -> Option<Self> {
        let mut body: Json = serde_json::from_slice(&request.body).ok()?;
        let parts = body.get_mut("requests")?.as_array_mut()?;
        let mut order: Vec<(String, Option<Json>)> = Vec::new();
        let mut kept = Vec::new();
        let mut failed = BTreeSet::new();
        let mut late = Vec::new();
        for (at, part) in parts.drain(..).enumerate() {
            let id = part.get("id").and_then(Json::as_str).unwrap_or_default().to_owned();
            let depends = part
                .get("dependsOn")
                .and_then(Json::as_array)
                .is_some_and(|ids| ids.iter().filter_map(Json::as_str).any(|id| failed.contains(id)));
            let fault = faults.iter().find(|fault| fault.is_about(at, &part));
            let answer = match fault {
                Some(fault) => Some(answer(&id, fault.status, fault.headers.clone(), &fault.body)),
                None if depends => Some(answer(&id, 424, Map::new(), &dependency())),
                None => None,
            };
            let status = answer.as_ref().and_then(|answer| answer.get("status")).and_then(Json::as_u64);
            if status.is_some_and(|status| status >= 400) {
                failed.insert(id.clone());
            }
            if let Some(wait) = fault.and_then(|fault| fault.late) {
                let alone = json!({ "requests": [part] }).to_string().into_bytes();
                late.push((wait, Request { body: alone, ..request.clone() }));
            } else if answer.is_none() || fault.is_some_and(|fault| fault.acts) {
                kept.push(part);
            }
            order.push((id, answer));
            if stops && !failed.is_empty() {
                break;
            }
        }
        if order.iter().all(|(_, answer)| answer.is_none()) {
            return None;
        }
        let is_rest = !kept.is_empty();
        parts.extend(kept);
        let request = is_rest.then(|| Request { body: body.to_string().into_bytes(), ..request.clone() });
        Some(Self { request, order, late })
    }

    /// Puts the answers in, `response` being what the service said to the rest.
    #[must_use]
    pub fn join(&self, response: Option<Response>) -> Response {
        let mut response = response.unwrap_or_else(|| Response::json(200, &json!({ "responses": [] })));
        let Ok(mut body) = serde_json::from_slice::<Json>(&response.body) else { return response };
        let Some(answers) = body.get_mut("responses").and_then(Json::as_array_mut) else { return response };
        let mut rest: Vec<Json> = std::mem::take(answers);
        for (id, answer) in &self.order {
            match answer {
                Some(answer) => {
                    rest.retain(|answer| answer.get("id").and_then(Json::as_str) != Some(id));
                    answers.push(answer.clone());
                }
                None => {
                    if let Some(at) = rest.iter().position(|answer| answer.get("id").and_then(Json::as_str) == Some(id))
                    {
                        answers.push(rest.remove(at));
                    } else {
                        // The service stopped before it: what comes later was not reached either.
                        break;
                    }
                }
            }
        }
        answers.append(&mut rest);
        response.body = body.to_string().into_bytes();
        response
    }
}

/// Which of the two kinds of bodies it is.
pub(crate) fn is_xml(body: &[u8]) -> bool {
    body.first() == Some(&b'<')
}

fn answer(id: &str, status: u16, headers: Map<String, Json>, body: &Json) -> Json {
    let headers: Map<String, Json> = headers
        .into_iter()
        .map(|(name, value)| (name, if value.is_string() { value } else { json!(value.to_string()) }))
        .collect();
    let mut fields = json!({ "id": id, "status": status, "headers": headers });
    if let (Some(fields), false) = (fields.as_object_mut(), body.is_null()) {
        fields.insert("body".into(), body.clone());
    }
    fields
}

fn dependency() -> Json {
    json!({ "error": { "code": "FailedDependency", "message": "The request failed because a request it depends on failed." } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(parts: &Json) -> Request {
        Request {
            method: "POST".into(),
            target: "/v1.0/$batch".into(),
            body: json!({ "requests": parts }).to_string().into_bytes(),
            ..Request::default()
        }
    }

    fn ids(body: &[u8], list: &str) -> Vec<String> {
        let body: Json = serde_json::from_slice(body).unwrap();
        body[list].as_array().unwrap().iter().map(|part| part["id"].as_str().unwrap().to_owned()).collect()
    }

    fn fault(nth: usize) -> PartFault {
        PartFault {
            nth: Some(nth),
            method: None,
            url: None,
            status: 429,
            headers: Map::from_iter([("Retry-After".to_owned(), json!("7"))]),
            body: Json::Null,
            acts: false,
            late: None,
        }
    }

    #[test]
    fn a_faulted_part_never_reaches_the_service_and_stands_in_its_place() {
        let request = batch(&json!([{"id": "a"}, {"id": "b"}, {"id": "c"}]));
        let splice = Splice::of(&request, &[fault(2)], false).unwrap();
        assert_eq!(ids(&splice.request.as_ref().unwrap().body, "requests"), ["a", "c"]);
        let rest =
            Response::json(200, &json!({ "responses": [{"id": "c", "status": 200}, {"id": "a", "status": 200}] }));
        let joined = splice.join(Some(rest));
        assert_eq!(ids(&joined.body, "responses"), ["a", "b", "c"]);
    }

    #[test]
    fn a_part_that_acts_reaches_the_service_and_its_answer_is_replaced() {
        let request = batch(&json!([{"id": "a"}, {"id": "b"}]));
        let splice = Splice::of(&request, &[PartFault { acts: true, ..fault(1) }], false).unwrap();
        assert_eq!(ids(&splice.request.as_ref().unwrap().body, "requests"), ["a", "b"]);
        let all =
            Response::json(200, &json!({ "responses": [{"id": "a", "status": 201}, {"id": "b", "status": 201}] }));
        let joined: Json = serde_json::from_slice(&splice.join(Some(all)).body).unwrap();
        assert_eq!((&joined["responses"][0]["status"], &joined["responses"][1]["status"]), (&json!(429), &json!(201)));
        assert_eq!(joined["responses"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_depends_on_a_faulted_part_fails_with_it() {
        let request = batch(&json!([{"id": "a"}, {"id": "b", "dependsOn": ["a"]}, {"id": "c", "dependsOn": ["b"]}]));
        let splice = Splice::of(&request, &[fault(1)], false).unwrap();
        assert_eq!(splice.request, None);
        let joined: Json = serde_json::from_slice(&splice.join(None).body).unwrap();
        let statuses: Vec<u64> =
            joined["responses"].as_array().unwrap().iter().map(|part| part["status"].as_u64().unwrap()).collect();
        assert_eq!(statuses, [429, 424, 424]);
    }

    #[test]
    fn a_service_that_stops_at_a_failure_does_not_reach_later_parts() {
        let request = batch(&json!([{"id": "a"}, {"id": "b"}, {"id": "c"}]));
        let splice = Splice::of(&request, &[fault(2)], true).unwrap();
        assert_eq!(ids(&splice.request.as_ref().unwrap().body, "requests"), ["a"]);
        let joined = splice.join(Some(Response::json(200, &json!({ "responses": [{"id": "a", "status": 201}] }))));
        assert_eq!(ids(&joined.body, "responses"), ["a", "b"]);
    }
}
