//! The policy against a transport without sockets and a clock that jumps.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join};
use url::Url;

use super::contract::find;
use super::*;
use crate::clock::{Clock, VirtualClock};
use crate::credential::{ClientCredentials, Forms, SignIn};
use crate::stop::Stop;

const GRAPH: &str = "https://graph.microsoft.com/v1.0/users/e.mirny@mycompany.com";
const CREATIO: &str = "https://mycompany.creatio.com/0/odata";
const MAIL: &str = "e.mirny@mycompany.com";
const SECRET: &str = "very-secret-value";

mod exchange;
mod forms;
mod sending;
mod token;

/// What the server does with one request.
enum Does {
    Answer(u16, Vec<(&'static str, String)>, String),
    Fails(Failure),
    Takes(Duration, Box<Does>),
    Never,
}

fn ok() -> Does {
    Does::Answer(200, vec![], "{}".to_owned())
}

fn status(status: u16, headers: &[(&'static str, &str)]) -> Does {
    Does::Answer(status, headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), String::new())
}

/// A request as the server saw it.
#[derive(Debug, Clone)]
struct Seen {
    at: u64,
    path: String,
    headers: Vec<(String, String)>,
}

type Script = dyn Fn(usize, &Seen) -> Does + Send + Sync;

struct Fake {
    clock: VirtualClock,
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
    open: Mutex<(u32, u32)>,
}

impl Transport for Fake {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>> {
        let seen = Seen {
            at: crate::clock::millis(self.clock.elapsed()),
            path: request.url.path().to_owned(),
            headers: request.headers,
        };
        async move {
            let number = {
                let mut all = self.seen.lock().unwrap();
                all.push(seen.clone());
                all.len()
            };
            {
                let mut open = self.open.lock().unwrap();
                open.0 += 1;
                open.1 = open.1.max(open.0);
            }
            let mut does = (self.script)(number, &seen);
            let result = loop {
                match does {
                    Does::Answer(status, headers, body) => {
                        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                        break Ok(Incoming::whole(status, headers, body));
                    }
                    Does::Fails(failure) => break Err(failure),
                    Does::Takes(time, then) => {
                        self.clock.sleep(time).await;
                        does = *then;
                    }
                    Does::Never => futures::future::pending().await,
                }
            };
            self.open.lock().unwrap().0 -= 1;
            result
        }
        .boxed()
    }
}

struct World {
    clock: VirtualClock,
    fake: Arc<Fake>,
    egress: Arc<Egress>,
}

impl World {
    fn new(script: impl Fn(usize, &Seen) -> Does + Send + Sync + 'static) -> Self {
        Self::signed(script, SignIn::None, SignIn::None)
    }

    fn signed(script: impl Fn(usize, &Seen) -> Does + Send + Sync + 'static, creatio: SignIn, mailbox: SignIn) -> Self {
        let clock = VirtualClock::at(1_700_000_000_000);
        let fake = Arc::new(Fake {
            clock: clock.clone(),
            script: Box::new(script),
            seen: Mutex::default(),
            open: Mutex::default(),
        });
        let destinations = Destinations {
            creatio: Url::parse("https://mycompany.creatio.com").unwrap(),
            odata: "0/odata".to_owned(),
            mailbox: MailboxService::Graph(Url::parse("https://graph.microsoft.com").unwrap()),
            private: vec![],
        };
        let rules = Rules::default();
        let transport: Arc<dyn Transport> = fake.clone();
        let egress = Egress::new(transport, Arc::new(clock.clone()), destinations, rules, creatio, mailbox);
        Self { clock, fake, egress }
    }

    fn send(&self, requests: Vec<Request>) -> Vec<Result<Response, Error>> {
        self.send_within(requests, RunWindow::default())
    }

    fn send_within(&self, requests: Vec<Request>, window: RunWindow) -> Vec<Result<Response, Error>> {
        let policy = self.egress.policy(MAIL, window);
        self.clock.run(policy.send(requests)).expect("the policy waits for nothing but the clock")
    }

    fn one(&self, request: Request) -> Result<Response, Error> {
        self.send(vec![request]).remove(0)
    }

    fn times(&self) -> Vec<u64> {
        self.fake.seen.lock().unwrap().iter().map(|seen| seen.at).collect()
    }

    fn seen(&self) -> Vec<Seen> {
        self.fake.seen.lock().unwrap().clone()
    }
}

fn read(path: &str) -> Request {
    Request::get(format!("{GRAPH}/{path}"), Credential::Mailbox)
}

fn write(path: &str) -> Request {
    Request { method: "POST".to_owned(), repeatable: false, body: Some(b"{}".to_vec()), ..read(path) }
}

fn oauth() -> SignIn {
    SignIn::ClientCredentials(ClientCredentials {
        place: "Microsoft 365",
        token_url: Url::parse("https://login.microsoftonline.com/t/oauth2/v2.0/token").unwrap(),
        client_id: "app".to_owned(),
        client_secret: SECRET.to_owned().into(),
        scope: Some("https://graph.microsoft.com/.default".to_owned()),
        remedy: "Make a new secret",
    })
}

fn token(name: &str, lifetime: u64) -> Does {
    let body = format!(r#"{{"token_type":"Bearer","expires_in":{lifetime},"access_token":"{name}"}}"#);
    Does::Answer(200, vec![], body)
}

fn is_sign_in(seen: &Seen) -> bool {
    seen.path.ends_with("/token") || seen.path.ends_with("/Login")
}

fn bearer(seen: &Seen) -> Option<&str> {
    find(&seen.headers, "authorization")
}
