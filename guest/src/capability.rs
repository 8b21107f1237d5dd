//! The seams: what the engine is lent, as traits. In the component they are the imports of its world, in tests and in
//! the simulation whatever stands in for them. Shapes and rules are those of `wit/`, where they are documented.

use chrono::{DateTime, Utc};

/// Whose sign-in a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// None.
    None,
    /// The Creatio site's.
    Creatio,
    /// The mailbox's.
    Mailbox,
}

/// One HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Upper-case method.
    pub method: &'static str,
    /// Absolute URL.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, if any.
    pub body: Option<Vec<u8>>,
    /// Whose sign-in to attach.
    pub credential: Credential,
    /// May be sent twice.
    pub repeatable: bool,
    /// Milliseconds to wait before it starts.
    pub after: u64,
    /// Share of the destination's limit of parallel requests.
    pub slots: u8,
    /// The largest answer wanted, in bytes.
    pub max_body: u32,
}

/// One HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body after decompression.
    pub body: Vec<u8>,
    /// The host's clock at the status line, in milliseconds since 1970.
    pub received: u64,
}

impl Response {
    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpError {
    /// The request breaks a rule of the interface.
    Invalid(String),
    /// The host's policy refuses it.
    Denied(String),
    /// No valid sign-in can be had.
    Credential(String),
    /// Nothing was sent; what failed: `name`, `connect`, `tls` or `timeout`.
    Unreachable(&'static str),
    /// It may have reached the server.
    UnknownOutcome(String),
    /// The wait the server asked for, in milliseconds, does not fit this run.
    Throttled(Option<u64>),
    /// The answer is larger than wanted.
    TooLarge(u64),
    /// The host ends the run.
    Stopped,
    /// Anything else.
    Other(String),
}

/// What came of one request.
pub type Answer = Result<Response, HttpError>;

/// Sends requests.
pub trait Http {
    /// As many answers as requests, in their order.
    fn send(&self, requests: Vec<Request>) -> Vec<Answer>;
}

/// An opaque version of a stored value.
pub type Version = Vec<u8>;

/// A stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
    /// Its version.
    pub version: Version,
}

/// A piece of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Ascending by key.
    pub entries: Vec<Entry>,
    /// Where the next piece begins; none at the end.
    pub next: Option<String>,
}

/// What must be true of a key for a commit to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    Any,
    /// There is no value.
    Absent,
    /// The value has this version.
    At(Version),
}

/// One change of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: String,
    /// What must hold.
    pub guard: Guard,
    /// The new value; none deletes.
    pub value: Option<Vec<u8>>,
}

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All changes are durable; the version of every value written.
    Applied(Version),
    /// Nothing was changed; the keys whose guard did not hold.
    Stale(Vec<String>),
}

/// Why storage did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageError {
    /// No room.
    Full,
    /// The account's lease was lost.
    Fenced,
    /// Not now.
    Unavailable(String),
    /// Anything else.
    Other(String),
}

/// Keys and values of one tenant.
pub trait Storage {
    /// The values of these keys, in the same order.
    ///
    /// # Errors
    /// When storage fails.
    fn get(&self, keys: &[String]) -> Result<Vec<Option<Entry>>, StorageError>;

    /// Up to `limit` entries whose keys begin with `prefix`, ascending, after the key `after`.
    ///
    /// # Errors
    /// When storage fails.
    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, StorageError>;

    /// Applies all changes, or none.
    ///
    /// # Errors
    /// When storage fails.
    fn commit(&self, changes: Vec<Change>) -> Result<Outcome, StorageError>;
}

/// Where a run's operations are written down, item by item.
pub trait Journal {
    /// Adds entries; durable with the next commit that applies.
    fn append(&self, entries: Vec<crate::report::Entry>);
}

/// What the host wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    /// Go on.
    Proceed,
    /// Finish the chunk at hand and return.
    WindDown,
}

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For whoever debugs.
    Debug,
    /// Worth knowing.
    Info,
    /// To be looked at.
    Warning,
    /// Something went wrong.
    Error,
}

/// How far the run is.
pub trait Progress {
    /// Reports how far a phase is.
    fn step(&self, phase: &str, done: u64, total: Option<u64>) -> Directive;
    /// A line for the log.
    fn note(&self, level: Level, text: &str);
}

/// The wall clock.
pub trait Clock {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// All that the engine is lent.
#[derive(Clone, Copy)]
pub struct Capabilities<'a> {
    /// HTTP.
    pub http: &'a dyn Http,
    /// Storage.
    pub storage: &'a dyn Storage,
    /// The journal.
    pub journal: &'a dyn Journal,
    /// Progress.
    pub progress: &'a dyn Progress,
    /// The clock.
    pub clock: &'a dyn Clock,
}
