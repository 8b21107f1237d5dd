//! What becomes of the half of a pair that the sync made when its account is forgotten. Pure: what somebody has edited, what
//! others take part in and what is the last copy stays.

use crate::activity::{Seen, SideId, State};
use crate::link::{Link, LinkState, Origin};
use crate::plan::Pair;
use crate::reason::Reason;

/// The side on which the sync made its half of the pair.
#[must_use]
pub const fn made(link: &Link) -> Option<SideId> {
    match link.origin {
        Origin::Imported => Some(SideId::Creatio),
        Origin::Exported => Some(SideId::Mailbox),
        Origin::Adopted => None,
    }
}

/// Why what the sync made stays, if it does. `shared`: others take part in the activity.
#[must_use]
pub fn stays(pair: &Pair, link: &Link, seen: &Seen, side: SideId, shared: bool) -> Option<Reason> {
    if !as_written(link, seen, side) {
        return Some(Reason::ChangedSince);
    }
    if shared || !seen.attendees.is_empty() {
        return Some(Reason::OthersTakePart);
    }
    let cancelled = matches!(link.state, LinkState::Ended { gone: SideId::Mailbox, cancelled: true });
    // The sync itself cancelled it when its item went.
    let alone = cancelled && side == SideId::Creatio && seen.state == State::Cancelled;
    (pair.end(side.other()).here().is_none() && !alone).then_some(Reason::LastCopy)
}

/// It is what the sync made and last wrote, and nobody has changed it in between.
fn as_written(link: &Link, seen: &Seen, side: SideId) -> bool {
    let end = link.end(side);
    let same = seen.values.iter().all(|(unit, value)| match end.bases.get(unit) {
        Some(base) => *base == value.digest(),
        None => value.is_empty(),
    });
    // A deletion in Creatio is for good, so there a change of what the sync does not know counts as well.
    let version = side == SideId::Mailbox || (end.by_us && !seen.version.is_empty() && seen.version == end.version);
    end.untouched && same && version
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::{Kind, Stake, Unit, Value, Values};
    use crate::digest::Digest;
    use crate::link;
    use crate::plan::End;
    use std::collections::BTreeMap;
    use uuid::Uuid;

    fn seen(title: &str) -> Seen {
        Seen {
            id: "item".into(),
            version: "2".into(),
            modified: None,
            kind: Kind::Appointment,
            folder: None,
            identity: None,
            marker: None,
            values: Values::from([(Unit::Title, Value::Text(title.into()))]),
            state: State::Open,
            left_alone: None,
            ours: true,
            attendees: Vec::new(),
            masked: false,
            print: None,
            online: false,
            series: None,
            recurring: false,
            owned: true,
            stake: Stake::Part,
            grouped: true,
            created: None,
            odd_zone: None,
            span: None,
            exportable: true,
            partial: false,
        }
    }

    fn pair(origin: Origin) -> (Pair, Link) {
        let made = link::End {
            version: "2".into(),
            bases: BTreeMap::from([(Unit::Title, Value::Text("Review".into()).digest())]),
            by_us: true,
            untouched: true,
            ..link::End::known("item".into())
        };
        let link = Link {
            activity: Uuid::nil(),
            creatio: made.clone(),
            mailbox: made,
            folder: String::new(),
            identity: None,
            origin,
            state: LinkState::Active,
            policy: Digest::of(&""),
            generation: 0,
            nonce: None,
            earlier: Vec::new(),
            marked_as: None,
            place_column: None,
            restored: false,
            normalised: Vec::new(),
            recorded: chrono::DateTime::default(),
            title: String::new(),
            start: None,
            end: None,
            finished: false,
            made: None,
            attended: false,
            owned: true,
        };
        let here = || End::Here(Box::new(seen("Review")));
        let pair = Pair {
            activity: Uuid::nil(),
            link: None,
            creatio: here(),
            mailbox: here(),
            follower: false,
            forsaken: false,
            invited: false,
            lookalike: None,
        };
        (pair, link)
    }

    #[test]
    fn what_is_as_it_was_written_goes_on_the_side_where_it_was_made() {
        for (origin, side) in [(Origin::Imported, SideId::Creatio), (Origin::Exported, SideId::Mailbox)] {
            let (pair, link) = pair(origin);
            assert_eq!(made(&link), Some(side));
            assert_eq!(stays(&pair, &link, &seen("Review"), side, false), None);
            assert_eq!(stays(&pair, &link, &seen("Edited"), side, false), Some(Reason::ChangedSince));
            assert_eq!(stays(&pair, &link, &seen("Review"), side, true), Some(Reason::OthersTakePart));
        }
        assert_eq!(made(&pair(Origin::Adopted).1), None);
    }

    #[test]
    fn an_edit_that_was_synchronised_since_is_an_edit() {
        let (pair, mut link) = pair(Origin::Exported);
        link.mailbox.untouched = false;
        assert_eq!(stays(&pair, &link, &seen("Review"), SideId::Mailbox, false), Some(Reason::ChangedSince));
    }

    #[test]
    fn a_change_of_what_the_sync_does_not_know_counts_in_creatio_alone() {
        let later = Seen { version: "3".into(), ..seen("Review") };
        let (pair, link) = pair(Origin::Imported);
        assert_eq!(stays(&pair, &link, &later, SideId::Creatio, false), Some(Reason::ChangedSince));
        assert_eq!(stays(&pair, &link, &later, SideId::Mailbox, false), None);
    }

    #[test]
    fn the_last_copy_stays_unless_the_sync_cancelled_it() {
        let (mut pair, mut link) = pair(Origin::Imported);
        pair.mailbox = End::Absent;
        assert_eq!(stays(&pair, &link, &seen("Review"), SideId::Creatio, false), Some(Reason::LastCopy));
        link.state = LinkState::Ended { gone: SideId::Mailbox, cancelled: true };
        let cancelled = Seen { state: State::Cancelled, ..seen("Review") };
        assert_eq!(stays(&pair, &link, &cancelled, SideId::Creatio, false), None);
        assert_eq!(stays(&pair, &link, &seen("Review"), SideId::Creatio, false), Some(Reason::LastCopy));
    }
}
