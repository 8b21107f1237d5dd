//! Settings: an account with arbitrary values, and what a run makes of it.

use super::{Limit, Target};
use crate::mutate::Shape;
use chrono::{DateTime, Utc};
use guest::creatio::{Creatio, Setup, Site};
use guest::graph::{self, Graph};
use guest::settings::{Account, Exported, Folders, MailboxService, Settings};
use guest::time;
use serde_json::{Value, json};
use uuid::Uuid;

/// Settings.
pub const TARGET: Target = Target {
    name: "settings",
    about: "an account with arbitrary texts, zones, dates and policies",
    shape: Shape::Json,
    seeds: |_| seeds(),
    run,
    limit: Limit::DECODER,
};

fn plain_json() -> Value {
    json!({
        "tenant": "mycompany", "id": "e.mirny@mycompany.com", "graph": "https://graph.microsoft.com",
        "address": "e.mirny@mycompany.com", "creatio": "https://mycompany.creatio.com", "odata": "0/odata", "user": "e.mirny",
        "shared": true, "time_zone": "Europe/Moscow", "language": "ru", "import_meetings": "all", "import_tasks": "none",
        "exported": "all", "policies": {}, "now": "2026-11-23T08:00:00Z",
    })
}

fn seeds() -> Vec<Vec<u8>> {
    let more = [
        json!({}),
        json!({"import_from": "2026-11-01", "import_meetings": ["AAMk", "BBMk"], "meetings_to": "AAMk", "tasks_to": "x"}),
        json!({"policies": {"conflicts": "creatio-wins", "private": "copy", "absence-minutes": "60", "creation-limit": "500",
            "horizon-days": "90", "place-column": "Location", "invitations": "send"}}),
        json!({"graph": null, "exchange": "https://mail.example/EWS/Exchange.asmx", "exported": ["a", "b"], "shared": false}),
        json!({"time_zone": "Russian Standard Time", "language": "en", "import_from": "1990-01-01", "exported": "none"}),
        json!({"now": "9999-12-31T23:59:59Z", "import_from": "9999-12-31"}),
    ];
    more.into_iter()
        .map(|more| {
            let mut account = plain_json();
            account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            account.to_string().into_bytes()
        })
        .collect()
}

/// An account as an embedder may hand it in, and the time by its clock.
#[must_use]
pub fn decode(json: &Value) -> (Account, DateTime<Utc>) {
    let text = |name: &str| match json.get(name) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    let maybe = |name: &str| json.get(name).filter(|value| !value.is_null()).map(|_| text(name));
    let list = |name: &str| {
        json.get(name).and_then(Value::as_array).map(|all| all.iter().map(Value::to_string).collect::<Vec<_>>())
    };
    let folders = |name: &str| match (list(name), text(name).as_str()) {
        (Some(list), _) => Folders::Selected(list),
        (None, "all") => Folders::All,
        _ => Folders::None,
    };
    let exported = match folders("exported") {
        Folders::None => Exported::None,
        Folders::All => Exported::All,
        Folders::Selected(list) => Exported::Groups(list),
    };
    let policies = json.get("policies").and_then(Value::as_object).map_or_else(Vec::new, |all| {
        all.iter()
            .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect()
    });
    let account = Account {
        tenant: text("tenant"),
        id: text("id"),
        service: maybe("exchange").map_or_else(|| MailboxService::Graph(text("graph")), MailboxService::Exchange),
        address: text("address"),
        creatio: text("creatio"),
        odata: text("odata"),
        user: text("user"),
        shared: json.get("shared").and_then(Value::as_bool).unwrap_or(false),
        time_zone: text("time_zone"),
        language: text("language"),
        import_from: maybe("import_from"),
        import_meetings: folders("import_meetings"),
        import_tasks: folders("import_tasks"),
        exported,
        meetings_to: maybe("meetings_to"),
        tasks_to: maybe("tasks_to"),
        policies,
    };
    // Any clock that the contract can say: seconds since 1970.
    let now = match json.get("now") {
        Some(Value::Number(seconds)) => seconds.as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        _ => text("now").parse().ok(),
    };
    (account, now.unwrap_or_default())
}

/// Address of Exchange.
pub const EXCHANGE: &str = "https://mail.example/EWS/Exchange.asmx";

/// An account on Exchange that is right.
#[must_use]
pub fn on_exchange(shared: bool) -> Settings {
    let (account, now) = decode(&plain_json());
    let service = MailboxService::Exchange(EXCHANGE.into());
    let policies = vec![("impersonation".to_owned(), "yes".to_owned())];
    Settings::new(Account { shared, service, policies, ..account }, now).unwrap()
}

/// An account that is right.
#[must_use]
pub fn plain(shared: bool) -> (Settings, DateTime<Utc>) {
    let (account, now) = decode(&plain_json());
    let settings = Settings::new(Account { shared, ..account }, now).unwrap();
    (settings, now)
}

fn run(input: &[u8]) {
    let Ok(json) = serde_json::from_slice::<Value>(input) else { return };
    let (account, now) = decode(&json);
    let settings = match Settings::new(account, now) {
        Ok(settings) => settings,
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a reason");
            return;
        }
    };
    let _ = (settings.policy_hash(), settings.full_hash());
    let _ = Graph::new(&settings);
    let floor = time::midnight(settings.zone, settings.import_from);
    let _ = Creatio::new(&settings, Setup { site: Site::assumed(Uuid::nil()), floor, skew: 0 });
    let today = time::date_in(settings.zone, now);
    let from = time::minus_days(settings.import_from, 1);
    let slices = graph::feed::slices("folder", from, today, &[]);
    assert!(!slices.is_empty() && slices.len() < 100, "{} slices", slices.len());
    assert_eq!(graph::feed::slices("folder", from, today, &slices), slices, "slices do not stay");
}
