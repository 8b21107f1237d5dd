//! Which properties a request wants to see.

use super::patch::{Field, field};
use super::problem::Done;
use super::properties::Property;
use super::xml::Node;

/// What `ItemShape` or `FolderShape` asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    base: Base,
    named: Vec<String>,
    pub(super) extended: Vec<Property>,
    /// `Text`, `HTML`, or as it is.
    pub(super) body: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Base {
    #[default]
    IdOnly,
    Default,
    AllProperties,
}

/// What everybody sees of an appointment without asking.
const APPOINTMENT: &[&str] = &[
    "ItemId",
    "Subject",
    "HasAttachments",
    "ResponseObjects",
    "UID",
    "Start",
    "End",
    "LegacyFreeBusyStatus",
    "Location",
    "IsMeeting",
    "IsCancelled",
    "IsRecurring",
    "CalendarItemType",
    "MyResponseType",
    "Organizer",
    "RequiredAttendees",
    "OptionalAttendees",
    "Recurrence",
];
/// The same of a task.
const TASK: &[&str] = &["ItemId", "Subject", "HasAttachments", "DueDate", "PercentComplete", "StartDate", "Status"];
/// The same of a folder.
const FOLDER: &[&str] = &["FolderId", "DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"];
/// What nobody sees without asking for it by name.
const HIDDEN: &[&str] =
    &["MimeContent", "ExtendedProperty", "NormalizedBody", "UniqueBody", "TextBody", "DistinguishedFolderId"];

/// What a default shape is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Appointment,
    Task,
    Folder,
}

impl Shape {
    /// Reads the element of a request.
    pub(super) fn read(node: Option<&Node>) -> Done<Self> {
        let Some(node) = node else { return Ok(Self::default()) };
        let base = match node.text_of("BaseShape") {
            Some("AllProperties") => Base::AllProperties,
            Some("Default") => Base::Default,
            _ => Base::IdOnly,
        };
        let body = node.text_of("BodyType").filter(|kind| *kind != "Best").map(str::to_owned);
        let mut shape = Self { base, named: Vec::new(), extended: Vec::new(), body };
        for path in node.child("AdditionalProperties").map(|node| node.children.as_slice()).unwrap_or_default() {
            match field(path)? {
                Field::Named(name) => shape.named.push(name),
                Field::Extended(property) => shape.extended.push(property),
            }
        }
        Ok(shape)
    }

    /// Ids alone.
    pub(super) fn ids() -> Self {
        Self::default()
    }

    /// Everything, with bodies as they are.
    pub(super) fn everything() -> Self {
        Self { base: Base::AllProperties, ..Self::default() }
    }

    /// Whether a property is wanted.
    pub(super) fn wants(&self, name: &str, of: Of) -> bool {
        if matches!(name, "ItemId" | "FolderId") || self.named.iter().any(|one| one == name) {
            return true;
        }
        match self.base {
            Base::IdOnly => false,
            Base::AllProperties => !HIDDEN.contains(&name),
            Base::Default => match of {
                Of::Appointment => APPOINTMENT.contains(&name),
                Of::Task => TASK.contains(&name),
                Of::Folder => FOLDER.contains(&name),
            },
        }
    }
}
