//! Who asks: a password or a token, and whose mailbox it opens.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Exchange;
use super::problem::{Done, Problem};
use super::xml::Node;
use crate::wire::{Request, Response};

/// What Exchange says of tokens; its own number among the applications is the same everywhere.
const BEARER: &str = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", token_types=\"app_asserted_user_v1\"";

/// Somebody who may sign in.
#[derive(Debug, Clone)]
pub(super) struct Login {
    password: String,
    /// A service account has none.
    mailbox: Option<usize>,
    /// It may act as any user (`ApplicationImpersonation`).
    impersonates: bool,
    /// Mailboxes of others that it may open.
    opens: BTreeSet<usize>,
}

/// Sign-in names, in lower case, and tokens.
#[derive(Debug, Clone, Default)]
pub(super) struct Logins {
    logins: BTreeMap<String, Login>,
    /// Token and the name it stands for.
    tokens: BTreeMap<String, String>,
}

/// Who asks, and as whom.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    login: Login,
    /// The mailbox that is meant where none is named.
    pub(super) own: Option<usize>,
    /// By impersonation: as its owner.
    as_owner: bool,
}

impl Caller {
    /// Whether a mailbox is open to this caller.
    pub(super) fn opens(&self, at: usize) -> bool {
        self.own == Some(at) || !self.as_owner && self.login.opens.contains(&at)
    }
}

impl Exchange {
    /// Gives a name and password to whoever opens a mailbox; nobody's with `None`, for a service account.
    pub(super) fn add_login(&mut self, name: &str, password: &str, mailbox: Option<usize>, impersonates: bool) {
        let login = Login { password: password.to_owned(), mailbox, impersonates, opens: BTreeSet::new() };
        self.logins.logins.insert(name.to_lowercase(), login);
    }

    /// Lets whoever signs in under a name open another's mailbox.
    pub(super) fn delegate(&mut self, name: &str, at: usize) -> Result<(), String> {
        let login = self.logins.logins.get_mut(&name.to_lowercase());
        login.ok_or_else(|| format!("nobody signs in as {name}"))?.opens.insert(at);
        Ok(())
    }

    /// A bearer token for somebody who may sign in.
    pub(super) fn add_token(&mut self, token: &str, name: &str) {
        self.logins.tokens.insert(token.to_owned(), name.to_lowercase());
    }

    /// No token opens anything any more.
    pub(super) fn expire_tokens(&mut self) {
        self.logins.tokens.clear();
    }

    /// Who a request is from; a 401 where that is not known.
    pub(super) fn sign_in(&self, request: &Request) -> Result<Login, Response> {
        let refused = || {
            let mut response = Response { status: 401, ..Response::default() };
            if self.knobs.windows {
                response = response.with("www-authenticate", "Negotiate").with("www-authenticate", "NTLM");
            }
            if self.knobs.basic {
                response = response.with("www-authenticate", "Basic realm=\"exchange.mycompany.com\"");
            }
            response = response.with("www-authenticate", BEARER);
            response.with("server", "Microsoft-IIS/10.0").with("x-feserver", "EX01")
        };
        let header = request.header("authorization").unwrap_or_default();
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        let name = match scheme.to_ascii_lowercase().as_str() {
            "bearer" => self.logins.tokens.get(rest.trim()).cloned(),
            "basic" if self.knobs.basic => {
                let text = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                text.and_then(|text| {
                    let (name, password) = text.split_once(':')?;
                    let name = name.to_lowercase();
                    let known = self.logins.logins.get(&name)?;
                    (known.password == password).then_some(name)
                })
            }
            _ => None,
        };
        name.and_then(|name| self.logins.logins.get(&name)).cloned().ok_or_else(refused)
    }

    /// Whose mailbox a request is made in.
    pub(super) fn caller(&self, login: Login, impersonation: Option<&Node>, request: &Request) -> Done<Caller> {
        let Some(node) = impersonation else {
            let own = login.mailbox;
            return Ok(Caller { login, own, as_owner: false });
        };
        let named = node.child("ConnectingSID").and_then(|sid| sid.children.first());
        let address = named.filter(|one| one.name != "SID").map(|one| one.value().to_lowercase()).unwrap_or_default();
        if !login.impersonates || self.knobs.denied_mailboxes.contains(&address) {
            let text = "The account does not have permission to impersonate the requested user.";
            return Err(Problem::new("ErrorImpersonateUserDenied", text));
        }
        let own = *self.names.get(&address).ok_or_else(super::no_mailbox)?;
        let anchor = request.header("x-anchormailbox").is_some_and(|anchor| anchor.eq_ignore_ascii_case(&address));
        if self.knobs.anchor_required && !anchor {
            return Err(Problem::new("ErrorServerBusy", "The request was sent to a server far from the mailbox."));
        }
        Ok(Caller { login, own: Some(own), as_owner: true })
    }
}
