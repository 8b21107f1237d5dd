//! Rounds of change tracking over a log, in pages, by opaque tokens: what calendars and task lists have in common.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Graph;
use super::errors::ApiError;
use super::ids::Key;
use super::knobs::DeadToken;
use super::mailbox::{Entry, Log};
use super::query::{Model, Query, escape};
use super::route::{Answer, Call};

/// What a round shows the changes of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feed {
    /// The events of a calendar, as masters and single events.
    Events,
    /// A window of a calendar.
    View,
    /// The tasks of a list.
    Tasks,
    /// The task lists of a mailbox.
    Lists,
}

impl Feed {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Events, "0"), (Self::View, "1"), (Self::Tasks, "2"), (Self::Lists, "3")];

    fn code(self) -> &'static str {
        Self::ALL.iter().find(|(feed, _)| *feed == self).map_or("0", |(_, code)| code)
    }

    const fn entity(self) -> &'static str {
        match self {
            Self::Events | Self::View => "event",
            Self::Tasks => "todoTask",
            Self::Lists => "todoTaskList",
        }
    }

    /// Whether `$top` sets the size of its pages.
    const fn takes_top(self) -> bool {
        matches!(self, Self::Tasks | Self::Lists)
    }
}

/// What a token holds. The window and the query are frozen in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    feed: Feed,
    mailbox: Uuid,
    folder: Key,
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    /// Changes up to this number have been shown.
    seen: u64,
    /// Changes up to this number belong to the full round, which shows what is there and no removals.
    full: u64,
    issued: DateTime<Utc>,
    epoch: u64,
    /// The empty page of this round has been given.
    blank: bool,
    /// What the first request of the round wants shown, encoded.
    query: String,
}

impl Token {
    fn encode(&self) -> String {
        let fields = [
            self.feed.code().to_owned(),
            self.mailbox.simple().to_string(),
            self.folder.to_string(),
            self.from.timestamp_millis().to_string(),
            self.to.timestamp_millis().to_string(),
            self.seen.to_string(),
            self.full.to_string(),
            self.issued.timestamp().to_string(),
            self.epoch.to_string(),
            u8::from(self.blank).to_string(),
            self.query.clone(),
        ];
        URL_SAFE_NO_PAD.encode(fields.join(";"))
    }

    fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut fields = text.split(';');
        let mut next = || fields.next();
        let code = next()?;
        Some(Self {
            feed: Feed::ALL.iter().find(|(_, known)| *known == code)?.0,
            mailbox: next()?.parse().ok()?,
            folder: next()?.parse().ok()?,
            from: DateTime::from_timestamp_millis(next()?.parse().ok()?)?,
            to: DateTime::from_timestamp_millis(next()?.parse().ok()?)?,
            seen: next()?.parse().ok()?,
            full: next()?.parse().ok()?,
            issued: DateTime::from_timestamp(next()?.parse().ok()?, 0)?,
            epoch: next()?.parse().ok()?,
            blank: next()? == "1",
            query: next()?.to_owned(),
        })
    }
}

/// What a round goes over.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) feed: Feed,
    pub(super) model: Model,
    /// The calendar or list whose log it is.
    pub(super) folder: Key,
    pub(super) log: &'a Log,
}

/// A page as it is filled, with what its round wants.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) token: Token,
    pub(super) query: Query,
    pub(super) rows: Vec<Value>,
}

/// Parameters that a round carries on in its links.
const CARRIED: [&str; 3] = ["$select", "$expand", "$top"];

fn carried(query: &Query) -> String {
    let wanted = query.pairs.iter().filter(|(name, _)| CARRIED.contains(&name.to_ascii_lowercase().as_str()));
    let pairs: Vec<String> = wanted.map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}

impl Graph {
    /// One page of a round. `start` gives the window of a fresh one; `show` adds what there is of an entry and `gone` what
    /// is said of one of which there is nothing.
    pub(super) fn round(
        &self,
        call: &Call<'_>,
        source: &Source<'_>,
        start: impl FnOnce(&Query) -> Result<(DateTime<Utc>, DateTime<Utc>), ApiError>,
        show: impl Fn(&mut Page, &Entry),
        gone: impl Fn(&mut Page, &Entry),
    ) -> Answer {
        let guid = self.mailbox(call.at)?.guid;
        let query = call.query(source.model)?;
        let given = query.get("$skiptoken").or_else(|| query.get("$deltatoken")).filter(|text| !text.is_empty());
        let token = match given {
            Some(text) => {
                let token = Token::decode(text)
                    .filter(|token| token.feed == source.feed && token.mailbox == guid && token.folder == source.folder)
                    .filter(|token| token.seen <= self.counter && token.full <= self.counter)
                    .ok_or_else(|| ApiError::new(400, "ErrorInvalidIdMalformed", "The delta token is malformed."))?;
                let old = self
                    .knobs
                    .delta_token_lifetime
                    .is_some_and(|life| call.now - token.issued >= Duration::seconds(life));
                if token.epoch != self.delta_epoch || old {
                    return Err(self.dead(call, &token));
                }
                Token { issued: call.now, ..token }
            }
            None => {
                let (from, to) = start(&query)?;
                Token {
                    feed: source.feed,
                    mailbox: guid,
                    folder: source.folder,
                    from,
                    to,
                    seen: 0,
                    full: self.counter,
                    issued: call.now,
                    epoch: self.delta_epoch,
                    blank: false,
                    query: carried(&query),
                }
            }
        };
        let query = Query::parse(&token.query, source.model)?;
        let mut page = Page { token, query, rows: Vec::new() };
        let blank = self.knobs.delta_empty_pages && !page.token.blank;
        page.token.blank = true;
        let complete = !blank && self.fill(call, source, &mut page, show, gone);
        Ok(self.page_answer(call, page, complete))
    }

    fn page_answer(&self, call: &Call<'_>, page: Page, complete: bool) -> crate::wire::Response {
        let Page { mut token, rows, .. } = page;
        let link = if complete {
            token.seen = self.counter;
            token.full = 0;
            token.blank = false;
            ("@odata.deltaLink", "deltatoken")
        } else {
            ("@odata.nextLink", "skiptoken")
        };
        let mut answer = Map::new();
        let context = format!("{}/v1.0/$metadata#Collection({})", call.base, token.feed.entity());
        answer.insert("@odata.context".to_owned(), context.into());
        answer.insert(link.0.to_owned(), format!("{}?%24{}={}", call.address, link.1, token.encode()).into());
        answer.insert("value".to_owned(), rows.into());
        let mut applied = vec!["odata.track-changes".to_owned()];
        applied.extend(call.prefer.applied.iter().cloned());
        if let Some(size) = call.prefer.page {
            applied.push(format!("odata.maxpagesize={size}"));
        }
        let response = crate::wire::Response::json(200, &Value::Object(answer));
        response.with("preference-applied", applied.join(", "))
    }

    /// Fills a page, and says whether the round is complete with it.
    fn fill(
        &self,
        call: &Call<'_>,
        source: &Source<'_>,
        page: &mut Page,
        show: impl Fn(&mut Page, &Entry),
        gone: impl Fn(&mut Page, &Entry),
    ) -> bool {
        let top = page.query.get("$top").filter(|_| source.feed.takes_top()).map(|_| page.query.top);
        let wanted = call.prefer.page.or(top).unwrap_or(self.knobs.delta_page_size);
        let size = wanted.clamp(1, self.knobs.delta_page_limit.max(1));
        let entries = &source.log.entries;
        if self.knobs.delta_replays
            && page.token.seen > 0
            && let Some((_, entry)) = entries.range(..=page.token.seen).rev().find(|(_, entry)| !entry.gone)
        {
            show(page, entry);
        }
        for (number, entry) in entries.range(page.token.seen + 1..) {
            if page.rows.len() >= size {
                return false;
            }
            let before = page.rows.len();
            if !entry.gone {
                show(page, entry);
            }
            // Nothing to show is as good as removed, also for what was never shown before.
            if page.rows.len() == before && *number > page.token.full {
                gone(page, entry);
            }
            page.token.seen = *number;
        }
        true
    }

    fn dead(&self, call: &Call<'_>, token: &Token) -> ApiError {
        let (status, code) = match self.knobs.delta_dead_token {
            DeadToken::Gone | DeadToken::GoneWithLocation => (410, "SyncStateNotFound"),
            DeadToken::ResyncRequired => (410, "resyncRequired"),
            DeadToken::BadRequest => (400, "ErrorInvalidIdMalformed"),
            DeadToken::BadRequestSyncState => (400, "SyncStateNotFound"),
        };
        let message = format!(
            "The sync state generation is not found; generation={};[highest={}]",
            token.epoch, self.delta_epoch
        );
        let error = ApiError::new(status, code, message);
        if self.knobs.delta_dead_token != DeadToken::GoneWithLocation {
            return error;
        }
        let stamp = |at: DateTime<Utc>| escape(&at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        let mut asked = token.query.clone();
        if token.feed == Feed::View {
            asked = format!("startDateTime={}&endDateTime={}", stamp(token.from), stamp(token.to));
        }
        let join = if asked.is_empty() { "" } else { "&" };
        error.header("location", format!("{}?{asked}{join}%24deltatoken=", call.address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_round_trip_and_garbage_does_not() {
        let token = Token {
            feed: Feed::Tasks,
            mailbox: Uuid::from_u128(7),
            folder: 3,
            from: DateTime::UNIX_EPOCH,
            to: DateTime::UNIX_EPOCH,
            seen: 9,
            full: 12,
            issued: DateTime::UNIX_EPOCH,
            epoch: 0,
            blank: true,
            query: "%24expand=linkedResources".to_owned(),
        };
        assert_eq!(Token::decode(&token.encode()), Some(token));
        assert_eq!(Token::decode("garbage"), None);
    }
}
