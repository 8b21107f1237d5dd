//! The command-line tool from outside: what it answers, and how it ends.

// What clippy.toml allows in tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod tiny;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tiny::NOTHING;

struct Place {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = tiny::configuration(folder.path());
        Self { folder, config }
    }

    fn component(&self, bodies: &[(&str, &str)]) -> PathBuf {
        let path = self.folder.path().join("component.wasm");
        std::fs::write(&path, tiny::component(bodies)).unwrap();
        path
    }

    fn run(&self, component: &Path, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host-runner"));
        command
            .env_remove("COLUMNS")
            .env("LC_ALL", "C")
            .env("HOST_RUNNER_COMPILED", "")
            .arg("--config")
            .arg(&self.config)
            .arg("--component")
            .arg(component)
            .args(arguments);
        told(&command.env_remove("HOST_RUNNER_LOG").output().unwrap())
    }
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn held() -> String {
    format!("(call $hold) {NOTHING}")
}

#[test]
fn a_sync_without_cause_for_concern_exits_with_0() {
    let place = Place::new();
    let component = place.component(&[]);
    let (code, out, err) = place.run(&component, &["sync"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("e.mirny@mycompany.com  sync"), "{out}");
    assert!(out.contains("Everything was looked at."), "{out}");
}

#[test]
fn something_newly_held_exits_with_3_and_is_told_first() {
    let place = Place::new();
    let component = place.component(&[("reconcile", &held())]);
    let (code, out, err) = place.run(&component, &["sync"]);
    assert_eq!(code, 3, "{out}{err}");
    let lines: Vec<&str> = out.lines().filter(|line| !line.is_empty()).take(6).collect();
    assert_eq!(
        lines,
        [
            "e.mirny@mycompany.com  sync",
            "Held: approve ID carries it out (1)",
            "  (no date)             Review",
            "    Not updated in the mailbox. The change would send mail to the meeting's attendees. Approve",
            "    it, or set invitations = \"send\".",
            "    id held",
        ]
    );
    // Known by now.
    assert_eq!(place.run(&component, &["sync"]).0, 0);
    let (code, out, _) = place.run(&component, &["status"]);
    assert_eq!(code, 0);
    assert!(out.contains("Held: approve ID carries it out (1)"), "{out}");
    let (code, out, _) = place.run(&component, &["log", "--json"]);
    assert_eq!(code, 0);
    let log: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log[0]["entries"][0]["reason"], "would-notify");
}

#[test]
fn a_run_that_cannot_be_undone_is_refused_with_a_sentence() {
    let place = Place::new();
    let component = place.component(&[]);
    let (code, _, err) = place.run(&component, &["undo", "last"]);
    assert_eq!(code, 1);
    assert!(err.contains("there was no run yet"), "{err}");
    assert_eq!(place.run(&component, &["sync"]).0, 0);
    let (code, out, _) = place.run(&component, &["undo", "last"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("every run so far wrote nothing, so there is nothing to undo."), "{out}");
    let (code, _, err) = place.run(&component, &["undo", "20200101T000000.000Z"]);
    assert_eq!(code, 2);
    assert!(err.contains("has no run 20200101T000000.000Z; host-runner status"), "{err}");
    let (code, _, err) = place.run(&component, &["undo", "last", "--preview", "--yes"]);
    assert_eq!(code, 2);
    assert!(err.contains("cannot be used with"), "{err}");
}

#[test]
fn what_is_held_is_listed_with_its_remedy_and_can_be_dismissed() {
    let place = Place::new();
    let component = place.component(&[("reconcile", &held())]);
    let (_, out, _) = place.run(&component, &["held"]);
    assert!(out.contains("nothing is held, and nothing has failed"), "{out}");
    place.run(&component, &["sync"]);
    let (code, out, _) = place.run(&component, &["held"]);
    assert_eq!(code, 0);
    assert!(out.contains("Held: approve ID carries it out (1)") && out.contains("id held"), "{out}");
    assert!(out.contains("it, or set invitations = \"send\"."), "{out}");
    let (_, out, _) = place.run(&component, &["held", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told[0]["standing"][0]["remedy"], "Approve it, or set invitations = \"send\".");

    let (code, out, err) = place.run(&component, &["dismiss", "held"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("held  Review: is not told of any more until it changes"), "{out}");
    // Held again by the next run, and not told of again.
    let (code, out, _) = place.run(&component, &["sync"]);
    assert_eq!(code, 0, "{out}");
    assert!(!out.contains("Review"), "{out}");
    let (_, out, _) = place.run(&component, &["held"]);
    assert!(out.contains("nothing is held"), "{out}");
    let (_, out, _) = place.run(&component, &["status"]);
    assert!(out.contains("dismiss complete"), "{out}");
    assert!(!out.contains("Review"), "{out}");
    let (code, _, err) = place.run(&component, &["dismiss", "held"]);
    assert_eq!(code, 2);
    assert!(err.contains("nothing that stands has the id held"), "{err}");
}

#[test]
fn only_what_stands_can_be_approved() {
    let place = Place::new();
    let component = place.component(&[("reconcile", &held())]);
    place.run(&component, &["sync"]);
    let runs = |place: &Place| {
        let (_, out, _) = place.run(&component, &["status", "--json"]);
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        told[0]["runs"].as_array().unwrap().len()
    };
    let (code, _, err) = place.run(&component, &["approve", "held", "gone"]);
    assert_eq!((code, runs(&place)), (2, 1), "{err}");
    assert!(err.contains("nothing that stands has the id gone") && err.contains("nothing was done"), "{err}");
    // This component holds it whatever is approved, and whoever approved it is told.
    let (code, out, _) = place.run(&component, &["approve", "held"]);
    assert_eq!((code, runs(&place)), (3, 2), "{out}");
    assert!(out.contains("id held"), "{out}");
}

#[test]
fn the_tool_speaks_russian_where_it_is_asked_to() {
    let place = Place::new();
    let component = place.component(&[("reconcile", &held())]);
    let (_, out, err) = place.run(&component, &["sync", "--lang", "ru"]);
    let lines: Vec<&str> = out.lines().filter(|line| !line.is_empty()).take(8).collect();
    assert_eq!(
        lines[..6],
        [
            "e.mirny@mycompany.com  синхронизация",
            "Отложено: выполнить — approve ID (1)",
            "  (без даты)            Review",
            "    Не изменено в почтовом ящике. Изменение разослало бы письма участникам встречи. Одобрите его",
            "    или задайте invitations = \"send\".",
            "    id held",
        ],
        "{out}{err}"
    );
    assert_eq!(lines[6], "Просмотрено всё.");
    assert!(lines[7].starts_with("запуск ") && lines[7].contains(", запросов: 0, "), "{out}");
    for command in ["status", "held", "log"] {
        let (_, out, _) = place.run(&component, &[command, "--lang", "ru"]);
        let english =
            |line: &&str| ["Held", "Not ", "complete", "written", "run "].iter().any(|word| line.contains(word));
        assert!(!out.lines().any(|line| english(&line)), "{command}: {out}");
    }
    // Without --lang the environment decides, and without a language there the account.
    let config = std::fs::read_to_string(&place.config).unwrap();
    let text = config.replace("user = \"e.mirny\"", "user = \"e.mirny\"\n        language = \"ru\"");
    std::fs::write(&place.config, text).unwrap();
    let (_, out, _) = place.run(&component, &["held"]);
    assert!(out.contains("Отложено"), "{out}");
    let (_, out, _) = place.run(&component, &["held", "--lang", "en"]);
    assert!(out.contains("Held"), "{out}");
}

#[test]
fn a_failed_run_exits_with_1_and_says_why() {
    let place = Place::new();
    let component =
        place.component(&[("import", "(call $note (i32.const 3) (i32.const 0) (i32.const 8)) (unreachable)")]);
    let (code, out, _) = place.run(&component, &["import", "--account", "e.mirny@mycompany.com"]);
    assert_eq!(code, 1);
    assert!(out.contains("the component failed: it broke"), "{out}");
}

#[test]
fn wrong_arguments_and_configurations_exit_with_2_and_a_remedy() {
    let place = Place::new();
    let component = place.component(&[]);
    for (arguments, remedy) in [
        (vec!["sync", "--account", "nobody@mycompany.com"], "add an [[account]]"),
        (vec!["sync", "--only", "@/nowhere"], "one id a line"),
        (vec!["sync", "--budget-time", "soon"], "90s, 10m or 1h"),
        (vec!["dance"], "--help"),
        (vec!["log", "--run", "x"], "run"),
    ] {
        let (code, _, err) = place.run(&component, &arguments);
        assert!(err.contains(remedy), "{arguments:?}: {err}");
        assert_eq!(code, if arguments[0] == "log" { 1 } else { 2 }, "{arguments:?}: {err}");
    }
    std::fs::remove_file(place.folder.path().join("secret")).unwrap();
    let (code, _, err) = place.run(&component, &["sync"]);
    assert_eq!(code, 2);
    assert!(err.contains("[creatio] password") && err.contains("cannot be read"), "{err}");
    let place = Place { config: PathBuf::from("/nowhere.toml"), ..place };
    let (code, _, err) = place.run(&component, &["sync"]);
    assert_eq!(code, 2);
    assert!(err.contains("/nowhere.toml"), "{err}");
}

#[test]
fn a_busy_account_is_told_with_its_holder_and_can_be_waited_for() {
    use host_runner::store::{Lease, SqliteStore, Store};

    let place = Place::new();
    let component = place.component(&[]);
    let store = SqliteStore::open(&place.folder.path().join("mycompany.db"), "mycompany").unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let taken = store.acquire("e.mirny@mycompany.com", "the-other-run", now, now + 60_000, 60_000).unwrap();
    let Lease::Granted(fence) = taken else { panic!("{taken:?}") };
    let (code, out, _) = place.run(&component, &["sync"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("run the-other-run for e.mirny@mycompany.com is going on in process"), "{out}");
    assert!(out.contains("add --wait"), "{out}");
    let (code, _, err) = place.run(&component, &["links", "export"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("the-other-run") && err.contains("add --wait"), "{err}");
    // Whoever is told to add it may add it.
    for order in ["undo", "forget", "links export", "links restore"] {
        let words: Vec<&str> = order.split(' ').chain(["--help"]).collect();
        assert!(place.run(&component, &words).1.contains("--wait"), "{order}");
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(300));
            store.release(&fence).unwrap();
        });
        let (code, out, err) = place.run(&component, &["sync", "--wait"]);
        assert_eq!(code, 0, "{out}{err}");
        assert!(err.contains("waiting for another run of the account"), "{err}");
    });
}

#[test]
fn output_that_nobody_reads_to_its_end_is_no_error() {
    let place = Place::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-runner"));
    command.arg("--config").arg(&place.config).arg("status");
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let (code, _, err) = told(&child.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn a_component_of_another_world_is_refused_by_name() {
    let place = Place::new();
    let path = place.folder.path().join("other.wasm");
    std::fs::write(&path, wat::parse_str("(component)").unwrap()).unwrap();
    let (code, _, err) = place.run(&path, &["sync"]);
    assert_eq!(code, 2);
    assert!(err.contains("does not export schedule:sync/synchronizer@0.1.0"), "{err}");
}

#[test]
fn no_output_holds_a_secret() {
    let place = Place::new();
    let component = place.component(&[("reconcile", &held())]);
    for arguments in [["preview", "-vv"], ["sync", "-vv"], ["check", "-vv"], ["sync", "--json"], ["status", "-vv"]] {
        let (_, out, err) = place.run(&component, &arguments);
        assert!(!out.contains("not-in-any-output") && !err.contains("not-in-any-output"), "{arguments:?}");
    }
}

#[test]
fn a_preview_is_read_by_side_and_action() {
    use host_runner::journal::{Entry, Side, Unit};
    use host_runner::report::{Count, Ending, Report, Warning};
    use host_runner::store::{RunRecord, RunResult, SqliteStore, Store};

    let place = Place::new();
    let account = "e.mirny@mycompany.com".to_owned();
    let entry = |outcome: &str, target, title: &str| Entry {
        operation: format!("op-{title}"),
        outcome: outcome.to_owned(),
        action: "update".to_owned(),
        target,
        activity: None,
        item: None,
        title: title.to_owned(),
        start: Some(1_795_500_000_000),
        units: vec![Unit { name: "title".to_owned(), before: Some("Old".to_owned()), after: Some(title.to_owned()) }],
        reason: "changed-in-mailbox".to_owned(),
        detail: String::new(),
    };
    let entries = [
        entry("planned", Side::Mailbox, "Совещание"),
        entry("planned", Side::Creatio, "Review"),
        entry("failed", Side::Creatio, "Broken\u{1b}[2J"),
    ];
    let report = Report {
        ending: Ending::Complete,
        counts: vec![Count { what: "planned".to_owned(), side: None, reason: "update".to_owned(), number: 2 }],
        warnings: vec![Warning { code: "w".to_owned(), text: "Mind the gap.".to_owned() }],
        next: None,
    };
    let store = SqliteStore::open(&place.folder.path().join("mycompany.db"), "mycompany").unwrap();
    let record = RunRecord {
        run: "run-1".to_owned(),
        account: account.clone(),
        action: "reconcile".to_owned(),
        dry_run: true,
        started: 1_795_500_000_000,
        finished: None,
        result: None,
    };
    store.begin(&record, 0).unwrap();
    store.finish(&account, "run-1", 1_795_500_001_000, &RunResult::Report(report), &entries).unwrap();
    let (code, out, err) = place.run(&place.component(&[]), &["log", "--run", "run-1"]);
    assert_eq!(code, 0, "{err}");
    let expected = "\
e.mirny@mycompany.com
  Tue 2026-11-24 09:00 preview of sync complete (run run-1)

Failed: tried again by the next run (1)
  Tue 2026-11-24 09:00  Broken [2J
    Not updated in Creatio. The item was changed in the mailbox.
    title: Old → Broken [2J
    id op-Broken [2J

Creatio: to update (1)
  The item was changed in the mailbox.
  op-Review  Tue 2026-11-24 09:00  Review
             title: Old → Review

Mailbox: to update (1)
  The item was changed in the mailbox.
  op-Совещание  Tue 2026-11-24 09:00  Совещание
                title: Old → Совещание

";
    assert_eq!(out, expected);
}

#[test]
fn looking_at_the_status_makes_no_file() {
    let place = Place::new();
    let component = place.component(&[]);
    let (code, out, _) = place.run(&component, &["status"]);
    assert_eq!(code, 0);
    assert!(out.contains("no run yet"), "{out}");
    assert!(!place.folder.path().join("mycompany.db").exists());
}

#[test]
fn the_first_line_of_help_says_what_the_tool_does() {
    let output = Command::new(env!("CARGO_BIN_EXE_host-runner")).arg("--help").output().unwrap();
    let (code, out, _) = told(&output);
    assert_eq!(code, 0);
    assert!(out.starts_with("Keeps Creatio activities and Exchange or Microsoft 365 calendars"), "{out}");
}
