//! Requests to the OData service: addresses, reads by id, the user and the lookups.

use super::{Creatio, Site, built_in, groups, mapping};
use crate::ask::{Ask, Fault};
use crate::batch::{Endpoint, Part, PartAnswer};
use crate::capability::{Credential, Request};
use crate::http;
use crate::side::Found;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Ids in one `$filter`: Microsoft's OData allows an expression 100 nodes where nobody set another limit, of which
/// `Activity/Id eq … or` takes six, seven where the column may be empty; and IIS a query 2,048 bytes.
pub(super) const IDS: usize = 10;
/// Parts of one batch: ten filters of ten, with who takes part, are a hundred rows with their notes.
const READ_PARTS: usize = 20;
/// What OData v4 of Creatio allows in one batch.
const WRITE_PARTS: usize = 100;
const MAX_BODY: u32 = 8 * 1024 * 1024;
/// What Creatio asks of writes.
const CONTENT_TYPE: &str = "application/json; charset=utf-8; IEEE754Compatible=true";

/// Addresses of one site.
#[derive(Debug, Clone)]
pub struct Client {
    root: String,
}

impl Client {
    /// Of a site and its path of OData v4.
    #[must_use]
    pub fn new(base: &str, odata: &str) -> Self {
        Self { root: format!("{}/{}", base.trim_end_matches('/'), odata.trim_matches('/')) }
    }

    /// A GET below the service root.
    #[must_use]
    pub fn get(&self, relative: &str) -> Request {
        Request {
            method: "GET",
            url: format!("{}/{relative}", self.root),
            headers: vec![("accept".into(), "application/json".into())],
            body: None,
            credential: Credential::Creatio,
            repeatable: true,
            after: 0,
            slots: 1,
            max_body: MAX_BODY,
        }
    }

    /// A write below the service root, on its own.
    #[must_use]
    pub fn change(&self, method: &'static str, relative: &str, body: Option<&Value>) -> Request {
        let mut request = self.get(relative);
        request.method = method;
        request.repeatable = false;
        if let Some(body) = body {
            request.headers.push(("content-type".into(), CONTENT_TYPE.into()));
            request.body = Some(serde_json::to_vec(body).unwrap_or_default());
        }
        request
    }

    /// Address of a page link that the service gave: only one of its own.
    #[must_use]
    pub fn own_link(&self, link: &str) -> Option<String> {
        link.starts_with(&format!("{}/", self.root)).then(|| link.to_owned())
    }

    fn batch(&self, most: usize) -> Endpoint {
        Endpoint {
            url: format!("{}/$batch", self.root),
            credential: Credential::Creatio,
            headers: vec![
                ("content-type".into(), "application/json; odata=verbose; IEEE754Compatible=true".into()),
                ("accept".into(), "application/json".into()),
                // Otherwise the first failing part ends the batch.
                ("prefer".into(), "continue-on-error".into()),
            ],
            most,
            max_body: MAX_BODY,
        }
    }

    /// Reads, in batches.
    #[must_use]
    pub fn reads<'a>(&self, parts: &[Part]) -> Ask<'a, Vec<Result<PartAnswer, Fault>>> {
        self.batch(READ_PARTS).ask(parts, true)
    }

    /// Writes, with reads beside them, in batches that keep `step` parts together.
    #[must_use]
    pub fn writes<'a>(&self, parts: &[Part], step: usize) -> Ask<'a, Vec<Result<PartAnswer, Fault>>> {
        self.batch(WRITE_PARTS / step.max(1) * step.max(1)).ask(parts, false)
    }
}

/// A GET as a part of a batch.
#[must_use]
pub fn get_part(url: String) -> Part {
    Part { method: "GET", url, headers: vec![("accept", "application/json".into())], body: None }
}

/// A write as a part of a batch.
#[must_use]
pub fn body_part(method: &'static str, url: String, body: Value) -> Part {
    Part {
        method,
        url,
        headers: vec![("content-type", CONTENT_TYPE.into()), ("accept", "application/json".into())],
        body: Some(body),
    }
}

/// `Id eq a or Id eq b`: the key is the one lookup that is filtered by its own name.
pub(super) fn any_of(path: &str, ids: &[impl std::fmt::Display]) -> String {
    ids.iter().map(|id| format!("{path} eq {id}")).collect::<Vec<_>>().join(" or ")
}

/// The rows of a collection answer.
///
/// # Errors
/// [`Fault::Garbled`] where it is none.
pub fn rows(body: &Value) -> Result<&Vec<Value>, Fault> {
    body.get("value")
        .and_then(Value::as_array)
        .ok_or_else(|| Fault::Garbled("an OData answer without \"value\"".into()))
}

/// Id of a row, as the engine writes ids.
#[must_use]
pub fn row_id(row: &Value) -> Option<String> {
    row.get("Id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok()).map(|id| id.to_string())
}

/// The site has more rows than it showed: what is not among them is not absent.
fn is_cut(body: &Value) -> bool {
    body.get("@odata.nextLink").is_some_and(|link| !link.is_null())
}

/// The rows of an answer that holds them all.
pub(super) fn whole(body: &Value) -> Result<&Vec<Value>, Fault> {
    if is_cut(body) { Err(Fault::Garbled("a page of rows was cut".into())) } else { rows(body) }
}

/// Activities by id, with all their units.
pub fn read<'a>(side: &'a Creatio, ids: &[String]) -> Ask<'a, Vec<Result<Found, Fault>>> {
    let mut parts = Vec::new();
    for ids in ids.chunks(IDS) {
        let filter = any_of("Id", ids);
        parts.push(get_part(http::with_query(
            "Activity",
            &[("$filter", &filter), ("$select", &mapping::columns(side, true)), ("$top", &IDS.to_string())],
        )));
        if side.shared {
            let filter = format!("({}) and Participant/Id eq {}", any_of("Activity/Id", ids), side.site.contact);
            parts.push(get_part(http::with_query(
                "ActivityParticipant",
                &[("$filter", &filter), ("$select", "Id,ActivityId,ParticipantId"), ("$top", "500")],
            )));
        }
        parts.extend(side.groups.iter().map(|_| groups::membership_part(ids)));
    }
    let ids: Vec<Vec<String>> = ids.chunks(IDS).map(<[String]>::to_vec).collect();
    side.client.reads(&parts).map(move |answers| {
        let step = 1 + usize::from(side.shared) + usize::from(side.groups.is_some());
        let mut found = Vec::new();
        for (ids, answers) in ids.iter().zip(answers.chunks(step)) {
            found.extend(read_chunk(side, ids, answers));
        }
        found
    })
}

fn read_chunk(side: &Creatio, ids: &[String], answers: &[Result<PartAnswer, Fault>]) -> Vec<Result<Found, Fault>> {
    let cut = matches!(answers.first(), Some(Ok(part)) if is_cut(&part.body));
    let rows_by_id = match answers.first() {
        Some(Ok(part)) => rows(&part.body)
            .map(|rows| rows.iter().filter_map(|row| row_id(row).map(|id| (id, row))).collect::<BTreeMap<_, _>>()),
        Some(Err(fault)) => Err(fault.clone()),
        None => Err(Fault::Garbled("no answer".into())),
    };
    let taking_part: Result<BTreeSet<String>, Fault> = match answers.get(1).filter(|_| side.shared) {
        None => Ok(BTreeSet::new()),
        Some(Ok(part)) => rows(&part.body).map(|rows| rows.iter().filter_map(activity_of).collect()),
        Some(Err(fault)) => Err(fault.clone()),
    };
    let grouped = match (&side.groups, answers.last()) {
        (Some(groups), Some(answer)) => groups::grouped(groups, answer).map(Some),
        _ => Ok(None),
    };
    let (rows_by_id, taking_part, grouped) = match (rows_by_id, taking_part, grouped) {
        (Ok(rows), Ok(taking_part), Ok(grouped)) => (rows, taking_part, grouped),
        (Err(fault), ..) | (_, Err(fault), _) | (_, _, Err(fault)) => return vec![Err(fault); ids.len()],
    };
    ids.iter()
        .map(|id| match rows_by_id.get(id) {
            Some(row) => mapping::seen(side, row, taking_part.contains(id), false).map(|mut seen| {
                seen.grouped = grouped.as_ref().is_none_or(|grouped| grouped.contains(id));
                seen.exportable &= seen.grouped;
                Found::Here(Box::new(seen))
            }),
            None if cut => Err(Fault::Garbled("a page of activities was cut".into())),
            None => Ok(Found::Absent),
        })
        .collect()
}

/// The activity a participant row belongs to.
#[must_use]
pub fn activity_of(row: &Value) -> Option<String> {
    row.get("ActivityId").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok()).map(|id| id.to_string())
}

/// Of these activities, those in which others than the account's contact take part.
pub fn shared_with<'a>(side: &'a Creatio, ids: &[String]) -> Ask<'a, Result<BTreeSet<String>, Fault>> {
    let others = format!(" and Participant/Id ne {}", side.site.contact);
    side.client.reads(&participants(ids, &others)).map(|answers| {
        let mut shared = BTreeSet::new();
        for answer in answers {
            shared.extend(whole(&answer?.body)?.iter().filter_map(activity_of));
        }
        Ok(shared)
    })
}

/// Participants of activities, all or as far as a condition lets them through; a part for so many ids.
pub(super) fn participants(ids: &[String], condition: &str) -> Vec<Part> {
    let part = |ids: &[String]| {
        let filter = format!("({}){condition}", any_of("Activity/Id", ids));
        get_part(http::with_query(
            "ActivityParticipant",
            &[("$filter", &filter), ("$select", "Id,ActivityId,ParticipantId"), ("$top", "500")],
        ))
    };
    ids.chunks(IDS).map(part).collect()
}

/// Asks whether any activity of the account's contact can be seen.
pub fn sees_own(side: &Creatio) -> Ask<'_, Result<bool, Fault>> {
    owned(&side.client, side.site.contact)
}

/// Asks whether any activity can be seen that a contact owns.
pub fn owned<'a>(client: &Client, contact: Uuid) -> Ask<'a, Result<bool, Fault>> {
    let filter = format!("Owner/Id eq {contact}");
    let request = client.get(&http::with_query("Activity", &[("$filter", &filter), ("$select", "Id"), ("$top", "1")]));
    Ask::one(request, |answer| Ok(!rows(&http::json(answer)?)?.is_empty()))
}

/// What the site says of the account's user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Whether it can be synchronised for.
    pub standing: Standing,
    /// What time it is there.
    pub date: Option<DateTime<Utc>>,
}

/// Whether a user can be synchronised for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is no such user, or none that the sign-in can see.
    Unknown,
    /// The user is not active.
    Inactive,
    /// The user has no contact, to whom activities could belong.
    WithoutContact,
    /// The user is active and has this contact.
    Active(Uuid),
}

/// Asks for the contact of a user.
pub fn user<'a>(client: &Client, login: &str) -> Ask<'a, Result<User, Fault>> {
    let filter = format!("Name eq '{}'", login.replace('\'', "''"));
    let request = client.get(&http::with_query(
        "SysAdminUnit",
        // Never without $select: the entity has a password column.
        &[("$filter", &filter), ("$select", "Id,Name,ContactId,Active"), ("$top", "5")],
    ));
    Ask::one(request, |answer| {
        let date =
            answer.as_ref().ok().and_then(|response| response.header("date")).and_then(crate::time::parse_http_date);
        let body = http::json(answer)?;
        let active = |row: &&Value| row.get("Active").and_then(Value::as_bool).unwrap_or(true);
        let contact =
            |row: &Value| row.get("ContactId").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
        let known = rows(&body)?;
        let standing = match known.iter().filter(active).filter_map(contact).find(|contact| !contact.is_nil()) {
            Some(contact) => Standing::Active(contact),
            None if known.is_empty() => Standing::Unknown,
            None if known.iter().any(|row| active(&row)) => Standing::WithoutContact,
            None => Standing::Inactive,
        };
        Ok(User { standing, date })
    })
}

/// Asks whether rows of a set can be read at all; gives how many of one there are.
pub fn readable<'a>(client: &Client, set: &str) -> Ask<'a, Result<usize, Fault>> {
    let request = client.get(&http::with_query(set, &[("$select", "Id"), ("$top", "1")]));
    Ask::one(request, |answer| Ok(rows(&http::json(answer)?)?.len()))
}

/// Asks for the name of a contact.
pub fn contact_name<'a>(client: &Client, contact: Uuid) -> Ask<'a, Result<String, Fault>> {
    let request = client.get(&http::with_query(&format!("Contact({contact})"), &[("$select", "Id,Name")]));
    Ask::one(request, |answer| {
        Ok(http::json(answer)?.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned())
    })
}

/// What the lookups say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookups {
    /// Final statuses.
    pub finals: Vec<Uuid>,
    /// Values that the sync writes and that the site does not have, as "lookup id".
    pub missing: Vec<String>,
    /// Creatio's own synchronization serves the mailbox; none where that cannot be told.
    pub built_in: Option<bool>,
}

/// Whether its statuses say which of them are final is up to the site, and a column that is asked for must be there.
const WHOLE: [(&str, &str); 1] = [("$top", "500")];
const KEYS: [(&str, &str); 2] = [("$select", "Id"), ("$top", "500")];

/// Asks for the lookups that the sync depends on, and in the same batch for Creatio's own synchronization.
pub fn lookups<'a>(client: &Client, address: &str) -> Ask<'a, Result<Lookups, Fault>> {
    let sets = ["ActivityStatus", "ActivityCategory", "ActivityType", "ActivityPriority"];
    let query = |set: &str| if set == "ActivityStatus" { &WHOLE[..] } else { &KEYS[..] };
    let mut parts: Vec<Part> = sets.iter().map(|set| get_part(http::with_query(set, query(set)))).collect();
    parts.extend(built_in::parts(address));
    client.reads(&parts).map(move |answers| {
        let built_in = answers.get(sets.len()..).and_then(|answers| built_in::serves(answers).ok());
        let mut lookups = Lookups { finals: Vec::new(), missing: Vec::new(), built_in };
        for (set, answer) in sets.iter().zip(answers) {
            let part = answer?;
            let known: BTreeMap<Uuid, bool> = rows(&part.body)?
                .iter()
                .filter_map(|row| {
                    let id = Uuid::parse_str(row.get("Id")?.as_str()?).ok()?;
                    Some((id, row.get("Finish").and_then(Value::as_bool).unwrap_or(false)))
                })
                .collect();
            if *set == "ActivityStatus" {
                lookups.finals = known.iter().filter(|(_, finish)| **finish).map(|(id, _)| *id).collect();
            }
            for (lookup, id) in mapping::NEEDED {
                if lookup == *set && !known.contains_key(&id) {
                    lookups.missing.push(format!("{lookup} {id}"));
                }
            }
        }
        Ok(lookups)
    })
}

impl Site {
    /// The site as far as constants tell.
    #[must_use]
    pub fn assumed(contact: Uuid) -> Self {
        Self { contact, finals: vec![mapping::STATUS_COMPLETED, mapping::STATUS_CANCELED] }
    }
}
