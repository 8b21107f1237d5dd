//! Series, and how a calendar shows them.

use super::super::xml::Node;
use super::*;

/// Ten o'clock in Berlin, every day for ten days over the end of summer time.
fn daily(desk: &mut Desk) -> Id {
    desk.create(
        "<t:CalendarItem><t:Subject>daily</t:Subject><t:Start>2026-10-20T10:00:00</t:Start><t:End>2026-10-20T10:30:00</t:End>\
         <t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence><t:StartDate>2026-10-20</t:StartDate>\
         <t:NumberOfOccurrences>10</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>\
         <t:StartTimeZone Id=\"W. Europe Standard Time\"/><t:EndTimeZone Id=\"W. Europe Standard Time\"/></t:CalendarItem>",
    )
}

fn view(from: &str, to: &str, most: &str) -> String {
    format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>\
         <m:CalendarView {most} StartDate=\"{from}\" EndDate=\"{to}\"/><m:ParentFolderIds>{CALENDAR}</m:ParentFolderIds></m:FindItem>"
    )
}

fn found(message: &Node) -> (Vec<Node>, bool) {
    let root = message.child("RootFolder").unwrap();
    (root.child("Items").unwrap().children.clone(), root.attribute("IncludesLastItemInRange") == Some("true"))
}

fn index(id: &Id, number: u32) -> String {
    format!("<t:OccurrenceItemId RecurringMasterId=\"{}\" InstanceIndex=\"{number}\"/>", id.id)
}

#[test]
fn a_view_keeps_the_clock_on_the_wall_when_the_clocks_change() {
    let mut desk = Desk::new();
    let id = daily(&mut desk);
    desk.create(&meeting("single", "2026-10-25T12:00:00Z", "2026-10-25T13:00:00Z"));
    let (items, last) = found(&desk.one(&view("2026-10-24T00:00:00Z", "2026-10-26T00:00:00Z", "")));
    let starts: Vec<&str> = items.iter().map(|item| item.text_of("Start").unwrap()).collect();
    assert_eq!(starts, ["2026-10-24T08:00:00Z", "2026-10-25T09:00:00Z", "2026-10-25T12:00:00Z"]);
    let kinds: Vec<&str> = items.iter().map(|item| item.text_of("CalendarItemType").unwrap()).collect();
    assert_eq!((kinds, last), (vec!["Occurrence", "Occurrence", "Single"], true));
    let (cut, last) =
        found(&desk.one(&view("2026-10-24T00:00:00Z", "2026-10-26T00:00:00Z", "MaxEntriesReturned=\"2\"")));
    assert_eq!((cut.len(), last), (2, false));
    // A paged search shows the master instead.
    let paged = "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>\
        <m:ParentFolderIds><t:DistinguishedFolderId Id=\"calendar\"/></m:ParentFolderIds></m:FindItem>";
    let (items, _) = found(&desk.one(paged));
    let ids: Vec<&str> = items.iter().map(|item| item.child("ItemId").unwrap().attribute("Id").unwrap()).collect();
    assert!(items.len() == 2 && ids.contains(&id.id.as_str()));
}

#[test]
fn a_view_has_bounds_and_needs_a_calendar() {
    let mut desk = Desk::new();
    assert_eq!(desk.codes(&view("2026-01-01T00:00:00Z", "2028-01-03T00:00:00Z", "")), ["ErrorCalendarViewRangeTooBig"]);
    assert_eq!(
        desk.codes(&view("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "")),
        ["ErrorCalendarEndDateIsEarlierThanStartDate"]
    );
    let tasks = view("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "").replace(CALENDAR, TASKS);
    assert_eq!(desk.codes(&tasks), ["ErrorCalendarFolderIsInvalidForCalendarView"]);
}

#[test]
fn occurrences_are_counted_changed_and_deleted_one_by_one() {
    let mut desk = Desk::new();
    let id = daily(&mut desk);
    let get = |ids: &str| get_item(ids, "AllProperties", "");
    let third = desk.one(&get(&index(&id, 3)));
    let item = &third.child("Items").unwrap().children[0];
    assert_eq!(
        (item.text_of("CalendarItemType"), item.text_of("Start")),
        (Some("Occurrence"), Some("2026-10-22T08:00:00Z"))
    );
    let third = id_of(&third);
    assert_eq!(desk.update(&third, &set("item:Subject", "CalendarItem", "<t:Subject>other</t:Subject>")), "NoError");
    assert_eq!(desk.codes(&delete(&index(&id, 4), "MoveToDeletedItems")), ["NoError"]);
    let codes = desk.codes(&get(&format!("{}{}{}", index(&id, 4), index(&id, 11), index(&id, 0))));
    assert_eq!(
        codes,
        [
            "ErrorCalendarOccurrenceIsDeletedFromRecurrence",
            "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange",
            "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"
        ]
    );
    let master = desk.get(&id);
    let modified = &master.child("ModifiedOccurrences").unwrap().children;
    assert_eq!((modified.len(), modified[0].text_of("OriginalStart")), (1, Some("2026-10-22T08:00:00Z")));
    let deleted = &master.child("DeletedOccurrences").unwrap().children;
    assert_eq!((deleted.len(), deleted[0].text_of("Start")), (1, Some("2026-10-23T08:00:00Z")));
    assert_eq!(master.child("LastOccurrence").unwrap().text_of("Start"), Some("2026-10-29T09:00:00Z"));
    let back = format!("<t:RecurringMasterItemId OccurrenceId=\"{}\"/>", third.id);
    assert_eq!(id_of(&desk.one(&get(&back))).id, id.id);
    // The exception keeps its own title, and follows the series in the rest.
    let updates = format!(
        "{}{}",
        set("item:Subject", "CalendarItem", "<t:Subject>all</t:Subject>"),
        set("calendar:Location", "CalendarItem", "<t:Location>here</t:Location>")
    );
    let fresh = Id { id: id.id.clone(), key: id_of(&desk.one(&get(&id.element()))).key };
    assert_eq!(desk.update(&fresh, &updates), "NoError");
    let exception = desk.get(&third);
    assert_eq!((exception.text_of("Subject"), exception.text_of("Location")), (Some("other"), Some("here")));
    assert_eq!(exception.text_of("CalendarItemType"), Some("Exception"));
}

#[test]
fn an_occurrence_stays_between_its_neighbours() {
    let mut desk = Desk::new();
    let id = daily(&mut desk);
    let third = id_of(&desk.one(&get_item(&index(&id, 3), "IdOnly", "")));
    let at = |start: &str, end: &str| {
        format!(
            "{}{}",
            set("calendar:Start", "CalendarItem", &format!("<t:Start>{start}</t:Start>")),
            set("calendar:End", "CalendarItem", &format!("<t:End>{end}</t:End>"))
        )
    };
    assert_eq!(
        desk.update(&third, &at("2026-10-23T11:00:00Z", "2026-10-23T12:00:00Z")),
        "ErrorOccurrenceCrossingBoundary"
    );
    assert_eq!(
        desk.update(&third, &at("2026-10-22T11:00:00Z", "2026-10-23T09:00:00Z")),
        "ErrorOccurrenceTimeSpanTooBig"
    );
    assert_eq!(desk.update(&third, &at("2026-10-22T11:00:00Z", "2026-10-22T12:00:00Z")), "NoError");
    let recurrence = "<t:SetItemField><t:FieldURI FieldURI=\"calendar:UID\"/><t:CalendarItem><t:UID>x</t:UID></t:CalendarItem></t:SetItemField>";
    let third = id_of(&desk.one(&get_item(&index(&id, 3), "IdOnly", "")));
    assert_eq!(desk.update(&third, recurrence), "ErrorInvalidPropertySet");
    for number in 1..10 {
        assert_eq!(desk.codes(&delete(&index(&id, number), "HardDelete")), ["NoError"], "{number}");
    }
    assert_eq!(desk.codes(&delete(&index(&id, 10), "HardDelete")), ["ErrorRecurrenceHasNoOccurrence"]);
}
