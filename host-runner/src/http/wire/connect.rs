//! From a name to a connection. The addresses are judged here, after resolution, and the connection is made to the very
//! address that was judged: a name cannot answer differently in between.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use super::tls::{self, TlsFault};
use super::{Failure, Sender};
use crate::http::address;
use crate::http::contract::UnreachableCause;

pub(super) struct Connector {
    tls: TlsConnector,
    patience: Duration,
}

impl Connector {
    pub(super) fn new(patience: Duration, authority: Option<&Path>) -> Result<Self, TlsFault> {
        Ok(Self { tls: tls::connector(authority)?, patience })
    }

    /// A connection, and the certificate of its other end where there is TLS.
    pub(super) async fn connect(&self, url: &Url, private: bool) -> Result<(Sender, Option<Vec<u8>>), Failure> {
        match timeout(self.patience, self.connected(url, private)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::NotSent(UnreachableCause::Timeout)),
        }
    }

    async fn connected(&self, url: &Url, private: bool) -> Result<(Sender, Option<Vec<u8>>), Failure> {
        let tcp = self.tcp(&addresses(url, private).await?).await?;
        let _ = tcp.set_nodelay(true);
        if url.scheme() != "https" {
            return Ok((handshake(tcp).await?, None));
        }
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.trim_end_matches('.').to_owned()).ok(),
            Some(Host::Ipv4(address)) => Some(ServerName::from(IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => Some(ServerName::from(IpAddr::V6(address))),
            None => None,
        };
        let name = name.ok_or(Failure::NotSent(UnreachableCause::Name))?;
        let session = self.tls.connect(name, tcp).await.map_err(|fault| {
            tracing::debug!(host = url.host_str(), %fault, "no TLS session");
            match tls::judged(&fault, url.host_str().unwrap_or_default()) {
                Some(text) => Failure::Refused(text),
                None => Failure::NotSent(UnreachableCause::Tls),
            }
        })?;
        let (_, ends) = session.get_ref();
        let certificate = ends.peer_certificates().and_then(|chain| chain.first()).map(|first| first.to_vec());
        Ok((handshake(session).await?, certificate))
    }

    async fn tcp(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
        // One dead address of several must not use up the time of all.
        let share = self.patience / u32::try_from(addresses.len()).unwrap_or(1).max(1);
        let mut cause = UnreachableCause::Connect;
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(fault)) => tracing::debug!(%address, %fault, "no connection"),
                Err(_) => cause = UnreachableCause::Timeout,
            }
        }
        Err(Failure::NotSent(cause))
    }
}

async fn addresses(url: &Url, private: bool) -> Result<Vec<SocketAddr>, Failure> {
    let unknown = Failure::NotSent(UnreachableCause::Name);
    let Some(port) = url.port_or_known_default() else { return Err(unknown) };
    let found: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![SocketAddr::from((address, port))],
        Some(Host::Ipv6(address)) => vec![SocketAddr::from((address, port))],
        Some(Host::Domain(name)) => match tokio::net::lookup_host((name, port)).await {
            Ok(found) => found.collect(),
            Err(_) => return Err(unknown),
        },
        None => return Err(unknown),
    };
    if private {
        return if found.is_empty() { Err(unknown) } else { Ok(found) };
    }
    let judged = |address: &&SocketAddr| address::permits(address.ip()).is_ok();
    let permitted: Vec<SocketAddr> = found.iter().filter(judged).copied().collect();
    match (permitted.is_empty(), found.first().map(|address| address::permits(address.ip()))) {
        (false, _) => Ok(permitted),
        (true, Some(Err(kind))) => Err(Failure::Refused(format!(
            "{} is {kind}; if it is meant, name the origin in [network] allow",
            url.host_str().unwrap_or_default()
        ))),
        (true, _) => Err(unknown),
    }
}

async fn handshake(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Sender, Failure> {
    let (sender, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::NotSent(UnreachableCause::Connect))?;
    tokio::spawn(async move {
        if let Err(fault) = connection.await {
            tracing::debug!(%fault, "connection ended");
        }
    });
    Ok(sender)
}
