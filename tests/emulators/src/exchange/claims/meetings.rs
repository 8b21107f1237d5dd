//! Meetings: who is told, and what the others see.

use super::*;

const ANNA: &str = "a.smith@mycompany.com";

fn with_guests(send: &str, guests: &[&str]) -> String {
    let guests: String = guests
        .iter()
        .map(|guest| {
            format!("<t:Attendee><t:Mailbox><t:EmailAddress>{guest}</t:EmailAddress></t:Mailbox></t:Attendee>")
        })
        .collect();
    format!(
        "<m:CreateItem SendMeetingInvitations=\"{send}\"><m:Items><t:CalendarItem><t:Subject>m</t:Subject>\
         <t:Start>2026-11-23T09:00:00Z</t:Start><t:End>2026-11-23T10:00:00Z</t:End><t:RequiredAttendees>{guests}</t:RequiredAttendees>\
         </t:CalendarItem></m:Items></m:CreateItem>"
    )
}

fn mails(desk: &Desk) -> Vec<String> {
    desk.exchange
        .outbox()
        .iter()
        .map(|mail| format!("{} {}", mail["kind"].as_str().unwrap(), mail["to"].as_array().unwrap().len()))
        .collect()
}

fn change(desk: &mut Desk, id: &Id, updates: &str, send: &str) -> Id {
    let body = update(&id.element(), updates, "AlwaysOverwrite")
        .replace("Cancellations=\"SendToNone\"", &format!("Cancellations=\"{send}\""));
    id_of(&desk.one(&body))
}

fn place(text: &str) -> String {
    set("calendar:Location", "CalendarItem", &format!("<t:Location>{text}</t:Location>"))
}

#[test]
fn nobody_is_told_unless_the_request_says_so() {
    let mut desk = Desk::new();
    let id = id_of(&desk.one(&with_guests("SendToNone", &[ANNA, "olga@northwind.example"])));
    change(&mut desk, &id, &place("here"), "SendToNone");
    assert_eq!(desk.codes(&delete(&id.element(), "HardDelete")), ["NoError"]);
    assert!(mails(&desk).is_empty() && desk.exchange.items(ANNA).is_empty());
}

#[test]
fn mail_is_counted_by_what_it_says_and_to_whom() {
    let mut desk = Desk::new();
    let id = id_of(&desk.one(&with_guests("SendOnlyToAll", &[ANNA, "olga@northwind.example"])));
    assert_eq!(mails(&desk), ["invitation 2"]);
    change(&mut desk, &id, &place("here"), "SendToAllAndSaveCopy");
    change(
        &mut desk,
        &id,
        &set("item:Importance", "CalendarItem", "<t:Importance>High</t:Importance>"),
        "SendOnlyToAll",
    );
    assert_eq!(mails(&desk), ["invitation 2", "update 2"]);
    let fewer = set(
        "calendar:RequiredAttendees",
        "CalendarItem",
        &format!(
            "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>{ANNA}</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>"
        ),
    );
    let id = change(&mut desk, &id, &fewer, "SendOnlyToChanged");
    assert_eq!(mails(&desk), ["invitation 2", "update 2", "cancellation 1"]);
    let cancel = delete(&id.element(), "MoveToDeletedItems").replace("SendToNone", "SendOnlyToAll");
    assert_eq!(desk.codes(&cancel), ["NoError"]);
    assert_eq!(mails(&desk)[3..], ["cancellation 1"]);
    let copy = desk.exchange.find(ANNA, "Canceled: m").unwrap();
    assert!(copy.cancelled);
}

#[test]
fn a_guests_copy_is_the_same_meeting_and_the_answer_reaches_the_organizer() {
    let mut desk = Desk::new();
    let id = id_of(&desk.one(&with_guests("SendOnlyToAll", &[ANNA])));
    let uid = desk.get(&id).text_of("UID").unwrap().to_owned();
    desk.login = (ANNA, "Smith-2026");
    let copy = desk.exchange.find(ANNA, "m").unwrap();
    let copy = Id { id: copy.id, key: copy.change_key };
    let node = desk.get(&copy);
    let seen: Vec<&str> = ["UID", "MyResponseType", "LegacyFreeBusyStatus", "AppointmentState", "IsMeeting"]
        .iter()
        .map(|name| node.text_of(name).unwrap())
        .collect();
    assert_eq!(seen, [uid.as_str(), "NoResponseReceived", "Tentative", "3", "true"]);
    let accept = |id: &Id, how: &str| {
        format!(
            "<m:CreateItem MessageDisposition=\"{how}\"><m:Items><t:AcceptItem><t:ReferenceItemId Id=\"{}\" ChangeKey=\"{}\"/></t:AcceptItem>\
             </m:Items></m:CreateItem>",
            id.id, id.key
        )
    };
    desk.one(&accept(&copy, "SaveOnly"));
    assert_eq!(mails(&desk), ["invitation 1"]);
    desk.one(&accept(&copy, "SendAndSaveCopy"));
    assert_eq!(mails(&desk), ["invitation 1", "response 1"]);
    desk.login = (EUGENE, "Mirny-2026");
    let node = desk.get(&id);
    let guest = &node.child("RequiredAttendees").unwrap().children[0];
    assert_eq!(guest.text_of("ResponseType"), Some("Accept"));
    assert_eq!(desk.codes(&accept(&id, "SaveOnly")), ["ErrorCalendarIsOrganizerForAccept"]);
}

#[test]
fn an_outsiders_meeting_keeps_its_identity_and_is_cancelled_by_its_organizer() {
    let mut desk = Desk::new();
    let item = meeting("theirs", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z")
        .replace("<t:Start>", "<t:UID>abc@google.com</t:UID><t:Start>");
    let now = desk.now;
    let id = desk.exchange.add_foreign_meeting(EUGENE, ("Olga", "olga@northwind.example"), &item, now).unwrap();
    let id = Id { id, key: String::new() };
    let node = desk.get(&id);
    let organizer =
        node.child("Organizer").and_then(|one| one.child("Mailbox")).and_then(|one| one.text_of("EmailAddress"));
    assert_eq!((node.text_of("UID"), organizer), (Some("abc@google.com"), Some("olga@northwind.example")));
    let now = desk.now;
    desk.exchange.organizer_cancels(EUGENE, &id.id, now).unwrap();
    assert_eq!(desk.get(&id).text_of("IsCancelled"), Some("true"));
    assert!(mails(&desk).is_empty());
    assert_eq!(
        desk.codes(&delete(&id.element(), "MoveToDeletedItems").replace("SendToNone", "SendToAllAndSaveCopy")),
        ["NoError"]
    );
    let binned = desk.exchange.find(EUGENE, "Canceled: theirs").unwrap();
    let binned = Id { id: binned.id, key: binned.change_key };
    let loud = update(&binned.element(), &place("x"), "AlwaysOverwrite")
        .replace("Cancellations=\"SendToNone\"", "Cancellations=\"SendOnlyToAll\"");
    assert_eq!(desk.codes(&loud), ["ErrorCalendarCannotUpdateDeletedItem"]);
    assert!(mails(&desk).is_empty());
}
