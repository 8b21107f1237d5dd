//! Groups of activities. The members of a static one stand in ActivityInFolder; one that is a search has none, and which
//! activities it finds is known to Creatio's own pages only. Newer sites keep their groups, all of them searches, in
//! FolderTree; a site may have either set, both, or none.

use super::Creatio;
use super::client::{Client, any_of, get_part, rows, whole};
use super::mapping::guid;
use crate::ask::{Ask, Fault};
use crate::batch::{Part, PartAnswer};
use crate::digest::Digest;
use crate::http;
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::{Uuid, uuid};

/// Type of a static group.
const STATIC: Uuid = uuid!("9dc5f6e6-2a61-4de8-a059-de30f4e74f24");
/// Type of one that is a search.
const SEARCH: Uuid = uuid!("65ca0946-0084-4874-b117-c13199af3b95");
/// Groups of a site in one page: nobody has more.
const GROUPS: &str = "2000";
/// Memberships a page.
const PAGE: usize = 500;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// It is a search, whose members nothing lists.
    pub search: bool,
}

/// The selected groups, and a mark that is another one when their members are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Those of them that there are.
    pub groups: Vec<Group>,
    /// How many memberships there are and which is the newest: whoever joins or leaves changes one of the two.
    pub mark: Digest,
    /// How many memberships there are.
    pub count: Option<usize>,
}

/// A page of the members of the selected groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// Activities.
    pub activities: Vec<Uuid>,
    /// How many rows it had.
    pub rows: usize,
    /// It was the last one.
    pub complete: bool,
}

/// What answered a part.
type Answer = Result<PartAnswer, Fault>;

/// Asks for all groups of the site.
pub fn list<'a>(client: &Client) -> Ask<'a, Result<Vec<Group>, Fault>> {
    let part = |set: &str, query: &[(&str, &str)]| {
        let mut all = query.to_vec();
        all.extend([("$orderby", "Name"), ("$top", GROUPS)]);
        get_part(http::with_query(set, &all))
    };
    let parts = [
        part("ActivityFolder", &[("$select", "Id,Name,FolderTypeId")]),
        part("FolderTree", &[("$filter", "EntitySchemaName eq 'Activity'"), ("$select", "Id,Name")]),
    ];
    client.reads(&parts).map(|answers| match answers.as_slice() {
        [folders, tree] => groups(folders, tree),
        _ => Err(Fault::Garbled("a batch with too few answers".into())),
    })
}

/// Asks for the selected groups.
pub fn selected<'a>(client: &Client, ids: &[Uuid]) -> Ask<'a, Result<Selected, Fault>> {
    let by_id = any_of("Id", ids);
    let parts = [
        get_part(http::with_query("ActivityFolder", &[("$filter", &by_id), ("$select", "Id,Name,FolderTypeId")])),
        get_part(http::with_query(
            "ActivityInFolder",
            &[
                ("$filter", &any_of("Folder/Id", ids)),
                ("$orderby", "ModifiedOn desc,Id"),
                ("$select", "Id,ModifiedOn"),
                ("$top", "1"),
                ("$count", "true"),
            ],
        )),
        // Last, because older sites do not have it.
        get_part(http::with_query(
            "FolderTree",
            &[("$filter", &format!("({by_id}) and EntitySchemaName eq 'Activity'")), ("$select", "Id,Name")],
        )),
    ];
    let ids = ids.to_vec();
    client.reads(&parts).map(move |answers| {
        let [folders, newest, tree] = answers.as_slice() else {
            return Err(Fault::Garbled("a batch with too few answers".into()));
        };
        let (groups, newest) = (groups(folders, tree)?, known(newest)?);
        let text = |name: &str| newest.pointer(&format!("/value/0/{name}")).cloned().unwrap_or_default();
        let count = newest.get("@odata.count").and_then(super::feed::count);
        let mark = Digest::of(&(ids, count, text("Id"), text("ModifiedOn")));
        Ok(Selected { groups, mark, count })
    })
}

/// The body of an answer; an empty one where the site does not have the set.
fn known(answer: &Answer) -> Result<Value, Fault> {
    match answer {
        Ok(part) => Ok(part.body.clone()),
        Err(fault) if fault.not_found() => Ok(serde_json::json!({ "value": [] })),
        Err(fault) => Err(fault.clone()),
    }
}

fn groups(folders: &Answer, tree: &Answer) -> Result<Vec<Group>, Fault> {
    let group = |row: &Value, search: bool| {
        let name = row.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Group { id: Uuid::parse_str(row.get("Id")?.as_str()?).ok()?, name, search })
    };
    let mut all = Vec::new();
    for row in whole(&known(folders)?)? {
        match guid(row, "FolderTypeId") {
            kind if kind == STATIC || kind.is_nil() => all.extend(group(row, false)),
            SEARCH => all.extend(group(row, true)),
            // Folders of mailboxes hold e-mails.
            _ => {}
        }
    }
    all.extend(whole(&known(tree)?)?.iter().filter_map(|row| group(row, true)));
    Ok(all)
}

/// A page of the members of the selected groups, behind so many rows.
pub fn members(side: &Creatio, skip: usize) -> Ask<'_, Result<Members, Fault>> {
    let filter = any_of("Folder/Id", side.groups.as_deref().unwrap_or_default());
    let request = side.client.get(&http::with_query(
        "ActivityInFolder",
        &[
            ("$filter", &filter),
            ("$orderby", "Id"),
            ("$select", "Id,ActivityId"),
            ("$top", &PAGE.to_string()),
            ("$skip", &skip.to_string()),
            ("$count", "true"),
        ],
    ));
    Ask::one(request, move |answer| {
        let body = http::json(answer)?;
        let rows = rows(&body)?;
        let linked = body.get("@odata.nextLink").is_some_and(|link| !link.is_null());
        let complete = match body.get("@odata.count").and_then(super::feed::count) {
            Some(count) => skip + rows.len() >= count && !linked,
            None => rows.len() < PAGE && !linked,
        };
        if rows.is_empty() && !complete {
            return Err(Fault::Garbled("a page of group members without rows although there are more".into()));
        }
        let activities = rows.iter().map(|row| guid(row, "ActivityId")).filter(|id| !id.is_nil()).collect();
        Ok(Members { activities, rows: rows.len(), complete })
    })
}

/// Which of these activities are in one of the selected groups.
pub fn membership_part(groups: &[Uuid], ids: &[String]) -> Part {
    let filter = format!("({}) and ({})", any_of("Activity/Id", ids), any_of("Folder/Id", groups));
    get_part(http::with_query(
        "ActivityInFolder",
        &[("$filter", &filter), ("$select", "Id,ActivityId"), ("$top", "5000")],
    ))
}

/// What such a part says; one that was cut says nothing.
///
/// # Errors
/// What the site complained of.
pub fn grouped(answer: &Answer) -> Result<BTreeSet<String>, Fault> {
    let part = answer.as_ref().map_err(Clone::clone)?;
    Ok(whole(&part.body)?.iter().filter_map(super::client::activity_of).collect())
}
