//! The configuration of one tenant: a TOML file that holds everything but secrets.

mod account;
mod accounts;
mod exchange;
mod fault;
mod load;
mod mailbox;
mod placeholder;
mod raw;
mod secret;

use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

pub use account::{Account, Exported, Folders, Language, Service};
pub use fault::{ConfigError, Fault};
pub use mailbox::{Exchange, ExchangeSignIn, Mailboxes, Microsoft};
pub use secret::{Prompt, SecretSource, no_prompt};

use crate::credential::{ClientCredentials, Forms, SignIn};
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
    pub mailboxes: Mailboxes,
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

impl Config {
    /// What the runs of this tenant may reach, where this serves the mailbox.
    #[must_use]
    pub fn destinations(&self, mailbox: MailboxService) -> Destinations {
        Destinations {
            creatio: self.creatio.url.clone(),
            odata: self.creatio.odata.clone(),
            mailbox,
            private: self.private.clone(),
        }
    }

    /// Reads the secret of the sign-in at Creatio.
    ///
    /// # Errors
    /// The secret is missing; the text names its key and its place.
    pub fn creatio_sign_in(&self, prompt: &Prompt) -> Result<SignIn, ConfigError> {
        Ok(match &self.creatio.sign_in {
            CreatioSignIn::OAuth { identity, client_id, client_secret } => {
                SignIn::ClientCredentials(ClientCredentials {
                    place: "Creatio",
                    token_url: below(identity, "connect/token"),
                    client_id: client_id.clone(),
                    client_secret: self.secret(client_secret, "[creatio] client-secret", prompt)?,
                    scope: None,
                    remedy: "Compare [creatio] client-id and the secret that client-secret points to with the OAuth \
                         application in Creatio, and check that the application is active",
                })
            }
            CreatioSignIn::Forms { user, password } => SignIn::Forms(Forms {
                site: self.creatio.url.clone(),
                user: user.clone(),
                password: self.secret(password, "[creatio] password", prompt)?,
            }),
        })
    }

    fn secret(&self, source: &SecretSource, key: &str, prompt: &Prompt) -> Result<SecretString, ConfigError> {
        source.read(prompt).map_err(|text| ConfigError::single(&self.path, None, key, text))
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

#[cfg(test)]
mod exchange_tests;
