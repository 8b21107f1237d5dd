//! `FindItem`: what lies in a folder, by condition and order, or as a calendar shows it.

use chrono::{DateTime, Utc};

use super::Exchange;
use super::envelope::Call;
use super::folders::Page;
use super::item::Seen;
use super::patch::{Field, field};
use super::problem::{Done, Problem};
use super::properties::Property;
use super::restriction::{self, Comparable};
use super::shape::Shape;
use super::show::{View, extended};
use super::times;
use super::xml::{Node, m, t};

/// A calendar view spans so many days at most.
const WIDEST_DAYS: i64 = 2 * 365 + 1;

/// An item that is compared.
struct Row<'a> {
    view: &'a View,
    seen: Seen<'a>,
}

impl Comparable for Row<'_> {
    fn named(&self, name: &str) -> Option<String> {
        let node = self.view.named(&self.seen, name, Some("Text"))?;
        let inner = node.child("Mailbox").and_then(|mailbox| mailbox.text_of("Name"));
        let several: Vec<&str> = node.children.iter().map(|child| child.text.as_str()).collect();
        Some(match (node.attribute("Id"), inner) {
            (Some(id), _) => id.to_owned(),
            (None, Some(name)) => name.to_owned(),
            (None, None) if !several.is_empty() => several.join(";"),
            (None, None) => node.text,
        })
    }

    fn extended(&self, property: &Property) -> Option<Vec<String>> {
        extended(&self.seen, property)
    }
}

impl Exchange {
    /// `FindItem` in one folder.
    pub(super) fn find_item(&mut self, call: &Call<'_>, node: &Node) -> Done<Vec<Node>> {
        let operation = call.operation;
        let shape = Shape::read(operation.child("ItemShape"))?;
        let (at, folder) = self.folder_of(call, node)?;
        let view = self.view(at, call, true)?;
        let mailbox = self.mailbox(at)?;
        if operation.attribute("Traversal") != Some("Shallow") {
            // Neither associated items nor those of the dumpster are kept.
            return Ok(vec![answer(&view, &[], &shape, 0, true, None)]);
        }
        if operation.child("QueryString").is_some() {
            return Err(Problem::new("ErrorContentIndexingNotEnabled", "Content indexing is not enabled."));
        }
        let condition = operation.child("Restriction").and_then(|node| node.children.first());
        if let Some(wanted) = operation.child("CalendarView") {
            if condition.is_some() || operation.child("SortOrder").is_some() {
                let text = "Restrictions and sort order may not be specified for a CalendarView.";
                return Err(Problem::new("ErrorInvalidRequest", text));
            }
            let folder = mailbox.folders.get(&folder).filter(|folder| folder.is_calendar()).ok_or_else(|| {
                Problem::new("ErrorCalendarFolderIsInvalidForCalendarView", "Calendar views need a calendar folder.")
            })?;
            let (from, to) = window(call, wanted)?;
            let mut found = Vec::new();
            for item in mailbox.items_in(folder.key) {
                match item.series() {
                    Some(_) => found.extend(item.instances(from, to)),
                    None => found.extend(Some(item.whole()).filter(|seen| seen.overlaps(from, to))),
                }
            }
            found.sort_by_key(Seen::start);
            let all = found.len();
            let most = wanted.attribute("MaxEntriesReturned").and_then(|text| text.parse().ok());
            found.truncate(usize::min(most.unwrap_or(usize::MAX), self.knobs.find_limit));
            let last = found.len() == all;
            return Ok(vec![answer(&view, &found, &shape, all, last, None)]);
        }
        let mut found = Vec::new();
        for item in mailbox.items_in(folder) {
            let row = Row { view: &view, seen: item.whole() };
            if condition.map_or(Ok(true), |node| restriction::holds(node, &row))? {
                found.push(row.seen);
            }
        }
        for order in operation.child("SortOrder").into_iter().flat_map(|node| node.children.iter().rev()) {
            sort(&mut found, &view, order)?;
        }
        let limit = if condition.is_some() { self.knobs.find_limit_restricted } else { self.knobs.find_limit };
        let wanted = operation.child("IndexedPageItemView");
        let page = Page::of(wanted, found.len(), limit);
        let shown = found.get(page.from..page.to).unwrap_or_default();
        let offset = wanted.map(|_| page.next);
        Ok(vec![answer(&view, shown, &shape, found.len(), page.last, offset)])
    }
}

fn window(call: &Call<'_>, view: &Node) -> Done<(DateTime<Utc>, DateTime<Utc>)> {
    let bound = |name: &str| {
        let text = view.attribute(name).unwrap_or_default();
        times::parse(text).map(|sent| sent.instant(call.frame.zone.tz)).ok_or_else(|| Problem::request("no such time"))
    };
    let (from, to) = (bound("StartDate")?, bound("EndDate")?);
    if to < from {
        let text = "EndDate is earlier than StartDate.";
        return Err(Problem::new("ErrorCalendarEndDateIsEarlierThanStartDate", text));
    }
    if to - from > chrono::TimeDelta::days(WIDEST_DAYS) {
        let text = "The specified view range exceeds the maximum range of two years.";
        return Err(Problem::new("ErrorCalendarViewRangeTooBig", text));
    }
    Ok((from, to))
}

fn sort(found: &mut [Seen<'_>], view: &View, order: &Node) -> Done<()> {
    let Some(path) = order.children.first() else { return Ok(()) };
    let wanted = field(path)?;
    let key = |seen: &Seen<'_>| {
        let row = Row { view, seen: *seen };
        match &wanted {
            Field::Named(name) => row.named(name),
            Field::Extended(property) => row.extended(property).and_then(|values| values.into_iter().next()),
        }
        .unwrap_or_default()
    };
    found.sort_by(|one, other| restriction::compare(&key(one), &key(other)));
    if order.attribute("Order") == Some("Descending") {
        found.reverse();
    }
    Ok(())
}

fn answer(view: &View, found: &[Seen<'_>], shape: &Shape, all: usize, last: bool, offset: Option<usize>) -> Node {
    let root = m("RootFolder");
    let root = match offset {
        Some(offset) => root.attr("IndexedPagingOffset", offset.to_string()),
        None => root,
    };
    root.attr("TotalItemsInView", all.to_string())
        .attr("IncludesLastItemInRange", last.to_string())
        .with(t("Items").with_all(found.iter().map(|seen| view.item(seen, shape))))
}
