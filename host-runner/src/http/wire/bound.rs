//! Requests over connections that are signed in one by one. Offer, challenge and answer travel over the same connection, and
//! only the answer carries the request's body: what comes before it is refused by the server and does nothing.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};

use super::{Sender, Wire, describe, headers, line, message};
use crate::clock::millis;
use crate::http::contract::UnreachableCause;
use crate::http::transport::{Failure, Handshake, Incoming, Outgoing, Peer};

/// A server's page about a refused request is shorter.
const LARGEST: usize = 1 << 20;

impl Wire {
    pub(super) async fn dispatch_bound(
        &self,
        request: Outgoing,
        handshake: Arc<dyn Handshake>,
    ) -> Result<Incoming, Failure> {
        let line = line(&request, handshake.who())?;
        while let Some(mut sender) = self.pool.take(&line) {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(message(&request)?).await {
                // The server has forgotten who this is, and refused: another connection, another handshake.
                Ok(answer) if answer.status() == 401 => {}
                Ok(answer) => return Ok(self.incoming(line, sender, answer)),
                Err(mut fault) => {
                    // The connection had ended and took nothing.
                    if fault.take_message().is_none() {
                        return Err(Failure::Lost(describe(fault.error())));
                    }
                }
            }
        }
        let (mut sender, certificate) = self.connector.connect(&request.url, request.private).await?;
        let offer = signed(&request, handshake.opening(), false);
        let answer = sender.try_send_request(message(&offer)?).await;
        // The offer does nothing, whatever became of it: of the request nothing was sent.
        let unsent = || Failure::NotSent(UnreachableCause::Connect);
        let answer = answer.map_err(|_| unsent())?;
        let (head, body) = answer.into_parts();
        let status = head.status.as_u16();
        let page = Limited::new(body, LARGEST).collect().await.map_err(|_| unsent())?.to_bytes();
        let told = headers(&head.headers);
        let last = match (status, challenge(&told, handshake.scheme())) {
            (401, Some(challenge)) => {
                let host = request.url.host_str().unwrap_or_default();
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map(millis).unwrap_or_default();
                let peer = Peer { host, certificate: certificate.as_deref(), now };
                let answer = handshake.answer(&challenge, &peer);
                signed(&request, answer.map_err(|text| Failure::Refused(format!("{host}: {text}")))?, true)
            }
            // Whoever does not ask who it is may have the request as it is.
            (200..=299, _) => request,
            _ => return Ok(Incoming::whole(status, told, page)),
        };
        self.finish(sender, &last, line).await
    }

    async fn finish(&self, mut sender: Sender, request: &Outgoing, line: super::Line) -> Result<Incoming, Failure> {
        sender.ready().await.map_err(|fault| unkept(&describe(&fault)))?;
        match sender.try_send_request(message(request)?).await {
            Ok(answer) if answer.status() == 401 => {
                let (head, body) = answer.into_parts();
                let page =
                    Limited::new(body, LARGEST).collect().await.map_or_else(|_| Bytes::new(), |all| all.to_bytes());
                Ok(Incoming::whole(401, headers(&head.headers), page))
            }
            Ok(answer) => Ok(self.incoming(line, sender, answer)),
            Err(mut fault) => Err(match fault.take_message() {
                Some(_) => unkept(&describe(fault.error())),
                None => Failure::Lost(describe(fault.error())),
            }),
        }
    }
}

/// The request with this step of the handshake, and with its body where it is the last one.
fn signed(request: &Outgoing, authorization: String, whole: bool) -> Outgoing {
    let mut headers = request.headers.clone();
    headers.push(("authorization".to_owned(), authorization));
    Outgoing {
        method: request.method.clone(),
        url: request.url.clone(),
        headers,
        body: request.body.clone().filter(|_| whole),
        private: request.private,
    }
}

fn challenge(headers: &[(String, String)], scheme: &str) -> Option<String> {
    let values = headers.iter().filter(|(name, _)| name == "www-authenticate");
    let mut offers = values.filter_map(|(_, value)| value.split_once(' '));
    offers.find(|(name, _)| name.eq_ignore_ascii_case(scheme)).map(|(_, challenge)| challenge.to_owned())
}

fn unkept(cause: &str) -> Failure {
    Failure::Refused(format!(
        "the connection was not kept for the handshake ({cause}); a proxy that shares or closes connections makes NTLM \
         impossible: use sign-in = \"basic\" or \"oauth\" in [exchange]"
    ))
}
