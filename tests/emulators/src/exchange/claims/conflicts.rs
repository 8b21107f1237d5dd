//! Change keys and what is done about two edits at once.

use super::*;

fn subject(text: &str) -> String {
    set("item:Subject", "CalendarItem", &format!("<t:Subject>{text}</t:Subject>"))
}

fn new() -> (Desk, Id) {
    let mut desk = Desk::new();
    let id = desk.create(&meeting("a", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"));
    (desk, id)
}

#[test]
fn never_overwrite_refuses_a_stale_change_key_and_the_other_two_do_not() {
    let (mut desk, id) = new();
    let now = desk.now;
    desk.exchange.update(EUGENE, &id.id, &subject("theirs"), now).unwrap();
    assert_eq!(desk.update(&id, &subject("ours")), "ErrorIrresolvableConflict");
    assert!(desk.exchange.find(EUGENE, "theirs").is_some());
    let message = desk.one(&update(
        &id.element(),
        &set("calendar:Location", "CalendarItem", "<t:Location>x</t:Location>"),
        "AutoResolve",
    ));
    assert_eq!(message.child("ConflictResults").and_then(|one| one.text_of("Count")), Some("1"));
    // What the two edits do not share, both have.
    let item = desk.exchange.item_json(EUGENE, &id.id).unwrap();
    assert_eq!((item["Subject"].as_str(), item["Location"].as_str()), (Some("theirs"), Some("x")));
    let message = desk.one(&update(&id.element(), &subject("ours"), "AlwaysOverwrite"));
    let fresh = id_of(&message);
    assert!(fresh.id == id.id && fresh.key != id.key);
    assert_eq!(desk.update(&fresh, &subject("again")), "NoError");
}

#[test]
fn a_change_key_is_needed_and_has_a_form() {
    let (mut desk, id) = new();
    let bare = format!("<t:ItemId Id=\"{}\"/>", id.id);
    let wrong = format!("<t:ItemId Id=\"{}\" ChangeKey=\"nonsense\"/>", id.id);
    for (resolution, expect) in
        [("NeverOverwrite", "ErrorChangeKeyRequiredForWriteOperations"), ("AlwaysOverwrite", "NoError")]
    {
        assert_eq!(desk.codes(&update(&bare, &subject("b"), resolution)), [expect], "{resolution}");
    }
    assert_eq!(desk.codes(&update(&wrong, &subject("b"), "AutoResolve")), ["ErrorInvalidChangeKey"]);
    desk.exchange.knobs.change_key_always = true;
    assert_eq!(
        desk.codes(&update(&bare, &subject("b"), "AlwaysOverwrite")),
        ["ErrorChangeKeyRequiredForWriteOperations"]
    );
}

#[test]
fn an_update_says_one_property_at_a_time_and_may_not_clear_everything() {
    let (mut desk, id) = new();
    let two = "<t:SetItemField><t:FieldURI FieldURI=\"item:Subject\"/><t:CalendarItem><t:Subject>b</t:Subject>\
        <t:Location>c</t:Location></t:CalendarItem></t:SetItemField>";
    assert_eq!(desk.update(&id, two), "ErrorIncorrectUpdatePropertyCount");
    let other = set("item:Subject", "CalendarItem", "<t:Location>c</t:Location>");
    assert_eq!(desk.update(&id, &other), "ErrorUpdatePropertyMismatch");
    let clear = |uri: &str| format!("<t:DeleteItemField><t:FieldURI FieldURI=\"{uri}\"/></t:DeleteItemField>");
    assert_eq!(desk.update(&id, &clear("calendar:Start")), "ErrorInvalidPropertyDelete");
    assert_eq!(
        desk.update(&id, &set("calendar:IsMeeting", "CalendarItem", "<t:IsMeeting>true</t:IsMeeting>")),
        "ErrorInvalidPropertySet"
    );
    assert_eq!(desk.update(&id, &clear("item:Subject")), "NoError");
    assert_eq!(desk.get(&id).text_of("Subject"), None);
}

#[test]
fn a_moved_item_has_another_id_and_comes_back_with_a_third() {
    let (mut desk, id) = new();
    assert_eq!(desk.codes(&delete(&id.element(), "MoveToDeletedItems")), ["NoError"]);
    assert_eq!(desk.codes(&get_item(&id.element(), "IdOnly", "")), ["ErrorItemNotFound"]);
    let binned = desk.exchange.find(EUGENE, "a").unwrap();
    assert_eq!(binned.folder, "Deleted Items");
    let now = desk.now;
    let back = desk.exchange.move_to(EUGENE, &binned.id, "calendar", now).unwrap();
    assert!(back != id.id && back != binned.id);
    let again = Id { id: back, key: String::new() };
    let uid = |node: &Node| node.text_of("UID").unwrap().to_owned();
    assert_eq!(uid(&desk.get(&again)), binned.uid.unwrap());
    let moved = desk.one(&format!(
        "<m:MoveItem><m:ToFolderId><t:FolderId Id=\"{}\"/></m:ToFolderId><m:ItemIds><t:ItemId Id=\"{}\"/></m:ItemIds></m:MoveItem>",
        desk.exchange.folder_id(EUGENE, "Проекты").unwrap(),
        again.id
    ));
    assert_ne!(id_of(&moved).id, again.id);
}

#[test]
fn the_services_own_jobs_change_the_key_and_nothing_else() {
    let (mut desk, id) = new();
    desk.exchange.touch(EUGENE, &id.id).unwrap();
    assert_eq!(desk.update(&id, &subject("b")), "ErrorIrresolvableConflict");
    assert_eq!(desk.get(&id).text_of("Subject"), Some("a"));
}
