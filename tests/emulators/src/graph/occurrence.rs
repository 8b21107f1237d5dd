//! Occurrences that differ from their series: how they come to be, how far they may go, what they take over.

use chrono::{DateTime, NaiveDate, Utc};

use super::apply::{Changed, apply, follow};
use super::decode::Patch;
use super::errors::ApiError;
use super::event::{Answer, Attendee, Event, Exception, Seen, Wall};
use super::write::extend;

impl Event {
    /// The occurrence if there is a date and it exists, else the whole.
    pub(super) fn occurrence_or_whole(&self, date: Option<NaiveDate>) -> Seen<'_> {
        date.and_then(|date| self.occurrence(date)).unwrap_or_else(|| self.whole())
    }

    /// Turns an occurrence into an exception, unless it is one already.
    pub(super) fn exception_mut(&mut self, date: NaiveDate, now: DateTime<Utc>) -> Option<&mut Exception> {
        let seen = self.occurrence(date)?;
        let mut content = seen.content().clone();
        let zone = content.start.zone.clone();
        if seen.exception().is_none() {
            content.start.at = seen.start();
            content.end = Wall { at: seen.end(), zone };
        }
        let fresh = Exception {
            content,
            own: Changed::new(),
            ext: seen.ext().clone(),
            answer: seen.answer(),
            cancelled: seen.cancelled(),
            change: seen.change(),
            modified: now,
        };
        Some(self.series.as_mut()?.exceptions.entry(date).or_insert(fresh))
    }
}

/// Applies a change to one occurrence, which becomes an exception by it.
pub(super) fn update_occurrence(
    event: &mut Event,
    date: NaiveDate,
    patch: &Patch,
    join: &str,
    now: DateTime<Utc>,
) -> Result<Changed, ApiError> {
    if patch.recurrence.as_ref().is_some_and(Option::is_some) {
        return Err(ApiError::property("An occurrence of a series cannot recur itself."));
    }
    let exception = event.exception_mut(date, now).ok_or_else(ApiError::not_found)?;
    let mut changed = apply(&mut exception.content, patch, join);
    exception.content.check()?;
    if extend(&mut exception.ext, patch) {
        changed.insert("extended");
    }
    exception.own.extend(changed.iter().copied());
    exception.modified = now;
    if changed.contains("when") {
        crossing(event, date)?;
    }
    Ok(changed)
}

/// An occurrence may not reach the day of its neighbours.
fn crossing(event: &Event, date: NaiveDate) -> Result<(), ApiError> {
    let Some(series) = &event.series else { return Ok(()) };
    let day = |date: NaiveDate| event.occurrence(date).map(|seen| seen.start().date());
    let neighbour = |mut date: NaiveDate, back: bool| loop {
        date = if back { series.rule.previous(date)? } else { series.rule.next(date.succ_opt()?)? };
        if let Some(day) = day(date) {
            return Some(day);
        }
    };
    let Some(moved) = day(date) else { return Ok(()) };
    if neighbour(date, true).is_some_and(|before| moved <= before)
        || neighbour(date, false).is_some_and(|after| moved >= after)
    {
        return Err(ApiError::new(
            400,
            "ErrorOccurrenceCrossingBoundary",
            "Modified occurrence is crossing or overlapping adjacent occurrence.",
        ));
    }
    Ok(())
}

/// Lets every exception follow its master.
pub(super) fn follow_all(event: &mut Event) {
    let master = event.content.clone();
    let Some(series) = &mut event.series else { return };
    let length = master.end.at - master.start.at;
    for (date, exception) in &mut series.exceptions {
        let start = Wall { at: date.and_time(master.start.at.time()), zone: master.start.zone.clone() };
        let end = Wall { at: start.at + length, zone: master.end.zone.clone() };
        follow(exception, &master, start, end);
    }
}

/// A new time asks everybody anew.
pub(super) fn reset_answers(event: &mut Event, date: Option<NaiveDate>) {
    let reset = |people: &mut Vec<Attendee>| {
        for person in people.iter_mut().filter(|person| person.answer.response != "organizer") {
            person.answer = Answer::NONE;
            person.proposed = None;
        }
    };
    match date {
        Some(date) => {
            if let Some(exception) = event.series.as_mut().and_then(|series| series.exceptions.get_mut(&date)) {
                reset(&mut exception.content.attendees);
            }
        }
        None => reset(&mut event.content.attendees),
    }
}
