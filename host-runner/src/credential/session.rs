//! One sign-in over its life: fetched when first needed, renewed before it expires or when a server refuses it.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::lock::Mutex;
use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};

use super::cookies::Cookies;
use super::{SignIn, forms, oauth};
use crate::http::contract::{Error, find};
use crate::http::egress::Answer;
use crate::http::{Egress, Rules};

/// A refused password is not tried again for so long: many tries lock an account.
const RESPITE: Duration = Duration::from_secs(600);

/// A sign-in with whatever it got from the server.
pub struct Session {
    sign_in: SignIn,
    /// Held while a new sign-in is fetched: whoever comes meanwhile waits for it, and nobody fetches a second one.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    count: u64,
    live: Option<Live>,
    refused: Option<(Duration, String)>,
}

pub(super) struct Live {
    pub(super) pass: Pass,
    /// When to fetch another one, in time of the clock.
    pub(super) renew_at: Option<Duration>,
}

pub(super) enum Pass {
    Token(SecretString),
    Cookies(Cookies),
}

/// What a request carries to prove who asks.
pub(crate) struct Signature {
    count: u64,
    headers: Vec<(&'static str, SecretString)>,
    secrets: Vec<SecretString>,
}

impl Session {
    /// A sign-in that was not used yet.
    #[must_use]
    pub fn new(sign_in: SignIn) -> Self {
        Self { sign_in, state: Mutex::default() }
    }

    /// A valid signature, fetched if need be.
    pub(crate) async fn signature(&self, egress: &Egress) -> Result<Signature, Error> {
        match &self.sign_in {
            SignIn::None => Ok(Signature { count: 0, headers: vec![], secrets: vec![] }),
            SignIn::Basic(basic) => {
                let pair = BASE64_STANDARD.encode(format!("{}:{}", basic.user, basic.password.expose_secret()));
                let secrets = vec![basic.password.clone(), SecretString::from(pair.clone())];
                Ok(Signature { count: 0, headers: vec![("authorization", format!("Basic {pair}").into())], secrets })
            }
            SignIn::ClientCredentials(_) | SignIn::Forms(_) => self.fetched(egress).await,
        }
    }

    async fn fetched(&self, egress: &Egress) -> Result<Signature, Error> {
        let mut state = self.state.lock().await;
        let now = egress.clock().elapsed();
        if let Some((until, text)) = &state.refused
            && now < *until
        {
            return Err(Error::Credential(text.clone()));
        }
        let fresh = state.live.as_ref().is_some_and(|live| live.renew_at.is_none_or(|moment| now < moment));
        if !fresh {
            let fetched = match &self.sign_in {
                SignIn::ClientCredentials(client) => oauth::fetch(client, egress).await,
                SignIn::Forms(login) => forms::fetch(login, egress).await,
                SignIn::None | SignIn::Basic(_) => Err(Error::Other("this sign-in needs no session".to_owned())),
            };
            match fetched {
                Ok(live) => {
                    state.count += 1;
                    state.refused = None;
                    state.live = Some(live);
                }
                Err(Error::Credential(text)) => {
                    state.live = None;
                    state.refused = Some((egress.clock().elapsed() + RESPITE, text.clone()));
                    return Err(Error::Credential(text));
                }
                // A token that still works is better than none while the sign-in service is away.
                Err(fault) if state.live.is_none() => return Err(fault),
                Err(_) => {}
            }
        }
        Ok(self.sign(&state))
    }

    fn sign(&self, state: &State) -> Signature {
        let mut signature = Signature { count: state.count, headers: vec![], secrets: self.lasting() };
        match state.live.as_ref().map(|live| &live.pass) {
            Some(Pass::Token(token)) => {
                signature.headers.push(("authorization", format!("Bearer {}", token.expose_secret()).into()));
                signature.secrets.push(token.clone());
            }
            Some(Pass::Cookies(cookies)) => {
                signature.headers.push(("cookie", cookies.header()));
                signature.headers.push(("forceusesession", SecretString::from("true".to_owned())));
                if let Some(value) = cookies.get("BPMCSRF") {
                    signature.headers.push(("bpmcsrf", value.clone()));
                }
                signature.secrets.extend(cookies.secrets());
            }
            None => {}
        }
        signature
    }

    fn lasting(&self) -> Vec<SecretString> {
        match &self.sign_in {
            SignIn::None => vec![],
            SignIn::Basic(basic) => vec![basic.password.clone()],
            SignIn::Forms(login) => vec![login.password.clone()],
            SignIn::ClientCredentials(client) => vec![client.client_secret.clone()],
        }
    }

    /// Takes the cookies that an answer brought.
    pub(crate) async fn learn(&self, signature: &Signature, headers: &[(String, String)]) {
        if !matches!(self.sign_in, SignIn::Forms(_)) || find(headers, "set-cookie").is_none() {
            return;
        }
        let mut state = self.state.lock().await;
        if state.count != signature.count {
            return;
        }
        if let Some(Live { pass: Pass::Cookies(cookies), .. }) = &mut state.live {
            cookies.merge(headers);
        }
    }

    /// Whether an answer says that the sign-in has expired. The request was not carried out then.
    pub(crate) fn expired(&self, answer: &Answer) -> bool {
        match &self.sign_in {
            SignIn::None | SignIn::Basic(_) => false,
            SignIn::ClientCredentials(_) => answer.status == 401,
            SignIn::Forms(_) => answer.status == 401 || forms::is_login_page(answer.status, &answer.headers),
        }
    }

    /// Gives up the sign-in that this signature was made with; one that was fetched since stays.
    pub(crate) async fn renew(&self, signature: &Signature) {
        let mut state = self.state.lock().await;
        if state.count == signature.count {
            state.live = None;
        }
    }
}

impl Signature {
    /// Headers in clear: for the transport, and for nobody else.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (String, String)> {
        self.headers.iter().map(|(name, value)| ((*name).to_owned(), value.expose_secret().to_owned()))
    }

    /// Whether an answer holds one of the secrets.
    pub(crate) fn echoed(&self, headers: &[(String, String)], body: &[u8]) -> bool {
        self.secrets.iter().map(|secret| secret.expose_secret().as_bytes()).filter(|secret| secret.len() >= 4).any(
            |secret| {
                let finder = memmem::Finder::new(secret);
                finder.find(body).is_some() || headers.iter().any(|(_, value)| finder.find(value.as_bytes()).is_some())
            },
        )
    }
}

/// How long before its end a sign-in of this lifetime is renewed: so that no request starts with one that ends under
/// way.
pub(super) fn margin(lifetime: Duration, rules: &Rules) -> Duration {
    (rules.request_timeout * 2).min(lifetime / 5)
}
