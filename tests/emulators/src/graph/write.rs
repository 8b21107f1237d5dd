//! Creating, updating, moving and deleting events: what the store does, whoever asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::Graph;
use super::apply::{Changed, apply};
use super::decode::Patch;
use super::encode::event_id;
use super::errors::ApiError;
use super::event::{Answer, Attendee, Content, Event, Series};
use super::ids::{self, GlobalId, Key};
use super::mailbox::Mailbox;
use super::occurrence::{follow_all, reset_answers, update_occurrence};
use super::recurrence::Recurrence;

impl Graph {
    pub(super) fn mailbox(&self, at: usize) -> Result<&Mailbox, ApiError> {
        self.mailboxes.get(at).ok_or_else(ApiError::not_found)
    }

    pub(super) fn mailbox_mut(&mut self, at: usize) -> Result<&mut Mailbox, ApiError> {
        self.mailboxes.get_mut(at).ok_or_else(ApiError::not_found)
    }

    pub(super) fn event(&self, at: usize, key: Key) -> Result<&Event, ApiError> {
        self.mailbox(at)?.event(key).ok_or_else(ApiError::not_found)
    }

    /// The next number: of an item, or of a change.
    pub(super) fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// The same for what every mailbox has from its beginning. It counts apart, so that a mailbox which begins with more than
    /// before moves no id: ids are in files that tests keep.
    pub(super) const fn standard_number(&mut self) -> u64 {
        self.standard += 1;
        self.standard
    }

    pub(super) fn join_url(&self, guid: uuid::Uuid) -> String {
        let thread = ids::named(&format!("join {guid} {}", self.counter)).simple();
        format!("https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0")
    }

    fn writable(&self, at: usize, calendar: Key) -> Result<(), ApiError> {
        let calendar = self.mailbox(at)?.calendars.get(&calendar).ok_or_else(ApiError::not_found)?;
        if calendar.can_edit { Ok(()) } else { Err(ApiError::denied()) }
    }

    /// Creates an event as its owner does.
    pub(super) fn create(
        &mut self,
        at: usize,
        calendar: Key,
        patch: Patch,
        now: DateTime<Utc>,
    ) -> Result<Key, ApiError> {
        self.writable(at, calendar)?;
        self.create_anywhere(at, calendar, patch, true, now)
    }

    /// Creates an event, also where its owner may not; without invitations where somebody else has sent them.
    pub(super) fn create_anywhere(
        &mut self,
        at: usize,
        calendar: Key,
        patch: Patch,
        invites: bool,
        now: DateTime<Utc>,
    ) -> Result<Key, ApiError> {
        let mailbox = self.mailbox(at)?;
        let (Some(start), Some(end)) = (patch.start.clone(), patch.end.clone()) else {
            return Err(ApiError::property("The properties 'start' and 'end' are required to create an event."));
        };
        let (guid, who) = (mailbox.guid, mailbox.who.clone());
        let key = self.number();
        let change = self.number();
        let mut content = Content::new(start, end);
        apply(&mut content, &patch, &self.join_url(guid));
        if self.knobs.organizer_in_attendees
            && !content.attendees.is_empty()
            && !content.attendees.iter().any(|a| a.who.is(&who.address))
        {
            let answer = Answer { response: "organizer", time: None };
            content.attendees.push(Attendee { who: who.clone(), kind: "required", answer, proposed: None });
        }
        content.check()?;
        let series = match patch.recurrence.clone().flatten() {
            Some(rule) => Some(series(rule, &mut content)?),
            None => None,
        };
        let mut ext = BTreeMap::new();
        extend(&mut ext, &patch);
        let is_meeting = !content.attendees.is_empty();
        let event = Event {
            key,
            calendar,
            moves: 0,
            global: GlobalId::new(guid, key, now),
            created: now,
            modified: now,
            change,
            content,
            organizer: who,
            is_organizer: true,
            answer: if is_meeting { Answer { response: "organizer", time: None } } else { Answer::NONE },
            cancelled: false,
            transaction: patch.transaction,
            ext,
            series,
        };
        self.mailbox_mut(at)?.insert(event, false);
        if is_meeting && invites {
            self.invite(at, key, now);
        }
        Ok(key)
    }

    /// Refuses a transaction id that this mailbox has seen before.
    pub(super) fn refuse_duplicate(&self, at: usize, patch: &Patch, immutable: bool) -> Result<(), ApiError> {
        if self.knobs.forgets_transactions {
            return Ok(());
        }
        let mailbox = self.mailbox(at)?;
        let Some(key) = patch.transaction.as_ref().and_then(|transaction| mailbox.by_transaction.get(transaction))
        else {
            return Ok(());
        };
        let message = "The TransactionId was already used to create a different event.";
        if self.knobs.duplicate_transaction_conflict {
            return Err(ApiError::new(409, "ErrorDuplicateTransactionId", message));
        }
        let error = ApiError::new(400, "ErrorDuplicateTransactionId", message);
        Err(match mailbox.event(*key) {
            Some(event) => error.extra("@event.existingEventId", event_id(mailbox.guid, event, None, immutable)),
            None => error,
        })
    }

    /// Updates an event, a master, or one occurrence.
    pub(super) fn update(
        &mut self,
        at: usize,
        key: Key,
        date: Option<NaiveDate>,
        patch: &Patch,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        if patch.transaction.is_some() {
            return Err(ApiError::invalid("The TransactionId of an event cannot be changed."));
        }
        let old = self.event(at, key)?.clone();
        self.writable(at, old.calendar)?;
        let join = self.join_url(self.mailbox(at)?.guid);
        let mut event = old.clone();
        let changed = match date {
            Some(date) => update_occurrence(&mut event, date, patch, &join, now)?,
            None => self.update_whole(&mut event, patch, &join)?,
        };
        let before: Vec<Attendee> = old.occurrence_or_whole(date).content().attendees.clone();
        if changed.contains("when") && event.is_organizer {
            reset_answers(&mut event, date);
        }
        if event.is_organizer && event.is_meeting() {
            event.answer = Answer { response: "organizer", time: None };
        }
        self.store(at, event, now)?;
        self.notify(at, key, date, &changed, &before, now);
        Ok(())
    }

    fn update_whole(&self, event: &mut Event, patch: &Patch, join: &str) -> Result<Changed, ApiError> {
        let old_time = (event.content.start.at.time(), event.content.end.at - event.content.start.at);
        let old_date = event.content.start.at.date();
        let mut changed = apply(&mut event.content, patch, join);
        event.content.check()?;
        if extend(&mut event.ext, patch) {
            changed.insert("extended");
        }
        match &patch.recurrence {
            Some(None) if event.series.take().is_some() => {
                changed.insert("when");
            }
            Some(Some(rule)) => {
                let fresh = series(rule.clone(), &mut event.content)?;
                match &mut event.series {
                    Some(kept) if kept.rule == fresh.rule => {}
                    Some(kept) if !self.knobs.recurrence_change_drops_exceptions => {
                        (kept.rule, kept.last) = (fresh.rule, fresh.last);
                        changed.insert("when");
                    }
                    slot => {
                        *slot = Some(fresh);
                        changed.insert("when");
                    }
                }
            }
            _ => {}
        }
        if let Some(kept) = &mut event.series {
            let date = event.content.start.at.date();
            if patch.recurrence.is_none() && date != old_date {
                kept.rule.start = date;
                kept.last = kept.rule.last();
            }
            let time = (event.content.start.at.time(), event.content.end.at - event.content.start.at);
            if time != old_time && self.knobs.time_change_drops_exceptions {
                kept.exceptions.clear();
                kept.deleted.clear();
            }
        }
        follow_all(event);
        Ok(changed)
    }

    /// Puts a changed event back under a new change key.
    pub(super) fn store(&mut self, at: usize, mut event: Event, now: DateTime<Utc>) -> Result<(), ApiError> {
        let change = self.number();
        event.change = change;
        event.modified = now;
        let key = event.key;
        let mailbox = self.mailbox_mut(at)?;
        mailbox.events.insert(key, Arc::new(event));
        mailbox.touch(key, change);
        Ok(())
    }

    /// Deletes an event or one occurrence as its owner does, with the mail that this means.
    pub(super) fn delete(
        &mut self,
        at: usize,
        key: Key,
        date: Option<NaiveDate>,
        keep: bool,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let event = self.event(at, key)?.clone();
        self.writable(at, event.calendar)?;
        self.cancel_copies(at, &event, date, now);
        match date {
            Some(date) => {
                let mut event = event;
                if let Some(series) = &mut event.series {
                    series.exceptions.remove(&date);
                    series.deleted.insert(date);
                }
                self.store(at, event, now)
            }
            None => self.discard(at, key, keep),
        }
    }

    /// Takes an event away without a word to anybody.
    pub(super) fn discard(&mut self, at: usize, key: Key, keep: bool) -> Result<(), ApiError> {
        let number = self.number();
        let mailbox = self.mailbox_mut(at)?;
        let mut event = mailbox.remove(key, number).ok_or_else(ApiError::not_found)?;
        if keep {
            let moved = Arc::make_mut(&mut event);
            moved.moves += 1;
            moved.change = number;
            mailbox.deleted.insert(key, event);
        }
        Ok(())
    }

    /// Moves an event to another calendar of its mailbox; its classic id dies.
    pub(super) fn relocate(&mut self, at: usize, key: Key, calendar: Key, now: DateTime<Utc>) -> Result<(), ApiError> {
        let (gone, change) = (self.number(), self.number());
        let loses = self.knobs.delta_loses_returned;
        let mailbox = self.mailbox_mut(at)?;
        if !mailbox.calendars.contains_key(&calendar) {
            return Err(ApiError::not_found());
        }
        let event = mailbox.remove(key, gone).ok_or_else(ApiError::not_found)?;
        let mut event = Arc::unwrap_or_clone(event);
        event.calendar = calendar;
        event.moves += 1;
        event.change = change;
        event.modified = now;
        mailbox.insert(event, loses);
        Ok(())
    }

    /// Brings an event back from Deleted Items.
    pub(super) fn bring_back(&mut self, at: usize, key: Key, now: DateTime<Utc>) -> Result<(), ApiError> {
        let change = self.number();
        let loses = self.knobs.delta_loses_returned;
        let mailbox = self.mailbox_mut(at)?;
        let event = mailbox.deleted.remove(&key).ok_or_else(ApiError::not_found)?;
        let mut event = Arc::unwrap_or_clone(event);
        if !mailbox.calendars.contains_key(&event.calendar) {
            event.calendar = mailbox.default_calendar;
        }
        event.moves += 1;
        event.change = change;
        event.modified = now;
        mailbox.insert(event, loses);
        Ok(())
    }
}

/// Stores extended properties; `null` takes one away. Says whether anything changed.
pub(super) fn extend(ext: &mut BTreeMap<String, String>, patch: &Patch) -> bool {
    let before = ext.clone();
    for (id, value) in &patch.ext {
        match value {
            Some(value) => ext.insert(id.clone(), value.clone()),
            None => ext.remove(id),
        };
    }
    *ext != before
}

/// A series begins with its first occurrence, whatever day its start names.
fn series(mut rule: Recurrence, content: &mut Content) -> Result<Series, ApiError> {
    if rule.start != content.start.at.date() {
        return Err(ApiError::property("The range's startDate must be the date of the event's start."));
    }
    let first = rule.next(rule.start).ok_or_else(|| ApiError::property("The recurrence has no occurrence."))?;
    let shift = first - rule.start;
    rule.start = first;
    if rule.zone.is_none() {
        rule.zone = Some(content.start.zone.name.clone());
    }
    content.start.at += shift;
    content.end.at += shift;
    Ok(Series::new(rule))
}
