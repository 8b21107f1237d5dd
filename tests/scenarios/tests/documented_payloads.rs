//! The service's own documentation as input: every payload about events and calendars is decoded. The folder that
//! SCHEDULE_SYNC_SPEC names holds `graph/examples`.

use chrono::{DateTime, Utc};
use guest::activity::{SideId, Unit, Value as Held};
use guest::capability::Response;
use guest::graph::{Graph, mapping};
use guest::settings::{Account, Exported, Folders, MailboxService, Settings};
use guest::side::{Feed, From, Observed, Side};
use serde_json::Value;
use std::path::PathBuf;

/// One document.
struct Example {
    name: String,
    head: String,
    about: String,
    body: Value,
}

/// All examples that have a body, or none where nobody said where they are.
fn examples() -> Option<Vec<Example>> {
    let Some(spec) = std::env::var_os("SCHEDULE_SYNC_SPEC") else {
        println!("skipped: SCHEDULE_SYNC_SPEC does not name the folder of official descriptions");
        return None;
    };
    let folder = PathBuf::from(spec).join("graph/examples");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    let examples: Vec<Example> = paths
        .iter()
        .map(|path| {
            let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            Example {
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                head: text("/head"),
                about: text("/meta/@odata.type").to_lowercase(),
                body: json["body"].clone(),
            }
        })
        .filter(|example| !example.body.is_null())
        .collect();
    assert!(!examples.is_empty(), "{} holds no examples", folder.display());
    Some(examples)
}

fn side() -> Graph {
    let now: DateTime<Utc> = "2026-11-23T08:00:00Z".parse().unwrap();
    let account = Account {
        tenant: "mycompany".into(),
        id: "e.mirny@mycompany.com".into(),
        service: MailboxService::Graph("https://graph.microsoft.com".into()),
        address: "e.mirny@mycompany.com".into(),
        creatio: "https://mycompany.creatio.com".into(),
        odata: "0/odata".into(),
        user: "e.mirny".into(),
        shared: true,
        time_zone: "Europe/Moscow".into(),
        language: "ru".into(),
        import_from: None,
        import_meetings: Folders::All,
        import_tasks: Folders::None,
        exported: Exported::All,
        meetings_to: None,
        tasks_to: None,
        policies: Vec::new(),
    };
    Graph::new(&Settings::new(account, now).unwrap())
}

impl Example {
    /// Events in it: answers about events, and what may be sent to make or change one.
    fn events(&self) -> Vec<Value> {
        let answer = self.about.contains("microsoft.graph.event");
        let line = self.head.lines().next().unwrap_or_default().to_lowercase();
        let path = line.split(' ').nth(1).unwrap_or_default();
        let sent = (line.starts_with("post ") && path.ends_with("/events"))
            || (line.starts_with("patch ") && path.contains("/events/"));
        match self.body.get("value").and_then(Value::as_array) {
            Some(events) if answer => events.clone(),
            None if answer || sent => vec![self.body.clone()],
            _ => Vec::new(),
        }
    }

    fn calendars(&self) -> Option<Value> {
        let list = self.about.contains("microsoft.graph.calendar") && self.body.get("value").is_some();
        list.then(|| self.body.clone())
    }
}

/// Requests, and some documents that are cut short, have none: the service always says it.
fn give_id(event: &mut Value) {
    if event.get("id").is_none() {
        event["id"] = "AAMk".into();
    }
}

fn ok(body: &Value) -> Response {
    Response { status: 200, headers: Vec::new(), body: body.to_string().into_bytes(), received: 0 }
}

#[test]
fn every_documented_event_is_decoded() {
    let Some(examples) = examples() else { return };
    let side = side();
    let mut decoded = 0;
    for example in &examples {
        for mut event in example.events() {
            if event.get("@removed").is_some() {
                continue;
            }
            give_id(&mut event);
            let seen = mapping::seen(&side, &event, Some("calendar"))
                .unwrap_or_else(|fault| panic!("{}: {fault}", example.name));
            decoded += 1;
            let name = &example.name;
            if let Some(subject) = event.get("subject").and_then(Value::as_str) {
                let title = seen.values.get(&Unit::Title);
                assert_eq!(title, Some(&Held::Text(subject.trim().to_owned())), "{name}");
            }
            let dated = ["/start/dateTime", "/end/dateTime"].iter().all(|at| event.pointer(at).is_some());
            assert_eq!(seen.when().is_some(), dated, "{name}: {:?} {:?}", event.get("start"), event.get("end"));
            let guests = event.get("attendees").and_then(Value::as_array).map_or(0, Vec::len);
            assert!(seen.attendees.len() <= guests, "{name}");
            assert_eq!(seen.attendees.is_empty(), guests == 0, "{name}");
        }
    }
    println!("{decoded} events decoded");
    assert!(decoded >= 20, "only {decoded} events were found");
}

#[test]
fn every_documented_page_of_changes_is_read() {
    let Some(examples) = examples() else { return };
    let side = side();
    assert_eq!(side.id(), SideId::Mailbox);
    let feed = Feed { folder: "calendar".into(), part: "2026-11-15..2028-11-21".into() };
    let mut pages = 0;
    for example in examples.iter().filter(|example| {
        ["@odata.nextLink", "@odata.deltaLink"].iter().any(|link| example.body.get(link).is_some())
            && example.about.contains("microsoft.graph.event")
    }) {
        let (requests, read) = side.pull(&feed, &From::Start, 50).into_parts();
        assert_eq!(requests.len(), 1);
        let mut body = example.body.clone();
        body["value"].as_array_mut().unwrap().iter_mut().for_each(give_id);
        let page = read(vec![Ok(ok(&body))]).unwrap_or_else(|fault| panic!("{}: {fault}", example.name));
        let listed = example.body["value"].as_array().unwrap();
        assert_eq!(page.items.len(), listed.len(), "{}", example.name);
        let gone = page.items.iter().filter(|item| matches!(item, Observed::Missing(_))).count();
        assert_eq!(gone, listed.iter().filter(|item| item.get("@removed").is_some()).count(), "{}", example.name);
        pages += 1;
    }
    println!("{pages} pages of changes read");
    assert!(pages >= 4, "only {pages} pages were found");
}

#[test]
fn every_documented_list_of_calendars_is_read() {
    let Some(examples) = examples() else { return };
    let side = side();
    let mut lists = 0;
    for example in &examples {
        let Some(body) = example.calendars() else { continue };
        let (_, read) = side.folders().into_parts();
        let folders = read(vec![Ok(ok(&body))]).unwrap_or_else(|fault| panic!("{}: {fault}", example.name));
        assert_eq!(folders.folders.len(), body["value"].as_array().unwrap().len(), "{}", example.name);
        lists += 1;
    }
    println!("{lists} lists of calendars read");
    assert!(lists >= 2, "only {lists} lists were found");
}
