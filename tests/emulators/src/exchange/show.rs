//! An item as it is shown, property by property in the order of the schema.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::item::{Appointment, Attendee, Item, Meeting, Person, Seen, Task};
use super::properties::{self, Property};
use super::shape::{Of, Shape};
use super::xml::{Node, t};
use super::{ids, schema, series, times};
use crate::outlook::ids::GlobalId;

/// How and to whom items are shown.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) mailbox: Uuid,
    /// The zone that times are written in.
    pub(super) zone: Tz,
    /// The zone in which the days of tasks begin.
    pub(super) days: Tz,
    /// What synchronisation and searches leave out: bodies, attendees and what else is not of the item's own row.
    pub(super) row: bool,
}

/// What only `GetItem` answers.
const LOADED: &[&str] = &[
    "Body",
    "TextBody",
    "RequiredAttendees",
    "OptionalAttendees",
    "Resources",
    "Recurrence",
    "FirstOccurrence",
    "LastOccurrence",
    "ModifiedOccurrences",
    "DeletedOccurrences",
    "StartTimeZone",
    "EndTimeZone",
    "TimeZone",
    "ResponseObjects",
    "EffectiveRights",
];

/// Names of all properties, in their order.
fn names(seen: &Seen<'_>) -> &'static [String] {
    schema::order(if seen.item.is_task() { "TaskType" } else { "CalendarItemType" })
}

fn flag(name: &'static str, value: bool) -> Node {
    t(name).text(if value { "true" } else { "false" })
}

fn text(name: &'static str, value: &str) -> Node {
    t(name).text(value)
}

impl View {
    /// What is seen, as a request wants it.
    pub(super) fn item(&self, seen: &Seen<'_>, shape: &Shape) -> Node {
        let of = if seen.item.is_task() { Of::Task } else { Of::Appointment };
        let mut node = t(seen.item.element());
        for name in names(seen) {
            if name == "ExtendedProperty" {
                node = node.with_all(shape.extended.iter().filter_map(|property| self.extended(seen, property)));
            } else if shape.wants(name, of)
                && !(self.row && LOADED.contains(&name.as_str()))
                && let Some(property) = self.property(seen, name, shape.body.as_deref())
            {
                node = node.with(property);
            }
        }
        node
    }

    /// An extended property, where the item has it.
    pub(super) fn extended(&self, seen: &Seen<'_>, property: &Property) -> Option<Node> {
        Some(property.node(&extended(seen, property)?))
    }

    fn time(&self, name: &'static str, at: DateTime<Utc>) -> Node {
        t(name).text(times::text(at, self.zone))
    }

    fn day(&self, name: &'static str, date: NaiveDate) -> Node {
        t(name).text(times::text(times::midnight(date, self.days), self.zone))
    }

    /// One property by a name that a request gives.
    pub(super) fn named(&self, seen: &Seen<'_>, name: &str, body: Option<&str>) -> Option<Node> {
        let name = names(seen).iter().find(|known| *known == name)?;
        self.property(seen, name, body)
    }

    /// One property by the name of its element.
    fn property(&self, seen: &Seen<'_>, name: &'static str, body: Option<&str>) -> Option<Node> {
        let (item, content) = (seen.item, seen.content());
        let node = match name {
            "ItemId" => ids::item_id(self.mailbox, seen),
            "ParentFolderId" => t(name).attr("Id", ids::folder(self.mailbox, item.folder)),
            "ItemClass" => match (item.is_task(), seen.kind()) {
                (true, _) => text(name, "IPM.Task"),
                (false, "Exception") => text(name, "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}"),
                (false, _) => text(name, "IPM.Appointment"),
            },
            "Subject" => text(name, content.subject.as_deref()?),
            "Sensitivity" => text(name, &content.sensitivity),
            "Body" => {
                let (kind, text) = content.body.shown(body);
                t(name).attr("BodyType", kind).text(line_ends(&text))
            }
            "TextBody" => t(name).attr("BodyType", "Text").text(line_ends(&content.body.shown(Some("Text")).1)),
            "Size" => text(name, &(200 + content.body.text.len()).to_string()),
            "Categories" if !content.categories.is_empty() => {
                t(name).with_all(content.categories.iter().map(|one| text("String", one)))
            }
            "Importance" => text(name, &content.importance),
            "IsSubmitted" | "IsDraft" | "IsFromMe" | "IsResend" | "IsUnmodified" | "HasAttachments"
            | "IsAssociated" => flag(name, false),
            "DateTimeReceived" | "DateTimeSent" | "DateTimeCreated" => self.time(name, item.created),
            "ReminderDueBy" => match content.appointment() {
                Some(_) => self.time(name, seen.start()?),
                None => self.time(name, content.reminder_at?),
            },
            "ReminderIsSet" => flag(name, content.reminder_on),
            "ReminderMinutesBeforeStart" => {
                let minutes = if item.is_task() { 0 } else { content.reminder_minutes };
                text(name, &minutes.to_string())
            }
            "Culture" => text(name, content.culture.as_deref().unwrap_or("en-US")),
            "LastModifiedName" => text(name, &item.modified_by),
            "LastModifiedTime" => self.time(name, seen.modified()),
            _ => match (content.appointment(), &item.meeting, content.task()) {
                (Some(one), Some(meeting), _) => return self.of_appointment(seen, one, meeting, name),
                (_, _, Some(task)) => return self.of_task(item, task, name),
                _ => return None,
            },
        };
        Some(node)
    }

    fn of_appointment(
        &self,
        seen: &Seen<'_>,
        one: &Appointment,
        meeting: &Meeting,
        name: &'static str,
    ) -> Option<Node> {
        let meets = one.invited().next().is_some() || !meeting.is_organizer;
        let node = match name {
            "UID" => text(name, &meeting.uid.text(None)),
            "RecurrenceId" | "OriginalStart" => self.time(name, seen.original_start()?),
            "DateTimeStamp" => self.time(name, seen.item.created),
            "Start" => self.time(name, seen.start()?),
            "End" => self.time(name, seen.end()?),
            "IsAllDayEvent" => flag(name, one.all_day),
            "LegacyFreeBusyStatus" => text(name, &one.show_as),
            "Location" => text(name, one.location.as_deref()?),
            "IsMeeting" => flag(name, meets),
            "IsCancelled" => flag(name, meeting.cancelled),
            "IsRecurring" => flag(name, seen.kind() != "Single"),
            "MeetingRequestWasSent" => flag(name, meeting.sent),
            "IsResponseRequested" => flag(name, one.response_requested),
            "CalendarItemType" => text(name, seen.kind()),
            "MyResponseType" => text(name, if meets { meeting.response } else { "Organizer" }),
            "Organizer" => t(name).with(mailbox(&meeting.organizer)),
            "RequiredAttendees" => self.attendees(name, &one.required)?,
            "OptionalAttendees" => self.attendees(name, &one.optional)?,
            "Resources" => self.attendees(name, &one.resources)?,
            "Duration" => text(name, &times::duration(seen.end()? - seen.start()?)),
            "TimeZone" => text(name, &one.start_zone.name),
            "AppointmentReplyTime" => self.time(name, meeting.replied?),
            "AppointmentSequenceNumber" => text(name, &meeting.sequence.to_string()),
            "AppointmentState" => {
                let state = u8::from(meets) + 2 * u8::from(!meeting.is_organizer) + 4 * u8::from(meeting.cancelled);
                text(name, &state.to_string())
            }
            "Recurrence" if seen.date.is_none() => series::show(&meeting.series.as_ref()?.rule),
            "FirstOccurrence" | "LastOccurrence" if seen.date.is_none() => self.end_of_series(seen.item, name)?,
            "ModifiedOccurrences" if seen.date.is_none() => {
                let series = meeting.series.as_ref().filter(|series| !series.exceptions.is_empty())?;
                let dates = series.exceptions.keys().filter_map(|date| seen.item.occurrence(*date));
                t(name).with_all(dates.filter_map(|seen| self.occurrence("Occurrence", &seen)))
            }
            "DeletedOccurrences" if seen.date.is_none() => {
                let series = meeting.series.as_ref().filter(|series| !series.deleted.is_empty())?;
                let starts = series
                    .deleted
                    .iter()
                    .filter_map(|date| Seen { item: seen.item, date: Some(*date) }.original_start());
                t(name).with_all(starts.map(|start| t("DeletedOccurrence").with(self.time("Start", start))))
            }
            "StartTimeZone" => zone(name, &one.start_zone.name),
            "EndTimeZone" => zone(name, &one.end_zone.name),
            "AllowNewTimeProposal" => flag(name, one.proposals),
            "IsOnlineMeeting" => flag(name, false),
            "IsOrganizer" => flag(name, meeting.is_organizer),
            _ => return None,
        };
        Some(node)
    }

    /// `FirstOccurrence` and `LastOccurrence`, of those that are left.
    fn end_of_series(&self, item: &Item, name: &'static str) -> Option<Node> {
        let rule = &item.series()?.rule;
        let mut date = match name {
            "FirstOccurrence" => rule.next(rule.start)?,
            _ => rule.last()?,
        };
        loop {
            if let Some(seen) = item.occurrence(date) {
                return self.occurrence(name, &seen);
            }
            date = match name {
                "FirstOccurrence" => rule.next(date.succ_opt()?)?,
                _ => rule.previous(date)?,
            };
        }
    }

    fn occurrence(&self, name: &'static str, seen: &Seen<'_>) -> Option<Node> {
        let node = t(name).with(ids::item_id(self.mailbox, seen));
        let node = node.with(self.time("Start", seen.start()?)).with(self.time("End", seen.end()?));
        Some(node.with(self.time("OriginalStart", seen.original_start()?)))
    }

    fn attendees(&self, name: &'static str, people: &[Attendee]) -> Option<Node> {
        let one = |attendee: &Attendee| {
            let node = t("Attendee").with(mailbox(&attendee.who)).with(text("ResponseType", attendee.response));
            node.with_all(attendee.time.map(|time| self.time("LastResponseTime", time)))
        };
        (!people.is_empty()).then(|| t(name).with_all(people.iter().map(one)))
    }

    fn of_task(&self, item: &Item, task: &Task, name: &'static str) -> Option<Node> {
        let node = match name {
            "StartDate" => self.day(name, task.start?),
            "DueDate" => self.day(name, task.due?),
            "Status" => text(name, &task.status),
            "StatusDescription" => text(name, described(&task.status)),
            "PercentComplete" => text(name, &task.percent.to_string()),
            "CompleteDate" => self.time(name, task.complete?),
            "IsComplete" => flag(name, task.status == "Completed"),
            "IsRecurring" => flag(name, task.rule.is_some()),
            "IsTeamTask" => flag(name, false),
            "IsAssignmentEditable" => text(name, "1"),
            "ChangeCount" => text(name, &task.changes.max(1).to_string()),
            "DelegationState" => text(name, &task.delegation),
            "Delegator" => text(name, task.delegator.as_deref()?),
            "Owner" => text(name, &task.owner),
            "AssignedTime" if task.delegation != "NoMatch" => self.time(name, item.created),
            "Recurrence" => series::show_task(task.rule.as_ref()?),
            _ => task.other.get(name)?.clone(),
        };
        Some(node)
    }
}

/// Exchange ends lines with both signs.
fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn described(status: &str) -> &'static str {
    match status {
        "InProgress" => "In Progress",
        "Completed" => "Completed",
        "WaitingOnOthers" => "Waiting on someone else",
        "Deferred" => "Deferred",
        _ => "Not Started",
    }
}

fn zone(name: &'static str, id: &str) -> Node {
    t(name).attr("Id", id).attr("Name", id)
}

/// Somebody as an element.
pub(super) fn mailbox(who: &Person) -> Node {
    let node = t("Mailbox").with(text("Name", &who.name)).with(text("EmailAddress", &who.address));
    node.with(text("RoutingType", "SMTP")).with(text("MailboxType", "Mailbox"))
}

/// The values of an extended property; some the store makes of what it has.
pub(super) fn extended(seen: &Seen<'_>, property: &Property) -> Option<Vec<String>> {
    if let Some(meeting) = &seen.item.meeting {
        if *property == properties::clean_global_object_id() {
            return Some(vec![binary(&meeting.uid, None)]);
        }
        if *property == properties::global_object_id() {
            return Some(vec![binary(&meeting.uid, seen.date)]);
        }
    }
    seen.content().ext.get(property).cloned()
}

/// A global object id as bytes. A foreign UID is wrapped.
fn binary(uid: &GlobalId, date: Option<NaiveDate>) -> String {
    use base64::Engine as _;
    let text = uid.wrapped(date);
    let byte = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or_default();
    let bytes: Vec<u8> = (0..text.len()).step_by(2).map(byte).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
