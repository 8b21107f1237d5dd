//! Searches against scripted answers.

use super::*;

const MAIL: &str = "e.mirny@mycompany.com";
const EWS: &str = "https://mail.mycompany.com/EWS/Exchange.asmx";

fn nothing() -> Heard {
    Heard::Nothing("is not known".to_owned())
}

fn ok(body: &str) -> Heard {
    Heard::Answer { status: 200, location: None, body: body.as_bytes().to_vec() }
}

fn to(location: &str) -> Heard {
    Heard::Answer { status: 302, location: Some(location.to_owned()), body: vec![] }
}

fn json(url: &str) -> Heard {
    ok(&format!(r#"{{"Protocol":"Ews","Url":"{url}"}}"#))
}

fn pox(inside: &str) -> Heard {
    ok(&format!("<Autodiscover><Response><Account>{inside}</Account></Response></Autodiscover>"))
}

fn ews(url: &str) -> Heard {
    pox(&format!("<Protocol><Type>EXPR</Type><EwsUrl>{url}</EwsUrl></Protocol>"))
}

/// Plays a search, and holds every question to the rule whatever was answered.
fn play(hosts: &[&str], answers: impl Fn(&Question) -> Heard) -> (Result<Url, String>, Vec<Question>) {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let rule = Rule::of(MAIL, &hosts).unwrap();
    let mut search = Search::new(MAIL, rule.clone());
    let mut asked = Vec::new();
    loop {
        match search.next() {
            Next::Ask(question) => {
                assert!(!question.signed || rule.trusts(&question.url), "the sign-in goes to {}", question.url);
                assert!(question.signed || question.body.is_none());
                assert!(question.url.scheme() == "https" || question.kind == Kind::Pointer);
                asked.push(question.clone());
                assert!(asked.len() <= MOST, "{asked:?}");
                search.heard(answers(&question));
            }
            Next::Found(url) => {
                assert!(rule.trusts(&url), "{url}");
                return (Ok(url), asked);
            }
            Next::Failed(text) => return (Err(text), asked),
        }
    }
}

fn failed(hosts: &[&str], answers: impl Fn(&Question) -> Heard) -> String {
    play(hosts, answers).0.unwrap_err()
}

#[test]
fn a_server_that_answers_without_a_sign_in_never_sees_one() {
    let (found, asked) = play(&[], |_| json(EWS));
    assert_eq!(found.unwrap().as_str(), EWS);
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].signed);
    assert_eq!(
        asked[0].url.as_str(),
        "https://autodiscover.mycompany.com/autodiscover/autodiscover.json?Email=e.mirny%40mycompany.com&Protocol=EWS"
    );
}

#[test]
fn the_places_are_asked_in_turn_and_one_that_refuses_is_passed_over() {
    let (found, asked) = play(&[], |question| match (question.kind, question.url.host_str()) {
        (Kind::Pox, Some("mycompany.com")) => ews(EWS),
        (Kind::Pox, _) => Heard::Answer { status: 401, location: None, body: vec![] },
        _ => nothing(),
    });
    assert_eq!(found.unwrap().as_str(), EWS);
    let seen: Vec<(Kind, Option<&str>)> = asked.iter().map(|one| (one.kind, one.url.host_str())).collect();
    assert_eq!(
        seen,
        [
            (Kind::Json, Some("autodiscover.mycompany.com")),
            (Kind::Pox, Some("autodiscover.mycompany.com")),
            (Kind::Pox, Some("mycompany.com"))
        ]
    );
}

#[test]
fn a_redirect_within_the_domain_is_followed_with_the_sign_in() {
    let there = "https://ex1.mycompany.com/autodiscover/autodiscover.xml";
    for first in [to(there), pox(&format!("<Action>redirectUrl</Action><RedirectUrl>{there}</RedirectUrl>"))] {
        let (found, asked) = play(&[], |question| match (question.kind, question.url.host_str()) {
            (Kind::Pox, Some("ex1.mycompany.com")) => ews(EWS),
            (Kind::Pox, _) => first.clone(),
            _ => nothing(),
        });
        assert_eq!(found.unwrap().as_str(), EWS);
        assert!(asked.last().unwrap().signed);
    }
    let (found, _) = play(&[], |question| match (question.kind, question.url.host_str()) {
        (Kind::Pointer, _) => to(there),
        (Kind::Pox, Some("ex1.mycompany.com")) => ews(EWS),
        _ => nothing(),
    });
    assert_eq!(found.unwrap().as_str(), EWS, "plain http only points");
}

#[test]
fn no_redirect_takes_the_sign_in_elsewhere() {
    for evil in [
        "https://evil.example/autodiscover/autodiscover.xml",
        "https://mycompany.com.evil.example/autodiscover/autodiscover.xml",
        "https://notmycompany.com/autodiscover/autodiscover.xml",
        "https://mycompany.com@evil.example/autodiscover/autodiscover.xml",
        "https://user:pass@mail.mycompany.com/autodiscover/autodiscover.xml",
        "https://10.0.0.1/autodiscover/autodiscover.xml",
        "http://mail.mycompany.com/autodiscover/autodiscover.xml",
        "http://evil.example/autodiscover/autodiscover.xml",
        "//evil.example/x",
    ] {
        let text = failed(&[], |question| match question.kind {
            Kind::Json => nothing(),
            _ => to(evil),
        });
        assert!(text.contains("[exchange]"), "{text}");
    }
    let text = failed(&[], |question| match question.kind {
        Kind::Json => nothing(),
        _ => to("https://hoster.example/autodiscover/autodiscover.xml"),
    });
    assert!(text.contains("add \"hoster.example\" to hosts in [exchange]"), "{text}");
    let (found, asked) = play(&["hoster.example"], |question| match question.url.host_str() {
        Some("hoster.example") if question.signed => ews("https://hoster.example/EWS/Exchange.asmx"),
        _ if question.kind == Kind::Json => nothing(),
        _ => to("https://hoster.example/autodiscover/autodiscover.xml"),
    });
    assert_eq!(found.unwrap().host_str(), Some("hoster.example"));
    assert!(asked.last().unwrap().signed);
}

#[test]
fn what_is_found_is_held_to_the_same_rule() {
    for wrong in ["https://evil.example/EWS/Exchange.asmx", "http://mail.mycompany.com/EWS/Exchange.asmx", "nowhere"] {
        let text = failed(&[], |question| if question.kind == Kind::Json { json(wrong) } else { ews(wrong) });
        assert!(text.contains("Name its address in [exchange]"), "{text}");
    }
    let (found, _) = play(&["outlook.office365.com"], |_| json("https://outlook.office365.com/EWS/Exchange.asmx"));
    assert!(found.is_ok());
}

#[test]
fn an_unsigned_question_may_leave_the_domain_but_stays_unsigned() {
    let (_, asked) = play(&[], |question| match question.kind {
        Kind::Json if question.url.host_str() == Some("autodiscover-s.outlook.com") => json(EWS),
        Kind::Json => to("https://autodiscover-s.outlook.com/autodiscover/autodiscover.json"),
        _ => nothing(),
    });
    let outside = asked.iter().find(|one| one.url.host_str() == Some("autodiscover-s.outlook.com")).unwrap();
    assert!(!outside.signed && outside.body.is_none());
}

#[test]
fn another_address_is_asked_for_under_the_rule_of_the_first() {
    let (found, asked) = play(&[], |question| match (question.kind, question.url.host_str()) {
        (Kind::Pox, Some("autodiscover.mycompany.com")) => {
            pox("<Action>redirectAddr</Action><RedirectAddr>e@other.example</RedirectAddr>")
        }
        (Kind::Json, Some("autodiscover.other.example")) => json(EWS),
        _ => nothing(),
    });
    assert_eq!(found.unwrap().as_str(), EWS);
    assert!(asked.iter().all(|one| !one.signed || one.url.host_str() == Some("autodiscover.mycompany.com")));
}

#[test]
fn loops_end() {
    let (found, asked) = play(&[], |question| to(question.url.as_str()));
    assert!(found.is_err() && asked.len() <= 8, "{asked:?}");
    let counter = std::cell::Cell::new(0);
    let text = failed(&[], |_| {
        counter.set(counter.get() + 1);
        to(&format!("https://a{}.mycompany.com/autodiscover/autodiscover.xml", counter.get()))
    });
    assert!(text.contains("no end after"), "{text}");
    let text = failed(&[], |question| match question.kind {
        Kind::Pox => {
            counter.set(counter.get() + 1);
            pox(&format!("<RedirectAddr>e{}@mycompany.com</RedirectAddr>", counter.get()))
        }
        _ => nothing(),
    });
    assert!(text.contains("no end after"), "{text}");
}

#[test]
fn a_failure_says_what_was_tried_and_what_to_do() {
    let text = failed(&[], |_| nothing());
    assert!(text.starts_with("Autodiscover finds no Exchange Server for e.mirny@mycompany.com: https://autodiscover."));
    assert!(text.contains("https://mycompany.com/autodiscover/autodiscover.xml is not known"), "{text}");
    assert!(text.ends_with("Name its address in [exchange]: url = \"https://mail.mycompany.com/EWS/Exchange.asmx\""));
}

#[test]
fn whatever_is_answered_the_sign_in_stays_and_the_search_ends() {
    // A generator of its own: what it plays is the same in every run.
    let state = std::cell::Cell::new(1_u64);
    let draw = |most: u64| {
        state.set(state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        (state.get() >> 33) % most
    };
    let hosts =
        ["mycompany.com", "a.mycompany.com", "evil.example", "mycompany.com.evil.example", "hoster.example", "[::1]"];
    let (mut found, mut failed) = (0, 0);
    for _ in 0..5000 {
        let result = play(&["hoster.example"], |_| {
            let scheme = if draw(4) == 0 { "http" } else { "https" };
            let host = hosts[draw(6) as usize];
            let url = format!(
                "{scheme}://{host}/{}",
                ["autodiscover/autodiscover.xml", "x", "EWS/Exchange.asmx"][draw(3) as usize]
            );
            match draw(9) {
                0 => nothing(),
                1 | 2 => to(&url),
                3 => json(&url),
                4 => ews(&url),
                5 => pox(&format!("<RedirectUrl>{url}</RedirectUrl>")),
                6 => pox(&format!("<RedirectAddr>e@{host}</RedirectAddr>")),
                7 => Heard::Answer { status: 401, location: None, body: vec![] },
                _ => ok("<html>"),
            }
        });
        match result.0 {
            Ok(_) => found += 1,
            Err(text) => {
                failed += 1;
                assert!(text.contains("Name its address in [exchange]"), "{text}");
            }
        }
    }
    assert!(found > 500 && failed > 500, "{found} found, {failed} failed");
}
