//! The seam below the policy: one request goes out, one answer comes in.

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
}
