//! What Creatio does by itself when an activity or a participant is saved.

use super::ids::participant_role;
use super::schema::entity;
use super::store::Row;
use super::value::Value;
use super::{Call, Creatio};
use uuid::Uuid;

impl Creatio {
    /// Derived columns: the duration, and the type that the category belongs to.
    pub(super) fn before_activity(&self, row: &mut Row, set: &[(&'static str, Option<Value>)]) {
        let minutes = row.time("StartDate").zip(row.time("DueDate")).map(|(start, due)| (due - start).num_minutes());
        row.set("DurationInMinutes", minutes.map(Value::Int));
        let names = |name: &str| set.iter().any(|(column, _)| *column == name);
        if names("ActivityCategoryId") && !names("TypeId") {
            let category = row.guid("ActivityCategoryId").and_then(|id| self.store.row("ActivityCategory", id));
            if let Some(kind) = category.and_then(|row| row.guid("ActivityTypeId")) {
                row.set("TypeId", Some(Value::Guid(kind)));
            }
        }
    }

    /// Owner and contact are participants, the owner as the responsible one; whoever was before is not any more.
    pub(super) fn after_activity(&mut self, call: &Call, old: Option<&Row>, new: &Row) {
        if !self.knobs.automatic_participants {
            return;
        }
        let Some(activity) = new.guid("Id") else { return };
        let mut columns =
            vec![("ContactId", participant_role::PARTICIPANT), ("OwnerId", participant_role::RESPONSIBLE)];
        if self.knobs.author_participates && old.is_none() {
            columns.insert(0, ("AuthorId", participant_role::PARTICIPANT));
        }
        for (column, role) in columns {
            let (before, after) = (old.and_then(|row| row.guid(column)), new.guid(column));
            if before == after {
                continue;
            }
            if let Some(contact) = before {
                self.drop_participant(activity, contact, role);
            }
            if let Some(contact) = after {
                self.add_participant(call, activity, contact, role);
            }
        }
    }

    /// By a switch, an edit of a participant counts as one of its activity.
    pub(super) fn participant_edited(&mut self, call: &Call, activity: Uuid) {
        if !self.knobs.participant_touches_activity {
            return;
        }
        if let (Some(entity), Some(mut row)) = (entity("Activity"), self.store.row("Activity", activity).cloned()) {
            self.put_stamped(&call.caller, call.now, entity, &mut row, false);
        }
    }

    /// The participant row of a contact.
    pub(super) fn participant(&self, activity: Uuid, contact: Uuid) -> Option<(Uuid, &Row)> {
        let entity = entity("ActivityParticipant")?;
        let ids = self.store.children(entity, entity.column("ActivityId")?, activity);
        ids.into_iter()
            .filter_map(|id| Some((id, self.store.row(entity.name, id)?)))
            .find(|(_, row)| row.guid("ParticipantId") == Some(contact))
    }

    fn drop_participant(&mut self, activity: Uuid, contact: Uuid, role: Uuid) {
        let found = self.participant(activity, contact).filter(|(_, row)| row.guid("RoleId") == Some(role));
        if let (Some(id), Some(entity)) = (found.map(|(id, _)| id), entity("ActivityParticipant")) {
            self.store.take(entity, id);
        }
    }

    fn add_participant(&mut self, call: &Call, activity: Uuid, contact: Uuid, role: Uuid) {
        let Some(entity) = entity("ActivityParticipant") else { return };
        let found = self.participant(activity, contact).map(|(_, row)| row.clone());
        let new = found.is_none();
        let mut row = match found {
            Some(row) if row.guid("RoleId") == Some(participant_role::RESPONSIBLE) => return,
            Some(row) => row,
            None => {
                let mut row = Row::default();
                row.set("Id", Some(Value::Guid(self.next_id())));
                row.set("ActivityId", Some(Value::Guid(activity)));
                row.set("ParticipantId", Some(Value::Guid(contact)));
                row.set("InviteParticipant", Some(Value::Bool(true)));
                row.set("InviteResponseId", Some(Value::Guid(super::ids::participant_response::IN_DOUBT)));
                row
            }
        };
        row.set("RoleId", Some(Value::Guid(role)));
        self.put_stamped(&call.caller, call.now, entity, &mut row, new);
    }
}
