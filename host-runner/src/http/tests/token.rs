//! Tokens, and what must not be seen of secrets.

use super::forms::logged_in;
use super::*;

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
