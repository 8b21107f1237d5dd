//! `SyncFolderItems`.

use super::*;

fn item(name: &str) -> String {
    meeting(name, "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z")
}

#[test]
fn a_folder_is_read_in_pages_newest_first_and_then_only_what_changed() {
    let mut desk = Desk::new();
    let ids: Vec<Id> = (0..5).map(|number| desk.create(&item(&format!("n{number}")))).collect();
    let (first, state, last) = desk.sync(CALENDAR, "", 2);
    let created = |at: usize| ("Create".to_owned(), ids[at].id.clone());
    assert_eq!((first, last), (vec![created(4), created(3)], false));
    // What changes meanwhile is told by the next round, and lost to none.
    assert_eq!(desk.update(&ids[0], &set("item:Subject", "CalendarItem", "<t:Subject>x</t:Subject>")), "NoError");
    let (second, state, last) = desk.sync(CALENDAR, &state, 2);
    assert_eq!((second, last), (vec![created(2), created(1)], true));
    let (third, state, last) = desk.sync(CALENDAR, &state, 512);
    assert_eq!((third.len(), third[0].1.clone(), last), (1, ids[0].id.clone(), true));
    assert_eq!(desk.codes(&delete(&ids[1].element(), "HardDelete")), ["NoError"]);
    let unseen = desk.create(&item("unseen"));
    assert_eq!(desk.codes(&delete(&unseen.element(), "HardDelete")), ["NoError"]);
    let (fourth, state, _) = desk.sync(CALENDAR, &state, 512);
    assert_eq!(fourth, [("Delete".to_owned(), ids[1].id.clone())]);
    assert!(desk.sync(CALENDAR, &state, 512).0.is_empty());
}

#[test]
fn a_move_is_a_delete_here_and_a_create_there() {
    let mut desk = Desk::new();
    let id = desk.create(&item("a"));
    let (_, here, _) = desk.sync(CALENDAR, "", 512);
    let there_id = desk.exchange.folder_id(EUGENE, "Проекты").unwrap();
    let there = format!("<t:FolderId Id=\"{there_id}\"/>");
    let (_, state, _) = desk.sync(&there, "", 512);
    let now = desk.now;
    let moved = desk.exchange.move_to(EUGENE, &id.id, "Проекты", now).unwrap();
    assert_eq!(desk.sync(CALENDAR, &here, 512).0, [("Delete".to_owned(), id.id)]);
    assert_eq!(desk.sync(&there, &state, 512).0, [("Create".to_owned(), moved)]);
}

#[test]
fn a_state_is_good_for_its_own_folder_and_until_the_mailbox_moves() {
    let mut desk = Desk::new();
    let (_, state, _) = desk.sync(CALENDAR, "", 512);
    let body = |folder: &str, state: &str| {
        format!(
            "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>{folder}</m:SyncFolderId>\
             <m:SyncState>{state}</m:SyncState><m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>"
        )
    };
    assert_eq!(desk.codes(&body(TASKS, &state)), ["ErrorInvalidSyncStateData"]);
    assert_eq!(desk.codes(&body(CALENDAR, "H4sIAAA=")), ["ErrorInvalidSyncStateData"]);
    desk.exchange.expire_sync_states();
    assert_eq!(desk.codes(&body(CALENDAR, &state)), ["ErrorInvalidSyncStateData"]);
    assert_eq!(desk.fault(&body(CALENDAR, &state).replace("512", "513")).0, "ErrorSchemaValidation");
    let gone = desk.exchange.folder_id(EUGENE, "Проекты").unwrap();
    let now = desk.now;
    desk.exchange.remove_folder(EUGENE, "Проекты", now).unwrap();
    assert_eq!(desk.codes(&body(&format!("<t:FolderId Id=\"{gone}\"/>"), "")), ["ErrorSyncFolderNotFound"]);
}

#[test]
fn a_changed_occurrence_is_an_update_of_its_series() {
    let mut desk = Desk::new();
    let series = "<t:CalendarItem><t:Subject>s</t:Subject><t:Start>2026-11-23T09:00:00Z</t:Start><t:End>2026-11-23T10:00:00Z</t:End>\
        <t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence>\
        <t:StartDate>2026-11-23</t:StartDate><t:NumberOfOccurrences>5</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>\
        </t:CalendarItem>";
    let id = desk.create(series);
    let (first, state, _) = desk.sync(CALENDAR, "", 512);
    assert_eq!(first, [("Create".to_owned(), id.id.clone())]);
    let now = desk.now;
    let one = desk.exchange.occurrence_id(EUGENE, &id.id, "2026-11-24".parse().unwrap()).unwrap();
    desk.exchange.delete(EUGENE, &one, now).unwrap();
    assert_eq!(desk.sync(CALENDAR, &state, 512).0, [("Update".to_owned(), id.id)]);
}

#[test]
fn what_is_to_be_ignored_is_not_told() {
    let mut desk = Desk::new();
    let (a, b) = (desk.create(&item("a")), desk.create(&item("b")));
    let message = desk.one(&format!(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:SyncFolderId>{CALENDAR}</m:SyncFolderId>\
         <m:Ignore>{}</m:Ignore><m:MaxChangesReturned>9</m:MaxChangesReturned></m:SyncFolderItems>",
        a.element()
    ));
    let changes = &message.child("Changes").unwrap().children;
    let shown = &changes[0].children[0];
    assert_eq!((changes.len(), shown.text_of("Subject"), shown.child("Body")), (1, Some("b"), None));
    assert_eq!(shown.child("ItemId").unwrap().attribute("Id"), Some(b.id.as_str()));
}

#[test]
fn a_server_that_tells_the_newest_change_again_tells_of_its_deletion_too() {
    let mut desk = Desk::new();
    desk.exchange.knobs.sync_repeats = true;
    let id = desk.create(&item("a"));
    let (first, state, _) = desk.sync(CALENDAR, "", 512);
    assert_eq!(first, [("Create".to_owned(), id.id.clone())]);
    let (again, state, _) = desk.sync(CALENDAR, &state, 512);
    assert_eq!(again, first);
    let now = desk.now;
    desk.exchange.delete(EUGENE, &id.id, now).unwrap();
    let (gone, state, _) = desk.sync(CALENDAR, &state, 512);
    assert_eq!(gone, [("Delete".to_owned(), id.id.clone())]);
    assert_eq!(desk.sync(CALENDAR, &state, 512).0, gone);
}
