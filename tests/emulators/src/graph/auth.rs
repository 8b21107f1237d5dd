//! Sign-in: tokens for programs and for people, and what a bearer token is worth.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::Graph;
use super::errors::ApiError;
use super::ids::named;
use crate::wire::{Request, Response, query_text};

/// A program that may sign in.
#[derive(Debug, Clone)]
struct Client {
    secret: String,
}

/// Who a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// A program, for every mailbox.
    App,
    /// A person, by mail address.
    Person(String),
}

#[derive(Debug, Clone)]
struct Token {
    who: Who,
    expires: DateTime<Utc>,
    /// The resource it was asked for.
    audience: String,
}

#[derive(Debug, Clone)]
struct Device {
    user_code: String,
    client: String,
    scope: String,
    expires: DateTime<Utc>,
    polls: u32,
    approved: Option<String>,
    declined: bool,
}

#[derive(Debug, Clone)]
struct Refresh {
    who: String,
    client: String,
    scope: String,
}

/// Everything about sign-in.
#[derive(Debug, Clone, Default)]
pub(super) struct Auth {
    clients: BTreeMap<String, Client>,
    tokens: BTreeMap<String, Token>,
    devices: BTreeMap<String, Device>,
    refreshes: BTreeMap<String, Refresh>,
    count: u64,
}

/// Hosts of the clouds, whose tokens are good here whatever host the emulator is served on.
const CLOUDS: &[&str] =
    &["graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"];

impl Auth {
    pub(super) fn add_client(&mut self, id: &str, secret: &str) {
        self.clients.insert(id.to_lowercase(), Client { secret: secret.to_owned() });
    }

    fn secret(&mut self, kind: &str) -> String {
        self.count += 1;
        let parts = [0, 1, 2].map(|part| named(&format!("{kind} {} {part}", self.count)).simple().to_string());
        format!("{kind}.{}", parts.concat())
    }

    pub(super) fn issue(&mut self, who: Who, audience: &str, expires: DateTime<Utc>) -> String {
        let token = self.secret("eyJ0eXAiOiJKV1Qi");
        self.tokens.insert(token.clone(), Token { who, expires, audience: audience.to_owned() });
        token
    }

    pub(super) fn expire_all(&mut self) {
        self.tokens.clear();
    }

    pub(super) fn revoke_refresh(&mut self) {
        self.refreshes.clear();
    }

    /// Signs a person in on the device that shows `code`, or on any that waits.
    pub(super) fn approve(&mut self, code: Option<&str>, who: Option<&str>) -> bool {
        let device = self.devices.values_mut().rfind(|device| code.is_none_or(|code| device.user_code == code));
        match (device, who) {
            (Some(device), Some(who)) => device.approved = Some(who.to_owned()),
            (Some(device), None) => device.declined = true,
            (None, _) => return false,
        }
        true
    }
}

/// A refusal of the token endpoint, which has a shape of its own.
pub(super) fn refused(status: u16, error: &str, number: u32, text: &str, now: DateTime<Utc>) -> Response {
    let trace = named(&format!("trace {number} {now}")).to_string();
    Response::json(
        status,
        &json!({
            "error": error,
            "error_description": format!("AADSTS{number}: {text} Trace ID: {trace} Timestamp: {}", now.format("%Y-%m-%d %H:%M:%SZ")),
            "error_codes": [number],
            "timestamp": now.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            "trace_id": trace,
            "correlation_id": trace,
        }),
    )
}

fn form(request: &Request) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(&request.body);
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (query_text(name), query_text(value))).collect()
}

/// Client id and secret, from the form or from HTTP Basic.
fn credentials(request: &Request, form: &BTreeMap<String, String>) -> (String, Option<String>) {
    use base64::Engine as _;
    let basic = request.header("authorization").and_then(|value| value.strip_prefix("Basic ")).and_then(|text| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (id, secret) = text.split_once(':')?;
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        Some((decode(id), Some(decode(secret))))
    });
    basic.unwrap_or_else(|| (form.get("client_id").cloned().unwrap_or_default(), form.get("client_secret").cloned()))
}

impl Graph {
    /// Answers `/{tenant}/oauth2/v2.0/…`; `None` where the path is not one of sign-in.
    pub(super) fn login(&mut self, request: &Request, now: DateTime<Utc>) -> Option<Response> {
        let path = request.path().trim_matches('/').to_owned();
        let mut parts = path.split('/');
        let (tenant, oauth, version, what) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if oauth != "oauth2" || version != "v2.0" || parts.next().is_some() {
            return None;
        }
        if request.method != "POST" {
            return Some(refused(405, "invalid_request", 900_561, "The endpoint only accepts POST requests.", now));
        }
        if !self.knows_tenant(tenant) {
            return Some(super::discovery::unknown_tenant(tenant, now));
        }
        let form = form(request);
        match what {
            "devicecode" => Some(self.device_code(&form, now)),
            "token" => Some(match form.get("grant_type").map(String::as_str) {
                Some("client_credentials") => self.client_credentials(request, &form, now),
                Some("urn:ietf:params:oauth:grant-type:device_code") => self.poll_device(&form, now),
                Some("refresh_token") => self.refresh(request, &form, now),
                Some(_) => {
                    refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.", now)
                }
                None => refused(
                    400,
                    "invalid_request",
                    900_144,
                    "The request body must contain the parameter 'grant_type'.",
                    now,
                ),
            }),
            _ => None,
        }
    }

    fn client_credentials(
        &mut self,
        request: &Request,
        form: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Response {
        let (id, secret) = credentials(request, form);
        let Some(client) = self.auth.clients.get(&id.to_lowercase()) else {
            return refused(
                400,
                "unauthorized_client",
                700_016,
                &format!("Application with identifier '{id}' was not found in the directory."),
                now,
            );
        };
        let asserted = form.get("client_assertion").is_some_and(|assertion| !assertion.is_empty());
        if !asserted && secret.as_ref() != Some(&client.secret) {
            return refused(401, "invalid_client", 7_000_215, "Invalid client secret provided.", now);
        }
        let scopes: Vec<&str> = form.get("scope").map(|scope| scope.split_whitespace().collect()).unwrap_or_default();
        let audience = match scopes.as_slice() {
            [] => {
                return refused(
                    400,
                    "invalid_request",
                    90014,
                    "The required field 'scope' is missing from the credential.",
                    now,
                );
            }
            [scope] => scope.strip_suffix("/.default").filter(|base| base.contains("://")),
            _ => None,
        };
        let Some(audience) = audience else {
            let scope = scopes.join(" ");
            return refused(
                400,
                "invalid_scope",
                1_002_012,
                &format!(
                    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
                ),
                now,
            );
        };
        let lifetime = self.knobs.token_lifetime;
        let token = self.auth.issue(Who::App, audience.trim_end_matches('/'), now + Duration::seconds(lifetime));
        Response::json(
            200,
            &json!({ "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token }),
        )
    }

    fn device_code(&mut self, form: &BTreeMap<String, String>, now: DateTime<Utc>) -> Response {
        let client = form.get("client_id").cloned().unwrap_or_default();
        if !self.auth.clients.contains_key(&client.to_lowercase()) {
            return refused(
                400,
                "unauthorized_client",
                700_016,
                &format!("Application with identifier '{client}' was not found in the directory."),
                now,
            );
        }
        let Some(scope) = form.get("scope").cloned() else {
            return refused(
                400,
                "invalid_request",
                900_144,
                "The request body must contain the parameter 'scope'.",
                now,
            );
        };
        let code = self.auth.secret("device");
        let user_code = named(&code).simple().to_string().to_uppercase().chars().take(9).collect::<String>();
        let uri = "https://microsoft.com/devicelogin";
        let expires = now + Duration::seconds(900);
        let device =
            Device { user_code: user_code.clone(), client, scope, expires, polls: 0, approved: None, declined: false };
        self.auth.devices.insert(code.clone(), device);
        let message = format!(
            "To sign in, use a web browser to open the page {uri} and enter the code {user_code} to authenticate."
        );
        Response::json(
            200,
            &json!({
                "user_code": user_code, "device_code": code, "verification_uri": uri, "expires_in": 900, "interval": 5, "message": message,
            }),
        )
    }

    fn poll_device(&mut self, form: &BTreeMap<String, String>, now: DateTime<Utc>) -> Response {
        let code = form.get("device_code").cloned().unwrap_or_default();
        let by_itself = self.knobs.device_code_polls;
        let first = self.mailboxes.first().map(|mailbox| mailbox.who.address.clone());
        let Some(device) = self.auth.devices.get_mut(&code) else {
            return refused(400, "bad_verification_code", 70019, "The verification code is not recognized.", now);
        };
        if form.get("client_id").is_none_or(|client| !client.eq_ignore_ascii_case(&device.client)) {
            return refused(400, "invalid_grant", 700_005, "The code was issued to another client.", now);
        }
        if device.declined {
            return refused(400, "authorization_declined", 70020, "The user denied the authorization request.", now);
        }
        if now >= device.expires {
            return refused(400, "expired_token", 70020, "The device code has expired.", now);
        }
        device.polls += 1;
        if device.approved.is_none() && by_itself.is_some_and(|polls| device.polls > polls) {
            device.approved = first;
        }
        let Some(who) = device.approved.clone() else {
            return refused(
                400,
                "authorization_pending",
                70016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
                now,
            );
        };
        let (client, scope) = (device.client.clone(), device.scope.clone());
        self.auth.devices.remove(&code);
        self.personal(who, client, scope, now)
    }

    fn refresh(&mut self, request: &Request, form: &BTreeMap<String, String>, now: DateTime<Utc>) -> Response {
        let (client, _) = credentials(request, form);
        let old = form.get("refresh_token").cloned().unwrap_or_default();
        let known =
            self.auth.refreshes.get(&old).filter(|refresh| refresh.client.eq_ignore_ascii_case(&client)).cloned();
        let Some(known) = known else {
            return refused(
                400,
                "invalid_grant",
                70000,
                "The provided authorization code or refresh token is expired, revoked or was issued to another client.",
                now,
            );
        };
        if self.knobs.refresh_revokes {
            self.auth.refreshes.remove(&old);
        }
        self.personal(known.who, known.client, known.scope, now)
    }

    fn personal(&mut self, who: String, client: String, scope: String, now: DateTime<Utc>) -> Response {
        let lifetime = self.knobs.token_lifetime;
        let expires = now + Duration::seconds(lifetime);
        let token = self.auth.issue(Who::Person(who.clone()), "https://graph.microsoft.com", expires);
        let mut answer = json!({
            "token_type": "Bearer", "scope": scope, "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token,
        });
        if scope.split_whitespace().any(|one| one == "offline_access") {
            let refresh = self.auth.secret("0.refresh");
            self.auth.refreshes.insert(refresh.clone(), Refresh { who, client, scope });
            if let Some(map) = answer.as_object_mut() {
                map.insert("refresh_token".to_owned(), Value::from(refresh));
            }
        }
        Response::json(200, &answer)
    }

    /// Who the bearer token of a request speaks for.
    pub(super) fn authorize(&self, request: &Request, now: DateTime<Utc>) -> Result<Who, ApiError> {
        let refuse = |message: &str| {
            let realm = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
                         client_id=\"00000003-0000-0000-c000-000000000000\"";
            Err(ApiError::new(401, "InvalidAuthenticationToken", message).header("www-authenticate", realm))
        };
        let Some((scheme, token)) = request.header("authorization").and_then(|value| value.split_once(' ')) else {
            return refuse("Access token is empty.");
        };
        let Some(known) = self.auth.tokens.get(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer")) else {
            return refuse("CompactToken parsing failed with error code: 80049217");
        };
        if now >= known.expires {
            return refuse("Lifetime validation failed, the token is expired.");
        }
        let host = known.audience.split("://").nth(1).unwrap_or_default();
        let served = request.header("host").is_none_or(|own| own.eq_ignore_ascii_case(host));
        if !served && !CLOUDS.contains(&host) {
            return refuse("Access token validation failure. Invalid audience.");
        }
        Ok(known.who.clone())
    }
}
