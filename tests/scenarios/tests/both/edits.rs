//! Edits: what changed on one side reaches the other, and nothing else is written.

use chrono::TimeDelta;
use emulators::creatio::ids::activity_priority;
use guest::reason::Reason;
use guest::report::Outcome;
use scenarios::life::{Activity, at, edit_creatio, hour};
use scenarios::world::EUGENE;
use scenarios::{World, show};
use serde_json::{Value, json};

/// A pair in step, with something in every unit.
fn pair() -> World {
    let mut world = World::empty();
    world.meeting_with(
        "Pair",
        30,
        json!({
            "location": {"displayName": "Room 1"},
            "body": {"contentType": "text", "content": "Agenda"},
            "isReminderOn": true,
            "reminderMinutesBeforeStart": 15,
        }),
    );
    world.synced();
    world.pass(20);
    world.keep_bodies();
    world
}

/// A change of one unit in the mailbox, the columns it may write, and whether it arrived.
type InMailbox = (Value, &'static [&'static str], fn(&Activity) -> bool);

#[scenarios::scenario]
fn a_change_in_the_mailbox_reaches_creatio_and_writes_its_own_columns_alone() {
    let cases: [InMailbox; 6] = [
        (json!({"subject": "Renamed"}), &["Title"], |activity| activity.title == "Renamed"),
        // A reminder is an instant in Creatio: it moves with the start.
        (hour(at(33)), &["DueDate", "RemindToOwner", "RemindToOwnerDate", "StartDate"], |activity| {
            activity.start == at(33) && activity.end == at(34) && activity.reminder == Some(15)
        }),
        (json!({"location": {"displayName": "Room 2"}}), &["Location"], |activity| activity.place == "Room 2"),
        (json!({"body": {"contentType": "text", "content": "New agenda"}}), &["Notes"], |activity| {
            activity.notes == "New agenda"
        }),
        (json!({"reminderMinutesBeforeStart": 60}), &["RemindToOwner", "RemindToOwnerDate"], |activity| {
            activity.reminder == Some(60)
        }),
        (json!({"importance": "high"}), &["PriorityId"], |activity| activity.priority == activity_priority::HIGH),
    ];
    for (change, columns, arrived) in cases {
        let mut world = pair();
        world.edit_event("Pair", change.clone());
        let ran = world.synced();
        assert_eq!(ran.writes(), 1, "{change}");
        assert_eq!(ran.columns("creatio", "PATCH"), columns, "{change}");
        let activities = world.activities();
        assert!(arrived(&activities[0]), "{change}: {:?}", activities[0]);
        world.rests();
    }
}

/// A change of one unit in Creatio, the properties it may write, and whether it arrived.
type InCreatio = (Value, &'static [&'static str], fn(&Value) -> bool);

#[scenarios::scenario]
fn a_change_in_creatio_reaches_the_mailbox_and_writes_its_own_properties_alone() {
    let cases: [InCreatio; 7] = [
        (json!({"Title": "Renamed"}), &["subject"], |event| event["subject"] == "Renamed"),
        (
            json!({"StartDate": at(33), "DueDate": at(34), "RemindToOwnerDate": at(33) - TimeDelta::minutes(15)}),
            &["end", "isAllDay", "start"],
            |event| event["start"]["dateTime"] == "2026-11-24T17:00:00.0000000" && event["isAllDay"] == false,
        ),
        (json!({"Location": "Room 2"}), &["location"], |event| event["location"]["displayName"] == "Room 2"),
        (json!({"Notes": "New agenda"}), &["body"], |event| {
            event["body"]["content"].as_str().is_some_and(|body| body.contains("New agenda"))
        }),
        (json!({"RemindToOwnerDate": at(29)}), &["isReminderOn", "reminderMinutesBeforeStart"], |event| {
            event["reminderMinutesBeforeStart"] == 60
        }),
        (json!({"RemindToOwner": false}), &["isReminderOn"], |event| event["isReminderOn"] == false),
        (json!({"PriorityId": activity_priority::LOW}), &["importance"], |event| event["importance"] == "low"),
    ];
    for (change, properties, arrived) in cases {
        let mut world = pair();
        let id = world.event_id("Pair");
        world.edit_activity("Pair", change.clone());
        let ran = world.synced();
        assert_eq!(ran.writes(), 1, "{change}");
        assert_eq!(ran.columns("graph", "PATCH"), properties, "{change}");
        let event = world.mail.with(|mail| mail.event_json(EUGENE, &id)).unwrap();
        assert!(arrived(&event), "{change}: {event:#}");
        world.rests();
    }
}

#[scenarios::scenario]
fn different_units_changed_on_both_sides_both_travel_in_one_run() {
    let mut world = pair();
    world.edit_event("Pair", json!({"location": {"displayName": "Room 7"}}));
    world.edit_activity("Pair", json!({"Title": "Renamed"}));
    let ran = world.synced();
    assert_eq!(ran.columns("creatio", "PATCH"), ["Location"]);
    assert_eq!(ran.columns("graph", "PATCH"), ["subject"]);
    assert_eq!(world.event("Renamed")["location"]["displayName"], "Room 7");
    assert_eq!(world.found("Renamed").place, "Room 7");
    world.rests();
}

#[scenarios::scenario]
fn the_same_change_on_both_sides_needs_no_write() {
    let mut world = pair();
    world.edit_event("Pair", json!({"subject": "Renamed", "importance": "high"}));
    world.edit_activity("Pair", json!({"Title": "Renamed", "PriorityId": activity_priority::HIGH}));
    let ran = world.synced();
    assert_eq!(ran.writes(), 0);
    assert_eq!(ran.entries.len(), 0);
    world.rests();
}

#[scenarios::scenario]
fn an_edit_in_the_mailbox_between_our_read_and_our_write_is_not_lost() {
    let mut world = pair();
    world.edit_activity("Pair", json!({"Title": "Creatio's"}));
    let (id, now) = (world.event_id("Pair"), world.now());
    world.meanwhile("PATCH", move |_, mail| {
        mail.with(|mail| mail.update_event(EUGENE, &id, &json!({"location": {"displayName": "Late"}}), now)).unwrap();
    });
    world.synced();
    world.pass(1);
    world.synced();
    assert_eq!(world.event("Creatio's")["location"]["displayName"], "Late");
    assert_eq!(world.found("Creatio's").place, "Late");
    world.rests();
}

#[scenarios::scenario]
fn an_edit_of_the_same_unit_in_the_mailbox_between_our_read_and_our_write_becomes_a_conflict() {
    let mut world = pair();
    world.edit_activity("Pair", json!({"Title": "Creatio's"}));
    let (id, now) = (world.event_id("Pair"), world.now());
    world.meanwhile("PATCH", move |_, mail| {
        mail.with(|mail| mail.update_event(EUGENE, &id, &json!({"subject": "Mailbox's"}), now)).unwrap();
    });
    let mut told: Vec<Outcome> = world.synced().entries.into_iter().map(|entry| entry.outcome).collect();
    world.pass(1);
    told.extend(world.synced().entries.into_iter().map(|entry| entry.outcome));
    assert!(told.contains(&Outcome::Conflict), "{told:?}");
    assert_eq!(world.subjects(), world.titles());
    world.rests();
}

#[scenarios::scenario]
fn an_edit_in_creatio_between_our_read_and_our_write_is_not_lost() {
    let mut world = pair();
    world.edit_event("Pair", json!({"subject": "Mailbox's"}));
    let id = world.found("Pair").id;
    let now = world.now();
    world.meanwhile("PATCH", move |creatio, _| {
        let edit = json!({"action": "update", "set": "Activity", "id": id, "values": {"Location": "Late"}});
        edit_creatio(creatio, &edit, now);
    });
    world.synced();
    world.pass(1);
    world.synced();
    assert_eq!(world.event("Mailbox's")["location"]["displayName"], "Late");
    assert_eq!(world.found("Mailbox's").place, "Late");
    world.rests();
}

#[scenarios::scenario]
fn a_value_in_creatio_that_nobody_had_seen_is_told_when_it_is_overwritten() {
    let mut world = pair();
    world.edit_event("Pair", json!({"subject": "Mailbox's"}));
    let id = world.found("Pair").id;
    let now = world.now();
    world.meanwhile("PATCH", move |creatio, _| {
        let edit = json!({"action": "update", "set": "Activity", "id": id, "values": {"Title": "Unseen"}});
        edit_creatio(creatio, &edit, now);
    });
    let ran = world.synced();
    let told = ran.entries.iter().find(|entry| entry.outcome == Outcome::Overwritten);
    if told.is_none() {
        show(&ran);
    }
    let told = told.expect("it is told");
    assert_eq!(told.reason, Reason::OverwroteUnseen);
    assert_eq!(told.units[0].before.as_deref(), Some("Unseen"));
    assert_eq!(world.found("Mailbox's").title, "Mailbox's");
    world.rests();
}

#[scenarios::scenario]
fn an_edit_between_our_write_and_our_reading_it_back_travels_next_time() {
    // The batch that writes reads the row back; an edit by a colleague's slow transaction shows only later.
    let mut world = pair();
    world.edit_event("Pair", json!({"importance": "high"}));
    world.synced();
    let id = world.found("Pair").id;
    // With the stamp of our own write: a transaction that was stamped earlier and committed later.
    let stamp = world.creatio.with(|creatio| creatio.row("Activity", id).unwrap().time("ModifiedOn")).unwrap();
    let earlier = stamp - TimeDelta::seconds(30);
    world.creatio_edit(json!({"action": "update", "silent": true, "set": "Activity", "id": id,
        "values": {"Location": "Slow", "ModifiedOn": earlier}}));
    world.pass(1);
    world.synced();
    assert_eq!(world.event("Pair")["location"]["displayName"], "Slow");
    world.rests();
}

#[scenarios::scenario]
fn notes_that_a_server_keeps_in_its_own_form_are_quiet() {
    let notes = [
        "Plain",
        "Two  spaces and a trailing one ",
        "a < b && c > d; x&amp;y",
        "Line one\r\nLine two\r\n\r\n\r\n\r\nLine three\r\n",
        "\tTabs\tand\u{a0}hard\u{a0}spaces",
        "   indented\n - list\n   - deeper",
        "Смайлы 🚀 и «кавычки» — тире…",
        "<p>Rich <b>text</b></p><ul><li>one</li><li>two</li></ul>",
        "https://teams.example/l/meetup?x=1&y=2",
        "\n\n\nleading",
    ];
    let mut world = World::empty();
    for (at, notes) in notes.iter().enumerate() {
        let hours = 30 + i64::try_from(at).unwrap();
        world.activity_with(&format!("Creatio {at}"), hours, |activity| activity.notes = (*notes).to_owned());
        let kind = if notes.contains("<p>") { "html" } else { "text" };
        world.meeting_with(&format!("Mailbox {at}"), hours, json!({"body": {"contentType": kind, "content": notes}}));
    }
    let before = world.found("Creatio 7").notes;
    world.synced();
    world.pass(1);
    let second = world.sync();
    assert_eq!(second.writes(), 0, "{:?}", second.entries);
    world.rests();
    assert_eq!(world.found("Creatio 7").notes, before, "rich notes that nobody changed stay as they are");
    assert_eq!(world.found("Mailbox 3").notes, "Line one\nLine two\n\nLine three");
    // An edit of another unit does not touch them either.
    world.edit_event("Creatio 7", json!({"subject": "Creatio 7 renamed"}));
    world.synced();
    assert_eq!(world.found("Creatio 7 renamed").notes, before);
    world.rests();
}

#[scenarios::scenario]
fn a_long_title_of_creatio_never_comes_back_cut() {
    let mut world = World::empty();
    let long = "Встреча ".repeat(37) + "конец";
    assert!(long.chars().count() > 300);
    world.activity(&long, 30);
    world.synced();
    let cut = world.subjects().remove(0);
    assert!(cut.chars().count() <= 255 && long.starts_with(&cut), "{cut}");
    world.pass(20);
    world.edit_event(&cut, json!({"location": {"displayName": "Room 5"}, "importance": "low"}));
    world.synced();
    assert_eq!(world.titles(), std::slice::from_ref(&long));
    assert_eq!(world.found(&long).place, "Room 5");
    world.rests();
    // Behind the cut nothing can be seen of an edit.
    let longer = long.clone() + "!";
    world.edit_activity(&long, json!({"Title": longer}));
    world.synced();
    assert_eq!(world.titles(), std::slice::from_ref(&longer));
    assert_eq!(world.subjects(), std::slice::from_ref(&cut));
    world.rests();
    // A new title from the mailbox is a new title.
    world.edit_event(&cut, json!({"subject": "Short"}));
    world.synced();
    assert_eq!(world.titles(), ["Short"]);
    world.rests();
}

#[scenarios::scenario]
fn a_change_key_that_moves_without_a_change_writes_nothing() {
    let mut world = pair();
    let id = world.event_id("Pair");
    world.mail.with(|mail| mail.touch_event(EUGENE, &id)).unwrap();
    world.edit_activity("Pair", json!({"Title": "Pair"}));
    world.synced().idle();
    // The etag that the next write needs is the new one.
    world.edit_activity("Pair", json!({"Title": "Renamed"}));
    world.synced();
    assert_eq!(world.subjects(), ["Renamed"]);
    world.rests();
}

#[scenarios::scenario]
fn five_idle_runs_write_nothing_and_ask_little() {
    let mut world = World::empty();
    for hours in 1..20 {
        world.meeting(&format!("M{hours}"), hours);
        world.activity(&format!("A{hours}"), hours);
    }
    world.calendar("Projects");
    world.synced();
    for run in 0..5 {
        world.pass(20);
        let ran = world.sync();
        ran.idle();
        let folders = 2;
        assert!(ran.requests.len() <= folders + 8, "run {run}: {:#?}", ran.requests);
        assert!(ran.commits <= 1, "run {run}: {} commits", ran.commits);
    }
}

#[scenarios::scenario]
fn a_meeting_without_a_title_gets_one_in_creatio_and_keeps_none_in_the_mailbox() {
    let mut world = World::empty();
    world.meeting("", 30);
    world.synced();
    assert_eq!(world.titles(), ["(без темы)"]);
    world.rests();
    assert_eq!(world.subjects(), [""]);
    world.edit_activity("(без темы)", json!({"Title": "Теперь с темой"}));
    world.synced();
    assert_eq!(world.subjects(), ["Теперь с темой"]);
    world.rests();
}

#[test]
fn a_meeting_that_was_on_both_sides_is_followed_into_another_calendar() {
    let mut world = World::empty();
    world.calendar("Projects");
    world.meeting("Same", 30);
    world.activity("Same", 30);
    world.synced();
    world.pass(20);
    let (id, now) = (world.event_id("Same"), world.now());
    world.mail.move_event(EUGENE, &id, "Projects", now).unwrap();
    let ran = world.synced();
    assert_eq!(ran.writes(), 0, "{:#?}", ran.entries);
    world.pass(20);
    world.edit_activity("Same", json!({"Location": "Room 3"}));
    world.synced();
    assert_eq!((world.titles(), world.subjects()), (vec!["Same".to_owned()], vec!["Same".to_owned()]));
    assert_eq!(world.event("Same")["location"]["displayName"], "Room 3");
    world.rests();
}

#[test]
fn an_item_that_was_moved_is_told_from_a_copy_with_its_marker() {
    let mut world = World::empty();
    world.calendar("Projects");
    world.activity("Plan", 30);
    world.synced();
    world.pass(20);
    let (full, now) = (world.event("Plan"), world.now());
    let mut copy = json!({"isReminderOn": false});
    for name in ["subject", "start", "end", "singleValueExtendedProperties"] {
        copy[name] = full[name].clone();
    }
    let id = world.event_id("Plan");
    let copied = world.mail.add_event(EUGENE, None, &copy, now).unwrap();
    world.mail.move_event(EUGENE, &id, "Projects", now).unwrap();
    world.edit_activity("Plan", json!({"Location": "Room 5"}));
    for _ in 0..3 {
        world.synced();
        world.pass(70);
    }
    let place = |id: &str| world.mail.event_json(EUGENE, id).unwrap()["location"]["displayName"].clone();
    assert_eq!((place(&id), place(&copied)), (json!("Room 5"), json!("")));
    assert_eq!((world.titles(), world.subjects()), (vec!["Plan".to_owned(); 2], vec!["Plan".to_owned(); 2]));
}

#[scenarios::scenario]
fn a_body_that_looks_like_markup_is_the_same_text_on_both_sides() {
    let mut world = World::empty();
    let text = "use </div> here\n  <br and\nthe end";
    world.meeting_with("Meeting", 30, json!({"body": {"contentType": "text", "content": text}}));
    world.synced();
    world.rests();
    world.edit_activity("Meeting", json!({"Location": "Room 4"}));
    world.synced();
    world.rests();
    let body = world.event("Meeting")["body"]["content"].as_str().unwrap().replace("\r\n", "\n");
    assert!(body.contains(text) || body.contains("&lt;/div&gt;"), "{body}");
}
