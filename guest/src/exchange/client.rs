//! Requests to Exchange: operations as envelopes, the folders of the mailbox, whose it is.

use super::{bare, folder_id};
use crate::activity::Kind;
use crate::ask::{Ask, Fault};
use crate::capability::{Credential, Request};
use crate::ews::answer;
use crate::ews::item::{self, Folder as Listed};
use crate::ews::request::{Context, Envelope, Folder, ItemId, Operation};
use crate::ews::xml::Element;
use crate::reason::Reason;
use crate::side;

const MAX_BODY: u32 = 8 * 1024 * 1024;
/// Items of one request: a server stops after a minute of work.
const PARTS: usize = 50;
/// Classes of the folders that are of interest.
const CALENDAR: &str = "IPF.Appointment";
const TASKS: &str = "IPF.Task";

/// The way to one mailbox.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    address: String,
    context: Context,
}

impl Client {
    /// Of an address, a mailbox and the circumstances of its requests.
    #[must_use]
    pub fn new(url: &str, address: &str, context: Context) -> Self {
        Self { url: url.to_owned(), address: address.to_owned(), context }
    }

    /// As many results as the operation has parts, in their order, by as many requests as it takes.
    pub fn ask<'a>(&self, operation: &Operation<'_>) -> Ask<'a, Vec<Result<Element, Fault>>> {
        let repeatable = operation.repeatable();
        let envelopes = operation.envelopes(&self.context, PARTS);
        let asks = envelopes.into_iter().map(|Envelope { body, count }| match body {
            Ok(body) => Ask::one(self.request(body, repeatable), move |answer| answer::messages(answer, count)),
            Err(fault) => Ask::ready(vec![Err(fault); count]),
        });
        Ask::all(asks.collect()).map(|all| all.into_iter().flatten().collect())
    }

    /// The result of an operation that has one part.
    pub fn one<'a>(&self, operation: &Operation<'_>) -> Ask<'a, Result<Element, Fault>> {
        let missing = || Err(Fault::Garbled("an answer without response messages".into()));
        self.ask(operation).map(move |results| results.into_iter().next().unwrap_or_else(missing))
    }

    /// Items of one kind by their ids.
    pub fn get<'a>(&self, kind: Kind, ids: &[&str]) -> Ask<'a, Vec<Result<Element, Fault>>> {
        let ids: Vec<ItemId<'_>> = ids.iter().map(|id| ItemId { id: bare(id), version: "" }).collect();
        self.ask(&Operation::Get(kind, &ids))
    }

    fn request(&self, body: Vec<u8>, repeatable: bool) -> Request {
        Request {
            method: "POST",
            url: self.url.clone(),
            headers: vec![
                ("content-type".into(), "text/xml; charset=utf-8".into()),
                ("accept".into(), "text/xml".into()),
                // Leads to the server that has the mailbox: without it a service account is slow, or refused.
                ("x-anchormailbox".into(), self.address.clone()),
            ],
            body: Some(body),
            credential: Credential::Mailbox,
            repeatable,
            after: 0,
            slots: 1,
            max_body: MAX_BODY,
        }
    }
}

/// The one folder of a message.
fn single(message: Result<Element, Fault>) -> Result<Listed, Fault> {
    let folder = item::folders(&message?)?.into_iter().next();
    folder.ok_or_else(|| Fault::Garbled("an answer without the folder".into()))
}

/// Calendars and task folders of the mailbox, but for what lies in Deleted Items.
pub fn folders(client: &Client) -> Ask<'_, Result<Vec<side::Folder>, Fault>> {
    let above = ["msgfolderroot", "deleteditems"].map(Folder::Known);
    let listed = client.ask(&Operation::FindFolders(&above, &[CALENDAR, TASKS]));
    let known = client.ask(&Operation::GetFolders(&["calendar", "tasks"].map(Folder::Known)));
    listed.and(known).map(|(listed, known)| {
        let too_few = || Fault::Garbled("too few folders".into());
        let mut listed = listed.into_iter().map(|message| item::folders(&message?));
        let all = listed.next().unwrap_or_else(|| Err(too_few()))?;
        let deleted = listed.next().unwrap_or_else(|| Err(too_few()))?;
        let mut known = known.into_iter().map(single);
        let mut next = || known.next().unwrap_or_else(|| Err(too_few()));
        let (calendar, tasks) = (next()?.id, next()?.id);
        let of_interest = all.into_iter().filter(|folder| deleted.iter().all(|one| one.id != folder.id));
        Ok(of_interest.filter_map(|folder| offered(folder, &calendar, &tasks)).collect())
    })
}

fn offered(folder: Listed, calendar: &str, tasks: &str) -> Option<side::Folder> {
    let of = |class: &str| folder.class == class || folder.class.starts_with(&format!("{class}."));
    let (kind, default) = match (of(CALENDAR), of(TASKS)) {
        (true, _) => (Kind::Appointment, calendar),
        (_, true) => (Kind::Task, tasks),
        (false, false) => return None,
    };
    Some(side::Folder {
        is_default: folder.id == default,
        id: folder_id(kind, &folder.id),
        name: folder.name,
        kind,
        writable: folder.writable,
        reason: (!folder.writable).then_some(Reason::FolderReadOnly),
    })
}

/// Ids of Deleted Items and of the folders in it.
pub fn bin(client: &Client) -> Ask<'_, Result<Vec<String>, Fault>> {
    let bin = Folder::Known("deleteditems");
    let folder = client.one(&Operation::GetFolders(&[bin])).map(single);
    folder.and(client.one(&Operation::FindFolders(&[bin], &[]))).map(|(bin, within)| {
        let mut ids = vec![bin?.id];
        ids.extend(item::folders(&within?)?.into_iter().map(|folder| folder.id));
        Ok(ids)
    })
}

/// Whether folders answer, in their order.
pub fn answering<'a>(client: &Client, folders: &[String]) -> Ask<'a, Vec<Result<(), Fault>>> {
    let ids: Vec<Folder<'_>> = folders.iter().map(|folder| Folder::Id(bare(folder))).collect();
    client
        .ask(&Operation::GetFolders(&ids))
        .map(|results| results.into_iter().map(|result| single(result).map(|_| ())).collect())
}

/// Whose mailbox it is: its root folder is the same for ever, wherever the mailbox is moved. What other addresses it has
/// the server does not say.
pub fn owner(client: &Client) -> Ask<'_, Result<side::Owner, Fault>> {
    let root = client.one(&Operation::GetFolders(&[Folder::Known("root")]));
    root.map(|root| Ok(side::Owner { id: single(root)?.id, names: Vec::new() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_offered_by_its_class_and_marked_where_it_may_not_be_written() {
        let folder = |class: &str, writable| Listed { id: "f".into(), class: class.into(), name: "F".into(), writable };
        let offered = |class: &str, writable| offered(folder(class, writable), "f", "t");
        let calendar = offered("IPF.Appointment.Birthday", false).expect("a calendar");
        assert_eq!((calendar.kind, calendar.is_default), (Kind::Appointment, true));
        assert_eq!((calendar.writable, calendar.reason), (false, Some(Reason::FolderReadOnly)));
        let tasks = offered("IPF.Task", true).expect("tasks");
        assert_eq!((tasks.id.as_str(), tasks.is_default, tasks.reason), ("task:f", false, None));
        assert_eq!((offered("IPF.Note", true), offered("IPF.Appointments", true)), (None, None));
    }
}
