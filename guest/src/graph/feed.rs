//! calendarView/delta: the changes of one calendar in one slice of time.
//!
//! The window is frozen in the token, so time is cut into slices of at most four years, each a feed of its own. Pages
//! are full events, because this delta takes no `$select`; occurrences come abridged; an event that leaves the slice is
//! reported removed, so a removal is a hint and never a proof.

use super::client::{elements, prefer};
use super::{Graph, mapping};
use crate::ask::{Ask, Fault};
use crate::capability::Response;
use crate::http;
use crate::side::{Feed, From, Observed, Page};
use crate::{text, time};
use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest slice. Graph takes 1,825 days at most.
const SLICE_DAYS: u64 = 1_461;
/// How far the last slice reaches beyond today when it is cut, and when the next one is.
const AHEAD_DAYS: u64 = 730;
const AHEAD_AT_LEAST_DAYS: u64 = 365;

/// The slices of a calendar, from a first day to well beyond the horizon. `known` are those that exist: a slice keeps its
/// bounds for ever, or its token would be lost.
#[must_use]
pub fn slices(folder: &str, from: NaiveDate, today: NaiveDate, known: &[Feed]) -> Vec<Feed> {
    let mut slices: Vec<(NaiveDate, NaiveDate)> =
        known.iter().filter(|feed| feed.folder == folder).filter_map(|feed| bounds(&feed.part)).collect();
    slices.sort_unstable();
    let first = slices
        .first()
        .map_or_else(|| time::plus_days(today, AHEAD_DAYS).max(time::plus_days(from, 1)), |(first, _)| *first);
    // Before what is known: the start date was moved back.
    let mut until = first;
    while until > from {
        let begin = time::minus_days(until, SLICE_DAYS).max(from);
        slices.push((begin, until));
        until = begin;
    }
    let mut end = slices.iter().map(|(_, end)| *end).max().unwrap_or(first);
    while end < time::plus_days(today, AHEAD_AT_LEAST_DAYS) {
        let next = time::plus_days(end, AHEAD_DAYS);
        slices.push((end, next));
        end = next;
    }
    slices.sort_unstable();
    slices
        .into_iter()
        .map(|(from, until)| Feed { folder: folder.to_owned(), part: format!("{from}..{until}") })
        .collect()
}

fn bounds(part: &str) -> Option<(NaiveDate, NaiveDate)> {
    let (from, until) = part.split_once("..")?;
    Some((from.parse().ok()?, until.parse().ok()?))
}

/// The next page.
pub fn pull<'a>(side: &'a Graph, feed: &'a Feed, from: &From, size: u32) -> Ask<'a, Result<Page, Fault>> {
    let address = match from {
        From::Cursor(link) => link.clone(),
        From::Start => {
            let Some((from, until)) = bounds(&feed.part) else {
                return Ask::ready(Err(Fault::Garbled(format!("\"{}\" is no window of time", feed.part))));
            };
            let instant = |date: NaiveDate| time::iso(Utc.from_utc_datetime(&date.and_time(NaiveTime::MIN)));
            let path = side.client.path(&format!("calendars/{}/calendarView/delta", http::encode(&feed.folder)));
            http::with_query(&path, &[("startDateTime", &instant(from)), ("endDateTime", &instant(until))])
        }
    };
    let request = side.client.get(&address, format!("odata.maxpagesize={size}, {}", prefer()));
    Ask::one(request, move |answer| decode(side, feed, answer))
}

fn decode(side: &Graph, feed: &Feed, answer: Result<Response, Fault>) -> Result<Page, Fault> {
    let body = http::json(answer)?;
    let events = elements(&body)?;
    let mut items = Vec::with_capacity(events.len());
    let titles = titles(events);
    for event in events {
        let Some(id) = event.get("id").and_then(Value::as_str) else {
            return Err(Fault::Garbled("a change without an id".into()));
        };
        if event.get("@removed").is_some() {
            items.push(Observed::Missing(id.to_owned()));
            continue;
        }
        let mut seen = mapping::seen(side, event, Some(&feed.folder))?;
        if seen.partial {
            complete_from_master(&mut seen, event, &titles);
        }
        items.push(Observed::Here(Box::new(seen)));
    }
    let (cursor, complete) = cursor(side, &body)?;
    Ok(Page { items, cursor, complete })
}

/// Where to go on after a page of changes, and whether it was the last one.
///
/// # Errors
/// [`Fault::Garbled`] where the page does not say, [`Fault::Denied`] where it says somewhere else.
pub fn cursor(side: &Graph, body: &Value) -> Result<(String, bool), Fault> {
    let (link, complete) = match (body.get("@odata.nextLink"), body.get("@odata.deltaLink").and_then(Value::as_str)) {
        (Some(Value::String(next)), _) => (next.as_str(), false),
        (_, Some(delta)) => (delta, true),
        // A page that says neither was cut short: what it lacks is not absent.
        (_, None) => return Err(Fault::Garbled("a page of changes without a link to the next".into())),
    };
    Ok((own(side, link)?, complete))
}

/// Where to go on after a page of a listing; none at its end.
///
/// # Errors
/// [`Fault::Denied`] where the link leads somewhere else.
pub fn next_link(side: &Graph, body: &Value) -> Result<Option<String>, Fault> {
    body.get("@odata.nextLink").and_then(Value::as_str).map(|link| own(side, link)).transpose()
}

fn own(side: &Graph, link: &str) -> Result<String, Fault> {
    side.client.own_link(link).ok_or_else(|| Fault::Denied("a page link to a foreign address".into()))
}

/// Titles of a page's events by id.
fn titles(events: &[Value]) -> BTreeMap<&str, &str> {
    fn titled(event: &Value) -> Option<(&str, &str)> {
        Some((event.get("id")?.as_str()?, event.get("subject")?.as_str()?))
    }
    events.iter().rev().filter_map(titled).collect()
}

/// An abridged occurrence has the title of its master, which stands in the same page.
fn complete_from_master(seen: &mut crate::activity::Seen, event: &Value, titles: &BTreeMap<&str, &str>) {
    let Some(master) = event.get("seriesMasterId").and_then(Value::as_str) else { return };
    if let Some(title) = titles.get(master)
        && !seen.masked
    {
        seen.values.insert(crate::activity::Unit::Title, crate::activity::Value::Text(text::line(title)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    fn parts(feeds: &[Feed]) -> Vec<&str> {
        feeds.iter().map(|feed| feed.part.as_str()).collect()
    }

    #[test]
    fn slices_cover_the_time_from_the_start_date_and_keep_their_bounds() {
        let first = slices("c", day("2026-11-15"), day("2026-11-22"), &[]);
        assert_eq!(parts(&first), ["2026-11-15..2028-11-21"]);
        let later = slices("c", day("2026-11-15"), day("2027-12-01"), &first);
        assert_eq!(parts(&later), ["2026-11-15..2028-11-21", "2028-11-21..2030-11-21"]);
        let earlier = slices("c", day("2020-01-01"), day("2026-11-22"), &first);
        assert_eq!(parts(&earlier), ["2020-01-01..2022-11-15", "2022-11-15..2026-11-15", "2026-11-15..2028-11-21"]);
        assert_eq!(slices("c", day("2026-12-15"), day("2026-11-22"), &first), first);
        assert_eq!(slices("other", day("2026-11-15"), day("2026-11-22"), &first).len(), 1);
    }
}
