//! The rows that every site has: lookups, by their real identifiers.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::ids::{
    activity_category, activity_priority, activity_result, activity_status, activity_type, communication_type, derived,
    folder_type, mail, participant_response, participant_role,
};
use super::schema::entity;
use super::store::{Row, Store};
use super::value::Value;

/// Code, name and offset of the zones that the site knows.
const ZONES: &[(&str, &str, &str)] = &[
    ("UTC", "Coordinated Universal Time", "GMT"),
    ("GMT Standard Time", "Dublin, Edinburgh, Lisbon, London", "GMT"),
    ("W. Europe Standard Time", "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "GMT+1"),
    ("FLE Standard Time", "Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius", "GMT+2"),
    ("Russian Standard Time", "Moscow, St. Petersburg", "GMT+3"),
    ("Ekaterinburg Standard Time", "Ekaterinburg", "GMT+5"),
    ("India Standard Time", "Chennai, Kolkata, Mumbai, New Delhi", "GMT+5:30"),
    ("Eastern Standard Time", "Eastern Time (US & Canada)", "GMT-5"),
    ("Pacific Standard Time", "Pacific Time (US & Canada)", "GMT-8"),
];

const NAMED: &[(&str, Uuid, &str)] = &[
    ("ActivityPriority", activity_priority::MEDIUM, "Medium"),
    ("ActivityPriority", activity_priority::HIGH, "High"),
    ("ActivityPriority", activity_priority::LOW, "Low"),
    ("ParticipantResponse", participant_response::CONFIRMED, "Confirmed"),
    ("ParticipantResponse", participant_response::DECLINED, "Declined"),
    ("ParticipantResponse", participant_response::IN_DOUBT, "In doubt"),
    ("ActivityResult", activity_result::COMPLETED, "Completed"),
    ("ActivityResult", activity_result::CANCELED, "Canceled"),
    ("CommunicationType", communication_type::EMAIL, "Email"),
    ("CommunicationType", communication_type::MOBILE, "Mobile phone"),
    ("FolderType", folder_type::GENERAL, "General"),
    ("FolderType", folder_type::DYNAMIC, "Dynamic"),
    ("FolderType", folder_type::MAILBOX, "Mailbox"),
    ("MailServerType", mail::EXCHANGE, "Exchange"),
    ("MailServerType", mail::IMAP, "IMAP"),
    ("MailSyncPeriod", mail::WEEK, "Week"),
];

const CODED: &[(&str, Uuid, &str, &str)] = &[
    ("ActivityType", activity_type::TASK, "Task", "Task"),
    ("ActivityType", activity_type::CALL, "Call", "Call"),
    ("ActivityType", activity_type::EMAIL, "Email", "Email"),
    ("ActivityType", activity_type::VISIT, "Visit", "Visit"),
    ("ActivityParticipantRole", participant_role::PARTICIPANT, "Participant", "Participant"),
    ("ActivityParticipantRole", participant_role::RESPONSIBLE, "Responsible", "Responsible"),
    ("ActivityParticipantRole", participant_role::FROM, "From", "From"),
    ("ActivityParticipantRole", participant_role::TO, "To", "To"),
    ("ActivityParticipantRole", participant_role::CC, "CC", "CC"),
    ("ActivityParticipantRole", participant_role::BCC, "BCC", "BCC"),
    ("ActivityParticipantRole", participant_role::OPTIONAL, "Optional participant", "OptionalParticipant"),
];

const STATUSES: &[(Uuid, &str, &str, bool)] = &[
    (activity_status::NOT_STARTED, "Not started", "NotStarted", false),
    (activity_status::IN_PROGRESS, "In progress", "InProgress", false),
    (activity_status::COMPLETED, "Completed", "Finished", true),
    (activity_status::CANCELED, "Canceled", "Canceled", true),
];

const CATEGORIES: &[(Uuid, &str, Uuid)] = &[
    (activity_category::TO_DO, "To do", activity_type::TASK),
    (activity_category::MEETING, "Meeting", activity_type::TASK),
    (activity_category::PAPERWORK, "Paperwork", activity_type::TASK),
    (activity_category::CALL_TASK, "Call", activity_type::TASK),
    (activity_category::CALL, "Call", activity_type::CALL),
    (activity_category::EMAIL, "Email", activity_type::EMAIL),
];

pub(super) fn fill(store: &mut Store, created: DateTime<Utc>) {
    let mut add = |set: &str, id: Uuid, cells: &[(&'static str, Value)]| {
        let Some(entity) = entity(set) else { return };
        let mut row = Row::default();
        for (column, value) in cells {
            row.set(column, Some(value.clone()));
        }
        row.set("CreatedOn", Some(created.into()));
        row.set("ModifiedOn", Some(created.into()));
        store.put(entity, id, row);
    };
    for (set, id, name) in NAMED {
        add(set, *id, &[("Name", (*name).into())]);
    }
    for (set, id, name, code) in CODED {
        add(set, *id, &[("Name", (*name).into()), ("Code", (*code).into())]);
    }
    for (id, name, code, finish) in STATUSES {
        add("ActivityStatus", *id, &[("Name", (*name).into()), ("Code", (*code).into()), ("Finish", (*finish).into())]);
    }
    for (id, name, kind) in CATEGORIES {
        add("ActivityCategory", *id, &[("Name", (*name).into()), ("ActivityTypeId", (*kind).into())]);
    }
    for (code, name, offset) in ZONES {
        let id = derived(&format!("zone {code}"));
        add("TimeZone", id, &[("Name", (*name).into()), ("Code", (*code).into()), ("Offset", (*offset).into())]);
    }
}
