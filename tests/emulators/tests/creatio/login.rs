//! Both ways to sign in to Creatio.

use super::support::{World, body, form};
use chrono::TimeDelta;
use emulators::creatio::ExpiredSession;
use emulators::wire::{Request, Response, Service as _};
use serde_json::{Value, json};

fn login(world: &mut World, path: &str, password: &str) -> Response {
    let request = Request {
        method: "POST".into(),
        target: path.into(),
        headers: vec![("content-type".into(), "application/json".into()), ("forceusesession".into(), "true".into())],
        body: json!({"UserName": "anna@x.example", "UserPassword": password}).to_string().into_bytes(),
    };
    world.site.handle(&request, world.now)
}

/// All cookies as one header, and the value of the CSRF cookie.
fn cookies(response: &Response) -> (String, String) {
    let pairs: Vec<&str> = response
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .map(|(_, value)| value.split(';').next().unwrap())
        .collect();
    let csrf = pairs.iter().find_map(|pair| pair.strip_prefix("BPMCSRF=")).unwrap().to_owned();
    (pairs.join("; "), csrf)
}

fn read(world: &mut World, cookie: &str, csrf: &str, force: bool) -> Response {
    let mut headers = vec![("cookie".to_owned(), cookie.to_owned()), ("bpmcsrf".to_owned(), csrf.to_owned())];
    if force {
        headers.push(("forceusesession".to_owned(), "true".to_owned()));
    }
    let request =
        Request { method: "GET".into(), target: "/0/odata/ActivityType".into(), headers, ..Request::default() };
    world.site.handle(&request, world.now)
}

const LOGIN: &str = "/ServiceModel/AuthService.svc/Login";

#[test]
fn a_session_needs_its_cookies_and_its_csrf_header() {
    let mut world = World::new();
    let answer = login(&mut world, LOGIN, "secret");
    assert_eq!(body(&answer)["Code"], 0);
    let (cookie, csrf) = cookies(&answer);
    for name in ["BPMLOADER=", ".ASPXAUTH=", "BPMCSRF=", "UserName="] {
        assert!(cookie.contains(name), "{cookie}");
    }
    assert_eq!(read(&mut world, &cookie, &csrf, true).status, 200);
    assert_eq!(read(&mut world, &cookie, "stale", true).status, 403);
    assert_eq!(read(&mut world, "", "", true).status, 401);
}

#[test]
fn a_wrong_password_answers_200_with_code_1_and_login_is_at_the_sites_root() {
    let mut world = World::new();
    let answer = login(&mut world, LOGIN, "wrong");
    assert_eq!((answer.status, &body(&answer)["Code"]), (200, &json!(1)));
    assert!(answer.header("set-cookie").is_none());
    assert_eq!(login(&mut world, "/0/ServiceModel/AuthService.svc/Login", "secret").status, 401);
}

#[test]
fn an_expired_session_is_401_or_the_login_page() {
    let mut world = World::new();
    let (cookie, csrf) = cookies(&login(&mut world, LOGIN, "secret"));
    world.now += TimeDelta::hours(2);
    assert_eq!(read(&mut world, &cookie, &csrf, true).status, 401);
    assert_eq!(read(&mut world, &cookie, &csrf, false).status, 302);
    let mut world = world.with(|knobs| knobs.expired_session = ExpiredSession::Page);
    let page = read(&mut world, &cookie, &csrf, true);
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
}

#[test]
fn a_rotated_csrf_cookie_makes_the_old_one_stale() {
    let mut world = World::new().with(|knobs| knobs.rotate_csrf_after = 1);
    let (cookie, csrf) = cookies(&login(&mut world, LOGIN, "secret"));
    let answer = read(&mut world, &cookie, &csrf, true);
    let (_, next) = cookies(&answer);
    assert_eq!(read(&mut world, &cookie, &csrf, true).status, 403);
    assert_eq!(read(&mut world, &cookie, &next, true).status, 200);
}

#[test]
fn a_token_lives_as_long_as_it_says() {
    let mut world = World::new();
    assert_eq!(world.get("ActivityType").status, 200);
    world.now += TimeDelta::seconds(3600);
    assert_eq!(world.get("ActivityType").status, 401);
    world.token = world.sign_in("app");
    assert_eq!(world.get("ActivityType").status, 200);
    world.site.edit(&json!({"action": "expire-tokens"}), world.now).unwrap();
    assert_eq!(world.get("ActivityType").status, 401);
}

#[test]
fn a_client_with_a_wrong_secret_gets_no_token() {
    let mut world = World::new();
    let now = world.now;
    let mut error = |fields: &str| -> Value {
        let response = form(&mut world.site, now, fields);
        assert_eq!(response.status, 400);
        body(&response)["error"].clone()
    };
    assert_eq!(error("grant_type=client_credentials&client_id=app&client_secret=x"), "invalid_client");
    assert_eq!(error("grant_type=password"), "unsupported_grant_type");
}

#[test]
fn the_prefix_and_a_virtual_directory_are_switches() {
    let mut world = World::new().with(|knobs| {
        knobs.net_core = true;
        knobs.base_path = "/crm".into();
    });
    let mut status = |target: &str| {
        let headers = vec![("authorization".to_owned(), format!("Bearer {}", world.token))];
        let request = Request { method: "GET".into(), target: target.into(), headers, ..Request::default() };
        world.site.handle(&request, world.now).status
    };
    assert_eq!(status("/crm/odata/ActivityType"), 200);
    assert_eq!(status("/crm/0/odata/ActivityType"), 404);
    assert_eq!(status("/odata/ActivityType"), 404);
}
