//! Both ways to sign in: Forms, with its cookies, and the identity service, with its tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::Creatio;
use super::query::parameters;
use crate::wire::{Request, Response};

impl Creatio {
    /// Forms login: a wrong password answers 200 with `Code` 1.
    pub(super) fn forms_login(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        let is_json = request.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        let Some(body) = serde_json::from_slice::<Json>(&request.body).ok().filter(|_| is_json) else {
            return Response { status: 400, ..Response::default() };
        };
        let field = |name: &str| body.get(name).and_then(Json::as_str).unwrap_or_default();
        let user = self
            .access
            .user_by_login(field("UserName"))
            .filter(|user| user.active && user.password == field("UserPassword"))
            .cloned();
        let Some(user) = user else {
            let message = "You have entered an invalid user name or password. Please check and try again.";
            return Response::json(200, &answer(1, message));
        };
        let mut response = Response::json(200, &answer(0, ""));
        for (name, value) in self.access.open_session(&user, now) {
            let only_http = if matches!(name, "BPMLOADER" | ".ASPXAUTH") { "; HttpOnly" } else { "" };
            response = response.with("set-cookie", format!("{name}={value}; path=/{only_http}"));
        }
        response
    }

    /// Client credentials: every token speaks for the client's system user.
    pub(super) fn token(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        let refuse = |code: &str| Response::json(400, &json!({ "error": code }));
        let form =
            request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if request.method != "POST" || !form {
            return refuse("invalid_request");
        }
        let body = String::from_utf8_lossy(&request.body);
        let fields = parameters(body.trim());
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let basic = request.header("authorization").and_then(|header| {
            let decoded = String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ")?).ok()?).ok()?;
            decoded.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
        });
        let named = basic.or_else(|| Some((field("client_id")?, field("client_secret")?)));
        if field("grant_type").as_deref() != Some("client_credentials") {
            return refuse("unsupported_grant_type");
        }
        let user = named.and_then(|(id, secret)| {
            self.access.clients.get(&id).filter(|client| client.secret == secret).map(|client| client.user)
        });
        let Some(user) = user else { return refuse("invalid_client") };
        let seconds = self.knobs.token_seconds;
        let token = self.access.mint(user, now, seconds);
        let scope = "ApplicationAccess_5bd1c2f0a9e84d7b";
        let body = json!({ "access_token": token, "expires_in": seconds, "token_type": "Bearer", "scope": scope });
        Response::json(200, &body).with("cache-control", "no-store, no-cache, max-age=0")
    }
}

/// What the identity service tells about itself.
pub(super) fn discovery(issuer: &str) -> Response {
    Response::json(
        200,
        &json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}/connect/token"),
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }),
    )
}

fn answer(code: u8, message: &str) -> Json {
    json!({
        "Code": code,
        "Message": message,
        "Exception": if code == 0 { Json::Null } else {
            json!({ "HelpLink": null, "InnerException": null, "Message": message, "StackTrace": null, "Type": "System.Security.SecurityException" })
        },
        "PasswordChangeUrl": null,
        "RedirectUrl": null,
    })
}
