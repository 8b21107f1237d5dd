//! Several items in one request.

use super::*;

#[test]
fn one_bad_item_leaves_the_others_alone_and_all_answers_are_in_order() {
    let mut desk = Desk::new();
    let good = |name: &str| meeting(name, "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z");
    let backwards = meeting("b", "2026-11-23T10:00:00Z", "2026-11-23T09:00:00Z");
    let long = meeting("long", "2026-11-23T10:00:00Z", "2031-12-23T09:00:00Z");
    let task = "<t:Task><t:Subject>t</t:Subject></t:Task>";
    let items = format!("{}{backwards}{task}{long}{}", good("a"), good("c"));
    let messages = desk.messages(&create(&items, CALENDAR));
    let codes: Vec<String> = messages.iter().map(code).collect();
    assert_eq!(
        codes,
        [
            "NoError",
            "ErrorCalendarEndDateIsEarlierThanStartDate",
            "ErrorCannotCreateTaskInNonTaskFolder",
            "ErrorCalendarDurationIsTooLong",
            "NoError"
        ]
    );
    assert_eq!(messages[1].attribute("ResponseClass"), Some("Error"));
    assert!(messages[1].child("Items").unwrap().children.is_empty());
    let (a, c) = (id_of(&messages[0]), id_of(&messages[4]));
    let get = get_item(&format!("{}<t:ItemId Id=\"x\"/>{}", c.element(), a.element()), "Default", "");
    let messages = desk.messages(&get);
    let subjects: Vec<Option<&str>> = messages
        .iter()
        .map(|message| {
            message.child("Items").and_then(|items| items.children.first()).and_then(|item| item.text_of("Subject"))
        })
        .collect();
    assert_eq!(subjects, [Some("c"), None, Some("a")]);
    assert_eq!(
        desk.codes(&delete(&format!("{}{}", a.element(), a.element()), "HardDelete")),
        ["NoError", "ErrorItemNotFound"]
    );
    assert_eq!(desk.exchange.items(EUGENE).len(), 1);
}

#[test]
fn what_calendars_and_tasks_need_to_be_told_is_asked_for() {
    let mut desk = Desk::new();
    let item = meeting("a", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z");
    let bare =
        format!("<m:CreateItem><m:Items>{item}<t:Task><t:Subject>t</t:Subject></t:Task></m:Items></m:CreateItem>");
    assert_eq!(desk.codes(&bare), ["ErrorSendMeetingInvitationsRequired", "NoError"]);
    let id = desk.create(&item).element();
    let task = desk.create("<t:Task><t:Subject>t</t:Subject></t:Task>").element();
    let update = format!(
        "<m:UpdateItem ConflictResolution=\"AutoResolve\"><m:ItemChanges><t:ItemChange>{id}<t:Updates>{}</t:Updates></t:ItemChange>\
         </m:ItemChanges></m:UpdateItem>",
        set("item:Subject", "CalendarItem", "<t:Subject>b</t:Subject>")
    );
    assert_eq!(desk.codes(&update), ["ErrorSendMeetingInvitationsOrCancellationsRequired"]);
    let delete = format!("<m:DeleteItem DeleteType=\"HardDelete\"><m:ItemIds>{id}{task}</m:ItemIds></m:DeleteItem>");
    assert_eq!(desk.codes(&delete), ["ErrorSendMeetingCancellationsRequired", "ErrorAffectedTaskOccurrencesRequired"]);
    let in_tasks = create(&item, TASKS);
    assert_eq!(desk.codes(&in_tasks), ["ErrorCannotCreateCalendarItemInNonCalendarFolder"]);
}

#[test]
fn a_folder_that_only_its_owner_writes_is_left_as_it_is() {
    let mut desk = Desk::new();
    let folder = desk.exchange.folder_id(EUGENE, "Праздники — Россия").unwrap();
    let folder = format!("<t:FolderId Id=\"{folder}\"/>");
    let item = meeting("a", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z");
    assert_eq!(desk.codes(&create(&item, &folder)), ["ErrorAccessDenied"]);
    let now = desk.now;
    let id = desk.exchange.add_item(EUGENE, Some("Праздники — Россия"), &item, now).unwrap();
    let id = format!("<t:ItemId Id=\"{id}\"/>");
    assert_eq!(desk.codes(&get_item(&id, "IdOnly", "")), ["NoError"]);
    assert_eq!(desk.codes(&delete(&id, "HardDelete")), ["ErrorAccessDenied"]);
}

#[test]
fn a_text_comes_back_as_it_was_written_and_in_the_kind_that_is_asked_for() {
    let mut desk = Desk::new();
    let item = "<t:CalendarItem><t:Subject>ünï &amp; &lt;b&gt;</t:Subject><t:Body BodyType=\"Text\">one\n&lt;two&gt; &#x1F600;</t:Body>\
        </t:CalendarItem>";
    let id = desk.create(item);
    let body = |desk: &mut Desk, kind: &str| {
        let message = desk.one(&get_item(&id.element(), "AllProperties", kind));
        let item = message.child("Items").unwrap().children[0].clone();
        assert_eq!(item.text_of("Subject"), Some("ünï & <b>"));
        let body = item.child("Body").unwrap().clone();
        (body.attribute("BodyType").unwrap().to_owned(), body.text)
    };
    assert_eq!(body(&mut desk, ""), ("Text".to_owned(), "one\r\n<two> \u{1f600}".to_owned()));
    let (kind, html) = body(&mut desk, "<t:BodyType>HTML</t:BodyType>");
    assert_eq!(kind, "HTML");
    assert!(html.contains("&lt;two&gt;"), "{html}");
    assert_eq!(body(&mut desk, "<t:BodyType>Text</t:BodyType>").0, "Text");
}
