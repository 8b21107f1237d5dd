//! The configuration of one tenant: a TOML file that holds everything but secrets.

mod account;
mod accounts;
mod fault;
mod load;
mod placeholder;
mod raw;
mod secret;

use std::path::PathBuf;

use url::Url;

pub use account::{Account, Exported, Folders, Language};
pub use fault::{ConfigError, Fault};
pub use secret::{Prompt, SecretSource, no_prompt};

use crate::credential::{Basic, ClientCredentials, Forms, SignIn};
use crate::http::{Destinations, MailboxService, Origin, Rules};
use crate::runtime::Limits;

/// One tenant: a Creatio site with its accounts.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// Stable for ever: ids of activities derive from it.
    pub tenant: String,
    /// The storage file.
    pub storage: PathBuf,
    /// The Creatio site.
    pub creatio: Creatio,
    /// What serves the mailboxes.
    pub mailbox: Mailbox,
    /// Origins with plain HTTP, or on private networks.
    pub private: Vec<Origin>,
    /// What one run may use.
    pub limits: Limits,
    /// Numbers of the HTTP policy.
    pub rules: Rules,
    /// The accounts, in the order of the file.
    pub accounts: Vec<Account>,
}

/// The Creatio site.
#[derive(Debug, Clone)]
pub struct Creatio {
    /// Base address.
    pub url: Url,
    /// Path of OData below it.
    pub odata: String,
    /// How to sign in.
    pub sign_in: CreatioSignIn,
    /// The sign-in is an integration user's, who sees more than the account's user.
    pub shared: bool,
}

/// How to sign in to Creatio.
#[derive(Debug, Clone)]
pub enum CreatioSignIn {
    /// OAuth 2.0 client credentials.
    OAuth {
        /// Address of the identity service.
        identity: Url,
        /// Id of the application.
        client_id: String,
        /// Where its secret is.
        client_secret: SecretSource,
    },
    /// The login form.
    Forms {
        /// Login name.
        user: String,
        /// Where the password is.
        password: SecretSource,
    },
}

/// What serves the mailboxes, and how to sign in there.
#[derive(Debug, Clone)]
pub enum Mailbox {
    /// Microsoft Graph, as an application.
    Microsoft {
        /// Root of Graph without a version.
        graph: Url,
        /// Root of the sign-in service.
        login: Url,
        /// The directory (tenant) of the application.
        directory: String,
        /// Id of the application.
        client_id: String,
        /// Where its secret is.
        client_secret: SecretSource,
    },
    /// Exchange Web Services with a service account.
    Exchange {
        /// Full address.
        url: Url,
        /// Login name.
        user: String,
        /// Where the password is.
        password: SecretSource,
    },
}

impl Config {
    /// What the runs of this tenant may reach.
    #[must_use]
    pub fn destinations(&self) -> Destinations {
        Destinations {
            creatio: self.creatio.url.clone(),
            odata: self.creatio.odata.clone(),
            mailbox: match &self.mailbox {
                Mailbox::Microsoft { graph, .. } => MailboxService::Graph(graph.clone()),
                Mailbox::Exchange { url, .. } => MailboxService::Exchange(url.clone()),
            },
            private: self.private.clone(),
        }
    }

    /// Reads the secrets that the configuration points to: the sign-in at Creatio, and at the mailboxes.
    ///
    /// # Errors
    /// A secret is missing; the text names its key and its place.
    pub fn sign_ins(&self, prompt: &Prompt) -> Result<(SignIn, SignIn), ConfigError> {
        let read = |source: &SecretSource, key: &str| {
            source.read(prompt).map_err(|text| ConfigError::single(&self.path, None, key, text))
        };
        let creatio = match &self.creatio.sign_in {
            CreatioSignIn::OAuth { identity, client_id, client_secret } => {
                SignIn::ClientCredentials(ClientCredentials {
                    place: "Creatio",
                    token_url: below(identity, "connect/token"),
                    client_id: client_id.clone(),
                    client_secret: read(client_secret, "[creatio] client-secret")?,
                    scope: None,
                    remedy: "Compare [creatio] client-id and the secret that client-secret points to with the OAuth \
                         application in Creatio, and check that the application is active",
                })
            }
            CreatioSignIn::Forms { user, password } => SignIn::Forms(Forms {
                site: self.creatio.url.clone(),
                user: user.clone(),
                password: read(password, "[creatio] password")?,
            }),
        };
        let mailbox = match &self.mailbox {
            Mailbox::Microsoft { graph, login, directory, client_id, client_secret } => {
                SignIn::ClientCredentials(ClientCredentials {
                    place: "Microsoft 365",
                    token_url: below(login, &format!("{directory}/oauth2/v2.0/token")),
                    client_id: client_id.clone(),
                    client_secret: read(client_secret, "[microsoft] client-secret")?,
                    scope: Some(format!("{}/.default", graph.as_str().trim_end_matches('/'))),
                    remedy: "In Entra ID, under App registrations, check the application's id, directory and secret; \
                             if the secret has expired, make a new one and put it where [microsoft] client-secret \
                             points",
                })
            }
            Mailbox::Exchange { user, password, .. } => {
                SignIn::Basic(Basic { user: user.clone(), password: read(password, "[exchange] password")? })
            }
        };
        Ok((creatio, mailbox))
    }

    /// The account with this id or address.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&Account> {
        let by_id = self.accounts.iter().find(|account| account.id == name);
        by_id.or_else(|| self.accounts.iter().find(|account| account.mail.eq_ignore_ascii_case(name)))
    }
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests;
