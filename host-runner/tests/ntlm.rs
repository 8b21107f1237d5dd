//! NTLM against a server that checks the response: over TLS with a company's own authority, channel binding included.

// What clippy.toml allows in tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use host_runner::SystemClock;
use host_runner::credential::{Password, SignIn};
use host_runner::http::wire::Wire;
use host_runner::http::{
    Credential, Destinations, Egress, Error, MailboxService, Origin, Request, Rules, RunWindow, Transport,
};
use md4::Md4;
use md5::{Digest, Md5};
use sha2::Sha256;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use url::Url;

const PASSWORD: &str = "Sesam, öffne dich!";
const NONCE: [u8; 8] = [0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe];
const TIME: u64 = 0x01dc_5f00_1234_5678;
const BODY: &[u8] = b"<Envelope/>";

fn certificates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates")
}

/// How a server behaves.
#[derive(Clone, Copy, Default)]
struct Ways {
    /// Extended Protection is on: the response must name this server's certificate.
    bound: bool,
    /// Something before it has another certificate.
    proxied: bool,
    /// Closes the connection after its challenge.
    closes: bool,
    /// Forgets who a connection was signed in for after so many requests.
    forgets: Option<usize>,
    /// Sends no time with its challenge.
    timeless: bool,
}

/// What the server saw: of each request its connection, its step and the length of its body.
type Seen = Arc<Mutex<Vec<(usize, &'static str, usize)>>>;

struct Server {
    url: Url,
    seen: Seen,
}

async fn server(tls: bool, ways: Ways) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(certificates().join("server.pem")).unwrap().map(Result::unwrap).collect();
    let certificate = chain[0].to_vec();
    let key = PrivateKeyDer::from_pem_file(certificates().join("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            number += 1;
            let (acceptor, certificate, log, number) =
                (acceptor.clone(), certificate.clone(), Arc::clone(&log), number);
            tokio::spawn(async move {
                let named = if ways.proxied { b"another certificate".to_vec() } else { certificate };
                if tls {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, Some(named), ways, number, &log).await;
                    }
                } else {
                    serve(stream, None, ways, number, &log).await;
                }
            });
        }
    });
    let scheme = if tls { "https" } else { "http" };
    Server { url: format!("{scheme}://localhost:{port}/EWS/Exchange.asmx").parse().unwrap(), seen }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    certificate: Option<Vec<u8>>,
    ways: Ways,
    number: usize,
    log: &Seen,
) {
    let (mut known, mut offer, mut served) = (false, Vec::new(), 0);
    while let Some((head, body)) = request(&mut stream).await {
        let authorization = head.lines().find_map(|line| line.strip_prefix("authorization: NTLM "));
        let message = authorization.map(|text| BASE64_STANDARD.decode(text.trim()).unwrap());
        let (step, answer) = match message {
            None if known => ("request", "200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned()),
            None => ("nobody", "401 Unauthorized\r\nwww-authenticate: NTLM\r\ncontent-length: 0\r\n\r\n".to_owned()),
            Some(message) if message[8] == 1 => {
                offer = message;
                let challenge = BASE64_STANDARD.encode(challenge(ways));
                let headers = format!("www-authenticate: NTLM {challenge}\r\nwww-authenticate: Negotiate\r\n");
                ("offer", format!("401 Unauthorized\r\n{headers}content-length: 4\r\n\r\npage"))
            }
            Some(message) => {
                known = right(&message, &offer, ways, certificate.as_deref());
                let refused = "401 Unauthorized\r\nwww-authenticate: NTLM\r\ncontent-length: 0\r\n\r\n";
                let good = "200 OK\r\ncontent-length: 2\r\n\r\nok";
                ("answer", if known { good } else { refused }.to_owned())
            }
        };
        log.lock().unwrap().push((number, step, body.len()));
        stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        served += 1;
        if ways.forgets.is_some_and(|after| served > after) {
            known = false;
        }
        if ways.closes {
            return;
        }
    }
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Md5>::new_from_slice(key).unwrap();
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn pair(id: u16, value: &[u8]) -> Vec<u8> {
    [&id.to_le_bytes()[..], &u16::try_from(value.len()).unwrap().to_le_bytes(), value].concat()
}

fn challenge(ways: Ways) -> Vec<u8> {
    let mut target = pair(2, &utf16("MYCOMPANY"));
    if !ways.timeless {
        target.extend(pair(7, &TIME.to_le_bytes()));
    }
    target.extend(pair(0, &[]));
    let size = u16::try_from(target.len()).unwrap().to_le_bytes();
    let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
    message.extend([0; 8]);
    message.extend(0xe28a_8215_u32.to_le_bytes());
    message.extend(NONCE);
    message.extend([0; 8]);
    message.extend([&size[..], &size, &56_u32.to_le_bytes(), &[0; 8]].concat());
    message.extend(target);
    message
}

fn field(message: &[u8], at: usize) -> &[u8] {
    let size = usize::from(u16::from_le_bytes([message[at], message[at + 1]]));
    let from = u32::from_le_bytes(message[at + 4..at + 8].try_into().unwrap()) as usize;
    &message[from..from + size]
}

/// Whether an answer proves the password, as a domain controller judges it.
fn right(message: &[u8], offer: &[u8], ways: Ways, certificate: Option<&[u8]>) -> bool {
    assert_eq!(&message[..12], b"NTLMSSP\0\x03\0\0\0");
    let (nt, domain, user) = (field(message, 20), field(message, 28), field(message, 36));
    assert_eq!((domain, user), (&utf16("MYCOMPANY")[..], &utf16("sync")[..]));
    let key = mac(&Md4::digest(utf16(PASSWORD)), &[utf16("SYNC"), domain.to_vec()].concat());
    let (proof, told) = nt.split_at(16);
    if mac(&key, &[&NONCE, told].concat()) != proof {
        return false;
    }
    let mut pairs = Vec::new();
    let mut rest = &told[28..];
    loop {
        let (id, size) = (u16::from_le_bytes([rest[0], rest[1]]), usize::from(u16::from_le_bytes([rest[2], rest[3]])));
        if id == 0 {
            break;
        }
        pairs.push((id, rest[4..4 + size].to_vec()));
        rest = &rest[4 + size..];
    }
    let value = |id: u16| pairs.iter().find(|(known, _)| *known == id).map(|(_, value)| value.as_slice());
    assert_eq!(value(9), Some(&utf16("HTTP/localhost")[..]));
    assert_eq!(value(2), Some(&utf16("MYCOMPANY")[..]), "what the server told comes back");
    if ways.timeless {
        // The older response stands beside it, and nothing protects the messages.
        assert_eq!(field(message, 12)[..16], mac(&key, &[NONCE, told[16..24].try_into().unwrap()].concat())[..]);
        assert_eq!(value(6), None);
    } else {
        assert_eq!(told[8..16], TIME.to_le_bytes());
        assert_eq!(field(message, 12), [0; 24]);
        assert_eq!(value(6), Some(&2_u32.to_le_bytes()[..]));
        let mut bare = message.to_vec();
        bare[72..88].fill(0);
        let session = mac(&key, proof);
        let code = mac(&session, &[offer, &challenge(ways), &bare].concat());
        assert_eq!(message[72..88], code[..], "the code over all three messages");
    }
    if !ways.bound {
        return true;
    }
    let expected = certificate.map(|certificate| {
        let end_point = [b"tls-server-end-point:".as_slice(), &Sha256::digest(certificate)].concat();
        let size = u32::try_from(end_point.len()).unwrap().to_le_bytes();
        Md5::digest([&[0; 16], size.as_slice(), &end_point].concat()).to_vec()
    });
    value(10).map(<[u8]>::to_vec) == expected
}

fn egress(server: &Server, password: &str, ca: Option<&Path>) -> Arc<Egress> {
    let wire: Arc<dyn Transport> = Arc::new(Wire::trusting(Duration::from_secs(2), ca).unwrap());
    let login = Password { user: "MYCOMPANY\\sync".to_owned(), password: password.to_owned().into() };
    let destinations = Destinations {
        creatio: "https://mycompany.creatio.invalid".parse().unwrap(),
        odata: "0/odata".to_owned(),
        mailbox: MailboxService::Exchange(server.url.clone()),
        private: vec![Origin::of(&server.url).unwrap()],
    };
    let clock = Arc::new(SystemClock::new());
    Egress::new(wire, clock, destinations, Rules::default(), SignIn::None, SignIn::Ntlm(login))
}

async fn post(egress: &Arc<Egress>, server: &Server) -> Result<(u16, Vec<u8>), Error> {
    let request = Request {
        method: "POST".to_owned(),
        body: Some(BODY.to_vec()),
        repeatable: false,
        ..Request::get(server.url.as_str(), Credential::Mailbox)
    };
    let answer = egress.policy("e.mirny@mycompany.com", RunWindow::default()).send(vec![request]).await.remove(0)?;
    Ok((answer.status, answer.body))
}

#[tokio::test]
async fn a_connection_is_signed_in_once_and_the_body_goes_with_the_proof() {
    let ca = certificates().join("ca.pem");
    for ways in [
        Ways { bound: true, ..Ways::default() },
        Ways { timeless: true, bound: true, ..Ways::default() },
        Ways::default(),
    ] {
        let server = server(true, ways).await;
        let egress = egress(&server, PASSWORD, Some(&ca));
        for _ in 0..3 {
            assert_eq!(post(&egress, &server).await, Ok((200, b"ok".to_vec())));
        }
        let seen = server.seen.lock().unwrap().clone();
        let whole = BODY.len();
        assert_eq!(seen, [(1, "offer", 0), (1, "answer", whole), (1, "request", whole), (1, "request", whole)]);
    }
}

#[tokio::test]
async fn without_tls_there_is_nothing_to_bind_to() {
    let server = server(false, Ways::default()).await;
    let egress = egress(&server, PASSWORD, None);
    assert_eq!(post(&egress, &server).await, Ok((200, b"ok".to_vec())));
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_named_with_what_else_it_may_be() {
    let server = server(false, Ways::default()).await;
    let text = post(&egress(&server, "wrong", None), &server).await.unwrap_err().to_string();
    assert!(text.contains("refuses the sign-in of MYCOMPANY\\sync") && text.contains("Extended Protection"), "{text}");
}

#[tokio::test]
async fn a_proxy_with_a_certificate_of_its_own_makes_a_bound_sign_in_impossible() {
    let server = server(true, Ways { bound: true, proxied: true, ..Ways::default() }).await;
    let egress = egress(&server, PASSWORD, Some(&certificates().join("ca.pem")));
    let text = post(&egress, &server).await.unwrap_err().to_string();
    assert!(text.contains("channel binding makes NTLM impossible"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_closes_connections_is_told_and_nothing_was_sent() {
    let server = server(false, Ways { closes: true, ..Ways::default() }).await;
    let fault = post(&egress(&server, PASSWORD, None), &server).await.unwrap_err();
    assert!(matches!(&fault, Error::Denied(text) if text.contains("the connection was not kept")), "{fault}");
    assert!(server.seen.lock().unwrap().iter().all(|(_, step, body)| *step == "offer" && *body == 0));
}

#[tokio::test]
async fn a_server_that_forgets_a_connection_is_shown_the_proof_again() {
    let server = server(false, Ways { forgets: Some(2), ..Ways::default() }).await;
    let egress = egress(&server, PASSWORD, None);
    for _ in 0..3 {
        assert_eq!(post(&egress, &server).await, Ok((200, b"ok".to_vec())));
    }
    let steps: Vec<(usize, &str)> = server.seen.lock().unwrap().iter().map(|(at, step, _)| (*at, *step)).collect();
    assert_eq!(steps[..4], [(1, "offer"), (1, "answer"), (1, "request"), (1, "nobody")][..]);
    assert_eq!(steps[4..], [(2, "offer"), (2, "answer")]);
}

#[tokio::test]
async fn a_certificate_of_a_companys_own_authority_is_refused_with_the_remedy_until_it_is_named() {
    let server = server(true, Ways::default()).await;
    let fault = post(&egress(&server, PASSWORD, None), &server).await.unwrap_err();
    let Error::Denied(text) = fault else { panic!("{fault}") };
    assert!(text.contains("the certificate of localhost is not trusted"), "{text}");
    assert!(text.contains("ca = \"company.pem\" in [exchange]"), "{text}");
    assert!(server.seen.lock().unwrap().is_empty());
}

#[test]
fn a_file_without_certificates_is_refused_by_name() {
    let refused = |path: &Path| Wire::trusting(Duration::from_secs(2), Some(path)).err().unwrap().to_string();
    let text = refused(&certificates().join("README.md"));
    assert!(text.contains("README.md") && text.contains("there are none"), "{text}");
    let text = refused(Path::new("/nowhere/company.pem"));
    assert!(text.contains("/nowhere/company.pem"), "{text}");
}
