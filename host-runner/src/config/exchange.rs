//! The section `[exchange]`: where the server is, how to sign in, and what must not happen to the password.

use toml::Spanned;
use url::{Host, Url};

use super::load::Judge;
use super::raw::{RawExchange, RawSecret};
use super::{Account, Exchange, ExchangeSignIn, SecretSource, Service};
use crate::http::Origin;

impl Judge<'_> {
    /// Judges the section. The origins that it names may lie on a private network: an Exchange Server usually does.
    pub(super) fn exchange(&mut self, raw: Spanned<RawExchange>, private: &mut Vec<Origin>) -> Option<Exchange> {
        let span = raw.span();
        let raw = raw.into_inner();
        let url = raw.url.as_ref().map(|text| self.ews(text, private));
        if url.is_none() && raw.autodiscover != Some(true) {
            let text = "is missing; name it (https://mail.mycompany.com/EWS/Exchange.asmx), or write autodiscover = true \
                        to have it found from each account's address";
            self.fault(Some(span.clone()), "[exchange] url", text);
        }
        let hosts = raw.hosts.iter().filter_map(|host| self.host(host)).collect();
        let wanted = raw.sign_in.as_ref().map_or("basic", |text| text.get_ref().as_str()).to_owned();
        let user = raw.user.as_ref().map(|user| user.get_ref().clone());
        let password = raw.password.as_ref().map(|secret| self.secret(secret, "[exchange] password"));
        let missing = |judge: &mut Self, keys: &[(&str, bool)]| {
            for (key, _) in keys.iter().filter(|(_, found)| !found) {
                let text = format!("is missing; sign-in = \"{wanted}\" needs it");
                judge.fault(Some(span.clone()), &format!("[exchange] {key}"), text);
            }
        };
        let sign_in = match wanted.as_str() {
            "basic" | "ntlm" => {
                missing(self, &[("user", user.is_some()), ("password", password.is_some())]);
                let basic = wanted == "basic";
                if let (true, Some(text), Some(Some(url))) = (basic, &raw.url, &url) {
                    self.in_clear(text, url);
                }
                user.zip(password.flatten()).map(|(user, password)| match basic {
                    true => ExchangeSignIn::Basic { user, password },
                    false => ExchangeSignIn::Ntlm { user, password },
                })
            }
            "oauth" => {
                let found = [
                    ("token-url", raw.token_url.is_some()),
                    ("client-id", raw.client_id.is_some()),
                    ("client-secret", raw.client_secret.is_some()),
                ];
                missing(self, &found);
                if let (Some(text), Some(Some(url))) = (&raw.url, &url) {
                    self.in_clear(text, url);
                }
                if let Some(flag) = raw.impersonate.as_ref().filter(|flag| !*flag.get_ref()) {
                    let text = "cannot be false with sign-in = \"oauth\": an application has no mailbox of its own";
                    self.fault(Some(flag.span()), "[exchange] impersonate", text);
                }
                self.oauth(&raw, private)
            }
            other => {
                let text = format!("{other:?} is not known; it is \"basic\", \"ntlm\" or \"oauth\"");
                self.fault(raw.sign_in.as_ref().map(Spanned::span), "[exchange] sign-in", text);
                None
            }
        };
        Some(Exchange {
            url: url.map_or(Some(None), |url| url.map(Some))?,
            hosts,
            sign_in: sign_in?,
            impersonate: raw.impersonate.as_ref().is_none_or(|flag| *flag.get_ref()),
            ca: raw.ca.as_ref().map(|path| self.beside(path.get_ref())),
        })
    }

    fn oauth(&mut self, raw: &RawExchange, private: &mut Vec<Origin>) -> Option<ExchangeSignIn> {
        let token_url = raw.token_url.as_ref().and_then(|text| self.url(text, "[exchange] token-url", private));
        let secret: Option<&Spanned<RawSecret>> = raw.client_secret.as_ref();
        let client_secret: Option<SecretSource> =
            secret.and_then(|secret| self.secret(secret, "[exchange] client-secret"));
        // AD FS stands beside the Exchange Server.
        private.extend(token_url.as_ref().and_then(Origin::of));
        Some(ExchangeSignIn::OAuth {
            token_url: token_url?,
            client_id: raw.client_id.as_ref()?.get_ref().clone(),
            client_secret: client_secret?,
            scope: raw.scope.as_ref().map(|scope| scope.get_ref().clone()),
        })
    }

    fn ews(&mut self, text: &Spanned<String>, private: &mut Vec<Origin>) -> Option<Url> {
        let url = self.url(text, "[exchange] url", private)?;
        if !url.path().to_ascii_lowercase().ends_with("/exchange.asmx") {
            let host = Origin::of(&url).map_or_else(String::new, |origin| origin.to_string());
            let advice = format!(
                "{:?} is not the address of Exchange Web Services; it usually is {host}/EWS/Exchange.asmx",
                text.get_ref()
            );
            self.fault(Some(text.span()), "[exchange] url", advice);
            return None;
        }
        private.extend(Origin::of(&url));
        Some(url)
    }

    /// A password, or a token, that anybody on the way could read.
    fn in_clear(&mut self, text: &Spanned<String>, url: &Url) {
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if url.scheme() == "http" && !loopback {
            let advice = "is plain http, over which the sign-in would travel in clear, and [network] allow does not change \
                          that; use https, or sign-in = \"ntlm\"";
            self.fault(Some(text.span()), "[exchange] url", advice);
        }
    }

    fn host(&mut self, text: &Spanned<String>) -> Option<String> {
        let said = text.get_ref().trim();
        match Host::parse(said) {
            Ok(Host::Domain(name)) if name.contains('.') => Some(name.trim_end_matches('.').to_ascii_lowercase()),
            _ => {
                let advice = format!("{said:?} is not the name of a host; write it as mail.mycompany.com");
                self.fault(Some(text.span()), "[exchange] hosts", advice);
                None
            }
        }
    }

    /// A user's own sign-in sees that user's mailbox.
    pub(super) fn only_one(&mut self, accounts: &[Account]) {
        let on_exchange: Vec<&str> = accounts
            .iter()
            .filter(|account| account.mailbox != Service::Microsoft)
            .map(|account| account.mail.as_str())
            .collect();
        if on_exchange.len() > 1 {
            let text = format!(
                "is false, so that the sign-in sees its own mailbox only, and there are {}; give a service account the \
                 right ApplicationImpersonation and leave it out, or give each account a file of its own",
                on_exchange.join(", ")
            );
            self.fault(None, "[exchange] impersonate", text);
        }
    }
}
