//! Who is let in: programs, people at a device, and what their tokens open.

use chrono::Duration;
use serde_json::Value;

use super::{Desk, body};
use crate::graph::world;
use crate::wire::{Request, Response, Service};

fn form(desk: &mut Desk, path: &str, fields: &str) -> Response {
    let request =
        Request { method: "POST".into(), target: path.into(), headers: Vec::new(), body: fields.as_bytes().to_vec() };
    desk.graph.handle(&request, desk.now)
}

fn with_token(desk: &mut Desk, token: &str, target: &str) -> Response {
    let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
    let request = Request { method: "GET".into(), target: target.into(), headers, body: Vec::new() };
    desk.graph.handle(&request, desk.now)
}

fn credentials(scope: &str) -> String {
    format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope={scope}",
        world::CLIENT_ID,
        world::CLIENT_SECRET
    )
}

#[test]
fn a_programs_token_opens_mailboxes_until_it_expires_but_has_no_me() {
    let mut desk = Desk::new();
    let fields = credentials("https%3A%2F%2Fgraph.microsoft.com%2F.default");
    let answer = body(&form(&mut desk, "/tenant/oauth2/v2.0/token", &fields));
    let token = answer["access_token"].as_str().unwrap().to_owned();
    assert_eq!(answer["expires_in"], 3599);
    assert!(answer.get("refresh_token").is_none());
    let user = format!("/v1.0/users/{}", world::EUGENE);
    assert_eq!(with_token(&mut desk, &token, &user).status, 200);
    assert_eq!(with_token(&mut desk, &token, "/v1.0/me/events").status, 400);
    desk.now += Duration::seconds(3600);
    let expired = with_token(&mut desk, &token, &user);
    assert_eq!(expired.status, 401);
    assert_eq!(body(&expired)["error"]["code"], "InvalidAuthenticationToken");
    assert!(expired.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
}

#[test]
fn a_wrong_scope_or_secret_is_refused_in_the_shape_of_the_token_endpoint() {
    let mut desk = Desk::new();
    for scope in ["https%3A%2F%2Fgraph.microsoft.com%2FCalendars.Read", "a/.default+b/.default"] {
        let answer = form(&mut desk, "/tenant/oauth2/v2.0/token", &credentials(scope));
        assert_eq!((answer.status, body(&answer)["error"].clone()), (400, Value::from("invalid_scope")));
    }
    let wrong = credentials("https://graph.microsoft.com/.default").replace(world::CLIENT_SECRET, "x");
    let answer = form(&mut desk, "/tenant/oauth2/v2.0/token", &wrong);
    assert_eq!((answer.status, body(&answer)["error_codes"][0].clone()), (401, Value::from(7_000_215)));
}

#[test]
fn a_device_waits_then_signs_in_and_its_refresh_token_is_replaced() {
    let mut desk = Desk::new();
    let start = format!("client_id={}&scope=Calendars.ReadWrite+offline_access", world::CLIENT_ID);
    let code = body(&form(&mut desk, "/common/oauth2/v2.0/devicecode", &start));
    let poll = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id={}&device_code={}",
        world::CLIENT_ID,
        code["device_code"].as_str().unwrap()
    );
    assert_eq!(body(&form(&mut desk, "/common/oauth2/v2.0/token", &poll))["error"], "authorization_pending");
    let signed = body(&form(&mut desk, "/common/oauth2/v2.0/token", &poll));
    let token = signed["access_token"].as_str().unwrap().to_owned();
    assert_eq!(body(&with_token(&mut desk, &token, "/v1.0/me"))["mail"], world::EUGENE);
    let anna = format!("/v1.0/users/{}/events", world::ANNA);
    assert_eq!(with_token(&mut desk, &token, &anna).status, 403);
    let refresh = format!(
        "grant_type=refresh_token&client_id={}&refresh_token={}",
        world::CLIENT_ID,
        signed["refresh_token"].as_str().unwrap()
    );
    let renewed = form(&mut desk, "/common/oauth2/v2.0/token", &refresh);
    assert_ne!(body(&renewed)["refresh_token"], signed["refresh_token"]);
    assert_eq!(body(&form(&mut desk, "/common/oauth2/v2.0/token", &refresh))["error"], "invalid_grant");
}

fn plain(desk: &mut Desk, target: &str) -> Response {
    let headers = vec![("host".to_owned(), "127.0.0.1:8".to_owned())];
    let request = Request { method: "GET".into(), target: target.into(), headers, body: Vec::new() };
    desk.graph.handle(&request, desk.now)
}

#[test]
fn a_library_for_sign_in_finds_the_endpoints_before_it_signs_in() {
    let mut desk = Desk::new();
    desk.graph.knobs.directory = Some("mycompany.onmicrosoft.com".into());
    for tenant in ["mycompany.onmicrosoft.com", "common", "organizations"] {
        let answer = plain(&mut desk, &format!("/{tenant}/v2.0/.well-known/openid-configuration"));
        let base = format!("http://127.0.0.1:8/{tenant}/oauth2/v2.0");
        assert_eq!((answer.status, &body(&answer)["token_endpoint"]), (200, &Value::from(format!("{base}/token"))));
        assert_eq!(body(&answer)["device_authorization_endpoint"], format!("{base}/devicecode"));
    }
    let unknown = plain(&mut desk, "/elsewhere.onmicrosoft.com/v2.0/.well-known/openid-configuration");
    assert_eq!((unknown.status, &body(&unknown)["error"]), (400, &Value::from("invalid_tenant")));
    let asked = "/common/discovery/instance?api-version=1.1&authorization_endpoint=\
        https%3A%2F%2F127.0.0.1%3A8%2Fmycompany.onmicrosoft.com%2Foauth2%2Fv2.0%2Fauthorize";
    let answer = body(&plain(&mut desk, asked));
    let endpoint = "http://127.0.0.1:8/mycompany.onmicrosoft.com/v2.0/.well-known/openid-configuration";
    assert_eq!(answer["tenant_discovery_endpoint"], endpoint);
    assert_eq!(answer["metadata"][0]["preferred_network"], "127.0.0.1:8");
    assert_eq!(plain(&mut desk, "/common/discovery/instance").status, 400);
}

#[test]
fn a_mailbox_may_be_unknown_denied_or_not_enabled() {
    let mut desk = Desk::new();
    assert_eq!(desk.refused("GET", "/v1.0/users/nobody@x.y/events", &[], None), (404, "ErrorInvalidUser".to_owned()));
    assert_eq!(desk.refused("GET", "/v1.0/users/nobody@x.y", &[], None), (404, "Request_ResourceNotFound".to_owned()));
    desk.graph.knobs.denied_mailboxes.insert(world::EUGENE.to_uppercase());
    assert_eq!(desk.refused("GET", "/events", &[], None), (403, "ErrorAccessDenied".to_owned()));
    desk.graph.knobs.denied_mailboxes.clear();
    desk.graph.knobs.disabled_mailboxes.insert(world::EUGENE.to_owned());
    assert_eq!(desk.refused("GET", "/events", &[], None), (404, "MailboxNotEnabledForRESTAPI".to_owned()));
}
