//! Answers: response messages in the order of what was asked, faults, and a busy server in each of its forms.

use super::xml::{self, Element};
use crate::ask::Fault;
use crate::capability::Response;
use crate::http;

/// How long to wait where a busy server does not say.
const WAIT: u64 = 5_000;
/// More than a day is no wait that a run could keep.
const LONGEST_WAIT: u64 = 86_400_000;
/// Codes, and the HTTP status that says the same: the engine knows those.
const STATUSES: &[(u16, &[&str])] = &[
    (404, &["ErrorItemNotFound"]),
    (410, &["ErrorInvalidSyncStateData"]),
    (412, &["ErrorIrresolvableConflict", "ErrorStaleObject", "ErrorChangeKeyRequiredForWriteOperations"]),
    (
        403,
        &[
            "ErrorAccessDenied",
            "ErrorImpersonateUserDenied",
            "ErrorImpersonationDenied",
            "ErrorImpersonationFailed",
            "ErrorNonExistentMailbox",
            "ErrorAccountDisabled",
        ],
    ),
    (
        500,
        &[
            "ErrorInternalServerError",
            "ErrorInternalServerTransientError",
            "ErrorMailboxStoreUnavailable",
            "ErrorMailboxMoveInProgress",
            "ErrorMailboxFailover",
            "ErrorConnectionFailed",
            "ErrorTimeoutExpired",
            "ErrorTooManyObjectsOpened",
            "ErrorExceededConnectionCount",
        ],
    ),
];

/// As many response messages as were asked for, in their order. One that is refused leaves the others alone.
#[must_use]
pub fn messages(answer: Result<Response, Fault>, count: usize) -> Vec<Result<Element, Fault>> {
    let found = match answer.and_then(|response| body(&response)) {
        Ok(found) => found,
        Err(fault) => return vec![Err(fault); count],
    };
    let Some(list) = found.children.into_iter().find(|child| child.name == "ResponseMessages") else {
        return vec![Err(Fault::Garbled("an answer without response messages".into())); count];
    };
    let mut messages: Vec<_> = list.children.into_iter().take(count).map(judged).collect();
    messages.resize_with(count, || Err(Fault::Unknown("the server gave no answer for this item".into())));
    messages
}

/// The one response message of an operation that has one.
///
/// # Errors
/// What the server complained of.
pub fn message(answer: Result<Response, Fault>) -> Result<Element, Fault> {
    messages(answer, 1).pop().unwrap_or_else(|| Err(Fault::Garbled("an answer without response messages".into())))
}

/// What the body of an envelope holds. A fault comes with 500, and so may a good answer.
fn body(response: &Response) -> Result<Element, Fault> {
    let status = response.status;
    let refused = |code: &str| Fault::Refused { status, code: code.into(), message: String::new() };
    match status {
        200..300 | 500 | 503 => {}
        // To a page that says that something went wrong: nothing was carried out.
        302 => return Err(Fault::Refused { status: 503, code: "redirected".into(), message: String::new() }),
        _ => return Err(refused(response.header("x-caserrorcode").unwrap_or_default())),
    }
    let envelope = match xml::parse(&response.body) {
        Ok(envelope) => envelope,
        Err(_) if status >= 500 => return Err(refused("")),
        Err(fault) => return Err(http::page(&response.body).unwrap_or(fault)),
    };
    // A page that is written with care is a document as well.
    if envelope.name != "Envelope" {
        return Err(
            http::page(&response.body).unwrap_or_else(|| Fault::Garbled("an answer without an envelope".into()))
        );
    }
    let held = envelope.children.into_iter().find(|child| child.name == "Body").map(|body| body.children);
    let held = held.and_then(|children| children.into_iter().next());
    let held = held.ok_or_else(|| Fault::Garbled("an answer without a body".into()))?;
    if held.name != "Fault" {
        return Ok(held);
    }
    let text = held.text_of("faultstring").unwrap_or_default();
    let code = held.at(&["detail", "ResponseCode"]).map(|code| code.text.as_str());
    // Without details the code stands behind a prefix.
    let code = code.or_else(|| held.text_of("faultcode").and_then(|code| code.rsplit(':').next())).unwrap_or_default();
    Err(complaint(code.trim(), text, held.child("detail"), status.max(500)))
}

/// A message, unless it says that it failed.
fn judged(message: Element) -> Result<Element, Fault> {
    let code = message.text_of("ResponseCode").unwrap_or_default().trim();
    if message.attribute("ResponseClass") == Some("Success") {
        return Ok(message);
    }
    // The rest of a batch was not tried: it is to be sent again.
    if code == "ErrorBatchProcessingStopped" {
        return Err(Fault::Again(0));
    }
    if message.attribute("ResponseClass") == Some("Warning") {
        return Ok(message);
    }
    Err(complaint(code, message.text_of("MessageText").unwrap_or_default(), Some(&message), 400))
}

/// What a code means; `holder` has `MessageXml`.
fn complaint(code: &str, text: &str, holder: Option<&Element>, otherwise: u16) -> Fault {
    let values = holder.and_then(|holder| holder.child("MessageXml"));
    let value = |name: &str| {
        let found = values?.children.iter().find(|value| value.attribute("Name") == Some(name));
        found.map(|value| value.text.trim())
    };
    if code == "ErrorServerBusy" || value("InnerErrorResponseCode") == Some("ErrorServerBusy") {
        let wait = value("BackOffMilliseconds").and_then(|wait| wait.parse().ok()).unwrap_or(WAIT);
        return Fault::Again(wait.min(LONGEST_WAIT));
    }
    let status = STATUSES.iter().find(|(_, codes)| codes.contains(&code)).map_or(otherwise, |(status, _)| *status);
    Fault::Refused { status, code: code.to_owned(), message: crate::text::cut(text.trim(), 500) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Response, Fault> {
        let body = format!("<s:Envelope><s:Header/><s:Body>{body}</s:Body></s:Envelope>").into_bytes();
        Ok(Response { status, headers: Vec::new(), body, received: 0 })
    }

    fn item(class: &str, code: &str, more: &str) -> String {
        format!(
            "<m:M ResponseClass=\"{class}\"><m:MessageText>why</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>{more}</m:M>"
        )
    }

    fn listed(messages: &[String]) -> String {
        format!("<m:R><m:ResponseMessages>{}</m:ResponseMessages></m:R>", messages.concat())
    }

    const BACK_OFF: &str = "<m:MessageXml><t:Value Name=\"BackOffMilliseconds\">2500</t:Value></m:MessageXml>";

    #[test]
    fn each_item_has_its_own_result_in_the_order_of_the_request() {
        let body = listed(&[
            item("Success", "NoError", "<m:Items/>"),
            item("Error", "ErrorItemNotFound", "<m:Items/>"),
            item("Error", "ErrorIrresolvableConflict", ""),
            item("Error", "ErrorServerBusy", BACK_OFF),
            item("Warning", "ErrorBatchProcessingStopped", ""),
        ]);
        let results = messages(answer(200, &body), 6);
        assert_eq!(results.len(), 6);
        assert!(results[0].as_ref().is_ok_and(|message| message.child("Items").is_some()));
        let faults: Vec<&Fault> = results[1..].iter().filter_map(|result| result.as_ref().err()).collect();
        assert!(faults[0].not_found() && faults[1].stale());
        assert_eq!((faults[2], faults[3]), (&Fault::Again(2500), &Fault::Again(0)));
        // What is missing may have been carried out.
        assert!(faults[4].outcome_unknown());
    }

    #[test]
    fn a_busy_server_is_understood_in_every_form() {
        let fault = |code: &str, value: &str| {
            format!(
                "<s:Fault><faultcode>a:{code}</faultcode><faultstring>busy</faultstring><detail><e:ResponseCode>{code}</e:ResponseCode>\
                 <t:MessageXml>{value}</t:MessageXml></detail></s:Fault>"
            )
        };
        let back_off = "<t:Value Name=\"BackOffMilliseconds\">2500</t:Value>";
        let inner = "<t:Value Name=\"InnerErrorResponseCode\">ErrorServerBusy</t:Value>";
        for (status, body, wait) in [
            (200, listed(&[item("Error", "ErrorServerBusy", BACK_OFF)]), 2500),
            (200, listed(&[item("Error", "ErrorServerBusy", "")]), WAIT),
            (500, fault("ErrorServerBusy", back_off), 2500),
            (503, fault("ErrorServerBusy", back_off), 2500),
            (500, fault("ErrorInternalServerError", &format!("{inner}{back_off}")), 2500),
            (500, fault("ErrorServerBusy", &back_off.replace("2500", "99999999999")), LONGEST_WAIT),
        ] {
            assert_eq!(messages(answer(status, &body), 2)[0], Err(Fault::Again(wait)), "{status} {body}");
        }
        let plain = Response { status: 503, headers: Vec::new(), body: b"<html>".to_vec(), received: 0 };
        assert!(matches!(message(Ok(plain)), Err(Fault::Refused { status: 503, .. })));
    }

    #[test]
    fn a_fault_is_every_items_and_a_good_answer_may_come_with_500() {
        let fault = "<s:Fault><faultcode>a:ErrorSchemaValidation</faultcode><faultstring>The request failed.</faultstring></s:Fault>";
        let results = messages(answer(500, fault), 3);
        let refused =
            Fault::Refused { status: 500, code: "ErrorSchemaValidation".into(), message: "The request failed.".into() };
        assert_eq!(results, vec![Err(refused); 3]);
        assert!(message(answer(500, &listed(&[item("Success", "NoError", "")]))).is_ok());
        let elsewhere = Response { status: 302, headers: Vec::new(), body: Vec::new(), received: 0 };
        assert!(matches!(message(Ok(elsewhere)), Err(Fault::Refused { status: 503, .. })));
        let no_right = Response { status: 401, headers: Vec::new(), body: Vec::new(), received: 0 };
        assert!(message(Ok(no_right)).is_err_and(|fault| fault.forbidden()));
        assert!(matches!(message(answer(200, "<m:R/>")), Err(Fault::Garbled(_))));
    }
}
