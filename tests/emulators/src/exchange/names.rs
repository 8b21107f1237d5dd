//! `ResolveNames`: who is meant by a part of a name.

use super::Exchange;
use super::envelope::Call;
use super::problem::{Problem, success};
use super::show;
use super::xml::{Node, m, t};

/// So many at most.
const MOST: usize = 100;

/// The store of an id is not this one's.
pub(super) fn not_here() -> Problem {
    Problem::new("ErrorInvalidIdStoreObjectIdTooLong", "The id is of another server.")
}

impl Exchange {
    /// The one response message.
    pub(super) fn resolve_names(&mut self, call: &Call<'_>) -> Node {
        let name = &call.operation.name;
        let part = call.operation.text_of("UnresolvedEntry").unwrap_or_default().trim().to_lowercase();
        let part = part.trim_start_matches("smtp:");
        let fits = |who: &super::item::Person| {
            let words = who.name.to_lowercase();
            !part.is_empty()
                && (who.address.to_lowercase().starts_with(part) || words.split(' ').any(|word| word.starts_with(part)))
        };
        let found: Vec<_> =
            self.mailboxes.iter().map(|mailbox| &mailbox.who).filter(|who| fits(who)).take(MOST).collect();
        let set = m("ResolutionSet")
            .attr("TotalItemsInView", found.len().to_string())
            .attr("IncludesLastItemInRange", "true")
            .with_all(found.iter().map(|who| t("Resolution").with(show::mailbox(who))));
        match found.len() {
            0 => Problem::new("ErrorNameResolutionNoResults", "No results were found.").message(name, None),
            1 => success(name).with(set),
            _ => Problem::new("ErrorNameResolutionMultipleResults", "Multiple results were found.").classed(
                name,
                "Warning",
                Some(set),
            ),
        }
    }
}
