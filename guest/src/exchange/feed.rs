//! `SyncFolderItems`: the changes of one folder.
//!
//! It has no window of time and shows what a search would show: no bodies, nobody invited. So what it shows is partial and
//! has to be read; what ended before the first day is left alone without being read. Single items and masters alone are
//! told: a change of an occurrence is one of its series.

use super::{Exchange, bare, item_id, kind_of, mapping};
use crate::activity::Kind;
use crate::ask::{Ask, Fault};
use crate::ews::item::{self, Change};
use crate::ews::request::{Folder, Operation};
use crate::ews::xml::Element;
use crate::reason::Reason;
use crate::side::{Feed, From, Observed, Page};
use crate::time;
use chrono::NaiveDate;

/// Changes a page: the most that a server gives.
pub const PAGE: u32 = 512;
/// Part of the feed of a folder with tasks: open ones count from any date.
const TASKS: &str = "tasks";

/// The one feed of a folder. A calendar's begins with the earliest first day that it ever had; one that is set back makes
/// another feed, which shows what the other passed over.
#[must_use]
pub fn of(folder: &str, from: NaiveDate, known: &[Feed]) -> Feed {
    let part = match kind_of(folder) {
        Kind::Task => TASKS.to_owned(),
        Kind::Appointment => {
            let days = known.iter().filter(|feed| feed.folder == folder).filter_map(|feed| feed.part.parse().ok());
            days.chain([from]).min().unwrap_or(from).to_string()
        }
    };
    Feed { folder: folder.to_owned(), part }
}

/// The next page.
pub fn pull<'a>(side: &'a Exchange, feed: &'a Feed, from: &From, size: u32) -> Ask<'a, Result<Page, Fault>> {
    let state = match from {
        From::Start => None,
        From::Cursor(state) => Some(state.as_str()),
    };
    let folder = Folder::Id(bare(&feed.folder));
    let operation = Operation::Sync { folder, kind: kind_of(&feed.folder), state, most: size.clamp(1, PAGE) };
    side.client.one(&operation).map(move |message| decode(side, feed, &message?))
}

fn decode(side: &Exchange, feed: &Feed, message: &Element) -> Result<Page, Fault> {
    let page = item::changes(message)?;
    let first = feed.part.parse().ok().map(|day| time::midnight(side.zone, day));
    let observed = |change| match change {
        Change::Gone(id) => Observed::Missing(item_id(kind_of(&feed.folder), &id)),
        Change::Here(item) => {
            let mut seen = mapping::seen(side, &item);
            seen.partial = true;
            let over = seen.when().zip(first).is_some_and(|(when, first)| when.end <= first);
            if over && seen.marker.is_none() && seen.left_alone.is_none() {
                seen.left_alone = Some(Reason::OutOfWindow);
            }
            seen.folder.get_or_insert_with(|| feed.folder.clone());
            Observed::Here(Box::new(seen))
        }
    };
    Ok(Page { items: page.changes.into_iter().map(observed).collect(), cursor: page.state, complete: page.last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    #[test]
    fn a_feed_keeps_its_first_day_until_an_earlier_one_is_wanted() {
        let first = of("c", day("2026-11-15"), &[]);
        assert_eq!(first.part, "2026-11-15");
        assert_eq!(of("c", day("2026-12-15"), std::slice::from_ref(&first)), first);
        let earlier = of("c", day("2020-01-01"), std::slice::from_ref(&first));
        assert_eq!(earlier.part, "2020-01-01");
        assert_eq!(of("c", day("2026-12-15"), &[first.clone(), earlier.clone()]), earlier);
        assert_eq!(of("d", day("2026-12-15"), &[first]).part, "2026-12-15");
        assert_eq!(of("task:t", day("2026-12-15"), &[]).part, "tasks");
    }
}
