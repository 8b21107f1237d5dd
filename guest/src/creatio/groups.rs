//! Groups of activities. The members of a static one stand in ActivityInFolder; one that is a search has none, and which
//! activities it finds is known to Creatio's own pages only. Newer sites keep their groups, all of them searches, in
//! FolderTree; a site may have either set, both, or none.

use super::client::{Client, IDS, any_of, get_part, rows, whole};
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

/// Where the listing of some groups' members goes on: there are as many of them as one filter holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    groups: Vec<Uuid>,
    skip: usize,
}

/// A page of members from each of some places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Members {
    /// Activities.
    pub activities: Vec<Uuid>,
    /// How many rows there were.
    pub rows: usize,
    /// Where there are more.
    pub rest: Vec<Place>,
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
    let each = |part: fn(&[Uuid]) -> Part| ids.chunks(IDS).map(part);
    // The tree comes last, because older sites do not have it.
    let parts: Vec<Part> = each(folders_part).chain(each(newest_part)).chain(each(tree_part)).collect();
    let ids = ids.to_vec();
    client.reads(&parts).map(move |answers| {
        let mut selected = Selected { groups: Vec::new(), mark: Digest::of(&()), count: Some(0) };
        let filters = ids.chunks(IDS).len();
        let mut marks = Vec::new();
        for at in 0..filters {
            let (folders, newest, tree) = (answers.get(at), answers.get(filters + at), answers.get(2 * filters + at));
            let (Some(folders), Some(newest), Some(tree)) = (folders, newest, tree) else {
                return Err(Fault::Garbled("a batch with too few answers".into()));
            };
            selected.groups.extend(groups(folders, tree)?);
            let newest = known(newest)?;
            let text = |name: &str| newest.pointer(&format!("/value/0/{name}")).cloned().unwrap_or_default();
            let count = newest.get("@odata.count").and_then(super::feed::count);
            marks.push((count, text("Id"), text("ModifiedOn")));
            selected.count = selected.count.zip(count).map(|(all, these)| all + these);
        }
        selected.mark = Digest::of(&(ids, marks));
        Ok(selected)
    })
}

fn folders_part(ids: &[Uuid]) -> Part {
    let filter = any_of("Id", ids);
    get_part(http::with_query("ActivityFolder", &[("$filter", &filter), ("$select", "Id,Name,FolderTypeId")]))
}

fn newest_part(ids: &[Uuid]) -> Part {
    get_part(http::with_query(
        "ActivityInFolder",
        &[
            ("$filter", &any_of("Folder/Id", ids)),
            ("$orderby", "ModifiedOn desc,Id"),
            ("$select", "Id,ModifiedOn"),
            ("$top", "1"),
            ("$count", "true"),
        ],
    ))
}

fn tree_part(ids: &[Uuid]) -> Part {
    let filter = format!("({}) and EntitySchemaName eq 'Activity'", any_of("Id", ids));
    get_part(http::with_query("FolderTree", &[("$filter", &filter), ("$select", "Id,Name")]))
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

/// Where the listing of these groups' members begins.
#[must_use]
pub fn places(groups: &[Uuid]) -> Vec<Place> {
    groups.chunks(IDS).map(|groups| Place { groups: groups.to_vec(), skip: 0 }).collect()
}

/// A page of members from each of these places.
pub fn members<'a>(client: &Client, places: Vec<Place>) -> Ask<'a, Result<Members, Fault>> {
    let parts: Vec<Part> = places.iter().map(page_part).collect();
    client.reads(&parts).map(move |answers| {
        let mut members = Members::default();
        for (place, answer) in places.into_iter().zip(answers) {
            page(place, &answer?.body, &mut members)?;
        }
        Ok(members)
    })
}

fn page_part(place: &Place) -> Part {
    get_part(http::with_query(
        "ActivityInFolder",
        &[
            ("$filter", &any_of("Folder/Id", &place.groups)),
            ("$orderby", "Id"),
            ("$select", "Id,ActivityId"),
            ("$top", &PAGE.to_string()),
            ("$skip", &place.skip.to_string()),
            ("$count", "true"),
        ],
    ))
}

fn page(mut place: Place, body: &Value, members: &mut Members) -> Result<(), Fault> {
    let rows = rows(body)?;
    place.skip += rows.len();
    let linked = body.get("@odata.nextLink").is_some_and(|link| !link.is_null());
    let complete = match body.get("@odata.count").and_then(super::feed::count) {
        Some(count) => place.skip >= count && !linked,
        None => rows.len() < PAGE && !linked,
    };
    if rows.is_empty() && !complete {
        return Err(Fault::Garbled("a page of group members without rows although there are more".into()));
    }
    members.rows += rows.len();
    members.activities.extend(rows.iter().map(|row| guid(row, "ActivityId")).filter(|id| !id.is_nil()));
    if !complete {
        members.rest.push(place);
    }
    Ok(())
}

/// The groups that these activities are in. Which are selected is looked at here: activities times groups would not fit a
/// filter, and an activity is in few groups.
pub fn membership_part(ids: &[String]) -> Part {
    get_part(http::with_query(
        "ActivityInFolder",
        &[("$filter", &any_of("Activity/Id", ids)), ("$select", "Id,ActivityId,FolderId"), ("$top", "5000")],
    ))
}

/// Which activities are in one of the selected groups, as such a part says; one that was cut says nothing.
///
/// # Errors
/// What the site complained of.
pub fn grouped(groups: &[Uuid], answer: &Answer) -> Result<BTreeSet<String>, Fault> {
    let part = answer.as_ref().map_err(Clone::clone)?;
    let selected = |row: &&Value| groups.contains(&guid(row, "FolderId"));
    Ok(whole(&part.body)?.iter().filter(selected).filter_map(super::client::activity_of).collect())
}
