//! The test item in Creatio, and the questions that only a site itself can answer.

use super::super::Staged;
use super::super::check::{Checked, Verdict};
use super::{END, START, TITLE, Wire};
use crate::activity::Kind;
use crate::ask::Fault;
use crate::capability::Capabilities;
use crate::creatio::client::{Client, rows};
use crate::creatio::mapping::{self, instant};
use crate::http;
use crate::identity;
use crate::reason::Reason;
use crate::settings::Settings;
use crate::time;
use serde_json::{Value, json};
use uuid::Uuid;

const COLUMNS: &str = "Id,Title,StartDate,DueDate,ModifiedOn,OwnerId,ContactId,RemindToOwnerDate";
/// What an empty date is in the answers.
const NO_DATE: &str = "0001-01-01T00:00:00Z";

/// The test item of an account.
struct Item<'a> {
    wire: Wire<'a>,
    client: Client,
    id: Uuid,
    contact: Uuid,
}

/// Tries it.
pub(in crate::run) fn probe(
    caps: Capabilities<'_>,
    settings: &Settings,
    contact: Uuid,
    told: &mut Checked,
) -> Staged<()> {
    let account = &settings.account;
    let client = Client::new(&account.creatio, &account.odata);
    let id = identity::test_item(&account.tenant, &account.id, "activity");
    let item = Item { wire: Wire::new(caps), client, id, contact };
    // One that was left behind would make the creation fail.
    let left = item.delete(id);
    let outcome = left.and_then(|()| item.work(settings, told));
    let gone = item.delete(id);
    match (&outcome, &gone) {
        (Ok(()), Ok(())) => told.tell("writing", Verdict::Good, Reason::CreatioWritten, ""),
        (Err(text), _) | (Ok(()), Err(text)) => {
            told.tell("writing", Verdict::Bad, Reason::CreatioUnwritable, text.clone());
        }
    }
    if let Err(text) = gone {
        told.tell("writing", Verdict::Bad, Reason::ProbeLeft, format!("Activity {id}, \"{TITLE}\": {text}"));
    }
    Ok(())
}

impl Item<'_> {
    /// Makes it, changes it, and asks what it can tell.
    fn work(&self, settings: &Settings, told: &mut Checked) -> Result<(), String> {
        let created = self.wire.ask(self.client.change("POST", "Activity", Some(&self.row())));
        // A creation may report an error after the row was saved: the row itself tells.
        let row = match (self.read(self.id), created) {
            (Ok(Some(row)), _) => row,
            (_, Err(fault)) => return Err(format!("POST Activity: {fault}")),
            (Ok(None), Ok(_)) => return Err("POST Activity was accepted, and the row cannot be read back".into()),
            (Err(fault), Ok(_)) => return Err(format!("GET Activity: {fault}")),
        };
        answer(told, Reason::ProbeTimes, times(&row));
        let title = format!("{TITLE} (changed)");
        self.patch(self.id, &json!({ "Title": title })).map_err(|fault| format!("PATCH Activity: {fault}"))?;
        let changed = self.read(self.id).map_err(|fault| format!("GET Activity: {fault}"))?.unwrap_or_default();
        if changed.get("Title").and_then(Value::as_str) != Some(&title) {
            return Err("PATCH Activity was accepted, and changed nothing".into());
        }
        answer(told, Reason::ProbePatchMissing, self.patch_missing(settings));
        answer(told, Reason::ProbePostExisting, self.post_existing());
        answer(told, Reason::ProbeClearLookup, self.clear("ContactId", &json!(Uuid::nil()), lookup_is_set));
        answer(told, Reason::ProbeClearDate, self.clear("RemindToOwnerDate", &json!(NO_DATE), date_is_set));
        let expand = self.query(&format!("Id eq {}", self.id), Some("ActivityParticipantCollectionByActivity"));
        answer(told, Reason::ProbeExpand, expand);
        let any = format!("ActivityParticipantCollectionByActivity/any(p:p/Participant/Id eq {})", self.contact);
        answer(told, Reason::ProbeAny, self.query(&any, None));
        let own = format!("OwnerId eq {} and Id eq {}", self.contact, self.id);
        answer(told, Reason::ProbeLookupFilter, self.query(&own, None));
        self.participants(told);
        let (waits, pages) = (self.wire.waits.get(), self.wire.pages.get());
        answer(told, Reason::ProbeLimits, if waits + pages == 0 { "no".into() } else { format!("{waits}, {pages}") });
        Ok(())
    }

    fn row(&self) -> Value {
        let mut row = mapping::new_row(self.id, Kind::Appointment, self.contact);
        let more = [
            ("Title", json!(TITLE)),
            ("StartDate", json!(START)),
            ("DueDate", json!(END)),
            ("ContactId", json!(self.contact)),
            // A date that reminds nobody.
            ("RemindToOwner", json!(false)),
            ("RemindToOwnerDate", json!(START)),
        ];
        row.extend(more.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(row)
    }

    fn read(&self, id: Uuid) -> Result<Option<Value>, Fault> {
        let filter = format!("Id eq {id}");
        let path = http::with_query("Activity", &[("$filter", &filter), ("$select", COLUMNS), ("$top", "1")]);
        Ok(rows(&self.wire.ask(self.client.get(&path))?)?.first().cloned())
    }

    fn patch(&self, id: Uuid, body: &Value) -> Result<Value, Fault> {
        self.wire.ask(self.client.change("PATCH", &format!("Activity({id})"), Some(body)))
    }

    /// Deletes a row of the test, if it is there, and looks that it is gone.
    fn delete(&self, id: Uuid) -> Result<(), String> {
        let there =
            |this: &Self| this.read(id).map(|row| row.is_some()).map_err(|fault| format!("GET Activity: {fault}"));
        if !there(self)? {
            return Ok(());
        }
        let deleted = self.wire.ask(self.client.change("DELETE", &format!("Activity({id})"), None));
        match (there(self)?, deleted) {
            (false, _) => Ok(()),
            (true, Err(fault)) => Err(format!("DELETE Activity: {fault}")),
            (true, Ok(_)) => Err("DELETE Activity was accepted, and the row is still there".into()),
        }
    }

    fn patch_missing(&self, settings: &Settings) -> String {
        let nobody = identity::test_item(&settings.account.tenant, &settings.account.id, "nobody");
        let said = match self.patch(nobody, &json!({ "Title": TITLE })) {
            Ok(_) => "a success".to_owned(),
            Err(fault) => short(&fault),
        };
        // A site that makes the row must not keep it.
        match (self.read(nobody), self.delete(nobody)) {
            (Ok(Some(_)), Ok(())) => format!("{said}, and the row is made"),
            (Ok(Some(_)), Err(left)) => format!("{said}, and the row {nobody} is made and stays: {left}"),
            _ => said,
        }
    }

    fn post_existing(&self) -> String {
        match self.wire.ask(self.client.change("POST", "Activity", Some(&self.row()))) {
            Ok(_) => "a success".to_owned(),
            Err(fault) => short(&fault),
        }
    }

    /// What empties a column: null, or what an empty one shows.
    fn clear(&self, column: &str, empty: &Value, is_set: fn(&Value, &str) -> bool) -> String {
        for (name, value) in [("null", &Value::Null), ("its empty value", empty)] {
            match self.read(self.id) {
                Ok(Some(row)) if is_set(&row, column) => {}
                _ => return format!("not told: {column} was empty before"),
            }
            let patched = self.patch(self.id, &json!({ column: value }));
            if patched.is_ok() && matches!(self.read(self.id), Ok(Some(row)) if !is_set(&row, column)) {
                return name.to_owned();
            }
        }
        "neither null nor its empty value".to_owned()
    }

    /// Whether a query is understood.
    fn query(&self, filter: &str, expand: Option<&str>) -> String {
        let mut query = vec![("$filter", filter), ("$select", "Id"), ("$top", "1")];
        query.extend(expand.map(|collection| ("$expand", collection)));
        match self.wire.ask(self.client.get(&http::with_query("Activity", &query))) {
            Ok(body) => match rows(&body).map(|rows| rows.first().cloned()) {
                Ok(Some(row)) if expand.is_some_and(|collection| row.get(collection).is_none()) => {
                    "no: it is passed over".to_owned()
                }
                Ok(Some(_)) => "yes".to_owned(),
                Ok(None) => "no: it finds nothing".to_owned(),
                Err(fault) => format!("no: {}", short(&fault)),
            },
            Err(fault) => format!("no: {}", short(&fault)),
        }
    }

    fn participants(&self, told: &mut Checked) {
        let filter = format!("Activity/Id eq {}", self.id);
        let path = http::with_query(
            "ActivityParticipant",
            &[("$filter", &filter), ("$select", "Id,ActivityId,ParticipantId"), ("$top", "20")],
        );
        let found = match self.wire.ask(self.client.get(&path)).and_then(|body| rows(&body).cloned()) {
            Ok(found) => found,
            Err(fault) => return answer(told, Reason::ProbeParticipants, format!("not told: {}", short(&fault))),
        };
        let owner = found.iter().filter(|row| mapping::guid(row, "ParticipantId") == self.contact).count();
        let others = found.len().saturating_sub(owner);
        let said = match (owner, others) {
            (0, 0) => "none".to_owned(),
            (_, 0) => "the owner".to_owned(),
            (0, others) => format!("{others} others"),
            (_, others) => format!("the owner, and {others} others"),
        };
        answer(told, Reason::ProbeParticipants, said);
        let stamped = self.stamped(found.first()).unwrap_or_else(|fault| format!("not told: {}", short(&fault)));
        answer(told, Reason::ProbeParticipantStamp, stamped);
    }

    /// Whether an edit of a participant moves the activity's stamp; makes a participant where there is none.
    fn stamped(&self, participant: Option<&Value>) -> Result<String, Fault> {
        let one = match participant {
            Some(row) => mapping::guid(row, "Id"),
            None => {
                let id = Uuid::new_v5(&self.id, b"participant");
                let body = json!({ "Id": id, "ActivityId": self.id, "ParticipantId": self.contact });
                self.wire.ask(self.client.change("POST", "ActivityParticipant", Some(&body)))?;
                id
            }
        };
        let stamp = || self.read(self.id).map(|row| row.and_then(|row| instant(&row, "ModifiedOn")));
        let before = stamp()?;
        let path = format!("ActivityParticipant({one})");
        self.wire.ask(self.client.change("PATCH", &path, Some(&json!({ "ReadMark": true }))))?;
        Ok(if stamp()? == before { "no".into() } else { "yes".into() })
    }
}

fn answer(told: &mut Checked, question: Reason, said: String) {
    told.tell("questions", Verdict::Note, question, said);
}

fn times(row: &Value) -> String {
    let (written, read) = (time::parse_instant(START), instant(row, "StartDate"));
    match read {
        read if read == written => "as they were written".to_owned(),
        Some(read) => format!("{START} as {}", time::iso(read)),
        None => format!("{START} as nothing"),
    }
}

fn lookup_is_set(row: &Value, column: &str) -> bool {
    !mapping::guid(row, column).is_nil()
}

fn date_is_set(row: &Value, column: &str) -> bool {
    instant(row, column).is_some()
}

fn short(fault: &Fault) -> String {
    match fault {
        Fault::Refused { status, message, .. } => format!("{status} {}", crate::text::cut(message, 120)),
        other => other.to_string(),
    }
}
