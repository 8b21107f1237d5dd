//! Restrictions, extended properties, order and pages.

use super::super::xml::Node;
use super::*;

const MARKER: &str = "<t:ExtendedFieldURI PropertySetId=\"3b3f1c52-0d3e-4a5e-9f2a-0f0f3a7b9e11\" PropertyName=\"CrmActivityId\" \
    PropertyType=\"String\"/>";

fn marked(subject: &str, value: &str) -> String {
    format!(
        "<t:CalendarItem><t:Subject>{subject}</t:Subject><t:ExtendedProperty>{MARKER}<t:Value>{value}</t:Value></t:ExtendedProperty>\
         <t:Start>2026-11-23T09:00:00Z</t:Start><t:End>2026-11-23T10:00:00Z</t:End></t:CalendarItem>"
    )
}

fn find(restriction: &str, more: &str) -> String {
    let condition =
        if restriction.is_empty() { String::new() } else { format!("<m:Restriction>{restriction}</m:Restriction>") };
    format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>\
         <t:FieldURI FieldURI=\"item:Subject\"/>{MARKER}</t:AdditionalProperties></m:ItemShape>{more}{condition}\
         <m:ParentFolderIds>{CALENDAR}</m:ParentFolderIds></m:FindItem>"
    )
}

fn equal(path: &str, value: &str) -> String {
    format!(
        "<t:IsEqualTo>{path}<t:FieldURIOrConstant><t:Constant Value=\"{value}\"/></t:FieldURIOrConstant></t:IsEqualTo>"
    )
}

fn subjects(message: &Node) -> Vec<String> {
    let items = message.child("RootFolder").and_then(|root| root.child("Items")).unwrap();
    items.children.iter().map(|item| item.text_of("Subject").unwrap_or_default().to_owned()).collect()
}

#[test]
fn an_item_is_found_by_its_marker_and_shows_it_when_asked() {
    let mut desk = Desk::new();
    let id = desk.create(&marked("a", "one"));
    desk.create(&marked("b", "two"));
    desk.create(&meeting("c", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"));
    let message = desk.one(&find(&equal(MARKER, "one"), ""));
    assert_eq!(subjects(&message), ["a"]);
    let item = &message.child("RootFolder").unwrap().child("Items").unwrap().children[0];
    assert_eq!(item.child("ExtendedProperty").and_then(|property| property.text_of("Value")), Some("one"));
    let exists = format!("<t:Exists>{MARKER}</t:Exists>");
    assert_eq!(subjects(&desk.one(&find(&exists, ""))), ["a", "b"]);
    assert_eq!(subjects(&desk.one(&find(&format!("<t:Not>{exists}</t:Not>"), ""))), ["c"]);
    // Not part of everything: it is shown to who names it.
    assert!(desk.get(&id).child("ExtendedProperty").is_none());
    let clear = format!("<t:DeleteItemField>{MARKER}</t:DeleteItemField>");
    assert_eq!(desk.update(&id, &clear), "NoError");
    assert_eq!(subjects(&desk.one(&find(&exists, ""))), ["b"]);
}

#[test]
fn conditions_are_joined_compared_and_refused() {
    let mut desk = Desk::new();
    for day in 23..27 {
        desk.create(&meeting(
            &format!("Day {day}"),
            &format!("2026-11-{day}T09:00:00Z"),
            &format!("2026-11-{day}T10:00:00Z"),
        ));
    }
    let start = "<t:FieldURI FieldURI=\"calendar:Start\"/>";
    let bound = |what: &str, time: &str| {
        format!(
            "<t:{what}>{start}<t:FieldURIOrConstant><t:Constant Value=\"{time}\"/></t:FieldURIOrConstant></t:{what}>"
        )
    };
    let both = format!(
        "<t:And>{}{}</t:And>",
        bound("IsGreaterThanOrEqualTo", "2026-11-24T10:00:00+01:00"),
        bound("IsLessThan", "2026-11-26T00:00:00Z")
    );
    assert_eq!(subjects(&desk.one(&find(&both, ""))), ["Day 24", "Day 25"]);
    let contains = "<t:Contains ContainmentMode=\"Prefixed\" ContainmentComparison=\"IgnoreCase\"><t:FieldURI FieldURI=\"item:Subject\"/>\
        <t:Constant Value=\"day 2\"/></t:Contains>";
    assert_eq!(subjects(&desk.one(&find(contains, ""))).len(), 4);
    let either = format!(
        "<t:Or>{}{}</t:Or>",
        equal("<t:FieldURI FieldURI=\"item:Subject\"/>", "day 23"),
        bound("IsGreaterThan", "2026-11-26T00:00:00Z")
    );
    assert_eq!(subjects(&desk.one(&find(&either, ""))), ["Day 23", "Day 26"]);
    let uid = equal("<t:FieldURI FieldURI=\"calendar:UID\"/>", "x");
    assert_eq!(desk.codes(&find(&uid, "")), ["ErrorUnsupportedPathForQuery"]);
    let bad = "<t:Exists><t:ExtendedFieldURI PropertyName=\"x\" PropertyType=\"String\"/></t:Exists>";
    assert_eq!(desk.codes(&find(bad, "")), ["ErrorInvalidExtendedProperty"]);
}

#[test]
fn a_meeting_is_found_by_its_global_object_id() {
    let mut desk = Desk::new();
    let id = desk.create(&meeting("a", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"));
    desk.create(&meeting("b", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"));
    let clean =
        "<t:ExtendedFieldURI DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"/>";
    let shape = format!("<t:AdditionalProperties>{clean}</t:AdditionalProperties>");
    let message = desk.one(&get_item(&id.element(), "AllProperties", &shape));
    let item = &message.child("Items").unwrap().children[0];
    let value = item.child("ExtendedProperty").and_then(|property| property.text_of("Value")).unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(value).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(item.text_of("UID"), Some(hex.as_str()));
    assert_eq!(subjects(&desk.one(&find(&equal(clean, value), ""))), ["a"]);
}

#[test]
fn pages_have_an_order_and_an_end() {
    let mut desk = Desk::new();
    for name in ["b", "c", "a", "d"] {
        desk.create(&meeting(name, "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"));
    }
    let page = |offset: u32, base: &str| {
        format!("<m:IndexedPageItemView MaxEntriesReturned=\"3\" Offset=\"{offset}\" BasePoint=\"{base}\"/>")
    };
    let sorted = |view: &str| {
        let order = "<m:SortOrder><t:FieldOrder Order=\"Ascending\"><t:FieldURI FieldURI=\"item:Subject\"/></t:FieldOrder></m:SortOrder>";
        find("", view).replace("<m:ParentFolderIds>", &format!("{order}<m:ParentFolderIds>"))
    };
    let first = desk.one(&sorted(&page(0, "Beginning")));
    let root = first.child("RootFolder").unwrap();
    assert_eq!(subjects(&first), ["a", "b", "c"]);
    assert_eq!(
        (root.attribute("IndexedPagingOffset"), root.attribute("IncludesLastItemInRange")),
        (Some("3"), Some("false"))
    );
    assert_eq!(root.attribute("TotalItemsInView"), Some("4"));
    assert_eq!(subjects(&desk.one(&sorted(&page(3, "Beginning")))), ["d"]);
    assert_eq!(subjects(&desk.one(&sorted(&page(0, "End")))), ["b", "c", "d"]);
    desk.exchange.knobs.find_limit = 2;
    let cut = desk.one(&find("", ""));
    assert_eq!(
        (subjects(&cut).len(), cut.child("RootFolder").unwrap().attribute("IncludesLastItemInRange")),
        (2, Some("false"))
    );
}
