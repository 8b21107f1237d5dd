//! What serves the mailboxes, and how to sign in there.

use std::path::PathBuf;

use url::Url;

use super::{Config, ConfigError, Prompt, SecretSource, below};
use crate::credential::{ClientCredentials, Password, SignIn};

/// The services that accounts may name: one of them at least.
#[derive(Debug, Clone, Default)]
pub struct Mailboxes {
    /// Microsoft 365.
    pub microsoft: Option<Microsoft>,
    /// Exchange Server.
    pub exchange: Option<Exchange>,
}

/// Microsoft Graph, as an application.
#[derive(Debug, Clone)]
pub struct Microsoft {
    /// Root of Graph without a version.
    pub graph: Url,
    /// Root of the sign-in service.
    pub login: Url,
    /// The directory (tenant) of the application.
    pub directory: String,
    /// Id of the application.
    pub client_id: String,
    /// Where its secret is.
    pub client_secret: SecretSource,
}

/// Exchange Web Services.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Full address; none where Autodiscover finds it from each account's address.
    pub url: Option<Url>,
    /// Hosts outside an address's own domain to which Autodiscover may take the sign-in, in lower case.
    pub hosts: Vec<String>,
    /// How to sign in.
    pub sign_in: ExchangeSignIn,
    /// The sign-in is a service account's, which acts for the user of each mailbox; else it is the user's own.
    pub impersonate: bool,
    /// A file with the certificates of a company's own authority.
    pub ca: Option<PathBuf>,
}

/// How to sign in to Exchange.
#[derive(Debug, Clone)]
pub enum ExchangeSignIn {
    /// The password with each request, over TLS.
    Basic {
        /// Login name.
        user: String,
        /// Where the password is.
        password: SecretSource,
    },
    /// The handshake of Windows, in which the password does not leave the host.
    Ntlm {
        /// Login name, `DOMAIN\\user` or an address.
        user: String,
        /// Where the password is.
        password: SecretSource,
    },
    /// OAuth 2.0 client credentials, from a directory or from AD FS.
    OAuth {
        /// Address of the token endpoint.
        token_url: Url,
        /// Id of the application.
        client_id: String,
        /// Where its secret is.
        client_secret: SecretSource,
        /// The scope to ask for, where one is needed.
        scope: Option<String>,
    },
}

impl Exchange {
    /// Login name of the account that signs in, or id of the application.
    #[must_use]
    pub fn who(&self) -> &str {
        match &self.sign_in {
            ExchangeSignIn::Basic { user, .. } | ExchangeSignIn::Ntlm { user, .. } => user,
            ExchangeSignIn::OAuth { client_id, .. } => client_id,
        }
    }
}

impl Config {
    /// Reads the secret of the application at Microsoft 365; none where the file has no such section.
    ///
    /// # Errors
    /// The secret is missing; the text names its key and its place.
    pub fn microsoft_sign_in(&self, prompt: &Prompt) -> Result<Option<SignIn>, ConfigError> {
        let Some(microsoft) = &self.mailboxes.microsoft else { return Ok(None) };
        let Microsoft { graph, login, directory, client_id, client_secret } = microsoft;
        Ok(Some(SignIn::ClientCredentials(ClientCredentials {
            place: "Microsoft 365",
            token_url: below(login, &format!("{directory}/oauth2/v2.0/token")),
            client_id: client_id.clone(),
            client_secret: self.secret(client_secret, "[microsoft] client-secret", prompt)?,
            scope: Some(format!("{}/.default", graph.as_str().trim_end_matches('/'))),
            remedy: "In Entra ID, under App registrations, check the application's id, directory and secret; if the \
                     secret has expired, make a new one and put it where [microsoft] client-secret points",
        })))
    }

    /// Reads the secret of the sign-in at Exchange; none where the file has no such section.
    ///
    /// # Errors
    /// The secret is missing; the text names its key and its place.
    pub fn exchange_sign_in(&self, prompt: &Prompt) -> Result<Option<SignIn>, ConfigError> {
        let Some(exchange) = &self.mailboxes.exchange else { return Ok(None) };
        let login = |user: &String, source: &SecretSource| {
            let password = self.secret(source, "[exchange] password", prompt)?;
            Ok::<_, ConfigError>(Password { user: user.clone(), password })
        };
        Ok(Some(match &exchange.sign_in {
            ExchangeSignIn::Basic { user, password } => SignIn::Basic(login(user, password)?),
            ExchangeSignIn::Ntlm { user, password } => SignIn::Ntlm(login(user, password)?),
            ExchangeSignIn::OAuth { token_url, client_id, client_secret, scope } => {
                SignIn::ClientCredentials(ClientCredentials {
                    place: "Exchange",
                    token_url: token_url.clone(),
                    client_id: client_id.clone(),
                    client_secret: self.secret(client_secret, "[exchange] client-secret", prompt)?,
                    scope: scope.clone(),
                    remedy: "Compare [exchange] client-id, token-url, scope and the secret that client-secret points to \
                             with the application in the directory or in AD FS",
                })
            }
        }))
    }
}
