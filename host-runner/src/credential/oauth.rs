//! OAuth 2.0 client credentials: a form to the token endpoint, a bearer token back.

use std::time::Duration;

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded;

use super::ClientCredentials;
use super::ask::ask;
use super::session::{Live, Pass, margin};
use crate::http::Egress;
use crate::http::contract::Error;
use crate::http::egress::Answer;

/// Where a token endpoint does not say how long its token lasts.
const DEFAULT_LIFETIME: u64 = 3600;
/// A token that is said to last longer than a year is fetched anew then: nothing can be reckoned with any number.
const LONGEST_LIFETIME: u64 = 366 * 86_400;

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

pub(super) async fn fetch(client: &ClientCredentials, egress: &Egress) -> Result<Live, Error> {
    let body = form(client);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
    let answer = ask(egress, client.place, &client.token_url, &headers, body).await?;
    if answer.status != 200 {
        return Err(refused(client, &answer));
    }
    let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| {
        Error::Other(format!(
            "the sign-in service of {} at {} answered something that is no token: check that address",
            client.place, client.token_url
        ))
    })?;
    // Some services write the number as text.
    let lifetime = granted.expires_in.as_ref().and_then(|value| match value {
        serde_json::Value::Number(number) => number.as_u64(),
        serde_json::Value::String(text) => text.parse().ok(),
        _ => None,
    });
    let lifetime = Duration::from_secs(lifetime.unwrap_or(DEFAULT_LIFETIME).min(LONGEST_LIFETIME));
    let renew_at = egress.clock().elapsed() + lifetime.saturating_sub(margin(lifetime, egress.rules()));
    Ok(Live { pass: Pass::Token(SecretString::from(granted.access_token)), renew_at: Some(renew_at) })
}

fn form(client: &ClientCredentials) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("client_id", &client.client_id);
    form.append_pair("client_secret", client.client_secret.expose_secret());
    form.append_pair("grant_type", "client_credentials");
    if let Some(scope) = &client.scope {
        form.append_pair("scope", scope);
    }
    Bytes::from(form.finish())
}

fn refused(client: &ClientCredentials, answer: &Answer) -> Error {
    let Refusal { error, error_description } = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status >= 500 || (error.is_empty() && answer.status == 404) {
        return Error::Other(format!(
            "the sign-in service of {} at {} answered {}",
            client.place, client.token_url, answer.status
        ));
    }
    // The first sentence says it; trace ids follow. A service that repeats the secret in its complaint is not quoted.
    let said = error_description.lines().next().unwrap_or_default();
    let said = said.split(" Trace ID").next().unwrap_or_default().trim().trim_end_matches('.');
    let said = if said.contains(client.client_secret.expose_secret()) { "" } else { said };
    let said: String = said.chars().take(300).collect();
    let said = match (error.as_str(), said.as_str()) {
        ("", "") => format!("status {}", answer.status),
        (code, "") => code.to_owned(),
        ("", text) => text.to_owned(),
        (code, text) => format!("{code}: {text}"),
    };
    Error::Credential(format!(
        "{} refuses the sign-in of the application {} ({said}). {}",
        client.place, client.client_id, client.remedy
    ))
}
