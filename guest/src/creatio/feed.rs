//! Scans for changes. Creatio has no change feed: rows are asked for by `ModifiedOn`, from a watermark that the site's
//! own clock gives, and in an order that rows changing meanwhile cannot fall through.

use super::client::{self, row_id, rows};
use super::{Creatio, mapping};
use crate::ask::{Ask, Fault};
use crate::capability::Response;
use crate::http;
use crate::side::{Feed, From, Observed, Page};
use crate::time;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Rows of Activity.
pub const ACTIVITIES: &str = "activities";
/// Rows of ActivityParticipant: a participant's change need not touch the activity.
pub const PARTICIPANTS: &str = "participants";

/// Rows of Activity, all of them once more: rows that became visible were not changed, and no other feed names them.
const SWEPT_ACTIVITIES: &str = "sweep";
/// Rows of ActivityParticipant once more, likewise.
const SWEPT_PARTICIPANTS: &str = "sweep-participants";

/// How far a scan reaches back behind the last one: transactions commit later than they are stamped.
const OVERLAP_MINUTES: i64 = 5;

/// Where a scan stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// Rows changed since then; none in a first scan.
    since: Option<DateTime<Utc>>,
    /// `Date` of the scan's first answer: where the next scan begins.
    began: Option<DateTime<Utc>>,
    /// Stamp of the last row read.
    last: Option<DateTime<Utc>>,
    /// How many rows of that very stamp were read.
    same: usize,
    /// A first scan: rows are limited by their end, not by their stamp.
    first: bool,
}

/// The feeds of the Creatio side.
#[must_use]
pub fn feeds(shared: bool) -> Vec<Feed> {
    let parts: &[&str] = if shared { &[ACTIVITIES, PARTICIPANTS] } else { &[ACTIVITIES] };
    parts.iter().map(|part| Feed { folder: String::new(), part: (*part).to_owned() }).collect()
}

/// The feeds that list everything once more, each from its beginning.
#[must_use]
pub fn sweep(shared: bool) -> Vec<Feed> {
    let parts: &[&str] = if shared { &[SWEPT_ACTIVITIES, SWEPT_PARTICIPANTS] } else { &[SWEPT_ACTIVITIES] };
    parts.iter().map(|part| Feed { folder: String::new(), part: (*part).to_owned() }).collect()
}

/// It lists everything once more.
#[must_use]
pub fn sweeps(feed: &Feed) -> bool {
    [SWEPT_ACTIVITIES, SWEPT_PARTICIPANTS].contains(&feed.part.as_str())
}

/// The next page.
pub fn pull<'a>(side: &'a Creatio, feed: &'a Feed, from: &From, size: u32) -> Ask<'a, Result<Page, Fault>> {
    let cursor = match from {
        From::Start => Cursor { first: true, ..Cursor::default() },
        From::Cursor(text) => match serde_json::from_str(text) {
            Ok(cursor) => cursor,
            Err(why) => return Ask::ready(Err(Fault::Garbled(format!("the stored cursor of {}: {why}", feed.part)))),
        },
    };
    let activities = ![PARTICIPANTS, SWEPT_PARTICIPANTS].contains(&feed.part.as_str());
    let filter = filter(side, &cursor, activities);
    let columns = if activities { mapping::columns(side, false) } else { "Id,ActivityId,ModifiedOn".into() };
    let skipped = skipped(&cursor, size);
    let (top, skip) = (size.to_string(), skipped.to_string());
    let request = side.client.get(&http::with_query(
        if activities { "Activity" } else { "ActivityParticipant" },
        &[
            ("$filter", &filter),
            ("$orderby", "ModifiedOn,Id"),
            ("$select", &columns),
            ("$top", &top),
            ("$skip", &skip),
            ("$count", "true"),
        ],
    ));
    Ask::one(request, move |answer| decode(side, &cursor, activities, (size, skipped), answer))
}

/// Rows of the last stamp are read again rather than skipped, because one that changed meanwhile has left their number;
/// only where they alone fill a page is there no other way.
fn skipped(cursor: &Cursor, size: u32) -> usize {
    if cursor.same >= usize::try_from(size).unwrap_or(usize::MAX) { cursor.same } else { 0 }
}

fn filter(side: &Creatio, cursor: &Cursor, activities: bool) -> String {
    let contact = side.site.contact;
    let mut terms = Vec::new();
    if let Some(since) = cursor.last.or(cursor.since) {
        terms.push(format!("ModifiedOn ge {}", time::iso(since)));
    }
    if activities {
        if cursor.first {
            terms.push(format!("DueDate ge {}", time::iso(side.floor)));
        }
        // A lookup is filtered by its navigation path; its scalar column is an error.
        terms.push(format!("Type/Id ne {}", mapping::TYPE_EMAIL));
        if side.shared {
            terms.push(format!("(Owner/Id eq {contact} or Author/Id eq {contact})"));
        }
    } else {
        if cursor.first {
            terms.push(format!("Activity/DueDate ge {}", time::iso(side.floor)));
        }
        terms.push(format!("Participant/Id eq {contact}"));
    }
    terms.join(" and ")
}

fn decode(
    side: &Creatio,
    cursor: &Cursor,
    activities: bool,
    (size, skipped): (u32, usize),
    answer: Result<Response, Fault>,
) -> Result<Page, Fault> {
    let date = answer.as_ref().ok().and_then(|response| response.header("date")).and_then(time::parse_http_date);
    let body = http::json(answer)?;
    let rows = rows(&body)?;
    let mut items = Vec::with_capacity(rows.len());
    let mut next = cursor.clone();
    next.same = skipped;
    for row in rows {
        let stamp = mapping::instant(row, "ModifiedOn");
        if stamp.is_some() && stamp == next.last {
            next.same = next.same.saturating_add(1);
        } else {
            next.last = stamp.or(next.last);
            next.same = 1;
        }
        if activities {
            let observed = match mapping::seen(side, row, false, true) {
                Ok(seen) => Observed::Here(Box::new(seen)),
                Err(fault) => match row_id(row) {
                    Some(id) => Observed::Touched(id),
                    None => return Err(fault),
                },
            };
            items.push(observed);
        } else if let Some(activity) = client::activity_of(row) {
            items.push(Observed::Touched(activity));
        }
    }
    if next.began.is_none() {
        next.began = date;
    }
    // A page that is shorter than asked for is the last one only if the count agrees: a cut listing loses no change.
    let counted = body.get("@odata.count").and_then(count).map(|count| count.saturating_sub(skipped));
    let linked = body.get("@odata.nextLink").is_some_and(|link| !link.is_null());
    let complete = match counted {
        Some(count) => rows.len() >= count && !linked,
        None => rows.len() < usize::try_from(size).unwrap_or(usize::MAX) && !linked,
    };
    if !complete && rows.is_empty() {
        return Err(Fault::Garbled("a page without rows although there are more".into()));
    }
    // A clock that was set back stamps new rows with times that are read already: everything is read once more, and at
    // once, or what is new here would be made a second time out of its other half.
    let again = complete && next.began.zip(next.since).is_some_and(|(began, since)| began < since);
    let (next, complete) = match (again, complete) {
        (true, _) => (Cursor { first: true, ..Cursor::default() }, false),
        (false, true) => (finished(side, next), true),
        (false, false) => (next, false),
    };
    let cursor = serde_json::to_string(&next).map_err(|why| Fault::Garbled(why.to_string()))?;
    Ok(Page { items, cursor, complete })
}

/// Where the next scan begins: the site's time when this one began, less overlap and skew. Without a `Date` it begins
/// where this one did, which reads too much and misses nothing.
fn finished(side: &Creatio, cursor: Cursor) -> Cursor {
    let since = match cursor.began {
        Some(began) => Duration::try_seconds(side.skew)
            .and_then(|skew| began.checked_sub_signed(skew)?.checked_sub_signed(Duration::minutes(OVERLAP_MINUTES)))
            .or(cursor.since),
        None => cursor.since,
    };
    // It never moves back, or skew measured late would read old rows again and again.
    let since = since.max(cursor.since);
    Cursor { since, first: since.is_none(), ..Cursor::default() }
}

/// The number in an `@odata.count`.
pub(super) fn count(value: &Value) -> Option<usize> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
        // IEEE754Compatible turns 64-bit numbers into strings.
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
