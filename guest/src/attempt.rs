//! What an attempt to create an item says of itself: its nonce tells it from every other attempt, and what each unit was
//! when it was sent. So an item that turns up late is known for what it is, also where rows were lost: whether anybody has
//! edited it, and whether a later attempt would have made something else.

use crate::activity::{Unit, Value, Values};
use crate::digest::Digest;
use crate::link::Link;
use crate::plan::Operation;
use uuid::Uuid;

/// Digits of a unit's digest in a nonce: enough to tell two values of one item apart, and a marker stays short enough to
/// be searched for on every server.
const DIGITS: usize = 6;

/// The nonce of an attempt.
#[must_use]
pub fn nonce(run: &str, activity: Uuid, generation: u32, operation: &Operation) -> String {
    let mut text = Digest::of(&("nonce", run, activity, generation)).short().to_owned();
    for (unit, write) in &operation.units {
        // The state of an appointment is not compared.
        if !matches!(write.after, Value::State(_)) {
            text.push('-');
            text.push(letter(*unit));
            text.push_str(cut(&write.after.digest()));
        }
    }
    text
}

/// The attempt sent this as the unit; none where the nonce does not say what it sent.
#[must_use]
pub fn sent(nonce: &str, unit: Unit, digest: &Digest) -> Option<bool> {
    parts(nonce).find(|(of, _)| *of == letter(unit)).map(|(_, sent)| sent == cut(digest))
}

/// An item still holds all that the attempt sent.
#[must_use]
pub fn unedited(nonce: &str, values: &Values) -> bool {
    let holds = |(of, sent): (char, &str)| {
        values.iter().any(|(unit, value)| letter(*unit) == of && cut(&value.digest()) == sent)
    };
    parts(nonce).next().is_some() && parts(nonce).all(holds)
}

/// Moves the bases of a unit to what they were when this attempt was made, where it sent something else than `sent`, which
/// the bases speak of: what either side changed since is then seen as changed.
pub fn rebase(link: &mut Link, nonce: &str, unit: Unit, sent: &Digest, now: Digest) {
    let (Some(false), Some(unedited)) = (self::sent(nonce, unit, sent), self::sent(nonce, unit, &now)) else {
        return;
    };
    // A digest that no value has: what is there differs from it.
    let changed = Digest::of(&("attempt", nonce, unit));
    link.mailbox.bases.insert(unit, if unedited { now } else { changed.clone() });
    link.creatio.bases.insert(unit, changed);
}

/// Units and digests of a nonce; those that earlier versions made have none.
fn parts(nonce: &str) -> impl Iterator<Item = (char, &str)> {
    nonce.split('-').skip(1).filter_map(|part| {
        let mut rest = part.chars();
        rest.next().map(|letter| (letter, rest.as_str()))
    })
}

fn cut(digest: &Digest) -> &str {
    digest.as_str().get(..DIGITS).unwrap_or_default()
}

const fn letter(unit: Unit) -> char {
    match unit {
        Unit::Title => 't',
        Unit::When => 'w',
        Unit::Place => 'l',
        Unit::Body => 'b',
        Unit::Reminder => 'r',
        Unit::Priority => 'p',
        Unit::State => 's',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::SideId;
    use crate::plan::UnitWrite;
    use crate::reason::Reason;
    use crate::report::Action;
    use std::collections::BTreeMap;

    fn title(text: &str) -> Value {
        Value::Text(text.into())
    }

    fn of_title(text: &str) -> String {
        let write = UnitWrite { before: None, after: title(text), source: None, conflict: false };
        let operation = Operation {
            id: String::new(),
            action: Action::Create,
            target: SideId::Mailbox,
            units: BTreeMap::from([(Unit::Title, write)]),
            reason: Reason::NewInCreatio,
            detail: String::new(),
            held: None,
        };
        nonce("run", Uuid::from_u128(1), 0, &operation)
    }

    #[test]
    fn a_nonce_says_what_was_sent() {
        let nonce = of_title("Review");
        assert_eq!(sent(&nonce, Unit::Title, &title("Review").digest()), Some(true));
        assert_eq!(sent(&nonce, Unit::Title, &title("Preview").digest()), Some(false));
        assert_eq!(sent(&nonce, Unit::Place, &title("Review").digest()), None);
        assert!(unedited(&nonce, &Values::from([(Unit::Title, title("Review"))])));
        assert!(!unedited(&nonce, &Values::from([(Unit::Title, title("Preview"))])));
        assert!(!unedited(&nonce, &Values::new()));
    }

    #[test]
    fn of_an_older_nonce_nothing_is_said() {
        assert_eq!(sent("0123456789ab", Unit::Title, &title("Review").digest()), None);
        assert!(!unedited("0123456789ab", &Values::from([(Unit::Title, title("Review"))])));
    }
}
