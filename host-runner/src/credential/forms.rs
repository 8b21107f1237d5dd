//! Creatio's login form: `AuthService.svc/Login`, cookies back.

use bytes::Bytes;
use secrecy::ExposeSecret;
use serde::Deserialize;
use url::Url;

use super::Forms;
use super::ask::ask;
use super::cookies::Cookies;
use super::session::{Live, Pass};
use crate::http::Egress;
use crate::http::contract::{Error, find};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LoginAnswer {
    code: i64,
    #[serde(default)]
    message: Option<String>,
}

pub(super) async fn fetch(login: &Forms, egress: &Egress) -> Result<Live, Error> {
    let url = address(&login.site)?;
    let body = serde_json::json!({ "UserName": login.user, "UserPassword": login.password.expose_secret() });
    let headers = [("content-type", "application/json"), ("accept", "application/json"), ("forceusesession", "true")];
    let answer = ask(egress, "Creatio", &url, &headers, Bytes::from(body.to_string())).await?;
    if answer.status != 200 {
        return Err(Error::Other(format!(
            "the login of Creatio at {url} answered {}: check [creatio] url",
            answer.status
        )));
    }
    let said: LoginAnswer = serde_json::from_slice(&answer.body).map_err(|_| {
        Error::Other(format!("the login of Creatio at {url} answered something else than JSON: check [creatio] url"))
    })?;
    if said.code != 0 {
        let message = said.message.unwrap_or_default();
        let message = if message.contains(login.password.expose_secret()) { String::new() } else { message };
        return Err(Error::Credential(format!(
            "Creatio refuses the sign-in of {} (code {}{}{message}). Check [creatio] user and the password it names; \
             in Creatio, check that the user is active and its password has not expired",
            login.user,
            said.code,
            if message.is_empty() { "" } else { ": " },
        )));
    }
    let mut cookies = Cookies::default();
    cookies.merge(&answer.headers);
    if cookies.is_empty() {
        return Err(Error::Other("Creatio accepted the login and set no session cookie".to_owned()));
    }
    Ok(Live { pass: Pass::Cookies(cookies), renew_at: None })
}

fn address(site: &Url) -> Result<Url, Error> {
    let mut url = site.clone();
    url.path_segments_mut()
        .map_err(|()| Error::Invalid("[creatio] url is not an address of the web".to_owned()))?
        .pop_if_empty()
        .extend(["ServiceModel", "AuthService.svc", "Login"]);
    Ok(url)
}

/// Without `ForceUseSession` in force, an expired session is a redirect to the login page, or that page itself.
pub(super) fn is_login_page(status: u16, headers: &[(String, String)]) -> bool {
    let holds = |name: &str, part: &str| find(headers, name).is_some_and(|value| value.to_lowercase().contains(part));
    match status {
        200 => holds("content-type", "text/html"),
        300..=399 => holds("location", "login"),
        _ => false,
    }
}
