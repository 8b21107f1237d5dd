//! The data model as a table: sets, columns, types, where lookups point, what is required, what defaults apply.
//!
//! To add a set, add an [`Entity`] to [`ENTITIES`]; reading, writing, filters and `$metadata` follow from it.

use uuid::Uuid;

use super::ids;
use super::value::Kind;

/// What a column gets when a new row does not name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Default {
    None,
    Row(Uuid),
    True,
    Int(i64),
}

/// Who may see the rows of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody who may use OData.
    Open,
    /// Row by row.
    Rows,
    /// Whoever sees the row that this lookup points at.
    Of(&'static str),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) target: Option<&'static str>,
    pub(super) required: bool,
    pub(super) default: Default,
}

#[derive(Debug)]
pub(super) struct Entity {
    pub(super) name: &'static str,
    pub(super) access: Access,
    own: &'static [Column],
}

impl Column {
    const fn of(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, target: None, required: false, default: Default::None }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn or_row(mut self, row: Uuid) -> Self {
        self.default = Default::Row(row);
        self
    }

    const fn or_true(mut self) -> Self {
        self.default = Default::True;
        self
    }

    const fn or_int(mut self, number: i64) -> Self {
        self.default = Default::Int(number);
        self
    }

    /// The navigation property of a lookup: its name without `Id`.
    pub(super) fn navigation(&self) -> Option<(&'static str, &'static str)> {
        Some((self.name.strip_suffix("Id")?, self.target?))
    }

    /// A scalar column that holds another row's key.
    pub(super) fn is_lookup(&self) -> bool {
        self.kind == Kind::Guid && self.name != "Id"
    }

    /// The rows of this set live and die with the row it points at.
    pub(super) fn is_parent(&self) -> bool {
        matches!(
            (self.target, self.required),
            (Some("Activity" | "ActivityFolder" | "Contact" | "MailboxSyncSettings"), true)
        )
    }
}

impl Entity {
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static Column> {
        BASE.iter().chain(self.own.iter())
    }

    pub(super) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns().find(|column| column.name == name)
    }

    /// The lookup behind a navigation property.
    pub(super) fn lookup(&self, navigation: &str) -> Option<(&'static Column, &'static Entity)> {
        let column = self.columns().find(|column| column.navigation().is_some_and(|(name, _)| name == navigation))?;
        Some((column, entity(column.target?)?))
    }

    /// The set and lookup behind a reverse navigation: `ActivityParticipantCollectionByActivity`.
    pub(super) fn collection(&self, navigation: &str) -> Option<(&'static Entity, &'static Column)> {
        let (child, by) = navigation.split_once("CollectionBy")?;
        let child = entity(child)?;
        let (column, target) = child.lookup(by)?;
        (target.name == self.name).then_some((child, column))
    }
}

pub(super) fn entity(name: &str) -> Option<&'static Entity> {
    ENTITIES.iter().find(|entity| entity.name == name)
}

const fn text(name: &'static str) -> Column {
    Column::of(name, Kind::Text)
}
const fn flag(name: &'static str) -> Column {
    Column::of(name, Kind::Bool)
}
const fn int(name: &'static str) -> Column {
    Column::of(name, Kind::Int)
}
const fn time(name: &'static str) -> Column {
    Column::of(name, Kind::Time)
}
const fn to(name: &'static str, target: &'static str) -> Column {
    let mut column = Column::of(name, Kind::Guid);
    column.target = Some(target);
    column
}

const BASE: &[Column] = &[
    Column::of("Id", Kind::Guid),
    time("CreatedOn"),
    to("CreatedById", "Contact"),
    time("ModifiedOn"),
    to("ModifiedById", "Contact"),
    int("ProcessListeners"),
];

const fn open(name: &'static str, own: &'static [Column]) -> Entity {
    Entity { name, access: Access::Open, own }
}

const NAMED: &[Column] = &[text("Name"), text("Description")];
const CODED: &[Column] = &[text("Name"), text("Description"), text("Code")];

pub(super) const ENTITIES: &[Entity] = &[
    Entity {
        name: "Activity",
        access: Access::Rows,
        own: &[
            text("Title").required(),
            time("StartDate").required(),
            time("DueDate").required(),
            to("PriorityId", "ActivityPriority").required().or_row(ids::activity_priority::MEDIUM),
            to("AuthorId", "Contact"),
            to("OwnerId", "Contact"),
            to("OwnerRoleId", "SysAdminUnit"),
            to("OrganizerId", "Contact"),
            to("TypeId", "ActivityType").or_row(ids::activity_type::TASK),
            to("ActivityCategoryId", "ActivityCategory").required().or_row(ids::activity_category::TO_DO),
            to("StatusId", "ActivityStatus").required().or_row(ids::activity_status::NOT_STARTED),
            flag("ShowInScheduler"),
            flag("RemindToOwner"),
            time("RemindToOwnerDate"),
            flag("RemindToAuthor"),
            time("RemindToAuthorDate"),
            to("ResultId", "ActivityResult"),
            text("DetailedResult"),
            to("TimeZoneId", "TimeZone"),
            to("AccountId", "Account"),
            to("ContactId", "Contact"),
            text("Location"),
            text("Notes"),
            int("DurationInMinutes"),
            text("DurationInMnutesAndHours"),
            text("AllowedResult"),
            Column::of("ProcessElementId", Kind::Guid),
            text("GlobalActivityID"),
            text("MailHash"),
            to("ActivityConnectionId", "Activity"),
            flag("CreatedByInvCRM"),
            text("Color"),
            text("UserEmailAddress"),
            time("RemoteCreatedOn"),
            text("Sender"),
            text("Recepient"),
            text("CopyRecepient"),
            text("BlindCopyRecepient"),
            text("Body"),
            flag("IsHtmlBody"),
            time("SendDate"),
            text("Preview"),
            text("HeaderProperties"),
        ],
    },
    Entity {
        name: "ActivityParticipant",
        access: Access::Of("ActivityId"),
        own: &[
            to("ActivityId", "Activity").required(),
            to("ParticipantId", "Contact"),
            to("RoleId", "ActivityParticipantRole").or_row(ids::participant_role::PARTICIPANT),
            flag("InviteParticipant").or_true(),
            to("InviteResponseId", "ParticipantResponse").or_row(ids::participant_response::IN_DOUBT),
            flag("ReadMark"),
            text("Description"),
        ],
    },
    Entity {
        name: "ActivityInFolder",
        access: Access::Of("ActivityId"),
        own: &[to("ActivityId", "Activity").required(), to("FolderId", "ActivityFolder").required()],
    },
    open(
        "ActivityFolder",
        &[
            text("Name"),
            to("ParentId", "ActivityFolder"),
            to("FolderTypeId", "FolderType").or_row(ids::folder_type::GENERAL),
            Column::of("SearchData", Kind::Binary),
            int("OptimizationType"),
            flag("Synchronize").or_true(),
        ],
    ),
    open(
        "FolderTree",
        &[text("Name"), to("ParentId", "FolderTree"), text("EntitySchemaName"), Column::of("FilterData", Kind::Binary)],
    ),
    open(
        "Contact",
        &[
            text("Name").required(),
            text("Email"),
            text("JobTitle"),
            text("MobilePhone"),
            Column::of("BirthDate", Kind::Date),
            to("OwnerId", "Contact"),
            to("AccountId", "Account"),
        ],
    ),
    open(
        "ContactCommunication",
        &[
            to("ContactId", "Contact").required(),
            to("CommunicationTypeId", "CommunicationType").required(),
            text("Number").required(),
            text("SearchNumber"),
            int("Position"),
            flag("Primary"),
            flag("NonActual"),
            flag("IsCreatedBySynchronization"),
            text("ExternalCommunicationType"),
        ],
    ),
    open("Account", &[text("Name").required()]),
    open(
        "SysAdminUnit",
        &[
            text("Name").required(),
            to("ContactId", "Contact"),
            flag("Active").or_true(),
            int("SysAdminUnitTypeValue").or_int(4),
            text("Email"),
            text("UserPassword"),
            Column::of("SysCultureId", Kind::Guid),
            // Not a lookup here: the code of a zone.
            text("TimeZoneId"),
        ],
    ),
    open("ActivityType", CODED),
    open("ActivityCategory", &[text("Name"), text("Description"), to("ActivityTypeId", "ActivityType")]),
    open("ActivityStatus", &[text("Name"), text("Description"), text("Code"), flag("Finish")]),
    open("ActivityPriority", NAMED),
    open("ActivityParticipantRole", CODED),
    open("ParticipantResponse", NAMED),
    open("ActivityResult", NAMED),
    open("CommunicationType", NAMED),
    open("FolderType", NAMED),
    open("MailServerType", NAMED),
    open("MailSyncPeriod", NAMED),
    open("TimeZone", &[text("Name"), text("Code"), text("Offset"), text("CodeAmerican")]),
    open("MailServer", &[text("Name"), to("TypeId", "MailServerType"), text("ExchangeEmailAddress")]),
    open(
        "MailboxSyncSettings",
        &[
            to("SysAdminUnitId", "SysAdminUnit"),
            to("MailServerId", "MailServer"),
            text("UserName"),
            text("SenderEmailAddress"),
            text("SenderDisplayValue"),
            text("MailboxName"),
            flag("IsShared"),
            flag("IsDefault"),
            flag("EnableMailSynhronization"),
            flag("ExchangeAutoSynchronization"),
            int("ExchangeSyncInterval"),
            int("ContactSyncInterval"),
            flag("ExchangeAutoSyncActivity"),
            to("MailSyncPeriodId", "MailSyncPeriod").or_row(ids::mail::WEEK),
            int("SyncDateMinutesOffset").or_int(5),
            flag("LoadAllEmailsFromMailBox"),
            time("LoadEmailsFromDate"),
            time("LastSyncDate"),
            text("LastError"),
            int("RetryCounter"),
            flag("SynchronizationStopped"),
        ],
    ),
    open(
        "ActivitySyncSettings",
        &[
            to("MailboxSyncSettingsId", "MailboxSyncSettings").required(),
            time("AppointmentLastSyncDate"),
            time("TaskLastSyncDate"),
            flag("ImportTasks"),
            flag("ImportTasksAll"),
            flag("ImportTasksFromFolders"),
            text("ImportTasksFolders"),
            Column::of("ImportActivitiesFrom", Kind::Date),
            flag("ImportAppointments"),
            flag("ImportAppointmentsAll"),
            // The vendor's spelling.
            flag("ImpAppointmentsFromCalendars"),
            text("ImportAppointmentsCalendars"),
            flag("ExportActivities"),
            flag("ExportActivitiesAll"),
            flag("ExportActivitiesSelected"),
            flag("ExportAppointments"),
            flag("ExportTasks"),
            flag("ExportActivitiesFromScheduler"),
            flag("ExportActivitiesFromGroups"),
            text("ExportActivitiesGroups"),
            to("ActivitySyncPeriodId", "MailSyncPeriod").or_row(ids::mail::WEEK),
        ],
    ),
    open(
        "SysSyncMetaData",
        &[
            text("SyncSchemaName"),
            text("RemoteId"),
            Column::of("LocalId", Kind::Guid),
            Column::of("RemoteStoreId", Kind::Guid),
            flag("IsLocalDeleted"),
            flag("IsRemoteDeleted"),
            Column::of("ModifiedInStoreId", Kind::Guid),
            Column::of("CreatedInStoreId", Kind::Guid),
            time("Version"),
            text("RemoteItemName"),
            int("SchemaOrder"),
            text("ExtraParameters"),
            int("LocalState"),
            int("RemoteState"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lookup_points_at_a_set_that_exists() {
        for entity in ENTITIES {
            for column in entity.columns() {
                if let Some(target) = column.target {
                    assert!(super::entity(target).is_some(), "{}.{}", entity.name, column.name);
                    assert!(column.navigation().is_some(), "{}.{}", entity.name, column.name);
                }
            }
        }
    }

    #[test]
    fn reverse_navigation_is_named_after_child_and_lookup() {
        let activity = entity("Activity").unwrap();
        let (child, column) = activity.collection("ActivityParticipantCollectionByActivity").unwrap();
        assert_eq!((child.name, column.name), ("ActivityParticipant", "ActivityId"));
        assert!(activity.collection("ActivityParticipantCollectionByParticipant").is_none());
    }
}
