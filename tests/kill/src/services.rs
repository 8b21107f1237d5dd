//! What the emulators hold, asked at their control port, without what a server makes up itself.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Map, Value};

/// Columns and properties that servers make, or that differ with every attempt to create.
const MADE_BY_SERVERS: [&str; 15] = [
    "Id",
    "CreatedOn",
    "ModifiedOn",
    "CreatedById",
    "ModifiedById",
    "id",
    "changeKey",
    "createdDateTime",
    "lastModifiedDateTime",
    "@odata.etag",
    "iCalUId",
    "uid",
    "webLink",
    "transactionId",
    "singleValueExtendedProperties",
];

/// The control port of running emulators.
#[derive(Debug, Clone)]
pub struct Services {
    control: String,
}

impl Services {
    /// Those that said this of themselves.
    #[must_use]
    pub fn at(told: &Value) -> Self {
        Self { control: told["control"].as_str().unwrap().trim_start_matches("http://").to_owned() }
    }

    fn ask(&self, method: &str, path: &str) -> Value {
        let mut stream = TcpStream::connect(&self.control).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: control\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {head}");
        serde_json::from_str(body).unwrap()
    }

    /// Writes that came since the log was forgotten: every operation of a batch counts.
    #[must_use]
    pub fn writes(&self) -> usize {
        let log = self.ask("GET", "/requests");
        let entries = log.as_array().unwrap().iter().filter(|entry| entry["login"] == false);
        entries
            .map(|entry| match entry["parts"].as_array() {
                Some(parts) => parts.iter().filter(|part| part["method"] != "GET").count(),
                None => usize::from(entry["method"] != "GET"),
            })
            .sum()
    }

    /// Forgets what was asked.
    pub fn forget(&self) {
        self.ask("DELETE", "/requests");
    }

    /// Mails that left.
    #[must_use]
    pub fn mails(&self) -> Vec<Value> {
        self.ask("GET", "/outbox").as_array().unwrap().clone()
    }

    /// Activities with their participants, and events with their calendar, in a fixed order.
    #[must_use]
    pub fn view(&self) -> View {
        let state = self.ask("GET", "/state");
        let sets = &state["creatio"]["sets"];
        let rows = |set: &str| sets[set].as_array().cloned().unwrap_or_default();
        let names: BTreeMap<String, String> = rows("Activity")
            .iter()
            .map(|row| (row["Id"].as_str().unwrap().to_owned(), format!("{} {}", row["Title"], row["StartDate"])))
            .collect();
        let named = |mut row: Map<String, Value>| {
            if let Some(name) = row.get("ActivityId").and_then(Value::as_str).and_then(|id| names.get(id)) {
                row.insert("ActivityId".to_owned(), name.clone().into());
            }
            Value::Object(row).to_string()
        };
        let mut activities: Vec<String> = rows("Activity").iter().map(|row| named(plain(row))).collect();
        let mut people: Vec<String> = rows("ActivityParticipant").iter().map(|row| named(plain(row))).collect();
        let mut events = Vec::new();
        for (address, mailbox) in state["graph"]["mailboxes"].as_object().unwrap() {
            for calendar in mailbox["calendars"].as_array().unwrap() {
                for event in calendar["events"].as_array().unwrap() {
                    let mut event = plain(event);
                    event.insert("calendar".to_owned(), format!("{address} {}", calendar["name"]).into());
                    events.push(Value::Object(event).to_string());
                }
            }
            let thrown_away = mailbox["deletedItems"].as_array().unwrap().len();
            events.push(format!("{address}: {thrown_away} deleted items"));
        }
        for list in [&mut activities, &mut people, &mut events] {
            list.sort();
        }
        View { activities, people, events }
    }
}

fn plain(item: &Value) -> Map<String, Value> {
    let mut item = item.as_object().unwrap().clone();
    item.retain(|name, _| !MADE_BY_SERVERS.contains(&name.as_str()));
    item
}

/// What a person sees of both services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Activities.
    pub activities: Vec<String>,
    /// Their participants.
    pub people: Vec<String>,
    /// Events.
    pub events: Vec<String>,
}

impl View {
    fn lists(&self) -> [(&'static str, &Vec<String>); 3] {
        [("activity", &self.activities), ("participant", &self.people), ("event", &self.events)]
    }

    /// What is there more than once.
    #[must_use]
    pub fn doubles(&self) -> Vec<String> {
        self.lists()
            .iter()
            .flat_map(|(what, list)| {
                list.windows(2).filter(|two| two[0] == two[1]).map(move |two| format!("{what} {}", two[0]))
            })
            .collect()
    }

    /// How the other one differs: lines that begin with `-` are missing there, with `+` they are too many.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for ((what, wanted), (_, got)) in self.lists().into_iter().zip(other.lists()) {
            let count = |list: &[String]| {
                let mut count: BTreeMap<String, i64> = BTreeMap::new();
                list.iter().for_each(|line| *count.entry(line.clone()).or_default() += 1);
                count
            };
            let (wanted, mut got) = (count(wanted), count(got));
            for (line, number) in wanted {
                match number - got.remove(&line).unwrap_or_default() {
                    0 => {}
                    less @ 1.. => lines.push(format!("- {less} × {what} {line}")),
                    more => lines.push(format!("+ {} × {what} {line}", -more)),
                }
            }
            lines.extend(got.into_iter().map(|(line, number)| format!("+ {number} × {what} {line}")));
        }
        lines
    }
}
