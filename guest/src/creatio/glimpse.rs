//! Glimpses of many activities: which can still be seen, in which version, and whether they are still any business of the
//! account's contact. Nothing else tells that somebody was taken out: his row is gone, and the activity is as it was.

use super::client::{IDS, activity_of, any_of, get_part, participants, row_id, whole};
use super::{Creatio, mapping};
use crate::ask::{Ask, Fault};
use crate::batch::Part;
use crate::http;
use serde_json::Value;
use std::collections::BTreeMap;

/// An activity that can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// Its version.
    pub version: String,
    /// The account's contact owns it; where all that the user sees is exported, whoever does.
    pub owner: bool,
    /// The account's contact wrote it.
    pub author: bool,
    /// The account's contact takes part in it; none where that was not asked, or where no participant shows: rights that hide
    /// the rows take nobody out.
    pub part: Option<bool>,
}

/// Glimpses of activities, as many results as ids. Whether the contact takes part is asked of these of them.
pub fn glimpses<'a>(
    side: &'a Creatio,
    ids: &[String],
    partly: &[String],
) -> Ask<'a, Vec<Result<Option<Glimpse>, Fault>>> {
    let columns = if side.shared { "Id,ModifiedOn,OwnerId,AuthorId" } else { "Id,ModifiedOn" };
    let query = |ids: &[String]| {
        let (filter, top) = (any_of("Id", ids), IDS.to_string());
        get_part(http::with_query("Activity", &[("$filter", &filter), ("$select", columns), ("$top", &top)]))
    };
    let mut parts: Vec<Part> = ids.chunks(IDS).map(query).collect();
    let asked: Vec<String> = if side.shared { partly.to_vec() } else { Vec::new() };
    parts.extend(participants(&asked, ""));
    let ids: Vec<Vec<String>> = ids.chunks(IDS).map(<[String]>::to_vec).collect();
    side.client.reads(&parts).map(move |answers| {
        let mut answers = answers.into_iter();
        let rows: Vec<_> = answers.by_ref().take(ids.len()).collect();
        let mut part: BTreeMap<String, bool> = BTreeMap::new();
        for answer in answers.flatten() {
            // A page that was cut tells nothing.
            for row in whole(&answer.body).into_iter().flatten() {
                if let Some(activity) = activity_of(row) {
                    *part.entry(activity).or_default() |= mapping::guid(row, "ParticipantId") == side.site.contact;
                }
            }
        }
        let glimpses = ids.iter().zip(rows).flat_map(|(ids, answer)| {
            match answer.and_then(|answer| whole(&answer.body).cloned()) {
                Ok(rows) => {
                    let known: BTreeMap<String, &Value> =
                        rows.iter().filter_map(|row| Some((row_id(row)?, row))).collect();
                    let glimpse = |id: &String| known.get(id).map(|row| glimpse(side, row, part.get(id).copied()));
                    ids.iter().map(|id| Ok(glimpse(id))).collect::<Vec<_>>()
                }
                Err(fault) => vec![Err(fault); ids.len()],
            }
        });
        glimpses.collect()
    })
}

fn glimpse(side: &Creatio, row: &Value, part: Option<bool>) -> Glimpse {
    let contact = side.site.contact;
    Glimpse {
        version: mapping::version(row),
        owner: !side.shared || mapping::guid(row, "OwnerId") == contact,
        author: mapping::guid(row, "AuthorId") == contact,
        part,
    }
}
