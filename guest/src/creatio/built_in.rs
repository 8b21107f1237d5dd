//! Creatio's own synchronization: whether it serves a mailbox, and what it was told, for whoever takes over from it. Only
//! what the sign-in may see counts: rows of other users can be hidden from it, and then nothing is known.

use super::client::{Client, get_part, rows};
use crate::ask::{Ask, Fault};
use crate::batch::{Part, PartAnswer};
use crate::http;
use crate::settings::{Exported, Folders};
use crate::time;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Its choices of an account.
const CHOICES: &str = "Id,MailboxSyncSettingsId,ImportActivitiesFrom,ImportAppointments,ImportAppointmentsAll,\
ImpAppointmentsFromCalendars,ImportAppointmentsCalendars,ImportTasks,ImportTasksAll,ImportTasksFromFolders,\
ImportTasksFolders,ExportActivities,ExportActivitiesAll,ExportActivitiesSelected,ExportAppointments,ExportTasks,\
ExportActivitiesFromScheduler,ExportActivitiesFromGroups,ExportActivitiesGroups";
/// Never without a selection: the settings have a password column.
const MAILBOXES: &str = "Id,SysAdminUnitId,UserName,SenderEmailAddress,ExchangeAutoSyncActivity,SynchronizationStopped";
/// More mailboxes than one site has.
const MOST: &str = "5000";

/// What tells whether it serves a mailbox with this address.
pub(super) fn parts(address: &str) -> Vec<Part> {
    let address = address.replace('\'', "''");
    let of = |path: &str| format!("{path}SenderEmailAddress eq '{address}' or {path}UserName eq '{address}'");
    let part = |set: &str, path: &str, columns: &str| {
        get_part(http::with_query(set, &[("$filter", &of(path)), ("$select", columns), ("$top", "50")]))
    };
    vec![
        part("MailboxSyncSettings", "", "Id,ExchangeAutoSyncActivity,SynchronizationStopped"),
        part(
            "ActivitySyncSettings",
            "MailboxSyncSettings/",
            "Id,MailboxSyncSettingsId,ImportAppointments,ImportTasks,ExportActivities",
        ),
    ]
}

fn flag(row: &Value, name: &str) -> bool {
    row.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn id(row: &Value, name: &str) -> Option<Uuid> {
    row.get(name).and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok()).filter(|id| !id.is_nil())
}

fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    row.get(name).and_then(Value::as_str).unwrap_or_default().trim()
}

/// It runs by itself for this mailbox.
fn runs(mailbox: &Value) -> bool {
    flag(mailbox, "ExchangeAutoSyncActivity") && !flag(mailbox, "SynchronizationStopped")
}

/// It was told to synchronise something.
fn works(choices: &Value) -> bool {
    ["ImportAppointments", "ImportTasks", "ExportActivities"].iter().any(|name| flag(choices, name))
}

pub(super) fn serves(answers: &[Result<PartAnswer, Fault>]) -> Result<bool, Fault> {
    let [mailboxes, choices] = answers else { return Err(Fault::Garbled("no answer".into())) };
    let (mailboxes, choices) = (mailboxes.as_ref().map_err(Clone::clone)?, choices.as_ref().map_err(Clone::clone)?);
    let alive: BTreeSet<Uuid> =
        rows(&mailboxes.body)?.iter().filter(|row| runs(row)).filter_map(|row| id(row, "Id")).collect();
    Ok(rows(&choices.body)?
        .iter()
        .any(|row| works(row) && id(row, "MailboxSyncSettingsId").is_some_and(|mailbox| alive.contains(&mailbox))))
}

/// Asks whether it serves the mailbox with this address.
pub fn serving<'a>(client: &Client, address: &str) -> Ask<'a, Result<bool, Fault>> {
    client.reads(&parts(address)).map(|answers| serves(&answers))
}

/// What it was told about one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Takeover {
    /// Login name of the Creatio user.
    pub user: String,
    /// Address of the mailbox.
    pub address: String,
    /// It serves the mailbox at present.
    pub serves: bool,
    /// IANA name of the user's time zone, where the user has one that is known.
    pub time_zone: Option<String>,
    /// "Import activities starting from".
    pub import_from: Option<String>,
    /// "Import meetings"; what is selected by name.
    pub import_meetings: Folders,
    /// "Import tasks"; what is selected by name.
    pub import_tasks: Folders,
    /// "Export activities"; what is selected by id.
    pub exported: Exported,
    /// Tasks are exported too.
    pub export_tasks: bool,
    /// What could not be taken over, for a person.
    pub remarks: Vec<String>,
}

/// Asks for everything that it was told.
pub fn takeovers<'a>(client: &Client) -> Ask<'a, Result<Vec<Takeover>, Fault>> {
    let part = |set: &str, columns: &str| {
        get_part(http::with_query(set, &[("$select", columns), ("$orderby", "Id"), ("$top", MOST)]))
    };
    let parts = [
        part("MailboxSyncSettings", MAILBOXES),
        part("ActivitySyncSettings", CHOICES),
        part("SysAdminUnit", "Id,Name,Active,TimeZoneId"),
    ];
    client.reads(&parts).map(|answers| {
        let mut sets = answers.into_iter().map(|answer| answer.and_then(|part| rows(&part.body).cloned()));
        let mut next = || sets.next().unwrap_or_else(|| Err(Fault::Garbled("no answer".into())));
        let (mailboxes, choices, users) = (next()?, next()?, next()?);
        let by = |rows: Vec<Value>, column: &str| -> BTreeMap<Uuid, Value> {
            rows.into_iter().filter_map(|row| id(&row, column).map(|id| (id, row))).collect()
        };
        let (choices, users) = (by(choices, "MailboxSyncSettingsId"), by(users, "Id"));
        let mut found: Vec<Takeover> = mailboxes
            .iter()
            .filter_map(|mailbox| {
                let choices = choices.get(&id(mailbox, "Id")?).filter(|choices| works(choices))?;
                let user = users.get(&id(mailbox, "SysAdminUnitId")?)?;
                takeover(mailbox, choices, user)
            })
            .collect();
        found.sort_by(|a, b| (&a.address, &a.user).cmp(&(&b.address, &b.user)));
        Ok(found)
    })
}

fn takeover(mailbox: &Value, choices: &Value, user: &Value) -> Option<Takeover> {
    let address =
        [text(mailbox, "SenderEmailAddress"), text(mailbox, "UserName")].into_iter().find(|it| it.contains('@'))?;
    let mut remarks = Vec::new();
    if !user.get("Active").and_then(Value::as_bool).unwrap_or(true) {
        remarks.push("the user is not active in Creatio".to_owned());
    }
    let import_meetings = imported(
        (flag(choices, "ImportAppointments"), flag(choices, "ImpAppointmentsFromCalendars")),
        text(choices, "ImportAppointmentsCalendars"),
        ("calendars", &mut remarks),
    );
    let import_tasks = imported(
        (flag(choices, "ImportTasks"), flag(choices, "ImportTasksFromFolders")),
        text(choices, "ImportTasksFolders"),
        ("task folders", &mut remarks),
    );
    let selected = flag(choices, "ExportActivitiesSelected") && !flag(choices, "ExportActivitiesAll");
    let groups = ids(text(choices, "ExportActivitiesGroups"));
    let by_groups = selected && flag(choices, "ExportActivitiesFromGroups");
    let exported = match (flag(choices, "ExportActivities"), by_groups, groups.is_empty()) {
        (false, ..) => Exported::None,
        (true, true, false) => Exported::Groups(groups),
        (true, true, true) => {
            remarks.push("the groups to export could not be read: all activities would be exported".to_owned());
            Exported::All
        }
        (true, false, _) => Exported::All,
    };
    let from = text(choices, "ImportActivitiesFrom");
    Some(Takeover {
        user: text(user, "Name").to_owned(),
        address: address.to_owned(),
        serves: runs(mailbox),
        time_zone: time::zone(text(user, "TimeZoneId")).map(|zone| zone.name().to_owned()),
        // Year 1 stands for an empty date.
        import_from: from.get(..10).filter(|day| !day.starts_with("0001")).map(str::to_owned),
        import_meetings,
        import_tasks,
        exported,
        export_tasks: (flag(choices, "ExportTasks") || !flag(choices, "ExportAppointments"))
            && !(selected && flag(choices, "ExportActivitiesFromScheduler")),
        remarks,
    })
}

/// A choice of folders. The ids in it are those of Exchange Web Services, which Graph does not know; names serve both.
fn imported((imports, selected): (bool, bool), list: &str, (what, remarks): (&str, &mut Vec<String>)) -> Folders {
    match (imports, selected) {
        (false, _) => Folders::None,
        (true, false) => Folders::All,
        (true, true) => {
            let names = names(list);
            if names.is_empty() {
                remarks.push(format!("the selected {what} could not be read: choose them with host-runner discover"));
                return Folders::All;
            }
            Folders::Selected(names)
        }
    }
}

/// Every text below a key that names something; what contains others comes before them.
fn names(json: &str) -> Vec<String> {
    fn collect(value: &Value, names: &mut Vec<String>) {
        let naming = |key: &str| ["name", "displayname", "caption"].contains(&key.to_lowercase().as_str());
        match value {
            Value::Array(list) => list.iter().for_each(|value| collect(value, names)),
            Value::Object(object) => {
                let own = object.iter().filter(|(key, _)| naming(key)).filter_map(|(_, value)| value.as_str());
                for name in own.filter(|name| !name.is_empty()) {
                    if !names.iter().any(|known| known == name) {
                        names.push(name.to_owned());
                    }
                }
                object.values().for_each(|value| collect(value, names));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&http::nested(json.to_owned()), &mut found);
    found
}

/// Every id in a text.
fn ids(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_hexdigit() && c != '-') {
        if let Some(id) = Uuid::parse_str(word).ok().filter(|id| word.len() == 36 && !id.is_nil()) {
            let id = id.to_string();
            if !found.contains(&id) {
                found.push(id);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_are_found_in_whatever_shape_the_lists_have() {
        let list = r#"[{"Id": "AAMk=", "Name": "Work", "Children": [{"DisplayName": "Projects"}]}, {"Name": "Work"}]"#;
        assert_eq!(names(list), ["Work", "Projects"]);
        assert_eq!(names("no JSON at all"), Vec::<String>::new());
        let id = "9dc5f6e6-2a61-4de8-a059-de30f4e74f24";
        assert_eq!(ids(&format!("[\"{id}\",{{\"Id\":\"{}\"}}]", id.to_uppercase())), [id]);
        assert_eq!(ids("00000000-0000-0000-0000-000000000000, 12"), Vec::<String>::new());
    }
}
