//! Which of several items belong to which of several pairs that look the same: where a mailbox moved to another service, a
//! task there has nothing left but what it says. Pure.
//!
//! A pair finds its item by what only those two have in common, the most certain things first. Of what is left, one pair
//! and one item belong together; of more none is certainly anybody's.

use crate::activity::Unit;
use crate::link::Bases;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of an item by which it may be told from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    /// When it was made.
    pub made: Option<DateTime<Utc>>,
    /// Digests of what it holds.
    pub holds: Bases,
}

impl Traits {
    fn made_together(&self, other: &Self) -> bool {
        self.made.is_some() && self.made == other.made
    }

    fn shares(&self, other: &Self, unit: Unit) -> bool {
        self.holds.contains_key(&unit) && self.holds.get(&unit) == other.holds.get(&unit)
    }
}

type Rule = fn(&Traits, &Traits) -> bool;

/// From certain to less so. A service that does not keep when a task was made gives all of them another time, which is
/// nobody's.
const RULES: [Rule; 6] = [
    |pair, item| pair.made_together(item) && pair.holds == item.holds,
    |pair, item| pair.made_together(item) && pair.shares(item, Unit::Title),
    |pair, item| pair.made_together(item) && pair.shares(item, Unit::When),
    Traits::made_together,
    |pair, item| pair.holds == item.holds,
    |_, _| true,
];

/// The item of each pair that certainly has one.
#[must_use]
pub fn assign<P: Ord + Clone, I: Ord + Clone>(
    pairs: &BTreeMap<P, Traits>,
    items: &BTreeMap<I, Traits>,
) -> BTreeMap<I, P> {
    let mut found: BTreeMap<I, P> = BTreeMap::new();
    let (mut pairs, mut items) = (pairs.clone(), items.clone());
    for rule in RULES {
        let mut certain = Vec::new();
        for (pair, known) in &pairs {
            let mut fitting = items.iter().filter(|(_, item)| rule(known, item));
            let (Some((item, seen)), None) = (fitting.next(), fitting.next()) else { continue };
            if pairs.values().filter(|other| rule(other, seen)).count() == 1 {
                certain.push((pair.clone(), item.clone()));
            }
        }
        for (pair, item) in certain {
            pairs.remove(&pair);
            items.remove(&item);
            found.insert(item, pair);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn traits(made: Option<i64>, notes: &str) -> Traits {
        let holds = [(Unit::Title, "Call"), (Unit::Body, notes)];
        Traits {
            made: made.and_then(|at| DateTime::from_timestamp(at, 0)),
            holds: holds.into_iter().map(|(unit, text)| (unit, Digest::of(&text))).collect(),
        }
    }

    fn assigned(pairs: &[Traits], items: &[Traits]) -> Vec<(usize, usize)> {
        let numbered = |all: &[Traits]| all.iter().cloned().enumerate().collect::<BTreeMap<_, _>>();
        assign(&numbered(pairs), &numbered(items)).into_iter().collect()
    }

    #[test]
    fn one_and_one_belong_together_whatever_was_edited() {
        assert_eq!(assigned(&[traits(None, "a")], &[traits(Some(1), "b")]), [(0, 0)]);
    }

    #[test]
    fn twins_are_nobodys_unless_something_tells_them_apart() {
        let twins = [traits(None, ""), traits(None, "")];
        assert_eq!(assigned(&twins, &twins), []);
        assert_eq!(assigned(&twins, &twins[..1]), [], "which of two pairs has lost its item cannot be told");
        assert_eq!(assigned(&twins[..1], &twins), [], "nor which of two items is new");
        let made = [traits(Some(1), ""), traits(Some(2), "")];
        let turned = [traits(Some(2), ""), traits(Some(1), "")];
        assert_eq!(assigned(&made, &turned), [(0, 1), (1, 0)]);
        let notes = [traits(None, "a"), traits(None, "b")];
        assert_eq!(assigned(&notes, &notes), [(0, 0), (1, 1)]);
    }

    #[test]
    fn what_is_certain_leaves_the_rest_to_be_told() {
        // One of three was edited, and none was made when the service says so.
        let pairs = [traits(None, "a"), traits(None, "b"), traits(None, "c")];
        let items = [traits(Some(9), "b"), traits(Some(9), "edited"), traits(Some(9), "c")];
        assert_eq!(assigned(&pairs, &items), [(0, 1), (1, 0), (2, 2)]);
    }

    #[test]
    fn what_was_made_in_one_second_is_told_by_its_title_or_its_day() {
        let titled = |title: &str| {
            let mut traits = traits(Some(5), "");
            traits.holds.insert(Unit::Title, Digest::of(&title));
            traits
        };
        let pairs = [titled("a"), titled("b"), titled("c")];
        let items = [titled("c"), titled("edited"), titled("b")];
        assert_eq!(assigned(&pairs, &items), [(0, 2), (1, 0), (2, 1)]);
    }
}
