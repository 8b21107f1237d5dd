//! Requests: typed operations, written as envelopes in the order of the schema and below what a server takes in any case.

use super::property::{Clearing, Property};
use super::xml::{escaped, leaf};
use crate::activity::Kind;
use crate::ask::Fault;
use crate::identity::{MARKER_NAME, MARKER_SET};

/// Bytes of a request at most: a server may refuse more than 400 KB.
pub const LARGEST: usize = 390_000;
/// The oldest schema that every supported server has.
const VERSION: &str = "Exchange2013_SP1";
/// What of an item the sync looks at.
const COMMON: &[&str] = &[
    "item:ParentFolderId",
    "item:Subject",
    "item:Sensitivity",
    "item:Body",
    "item:Importance",
    "item:DateTimeCreated",
    "item:LastModifiedTime",
    "item:ReminderIsSet",
    "item:ReminderMinutesBeforeStart",
    "item:ReminderDueBy",
];
const APPOINTMENT: &[&str] = &[
    "calendar:UID",
    "calendar:Start",
    "calendar:End",
    "calendar:IsAllDayEvent",
    "calendar:Location",
    "calendar:IsCancelled",
    "calendar:IsOnlineMeeting",
    "calendar:CalendarItemType",
    "calendar:MyResponseType",
    "calendar:Organizer",
    "calendar:RequiredAttendees",
    "calendar:OptionalAttendees",
    "calendar:Resources",
];
const TASK: &[&str] =
    &["task:DueDate", "task:StartDate", "task:Status", "task:IsRecurring", "task:DelegationState", "task:Owner"];
/// Of a folder.
const FOLDER: &[&str] = &["folder:FolderClass", "folder:DisplayName", "folder:EffectiveRights"];
/// What a search and a synchronisation show of an item: no body and nobody invited, which only a read gives.
const LOADED: &[&str] =
    &["item:Body", "calendar:RequiredAttendees", "calendar:OptionalAttendees", "calendar:Resources"];

/// Under what circumstances requests are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The user whom a service account acts for.
    pub acting_for: Option<String>,
    /// Windows name of the zone in which days are meant.
    pub zone: String,
}

/// A folder by its id, or by the name that every mailbox has it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder<'a> {
    /// By its id.
    Id(&'a str),
    /// By name: `calendar`, `tasks`, `msgfolderroot`, `deleteditems`.
    Known(&'a str),
}

/// An item with the version that was decided about; empty for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemId<'a> {
    /// Id.
    pub id: &'a str,
    /// Change key.
    pub version: &'a str,
}

/// Who of the invited is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Nobody.
    #[default]
    Nobody,
    /// Everybody.
    Everybody,
}

impl Told {
    const fn text(self) -> &'static str {
        match self {
            Self::Nobody => "SendToNone",
            Self::Everybody => "SendToAllAndSaveCopy",
        }
    }
}

/// What an item has to meet to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition<'a> {
    /// It carries any marker.
    Marked,
    /// It has this title.
    Subject(&'a str),
    /// It meets one of these.
    Any(&'a [Condition<'a>]),
    /// It carries this one.
    Marker(&'a str),
    /// It is a copy of the meeting with this global object id, in base64.
    Meeting(&'a str),
}

/// What a request does.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation<'a> {
    /// All folders below others, however deep. Of these classes alone, where some are named: a mailbox may have more
    /// folders of mail than one answer holds.
    FindFolders(&'a [Folder<'a>], &'a [&'a str]),
    /// Folders.
    GetFolders(&'a [Folder<'a>]),
    /// Changes of a folder.
    Sync {
        /// The folder.
        folder: Folder<'a>,
        /// What it holds.
        kind: Kind,
        /// How far it was read.
        state: Option<&'a str>,
        /// Changes at most.
        most: u32,
    },
    /// Items of one kind.
    Get(Kind, &'a [ItemId<'a>]),
    /// Items of a folder that meet a condition.
    Find {
        /// The folder.
        folder: Folder<'a>,
        /// What it holds.
        kind: Kind,
        /// The condition.
        condition: Condition<'a>,
        /// How many to pass over.
        offset: u32,
        /// Items at most.
        most: u32,
    },
    /// New items in a folder.
    Create(Folder<'a>, Kind, &'a [Vec<Property>]),
    /// Changes of items of one kind. Where none of them names a version, whatever is there is overwritten.
    Update(Kind, Told, &'a [(ItemId<'a>, Vec<Property>)]),
    /// Items into Deleted Items.
    Delete(Told, &'a [ItemId<'a>]),
}

/// An envelope, and how many of the operation's parts it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The document; a part that no envelope can hold has none.
    pub body: Result<Vec<u8>, Fault>,
    /// Response messages to expect.
    pub count: usize,
}

/// An operation's element, cut where parts of it can go into another envelope.
struct Cut {
    begins: String,
    parts: Vec<String>,
    ends: &'static str,
}

impl Operation<'_> {
    /// It may be sent twice.
    #[must_use]
    pub const fn repeatable(&self) -> bool {
        !matches!(self, Self::Create(..) | Self::Update(..) | Self::Delete(..))
    }

    /// As many envelopes as it takes, with up to `most` parts each, in the order of the parts.
    #[must_use]
    pub fn envelopes(&self, context: &Context, most: usize) -> Vec<Envelope> {
        let Cut { begins, parts, ends } = self.cut();
        let (head, tail) = (format!("{}{begins}", head(context)), format!("{ends}</s:Body></s:Envelope>"));
        let room = LARGEST.saturating_sub(head.len() + tail.len());
        let mut envelopes = Vec::new();
        let (mut held, mut count) = (String::new(), 0);
        let close = |held: &mut String, count: &mut usize, envelopes: &mut Vec<Envelope>| {
            if *count > 0 {
                let body = Ok(format!("{head}{held}{tail}").into_bytes());
                envelopes.push(Envelope { body, count: std::mem::take(count) });
                held.clear();
            }
        };
        for part in parts {
            if part.len() > room {
                close(&mut held, &mut count, &mut envelopes);
                let size = u64::try_from(part.len()).unwrap_or(u64::MAX);
                let message = format!("an item of {size} bytes is more than the server takes");
                let refused = Fault::Refused { status: 413, code: "ErrorRequestStreamTooBig".into(), message };
                envelopes.push(Envelope { body: Err(refused), count: 1 });
                continue;
            }
            if count == most || held.len() + part.len() > room {
                close(&mut held, &mut count, &mut envelopes);
            }
            held.push_str(&part);
            count += 1;
        }
        close(&mut held, &mut count, &mut envelopes);
        envelopes
    }

    fn cut(&self) -> Cut {
        // An operation without parts of its own is one part.
        let whole = |begins: String, part: String, ends| Cut { begins, parts: vec![part], ends };
        match self {
            Self::FindFolders(above, classes) => Cut {
                begins: format!(
                    "<m:FindFolder Traversal=\"Deep\">{}{}<m:ParentFolderIds>",
                    shape("FolderShape", FOLDER, &[], ""),
                    of_classes(classes)
                ),
                parts: above.iter().map(Folder::element).collect(),
                ends: "</m:ParentFolderIds></m:FindFolder>",
            },
            Self::GetFolders(folders) => Cut {
                begins: format!("<m:GetFolder>{}<m:FolderIds>", shape("FolderShape", FOLDER, &[], "")),
                parts: folders.iter().map(Folder::element).collect(),
                ends: "</m:FolderIds></m:GetFolder>",
            },
            Self::Sync { folder, kind, state, most } => {
                let state =
                    state.map_or_else(String::new, |state| format!("<m:SyncState>{}</m:SyncState>", escaped(state)));
                let shape = row_shape(*kind);
                whole(
                    format!("<m:SyncFolderItems>{shape}<m:SyncFolderId>"),
                    format!("{}</m:SyncFolderId>{state}<m:MaxChangesReturned>{most}", folder.element()),
                    "</m:MaxChangesReturned></m:SyncFolderItems>",
                )
            }
            Self::Get(kind, ids) => Cut {
                begins: format!(
                    "<m:GetItem>{}<m:ItemIds>",
                    shape("ItemShape", COMMON, own(*kind), "<t:BodyType>Text</t:BodyType>")
                ),
                parts: ids.iter().map(ItemId::element).collect(),
                ends: "</m:ItemIds></m:GetItem>",
            },
            Self::Find { folder, kind, condition, offset, most } => {
                let view = format!(
                    "<m:IndexedPageItemView MaxEntriesReturned=\"{most}\" Offset=\"{offset}\" BasePoint=\"Beginning\"/>"
                );
                let shape = row_shape(*kind);
                let condition = condition.element();
                whole(
                    format!("<m:FindItem Traversal=\"Shallow\">{shape}{view}{condition}<m:ParentFolderIds>"),
                    folder.element(),
                    "</m:ParentFolderIds></m:FindItem>",
                )
            }
            Self::Create(folder, kind, items) => {
                let (element, silent) = match kind {
                    Kind::Appointment => ("CalendarItem", " SendMeetingInvitations=\"SendToNone\""),
                    Kind::Task => ("Task", ""),
                };
                let folder = folder.element();
                Cut {
                    begins: format!(
                        "<m:CreateItem{silent}><m:SavedItemFolderId>{folder}</m:SavedItemFolderId><m:Items>"
                    ),
                    parts: items.iter().map(|properties| new_item(element, properties)).collect(),
                    ends: "</m:Items></m:CreateItem>",
                }
            }
            Self::Update(kind, told, changes) => {
                let (element, mail) = match kind {
                    Kind::Appointment => {
                        ("CalendarItem", format!(" SendMeetingInvitationsOrCancellations=\"{}\"", told.text()))
                    }
                    Kind::Task => ("Task", String::new()),
                };
                let any = changes.iter().all(|(id, _)| id.version.is_empty());
                let resolution = if any { "AlwaysOverwrite" } else { "NeverOverwrite" };
                let change = |(id, properties): &(ItemId<'_>, Vec<Property>)| {
                    let updates: String = properties.iter().map(|property| update(element, property)).collect();
                    format!("<t:ItemChange>{}<t:Updates>{updates}</t:Updates></t:ItemChange>", id.element())
                };
                Cut {
                    begins: format!("<m:UpdateItem ConflictResolution=\"{resolution}\"{mail}><m:ItemChanges>"),
                    parts: changes.iter().map(change).collect(),
                    ends: "</m:ItemChanges></m:UpdateItem>",
                }
            }
            Self::Delete(told, ids) => Cut {
                begins: format!(
                    "<m:DeleteItem DeleteType=\"MoveToDeletedItems\" SendMeetingCancellations=\"{}\" \
                     AffectedTaskOccurrences=\"AllOccurrences\"><m:ItemIds>",
                    told.text()
                ),
                parts: ids.iter().map(ItemId::element).collect(),
                ends: "</m:ItemIds></m:DeleteItem>",
            },
        }
    }
}

fn head(context: &Context) -> String {
    let acting = context.acting_for.as_ref().map_or_else(String::new, |address| {
        let address = leaf("PrimarySmtpAddress", address);
        format!("<t:ExchangeImpersonation><t:ConnectingSID>{address}</t:ConnectingSID></t:ExchangeImpersonation>")
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Header><t:RequestServerVersion Version=\"{VERSION}\"/>\
         {acting}<t:TimeZoneContext><t:TimeZoneDefinition Id=\"{}\"/></t:TimeZoneContext></s:Header><s:Body>",
        escaped(&context.zone)
    )
}

impl Folder<'_> {
    fn element(&self) -> String {
        match self {
            Self::Id(id) => format!("<t:FolderId Id=\"{}\"/>", escaped(id)),
            Self::Known(name) => format!("<t:DistinguishedFolderId Id=\"{}\"/>", escaped(name)),
        }
    }
}

impl ItemId<'_> {
    fn element(&self) -> String {
        match self.version {
            "" => format!("<t:ItemId Id=\"{}\"/>", escaped(self.id)),
            version => format!("<t:ItemId Id=\"{}\" ChangeKey=\"{}\"/>", escaped(self.id), escaped(version)),
        }
    }
}

impl Condition<'_> {
    fn element(&self) -> String {
        format!("<m:Restriction>{}</m:Restriction>", self.expression())
    }

    fn expression(&self) -> String {
        let equal = |path: &str, value: &str| {
            let value = escaped(value);
            format!(
                "<t:IsEqualTo>{path}<t:FieldURIOrConstant><t:Constant Value=\"{value}\"/></t:FieldURIOrConstant></t:IsEqualTo>"
            )
        };
        match self {
            // An alternative alone is none.
            Self::Any([one]) => one.expression(),
            Self::Any(several) => {
                let all: String = several.iter().map(Condition::expression).collect();
                format!("<t:Or>{all}</t:Or>")
            }
            Self::Marked => format!("<t:Exists>{}</t:Exists>", marker_path()),
            Self::Subject(subject) => equal(&field("item:Subject"), subject),
            Self::Marker(marker) => equal(&marker_path(), marker),
            Self::Meeting(identity) => equal(
                "<t:ExtendedFieldURI DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"/>",
                identity,
            ),
        }
    }
}

/// That a folder is of one of these classes, or of one that is made from it; nothing where none is named.
fn of_classes(classes: &[&str]) -> String {
    let class = |class: &&str| {
        format!(
            "<t:Contains ContainmentMode=\"Prefixed\" ContainmentComparison=\"IgnoreCase\">{}<t:Constant Value=\"{}\"/></t:Contains>",
            field("folder:FolderClass"),
            escaped(class)
        )
    };
    let all: String = classes.iter().map(class).collect();
    match classes {
        [] => all,
        [_] => format!("<m:Restriction>{all}</m:Restriction>"),
        _ => format!("<m:Restriction><t:Or>{all}</t:Or></m:Restriction>"),
    }
}

/// Our named property, the same as on Graph.
fn marker_path() -> String {
    format!(
        "<t:ExtendedFieldURI PropertySetId=\"{MARKER_SET}\" PropertyName=\"{MARKER_NAME}\" PropertyType=\"String\"/>"
    )
}

const fn own(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Appointment => APPOINTMENT,
        Kind::Task => TASK,
    }
}

fn field(uri: &str) -> String {
    format!("<t:FieldURI FieldURI=\"{uri}\"/>")
}

fn shape(name: &str, common: &[&str], own: &[&str], body: &str) -> String {
    let fields: String = common.iter().chain(own).map(|uri| field(uri)).collect();
    let marker = if name == "ItemShape" { marker_path() } else { String::new() };
    format!(
        "<m:{name}><t:BaseShape>IdOnly</t:BaseShape>{body}<t:AdditionalProperties>{fields}{marker}</t:AdditionalProperties></m:{name}>"
    )
}

/// What a listing can show.
fn row_shape(kind: Kind) -> String {
    let listed = |uris: &[&'static str]| -> Vec<&'static str> {
        uris.iter().copied().filter(|uri| !LOADED.contains(uri)).collect()
    };
    shape("ItemShape", &listed(COMMON), &listed(own(kind)), "")
}

fn new_item(element: &str, properties: &[Property]) -> String {
    // The variants of a property stand in the order of the schema.
    let mut sorted: Vec<&Property> =
        properties.iter().filter(|property| property.clearing() == Clearing::Kept).collect();
    sorted.sort();
    let inside: String = sorted.iter().map(|property| written(property)).collect();
    format!("<t:{element}>{inside}</t:{element}>")
}

fn update(element: &str, property: &Property) -> String {
    let path = match property {
        Property::Marker(_) => marker_path(),
        _ => field(property.uri()),
    };
    match property.clearing() {
        Clearing::Kept => {
            format!("<t:SetItemField>{path}<t:{element}>{}</t:{element}></t:SetItemField>", written(property))
        }
        Clearing::Cleared => format!("<t:DeleteItemField>{path}</t:DeleteItemField>"),
    }
}

fn written(property: &Property) -> String {
    let (name, text) = (property.element(), property.text());
    match property {
        Property::Body(_) => format!("<t:Body BodyType=\"Text\">{}</t:Body>", escaped(&text)),
        Property::Marker(_) => {
            format!("<t:ExtendedProperty>{}{}</t:ExtendedProperty>", marker_path(), leaf("Value", &text))
        }
        Property::StartZone(_) | Property::EndZone(_) => format!("<t:{name} Id=\"{}\"/>", escaped(&text)),
        _ => leaf(name, &text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml::{Element, parse};
    use super::*;

    fn context() -> Context {
        Context { acting_for: Some("e.mirny@mycompany.com".into()), zone: "Russian Standard Time".into() }
    }

    fn opened(envelope: &Envelope) -> Element {
        let body = envelope.body.as_ref().expect("a body");
        assert!(body.len() <= LARGEST);
        parse(body).expect("a document")
    }

    #[test]
    fn a_long_list_goes_into_as_many_envelopes_as_it_takes() {
        let note = "x".repeat(100_000);
        let items: Vec<Vec<Property>> = (0..10).map(|_| vec![Property::Body(note.clone())]).collect();
        let envelopes =
            Operation::Create(Folder::Known("calendar"), Kind::Appointment, &items).envelopes(&context(), 50);
        assert_eq!(envelopes.iter().map(|one| one.count).collect::<Vec<_>>(), [3, 3, 3, 1]);
        let ids: Vec<String> = (0..120).map(|number| format!("id{number}")).collect();
        let ids: Vec<ItemId<'_>> = ids.iter().map(|id| ItemId { id, version: "" }).collect();
        let envelopes = Operation::Get(Kind::Task, &ids).envelopes(&context(), 50);
        assert_eq!(envelopes.iter().map(|one| one.count).collect::<Vec<_>>(), [50, 50, 20]);
        let last = opened(&envelopes[2]);
        let listed = &last.at(&["Body", "GetItem", "ItemIds"]).expect("ids").children;
        assert_eq!(listed.last().and_then(|id| id.attribute("Id")), Some("id119"));
    }

    #[test]
    fn an_item_that_no_request_can_hold_is_refused_and_the_others_are_sent() {
        let item = |length: usize| vec![Property::Body("é".repeat(length))];
        let items = [item(10), item(LARGEST / 2 + 1), item(10)];
        let envelopes = Operation::Create(Folder::Id("f"), Kind::Task, &items).envelopes(&context(), 50);
        let counts: Vec<(usize, bool)> = envelopes.iter().map(|one| (one.count, one.body.is_ok())).collect();
        assert_eq!(counts, [(1, true), (1, false), (1, true)]);
        assert!(matches!(envelopes[1].body, Err(Fault::Refused { status: 413, .. })));
    }

    #[test]
    fn properties_stand_in_the_order_of_the_schema_whatever_theirs_was() {
        let items = [vec![
            Property::Location("here".into()),
            Property::Marker("m".into()),
            Property::Subject("a <b>".into()),
            Property::AllDay(false),
        ]];
        let envelopes = Operation::Create(Folder::Id("f"), Kind::Appointment, &items).envelopes(&context(), 50);
        let envelope = opened(&envelopes[0]);
        let item = envelope.at(&["Body", "CreateItem", "Items", "CalendarItem"]).expect("an item");
        let names: Vec<&str> = item.children.iter().map(|child| child.name.as_str()).collect();
        assert_eq!(names, ["Subject", "ExtendedProperty", "IsAllDayEvent", "Location"]);
        assert_eq!(item.text_of("Subject"), Some("a <b>"));
    }

    #[test]
    fn what_is_emptied_is_deleted_and_nobody_is_told() {
        let id = ItemId { id: "i", version: "v" };
        let changes = [(id, vec![Property::Location(String::new()), Property::Subject("x".into())])];
        let envelopes = Operation::Update(Kind::Appointment, Told::Nobody, &changes).envelopes(&context(), 50);
        let envelope = opened(&envelopes[0]);
        let update = envelope.at(&["Body", "UpdateItem"]).expect("an update");
        assert_eq!(update.attribute("SendMeetingInvitationsOrCancellations"), Some("SendToNone"));
        assert_eq!(update.attribute("ConflictResolution"), Some("NeverOverwrite"));
        let updates = &update.at(&["ItemChanges", "ItemChange", "Updates"]).expect("updates").children;
        let names: Vec<&str> = updates.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["DeleteItemField", "SetItemField"]);
        let empty = [vec![Property::Location(String::new()), Property::Subject("x".into())]];
        let envelopes = Operation::Create(Folder::Id("f"), Kind::Appointment, &empty).envelopes(&context(), 50);
        assert!(opened(&envelopes[0]).at(&["Body", "CreateItem", "Items", "CalendarItem", "Location"]).is_none());
    }
}
