//! Users, sessions and tokens: who a request speaks for.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::failure::Failure;
use super::ids::derived;
use super::knobs::{ExpiredSession, Knobs};
use crate::wire::Request;

/// A system user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// The row in `SysAdminUnit`.
    pub id: Uuid,
    /// The row in `Contact`: what `Owner`, `Author` and participants point at.
    pub contact: Uuid,
    /// What is typed at sign-in.
    pub login: String,
    /// The password.
    #[serde(skip)]
    pub password: String,
    /// Sees and writes every row.
    pub admin: bool,
    /// Has the operation right `CanUseODataService`.
    pub odata: bool,
    /// May sign in.
    pub active: bool,
    /// All row rights were taken away.
    pub revoked: bool,
}

/// A client of the identity service, bound to one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) secret: String,
    pub(super) user: Uuid,
}

#[derive(Debug, Clone)]
struct Session {
    user: Uuid,
    loader: String,
    csrf: String,
    used: DateTime<Utc>,
    requests: u32,
}

/// Who may do what, and who is signed in.
#[derive(Debug, Clone, Default)]
pub(super) struct Access {
    pub(super) users: BTreeMap<Uuid, User>,
    pub(super) clients: BTreeMap<String, Client>,
    sessions: BTreeMap<String, Session>,
    tokens: BTreeMap<String, (Uuid, DateTime<Utc>)>,
    issued: u64,
}

/// Why a request is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Failure(Failure),
    /// To the login page, by redirect or at once.
    Login(ExpiredSession),
}

impl Access {
    pub(super) fn user_by_login(&self, login: &str) -> Option<&User> {
        self.users.values().find(|user| user.login.eq_ignore_ascii_case(login))
    }

    fn secret(&mut self, kind: &str) -> String {
        self.issued += 1;
        let first = derived(&format!("{kind} {}", self.issued)).simple().to_string();
        let second = derived(&format!("{first} {}", self.issued)).simple().to_string();
        (first + &second).to_uppercase()
    }

    /// The cookies of a new session, by name.
    pub(super) fn open_session(&mut self, user: &User, now: DateTime<Utc>) -> Vec<(&'static str, String)> {
        let (key, loader, csrf) = (self.secret("session"), self.secret("loader"), self.secret("csrf"));
        let session = Session { user: user.id, loader: loader.clone(), csrf: csrf.clone(), used: now, requests: 0 };
        self.sessions.insert(key.clone(), session);
        let name = user.login.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join("%7C");
        vec![
            ("BPMLOADER", loader),
            (".ASPXAUTH", key),
            ("BPMCSRF", csrf),
            ("UserName", name),
            ("UserType", "General".into()),
        ]
    }

    pub(super) fn mint(&mut self, user: Uuid, now: DateTime<Utc>, seconds: i64) -> String {
        let token = self.secret("token");
        self.tokens.insert(token.clone(), (user, now + TimeDelta::seconds(seconds)));
        token
    }

    pub(super) fn end_sessions(&mut self, user: Option<Uuid>) -> usize {
        let before = self.sessions.len();
        self.sessions.retain(|_, session| user.is_some_and(|user| session.user != user));
        before - self.sessions.len()
    }

    pub(super) fn end_tokens(&mut self, user: Option<Uuid>) -> usize {
        let before = self.tokens.len();
        self.tokens.retain(|_, (owner, _)| user.is_some_and(|user| *owner != user));
        before - self.tokens.len()
    }

    /// The user that a request speaks for, and a cookie to be set anew, if any.
    pub(super) fn admit(
        &mut self,
        request: &Request,
        now: DateTime<Utc>,
        knobs: &Knobs,
    ) -> Result<(User, Option<String>), Refusal> {
        let (user, cookie) = match request.header("authorization") {
            Some(header) => (self.bearer(header, now)?, None),
            None => self.session(request, now, knobs)?,
        };
        let user = self.users.get(&user).filter(|user| user.active).cloned().ok_or_else(unauthorized)?;
        Ok((user, cookie))
    }

    fn bearer(&self, header: &str, now: DateTime<Utc>) -> Result<Uuid, Refusal> {
        let token = header.strip_prefix("Bearer ").ok_or_else(unauthorized)?;
        match self.tokens.get(token.trim()) {
            Some((user, end)) if now < *end => Ok(*user),
            _ => Err(unauthorized()),
        }
    }

    fn session(
        &mut self,
        request: &Request,
        now: DateTime<Utc>,
        knobs: &Knobs,
    ) -> Result<(Uuid, Option<String>), Refusal> {
        let cookies: BTreeMap<&str, &str> = request
            .headers
            .iter()
            .filter(|(name, _)| name == "cookie")
            .flat_map(|(_, value)| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .collect();
        let forced = request.header("forceusesession").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let fresh = self.issued;
        let session = cookies
            .get(".ASPXAUTH")
            .and_then(|key| self.sessions.get_mut(*key))
            .filter(|session| cookies.get("BPMLOADER") == Some(&session.loader.as_str()))
            .filter(|session| now - session.used < TimeDelta::seconds(knobs.session_seconds));
        let Some(session) = session else {
            return Err(match knobs.expired_session {
                ExpiredSession::Unauthorized if forced => unauthorized(),
                ExpiredSession::Unauthorized => Refusal::Login(ExpiredSession::Redirect),
                other => Refusal::Login(other),
            });
        };
        if knobs.csrf && request.header("bpmcsrf") != Some(session.csrf.as_str()) {
            return Err(Refusal::Failure(Failure::Denied(403, "Forbidden: the BPMCSRF token is not valid.".into())));
        }
        session.used = now;
        session.requests += 1;
        let mut cookie = None;
        if knobs.rotate_csrf_after > 0 && session.requests.is_multiple_of(knobs.rotate_csrf_after) {
            let next = derived(&format!("{} {fresh} {}", session.csrf, session.requests)).simple().to_string();
            session.csrf.clone_from(&next);
            cookie = Some(format!("BPMCSRF={next}; path=/"));
        }
        Ok((session.user, cookie))
    }
}

fn unauthorized() -> Refusal {
    Refusal::Failure(Failure::Denied(401, "Authorization has been denied for this request.".into()))
}
