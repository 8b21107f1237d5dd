//! What libraries for sign-in read before they sign in: the metadata of OpenID, and which cloud this is.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Graph;
use super::auth::refused;
use crate::wire::{Request, Response, query_text};

/// Names under which whoever signs in may come from any directory.
const SHARED: [&str; 3] = ["common", "organizations", "consumers"];

impl Graph {
    /// Answers `/{tenant}/v2.0/.well-known/openid-configuration` and `/common/discovery/instance`; `None` where the path is
    /// neither.
    pub(super) fn discover(&self, request: &Request, now: DateTime<Utc>) -> Option<Response> {
        let path = request.path().trim_matches('/').to_owned();
        let base = self.base(request);
        match path.split('/').collect::<Vec<_>>().as_slice() {
            [tenant, "v2.0", ".well-known", "openid-configuration"] => Some(if self.knows_tenant(tenant) {
                Response::json(200, &metadata(&base, tenant))
            } else {
                unknown_tenant(tenant, now)
            }),
            ["common", "discovery", "instance"] => Some(instance(request, &base, now)),
            _ => None,
        }
    }

    /// Whether a directory of that name, or any, can be signed in to.
    pub(super) fn knows_tenant(&self, tenant: &str) -> bool {
        let shared = SHARED.iter().any(|one| one.eq_ignore_ascii_case(tenant));
        shared || self.knobs.directory.as_ref().is_none_or(|known| known.eq_ignore_ascii_case(tenant))
    }
}

pub(super) fn unknown_tenant(tenant: &str, now: DateTime<Utc>) -> Response {
    let text = format!(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
         cloud."
    );
    refused(400, "invalid_tenant", 90002, &text, now)
}

fn metadata(base: &str, tenant: &str) -> Value {
    let at = |path: &str| format!("{base}/{tenant}/{path}");
    let issuer = if SHARED.contains(&tenant) { "{tenantid}" } else { tenant };
    json!({
        "issuer": format!("{base}/{issuer}/v2.0"),
        "authorization_endpoint": at("oauth2/v2.0/authorize"),
        "token_endpoint": at("oauth2/v2.0/token"),
        "device_authorization_endpoint": at("oauth2/v2.0/devicecode"),
        "end_session_endpoint": at("oauth2/v2.0/logout"),
        "jwks_uri": at("discovery/v2.0/keys"),
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "request_uri_parameter_supported": false,
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid"],
        "tenant_region_scope": null,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    })
}

fn instance(request: &Request, base: &str, now: DateTime<Utc>) -> Response {
    let query: Vec<(String, String)> = request
        .query()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (query_text(name), query_text(value)))
        .collect();
    let get = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let (Some(_), Some(endpoint)) = (get("api-version"), get("authorization_endpoint")) else {
        let text = "The request must contain the parameters 'api-version' and 'authorization_endpoint'.";
        return refused(400, "invalid_request", 900_144, text, now);
    };
    let tenant = endpoint.split("://").nth(1).and_then(|rest| rest.split('/').nth(1)).unwrap_or("common");
    let host = base.split("://").nth(1).unwrap_or(base);
    Response::json(
        200,
        &json!({
            "tenant_discovery_endpoint": format!("{base}/{tenant}/v2.0/.well-known/openid-configuration"),
            "api-version": "1.1",
            "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
        }),
    )
}
