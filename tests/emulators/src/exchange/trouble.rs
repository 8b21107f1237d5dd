//! What goes wrong on demand, in the forms that Exchange has for it.

use serde::{Deserialize, Serialize};

use super::Exchange;
use super::problem::Problem;
use super::xml::Node;

/// How a request is refused as a whole, or one of its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Form {
    /// `ErrorServerBusy` in every response message, with 200.
    Busy,
    /// `ErrorServerBusy` as a fault, with 500.
    BusyFault,
    /// `ErrorInternalServerError` as a fault, whose inner code is `ErrorServerBusy`.
    BusyInside,
    /// 503 without a word.
    Unavailable,
    /// A redirect to the page of errors.
    ErrorPage,
    /// An answer that breaks off.
    Garbled,
    /// A code of this request's own in the response message of the `item`-th, or as a fault.
    Code,
    /// Items from the `item`-th on are not tried, with a warning.
    Stop,
}

/// One trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trouble {
    form: Form,
    /// Of which operation; any if not given.
    #[serde(default)]
    operation: Option<String>,
    /// A part of the request that must be there.
    #[serde(default)]
    body: Option<String>,
    /// How many requests.
    #[serde(default = "once")]
    times: u32,
    /// `BackOffMilliseconds`.
    #[serde(default)]
    milliseconds: Option<u32>,
    #[serde(default)]
    code: Option<String>,
    /// Which item, from 1; the whole request if not given.
    #[serde(default)]
    item: Option<usize>,
    /// The service acts all the same.
    #[serde(default)]
    acts: bool,
}

const fn once() -> u32 {
    1
}

/// What a request meets.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Met {
    pub(super) form: Form,
    pub(super) problem: Problem,
    pub(super) item: Option<usize>,
    pub(super) acts: bool,
}

impl Exchange {
    pub(super) fn add_trouble(&mut self, trouble: Trouble) {
        self.troubles.push(trouble);
    }

    pub(super) fn clear_troubles(&mut self) {
        self.troubles.clear();
    }

    /// The trouble that this request meets, if any.
    pub(super) fn meet(&mut self, operation: &Node, body: &str) -> Option<Met> {
        let fits = |trouble: &Trouble| {
            trouble.operation.as_deref().is_none_or(|name| name == operation.name)
                && trouble.body.as_deref().is_none_or(|part| body.contains(part))
        };
        let at = self.troubles.iter().position(fits)?;
        let trouble = self.troubles.get_mut(at)?;
        trouble.times = trouble.times.saturating_sub(1);
        let met = trouble.clone();
        if met.times == 0 {
            self.troubles.remove(at);
        }
        let mut problem = match (&met.form, &met.code) {
            (Form::Busy | Form::BusyFault, _) => {
                Problem::new("ErrorServerBusy", "The server cannot service this request right now. Try again later.")
            }
            (Form::BusyInside, _) => {
                let text = "An internal server error occurred. The operation failed.";
                Problem::new("ErrorInternalServerError", text).value("InnerErrorResponseCode", "ErrorServerBusy")
            }
            (Form::Stop, _) => {
                let text = "Batch processing was stopped because an error occurred or a limit was reached.";
                Problem::new("ErrorBatchProcessingStopped", text)
            }
            (_, code) => Problem::new(code.as_deref().unwrap_or("ErrorInternalServerError"), "The operation failed."),
        };
        if let Some(milliseconds) = met.milliseconds {
            problem = problem.value("BackOffMilliseconds", milliseconds.to_string());
        }
        Some(Met { form: met.form, problem, item: met.item, acts: met.acts })
    }
}
