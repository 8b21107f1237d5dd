//! Requests and answers as `http.wit` has them, apart from any WebAssembly runtime.

/// Whose sign-in a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// No sign-in at all.
    None,
    /// The account's Creatio site.
    Creatio,
    /// The account's mailbox.
    Mailbox,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Upper-case method.
    pub method: String,
    /// Absolute address.
    pub url: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, if any.
    pub body: Option<Vec<u8>>,
    /// Whose sign-in to attach.
    pub credential: Credential,
    /// May be sent twice.
    pub repeatable: bool,
    /// Start no earlier than this many milliseconds after the call.
    pub after: u64,
    /// Share of the destination's limit of parallel requests.
    pub slots: u8,
    /// Largest answer wanted, after decompression.
    pub max_body: u32,
}

impl Request {
    /// A read with GET and no limits of its own: what most tests and tools start from.
    #[must_use]
    pub fn get(url: impl Into<String>, credential: Credential) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            credential,
            repeatable: true,
            after: 0,
            slots: 1,
            max_body: 4 << 20,
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body after decompression.
    pub body: Vec<u8>,
    /// Wall clock of the host at the status line, in milliseconds since 1970.
    pub received: u64,
}

impl Response {
    /// The first header of this (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

/// The first header of this (lower-case) name.
pub(crate) fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// At what step a request failed that never left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreachableCause {
    /// The name could not be resolved.
    Name,
    /// No connection.
    Connect,
    /// No TLS session.
    Tls,
    /// No connection in time.
    Timeout,
}

impl UnreachableCause {
    /// A sentence part for a person.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Name => "its name cannot be resolved",
            Self::Connect => "no connection",
            Self::Tls => "no TLS session, for example because its certificate is not trusted or has expired",
            Self::Timeout => "no connection in time",
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request breaks a rule of the interface.
    #[error("the request is invalid: {0}")]
    Invalid(String),
    /// The policy refuses the destination.
    #[error("refused: {0}")]
    Denied(String),
    /// No valid sign-in can be had.
    #[error("{0}")]
    Credential(String),
    /// Nothing was sent.
    #[error("cannot be reached: {}", .0.describe())]
    Unreachable(UnreachableCause),
    /// It may have reached the server.
    #[error("the outcome is not known: {0}")]
    UnknownOutcome(String),
    /// The server asked to wait longer than this run may last.
    #[error("the server asks to wait")]
    Throttled(Option<u64>),
    /// The answer is larger than wanted.
    #[error("the answer is too large ({0} bytes)")]
    TooLarge(u64),
    /// The host ends the run.
    #[error("the host ends the run")]
    Stopped,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
