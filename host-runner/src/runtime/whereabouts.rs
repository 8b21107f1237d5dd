//! Which of two services has a mailbox that may move: one cheap question to the one that had it, and to the other only where
//! that one says that it has it no more.

use std::fmt::Write as _;

use url::Url;

use crate::config::Service;
use crate::http::{Credential, Error, HttpPolicy, MailboxService, Request, Response};

/// What a service says of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It has it.
    Here,
    /// It does not.
    Elsewhere,
    /// Neither; a sentence.
    Unclear(String),
}

/// What follows from that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// The run goes there.
    Settled(Service),
    /// Nobody has it, as a sentence.
    Fault(String),
}

/// Whether the other service has to be asked as well. A service that is away for a while has not lost its mailboxes.
pub(super) fn others(first: &Said, known: Option<Service>) -> bool {
    match first {
        Said::Here => false,
        Said::Elsewhere => true,
        Said::Unclear(_) => known.is_none(),
    }
}

/// Where a run goes.
pub(super) fn decide(first: Service, said: Said, other: Option<Said>, known: Option<Service>, mail: &str) -> Decision {
    let second = if first == Service::Exchange { Service::Microsoft } else { Service::Exchange };
    match (said, other) {
        (Said::Here, _) => Decision::Settled(first),
        (_, Some(Said::Here)) => Decision::Settled(second),
        // The run tells what is the matter.
        (Said::Unclear(_), None) if known == Some(first) => Decision::Settled(first),
        (Said::Unclear(_), Some(Said::Elsewhere)) => Decision::Settled(first),
        (Said::Elsewhere, Some(Said::Elsewhere)) => Decision::Fault(format!(
            "neither Microsoft 365 nor Exchange has a mailbox {mail}; correct mail, or say in mailbox which of the two has it"
        )),
        (said, other) => {
            let mut text = format!("it cannot be told whether Microsoft 365 or Exchange has the mailbox {mail}");
            for (service, said) in [(first, Some(said)), (second, other)] {
                let name = if service == Service::Exchange { "Exchange" } else { "Microsoft 365" };
                let _ = match said {
                    Some(Said::Unclear(why)) => write!(text, "; {name}: {why}"),
                    Some(Said::Elsewhere) => write!(text, "; {name} does not have it"),
                    Some(Said::Here) | None => Ok(()),
                };
            }
            Decision::Fault(text)
        }
    }
}

/// Asks a service for the calendar of a mailbox.
pub(super) async fn probe(http: &HttpPolicy, service: &MailboxService, mail: &str, impersonate: bool) -> Said {
    let Some(request) = question(service, mail, impersonate) else {
        return Said::Unclear("its address is not known".to_owned());
    };
    let answer = http.send(vec![request]).await.pop().unwrap_or(Err(Error::Stopped));
    match (service, answer) {
        (_, Err(fault)) => Said::Unclear(fault.to_string()),
        (MailboxService::Graph(_), Ok(answer)) => graph(&answer),
        (_, Ok(answer)) => exchange(&answer),
    }
}

fn question(service: &MailboxService, mail: &str, impersonate: bool) -> Option<Request> {
    match service {
        MailboxService::Graph(root) => {
            let mut url: Url = root.clone();
            url.path_segments_mut().ok()?.pop_if_empty().extend(["v1.0", "users", mail, "calendar"]);
            url.set_query(Some("$select=id"));
            Some(Request::get(url.as_str(), Credential::Mailbox))
        }
        MailboxService::Exchange(url) => {
            let headers = [("content-type", "text/xml; charset=utf-8"), ("x-anchormailbox", mail)];
            Some(Request {
                method: "POST".to_owned(),
                headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                body: Some(envelope(mail, impersonate).into_bytes()),
                ..Request::get(url.as_str(), Credential::Mailbox)
            })
        }
        MailboxService::Unfound => None,
    }
}

fn envelope(mail: &str, impersonate: bool) -> String {
    let mail = mail.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let acting = if impersonate {
        format!(
            "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{mail}</t:PrimarySmtpAddress></t:ConnectingSID>\
             </t:ExchangeImpersonation>"
        )
    } else {
        String::new()
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\">\
         <s:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/>{acting}</s:Header>\
         <s:Body><m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
         <t:DistinguishedFolderId Id=\"calendar\"/></m:FolderIds></m:GetFolder></s:Body></s:Envelope>"
    )
}

/// Codes with which Graph says that a mailbox is on premises, or nowhere.
const ABSENT_IN_GRAPH: [&str; 5] = [
    "MailboxNotEnabledForRESTAPI",
    "MailboxNotSupportedForRESTAPI",
    "ErrorNonExistentMailbox",
    "ErrorInvalidUser",
    "Request_ResourceNotFound",
];
/// Codes with which Exchange says that a mailbox is in the cloud, or nowhere.
const ABSENT_IN_EXCHANGE: [&str; 3] = ["ErrorNonExistentMailbox", "ErrorMissingEmailAddress", "ErrorMailboxNotFound"];

fn graph(answer: &Response) -> Said {
    let code = serde_json::from_slice::<serde_json::Value>(&answer.body).ok();
    let code = code.as_ref().and_then(|body| body.pointer("/error/code")).and_then(serde_json::Value::as_str);
    match (answer.status, code) {
        (200, _) => Said::Here,
        (_, Some(code)) if ABSENT_IN_GRAPH.iter().any(|known| known.eq_ignore_ascii_case(code)) => Said::Elsewhere,
        (status, code) => Said::Unclear(format!("it answers {status} {}", code.unwrap_or_default()).trim().to_owned()),
    }
}

fn exchange(answer: &Response) -> Said {
    let text = String::from_utf8_lossy(&answer.body);
    let code = text.split_once("ResponseCode").and_then(|(_, rest)| rest.split_once('>')).map(|(_, rest)| rest);
    let code = code.and_then(|rest| rest.split('<').next()).unwrap_or_default().trim();
    // It names the place to ask instead.
    let moved = answer.status == 451 || answer.header("x-ms-location").is_some();
    match code {
        _ if moved => Said::Elsewhere,
        "NoError" => Said::Here,
        code if ABSENT_IN_EXCHANGE.contains(&code) => Said::Elsewhere,
        code => Said::Unclear(format!("it answers {} {code}", answer.status).trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "e.mirny@mycompany.com";

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: vec![], body: body.as_bytes().to_vec(), received: 0 }
    }

    fn unclear() -> Said {
        Said::Unclear("it answers 503".to_owned())
    }

    /// Asks as runs do.
    fn decided(known: Option<Service>, microsoft: &Said, exchange: &Said) -> (Decision, u8) {
        let first = known.unwrap_or(Service::Microsoft);
        let (said, other) = if first == Service::Microsoft { (microsoft, exchange) } else { (exchange, microsoft) };
        let asked = others(said, known);
        let other = asked.then(|| other.clone());
        (decide(first, said.clone(), other, known, MAIL), 1 + u8::from(asked))
    }

    #[test]
    fn the_service_that_has_the_mailbox_is_asked_alone() {
        for known in [None, Some(Service::Microsoft)] {
            let (decision, requests) = decided(known, &Said::Here, &unclear());
            assert_eq!((decision, requests), (Decision::Settled(Service::Microsoft), 1));
        }
        let (decision, requests) = decided(Some(Service::Exchange), &unclear(), &Said::Here);
        assert_eq!((decision, requests), (Decision::Settled(Service::Exchange), 1));
    }

    #[test]
    fn a_mailbox_that_moved_is_followed_in_both_directions() {
        let moved = decided(Some(Service::Exchange), &Said::Here, &Said::Elsewhere);
        assert_eq!(moved, (Decision::Settled(Service::Microsoft), 2));
        let back = decided(Some(Service::Microsoft), &Said::Elsewhere, &Said::Here);
        assert_eq!(back, (Decision::Settled(Service::Exchange), 2));
    }

    #[test]
    fn a_service_that_is_away_has_not_lost_its_mailboxes() {
        for other in [Said::Here, Said::Elsewhere, unclear()] {
            let away = decided(Some(Service::Exchange), &other, &unclear());
            assert_eq!(away, (Decision::Settled(Service::Exchange), 1), "{other:?}");
        }
        let (decision, _) = decided(Some(Service::Exchange), &unclear(), &Said::Elsewhere);
        assert!(matches!(decision, Decision::Fault(_)), "nothing is moved on a guess: {decision:?}");
    }

    #[test]
    fn nobody_has_it_and_nobody_knows_are_told_with_what_to_do() {
        let (Decision::Fault(text), _) = decided(None, &Said::Elsewhere, &Said::Elsewhere) else { panic!("a fault") };
        assert!(text.contains("neither") && text.contains("correct mail"), "{text}");
        let (Decision::Fault(text), _) = decided(None, &unclear(), &unclear()) else { panic!("a fault") };
        assert!(text.contains("Microsoft 365: it answers 503; Exchange: it answers 503"), "{text}");
    }

    #[test]
    fn answers_are_read_by_their_codes() {
        assert_eq!(graph(&answer(200, "{\"id\":\"x\"}")), Said::Here);
        let absent = r#"{"error":{"code":"MailboxNotEnabledForRESTAPI","message":"…is hosted on-premise."}}"#;
        assert_eq!(graph(&answer(404, absent)), Said::Elsewhere);
        assert!(matches!(graph(&answer(403, r#"{"error":{"code":"ErrorAccessDenied"}}"#)), Said::Unclear(_)));
        assert!(matches!(graph(&answer(404, "<html>")), Said::Unclear(_)), "a page of a proxy proves nothing");
        let code = |code: &str| answer(200, &format!("<m:ResponseCode>{code}</m:ResponseCode>"));
        assert_eq!(exchange(&code("NoError")), Said::Here);
        assert_eq!(exchange(&code("ErrorNonExistentMailbox")), Said::Elsewhere);
        assert_eq!(
            exchange(&answer(500, "<e:ResponseCode xmlns:e=\"x\">ErrorNonExistentMailbox</e:ResponseCode>")),
            Said::Elsewhere
        );
        assert!(matches!(exchange(&code("ErrorServerBusy")), Said::Unclear(_)));
        assert!(matches!(exchange(&answer(404, "<html>")), Said::Unclear(_)));
        assert_eq!(exchange(&answer(451, "")), Said::Elsewhere);
    }
}
