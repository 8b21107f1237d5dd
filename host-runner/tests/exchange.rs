//! The command line where an Exchange Server has the mailbox, or one of two services: what is tried, and what is told.

// What clippy.toml allows in tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod tiny;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

const MAIL: &str = "e.mirny@mycompany.com";

/// What a server answers, by method and path, the request's text and its number.
type Answer = dyn Fn(&str, &str) -> (u16, String) + Send + Sync;

struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

fn server(answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (log, answer): (_, Arc<Answer>) = (Arc::clone(&seen), Arc::new(answer));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            std::thread::spawn(move || serve(stream.unwrap(), &log, answer.as_ref()));
        }
    });
    Server { port, seen }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<String>>, answer: &Answer) {
    let mut text = Vec::new();
    let mut byte = [0];
    loop {
        text.clear();
        while !text.ends_with(b"\r\n\r\n") {
            if !stream.read(&mut byte).is_ok_and(|read| read == 1) {
                return;
            }
            text.push(byte[0]);
        }
        let head = String::from_utf8(text.clone()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).unwrap();
        let whole = head.clone() + &String::from_utf8(body).unwrap();
        let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        log.lock().unwrap().push(line.clone());
        let (status, page) = answer(&line, &whole);
        let size = page.len();
        // The page may begin with headers of its own.
        let (headers, page) = page.split_once("\n\n").unwrap_or(("", &page));
        let size = if headers.is_empty() { size } else { page.len() };
        let headers: String = headers.lines().map(|line| format!("{line}\r\n")).collect();
        let answer = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {size}\r\n\r\n{page}");
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

impl Server {
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

struct Place {
    folder: TempDir,
    component: PathBuf,
}

impl Place {
    /// A site whose sign-in works, with these sections.
    fn new(sections: &str, creatio: &Server, allow: &[u16]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "not-in-any-output\n").unwrap();
        let allowed: Vec<String> =
            allow.iter().chain([&creatio.port]).map(|port| format!("\"http://127.0.0.1:{port}\"")).collect();
        let text = format!(
            "[tenant]\nid = \"mycompany\"\n[creatio]\nurl = \"http://127.0.0.1:{}\"\nsign-in = \"forms\"\n\
             user = \"Supervisor\"\npassword = {{ file = \"secret\" }}\n[network]\nallow = [{}]\n{sections}\n\
             [[account]]\nmail = \"{MAIL}\"\nuser = \"e.mirny\"\ntime-zone = \"Europe/Moscow\"\n",
            creatio.port,
            allowed.join(", ")
        );
        std::fs::write(folder.path().join("schedule-sync.toml"), text).unwrap();
        let component = folder.path().join("component.wasm");
        std::fs::write(&component, tiny::component(&[])).unwrap();
        Self { folder, component }
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host-runner"));
        command.env("HOST_RUNNER_COMPILED", concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled"));
        command.env("COLUMNS", "120").env("LC_ALL", "C").env_remove("HOST_RUNNER_LOG").arg("--config");
        command.arg(self.folder.path().join("schedule-sync.toml")).arg("--component").arg(&self.component);
        let output = command.args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains("not-in-any-output"), "{text}");
        (output.status.code().unwrap(), text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

fn creatio() -> Server {
    server(|_, _| (200, "set-cookie: BPMCSRF=token; path=/\n\n{\"Code\":0}".to_owned()))
}

fn exchange(url: &str) -> String {
    format!("[exchange]\nurl = \"{url}\"\nuser = \"sync\"\npassword = {{ file = \"secret\" }}\n")
}

fn check(answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> (i32, String) {
    let (creatio, mail) = (creatio(), server(answer));
    let url = format!("http://127.0.0.1:{}/EWS/Exchange.asmx", mail.port);
    Place::new(&exchange(&url), &creatio, &[mail.port]).run(&["check"])
}

#[test]
fn check_says_that_exchange_takes_the_sign_in_and_where() {
    let (code, text) = check(|_, request| {
        assert!(request.contains("authorization: Basic c3luYzpub3QtaW4tYW55LW91dHB1dA=="), "{request}");
        (405, String::new())
    });
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("The sign-in is accepted.") && text.contains("/EWS/Exchange.asmx"), "{text}");
    let (code, text) = check(|_, _| (302, "location: /EWS/Services.wsdl\n\n".to_owned()));
    assert_eq!(code, 0, "{text}");
}

#[test]
fn check_explains_a_wrong_password() {
    let (code, text) = check(|_, _| (401, "www-authenticate: Basic realm=\"x\"\n\n".to_owned()));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("The sign-in is refused.") && text.contains("refuses the sign-in of sync"), "{text}");
}

#[test]
fn check_explains_a_wrong_address() {
    for (status, page, told) in [
        (404, "", "answers 404: there are no Exchange Web Services"),
        (302, "location: /owa/auth/logon.aspx\n\n", "as a sign-in page does"),
        (403, "", "sync may not use Exchange Web Services"),
    ] {
        let (code, text) = check(move |_, _| (status, page.to_owned()));
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("Exchange does not answer at this address.") && text.contains(told), "{text}");
        assert!(text.contains("url in [exchange]"), "{text}");
    }
}

#[test]
fn check_explains_a_server_that_nobody_reaches_and_a_name_that_nobody_knows() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let creatio = creatio();
    for (url, told) in [
        (format!("http://127.0.0.1:{port}/EWS/Exchange.asmx"), "cannot be reached: no connection"),
        ("https://mail.mycompany.invalid/EWS/Exchange.asmx".to_owned(), "its name cannot be resolved"),
    ] {
        let (code, text) = Place::new(&exchange(&url), &creatio, &[port]).run(&["check"]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("Exchange does not answer at this address.") && text.contains(told), "{text}");
    }
}

#[test]
fn check_explains_what_autodiscover_did_not_find() {
    let section = "[exchange]\nautodiscover = true\nuser = \"sync\"\npassword = { file = \"secret\" }\n";
    let creatio = creatio();
    let place = Place::new(section, &creatio, &[]);
    let path = place.folder.path().join("schedule-sync.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("@mycompany.com", "@mycompany.invalid");
    std::fs::write(&path, text).unwrap();
    let (code, text) = place.run(&["check"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("Autodiscover finds no Exchange Server for e.mirny@mycompany.invalid"), "{text}");
    assert!(
        text.contains("https://autodiscover.mycompany.invalid/autodiscover/autodiscover.json is not known"),
        "{text}"
    );
}

#[test]
fn a_file_of_certificates_that_is_none_is_a_fault_of_the_configuration() {
    let creatio = creatio();
    let section = exchange("https://mail.mycompany.com/EWS/Exchange.asmx") + "ca = \"secret\"\n";
    let (code, text) = Place::new(&section, &creatio, &[]).run(&["check"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("[exchange] ca: cannot be used") && text.contains("there are none"), "{text}");
}

/// Both services, of which one has the mailbox, by what `whose` says at the moment.
fn both(whose: &Arc<Mutex<&'static str>>) -> (Server, Server, Place) {
    let of = |service: &'static str| {
        let whose = Arc::clone(whose);
        move || *whose.lock().unwrap() == service
    };
    let here = of("microsoft");
    let graph = server(move |line, _| match (line, here()) {
        (line, _) if line.ends_with("/token") => (200, r#"{"access_token":"t-o-k-e-n","expires_in":3600}"#.to_owned()),
        (_, true) => (200, r#"{"id":"calendar"}"#.to_owned()),
        (_, false) => (404, r#"{"error":{"code":"MailboxNotEnabledForRESTAPI"}}"#.to_owned()),
    });
    let here = of("exchange");
    let ews = server(move |_, request| {
        assert!(request.contains("<t:PrimarySmtpAddress>e.mirny@mycompany.com</t:PrimarySmtpAddress>"), "{request}");
        assert!(request.contains("x-anchormailbox: e.mirny@mycompany.com"), "{request}");
        let code = if here() { "NoError" } else { "ErrorNonExistentMailbox" };
        (if here() { 200 } else { 500 }, format!("<m:ResponseCode>{code}</m:ResponseCode>"))
    });
    let creatio = creatio();
    let (to_graph, to_ews) = (format!("http://127.0.0.1:{}", graph.port), format!("http://127.0.0.1:{}", ews.port));
    let sections = format!(
        "[microsoft]\ngraph-url = \"{to_graph}\"\nlogin-url = \"{to_graph}\"\ndirectory = \"d\"\nclient-id = \"a\"\n\
         client-secret = {{ file = \"secret\" }}\n{}[defaults]\nmailbox = \"auto\"\n",
        exchange(&format!("{to_ews}/EWS/Exchange.asmx"))
    );
    let place = Place::new(&sections, &creatio, &[graph.port, ews.port]);
    (graph, ews, place)
}

#[test]
fn a_mailbox_that_moved_is_followed_and_its_place_is_remembered() {
    let whose = Arc::new(Mutex::new("exchange"));
    let (graph, ews, place) = both(&whose);
    let asked = |server: &Server| server.seen().iter().filter(|line| !line.ends_with("/token")).count();
    let run = |told: &str| {
        let before = (asked(&graph), asked(&ews));
        let (code, text) = place.run(&["-v", "sync"]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(told), "{text}");
        (asked(&graph) - before.0, asked(&ews) - before.1)
    };
    assert_eq!(run(""), (1, 1), "nothing is known yet");
    assert_eq!(run(""), (0, 1), "the one that had it is asked alone");
    *whose.lock().unwrap() = "microsoft";
    assert_eq!(run("has moved to Microsoft 365"), (1, 1));
    assert_eq!(run(""), (1, 0));
    let before = (asked(&graph), asked(&ews));
    let (code, text) = place.run(&["links", "export"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!((asked(&graph), asked(&ews)), before, "links are storage's, and nobody is asked where the mailbox is");
    *whose.lock().unwrap() = "nobody";
    let (code, text) = place.run(&["sync"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("neither Microsoft 365 nor Exchange has a mailbox e.mirny@mycompany.com"), "{text}");
}
