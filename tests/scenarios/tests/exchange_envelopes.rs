//! The codec of Exchange Web Services against what others say it is: every envelope of the vendor's documentation is
//! decoded, and every operation is understood by the emulator, which holds it against the schema. The folder that
//! SCHEDULE_SYNC_SPEC names holds `ews/examples`; into the one that SCHEDULE_SYNC_ENVELOPES names the requests are written,
//! for the check against the official schema (`tests/spec/check_ews.py`).

use chrono::{DateTime, Duration, Utc};
use emulators::exchange::{Exchange, world};
use emulators::graph::world::EUGENE;
use emulators::wire::{Request, Service as _};
use guest::activity::{Kind, Priority, Status};
use guest::ask::Fault;
use guest::capability::Response;
use guest::ews::answer;
use guest::ews::item::{self, Change};
use guest::ews::property::{Level, Progress, Property};
use guest::ews::request::{Condition, Context, Folder, ItemId, LARGEST, Operation, Told};
use guest::ews::xml::{self, Element};
use guest::identity::Marker;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use uuid::Uuid;

/// Documents that are no XML: samples cut short, with placeholders, or of two documents.
const FAULTY: &[&str] = &[
    "aggregateon-119",
    "getservertimezones-operation-150",
    "getservertimezones-operation-151",
    "getservertimezones-operation-152",
    "getservertimezones-operation-153",
    "how-to-get-user-settings-from-exchange-by-using-autodiscover-045",
];

/// Answers that are right and that no request of ours has: a calendar view that was cut short, which has no next page.
const NOT_ASKED: &[&str] = &["how-to-get-appointments-and-meetings-by-using-ews-in-exchange-042"];

fn ok(body: &[u8]) -> Response {
    Response { status: 200, headers: Vec::new(), body: body.to_vec(), received: 0 }
}

/// How many elements of these names lie in a list; what lies in its elements, such as meetings in conflict, is not of it.
fn listed(list: Option<&Element>, names: &[&str]) -> usize {
    list.map_or(0, |list| list.children.iter().filter(|one| names.contains(&one.name.as_str())).count())
}

#[test]
fn every_documented_envelope_is_decoded_or_named_as_faulty() {
    let Some(spec) = std::env::var_os("SCHEDULE_SYNC_SPEC") else {
        println!("skipped: SCHEDULE_SYNC_SPEC does not name the folder of official descriptions");
        return;
    };
    let folder = PathBuf::from(spec).join("ews/examples");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let (mut envelopes, mut items, mut folders, mut pages, mut refused) = (0, 0, 0, 0, 0);
    let mut faulty = Vec::new();
    for path in &paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap().replace('\u{a0}', " ");
        let Ok(envelope) = xml::parse(text.as_bytes()) else {
            faulty.push(name);
            continue;
        };
        envelopes += 1;
        let Some(list) = envelope.child("Body").and_then(|body| body.children.first()?.child("ResponseMessages"))
        else {
            continue;
        };
        let results = answer::messages(Ok(ok(text.as_bytes())), list.children.len());
        assert_eq!(results.len(), list.children.len(), "{name}");
        for (result, shown) in results.iter().zip(&list.children) {
            let Ok(message) = result else {
                assert_eq!(shown.attribute("ResponseClass"), Some("Error"), "{name}: {result:?}");
                refused += 1;
                continue;
            };
            let kinds = ["CalendarItem", "Task"];
            let root = message.child("RootFolder");
            if message.child("Changes").is_some() && message.child("IncludesLastItemInRange").is_some() {
                let page = item::changes(message).unwrap_or_else(|fault| panic!("{name}: {fault}"));
                let here = page.changes.iter().filter(|change| matches!(change, Change::Here(_))).count();
                let changes = &message.child("Changes").unwrap().children;
                let here_in = changes.iter().filter(|change| listed(Some(change), &kinds) > 0).count();
                let gone = listed(message.child("Changes"), &["Delete"]);
                assert_eq!((here, page.changes.len() - here), (here_in, gone), "{name}");
                pages += 1;
                items += here;
            } else if let Some(list) = root.and_then(|root| root.child("Items")) {
                let found = item::found(message);
                if NOT_ASKED.contains(&name.as_str()) {
                    assert!(found.is_err(), "{name}");
                    continue;
                }
                let found = found.unwrap_or_else(|fault| panic!("{name}: {fault}"));
                assert_eq!(found.items.len(), listed(Some(list), &kinds), "{name}");
                items += found.items.len();
            } else if message.child("Folders").is_some() || message.child("RootFolder").is_some() {
                let found = item::folders(message).unwrap_or_else(|fault| panic!("{name}: {fault}"));
                let list = root.unwrap_or(message).child("Folders");
                // What a search folder shows lies in others: it is none to read from.
                let real = |list: &Element| list.children.iter().filter(|one| one.name != "SearchFolder").count();
                assert_eq!(found.len(), list.map_or(0, real), "{name}");
                folders += found.len();
            } else {
                let found = item::items(message).unwrap_or_else(|fault| panic!("{name}: {fault}"));
                assert_eq!(found.len(), listed(message.child("Items"), &kinds), "{name}");
                items += found.len();
            }
        }
    }
    println!("{envelopes} envelopes, {items} items, {folders} folders, {pages} pages of changes, {refused} refusals");
    assert_eq!(faulty, FAULTY);
    assert!(envelopes > 150 && items > 20 && folders > 5 && pages > 0 && refused > 3, "too few were found");
}

/// The emulated server, asked through the codec as a service account.
struct Desk {
    exchange: Exchange,
    now: DateTime<Utc>,
    context: Context,
}

impl Desk {
    fn new() -> Self {
        let mut exchange = Exchange::new();
        world::populate_empty(&mut exchange, &world::people());
        exchange.add_bearer("token", world::SERVICE);
        let context = Context { acting_for: Some(EUGENE.into()), zone: "Russian Standard Time".into() };
        Self { exchange, now: "2026-11-23T08:00:00Z".parse().unwrap(), context }
    }

    /// All response messages of an operation.
    fn ask(&mut self, operation: &Operation<'_>) -> Vec<Result<Element, Fault>> {
        let mut results = Vec::new();
        for envelope in operation.envelopes(&self.context, 50) {
            let answer = envelope.body.map(|body| {
                assert!(body.len() <= LARGEST);
                write_down(&body);
                let headers = [("authorization", "Bearer token"), ("content-type", "text/xml; charset=utf-8")];
                let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
                let request = Request { method: "POST".into(), target: "/EWS/Exchange.asmx".into(), headers, body };
                self.now += Duration::seconds(1);
                let response = self.exchange.handle(&request, self.now);
                Response { status: response.status, headers: response.headers, body: response.body, received: 0 }
            });
            results.extend(answer::messages(answer, envelope.count));
        }
        results
    }

    fn one(&mut self, operation: &Operation<'_>) -> Element {
        self.ask(operation).remove(0).unwrap()
    }

    fn get(&mut self, kind: Kind, id: &str) -> item::Item {
        let message = self.one(&Operation::Get(kind, &[ItemId { id, version: "" }]));
        item::items(&message).unwrap().remove(0)
    }
}

fn write_down(body: &[u8]) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let Some(folder) = std::env::var_os("SCHEDULE_SYNC_ENVELOPES").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("codec-{:05}.xml", NUMBER.fetch_add(1, Ordering::Relaxed))), body).unwrap();
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn marker() -> String {
    Marker { activity: Uuid::from_u128(1), mailbox: Uuid::from_u128(2), nonce: "0123456789ab".into() }.encode()
}

const MOSCOW: &str = "Russian Standard Time";

fn appointment() -> Vec<Property> {
    vec![
        Property::Subject("Plan <1> & \"2\"".into()),
        Property::Body("one\ntwo".into()),
        Property::Importance(Level::High),
        Property::Remind(true),
        Property::RemindBefore(30),
        Property::Marker(marker()),
        Property::Start(at("2026-11-24T07:00:00Z")),
        Property::End(at("2026-11-24T08:00:00Z")),
        Property::AllDay(false),
        Property::Location("Байкал".into()),
        Property::StartZone(MOSCOW.into()),
        Property::EndZone(MOSCOW.into()),
    ]
}

#[test]
fn folders_are_listed_with_the_known_ones() {
    let mut desk = Desk::new();
    let top = [Folder::Known("msgfolderroot")];
    let all = item::folders(&desk.one(&Operation::FindFolders(&top, &[]))).unwrap();
    let some = item::folders(&desk.one(&Operation::FindFolders(&top, &["IPF.Appointment", "IPF.Task"]))).unwrap();
    assert!(some.len() == 5 && some.iter().all(|folder| all.contains(folder)));
    let classes = |class: &str| all.iter().filter(|folder| folder.class == class).count();
    assert_eq!((classes("IPF.Appointment"), classes("IPF.Task")), (3, 2));
    assert_eq!(
        all.iter().filter(|folder| !folder.writable).map(|folder| folder.name.as_str()).collect::<Vec<_>>(),
        ["Праздники — Россия"]
    );
    let known =
        [Folder::Known("calendar"), Folder::Known("tasks"), Folder::Known("deleteditems"), Folder::Id("nonsense")];
    let results = desk.ask(&Operation::GetFolders(&known));
    let ids: Vec<Option<String>> =
        results.iter().map(|result| item::folders(result.as_ref().ok()?).ok()?.pop().map(|folder| folder.id)).collect();
    assert!(ids[..3].iter().all(|id| all.iter().any(|folder| Some(&folder.id) == id.as_ref())) && ids[3].is_none());
}

#[test]
fn an_appointment_is_made_found_read_changed_and_deleted_without_a_mail() {
    let mut desk = Desk::new();
    let calendar = Folder::Known("calendar");
    let created = desk.one(&Operation::Create(calendar, Kind::Appointment, &[appointment()]));
    let (id, version) = item::written(&created).unwrap();
    let read = desk.get(Kind::Appointment, &id);
    assert_eq!(
        (read.subject.as_str(), read.body.clone().map(|(text, html)| (text.replace('\r', ""), html))),
        ("Plan <1> & \"2\"", Some(("one\ntwo".into(), false)))
    );
    assert_eq!((read.priority, read.remind, read.remind_before), (Priority::High, true, 30));
    assert_eq!(
        (read.start.map(|at| at.to_utc()), read.location.as_str()),
        (Some(at("2026-11-24T07:00:00Z")), "Байкал")
    );
    assert_eq!((read.version.as_str(), read.marker.clone(), read.ours), (version.as_str(), Some(marker()), true));
    let find = |condition: Condition<'static>| Operation::Find {
        folder: calendar,
        kind: Kind::Appointment,
        condition,
        offset: 0,
        most: 200,
    };
    for (condition, many) in
        [(Condition::Marked, 1), (Condition::Marker("another"), 0), (Condition::Meeting("AAAA"), 0)]
    {
        let found = item::found(&desk.one(&find(condition))).unwrap();
        assert_eq!((found.items.len(), found.next), (many, None), "{condition:?}");
    }
    let state = Operation::Sync { folder: calendar, kind: Kind::Appointment, state: None, most: 512 };
    let page = item::changes(&desk.one(&state)).unwrap();
    assert!(page.last && page.changes.len() == 1);
    let changes = [
        (
            ItemId { id: &id, version: &version },
            vec![Property::Location(String::new()), Property::Subject("Changed".into())],
        ),
        (ItemId { id: &id, version: &version }, vec![Property::Subject("Too late".into())]),
    ];
    let results = desk.ask(&Operation::Update(Kind::Appointment, Told::Nobody, &changes));
    assert!(results[0].is_ok() && results[1].as_ref().is_err_and(Fault::stale));
    let read = desk.get(Kind::Appointment, &id);
    assert_eq!((read.subject.as_str(), read.location.as_str()), ("Changed", ""));
    let ids = [ItemId { id: &id, version: "" }, ItemId { id: &id, version: "" }];
    let results = desk.ask(&Operation::Delete(Told::Nobody, &ids));
    assert!(results[0].is_ok() && results[1].as_ref().is_err_and(Fault::not_found));
    let next = Operation::Sync { folder: calendar, kind: Kind::Appointment, state: Some(&page.state), most: 512 };
    assert_eq!(item::changes(&desk.one(&next)).unwrap().changes, [Change::Gone(id)]);
    assert!(desk.exchange.outbox().is_empty());
    assert_eq!(desk.exchange.items(EUGENE)[0].folder, "Deleted Items");
}

#[test]
fn a_task_keeps_its_days_whatever_the_zone() {
    let mut desk = Desk::new();
    let task = vec![
        Property::Subject("Offer".into()),
        Property::Body("notes".into()),
        Property::Importance(Level::Low),
        Property::RemindAt(Some(at("2026-11-25T06:00:00Z"))),
        Property::Remind(true),
        Property::Marker(marker()),
        Property::DueDate("2026-11-25".parse().ok()),
        Property::StartDate("2026-11-24".parse().ok()),
        Property::Status(Progress::InProgress),
    ];
    let created = desk.one(&Operation::Create(Folder::Known("tasks"), Kind::Task, &[task]));
    let (id, version) = item::written(&created).unwrap();
    for zone in [MOSCOW, "Pacific Standard Time", "UTC"] {
        desk.context.zone = zone.into();
        let read = desk.get(Kind::Task, &id);
        let day = |at: Option<DateTime<chrono::FixedOffset>>| at.map(|at| at.naive_local().to_string());
        assert_eq!(
            (day(read.due_date), day(read.start_date)),
            (Some("2026-11-25 00:00:00".into()), Some("2026-11-24 00:00:00".into())),
            "{zone}"
        );
        assert_eq!(read.remind_at.map(|at| at.to_utc()), Some(at("2026-11-25T06:00:00Z")));
        assert_eq!((read.status, read.delegated, read.recurring), (Some(Status::InProgress), false, false));
    }
    let cleared = vec![
        Property::RemindAt(None),
        Property::Remind(false),
        Property::DueDate(None),
        Property::StartDate(None),
        Property::Status(Progress::Completed),
    ];
    assert!(
        desk.ask(&Operation::Update(Kind::Task, Told::Nobody, &[(ItemId { id: &id, version: &version }, cleared)]))[0]
            .is_ok()
    );
    let read = desk.get(Kind::Task, &id);
    assert_eq!(
        (read.due_date, read.start_date, read.remind, read.status),
        (None, None, false, Some(Status::Completed))
    );
}

#[test]
fn one_bad_item_of_a_long_batch_leaves_the_others_alone() {
    let mut desk = Desk::new();
    let mut items: Vec<Vec<Property>> = (0..120).map(|number| vec![Property::Subject(format!("n{number}"))]).collect();
    items[70] = vec![Property::Start(at("2026-11-24T09:00:00Z")), Property::End(at("2026-11-24T08:00:00Z"))];
    let results = desk.ask(&Operation::Create(Folder::Known("calendar"), Kind::Appointment, &items));
    let bad: Vec<usize> = results.iter().enumerate().filter(|(_, result)| result.is_err()).map(|(at, _)| at).collect();
    assert_eq!((results.len(), bad), (120, vec![70]));
    assert_eq!(desk.exchange.items(EUGENE).len(), 119);
    let ids: Vec<String> = results.iter().flatten().filter_map(item::written).map(|(id, _)| id).collect();
    let ids: Vec<ItemId<'_>> = ids.iter().map(|id| ItemId { id, version: "" }).collect();
    let read = desk.ask(&Operation::Get(Kind::Appointment, &ids));
    let subjects: Vec<String> =
        read.iter().flatten().flat_map(|message| item::items(message).unwrap()).map(|one| one.subject).collect();
    assert_eq!((subjects.len(), subjects[69].as_str(), subjects[70].as_str()), (119, "n69", "n71"));
    let page = item::changes(&desk.one(&Operation::Sync {
        folder: Folder::Known("calendar"),
        kind: Kind::Appointment,
        state: None,
        most: 100,
    }))
    .unwrap();
    assert!(!page.last && page.changes.len() == 100);
    let find = Operation::Find {
        folder: Folder::Known("calendar"),
        kind: Kind::Appointment,
        condition: Condition::Marked,
        offset: 0,
        most: 10,
    };
    assert!(item::found(&desk.one(&find)).unwrap().items.is_empty());
}
