//! What a component may reach: the places that the configuration names, and with a sign-in only the part of them that
//! the sign-in is for. Everything else is refused before a name is resolved.

use std::borrow::Cow;

use memchr::memchr2;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::contract::{Credential, Error};

/// Scheme, host and port, written alike however they were spelled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an `http` or `https` address.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let host = match url.host()? {
            // `example.com.` and `example.com` are the same place.
            Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => format!("[{address}]"),
        };
        Some(Self { scheme: url.scheme().to_owned(), host, port: url.port_or_known_default()? })
    }

    /// Whether an address has this origin: the same as to compare with that of the address, and sooner done.
    fn is_of(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let host = if matches!(url.host(), Some(Host::Domain(_))) { host.trim_end_matches('.') } else { host };
        self.scheme == url.scheme()
            && Some(self.port) == url.port_or_known_default()
            && self.host.eq_ignore_ascii_case(host)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { scheme, host, port } = self;
        match (scheme.as_str(), port) {
            ("https", 443) | ("http", 80) => write!(f, "{scheme}://{host}"),
            _ => write!(f, "{scheme}://{host}:{port}"),
        }
    }
}

/// What serves the mailboxes of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailboxService {
    /// Microsoft Graph: its root without a version.
    Graph(Url),
    /// Exchange Web Services: the full address.
    Exchange(Url),
    /// An Exchange that was not found yet: nothing may be reached with its sign-in.
    Unfound,
}

impl MailboxService {
    /// Its address, where it is known.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Graph(url) | Self::Exchange(url) => Some(url),
            Self::Unfound => None,
        }
    }
}

/// Every place that the runs of a tenant may reach.
#[derive(Debug, Clone)]
pub struct Destinations {
    /// Base address of the Creatio site.
    pub creatio: Url,
    /// Path of OData below it, such as `0/odata`.
    pub odata: String,
    /// What serves the mailboxes.
    pub mailbox: MailboxService,
    /// Origins on private networks or with plain HTTP that the configuration names.
    pub private: Vec<Origin>,
}

/// A destination that was judged.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) origin: Origin,
    pub(crate) private: bool,
    /// It belongs to what serves the mailboxes.
    pub(crate) mailbox: bool,
    /// It is a batch of Graph's, whose parts are requests of their own.
    pub(crate) batch: bool,
}

impl Destinations {
    /// Whether the configuration names this origin for plain HTTP and private addresses.
    #[must_use]
    pub fn names(&self, origin: &Origin) -> bool {
        self.private.contains(origin)
    }

    /// Judges an address that a component wants to reach for the account with this mailbox.
    pub(crate) fn judge(&self, url: &str, credential: Credential, mailbox: &str) -> Result<Target, Error> {
        let parsed =
            Url::parse(url).map_err(|fault| Error::Invalid(format!("the address is not absolute: {fault}")))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(Error::Denied("the address contains a user name".to_owned()));
        }
        let batch = self.is_graph_batch(&parsed);
        let target = Target { batch, ..self.target(parsed, credential)? };
        let Target { url, origin, .. } = &target;
        let serves = |place: &Url| origin.is_of(place);
        let has_mailbox = self.mailbox.url().is_some_and(serves);
        match credential {
            Credential::None if serves(&self.creatio) => Ok(target),
            Credential::None if has_mailbox => Ok(Target { mailbox: true, ..target }),
            Credential::Creatio if serves(&self.creatio) && self.below_odata(url) => Ok(target),
            Credential::Mailbox if has_mailbox && (batch || self.below_mailbox(url, mailbox)) => Ok(target),
            Credential::None => Err(Error::Denied(format!("{origin} is not a place this tenant is configured for"))),
            Credential::Creatio => {
                Err(Error::Denied(format!("the Creatio sign-in does not belong to {origin}{}", url.path())))
            }
            Credential::Mailbox => {
                Err(Error::Denied(format!("the sign-in of {mailbox} does not belong to {origin}{}", url.path())))
            }
        }
    }

    /// The transport-level part of the rules alone: for requests that the host makes itself.
    pub(crate) fn target(&self, url: Url, side: Credential) -> Result<Target, Error> {
        let origin =
            Origin::of(&url).ok_or_else(|| Error::Denied(format!("{} is not an address of the web", url.scheme())))?;
        let private = self.names(&origin);
        if url.scheme() == "http" && !private {
            return Err(Error::Denied(format!("{origin} is plain http, and [network] allow does not name it")));
        }
        Ok(Target { url, origin, private, mailbox: side == Credential::Mailbox, batch: false })
    }

    fn is_graph_batch(&self, url: &Url) -> bool {
        matches!(&self.mailbox, MailboxService::Graph(root)
            if below(root.path(), url.path(), |rest| rest.eq(["v1.0", "$batch"])))
    }

    /// Whether a part of a Graph batch stays within the mailbox.
    pub(crate) fn part_belongs(&self, part: &str, mailbox: &str) -> bool {
        let MailboxService::Graph(root) = &self.mailbox else { return false };
        let path = part.split(['?', '#']).next().unwrap_or_default();
        let absolute = format!("{}/v1.0/{}", root.path().trim_end_matches('/'), path.trim_start_matches('/'));
        in_mailbox(root, &absolute, mailbox)
    }

    fn below_odata(&self, url: &Url) -> bool {
        let base = format!("{}/{}", self.creatio.path().trim_end_matches('/'), self.odata.trim_matches('/'));
        below(&base, url.path(), |_| true)
    }

    fn below_mailbox(&self, url: &Url, mailbox: &str) -> bool {
        match &self.mailbox {
            MailboxService::Graph(root) => in_mailbox(root, url.path(), mailbox),
            MailboxService::Exchange(address) => {
                url.query().is_none() && below(address.path(), url.path(), |rest| rest.next().is_none())
            }
            MailboxService::Unfound => false,
        }
    }
}

fn in_mailbox(root: &Url, path: &str, mailbox: &str) -> bool {
    below(root.path(), path, |rest| {
        if rest.next() != Some("v1.0") {
            return false;
        }
        match rest.next() {
            Some("users") => rest.next().is_some_and(|name| name.eq_ignore_ascii_case(mailbox)),
            // The key spelling of OData, which Graph uses in links that it hands out.
            Some(users) => users
                .strip_prefix("users('")
                .and_then(|name| name.strip_suffix("')"))
                .is_some_and(|name| name.eq_ignore_ascii_case(mailbox)),
            None => false,
        }
    })
}

/// Whether a path is below the base, both normalised, and the segments that follow are as wanted. Never if it tries to
/// climb.
fn below(base: &str, path: &str, wanted: impl FnOnce(&mut dyn Iterator<Item = &str>) -> bool) -> bool {
    let (Some(base), Some(path)) = (understood(base), understood(path)) else { return false };
    let mut rest = segments(&path);
    segments(&base).all(|segment| rest.next() == Some(segment)) && wanted(&mut rest)
}

/// A path as the least careful server could understand it. None where that would climb: servers and proxies disagree on
/// `%2f`, backslashes and double encodings, so a path on which they disagree is refused.
fn understood(path: &str) -> Option<Cow<'_, str>> {
    let once = decoded(path)?;
    let sound = |text: &str| !climbs(text) && !text.chars().any(char::is_control);
    let agreed = match &once {
        Cow::Borrowed(plain) => sound(plain),
        Cow::Owned(once) => decoded(once).is_some_and(|twice| sound(&twice)),
    };
    // What follows `%2f` is part of a name, as in an item's id; before the comparison it must not hide a boundary.
    agreed.then_some(once)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn decoded(text: &str) -> Option<Cow<'_, str>> {
    // Most paths are plain.
    if memchr2(b'%', b'\\', text.as_bytes()).is_none() {
        return Some(text.into());
    }
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(if text.contains('\\') { text.replace('\\', "/").into() } else { text })
}

fn climbs(path: &str) -> bool {
    path.split('/').any(|segment| segment.starts_with('.') && matches!(segment.split(';').next(), Some("." | "..")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destinations() -> Destinations {
        Destinations {
            creatio: Url::parse("https://mycompany.creatio.com/crm").unwrap(),
            odata: "0/odata".to_owned(),
            mailbox: MailboxService::Graph(Url::parse("https://graph.microsoft.com").unwrap()),
            private: vec![],
        }
    }

    fn allowed(url: &str, credential: Credential) -> bool {
        destinations().judge(url, credential, "e.mirny@mycompany.com").is_ok()
    }

    #[test]
    fn a_sign_in_goes_to_its_own_part_of_its_own_origin_only() {
        let graph = "https://graph.microsoft.com";
        for good in ["/v1.0/users/e.mirny@mycompany.com/events", "/v1.0/$batch", "/v1.0/%24batch"] {
            assert!(allowed(&format!("{graph}{good}"), Credential::Mailbox), "{good}");
        }
        for bad in ["/v1.0/users/other@mycompany.com/events", "/v1.0/users", "/v1.0/me/events", "/beta/$batch", "/"] {
            assert!(!allowed(&format!("{graph}{bad}"), Credential::Mailbox), "{bad}");
        }
        assert!(allowed("https://mycompany.creatio.com/crm/0/odata/Activity(1)", Credential::Creatio));
        assert!(!allowed("https://mycompany.creatio.com/0/odata/Activity", Credential::Creatio));
        assert!(!allowed("https://mycompany.creatio.com/crm/0/odatax", Credential::Creatio));
        assert!(!allowed("https://mycompany.creatio.com/crm/0/odata/Activity", Credential::Mailbox));
        assert!(!allowed("https://graph.microsoft.com.evil.example/v1.0/$batch", Credential::Mailbox));
        assert!(!allowed("https://graph.microsoft.com:444/v1.0/$batch", Credential::Mailbox));
    }

    #[test]
    fn the_sign_in_of_exchange_goes_to_its_one_address() {
        let url = Url::parse("https://mail.mycompany.com/EWS/Exchange.asmx").unwrap();
        let destinations = Destinations { mailbox: MailboxService::Exchange(url), ..destinations() };
        let judged = |url: &str, credential| destinations.judge(url, credential, "e.mirny@mycompany.com").is_ok();
        assert!(judged("https://mail.mycompany.com/EWS/Exchange.asmx", Credential::Mailbox));
        for bad in [
            "https://mail.mycompany.com/",
            "https://mail.mycompany.com/EWS/Services.wsdl",
            "https://mail.mycompany.com/EWS/Exchange.asmx/more",
            "https://mail.mycompany.com/EWS/Exchange.asmx/../../owa",
            "https://mail.mycompany.com/EWS/Exchange.asmx?x=https://evil.example",
            "http://mail.mycompany.com/EWS/Exchange.asmx",
            "https://evil.example/EWS/Exchange.asmx",
        ] {
            assert!(!judged(bad, Credential::Mailbox), "{bad}");
        }
        let nowhere = Destinations { mailbox: MailboxService::Unfound, ..destinations.clone() };
        let url = "https://mail.mycompany.com/EWS/Exchange.asmx";
        assert!(nowhere.judge(url, Credential::Mailbox, "e.mirny@mycompany.com").is_err());
    }

    #[test]
    fn spellings_of_the_same_place_are_compared_after_normalising() {
        for good in [
            "https://GRAPH.microsoft.com:443/v1.0/users/E.Mirny%40mycompany.com/events",
            "https://graph.microsoft.com./v1.0//users/e.mirny@mycompany.com/events",
            "https://graph.microsoft.com/v1.0/users('e.mirny%40mycompany.com')/calendarView/delta?$skiptoken=..",
            "https://graph.microsoft.com/v1.0/users/x/../e.mirny@mycompany.com/events/AAM%2FkA==",
        ] {
            assert!(allowed(good, Credential::Mailbox), "{good}");
        }
    }

    #[test]
    fn a_path_cannot_climb_out_of_the_mailbox() {
        let mine = "https://graph.microsoft.com/v1.0/users/e.mirny@mycompany.com";
        for tail in ["/../o@x.y/m", "/%2e%2e/o@x.y/m", "/..%2fo@x.y", "/%252e%252e/o@x.y", "\\..\\o@x.y", "/..;/o@x.y"]
        {
            assert!(!allowed(&format!("{mine}{tail}"), Credential::Mailbox), "{tail}");
        }
    }

    #[test]
    fn user_names_other_schemes_and_plain_http_are_refused() {
        assert!(!allowed("https://x@graph.microsoft.com/v1.0/$batch", Credential::Mailbox));
        assert!(!allowed("http://graph.microsoft.com/v1.0/$batch", Credential::Mailbox));
        assert!(!allowed("file:///etc/passwd", Credential::None));
        assert!(!allowed("https://example.com/", Credential::None));
        assert!(allowed("https://graph.microsoft.com/v1.0/$metadata", Credential::None));
    }
}
