//! What goes over the wire, readable: the requests of both adapters.
//!
//! `INSTA_UPDATE=always cargo test -p guest --test wire` writes the snapshots anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::{DateTime, Utc};
use guest::activity::{Kind, Priority, Seen, Stake, State, Unit, Value, Values, When};
use guest::ask::Ask;
use guest::capability::Request;
use guest::creatio::{Creatio, Setup, Site};
use guest::graph::Graph;
use guest::identity::Marker;
use guest::settings::{Account, Exported, Folders, MailboxService, Settings};
use guest::side::{Feed, From, Lost, Side, Write};
use uuid::{Uuid, uuid};

const ACTIVITY: Uuid = uuid!("0c5d2a58-5b1f-5d43-9a3e-0a2a6f1f0a11");
const CONTACT: Uuid = uuid!("7e4c1d2b-11aa-4c55-8a7d-6c0b7f5e9d01");

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn settings() -> Settings {
    let account = Account {
        tenant: "mycompany".into(),
        id: "e.mirny".into(),
        service: MailboxService::Graph("https://graph.microsoft.com".into()),
        address: "e.mirny@mycompany.com".into(),
        creatio: "https://mycompany.creatio.com".into(),
        odata: "0/odata".into(),
        user: "e.mirny".into(),
        shared: true,
        time_zone: "Europe/Moscow".into(),
        language: "ru".into(),
        import_from: Some("2026-11-01".into()),
        import_meetings: Folders::All,
        import_tasks: Folders::None,
        exported: Exported::All,
        meetings_to: None,
        tasks_to: None,
        policies: Vec::new(),
    };
    Settings::new(account, at("2026-11-23T08:00:00Z")).unwrap()
}

fn creatio() -> Creatio {
    let setup = Setup { site: Site::assumed(CONTACT), floor: at("2026-10-31T21:00:00Z"), skew: 0 };
    Creatio::new(&settings(), setup)
}

fn values() -> Values {
    let when = When { start: at("2026-11-26T10:00:00Z"), end: at("2026-11-26T11:30:00Z"), all_day: false };
    Values::from([
        (Unit::Title, Value::Text("Обзор «рисков» & \"планов\" 🚀".into())),
        (Unit::When, Value::When(when)),
        (Unit::Place, Value::Text("Переговорная 5".into())),
        (Unit::Body, Value::Text("Первая строка\nвторая".into())),
        (Unit::Reminder, Value::Reminder(Some(15))),
        (Unit::Priority, Value::Priority(Priority::High)),
    ])
}

fn seen(id: &str, version: &str) -> Seen {
    Seen {
        id: id.into(),
        version: version.into(),
        modified: None,
        kind: Kind::Appointment,
        folder: None,
        identity: None,
        marker: None,
        values: values(),
        state: State::Open,
        left_alone: None,
        ours: true,
        attendees: Vec::new(),
        masked: false,
        print: None,
        online: false,
        series: None,
        recurring: false,
        span: None,
        owned: true,
        stake: Stake::Part,
        exportable: true,
        grouped: true,
        created: None,
        odd_zone: None,
        partial: false,
    }
}

fn marker() -> Marker {
    Marker {
        activity: ACTIVITY,
        mailbox: guest::identity::mailbox("mycompany", "e.mirny@mycompany.com"),
        nonce: "0123456789ab".into(),
    }
}

/// Requests as a person reads them.
fn readable<T>(ask: Ask<'_, T>) -> String {
    let (requests, _) = ask.into_parts();
    requests.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn one(request: &Request) -> String {
    let url = percent_encoding::percent_decode_str(&request.url).decode_utf8_lossy().replace('&', "\n    &");
    let mut text = format!("{} {}\n", request.method, url.replacen('?', "\n    ?", 1));
    for (name, value) in &request.headers {
        text += &format!("{name}: {value}\n");
    }
    text += &format!("(repeatable {}, {} of the slots)\n", request.repeatable, request.slots);
    if let Some(body) = &request.body {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        text += &format!("{body:#}\n");
    }
    text
}

fn create(folder: &str, marker: Option<Marker>) -> Write {
    Write::Create {
        activity: ACTIVITY,
        folder: folder.into(),
        kind: Kind::Appointment,
        values: values(),
        marker,
        transaction: uuid!("5f0cbd1e-94a9-5a3f-8d36-3d1a5f6d8b21"),
    }
}

fn rename(id: &str, version: &str) -> Write {
    let values = Values::from([(Unit::Title, Value::Text("Новое название".into()))]);
    Write::Update { current: Box::new(seen(id, version)), values }
}

fn day_off(id: &str, version: &str) -> Write {
    let when = When { start: at("2026-11-25T21:00:00Z"), end: at("2026-11-27T21:00:00Z"), all_day: true };
    Write::Update { current: Box::new(seen(id, version)), values: Values::from([(Unit::When, Value::When(when))]) }
}

#[test]
fn graph_is_written_in_one_batch_with_marker_transaction_and_etag() {
    let side = Graph::new(&settings());
    let writes = [
        create("calendar-1", Some(marker())),
        rename("AAMk/1=", "W/\"abc\""),
        day_off("AAMk2", ""),
        Write::Delete { id: "AAMk3".into(), version: "W/\"def\"".into(), tell: false },
    ];
    insta::assert_snapshot!("graph-writes", readable(side.write(&writes)));
}

#[test]
fn graph_is_read_by_delta_by_id_and_by_marker() {
    let side = Graph::new(&settings());
    let feed = Feed { folder: "calendar-1".into(), part: "2026-11-01..2028-11-22".into() };
    let lost = Lost {
        id: "AAMk1".into(),
        folder: "calendar-1".into(),
        identity: Some("0400'8200".into()),
        marker: Some(marker()),
        title: String::new(),
        bases: guest::link::Bases::new(),
    };
    let folders = vec!["calendar-1".to_owned()];
    let text = [
        readable(side.pull(&feed, &From::Start, 50)),
        readable(side.folders()),
        readable(side.read(&["AAMk1".into()])),
        readable(side.marked("calendar-1", "")),
        readable(side.whereabouts(&[lost], &folders)),
    ]
    .join("\n");
    insta::assert_snapshot!("graph-reads", text);
}

#[test]
fn creatio_is_written_between_two_reads_and_a_create_names_its_id() {
    let side = creatio();
    let writes = [
        create("", None),
        rename(&ACTIVITY.to_string(), ""),
        Write::Delete { id: ACTIVITY.to_string(), version: String::new(), tell: false },
    ];
    insta::assert_snapshot!("creatio-writes", readable(side.write(&writes)));
}

#[test]
fn creatio_is_scanned_by_stamp_and_filtered_by_navigation_path() {
    let side = creatio();
    let mut text = Vec::new();
    for feed in guest::creatio::feed::feeds(true) {
        text.push(readable(side.pull(&feed, &From::Start, 500)));
        let cursor = r#"{"since":"2026-11-23T07:55:00Z","began":null,"last":null,"same":0,"first":false}"#;
        text.push(readable(side.pull(&feed, &From::Cursor(cursor.into()), 500)));
    }
    text.push(readable(side.read(&[ACTIVITY.to_string()])));
    let ids = [ACTIVITY.to_string()];
    text.push(readable(guest::creatio::glimpse::glimpses(&side, &ids, &ids)));
    insta::assert_snapshot!("creatio-reads", text.join("\n"));
}
