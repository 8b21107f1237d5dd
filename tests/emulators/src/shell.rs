//! The thin HTTP/1.1 server that puts a site's services on sockets.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Sleep;

use crate::control;
use crate::harness::{Delivery, Site};
use crate::wire::{Request, Response};

/// Bytes of a request body at most.
const LARGEST: usize = 64 << 20;

/// How long a stopping shell waits for answers that are under way.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long a connection outlives the last bytes of a body that is cut.
const FLUSH: Duration = Duration::from_millis(10);

/// What is behind a port.
#[derive(Debug, Clone)]
enum Door {
    /// The service mounted at this address.
    Service(String),
    /// The control port.
    Control,
}

/// Servers for one site.
pub struct Shell {
    site: Arc<Mutex<Site>>,
    stop: watch::Sender<bool>,
    servers: JoinSet<()>,
}

impl Shell {
    /// A shell around a site; nothing listens yet.
    #[must_use]
    pub fn new(site: Site) -> Self {
        Self { site: Arc::new(Mutex::new(site)), stop: watch::channel(false).0, servers: JoinSet::new() }
    }

    /// The site, to be looked at or changed while it serves. Do not hold the lock over an `await`.
    pub fn site(&self) -> MutexGuard<'_, Site> {
        lock(&self.site)
    }

    /// Serves what is mounted at `base`; gives the address, port 0 being any free one.
    ///
    /// # Errors
    /// The address cannot be listened at.
    pub async fn serve(&mut self, base: &str, address: SocketAddr) -> io::Result<SocketAddr> {
        self.open(Door::Service(base.to_owned()), address).await
    }

    /// Serves the control port.
    ///
    /// # Errors
    /// The address cannot be listened at.
    pub async fn serve_control(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        self.open(Door::Control, address).await
    }

    /// Stops listening and lets requests that are under way finish.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = async { while self.servers.join_next().await.is_some() {} };
        // Whoever is not done by then is cut off when the set of servers is dropped.
        let _ = tokio::time::timeout(FAREWELL, finished).await;
    }

    async fn open(&mut self, door: Door, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (site, stop) = (Arc::clone(&self.site), self.stop.subscribe());
        self.servers.spawn(accept(listener, door, site, stop));
        Ok(address)
    }
}

async fn accept(listener: TcpListener, door: Door, site: Arc<Mutex<Site>>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, door.clone(), Arc::clone(&site), stop.clone()));
                }
                // Out of descriptors, most likely: let others close theirs.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            // Finished ones are taken out, or the set would grow for ever.
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, door: Door, site: Arc<Mutex<Site>>, mut stop: watch::Receiver<bool>) {
    // Answers are small and come at once.
    let _ = stream.set_nodelay(true);
    let serve = service_fn(|request| answer(request, &door, &site));
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
    tokio::pin!(connection);
    // An error here is a client that went away or a fault that broke the connection.
    let stopping = tokio::select! {
        _ = connection.as_mut() => false,
        _ = stop.changed() => true,
    };
    if stopping {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    door: &Door,
    site: &Arc<Mutex<Site>>,
) -> io::Result<hyper::Response<Stream>> {
    let request = match read(request).await? {
        Ok(request) => request,
        Err(refusal) => return Ok(respond(&refusal, None)),
    };
    let base = match door {
        Door::Control => return Ok(respond(&control::answer(&mut lock(site), &request), None)),
        Door::Service(base) => base,
    };
    let ticket = lock(site).arrive(base, &request);
    let (before, after) = (ticket.before(), ticket.after());
    pause(before).await;
    let delivery = {
        let mut site = lock(site);
        let now = site.clock.now();
        site.carry_out(base, &request, ticket, now)
    };
    pause(after).await;
    match delivery {
        Delivery::Answer(response) => Ok(respond(&response, None)),
        Delivery::Cut { response, length } => Ok(respond(&response, Some(length))),
        // An error makes hyper close the connection without a word.
        Delivery::LostBefore | Delivery::LostAfter => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

fn lock(site: &Mutex<Site>) -> MutexGuard<'_, Site> {
    site.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(request: hyper::Request<Incoming>) -> io::Result<Result<Request, Response>> {
    let (parts, body) = request.into_parts();
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    if headers.iter().any(|(name, value)| name == "content-encoding" && value != "identity") {
        return Ok(Err(Response { status: 415, ..Response::default() }));
    }
    let body = match http_body_util::Limited::new(body, LARGEST).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Ok(Err(Response { status: 413, ..Response::default() }));
        }
        Err(error) => return Err(io::Error::other(error)),
    };
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    Ok(Ok(Request { method: parts.method.as_str().to_uppercase(), target, headers, body }))
}

fn respond(response: &Response, length: Option<usize>) -> hyper::Response<Stream> {
    let mut answer = hyper::Response::new(Stream {
        data: Some(Bytes::copy_from_slice(&response.body)),
        breaks: length.map(|_| Box::pin(tokio::time::sleep(FLUSH))),
    });
    *answer.status_mut() =
        hyper::StatusCode::from_u16(response.status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &response.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    if let Some(length) = length {
        answer.headers_mut().insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    answer
}

/// A body in one piece, after which the connection may break.
struct Stream {
    data: Option<Bytes>,
    /// Where the connection breaks: the pause before it, in which what was said so far leaves the buffers.
    breaks: Option<Pin<Box<Sleep>>>,
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match (self.data.take(), &mut self.breaks) {
            (Some(data), _) if !data.is_empty() => Poll::Ready(Some(Ok(Frame::data(data)))),
            (_, Some(pause)) => {
                pause.as_mut().poll(context).map(|()| Some(Err(io::ErrorKind::ConnectionAborted.into())))
            }
            (_, None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.breaks.is_none() && self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.data {
            _ if self.breaks.is_some() => SizeHint::default(),
            Some(data) => SizeHint::with_exact(data.len() as u64),
            None => SizeHint::with_exact(0),
        }
    }
}
