//! Answers of Exchange, read as the answer to everything that its codec asks; and what they hold, written again.

use super::{Limit, Target};
use crate::corpus;
use crate::mutate::Shape;
use chrono::{DateTime, Utc};
use emulators::exchange::{Exchange, world};
use emulators::graph::world::EUGENE;
use emulators::wire::{Request, Service as _};
use guest::activity::Kind;
use guest::capability::Response;
use guest::ews::answer::messages;
use guest::ews::item::{Change, Item, changes, folders, found, items, written};
use guest::ews::property::Property;
use guest::ews::request::{Condition, Context, Folder, ItemId, LARGEST, Operation, Told};
use guest::ews::xml::parse;

/// Answers of Exchange.
pub const TARGET: Target = Target {
    name: "exchange-answers",
    about: "answers of Exchange to everything that its codec asks",
    shape: Shape::Text,
    seeds: |recorded| {
        let mut all = seeds();
        all.extend(recorded.exchange.iter().cloned());
        all
    },
    run,
    limit: Limit::DECODER,
};

/// More than any answer holds of what was asked for.
const ASKED: usize = 4;

fn context() -> Context {
    Context { acting_for: Some(EUGENE.into()), zone: "Russian Standard Time".into() }
}

/// The emulated server's answers to every operation, about the demo; a busy server; and what is documented.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let now: DateTime<Utc> = "2026-11-23T08:00:00Z".parse().unwrap();
    let mut exchange = Exchange::new();
    world::populate_demo(&mut exchange, now);
    exchange.add_bearer("token", world::SERVICE);
    let ids: Vec<(bool, String)> = exchange.items(EUGENE).into_iter().map(|item| (item.is_task, item.id)).collect();
    let of = |task: bool| -> Vec<ItemId<'_>> {
        ids.iter().filter(|(is, _)| *is == task).map(|(_, id)| ItemId { id, version: "" }).take(ASKED).collect()
    };
    let calendar = Folder::Known("calendar");
    let new = [vec![Property::Subject("new".into())]];
    let (appointments, tasks) = (of(false), of(true));
    let operations = [
        Operation::FindFolders(&[Folder::Known("msgfolderroot")], &["IPF.Task"]),
        Operation::GetFolders(&[calendar, Folder::Id("nonsense")]),
        Operation::Sync { folder: calendar, kind: Kind::Appointment, state: None, most: 5 },
        Operation::Get(Kind::Appointment, &appointments),
        Operation::Get(Kind::Task, &tasks),
        Operation::Find { folder: calendar, kind: Kind::Appointment, condition: Condition::Marked, offset: 0, most: 5 },
        Operation::Create(calendar, Kind::Appointment, &new),
        Operation::Delete(Told::Nobody, &tasks),
    ];
    let mut all = corpus::documented("exchange");
    let mut ask = |exchange: &mut Exchange, operation: &Operation<'_>| {
        for envelope in operation.envelopes(&context(), 50) {
            let headers = [("authorization", "Bearer token"), ("content-type", "text/xml")];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            let (method, target) = ("POST".to_owned(), "/EWS/Exchange.asmx".to_owned());
            let request = Request { method, target, headers, body: envelope.body.unwrap() };
            all.push(exchange.handle(&request, now).body);
        }
    };
    for operation in &operations {
        ask(&mut exchange, operation);
    }
    for form in ["busy", "busy-fault", "stop"] {
        let trouble = serde_json::json!({ "action": "trouble", "trouble": { "form": form, "milliseconds": 2000 } });
        exchange.edit(&trouble, now).unwrap();
        ask(&mut exchange, &Operation::Get(Kind::Task, &tasks));
    }
    all
}

fn run(body: &[u8]) {
    for status in [200, 500, 503] {
        let response = Response { status, headers: Vec::new(), body: body.to_vec(), received: 0 };
        let results = messages(Ok(response), ASKED);
        assert_eq!(results.len(), ASKED);
        for message in results.into_iter().flatten() {
            if let Ok(folders) = folders(&message) {
                assert!(folders.iter().all(|folder| !folder.id.is_empty()), "a folder without an id");
            }
            if let Some((id, _)) = written(&message) {
                assert!(!id.is_empty(), "a written item without an id");
            }
            if let Ok(page) = found(&message) {
                page.items.iter().take(3).for_each(use_it);
            }
            if let Ok(page) = changes(&message) {
                assert!(!page.state.is_empty(), "a page without a state");
                for change in page.changes.iter().take(3) {
                    if let Change::Here(item) = change {
                        use_it(item);
                    }
                }
            }
            items(&message).iter().flatten().take(3).for_each(use_it);
        }
    }
}

/// What was read is written, and is the same when it is read again.
fn use_it(item: &Item) {
    assert!(!item.id.is_empty(), "an item without an id");
    let id = ItemId { id: &item.id, version: &item.version };
    let place = Property::Location(item.location.clone());
    let properties = vec![Property::Subject(item.subject.clone()), place];
    for envelope in Operation::Update(item.kind, Told::Nobody, &[(id, properties)]).envelopes(&context(), 50) {
        let Ok(body) = envelope.body else { continue };
        assert!(body.len() <= LARGEST);
        let read = parse(&body).expect("what is written is a document");
        let change = read.at(&["Body", "UpdateItem", "ItemChanges", "ItemChange"]).expect("a change");
        let subject = change.at(&["Updates", "SetItemField"]).and_then(|set| set.children.get(1)?.text_of("Subject"));
        assert_eq!(subject, Some(printable(&item.subject).as_str()));
        let known = change.child("ItemId").and_then(|id| id.attribute("Id")).expect("an id");
        // Blanks of any kind are blanks in an attribute.
        let plain = |text: &str| text.replace(['\t', '\n', '\r'], " ");
        assert_eq!(plain(known), plain(&printable(&item.id)));
    }
}

/// A text without what XML has no place for.
fn printable(text: &str) -> String {
    let has_place =
        |sign: &char| matches!(sign, '\t' | '\n' | '\r') || !matches!(sign, '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().filter(has_place).collect()
}
