//! Every store keeps the same promises.

use std::sync::Arc;

use super::*;
use crate::journal::Side;
use crate::report::{Ending, Report};

fn stores() -> Vec<(&'static str, Arc<dyn Store>, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(&folder.path().join("t.db"), "t").unwrap();
    vec![("memory", Arc::new(MemoryStore::new()), None), ("sqlite", Arc::new(sqlite), Some(folder))]
}

fn ticket(fence: Option<u64>) -> Ticket {
    Ticket { account: "a".to_owned(), run: "r".to_owned(), fence }
}

fn put(key: &str, value: &[u8], guard: Guard) -> Change {
    Change { key: key.to_owned(), guard, value: Some(value.to_vec()) }
}

fn version_of(store: &dyn Store, key: &str) -> Version {
    store.get(&[key.to_owned()]).unwrap().remove(0).unwrap().version
}

fn entry(operation: &str, outcome: &str) -> JournalEntry {
    JournalEntry {
        operation: operation.to_owned(),
        outcome: outcome.to_owned(),
        action: "update".to_owned(),
        target: Side::Creatio,
        activity: None,
        item: None,
        title: "Совещание".to_owned(),
        start: None,
        units: vec![],
        reason: "r".to_owned(),
        detail: String::new(),
    }
}

fn record(run: &str, started: u64, dry_run: bool) -> RunRecord {
    RunRecord {
        run: run.to_owned(),
        account: "a".to_owned(),
        action: "reconcile".to_owned(),
        dry_run,
        started,
        finished: None,
        result: None,
    }
}

#[test]
fn a_commit_applies_all_changes_or_none() {
    for (name, store, _folder) in stores() {
        let both = [put("k1", b"1", Guard::Absent), put("k2", b"2", Guard::Any)];
        let Ok(Outcome::Applied(version)) = store.commit(&ticket(None), &both, &[]) else { panic!("{name}") };
        assert_eq!(version_of(store.as_ref(), "k1"), version, "{name}");
        let stale = [put("k2", b"x", Guard::Any), put("k1", b"x", Guard::Absent), put("k3", b"x", Guard::At(version))];
        let outcome = store.commit(&ticket(None), &stale, &[]).unwrap();
        assert_eq!(outcome, Outcome::Stale(vec!["k1".to_owned(), "k3".to_owned()]), "{name}");
        let values = store.get(&["k2".to_owned(), "k3".to_owned()]).unwrap();
        assert_eq!(values[0].as_ref().unwrap().value, b"2", "{name}");
        assert!(values[1].is_none(), "{name}");
    }
}

#[test]
fn a_value_written_again_after_a_deletion_has_another_version() {
    for (name, store, _folder) in stores() {
        store.commit(&ticket(None), &[put("k", b"1", Guard::Any)], &[]).unwrap();
        let first = version_of(store.as_ref(), "k");
        let delete = Change { key: "k".to_owned(), guard: Guard::At(first.clone()), value: None };
        store.commit(&ticket(None), std::slice::from_ref(&delete), &[]).unwrap();
        let nothing = Change { guard: Guard::Any, ..delete };
        assert!(matches!(store.commit(&ticket(None), &[nothing], &[]), Ok(Outcome::Applied(_))), "{name}");
        store.commit(&ticket(None), &[put("k", b"1", Guard::Absent)], &[]).unwrap();
        assert_ne!(version_of(store.as_ref(), "k"), first, "{name}");
    }
}

#[test]
fn a_scan_goes_piece_by_piece_through_a_prefix_in_the_order_of_bytes() {
    for (name, store, _folder) in stores() {
        let keys = ["l", "l/", "l/a", "l/b", "l/Я", "l/я", "l/\u{10ffff}", "l0", "m"];
        let changes: Vec<Change> = keys.iter().map(|key| put(key, b"v", Guard::Any)).collect();
        store.commit(&ticket(None), &changes, &[]).unwrap();
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = store.scan("l/", after.as_deref(), 2).unwrap();
            assert!(page.entries.len() <= 2, "{name}");
            found.extend(page.entries.into_iter().map(|entry| entry.key));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(found, ["l/", "l/a", "l/b", "l/Я", "l/я", "l/\u{10ffff}"], "{name}");
        assert_eq!(store.scan("", None, 100).unwrap().entries.len(), keys.len(), "{name}");
        assert_eq!(store.scan("l/", Some("z"), 100).unwrap().entries.len(), 0, "{name}");
        assert_eq!(store.scan("l/", Some("a"), 100).unwrap().entries.len(), 6, "{name}");
    }
}

#[test]
fn commits_outside_the_contract_are_refused() {
    for (name, store, _folder) in stores() {
        let refused =
            |changes: &[Change]| matches!(store.commit(&ticket(None), changes, &[]), Err(StoreError::Other(_)));
        assert!(refused(&[put("", b"", Guard::Any)]), "{name}");
        assert!(refused(&[put(&"k".repeat(513), b"", Guard::Any)]), "{name}");
        assert!(refused(&[put("k", &vec![0; (1 << 20) + 1], Guard::Any)]), "{name}");
        assert!(refused(&[put("k", b"", Guard::Any), put("k", b"", Guard::Any)]), "{name}");
    }
}

#[test]
fn one_run_at_a_time_has_the_lease_and_a_lost_one_cannot_commit() {
    for (name, store, _folder) in stores() {
        let Lease::Granted(first) = store.acquire("a", "r1", 1000, 2000, 500).unwrap() else { panic!("{name}") };
        let taken = Lease::Taken { run: "r1".to_owned(), until: 2500, holder: Holder::Unknown };
        let refused = match store.acquire("a", "r2", 2400, 9000, 500).unwrap() {
            Lease::Taken { run, until, .. } => Lease::Taken { run, until, holder: Holder::Unknown },
            granted @ Lease::Granted(_) => granted,
        };
        assert_eq!(refused, taken, "{name}");
        assert!(matches!(store.acquire("b", "r2", 1000, 2000, 500), Ok(Lease::Granted(_))), "{name}");
        let Lease::Granted(second) = store.acquire("a", "r2", 2500, 9000, 500).unwrap() else { panic!("{name}") };
        let change = [put("k", b"1", Guard::Any)];
        assert_eq!(store.commit(&ticket(Some(first.number)), &change, &[]), Err(StoreError::Fenced), "{name}");
        assert_eq!(store.renew(&first, 9999), Err(StoreError::Fenced), "{name}");
        store.release(&first).unwrap();
        assert!(store.commit(&ticket(Some(second.number)), &change, &[]).is_ok(), "{name}");
        store.release(&second).unwrap();
        assert!(matches!(store.acquire("a", "r3", 2600, 9000, 500), Ok(Lease::Granted(_))), "{name}");
    }
}

/// Two of them on one file are as two processes: the system's locks belong to whoever opened.
fn beside(folder: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("t.db"), "t").unwrap()
}

fn granted(lease: Lease) -> Fence {
    match lease {
        Lease::Granted(fence) => fence,
        Lease::Taken { .. } => panic!("{lease:?}"),
    }
}

fn refused(lease: Lease) -> (u64, Holder) {
    match lease {
        Lease::Taken { until, holder, .. } => (until, holder),
        Lease::Granted(_) => panic!("{lease:?}"),
    }
}

#[test]
fn the_lease_of_a_process_that_ended_is_given_away_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (beside(&folder), beside(&folder));
    let fence = granted(first.acquire("a", "r1", 1000, 121_000, 60_000).unwrap());
    let me = std::process::id();
    let living = (181_000, Holder::Living(me));
    assert_eq!(refused(second.acquire("a", "r2", 2000, 122_000, 60_000).unwrap()), living);
    first.writing(&fence, Some(1500));
    first.writing(&fence, None);
    drop(first);
    let next = granted(second.acquire("a", "r2", 2000, 122_000, 60_000).unwrap());
    assert_eq!(next.number, fence.number + 1);
    // And its own process lives, as far as a third one can see.
    let third = beside(&folder);
    assert_eq!(refused(third.acquire("a", "r3", 3000, 123_000, 60_000).unwrap()), (182_000, Holder::Living(me)));
    second.release(&next).unwrap();
    granted(third.acquire("a", "r3", 3000, 123_000, 60_000).unwrap());
}

#[test]
fn a_write_that_a_killed_process_had_sent_is_waited_for_as_long_as_a_request_may_take() {
    let folder = tempfile::tempdir().unwrap();
    let first = beside(&folder);
    let fence = granted(first.acquire("a", "r1", 1000, 121_000, 60_000).unwrap());
    first.writing(&fence, Some(5000));
    drop(first);
    let second = beside(&folder);
    let ended = (65_000, Holder::Ended(std::process::id()));
    assert_eq!(refused(second.acquire("a", "r2", 6000, 126_000, 60_000).unwrap()), ended);
    assert_eq!(refused(second.acquire("a", "r2", 64_999, 190_000, 60_000).unwrap()), ended);
    granted(second.acquire("a", "r2", 65_000, 190_000, 60_000).unwrap());
}

#[test]
fn a_lease_without_a_lock_runs_out_by_the_clock_whoever_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (stalled, second, third) = (beside(&folder), beside(&folder), beside(&folder));
    granted(stalled.acquire("a", "r1", 1000, 2000, 500).unwrap());
    // The first one sleeps through the end of its lease, and keeps the lock.
    let fence = granted(second.acquire("a", "r2", 2500, 9000, 500).unwrap());
    drop(stalled);
    // The lock is free, and says nothing about the second one.
    assert_eq!(refused(third.acquire("a", "r3", 3000, 9000, 500).unwrap()), (9500, Holder::Unknown));
    assert!(second.commit(&ticket(Some(fence.number)), &[put("k", b"1", Guard::Any)], &[]).is_ok());
}

#[test]
fn a_run_that_was_cut_off_in_a_living_process_keeps_its_lease() {
    let folder = tempfile::tempdir().unwrap();
    let store = beside(&folder);
    granted(store.acquire("a", "r1", 1000, 2000, 500).unwrap());
    let mine = Holder::Living(std::process::id());
    assert_eq!(refused(store.acquire("a", "r2", 1500, 2500, 500).unwrap()), (2500, mine));
    granted(store.acquire("a", "r2", 2500, 3500, 500).unwrap());
}

#[test]
fn a_file_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("schema/1.sql")).unwrap();
    old.execute_batch("INSERT INTO meta VALUES ('tenant', 't'); INSERT INTO lease VALUES ('a', 'r1', 4, 2000, 0)")
        .unwrap();
    old.execute_batch(&format!("PRAGMA application_id = {}; PRAGMA user_version = 1", 0x5363_6853)).unwrap();
    drop(old);
    let store = beside(&folder);
    assert_eq!(refused(store.acquire("a", "r2", 1000, 9000, 500).unwrap()), (2500, Holder::Unknown));
    assert_eq!(granted(store.acquire("a", "r2", 2500, 9000, 500).unwrap()).number, 5);
    drop(store);
    drop(beside(&folder));
}

#[test]
fn journal_entries_are_durable_with_their_commit_and_dropped_with_a_stale_one() {
    for (name, store, _folder) in stores() {
        store.begin(&record("r", 1, false), 0).unwrap();
        let run = RunStorage::new(Arc::clone(&store), ticket(None));
        run.append(vec![entry("one", "written")]);
        run.commit(&[put("k", b"1", Guard::Absent)]).unwrap();
        run.append(vec![entry("two", "written")]);
        assert!(matches!(run.commit(&[put("k", b"2", Guard::Absent)]), Ok(Outcome::Stale(_))), "{name}");
        run.append(vec![entry("three", "held")]);
        let report = Report { ending: Ending::Complete, counts: vec![], warnings: vec![], next: None };
        store.finish("a", "r", 9, &RunResult::Report(report), &run.take_rest()).unwrap();
        let told: Vec<String> = store.journal("a", "r").unwrap().into_iter().map(|entry| entry.operation).collect();
        assert_eq!(told, ["one", "three"], "{name}");
        let runs = store.runs(Some("a"), 10).unwrap();
        assert_eq!(runs[0].finished, Some(9), "{name}");
        assert!(matches!(runs[0].result, Some(RunResult::Report(_))), "{name}");
    }
}

#[test]
fn what_is_held_stands_until_a_later_run_settles_it() {
    for (name, store, _folder) in stores() {
        store.begin(&record("r1", 1, false), 0).unwrap();
        let failed = RunResult::Failed("x".to_owned());
        store.finish("a", "r1", 2, &failed, &[entry("x", "held"), entry("y", "failed")]).unwrap();
        store.begin(&record("p", 3, true), 0).unwrap();
        store.finish("a", "p", 4, &failed, &[entry("x", "planned"), entry("z", "held")]).unwrap();
        store.begin(&record("r2", 5, false), 0).unwrap();
        store.finish("a", "r2", 6, &failed, &[entry("y", "written")]).unwrap();
        let standing = |store: &dyn Store| -> Vec<String> {
            store.standing("a").unwrap().into_iter().map(|entry| entry.operation).collect()
        };
        assert_eq!(standing(store.as_ref()), ["x"], "{name}");
        // Old journals go, and what still stands does not go with them.
        store.begin(&record("r3", 100, false), 50).unwrap();
        assert_eq!(standing(store.as_ref()), ["x"], "{name}");
        assert!(store.journal("a", "r2").unwrap().is_empty(), "{name}");
        assert!(store.begin(&record("r3", 100, false), 50).is_err(), "{name}");
    }
}

#[test]
fn what_was_dismissed_stands_no_more_until_it_was_something_else() {
    for (name, store, _folder) in stores() {
        let mut number = 0;
        let mut run = |outcomes: &[(&str, &str)]| {
            number += 1;
            let id = format!("r{number}");
            store.begin(&record(&id, number, false), 0).unwrap();
            let rest: Vec<_> = outcomes.iter().map(|(operation, outcome)| entry(operation, outcome)).collect();
            store.finish("a", &id, number, &RunResult::Failed("x".to_owned()), &rest).unwrap();
            store.standing("a").unwrap().into_iter().map(|entry| entry.operation).collect::<Vec<_>>()
        };
        assert_eq!(run(&[("x", "held"), ("y", "failed")]), ["x", "y"], "{name}");
        assert_eq!(run(&[("x", "dismissed")]), ["y"], "{name}");
        // It is held as before.
        assert_eq!(run(&[("x", "held")]), ["y"], "{name}");
        assert_eq!(store.dismissed("a").unwrap().into_iter().collect::<Vec<_>>(), ["x"], "{name}");
        // Old journals go, and the person's word does not go with them.
        store.begin(&record("late", 1000, false), 500).unwrap();
        assert_eq!(store.dismissed("a").unwrap().len(), 1, "{name}");
        assert_eq!(run(&[("x", "written")]), ["y"], "{name}");
        assert_eq!(run(&[("x", "held")]), ["y", "x"], "{name}");
    }
}

#[test]
fn a_preview_cannot_commit() {
    let run = RunStorage::preview(Arc::new(MemoryStore::new()), "a", "r");
    assert!(matches!(run.commit(&[]), Err(StoreError::Other(_))));
}

#[test]
fn a_sqlite_file_is_found_again_and_only_by_its_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = SqliteStore::open(&path, "t").unwrap();
    store.commit(&ticket(None), &[put("k", b"1", Guard::Any)], &[]).unwrap();
    drop(store);
    let store = SqliteStore::open(&path, "t").unwrap();
    assert_eq!(store.get(&["k".to_owned()]).unwrap()[0].as_ref().unwrap().value, b"1");
    let text = SqliteStore::open(&path, "other").unwrap_err().to_string();
    assert!(text.contains("belongs to the tenant t"), "{text}");
}

#[test]
fn foreign_and_newer_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "x".repeat(5000)).unwrap();
    assert!(matches!(SqliteStore::open(&text, "t"), Err(OpenError::Foreign(_))));
    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
    assert!(matches!(SqliteStore::open(&foreign, "t"), Err(OpenError::Foreign(_))));
    let newer = folder.path().join("newer.db");
    drop(SqliteStore::open(&newer, "t").unwrap());
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 7).unwrap();
    assert!(matches!(SqliteStore::open(&newer, "t"), Err(OpenError::Newer { found: 7, .. })));
}

#[test]
fn a_full_disk_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = SqliteStore::open(&path, "t").unwrap();
    store.limit_pages(40);
    let big = put("k", &vec![1; 1 << 20], Guard::Any);
    assert_eq!(store.commit(&ticket(None), &[big], &[]), Err(StoreError::Full));
    assert!(store.commit(&ticket(None), &[put("k", b"1", Guard::Any)], &[]).is_ok());
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_storage_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    drop(SqliteStore::open(&path, "t").unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn a_file_that_another_program_locks_is_unavailable_and_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = SqliteStore::open(&path, "t").unwrap();
    store.patience(std::time::Duration::from_millis(20));
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let change = [put("k", b"1", Guard::Any)];
    assert!(matches!(store.commit(&ticket(None), &change, &[]), Err(StoreError::Unavailable(_))));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.commit(&ticket(None), &change, &[]).is_ok());
}
