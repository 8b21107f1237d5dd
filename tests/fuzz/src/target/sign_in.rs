//! The host's HTTP: status lines, headers, cookies, sign-ins, bodies and waits as a server may send them.

use super::{Limit, Target};
use crate::mutate::Shape;
use futures::FutureExt;
use futures::future::BoxFuture;
use host_runner::VirtualClock;
use host_runner::credential::{ClientCredentials, Forms, Password, SignIn};
use host_runner::http::{
    Credential, Destinations, Egress, Failure, Incoming, MailboxService, Outgoing, Request, Rules, RunWindow, Transport,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

/// What a server may send to the host.
pub const TARGET: Target = Target {
    name: "host-http",
    about: "status, headers, cookies, sign-ins, bodies and waits that servers send to the host",
    shape: Shape::Json,
    seeds: |recorded| seeds(&recorded.login),
    run,
    limit: Limit { memory_each: 300, most: 256 << 20, ..Limit::DECODER },
};

fn seeds(login: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let token = json!({"status": 200, "headers": [["content-type", "application/json"]],
        "body": "{\"access_token\":\"eyJ0eXAi.abcdefghijkl\",\"expires_in\":3599,\"token_type\":\"Bearer\"}"});
    let cookies = json!({"status": 200, "headers": [["set-cookie", ".ASPXAUTH=0123456789abcdef; path=/; HttpOnly"],
        ["set-cookie", "BPMCSRF=abcdefghijklmnop; path=/"]], "body": "{\"Code\":0,\"Message\":\"\",\"Exception\":null}"});
    let mut all = vec![
        json!([token, {"status": 200, "headers": [["date", "Mon, 23 Nov 2026 08:00:00 GMT"], ["etag", "W/\"1\""]], "body": "{}"}]),
        json!([token, {"status": 429, "headers": [["retry-after", "2.5"]], "body": ""}, {"status": 200, "body": "{}"}]),
        json!([token, {"status": 503, "headers": [["retry-after", "Mon, 23 Nov 2026 08:01:00 GMT"], ["date", "Mon, 23 Nov 2026 08:00:00 GMT"]]}]),
        json!([token, {"status": 401, "headers": [["www-authenticate", "Bearer"]]}, token, {"status": 302, "headers": [["location", "/login"]]}]),
        json!([cookies, {"status": 200, "headers": [["content-type", "text/html"], ["set-cookie", "BPMLOADER=; max-age=0"]], "body": "<html>"}]),
        json!([{"status": 400, "body": "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid. Trace ID: x\"}"}]),
        json!([token, {"status": 200, "headers": [["content-encoding", "gzip"]], "body": "\u{1f}\u{8b}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{ff}\u{3}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"}]),
        json!([token, {"status": 200, "headers": [["content-encoding", "deflate"]], "body": "x\u{9c}\u{3}\u{0}\u{0}\u{0}\u{0}\u{1}"}]),
        json!([token, {"fails": "lost"}, {"fails": "connect"}, {"status": 500, "body": "eyJ0eXAi.abcdefghijkl"}]),
    ];
    let answers = login
        .iter()
        .map(|body| json!([{"status": 200, "body": String::from_utf8_lossy(body)}, {"status": 200, "body": "{}"}]));
    all.extend(answers);
    all.iter().map(|one| one.to_string().into_bytes()).collect()
}

/// Answers one after the other, and then always the last.
struct Script {
    answers: Vec<Value>,
    at: Mutex<usize>,
}

impl Transport for Script {
    fn send(&self, _: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>> {
        let mut at = self.at.lock().unwrap();
        let answer = self.answers.get(*at).or(self.answers.last()).cloned().unwrap_or_default();
        *at += 1;
        async move { incoming(&answer) }.boxed()
    }
}

/// A text of characters up to U+00FF is those bytes, so that an input can hold what is compressed.
fn bytes(text: &str) -> Vec<u8> {
    let narrow: Result<Vec<u8>, _> = text.chars().map(|character| u8::try_from(u32::from(character))).collect();
    narrow.unwrap_or_else(|_| text.as_bytes().to_vec())
}

fn incoming(answer: &Value) -> Result<Incoming, Failure> {
    match answer.get("fails").and_then(Value::as_str) {
        Some("connect") => return Err(Failure::NotSent(host_runner::http::UnreachableCause::Connect)),
        Some(other) => return Err(Failure::Lost(other.to_owned())),
        None => {}
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let headers = answer.get("headers").and_then(Value::as_array).into_iter().flatten().filter_map(|pair| {
        // As the transport gives them: names in lower case, values without line breaks.
        let name = text(pair.get(0)?).to_ascii_lowercase();
        Some((name, text(pair.get(1)?).replace(['\r', '\n', '\0'], " ")))
    });
    let status = answer.get("status").and_then(Value::as_u64).unwrap_or(200).clamp(100, 999);
    let body = answer.get("body").map(text).unwrap_or_default();
    Ok(Incoming::whole(u16::try_from(status).unwrap_or(200), headers.collect(), bytes(&body)))
}

fn run(input: &[u8]) {
    let answers = match serde_json::from_slice::<Value>(input) {
        Ok(Value::Array(answers)) => answers,
        Ok(other) => vec![other],
        Err(_) => vec![json!({"status": 200, "body": String::from_utf8_lossy(input)})],
    };
    let url = |text: &str| Url::parse(text).unwrap();
    let client = || {
        SignIn::ClientCredentials(ClientCredentials {
            place: "Microsoft 365",
            token_url: url("https://login.example.com/token"),
            client_id: "app".into(),
            client_secret: "a secret that is long".to_owned().into(),
            scope: None,
            remedy: "Renew it",
        })
    };
    let forms = || {
        SignIn::Forms(Forms {
            site: url("https://a.example.com"),
            user: "u".into(),
            password: "another long secret".to_owned().into(),
        })
    };
    let basic = || SignIn::Basic(Password { user: "u".into(), password: "another long secret".to_owned().into() });
    for (creatio, mailbox) in [(forms(), client()), (client(), basic())] {
        let clock = VirtualClock::at(1_795_420_800_000);
        clock.advance(Duration::from_secs(86_400));
        let script = Script { answers: answers.clone(), at: Mutex::new(0) };
        let destinations = Destinations {
            creatio: url("https://a.example.com"),
            odata: "0/odata".into(),
            mailbox: MailboxService::Graph(url("https://graph.example.com")),
            private: Vec::new(),
        };
        let egress =
            Egress::new(Arc::new(script), Arc::new(clock.clone()), destinations, Rules::default(), creatio, mailbox);
        let deadline = Some(Duration::from_secs(90_000));
        let window = RunWindow { deadline, longest_wait: Some(Duration::from_secs(300)), ..RunWindow::default() };
        let policy = egress.policy("a@b.example", window);
        let requests = || {
            vec![
                Request::get("https://a.example.com/0/odata/Activity", Credential::Creatio),
                Request::get("https://graph.example.com/v1.0/users/a@b.example/calendars", Credential::Mailbox),
            ]
        };
        for _ in 0..2 {
            let answers = clock.run(policy.send(requests())).expect("it waits for nothing but the clock");
            assert_eq!(answers.len(), 2);
            for answer in answers.into_iter().flatten() {
                let stripped = ["set-cookie", "www-authenticate"];
                assert!(
                    answer.headers.iter().all(|(name, _)| !stripped.contains(&name.as_str())),
                    "a header that is secret"
                );
                let text = String::from_utf8_lossy(&answer.body);
                assert!(
                    !text.contains("a secret that is long") && !text.contains("another long secret"),
                    "a secret came back"
                );
            }
        }
    }
}
