//! What to ask next, and whom to believe; pure.

use std::collections::{BTreeSet, VecDeque};

use url::{Host, Url};

use super::answer::{self, Told};

/// Questions of one search. Four places, each with a redirect or two.
const MOST: usize = 12;

/// To whom the sign-in may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    domain: String,
    hosts: Vec<String>,
}

impl Rule {
    /// The rule for this mail address; none where that is no address.
    pub(crate) fn of(mail: &str, hosts: &[String]) -> Option<Self> {
        let (_, domain) = mail.rsplit_once('@')?;
        match Host::parse(domain).ok()? {
            Host::Domain(domain) if domain.contains('.') => Some(Self { domain, hosts: hosts.to_vec() }),
            _ => None,
        }
    }

    /// Whether the sign-in may go to this address.
    pub(crate) fn trusts(&self, url: &Url) -> bool {
        let Some(Host::Domain(host)) = url.host() else { return false };
        let host = host.trim_end_matches('.');
        let own = host.strip_suffix(&self.domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && (own || self.hosts.iter().any(|known| known == host))
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) kind: Kind,
    pub(super) method: &'static str,
    pub(super) url: Url,
    pub(super) body: Option<String>,
    /// With the sign-in.
    pub(super) signed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// `autodiscover.json`: needs no sign-in.
    Json,
    /// `autodiscover.xml`: needs it.
    Pox,
    /// Plain http, without a sign-in and only to be told where to ask.
    Pointer,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    Answer {
        status: u16,
        location: Option<String>,
        body: Vec<u8>,
    },
    /// A part of a sentence about the address.
    Nothing(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Ask(Question),
    Found(Url),
    /// A sentence with what to do.
    Failed(String),
}

pub(super) struct Search {
    mail: String,
    first: String,
    rule: Rule,
    waiting: VecDeque<(Kind, String, String)>,
    asked: BTreeSet<(Kind, String, String)>,
    open: Option<(Kind, Url, String)>,
    found: Option<Url>,
    tried: Vec<String>,
}

impl Search {
    pub(super) fn new(mail: &str, rule: Rule) -> Self {
        let domain = rule.domain.clone();
        let mut search = Self {
            mail: mail.to_owned(),
            first: mail.to_owned(),
            rule,
            waiting: VecDeque::new(),
            asked: BTreeSet::new(),
            open: None,
            found: None,
            tried: Vec::new(),
        };
        search.begin(&domain);
        search
    }

    /// The places of a domain. Questions without a sign-in come first: where they are answered it stays at home.
    fn begin(&mut self, domain: &str) {
        let places = [
            (Kind::Json, format!("https://autodiscover.{domain}/autodiscover/autodiscover.json")),
            (Kind::Pox, format!("https://autodiscover.{domain}/autodiscover/autodiscover.xml")),
            (Kind::Pox, format!("https://{domain}/autodiscover/autodiscover.xml")),
            (Kind::Pointer, format!("http://autodiscover.{domain}/autodiscover/autodiscover.xml")),
        ];
        self.waiting = places.into_iter().map(|(kind, url)| (kind, url, self.mail.clone())).collect();
    }

    pub(super) fn next(&mut self) -> Next {
        if let Some(url) = self.found.take() {
            return Next::Found(url);
        }
        while let Some((kind, text, mail)) = self.waiting.pop_front() {
            let Ok(mut url) = Url::parse(&text) else { continue };
            if !self.asked.insert((kind, url.to_string(), mail.clone())) {
                continue;
            }
            if kind == Kind::Pox && !self.rule.trusts(&url) {
                self.distrust(&url, "is where Autodiscover would have the sign-in sent");
                continue;
            }
            if self.asked.len() > MOST {
                self.tried.push(format!("and no end after {MOST} questions"));
                break;
            }
            if kind == Kind::Json {
                url.query_pairs_mut().clear().append_pair("Email", &mail).append_pair("Protocol", "EWS");
            }
            self.open = Some((kind, url.clone(), mail.clone()));
            let body = (kind == Kind::Pox).then(|| request(&mail));
            let method = if kind == Kind::Pox { "POST" } else { "GET" };
            return Next::Ask(Question { kind, method, url, body, signed: kind == Kind::Pox });
        }
        let tried = if self.tried.is_empty() { String::new() } else { format!(": {}", self.tried.join("; ")) };
        Next::Failed(format!(
            "Autodiscover finds no Exchange Server for {}{tried}. Name its address in [exchange]: \
             url = \"https://mail.mycompany.com/EWS/Exchange.asmx\"",
            self.first
        ))
    }

    pub(super) fn heard(&mut self, heard: Heard) {
        let Some((kind, url, mail)) = self.open.take() else { return };
        match heard {
            Heard::Nothing(text) => self.note(&url, &text),
            Heard::Answer { status: 301 | 302 | 303 | 307 | 308, location, .. } => {
                let to = location.and_then(|text| url.join(&text).ok());
                match to {
                    Some(to) => self.follow(kind, &url, &to, &mail),
                    None => self.note(&url, "redirects to nowhere"),
                }
            }
            // One place that refuses the sign-in proves nothing about another.
            Heard::Answer { status: 401 | 403, .. } => self.note(&url, "refuses the sign-in"),
            Heard::Answer { status: 200, .. } if kind == Kind::Pointer => self.note(&url, "points nowhere"),
            Heard::Answer { status: 200, body, .. } => {
                let told = if kind == Kind::Json { answer::json(&body) } else { answer::pox(&body) };
                match told {
                    Told::Address(text) => self.settle(&text),
                    Told::Elsewhere(text) => match Url::parse(&text) {
                        Ok(to) => self.follow(kind, &url, &to, &mail),
                        Err(_) => self.note(&url, "redirects to nowhere"),
                    },
                    Told::OtherMail(other) => self.rename(&url, &other),
                    Told::Nothing(text) => self.note(&url, &text),
                }
            }
            Heard::Answer { status, .. } => self.note(&url, &format!("answers {status}")),
        }
    }

    /// A redirect, to https only. A question with the sign-in is held to the rule when it is asked.
    fn follow(&mut self, kind: Kind, from: &Url, to: &Url, mail: &str) {
        if to.scheme() != "https" {
            self.note(from, &format!("redirects to {}, which is not https", place(to)));
            return;
        }
        let kind = if kind == Kind::Pointer { Kind::Pox } else { kind };
        let mut to = to.clone();
        if kind == Kind::Json {
            to.set_query(None);
        }
        self.waiting.push_front((kind, to.to_string(), mail.to_owned()));
    }

    /// The mailbox is known by another address: its domain is asked, under the rule of the address that the file names.
    fn rename(&mut self, from: &Url, other: &str) {
        match Rule::of(other, &[]) {
            Some(Rule { domain, .. }) if !other.eq_ignore_ascii_case(&self.mail) => {
                self.mail = other.to_owned();
                self.begin(&domain);
            }
            _ => self.note(from, "redirects to the same address"),
        }
    }

    fn settle(&mut self, text: &str) {
        match Url::parse(text) {
            Ok(url) if self.rule.trusts(&url) => {
                let mut url = url;
                url.set_query(None);
                url.set_fragment(None);
                self.found = Some(url);
            }
            Ok(url) => self.distrust(&url, "is what Autodiscover tells for Exchange"),
            Err(_) => self.tried.push(format!("{text:?} is told for Exchange, and is no address")),
        }
    }

    fn distrust(&mut self, url: &Url, what: &str) {
        let (host, scheme) = (url.host_str().unwrap_or_default(), url.scheme());
        let advice = if scheme == "https" {
            format!("if it is your company's, add \"{host}\" to hosts in [exchange]")
        } else {
            "it is not https".to_owned()
        };
        let domain = &self.rule.domain;
        self.tried.push(format!("{} {what}, and it does not belong to {domain}: {advice}", place(url)));
    }

    fn note(&mut self, url: &Url, text: &str) {
        self.tried.push(format!("{} {text}", place(url)));
    }
}

/// Without what follows the path: it may hold an address, or more.
fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

fn request(mail: &str) -> String {
    let mail = mail.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\"><Request>\
         <EMailAddress>{mail}</EMailAddress><AcceptableResponseSchema>\
         http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>\
         </Request></Autodiscover>"
    )
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
