//! Requests together with how their answers are read. An adapter only makes asks and so stays free of effects; the
//! engine joins asks of both sides into one call of the host, which runs them in parallel.

use crate::capability::{Answer, HttpError, Request, Response};

/// Why a request, or a part of a batch, gave nothing that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The host ends the run.
    #[error("the run was stopped")]
    Stopped,
    /// The server asked to wait longer than the run may last, in milliseconds.
    #[error("the server asked to wait")]
    Throttled(Option<u64>),
    /// A part of a batch is to be sent again after so many milliseconds; it was not carried out.
    #[error("the server asked to send it again in {0} ms")]
    Again(u64),
    /// No valid sign-in.
    #[error("{0}")]
    Credential(String),
    /// The host's policy refuses it.
    #[error("the host does not allow it: {0}")]
    Denied(String),
    /// Nothing was sent.
    #[error("the server cannot be reached ({0})")]
    Unreachable(String),
    /// It may have been carried out.
    #[error("the answer was lost: {0}")]
    Unknown(String),
    /// The answer is larger than wanted.
    #[error("the answer is too large ({0} bytes)")]
    TooLarge(u64),
    /// The server answered with an error.
    #[error("the server answered {status}{}{code}: {message}", if .code.is_empty() { "" } else { " " })]
    Refused {
        /// HTTP status.
        status: u16,
        /// The protocol's own code, or empty.
        code: String,
        /// What it said.
        message: String,
    },
    /// The answer makes no sense.
    #[error("the answer makes no sense: {0}")]
    Garbled(String),
}

impl Fault {
    /// The server says that this item does not exist.
    #[must_use]
    pub fn not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// The item changed since it was read.
    #[must_use]
    pub fn stale(&self) -> bool {
        matches!(self, Self::Refused { status: 412, .. })
    }

    /// The sign-in is refused, or lacks a right.
    #[must_use]
    pub fn forbidden(&self) -> bool {
        matches!(self, Self::Credential(_) | Self::Refused { status: 401 | 403, .. })
    }

    /// A write that ended so may have been carried out all the same.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        match self {
            // A host also denies an answer that repeats a secret.
            Self::Unknown(_) | Self::Garbled(_) | Self::TooLarge(_) | Self::Denied(_) => true,
            Self::Refused { status, .. } => *status >= 500,
            _ => false,
        }
    }
}

impl From<HttpError> for Fault {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Invalid(message) => Self::Refused { status: 400, code: "invalid-request".into(), message },
            HttpError::Denied(why) => Self::Denied(why),
            HttpError::Credential(why) => Self::Credential(why),
            HttpError::Unreachable(cause) => Self::Unreachable(cause.into()),
            HttpError::UnknownOutcome(why) | HttpError::Other(why) => Self::Unknown(why),
            HttpError::Throttled(wait) => Self::Throttled(wait),
            HttpError::TooLarge(size) => Self::TooLarge(size),
            HttpError::Stopped => Self::Stopped,
        }
    }
}

/// Reads as many answers as there were requests.
pub type Read<'a, T> = Box<dyn FnOnce(Vec<Answer>) -> T + 'a>;

/// Requests, and how to read their answers.
pub struct Ask<'a, T> {
    requests: Vec<Request>,
    read: Read<'a, T>,
}

impl<'a, T: 'a> Ask<'a, T> {
    /// One request.
    pub fn one(request: Request, read: impl FnOnce(Result<Response, Fault>) -> T + 'a) -> Self {
        Self {
            requests: vec![request],
            read: Box::new(move |answers| {
                let answer = answers.into_iter().next();
                read(answer.map_or_else(
                    || Err(Fault::Garbled("the host gave no answer".into())),
                    |answer| answer.map_err(Fault::from),
                ))
            }),
        }
    }

    /// No request at all.
    pub fn ready(value: T) -> Self {
        Self { requests: Vec::new(), read: Box::new(move |_| value) }
    }

    /// Both, in one call.
    #[must_use]
    pub fn and<U: 'a>(mut self, other: Ask<'a, U>) -> Ask<'a, (T, U)> {
        let mine = self.requests.len();
        self.requests.extend(other.requests);
        let (first, second) = (self.read, other.read);
        Ask {
            requests: self.requests,
            read: Box::new(move |mut answers| {
                let rest = answers.split_off(mine.min(answers.len()));
                (first(answers), second(rest))
            }),
        }
    }

    /// All of them, in one call.
    #[must_use]
    pub fn all(asks: Vec<Self>) -> Ask<'a, Vec<T>> {
        let mut requests = Vec::new();
        let mut reads = Vec::with_capacity(asks.len());
        for ask in asks {
            reads.push((ask.requests.len(), ask.read));
            requests.extend(ask.requests);
        }
        Ask {
            requests,
            read: Box::new(move |answers| {
                let mut answers = answers.into_iter();
                reads.into_iter().map(|(count, read)| read(answers.by_ref().take(count).collect())).collect()
            }),
        }
    }

    /// The same with its result changed.
    #[must_use]
    pub fn map<U: 'a>(self, change: impl FnOnce(T) -> U + 'a) -> Ask<'a, U> {
        let read = self.read;
        Ask { requests: self.requests, read: Box::new(move |answers| change(read(answers))) }
    }

    /// The same, started no earlier than so many milliseconds from now.
    #[must_use]
    pub fn after(mut self, milliseconds: u64) -> Self {
        for request in &mut self.requests {
            request.after = request.after.max(milliseconds);
        }
        self
    }

    /// The requests, and how to read as many answers.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Request>, Read<'a, T>) {
        (self.requests, self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(url: &str) -> Ask<'_, String> {
        let request = Request {
            method: "GET",
            url: url.into(),
            headers: Vec::new(),
            body: None,
            credential: crate::capability::Credential::None,
            repeatable: true,
            after: 0,
            slots: 1,
            max_body: 1,
        };
        Ask::one(request, |answer| answer.map_or_else(|fault| fault.to_string(), |answer| format!("{}", answer.status)))
    }

    #[test]
    fn each_ask_reads_its_own_answers() {
        let joined = ask("a").and(Ask::all(vec![ask("b"), ask("c")])).and(Ask::ready(1));
        let (requests, read) = joined.into_parts();
        assert_eq!(requests.iter().map(|request| request.url.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        let answer = |status| Ok(Response { status, headers: Vec::new(), body: Vec::new(), received: 0 });
        let ((a, rest), one) = read(vec![answer(200), answer(201), Err(HttpError::Stopped)]);
        assert_eq!((a.as_str(), rest, one), ("200", vec!["201".to_owned(), "the run was stopped".into()], 1));
    }
}
