//! Sessions of Creatio: a form, its cookies, and the header against forged requests.

use super::*;

fn forms() -> SignIn {
    SignIn::Forms(Forms {
        site: Url::parse("https://mycompany.creatio.com").unwrap(),
        user: "Supervisor".to_owned(),
        password: SECRET.to_owned().into(),
    })
}

pub(super) fn logged_in(number: usize) -> Does {
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
