//! Whether a user sees a row, and may change it.

use super::Creatio;
use super::access::User;
use super::schema::{Access, Entity, entity};
use super::store::Row;

/// Whoever stands in one of these sees the activity.
const INVOLVED: [&str; 4] = ["CreatedById", "OwnerId", "AuthorId", "OrganizerId"];

impl Creatio {
    pub(super) fn sees(&self, user: &User, of: &Entity, row: &Row) -> bool {
        if row.rights.hidden.contains(&user.contact) {
            return false;
        }
        match of.access {
            Access::Open => true,
            Access::Of(column) => {
                let parent = row.guid(column).and_then(|id| self.store.row("Activity", id));
                match (parent, entity("Activity")) {
                    (Some(parent), Some(activity)) => self.sees(user, activity, parent),
                    _ => user.admin,
                }
            }
            Access::Rows => {
                if user.revoked {
                    return false;
                }
                user.admin
                    || !self.knobs.record_rights
                    || row.rights.everyone
                    || row.rights.readers.contains(&user.contact)
                    || INVOLVED.iter().any(|column| row.guid(column) == Some(user.contact))
                    || self.participates(user, row)
            }
        }
    }

    /// Assumes that the user sees the row.
    pub(super) fn may_write(user: &User, row: &Row) -> bool {
        user.admin || !row.rights.locked.contains(&user.contact)
    }

    fn participates(&self, user: &User, activity: &Row) -> bool {
        let Some((participant, id)) = entity("ActivityParticipant").zip(activity.guid("Id")) else { return false };
        let Some(column) = participant.column("ActivityId") else { return false };
        let rows = self.store.children(participant, column, id);
        rows.into_iter()
            .filter_map(|id| self.store.row(participant.name, id))
            .any(|row| row.guid("ParticipantId") == Some(user.contact))
    }
}
