//! What a request changes of an event, and what an exception takes over from its series.

use std::collections::BTreeSet;

use super::body;
use super::decode::Patch;
use super::event::{Answer, Attendee, Content, Exception, Online, Wall};

/// Names of what changed.
pub(super) type Changed = BTreeSet<&'static str>;

/// What a change must touch to be worth a mail to those invited.
pub(super) const SIGNIFICANT: &[&str] = &["subject", "body", "when", "locations", "online"];

fn set<T: PartialEq + Clone>(slot: &mut T, value: Option<&T>, name: &'static str, changed: &mut Changed) {
    if let Some(value) = value
        && slot != value
    {
        *slot = value.clone();
        changed.insert(name);
    }
}

/// Applies what a request says; `join_url` is what a meeting gets that goes online by it.
pub(super) fn apply(content: &mut Content, patch: &Patch, join_url: &str) -> Changed {
    let mut changed = Changed::new();
    let all = &mut changed;
    set(&mut content.subject, patch.subject.as_ref(), "subject", all);
    set(&mut content.all_day, patch.all_day.as_ref(), "when", all);
    set(&mut content.start, patch.start.as_ref(), "when", all);
    set(&mut content.end, patch.end.as_ref(), "when", all);
    set(&mut content.locations, patch.locations.as_ref(), "locations", all);
    set(&mut content.importance, patch.importance.as_ref(), "importance", all);
    set(&mut content.sensitivity, patch.sensitivity.as_ref(), "sensitivity", all);
    set(&mut content.show_as, patch.show_as.as_ref(), "showAs", all);
    set(&mut content.categories, patch.categories.as_ref(), "categories", all);
    set(&mut content.reminder_on, patch.reminder_on.as_ref(), "reminder", all);
    set(&mut content.reminder_minutes, patch.reminder_minutes.as_ref(), "reminder", all);
    set(&mut content.response_requested, patch.response_requested.as_ref(), "responseRequested", all);
    set(&mut content.allow_proposals, patch.allow_proposals.as_ref(), "allowProposals", all);
    set(&mut content.hide_attendees, patch.hide_attendees.as_ref(), "hideAttendees", all);
    set(&mut content.body, patch.body.as_ref(), "body", all);
    if let Some(people) = &patch.attendees {
        let people: Vec<Attendee> = people
            .iter()
            .map(|(who, kind)| {
                let known = content.attendees.iter().find(|attendee| attendee.who.is(&who.address));
                let (answer, proposed) =
                    known.map_or((Answer::NONE, None), |attendee| (attendee.answer, attendee.proposed.clone()));
                Attendee { who: who.clone(), kind, answer, proposed }
            })
            .collect();
        set(&mut content.attendees, Some(&people), "attendees", all);
    }
    online(content, patch, join_url, all);
    changed
}

/// Once a meeting is online it stays so, unless its body loses the join block.
fn online(content: &mut Content, patch: &Patch, join_url: &str, changed: &mut Changed) {
    if let (Some(url), Some(body)) = (&content.online.join_url, &patch.body)
        && !body.contains(url.as_str())
    {
        content.online = Online { on: false, provider: content.online.provider, join_url: None };
        changed.insert("online");
        return;
    }
    if patch.online == Some(true) && !content.online.on {
        let provider = patch.online_provider.unwrap_or("teamsForBusiness");
        content.online = Online { on: true, provider: Some(provider), join_url: Some(join_url.to_owned()) };
        content.body = body::with_join(&content.body, join_url);
        changed.insert("online");
    }
}

/// Lets an exception follow its series in everything that it has not got of its own.
pub(super) fn follow(exception: &mut Exception, master: &Content, start: Wall, end: Wall) {
    let (content, own) = (&mut exception.content, &exception.own);
    let fresh = master.clone();
    let follows = |name: &str| !own.contains(name);
    if follows("when") {
        (content.start, content.end, content.all_day) = (start, end, fresh.all_day);
    }
    if follows("subject") {
        content.subject = fresh.subject;
    }
    if follows("body") {
        content.body = fresh.body;
    }
    if follows("locations") {
        content.locations = fresh.locations;
    }
    if follows("attendees") {
        content.attendees = fresh.attendees;
    }
    if follows("importance") {
        content.importance = fresh.importance;
    }
    if follows("sensitivity") {
        content.sensitivity = fresh.sensitivity;
    }
    if follows("showAs") {
        content.show_as = fresh.show_as;
    }
    if follows("categories") {
        content.categories = fresh.categories;
    }
    if follows("reminder") {
        (content.reminder_on, content.reminder_minutes) = (fresh.reminder_on, fresh.reminder_minutes);
    }
    if follows("online") {
        content.online = fresh.online;
    }
    content.response_requested = fresh.response_requested;
    content.allow_proposals = fresh.allow_proposals;
    content.hide_attendees = fresh.hide_attendees;
}
