//! Autodiscover: from an address to the Exchange Server that serves it, by the addresses that Exchange is published at.
//!
//! The rule that everything here keeps: **a password is sent over https only, to a host of the address's own domain (the
//! domain, or a name below it) or to one that `hosts` in `[exchange]` names, and to nobody else, whatever an answer says.**
//! A redirect is followed to https only; to other hosts it is followed without the sign-in where the question needs none, and
//! otherwise not at all. What is found is held to the same rule, because the sign-in goes there next. Questions are few, none
//! is asked twice, and so every search ends. One in which the sign-in was refused, and which found nothing, is followed by the
//! rest that a refused sign-in is followed by anywhere: many tries lock an account.
//!
//! What to ask next is decided in `search.rs`, which has no effects; `answer.rs` reads answers.

mod answer;
mod search;

use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use crate::credential::Signature;
use crate::http::contract::{Credential, Error, UnreachableCause};
use crate::http::destination::Target;
use crate::http::egress::{Answer, Fault, Leaving};
use crate::http::{Egress, Origin};
use search::{Heard, Next, Question, Search};

pub(crate) use search::Rule;

/// Answers are a page of XML.
const LARGEST: u64 = 1 << 20;

/// Finds the address of Exchange Web Services for a mailbox. Where the sign-in is refused instead, it rests.
///
/// # Errors
/// Nothing was found, as a sentence that says what was tried and what to do; or the sign-in is refused.
pub(crate) async fn find(egress: &Arc<Egress>, mail: &str, hosts: &[String]) -> Result<Url, Error> {
    let found = look_again(egress, mail, hosts).await;
    if let Err(Error::Credential(text)) = &found {
        egress.session(Credential::Mailbox).rest(egress, text).await;
    }
    found
}

/// The same where an address is known already, at which the sign-in may be good although Autodiscover refuses it.
///
/// # Errors
/// As `find`.
pub(crate) async fn look_again(egress: &Arc<Egress>, mail: &str, hosts: &[String]) -> Result<Url, Error> {
    let Some(rule) = Rule::of(mail, hosts) else { return Err(Error::Other(format!("{mail} is not an address"))) };
    let mut search = Search::new(mail, rule);
    let mut refusal = None;
    loop {
        match search.next() {
            Next::Ask(question) => {
                let asked = ask(egress, &question, hosts).await?;
                tracing::debug!(url = %question.url, heard = ?asked.heard, "autodiscover");
                refusal = refusal.or(asked.refusal);
                search.heard(asked.heard);
            }
            Next::Found(url) => return Ok(url),
            Next::Failed(text) => {
                return Err(match refusal {
                    Some(refusal) => Error::Credential(format!("{refusal}. {text}")),
                    None => Error::Other(text),
                });
            }
        }
    }
}

/// What came of a question.
struct Asked {
    heard: Heard,
    /// What to say of the sign-in, where it was refused.
    refusal: Option<String>,
}

impl From<Heard> for Asked {
    fn from(heard: Heard) -> Self {
        Self { heard, refusal: None }
    }
}

/// Asks; fails where no sign-in can be had, because then no place gets one.
async fn ask(egress: &Arc<Egress>, question: &Question, hosts: &[String]) -> Result<Asked, Error> {
    let Some(origin) = Origin::of(&question.url) else { return Ok(Heard::Nothing("is no address".to_owned()).into()) };
    // Those that the configuration names may be on a private network.
    let named = question.url.host_str().is_some_and(|host| hosts.iter().any(|known| known == host));
    let private = named || egress.destinations().names(&origin);
    let target = Target { url: question.url.clone(), origin: origin.clone(), private, mailbox: true, batch: false };
    let credential = if question.signed { Credential::Mailbox } else { Credential::None };
    let session = egress.session(credential);
    let signature = match session.signature(egress).await {
        Ok(signature) => signature,
        Err(Error::Credential(text)) => return Err(Error::Credential(text)),
        Err(fault) => return Ok(Heard::Nothing(fault.to_string()).into()),
    };
    let mut headers: Vec<(String, String)> = signature.headers().collect();
    headers.extend(question.body.as_ref().map(|_| ("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())));
    let leaving = Leaving {
        method: question.method.to_owned(),
        headers,
        body: question.body.clone().map(Bytes::from),
        handshake: signature.handshake(),
        limit: LARGEST,
    };
    let answer = egress.exchange(&target, leaving).await;
    let refusal = answer.as_ref().ok().and_then(|answer| session.refusal(answer, &origin));
    Ok(Asked { heard: heard(answer, &signature), refusal })
}

fn heard(answer: Result<Answer, Fault>, signature: &Signature) -> Heard {
    match answer {
        Ok(answer) if signature.echoed(&answer.headers, &answer.body) => {
            Heard::Nothing("repeats the sign-in it was asked with".to_owned())
        }
        Ok(answer) => Heard::Answer {
            status: answer.status,
            location: crate::http::contract::find(&answer.headers, "location").map(str::to_owned),
            body: answer.body,
        },
        Err(Fault::NotSent(UnreachableCause::Name)) => Heard::Nothing("is not known".to_owned()),
        Err(Fault::NotSent(cause)) => Heard::Nothing(format!("cannot be reached: {}", cause.describe())),
        Err(Fault::Refused(text) | Fault::Lost(text) | Fault::Damaged(text)) => Heard::Nothing(text),
        Err(Fault::TooLarge(_)) => Heard::Nothing("answers something else".to_owned()),
    }
}
