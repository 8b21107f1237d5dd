//! Worlds that are run for their payloads: what the services answer and what a tenant's storage holds, always as it is
//! now. One of each kind of thing, in step, half done and gone wrong.

use chrono::TimeDelta;
use guest::run::Direction;
use host_runner::store::Store;
use scenarios::Ran;
use scenarios::World;
use scenarios::life::{at, guest};
use scenarios::mail::Server;
use scenarios::switch::Cut;
use scenarios::tasks::day;
use serde_json::json;
use std::sync::OnceLock;

/// What was recorded.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Answers of the Creatio site.
    pub creatio: Vec<Vec<u8>>,
    /// Answers of Graph.
    pub graph: Vec<Vec<u8>>,
    /// Answers of Exchange.
    pub exchange: Vec<Vec<u8>>,
    /// Answers of both sign-ins.
    pub login: Vec<Vec<u8>>,
    /// Stored rows by key, of an account on Graph.
    pub rows: Vec<(String, Vec<u8>)>,
    /// The same of one on Exchange.
    pub rows_on_exchange: Vec<(String, Vec<u8>)>,
}

/// The recording, made once.
#[must_use]
pub fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let mut recorded = Recorded::default();
        for server in [Server::Graph, Server::Exchange] {
            lively(server, &mut recorded);
        }
        faulty(&mut recorded);
        for all in [&mut recorded.creatio, &mut recorded.graph, &mut recorded.exchange, &mut recorded.login] {
            all.sort();
            all.dedup();
        }
        for rows in [&mut recorded.rows, &mut recorded.rows_on_exchange] {
            rows.sort();
            rows.dedup();
        }
        recorded
    })
}

/// A world in step: things of every kind on both sides.
#[must_use]
pub fn in_step(server: Server) -> World {
    let mut world = World::on(server);
    let body = json!({"contentType": "html", "content": "<p>План&nbsp;<b>встречи</b></p><ul><li>Q&amp;A</li></ul>"});
    world.meeting_with(
        "Planning",
        26,
        json!({"body": body, "location": {"displayName": "Байкал"}, "importance": "high"}),
    );
    world.meeting_with(
        "Visit",
        30,
        json!({"sensitivity": "private", "isReminderOn": true, "reminderMinutesBeforeStart": 30}),
    );
    world.meeting_with("Review", 50, json!({"attendees": [guest("olga@northwind.example")]}));
    world.meeting_with("Call", 76, json!({"isReminderOn": true, "reminderMinutesBeforeStart": 15}));
    world.invitation("Negotiations", 53);
    let pattern = json!({"type": "daily", "interval": 1});
    let range = json!({"type": "numbered", "startDate": "2026-11-25", "numberOfOccurrences": 3});
    world.meeting_with("Standup", 49, json!({"recurrence": {"pattern": pattern, "range": range}}));
    let days = |date: &str| json!({"dateTime": format!("{date}T00:00:00"), "timeZone": "Russian Standard Time"});
    world.meeting_with("Fair", 60, json!({"isAllDay": true, "start": days("2026-11-27"), "end": days("2026-11-29")}));
    world.activity_with("Presentation", 56, |activity| {
        activity.notes = "<p>Повестка: <b>итоги</b></p>".into();
        activity.place = "Переговорная, 4-й этаж".into();
        activity.reminder = Some(activity.start - TimeDelta::minutes(30));
    });
    world.activity("Workshop", 80);
    world.activity("Lunch", 28);
    world.todo("Call back", json!({"dueDateTime": day("2026-11-25"), "importance": "high"}));
    world.todo("Without a day", json!({"body": {"content": "First", "contentType": "text"}}));
    world.chore("Send the offer", at(72), at(96));
    sync(&mut world);
    world.pass(20);
    world
}

/// A run for appointments and tasks.
pub fn sync(world: &mut World) -> Ran {
    world.run(world.with_tasks(), Direction::Reconcile, |_| {})
}

fn keep(world: &World, recorded: &mut Recorded) {
    for entry in world.site.lock().unwrap().log.entries() {
        let Some(answer) = &entry.answer else { continue };
        let answer = answer.clone().into_bytes();
        match (entry.login, entry.service.as_str()) {
            (true, _) => recorded.login.push(answer),
            (false, "graph") => recorded.graph.push(answer),
            (false, "exchange") => recorded.exchange.push(answer),
            (false, _) => recorded.creatio.push(answer),
        }
    }
    match world.server() {
        Server::Graph => recorded.rows.extend(rows(world)),
        Server::Exchange => recorded.rows_on_exchange.extend(rows(world)),
    }
}

/// The rows of a world's storage.
#[must_use]
pub fn rows(world: &World) -> Vec<(String, Vec<u8>)> {
    let page = world.store.scan("", None, 1_000_000).unwrap();
    page.entries.into_iter().map(|entry| (entry.key, entry.value)).collect()
}

fn lively(server: Server, recorded: &mut Recorded) {
    let mut world = in_step(server);
    world.keep_bodies();
    let mut sync = |world: &mut World, cut: Cut| {
        world.run_until(world.with_tasks(), Direction::Reconcile, |_| {}, cut);
        keep(world, recorded);
        world.pass(70);
    };
    sync(&mut world, Cut::Never);
    world.edit_event("Call", json!({"subject": "Call again", "isReminderOn": false}));
    world.edit_activity("Workshop", json!({"Title": "Workshop II"}));
    world.edit_event("Planning", json!({"subject": "Planning A"}));
    world.edit_activity("Planning", json!({"Title": "Planning B"}));
    sync(&mut world, Cut::Never);
    world.edit_activity("Review", json!({"Title": "Review, moved"}));
    world.edit_todo("Call back", json!({"status": "completed"}));
    world.delete_todo("Send the offer");
    world.delete_event("Lunch");
    world.delete_activity("Presentation");
    sync(&mut world, Cut::Never);
    sync(&mut world, Cut::Never);
    // Interrupted while it writes: what was written ahead stays.
    world.activity("Audit", 90);
    world.meeting("Training", 91);
    for effect in [6, 8, 9, 10, 11, 12] {
        sync(&mut world, Cut::After(effect));
    }
    sync(&mut world, Cut::Never);
}

fn faulty(recorded: &mut Recorded) {
    let complaint = json!({"error": {"code": "", "message": "An error has occurred.", "innererror": {"message": "m", "type": "t",
        "internalexception": {"message": "Column by path OwnerId not found"}}}});
    let gone = json!({"error": {"code": "SyncStateNotFound", "message": "gone"}});
    let faults = [
        json!({"service": "creatio", "effect": {"kind": "html"}}),
        json!({"service": "creatio", "effect": {"kind": "status", "status": 500, "body": complaint}}),
        json!({"service": "graph", "path": "delta", "effect": {"kind": "status", "status": 410, "body": gone}}),
        json!({"service": "graph", "path": "$batch", "effect": {"kind": "part", "nth": 1, "status": 429, "headers": {"Retry-After": "1.5"}}}),
        json!({"service": "graph", "effect": {"kind": "html", "status": 503}, "times": 9}),
        json!({"service": "exchange", "effect": {"kind": "part", "method": "SyncFolderItems", "status": 410}}),
        json!({"service": "exchange", "effect": {"kind": "part", "nth": 1, "method": "POST", "status": 429, "headers": {"retry-after": "1"}}}),
    ];
    for fault in faults {
        let server = if fault["service"] == "exchange" { Server::Exchange } else { Server::Graph };
        let mut world = in_step(server);
        world.keep_bodies();
        world.activity("Audit", 90);
        world.meeting("Training", 91);
        world.fault(fault);
        sync(&mut world);
        keep(&world, recorded);
    }
}
