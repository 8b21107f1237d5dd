//! Sign-ins: attached by the host, kept fresh across runs, renewed once however many requests notice at the same time.
//! Secrets live here and nowhere else.

mod ask;
mod cookies;
mod forms;
mod ntlm;
mod oauth;
mod refusal;
mod session;

use secrecy::SecretString;
use url::Url;

pub use session::Session;
pub(crate) use session::Signature;

/// How to sign in at one side.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// Not at all: for tests, and for sides that need none.
    None,
    /// OAuth 2.0 client credentials.
    ClientCredentials(ClientCredentials),
    /// The login form of Creatio: cookies, and a header against forged requests.
    Forms(Forms),
    /// A user name and password with each request, as on-premises Exchange takes it.
    Basic(Password),
    /// The handshake of Windows with a user name and password: it signs a connection in, and the password stays here.
    Ntlm(Password),
}

/// OAuth 2.0 client credentials.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// What the token is for, as a person calls it: `Creatio`, `Microsoft 365`.
    pub place: &'static str,
    /// Address of the token endpoint.
    pub token_url: Url,
    /// Id of the application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// The scope to ask for, where one is needed.
    pub scope: Option<String>,
    /// What to do about a refused secret, as a sentence.
    pub remedy: &'static str,
}

/// Creatio's login form.
#[derive(Debug, Clone)]
pub struct Forms {
    /// Base address of the site; the login is at its root, never below `0/`.
    pub site: Url,
    /// Login name.
    pub user: String,
    /// Password.
    pub password: SecretString,
}

/// User name and password.
#[derive(Debug, Clone)]
pub struct Password {
    /// Login name, `DOMAIN\user` or an address.
    pub user: String,
    /// Password.
    pub password: SecretString,
}
