//! Export by groups: who is in one is exported, who leaves is no longer followed, and nobody is removed because of a group.

use crate::steps::{nothing_removed, rests, sync};
use emulators::creatio::ids::{derived, folder_type};
use guest::report::Outcome;
use guest::run::Direction;
use guest::settings::{Account, Exported};
use scenarios::World;
use scenarios::switch::Cut;
use serde_json::json;

/// Three activities, two of them in the group "Important".
fn world() -> World {
    let world = World::empty();
    world.group("Important");
    for (at, title) in [30, 33, 36].into_iter().zip(["In", "In too", "Out"]) {
        world.activity(title, at);
    }
    world.join("Important", "In");
    world.join("Important", "In too");
    world
}

#[scenarios::scenario]
fn who_is_in_a_selected_group_is_exported_and_nobody_else() {
    let mut world = world();
    world.group("Other");
    world.join("Other", "Out");
    world.chore("Chore", scenarios::life::at(40), scenarios::life::at(41));
    world.join("Important", "Chore");
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    assert_eq!(
        (world.subjects(), world.todos()),
        (vec!["In".to_owned(), "In too".to_owned()], vec!["Chore".to_owned()])
    );
    rests(&mut world, &account);
    let both = world.exporting(&["Important", "Other"]);
    let ran = sync(&mut world, &both);
    assert_eq!((ran.writes(), world.subjects().len()), (1, 3));
    rests(&mut world, &both);
}

#[scenarios::scenario]
fn more_groups_may_be_selected_than_one_filter_holds() {
    let mut world = world();
    let names: Vec<String> = (0..24).map(|number| format!("Group {number:02}")).collect();
    for (name, at) in names.iter().zip(40..) {
        world.group(name);
        world.activity(&format!("Of {name}"), at);
        world.join(name, &format!("Of {name}"));
    }
    let account = world.exporting(&names.iter().map(String::as_str).collect::<Vec<_>>());
    sync(&mut world, &account);
    assert_eq!(world.subjects().len(), 24);
    rests(&mut world, &account);
    // Whose membership is in the last filter is followed as any other is.
    world.join("Group 23", "Out");
    world.leave("Group 22", "Of Group 22");
    let ran = sync(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Noted), ["left-scope"]);
    nothing_removed(&ran);
    assert!(world.subjects().contains(&"Out".to_owned()) && !world.subjects().contains(&"In".to_owned()));
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn who_joins_is_exported_and_who_leaves_is_parked_until_it_returns() {
    let mut world = world();
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    rests(&mut world, &account);
    world.join("Important", "Out");
    world.leave("Important", "In");
    let ran = sync(&mut world, &account);
    assert_eq!(ran.reasons(Outcome::Noted), ["left-scope"]);
    nothing_removed(&ran);
    assert_eq!(world.subjects(), ["In", "In too", "Out"]);
    rests(&mut world, &account);
    // Neither is what is done to it meanwhile exported,
    world.edit_activity("In", json!({"Title": "In, renamed", "Location": "Room 3"}));
    world.edit_event("In", json!({"body": {"contentType": "text", "content": "Written meanwhile"}}));
    sync(&mut world, &account).idle();
    rests(&mut world, &account);
    assert_eq!(world.subjects(), ["In", "In too", "Out"]);
    // nor is it lost: both sides' edits travel when it returns.
    world.join("Important", "In, renamed");
    let ran = sync(&mut world, &account);
    assert_eq!(ran.number(Outcome::Conflict), 0);
    assert_eq!(world.event("In, renamed")["location"]["displayName"], "Room 3");
    assert_eq!(world.found("In, renamed").notes, "Written meanwhile");
    rests(&mut world, &account);
    assert_eq!((world.subjects().len(), world.titles().len()), (3, 3));
}

#[scenarios::scenario]
fn an_emptied_group_removes_nothing() {
    let mut world = World::empty();
    world.group("Important");
    for number in 0..30 {
        let title = format!("Activity {number:02}");
        world.activity(&title, 30 + number);
        world.join("Important", &title);
    }
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    assert_eq!(world.subjects().len(), 30);
    world.pass(20);
    world.empty_group("Important");
    let ran = sync(&mut world, &account);
    nothing_removed(&ran);
    assert_eq!((ran.number(Outcome::Noted), world.subjects().len()), (30, 30));
    for _ in 0..3 {
        world.pass(1500);
        sync(&mut world, &account).idle();
    }
    assert_eq!((world.subjects().len(), world.titles().len()), (30, 30));
}

#[scenarios::scenario]
fn a_group_that_is_gone_ends_the_run_with_what_to_do_and_nothing_is_lost() {
    let mut world = world();
    world.group("Spare");
    let account = world.exporting(&["Important", "Spare"]);
    sync(&mut world, &account);
    world.pass(20);
    world.delete_group("Important");
    world.edit_event("In", json!({"subject": "In, renamed"}));
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    ran.fails_with("is not in Creatio");
    ran.fails_with("run discover");
    assert_eq!(ran.writes(), 0);
    // The selection is corrected: what was in the group is no longer followed, and stays.
    let corrected = world.exporting(&["Spare"]);
    let ran = sync(&mut world, &corrected);
    nothing_removed(&ran);
    rests(&mut world, &corrected);
    assert_eq!(
        (world.subjects(), world.titles()),
        (
            vec!["In too".to_owned(), "In, renamed".to_owned()],
            vec!["In".to_owned(), "In too".to_owned(), "Out".to_owned()]
        )
    );
    // And everything is selected again.
    let all = world.with_tasks();
    sync(&mut world, &all);
    rests(&mut world, &all);
    assert_eq!(world.subjects(), ["In too", "In, renamed", "Out"]);
    assert_eq!(world.titles(), world.subjects());
}

#[scenarios::scenario]
fn a_group_that_cannot_be_taken_is_refused_by_its_name() {
    let mut world = world();
    world.group_of("Overdue", folder_type::DYNAMIC);
    let account = world.exporting(&["Overdue"]);
    world.run(account, Direction::Reconcile, |_| {}).fails_with("\"Overdue\" is a search");
    let none = Account { exported: Exported::Groups(Vec::new()), ..world.account() };
    world.run(none, Direction::Reconcile, |_| {}).fails_with("none is selected");
    let named = Account { exported: Exported::Groups(vec!["Important".into()]), ..world.account() };
    world.run(named, Direction::Reconcile, |_| {}).fails_with("no id of a group");
    assert!(world.subjects().is_empty());
}

#[scenarios::scenario]
fn more_groups_than_can_be_taken_are_refused_in_one_sentence() {
    let mut world = world();
    let exported = Exported::Groups(vec!["Important".into(); 200]);
    let ran = world.run(Account { exported, ..world.account() }, Direction::Reconcile, |_| {});
    ran.fails_with("200 groups are selected for export, more than 50");
    assert!(!ran.report.unwrap_err().to_string().contains("Important"));
}

#[scenarios::scenario]
fn groups_are_offered_by_name_and_those_that_are_a_search_with_the_reason() {
    let mut world = world();
    world.group_of("Overdue", folder_type::DYNAMIC);
    world.group_of("inbox", folder_type::MAILBOX);
    let tree = |world: &World, name: &str, of: &str| {
        let values = json!({"Id": derived(&format!("group {name}")), "Name": name, "EntitySchemaName": of});
        world.creatio_edit(json!({"action": "create", "set": "FolderTree", "values": values}));
    };
    tree(&world, "Mine this week", "Activity");
    tree(&world, "Customers", "Account");
    // Whatever is selected, because it may be what is being corrected.
    let account = Account { exported: Exported::Groups(vec!["Important".into()]), ..world.account() };
    let offered = |world: &World| -> Vec<(String, bool)> {
        let groups = world.discover(&account).unwrap().groups;
        groups.into_iter().map(|group| (group.name, group.search)).collect()
    };
    let wanted = [("Important", false), ("Overdue", true), ("Mine this week", true)];
    assert_eq!(offered(&world), wanted.map(|(name, search)| (name.to_owned(), search)));
    let newer = world.exporting(&["Important", "Mine this week"]);
    world.run(newer, Direction::Reconcile, |_| {}).fails_with("\"Mine this week\" is a search");
    assert!(world.subjects().is_empty());
    world.creatio_knobs(json!({"absent_sets": ["FolderTree"]}));
    assert_eq!(offered(&world).len(), 2);
}

#[scenarios::scenario]
fn sites_of_every_age_are_understood() {
    for absent in [json!([]), json!(["FolderTree"])] {
        let mut world = world();
        world.creatio_knobs(json!({"absent_sets": absent}));
        let account = world.exporting(&["Important"]);
        sync(&mut world, &account);
        assert_eq!(world.subjects(), ["In", "In too"], "{absent}");
        rests(&mut world, &account);
    }
    let mut world = world();
    world.creatio_knobs(json!({"absent_sets": ["ActivityFolder", "ActivityInFolder"]}));
    let account = world.exporting(&["Important"]);
    world.run(account, Direction::Reconcile, |_| {}).fails_with("is not in Creatio");
}

#[scenarios::scenario]
fn members_that_rights_hide_for_a_while_come_back_as_they_were() {
    let mut world = world();
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    rests(&mut world, &account);
    let hidden = world.found("In").id;
    world.creatio_edit(json!({"action": "user", "user": "sync", "admin": false}));
    let ids: Vec<_> = world.activities().iter().map(|activity| activity.id).collect();
    world.creatio_edit(json!({"action": "show", "user": "sync", "ids": ids}));
    world.creatio_edit(json!({"action": "hide", "user": "sync", "ids": [hidden]}));
    let ran = sync(&mut world, &account);
    nothing_removed(&ran);
    world.pass(20);
    world.creatio_edit(json!({"action": "show", "user": "sync", "ids": [hidden]}));
    world.creatio_edit(json!({"action": "user", "user": "sync", "admin": true}));
    sync(&mut world, &account);
    world.pass(120);
    sync(&mut world, &account);
    world.edit_activity("In", json!({"Title": "In again"}));
    sync(&mut world, &account);
    assert_eq!(world.subjects(), ["In again", "In too"]);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn an_item_deleted_while_its_activity_was_out_of_the_group_is_made_anew_when_it_returns() {
    let mut world = world();
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    world.leave("Important", "In");
    sync(&mut world, &account);
    world.pass(20);
    world.delete_event("In");
    sync(&mut world, &account).idle();
    world.join("Important", "In");
    let ran = sync(&mut world, &account);
    nothing_removed(&ran);
    assert_eq!(ran.reasons(Outcome::Written), ["returned"]);
    assert_eq!(world.subjects(), ["In", "In too"]);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn show_in_calendar_changed_out_of_the_group_is_carried_out_when_it_returns() {
    let mut world = world();
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    world.leave("Important", "In");
    sync(&mut world, &account);
    world.pass(20);
    world.edit_activity("In", json!({"ShowInScheduler": false}));
    sync(&mut world, &account).idle();
    world.join("Important", "In");
    sync(&mut world, &account);
    world.pass(20);
    sync(&mut world, &account);
    rests(&mut world, &account);
    assert_eq!((world.subjects(), world.todos()), (vec!["In too".to_owned()], vec!["In".to_owned()]));
}

#[scenarios::scenario]
fn what_was_imported_is_followed_whatever_groups_are_exported() {
    let mut world = world();
    world.meeting("Imported", 50);
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    world.pass(20);
    world.edit_activity("Imported", json!({"Location": "Room 9"}));
    sync(&mut world, &account);
    assert_eq!(world.event("Imported")["location"]["displayName"], "Room 9");
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn a_listing_of_members_that_is_wrongly_empty_removes_nothing_and_loses_nobody() {
    let mut world = world();
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    rests(&mut world, &account);
    world.join("Important", "Out");
    world.fault(json!({
        "service": "creatio", "effect": {"kind": "part", "url": "$skip=0", "status": 200, "body": {"value": []}},
    }));
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    nothing_removed(&ran);
    world.faults_met();
    world.pass(20);
    sync(&mut world, &account);
    assert_eq!(world.subjects(), ["In", "In too", "Out"]);
    rests(&mut world, &account);
}

#[scenarios::scenario]
fn export_by_groups_costs_one_request_more_while_nothing_changes() {
    let mut world = world();
    let all = world.with_tasks();
    sync(&mut world, &all);
    rests(&mut world, &all);
    world.pass(20);
    let plain = sync(&mut world, &all).requests.len();
    let account = world.exporting(&["Important"]);
    sync(&mut world, &account);
    rests(&mut world, &account);
    world.pass(20);
    let idle = sync(&mut world, &account);
    println!("idle: {plain} requests, by groups {}", idle.requests.len());
    assert!(idle.requests.len() <= plain + 1, "{:#?}", idle.requests);
    assert!(idle.commits <= 1);
}

#[scenarios::scenario]
fn a_crash_anywhere_while_members_come_and_go_ends_as_if_there_was_none() {
    for step in 0.. {
        let mut met = false;
        for cut in [Cut::Before(step), Cut::After(step)] {
            let mut world = world();
            let account = world.exporting(&["Important"]);
            sync(&mut world, &account);
            world.pass(20);
            world.leave("Important", "In");
            world.join("Important", "Out");
            world.edit_activity("In too", json!({"Location": "Room 5"}));
            let _ = world.run_until(account.clone(), Direction::Reconcile, |_| {}, cut);
            met |= world.switch.dead();
            for _ in 0..2 {
                world.pass(20);
                sync(&mut world, &account);
            }
            rests(&mut world, &account);
            assert_eq!(world.subjects(), ["In", "In too", "Out"], "{cut:?}");
            assert_eq!(world.event("In too")["location"]["displayName"], "Room 5");
            // It is parked.
            world.edit_activity("In", json!({"Title": "In, renamed"}));
            sync(&mut world, &account).idle();
        }
        if !met {
            assert!(step > 8, "only {step} effects");
            break;
        }
    }
}
