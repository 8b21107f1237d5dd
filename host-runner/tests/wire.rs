//! The transport against sockets: what is connected to, and what is known of a request that failed.

// What clippy.toml allows in tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use host_runner::http::wire::Wire;
use host_runner::http::{Failure, Incoming, Outgoing, Transport, UnreachableCause};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server does with a connection, by the connection's number.
type Serve = fn(usize, TcpStream) -> futures::future::BoxFuture<'static, ()>;

struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
}

async fn server(serve: Serve) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::spawn(serve(number, stream));
        }
    });
    Server { port, connections }
}

/// Reads one request without a body, up to the empty line.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    let mut byte = [0; 1];
    while !text.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).await.ok()? == 0 {
            return None;
        }
        text.push(byte[0]);
    }
    String::from_utf8(text).ok()
}

const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

fn get(url: &str, private: bool) -> Outgoing {
    Outgoing { method: "GET".to_owned(), url: url.parse().unwrap(), headers: vec![], body: None, private }
}

async fn text(answer: Incoming) -> Result<String, String> {
    let pieces: Vec<Result<Bytes, String>> = answer.body.collect().await;
    let bytes = pieces.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    Ok(String::from_utf8(bytes).unwrap())
}

fn wire() -> Wire {
    Wire::new(Duration::from_secs(2)).unwrap()
}

fn failure(result: Result<Incoming, Failure>) -> Failure {
    result.err().expect("it fails")
}

#[tokio::test]
async fn a_connection_serves_several_requests() {
    let server = server(|_, mut stream| {
        Box::pin(async move {
            while head(&mut stream).await.is_some() {
                stream.write_all(HELLO).await.unwrap();
            }
        })
    })
    .await;
    let (wire, url) = (wire(), format!("http://127.0.0.1:{}/a?b=c", server.port));
    for _ in 0..3 {
        assert_eq!(text(wire.send(get(&url, true)).await.unwrap()).await.unwrap(), "hello");
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_is_replaced() {
    let server = server(|_, mut stream| {
        Box::pin(async move {
            head(&mut stream).await;
            stream.write_all(HELLO).await.unwrap();
        })
    })
    .await;
    let (wire, url) = (wire(), format!("http://127.0.0.1:{}/", server.port));
    for _ in 0..3 {
        assert_eq!(text(wire.send(get(&url, true)).await.unwrap()).await.unwrap(), "hello");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_loopback_address_is_refused_unless_it_is_named() {
    let server = server(|_, _| Box::pin(async {})).await;
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let refused = failure(wire().send(get(&format!("http://{host}:{}/", server.port), false)).await);
        assert!(matches!(&refused, Failure::Refused(text) if text.contains("[network] allow")), "{refused:?}");
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_leaves_it_unknown() {
    let server = server(|_, mut stream| {
        Box::pin(async move {
            head(&mut stream).await;
        })
    })
    .await;
    let url = format!("http://127.0.0.1:{}/", server.port);
    assert!(matches!(failure(wire().send(get(&url, true)).await), Failure::Lost(_)));
}

#[tokio::test]
async fn an_answer_that_ends_early_is_not_a_short_answer() {
    let server = server(|_, mut stream| {
        Box::pin(async move {
            head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello").await.unwrap();
        })
    })
    .await;
    let url = format!("http://127.0.0.1:{}/", server.port);
    assert!(text(wire().send(get(&url, true)).await.unwrap()).await.is_err());
}

#[tokio::test]
async fn what_did_not_leave_is_told_apart_by_its_step() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let closed = failure(wire().send(get(&format!("http://127.0.0.1:{port}/"), true)).await);
    assert_eq!(closed, Failure::NotSent(UnreachableCause::Connect));
    let unknown = failure(wire().send(get("https://nowhere.invalid/", false)).await);
    assert_eq!(unknown, Failure::NotSent(UnreachableCause::Name));
    let plain = server(|_, mut stream| {
        Box::pin(async move {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        })
    })
    .await;
    let tls = failure(wire().send(get(&format!("https://127.0.0.1:{}/", plain.port), true)).await);
    assert_eq!(tls, Failure::NotSent(UnreachableCause::Tls));
}

#[tokio::test]
async fn a_server_too_old_to_encrypt_with_is_named_with_the_remedy() {
    // The alerts of TLS, fatal: 40 handshake_failure, 70 protocol_version.
    let handshake = server(|_, stream| alert(stream, 40)).await;
    let version = server(|_, stream| alert(stream, 70)).await;
    for (server, remedy) in [(handshake, "an ECDSA certificate"), (version, "switch TLS 1.2 on")] {
        let Failure::Refused(text) =
            failure(wire().send(get(&format!("https://127.0.0.1:{}/", server.port), true)).await)
        else {
            panic!("it is not told")
        };
        assert!(text.starts_with("127.0.0.1 ") && text.contains(remedy), "{text}");
    }
}

fn alert(mut stream: TcpStream, alert: u8) -> futures::future::BoxFuture<'static, ()> {
    Box::pin(async move {
        // The greeting is read first: closing before that would reset the connection.
        let mut greeting = [0; 4096];
        assert!(stream.read(&mut greeting).await.unwrap() > 0);
        stream.write_all(&[0x15, 3, 3, 0, 2, 2, alert]).await.unwrap();
    })
}
