//! Users of the directory: one of them, and all of them by pages.

use serde_json::{Map, Value};

use super::Graph;
use super::errors::ApiError;
use super::mailbox::Mailbox;
use super::query::{Model, Query, escape};
use super::route::{Answer, Call, settings};
use crate::wire::{Request, Response};

/// Users of a page, unless `$top` says otherwise.
const PAGE: usize = 100;
/// Users of a page at most.
const MOST: usize = 999;
/// What a token of a page begins with.
const TOKEN: &str = "RFNwdAIAAQAAAB";

impl Graph {
    pub(super) fn user(&self, call: &Call<'_>) -> Answer {
        let query = call.query(Model::User)?;
        self.readable()?;
        let mailbox = self.mailbox(call.at)?;
        let mut user = user(mailbox);
        if query.select.as_ref().is_some_and(|select| select.iter().any(|name| name == "mailboxSettings")) {
            user.insert("mailboxSettings".to_owned(), settings(&mailbox.zone));
        }
        query.project(&mut user, &[]);
        user.insert("@odata.context".to_owned(), format!("{}/v1.0/$metadata#users/$entity", call.base).into());
        Ok(call.ok(200, &Value::Object(user)))
    }

    pub(super) fn users(&self, request: &Request) -> Answer {
        self.readable()?;
        if request.method != "GET" {
            return Err(super::route::not_allowed());
        }
        let query = Query::read(request, Model::User)?;
        if query.get("$skip").is_some() {
            return Err(unsupported("'$skip' is not supported by the service."));
        }
        let top = if query.get("$top").is_some() { query.top } else { PAGE };
        if top > MOST {
            let message = format!("Invalid page size specified: '{top}'. Must be between 1 and {MOST} inclusive.");
            return Err(unsupported(&message));
        }
        let skip = match query.get("$skiptoken") {
            Some(token) => token.strip_prefix(TOKEN).and_then(|number| number.parse().ok()).ok_or_else(|| {
                let message =
                    "The specified page token value has expired and can no longer be included in your request.";
                ApiError::new(400, "Directory_ExpiredPageToken", message)
            })?,
            None => 0_usize,
        };
        // Some conditions the directory answers only to who says that it need not be up to date.
        let eventual = request.header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
        if query.count && !eventual {
            return Err(unsupported("Counting needs the header ConsistencyLevel: eventual."));
        }
        let mut users: Vec<Map<String, Value>> = self.mailboxes.iter().map(user).collect();
        users.retain(|user| query.filter.as_ref().is_none_or(|filter| filter.matches(user)));
        super::calendars::sort(&mut users, &query);
        let total = users.len();
        let mut answer = Map::new();
        let base = self.base(request);
        answer.insert("@odata.context".to_owned(), format!("{base}/v1.0/$metadata#users").into());
        if query.count {
            answer.insert("@odata.count".to_owned(), total.into());
        }
        let page: Vec<Value> = users
            .into_iter()
            .skip(skip)
            .take(top)
            .map(|mut user| {
                query.project(&mut user, &[]);
                Value::Object(user)
            })
            .collect();
        let next = skip + page.len();
        if next < total {
            let kept = query.pairs.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken"));
            let kept: String = kept.map(|(name, value)| format!("{}={}&", escape(name), escape(value))).collect();
            answer.insert(
                "@odata.nextLink".to_owned(),
                format!("{base}/v1.0/users?{kept}$skiptoken={TOKEN}{next}").into(),
            );
        }
        answer.insert("value".to_owned(), page.into());
        Ok(Response::json(200, &Value::Object(answer)))
    }

    fn readable(&self) -> Result<(), ApiError> {
        if self.knobs.users_readable {
            return Ok(());
        }
        let message = "Insufficient privileges to complete the operation.";
        Err(ApiError::new(403, "Authorization_RequestDenied", message))
    }
}

fn unsupported(message: &str) -> ApiError {
    ApiError::new(400, "Request_UnsupportedQuery", message)
}

fn user(mailbox: &Mailbox) -> Map<String, Value> {
    let mut user = Map::new();
    user.insert("id".to_owned(), mailbox.user.to_string().into());
    user.insert("displayName".to_owned(), mailbox.who.name.clone().into());
    user.insert("mail".to_owned(), mailbox.who.address.clone().into());
    user.insert("userPrincipalName".to_owned(), mailbox.who.address.clone().into());
    user
}
