//! Meetings: the mail that would have been sent, the copies in other mailboxes, and the answers.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::Exchange;
use super::item::{Attendee, Item, Meeting};
use super::problem::{Done, Problem};
use crate::outlook::ids::{GlobalId, Key};

/// Who is told of a change: `SendMeetingInvitations` and its siblings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    Nobody,
    Everybody,
    /// Those who came or went with the change.
    Changed,
}

impl Sending {
    /// Reads an attribute of a request.
    pub(super) fn read(text: &str) -> Self {
        match text {
            "SendOnlyToAll" | "SendToAllAndSaveCopy" => Self::Everybody,
            "SendOnlyToChanged" | "SendToChangedAndSaveCopy" => Self::Changed,
            _ => Self::Nobody,
        }
    }
}

/// What an attendee gets to know of a change only if it is one of these.
const SIGNIFICANT: [&str; 8] =
    ["Start", "End", "IsAllDayEvent", "Location", "Recurrence", "StartTimeZone", "Subject", "Body"];

fn addresses<'a>(people: impl Iterator<Item = &'a Attendee>, organizer: &str) -> Vec<String> {
    people.map(|one| one.who.address.clone()).filter(|who| !who.eq_ignore_ascii_case(organizer)).collect()
}

impl Exchange {
    fn mail(&mut self, kind: &str, subject: Option<&str>, from: &str, to: &[String], now: DateTime<Utc>) {
        if !to.is_empty() {
            let at = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let subject = subject.unwrap_or_default();
            self.outbox.push(
                json!({ "service": "exchange", "kind": kind, "subject": subject, "from": from, "to": to, "at": at }),
            );
        }
    }

    /// Sends what a new meeting means.
    pub(super) fn invite(&mut self, at: usize, key: Key, sending: Sending, now: DateTime<Utc>) {
        let Ok(mut item) = self.item(at, key).cloned() else { return };
        let (Some(one), Some(meeting)) = (item.content.appointment(), &mut item.meeting) else { return };
        let to = addresses(one.invited(), &meeting.organizer.address);
        if sending == Sending::Nobody || to.is_empty() || !meeting.is_organizer {
            return;
        }
        meeting.sent = true;
        let from = meeting.organizer.address.clone();
        self.mail("invitation", item.content.subject.as_deref(), &from, &to, now);
        self.share(&item, &to, now);
        if let Ok(mailbox) = self.mailbox_mut(at) {
            mailbox.put(item);
        }
    }

    /// Sends what a change of a meeting means; `before` is who was invited.
    pub(super) fn notify(
        &mut self,
        at: usize,
        (key, date): (Key, Option<NaiveDate>),
        (changed, before): (&BTreeSet<String>, &[Attendee]),
        sending: Sending,
        now: DateTime<Utc>,
    ) {
        let Ok(mut item) = self.item(at, key).cloned() else { return };
        let Some(meeting) = item.meeting.as_mut().filter(|meeting| meeting.is_organizer) else { return };
        let from = meeting.organizer.address.clone();
        let first = !meeting.sent;
        if sending == Sending::Nobody {
            return;
        }
        meeting.sent = true;
        let Some(seen) = item.seen(date) else { return };
        let Some(one) = seen.content().appointment() else { return };
        let (now_in, were_in) = (addresses(one.invited(), &from), addresses(before.iter(), &from));
        let missing = |list: &[String], other: &[String]| -> Vec<String> {
            list.iter().filter(|who| !other.iter().any(|one| one.eq_ignore_ascii_case(who))).cloned().collect()
        };
        let (mut added, removed) = (missing(&now_in, &were_in), missing(&were_in, &now_in));
        let mut stayed = missing(&now_in, &added);
        if first {
            added.append(&mut stayed);
        }
        let significant = changed.iter().any(|name| SIGNIFICANT.contains(&name.as_str()));
        let subject = seen.content().subject.clone();
        self.mail("invitation", subject.as_deref(), &from, &added, now);
        self.mail("cancellation", subject.as_deref(), &from, &removed, now);
        if sending == Sending::Everybody && significant {
            self.mail("update", subject.as_deref(), &from, &stayed, now);
            added.extend(stayed);
        }
        self.withdraw(&item, &removed, now);
        self.share(&item, &added, now);
        if !now_in.is_empty()
            && let Ok(mailbox) = self.mailbox_mut(at)
        {
            mailbox.put(item);
        }
    }

    /// Sends what the end of a meeting means, before it is removed.
    pub(super) fn cancel(
        &mut self,
        at: usize,
        key: Key,
        date: Option<NaiveDate>,
        sending: Sending,
        now: DateTime<Utc>,
    ) {
        let Ok(item) = self.item(at, key).cloned() else { return };
        let (Some(meeting), Some(seen)) = (&item.meeting, item.seen(date)) else { return };
        if sending == Sending::Nobody || !meeting.is_organizer {
            return;
        }
        let Some(one) = seen.content().appointment() else { return };
        let to = addresses(one.invited(), &meeting.organizer.address);
        let from = meeting.organizer.address.clone();
        self.mail("cancellation", seen.content().subject.as_deref(), &from, &to, now);
        if date.is_none() {
            self.withdraw(&item, &to, now);
        }
    }

    /// Puts the meeting, as it is now, into the calendars of those who have a mailbox here.
    fn share(&mut self, item: &Item, to: &[String], now: DateTime<Utc>) {
        let Some(meeting) = item.meeting.as_ref().filter(|_| self.knobs.deliver) else { return };
        for who in to {
            let Some(at) = self.names.get(&who.to_lowercase()).copied() else { continue };
            let Some(folder) = self.mailbox(at).ok().and_then(|mailbox| mailbox.known("calendar")).map(|one| one.key)
            else {
                continue;
            };
            let known = self.copy(at, &meeting.uid).map(|item| (item.key, item.clone()));
            let number = self.number();
            let mut copy = item.clone();
            copy.content.ext.clear();
            copy.content.categories.clear();
            let own = known.as_ref().and_then(|(_, mine)| mine.meeting.clone());
            (copy.key, copy.folder, copy.moves, copy.created) = match &known {
                Some((key, mine)) => (*key, mine.folder, mine.moves, mine.created),
                None => (number, folder, 0, now),
            };
            if let Some((_, mine)) = &known {
                copy.content.reminder_on = mine.content.reminder_on;
                copy.content.reminder_minutes = mine.content.reminder_minutes;
                copy.content.ext.clone_from(&mine.content.ext);
                copy.content.categories.clone_from(&mine.content.categories);
            }
            copy.meeting = Some(Meeting {
                is_organizer: false,
                response: own.as_ref().map_or("NoResponseReceived", |own| own.response),
                replied: own.as_ref().and_then(|own| own.replied),
                ..meeting.clone()
            });
            if let Some(one) = copy.content.appointment_mut() {
                one.show_as = if known.is_some() { one.show_as.clone() } else { "Tentative".to_owned() };
            }
            // The mailbox was found a moment ago.
            let _ = self.store(at, copy, number, now);
        }
    }

    /// Marks the copies of those who are not invited any more.
    fn withdraw(&mut self, item: &Item, from: &[String], now: DateTime<Utc>) {
        let Some(uid) = item.meeting.as_ref().filter(|_| self.knobs.deliver).map(|meeting| meeting.uid.clone()) else {
            return;
        };
        for who in from {
            let Some(at) = self.names.get(&who.to_lowercase()).copied() else { continue };
            let Some(mut copy) = self.copy(at, &uid).cloned() else { continue };
            mark_cancelled(&mut copy);
            let number = self.number();
            // The mailbox was found a moment ago.
            let _ = self.store(at, copy, number, now);
        }
    }

    /// The copy of a meeting in an attendee's mailbox.
    fn copy(&self, at: usize, uid: &GlobalId) -> Option<&Item> {
        let mailbox = self.mailboxes.get(at)?;
        let bin = mailbox.known("deleteditems").map(|folder| folder.key);
        mailbox.items.values().map(AsRef::as_ref).find(|item| {
            item.meeting.as_ref().is_some_and(|meeting| meeting.uid == *uid && !meeting.is_organizer)
                && Some(item.folder) != bin
        })
    }

    /// Lets an organizer who has no mailbox here cancel a meeting.
    pub(super) fn cancelled_elsewhere(&mut self, at: usize, key: Key, now: DateTime<Utc>) -> Done<()> {
        let mut item = self.item(at, key)?.clone();
        if item.meeting.as_ref().is_none_or(|meeting| meeting.is_organizer) {
            return Err(Problem::request("the owner of the mailbox organizes the item"));
        }
        mark_cancelled(&mut item);
        let number = self.number();
        self.store(at, item, number, now)
    }

    /// Answers an invitation: `Accept`, `Tentative` or `Decline`.
    pub(super) fn respond(
        &mut self,
        at: usize,
        key: Key,
        response: &'static str,
        send: bool,
        now: DateTime<Utc>,
    ) -> Done<()> {
        let mut item = self.item(at, key)?.clone();
        let who = self.mailbox(at)?.who.clone();
        let Some(meeting) = item.meeting.as_mut() else { return Err(Problem::not_found()) };
        let suffix = if response == "Tentative" { "Tentative" } else { response };
        if meeting.is_organizer {
            let text = "You are the organizer of the meeting.";
            return Err(Problem::new(&format!("ErrorCalendarIsOrganizerFor{suffix}"), text));
        }
        if meeting.cancelled {
            return Err(Problem::new(&format!("ErrorCalendarIsCancelledFor{suffix}"), "The meeting was cancelled."));
        }
        (meeting.response, meeting.replied) = (response, Some(now));
        let (organizer, uid) = (meeting.organizer.address.clone(), meeting.uid.clone());
        if let Some(one) = item.content.appointment_mut() {
            let show_as = if response == "Accept" { "Busy" } else { "Tentative" };
            show_as.clone_into(&mut one.show_as);
        }
        let subject = item.content.subject.clone();
        let number = self.number();
        self.store(at, item, number, now)?;
        if send {
            self.mail("response", subject.as_deref(), &who.address, std::slice::from_ref(&organizer), now);
            self.answered(&organizer, &uid, &who.address, response, now);
        }
        if response == "Decline" {
            let bin = self.mailbox(at)?.known("deleteditems").map(|folder| folder.key);
            self.relocate(at, key, bin.ok_or_else(Problem::folder_not_found)?, now)?;
        }
        Ok(())
    }

    /// Enters an answer into the organizer's copy.
    fn answered(&mut self, organizer: &str, uid: &GlobalId, who: &str, response: &'static str, now: DateTime<Utc>) {
        let Some(at) = self.names.get(&organizer.to_lowercase()).copied() else { return };
        let own = |item: &&std::sync::Arc<Item>| {
            item.meeting.as_ref().is_some_and(|meeting| meeting.uid == *uid && meeting.is_organizer)
        };
        let found = self.mailboxes.get(at).and_then(|mailbox| mailbox.items.values().find(own));
        let Some(mut item) = found.map(|item| item.as_ref().clone()) else { return };
        for attendee in item.content.appointment_mut().into_iter().flat_map(super::item::Appointment::invited_mut) {
            if attendee.who.is(who) {
                (attendee.response, attendee.time) = (response, Some(now));
            }
        }
        let number = self.number();
        // The mailbox was found a moment ago.
        let _ = self.store(at, item, number, now);
    }
}

fn mark_cancelled(item: &mut Item) {
    let subject = item.content.subject.clone().unwrap_or_default();
    if !subject.starts_with("Canceled: ") {
        item.content.subject = Some(format!("Canceled: {subject}"));
    }
    if let Some(one) = item.content.appointment_mut() {
        "Free".clone_into(&mut one.show_as);
    }
    if let Some(meeting) = &mut item.meeting {
        meeting.cancelled = true;
    }
}
