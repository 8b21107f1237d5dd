//! Requests of the host's own: to the services that hand out sign-ins.

use bytes::Bytes;
use url::Url;

use crate::clock::millis;
use crate::http::Egress;
use crate::http::contract::{Credential, Error, UnreachableCause};
use crate::http::egress::{Answer, Fault, Leaving};
use crate::http::retry;

/// More than any token or login answer.
const LARGEST: u64 = 1 << 20;
const ATTEMPTS: u32 = 3;
/// A longer wait for a sign-in is left to the next run.
const LONGEST_WAIT_SECS: u64 = 30;

/// Posts to a sign-in service, a few times if it is away: asking for a token twice harms nobody.
pub(super) async fn ask(
    egress: &Egress,
    place: &str,
    url: &Url,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Answer, Error> {
    let side = if place == "Creatio" { Credential::Creatio } else { Credential::Mailbox };
    let target = egress.destinations().target(url.clone(), side)?;
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut attempt = 1;
    loop {
        let leaving = Leaving {
            method: "POST".to_owned(),
            headers: headers.clone(),
            body: Some(body.clone()),
            handshake: None,
            limit: LARGEST,
        };
        let outcome = egress.exchange(&target, leaving).await;
        let (wait, result) = match outcome {
            Ok(answer) if matches!(answer.status, 429 | 502..=504) => {
                let asked = retry::retry_after(&answer.headers, answer.received);
                let wait = asked.unwrap_or_else(|| retry::back_off(attempt));
                let told = Error::Throttled(Some(millis(wait)));
                let away = Error::Other(format!("the sign-in service of {place} at {url} answered {}", answer.status));
                (wait, if answer.status == 429 { told } else { away })
            }
            Ok(answer) => return Ok(answer),
            // The request that the sign-in is for was not sent, whatever became of the sign-in itself.
            Err(Fault::Lost(text)) => {
                let text = format!("the sign-in service of {place} at {url} gave no answer: {text}");
                (retry::back_off(attempt), Error::Other(text))
            }
            Err(Fault::NotSent(cause @ (UnreachableCause::Name | UnreachableCause::Tls))) => {
                tracing::warn!("the sign-in service of {place} at {url}: {}", cause.describe());
                return Err(Error::Unreachable(cause));
            }
            Err(Fault::NotSent(cause)) => (retry::back_off(attempt), Error::Unreachable(cause)),
            Err(Fault::Refused(text)) => return Err(Error::Denied(text)),
            Err(Fault::TooLarge(_)) => {
                return Err(Error::Other(format!("the sign-in service of {place} at {url} answered no token")));
            }
            Err(Fault::Damaged(text)) => return Err(Error::Other(text)),
        };
        if attempt >= ATTEMPTS || wait.as_secs() > LONGEST_WAIT_SECS {
            return Err(result);
        }
        attempt += 1;
        egress.clock().sleep(wait).await;
    }
}
