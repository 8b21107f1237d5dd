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

#[test]
fn answers_come_in_the_order_of_the_requests() {
    let world = World::new(|_, seen| {
        let wait = if seen.path.ends_with("/slow") { 5 } else { 1 };
        Does::Takes(Duration::from_secs(wait), Box::new(Does::Answer(200, vec![], seen.path.clone())))
    });
    let answers = world.send(vec![read("slow"), read("fast")]);
    assert!(answers[0].as_ref().unwrap().body.ends_with(b"/slow"));
    assert!(answers[1].as_ref().unwrap().body.ends_with(b"/fast"));
    assert_eq!(world.times(), [0, 0]);
}

#[test]
fn since_when_writes_are_under_way_is_told_and_reads_are_not() {
    let world = World::new(|_, seen| {
        let wait = if seen.path.ends_with("/slow") { 5 } else { 1 };
        Does::Takes(Duration::from_secs(wait), Box::new(ok()))
    });
    let told: Arc<Mutex<Vec<Option<u64>>>> = Arc::default();
    let kept = Arc::clone(&told);
    let writes = Underway::new(move |since| kept.lock().unwrap().push(since));
    let window = RunWindow { writes: Some(writes), ..RunWindow::default() };
    let start = world.egress.clock().wall();
    let later = Request { after: 2000, ..write("later") };
    world.send_within(vec![read("read"), write("slow"), later], window);
    // The later one ended first, and the slow one was still under way.
    assert_eq!(*told.lock().unwrap(), [Some(start), Some(start + 2000), None]);
}

#[test]
fn a_mailbox_gets_four_requests_side_by_side() {
    let world = World::new(|_, _| Does::Takes(Duration::from_secs(1), Box::new(ok())));
    let answers = world.send((0..10).map(|_| read("events")).collect());
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(world.fake.open.lock().unwrap().1, 4);
    assert_eq!(world.times(), [0, 0, 0, 0, 1000, 1000, 1000, 1000, 2000, 2000]);
}

#[test]
fn a_batch_of_four_has_the_mailbox_for_itself() {
    let world = World::new(|_, _| Does::Takes(Duration::from_secs(1), Box::new(ok())));
    let batch = |n| Request { slots: 4, ..read(&format!("events/{n}")) };
    world.send(vec![batch(1), batch(2), read("events")]);
    assert_eq!(world.times(), [0, 1000, 2000]);
}

#[test]
fn a_write_is_not_sent_again_after_a_lost_connection() {
    let world = World::new(|_, _| Does::Fails(Failure::Lost("reset".to_owned())));
    assert!(matches!(world.one(write("events")), Err(Error::UnknownOutcome(_))));
    assert_eq!(world.times().len(), 1);
}

#[test]
fn a_read_is_sent_again_after_a_lost_connection() {
    let world = World::new(|n, _| if n < 3 { Does::Fails(Failure::Lost("reset".to_owned())) } else { ok() });
    assert!(world.one(read("events")).is_ok());
    assert_eq!(world.times(), [0, 1000, 3000]);
}

#[test]
fn a_write_that_never_left_is_sent_again() {
    let world = World::new(|n, _| if n < 2 { Does::Fails(Failure::NotSent(UnreachableCause::Connect)) } else { ok() });
    assert!(world.one(write("events")).is_ok());
    let world = World::new(|_, _| Does::Fails(Failure::NotSent(UnreachableCause::Tls)));
    assert_eq!(world.one(write("events")), Err(Error::Unreachable(UnreachableCause::Tls)));
    assert_eq!(world.times().len(), 1);
}

#[test]
fn a_place_that_nobody_answers_at_is_given_up_soon() {
    let world = World::new(|_, _| Does::Fails(Failure::NotSent(UnreachableCause::Connect)));
    assert_eq!(world.one(read("x")), Err(Error::Unreachable(UnreachableCause::Connect)));
    assert_eq!(world.times(), [0, 1000, 3000]);
}

#[test]
fn a_write_is_sent_again_after_429_and_not_after_503() {
    let world = World::new(|n, _| if n == 1 { status(429, &[("retry-after", "2.5")]) } else { ok() });
    assert!(world.one(write("events")).is_ok());
    assert_eq!(world.times(), [0, 2500]);
    let world = World::new(|_, _| status(503, &[]));
    assert_eq!(world.one(write("events")).unwrap().status, 503);
    assert_eq!(world.times(), [0]);
}

#[test]
fn a_read_is_sent_again_after_503_and_the_last_answer_is_handed_over() {
    let world = World::new(|_, _| status(503, &[]));
    assert_eq!(world.one(read("events")).unwrap().status, 503);
    assert_eq!(world.times(), [0, 1000, 3000, 7000, 15_000, 31_000]);
}

#[test]
fn a_throttled_mailbox_gets_no_other_requests() {
    let world = World::new(|n, _| if n == 1 { status(429, &[("retry-after", "10")]) } else { ok() });
    let policy = world.egress.policy(MAIL, RunWindow::default());
    let later = async {
        world.clock.sleep(Duration::from_secs(3)).await;
        policy.send(vec![read("two")]).await
    };
    let (first, second) = world.clock.run(join(policy.send(vec![read("one")]), later)).unwrap();
    assert!(first[0].is_ok() && second[0].is_ok());
    assert_eq!(world.times(), [0, 10_000, 10_000]);
}

#[test]
fn a_throttled_part_of_the_mailbox_stops_the_others() {
    let world = World::new(|_, _| ok());
    let again = Request { after: 7000, ..read("one") };
    world.send(vec![again, read("two")]);
    assert_eq!(world.times(), [7000, 7000]);
}

#[test]
fn one_throttled_mailbox_does_not_stop_another() {
    let world =
        World::new(|_, seen| if seen.path.contains("e.mirny") { status(429, &[("retry-after", "10")]) } else { ok() });
    let window = || RunWindow { longest_wait: Some(Duration::from_secs(1)), ..RunWindow::default() };
    assert_eq!(world.send_within(vec![read("x")], window())[0], Err(Error::Throttled(Some(10_000))));
    let other = world.egress.policy("o@mycompany.com", window());
    let url = "https://graph.microsoft.com/v1.0/users/o@mycompany.com/events";
    let answer = world.clock.run(other.send(vec![Request::get(url, Credential::Mailbox)])).unwrap().remove(0);
    assert!(answer.is_ok());
    assert_eq!(world.times(), [0, 0]);
}

#[test]
fn a_wait_that_does_not_fit_the_run_is_told_and_not_sat_out() {
    let world = World::new(|_, _| status(429, &[("retry-after", "60")]));
    let window = RunWindow { deadline: Some(Duration::from_secs(30)), ..RunWindow::default() };
    assert_eq!(world.send_within(vec![write("x")], window)[0], Err(Error::Throttled(Some(60_000))));
    assert_eq!(world.clock.elapsed(), Duration::ZERO);
}

#[test]
fn a_request_that_could_outlive_the_lease_is_not_sent() {
    let world = World::new(|_, _| ok());
    let term = LeaseTerm::until(Duration::from_secs(59));
    let window = RunWindow { lease: Some(term.clone()), ..RunWindow::default() };
    assert_eq!(world.send_within(vec![read("x")], window.clone())[0], Err(Error::Stopped));
    term.extend(Duration::from_secs(60));
    assert!(world.send_within(vec![read("x")], window)[0].is_ok());
    assert_eq!(world.times().len(), 1);
}

#[test]
fn asking_a_run_to_end_ends_its_waits() {
    let world = World::new(|_, _| status(429, &[("retry-after", "100")]));
    let stop = Stop::new();
    let policy = world.egress.policy(MAIL, RunWindow { stop: stop.clone(), ..RunWindow::default() });
    let asking = async {
        world.clock.sleep(Duration::from_secs(5)).await;
        stop.wind_down();
    };
    let (answers, ()) = world.clock.run(join(policy.send(vec![read("x")]), asking)).unwrap();
    assert_eq!(answers[0], Err(Error::Stopped));
    assert_eq!(world.clock.elapsed(), Duration::from_secs(5));
}

#[test]
fn a_server_that_never_answers_costs_one_timeout_and_leaves_a_write_unknown() {
    let world = World::new(|_, _| Does::Never);
    assert!(matches!(world.one(write("x")), Err(Error::UnknownOutcome(_))));
    assert_eq!(world.clock.elapsed(), Duration::from_secs(60));
}

#[test]
fn redirects_are_handed_over_and_not_followed() {
    let world = World::new(|_, _| status(302, &[("location", "https://evil.example/")]));
    assert_eq!(world.one(read("x")).unwrap().status, 302);
    assert_eq!(world.times().len(), 1);
}

#[test]
fn a_call_of_more_than_sixteen_mebibytes_is_refused_as_a_whole() {
    let world = World::new(|_, _| ok());
    let big = || Request { body: Some(vec![0; 9 << 20]), ..write("x") };
    assert!(world.send(vec![big(), big()]).iter().all(|answer| matches!(answer, Err(Error::Invalid(_)))));
    assert!(world.times().is_empty());
}

#[test]
fn a_preview_cannot_write() {
    let world = World::new(|_, _| ok());
    let window = RunWindow { reads_only: true, ..RunWindow::default() };
    let answers = world.send_within(vec![write("x"), read("x")], window);
    assert!(matches!(answers[0], Err(Error::Denied(_))));
    assert!(answers[1].is_ok());
}

#[test]
fn a_batch_part_of_another_mailbox_is_denied() {
    let world = World::new(|_, _| ok());
    let batch = |url: &str| Request {
        method: "POST".to_owned(),
        url: "https://graph.microsoft.com/v1.0/$batch".to_owned(),
        body: Some(format!(r#"{{"requests":[{{"id":"1","method":"GET","url":"{url}"}}]}}"#).into_bytes()),
        ..read("")
    };
    assert!(world.one(batch("/users/e.mirny@mycompany.com/events/1")).is_ok());
    for other in ["/users/o@mycompany.com/events", "/users/e.mirny@mycompany.com/../o@mycompany.com", "/me", "/groups"]
    {
        assert!(matches!(world.one(batch(other)), Err(Error::Denied(_))), "{other}");
    }
    // The same key in another case, which some servers take.
    let hidden = "/users/e.mirny@mycompany.com/events\",\"Url\":\"/users/o@mycompany.com/events";
    assert!(matches!(world.one(batch(hidden)), Err(Error::Invalid(_))));
}

#[test]
fn a_token_is_fetched_once_for_many_requests_and_renewed_before_it_expires() {
    let world = World::signed(
        |n, seen| if is_sign_in(seen) { token(&format!("t{n}"), 3600) } else { ok() },
        SignIn::None,
        oauth(),
    );
    assert!(world.send((0..8).map(|_| read("x")).collect()).iter().all(Result::is_ok));
    assert_eq!(world.seen().iter().filter(|seen| is_sign_in(seen)).count(), 1);
    world.clock.advance(Duration::from_secs(3500));
    assert!(world.one(read("x")).is_ok());
    let seen = world.seen();
    assert_eq!(seen.iter().filter(|seen| is_sign_in(seen)).count(), 2);
    assert_eq!(bearer(&seen[1]), Some("Bearer t1"));
    assert_ne!(bearer(seen.last().unwrap()), Some("Bearer t1"));
}

#[test]
fn a_refused_token_is_renewed_once_even_for_a_write() {
    let world = World::signed(
        |n, seen| match (is_sign_in(seen), bearer(seen)) {
            (true, _) => token(&format!("token-{n}"), 3600),
            (_, Some("Bearer token-1")) => status(401, &[("www-authenticate", "Bearer")]),
            _ => ok(),
        },
        SignIn::None,
        oauth(),
    );
    let answers = world.send(vec![write("a"), write("b"), read("c")]);
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200)));
    assert_eq!(world.seen().iter().filter(|seen| is_sign_in(seen)).count(), 2);
}

#[test]
fn a_second_401_is_handed_over() {
    let world = World::signed(
        |_, seen| if is_sign_in(seen) { token("tttt", 3600) } else { status(401, &[]) },
        SignIn::None,
        oauth(),
    );
    assert_eq!(world.one(read("x")).unwrap().status, 401);
    assert_eq!(world.seen().len(), 4);
}

#[test]
fn a_wrong_secret_says_what_to_do_without_the_secret_and_is_not_tried_again_at_once() {
    let world = World::signed(
        |_, _| {
            let text = format!("AADSTS7000215: Invalid client secret provided.\\r\\nTrace ID: 1 {SECRET}");
            Does::Answer(401, vec![], format!(r#"{{"error":"invalid_client","error_description":"{text}"}}"#))
        },
        SignIn::None,
        oauth(),
    );
    let answers = world.send(vec![read("a"), read("b")]);
    for answer in answers {
        let Err(Error::Credential(text)) = answer else { panic!("{answer:?}") };
        assert!(text.contains("AADSTS7000215") && text.contains("Make a new secret"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
    assert_eq!(world.seen().len(), 1);
}

#[test]
fn an_answer_that_repeats_the_secret_is_denied() {
    let world = World::signed(
        |_, seen| match bearer(seen) {
            None => token("token-value-1", 3600),
            Some(header) => Does::Answer(200, vec![], format!("you sent {header}")),
        },
        SignIn::None,
        oauth(),
    );
    assert!(matches!(world.one(read("x")), Err(Error::Denied(_))));
}

#[test]
fn a_password_is_looked_for_in_answers_unless_it_occurs_in_ordinary_text() {
    let denied = |user: &str, password: &str| {
        let sign_in = SignIn::Forms(Forms {
            site: Url::parse("https://mycompany.creatio.com").unwrap(),
            user: user.to_owned(),
            password: password.to_owned().into(),
        });
        let answer = format!("{{\"Title\": \"Ask {password} about it\"}}");
        let world = World::signed(
            move |n, seen| if is_sign_in(seen) { logged_in(n) } else { Does::Answer(200, vec![], answer.clone()) },
            sign_in,
            SignIn::None,
        );
        let answer = world.one(Request::get(format!("{CREATIO}/Activity"), Credential::Creatio));
        matches!(answer, Err(Error::Denied(_)))
    };
    assert!(denied("Supervisor", SECRET));
    assert!(!denied("Supervisor", "Supervisor"));
    assert!(!denied("Supervisor", "spring-2026"));
    assert!(!denied("sync.service@mycompany.com", "Sync.Service"));
}

#[test]
fn a_sign_in_is_attached_only_where_it_belongs() {
    let world =
        World::signed(|_, seen| if is_sign_in(seen) { token("tttt", 3600) } else { ok() }, SignIn::None, oauth());
    let elsewhere = Request::get("https://graph.microsoft.com/v1.0/users/o@mycompany.com/x", Credential::Mailbox);
    assert!(matches!(world.one(elsewhere), Err(Error::Denied(_))));
    let plain = Request::get("https://graph.microsoft.com/v1.0/$metadata", Credential::None);
    assert!(world.one(plain).is_ok());
    assert!(world.seen().iter().all(|seen| bearer(seen).is_none()));
}

fn forms() -> SignIn {
    SignIn::Forms(Forms {
        site: Url::parse("https://mycompany.creatio.com").unwrap(),
        user: "Supervisor".to_owned(),
        password: SECRET.to_owned().into(),
    })
}

fn logged_in(number: usize) -> Does {
    let cookies = vec![
        ("set-cookie", format!(".ASPXAUTH=session-number-{number}; path=/; HttpOnly")),
        ("set-cookie", format!("BPMCSRF=csrf-number-{number}; path=/")),
    ];
    Does::Answer(200, cookies, r#"{"Code":0}"#.to_owned())
}

#[test]
fn a_creatio_session_carries_its_cookies_and_the_header_against_forged_requests() {
    let world = World::signed(
        |n, seen| {
            if is_sign_in(seen) {
                return logged_in(n);
            }
            Does::Answer(200, vec![("set-cookie", "BPMCSRF=csrf-later-one; path=/".to_owned())], "{}".to_owned())
        },
        forms(),
        SignIn::None,
    );
    let get = || Request::get(format!("{CREATIO}/Activity"), Credential::Creatio);
    assert!(world.one(get()).unwrap().header("set-cookie").is_none());
    assert!(world.one(get()).is_ok());
    let seen = world.seen();
    assert_eq!(find(&seen[1].headers, "cookie"), Some(".ASPXAUTH=session-number-1; BPMCSRF=csrf-number-1"));
    assert_eq!(find(&seen[1].headers, "bpmcsrf"), Some("csrf-number-1"));
    assert_eq!(find(&seen[1].headers, "forceusesession"), Some("true"));
    assert_eq!(find(&seen[2].headers, "bpmcsrf"), Some("csrf-later-one"));
}

fn post(path: &str) -> Request {
    let request = Request::get(format!("{CREATIO}/{path}"), Credential::Creatio);
    Request { method: "POST".to_owned(), repeatable: false, body: Some(b"{}".to_vec()), ..request }
}

fn csrf(seen: &Seen) -> Option<&str> {
    find(&seen.headers, "bpmcsrf")
}

fn sign_ins(world: &World) -> usize {
    world.seen().iter().filter(|seen| is_sign_in(seen)).count()
}

#[test]
fn a_stale_header_against_forged_requests_is_renewed_once_even_for_writes() {
    let world = World::signed(
        |n, seen| match (is_sign_in(seen), csrf(seen)) {
            (true, _) => logged_in(n),
            (_, Some("csrf-number-1")) => status(403, &[]),
            _ => ok(),
        },
        forms(),
        SignIn::None,
    );
    let answers = world.send(vec![post("a"), post("b"), post("c")]);
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200)), "{answers:?}");
    assert_eq!(sign_ins(&world), 2);
}

#[test]
fn a_header_that_another_answer_replaced_meanwhile_is_sent_again_without_a_sign_in() {
    let rotated = || vec![("set-cookie", "BPMCSRF=csrf-later-one; path=/".to_owned())];
    let world = World::signed(
        move |n, seen| match (is_sign_in(seen), seen.path.rsplit('/').next(), csrf(seen)) {
            (true, ..) => logged_in(n),
            (_, Some("slow"), Some("csrf-number-1")) => Does::Takes(Duration::from_secs(2), Box::new(status(403, &[]))),
            (_, Some("fast"), _) => Does::Answer(200, rotated(), "{}".to_owned()),
            _ => ok(),
        },
        forms(),
        SignIn::None,
    );
    let answers = world.send(vec![post("slow"), post("fast")]);
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200)), "{answers:?}");
    assert_eq!(sign_ins(&world), 1);
    assert_eq!(csrf(world.seen().last().unwrap()), Some("csrf-later-one"));
}

#[test]
fn a_right_that_is_missing_costs_one_sign_in_a_run() {
    let world =
        World::signed(|n, seen| if is_sign_in(seen) { logged_in(n) } else { status(403, &[]) }, forms(), SignIn::None);
    let policy = world.egress.policy(MAIL, RunWindow::default());
    for number in 0..5 {
        let answer = world.clock.run(policy.send(vec![post(&number.to_string())])).unwrap().remove(0);
        assert_eq!(answer.unwrap().status, 403);
    }
    assert_eq!((sign_ins(&world), world.seen().len()), (2, 2 + 5 + 1));
}

#[test]
fn a_login_page_is_an_expired_session_and_one_login_serves_everybody() {
    let world = World::signed(
        |n, seen| {
            if is_sign_in(seen) {
                return logged_in(n);
            }
            let fresh = find(&seen.headers, "cookie").is_some_and(|cookie| !cookie.contains("session-number-1;"));
            match (fresh, seen.path.ends_with("/page")) {
                (true, _) => ok(),
                (false, true) => Does::Answer(
                    200,
                    vec![("content-type", "text/html; charset=utf-8".to_owned())],
                    "<html>".to_owned(),
                ),
                (false, false) => status(302, &[("location", "/Login/NuiLogin.aspx?ReturnUrl=x")]),
            }
        },
        forms(),
        SignIn::None,
    );
    let get = |path: &str| Request::get(format!("{CREATIO}/{path}"), Credential::Creatio);
    let answers = world.send(vec![get("page"), get("redirect"), get("page")]);
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().body == b"{}"), "{answers:?}");
    assert_eq!(world.seen().iter().filter(|seen| is_sign_in(seen)).count(), 2);
}

#[test]
fn a_refused_login_names_the_user_and_not_the_password() {
    let world = World::signed(
        |_, _| Does::Answer(200, vec![], r#"{"Code":1,"Message":"Invalid username or password"}"#.to_owned()),
        forms(),
        SignIn::None,
    );
    let answer = world.one(Request::get(format!("{CREATIO}/Activity"), Credential::Creatio));
    let Err(Error::Credential(text)) = answer else { panic!("{answer:?}") };
    assert!(text.contains("Supervisor") && text.contains("[creatio] user") && !text.contains(SECRET), "{text}");
}
