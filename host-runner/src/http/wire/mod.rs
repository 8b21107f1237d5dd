//! The transport of production: HTTP/1.1 over sockets, so that it is known of every request whether a byte of it left.

mod bound;
mod connect;
mod tls;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper::header::{HOST, HeaderName, HeaderValue};
use url::Position;

use super::destination::Origin;
use super::transport::{Failure, Handshake, Incoming, Outgoing, Transport};
pub use tls::TlsFault;

/// Servers close idle connections after one to two minutes; one that is closed under way costs an unknown outcome.
const IDLE: Duration = Duration::from_secs(45);
const IDLE_PER_ORIGIN: usize = 8;

type Sender = SendRequest<Full<Bytes>>;

/// Connections of one tenant.
pub struct Wire {
    connector: connect::Connector,
    pool: Arc<Pool>,
}

/// Where a connection leads, and who is signed in on it; nobody, where that is empty.
type Line = (Origin, String);

#[derive(Default)]
struct Pool(Mutex<BTreeMap<Line, Vec<(Sender, Instant)>>>);

impl Pool {
    fn take(&self, line: &Line) -> Option<Sender> {
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = pool.get_mut(line)?;
        idle.retain(|(sender, since)| !sender.is_closed() && since.elapsed() < IDLE);
        idle.pop().map(|(sender, _)| sender)
    }

    fn keep(&self, line: Line, sender: Sender) {
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = pool.entry(line).or_default();
        if !sender.is_closed() && idle.len() < IDLE_PER_ORIGIN {
            idle.push((sender, Instant::now()));
        }
    }
}

impl Wire {
    /// A transport without connections yet, trusting the certificates that the machine trusts.
    ///
    /// # Errors
    /// There is no usable TLS configuration.
    pub fn new(connect_timeout: Duration) -> Result<Self, TlsFault> {
        Self::trusting(connect_timeout, None)
    }

    /// The same, trusting also the certificates in a file of PEM: those of a company's own authority.
    ///
    /// # Errors
    /// There is no usable TLS configuration, or no certificate in the file.
    pub fn trusting(connect_timeout: Duration, authority: Option<&Path>) -> Result<Self, TlsFault> {
        Ok(Self { connector: connect::Connector::new(connect_timeout, authority)?, pool: Arc::default() })
    }

    async fn dispatch(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let line = line(&request, "")?;
        let mut message = message(&request)?;
        while let Some(mut sender) = self.pool.take(&line) {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(message).await {
                Ok(answer) => return Ok(self.incoming(line, sender, answer)),
                // The connection had ended and took nothing: another one is no repetition.
                Err(mut fault) => match fault.take_message() {
                    Some(unsent) => message = unsent,
                    None => return Err(Failure::Lost(describe(fault.error()))),
                },
            }
        }
        let (mut sender, _) = self.connector.connect(&request.url, request.private).await?;
        match sender.try_send_request(message).await {
            Ok(answer) => Ok(self.incoming(line, sender, answer)),
            Err(fault) => Err(Failure::Lost(describe(fault.error()))),
        }
    }

    fn incoming(&self, line: Line, sender: Sender, answer: hyper::Response<hyper::body::Incoming>) -> Incoming {
        let (head, body) = answer.into_parts();
        let headers = headers(&head.headers);
        let pool = Arc::clone(&self.pool);
        let body = stream::unfold((body, Some((pool, line, sender))), |(mut body, mut rest)| async move {
            loop {
                match body.frame().await {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => return Some((Ok(data), (body, rest))),
                        Err(_trailers) => {}
                    },
                    Some(Err(fault)) => return Some((Err(describe(&fault)), (body, None))),
                    None => {
                        // Only after its last byte is a connection fit for another request.
                        if let Some((pool, line, sender)) = rest.take() {
                            pool.keep(line, sender);
                        }
                        return None;
                    }
                }
            }
        });
        Incoming { status: head.status.as_u16(), headers, body: body.boxed() }
    }
}

impl Transport for Wire {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>> {
        Box::pin(self.dispatch(request))
    }

    fn send_bound(&self, request: Outgoing, handshake: Arc<dyn Handshake>) -> BoxFuture<'_, Result<Incoming, Failure>> {
        Box::pin(self.dispatch_bound(request, handshake))
    }
}

fn line(request: &Outgoing, who: &str) -> Result<Line, Failure> {
    let origin = Origin::of(&request.url).ok_or_else(|| Failure::Refused("not an address of the web".to_owned()))?;
    Ok((origin, who.to_owned()))
}

fn headers(map: &hyper::HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn message(request: &Outgoing) -> Result<hyper::Request<Full<Bytes>>, Failure> {
    let refused = |fault: &dyn std::fmt::Display| Failure::Refused(format!("the request cannot be written: {fault}"));
    let host = &request.url[Position::BeforeHost..Position::AfterPort];
    let path = &request.url[Position::BeforePath..Position::AfterQuery];
    let mut message = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(path)
        .header(HOST, host)
        .body(Full::new(request.body.clone().unwrap_or_default()))
        .map_err(|fault| refused(&fault))?;
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|fault| refused(&fault))?;
        let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| refused(&format!("header {name}")))?;
        value.set_sensitive(matches!(name.as_str(), "authorization" | "cookie" | "bpmcsrf"));
        message.headers_mut().append(name, value);
    }
    // hyper leaves it out for an empty body, and IIS answers 411 to a POST without it.
    if request.body.is_none() && matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
        message.headers_mut().insert(hyper::header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(message)
}

/// A fault with its causes: the outermost alone says "connection error".
fn describe(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
