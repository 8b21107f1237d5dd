//! Answers to invitations: what they do to the attendee's copy, and how they reach the organizer's.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::Graph;
use super::errors::ApiError;
use super::event::{Address, Answer, Attendee, Event};
use super::ids::Key;
use super::occurrence::follow_all;

/// An answer to an invitation, as the three actions give it.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) response: &'static str,
    pub(super) send: bool,
    pub(super) proposed: Option<Value>,
}

impl Graph {
    /// Answers an invitation as an attendee.
    pub(super) fn respond(
        &mut self,
        at: usize,
        key: Key,
        date: Option<NaiveDate>,
        reply: &Reply,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let mut event = self.event(at, key)?.clone();
        if event.is_organizer {
            return Err(ApiError::invalid(
                "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.",
            ));
        }
        if reply.proposed.is_some() && (!reply.send || !event.content.allow_proposals) {
            return Err(ApiError::invalid(
                "A new time cannot be proposed: the event does not allow it, or no response is sent.",
            ));
        }
        let answer = Answer { response: reply.response, time: Some(now) };
        let show_as = if reply.response == "accepted" { "busy" } else { "tentative" };
        let me = self.mailbox(at)?.who.clone();
        match date {
            Some(date) => {
                let exception = event.exception_mut(date, now).ok_or_else(ApiError::not_found)?;
                exception.answer = answer;
                exception.content.show_as = show_as;
                exception.own.insert("showAs");
            }
            None => {
                event.answer = answer;
                event.content.show_as = show_as;
                for exception in event.series.iter_mut().flat_map(|series| series.exceptions.values_mut()) {
                    exception.answer = answer;
                }
                follow_all(&mut event);
            }
        }
        if reply.send {
            self.answer_organizer(&event, date, &me, reply, now);
        }
        let leaves = reply.response == "declined" && self.knobs.declined_leaves;
        if leaves
            && let Some(series) = &mut event.series
            && let Some(date) = date
        {
            series.exceptions.remove(&date);
            series.deleted.insert(date);
        }
        let calendar = event.calendar;
        self.store(at, event, now)?;
        if leaves && date.is_none() {
            self.discard(at, key, true)?;
        } else if reply.response == "accepted" && self.knobs.accept_changes_id {
            self.relocate(at, key, calendar, now)?;
        }
        Ok(())
    }

    /// Sends an answer to the organizer.
    pub(super) fn answer_organizer(
        &mut self,
        event: &Event,
        date: Option<NaiveDate>,
        me: &Address,
        reply: &Reply,
        now: DateTime<Utc>,
    ) {
        let subject = event.occurrence_or_whole(date).content().subject.clone().unwrap_or_default();
        let verb = match reply.response {
            "accepted" => "Accepted",
            "declined" => "Declined",
            _ => "Tentative",
        };
        self.mail(
            "response",
            &format!("{verb}: {subject}"),
            &me.address,
            std::slice::from_ref(&event.organizer.address),
            now,
        );
        self.record_answer(event, date, me, reply, now);
    }

    /// Enters an answer into the organizer's own copy, where it is kept here.
    fn record_answer(
        &mut self,
        event: &Event,
        date: Option<NaiveDate>,
        me: &Address,
        reply: &Reply,
        now: DateTime<Utc>,
    ) {
        let Some(at) = self.names.get(&event.organizer.address.to_lowercase()).copied() else { return };
        let Some(key) = self.mailboxes.get(at).and_then(|mailbox| mailbox.by_global.get(&event.global).copied()) else {
            return;
        };
        let Ok(mut original) = self.event(at, key).cloned() else { return };
        let set = |people: &mut Vec<Attendee>| {
            for person in people.iter_mut().filter(|person| person.who.is(&me.address)) {
                person.answer = Answer { response: reply.response, time: Some(now) };
                person.proposed.clone_from(&reply.proposed);
            }
        };
        match date {
            Some(date) => {
                let Some(exception) = original.exception_mut(date, now) else { return };
                exception.own.insert("attendees");
                set(&mut exception.content.attendees);
            }
            None => {
                set(&mut original.content.attendees);
                for exception in original.series.iter_mut().flat_map(|series| series.exceptions.values_mut()) {
                    set(&mut exception.content.attendees);
                }
            }
        }
        // The key was found a moment ago, so storing cannot fail.
        let _ = self.store(at, original, now);
    }

    /// An answer by somebody invited who has no mailbox here.
    pub(super) fn foreign_answer(
        &mut self,
        at: usize,
        key: Key,
        date: Option<NaiveDate>,
        who: &str,
        reply: &Reply,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let event = self.event(at, key)?.clone();
        let me = Address { name: who.to_owned(), address: who.to_owned() };
        if reply.send {
            self.answer_organizer(&event, date, &me, reply, now);
        } else {
            self.record_answer(&event, date, &me, reply, now);
        }
        Ok(())
    }
}
