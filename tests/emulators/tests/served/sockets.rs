//! Emulators on sockets: faults, the log and the control port, as a client meets them.

use std::net::SocketAddr;

use chrono::{DateTime, TimeDelta};
use emulators::clock::Clock;
use emulators::harness::{Delivery, Shared, Site};
use emulators::shell::Shell;
use emulators::wire::Request;
use emulators::world::{Kind, World};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

struct Served {
    shell: Shell,
    creatio: SocketAddr,
    control: SocketAddr,
}

async fn served() -> Served {
    let world = World::new(Kind::Demo, "2026-11-22T09:00:00Z".parse().unwrap()).unwrap();
    let mut site = Site::new(Clock::Offset(TimeDelta::zero()));
    site.mount("creatio", world.creatio);
    let mut shell = Shell::new(site);
    let any = "127.0.0.1:0".parse().unwrap();
    let creatio = shell.serve("creatio", any).await.unwrap();
    let control = shell.serve_control(any).await.unwrap();
    Served { shell, creatio, control }
}

/// Sends one request and gives everything that comes back until the connection closes.
async fn raw(address: SocketAddr, method: &str, target: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let text = format!(
        "{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that a fault breaks may end in an error.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

impl Served {
    async fn control(&self, method: &str, target: &str, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = raw(self.control, method, target, "", &body).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    async fn token(&self) -> String {
        let world = World::new(Kind::Empty, DateTime::UNIX_EPOCH).unwrap(); // the client is the same in every world
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            world.client.id, world.client.secret
        );
        let answer =
            raw(self.creatio, "POST", "/connect/token", "content-type: application/x-www-form-urlencoded\r\n", &form)
                .await;
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        format!(
            "authorization: Bearer {}\r\ncontent-type: application/json\r\n",
            body["access_token"].as_str().unwrap()
        )
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_and_a_lost_request_does_not() {
    let served = served().await;
    let sign = served.token().await;
    let create = |id: &str| {
        json!({"Id": id, "Title": "New", "StartDate": "2026-11-23T09:00:00Z", "DueDate": "2026-11-23T10:00:00Z"})
            .to_string()
    };
    let (lost, kept) = ("0f7b9c1e-0000-4000-8000-00000000000a", "0f7b9c1e-0000-4000-8000-00000000000b");
    for effect in ["lost-before", "lost-after"] {
        let fault =
            json!({"service": "creatio", "method": "POST", "path": "/0/odata/Activity", "effect": {"kind": effect}});
        served.control("POST", "/faults", fault).await;
    }
    assert_eq!(raw(served.creatio, "POST", "/0/odata/Activity", &sign, &create(lost)).await, "");
    assert_eq!(raw(served.creatio, "POST", "/0/odata/Activity", &sign, &create(kept)).await, "");
    assert!(
        raw(served.creatio, "GET", &format!("/0/odata/Activity({lost})"), &sign, "").await.starts_with("HTTP/1.1 404")
    );
    assert!(
        raw(served.creatio, "GET", &format!("/0/odata/Activity({kept})"), &sign, "").await.starts_with("HTTP/1.1 200")
    );
    let log = served.control("GET", "/requests", Value::Null).await;
    let endings: Vec<&str> = log.as_array().unwrap().iter().map(|entry| entry["ending"].as_str().unwrap()).collect();
    assert_eq!(endings, ["answered", "lost-before", "lost-after", "answered", "answered"]);
    assert_eq!((&log[0]["login"], &log[1]["status"], &log[2]["status"]), (&json!(true), &Value::Null, &json!(201)));
    served.shell.stop().await;
}

#[tokio::test]
async fn a_body_is_cut_under_its_promised_length() {
    let served = served().await;
    let sign = served.token().await;
    served.control("POST", "/faults", json!({"path": "*ActivityType*", "effect": {"kind": "cut", "at": 10}})).await;
    let answer = raw(served.creatio, "GET", "/0/odata/ActivityType", &sign, "").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let promised = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len(), 10);
    assert!(promised.parse::<usize>().unwrap() > 10);
}

#[tokio::test]
async fn the_control_port_scripts_faults_moves_the_clock_and_edits() {
    let served = served().await;
    let sign = served.token().await;
    let fault = json!({"times": 1, "path": "/0/odata/ActivityType", "effect":
        {"kind": "status", "status": 429, "headers": {"Retry-After": "2.5"}, "body": {"error": "slow down"}}});
    served.control("POST", "/faults", fault).await;
    let answer = raw(served.creatio, "GET", "/0/odata/ActivityType", &sign, "").await;
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 2.5"), "{answer}");
    assert_eq!(served.control("GET", "/faults", Value::Null).await[0]["hit"], 1);
    served.control("DELETE", "/faults", Value::Null).await;
    served.control("POST", "/clock", json!({"advance": 7200})).await;
    assert!(raw(served.creatio, "GET", "/0/odata/ActivityType", &sign, "").await.starts_with("HTTP/1.1 401"));
    let edit = json!({"service": "creatio", "action": "create", "set": "Account", "values": {"Name": "Acme"}});
    let id = served.control("POST", "/edit", edit).await["id"].clone();
    let state = served.control("GET", "/state?service=creatio", Value::Null).await;
    assert!(state["creatio"]["sets"]["Account"].as_array().unwrap().iter().any(|row| row["Id"] == id));
    let set = served.control("POST", "/clock", json!({"set": "2027-01-01T00:00:00Z"})).await;
    assert!(set["now"].as_str().unwrap().starts_with("2027-01-01T00:00:0"));
    assert_eq!(served.control("GET", "/outbox", Value::Null).await, json!([]));
    served.control("DELETE", "/requests", Value::Null).await;
    assert_eq!(served.control("GET", "/requests", Value::Null).await, json!([]));
    for (target, body) in [("/faults", "{}"), ("/edit", r#"{"service":"none"}"#), ("/clock", "[]")] {
        let answer = raw(served.control, "POST", target, "", body).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
}

#[tokio::test]
async fn a_delayed_request_holds_up_no_other_and_is_finished_before_the_shell_stops() {
    let served = served().await;
    let sign = served.token().await;
    let fault = json!({"path": "*ActivityStatus*", "effect": {"kind": "delay", "ms": 400}});
    served.control("POST", "/faults", fault).await;
    let (address, headers) = (served.creatio, sign.clone());
    let slow = tokio::spawn(async move { raw(address, "GET", "/0/odata/ActivityStatus", &headers, "").await });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let quick = raw(served.creatio, "GET", "/0/odata/ActivityType", &sign, "").await;
    assert!(quick.starts_with("HTTP/1.1 200") && !slow.is_finished());
    served.shell.stop().await;
    assert!(slow.await.unwrap().starts_with("HTTP/1.1 200"));
    assert!(TcpStream::connect(address).await.is_err());
}

#[test]
fn in_memory_a_site_meets_the_same_faults() {
    let base = "https://mycompany.creatio.com";
    let world = World::new(Kind::Empty, "2026-11-22T09:00:00Z".parse().unwrap()).unwrap();
    let creatio = Shared::new(world.creatio);
    let mut site = Site::new(Clock::Still(world.start));
    site.mount(base, creatio.clone());
    let request = |method: &str, target: &str, sign: &str, body: &str| Request {
        method: method.into(),
        target: target.into(),
        headers: vec![("authorization".into(), sign.into()), ("content-type".into(), "application/json".into())],
        body: body.as_bytes().to_vec(),
    };
    let mut sign_in = request("POST", "/connect/token", "", "");
    sign_in.headers = vec![("content-type".into(), "application/x-www-form-urlencoded".into())];
    sign_in.body =
        format!("grant_type=client_credentials&client_id={}&client_secret={}", world.client.id, world.client.secret)
            .into_bytes();
    let Delivery::Answer(answer) = site.handle(base, &sign_in).delivery else { panic!() };
    let token: Value = serde_json::from_slice(&answer.body).unwrap();
    let sign = format!("Bearer {}", token["access_token"].as_str().unwrap());

    let part = |id: &str, name: &str| json!({"id": id, "method": "POST", "url": "Account", "headers": {"Content-Type": "application/json"}, "body": {"Name": name}});
    let batch = json!({"requests": [part("1", "A"), part("2", "B"), part("3", "C")]}).to_string();
    let fault =
        json!({"path": "$batch", "effect": {"kind": "part", "nth": 2, "status": 503, "headers": {"Retry-After": "3"}}});
    site.faults.add(serde_json::from_value(fault).unwrap());
    site.faults
        .add(serde_json::from_value(json!({"path": "$batch", "effect": {"kind": "delay-reply", "ms": 1500}})).unwrap());
    let mut request = request("POST", "/0/odata/$batch", &sign, &batch);
    request.headers.push(("prefer".into(), "continue-on-error".into()));
    let outcome = site.handle(base, &request);
    assert_eq!(outcome.delay.as_millis(), 1500);
    let Delivery::Answer(answer) = outcome.delivery else { panic!("{outcome:?}") };
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let statuses: Vec<u64> =
        answer["responses"].as_array().unwrap().iter().map(|part| part["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 503, 201]);
    assert_eq!(creatio.with(|creatio| creatio.count("Account")), 2);
    let entry = site.log.entries().last().unwrap();
    let logged: Vec<_> =
        entry.parts.iter().map(|part| (part.method.as_str(), part.url.as_str(), part.status)).collect();
    assert_eq!(
        logged,
        [("POST", "Account", Some(201)), ("POST", "Account", Some(503)), ("POST", "Account", Some(201))]
    );
    assert_eq!(site.log.work(), 1);
    assert!(site.faults.spent());
}
