//! Properties that are set: their values are checked and turned into content.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::item::{Appointment, Attendee, Body, Content, Person, What};
use super::patch::{Field, Patch};
use super::problem::{Done, Problem};
use super::times::{self, Sent};
use super::xml::Node;
use super::{properties, tasks};
use crate::outlook::zones::Zone;

/// Under what circumstances a request is made.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// The zone of its times, where they name none.
    pub(super) zone: Zone,
    /// The zone that the days of tasks are of.
    pub(super) days: Zone,
    pub(super) now: DateTime<Utc>,
}

/// What the emulator takes, since clients send all that they know, and does not keep.
const NOT_KEPT: [&str; 7] = [
    "InReplyTo",
    "InternetMessageHeaders",
    "MeetingTimeZone",
    "ConferenceType",
    "MeetingWorkspaceUrl",
    "NetShowUrl",
    "DateTimeStamp",
];
/// No item lasts longer.
const LONGEST_DAYS: i64 = 5 * 365 + 2;
/// Minutes before the start at most: five years.
const EARLIEST_REMINDER: u32 = 2_629_800;

/// Applies what a request says to content; gives what changed by it, by name. UID and recurrence of an appointment are
/// the matter of its whole, and left to the caller.
pub(super) fn apply(content: &mut Content, patch: &Patch, frame: &Frame) -> Done<BTreeSet<String>> {
    let before = content.clone();
    let mut named = BTreeSet::new();
    for (field, value) in &patch.changes {
        match (field, value) {
            (Field::Extended(property), Some(node)) => {
                if *property == properties::global_object_id() || *property == properties::clean_global_object_id() {
                    return Err(Problem::read_only("GlobalObjectId"));
                }
                content.ext.insert(property.clone(), property.values(node)?);
            }
            (Field::Extended(property), None) => {
                content.ext.remove(property);
            }
            (Field::Named(name), Some(node)) => set(content, name, node, frame)?,
            (Field::Named(name), None) => clear(content, name)?,
        }
        named.insert(field.name());
    }
    match &mut content.what {
        What::Appointment(one) => times_of(one, patch, frame)?,
        What::Task(_) => {}
    }
    if *content == before {
        named.clear();
    }
    Ok(named)
}

fn flag(node: &Node) -> bool {
    matches!(node.value(), "true" | "1")
}

fn set(content: &mut Content, name: &str, node: &Node, frame: &Frame) -> Done<()> {
    match name {
        "Subject" => content.subject = Some(line(&node.text)),
        "Sensitivity" => node.value().clone_into(&mut content.sensitivity),
        "Importance" => node.value().clone_into(&mut content.importance),
        "Body" => content.body = Body { html: node.attribute("BodyType") == Some("HTML"), text: node.text.clone() },
        "Categories" => content.categories = node.children.iter().map(|one| one.text.clone()).collect(),
        "Culture" => content.culture = Some(node.value().to_owned()),
        "ReminderIsSet" => content.reminder_on = flag(node),
        "ReminderMinutesBeforeStart" => {
            let minutes = node.value().parse().ok().filter(|minutes| *minutes <= EARLIEST_REMINDER);
            content.reminder_minutes =
                minutes.ok_or_else(|| Problem::property("ReminderMinutesBeforeStart is out of range."))?;
        }
        "ReminderDueBy" if content.task().is_some() => {
            content.reminder_at = times::parse(node.value()).map(|sent| sent.instant(frame.zone.tz));
        }
        // What it is made of stands in the element itself.
        "ItemClass" => {}
        _ if NOT_KEPT.contains(&name) => {}
        _ => match &mut content.what {
            What::Appointment(one) => return set_appointment(one, name, node),
            What::Task(_) => return tasks::set(content, name, node, frame),
        },
    }
    Ok(())
}

fn set_appointment(one: &mut Appointment, name: &str, node: &Node) -> Done<()> {
    match name {
        "Location" => one.location = Some(line(&node.text)),
        "LegacyFreeBusyStatus" => node.value().clone_into(&mut one.show_as),
        "RequiredAttendees" => one.required = attendees(node, &one.required)?,
        "OptionalAttendees" => one.optional = attendees(node, &one.optional)?,
        "Resources" => one.resources = attendees(node, &one.resources)?,
        "IsResponseRequested" => one.response_requested = flag(node),
        "AllowNewTimeProposal" => one.proposals = flag(node),
        // Dealt with together, or by the caller.
        "Start" | "End" | "IsAllDayEvent" | "StartTimeZone" | "EndTimeZone" | "Recurrence" | "UID" => {}
        _ => return Err(Problem::read_only(name)),
    }
    Ok(())
}

fn clear(content: &mut Content, name: &str) -> Done<()> {
    let kept = || Problem::new("ErrorInvalidPropertyDelete", format!("Delete action is invalid for property {name}."));
    match name {
        "Subject" => content.subject = None,
        "Body" => content.body = Body::default(),
        "Categories" => content.categories.clear(),
        "Culture" => content.culture = None,
        _ if NOT_KEPT.contains(&name) => {}
        "ReminderDueBy" if content.task().is_some() => content.reminder_at = None,
        _ => match &mut content.what {
            What::Appointment(one) => match name {
                "Location" => one.location = None,
                "RequiredAttendees" => one.required.clear(),
                "OptionalAttendees" => one.optional.clear(),
                "Resources" => one.resources.clear(),
                // The caller's matter.
                "Recurrence" => {}
                _ => return Err(kept()),
            },
            What::Task(task) => return if tasks::clear(task, name) { Ok(()) } else { Err(kept()) },
        },
    }
    Ok(())
}

/// One line of text, as the store keeps it.
fn line(text: &str) -> String {
    text.replace(['\r', '\n'], " ").chars().take(255).collect()
}

fn attendees(node: &Node, known: &[Attendee]) -> Done<Vec<Attendee>> {
    let one = |attendee: &Node| {
        let mailbox = attendee.child("Mailbox");
        let text = |name: &str| mailbox.and_then(|mailbox| mailbox.text_of(name)).unwrap_or_default().trim().to_owned();
        let address = text("EmailAddress");
        if address.is_empty() {
            return Err(Problem::new("ErrorInvalidRecipients", "At least one recipient is not valid."));
        }
        // Who was invited before keeps the answer that was given.
        let before = known.iter().find(|attendee| attendee.who.is(&address));
        let name = if text("Name").is_empty() { address.clone() } else { text("Name") };
        Ok(before.cloned().unwrap_or(Attendee { who: Person { name, address }, response: "Unknown", time: None }))
    };
    node.children.iter().map(one).collect()
}

/// The zone that an element names.
fn zone(node: &Node) -> Done<Zone> {
    let name = node.attribute("Id").or_else(|| node.attribute("Name")).unwrap_or_default();
    if let Some(zone) = Zone::find(name) {
        return Ok(zone);
    }
    // A zone of the client's own: its standard time is all that is understood of it.
    let period = node.child("Periods").and_then(|periods| {
        let standard = |one: &&Node| one.attribute("Name").is_some_and(|name| name.eq_ignore_ascii_case("Standard"));
        periods.children.iter().find(standard).or_else(|| periods.children.first())
    });
    let hours = period.and_then(|one| one.attribute("Bias")).and_then(hours_behind);
    let fixed = hours.and_then(|hours| Zone::find(&format!("Etc/GMT{}{hours}", if hours < 0 { "" } else { "+" })));
    match fixed {
        Some(fixed) => Ok(Zone { name: name.to_owned(), tz: fixed.tz }),
        None => Err(Problem::new("ErrorTimeZone", format!("The specified time zone is not valid: {name}."))),
    }
}

/// How many hours a bias such as `-PT3H0M0.0S` lies behind UTC, where they are whole ones.
fn hours_behind(bias: &str) -> Option<i32> {
    let (sign, rest) = bias.strip_prefix('-').map_or((1, bias), |rest| (-1, rest));
    let hours = rest.strip_prefix("PT")?.split('H').next()?;
    let hours: i32 = match hours.strip_suffix('M') {
        Some(minutes) => minutes.parse::<i32>().ok().filter(|minutes| minutes % 60 == 0)? / 60,
        None => hours.parse().ok()?,
    };
    Some(sign * hours)
}

/// Start, end, zones and whole days, which are judged together.
fn times_of(one: &mut Appointment, patch: &Patch, frame: &Frame) -> Done<()> {
    for name in ["Start", "End", "StartTimeZone", "EndTimeZone", "IsAllDayEvent"] {
        if patch.clears(name) {
            let text = format!("Delete action is invalid for property {name}.");
            return Err(Problem::new("ErrorInvalidPropertyDelete", text));
        }
    }
    let sent = |name: &str| patch.set(name).and_then(|node| times::parse(node.value()));
    let (start_zone, end_zone) =
        (patch.set("StartTimeZone").map(zone).transpose()?, patch.set("EndTimeZone").map(zone).transpose()?);
    let placed = |time: Option<Sent>, named: Option<&Zone>, was: DateTime<Utc>, of: &Zone| match (time, named) {
        (Some(time), named) => time.instant(named.unwrap_or(&frame.zone).tz),
        // A new zone alone leaves the clock on the wall as it is.
        (None, Some(zone)) => zone.instant(of.wall(was)),
        (None, None) => was,
    };
    let start = placed(sent("Start"), start_zone.as_ref(), one.start, &one.start_zone);
    let end = placed(sent("End"), end_zone.as_ref().or(start_zone.as_ref()), one.end, &one.end_zone);
    if let Some(zone) = start_zone {
        one.end_zone = end_zone.clone().unwrap_or_else(|| zone.clone());
        one.start_zone = zone;
    } else if let Some(zone) = end_zone {
        one.end_zone = zone;
    }
    if let Some(node) = patch.set("IsAllDayEvent") {
        one.all_day = flag(node);
    }
    if end < start {
        let text = "End date is earlier than start date.";
        return Err(Problem::new("ErrorCalendarEndDateIsEarlierThanStartDate", text));
    }
    if end - start > TimeDelta::days(LONGEST_DAYS) {
        let text = "Calendar item duration is too long.";
        return Err(Problem::new("ErrorCalendarDurationIsTooLong", text));
    }
    (one.start, one.end) = if one.all_day { times::whole_days(start, end, one.start_zone.tz) } else { (start, end) };
    Ok(())
}

/// Content of an appointment of which nothing is said yet.
pub(super) fn blank_appointment(patch: &Patch, frame: &Frame) -> Done<Content> {
    let zone = patch.set("StartTimeZone").map(zone).transpose()?.unwrap_or_else(|| frame.zone.clone());
    let sent = |name: &str| patch.set(name).and_then(|node| times::parse(node.value()));
    // Without times it is now, for half an hour.
    let start = sent("Start").map_or(frame.now, |sent| sent.instant(zone.tz));
    let end = start + TimeDelta::minutes(30);
    Ok(blank(What::Appointment(Box::new(Appointment {
        start,
        end,
        end_zone: zone.clone(),
        start_zone: zone,
        all_day: false,
        show_as: "Busy".to_owned(),
        location: None,
        required: Vec::new(),
        optional: Vec::new(),
        resources: Vec::new(),
        response_requested: true,
        proposals: true,
    }))))
}

/// Content of which nothing is said but what it is.
pub(super) fn blank(what: What) -> Content {
    Content {
        subject: None,
        sensitivity: "Normal".to_owned(),
        importance: "Normal".to_owned(),
        body: Body::default(),
        categories: Vec::new(),
        culture: None,
        reminder_on: matches!(what, What::Appointment(_)),
        reminder_minutes: 15,
        reminder_at: None,
        ext: std::collections::BTreeMap::new(),
        what,
    }
}
