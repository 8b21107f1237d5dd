//! The seam below the policy: one request goes out, one answer comes in.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use url::Url;

use super::contract::UnreachableCause;

/// A request as it goes out, sign-in attached. It has no `Debug`, because its headers may hold a secret.
pub struct Outgoing {
    /// Upper-case method.
    pub method: String,
    /// Address.
    pub url: Url,
    /// Headers, names in lower case; `host` and `content-length` are the transport's.
    pub headers: Vec<(String, String)>,
    /// Body, if any.
    pub body: Option<Bytes>,
    /// The configuration names this origin: plain HTTP and addresses on private networks are allowed.
    pub private: bool,
}

/// An answer whose head has come.
pub struct Incoming {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it comes, still compressed.
    pub body: BoxStream<'static, Result<Bytes, String>>,
}

impl Incoming {
    /// An answer whose body is there already: what an emulator gives.
    #[must_use]
    pub fn whole(status: u16, headers: Vec<(String, String)>, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { status, headers, body: stream::once(async move { Ok(body) }).boxed() }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was sent.
    NotSent(UnreachableCause),
    /// The address that the name resolved to is refused; nothing was sent.
    Refused(String),
    /// Bytes may have left, and no whole answer came.
    Lost(String),
}

/// Carries requests. It follows no redirect, keeps no cookies and sends nothing twice, except a request of which a
/// reused connection provably took nothing.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request; resolves with the head of its answer. Dropping the future gives the request up.
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>>;

    /// Sends one request over a connection that this handshake has signed in, as one that is kept, or a new one. An answer
    /// of status 401 says that the sign-in is refused.
    fn send_bound(&self, request: Outgoing, handshake: Arc<dyn Handshake>) -> BoxFuture<'_, Result<Incoming, Failure>> {
        let _ = request;
        let text = format!("this transport knows no connections of its own, as {} needs them", handshake.scheme());
        Box::pin(async move { Err(Failure::Refused(text)) })
    }
}

/// A sign-in that is bound to one connection: offer, challenge and answer travel over it, and then it is signed in.
pub trait Handshake: Send + Sync {
    /// Whose sign-in it is: a connection that was signed in for somebody serves nobody else.
    fn who(&self) -> &str;
    /// Its name, as servers offer it.
    fn scheme(&self) -> &'static str;
    /// The `authorization` that begins.
    fn opening(&self) -> String;
    /// The `authorization` that answers a challenge.
    ///
    /// # Errors
    /// The challenge makes no sense, as a part of a sentence about the server.
    fn answer(&self, challenge: &str, peer: &Peer<'_>) -> Result<String, String>;
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer<'a> {
    /// The host as the request names it.
    pub host: &'a str,
    /// Its certificate; none without TLS.
    pub certificate: Option<&'a [u8]>,
    /// The time, in milliseconds since 1970.
    pub now: u64,
}
