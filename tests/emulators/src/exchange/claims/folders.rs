//! Folders, and what is refused before any item is looked at.

use super::super::xml::Node;
use super::*;

fn find(more: &str, traversal: &str) -> String {
    format!(
        "<m:FindFolder Traversal=\"{traversal}\"><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape>{more}\
         <m:ParentFolderIds><t:DistinguishedFolderId Id=\"msgfolderroot\"/></m:ParentFolderIds></m:FindFolder>"
    )
}

fn class(class: &str) -> String {
    format!(
        "<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI=\"folder:FolderClass\"/><t:FieldURIOrConstant><t:Constant Value=\"{class}\"/>\
         </t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>"
    )
}

fn folders(message: &Node) -> Vec<Node> {
    message.child("RootFolder").and_then(|root| root.child("Folders")).unwrap().children.clone()
}

#[test]
fn calendars_and_task_folders_are_found_below_the_root_with_their_rights() {
    let mut desk = Desk::new();
    let found = folders(&desk.one(&find(&class("IPF.Appointment"), "Deep")));
    let shown = |folder: &Node| {
        let rights = folder.child("EffectiveRights").unwrap();
        let write = rights.text_of("CreateContents").unwrap().to_owned();
        (folder.name.clone(), folder.text_of("DisplayName").unwrap().to_owned(), write)
    };
    let all: Vec<_> = found.iter().map(shown).collect();
    let expect = [("Calendar", "true"), ("Проекты", "true"), ("Праздники — Россия", "false")];
    assert_eq!(all, expect.map(|(name, write)| ("CalendarFolder".into(), name.into(), write.into())));
    let names = |found: Vec<Node>| -> Vec<String> {
        found.iter().map(|folder| folder.text_of("DisplayName").unwrap().to_owned()).collect()
    };
    assert_eq!(names(folders(&desk.one(&find(&class("IPF.Task"), "Deep")))), ["Tasks", "Дом"]);
    assert_eq!(names(folders(&desk.one(&find(&class("IPF.Task"), "Shallow")))), ["Tasks"]);
    let page = |offset: u32| {
        let view =
            format!("<m:IndexedPageFolderView MaxEntriesReturned=\"6\" Offset=\"{offset}\" BasePoint=\"Beginning\"/>");
        find(&view, "Shallow")
    };
    let first = desk.one(&page(0));
    let root = first.child("RootFolder").unwrap();
    assert_eq!(
        (root.attribute("IncludesLastItemInRange"), root.attribute("IndexedPagingOffset")),
        (Some("false"), Some("6"))
    );
    let rest = folders(&desk.one(&page(6)));
    assert_eq!(folders(&first).len() + rest.len(), 10);
}

#[test]
fn the_root_of_a_named_mailbox_answers_and_every_answer_says_its_version() {
    let mut desk = Desk::new();
    let root = |mailbox: &str| {
        format!(
            "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"root\">\
             <t:Mailbox><t:EmailAddress>{mailbox}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></m:FolderIds></m:GetFolder>"
        )
    };
    let response = desk.post(&root(EUGENE));
    assert_eq!(response.header("content-type"), Some("text/xml; charset=utf-8"));
    let envelope = parse(std::str::from_utf8(&response.body).unwrap()).unwrap();
    let version = envelope.child("Header").and_then(|header| header.child("ServerVersionInfo")).unwrap();
    assert_eq!(version.attribute("MajorVersion"), Some("15"));
    let folder = desk.one(&root(EUGENE));
    assert_eq!(folder.child("Folders").unwrap().children[0].text_of("ChildFolderCount"), Some("3"));
    assert_eq!(desk.codes(&root("a.smith@mycompany.com")), ["ErrorAccessDenied"]);
    assert_eq!(desk.codes(&root("nobody@mycompany.com")), ["ErrorNonExistentMailbox"]);
    desk.exchange.open_to("a.smith@mycompany.com", EUGENE).unwrap();
    assert_eq!(desk.codes(&root("a.smith@mycompany.com")), ["NoError"]);
}

#[test]
fn what_breaks_the_schema_is_refused_with_its_place() {
    let mut desk = Desk::new();
    let (code, violation) = desk.fault("<m:GetItem><m:ItemIds/></m:GetItem>");
    assert_eq!(code, "ErrorSchemaValidation");
    assert!(violation.contains("ItemShape"), "{violation}");
    let end_first =
        "<t:CalendarItem><t:End>2026-11-23T10:00:00Z</t:End><t:Start>2026-11-23T09:00:00Z</t:Start></t:CalendarItem>";
    assert_eq!(desk.fault(&create(end_first, "")).0, "ErrorSchemaValidation");
    assert_eq!(desk.fault("<m:DeleteEverything/>").0, "ErrorSchemaValidation");
    desk.header = "<t:RequestServerVersion Version=\"Exchange2099\"/>".into();
    assert_eq!(desk.fault(&find("", "Deep")).0, "ErrorInvalidServerVersion");
    desk.header = VERSION.into();
    let answer = desk.post("<m:GetItem>");
    assert_eq!(answer.status, 400);
}

#[test]
fn ids_are_told_apart_and_converted() {
    let mut desk = Desk::new();
    let folder = desk.exchange.folder_id(EUGENE, "calendar").unwrap();
    let get =
        get_item(&format!("<t:ItemId Id=\"{folder}\"/><t:ItemId Id=\"nonsense\"/><t:ItemId Id=\"\"/>"), "IdOnly", "");
    assert_eq!(desk.codes(&get), ["ErrorCannotUseFolderIdForItemId", "ErrorInvalidIdMalformed", "ErrorInvalidIdEmpty"]);
    let id = desk.create(&meeting("a", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"));
    let convert = |id: &str, from: &str, to: &str| {
        format!(
            "<m:ConvertId DestinationFormat=\"{to}\"><m:SourceIds><t:AlternateId Format=\"{from}\" Id=\"{id}\" Mailbox=\"{EUGENE}\"/>\
             </m:SourceIds></m:ConvertId>"
        )
    };
    let there = desk.one(&convert(&id.id, "EwsId", "HexEntryId"));
    let hex = there.child("AlternateId").unwrap().attribute("Id").unwrap().to_owned();
    let back = desk.one(&convert(&hex, "HexEntryId", "EwsId"));
    assert_eq!(back.child("AlternateId").unwrap().attribute("Id"), Some(id.id.as_str()));
    assert_eq!(desk.codes(&convert("zz", "HexEntryId", "EwsId")), ["ErrorInvalidIdMalformed"]);
}

#[test]
fn zones_and_names_are_looked_up() {
    let mut desk = Desk::new();
    let zones = desk.one(
        "<m:GetServerTimeZones ReturnFullTimeZoneData=\"true\"><m:Ids><t:Id>W. Europe Standard Time</t:Id></m:Ids></m:GetServerTimeZones>",
    );
    let found = &zones.child("TimeZoneDefinitions").unwrap().children;
    assert_eq!((found.len(), found[0].attribute("Id")), (1, Some("W. Europe Standard Time")));
    let all = desk.one("<m:GetServerTimeZones ReturnFullTimeZoneData=\"false\"/>");
    assert!(all.child("TimeZoneDefinitions").unwrap().children.len() > 100);
    let everything = desk.one("<m:GetServerTimeZones/>");
    assert!(everything.child("TimeZoneDefinitions").unwrap().children[5].child("Periods").is_some());
    let resolve = |part: &str| {
        format!(
            "<m:ResolveNames ReturnFullContactData=\"false\"><m:UnresolvedEntry>{part}</m:UnresolvedEntry></m:ResolveNames>"
        )
    };
    assert_eq!(desk.codes(&resolve("Anna")), ["NoError"]);
    assert_eq!(desk.codes(&resolve("nobody")), ["ErrorNameResolutionNoResults"]);
}

#[test]
fn the_hierarchy_is_synchronised() {
    let mut desk = Desk::new();
    let sync = |state: &str| {
        let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
        format!(
            "<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>{state}</m:SyncFolderHierarchy>"
        )
    };
    let kinds = |message: &Node| -> Vec<String> {
        message.child("Changes").unwrap().children.iter().map(|change| change.name.to_string()).collect()
    };
    let first = desk.one(&sync(""));
    assert_eq!(kinds(&first).len(), 13);
    let state = first.text_of("SyncState").unwrap().to_owned();
    assert!(kinds(&desk.one(&sync(&state))).is_empty());
    desk.exchange.add_folder(EUGENE, None, "Neu", "IPF.Task", true).unwrap();
    desk.exchange.change_folder(EUGENE, "Проекты", Some("Projects"), None).unwrap();
    let now = desk.now;
    desk.exchange.remove_folder(EUGENE, "Дом", now).unwrap();
    let mut seen = kinds(&desk.one(&sync(&state)));
    seen.sort();
    assert_eq!(seen, ["Create", "Delete", "Update"]);
    assert_eq!(desk.codes(&sync("bm9uc2Vuc2U=")), ["ErrorInvalidSyncStateData"]);
}
