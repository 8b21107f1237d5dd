//! From the file to a [`Config`]: every fault is collected, so that a person mends a file once.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use url::Url;

use super::placeholder;
use super::raw::{RawConfig, RawCreatio, RawLimits, RawMicrosoft, RawSecret};
use super::{Config, ConfigError, Creatio, CreatioSignIn, Exchange, Fault, Mailboxes, Microsoft, SecretSource};
use crate::http::{Origin, Rules};
use crate::runtime::Limits;

const GRAPH: &str = "https://graph.microsoft.com";
const LOGIN: &str = "https://login.microsoftonline.com";

impl Config {
    /// Reads and judges a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|fault| {
            ConfigError::single(path, None, "", format!("cannot be read: {fault}; name another file with --config"))
        })?;
        Self::parse(path, &text)
    }

    /// Judges the text of a file; paths in it are relative to the file's folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::read(path, text, true)
    }

    /// Judges the text of a file but for its accounts, and leaves those out: they may not be written yet.
    ///
    /// # Errors
    /// Everything else that is wrong with it.
    pub fn site(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::read(path, text, false)
    }

    fn read(path: &Path, text: &str, accounts: bool) -> Result<Self, ConfigError> {
        let left = placeholder::left(text, accounts);
        if !left.is_empty() {
            let lines = Lines::of(text);
            let fault = |(span, key, value): (Range<usize>, String, String)| Fault {
                line: Some(lines.at(&span)),
                key,
                text: format!("{value:?} is a placeholder; put your own value in its place"),
            };
            return Err(ConfigError { path: path.to_owned(), faults: left.into_iter().map(fault).collect() });
        }
        let raw: RawConfig = toml::from_str(text).map_err(|fault| {
            let line = fault.span().map(|span| Lines::of(text).at(&span));
            ConfigError::single(path, line, "", fault.message().to_owned())
        })?;
        let mut judge = Judge { path, lines: Lines::of(text), faults: Vec::new(), served: (false, false) };
        let config = judge.config(raw, accounts);
        judge.faults.sort_by_key(|fault| fault.line);
        match config {
            Some(config) if judge.faults.is_empty() => Ok(config),
            _ => Err(ConfigError { path: path.to_owned(), faults: judge.faults }),
        }
    }
}

/// Where the lines of a text end: found once, because a file may have many faults.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(memchr::memchr_iter(b'\n', text.as_bytes()).collect())
    }

    /// The line of a place, from 1.
    fn at(&self, span: &Range<usize>) -> usize {
        self.0.partition_point(|end| *end < span.start) + 1
    }
}

pub(super) struct Judge<'a> {
    path: &'a Path,
    lines: Lines,
    faults: Vec<Fault>,
    /// Whether the file has sections for Microsoft 365 and for Exchange.
    pub(super) served: (bool, bool),
}

impl Judge<'_> {
    pub(super) fn fault(&mut self, span: Option<Range<usize>>, key: &str, text: impl Into<String>) {
        let line = span.map(|span| self.lines.at(&span));
        self.faults.push(Fault { line, key: key.to_owned(), text: text.into() });
    }

    fn config(&mut self, raw: RawConfig, accounts: bool) -> Option<Config> {
        let private = self.origins(&raw.network.allow);
        let tenant = raw.tenant.id.get_ref().trim().to_owned();
        if tenant.is_empty()
            || tenant.len() > 64
            || !tenant.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        {
            let text = "takes 1 to 64 letters, digits, '-', '_' and '.'; choose it once and never change it";
            self.fault(Some(raw.tenant.id.span()), "[tenant] id", text);
        }
        let storage = self.beside(raw.tenant.storage.as_deref().unwrap_or(&format!("{tenant}.db")));
        let creatio = self.creatio(raw.creatio, &private);
        let (mut private, missing) = (private, raw.microsoft.is_none() && raw.exchange.is_none());
        self.served = (raw.microsoft.is_some(), raw.exchange.is_some());
        let microsoft = raw.microsoft.map(|raw| self.microsoft(raw.into_inner(), &private));
        let exchange = raw.exchange.map(|raw| self.exchange(raw, &mut private));
        if missing {
            let text = "is missing; say how to reach the mailboxes, with it or with [exchange]";
            self.fault(None, "[microsoft]", text);
        }
        // A section that is wrong has told so.
        let mailboxes = Mailboxes { microsoft: microsoft.flatten(), exchange: exchange.flatten() };
        let accounts = if accounts { self.accounts(&raw.defaults, &raw.account) } else { Vec::new() };
        if let Some(Exchange { impersonate: false, .. }) = &mailboxes.exchange {
            self.only_one(&accounts);
        }
        let (limits, rules) = limits(&raw.limits);
        Some(Config {
            path: self.path.to_owned(),
            tenant,
            storage,
            creatio: creatio?,
            mailboxes,
            private,
            limits,
            rules,
            accounts,
        })
    }

    fn microsoft(&mut self, raw: RawMicrosoft, private: &[Origin]) -> Option<Microsoft> {
        let graph = self.optional_url(raw.graph_url.as_ref(), GRAPH, "[microsoft] graph-url", private);
        let login = self.optional_url(raw.login_url.as_ref(), LOGIN, "[microsoft] login-url", private);
        let client_secret = self.secret(&raw.client_secret, "[microsoft] client-secret");
        Some(Microsoft {
            graph: graph?,
            login: login?,
            directory: raw.directory,
            client_id: raw.client_id,
            client_secret: client_secret?,
        })
    }

    pub(super) fn beside(&self, path: &str) -> std::path::PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    fn origins(&mut self, allowed: &[Spanned<String>]) -> Vec<Origin> {
        let mut origins = Vec::new();
        for text in allowed {
            match Url::parse(text.get_ref()).ok().filter(|url| url.path() == "/").as_ref().and_then(Origin::of) {
                Some(origin) => origins.push(origin),
                None => {
                    let advice = format!("{:?} is not an origin; write it as http://host:port", text.get_ref());
                    self.fault(Some(text.span()), "[network] allow", advice);
                }
            }
        }
        origins
    }

    fn optional_url(
        &mut self,
        text: Option<&Spanned<String>>,
        default: &str,
        key: &str,
        private: &[Origin],
    ) -> Option<Url> {
        match text {
            Some(text) => self.url(text, key, private),
            None => Url::parse(default).ok(),
        }
    }

    pub(super) fn url(&mut self, text: &Spanned<String>, key: &str, private: &[Origin]) -> Option<Url> {
        let said = text.get_ref();
        let parsed = Url::parse(said.trim()).ok().filter(|url| url.has_host());
        let Some(url) = parsed else {
            self.fault(Some(text.span()), key, format!("{said:?} is not an address; write it as https://host"));
            return None;
        };
        let advice = match Origin::of(&url) {
            None => Some(format!("{said:?} is not an address of the web; it begins with https://")),
            Some(_) if !url.username().is_empty() || url.password().is_some() => {
                Some("an address holds no user name and no password".to_owned())
            }
            Some(_) if url.query().is_some() || url.fragment().is_some() => {
                Some(format!("{said:?} goes too far; leave out what follows '?' or '#'"))
            }
            Some(origin) if url.scheme() == "http" && !private.contains(&origin) => Some(format!(
                "{origin} is plain http, over which secrets travel in clear; use https, or, on a network that you \
                 trust, add \"{origin}\" to [network] allow"
            )),
            Some(_) => None,
        };
        match advice {
            Some(advice) => {
                self.fault(Some(text.span()), key, advice);
                None
            }
            None => Some(url),
        }
    }

    pub(super) fn secret(&mut self, raw: &Spanned<RawSecret>, key: &str) -> Option<SecretSource> {
        let place = match raw.get_ref() {
            RawSecret::Place(place) => place,
            RawSecret::Literal(_) => {
                let text = "holds a value, and this file must hold no secrets; point to the secret with \
                            { env = \"NAME\" } or { file = \"PATH\" }, and change a secret that was written here";
                self.fault(Some(raw.span()), key, text);
                return None;
            }
        };
        match (&place.env, &place.file, place.prompt) {
            (Some(name), None, None) => Some(SecretSource::Env(name.clone())),
            (None, Some(path), None) => Some(SecretSource::File(self.beside(path))),
            (None, None, Some(true)) => Some(SecretSource::Prompt(key.to_owned())),
            _ => {
                let text = "takes one of { env = \"NAME\" }, { file = \"PATH\" } and { prompt = true }";
                self.fault(Some(raw.span()), key, text);
                None
            }
        }
    }

    fn creatio(&mut self, raw: Spanned<RawCreatio>, private: &[Origin]) -> Option<Creatio> {
        let span = raw.span();
        let raw = raw.into_inner();
        let url = self.url(&raw.url, "[creatio] url", private);
        if url.as_ref().is_some_and(|url| url.path().trim_end_matches('/').ends_with("/0")) {
            let text = "ends with /0, which is part of odata and not of the site's address; leave it out";
            self.fault(Some(raw.url.span()), "[creatio] url", text);
        }
        let shared = match raw.visibility.as_ref().map(|text| text.get_ref().as_str()) {
            None | Some("shared") => true,
            Some("own") => false,
            Some(other) => {
                let text = format!("{other:?} is not known; it is \"shared\" for an integration user, or \"own\"");
                self.fault(raw.visibility.as_ref().map(Spanned::span), "[creatio] visibility", text);
                true
            }
        };
        let wanted = raw.sign_in.as_ref().map_or("oauth", |text| text.get_ref().as_str()).to_owned();
        let missing = |judge: &mut Self, key: &str| {
            let text = format!("is missing; sign-in = \"{wanted}\" needs it");
            judge.fault(Some(span.clone()), &format!("[creatio] {key}"), text);
        };
        let sign_in = match wanted.as_str() {
            "oauth" => {
                let secret = raw.client_secret.as_ref().map(|secret| self.secret(secret, "[creatio] client-secret"));
                let identity = raw.identity_url.as_ref().map(|text| self.url(text, "[creatio] identity-url", private));
                for (key, found) in [
                    ("client-id", raw.client_id.is_some()),
                    ("client-secret", secret.is_some()),
                    ("identity-url", identity.is_some()),
                ] {
                    if !found {
                        missing(self, key);
                    }
                }
                raw.client_id.zip(secret.flatten()).zip(identity.flatten()).map(
                    |((client_id, client_secret), identity)| CreatioSignIn::OAuth {
                        identity,
                        client_id,
                        client_secret,
                    },
                )
            }
            "forms" => {
                let password = raw.password.as_ref().map(|secret| self.secret(secret, "[creatio] password"));
                for (key, found) in [("user", raw.user.is_some()), ("password", password.is_some())] {
                    if !found {
                        missing(self, key);
                    }
                }
                raw.user.zip(password.flatten()).map(|(user, password)| CreatioSignIn::Forms { user, password })
            }
            other => {
                let text = format!("{other:?} is not known; it is \"oauth\" or \"forms\"");
                self.fault(raw.sign_in.as_ref().map(Spanned::span), "[creatio] sign-in", text);
                None
            }
        };
        let odata = raw.odata.unwrap_or_else(|| "0/odata".to_owned()).trim_matches('/').to_owned();
        Some(Creatio { url: url?, odata, sign_in: sign_in?, shared })
    }
}

fn limits(raw: &RawLimits) -> (Limits, Rules) {
    let seconds = |said: Option<u32>, default: Duration| said.map_or(default, |s| Duration::from_secs(s.into()));
    let (limits, rules) = (Limits::default(), Rules::default());
    (
        Limits {
            memory: raw.memory_mib.map_or(limits.memory, |mib| usize::try_from(mib).unwrap_or(4095) << 20),
            cpu: seconds(raw.cpu_seconds, limits.cpu),
            wall: raw.run_minutes.map_or(limits.wall, |minutes| Duration::from_secs(u64::from(minutes) * 60)),
            host_calls: raw.host_calls.unwrap_or(limits.host_calls),
            requests: raw.requests.unwrap_or(limits.requests),
            longest_wait: seconds(raw.longest_wait_seconds, limits.longest_wait),
            ..limits
        },
        Rules {
            request_timeout: seconds(raw.request_seconds, rules.request_timeout),
            creatio_slots: raw.creatio_slots.unwrap_or(rules.creatio_slots),
            mailbox_slots: raw.mailbox_slots.unwrap_or(rules.mailbox_slots),
            ..rules
        },
    )
}
