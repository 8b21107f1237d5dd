//! Forgetting an account: no marker and no row of it is left, users' own things are as if there had never been a sync, and
//! what the sync made goes where that was asked for and nobody has touched it. It survives crashes, failing folders and
//! throttling, and mails nobody.

use emulators::wire::Service;
use guest::report::{Action, Ending, Outcome};
use guest::run::Direction;
use guest::settings::{Account, Folders};
use host_runner::RunOptions;
use host_runner::store::Store;
use scenarios::component::Sandboxed;
use scenarios::life::{at, guest};
use scenarios::mail::Server;
use scenarios::switch::Cut;
use scenarios::tasks::day;
use scenarios::world::{ANNA, EUGENE};
use scenarios::{Ran, World, show};
use serde_json::{Value, json};

fn both(world: &World) -> Account {
    Account { import_tasks: Folders::All, ..world.policies(&[("export-tasks", "yes")]) }
}

pub(super) fn sync(world: &mut World, account: &Account) {
    let ran = world.run(account.clone(), Direction::Reconcile, |_| {});
    if ran.report.is_err() {
        show(&ran);
    }
    assert_eq!(ran.report().ending, Ending::Complete);
    world.pass(20);
}

/// Forgets to the end.
fn forgotten(world: &mut World, account: &Account, remove: bool) -> Ran {
    let ran = world.forget(account.clone(), remove);
    let (ending, number) = (ran.report().ending, ran.report().number("forgotten"));
    assert_eq!((ending, number), (Ending::Complete, 1), "{:#?}", ran.report());
    ran
}

/// Meetings and tasks on both sides, private ones, one with guests, and one that stands on both sides.
pub(super) fn busy(world: &World) {
    world.calendar("Projects");
    for (number, subject) in ["Alpha", "Beta"].into_iter().enumerate() {
        let notes = json!({"body": {"contentType": "text", "content": format!("Notes of {subject}")}});
        world.meeting_with(subject, 24 + 3 * i64::try_from(number).unwrap(), notes);
    }
    world.meeting_in(EUGENE, Some("Projects"), "Plan", 34, json!({"location": {"displayName": "Room 4"}}));
    world.meeting_with("Doctor", 35, json!({"sensitivity": "private"}));
    world.meeting_with("With guests", 37, json!({"attendees": [guest("olga@northwind.example")]}));
    world.meeting("Same", 40);
    world.activity("Same", 40);
    for (number, title) in ["One", "Two"].into_iter().enumerate() {
        world.activity_with(title, 48 + 3 * i64::try_from(number).unwrap(), |row| row.notes = format!("About {title}"));
    }
    world.todo("Milk", json!({"dueDateTime": day("2026-11-25")}));
    world.todo("Some day", json!({"importance": "high"}));
    world.chore("Call", at(26), at(27));
}

/// Everything that both servers hold, but for what lies in Deleted Items and for the knobs.
pub(super) fn everything(world: &World) -> Value {
    let graph = world.mail.with(|mail| mail.state());
    let mut mailboxes = graph["mailboxes"].clone();
    for mailbox in mailboxes.as_object_mut().unwrap().values_mut() {
        mailbox.as_object_mut().unwrap().remove("deletedItems");
    }
    json!({"mailboxes": mailboxes, "creatio": world.creatio.with(|creatio| creatio.state())})
}

/// Whatever the sync leaves on items, anywhere in the mailboxes.
pub(super) fn marks(world: &World) -> usize {
    let text = world.mail.with(|mail| mail.state_with_deleted()).to_string();
    text.matches("Name ScheduleSync").count() + text.matches("schedule-sync").count()
}

fn stays(ran: &Ran) -> Vec<(String, &'static str)> {
    let noted = ran.entries.iter().filter(|entry| entry.outcome == Outcome::Noted);
    let mut all: Vec<_> = noted.map(|entry| (entry.title.clone(), entry.reason.code())).collect();
    all.sort();
    all
}

/// Where two documents differ.
pub(super) fn differences(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            for key in one.keys().chain(other.keys().filter(|key| !one.contains_key(*key))) {
                let (one, other) = (one.get(key).unwrap_or(&Value::Null), other.get(key).unwrap_or(&Value::Null));
                differences(&format!("{path}/{key}"), one, other, found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{path}/{number}"), one, other, found);
            }
        }
        _ if before != after => found.push(format!("{path}: {before} → {after}")),
        _ => {}
    }
}

/// Without what every write of an item moves, and without the sync's own marks.
pub(super) fn unmarked(value: &Value) -> Value {
    const MOVED: [&str; 8] = [
        "@ChangeKey",
        "ExtendedProperties",
        "changeKey",
        "@odata.etag",
        "lastModifiedDateTime",
        "singleValueExtendedProperties",
        "linkedResources",
        "etag",
    ];
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| !MOVED.contains(&key.as_str()))
            .map(|(key, one)| (key.clone(), unmarked(one)))
            .collect(),
        Value::Array(all) => all.iter().map(unmarked).collect(),
        other => other.clone(),
    }
}

/// Ids of what a person confirms who has looked at a preview.
pub(super) fn confirmed(world: &mut World, account: &Account) -> Vec<String> {
    let seen = world.forget_until(account.clone(), true, |options| options.dry_run = true, Cut::Never);
    seen.report();
    let wanted = |outcome: Outcome| matches!(outcome, Outcome::Planned | Outcome::Held);
    seen.entries.iter().filter(|entry| wanted(entry.outcome)).map(|entry| entry.operation.clone()).collect()
}

/// Forgets the account and all that the sync made, as a person does who has looked at a preview.
pub(super) fn removed(world: &mut World, account: &Account, cut: Cut) -> Ran {
    let named = confirmed(world, account);
    world.forget_until(account.clone(), true, |options| options.only = Some(named), cut)
}

/// A world in which everything has been synchronised.
pub(super) fn synced() -> (World, Account) {
    let mut world = World::empty();
    busy(&world);
    let account = both(&world);
    sync(&mut world, &account);
    sync(&mut world, &account);
    (world, account)
}

#[scenarios::scenario]
fn with_its_items_an_account_goes_without_a_trace_in_any_field_of_either_server() {
    let mut world = World::empty();
    busy(&world);
    let account = both(&world);
    let (before, mails) = (everything(&world), world.outbox().len());
    sync(&mut world, &account);
    sync(&mut world, &account);
    assert!(marks(&world) >= 3, "{}", marks(&world));
    assert_ne!(everything(&world), before);
    let ran = removed(&mut world, &account, Cut::Never);
    assert_eq!((ran.report().ending, ran.report().number("forgotten")), (Ending::Complete, 1));
    let mut found = Vec::new();
    differences("", &before, &everything(&world), &mut found);
    assert!(found.is_empty(), "{found:#?}");
    // Nor does what lies in Deleted Items carry a mark.
    assert_eq!((marks(&world), world.store_size()), (0, 0));
    assert_eq!(world.outbox().len(), mails);
}

#[scenarios::scenario]
fn without_its_items_only_the_marks_go_and_nobody_is_mailed() {
    let (mut world, account) = synced();
    world.activity("Invited later", 60);
    sync(&mut world, &account);
    world.edit_event("Invited later", json!({"attendees": [guest("olga@northwind.example")]}));
    let (before, mails) = (everything(&world), world.outbox().len());
    assert!(marks(&world) > 0 && mails > 0);
    let ran = forgotten(&mut world, &account, false);
    let after = everything(&world);
    let mut found = Vec::new();
    differences("", &unmarked(&before), &unmarked(&after), &mut found);
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(before["creatio"], after["creatio"]);
    assert_eq!((marks(&world), world.store_size()), (0, 0));
    assert_eq!(world.outbox().len(), mails);
    // One entry for each mark, with the title that people know it by.
    let told: Vec<&str> = ran.entries.iter().map(|entry| entry.title.as_str()).collect();
    assert!(ran.entries.iter().all(|entry| entry.action == Action::Unmark && entry.outcome == Outcome::Written));
    for title in ["One", "Two", "Call", "Invited later"] {
        assert!(told.contains(&title), "{told:?}");
    }
    // A second time there is nothing to do.
    let again = forgotten(&mut world, &account, true);
    assert!(again.entries.is_empty() && again.report().warnings.is_empty(), "{again:#?}");
    assert_eq!((everything(&world), world.store_size()), (after, 0));
}

#[scenarios::scenario]
fn a_preview_changes_nothing_and_names_what_is_then_carried_out() {
    let (mut world, account) = synced();
    let (before, rows) = (everything(&world), world.stored("account/"));
    for remove in [false, true] {
        let seen = world.forget_until(account.clone(), remove, |options| options.dry_run = true, Cut::Never);
        assert_eq!(seen.report().ending, Ending::Complete);
        assert!(seen.number(Outcome::Planned) + seen.number(Outcome::Held) > 0 && seen.number(Outcome::Written) == 0);
        assert_eq!((everything(&world), world.stored("account/")), (before.clone(), rows.clone()));
    }
    let mut named = confirmed(&mut world, &account);
    let ran = removed(&mut world, &account, Cut::Never);
    let written = ran.entries.iter().filter(|entry| entry.outcome == Outcome::Written);
    let mut done: Vec<String> = written.map(|entry| entry.operation.clone()).collect();
    // An item that goes needs no entry of its own for its mark.
    let deleted: Vec<&Option<String>> =
        ran.entries.iter().filter(|entry| entry.action == Action::Delete).map(|entry| &entry.item).collect();
    assert!(!ran.entries.iter().any(|entry| entry.action == Action::Unmark && deleted.contains(&&entry.item)));
    named.sort();
    done.sort();
    assert_eq!(done, named);
}

#[scenarios::scenario]
fn what_was_edited_what_others_take_part_in_and_the_last_copy_stay_and_are_told() {
    let (mut world, account) = synced();
    for (number, title) in ["Three", "Four", "Five", "Six"].into_iter().enumerate() {
        world.activity(title, 60 + i64::try_from(number).unwrap());
        world.meeting(&format!("Gamma {title}"), 70 + i64::try_from(number).unwrap());
    }
    world.chore("Write", at(28), at(29));
    sync(&mut world, &account);
    sync(&mut world, &account);
    // Edits that no sync has seen, and one that has been synchronised since.
    world.edit_event("Three", json!({"location": {"displayName": "Room 9"}}));
    world.edit_todo("Write", json!({"status": "inProgress"}));
    world.edit_event("Four", json!({"subject": "Four, said the mailbox"}));
    world.edit_activity("Gamma Three", json!({"Title": "Gamma Three, said Creatio"}));
    sync(&mut world, &account);
    world.edit_event("Three", json!({"location": {"displayName": "Room 10"}}));
    // Somebody is invited into one, and into another one in Creatio.
    world.edit_event("Five", json!({"attendees": [guest("olga@northwind.example")]}));
    let (id, anna) = (world.found("Gamma Four").id, world.anna.contact);
    let values = json!({"ActivityId": id, "ParticipantId": anna});
    world.creatio_edit(json!({"action": "create", "set": "ActivityParticipant", "values": values}));
    // A column that the sync does not know.
    world.edit_activity("Gamma Five", json!({"DetailedResult": "Called back"}));
    // What they were made from goes, and nobody has synchronised that.
    world.delete_activity("Six");
    let mails = world.outbox().len();
    let ran = removed(&mut world, &account, Cut::Never);
    assert_eq!(ran.report().number("forgotten"), 1, "{:#?}", ran.report());
    let expected = [
        ("Five", "others-take-part"),
        ("Four, said the mailbox", "changed-since"),
        ("Gamma Five", "changed-since"),
        ("Gamma Four", "others-take-part"),
        ("Gamma Three, said Creatio", "changed-since"),
        ("Six", "last-copy"),
        ("Three", "changed-since"),
        ("Write", "changed-since"),
    ];
    let expected: Vec<_> = expected.map(|(title, reason)| (title.to_owned(), reason)).to_vec();
    let told: Vec<_> = stays(&ran);
    assert_eq!(told, expected);
    for title in ["Three", "Four, said the mailbox", "Five", "Six"] {
        assert!(world.subjects().iter().any(|subject| subject == title), "{title}");
    }
    for title in ["Gamma Three, said Creatio", "Gamma Four", "Gamma Five"] {
        assert!(world.titles().contains(&title.to_owned()), "{title}");
    }
    assert!(world.todos().contains(&"Write".to_owned()) && !world.todos().contains(&"Call".to_owned()));
    assert_eq!((marks(&world), world.store_size(), world.outbox().len()), (0, 0, mails));
}

#[scenarios::scenario]
fn more_than_a_sync_may_remove_waits_for_a_yes_and_nothing_at_all_is_changed_before() {
    let mut world = World::empty();
    for number in 0..8 {
        world.activity(&format!("A{number}"), 30 + number);
    }
    let account = world.account();
    sync(&mut world, &account);
    let (before, rows) = (everything(&world), world.stored("account/"));
    let ran = world.forget(account.clone(), true);
    assert_eq!((ran.report().ending, ran.report().number("forgotten")), (Ending::Partial, 0));
    assert_eq!(ran.report().warnings.iter().map(|warning| warning.code.code()).collect::<Vec<_>>(), ["removal-limit"]);
    assert_eq!(ran.number(Outcome::Noted), 8);
    assert_eq!(everything(&world), before);
    assert_eq!(world.stored("account/").lines().count(), rows.lines().count());
    // The sync goes on as if nobody had asked.
    sync(&mut world, &account);
    // Of what is confirmed nothing else goes.
    let named: Vec<String> = ran.entries.iter().take(7).map(|entry| entry.operation.clone()).collect();
    let left = ran.entries[7].title.clone();
    let ran = world.forget_until(account, true, |options| options.only = Some(named), Cut::Never);
    assert_eq!(ran.report().number("forgotten"), 1);
    assert_eq!(stays(&ran), [(left.clone(), "not-confirmed")]);
    assert_eq!((world.subjects(), marks(&world), world.store_size()), (vec![left], 0, 0));
}

#[scenarios::scenario]
fn while_a_folder_cannot_be_read_the_storage_stays_and_the_report_says_which() {
    if scenarios::about_graph("paths and parts of Graph that fail") {
        return;
    }
    let (mut world, account) = synced();
    let lists = json!({"error": {"code": "ErrorAccessDenied", "message": "no"}});
    let faults = [
        json!({"service": "graph", "path": "*/calendars/*/events*", "times": 1, "effect": {"kind": "status", "status": 403, "body": lists}}),
        json!({"service": "graph", "path": "*/todo/lists/*/tasks*", "times": 1, "effect": {"kind": "status", "status": 400}}),
        json!({"service": "graph", "times": 1, "effect": {"kind": "part", "method": "PATCH", "status": 403, "body": lists}}),
        json!({"service": "graph", "times": 1, "effect": {"kind": "part", "method": "DELETE", "status": 400, "body": lists}}),
        json!({"service": "graph", "path": "*/todo/lists?*", "times": 1, "effect": {"kind": "status", "status": 403, "body": lists}}),
    ];
    let mut held = 0;
    for fault in faults {
        world.fault(fault.clone());
        let ran = world.forget(account.clone(), false);
        match &ran.report {
            Ok(report) if report.number("forgotten") == 0 => {
                assert_eq!(report.ending, Ending::Partial, "{fault} {report:#?}");
                let warning = report.warnings.iter().find(|warning| warning.code.code() == "marks-remain");
                println!("{}", warning.unwrap_or_else(|| panic!("{fault} {report:#?}")).text);
                held += 1;
            }
            other => panic!("{fault} {other:#?}"),
        }
        world.faults_end();
        assert!(world.stored("link/").lines().count() > 5, "links are left");
        world.pass(5);
        // Its marks are taken back for the next one.
        if held == 1 {
            let refused = world.run(account.clone(), Direction::Reconcile, |_| {});
            let text = refused.report.unwrap_err().to_string();
            assert!(text.contains("forget it once more"), "{text}");
            assert!(refused.log.iter().all(|entry| entry.parts.iter().all(|part| part.method == "GET")));
        }
        let id = world.mail.with(|mail| mail.find_event(EUGENE, "One")).unwrap().id;
        let property = json!([{"id": "String {f3bb0a2e-6c1d-5d0a-9f0b-2f8f4b1c6a37} Name ScheduleSync", "value": "x"}]);
        let now = world.now();
        let change = json!({"singleValueExtendedProperties": property});
        world.mail.with(|mail| mail.update_event(EUGENE, &id, &change, now)).unwrap();
        let call =
            json!({"linkedResources": [{"applicationName": "schedule-sync", "externalId": "x", "displayName": "x"}]});
        world.todo(&format!("Marked {held}"), call);
    }
    assert_eq!(held, 5);
    forgotten(&mut world, &account, false);
    assert_eq!((marks(&world), world.store_size()), (0, 0));
}

#[scenarios::scenario]
fn throttled_and_cut_connections_only_put_it_off() {
    let part = |status: u16| json!({"kind": "part", "status": status, "headers": {"Retry-After": "2"}});
    let effects = [
        json!({"kind": "status", "status": 429}),
        json!({"kind": "status", "status": 429, "headers": {"Retry-After": "7200"}}),
        json!({"kind": "status", "status": 503}),
        part(429),
        part(503),
        json!({"kind": "status-after", "status": 503}),
        json!({"kind": "lost-before"}),
        json!({"kind": "lost-after"}),
        json!({"kind": "cut", "at": 100}),
        json!({"kind": "html"}),
    ];
    let (calm, end) = {
        let (mut world, account) = synced();
        removed(&mut world, &account, Cut::Never);
        (everything(&world), world.outbox().len())
    };
    for service in ["graph", "creatio"] {
        for effect in &effects {
            for skip in [0, 1] {
                let (mut world, account) = synced();
                let named = confirmed(&mut world, &account);
                world.fault(json!({"service": service, "path": "$batch", "skip": skip, "times": 3, "effect": effect}));
                let mut ended = false;
                for _ in 0..8 {
                    let named = named.clone();
                    let ran =
                        world.forget_until(account.clone(), true, |options| options.only = Some(named), Cut::Never);
                    ended = ran.report.as_ref().is_ok_and(|report| report.number("forgotten") == 1);
                    world.pass(10);
                    if ended {
                        break;
                    }
                    assert!(world.stored("link/").lines().count() > 5, "{effect}: links are kept");
                }
                assert!(ended, "{service} {effect} {skip}");
                let mut found = Vec::new();
                differences("", &unmarked(&calm), &unmarked(&everything(&world)), &mut found);
                found.retain(|line| !made_up(line));
                assert!(found.is_empty(), "{service} {effect} {skip}: {found:#?}");
                assert_eq!((marks(&world), world.store_size(), world.outbox().len()), (0, 0, end));
            }
        }
    }
}

/// What a server makes up itself, or what says when something was made.
fn made_up(line: &str) -> bool {
    ["/id:", "On:", "Id:", "iCalUId", "createdDateTime", "DateTime"].iter().any(|name| line.contains(name))
}

#[scenarios::scenario]
fn of_two_accounts_the_other_goes_on_and_the_last_one_leaves_an_empty_store() {
    let (mut world, account) = synced();
    let annas = world.annas_account();
    let now = world.now();
    world.meeting_with("Together", 44, json!({"attendees": [guest(ANNA)]}));
    world.meeting_in(ANNA, None, "Anna's own", 45, json!({}));
    world.pass(5);
    for _ in 0..2 {
        sync(&mut world, &account);
        sync(&mut world, &annas);
    }
    let rows = world.stored("account/a%2Esmith");
    assert!(rows.lines().count() > 3, "{now} {rows}");
    let together = world.found("Together").id;
    let ran = removed(&mut world, &account, Cut::Never);
    assert_eq!(ran.report().number("forgotten"), 1);
    assert!(stays(&ran).contains(&("Together".to_owned(), "others-take-part")), "{:?}", stays(&ran));
    assert_eq!(world.found("Together").id, together);
    assert_eq!(world.stored("account/a%2Esmith"), rows, "the other account's rows are as they were");
    assert!(world.stored("mirny").is_empty(), "{}", world.stored("mirny"));
    // She decides about the meeting now.
    world.run(annas.clone(), Direction::Reconcile, |_| {}).idle();
    let ran = removed(&mut world, &annas, Cut::Never);
    assert_eq!(ran.report().number("forgotten"), 1);
    assert_eq!(world.store_size(), 0, "{}", world.stored(""));
}

#[scenarios::scenario]
fn marks_go_also_where_storage_was_lost_and_from_copies_and_what_lies_in_deleted_items() {
    let (mut world, account) = synced();
    world.graph_knobs(json!({"deleted_readable": true}));
    world.lose_storage();
    assert!(marks(&world) > 0);
    forgotten(&mut world, &account, true);
    assert_eq!((marks(&world), world.store_size()), (0, 0));
}

#[scenarios::scenario]
fn what_was_deleted_before_lies_in_deleted_items_without_a_mark_where_it_can_be_looked_for() {
    let (mut world, account) = synced();
    world.delete_event("One");
    world.delete_activity("Two");
    for _ in 0..3 {
        world.pass(100);
        sync(&mut world, &account);
    }
    assert!(!world.subjects().contains(&"One".to_owned()) && !world.subjects().contains(&"Two".to_owned()));
    assert!(marks(&world) > 0);
    forgotten(&mut world, &account, false);
    // Graph lists no events that were deleted.
    let left = if world.server() == Server::Graph { 2 } else { 0 };
    assert_eq!((marks(&world), world.store_size()), (left, 0));
}

#[scenarios::scenario]
fn another_sites_mark_stays_and_is_told() {
    let (mut world, account) = synced();
    let other = Account { tenant: "other".into(), ..account };
    let marked = marks(&world);
    world.lose_storage();
    let ran = world.forget(other, false);
    assert_eq!(ran.report().number("forgotten"), 1);
    assert!(ran.entries.iter().all(|entry| entry.reason.code() == "foreign-mark"), "{:#?}", ran.entries);
    assert_eq!((ran.entries.len() > 2, marks(&world)), (true, marked));
}

#[scenarios::scenario]
fn whoever_has_left_can_be_forgotten() {
    let (mut world, account) = synced();
    let user = world.eugene.user;
    world.creatio_edit(json!({"action": "update", "set": "SysAdminUnit", "id": user, "values": {"Active": false}}));
    let account = Account { import_meetings: Folders::Selected(vec!["gone".into()]), ..account };
    assert!(world.run(account.clone(), Direction::Reconcile, |_| {}).report.is_err());
    forgotten(&mut world, &account, false);
    assert_eq!((marks(&world), world.store_size()), (0, 0));
}

/// Everything in the mailbox answers so from now on.
fn without_mailbox(world: &World) {
    world.graph_knobs(json!({"disabled_mailboxes": [EUGENE]}));
}

fn vanished(ran: &Ran) -> &str {
    let warning = ran.report().warnings.iter().find(|warning| warning.code.code() == "mailbox-vanished");
    warning.map(|warning| warning.text.as_str()).expect("it is told")
}

#[scenarios::scenario]
fn an_account_whose_mailbox_is_gone_is_forgotten_and_what_stays_is_told() {
    if scenarios::about_graph("what Graph says of a mailbox that is gone") {
        return;
    }
    for remove in [false, true] {
        let (mut world, account) = synced();
        without_mailbox(&world);
        assert!(world.run(account.clone(), Direction::Reconcile, |_| {}).report.is_err());
        let (marked, before, rows) = (marks(&world), everything(&world), world.store_size());
        let preview = world.forget_until(account.clone(), remove, |options| options.dry_run = true, Cut::Never);
        let told = vanished(&preview).to_owned();
        assert!(told.contains("MailboxNotEnabledForRESTAPI"), "{told}");
        assert!(told.contains("3 of its items") && told.contains("7 activities"), "{told}");
        assert_eq!(world.store_size(), rows);
        assert_eq!(vanished(&forgotten(&mut world, &account, remove)), told);
        assert_eq!((world.store_size(), everything(&world) == before), (0, true));
        // It comes back, and the markers can still be taken off.
        world.graph_knobs(json!({"disabled_mailboxes": []}));
        assert!(marked > 0 && marks(&world) == marked);
        forgotten(&mut world, &account, false);
        assert_eq!((marks(&world), world.store_size()), (0, 0));
    }
}

#[scenarios::scenario]
fn an_address_that_no_run_has_reached_is_no_mailbox_that_is_gone() {
    let (mut world, account) = synced();
    let rows = world.store_size();
    let wrong = Account { address: "e.mirnj@mycompany.com".into(), ..account };
    let why = world.forget(wrong.clone(), false).report.expect_err("it is somebody else's").to_string();
    assert!(why.contains("was last reached as e.mirny@mycompany.com"), "{why}");
    let unknown = Account { id: "nobody".into(), ..wrong };
    let why = world.forget(unknown, false).report.expect_err("there is no such account").to_string();
    let asked = ["is e.mirnj@mycompany.com right", "has e.mirnj@mycompany.com a mailbox on this server"];
    assert!(asked.iter().any(|question| why.contains(question)), "{why}");
    assert_eq!(world.store_size(), rows);
}

#[scenarios::scenario]
fn a_404_of_a_proxy_is_no_mailbox_that_is_gone() {
    if scenarios::about_graph("the fault is one of Graph's address") {
        return;
    }
    let (mut world, account) = synced();
    let rows = world.store_size();
    world.fault(json!({"service": "graph", "times": 1000, "effect":
        {"kind": "status", "status": 404, "headers": {"content-type": "text/html"}, "body": "<html>Not here</html>"}}));
    assert!(world.forget(account, false).report.is_err());
    assert_eq!(world.store_size(), rows);
}

#[scenarios::scenario]
fn a_sync_after_it_begins_anew_and_doubles_nothing() {
    let (mut world, account) = synced();
    let (subjects, titles, todos) = (world.subjects(), world.titles(), world.todos());
    forgotten(&mut world, &account, false);
    sync(&mut world, &account);
    sync(&mut world, &account);
    assert_eq!((world.subjects(), world.titles(), world.todos()), (subjects, titles, todos));
}

#[scenarios::scenario]
fn the_host_keeps_only_the_run_that_forgot() {
    let world = World::empty();
    world.activity("One", 30);
    let sandboxed = Sandboxed::beside(&world);
    sandboxed.sync(&world);
    sandboxed.sync(&world);
    let action = host_runner::Action::Forget { remove_items: true };
    let preview = RunOptions { dry_run: true, ..RunOptions::default() };
    sandboxed.run_as(&world, action.clone(), preview);
    let runs = || world.store.runs(Some(EUGENE), 9).unwrap().into_iter().map(|run| run.action).collect::<Vec<_>>();
    assert_eq!(runs(), ["forget", "reconcile", "reconcile"]);
    let run = sandboxed.run_as(&world, action, RunOptions::default());
    assert_eq!(runs(), ["forget"]);
    let told: Vec<String> = sandboxed.journal(&run).into_iter().map(|entry| entry.title).collect();
    assert_eq!((told, world.store_size(), marks(&world)), (vec!["One".to_owned()], 0, 0));
}
