//! Creatio's own synchronization: a mailbox that it still serves is left to it, unless the account says otherwise.

use guest::reason::Reason;
use guest::run::{Direction, RunError};
use scenarios::World;
use serde_json::json;

const MAIL: &str = "e.mirny@mycompany.com";
const SETTINGS: &str = "0f7b9c1e-0000-4000-8000-0000000000c0";

/// A world with work on both sides, whose mailbox Creatio's own synchronization knows as well.
fn served(automatic: bool, stopped: bool, exports: bool) -> World {
    let world = World::empty();
    world.meeting("From the mailbox", 30);
    world.activity("From Creatio", 32);
    world.creatio_edit(json!({"action": "create", "set": "MailboxSyncSettings", "values": {
        "Id": SETTINGS, "UserName": "e.mirny", "SenderEmailAddress": MAIL,
        "ExchangeAutoSyncActivity": automatic, "SynchronizationStopped": stopped,
    }}));
    world.creatio_edit(json!({"action": "create", "set": "ActivitySyncSettings", "values": {
        "MailboxSyncSettingsId": SETTINGS, "ExportActivities": exports,
    }}));
    world
}

fn refusal(world: &mut World, direction: Direction) -> Option<String> {
    let account = world.account();
    match world.run(account, direction, |_| {}).report {
        Err(RunError::Settings(texts)) => Some(texts.join("; ")),
        other => {
            other.unwrap();
            None
        }
    }
}

#[scenarios::scenario]
fn runs_that_write_refuse_while_the_built_in_sync_serves_the_mailbox() {
    for direction in [Direction::Reconcile, Direction::Import, Direction::Export] {
        let mut world = served(true, false, true);
        let text = refusal(&mut world, direction).expect("refused");
        assert!(text.contains(MAIL) && text.contains("coexist = true"), "{text}");
        assert!(world.creatio.with(|creatio| creatio.rows("Activity").count()) == 1, "nothing was written");
    }
}

#[scenarios::scenario]
fn a_preview_says_so_and_goes_on() {
    let mut world = served(true, false, true);
    let account = world.account();
    let ran = world.run(account, Direction::Reconcile, |options| options.dry_run = true);
    let report = ran.report.unwrap();
    assert!(report.warnings.iter().any(|warning| warning.code == Reason::BuiltInSync), "{:?}", report.warnings);
}

#[scenarios::scenario]
fn one_that_is_off_stopped_or_without_choices_does_no_harm() {
    for (automatic, stopped, exports) in [(false, false, true), (true, true, true), (true, false, false)] {
        let mut world = served(automatic, stopped, exports);
        assert_eq!(refusal(&mut world, Direction::Reconcile), None, "{automatic} {stopped} {exports}");
    }
}

#[scenarios::scenario]
fn the_account_may_allow_both() {
    let mut world = served(true, false, true);
    let mut account = world.account();
    account.policies.push(("coexist".to_owned(), "yes".to_owned()));
    world.run(account, Direction::Reconcile, |_| {}).report.unwrap();
}

#[scenarios::scenario]
fn once_it_is_off_the_next_run_begins() {
    let mut world = served(true, false, true);
    assert!(refusal(&mut world, Direction::Reconcile).is_some());
    world.creatio_edit(json!({"action": "update", "set": "MailboxSyncSettings", "id": SETTINGS,
        "values": {"ExchangeAutoSyncActivity": false}}));
    assert_eq!(refusal(&mut world, Direction::Reconcile), None);
}
