//! Folders that are made and deleted, and operations that nobody serves here.

use super::*;

fn create_folder(parent: &str, folders: &str) -> String {
    format!(
        "<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id=\"{parent}\"/></m:ParentFolderId><m:Folders>{folders}</m:Folders>\
         </m:CreateFolder>"
    )
}

fn delete_folder(folder: &str, how: &str) -> String {
    format!("<m:DeleteFolder DeleteType=\"{how}\"><m:FolderIds>{folder}</m:FolderIds></m:DeleteFolder>")
}

fn named(element: &str, name: &str) -> String {
    format!("<t:{element}><t:DisplayName>{name}</t:DisplayName></t:{element}>")
}

/// The folder of a response message, as an element of a request.
fn made(message: &Node, element: &str) -> String {
    let folder = message.child("Folders").and_then(|folders| folders.child(element)).unwrap();
    format!("<t:FolderId Id=\"{}\"/>", folder.child("FolderId").unwrap().attribute("Id").unwrap())
}

fn get_folder(folder: &str) -> String {
    format!(
        "<m:GetFolder><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape><m:FolderIds>{folder}</m:FolderIds>\
         </m:GetFolder>"
    )
}

#[test]
fn folders_are_made_with_the_class_of_their_kind_and_refused_one_by_one() {
    let mut desk = Desk::new();
    let several = [named("CalendarFolder", "Trips"), named("TasksFolder", "tasks"), named("Folder", "Mail")].concat();
    let messages = desk.messages(&create_folder("msgfolderroot", &several));
    let codes: Vec<String> = messages.iter().map(code).collect();
    assert_eq!(codes, ["NoError", "ErrorFolderExists", "NoError"]);
    let trips = made(&messages[0], "CalendarFolder");
    let shown = desk.one(&get_folder(&trips));
    let shown = shown.child("Folders").and_then(|folders| folders.child("CalendarFolder")).unwrap();
    assert_eq!((shown.text_of("DisplayName"), shown.text_of("FolderClass")), (Some("Trips"), Some("IPF.Appointment")));
    let item = desk.one(&create(&meeting("a", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"), &trips));
    assert_eq!(desk.sync(&trips, "", 10).0, [("Create".to_owned(), id_of(&item).id)]);
    let wrong =
        "<t:TasksFolder><t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>x</t:DisplayName></t:TasksFolder>";
    assert_eq!(desk.codes(&create_folder("msgfolderroot", wrong)), ["ErrorNoFolderClassOverride"]);
    assert_eq!(desk.codes(&create_folder("msgfolderroot", &named("Folder", " "))), ["ErrorPropertyValidationFailure"]);
}

#[test]
fn a_deleted_folder_goes_to_deleted_items_and_then_for_good() {
    let mut desk = Desk::new();
    let trips = made(&desk.one(&create_folder("msgfolderroot", &named("CalendarFolder", "Trips"))), "CalendarFolder");
    let item = id_of(&desk.one(&create(&meeting("a", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"), &trips)));
    assert_eq!(desk.codes(&delete_folder(&trips, "MoveToDeletedItems")), ["NoError"]);
    let bin = desk.one(&get_folder("<t:DistinguishedFolderId Id=\"deleteditems\"/>"));
    let bin = bin.child("Folders").unwrap().children[0].child("FolderId").unwrap().attribute("Id").unwrap().to_owned();
    let shown = desk.one(&get_folder(&trips));
    let parent = shown.child("Folders").unwrap().children[0].child("ParentFolderId").unwrap();
    assert_eq!(parent.attribute("Id"), Some(bin.as_str()));
    assert_eq!(desk.get(&item).text_of("Subject"), Some("a"));
    assert_eq!(desk.codes(&delete_folder(&trips, "HardDelete")), ["NoError"]);
    assert_eq!(desk.codes(&get_folder(&trips)), ["ErrorFolderNotFound"]);
    assert_eq!(desk.codes(&get_item(&item.element(), "IdOnly", "")), ["ErrorItemNotFound"]);
    assert_eq!(desk.codes(&delete_folder(CALENDAR, "HardDelete")), ["ErrorDeleteDistinguishedFolder"]);
    assert_eq!(desk.codes(&delete_folder(&trips, "HardDelete")), ["ErrorFolderNotFound"]);
}

#[test]
fn an_operation_of_exchange_that_is_not_served_is_refused_as_such_and_another_one_by_the_schema() {
    let mut desk = Desk::new();
    assert_eq!(desk.fault("<m:GetUserOofSettingsRequest/>").0, "ErrorInvalidOperation");
    assert_eq!(desk.fault("<m:EmptyFolder/>").0, "ErrorInvalidOperation");
    let (code, violation) = desk.fault("<m:GetEverything/>");
    assert_eq!(code, "ErrorSchemaValidation");
    assert!(violation.contains("not declared"), "{violation}");
}
