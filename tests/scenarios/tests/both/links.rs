//! Links out of storage and back: a restore is a new epoch, in which pairs are adopted as they are and nothing is removed.

use emulators::creatio::ids::activity_status;
use guest::report::Outcome;
use guest::run::epoch::RestoreOptions;
use guest::run::{Direction, RunError};
use scenarios::history::{rows, titles};
use scenarios::switch::Cut;
use scenarios::tasks::day;
use scenarios::world::EUGENE;
use scenarios::{World, show};
use serde_json::json;

/// A world in step with every kind of link: imported, exported, adopted, parked, cancelled, ended.
fn in_step() -> World {
    let mut world = World::empty();
    world.calendar("Elsewhere");
    for hours in 0..6 {
        world.meeting(&format!("Imported {hours}"), 30 + hours);
        world.activity(&format!("Exported {hours}"), 50 + hours);
    }
    world.meeting("Both", 80);
    world.activity("Both", 80);
    world.meeting("Cancelled", 82);
    world.synced();
    world.pass(20);
    world.delete_event("Cancelled");
    world.graph_edit(
        json!({"action": "move-event", "mailbox": EUGENE, "subject": "Exported 5", "calendar": "Elsewhere"}),
    );
    world.synced();
    world.rests();
    world
}

fn exported(world: &World) -> Vec<String> {
    world.links(&world.account()).unwrap()
}

fn refused(world: &mut World, lines: &[String], replace: bool, text: &str) {
    let before = rows(world);
    for dry_run in [true, false] {
        let error = world.restore(&world.account(), lines, replace, dry_run).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
        assert_eq!(rows(world), before);
    }
}

#[scenarios::scenario]
fn restored_links_make_nothing_and_remove_nothing() {
    let mut world = in_step();
    let lines = exported(&world);
    assert_eq!(lines.len(), 16);
    let before = titles(&world);
    world.lose_storage();
    world.restore(&world.account(), &lines, false, true).unwrap();
    assert!(rows(&world).is_empty(), "a preview of a restore writes nothing");
    world.restore(&world.account(), &lines, false, false).unwrap();
    world.pass(20);
    let ran = world.synced();
    assert_eq!((ran.number(Outcome::Written), ran.writes()), (0, 0));
    assert_eq!(titles(&world), before);
    world.rests();
    // The pairs are followed as before.
    world.edit_event("Imported 1", json!({"subject": "Imported one"}));
    world.edit_activity("Exported 1", json!({"Title": "Exported one"}));
    world.delete_event("Imported 2");
    let mut reasons = world.synced().reasons(Outcome::Written);
    reasons.sort_unstable();
    assert_eq!(reasons, ["changed-in-creatio", "changed-in-mailbox", "deleted-in-mailbox"]);
    assert_eq!(exported(&world).len(), lines.len());
}

#[scenarios::scenario]
fn what_differs_after_a_restore_is_told_and_nothing_is_overwritten() {
    let mut world = in_step();
    let lines = exported(&world);
    world.lose_storage();
    world.edit_event("Imported 0", json!({"location": {"displayName": "Room 5"}}));
    world.edit_activity("Imported 0", json!({"Notes": "Only here"}));
    world.edit_event("Exported 0", json!({"subject": "Exported there"}));
    world.restore(&world.account(), &lines, false, false).unwrap();
    let ran = world.synced();
    assert_eq!(ran.writes(), 0);
    assert_eq!(ran.reasons(Outcome::Noted), ["adopted-different", "adopted-different"]);
    assert_eq!(world.found("Imported 0").place, "");
    assert_eq!(world.found("Imported 0").notes, "Only here");
    world.rests();
    world.edit_event("Exported there", json!({"subject": "Exported once more"}));
    world.synced();
    assert_eq!(world.found("Exported once more").title, "Exported once more");
}

#[scenarios::scenario]
fn a_stale_export_makes_no_pair_twice_and_undoes_no_deletion() {
    let mut world = in_step();
    let lines = exported(&world);
    world.pass(60);
    world.meeting("New meeting", 90);
    world.activity("New activity", 92);
    world.delete_event("Imported 3");
    world.delete_activity("Exported 3");
    world.synced();
    for _ in 0..3 {
        world.pass(60);
        world.synced();
    }
    assert!(!world.subjects().contains(&"Exported 3".to_owned()), "the item of a deleted activity is gone");
    // Deleted after the last sync: nobody knows on which side it was alive.
    world.delete_event("Imported 4");
    world.delete_activity("Exported 4");
    let before = titles(&world);
    world.restore(&world.account(), &lines, true, false).unwrap();
    let mut told = Vec::new();
    for _ in 0..4 {
        world.pass(60);
        let ran = world.synced();
        if ran.writes() > 0 {
            show(&ran);
        }
        assert_eq!(ran.writes(), 0);
        told.extend(
            ran.entries
                .iter()
                .filter(|entry| entry.reason.code() == "gone-before-restore")
                .map(|entry| entry.title.clone()),
        );
    }
    told.sort();
    // The activity of a deleted item stands for itself, also where it was cancelled before.
    assert_eq!(told, ["Exported 4", "Imported 3", "Imported 4"]);
    assert_eq!(titles(&world), before);
    assert_eq!(world.found("Imported 4").status, activity_status::NOT_STARTED);
    world.rests();
}

#[scenarios::scenario]
fn a_restore_that_was_cut_off_lets_no_run_begin_until_it_is_repeated() {
    let before = {
        let world = in_step();
        titles(&world)
    };
    let mut cuts = 0;
    for effects in 0_u64.. {
        for cut in [Cut::Before(effects), Cut::After(effects)] {
            let mut world = in_step();
            let lines = exported(&world);
            world.switch.arm(cut);
            let cut_off = world.restore(&world.account(), &lines, true, false).is_err();
            let effects_there = world.switch.effects();
            world.switch.arm(Cut::Never);
            world.pass(20);
            if cut_off {
                cuts += 1;
                let ran = world.sync();
                match &ran.report {
                    // Nothing of it had happened yet, or all of it.
                    Ok(_) => assert_eq!(ran.writes(), 0),
                    Err(RunError::State(text)) => assert!(text.contains("has begun and not ended"), "{text}"),
                    Err(other) => panic!("{other}"),
                }
                world.restore(&world.account(), &lines, true, false).unwrap();
            }
            let ran = world.synced();
            assert_eq!(ran.writes(), 0);
            assert_eq!(titles(&world), before);
            world.rests();
            if !cut_off && effects >= effects_there {
                assert!(cuts >= 6, "{cuts}");
                return;
            }
        }
    }
}

#[scenarios::scenario]
fn what_cannot_be_restored_is_refused_before_anything_is_changed() {
    let mut world = in_step();
    let lines = exported(&world);
    refused(&mut world, &lines, false, "has stored state with");
    let with = |at: usize, change: &dyn Fn(&mut serde_json::Value)| {
        let mut lines = lines.clone();
        let mut line = serde_json::from_str(&lines[at]).unwrap();
        change(&mut line);
        lines[at] = line.to_string();
        lines
    };
    refused(&mut world, &with(0, &|line| line["tenant"] = json!("other")), true, "are of the tenant other");
    let other = with(0, &|line| (line["account"], line["address"]) = (json!("x@y.z"), json!("x@y.z")));
    refused(&mut world, &other, true, "are of the mailbox x@y.z");
    let other = with(0, &|line| line["directory"] = json!("another"));
    refused(&mut world, &other, true, "are of the mailbox");
    refused(&mut world, &with(0, &|line| line["version"] = json!(2)), true, "a newer version wrote it");
    refused(
        &mut world,
        &with(0, &|line| line["format"] = json!("x")),
        true,
        "line 1 cannot be restored: it is no file of links",
    );
    refused(
        &mut world,
        &with(3, &|line| line["activity"] = json!(7)),
        true,
        "line 4 cannot be restored: it is damaged",
    );
    refused(&mut world, &lines[1..], true, "the first line must say");
    let cut = [&lines[..5], &lines[6..]].concat();
    refused(&mut world, &cut, true, "it was cut or put together");
    refused(&mut world, &lines[..9], true, "the file lacks its last line");
    let other = with(3, &|line| line["kind"] = json!("task"));
    refused(&mut world, &other, true, "line 4 cannot be restored: it is damaged: the id of its item");
    let other = with(3, &|line| line["kind"] = json!("note"));
    refused(&mut world, &other, true, "line 4 cannot be restored: it is damaged: unknown variant `note`");
    let doubled = [&lines[..5], &lines[4..]].concat();
    refused(&mut world, &doubled, true, "line 6 cannot be restored: its activity or its item is linked twice");
    world.rests();
}

#[scenarios::scenario]
fn many_links_go_page_by_page_and_come_piece_by_piece() {
    let mut world = World::empty();
    for number in 0..450 {
        world.meeting(&format!("Meeting {number}"), 24 + number);
    }
    world.synced();
    let lines = exported(&world);
    assert_eq!(lines.len(), 452);
    world.lose_storage();
    let mut position = 0;
    for (number, piece) in lines.chunks(100).enumerate() {
        let options =
            RestoreOptions { run: "restore".into(), dry_run: false, replace: false, position, last: number == 4 };
        let held = piece.iter().filter(|line| line.contains("\"activity\"")).count();
        if number == 2 {
            // Out of order.
            let wrong = RestoreOptions { position: position + 1, ..options.clone() };
            assert!(world.restore_piece(&world.account(), piece, &wrong).is_err());
            // No run begins meanwhile.
            world.sync().fails_with("has begun and not ended");
        }
        world.restore_piece(&world.account(), piece, &options).unwrap();
        position += u64::try_from(held).unwrap();
    }
    world.pass(20);
    let ran = world.sync();
    assert_eq!((ran.writes(), ran.number(Outcome::Failed)), (0, 0));
    assert_eq!(world.titles().len(), 450);
    world.rests();
    assert_eq!(exported(&world).len(), 452);
}

#[scenarios::scenario]
fn tasks_are_put_back_as_tasks() {
    let mut world = World::empty();
    let account = world.with_tasks();
    world.todo("Imported", json!({"dueDateTime": day("2026-11-25")}));
    let (start, due) = ("2026-11-26T07:00:00Z".parse().unwrap(), "2026-11-27T08:00:00Z".parse().unwrap());
    world.chore("Exported", start, due);
    world.meeting("Meeting", 30);
    let sync = |world: &mut World| {
        let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
        ran.report();
        ran
    };
    sync(&mut world);
    let lines = world.links(&account).unwrap();
    let kinds = |kind: &str| lines.iter().filter(|line| line.contains(&format!("\"kind\":\"{kind}\""))).count();
    assert_eq!((kinds("task"), kinds("meeting")), (2, 1));
    world.lose_storage();
    world.restore(&account, &lines, false, false).unwrap();
    for _ in 0..3 {
        world.pass(70);
        assert_eq!(sync(&mut world).writes(), 0);
    }
    assert_eq!((world.todos().len(), world.titles().len(), world.subjects().len()), (2, 3, 1));
}
