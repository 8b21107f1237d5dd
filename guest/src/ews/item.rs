//! Items, folders and pages out of answers.

use super::property::{LEVELS, STATUSES};
use super::xml::Element;
use crate::activity::{Kind, Priority, Status};
use crate::ask::Fault;
use crate::identity::{MARKER_NAME, MARKER_SET};
use crate::time;
use chrono::{DateTime, FixedOffset};

/// Somebody with an address; either may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Display name.
    pub name: String,
    /// Address; of people of the same organisation sometimes not an SMTP one.
    pub address: String,
}

/// What an appointment is to a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Occurs {
    /// Nothing.
    #[default]
    Once,
    /// The rule.
    Master,
    /// One of its days.
    Occurrence,
}

/// An item as it was answered. What was not asked for, or what it has not, is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Appointment or task.
    pub kind: Kind,
    /// Id.
    pub id: String,
    /// Change key.
    pub version: String,
    /// Folder.
    pub folder: Option<String>,
    /// Title.
    pub subject: String,
    /// Notes and whether they are HTML; none where they were not asked for.
    pub body: Option<(String, bool)>,
    /// `Private` or `Confidential`.
    pub private: bool,
    /// Importance.
    pub priority: Priority,
    /// When it was made.
    pub created: Option<DateTime<FixedOffset>>,
    /// When it was changed last.
    pub modified: Option<DateTime<FixedOffset>>,
    /// A reminder is on.
    pub remind: bool,
    /// Minutes before the start.
    pub remind_before: i64,
    /// When a task's reminder rings.
    pub remind_at: Option<DateTime<FixedOffset>>,
    /// Our marker.
    pub marker: Option<String>,
    /// Meeting identity as Exchange has it.
    pub uid: String,
    /// Start.
    pub start: Option<DateTime<FixedOffset>>,
    /// End.
    pub end: Option<DateTime<FixedOffset>>,
    /// Whole days.
    pub all_day: bool,
    /// Place.
    pub location: String,
    /// Cancelled by its organizer.
    pub cancelled: bool,
    /// It has a block to join.
    pub online: bool,
    /// Its part in a series.
    pub occurs: Occurs,
    /// The account's user organizes it.
    pub ours: bool,
    /// Who organizes it.
    pub organizer: Person,
    /// Who is invited.
    pub attendees: Vec<Person>,
    /// Midnight with which the day begins by which a task is to be done.
    pub due_date: Option<DateTime<FixedOffset>>,
    /// The same of its first day.
    pub start_date: Option<DateTime<FixedOffset>>,
    /// Status of a task.
    pub status: Option<Status>,
    /// A task that comes again.
    pub recurring: bool,
    /// A task that was given to somebody else.
    pub delegated: bool,
}

/// A time as it is written; Exchange always gives an offset.
fn instant(element: &Element, name: &str) -> Option<DateTime<FixedOffset>> {
    let at = DateTime::parse_from_rfc3339(element.text_of(name)?.trim()).ok()?;
    time::reckonable(at.to_utc()).then_some(at)
}

fn person(mailbox: &Element) -> Person {
    let text = |name: &str| mailbox.text_of(name).unwrap_or_default().trim().to_owned();
    Person { name: text("Name"), address: text("EmailAddress") }
}

fn people(item: &Element) -> Vec<Person> {
    ["RequiredAttendees", "OptionalAttendees", "Resources"]
        .iter()
        .filter_map(|name| item.child(name))
        .flat_map(|list| &list.children)
        .filter_map(|attendee| attendee.child("Mailbox"))
        .map(person)
        .collect()
}

fn marker(item: &Element) -> Option<String> {
    let ours = |property: &&Element| {
        property.name == "ExtendedProperty"
            && property.child("ExtendedFieldURI").is_some_and(|path| {
                let is =
                    |name: &str, value: &str| path.attribute(name).is_some_and(|one| one.eq_ignore_ascii_case(value));
                is("PropertySetId", MARKER_SET) && is("PropertyName", MARKER_NAME)
            })
    };
    item.children.iter().find(ours)?.text_of("Value").map(str::to_owned)
}

/// The id and change key of an element that is an item or has one.
fn item_id(element: &Element) -> Option<(&str, &str)> {
    let id = if element.name == "ItemId" { element } else { element.child("ItemId")? };
    Some((id.attribute("Id").filter(|id| !id.is_empty())?, id.attribute("ChangeKey").unwrap_or_default()))
}

/// Reads an item; `None` where it is of a kind that the sync does not handle.
///
/// # Errors
/// [`Fault::Garbled`] where it has no id.
pub fn item(element: &Element) -> Result<Option<Item>, Fault> {
    let kind = match element.name.as_str() {
        "CalendarItem" => Kind::Appointment,
        "Task" => Kind::Task,
        _ => return Ok(None),
    };
    let (id, version) = item_id(element).ok_or_else(|| Fault::Garbled("an item without an id".into()))?;
    let text = |name: &str| element.text_of(name).unwrap_or_default().to_owned();
    let word = |name: &str| element.text_of(name).unwrap_or_default().trim();
    Ok(Some(Item {
        kind,
        id: id.to_owned(),
        version: version.to_owned(),
        folder: element.child("ParentFolderId").and_then(|folder| folder.attribute("Id")).map(str::to_owned),
        subject: text("Subject"),
        body: element.child("Body").map(|body| (body.text.clone(), body.attribute("BodyType") == Some("HTML"))),
        private: matches!(word("Sensitivity"), "Private" | "Confidential"),
        priority: LEVELS
            .iter()
            .find(|(name, _, _)| *name == word("Importance"))
            .map_or(Priority::Normal, |(_, _, one)| *one),
        created: instant(element, "DateTimeCreated"),
        modified: instant(element, "LastModifiedTime"),
        remind: element.flag("ReminderIsSet"),
        remind_before: word("ReminderMinutesBeforeStart").parse().unwrap_or(0),
        remind_at: instant(element, "ReminderDueBy"),
        marker: marker(element),
        uid: word("UID").to_owned(),
        start: instant(element, "Start"),
        end: instant(element, "End"),
        all_day: element.flag("IsAllDayEvent"),
        location: text("Location"),
        cancelled: element.flag("IsCancelled"),
        online: element.flag("IsOnlineMeeting"),
        occurs: match word("CalendarItemType") {
            "RecurringMaster" => Occurs::Master,
            "Occurrence" | "Exception" => Occurs::Occurrence,
            _ => Occurs::Once,
        },
        ours: matches!(word("MyResponseType"), "" | "Organizer" | "Unknown"),
        organizer: element.at(&["Organizer", "Mailbox"]).map(person).unwrap_or_default(),
        attendees: people(element),
        due_date: instant(element, "DueDate"),
        start_date: instant(element, "StartDate"),
        status: STATUSES.iter().find(|(name, _, _)| *name == word("Status")).map(|(_, _, status)| *status),
        recurring: element.flag("IsRecurring"),
        delegated: !matches!(word("DelegationState"), "" | "NoMatch" | "Owned"),
    }))
}

/// The items of a response message. Of other kinds, and of what has been taken away, there is nothing.
///
/// # Errors
/// [`Fault::Garbled`] where one has no id.
pub fn items(message: &Element) -> Result<Vec<Item>, Fault> {
    let list = message.child("Items").map(|list| list.children.as_slice()).unwrap_or_default();
    list.iter().filter_map(|element| item(element).transpose()).collect()
}

/// Id and version of what a write made or changed.
#[must_use]
pub fn written(message: &Element) -> Option<(String, String)> {
    let (id, version) = item_id(message.child("Items")?.children.first()?)?;
    Some((id.to_owned(), version.to_owned()))
}

/// What a synchronisation tells of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It came or was changed.
    Here(Box<Item>),
    /// It is not there any more.
    Gone(String),
}

/// A page of changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// What changed.
    pub changes: Vec<Change>,
    /// How far the folder has been read.
    pub state: String,
    /// It has been read to its end.
    pub last: bool,
}

/// Reads a page of changes.
///
/// # Errors
/// [`Fault::Garbled`] where it does not say how far it goes.
pub fn changes(message: &Element) -> Result<Changes, Fault> {
    let cut_short = || Fault::Garbled("a page of changes that does not say how far it goes".into());
    let state = message.text_of("SyncState").map(str::trim).filter(|state| !state.is_empty()).ok_or_else(cut_short)?;
    let last = message.child("IncludesLastItemInRange").ok_or_else(cut_short)?;
    let mut changes = Vec::new();
    for change in message.child("Changes").map(|list| list.children.as_slice()).unwrap_or_default() {
        match (change.name.as_str(), change.children.first()) {
            ("Create" | "Update", Some(element)) => {
                changes.extend(item(element)?.map(|item| Change::Here(Box::new(item))));
            }
            ("Delete", Some(element)) => {
                let (id, _) = item_id(element).ok_or_else(|| Fault::Garbled("a change without an id".into()))?;
                changes.push(Change::Gone(id.to_owned()));
            }
            // Whether something was read says nothing of calendars and tasks.
            _ => {}
        }
    }
    Ok(Changes { changes, state: state.to_owned(), last: matches!(last.text.trim(), "true" | "1") })
}

/// A page of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What was found.
    pub items: Vec<Item>,
    /// How many to pass over for the next page; none at the end.
    pub next: Option<u32>,
}

/// Reads a page of a search.
///
/// # Errors
/// [`Fault::Garbled`] where it does not say how far it goes.
pub fn found(message: &Element) -> Result<Found, Fault> {
    let cut_short = || Fault::Garbled("a page of a search that does not say how far it goes".into());
    let root = message.child("RootFolder").ok_or_else(cut_short)?;
    let last = matches!(root.attribute("IncludesLastItemInRange").ok_or_else(cut_short)?, "true" | "1");
    let offset = root.attribute("IndexedPagingOffset").and_then(|offset| offset.parse().ok());
    let next = if last { None } else { Some(offset.ok_or_else(cut_short)?) };
    Ok(Found { items: items(root)?, next })
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Id.
    pub id: String,
    /// Such as `IPF.Appointment`.
    pub class: String,
    /// Name.
    pub name: String,
    /// The caller may put items into it, change and delete them.
    pub writable: bool,
}

/// Reads the folders of a response message, of `GetFolder` or `FindFolder`.
///
/// # Errors
/// [`Fault::Garbled`] where one has no id, or where the list is cut short.
pub fn folders(message: &Element) -> Result<Vec<Folder>, Fault> {
    let root = message.child("RootFolder");
    if root.is_some_and(|root| root.attribute("IncludesLastItemInRange") == Some("false")) {
        return Err(Fault::Garbled("the mailbox has more folders than one answer holds".into()));
    }
    let list = root.unwrap_or(message).child("Folders").map(|list| list.children.as_slice()).unwrap_or_default();
    let folder = |element: &Element| {
        let text = |name: &str| element.text_of(name).unwrap_or_default().to_owned();
        let rights = element.child("EffectiveRights");
        let may = |name: &str| rights.is_none_or(|rights| rights.flag(name));
        let id = element.child("FolderId").and_then(|id| id.attribute("Id")).unwrap_or_default().to_owned();
        if id.is_empty() {
            return Err(Fault::Garbled("a folder without an id".into()));
        }
        Ok(Folder {
            id,
            class: text("FolderClass"),
            name: text("DisplayName"),
            writable: may("CreateContents") && may("Modify") && may("Delete"),
        })
    };
    // What a search folder shows lies in others.
    list.iter().filter(|element| element.name != "SearchFolder").map(folder).collect()
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    fn read(xml: &str) -> Element {
        parse(xml.as_bytes()).expect("a document")
    }

    #[test]
    fn an_appointment_is_read_with_its_people_and_marker() {
        let appointment = read(&format!(
            "<CalendarItem><ItemId Id=\"i\" ChangeKey=\"c\"/><ParentFolderId Id=\"f\"/><Subject>s</Subject><Sensitivity>Private</Sensitivity>\
             <Body BodyType=\"Text\">one\r\ntwo</Body><Importance>High</Importance><ReminderIsSet>true</ReminderIsSet>\
             <ReminderMinutesBeforeStart>15</ReminderMinutesBeforeStart><ExtendedProperty><ExtendedFieldURI PropertySetId=\"{}\" \
             PropertyName=\"{MARKER_NAME}\" PropertyType=\"String\"/><Value>m</Value></ExtendedProperty><UID>u</UID>\
             <Start>2026-11-23T10:00:00+03:00</Start><End>2026-11-23T11:00:00+03:00</End><CalendarItemType>Single</CalendarItemType>\
             <MyResponseType>Accept</MyResponseType><Organizer><Mailbox><Name>Anna</Name></Mailbox></Organizer><RequiredAttendees>\
             <Attendee><Mailbox><Name>Tom</Name><EmailAddress>tom@x.y</EmailAddress></Mailbox></Attendee></RequiredAttendees></CalendarItem>",
            MARKER_SET.to_uppercase()
        ));
        let item = item(&appointment).expect("readable").expect("an appointment");
        assert_eq!((item.id.as_str(), item.version.as_str(), item.folder.as_deref()), ("i", "c", Some("f")));
        assert_eq!((item.private, item.priority, item.remind, item.remind_before), (true, Priority::High, true, 15));
        assert_eq!((item.marker.as_deref(), item.uid.as_str(), item.ours), (Some("m"), "u", false));
        assert_eq!(item.start.map(|at| at.to_utc().to_rfc3339()), Some("2026-11-23T07:00:00+00:00".into()));
        assert_eq!((item.attendees.len(), item.organizer.name.as_str(), item.occurs), (1, "Anna", Occurs::Once));
        assert_eq!(item.body, Some(("one\ntwo".into(), false)));
    }

    #[test]
    fn a_task_is_read_and_other_kinds_are_passed_over() {
        let task = "<Task><ItemId Id=\"t\" ChangeKey=\"c\"/><DelegationState>Accepted</DelegationState><DueDate>2026-11-23T00:00:00Z</DueDate>\
            <IsRecurring>true</IsRecurring><Status>WaitingOnOthers</Status></Task>";
        let message = read(&format!("<M><Items><Message><ItemId Id=\"m\"/></Message>{task}</Items></M>"));
        let found = items(&message).expect("readable");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].status, found[0].delegated, found[0].recurring), (Some(Status::Waiting), true, true));
        assert!(items(&read("<M><Items><Task><Subject>s</Subject></Task></Items></M>")).is_err());
    }

    #[test]
    fn a_page_says_how_far_it_goes_or_is_none() {
        let page = "<SyncState>s1</SyncState><IncludesLastItemInRange>false</IncludesLastItemInRange><Changes><Create><Task><ItemId Id=\"a\"/>\
            </Task></Create><Delete><ItemId Id=\"b\"/></Delete><ReadFlagChange><ItemId Id=\"c\"/><IsRead>true</IsRead></ReadFlagChange></Changes>";
        let read_page = changes(&read(&format!("<M>{page}</M>"))).expect("a page");
        assert_eq!((read_page.changes.len(), read_page.state.as_str(), read_page.last), (2, "s1", false));
        assert_eq!(read_page.changes[1], Change::Gone("b".into()));
        for part in ["<SyncState>s1</SyncState>", "<IncludesLastItemInRange>false</IncludesLastItemInRange>"] {
            assert!(changes(&read(&format!("<M>{}</M>", page.replace(part, "")))).is_err(), "{part}");
        }
        let listing =
            |attributes: &str| found(&read(&format!("<M><RootFolder {attributes}><Items/></RootFolder></M>")));
        assert_eq!(listing("IncludesLastItemInRange=\"true\"").map(|page| page.next), Ok(None));
        assert_eq!(
            listing("IncludesLastItemInRange=\"false\" IndexedPagingOffset=\"7\"").map(|page| page.next),
            Ok(Some(7))
        );
        assert!(listing("IncludesLastItemInRange=\"false\"").is_err() && listing("").is_err());
    }

    #[test]
    fn folders_come_with_what_may_be_done_in_them() {
        let folder = |rights: &str| {
            format!(
                "<CalendarFolder><FolderId Id=\"f\"/><ParentFolderId Id=\"p\"/><FolderClass>IPF.Appointment</FolderClass>\
                 <DisplayName>n</DisplayName><EffectiveRights>{rights}</EffectiveRights></CalendarFolder>"
            )
        };
        let all = "<CreateContents>true</CreateContents><Delete>true</Delete><Modify>true</Modify>";
        let some = "<CreateContents>false</CreateContents><Delete>true</Delete><Modify>true</Modify>";
        let found =
            folders(&read(&format!("<M><Folders>{}{}</Folders></M>", folder(all), folder(some)))).expect("folders");
        assert_eq!(found.iter().map(|one| one.writable).collect::<Vec<_>>(), [true, false]);
        let cut = "<M><RootFolder IncludesLastItemInRange=\"false\"><Folders/></RootFolder></M>";
        assert!(folders(&read(cut)).is_err());
    }
}
