//! What the host reads back from its storage file: reports and journals, and how they are shown.

use super::{Limit, Target};
use crate::mutate::Shape;
use host_runner::config::Config;
use host_runner::journal::Entry;
use host_runner::screen::{self, Detail, Screen};
use host_runner::store::{RunRecord, RunResult, SqliteStore, Store, Ticket};
use rusqlite::Connection;
use serde_json::json;
use std::cell::OnceCell;
use std::path::Path;

/// What the host reads back.
pub const TARGET: Target = Target {
    name: "host-records",
    about: "reports and journals that the host reads back from its storage file, and shows",
    shape: Shape::Json,
    seeds: |_| seeds(),
    run,
    limit: Limit { memory: 8 << 20, memory_each: 200, most: 512 << 20, ..Limit::DECODER },
};

fn seeds() -> Vec<Vec<u8>> {
    let entry = |outcome: &str, action: &str| {
        json!({"operation": "0123456789ab", "outcome": outcome, "action": action, "target": "creatio", "activity": "a", "item": "b",
            "title": "Planning", "start": 1_795_420_800_000_i64, "reason": "changed-in-mailbox", "detail": "x",
            "units": [{"name": "title", "before": "A", "after": "B"}, {"name": "when", "before": null, "after": "2026-11-23T08:00:00Z/2026-11-23T09:00:00Z"}]})
    };
    let count = |what: &str, number: u64| json!({"what": what, "side": "mailbox", "reason": "x", "number": number});
    let report = json!({"report": {"ending": "complete", "counts": [count("written", 3), count("written", 4)],
        "warnings": [{"code": "feed-reset", "text": "t"}], "next": 1_795_420_800_000_u64}});
    let all = [
        entry("held", "update"),
        entry("written", "create"),
        entry("conflict", "update"),
        report,
        json!({"failed": "why"}),
    ];
    all.iter().map(|one| one.to_string().into_bytes()).collect()
}

/// A storage file with one run and one entry.
struct File {
    _folder: tempfile::TempDir,
    store: SqliteStore,
    beside: Connection,
    config: Config,
}

thread_local! {
    static FILE: OnceCell<File> = const { OnceCell::new() };
}

fn file() -> File {
    let folder = tempfile::tempdir_in(crate::judge::scratch()).unwrap();
    let path = folder.path().join("tenant.db");
    let store = SqliteStore::open(&path, "mycompany").unwrap();
    let run = RunRecord {
        run: "run-1".into(),
        account: "a@b.c".into(),
        action: "reconcile".into(),
        dry_run: false,
        started: 1,
        finished: None,
        result: None,
    };
    store.begin(&run, 0).unwrap();
    let entry: Entry = serde_json::from_slice(&seeds()[0]).unwrap();
    let ticket = Ticket { account: "a@b.c".into(), run: "run-1".into(), fence: None };
    store.commit(&ticket, &[], std::slice::from_ref(&entry)).unwrap();
    store.finish("a@b.c", "run-1", 2, &RunResult::Failed("x".into()), &[]).unwrap();
    let beside = Connection::open(&path).unwrap();
    beside.pragma_update(None, "synchronous", "OFF").unwrap();
    let text = crate::corpus::documented("config");
    let config = Config::parse(Path::new("x.toml"), &String::from_utf8_lossy(&text[0])).unwrap();
    File { _folder: folder, store, beside, config }
}

fn run(input: &[u8]) {
    FILE.with(|cell| {
        let file = cell.get_or_init(file);
        let text = String::from_utf8_lossy(input);
        file.beside.execute("UPDATE run SET result = ?1", [&text]).unwrap();
        file.beside.execute("UPDATE journal SET entry = ?1", [&text]).unwrap();
        let account = &file.config.accounts[0];
        let mut screen = Screen::to(std::io::sink(), 80);
        for entries in [file.store.journal("a@b.c", "run-1"), file.store.standing("a@b.c")].into_iter().flatten() {
            screen::urgent(&mut screen, account, &entries).unwrap();
            screen::plan(&mut screen, account, &entries, Detail { values: true, written: true, most: 5 }).unwrap();
        }
        for record in file.store.runs(None, 10).into_iter().flatten() {
            if let Some(RunResult::Report(report)) = record.result {
                let _ = screen::sum(&report.counts);
                let _ = report
                    .next
                    .and_then(|next| i64::try_from(next).ok())
                    .map(|next| screen::local(next, account.time_zone, account.language));
            }
        }
    });
}
