//! What the engine sends to Graph, written down for the check against Microsoft's own model (`tests/spec/check_graph.py`):
//! one file for each request and each part of a batch, in the folder that SCHEDULE_SYNC_REQUESTS names.

use chrono::TimeDelta;
use emulators::creatio::ids::activity_priority;
use emulators::creatio::{Creatio, NewActivity};
use emulators::log::Entry;
use emulators::wire::Service as _;
use guest::run::Direction;
use scenarios::World;
use scenarios::world::{EUGENE, start};
use serde_json::{Value, json};
use std::path::PathBuf;
use uuid::Uuid;

/// One request, or one part of a batch.
struct Sent {
    method: String,
    path: String,
    body: Option<Value>,
}

/// A world whose requests are kept.
struct Kept {
    world: World,
    sent: Vec<Sent>,
}

impl Kept {
    fn new() -> Self {
        let world = World::empty();
        world.site.lock().unwrap().log.keep_bodies = true;
        Self { world, sent: Vec::new() }
    }

    /// One run, and what it sent.
    fn sync(&mut self, only: Option<Vec<String>>) {
        let account = self.world.account();
        let ran = self.world.run(account, Direction::Reconcile, |options| options.only = only);
        ran.report();
        let site = self.world.site.lock().unwrap();
        for entry in site.log.entries().iter().filter(|entry| entry.service == "graph" && !entry.login) {
            self.sent.extend(split(entry));
        }
        drop(site);
        self.world.pass(20);
    }

    /// An edit by the activity's owner.
    fn edit(&mut self, id: Uuid, values: Value) {
        self.creatio(json!({"action": "update", "set": "Activity", "id": id, "values": values, "by": "e.mirny"}));
        self.sync(None);
    }

    fn creatio(&self, edit: Value) {
        let now = self.world.now();
        self.world.creatio.with(|creatio: &mut Creatio| creatio.edit(&edit, now)).unwrap();
    }

    fn activity(&self, title: &str, hours: i64, change: impl FnOnce(&mut NewActivity)) -> Uuid {
        let mut activity =
            NewActivity::meeting(title, start() + TimeDelta::hours(hours)).owned_by(self.world.eugene.contact);
        change(&mut activity);
        let now = self.world.now();
        self.world.creatio.with(|creatio| creatio.add_activity(&activity, now)).unwrap()
    }

    /// A meeting in the mailbox, and the id of the activity that comes of it.
    fn meeting(&mut self, subject: &str, more: Value) -> Uuid {
        let mut event = json!({
            "subject": subject,
            "start": {"dateTime": "2026-11-26T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-26T11:00:00", "timeZone": "UTC"},
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let now = self.world.now();
        self.world.mail.with(|mail| mail.add_event(EUGENE, None, &event, now)).unwrap();
        self.sync(None);
        let found = self
            .world
            .creatio
            .with(|creatio| creatio.rows("Activity").find(|(_, row)| row.text("Title") == subject).map(|(id, _)| id));
        found.unwrap()
    }
}

fn json_of(text: Option<&String>) -> Option<Value> {
    text.map(|text| serde_json::from_str(text).unwrap())
}

fn split(entry: &Entry) -> Vec<Sent> {
    let body = json_of(entry.body.as_ref());
    let whole = Sent { method: entry.method.clone(), path: entry.path.clone(), body: body.clone() };
    let parts = body.as_ref().and_then(|body| body.get("requests")).and_then(Value::as_array).cloned();
    let parts = parts.unwrap_or_default().into_iter().map(|part| {
        let text = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default();
        // Addresses of parts are relative to the version.
        Sent {
            method: text("method").to_owned(),
            path: format!("/v1.0{}", text("url")),
            body: part.get("body").cloned(),
        }
    });
    let parts: Vec<Sent> = parts.collect();
    std::iter::once(whole).chain(parts).collect()
}

/// Everything that the engine writes: each unit there and away again, whole days and hours, creations, deletions, what a
/// person approved, what comes back.
fn live() -> Vec<Sent> {
    let mut kept = Kept::new();
    let plain = kept.activity("Call with \"ACME\" & Söhne <b> 🚀", 50, |_| {});
    let full = kept.activity("Встреча с клиентом", 52, |activity| {
        activity.place = "Переговорная «Байкал», 4-й этаж".into();
        activity.notes = "<p>Повестка: <b>итоги</b></p><ul><li>Pipeline &amp; риски</li></ul>".into();
        activity.priority = Some(activity_priority::HIGH);
        activity.reminder = Some(activity.start - TimeDelta::minutes(30));
    });
    let long = kept.activity(&"Очень длинное название ".repeat(30), 54, |_| {});
    // Midnight in Moscow.
    kept.activity("Отпуск", 85, |activity| activity.due = activity.start + TimeDelta::days(5));
    let gone = kept.activity("To be deleted", 60, |_| {});
    let attended = kept.meeting(
        "Переговоры",
        json!({"attendees": [{"type": "required", "emailAddress": {"name": "Olga", "address": "olga@client.example"}}]}),
    );
    let own = kept.meeting("Own", json!({"body": {"contentType": "html", "content": "<p>Notes</p>"}}));

    kept.edit(plain, json!({"Title": "Renamed"}));
    kept.edit(plain, json!({"StartDate": "2026-11-27T10:00:00Z", "DueDate": "2026-11-27T11:30:00Z"}));
    kept.edit(plain, json!({"StartDate": "2026-11-26T21:00:00Z", "DueDate": "2026-11-27T21:00:00Z"}));
    kept.edit(plain, json!({"Location": "Room 7", "Notes": "Bring the numbers"}));
    kept.edit(plain, json!({"PriorityId": activity_priority::LOW}));
    kept.edit(full, json!({"Location": "", "Notes": ""}));
    kept.edit(full, json!({"PriorityId": activity_priority::MEDIUM, "RemindToOwner": false}));
    kept.edit(long, json!({"Title": "Short"}));
    kept.edit(own, json!({"Title": "Own, renamed", "Notes": "Changed", "Location": "Here"}));
    // A meeting with attendees: held, then approved.
    kept.creatio(json!({
        "action": "update", "set": "Activity", "id": attended, "by": "e.mirny",
        "values": {"Title": "Переговоры: перенос", "Location": "Офис"},
    }));
    let account = kept.world.account();
    let held = kept.world.run(account, Direction::Reconcile, |_| {});
    let held: Vec<String> = held.entries.iter().map(|entry| entry.operation.clone()).collect();
    assert!(!held.is_empty(), "a change of a meeting with attendees waits for a person");
    kept.sync(Some(held));
    // Deleted in Creatio; and deleted in the mailbox while it was changed in Creatio.
    kept.creatio(json!({"action": "delete", "set": "Activity", "id": gone, "by": "e.mirny"}));
    kept.sync(None);
    kept.world.pass(70);
    kept.sync(None);
    let now = kept.world.now();
    kept.world.mail.with(|mail| {
        let event = mail.find_event(EUGENE, "Renamed").unwrap();
        mail.delete_event(EUGENE, &event.id, now).unwrap();
    });
    kept.edit(plain, json!({"Title": "It beats the deletion"}));
    kept.sent
}

#[test]
fn what_the_engine_sends_is_written_down() {
    let sent = live();
    let number = |method: &str| sent.iter().filter(|sent| sent.method == method).count();
    let (creates, updates, deletes) = (
        sent.iter().filter(|sent| sent.method == "POST" && sent.path.ends_with("/events")).count(),
        number("PATCH"),
        number("DELETE"),
    );
    println!("{} requests and parts: {creates} creates, {updates} updates, {deletes} deletes", sent.len());
    assert!(creates >= 6 && updates >= 9 && deletes >= 1);
    let Some(folder) = std::env::var_os("SCHEDULE_SYNC_REQUESTS").map(PathBuf::from) else {
        println!("not written: SCHEDULE_SYNC_REQUESTS names no folder");
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    for (number, sent) in sent.iter().enumerate() {
        let file = folder.join(format!("{number:04}.json"));
        let json = json!({"method": sent.method, "path": sent.path, "body": sent.body});
        std::fs::write(file, format!("{json:#}\n")).unwrap();
    }
}
