//! One sign-in over its life: fetched when first needed, renewed before it expires or when a server refuses it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::lock::Mutex;
use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};

use super::cookies::{Cookies, telling};
use super::ntlm::Ntlm;
use super::{SignIn, forms, oauth, refusal};
use crate::http::contract::{Credential, Error, find};
use crate::http::egress::Answer;
use crate::http::{Egress, Handshake, Origin, Rules};

/// A refused password is not tried again for so long: many tries lock an account.
const RESPITE: Duration = Duration::from_secs(600);

/// The cookie that goes out as a header as well.
const CSRF: &str = "BPMCSRF";

/// Before a password is sent once more to a server that refused it.
const HESITATION: Duration = Duration::from_secs(2);

/// A sign-in with whatever it got from the server.
pub struct Session {
    sign_in: SignIn,
    side: Credential,
    handshake: Option<Arc<dyn Handshake>>,
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
#[derive(Default)]
pub(crate) struct Signature {
    count: u64,
    /// What proves that the request was not forged.
    csrf: Option<SecretString>,
    headers: Vec<(&'static str, SecretString)>,
    secrets: Vec<SecretString>,
    handshake: Option<Arc<dyn Handshake>>,
}

impl Session {
    /// A sign-in that was not used yet.
    #[must_use]
    pub fn new(sign_in: SignIn, side: Credential) -> Self {
        let handshake: Option<Arc<dyn Handshake>> = match &sign_in {
            SignIn::Ntlm(login) => Some(Arc::new(Ntlm::new(login.clone()))),
            _ => None,
        };
        Self { sign_in, side, handshake, state: Mutex::default() }
    }

    /// A valid signature, fetched if need be.
    pub(crate) async fn signature(&self, egress: &Egress) -> Result<Signature, Error> {
        let mut signature = Signature { secrets: self.lasting(), ..Signature::default() };
        match &self.sign_in {
            SignIn::None => {}
            SignIn::Basic(login) => {
                self.respected(egress).await?;
                let pair = BASE64_STANDARD.encode(format!("{}:{}", login.user, login.password.expose_secret()));
                signature.secrets.push(SecretString::from(pair.clone()));
                signature.headers.push(("authorization", format!("Basic {pair}").into()));
            }
            SignIn::Ntlm(_) => {
                self.respected(egress).await?;
                signature.handshake.clone_from(&self.handshake);
            }
            SignIn::ClientCredentials(_) | SignIn::Forms(_) => return self.fetched(egress).await,
        }
        Ok(signature)
    }

    /// Refuses while a password that a server has refused is not tried again.
    async fn respected(&self, egress: &Egress) -> Result<(), Error> {
        match &self.state.lock().await.refused {
            Some((until, text)) if egress.clock().elapsed() < *until => Err(Error::Credential(text.clone())),
            _ => Ok(()),
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
                SignIn::None | SignIn::Basic(_) | SignIn::Ntlm(_) => {
                    Err(Error::Other("this sign-in needs no session".to_owned()))
                }
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
        let mut signature = Signature { count: state.count, secrets: self.lasting(), ..Signature::default() };
        match state.live.as_ref().map(|live| &live.pass) {
            Some(Pass::Token(token)) => {
                signature.headers.push(("authorization", format!("Bearer {}", token.expose_secret()).into()));
                signature.secrets.push(token.clone());
            }
            Some(Pass::Cookies(cookies)) => {
                signature.headers.push(("cookie", cookies.header()));
                signature.headers.push(("forceusesession", SecretString::from("true".to_owned())));
                signature.csrf = cookies.get(CSRF).cloned();
                signature.headers.extend(signature.csrf.iter().map(|value| ("bpmcsrf", value.clone())));
                signature.secrets.extend(cookies.secrets());
            }
            None => {}
        }
        signature
    }

    /// What must not come back in an answer as long as this sign-in is in use. A password that occurs in ordinary text,
    /// as a short one does or the user's own name, is not looked for: honest answers would be refused.
    fn lasting(&self) -> Vec<SecretString> {
        let (user, password) = match &self.sign_in {
            SignIn::None => return vec![],
            SignIn::ClientCredentials(client) => return vec![client.client_secret.clone()],
            SignIn::Basic(login) | SignIn::Ntlm(login) => (&login.user, &login.password),
            SignIn::Forms(login) => (&login.user, &login.password),
        };
        let clear = password.expose_secret();
        let named = user.split(['\\', '@']).chain([user.as_str()]).any(|name| name.eq_ignore_ascii_case(clear));
        if telling(clear) && !named { vec![password.clone()] } else { vec![] }
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
            SignIn::None => false,
            // Exchange refuses so also while it has too much to do, so that once is not enough to believe it.
            SignIn::Basic(_) | SignIn::Ntlm(_) => answer.status == 401,
            SignIn::ClientCredentials(_) => answer.status == 401,
            SignIn::Forms(_) => answer.status == 401 || forms::is_login_page(answer.status, &answer.headers),
        }
    }

    /// Whether an answer may say that the header against forged requests is stale. Creatio says it with the status by which
    /// it tells that a right is missing, in words that nobody can rely on. Neither was carried out.
    pub(crate) fn forbids(&self, answer: &Answer) -> bool {
        matches!(self.sign_in, SignIn::Forms(_)) && answer.status == 403
    }

    /// Whether there is a newer header against forged requests than this one, by another answer or another sign-in.
    pub(crate) async fn outdated(&self, signature: &Signature) -> bool {
        let state = self.state.lock().await;
        let clear = |csrf: Option<&SecretString>| csrf.map(|csrf| csrf.expose_secret().to_owned());
        match &state.live {
            Some(Live { pass: Pass::Cookies(cookies), .. }) => {
                state.count != signature.count || clear(cookies.get(CSRF)) != clear(signature.csrf.as_ref())
            }
            // Another request has given the sign-in up.
            _ => true,
        }
    }

    /// What to say where an answer refuses a password for good; it is not tried again for a while then.
    pub(crate) async fn refused(&self, egress: &Egress, answer: &Answer, origin: &Origin) -> Option<String> {
        let text = self.refusal(answer, origin)?;
        self.rest(egress, &text).await;
        Some(text)
    }

    /// What to say where an answer refuses a password.
    pub(crate) fn refusal(&self, answer: &Answer, origin: &Origin) -> Option<String> {
        if answer.status != 401 || self.side != Credential::Mailbox {
            return None;
        }
        refusal::text(&self.sign_in, &answer.headers, origin)
    }

    /// The password is not tried again for a while, and who asks for it is told why.
    pub(crate) async fn rest(&self, egress: &Egress, why: &str) {
        self.state.lock().await.refused = Some((egress.clock().elapsed() + RESPITE, why.to_owned()));
    }

    /// How long to wait before an expired sign-in is followed by a new one.
    pub(crate) fn hesitation(&self) -> Duration {
        match &self.sign_in {
            SignIn::Basic(_) | SignIn::Ntlm(_) => HESITATION,
            SignIn::None | SignIn::ClientCredentials(_) | SignIn::Forms(_) => Duration::ZERO,
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

    /// What signs the connection in, where the sign-in is a connection's.
    pub(crate) fn handshake(&self) -> Option<Arc<dyn Handshake>> {
        self.handshake.clone()
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
