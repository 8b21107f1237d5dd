//! Tasks as a person sees and changes them: they have days where meetings have hours, and a status.

use crate::choice::{ERRANDS, GROUP};
use crate::people::People;
use crate::sight::{self, Sight, instant};
use crate::step::Who;
use chrono::{DateTime, TimeDelta, Utc};
use emulators::creatio::NewActivity;
use emulators::creatio::ids::{activity_status, derived, folder_type};
use emulators::graph::TaskSummary;
use guest::activity::{SideId, Unit};
use scenarios::life::{edit_creatio, point};
use scenarios::mail::Mail;
use scenarios::tasks::day;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Statuses that both sides have, as journals print them, with Creatio's id and To Do's word.
const STATUSES: [(&str, Uuid, &str); 3] = [
    ("not started", activity_status::NOT_STARTED, "notStarted"),
    ("in progress", activity_status::IN_PROGRESS, "inProgress"),
    ("completed", activity_status::COMPLETED, "completed"),
];

/// Units whose values look otherwise in a meeting than in a task, or are not there.
pub const TURNING: [Unit; 4] = [Unit::When, Unit::Place, Unit::Reminder, Unit::State];

/// The day by which a task is to be done, for an edit's number.
fn due(item: u32, number: u32) -> DateTime<Utc> {
    sight::begins(item, 0) + TimeDelta::days(i64::from(number))
}

fn reminder(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "off".into(), instant)
}

/// Values that an edit's number stands for.
#[must_use]
pub fn value(item: u32, unit: Unit, number: u32) -> String {
    match unit {
        Unit::When => due(item, number).date_naive().to_string(),
        Unit::Reminder => instant(reminds(item, number)),
        // Done is the rarest.
        Unit::State => STATUSES[[1, 0, 1, 0, 2][usize::try_from(number % 5).unwrap()]].0.to_owned(),
        unit => sight::value(item, unit, number),
    }
}

fn reminds(item: u32, number: u32) -> DateTime<Utc> {
    sight::begins(item, 0) - TimeDelta::minutes(i64::from(number) + 5)
}

/// What only a task has, of a row of Creatio.
pub(crate) fn of_row(
    values: &mut BTreeMap<Unit, String>,
    due: DateTime<Utc>,
    remind: Option<DateTime<Utc>>,
    status: Option<Uuid>,
) {
    let status = STATUSES.iter().find(|(_, id, _)| Some(*id) == status).map_or("cancelled", |(name, ..)| name);
    values.remove(&Unit::Place);
    // Moscow's day, in which the last instant of a day that ends at midnight lies.
    let last = due + TimeDelta::hours(3) - TimeDelta::seconds(1);
    values.insert(Unit::When, last.date_naive().to_string());
    values.insert(Unit::Reminder, reminder(remind));
    values.insert(Unit::State, status.to_owned());
}

/// The tasks of a mailbox.
pub(crate) fn in_mailbox(mail: &Mail, mailbox: &str, wanted: impl Fn(u32) -> bool) -> Vec<(u32, Sight)> {
    let named = |task: TaskSummary| Some((sight::item_of(&task.title)?, task));
    let found = mail.tasks_if(mailbox, |title| sight::item_of(title).is_some_and(&wanted));
    found.into_iter().filter_map(named).map(|(item, task)| (item, of_task(&task))).collect()
}

fn of_task(task: &TaskSummary) -> Sight {
    let status = STATUSES.iter().find(|(.., word)| *word == task.status).map_or("else", |(name, ..)| name);
    let values = BTreeMap::from([
        (Unit::Title, task.title.clone()),
        (Unit::When, task.due.map(|day| day.to_string()).unwrap_or_default()),
        (Unit::Body, sight::word(&task.notes)),
        (Unit::Reminder, reminder(task.reminder)),
        (Unit::Priority, task.importance.to_owned()),
        (Unit::State, status.to_owned()),
    ]);
    Sight { id: task.id.clone(), values, start: DateTime::default(), cancelled: false, task: true }
}

/// An edit in Creatio.
pub(crate) fn columns(item: u32, unit: Unit, number: u32, value: &str) -> Option<Value> {
    Some(match unit {
        Unit::When => json!({"StartDate": due(item, number), "DueDate": due(item, number) + TimeDelta::hours(1)}),
        Unit::Reminder => json!({"RemindToOwner": true, "RemindToOwnerDate": reminds(item, number)}),
        Unit::State => json!({ "StatusId": STATUSES.iter().find(|(name, ..)| *name == value)?.1 }),
        _ => return None,
    })
}

/// An edit in To Do.
pub(crate) fn properties(item: u32, unit: Unit, number: u32, value: &str) -> Value {
    match unit {
        Unit::Title => json!({ "title": value }),
        Unit::When => json!({ "dueDateTime": day(value) }),
        Unit::Body => json!({"body": {"contentType": "text", "content": value}}),
        Unit::Priority => json!({ "importance": value }),
        Unit::Reminder => json!({"isReminderOn": true, "reminderDateTime": point(reminds(item, number))}),
        Unit::State => json!({ "status": STATUSES.iter().find(|(name, ..)| *name == value).unwrap().2 }),
        Unit::Place => Value::Null,
    }
}

impl People {
    /// The group of activities, which is made when it is first needed.
    #[must_use]
    pub fn group(&self) -> Uuid {
        let id = derived("group of the simulation");
        if self.creatio.with(|creatio| creatio.row("ActivityFolder", id).is_none()) {
            let values = json!({"Id": id, "Name": GROUP, "FolderTypeId": folder_type::GENERAL});
            let edit = json!({"action": "create", "set": "ActivityFolder", "values": values});
            edit_creatio(&self.creatio, &edit, self.at(SideId::Creatio));
        }
        id
    }

    /// Somebody puts the activity into the group.
    pub(crate) fn join(&self, item: u32) {
        let group = self.group();
        for seen in self.see(crate::step::Place::Creatio, item) {
            let activity = Uuid::parse_str(&seen.id).unwrap();
            if self.memberships(Some(activity)).is_empty() {
                let values = json!({"ActivityId": activity, "FolderId": group});
                let edit = json!({"action": "create", "set": "ActivityInFolder", "values": values});
                edit_creatio(&self.creatio, &edit, self.at(SideId::Creatio));
            }
        }
    }

    /// Somebody takes the activity out of the group; without one, everything.
    pub(crate) fn leave(&self, item: Option<u32>) {
        let seen = item.map(|item| self.see(crate::step::Place::Creatio, item));
        let leaving: Vec<Uuid> = match seen {
            None => self.memberships(None),
            Some(all) => {
                all.iter().flat_map(|seen| self.memberships(Some(Uuid::parse_str(&seen.id).unwrap()))).collect()
            }
        };
        for membership in leaving {
            let edit = json!({"action": "delete", "set": "ActivityInFolder", "id": membership});
            edit_creatio(&self.creatio, &edit, self.at(SideId::Creatio));
        }
    }

    /// The activity of this id is in the group.
    pub(crate) fn is_member(&self, activity: &str) -> bool {
        !self.memberships(Some(Uuid::parse_str(activity).unwrap())).is_empty()
    }

    fn memberships(&self, activity: Option<Uuid>) -> Vec<Uuid> {
        self.creatio.with(|creatio| {
            let rows = creatio.rows("ActivityInFolder");
            rows.filter(|(_, row)| activity.is_none_or(|activity| row.guid("ActivityId") == Some(activity)))
                .map(|(id, _)| id)
                .collect()
        })
    }

    /// A task in Creatio.
    pub(crate) fn create_chore(&self, who: Who, item: u32) {
        let start = due(item, 0);
        let row = NewActivity::task(sight::name(item), start, start + TimeDelta::hours(1)).owned_by(self.contact(who));
        let now = self.at(SideId::Creatio);
        self.creatio.with(|creatio| creatio.add_activity(&row, now).unwrap());
    }

    /// A task in the mailbox.
    pub(crate) fn create_todo(&self, who: Who, item: u32, errands: bool) {
        let (mailbox, now) = (self.mailbox(who), self.at(SideId::Mailbox));
        let task = json!({"title": sight::name(item), "dueDateTime": day(&value(item, Unit::When, 0))});
        if errands && self.mail.list_id(mailbox, ERRANDS).is_none() {
            self.mail.add_list(mailbox, ERRANDS).unwrap();
        }
        self.mail.add_task(mailbox, errands.then_some(ERRANDS), &task, now).unwrap();
    }

    /// Somebody turns "show in calendar".
    pub(crate) fn flip(&self, item: u32) {
        let Some(seen) = self.see(crate::step::Place::Creatio, item).into_iter().next() else { return };
        let values = json!({ "ShowInScheduler": seen.task });
        let edit = json!({"action": "update", "set": "Activity", "id": seen.id, "values": values});
        edit_creatio(&self.creatio, &edit, self.at(SideId::Creatio));
        let mut ledger = self.ledger.lock().unwrap();
        ledger.turned.insert(item);
        ledger.unlike(item);
    }
}
