//! Meetings: the copies in other mailboxes, the answers, and the mail that would have been sent.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::Graph;
use super::answer::Reply;
use super::apply::{Changed, SIGNIFICANT};
use super::errors::ApiError;
use super::event::{Address, Answer, Attendee, Content, Event};
use super::ids::{GlobalId, Key};
use super::occurrence::follow_all;

impl Graph {
    /// Counts a mail that would have been sent.
    pub(super) fn mail(&mut self, kind: &str, subject: &str, from: &str, to: &[String], now: DateTime<Utc>) {
        if !to.is_empty() {
            let at = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            self.outbox.push(json!({
                "service": "graph", "kind": kind, "subject": subject, "from": from, "to": to, "at": at,
            }));
        }
    }

    /// Invites everybody to a new meeting.
    pub(super) fn invite(&mut self, at: usize, key: Key, now: DateTime<Utc>) {
        let Ok(event) = self.event(at, key).cloned() else { return };
        let to = addresses(&event.content.attendees, &event.organizer);
        let subject = event.content.subject.clone().unwrap_or_default();
        self.mail("invitation", &subject, &event.organizer.address, &to, now);
        self.share(&event, None, &Changed::new(), now);
    }

    /// Tells those invited what changed, and nobody else; `before` is who was invited.
    pub(super) fn notify(
        &mut self,
        at: usize,
        key: Key,
        date: Option<NaiveDate>,
        changed: &Changed,
        before: &[Attendee],
        now: DateTime<Utc>,
    ) {
        let Ok(event) = self.event(at, key).cloned() else { return };
        if !event.is_organizer {
            return;
        }
        let seen = event.occurrence_or_whole(date);
        let people = &seen.content().attendees;
        let (now_in, were_in) = (addresses(people, &event.organizer), addresses(before, &event.organizer));
        let missing = |list: &[String], other: &[String]| -> Vec<String> {
            list.iter().filter(|who| !other.iter().any(|one| one.eq_ignore_ascii_case(who))).cloned().collect()
        };
        let (added, removed) = (missing(&now_in, &were_in), missing(&were_in, &now_in));
        let stayed = missing(&now_in, &added);
        let subject = seen.content().subject.clone().unwrap_or_default();
        let from = event.organizer.address.clone();
        self.mail("invitation", &subject, &from, &added, now);
        self.mail("cancellation", &subject, &from, &removed, now);
        let significant = changed.iter().any(|name| SIGNIFICANT.contains(name));
        if significant {
            self.mail("update", &subject, &from, &stayed, now);
        }
        for who in &removed {
            self.cancel_copy(who, &event, date, now);
        }
        if significant || !added.is_empty() || !removed.is_empty() {
            self.share(&event, date, changed, now);
        }
    }

    /// Brings the copies of all local attendees up to date.
    fn share(&mut self, event: &Event, date: Option<NaiveDate>, changed: &Changed, now: DateTime<Utc>) {
        for attendee in &event.content.attendees {
            if attendee.who.is(&event.organizer.address) {
                continue;
            }
            let Some(at) = self.names.get(&attendee.who.address.to_lowercase()).copied() else { continue };
            let existing = self.mailboxes.get(at).and_then(|mailbox| mailbox.by_global.get(&event.global).copied());
            let copied = match existing {
                Some(key) => self.refresh_copy(at, key, event, date, changed, now),
                None => self.new_copy(at, event, now),
            };
            // A copy that cannot be made is what a full mailbox would be: the organizer does not hear of it.
            let _ = copied;
        }
    }

    fn new_copy(&mut self, at: usize, source: &Event, now: DateTime<Utc>) -> Result<(), ApiError> {
        let (key, change) = (self.number(), self.number());
        let carry = self.knobs.carry_extended_properties;
        let mailbox = self.mailbox_mut(at)?;
        let mut copy = source.clone();
        (copy.key, copy.change, copy.calendar, copy.moves) = (key, change, mailbox.default_calendar, 0);
        (copy.created, copy.modified) = (now, now);
        (copy.is_organizer, copy.transaction) = (false, None);
        copy.answer = Answer { response: "notResponded", time: None };
        own_side(&mut copy.content, None);
        if !carry {
            copy.ext.clear();
        }
        let answer = copy.answer;
        if let Some(series) = &mut copy.series {
            for exception in series.exceptions.values_mut() {
                own_side(&mut exception.content, None);
                exception.answer = answer;
                if !carry {
                    exception.ext.clear();
                }
            }
        }
        // What was declined or deleted comes back as a new item when the organizer sends it anew.
        mailbox.deleted.retain(|_, event| event.global != source.global);
        mailbox.insert(copy, false);
        Ok(())
    }

    fn refresh_copy(
        &mut self,
        at: usize,
        key: Key,
        source: &Event,
        date: Option<NaiveDate>,
        changed: &Changed,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let carry = self.knobs.carry_extended_properties;
        let mut copy = self.event(at, key)?.clone();
        let moved = changed.contains("when");
        let asked_anew = moved && date.is_none();
        let mine = copy.content.clone();
        copy.content = source.content.clone();
        own_side(&mut copy.content, (!asked_anew).then_some(&mine));
        copy.content.reminder_on = mine.reminder_on;
        copy.content.reminder_minutes = mine.reminder_minutes;
        copy.content.categories.clone_from(&mine.categories);
        if asked_anew {
            copy.answer = Answer { response: "notResponded", time: None };
        }
        if carry {
            copy.ext.clone_from(&source.ext);
        }
        let old = copy.series.take();
        copy.series.clone_from(&source.series);
        if let Some(series) = &mut copy.series {
            for (date, exception) in &mut series.exceptions {
                let known = old.as_ref().and_then(|old| old.exceptions.get(date));
                own_side(&mut exception.content, known.map(|known| &known.content));
                exception.answer = known.map_or(copy.answer, |known| known.answer);
                exception.ext = known.map(|known| known.ext.clone()).unwrap_or_default();
            }
            // One occurrence that moves is asked about alone.
            if let Some(exception) = date.filter(|_| moved).and_then(|date| series.exceptions.get_mut(&date)) {
                exception.answer = Answer { response: "notResponded", time: None };
                exception.content.show_as = "tentative";
                exception.own.insert("showAs");
            }
            for (date, exception) in old.into_iter().flat_map(|old| old.exceptions) {
                if !series.deleted.contains(&date) || exception.cancelled {
                    series.exceptions.entry(date).or_insert(exception);
                }
            }
        }
        follow_all(&mut copy);
        self.store(at, copy, now)
    }

    /// Cancels a meeting for everybody else, as deleting it does.
    pub(super) fn cancel_copies(&mut self, at: usize, event: &Event, date: Option<NaiveDate>, now: DateTime<Utc>) {
        let content = event.occurrence_or_whole(date).content();
        let subject = content.subject.clone().unwrap_or_default();
        if event.is_organizer {
            let to = addresses(&content.attendees, &event.organizer);
            self.mail("cancellation", &subject, &event.organizer.address, &to, now);
            for who in &to {
                self.cancel_copy(who, event, date, now);
            }
        } else if self.knobs.attendee_delete_declines && !event.cancelled {
            let me = self.mailboxes.get(at).map(|mailbox| mailbox.who.clone()).unwrap_or_default();
            self.answer_organizer(event, date, &me, &Reply { response: "declined", send: true, proposed: None }, now);
        }
    }

    /// Marks a copy as cancelled.
    pub(super) fn cancel_copy(&mut self, who: &str, source: &Event, date: Option<NaiveDate>, now: DateTime<Utc>) {
        let Some(at) = self.names.get(&who.to_lowercase()).copied() else { return };
        let Some(key) = self.mailboxes.get(at).and_then(|mailbox| mailbox.by_global.get(&source.global).copied())
        else {
            return;
        };
        let Ok(mut copy) = self.event(at, key).cloned() else { return };
        match date {
            Some(date) => {
                let Some(exception) = copy.exception_mut(date, now) else { return };
                exception.cancelled = true;
                exception.own.extend(["subject", "showAs"]);
                mark_cancelled(&mut exception.content);
            }
            None => {
                copy.cancelled = true;
                mark_cancelled(&mut copy.content);
                follow_all(&mut copy);
            }
        }
        // The key was found a moment ago, so storing cannot fail.
        let _ = self.store(at, copy, now);
    }

    /// Puts a meeting that somebody without a mailbox here organizes into a mailbox, under its own identity if it has one.
    pub(super) fn receive(
        &mut self,
        at: usize,
        key: Key,
        organizer: Address,
        uid: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let mut event = self.event(at, key)?.clone();
        event.organizer = organizer;
        event.is_organizer = false;
        if let Some(uid) = uid {
            let global = GlobalId::named(uid);
            let index = &mut self.mailbox_mut(at)?.by_global;
            index.remove(&event.global);
            index.insert(global.clone(), key);
            event.global = global;
        }
        event.answer = Answer { response: "notResponded", time: None };
        event.content.show_as = "tentative";
        self.store(at, event.clone(), now)?;
        self.share(&event, None, &Changed::new(), now);
        Ok(())
    }
}

impl Graph {
    /// Gives an event the identity that it had on another server, and the organizer where that is somebody else.
    pub(super) fn bring(
        &mut self,
        at: usize,
        key: Key,
        organizer: Option<[&str; 2]>,
        uid: &str,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let mut event = self.event(at, key)?.clone();
        let global = GlobalId::named(uid);
        let index = &mut self.mailbox_mut(at)?.by_global;
        index.remove(&event.global);
        index.insert(global.clone(), key);
        event.global = global;
        if let Some([name, address]) = organizer {
            event.organizer = Address { name: name.to_owned(), address: address.to_owned() };
            event.is_organizer = false;
        }
        self.store(at, event, now)
    }
}

fn addresses(people: &[Attendee], organizer: &Address) -> Vec<String> {
    people.iter().filter(|one| !one.who.is(&organizer.address)).map(|one| one.who.address.clone()).collect()
}

/// What an attendee's copy keeps to itself: from what it had, or as an invitation arrives.
fn own_side(content: &mut Content, mine: Option<&Content>) {
    match mine {
        Some(mine) => {
            content.reminder_on = mine.reminder_on;
            content.reminder_minutes = mine.reminder_minutes;
            content.categories.clone_from(&mine.categories);
            content.show_as = mine.show_as;
        }
        None => {
            content.reminder_on = true;
            content.reminder_minutes = 15;
            content.categories.clear();
            content.show_as = "tentative";
        }
    }
}

fn mark_cancelled(content: &mut Content) {
    let subject = content.subject.as_deref().unwrap_or_default();
    if !subject.starts_with("Canceled: ") {
        content.subject = Some(format!("Canceled: {subject}"));
    }
    content.show_as = "free";
}
